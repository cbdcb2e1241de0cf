# SPDX-License-Identifier: GPL-3.0-or-later
"""The loads of the simulated meter, on a mains that is never quite steady.

A load is a pure function of time, including times before the start, and always the same
for the same seed: a meter that was not read for an hour catches up exactly.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Final, NamedTuple

_MASK: Final = (1 << 64) - 1


class Reading(NamedTuple):
    """What the meter can measure at one moment."""

    #: Active power in W.
    power: float
    #: RMS voltage in V.
    voltage: float
    #: Power factor of the load, 0 to 1.
    power_factor: float
    #: Line frequency in Hz.
    frequency: float
    #: Highest power of the moment in W, if it is higher (an inrush).
    peak: float = 0.0


def scatter(seed: int, n: int) -> float:
    """Return a number from -1 to 1 that looks random and is the same for the same n."""
    x = (n * 0x9E3779B97F4A7C15 + (seed + 1) * 0xD1B54A32D192ED03) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return (x ^ (x >> 31)) / 2.0**63 - 1.0


# The same few points are needed again and again.
_point = functools.lru_cache(maxsize=4_096)(scatter)


def wander(seed: int, t: float, period: float) -> float:
    """Return a number from -1 to 1 that wanders smoothly; *period* is in seconds."""
    place = t / period
    n = math.floor(place)
    share = place - n
    share = share * share * (3.0 - 2.0 * share)
    before = _point(seed, n)
    return before + (_point(seed, n + 1) - before) * share


class Load:
    """Something plugged into the meter: its power and power factor at any time."""

    def __init__(self, demand: Demand, seed: int = 0, volts: int = 120, hertz: int = 60) -> None:
        self._demand = demand
        self._seed = seed * 16
        self._volts = volts
        self._hertz = hertz

    def reading(self, t: float) -> Reading:
        """Return what the meter can measure *t* seconds after the start."""
        seed = self._seed
        power, factor, peak = self._demand(seed, t)
        tick = math.floor(t)
        volts = self._volts * (
            1.0
            + 0.012 * wander(seed + 1, t, 900.0)
            + 0.002 * wander(seed + 2, t, 11.0)
            + 0.0006 * scatter(seed + 3, tick)
            # A heavy load lowers the voltage at its socket.
            - 0.000_008 * power
        )
        hertz = self._hertz + 0.06 * wander(seed + 4, t, 40.0)
        return Reading(power, volts, factor, hertz, peak)


#: Returns power in W, power factor and peak power in W, for a seed and a time in s.
Demand = Callable[[int, float], tuple[float, float, float]]


def idle(seed: int, t: float) -> tuple[float, float, float]:
    """Nothing is switched on."""
    del seed, t
    return 0.0, 1.0, 0.0


def lamp(seed: int, t: float) -> tuple[float, float, float]:
    """A bulb of 60 W that follows the voltage."""
    return 60.0 + 0.8 * wander(seed + 1, t, 900.0) + 0.1 * scatter(seed + 5, int(t)), 0.998, 0.0


_FRIDGE_CYCLE: Final = 2_700.0
_FRIDGE_RUN: Final = 1_000.0


def fridge(seed: int, t: float) -> tuple[float, float, float]:
    """A fridge: its compressor starts with an inrush and runs a third of the time."""
    # It is about to start, so that something happens soon.
    place = t + _FRIDGE_CYCLE - 15.0
    cycle = math.floor(place / _FRIDGE_CYCLE)
    since = place - cycle * _FRIDGE_CYCLE
    run = _FRIDGE_RUN * (1.0 + 0.2 * scatter(seed + 5, cycle))
    if since >= run:
        return 1.4 + 0.05 * scatter(seed + 6, int(t)), 0.55, 0.0
    steady = 96.0 + 14.0 * math.exp(-since / 240.0) + 0.4 * scatter(seed + 6, int(t))
    if since < 1.0:
        return 420.0 + 60.0 * scatter(seed + 7, cycle), 0.72, 980.0
    return steady, 0.64 + 0.04 * math.exp(-since / 240.0), 0.0


_WORK: Final = (
    (61.0, 0.91),
    (64.0, 0.92),
    (78.0, 0.94),
    (112.0, 0.96),
    (168.0, 0.98),
    (236.0, 0.99),
)


def desktop(seed: int, t: float) -> tuple[float, float, float]:
    """A desktop computer that idles, browses, builds and renders, for about half a minute each."""
    spell = math.floor((t + 6.0 * wander(seed + 8, t, 60.0)) / 24.0)
    kind = int((scatter(seed + 5, spell) + 1.0) * 0.4999 * len(_WORK))
    base, factor = _WORK[kind]
    busy = (base - 55.0) * 0.05
    power = base + busy * scatter(seed + 6, int(t)) + 1.5 * wander(seed + 7, t, 7.0)
    return power, factor, 0.0


def charger(seed: int, t: float) -> tuple[float, float, float]:
    """A phone charger: 6.5 W, then less and less; the meter does not detect the current."""
    since = t % 9_000.0
    if since < 3_000.0:
        power = 6.5 - since * 0.000_1
    else:
        power = 0.3 + 5.9 * math.exp(-(since - 3_000.0) / 1_500.0)
    return power + 0.04 * scatter(seed + 5, int(t)), 0.88, 0.0


def noise(seed: int, t: float) -> tuple[float, float, float]:
    """Anything from 0 to 300 W, changing every second, to test plots."""
    n = math.floor(t)
    return 150.0 + 150.0 * scatter(seed + 5, n), 0.75 + 0.25 * scatter(seed + 6, n), 0.0


#: The loads, by name.
LOADS: Final[dict[str, Demand]] = {
    demand.__name__: demand for demand in (idle, lamp, fridge, desktop, charger, noise)
}


def find_load(name: str, *, seed: int = 0, volts: int = 120, hertz: int = 60) -> Load:
    """Return the load of that name.

    Raises
    ------
    ValueError
        There is no such load; the message lists the loads.
    """
    try:
        return Load(LOADS[name], seed, volts, hertz)
    except KeyError:
        raise ValueError(f"unknown load {name!r}; use one of {', '.join(LOADS)}") from None
