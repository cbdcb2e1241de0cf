# SPDX-License-Identifier: GPL-3.0-or-later
"""Energies of commands as text: in J, kJ or MJ, with the digits that their error allows."""

from __future__ import annotations

import math
import re
from typing import Final

from wattui.benchmark.worth import Estimate
from wattui.measurement.text import error_decimals, number_and_error, rounded_text

#: Units of energy, their factor to J, and from how many J on they are used.
_UNITS: Final = (("mJ", 1e-3, 0.0), ("J", 1.0, 0.1), ("kJ", 1e3, 1e3), ("MJ", 1e6, 1e6))

#: Units that can be typed; nobody means millijoules at a wall meter.
_TYPED: Final = {"": 1.0, "j": 1.0, "kj": 1e3, "mj": 1e6, "wh": 3600.0, "kwh": 3.6e6}

#: Share of a value to which it is rounded if its error is not known.
_ROUGH: Final = 0.01


def joules_unit(joules: float) -> tuple[str, float]:
    """Return the unit for an energy in J, and its factor."""
    return next((unit, factor) for unit, factor, least in reversed(_UNITS) if abs(joules) >= least)


def _usable(value: float, error: float) -> float:
    """Return an error that decides about digits."""
    return error if math.isfinite(error) and error > 0 else abs(value) * _ROUGH


def joules_text(value: float, error: float = math.nan) -> str:
    """Return an energy in J with the digits that its error allows, without the error.

    >>> joules_text(123.456, 3.2), joules_text(12_345.6, 30.0), joules_text(0.01234, 0.0005)
    ('123.5 J', '12.346 kJ', '12.34 mJ')
    """
    unit, factor = joules_unit(value)
    digits = error_decimals(_usable(value, error) / factor)
    return f"{rounded_text(value / factor, digits)} {unit}"


def with_error(value: float, error: float) -> str:
    """Return an energy in J with its error.

    >>> with_error(159.83, 1.24), with_error(159.83, float("inf"))
    ('159.8 ± 1.2 J', '159.8 J')
    """
    if not math.isfinite(error):
        return joules_text(value)
    unit, factor = joules_unit(value)
    return f"{' ± '.join(number_and_error(value / factor, error / factor))} {unit}"


def mean_and_spread(found: Estimate) -> str:
    """Return the mean and the standard deviation of runs, with the digits of the mean.

    >>> from wattui.benchmark.worth import estimate
    >>> mean_and_spread(estimate([99.0, 100.0, 101.0, 100.0]))
    '100.0 J ± 0.8 J'
    """
    unit, factor = joules_unit(found.mean)
    digits = error_decimals(_usable(found.mean, found.half_width) / factor)
    mean = f"{rounded_text(found.mean / factor, digits)} {unit}"
    if found.count < 2:
        return mean
    return f"{mean} ± {rounded_text(found.spread / factor, digits)} {unit}"


def interval_text(found: Estimate) -> str:
    """Return the 95 % interval of a mean; empty for a single run.

    >>> from wattui.benchmark.worth import estimate
    >>> interval_text(estimate([99.0, 100.0, 101.0, 100.0]))
    '98.7 … 101.3 J'
    """
    return range_text(found, found.low, found.high) if found.count > 1 else ""


def range_text(found: Estimate, low: float, high: float) -> str:
    """Return the ends of a range in J, in the unit and with the digits of a mean."""
    unit, factor = joules_unit(found.mean)
    digits = error_decimals(_usable(found.mean, found.half_width) / factor)
    ends = (rounded_text(one / factor, digits) for one in (low, high))
    return f"{' … '.join(ends)} {unit}"


def seconds_text(value: float, error: float = math.nan) -> str:
    """Return a duration of a command with the digits that its error allows.

    >>> seconds_text(2.00512, 0.004), seconds_text(0.01512, 0.0004), seconds_text(754.2, 0.8)
    ('2.0051 s', '15.12 ms', '754.20 s')
    """
    unit, factor = ("ms", 1e-3) if abs(value) < 1 else ("s", 1.0)
    # The clock is not better than tenths of a millisecond.
    digits = min(error_decimals(_usable(value, error) / factor), 2 if unit == "ms" else 4)
    return f"{rounded_text(value / factor, digits)} {unit}"


def seconds_and_spread(found: Estimate) -> str:
    """Return the mean and the standard deviation of a duration, in one unit.

    >>> from wattui.benchmark.worth import estimate
    >>> seconds_and_spread(estimate([1.9, 2.0, 2.1])), seconds_and_spread(estimate([0.25]))
    ('2.00 s ± 0.10 s', '250.0 ms')
    """
    if found.count < 2 or not found.spread:
        return seconds_text(found.mean)
    unit, factor = ("ms", 1e-3) if abs(found.mean) < 1 else ("s", 1.0)
    digits = min(error_decimals(found.spread / factor), 2 if unit == "ms" else 4)
    ends = (rounded_text(one / factor, digits) for one in (found.mean, found.spread))
    return " ± ".join(f"{one} {unit}" for one in ends)


def parse_joules(text: str) -> float:
    """Return an energy in J of a text such as ``120J``, ``1.5 kJ`` or ``0.2Wh``.

    Raises
    ------
    ValueError
        It is not an energy.
    """
    found = re.fullmatch(r"\s*([\d.]+(?:e[+-]?\d+)?)\s*([a-z]*)\s*", text.lower())
    if found is None or found[2] not in _TYPED:
        raise ValueError(f"{text!r} is not an energy: write 120J, 1.5kJ or 0.2Wh")
    return float(found[1]) * _TYPED[found[2]]
