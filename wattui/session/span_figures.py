# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of the spans of a session.

A span of several meters has their energies added up, and the errors of these too, as nothing
cancels them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from wattui.measurement.energy import error_of_sum, ratio_error
from wattui.session.annotations import Span
from wattui.session.reader import Session
from wattui.session.span_statistics import Statistics


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
