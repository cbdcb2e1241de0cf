# SPDX-License-Identifier: GPL-3.0-or-later
"""Places imported records in time: intervals, gaps, and clocks that were set back."""

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

#: Distance of a few records, in intervals, from which it is a gap: nothing shows that they
#: usually differ so much.
_GAP_FACTOR_OF_FEW: Final = 1.5

#: The most distances that are examined.
_MANY: Final = 2_000

#: Distance from a whole second, as a share, up to which a whole second is meant.
_NEARLY_WHOLE: Final = 0.1

#: Share of such records from which all intervals of a file are ignored.
_MOSTLY: Final = 0.5

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

    Of a few records it is the least distance.  It is a number of whole seconds if it is
    close to one.
    """
    steps = np.diff(time)
    # A sample of them is enough.
    steps = steps[:: len(steps) // _MANY + 1]
    steps = steps[steps > 0]
    if not len(steps):
        return None
    usual = float(np.median(steps) if len(steps) >= _ENOUGH else steps.min())
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
        #: Records with an interval and a gap that their times contradict.
        self.contradicted = 0
        self._disbelieved = False
        self._gap_factor = GAP_FACTOR
        #: The last time as the file has it: behind *last* after its clock went back.
        self._clock = self.last
        self._interval = interval
        self._fixed = fixed
        self._events: list[Event] = []

    def place(self, block: Block) -> Placed:
        """Return the records of a block, which has times, with their intervals and gaps."""
        time = block.time
        assert time is not None
        if self.last < 0 and not self._fixed and len(time) <= _ENOUGH:
            self._gap_factor = _GAP_FACTOR_OF_FEW
        clock = int(time[-1])
        before = np.concatenate(([self.last], time[:-1]))
        if bool((time <= before).any()):
            time = self._increasing(time)
            before = np.concatenate(([self.last], time[:-1]))
        self._clock = clock
        if block.interval is not None and block.gap is not None and not self._disbelieved:
            interval, gap = self._agreed(time - before, block.interval, block.gap)
        else:
            interval, gap = self._divide(time - before)
        self.last = int(time[-1])
        events, self._events = self._events, []
        return Placed(time, interval, gap, events)

    def _agreed(
        self, distance: Integers, interval: Integers, gap: Integers
    ) -> tuple[Integers, Integers]:
        """Return the intervals and gaps of the file if its times agree."""
        distance = distance.copy()
        if self.last < 0:
            distance[0] = interval[0] + gap[0]
        wrong = np.abs(distance - interval - gap) > interval // 2
        if not wrong.any():
            return interval, gap
        self.contradicted += int(wrong.sum())
        if len(wrong) > _ENOUGH and wrong.mean() > _MOSTLY:
            self._disbelieved = True
            return self._divide(distance)
        covered = np.where(wrong, np.minimum(interval, distance), interval)
        return covered, np.where(wrong, distance - covered, gap)

    def _divide(self, distance: Integers) -> tuple[Integers, Integers]:
        """Divide distances into the interval that a record stands for, and a gap."""
        if not self._fixed and len(distance) > _ENOUGH:
            found = usual_interval(np.cumsum(distance[1:]))
            self._interval = found if found is not None else self._interval
        nominal = self._interval
        if self.last < 0:
            distance = distance.copy()
            distance[0] = nominal
        missing = distance > self._gap_factor * nominal
        if not missing.any():
            return distance, np.zeros_like(distance)
        return np.where(missing, nominal, distance), np.where(missing, distance - nominal, 0)

    def _increasing(self, time: Integers) -> Integers:
        """Continue from the record before wherever the clock went back."""
        placed = []
        last, before = self.last, self._clock
        for moment in time.tolist():
            if moment > last:
                at = moment
            else:
                step = moment - before
                at = last + (step if step > 0 else self._interval)
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
