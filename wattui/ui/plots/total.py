# SPDX-License-Identifier: GPL-3.0-or-later
"""The sum of several meters' curves on a common grid.  Pure NumPy.

A record covers the interval that ends with it.  Before its start and after its end a
meter adds nothing; in a gap of any meter the sum is unknown, and its curve is broken.
For curves that are reduced to a minimum and a maximum per column, minima and maxima are
added separately: the true sum lies in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wattui.measurement.energy import GAP_FACTOR

Floats = NDArray[np.float64]

#: A curve: times in seconds, UTC, and values in the base unit; NaN at breaks.
Curve = tuple[Floats, Floats]

#: Used instead of a meter's key for the sum of all meters.
TOTAL: Final = "*total*"

#: Channels that can be added up: a sum of voltages or of power factors has no meaning.
SUMMED: Final = frozenset({"power", "apparent_power", "integrated_energy", "current"})


def curve_value(curve: Curve, moment: float) -> float | None:
    """Return the value of a curve at a time, in seconds, UTC; None in a gap and beyond."""
    times, values = curve
    if not len(times) or not times[0] <= moment <= times[-1]:
        return None
    value = float(values[np.searchsorted(times, moment)])
    return value if np.isfinite(value) else None


def total_curve(
    curves: Sequence[Curve],
    low: float,
    high: float,
    pixels: int,
    *,
    going: Sequence[bool] = (),
    holds: bool = False,
) -> Curve:
    """Add up curves over a span.

    Parameters
    ----------
    curves
        One per meter: times, shape (n,), never decreasing, and values, shape (n,).
    low, high
        The span, in seconds, UTC.
    pixels
        Columns of pixels: at most two points per column are returned, plus the breaks.
    going
        For each curve, whether its meter is being recorded: after its end nothing is known.
    holds
        Whether a curve keeps its last value, like an energy.
    """
    steps = [_steps(*curve) for curve in curves]
    known = [one for one in steps if len(one[0])]
    if not known or high <= low:
        return np.empty(0), np.empty(0)
    grid = np.unique(np.concatenate([times for times, _low, _high in known]))
    grid = grid[(grid >= low) & (grid <= high)]
    least, most = np.zeros(len(grid)), np.zeros(len(grid))
    flags = [*going, *[False] * (len(steps) - len(going))]
    for step, goes_on in zip(steps, flags, strict=True):
        if len(step[0]):
            under, over = _at(grid, step, goes_on=goes_on, holds=holds)
            least += under
            most += over
    if len(grid) <= pixels and np.array_equal(least, most, equal_nan=True):
        return grid, least
    return _columns(grid, least, most, low, (high - low) / max(pixels, 1))


def _steps(times: Floats, values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return distinct times, and the least and the greatest value at each."""
    if not len(times):
        return times, values, values
    found, first = np.unique(times, return_index=True)
    return found, np.minimum.reduceat(values, first), np.maximum.reduceat(values, first)


def _at(
    grid: Floats, step: tuple[Floats, Floats, Floats], *, goes_on: bool, holds: bool
) -> tuple[Floats, Floats]:
    """Return what one meter adds at each time of the grid: least and greatest value."""
    times, low, high = step
    # A meter's value counts that far beyond its last record.
    reach = GAP_FACTOR * (float(np.median(np.diff(times))) if len(times) > 1 else 1.0)
    place = np.searchsorted(times, grid)
    inside = np.minimum(place, len(times) - 1)
    under, over = low[inside], high[inside]
    # Between a break and the record after it nothing is known.
    after_break = (inside > 0) & (grid != times[inside]) & np.isnan(low[inside - 1])
    beyond = grid > times[-1] + (0.0 if holds or goes_on else reach)
    outside = grid < times[0] - reach
    under, over = under.copy(), over.copy()
    for part in (under, over):
        part[after_break] = np.nan
        part[outside] = 0.0
        if goes_on:
            part[beyond] = np.nan
        elif not holds:
            part[beyond] = 0.0
    return under, over


def _columns(grid: Floats, least: Floats, most: Floats, low: float, width: float) -> Curve:
    """Reduce to a minimum and a maximum per column, with a break where a value is unknown."""
    column = np.floor((grid - low) / width)
    _found, first = np.unique(column, return_index=True)
    counted = np.isfinite(least)
    broken = ~np.logical_and.reduceat(counted, first)
    empty = ~np.logical_or.reduceat(counted, first)
    under = np.minimum.reduceat(np.where(counted, least, np.inf), first)
    over = np.maximum.reduceat(np.where(counted, most, -np.inf), first)
    under[empty] = over[empty] = np.nan
    middle = low + (column[first] + 0.5) * width
    times = np.repeat(middle, 2)
    values = np.column_stack((under, over)).ravel()
    after = 2 * np.flatnonzero(broken & ~empty) + 2
    return np.insert(times, after, middle[after // 2 - 1]), np.insert(values, after, np.nan)
