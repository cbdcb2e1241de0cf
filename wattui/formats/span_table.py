# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks and spans of a session as a table: in the window, as CSV and as JSON.

A span of several meters has their energies added up, and the errors of these too, as nothing
cancels them.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from wattui.formats.csv_file import plain_text
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.energy import error_of_sum, ratio_error
from wattui.measurement.text import iso_text
from wattui.session import Mark, Session, Span, Statistics

#: Columns of the CSV, which are members of an object of the JSON too.
COLUMNS: Final = (
    *("name", "start", "stop", "duration_s", "recorded_s", "gap_s", "energy_wh"),
    *("energy_error_wh", "mean_power_w", "mean_power_error_w", "peak_power_w", "peak_time"),
    *("energy_ratio", "energy_ratio_error", "meters", "colour", "kind"),
)


@dataclass(frozen=True, slots=True)
class SpanFigures:
    """A span and its figures."""

    span: Span
    #: Labels of its meters, and the figures of each of them.
    labels: tuple[str, ...]
    statistics: tuple[Statistics, ...]

    @property
    def recorded_s(self) -> float:
        """Time covered by the records of the meter that has most, in s."""
        return max((one.duration_s for one in self.statistics), default=0.0)

    @property
    def gap_s(self) -> float:
        """Time that is missing at the meter that misses most, in s."""
        return max((one.gap_s for one in self.statistics), default=0.0)

    @property
    def has_power(self) -> bool:
        """Whether any record in it has a power."""
        return any(one.powered_s for one in self.statistics)

    @property
    def energy_wh(self) -> float:
        """Energy of all of its meters, in Wh."""
        return sum(one.energy_wh for one in self.statistics)

    @property
    def energy_error_wh(self) -> float:
        """Limit of its error, in Wh."""
        return error_of_sum(one.energy_error_wh for one in self.statistics)

    @property
    def mean_w(self) -> float:
        """Sum of the mean powers of its meters, in W; NaN without any."""
        return sum(one.average_power_w for one in self._powered) if self.has_power else math.nan

    @property
    def mean_error_w(self) -> float:
        """Limit of its error, in W."""
        return error_of_sum(one.average_power_error_w for one in self._powered)

    @property
    def peak_w(self) -> float:
        """Highest power of its only meter, in W; NaN for several, whose peaks do not coincide."""
        return self._peak[0]

    @property
    def peak_us(self) -> int | None:
        """Time of the highest power, in microseconds UTC."""
        return self._peak[1]

    @property
    def _powered(self) -> list[Statistics]:
        return [one for one in self.statistics if one.powered_s]

    @property
    def _peak(self) -> tuple[float, int | None]:
        if len(self._powered) != 1:
            return math.nan, None
        power = self._powered[0]["power"]
        return power.high, power.high_us

    def ratio_to(self, baseline: SpanFigures) -> float:
        """Return its energy divided by that of another span; NaN if that is 0."""
        return self.energy_wh / baseline.energy_wh if baseline.energy_wh else math.nan

    def ratio_error_to(self, baseline: SpanFigures) -> float:
        """Return the limit of error of the ratio; NaN if the spans are not of the same meter."""
        if self is baseline:
            return 0.0
        one, other = self._powered, baseline._powered
        if len(one) != 1 or len(other) != 1 or self.labels != baseline.labels:
            return math.nan
        return ratio_error(*((part.energy_wh, part.powered_s) for part in (one[0], other[0])))


def span_figures(
    session: Session,
    spans: Iterable[Span] | None = None,
    meters: Collection[int] | None = None,
) -> list[SpanFigures]:
    """Return the figures of spans; of all spans of the session, unless some are given.

    With *meters*, ids of meters, only these count.
    """
    known = [one for one in session.meters if meters is None or one.id in meters]
    found = []
    for span in session.spans() if spans is None else spans:
        chosen = [meter for meter in known if span.meter_id in (None, meter.id)]
        part = span.start_us, span.stop_us
        labels = tuple(meter.info.label for meter in chosen)
        figures = (session.statistics(meter.id, *part, times_of=("power",)) for meter in chosen)
        found.append(SpanFigures(span, labels, tuple(figures)))
    return found


def _row(figures: SpanFigures, baseline: SpanFigures | None) -> dict[str, Any]:
    """Return the values of the columns; None for what is not known."""
    span = figures.span
    ratio = ratio_off = math.nan
    if baseline is not None:
        ratio, ratio_off = figures.ratio_to(baseline), figures.ratio_error_to(baseline)
    values: tuple[Any, ...] = (
        *(span.name, iso_text(span.start_us), iso_text(span.stop_us), span.length_s),
        *(figures.recorded_s, figures.gap_s, figures.energy_wh, figures.energy_error_wh),
        *(figures.mean_w, figures.mean_error_w, figures.peak_w),
        None if figures.peak_us is None else iso_text(figures.peak_us),
        *(ratio, ratio_off, list(figures.labels), span.colour, span.kind),
    )
    known = (None if isinstance(v, float) and not math.isfinite(v) else v for v in values)
    return dict(zip(COLUMNS, known, strict=True))


def spans_csv(figures: Sequence[SpanFigures], baseline: SpanFigures | None = None) -> str:
    """Return a table of spans as CSV; the ratio is to the energy of *baseline*."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in figures:
        row = {**_row(one, baseline), "meters": "; ".join(one.labels)}
        writer.writerow([plain_text(v) if isinstance(v, str) else v for v in row.values()])
    return text.getvalue()


def marks_json(
    marks: Sequence[Mark], figures: Sequence[SpanFigures], baseline: SpanFigures | None = None
) -> str:
    """Return marks and spans as JSON; the ratio is to the energy of *baseline*."""
    found = {
        "marks": [
            {
                "text": mark.text,
                "time": iso_text(mark.time_us),
                "unix_time": mark.time_us / MICROSECONDS,
            }
            for mark in marks
        ],
        "spans": [{**_row(one, baseline), "details": dict(one.span.details)} for one in figures],
    }
    return json.dumps(found, indent=2)
