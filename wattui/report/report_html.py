# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML of a report: for a browser and, with another style sheet, for pages of a PDF."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from importlib import resources
from typing import Final

import numpy as np

from wattui import __version__
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.energy import ERROR_RULE, GAP_FACTOR, average_power_error
from wattui.measurement.fields import CHANNEL, FIELD_COUNT
from wattui.measurement.text import (
    RunTimes,
    counter_text,
    duration_text,
    elapsed_text,
    energy_text,
    model_text,
    power_text,
    value_text,
)
from wattui.report.markup import Markup, element, joined
from wattui.report.report_content import STATED, ReportContent, ReportedMeter
from wattui.session.session_file import SessionEvent

#: Shares of the time for which quantiles are stated.
_SHARES: Final = (0.05, 0.5, 0.95)

#: The most gaps of a meter and the most events that are listed.
_LISTED: Final = 40

#: Tables with that many columns are set in small letters on paper.
_MANY_COLUMNS: Final = 7

#: Style sheets among the resources.
FOR_BROWSER: Final = "report.css"
FOR_PAGES: Final = "report-pages.css"


def report_page(content: ReportContent, pictures: Sequence[Markup]) -> str:
    """Return a page that stands alone: style and pictures are in it.

    Parameters
    ----------
    content
        What the report says.
    pictures
        The plots, as elements.
    """
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="generator", content=f"wattui {__version__}"),
        element("meta", **{"http-equiv": "Content-Security-Policy"}, content=policy),
        element("title", content.title),
        element("style", Markup(f"\n{style_sheet(FOR_BROWSER)}")),
    )
    body = element("body", element("main", report_body(content, pictures)))
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def style_sheet(name: str) -> str:
    """Return a style sheet from the resources."""
    return (resources.files("wattui.resources") / name).read_text(encoding="utf-8")


def report_body(content: ReportContent, pictures: Sequence[Markup]) -> Markup:
    """Return everything that is inside of the page."""
    parts = [
        _heading(content),
        _warnings(content),
        *(element("div", one, class_="plot") for one in pictures),
        *_section("Energy", _energies(content)),
        *_section("Measured values", _statistics(content)),
        *_section(f"Time above {content.above or 0:g} W", _loads(content)),
        *_section("Spans", _spans(content)),
        *_section("Marks and notes", _events(content, content.remarks)),
        *_section("Gaps", *_gaps(content)),
        *_section("Interruptions", _events(content, content.interruptions)),
        *_section("Meters", _meters(content)),
        *_section("Method and error", _method(content)),
        _footer(content),
    ]
    return joined(parts, "\n")


def _section(title: str, *parts: str) -> list[str]:
    """Return a heading and what is below it; nothing if that is empty."""
    found = [part for part in parts if part]
    return [element("h2", title), *found] if found else []


# -- tables ------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: int) -> Markup:
    """Return a table.

    Parameters
    ----------
    head
        Headings of the columns.
    rows
        The cells; empty for no table.
    numbers
        The first column of numbers, which are aligned to the right.
    """
    found = list(rows)
    if not found:
        return Markup("")

    def line(name: str, row: Sequence[str]) -> Markup:
        kinds = ["text"] * numbers + ["number"] * (len(row) - numbers)
        return element(
            "tr", *(element(name, one, class_=kind) for one, kind in zip(row, kinds, strict=True))
        )

    return element(
        "table",
        element("thead", line("th", head)),
        element("tbody", joined((line("td", row) for row in found), "\n")),
        class_="facts wide" if len(head) >= _MANY_COLUMNS else "facts",
    )


def _time(time_us: float) -> str:
    return f"{datetime.fromtimestamp(time_us / MICROSECONDS):%Y-%m-%d %H:%M:%S}"


# -- the parts ---------------------------------------------------------------------


def _heading(content: ReportContent) -> Markup:
    """Return the title, when it was measured, and the figures that matter most."""
    energy = energy_text(*content.energy)
    parts = [one.statistics for one in content.meters]
    figures = [(energy, "energy" if len(parts) == 1 else f"energy of {len(parts)} meters")]
    if len(parts) == 1 and parts[0].powered_s:
        mean = power_text(parts[0].average_power_w, parts[0].average_power_error_w)
        figures.append((mean, "mean power"))
    figures.append((duration_text(content.duration), "duration"))
    figures.append((f"{sum(one.count for one in parts):,}", "records"))
    gaps, missing = sum(one.gap_count for one in parts), sum(one.gap_s for one in parts)
    words = "gap" if gaps == 1 else "gaps"
    figures.append((f"{gaps:,}", f"{words}, {duration_text(missing)}" if gaps else words))
    return joined(
        (
            element("h1", content.title),
            element("p", _when(content), class_="when"),
            element("p", content.note, class_="note") if content.note else "",
            element(
                "table",
                element("tr", *(element("td", number, class_="large") for number, _ in figures)),
                element("tr", *(element("td", words, class_="small") for _, words in figures)),
                class_="figures",
            ),
        )
    )


def _when(content: ReportContent) -> str:
    """Return the span in words: ``2026-11-23 14:05:07 to 14:35:06 (29:59), UTC+01:00``."""
    begin, end = (datetime.fromtimestamp(one / MICROSECONDS).astimezone() for one in content.span)
    till = f"{end:%H:%M:%S}" if begin.date() == end.date() else f"{end:%Y-%m-%d %H:%M:%S}"
    words = f"{begin:%Y-%m-%d %H:%M:%S} to {till} ({elapsed_text(content.duration)})"
    words += f", local time, {_offset(begin)}"
    if _offset(begin) != _offset(end):
        words += f" and {_offset(end)} at the end"
    if content.is_part:
        whole = elapsed_text((content.session_span[1] - content.session_span[0]) / MICROSECONDS)
        words += f". A part of a session of {whole}, from {_time(content.session_span[0])} on"
    return f"{words}."


def _offset(moment: datetime) -> str:
    return f"UTC{moment.isoformat()[-6:]}"


def _warnings(content: ReportContent) -> Markup:
    return joined(element("p", text, class_="warning") for text in content.warnings)


def _energies(content: ReportContent) -> Markup:
    """Return the table of energies: one row per meter, and their sum."""
    several = len(content.meters) > 1
    rows: list[list[str]] = []
    for one in content.meters:
        found = one.statistics
        mean = power_text(found.average_power_w, found.average_power_error_w)
        rows.append(
            [
                *([one.label] if several else []),
                energy_text(found.energy_wh, found.energy_error_wh),
                _kilojoules(found.energy_wh, found.energy_error_wh),
                mean if found.powered_s else "–",
                "–" if math.isnan(found.counter_wh) else counter_text(found.counter_wh),
                f"{found.count:,} ({duration_text(found.duration_s)})",
                _gap_words(found.gap_count, found.gap_s),
            ]
        )
    if several:
        energy = content.energy
        rows.append(["All", energy_text(*energy), _kilojoules(*energy), "", "", "", ""])
    head = ["Energy", "in joules", "Mean power", "Meter’s counter", "Records", "Gaps"]
    return _table([*(["Meter"] if several else []), *head], rows, int(several))


def _kilojoules(energy: float, error: float) -> str:
    return energy_text(energy, error, "kJ")


def _gap_words(count: int, seconds: float) -> str:
    return f"{count:,} ({duration_text(seconds)})" if count else "none"


def _statistics(content: ReportContent) -> Markup:
    """Return the table of fields: one row per field and meter."""
    several = len(content.meters) > 1
    times = RunTimes(span=content.duration)
    rows, partly = [], []
    for name in STATED:
        title = CHANNEL[name].title
        for one in content.meters:
            found = one.statistics.fields.get(name)
            if found is None:
                continue
            rows.append([title, *([one.label] if several else []), *_values(name, one, times)])
            title = ""
            if found.count < one.statistics.count:
                whose = f" of {one.label}" if several else ""
                partly.append(
                    f"{CHANNEL[name].label} is in {found.count:,} of {one.statistics.count:,} "
                    f"records{whose}."
                )
    head = ["Field", *(["Meter"] if several else []), "Mean", "Deviation", "Minimum", "5 %"]
    table = _table([*head, "Median", "95 %", "Maximum"], rows, 1 + several)
    return joined((table, *(element("p", text) for text in partly)))


def _values(name: str, one: ReportedMeter, times: RunTimes) -> list[str]:
    """Return the cells of a field: mean, deviation, extremes with their times, quantiles."""
    found, spread = one.statistics.fields[name], one.distributions[name]
    mean = value_text(name, one.statistics.mean_over_time(spread))
    if name == "power":
        text = power_text(one.statistics.average_power_w, one.statistics.average_power_error_w)
        mean = text.removesuffix(" W")
    low, median, high = (value_text(name, spread.quantile(share)) for share in _SHARES)
    return [
        mean,
        value_text(name, spread.std),
        _at(value_text(name, found.low), found.low_us, times),
        *(low, median, high),
        _at(value_text(name, found.high), found.high_us, times),
    ]


def _at(value: str, time_us: int | None, times: RunTimes) -> str:
    """Return an extreme with its time below it."""
    if time_us is None:
        return value
    when = element("span", times.text(time_us / MICROSECONDS), class_="at")
    return joined((value, element("br"), when))


def _loads(content: ReportContent) -> Markup:
    """Return the table of time and energy above the threshold."""
    several = len(content.meters) > 1
    rows = []
    for one in content.meters:
        load = one.load
        if load is None:
            continue
        share = "–" if math.isnan(load.share) else f"{100 * load.share:.1f} %"
        rows.append(
            [
                *([one.label] if several else []),
                f"{duration_text(load.on_s)} ({share})",
                f"{load.cycles:,}",
                energy_text(load.on_wh, load.on_error_wh),
                _mean(load.on_w),
                energy_text(load.off_wh, load.off_error_wh),
                _mean(load.off_w),
            ]
        )
    head = ["On", "Cycles", "Energy on", "Mean on", "Energy off", "Mean off"]
    return _table([*(["Meter"] if several else []), *head], rows, int(several))


def _mean(power: float) -> str:
    return "–" if math.isnan(power) else power_text(power, average_power_error(power))


def _spans(content: ReportContent) -> Markup:
    """Return the table of parts that were given a name."""
    several = len(content.meters) > 1
    times = RunTimes(span=content.duration)
    rows = []
    for one in content.spans:
        peak_us = one.peak_us
        peak = "–" if peak_us is None else f"{value_text('power', one.peak_w)} W"
        rows.append(
            [
                one.span.name,
                *([", ".join(one.labels)] if several else []),
                times.text(one.span.start_us / MICROSECONDS),
                times.text(one.span.stop_us / MICROSECONDS),
                duration_text(one.span.length_s),
                energy_text(one.energy_wh, one.energy_error_wh),
                power_text(one.mean_w, one.mean_error_w) if one.has_power else "–",
                _at(peak, peak_us, times),
                duration_text(one.gap_s) if one.gap_s else "none",
            ]
        )
    columns = ["From", "To", "Duration", "Energy", "Mean power", "Peak", "Gaps"]
    return _table(["Span", *(["Meters"] if several else []), *columns], rows, 1 + several)


def _events(content: ReportContent, events: Sequence[SessionEvent]) -> Markup:
    """Return a table of events; of many, the first ones."""
    several = len(content.meters) > 1
    rows = [
        [
            _time(one.event.time_us),
            *([content.label(one.meter_id)] if several else []),
            str(one.event.kind).capitalize(),
            one.event.text or "–",
            duration_text(one.event.duration) if one.event.duration_us else "",
        ]
        for one in events[:_LISTED]
    ]
    head = ["Time", *(["Meter"] if several else []), "What", "Text", "Duration"]
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    rest = len(events) - len(rows)
    more = element("p", f"And {rest:,} more, later ones.", class_="more") if rest else Markup("")
    return joined((_table(head, rows, len(head)), more))


def _gaps(content: ReportContent) -> list[Markup]:
    """Return what is missing, for each meter: all gaps, or the longest ones."""
    several = len(content.meters) > 1
    parts = []
    for one in content.meters:
        if not len(one.gaps):
            continue
        length = one.gaps[:, 1] - one.gaps[:, 0]
        shown = np.sort(np.argsort(-length, kind="stable")[:_LISTED])
        words = _gap_words(len(length), one.statistics.gap_s)
        said = f"{one.label}: {words}." if several else f"{words[:1].upper()}{words[1:]}."
        if len(shown) < len(length):
            rest = float(length.sum() - length[shown].sum())
            said += f" The {len(shown)} longest are listed; the others are {duration_text(rest)}"
            said += " in all."
        rows = [
            [*(_time(edge * MICROSECONDS) for edge in one.gaps[i]), duration_text(float(length[i]))]
            for i in shown
        ]
        parts += [element("p", said), _table(["No records from", "to", "Duration"], rows, 2)]
    if not parts:
        return [element("p", "There are no gaps: records are missing nowhere in this span.")]
    return parts


def _meters(content: ReportContent) -> Markup:
    """Return what is known about each meter and its settings."""
    rows = []
    for one in content.meters:
        info = one.meter.info
        rows.append(
            [
                one.label,
                model_text(info.model, info.firmware) or "not known",
                info.serial_number or "not known",
                info.port or "not known",
                duration_text(info.interval),
            ]
        )
    head = ["Name", "Model", "Serial number", "Port", "One record per"]
    return joined((_table(head, rows, len(head)), *_sent_fields(content)))


def _sent_fields(content: ReportContent) -> Iterator[Markup]:
    """Yield which fields the records have, for meters of the same fields together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for one in content.meters:
        groups.setdefault(tuple(one.statistics.fields), []).append(one.label)
    for names, labels in groups.items():
        fields = ", ".join(CHANNEL[name].label.lower() for name in names) or "none"
        whose = f" of {', '.join(labels)}" if len(groups) > 1 else ""
        said = f"all {FIELD_COUNT}" if len(names) == FIELD_COUNT else fields
        yield element("p", f"Fields in the records{whose}: {said}.")


# -- how the figures were obtained -------------------------------------------------

_INTEGRATED: Final = (
    "Energy is integrated: the sum of power × interval over all records, where a record covers the "
    "interval that ends with it. The mean power is the energy divided by the time of the records "
    "that have a power."
)
_ERROR: Final = (
    f"The ± of an energy is {ERROR_RULE}, and the ± of a mean power follows from it: the accuracy "
    "that the operator’s manual states for a reading, ±(1.5 % + 3 counts of 0.1 W), applied to "
    "every record. It is a limit, not a standard deviation. Nearly all of it is systematic: "
    "measuring longer does not reduce it, and it is much the same in two runs on the same meter."
)
_ERROR_OF_SUM: Final = "The ± of the sum of several meters is the sum of their limits."
_COUNTER: Final = (
    "The meter’s counter is what the meter itself counted over the same time, in steps of 0.1 Wh. "
    "It counts too little at low power, and also counts while no records are received. Neither "
    "energy is computed from the other."
)
_GAP: Final = (
    f"If two records are more than {GAP_FACTOR:g} intervals apart, one interval is counted and the "
    "rest is a gap: it has no energy, so that with gaps the energy is a lower bound."
)
_VALUES: Final = (
    "Minimum, maximum, median and the 5th and 95th percentile (5 %, 95 %) are readings of the "
    "meter, with the meter’s own digits; the field was at or below a percentile for that share of "
    "the time. The deviation is the standard deviation of the readings over time, which is not an "
    "error. The mean power factor is the energy divided by the apparent energy. Records may lag "
    "behind the load by 2 to 3 seconds. The meter is less accurate in current and power factor "
    "below 60 W."
)


def _method(content: ReportContent) -> Markup:
    """Return how the figures were obtained, and their error."""
    has_counter = any(not math.isnan(one.statistics.counter_wh) for one in content.meters)
    texts = [_INTEGRATED, _ERROR]
    texts += [_ERROR_OF_SUM] if len(content.meters) > 1 else []
    texts += [_COUNTER] if has_counter else []
    return joined(element("p", text) for text in (*texts, _GAP, _VALUES))


def _footer(content: ReportContent) -> Markup:
    """Return which file it was made of, when, and by what."""
    made = f"Made by wattui {__version__} on {datetime.now().astimezone():%Y-%m-%d %H:%M %z}"
    said = f"{made} from {content.source}"
    recorded = content.info.get("software")
    if recorded:
        said += f", which {recorded} wrote"
    return element("footer", element("p", f"{said}."))
