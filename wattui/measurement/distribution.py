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
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import CHANNEL, FIELD_INDEX, WIRE_MAXIMUM, Field

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

#: Sums of integers below this are exact as floats.
_EXACT: Final = 2.0**53


def _none() -> Integers:
    return np.empty(0, np.int64)


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

    @property
    def _field(self) -> Field:
        return CHANNEL[self.name]

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
    def integral(self) -> float:
        """The sum of value × time, in s; of the power, the energy in J."""
        return _products(self.wire, self.times_us) / (self._field.scale * MICROSECONDS)

    def divided(self, value: float) -> tuple[Distribution, Distribution]:
        """Return the part at or below *value*, and the part above it."""
        place = int(np.searchsorted(self.wire, wire_limit(self._field, value), side="right"))
        below, above = (
            Distribution(self.name, self.wire[part], self.counts[part], self.times_us[part])
            for part in (slice(place), slice(place, None))
        )
        return below, above

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


def wire_limit(field_: Field, value: float) -> int:
    """Return the largest integer of the wire that is not above *value*."""
    # 2.3 W are 23 on the wire, although 2.3 * 10 may be a little less.
    return math.floor(round(min(max(value, -1.0), WIRE_MAXIMUM) * field_.scale, 6))


def joined(name: str, parts: Iterable[Distribution]) -> Distribution:
    """Return the distribution of several spans together."""
    found = list(parts)
    if not found:
        return Distribution(name)
    wire, place = np.unique(np.concatenate([one.wire for one in found]), return_inverse=True)
    sums = []
    for which in ("counts", "times_us"):
        total = np.zeros(len(wire), np.int64)
        np.add.at(total, place, np.concatenate([getattr(one, which) for one in found]))
        sums.append(total)
    return Distribution(name, wire, *sums)


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
