# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules for energy: what counts, what a gap is, and how large the error can be.

Pure NumPy, in base units.  A record covers the interval that ends with it, and energy
is the sum of power times interval.  Nothing is counted in a gap.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

#: If two records are more than this many intervals apart, there is a gap: one interval counts,
#: and the rest is missing.
GAP_FACTOR: Final = 2.5

#: Share of a reading by which the meter may be off (operator's manual, accuracy).
RELATIVE_ERROR: Final = 0.015

#: Three counts of the last digit, in W, by which it may be off in addition (same place).
ABSOLUTE_ERROR_W: Final = 0.3

#: Both as text: for a reading, and for an energy.
ACCURACY: Final = f"{100 * RELATIVE_ERROR:g} % + {ABSOLUTE_ERROR_W:g} W"
ERROR_RULE: Final = (
    f"{100 * RELATIVE_ERROR:g} % of the energy and {ABSOLUTE_ERROR_W:g} W for its duration"
)

_HOUR: Final = 3600.0

#: An energy in Wh, and the time over which it was recorded, in s.
Energy = tuple[float, float]


def energy_wh(power: ArrayLike, interval: ArrayLike) -> float:
    """Return the energy of records.

    Parameters
    ----------
    power
        Power in W, (n,); NaN if a record has none.
    interval
        Spans that the records cover, in s, (n,) or one for all.

    Returns
    -------
    float
        Energy in Wh.

    Notes
    -----
    A record covers the interval that ends with it: the energy is the sum of power × interval.

    Examples
    --------
    >>> energy_wh([100, 200, 200], 3600)
    500.0
    """
    return float(np.nansum(np.asarray(power, float) * np.asarray(interval, float))) / _HOUR


def energy_error_wh(energy: float, duration: float) -> float:
    """Return the limit of error of an energy: 1.5 % of it, and 0.3 W for its duration.

    It is a limit, not a standard deviation.

    Parameters
    ----------
    energy
        Energy in Wh.
    duration
        Time that was recorded, in s; gaps do not count.

    Returns
    -------
    float
        Error in Wh.

    Notes
    -----
    The accuracy of a reading in the operator's manual, ±(1.5 % + 3 counts of 0.1 W),
    applied to every record.

    Examples
    --------
    >>> round(energy_error_wh(20.99, 1792), 2)
    0.46
    """
    return RELATIVE_ERROR * abs(energy) + ABSOLUTE_ERROR_W * duration / _HOUR


def error_of_sum(errors: Iterable[float]) -> float:
    """Return the limit of error of a sum: the limits add up, since nothing cancels them."""
    return sum(errors)


def counter_moved(values: ArrayLike) -> float:
    """Return how far the meter's own counter moved over a series of records.

    Parameters
    ----------
    values
        Readings of the counter, oldest first, (n,), in any unit; NaN is skipped.  Where
        it fell, it was reset, and counts from zero.

    Returns
    -------
    float
        In the unit of *values*; 0 for fewer than two readings.

    Examples
    --------
    >>> round(counter_moved([20.1, 20.3, 0.0, 0.2]), 1)
    0.4
    """
    counter = np.asarray(values, float)
    counter = counter[~np.isnan(counter)]
    if len(counter) < 2:
        return 0.0
    step = np.diff(counter)
    return float(np.where(step >= 0, step, counter[1:]).sum())


def average_power(energy: float, duration: float) -> float:
    """Return the mean power in W of an energy in Wh over a duration in s; NaN for none."""
    return energy * _HOUR / duration if duration > 0 else float("nan")


def average_power_error(power: float) -> float:
    """Return the limit of error of a mean power in W: 1.5 % of it and 0.3 W.

    It is the error of the energy over the same time, divided by that time.
    """
    return RELATIVE_ERROR * abs(power) + ABSOLUTE_ERROR_W


def cost(energy: float, rate: float) -> float:
    """Return the cost of an energy in Wh at a rate per kWh."""
    return energy / 1000.0 * rate


def difference_error_wh(first: Energy, second: Energy, *, constant: bool = False) -> float:
    """Return the limit of error of *first* - *second*, in Wh: two energies of one meter.

    Parameters
    ----------
    first, second
        Energy in Wh, and time that was recorded, in s.
    constant
        Whether to assume that the meter is off by the same share of a reading and by the same
        power throughout.  The manual does not promise it; without it, nothing cancels.

    Returns
    -------
    float
        The farthest that the true difference can be from that of the readings.

    Notes
    -----
    With a share *g* of up to 1.5 % and a power *o* of up to 0.3 W, the true energy of a reading
    *E* over *t* is *E* (1 + *g*) + *o* *t*.  If both are constant, a difference *D* over times
    that differ by *T* is off by *g* *D* + *o* *T*: the error of both baselines cancels.

    Examples
    --------
    >>> round(difference_error_wh((100.0, 3600), (98.0, 3600)), 2)
    3.57
    >>> round(difference_error_wh((100.0, 3600), (98.0, 3600), constant=True), 2)
    0.03
    """
    if constant:
        return energy_error_wh(first[0] - second[0], abs(first[1] - second[1]))
    return error_of_sum(energy_error_wh(*one) for one in (first, second))


def ratio_error(first: Energy, second: Energy, *, constant: bool = False) -> float:
    """Return the limit of error of *first* / *second*, two energies of one meter.

    Parameters
    ----------
    first, second
        Energy in Wh, and time that was recorded, in s.
    constant
        See :func:`difference_error_wh`.

    Returns
    -------
    float
        The farthest that the true ratio can be from that of the readings; infinite if the second
        energy may be zero, and NaN if it is.

    Notes
    -----
    A share by which both are off cancels.  A power by which both are off cancels only where the
    mean powers are equal.

    Examples
    --------
    >>> round(ratio_error((200.0, 3600), (100.0, 3600)), 3)
    0.07
    >>> round(ratio_error((200.0, 3600), (100.0, 3600), constant=True), 4)
    0.0031
    """
    if not second[0]:
        return float("nan")
    signs = itertools.product((-1, 1), repeat=4)
    corners = ((g, o, g, o) for g, o, *_ in signs) if constant else signs
    ratio = first[0] / second[0]
    farthest = 0.0
    for g, o, h, p in corners:
        true = _true(second, h, p)
        if true / second[0] <= 0:
            return float("inf")
        farthest = max(farthest, abs(_true(first, g, o) / true - ratio))
    return farthest


def _true(reading: Energy, share: int, power: int) -> float:
    """Return the energy that a meter may have read, at the limits of its error."""
    energy, duration = reading
    offset = power * ABSOLUTE_ERROR_W * duration / _HOUR
    return energy * (1 + share * RELATIVE_ERROR) + offset
