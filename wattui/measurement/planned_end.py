# SPDX-License-Identifier: GPL-3.0-or-later
"""When a recording is to end: after a time, at a time, or at an energy.  Pure."""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.measurement.fields import FIELD_INDEX, INTEGRATED_ENERGY, POWER_LIMIT
from wattui.measurement.moment import parse_moment
from wattui.measurement.sample import Sample
from wattui.measurement.text import elapsed_text, recent_text

#: Units of an energy, in Wh.
_ENERGY_UNITS: Final = {
    "wh": 1.0,
    "kwh": 1e3,
    "mwh": 1e6,
    "j": 1 / 3600,
    "kj": 1 / 3.6,
    "mj": 1e3 / 3.6,
}
_ENERGY: Final = re.compile(r"\s*(\d+(?:[.,]\d*)?|[.,]\d+)\s*([kM]?(?:Wh|J))\s*", re.IGNORECASE)

#: The largest energy that a recording can wait for, in Wh.
_MOST: Final = 1e9

_POWER: Final = FIELD_INDEX["power"]

_EXAMPLES: Final = "Write 8 h, 18:30, 2026-11-27 06:00 or 1.5 kWh."


@dataclass(frozen=True, slots=True)
class PlannedEnd:
    """When a recording ends: with the first of these that is not None."""

    #: How long to record, in microseconds of the meters' time.
    duration_us: int | None = None
    #: When to end, in microseconds UTC.
    until_us: int | None = None
    #: At which energy of all meters, in Wh.
    energy_wh: float | None = None

    def is_reached(self, start_us: int, now_us: int, energy_wh: float) -> bool:
        """Check whether a recording that started then, and has this energy, is at its end."""
        return (
            (self.duration_us is not None and now_us - start_us >= self.duration_us)
            or (self.until_us is not None and now_us >= self.until_us)
            or (self.energy_wh is not None and energy_wh >= self.energy_wh)
        )

    def text(self, now_us: int) -> str:
        """Return when it ends, as it was asked for: ``after 8:00:00``, ``at 18:30:00``."""
        if self.duration_us is not None:
            return f"after {elapsed_text(self.duration_us / MICROSECONDS)}"
        if self.until_us is not None:
            return f"at {recent_text(self.until_us / MICROSECONDS, now_us / MICROSECONDS)}"
        return f"at {self._energy_text()}"

    def remaining_text(self, start_us: int, now_us: int) -> str:
        """Return what is left, for a status: ``ends in 3:12:05``, ``ends at 1.5 kWh``."""
        if self.duration_us is None and self.until_us is None:
            return f"ends at {self._energy_text()}"
        end = self.until_us if self.until_us is not None else start_us + (self.duration_us or 0)
        return f"ends in {elapsed_text(max(end - now_us, 0) / MICROSECONDS)}"

    def _energy_text(self) -> str:
        energy = self.energy_wh or 0.0
        return f"{energy / 1000:,.10g} kWh" if energy >= 1000 else f"{energy:,.10g} Wh"


#: No planned end.
NO_END: Final = PlannedEnd()


def parse_energy(text: str) -> float:
    """Return the energy in Wh of ``500 Wh``, ``1.5kWh``, ``2 MJ``.

    Raises
    ------
    ValueError
        It is not an energy, is zero, or is beyond all measure.
    """
    found = _ENERGY.fullmatch(text[:100])
    energy = float(found[1].replace(",", ".")) * _ENERGY_UNITS[found[2].lower()] if found else 0.0
    if not 0 < energy <= _MOST:
        raise ValueError(f"{text[:100]!r} is not an energy. Write 500Wh, 1.5kWh or 2MJ")
    return energy


def parse_end_time(text: str, now_us: int) -> int:
    """Return the time of ``18:30`` or ``2026-11-27 06:00``, in microseconds UTC.

    A time of day is the next one.

    Raises
    ------
    ValueError
        It is not such a time, or is over.
    """
    try:
        moment = parse_moment(text[:100])
        end = moment.within(now_us, now_us)
    except (ValueError, OverflowError, OSError):
        moment, end = None, 0
    if moment is None or (moment.time is None and moment.of_day is None):
        raise ValueError(f"{text[:100]!r} is not a time of day or a date. Write 18:30")
    if end <= now_us:
        raise ValueError(f"{text[:100]!r} is over. Give a later time")
    return end


def parse_planned_end(text: str, now_us: int) -> PlannedEnd:
    """Return the end that was typed: a duration, a time or an energy.

    Raises
    ------
    ValueError
        It is none of them; the message is for people.
    """
    typed = text.strip()
    try:
        if _ENERGY.fullmatch(typed[:100]):
            return PlannedEnd(energy_wh=parse_energy(typed))
        moment = parse_moment(typed[:100])
        if moment.time is None and moment.of_day is None:
            if moment.from_end or moment.offset <= 0 or typed.startswith("+"):
                raise ValueError(typed)
            return PlannedEnd(duration_us=moment.offset)
    except (ValueError, OverflowError, OSError):
        what = f"“{typed[:60]}” is not a time or an energy. " if typed else ""
        raise ValueError(f"{what}{_EXAMPLES}") from None
    return PlannedEnd(until_us=parse_end_time(typed, now_us))


class TimeLimit:
    """Passes one meter's samples until its time is over.

    Counts in the meter's own time: the intervals of its samples, and gaps.  A sample
    belongs to the time if more than half of it lies within.

    Parameters
    ----------
    duration
        How long, in s; None for no limit.
    until_us
        When it ends, in microseconds UTC; None for no limit.
    """

    def __init__(self, duration: float | None = None, until_us: int | None = None) -> None:
        self._left = None if duration is None else microseconds(duration)
        self._until = until_us
        self.reached = False

    def passed(self, samples: Sequence[Sample]) -> Sequence[Sample]:
        """Return the samples that still belong to the time."""
        if self._left is None and self._until is None:
            return samples
        taken: list[Sample] = []
        for sample in samples:
            if self.reached or self._begins_too_late(sample):
                self.reached = True
                break
            taken.append(sample)
            if self._left is not None:
                self._left -= sample.interval_us + sample.gap_us
                self.reached = self._left < sample.interval_us / 2
            if self._until is not None:
                self.reached |= self._until - sample.time_us < sample.interval_us / 2
        return taken

    def _begins_too_late(self, sample: Sample) -> bool:
        """Check whether a sample is beyond the end, as after a gap."""
        return self._until is not None and sample.time_us - sample.interval_us / 2 >= self._until


class EnergyLimit:
    """Passes the samples of all meters up to the one that reaches an energy.  Any thread.

    Parameters
    ----------
    energy_wh
        The energy of all meters together; None for no limit.
    """

    def __init__(self, energy_wh: float | None = None) -> None:
        self._left = None if energy_wh is None else energy_wh * INTEGRATED_ENERGY.scale
        self._lock = threading.Lock()
        self.reached = False

    def passed(self, samples: Sequence[Sample]) -> Sequence[Sample]:
        """Return the samples up to the one that reaches the energy."""
        if self._left is None:
            return samples
        taken: list[Sample] = []
        with self._lock:
            for sample in samples:
                if self.reached:
                    break
                taken.append(sample)
                power = sample.values[_POWER] or 0
                self._left -= min(power, POWER_LIMIT) * sample.interval_us
                self.reached = self._left <= 0
        return taken
