# SPDX-License-Identifier: GPL-3.0-or-later
"""Imported records on the time line: intervals, gaps, and clocks that were set back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from wattui.formats.reading.block import Block, Integers
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.energy import GAP_FACTOR
from wattui.measurement.events import Event, EventKind, MeterInfo

#: Records that are enough for their usual distance to mean something.
_ENOUGH: Final = 8

#: Most distances that are looked at.
_MANY: Final = 2_000

#: Distance from a whole second, as a share, up to which a whole second is meant.
_NEARLY_WHOLE: Final = 0.1

#: Most events about a clock that are written; a file out of order has no end of them.
_MOST_EVENTS: Final = 100


@dataclass(frozen=True, slots=True)
class Placed:
    """Records with their times: microseconds, each (n,)."""

    time: Integers
    interval: Integers
    gap: Integers
    events: list[Event] = field(default_factory=list)


def usual_interval(time: Integers) -> int | None:
    """Return the usual distance of records in microseconds; None if there is none.

    It is a number of whole seconds if it is close to one.
    """
    steps = np.diff(time)
    # Some of many will do.
    steps = steps[:: len(steps) // _MANY + 1]
    steps = steps[steps > 0]
    if not len(steps):
        return None
    usual = float(np.median(steps))
    whole = round(usual / MICROSECONDS) * MICROSECONDS
    if whole and abs(usual - whole) <= _NEARLY_WHOLE * MICROSECONDS:
        return whole
    return max(1, round(usual))


class Placer:
    """Places the records of one meter, block after block.

    Parameters
    ----------
    info
        The meter.
    interval
        Its interval in microseconds.
    fixed
        Whether the user gave the interval; else it follows the records.
    """

    def __init__(self, info: MeterInfo, interval: int, *, fixed: bool = False) -> None:
        self.info = info
        #: Time of the last record in microseconds.
        self.last = -(2**62)
        #: How many times the clock went back.
        self.set_back = 0
        self._interval = interval
        self._fixed = fixed
        self._events: list[Event] = []

    def place(self, block: Block) -> Placed:
        """Return the records of a block, which has times, with their intervals and gaps."""
        time = block.time
        assert time is not None
        before = np.concatenate(([self.last], time[:-1]))
        if bool((time <= before).any()):
            time = self._increasing(time)
            before = np.concatenate(([self.last], time[:-1]))
        if block.interval is not None and block.gap is not None:
            interval, gap = block.interval, block.gap
            if self.last > 0 and int(time[0]) - int(interval[0]) - int(gap[0]) > self.last:
                # Another file continues this one: the records between the two are missing.
                gap = gap.copy()
                gap[0] = int(time[0]) - int(interval[0]) - self.last
                gap[0] = gap[0] if gap[0] > (GAP_FACTOR - 1) * self._interval else block.gap[0]
        else:
            interval, gap = self._divide(time - before)
        self.last = int(time[-1])
        events, self._events = self._events, []
        return Placed(time, interval, gap, events)

    def _divide(self, distance: Integers) -> tuple[Integers, Integers]:
        """Divide distances into the interval that a record stands for, and a gap."""
        if not self._fixed and len(distance) > _ENOUGH:
            found = usual_interval(np.cumsum(distance[1:]))
            self._interval = found if found is not None else self._interval
        nominal = self._interval
        if self.last < 0:
            distance = distance.copy()
            distance[0] = nominal
        missing = distance > GAP_FACTOR * nominal
        if not missing.any():
            return distance, np.zeros_like(distance)
        return np.where(missing, nominal, distance), np.where(missing, distance - nominal, 0)

    def _increasing(self, time: Integers) -> Integers:
        """Continue from the record before wherever the clock went back."""
        placed = []
        last, before = self.last, self.last
        for moment in time.tolist():
            if moment > last:
                at = moment
            else:
                step = moment - before
                at = last + (step if 0 < step <= GAP_FACTOR * self._interval else self._interval)
                if step < 0:
                    self._note_step(at, -step)
            before, last = moment, at
            placed.append(at)
        return np.array(placed, np.int64)

    def _note_step(self, time: int, back: int) -> None:
        self.set_back += 1
        if self.set_back <= _MOST_EVENTS:
            text = f"The clock of the file went back by {back / MICROSECONDS:.1f} s"
            self._events.append(Event(time, EventKind.CLOCK_STEPPED, text))
