# SPDX-License-Identifier: GPL-3.0-or-later
"""Energy, its error, the meter's counter, gaps: pure NumPy, in base units.

A record stands for the interval that ends with it; energy is the sum of power
times interval.  What lies in a gap counts for nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Share of a reading by which the meter may be off (operator's manual).
RELATIVE_ERROR: Final = 0.015

#: Three counts of the last digit, in W, by which it may be off besides (same place).
ABSOLUTE_ERROR_W: Final = 0.3

_HOUR: Final = 3600.0


def energy_wh(power: ArrayLike, interval: ArrayLike) -> float:
    """Give the energy of records.

    Parameters
    ----------
    power
        Power in W, (n,); NaN where a record has none.
    interval
        Spans that the records stand for in s, (n,) or one for all.

    Returns
    -------
    float
        Energy in Wh.
    """
    return float(np.nansum(np.asarray(power, float) * np.asarray(interval, float))) / _HOUR


def cumulative_energy_wh(power: ArrayLike, interval: ArrayLike) -> Floats:
    """Give the energy in Wh up to the end of each record, (n,)."""
    products = np.nan_to_num(np.asarray(power, float)) * np.asarray(interval, float)
    return np.asarray(np.cumsum(products) / _HOUR, dtype=np.float64)


def energy_error_wh(energy: float, duration: float) -> float:
    """Give the limit of an energy's error: 1.5 % of it and 0.3 W for its duration.

    A limit, not a standard deviation (operator's manual, accuracy).

    Parameters
    ----------
    energy
        Energy in Wh.
    duration
        Time that was recorded, in s; gaps do not count.
    """
    return RELATIVE_ERROR * abs(energy) + ABSOLUTE_ERROR_W * duration / _HOUR


def counter_moved(values: ArrayLike) -> float:
    """Give how far the meter's own counter moved over records, in the unit of *values*.

    A counter that fell was reset in between and counts from nought; NaN is skipped.
    """
    counter = np.asarray(values, float)
    counter = counter[~np.isnan(counter)]
    if len(counter) < 2:
        return 0.0
    step = np.diff(counter)
    return float(np.where(step >= 0, step, counter[1:]).sum())


def gaps(time: ArrayLike, interval: ArrayLike, gap: ArrayLike) -> Floats:
    """Give begin and end of each gap, (k, 2), in the unit of the arguments.

    Parameters
    ----------
    time
        Ends of the records, (n,).
    interval
        Spans that they stand for, (n,) or one for all.
    gap
        Time that is missing before each, (n,); 0 or NaN where none is.
    """
    missing = np.nan_to_num(np.asarray(gap, float))
    begin = np.asarray(time, float) - np.asarray(interval, float)
    found = missing > 0
    end = np.broadcast_to(begin, missing.shape)[found]
    return np.column_stack((end - missing[found], end))


def average_power(energy: float, duration: float) -> float:
    """Give the mean power in W of an energy in Wh over a duration in s; NaN for none."""
    return energy * _HOUR / duration if duration > 0 else float("nan")


def cost(energy: float, rate: float) -> float:
    """Give the cost of an energy in Wh at a rate per kWh."""
    return energy / 1000.0 * rate


def cost_per_month(power: float, rate: float) -> float:
    """Give the cost of 30 days at a mean power in W and a rate per kWh."""
    return cost(power * 24 * 30, rate)
