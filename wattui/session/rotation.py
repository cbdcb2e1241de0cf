# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording for months: one session file per hour, day or week, or of a given size.

A sample goes into the file of the period in which its interval ends.  Meters report at
different times, so the file of the previous period stays open for a few seconds: no sample
is lost, none is in two files, and each file is closed properly.  What is in a file is on
disk only after all that was received earlier: a killed program leaves no hole between two
files.  A file ends only once the next one has a sample on disk: a program that is killed
leaves a last file that is marked as interrupted.
"""

from __future__ import annotations

import enum
import logging
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from wattui.errors import WattuiError
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, Listener, MeterInfo
from wattui.measurement.sample import Sample
from wattui.session import WriterStatus, new_session_path
from wattui.session.health import Health
from wattui.session.recorder import Recorder
from wattui.session.write_queue import KEEP_SECONDS

_log = logging.getLogger(__name__)

#: How long the file of the previous period stays open, in microseconds of the samples' time.
GRACE_US: Final = 10 * MICROSECONDS

#: Seconds for closing a file at the end.
_CLOSING: Final = 30.0

#: Seconds after which a wait for the next file notices the end of the recording.
_WAITING: Final = 0.2

#: Later than any sample.
_NEVER: Final = 2**62

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg])i?b?", re.IGNORECASE)
_UNITS: Final = {"k": 1e3, "m": 1e6, "g": 1e9}
#: A smaller file would contain little besides its own structure.
_LEAST_SIZE: Final = 100_000


class Period(enum.StrEnum):
    """How long a file is used, by the calendar."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Rotation:
    """When to start a new file: by the calendar, or by size.

    The size is that of the session.  The journal beside it, in which SQLite writes whole
    pages for each commit, does not count: it goes when the file is closed.
    """

    #: None for no end by the calendar.
    period: Period | None = None
    #: Largest size in bytes; 0 for no limit.
    size: int = 0

    @classmethod
    def parse(cls, text: str) -> Rotation:
        """Return the rotation named ``hour``, ``day``, ``week``, or by a size such as ``100MB``.

        Raises
        ------
        ValueError
            There is no such rotation, or the size is below 100 kB.
        """
        word = text.strip().lower()
        if word in list(Period):
            return cls(period=Period(word))
        found = _SIZE.fullmatch(word)
        if found is None:
            raise ValueError(f"{text!r} is neither hour, day, week nor a size such as 100MB")
        size = round(float(found[1]) * _UNITS[found[2].lower()])
        if size < _LEAST_SIZE:
            raise ValueError(f"{text!r} is less than 100kB")
        return cls(size=size)

    def end_us(self, time_us: int) -> int:
        """Return the end of the period in which a sample's interval ends, in microseconds UTC.

        A day begins at local midnight and a week on Monday, also when clocks change.
        """
        if self.period is None:
            return _NEVER
        # An interval that ends at midnight belongs to the day before.
        moment = datetime.fromtimestamp((time_us - 1) // MICROSECONDS)
        if self.period is Period.HOUR:
            # An hour that occurs twice, when clocks change, becomes two files.
            second = (time_us - 1) // MICROSECONDS
            return (second - moment.minute * 60 - moment.second + 3600) * MICROSECONDS
        days = 1 if self.period is Period.DAY else 7 - moment.weekday()
        following = moment.date() + timedelta(days=days)
        midnight = datetime(following.year, following.month, following.day)
        return int(midnight.timestamp()) * MICROSECONDS


@dataclass(slots=True)
class _File:
    """A file, and the span of its samples in microseconds: ``start < time <= stop``."""

    recorder: Recorder
    start: int
    stop: int
    #: Whether it is closed as soon as the next one begins.
    at_once: bool = False


class RotatingRecorder:
    """Record a series of session files; a :class:`Listener`, for any thread.

    It can be used instead of a :class:`~wattui.session.recorder.Recorder`.

    Parameters
    ----------
    folder
        Folder of the files, which are named by the time of their first sample.
    rotation
        When to start a new file.
    committed, status
        As for the recorder, for all files.
    finished
        Called with the path of each file after it is closed, and with the error if there
        was one; on a separate thread.
    """

    def __init__(
        self,
        folder: Path,
        rotation: Rotation,
        committed: Listener | None = None,
        status: Callable[[WriterStatus], None] | None = None,
        finished: Callable[[Path, WattuiError | None], None] | None = None,
    ) -> None:
        #: How the recording is doing, over all files.
        self.health = Health()
        self._folder = folder
        self._rotation = rotation
        self._committed = committed
        self._status = status
        self._finished = finished
        self._lock = threading.Lock()
        self._current: _File | None = None
        self._before: _File | None = None
        # Events before the first sample of a file wait in its recorder.
        self._next = self._new_recorder()
        # That of the latest file: nothing later may be on disk before its samples.
        self._newest: Recorder | None = None
        self._names: set[Path] = set()
        # Times of the first sample of the latest file, and of the last of all.
        self._first = self._last = 0
        self._path: Path | None = None
        self._closers: list[tuple[threading.Thread, Recorder]] = []
        self._closed = False

    # -- the methods of a recorder ----------------------------------------------

    @property
    def path(self) -> Path | None:
        """The path of the latest file; None before the first sample."""
        return self._path

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths of the latest files."""
        return tuple(self._names)

    @property
    def size(self) -> int:
        """Size of the latest file in bytes, without its journal."""
        current = self._current
        return 0 if current is None else current.recorder.size

    def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        """Record a batch of one meter's samples, each into its file."""
        with self._lock:
            rest = samples
            while rest and not self._closed:
                file = self._file_of(rest[0])
                count = sum(sample.time_us <= file.stop for sample in rest)
                file.recorder.on_samples(meter, rest[:count])
                if file is self._current:
                    self._path = file.recorder.path
                rest = rest[count:]
            if samples and not self._closed:
                self._last = max(self._last, samples[-1].time_us)
                self._check_size()
                self._close_previous(samples[-1].time_us)

    def on_event(self, meter: MeterInfo | None, event: Event) -> None:
        """Record an event, into the file of its time."""
        with self._lock:
            if self._closed:
                return
            before, current = self._before, self._current
            if before is not None and event.time_us <= before.stop:
                before.recorder.on_event(meter, event)
            elif current is not None and event.time_us <= current.stop:
                current.recorder.on_event(meter, event)
            else:
                self._next.on_event(meter, event)

    def rotate(self) -> None:
        """Start a new file with the next sample, and then close the current one."""
        with self._lock:
            if self._current is not None and not self._closed:
                self._current.stop = self._last
                self._current.at_once = True

    def close(self, timeout: float = _CLOSING) -> None:
        """Write what is waiting and close all files; closing again does nothing.

        Raises
        ------
        DiskRefused
            The disk did not accept the last samples.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            current, before = self._current, self._before
        self._retire(before)
        for _thread, recorder in self._closers:
            recorder.hurry(timeout)
        for thread, _recorder in self._closers:
            thread.join(timeout)
        if current is None:
            return
        error: WattuiError | None = None
        try:
            current.recorder.close(timeout)
        except WattuiError as refused:
            error = refused
            raise
        finally:
            path = current.recorder.path
            if path is not None and self._finished is not None:
                self._finished(path, error)

    # -- under the lock --------------------------------------------------------

    def _new_recorder(self) -> Recorder:
        return Recorder(self._committed, self._status, self._make_path, self.health)

    def _make_path(self, _meter: MeterInfo) -> Path:
        """Return a path named by the local time of the first sample.

        No name is used twice, even before there is a file of that name.
        """
        when = datetime.fromtimestamp(self._first // MICROSECONDS)
        path = new_session_path("", self._folder, when)
        while path in self._names:
            when += timedelta(seconds=1)
            path = new_session_path("", self._folder, when)
        self._names = {path, *list(self._names)[-8:]}
        return path

    def _file_of(self, sample: Sample) -> _File:
        before, current = self._before, self._current
        if before is not None and sample.time_us <= before.stop:
            return before
        if current is not None and sample.time_us <= current.stop:
            return current
        self._first = sample.time_us
        recorder, self._next = self._next, self._new_recorder()
        recorder.follow(self._newest)
        self._newest = recorder
        if current is not None:
            self._retire(self._before)
            self._before = None if current.at_once else current
            if current.at_once:
                self._retire(current)
        start = sample.time_us - sample.interval_us
        self._current = _File(recorder, start, self._rotation.end_us(sample.time_us))
        return self._current

    def _check_size(self) -> None:
        """End the file after its latest sample if it is large enough."""
        current, limit = self._current, self._rotation.size
        grown = limit and current is not None and current.recorder.size >= limit
        if grown and current is not None and current.stop == _NEVER:
            current.stop = self._last

    def _close_previous(self, time_us: int) -> None:
        """Close the file of the previous period once all of its samples have arrived."""
        before = self._before
        if before is not None and time_us > before.stop + GRACE_US:
            self._before = None
            self._retire(before)

    def _retire(self, file: _File | None) -> None:
        """Close a file on a separate thread: the disk may be slow."""
        if file is None:
            return
        both = file.recorder, self._newest
        thread = threading.Thread(target=self._close, args=both, name="wattui closer")
        self._closers.append((thread, file.recorder))
        thread.start()

    # -- on a closer's thread --------------------------------------------------

    def _close(self, recorder: Recorder, following: Recorder | None) -> None:
        while following is not None and not self._closed and not following.wait_begun(_WAITING):
            pass
        error: WattuiError | None = None
        try:
            # A disk that does not accept data gets as much time as samples may wait anyway.
            recorder.close(KEEP_SECONDS)
        except WattuiError as refused:
            error = refused
            _log.error("%s", refused)
        path = recorder.path
        try:
            if path is not None and self._finished is not None:
                self._finished(path, error)
        finally:
            # The next file may be a week away: nothing of this one stays in memory until then.
            here = threading.current_thread()
            with self._lock:
                self._closers = [one for one in self._closers if one[0] is not here]
