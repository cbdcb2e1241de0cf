# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mean of repeated runs is worth: intervals, comparisons, outliers, runs needed. Pure.

Every run shares the idle level that is subtracted from it.  Repeats do not reduce its error, so
each estimate has a *shared* part beside the scatter of its runs.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from wattui.errors import PackageMissing

#: Probability that an interval contains the true value.
CONFIDENCE: Final = 0.95

#: Probability of a false alarm of the tests for outliers and for the first run.
_FALSE_ALARM: Final = 0.01

#: Probability with which the runs that are needed would show the difference.
_POWER: Final = 0.8

#: More runs than anyone would make.
_MOST_RUNS: Final = 10_000


def require_statistics() -> None:
    """Check that the package for the statistics is there, before anything is measured.

    Raises
    ------
    PackageMissing
        It is not, as with wattui-headless.
    """
    if importlib.util.find_spec("scipy") is None:
        raise PackageMissing(
            "Measuring commands needs the package scipy, which is not installed",
            "Install it: pip install 'wattui-headless[measure]'.",
        )


def t_quantile(probability: float, degrees: float) -> float:
    """Return the quantile of Student's t; that of the normal for infinite degrees.

    Examples
    --------
    >>> round(t_quantile(0.975, 9), 3)
    2.262
    """
    # Imported late: it takes half a second on a slow machine.
    from scipy.special import ndtri, stdtrit

    if math.isinf(degrees):
        return float(ndtri(probability))
    return float(stdtrit(degrees, probability))


def t_probability(t: float, degrees: float) -> float:
    """Return the probability that Student's t is as far from zero as *t*, on either side."""
    from scipy.special import ndtr, stdtr

    tail = ndtr(-abs(t)) if math.isinf(degrees) else stdtr(degrees, -abs(t))
    return 2.0 * float(tail)


def _degrees(parts: Sequence[tuple[float, float]]) -> float:
    """Return the degrees of freedom of a sum of variances (Welch and Satterthwaite)."""
    total = sum(variance for variance, _ in parts)
    below = sum(variance**2 / degrees for variance, degrees in parts if variance > 0)
    return total**2 / below if below > 0 else math.inf


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean of runs, and what it is worth."""

    mean: float
    #: Standard deviation of the runs; NaN for a single one.
    spread: float
    #: Number of runs.
    count: int
    #: Variance of the part that all runs share, and its degrees of freedom.
    shared: float = 0.0
    shared_degrees: float = math.inf

    @property
    def variance(self) -> float:
        """Variance of the mean; NaN for a single run."""
        return self.spread**2 / self.count + self.shared if self.count else math.nan

    @property
    def degrees(self) -> float:
        """Degrees of freedom of :attr:`variance`; 0 for a single run."""
        if self.count < 2:
            return 0.0
        own = self.spread**2 / self.count
        return _degrees([(own, self.count - 1), (self.shared, self.shared_degrees)])

    @property
    def half_width(self) -> float:
        """Half of the 95 % interval of the mean; infinite for a single run."""
        if self.count < 2:
            return math.inf
        return t_quantile((1 + CONFIDENCE) / 2, self.degrees) * math.sqrt(self.variance)

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.mean + self.half_width


def estimate(
    values: Sequence[float], shared: float = 0.0, shared_degrees: float = math.inf
) -> Estimate:
    """Return the mean of runs.

    Parameters
    ----------
    values
        One value per run.
    shared
        Variance of what all of them share, and its degrees of freedom.

    Examples
    --------
    >>> found = estimate([9.0, 10.0, 11.0])
    >>> found.mean, found.spread, round(found.half_width, 3)
    (10.0, 1.0, 2.484)
    """
    runs = np.asarray(values, float)
    if not len(runs):
        return Estimate(math.nan, math.nan, 0)
    spread = float(runs.std(ddof=1)) if len(runs) > 1 else math.nan
    return Estimate(float(runs.mean()), spread, len(runs), shared, shared_degrees)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two estimates of one meter, compared: the first divided by the second."""

    ratio: float
    #: Ends of the 95 % interval of the ratio; infinite if the second cannot be told from zero.
    low: float
    high: float
    #: The first minus the second, and half of the 95 % interval of it.
    difference: float
    half_width: float
    #: Probability of such a difference if there were none (Welch's test); NaN if not known.
    probability: float
    #: Runs of each that would show this difference in four of five attempts; None for too many.
    needed: int | None

    @property
    def is_clear(self) -> bool:
        """Whether the runs show a difference, at 95 %."""
        return self.probability < 1 - CONFIDENCE


def compare(first: Estimate, second: Estimate, covariance: float = 0.0) -> Comparison:
    """Compare two estimates.

    Parameters
    ----------
    first, second
        Estimates from the same meter.
    covariance
        Covariance of their shared parts: what both have in common cancels in the difference.

    Examples
    --------
    >>> found = compare(estimate([10.0, 10.1, 9.9, 10.0]), estimate([20.0, 20.2, 19.8, 20.0]))
    >>> round(found.ratio, 2), round(found.low, 2), round(found.high, 2), found.is_clear
    (0.5, 0.49, 0.51, True)
    """
    difference = first.mean - second.mean
    ratio = first.mean / second.mean if second.mean else math.nan
    if min(first.count, second.count) < 2:
        unknown = (-math.inf, math.inf, difference, math.inf, math.nan, None)
        return Comparison(ratio, *unknown)
    shared = max(first.shared + second.shared - 2 * covariance, 0.0)
    parts = [(one.spread**2 / one.count, one.count - 1.0) for one in (first, second)]
    degrees = _degrees([*parts, (shared, min(first.shared_degrees, second.shared_degrees))])
    variance = sum(one for one, _ in parts) + shared
    t = t_quantile((1 + CONFIDENCE) / 2, degrees)
    if variance > 0:
        probability = t_probability(difference / math.sqrt(variance), degrees)
    else:
        probability = 0.0 if difference else 1.0
    low, high = _ratio_interval(first, second, covariance, t)
    return Comparison(
        ratio, low, high, difference, t * math.sqrt(variance), probability,
        runs_needed(difference, first.spread, second.spread),
    )  # fmt: skip


def _ratio_interval(
    first: Estimate, second: Estimate, covariance: float, t: float
) -> tuple[float, float]:
    """Return the interval of a ratio of means (Fieller); infinite if it has no end."""
    below = second.variance
    share = t**2 * below / second.mean**2 if second.mean else math.inf
    if share >= 1:
        return -math.inf, math.inf
    ratio = first.mean / second.mean
    middle = ratio - (share * covariance / below if below else 0.0)
    spare = first.variance - (covariance**2 / below if below else 0.0)
    inner = first.variance - 2 * ratio * covariance + ratio**2 * below - share * spare
    half = t / abs(second.mean) * math.sqrt(max(inner, 0.0))
    return (middle - half) / (1 - share), (middle + half) / (1 - share)


def runs_needed(difference: float, first: float, second: float) -> int | None:
    """Return how many runs of each command would show a difference in four of five attempts.

    Parameters
    ----------
    difference
        Difference of the means.
    first, second
        Standard deviations of their runs.

    Returns
    -------
    int or None
        None if nobody would make that many.

    Examples
    --------
    >>> runs_needed(1.0, 1.0, 1.0)
    17
    """
    if not difference or not math.isfinite(first + second):
        return None
    ratio = (first**2 + second**2) / difference**2
    # Those of the normal distribution are fewer than those of Student's t, by one or two.
    count = max(2, math.ceil(ratio * _needed_t(math.inf) ** 2))
    while count <= _MOST_RUNS:
        if ratio * _needed_t(2.0 * count - 2) ** 2 <= count:
            return count
        count += 1
    return None


def _needed_t(degrees: float) -> float:
    return t_quantile((1 + CONFIDENCE) / 2, degrees) + t_quantile(_POWER, degrees)


def find_outlier(values: Sequence[float]) -> int | None:
    """Return the position of a run that does not belong to the others (Grubbs' test, 1 %).

    Examples
    --------
    >>> find_outlier([10.0, 10.1, 9.9, 10.0, 10.1, 14.0])
    5
    >>> find_outlier([10.0, 10.1, 9.9, 10.0, 10.1, 10.2]) is None
    True
    """
    runs = np.asarray(values, float)
    count = len(runs)
    spread = runs.std(ddof=1) if count > 1 else 0.0
    if count < 4 or not spread:
        return None
    far = np.abs(runs - runs.mean()) / spread
    t = t_quantile(1 - _FALSE_ALARM / (2 * count), count - 2)
    limit = (count - 1) / math.sqrt(count) * math.sqrt(t**2 / (count - 2 + t**2))
    worst = int(far.argmax())
    return worst if far[worst] > limit else None


def first_differs(values: Sequence[float]) -> bool:
    """Check whether the first run is not one of the others (prediction interval, 99 %).

    Examples
    --------
    >>> first_differs([14.0, 10.0, 10.1, 9.9, 10.0])
    True
    """
    others = np.asarray(values[1:], float)
    count = len(others)
    if count < 3:
        return False
    spread = others.std(ddof=1) * math.sqrt(1 + 1 / count)
    limit = t_quantile(1 - _FALSE_ALARM / 2, count - 1) * spread
    # Runs that agree to the last digit would make any difference one.
    return bool(abs(values[0] - others.mean()) > max(limit, 1e-9 * abs(others.mean())))
