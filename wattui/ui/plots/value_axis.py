# SPDX-License-Identifier: GPL-3.0-or-later
"""Ranges and ticks of a value axis: even steps, equal decimals, no sudden jumps."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from traits.api import Str

from wattui.measurement.text import axis_unit
from wattui.ui.plots.plot_axis import LabelledTicks, TicksAndLabels

#: Channels with an axis that starts at zero if their values are not far from it.
FROM_ZERO: Final = frozenset(
    {
        *("power", "current", "apparent_power", "integrated_energy", "energy", "cost"),
        *("power_max", "current_max", "power_min", "current_min", "energy_per_month"),
        *("cost_per_month", "power_cycles", "duty_cycle", "power_factor"),
    }
)

#: Room above and below the values, as a share of the range.
_ROOM: Final = 0.04

#: Least share of a range that the values fill before it is made narrower.
_FILLED: Final = 0.5

#: The factors of a power of ten in a step.
_STEPS: Final = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class ValueRange:
    """What a value axis shows: from *low* to *high*, in the base unit."""

    low: float
    high: float

    @property
    def width(self) -> float:
        """The difference between both ends."""
        return self.high - self.low


def nice_step(width: float, most: int) -> float:
    """Return the least even step that fits: 1, 2 or 5 times a power of ten.

    Parameters
    ----------
    width
        The range to divide, greater than 0.
    most
        The greatest number of steps, at least 1.
    """
    raw = width / max(most, 1)
    power = 10.0 ** math.floor(math.log10(raw))
    return next(s * power for s in _STEPS if s * power >= raw * (1 - 1e-9))


def step_decimals(step: float) -> int:
    """Return the decimals that multiples of an even step need."""
    return max(0, -math.floor(math.log10(step) + 1e-9))


def constant_range(value: float, digits: int) -> ValueRange:
    """Return a range with a constant *value* in its middle.

    It is so wide that noise in the last of the *digits* decimals looks like noise.
    """
    half = max(abs(value) * 0.02, 5 * 10.0**-digits)
    step = nice_step(half, 2)
    half = math.ceil(half / step) * step
    return ValueRange(value - half, value + half)


def fitted_range(low: float, high: float, *, digits: int = 1, zero: bool = False) -> ValueRange:
    """Return the range that shows values from *low* to *high*, in the base unit.

    Parameters
    ----------
    low, high
        Least and greatest value.
    digits
        Decimals of the field: no axis is finer.
    zero
        Whether to start at zero if the values are near enough to it.
    """
    if high - low < 0.5 * 10.0**-digits:
        return constant_range((low + high) / 2, digits)
    if zero and 0 <= low < 0.6 * high:
        top = high * (1 + _ROOM)
        step = nice_step(top, 10)
        return ValueRange(0.0, math.ceil(top / step - 1e-9) * step)
    least = 4 * 10.0**-digits
    room = max((high - low) * _ROOM, (least - (high - low)) / 2)
    step = nice_step(high - low + 2 * room, 12)
    bottom = math.floor((low - room) / step + 1e-9) * step
    if zero and low >= 0 > bottom:
        bottom = 0.0
    return ValueRange(bottom, math.ceil((high + room) / step - 1e-9) * step)


def steady_range(
    previous: ValueRange | None,
    low: float,
    high: float,
    *,
    digits: int = 1,
    zero: bool = False,
) -> ValueRange:
    """Return the range for new values: the *previous* one as long as it is suitable.

    It is suitable while the values lie in it and fill enough of it.
    """
    fitted = fitted_range(low, high, digits=digits, zero=zero)
    if previous is None:
        return fitted
    inside = previous.low <= low and high <= previous.high
    # A constant must be in the middle, so its range needs a stricter check.
    constant = high - low < 0.5 * 10.0**-digits
    if constant:
        middle = (previous.low + previous.high) / 2
        centred = abs(middle - (low + high) / 2) <= 0.1 * previous.width
        return previous if inside and centred and previous.width <= 4 * fitted.width else fitted
    if inside and fitted.width >= _FILLED * previous.width:
        return previous
    return fitted


def zoomed_range(current: ValueRange, factor: float, at: float) -> ValueRange:
    """Return a range *factor* times as wide, with the value *at* in the same place."""
    low = at - (at - current.low) * factor
    high = at + (current.high - at) * factor
    return ValueRange(low, high) if high - low > 1e-6 else current


def ticks(low: float, high: float, most: int) -> tuple[np.ndarray, int]:
    """Return the ticks between two values, and the decimals that their labels need.

    Parameters
    ----------
    low, high
        Ends of the axis, in the base unit.
    most
        The greatest number of steps that fit.
    """
    if not high > low:
        return np.empty(0), 0
    step = nice_step(high - low, most)
    first, last = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6)
    return np.arange(first, last + 1) * step, step_decimals(step)


def labels(values: Sequence[float] | np.ndarray, decimals: int, factor: float = 1.0) -> list[str]:
    """Return the labels of ticks, all with the same decimals.

    With a *factor* of 1/1000 they are in a unit a thousand times as large.

    From ten thousand on they are in thousands (``k``), from ten million on in millions
    (``M``).
    """
    if factor != 1.0:
        values = np.asarray(values, dtype=float) * factor
        decimals = step_decimals(float(np.min(np.diff(values)))) if len(values) > 1 else decimals
    largest = max((abs(float(v)) for v in values), default=0.0)
    for limit, scale, suffix in ((1e7, 1e6, "M"), (1e4, 1e3, "k")):
        if largest >= limit:
            steps = np.diff(np.asarray(values, dtype=float)) / scale
            step = float(np.min(steps)) if len(steps) else 1.0
            decimals = step_decimals(step) if step > 0 else 0
            return [f"{v / scale:.{decimals}f}{suffix}" for v in values]
    # Adding zero removes the minus sign of a rounded -0.0.
    return [f"{round(float(v), decimals) + 0.0:.{decimals}f}" for v in values]


class ValueTicks(LabelledTicks):
    """Even steps with equal decimals, as many as there is room for."""

    #: The least distance between two labels, in pixels.
    pixels = 26

    #: The base unit of the values: an energy is in kWh from 1000 Wh on.
    unit = Str()

    def choose_ticks(self, low: float, high: float, room: float) -> TicksAndLabels:
        """Return ticks and labels for an axis from *low* to *high* that has *room* pixels."""
        most = min(max(int(room / self.pixels), 1), 8)
        positions, decimals = ticks(low, high, most)
        # One number says nothing of the scale.
        for finer in range(most + 1, most + 6):
            if len(positions) >= 2:
                break
            positions, decimals = ticks(low, high, finer)
        return positions, labels(positions, decimals, axis_unit(self.unit, high)[1])
