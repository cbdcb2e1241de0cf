# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits for the disk: bounded, and honest about what it had to let go."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.sample import Sample

#: How long a sample waits for a disk that refuses, in seconds.
KEEP_SECONDS: Final = 600.0

#: How many samples wait at most: ten minutes of a hundred meters.
KEEP_SAMPLES: Final = 60_000


@dataclass(frozen=True, slots=True)
class WriterStatus:
    """How the writer and its disk get on."""

    #: Samples that are not on disk yet.
    waiting: int = 0
    #: What is wrong: one sentence without a full stop; empty while all is well.
    problem: str = ""
    #: What to do about it.
    hint: str = ""
    #: Monotonic time since which it has been so, in seconds; None while all is well.
    since: float | None = None
    #: For how long the samples still fit into memory, in seconds.
    seconds_left: float = KEEP_SECONDS
    #: Samples that had to be let go, in all.
    dropped: int = 0


@dataclass(slots=True)
class Item:
    """One call of a listener: a batch of samples, or an event."""

    meter: MeterInfo | None
    #: Monotonic time of arrival, in seconds.
    since: float
    samples: tuple[Sample, ...] = ()
    event: Event | None = None
    #: Id of the event in the file, once it was given one.
    event_id: int = 0
    #: The samples' times were compared with those in the file.
    placed: bool = False


@dataclass(slots=True)
class _Loss:
    """What was let go of one meter."""

    meter: MeterInfo
    count: int
    #: Its intervals and gaps, in microseconds.
    missing: int
    #: Time of the last sample that was let go.
    time: int


class WaitingQueue:
    """A queue for one taker; whoever puts never waits.

    Over the bound in number or age the oldest samples go.  The sample after them gets
    their time as a gap, and an event tells of it.
    """

    def __init__(
        self, keep_samples: int = KEEP_SAMPLES, keep_seconds: float = KEEP_SECONDS
    ) -> None:
        self.keep_samples = keep_samples
        self.keep_seconds = keep_seconds
        #: Told whenever something was put.
        self.condition = threading.Condition()
        self._items: deque[Item] = deque()
        self._samples = 0
        self._taken = 0
        #: Samples that were let go in all.
        self.dropped = 0
        # Time that the next sample of a meter has to take as its gap, by the meter's key.
        self._missing: dict[str, int] = {}

    def put(self, item: Item) -> None:
        """Add something, from any thread."""
        with self.condition:
            if item.samples and item.meter is not None and item.meter.key in self._missing:
                _add_gap(item, self._missing.pop(item.meter.key))
            self._items.append(item)
            self._samples += len(item.samples)
            self._bound(item.since)
            self.condition.notify_all()

    def take(self) -> list[Item]:
        """Give all that waits; it goes on counting until done() or put_back()."""
        with self.condition:
            items = list(self._items)
            self._items.clear()
            self._taken = len(items)
            return items

    def put_back(self, items: list[Item], now: float) -> None:
        """Put what could not be written to the front again."""
        with self.condition:
            self._items.extendleft(reversed(items))
            self._taken = 0
            self._bound(now)

    def done(self, items: list[Item]) -> None:
        """Say that these are on disk."""
        with self.condition:
            self._samples -= sum(len(item.samples) for item in items)
            self._taken = 0
            self.condition.notify_all()

    @property
    def samples(self) -> int:
        """How many samples are not on disk yet."""
        return self._samples

    @property
    def empty(self) -> bool:
        """Nothing waits to be taken."""
        return not self._items

    @property
    def unfinished(self) -> bool:
        """Something is not on disk yet."""
        return bool(self._items) or self._taken > 0

    def oldest(self) -> float | None:
        """Give the monotonic time of arrival of what waits longest."""
        with self.condition:
            return self._items[0].since if self._items else None

    def _bound(self, now: float) -> None:
        losses: dict[str, _Loss] = {}
        index = 0
        while index < len(self._items):
            item = self._items[index]
            if not item.samples or item.meter is None:
                # Events are few and small, and tell what happened: they stay.
                index += 1
                continue
            if self._samples <= self.keep_samples and now - item.since <= self.keep_seconds:
                break
            _add_loss(losses, item.meter, item.samples)
            self._samples -= len(item.samples)
            self.dropped += len(item.samples)
            del self._items[index]
        for loss in losses.values():
            self._tell(loss, now)

    def _tell(self, loss: _Loss, now: float) -> None:
        """Make the lost time a gap of the next sample, and an event."""
        key = loss.meter.key
        following = self._first(key, lambda item: bool(item.samples))
        if following is None:
            missing = self._missing[key] = self._missing.get(key, 0) + loss.missing
        else:
            _add_gap(following, loss.missing)
            missing = following.samples[0].gap_us
        told = self._first(key, _tells_of_loss)
        if told is None or told.event is None:
            event = Event(loss.time, EventKind.DROPPED, _dropped(loss.count), missing)
            self._items.appendleft(Item(loss.meter, now, event=event))
            return
        # One event tells of all that was lost in a row.
        count = int(told.event.text.split()[0]) + loss.count
        told.event = Event(loss.time, EventKind.DROPPED, _dropped(count), missing)

    def _first(self, key: str, wanted: Callable[[Item], bool]) -> Item | None:
        for item in self._items:
            if item.meter is not None and item.meter.key == key and wanted(item):
                return item
        return None


def _tells_of_loss(item: Item) -> bool:
    return item.event is not None and item.event.kind is EventKind.DROPPED


def _add_gap(item: Item, missing: int) -> None:
    first = item.samples[0]
    item.samples = (replace(first, gap_us=first.gap_us + missing), *item.samples[1:])


def _dropped(count: int) -> str:
    return f"{count} samples lost: the disk refused for too long"


def _add_loss(losses: dict[str, _Loss], meter: MeterInfo, samples: Sequence[Sample]) -> None:
    loss = losses.setdefault(meter.key, _Loss(meter, 0, 0, 0))
    loss.count += len(samples)
    loss.missing += sum(sample.interval_us + sample.gap_us for sample in samples)
    loss.time = samples[-1].time_us
