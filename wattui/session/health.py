# SPDX-License-Identifier: GPL-3.0-or-later
"""How a recording is doing: what arrived, what is on disk, and how long the disk will last.

Received samples are stored, waiting, or lost, and nothing else: ``received == stored + waiting +
lost`` in every report.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.sample import Sample
from wattui.measurement.text import count_text, duration_text, size_text

#: Times left, in seconds, at each of which a warning becomes more urgent.
_LIMITS: Final = (3 * 86_400.0, 86_400.0, 2 * 3_600.0, 900.0)

#: Free bytes below which there is a warning, however long they last: others write, too.
LOW_BYTES: Final = 100_000_000

#: A warning ends when there is this many times more room than where it began.
_MARGIN: Final = 1.2

#: Seconds between two looks at the disk.
_LOOK: Final = 5.0

#: Shortest span over which the growth of the session is measured, and the longest, in seconds.
_SHORTEST: Final = 30.0
_LONGEST: Final = 3600.0

#: Seconds of a day.
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class MeterHealth:
    """What of one meter is on disk."""

    stored: int = 0
    #: Time of the last sample in microseconds, UTC.
    last_us: int = 0


@dataclass(frozen=True, slots=True)
class HealthReport:
    """How a recording is doing at one moment."""

    received: int = 0
    stored: int = 0
    #: Samples that a disk did not accept for too long.
    lost: int = 0
    #: Packets of the meters that could not be read.
    unreadable: int = 0
    #: How often a meter was connected again after it was lost.
    reconnects: int = 0
    #: How long the last commit took, and the longest one, in seconds.
    commit_s: float = 0.0
    longest_commit_s: float = 0.0
    #: The folder of the sessions; None before anything was written.
    folder: Path | None = None
    #: Free bytes of its disk; None while that is not known.
    free_bytes: int | None = None
    #: Bytes per second by which the sessions grow; None while that is not known.
    growth: float | None = None
    #: How urgent it is that the disk fills up: 0 for not at all, up to 4.
    urgency: int = 0
    #: The meters, by their key in the session.
    meters: dict[str, MeterHealth] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """Samples that are not on disk yet."""
        return self.received - self.stored - self.lost

    @property
    def seconds_left(self) -> float | None:
        """How long the disk lasts, in seconds; None while that is not known."""
        if self.free_bytes is None or not self.growth:
            return None
        return self.free_bytes / self.growth

    @property
    def warning(self) -> str:
        """A sentence without a full stop if the disk fills up; empty if it does not."""
        if not self.urgency or self.free_bytes is None:
            return ""
        left = self.seconds_left
        lasts = "" if left is None else f", which lasts for {_rough_text(left)} of this recording"
        return f"The disk of {self.folder} has {size_text(self.free_bytes)} left{lasts}"

    @property
    def hint(self) -> str:
        """What to do about the warning; empty if there is none."""
        return "Free some space, or move older sessions to another disk." if self.urgency else ""

    def lines(self) -> list[tuple[str, str]]:
        """Return pairs of a name and a text, for people."""
        return [
            ("Received", count_text(self.received, "sample")),
            ("On disk", count_text(self.stored, "sample")),
            ("Waiting", count_text(self.waiting, "sample")),
            ("Lost", count_text(self.lost, "sample")),
            ("Unreadable", count_text(self.unreadable, "packet")),
            ("Reconnections", f"{self.reconnects:,}"),
            ("Last commit", f"{_milliseconds(self.commit_s)}, longest {self._longest}"),
            ("Growth", self._growth_text()),
            ("Free disk", self._disk_text()),
        ]

    @property
    def _longest(self) -> str:
        return _milliseconds(self.longest_commit_s)

    def _disk_text(self) -> str:
        if self.free_bytes is None:
            return "not known yet"
        left = self.seconds_left
        lasts = "" if left is None else f", lasts for {_rough_text(left)}"
        return f"{size_text(self.free_bytes)}{lasts}"

    def _growth_text(self) -> str:
        if self.growth is None:
            return "not known yet"
        return f"{size_text(round(self.growth * _DAY))} per day"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f} ms"


def _rough_text(seconds: float) -> str:
    """Return a duration that is only an estimate, in its largest unit."""
    if seconds >= 100 * 365 * _DAY:
        return "more than 100 years"
    if seconds >= 2 * 365 * _DAY:
        return f"{seconds / (365 * _DAY):.0f} years"
    if seconds >= 2 * _DAY:
        return f"{seconds / _DAY:,.0f} days"
    if seconds >= 2 * 3600:
        return f"{seconds / 3600:.0f} h"
    return duration_text(max(seconds, 10.0))


class Health:
    """Counts what a recording does.

    Any thread may call any method; only :meth:`measure` asks the disk, and it is called on a
    writer's thread.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._clock = clock
        self._free = free
        self._lock = threading.Lock()
        self._received = self._stored = self._lost = self._reconnects = 0
        self._commit = self._longest = 0.0
        self._meters: dict[str, MeterHealth] = {}
        self._folder: Path | None = None
        self._free_bytes: int | None = None
        self._looked = float("-inf")
        self._urgency = 0
        # Sizes of the files, and moments with the growth since the start.
        self._sizes: dict[Path, int] = {}
        self._grown = 0
        self._history: deque[tuple[float, int]] = deque()

    # -- what happens ------------------------------------------------------------------

    def received(self, count: int) -> None:
        """Count samples that came from a meter."""
        with self._lock:
            self._received += count

    def happened(self, event: Event) -> None:
        """Count an event of a meter."""
        if event.kind is EventKind.RECONNECTED:
            with self._lock:
                self._reconnects += 1

    def stored(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        """Count samples that are on disk."""
        with self._lock:
            self._stored += len(samples)
            before = self._meters.get(meter.key, MeterHealth())
            self._meters[meter.key] = MeterHealth(before.stored + len(samples), samples[-1].time_us)

    def lost(self, count: int) -> None:
        """Count samples that the disk did not accept for too long."""
        with self._lock:
            self._lost += count

    def committed(self, seconds: float) -> None:
        """Note how long a commit took."""
        with self._lock:
            self._commit = seconds
            self._longest = max(self._longest, seconds)

    # -- the disk ----------------------------------------------------------------------

    def measure(self, path: Path, size: int) -> None:
        """Note the size of a session, and look at its disk every few seconds.  Writer thread."""
        now = self._clock()
        with self._lock:
            if path in self._sizes:
                self._grown += max(0, size - self._sizes[path])
            elif self._sizes:
                self._grown += size
            self._sizes[path] = size
            due = now - self._looked >= _LOOK or path.parent != self._folder
            if due:
                self._looked = now
        if not due:
            return
        try:
            free: int | None = self._free(path.parent)
        except OSError:
            free = None
        with self._lock:
            self._folder, self._free_bytes = path.parent, free
            self._history.append((now, self._grown))
            while now - self._history[0][0] > _LONGEST:
                self._history.popleft()
            self._sizes = dict(list(self._sizes.items())[-8:])
            self._urgency = self._next_urgency()

    def _growth(self) -> float | None:
        if not self._history:
            return None
        (start, before), (stop, now) = self._history[0], self._history[-1]
        return (now - before) / (stop - start) if stop - start >= _SHORTEST else None

    def _next_urgency(self) -> int:
        """Return the urgency, which falls only once there is clearly more room."""
        free, growth = self._free_bytes, self._growth()
        if free is None:
            return self._urgency
        if self._urgency_of(free, growth) >= self._urgency:
            return self._urgency_of(free, growth)
        return min(self._urgency, self._urgency_of(free / _MARGIN, growth))

    @staticmethod
    def _urgency_of(free: float, growth: float | None) -> int:
        left = free / growth if growth else float("inf")
        return max(sum(left < limit for limit in _LIMITS), int(free < LOW_BYTES))

    # -- for people and programs -------------------------------------------------------

    def report(self, unreadable: int = 0) -> HealthReport:
        """Return how the recording is doing.

        Parameters
        ----------
        unreadable
            Packets of the meters that could not be read, as their clients counted them.
        """
        with self._lock:
            return HealthReport(
                received=self._received,
                stored=self._stored,
                lost=self._lost,
                unreadable=unreadable,
                reconnects=self._reconnects,
                commit_s=self._commit,
                longest_commit_s=self._longest,
                folder=self._folder,
                free_bytes=self._free_bytes,
                growth=self._growth(),
                urgency=self._urgency,
                meters=dict(self._meters),
            )
