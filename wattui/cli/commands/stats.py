# SPDX-License-Identifier: GPL-3.0-or-later
"""Print energy, mean power and the statistics of each field, with their errors."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from wattui.cli.file_options import SessionFile
from wattui.cli.help import command
from wattui.cli.options import damage_options, file_interval_option, json_option, part_options
from wattui.cli.output import console, print_table
from wattui.cli.session_files import chosen_meters, chosen_span, sessions_of, span_words
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import CHANNELS, FIELD_INDEX, FIELDS, Field
from wattui.measurement.moment import Moment
from wattui.measurement.text import (
    NO_VALUE,
    RunTimes,
    count_text,
    counter_text,
    duration_text,
    energy_text,
    is_number,
    iso_text,
    number_and_error,
    power_text,
    printable,
    total_energy_label,
    value_text,
)

if TYPE_CHECKING:
    from wattui.measurement.distribution import Distribution, OnOff
    from wattui.session import Session, SessionMeter, Statistics

_EXAMPLES = (
    ("wattui stats run.wattui", "Print the figures of the whole session."),
    ("wattui stats run.wattui --from 2m --to 5m", "Print those of the third to the fifth minute."),
    ("wattui stats run.wattui --span idle", "Print those of the part that was named idle."),
    ("wattui stats fridge.wattui --above 50", "Also print how long it drew more than 50 W."),
    ("wattui stats run.wattui --json", "Print all figures for another program."),
)

#: Fields in the order in which they are offered.
_ORDER: Final = tuple(one for one in CHANNELS if one.name in FIELD_INDEX)

#: Columns of the longest line of a sentence.
_WIDEST: Final = 100

#: Columns of the table of fields, and what they are in the JSON.
_COLUMNS: Final = {
    "Mean": "mean",
    "Std": "std",
    "Lowest": "low",
    "5 %": "quantile_05",
    "Median": "median",
    "95 %": "quantile_95",
    "Highest": "high",
}


@dataclass(frozen=True, slots=True)
class _Figures:
    """The figures of one meter."""

    meter: SessionMeter
    statistics: Statistics
    #: By field.
    distributions: Mapping[str, Distribution]
    #: Time and energy above the threshold, if there is one.
    on_off: OnOff | None

    def values(self, field: Field) -> dict[str, float]:
        """Return the numbers of a field by their names in the JSON, in its base unit."""
        found, spread = self.statistics[field.name], self.distributions[field.name]
        # What the meter adds up has no mean.
        mean = self.statistics.mean_over_time(spread) if spread.count else math.nan
        quantiles = spread.quantile(0.05), spread.median, spread.quantile(0.95)
        return dict(
            zip(
                _COLUMNS.values(), (mean, spread.std, found.low, *quantiles, found.high),
                strict=True,
            )
        )  # fmt: skip


@command("stats", examples=_EXAMPLES)
@click.argument("session", type=SessionFile(), metavar="FILE")
@part_options
@click.option(
    "--above", type=float, metavar="WATTS",
    help="Also print time, energy and number of cycles with a power above this.",
)  # fmt: skip
@json_option("Print a JSON object.")
@file_interval_option
@damage_options
def stats(
    session: Path, start: Moment | None, stop: Moment | None, span_name: str | None,
    meters: Sequence[str], above: float | None, as_json: bool, interval: float | None,
    strict: bool, keep_changed: bool,
) -> None:  # fmt: skip
    """Print energy, mean power and the statistics of each field, with their errors.

    FILE is a session, or a file of another program. The figures are exact, however long the
    session: a record counts as long as its interval, and a gap counts nothing. The ± is the
    limit of error in the operator's manual.
    """
    from wattui.session import Session

    how = {"strict": strict, "keep_changed": keep_changed}
    with (
        sessions_of([session], interval, **how) as (readable,),
        Session.open(readable.path) as opened,
    ):
        chosen = chosen_meters(opened, meters)
        span = chosen_span(opened, start, stop, chosen, span_name)
        found = _read(opened, span, chosen, above)
        ends = opened.span_us(chosen)
    if not found or ends is None:
        raise click.UsageError(f"There are no samples in {readable.file_name}.")
    begin, end = (limit if one is None else one for one, limit in zip(span, ends, strict=True))
    if as_json:
        click.echo(json.dumps(_as_object(readable.file_name, (begin, end), found), indent=2))
        return
    length = duration_text((end - begin) / MICROSECONDS, long=True)
    click.echo(printable(f"{readable.file_name} {span_words((begin, end))}: {length}"))
    times = RunTimes(span=(end - begin) / MICROSECONDS)
    for one in found:
        click.echo()
        _print(one, times)
    if len(found) > 1:
        _print_total(found)


def _read(
    session: Session,
    span: tuple[int | None, int | None],
    meters: Sequence[int] | None,
    above: float | None,
) -> list[_Figures]:
    """Return the figures of the meters that have samples in a span."""
    found = []
    for meter in session.meters:
        if meters is not None and meter.id not in meters:
            continue
        statistics = session.statistics(meter.id, *span, times_of=list(FIELD_INDEX))
        if statistics.count:
            spreads = {
                name: session.distribution(meter.id, name, *span) for name in statistics.fields
            }
            power = spreads.get("power")
            on_off = None if above is None or power is None else power.on_off(above)
            found.append(_Figures(meter, statistics, spreads, on_off))
    return found


def _print(one: _Figures, times: RunTimes) -> None:
    """Print what is known about a meter: its energy, then its fields."""
    numbers = one.statistics
    click.echo(printable(one.meter.info.label))
    rows = list(_facts(one, times))
    width = max(len(label) for label, _ in rows)
    for label, text in rows:
        click.echo(f"  {label:<{width}}  {text}")
    screen = min(console().width, _WIDEST)
    click.echo(click.wrap_text(numbers.why_counter_differs(), screen, "  ", "  "))
    click.echo()
    print_table(
        ("Field", *_COLUMNS),
        [
            (field.title, *(value_text(field.name, v) for v in one.values(field).values()))
            for field in _ORDER
            if field.name in numbers.fields
        ],
        ",".join(_COLUMNS),
    )


def _facts(one: _Figures, times: RunTimes) -> list[tuple[str, str]]:
    """Return labels and texts of the figures that are not those of a field."""
    numbers, moved = one.statistics, one.statistics.counter_wh
    counted = "Meter's counter", f"+{counter_text(moved)}" if is_number(moved) else NO_VALUE
    rows = []
    if numbers.powered_s:
        joules = " ± ".join(
            number_and_error(3.6 * numbers.energy_wh, 3.6 * numbers.energy_error_wh)
        )
        energy = energy_text(numbers.energy_wh, numbers.energy_error_wh)
        power = numbers["power"]
        high = "" if power.high_us is None else f" {times.at(power.high_us / MICROSECONDS)}"
        mean = power_text(numbers.average_power_w, numbers.average_power_error_w)
        rows += [
            ("Energy", f"{energy} ({joules} kJ)"),
            counted,
            ("Mean power", mean),
            ("Highest power", f"{value_text('power', power.high)} W{high}"),
            ("Idle level", f"{value_text('power', one.distributions['power'].idle)} W"),
        ]
    if one.on_off is not None:
        rows += _load_facts(one.on_off)
    gaps = "none"
    if numbers.gap_count:
        share = 100 * numbers.gap_s / (numbers.gap_s + numbers.duration_s)
        gaps = f"{numbers.gap_count:,}, {duration_text(numbers.gap_s)} ({share:.2g} %)"
    recorded = f"{duration_text(numbers.duration_s)} in {count_text(numbers.count, 'record')}"
    return [*(rows or [counted]), ("Recorded", recorded), ("Gaps", gaps)]


def _load_facts(load: OnOff) -> list[tuple[str, str]]:
    share = f" ({100 * load.share:.0f} %)" if is_number(load.share) else ""
    on = f"{duration_text(load.on_s)}{share} in {count_text(load.cycles, 'cycle')}"
    energies = (
        energy_text(load.on_wh, load.on_error_wh), energy_text(load.off_wh, load.off_error_wh)
    )  # fmt: skip
    return [
        (f"Above {load.above_w:g} W", f"{on}, {energies[0]}"),
        ("Otherwise", f"{duration_text(load.off_s)}, {energies[1]}"),
    ]


def _print_total(found: Sequence[_Figures]) -> None:
    from wattui.measurement.energy import error_of_sum

    energy = sum(one.statistics.energy_wh for one in found)
    error = error_of_sum(one.statistics.energy_error_wh for one in found)
    click.echo()
    click.echo(f"{total_energy_label(len(found))}: {energy_text(energy, error)}")


def _as_object(name: str, span: tuple[int, int], found: Sequence[_Figures]) -> dict[str, Any]:
    return {
        "file": name,
        "start": iso_text(span[0]),
        "stop": iso_text(span[1]),
        "length_s": (span[1] - span[0]) / MICROSECONDS,
        "meters": [_meter_object(one) for one in found],
    }


def _meter_object(one: _Figures) -> dict[str, Any]:
    numbers, info = one.statistics, one.meter.info
    load = one.on_off
    power = one.distributions.get("power")
    found: dict[str, Any] = {
        "id": one.meter.id,
        "name": info.label,
        "serial_number": info.serial_number,
        "records": numbers.count,
        "recorded_s": numbers.duration_s,
        "powered_s": numbers.powered_s,
        "gaps": numbers.gap_count,
        "gap_s": numbers.gap_s,
        "energy_wh": numbers.energy_wh,
        "energy_error_wh": numbers.energy_error_wh,
        "mean_power_w": _known(numbers.average_power_w),
        "mean_power_error_w": _known(numbers.average_power_error_w),
        "counter_wh": _known(numbers.counter_wh),
        "idle_w": None if power is None else _known(power.idle),
    }
    if load is not None:
        found["above"] = {
            "above_w": load.above_w,
            "on_s": load.on_s,
            "off_s": load.off_s,
            "on_wh": load.on_wh,
            "on_error_wh": load.on_error_wh,
            "off_wh": load.off_wh,
            "off_error_wh": load.off_error_wh,
            "cycles": load.cycles,
        }
    found["fields"] = {
        field.name: _field_object(one, field) for field in FIELDS if field.name in numbers.fields
    }
    return found


def _field_object(one: _Figures, field: Field) -> dict[str, Any]:
    found = one.statistics[field.name]
    times = {"low_time": found.low_us, "high_time": found.high_us}
    return {
        "unit": field.unit,
        "records": found.count,
        **{name: _known(value) for name, value in one.values(field).items()},
        **{name: None if time is None else iso_text(time) for name, time in times.items()},
    }


def _known(value: float) -> float | None:
    return value if is_number(value) else None
