# SPDX-License-Identifier: GPL-3.0-or-later
"""Value axes of a figure: even steps from end to end, and a second axis with the same grid."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from wattui.measurement.fields import CHANNEL, INTEGRATED_ENERGY
from wattui.measurement.text import axis_unit
from wattui.ui.plots.value_axis import FROM_ZERO, fitted_range, labels, nice_step, step_decimals

#: Steps of a second axis, times a power of ten: it must match the grid of the first.
_STEPS: Final = (1.0, 2.0, 2.5, 4.0, 5.0, 10.0)

#: The margin of a second axis above the values, as a share of them.
_ROOM: Final = 0.03

#: One Wh in kJ.
KILOJOULES: Final = 3.6


@dataclass(frozen=True, slots=True)
class FigureAxis:
    """A value axis from *low* to *high*, in the base unit, and its ticks."""

    low: float
    high: float
    ticks: np.ndarray
    labels: list[str]
    #: The unit of the labels.
    unit: str = ""

    @property
    def count(self) -> int:
        """The number of steps."""
        return max(len(self.ticks) - 1, 1)


def _axis(
    name: str, low: float, step: float, count: int, decimals: int | None = None
) -> FigureAxis:
    """Return an axis of *count* steps."""
    if decimals is None:
        decimals = step_decimals(step)
    ticks = low + np.arange(count + 1) * step
    high = float(ticks[-1])
    unit, factor = axis_unit(CHANNEL[name].unit, high)
    return FigureAxis(low, high, ticks, labels(ticks, decimals, factor), unit)


def first_axis(name: str, low: float, high: float, most: int) -> FigureAxis:
    """Return the axis of a channel with values from *low* to *high*.

    Parameters
    ----------
    name
        The channel.
    most
        The greatest number of steps that fit.
    """
    shown = fitted_range(low, high, digits=CHANNEL[name].digits, zero=name in FROM_ZERO)
    step = nice_step(shown.width, max(most, 2))
    bottom = math.floor(shown.low / step + 1e-6)
    top = math.ceil(shown.high / step - 1e-6)
    return _axis(name, bottom * step, step, top - bottom)


def second_axis(name: str, low: float, high: float, count: int) -> FigureAxis:
    """Return the axis of another channel, with *count* steps like the first one."""
    digits = CHANNEL[name].digits
    if name in FROM_ZERO and 0 <= low < 0.6 * high:
        low, high = 0.0, high * (1 + _ROOM)
    else:
        room = max((high - low) * _ROOM, 2 * 10.0**-digits)
        low, high = (max(low - room, 0.0) if low >= 0 else low - room), high + room
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    steps = [share * scale for scale in (power, 10 * power) for share in _STEPS]
    for step in steps:
        bottom = math.floor(low / step + 1e-6) * step
        if step >= raw * (1 - 1e-9) and bottom + count * step >= high * (1 - 1e-9):
            return _axis(name, bottom, step, count, _decimals(step))
    return _axis(name, math.floor(low / steps[-1]) * steps[-1], steps[-1], count)


def _decimals(step: float) -> int:
    """Return the decimals that multiples of a step need."""
    return next((n for n in range(9) if abs(step - round(step, n)) < 1e-9 * step), 9)


def kilojoules(axis: FigureAxis, most: int) -> FigureAxis:
    """Return the axis in kJ or MJ for one of an energy; its ends and ticks stay in Wh."""
    width = (axis.high - axis.low) * KILOJOULES
    step = nice_step(width, max(most, 2))
    first = math.ceil(axis.low * KILOJOULES / step - 1e-6)
    last = math.floor(axis.high * KILOJOULES / step + 1e-6)
    values = np.arange(first, last + 1) * step
    decimals = step_decimals(step)
    unit, factor = axis_unit("kJ", axis.high * KILOJOULES)
    places = values / KILOJOULES
    return FigureAxis(axis.low, axis.high, places, labels(values, decimals, factor), unit)


def title(name: str, axis: FigureAxis) -> str:
    """Return the title of a channel's axis: ``POWER  W``."""
    return f"{CHANNEL[name].label.upper()}  {axis.unit}".rstrip()


def is_energy(name: str) -> bool:
    """Check whether a channel is the energy, which has an axis in kJ as well."""
    return name == INTEGRATED_ENERGY.name
