# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue of samples that wait for the disk; bounded, and it reports what it had to drop."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.sample import Sample
from wattui.measurement.text import count_text

#: Longest time that a sample waits for a disk that does not accept it, in seconds.
KEEP_SECONDS: Final = 600.0

#: The most samples that wait: ten minutes of a hundred meters.
KEEP_SAMPLES: Final = 60_000


@dataclass(frozen=True, slots=True)
class WriterStatus:
    """How a writer and its disk are doing."""

    #: Samples that are not on disk yet.
    waiting: int = 0
    #: What is wrong: a sentence without a full stop; empty if nothing is.
    problem: str = ""
    #: What to do about it: a sentence; empty if nothing is wrong.
    hint: str = ""
    #: Monotonic time at which that began, in seconds; None if nothing is wrong.
    since: float | None = None
    #: For how many more seconds samples fit into memory.
    seconds_left: float = KEEP_SECONDS
    #: Samples dropped so far.
    dropped: int = 0
    #: Whether what is wrong is only that the disk does not respond: it has not refused anything.
    hanging: bool = False


@dataclass(slots=True)
class Item:
    """One call of the writer: a batch of samples, or an event."""

    meter: MeterInfo | None
    #: Monotonic time of arrival, in seconds.
    since: float
    samples: tuple[Sample, ...] = ()
    event: Event | None = None
    #: Id of the event in the file, once it has one.
    event_id: int = 0
    #: Number of dropped samples that the event reports.
    dropped: int = 0
    #: Whether the samples' times were compared with those in the file.
    placed: bool = False


@dataclass(slots=True)
class _Loss:
    """What was dropped from one meter's samples."""

    meter: MeterInfo
    count: int
    #: Its intervals and gaps, in microseconds.
    missing_us: int
    #: Time of the last sample that was dropped.
    time_us: int


class WaitingQueue:
    """A queue with one reader, and writers that never wait.

    If there are too many samples, or they are too old, the oldest ones are dropped.  Their time
    becomes a gap of the sample after them, and an event reports it; *lost* is called with their
    number.
    """

    def __init__(
        self,
        keep_samples: int = KEEP_SAMPLES,
        keep_seconds: float = KEEP_SECONDS,
        lost: Callable[[int], None] = lambda _count: None,
    ) -> None:
        self._lost = lost
        self.keep_samples = keep_samples
        self.keep_seconds = keep_seconds
        #: Notified whenever something is put.
        self.condition = threading.Condition()
        self._items: deque[Item] = deque()
        self._samples = 0
        self._taken = 0
        # Items put so far, and how many had been put when those now on disk were taken.
        self._put = self._put_before = self._settled = 0
        #: Samples dropped so far.
        self.dropped = 0
        # Gap of the next sample of a meter in microseconds, by the meter's key.
        self._missing: dict[str, int] = {}

    def put(self, item: Item) -> None:
        """Add something, from any thread."""
        with self.condition:
            if item.samples and item.meter is not None and item.meter.key in self._missing:
                _add_gap(item, self._missing.pop(item.meter.key))
            self._items.append(item)
            self._put += 1
            self._samples += len(item.samples)
            self._bound(item.since)
            self.condition.notify_all()

    def take(self) -> list[Item]:
        """Return everything that waits; it still counts until done() or put_back()."""
        with self.condition:
            items = list(self._items)
            self._items.clear()
            self._taken = len(items)
            self._put_before = self._put
            return items

    def put_back(self, items: list[Item], now: float) -> None:
        """Put back items that could not be written, at the front."""
        with self.condition:
            self._items.extendleft(reversed(items))
            self._taken = 0
            self._bound(now)

    def done(self, items: list[Item]) -> None:
        """Note that these are on disk."""
        with self.condition:
            self._samples -= sum(len(item.samples) for item in items)
            self._taken = 0
            self._settled = self._put_before
            self.condition.notify_all()

    def inherit(self, items: list[Item]) -> None:
        """Take items that an earlier file could not store, before everything that waits here."""
        for item in items:
            item.event_id, item.placed = 0, False  # those of the other file
        with self.condition:
            self._items.extendleft(reversed(items))
            self._put += len(items)
            self._samples += sum(len(item.samples) for item in items)

    @property
    def last(self) -> int:
        """The number of the latest item that was put, for :meth:`settled`."""
        return self._put

    def settled(self, number: int) -> bool:
        """Check whether everything up to the item of that number is on disk."""
        with self.condition:
            return self._settled >= number or not self.unfinished

    @property
    def samples(self) -> int:
        """How many samples are not on disk yet."""
        return self._samples

    @property
    def empty(self) -> bool:
        """Whether nothing waits to be taken."""
        return not self._items

    @property
    def unfinished(self) -> bool:
        """Whether something is not on disk yet."""
        return bool(self._items) or self._taken > 0

    def oldest(self) -> float | None:
        """Return the monotonic time at which the oldest item arrived."""
        with self.condition:
            return self._items[0].since if self._items else None

    def _bound(self, now: float) -> None:
        losses: dict[str, _Loss] = {}
        index = 0
        while index < len(self._items):
            item = self._items[index]
            if not item.samples or item.meter is None:
                # Events are few and small, and show what happened, so they are not dropped.
                index += 1
                continue
            if self._samples <= self.keep_samples and now - item.since <= self.keep_seconds:
                break
            _add_loss(losses, item.meter, item.samples)
            self._samples -= len(item.samples)
            self.dropped += len(item.samples)
            self._lost(len(item.samples))
            del self._items[index]
        for loss in losses.values():
            self._report(loss, now)

    def _report(self, loss: _Loss, now: float) -> None:
        """Turn the lost time into a gap of the next sample, and an event."""
        key = loss.meter.key
        following = self._first(key, lambda item: bool(item.samples))
        if following is None:
            missing = self._missing[key] = self._missing.get(key, 0) + loss.missing_us
        else:
            _add_gap(following, loss.missing_us)
            missing = following.samples[0].gap_us
        report = self._first(key, lambda item: item.dropped > 0)
        if report is None:
            report = Item(loss.meter, now)
            self._items.appendleft(report)
        # One event reports everything that was lost in a row.
        report.dropped += loss.count
        lost = count_text(report.dropped, "sample")
        text = f"{lost} lost: the disk did not accept data for too long"
        report.event = Event(loss.time_us, EventKind.DROPPED, text, missing)

    def _first(self, key: str, wanted: Callable[[Item], bool]) -> Item | None:
        for item in self._items:
            if item.meter is not None and item.meter.key == key and wanted(item):
                return item
        return None


def _add_gap(item: Item, missing: int) -> None:
    first = item.samples[0]
    item.samples = (replace(first, gap_us=first.gap_us + missing), *item.samples[1:])


def _add_loss(losses: dict[str, _Loss], meter: MeterInfo, samples: Sequence[Sample]) -> None:
    loss = losses.setdefault(meter.key, _Loss(meter, 0, 0, 0))
    loss.count += len(samples)
    loss.missing_us += sum(sample.interval_us + sample.gap_us for sample in samples)
    loss.time_us = samples[-1].time_us
