# SPDX-License-Identifier: GPL-3.0-or-later
"""The energy of runs from the records of a meter: lag, idle level, drift, subtraction. Pure NumPy.

A record that ends at *t* shows the load of the interval that ended *lag* seconds earlier.  The
energy of a run above idle is the sum of (power - idle level) x interval over **whole** records,
from before its start to after its end: what a record at an edge contains of the idle level
cancels, so that a record per second is enough, and an error of the lag does no harm.

Times are seconds on one axis for records and runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wattui.measurement.energy import GAP_FACTOR, difference_error_wh, energy_error_wh

Floats = NDArray[np.float64]

#: The largest share of a record's noise that the next one has, for the error of the idle level.
_MOST_ALIKE: Final = 0.9

#: Joules in a watt-hour.
_JOULES: Final = 3600.0

#: Records of a quiet span below which it is not one, and from which on it shows whether they
#: are alike.
_LEAST_QUIET: Final = 2
_LONG_QUIET: Final = 10


@dataclass(frozen=True, slots=True)
class Lag:
    """How far the records are behind the load, in s."""

    seconds: float
    #: The largest error that it may have.
    uncertainty: float
    #: Where it comes from: ``found``, ``given`` or ``assumed``.
    source: str = "assumed"


#: What the lag is if it was not found: records may lag by 2 to 3 s.
ASSUMED_LAG: Final = Lag(2.5, 1.0)


@dataclass(frozen=True, slots=True)
class RecordArrays:
    """The records of one meter, oldest first."""

    #: When each arrived: the end of its interval.
    time: Floats
    #: The interval that it covers.
    interval: Floats
    #: In W; NaN if it has none.
    power: Floats

    @classmethod
    def of(cls, time: ArrayLike, interval: ArrayLike, power: ArrayLike) -> RecordArrays:
        """Return records of any sequences; one interval may be for all."""
        times = np.asarray(time, float)
        every = np.broadcast_to(np.asarray(interval, float), times.shape)
        return cls(times, every, np.asarray(power, float))

    def between(self, low: float, high: float) -> RecordArrays:
        """Return the records whose intervals overlap with a span of their own time."""
        inside = (self.time > low) & (self.time - self.interval < high)
        return RecordArrays(self.time[inside], self.interval[inside], self.power[inside])

    def within(self, low: float, high: float) -> RecordArrays:
        """Return the records whose intervals lie in a span of their own time."""
        # Intervals are computed by subtraction: a microsecond does not count.
        inside = (self.time - self.interval >= low - 1e-6) & (self.time <= high + 1e-6)
        return RecordArrays(self.time[inside], self.interval[inside], self.power[inside])

    def known(self) -> RecordArrays:
        """Return the records that have a power."""
        known = ~np.isnan(self.power)
        return RecordArrays(self.time[known], self.interval[known], self.power[known])

    def missing(self, low: float, high: float) -> float:
        """Return for how long there is no power within a span, in s: gaps, and its ends."""
        found = self.between(low, high).known()
        if not len(found.time):
            return high - low
        starts = found.time - found.interval
        holes = np.maximum(starts[1:] - found.time[:-1], 0.0)
        # Records arrive with some jitter, which is not a gap.
        holes = holes[holes > (GAP_FACTOR - 1) / 2 * found.interval[1:]]
        ends = max(starts[0] - low, 0.0) + max(high - found.time[-1], 0.0)
        return float(holes.sum()) + (ends if ends > found.interval.mean() / 2 else 0.0)


@dataclass(frozen=True, slots=True)
class Window:
    """A span of the host's time, in which a command ran or nothing did."""

    start: float
    stop: float

    @property
    def duration(self) -> float:
        """Its length, in s."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True)
class IdleLevel:
    """The idle level, a line through the quiet records, with the error of it."""

    #: The time in the middle of the quiet records, and the level there in W.
    middle: float
    level: float
    #: Drift, in W/s.
    slope: float
    #: Covariance of level and slope, (2, 2).
    covariance: Floats
    degrees: float
    #: Standard deviation of a quiet record, in W.
    noise: float
    #: Levels of the first and the last quiet span in W, and the standard error of their difference.
    first: float
    last: float
    drift_error: float
    #: Number of quiet records.
    count: int
    #: By how much the quiet spans scatter more about the line than their records explain.
    excess: float = 1.0

    def energy(self, weights: Floats) -> float:
        """Return an idle energy in J, for weights of :meth:`weights`."""
        return float(weights @ np.array([self.level, self.slope]))

    def weights(self, time: Floats, interval: Floats) -> Floats:
        """Return what level and slope count in the idle energy of records."""
        return np.array([interval.sum(), ((time - interval / 2 - self.middle) * interval).sum()])

    def variance(self, weights: Floats) -> float:
        """Return the variance of an idle energy."""
        return self.covariance_of(weights, weights)

    def covariance_of(self, first: Floats, second: Floats) -> float:
        """Return the covariance of two idle energies."""
        return float(first @ self.covariance @ second)


def constant_idle(watts: float, error: float = 0.0) -> IdleLevel:
    """Return an idle level that was given instead of measured."""
    covariance = np.array([[error**2, 0.0], [0.0, 0.0]])
    return IdleLevel(0.0, watts, 0.0, covariance, math.inf, math.nan, watts, watts, 0.0, 0)


def quiet_records(records: RecordArrays, window: Window, lag: Lag) -> RecordArrays:
    """Return the records that show nothing except a quiet span, whatever the lag is."""
    low = window.start + lag.seconds + lag.uncertainty
    high = window.stop + lag.seconds - lag.uncertainty
    return records.within(low, high).known()


def fit_idle(records: RecordArrays, windows: Sequence[Window], lag: Lag) -> IdleLevel | None:
    """Return the idle level of quiet spans: a line if there are several, otherwise a constant.

    The error of the line is that of the records' noise, also if successive records are alike,
    and is larger if the spans do not lie on a line.

    Returns
    -------
    IdleLevel or None
        None without any quiet records.
    """
    spans = [quiet_records(records, window, lag) for window in windows]
    spans = [one for one in spans if len(one.time) >= _LEAST_QUIET]
    if not spans:
        return None
    time = np.concatenate([one.time - one.interval / 2 for one in spans])
    power = np.concatenate([one.power for one in spans])
    middle = float(time.mean())
    design = np.column_stack([np.ones_like(time), time - middle])
    if len(spans) == 1:
        design[:, 1] = 0.0
    normal = np.linalg.pinv(design.T @ design)
    line = normal @ design.T @ power
    rest = power - design @ line
    degrees = max(len(power) - min(len(spans), 2), 1)
    noise = math.sqrt(float(rest @ rest) / degrees)
    sizes = np.array([len(one.time) for one in spans])
    parts = np.split(rest, np.cumsum(sizes)[:-1])
    inside = [one - one.mean() for one in parts]
    alike = _alike(inside)
    squares = sum(float(one @ one) for one in inside)
    own = squares / max(len(power) - len(spans), 1) * alike
    excess = _excess(parts, own)
    covariance = normal * own * excess
    first, last = float(spans[0].power.mean()), float(spans[-1].power.mean())
    drift_error = noise * math.sqrt(alike * (1 / sizes[0] + 1 / sizes[-1]))
    return IdleLevel(
        middle, float(line[0]), float(line[1]), covariance, max(degrees / alike, 1.0), noise,
        first, last, drift_error if len(spans) > 1 else 0.0, len(power), excess,
    )  # fmt: skip


def _alike(parts: Sequence[Floats]) -> float:
    """Return by how much the variance of a mean is larger because successive records are alike.

    *parts* are the records of each quiet span without their mean; only long spans show it.
    """
    long = [one for one in parts if len(one) >= _LONG_QUIET]
    squares = sum(float(one @ one) for one in long)
    if not squares:
        return 1.0
    count = sum(len(one) for one in long)
    # Without their mean, records look less alike, by one in their number.
    share = sum(float(one[1:] @ one[:-1]) for one in long) / squares + len(long) / count
    # What chance alone would show is not counted.
    if share < 2 / math.sqrt(count):
        return 1.0
    share = min(share, _MOST_ALIKE)
    return (1 + share) / (1 - share)


def _excess(parts: Sequence[Floats], variance: float) -> float:
    """Return by how much the spans scatter more about the line than their records explain."""
    free = len(parts) - 2
    if free < 1 or not variance:
        return 1.0
    found = sum(len(one) * float(one.mean()) ** 2 for one in parts) / variance / free
    return max(found, 1.0)


@dataclass(frozen=True, slots=True)
class RunEnergy:
    """The energy of one run, for one execution of its command."""

    #: Above the idle level, in J.
    above: float
    #: With the idle level for its duration, in J.
    gross: float
    #: Seconds per execution.
    duration: float
    #: Time without records, in s.
    missing: float
    #: What the idle level counts in both energies: see :meth:`IdleLevel.weights`.
    above_weights: Floats
    gross_weights: Floats
    #: The number of records.
    records: int

    @property
    def power(self) -> float:
        """Mean power of the run, in W."""
        return self.gross / self.duration if self.duration else math.nan


def run_energy(
    records: RecordArrays, run: Window, idle: IdleLevel, lag: Lag, count: int = 1
) -> RunEnergy:
    """Return the energy of a run.

    Parameters
    ----------
    records
        The records; those of the quiet time before and after the run are needed too.
    run
        When the command ran, by the host's clock.
    idle
        The idle level.
    lag
        The lag; whole records count from its uncertainty before the run to that after it.
    count
        How often the command was executed in the run.
    """
    low = run.start + lag.seconds - lag.uncertainty
    high = run.stop + lag.seconds + lag.uncertainty
    found = records.between(low, high).known()
    weights = idle.weights(found.time, found.interval)
    above = float(found.power @ found.interval) - idle.energy(weights)
    middle = np.array([run.stop + lag.seconds])
    own = idle.weights(middle, np.array([run.duration]))
    return RunEnergy(
        above / count, (above + idle.energy(own)) / count, run.duration / count,
        records.missing(low, high), -weights / count, (own - weights) / count, len(found.time),
    )  # fmt: skip


def edge_error(
    records: RecordArrays, runs: Sequence[Window], idle: IdleLevel, lag: Lag, counts: Sequence[int]
) -> float:
    """Return by how much the mean energy changes if the lag has its largest error, in J."""

    def mean(seconds: float) -> float:
        moved = replace(lag, seconds=seconds)
        found = [
            run_energy(records, run, idle, moved, count).above
            for run, count in zip(runs, counts, strict=True)
        ]
        return float(np.mean(found))

    middle = mean(lag.seconds)
    ends = (lag.seconds - lag.uncertainty, lag.seconds + lag.uncertainty)
    return max(abs(mean(end) - middle) for end in ends)


def gross_limit(energy: float, duration: float) -> float:
    """Return the manual's limit of error of an energy in J over a duration in s."""
    return _JOULES * energy_error_wh(energy / _JOULES, duration)


def above_limit(above: float, gross: float, duration: float, *, constant: bool = False) -> float:
    """Return the manual's limit of error of an energy above idle, in J.

    It is the difference of two energies of one meter: that of the run, and that of the idle level
    for the same time.

    Parameters
    ----------
    above, gross
        Energy above idle, and in total, in J.
    duration
        Time of the run, in s.
    constant
        Whether to assume that the meter is off in the same way at both levels.
    """
    both = (gross / _JOULES, duration), ((gross - above) / _JOULES, duration)
    return _JOULES * difference_error_wh(*both, constant=constant)
