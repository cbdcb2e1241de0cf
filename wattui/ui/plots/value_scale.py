# SPDX-License-Identifier: GPL-3.0-or-later
"""A logarithmic value axis: from values to pixels, its range and its ticks."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from chaco.log_mapper import LogMapper

from wattui.measurement.text import axis_unit
from wattui.ui.plots.plot_axis import TicksAndLabels
from wattui.ui.plots.value_axis import ValueRange, ValueTicks, labels, step_decimals, ticks

#: The factors of a power of ten at which an axis begins, ends and has ticks.
_STEPS: Final = (1.0, 2.0, 5.0, 10.0)

#: The axis of values that are all zero.
_EMPTY: Final = ValueRange(0.1, 10.0)

#: The greatest ratio of both ends of an axis that has the ticks of a linear one.
_NARROW: Final = 4.0

#: Where zero is: so far below the axis that only the line down to it is seen.
_FAR: Final = 1e-9

#: The least ratio of both ends when zooming.
_CLOSEST: Final = 1.001


class LogScale(LogMapper):
    """Chaco's mapper, which has zeros and breaks of a curve at 1."""

    def map_screen(self, data_array: Any) -> np.ndarray:
        """Return pixels; zero and less are far below the axis, and a break stays one."""
        values = np.array(data_array, dtype=float, ndmin=1)
        breaks = np.isnan(values)
        least = self.range.low * _FAR
        values[breaks | (values < least)] = least
        found: np.ndarray = super().map_screen(values)
        found[breaks] = np.nan
        return found


def log_range(previous: ValueRange | None, low: float, high: float) -> ValueRange:
    """Return the range for values above zero: the *previous* one as long as it is suitable."""
    if not 0 < low <= high:
        return previous or _EMPTY
    fitted = ValueRange(_down(low / 1.02), _up(high * 1.02))
    if previous is None or previous.low <= 0:
        return fitted
    inside = previous.low <= low and high <= previous.high
    filled = math.log(fitted.high / fitted.low) >= 0.5 * math.log(previous.high / previous.low)
    return previous if inside and filled else fitted


def _down(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return max(step * power for step in _STEPS if step * power <= value * (1 + 1e-9))


def _up(value: float) -> float:
    power = 10.0 ** math.floor(math.log10(value))
    return min(step * power for step in _STEPS if step * power >= value * (1 - 1e-9))


def zoomed_log_range(current: ValueRange, factor: float, at: float) -> ValueRange:
    """Return a range with *factor* times as many decades, the value *at* in the same place."""
    at = max(at, current.low * _FAR)
    low, high = at * (current.low / at) ** factor, at * (current.high / at) ** factor
    return ValueRange(low, high) if high / low > _CLOSEST else current


def log_ticks(low: float, high: float, most: int, factor: float) -> TicksAndLabels:
    """Return ticks and labels between two values above zero.

    Parameters
    ----------
    low, high
        Ends of the axis, in the base unit.
    most
        The greatest number of ticks that fit.
    factor
        From the base unit to that of the labels.
    """
    if not 0 < low < high:
        return np.empty(0), []
    if high / low < _NARROW:
        places, decimals = ticks(low, high, most)
        return places, labels(places, decimals, factor)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for steps, every in (((1, 2, 5), 1), ((1, 3), 1), *(((1,), n) for n in range(1, 40))):
        powers = [power for power in range(first, last + 1) if power % every == 0]
        found = [step * 10.0**power for power in powers for step in steps]
        found = [one for one in found if low * (1 - 1e-9) <= one <= high * (1 + 1e-9)]
        if len(found) <= most + 1:
            break
    return np.array(found), [_label(one, factor) for one in found]


def _label(value: float, factor: float) -> str:
    return labels([value * factor], step_decimals(value * factor))[0]


class LogTicks(ValueTicks):
    """Ticks at powers of ten, and between them as far as there is room."""

    def choose_ticks(self, low: float, high: float, room: float) -> TicksAndLabels:
        """Return ticks and labels for an axis from *low* to *high* that has *room* pixels."""
        most = min(max(int(room / self.pixels), 1), 10)
        return log_ticks(low, high, most, axis_unit(self.unit, high)[1])
