# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a field had which value: quantiles, spread, histogram and load-duration curve.

Values of the wire are integers, so that counting each of them loses nothing.  A record weighs
as much as the interval that it covers: the mean power times the duration is the energy, and
half of the time a field is at most its median, however often the meter sent a record.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.energy import average_power, energy_error_wh
from wattui.measurement.fields import CHANNEL, FIELD_INDEX, WIRE_MAXIMUM, Field

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Sums of integers below this are exact as floats.
_EXACT: Final = 2.0**53

#: A range of values that is always worth an array of its length.
_DENSE: Final = 4_096

#: The share of the time that a load with two levels may be between them.
_SELDOM: Final = 0.1

#: Less than the share of any record.
_TINY: Final = 1e-15

#: Seconds in an hour.
_HOUR: Final = 3_600


def _none() -> Integers:
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class OnOff:
    """Time and energy of a load above a threshold (on), and at or below it (off).

    A record counts as a whole, with its interval.  One without a power is neither on nor off,
    nor is a gap.  Both times add up to ``Statistics.powered_s``, both energies to
    ``Statistics.energy_wh``.
    """

    #: The threshold in W; on is above it.
    above_w: float
    #: Time on and off, in s.
    on_s: float = 0.0
    off_s: float = 0.0
    #: Energy while on and while off, in Wh.
    on_wh: float = 0.0
    off_wh: float = 0.0
    #: How often it was on: uninterrupted series of records that are on.  A gap between two
    #: records that are on does not end a series, since nothing shows that it was off.
    cycles: int = 0

    @property
    def share(self) -> float:
        """Share of the time that it was on, 0 to 1; NaN without records."""
        whole = self.on_s + self.off_s
        return self.on_s / whole if whole else math.nan

    @property
    def on_error_wh(self) -> float:
        """Limit of error of :attr:`on_wh`."""
        return energy_error_wh(self.on_wh, self.on_s)

    @property
    def off_error_wh(self) -> float:
        """Limit of error of :attr:`off_wh`."""
        return energy_error_wh(self.off_wh, self.off_s)

    @property
    def on_w(self) -> float:
        """Mean power while on, in W; NaN if it never was."""
        return average_power(self.on_wh, self.on_s)

    @property
    def off_w(self) -> float:
        """Mean power while off, in W; NaN if it never was."""
        return average_power(self.off_wh, self.off_s)


@dataclass(frozen=True, eq=False)
class Distribution:
    """How many records of a field have each value, and for how long; exact.

    What it returns is in the field's base unit and in s; NaN if there are no values.
    """

    #: Name of the field.
    name: str
    #: Each value on the wire that occurs, rising, (n,).
    wire: Integers = field(default_factory=_none)
    #: Number of records with it, (n,).
    counts: Integers = field(default_factory=_none)
    #: Time of these records, in microseconds, (n,).
    times_us: Integers = field(default_factory=_none)
    #: How often the next record is higher, less how often the one before is lower, (n,): its sum
    #: up to a value is the number of times that the field rises above it.
    rises: Integers = field(default_factory=_none)
    #: Value of the first record and of the last on the wire.
    first: int = 0
    last: int = 0

    @classmethod
    def of(cls, name: str, values: Integers, times_us: Integers) -> Self:
        """Return the distribution of records that have a value, oldest first.

        Parameters
        ----------
        values
            Integers of the wire, (n,).
        times_us
            The intervals of the records, (n,).
        """
        if not len(values):
            return cls(name)
        counts = np.ones(len(values), np.int64)
        rises = np.zeros(len(values), np.int64)
        higher = values[1:] > values[:-1]
        rises[:-1] += higher
        rises[1:] -= higher
        wire, sums = _sums(values, np.stack((counts, times_us, rises)))
        return cls(name, wire, sums[0], sums[1], sums[2], int(values[0]), int(values[-1]))

    @property
    def _field(self) -> Field:
        return CHANNEL[self.name]

    @property
    def is_possible(self) -> bool:
        """Whether values rise, each occurs, and none for less than no time."""
        return not len(self.wire) or bool(
            np.all(np.diff(self.wire) > 0) and self.counts.min() > 0 and self.times_us.min() >= 0
        )

    @property
    def values(self) -> Floats:
        """Each value that occurs, rising, (n,)."""
        return self.wire / self._field.scale

    @property
    def count(self) -> int:
        """Number of records that have a value."""
        return int(self.counts.sum())

    @property
    def duration_s(self) -> float:
        """Time of these records."""
        return int(self.times_us.sum()) / MICROSECONDS

    @property
    def mean(self) -> float:
        """Mean over time."""
        total = int(self.times_us.sum())
        return (
            _products(self.wire, self.times_us) / total / self._field.scale if total else math.nan
        )

    @property
    def std(self) -> float:
        """Standard deviation over time: how much the readings scatter around their mean.

        It is not the error of the mean.
        """
        total = int(self.times_us.sum())
        if not total:
            return math.nan
        apart = self.values - self.mean
        return math.sqrt(float(np.sum(apart * apart * self.times_us)) / total)

    @property
    def median(self) -> float:
        """The value that the field is at or below for half of the time."""
        return self.quantile(0.5)

    def quantile(self, share: float) -> float:
        """Return the lowest value that the field is at or below for *share* (0 to 1) of the time.

        It is always a value that occurs.  NumPy calls this method *inverted_cdf*, with the
        intervals of the records as weights.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"{share} is not a share from 0 to 1")
        reached = np.cumsum(self.times_us)
        if not len(reached) or not reached[-1]:
            return math.nan
        # A whole microsecond is not missed for a rounding error.
        needed = max(1, math.ceil(round(share * int(reached[-1]), 3)))
        place = int(np.searchsorted(reached, needed))
        return float(self.wire[place]) / self._field.scale

    @property
    def idle(self) -> float:
        """The idle level: the median of the tenth of the time in which the field is lowest.

        It is one if the load is idle for at least that long.
        """
        return self.quantile(0.05)

    @property
    def threshold(self) -> float:
        """The value between two levels at which the field mostly is; NaN if there are no two.

        Otsu's method: the value in the middle between two means, such that the least variance
        is left on both sides.  They are two levels if the field is in the middle half between
        them for less than a tenth of the time.
        """
        if len(self.wire) < 2:
            return math.nan
        share = self.times_us / max(1, int(self.times_us.sum()))
        below = np.cumsum(share)[:-1]
        sums = np.cumsum(share * self.values)
        means = sums[:-1] / np.maximum(below, _TINY)
        means_above = (sums[-1] - sums[:-1]) / np.maximum(1 - below, _TINY)
        between = below * (1 - below) * (means_above - means) ** 2
        best = int(np.argmax(between))
        low, high = float(means[best]), float(means_above[best])
        middle, reach = (low + high) / 2, (high - low) / 4
        between_them = share[np.abs(self.values - middle) < reach].sum()
        return middle if between_them < _SELDOM else math.nan

    def on_off(self, above: float) -> OnOff:
        """Return the time above a threshold, and the rest; of the power, also their energies."""
        place = int(np.searchsorted(self.wire, wire_limit(self._field, above), side="right"))
        starts_on = len(self.wire) > 0 and self.first > wire_limit(self._field, above)
        on, off = self._part(slice(place, None)), self._part(slice(place))
        cycles = int(self.rises[:place].sum()) + starts_on
        return OnOff(above, on[0], off[0], on[1], off[1], cycles)

    def _part(self, part: slice) -> tuple[float, float]:
        """Return the time of some of the values, and value × time in hours."""
        seconds = int(self.times_us[part].sum()) / MICROSECONDS
        product = _products(self.wire[part], self.times_us[part])
        return seconds, product / (self._field.scale * MICROSECONDS * _HOUR)

    def histogram(self, bins: int = 50) -> tuple[Floats, Floats]:
        """Return the edges of at most *bins* bars, (k + 1,), and the time in each, (k,).

        All bars are equally wide, and contain equally many of the steps in which the meter
        measures: none stands out because it has one step more.
        """
        if not len(self.wire):
            return np.empty(0), np.empty(0)
        low, high = int(self.wire[0]), int(self.wire[-1])
        width = -(-(high - low + 1) // max(1, bins))
        bar = (self.wire - low) // width
        number = (high - low) // width + 1
        times = np.bincount(bar, weights=self.times_us, minlength=number)
        edges = (low - 0.5 + width * np.arange(number + 1)) / self._field.scale
        return edges, times / MICROSECONDS

    def load_duration(self, points: int = 500) -> tuple[Floats, Floats]:
        """Return the load-duration curve: for how long the field is at or above which value.

        Returns
        -------
        seconds, value
            At most *points* of its steps, and at least the first and the last: time rises from
            that at the highest value to all of it, and the value falls, both (k,).
        """
        seconds = np.cumsum(self.times_us[::-1]) / MICROSECONDS
        value = self.values[::-1]
        if len(value) > points:
            at = np.linspace(seconds[0], seconds[-1], max(2, points))
            chosen = np.unique(np.minimum(np.searchsorted(seconds, at), len(value) - 1))
            seconds, value = seconds[chosen], value[chosen]
        return seconds, value


def joined(name: str, parts: Iterable[Distribution]) -> Distribution:
    """Return the distribution of several spans, which follow one another in time, together."""
    found = [one for one in parts if len(one.wire)]
    if len(found) < 2:
        return found[0] if found else Distribution(name)
    pairs = [(one.last, two.first) for one, two in pairwise(found)]
    higher = np.array([pair for pair in pairs if pair[1] > pair[0]], np.int64).ravel()
    added = np.zeros((3, len(higher)), np.int64)
    added[2] = np.tile((1, -1), len(higher) // 2)
    values, *columns = (
        np.concatenate([getattr(one, name) for one in found])
        for name in ("wire", "counts", "times_us", "rises")
    )
    together = np.hstack((np.stack(columns), added))
    wire, sums = _sums(np.concatenate((values, higher)), together)
    return Distribution(name, wire, sums[0], sums[1], sums[2], found[0].first, found[-1].last)


def _sums(values: Integers, columns: Integers) -> tuple[Integers, Integers]:
    """Return each value that occurs, rising, (k,), and the sums of *columns*, (c, n), (c, k)."""
    low = int(values.min())
    high = int(values.max())
    if low == high:
        return values[:1], columns.sum(axis=1, keepdims=True)
    most = np.abs(columns).max() * float(len(values))
    if high - low <= _DENSE + 4 * len(values) and most < _EXACT:
        # Sorting would take ten times as long.
        place = values - low
        there = np.flatnonzero(np.bincount(place))
        sums = [np.bincount(place, weights=column)[there] for column in columns]
        return there + low, np.array(sums).astype(np.int64)
    order = np.argsort(values, kind="stable")
    rising = values[order]
    starts = np.flatnonzero(np.diff(rising, prepend=low - 1))
    return rising[starts], np.add.reduceat(columns[:, order], starts, axis=1)


def wire_limit(field_: Field, value: float) -> int:
    """Return the largest integer of the wire that is not above *value*."""
    # 2.3 W are 23 on the wire, although 2.3 * 10 may be a little less.
    return math.floor(round(min(max(value, -1.0), WIRE_MAXIMUM) * field_.scale, 6))


def _products(values: Integers, times: Integers) -> int:
    """Return the sum of values × times, which may not fit into 64 bits."""
    if not len(values):
        return 0
    if float(np.abs(values).max()) * float(times.sum()) < _EXACT:
        return int((values * times).sum())
    return sum(map(int.__mul__, values.tolist(), times.tolist()))


def is_distributed(name: str) -> bool:
    """Check whether the time at each value says something about a field.

    It does not for what the meter accumulates: energy, cost, and what it derives from them.
    """
    return name in FIELD_INDEX and name not in ACCUMULATED


#: Fields that the meter adds up, and those that it computes from such a sum.
ACCUMULATED: Final = frozenset({"energy", "cost", "energy_per_month", "cost_per_month"})
