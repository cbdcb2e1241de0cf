# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns records, and the times of their arrival, into samples and events. Pure.

A record covers the interval that ends with it, measured by the monotonic
clock; its time is the wall clock's.  The sum of all intervals and gaps is the
time that passed by the monotonic clock, whatever the wall clock does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.measurement.energy import GAP_FACTOR
from wattui.measurement.events import Event, EventKind
from wattui.measurement.fields import WireValue
from wattui.measurement.sample import Sample
from wattui.measurement.text import duration_text

#: The wall clock stepped if it moved by this many microseconds more, or less, than the
#: monotonic one between two records.  Smaller differences are corrected silently.
STEP: Final = MICROSECONDS // 2


class Sampler:
    """Assigns times, intervals and gaps to the records of one meter.

    Two threads must not use it at the same time.
    """

    def __init__(self, interval: float = 1.0) -> None:
        self._nominal = microseconds(interval)
        # After a change of interval the next record may still follow the old one.
        self._patience = self._nominal
        self._interrupted = self._garbled = False
        self._started = False
        # Time of the last record, and the clocks at that moment; microseconds.
        self._time = 0
        self._monotonic = 0
        self._wall = 0
        # How far stored times are ahead of a wall clock that was set back.
        self._ahead = 0

    @property
    def last_time(self) -> int | None:
        """Time of the last sample in microseconds, UTC; None before the first."""
        return self._time if self._started else None

    def set_interval(self, seconds: float) -> None:
        """Expect this many seconds between two records from now on."""
        interval = microseconds(seconds)
        self._patience = max(self._patience, interval, self._nominal)
        self._nominal = interval

    def interrupt(self) -> None:
        """Report that records were missed: the next one covers one interval at most."""
        self._interrupted = True

    def garbled(self) -> None:
        """Report unreadable bytes: if a record is missing next, it was lost."""
        self._garbled = True

    def stamp(self, wall: float) -> int:
        """Return the time of an event: the wall clock's, but never before the last sample."""
        time = microseconds(wall) + self._ahead
        return max(time, self._time) if self._started else time

    def take(
        self, records: Sequence[tuple[WireValue, ...]], wall: float, monotonic: float
    ) -> tuple[list[Sample], list[Event]]:
        """Return the samples and events for the records of one read.

        Parameters
        ----------
        records
            Values of the wire, oldest first.
        wall, monotonic
            Both clocks at the arrival, in seconds.

        Returns
        -------
        samples, events
            Times increase strictly from sample to sample.  Events are those of the
            clocks: ``CLOCK_STEPPED`` and ``GAP``.
        """
        count = len(records)
        if not count:
            return [], []
        now, mono = microseconds(wall), microseconds(monotonic)
        if not self._started:
            self._begin(now, mono, count)
        # Each sample needs a microsecond of its own, even in the same instant.
        mono = max(mono, self._monotonic + count)
        span = mono - self._monotonic
        events: list[Event] = []
        time = self._follow(now, span, count, events)
        interval, gap = self._divide(span, count)
        samples = self._place(records, time, span, interval, gap)
        if gap:
            start = samples[0].time_us - samples[0].interval_us
            text = f"No record for {duration_text(gap / MICROSECONDS)}"
            if self._garbled:
                text += ": it was garbled"
            events.append(Event(start, EventKind.GAP, text, gap))
        self._monotonic = mono
        self._wall = now
        self._time = samples[-1].time_us
        self._interrupted = self._garbled = False
        self._patience = self._nominal
        return samples, events

    def _begin(self, wall: int, mono: int, count: int) -> None:
        """Start as if a record had come *count* intervals ago.

        The first *count* records arrive together if the system was late to read them.
        """
        self._started = True
        span = count * self._nominal
        self._monotonic = mono - span
        self._wall = self._time = wall - span
        self._interrupted = False

    def _follow(self, now: int, span: int, count: int, events: list[Event]) -> int:
        """Return the stored time of the last record; add an event if the clock stepped."""
        step = now - self._wall - span
        expected = self._time + span
        if abs(step) >= STEP:
            # Times follow a step forward, but not a step back, since they would repeat: they
            # continue until the clock has caught up.
            self._ahead = max(0, self._ahead - step)
            events.append(Event(expected, EventKind.CLOCK_STEPPED, self._step_text(step)))
        return max(now + self._ahead, self._time + count)

    def _step_text(self, step: int) -> str:
        way = "forward" if step > 0 else "back"
        text = f"The clock was set {way} by {duration_text(abs(step) / MICROSECONDS)}"
        if self._ahead:
            text += f"; times are {duration_text(self._ahead / MICROSECONDS)} ahead of it"
        return text

    def _divide(self, span: int, count: int) -> tuple[int, int]:
        """Return the interval of each of *count* records that came in *span*, and the gap."""
        each = self._nominal
        longest = count * each
        if self._garbled and not self._interrupted:
            # The missing record has arrived; half an interval is a late one.
            longest += self._patience - each // 2
        elif not self._interrupted:
            longest += round((GAP_FACTOR - 1) * self._patience)
        if span <= longest:
            return span // count, 0
        return each, span - count * each

    def _place(
        self,
        records: Sequence[tuple[WireValue, ...]],
        time: int,
        span: int,
        interval: int,
        gap: int,
    ) -> list[Sample]:
        """Spread the records over their span, ending at *time*."""
        count = len(records)
        # The remainder of the division goes to the first record; the sum stays exact.
        first = span - gap - interval * (count - 1)
        # The clock may have left less room than the intervals take: keep the order.
        room = (time - self._time) // count
        distance = min(interval, room)
        samples = []
        for position, values in enumerate(records):
            samples.append(
                Sample(
                    time_us=time - distance * (count - 1 - position),
                    interval_us=interval if position else first,
                    values=values,
                    gap_us=0 if position else gap,
                )
            )
        return samples
