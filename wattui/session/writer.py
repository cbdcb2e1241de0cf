# SPDX-License-Identifier: GPL-3.0-or-later
"""Records samples into a session file: on disk first, then on screen.

::

    reader threads ──on_samples──> WaitingQueue ──> writer thread: INSERT, COMMIT ──> listeners

The writer commits at most twice per second, but immediately if the last commit was at least
half a second ago.  Every commit is synced (``synchronous=FULL``): the samples that a listener
has received survive a killed program and a power cut.
"""

from __future__ import annotations

import atexit
import functools
import logging
import math
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self

from wattui import __version__
from wattui.errors import DiskRefused, SessionError, WattuiError
from wattui.measurement.clock import microseconds
from wattui.measurement.events import (
    Event,
    EventKind,
    Listener,
    MeterInfo,
    SampleFunction,
    as_listener,
)
from wattui.measurement.sample import Sample
from wattui.measurement.text import count_text
from wattui.session.health import Health
from wattui.session.lock import SessionLock, note_file
from wattui.session.naming import make_folder
from wattui.session.schema import translated
from wattui.session.store import Store
from wattui.session.write_queue import KEEP_SAMPLES, KEEP_SECONDS, Item, WaitingQueue, WriterStatus

_logger = logging.getLogger(__name__)

#: Shortest time between two commits, in seconds.
COMMIT_SECONDS: Final = 0.5

#: Seconds until another attempt after the disk has not accepted data.
RETRY_SECONDS: Final = 1.0

#: Seconds without a response after which a disk is reported as not responding.
HANGING_SECONDS: Final = 5.0
#: How long a signal may go unnoticed.
_SIGNAL_SECONDS: Final = 0.5

#: Seconds between two checks of a writer whose file comes first.
_ORDER_SECONDS: Final = 0.2


StatusListener = Callable[[WriterStatus], None]

#: Writers that are still open; they are closed when Python exits.
_open_writers: Final[weakref.WeakSet[SessionWriter]] = weakref.WeakSet()


class SessionWriter:
    """Record a session: a :class:`Listener`, and a context manager.

    Its methods may be called from any thread, and none but :meth:`flush` and :meth:`close`
    waits for the disk.

    Parameters
    ----------
    path
        The file. It is created with its folder, or continued if it is a session already.
    software
        Name and version of the program that records, for the file's ``info``.
    keep_samples, keep_seconds
        How many samples wait in memory while the disk does not accept them, and for how long.
    retry_seconds, commit_seconds
        Time until another attempt after the disk has not accepted data, and between commits.
    at_once
        Whether to create the file before returning. Otherwise the writer's thread creates it,
        and tries again if the disk does not accept it, while the samples wait.
    previous
        The writer of the file before this one.  What it received earlier is on disk before
        anything here: however the program is killed, no samples are missing between two
        files.  What it must give up is written here.
    health
        Counts what happens, for all writers of one recording.

    Raises
    ------
    DiskRefused
        The folder cannot be created or written to, or another wattui is recording the file.
    NotASession, SessionTooNew, SessionDamaged
        The file exists and cannot be continued.

    Examples
    --------
    >>> import time
    >>> from wattui.api import MeterInfo, Sample, Session, SessionWriter
    >>> with SessionWriter("lamp.wattui") as writer:
    ...     sample = Sample(time.time_ns() // 1000, 1_000_000, (600, 2300, 261))
    ...     writer.on_samples(MeterInfo("A80012", "/dev/ttyUSB0"), [sample])
    ...     writer.mark("kettle on")
    >>> with Session.open("lamp.wattui") as session:
    ...     [str(one.event.kind) for one in session.events()]
    ['started', 'stopped', 'mark']
    """

    def __init__(
        self,
        path: Path | str,
        *,
        software: str = f"wattui {__version__}",
        keep_samples: int = KEEP_SAMPLES,
        keep_seconds: float = KEEP_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
        commit_seconds: float = COMMIT_SECONDS,
        at_once: bool = True,
        previous: SessionWriter | None = None,
        health: Health | None = None,
    ) -> None:
        #: The session's file; another one once that was replaced while it was recorded.
        self.path = Path(path).absolute()
        self._retry_seconds, self._commit_seconds = retry_seconds, commit_seconds
        self._health = health if health is not None else Health()
        self._queue = WaitingQueue(keep_samples, keep_seconds, self._health.lost)
        self._listeners: tuple[Listener, ...] = ()
        self._status_listeners: tuple[StatusListener, ...] = ()
        # Protected by the queue's condition: running meters by key, with their last time.
        self._running: dict[str, tuple[MeterInfo, int]] = {}
        self._closing = self._closed = self._begun = False
        # When to give up at the end, and whether to try once more immediately.
        self._deadline, self._once_more = math.inf, False
        self._error: WattuiError | None = None
        self._busy_since: float | None = None
        self._announced = self._error_since = 0.0
        self._size = 0
        self._software = software
        self._lock: SessionLock | None = None
        self._store: Store | None = None
        self._follow(previous)
        if at_once:
            self._store = self._open()
            self._measure()
        name = f"wattui writer {self.path.name}"
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        _open_writers.add(self)
        self._thread.start()

    def _follow(self, previous: SessionWriter | None) -> None:
        """Follow another writer, and take over the samples that it did not write."""
        self._previous = previous
        self._ended = self._followed = False
        if previous is not None:
            previous._followed = True

    def _open(self) -> Store:
        """Create the file or continue it, and lock out other writers."""
        make_folder(self.path.parent)
        lock = SessionLock(self.path)
        try:
            store = Store(self.path, self._software)
        except BaseException:
            lock.release()
            raise
        self._lock = lock
        return store

    # -- to be called from any thread --

    def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        """Record samples of one meter, oldest first."""
        if not samples:
            return
        now = time.monotonic()
        with self._queue.condition:
            if self._closing:
                _logger.warning("%d samples arrived after the end of %s", len(samples), self.path)
                return
            if meter.key not in self._running:
                begin = samples[0].time_us - samples[0].interval_us
                self._queue.put(Item(meter, now, event=Event(begin, EventKind.STARTED)))
            self._running[meter.key] = (meter, samples[-1].time_us)
            self._health.received(len(samples))
            self._queue.put(Item(meter, now, samples=tuple(samples)))
        self._announce_hanging(now)

    def on_event(self, meter: MeterInfo | None, event: Event) -> None:
        """Record an event of one meter, or of the whole session for None."""
        now = time.monotonic()
        with self._queue.condition:
            if self._closing:
                return
            self._health.happened(event)
            if meter is not None and event.kind is EventKind.STARTED:
                self._running[meter.key] = (meter, event.time_us)
            elif meter is not None and event.kind is EventKind.STOPPED:
                self._running.pop(meter.key, None)
            self._queue.put(Item(meter, now, event=event))

    def mark(self, text: str, when: float | None = None) -> None:
        """Mark a time in the whole session.

        Parameters
        ----------
        text
            What happened.
        when
            Seconds since 1970, UTC; None for now.
        """
        moment = microseconds(time.time() if when is None else when)
        self.on_event(None, Event(moment, EventKind.MARK, text))

    def note(self, text: str) -> None:
        """Record a note on the whole session, such as an assumption that was made."""
        self.on_event(None, Event(microseconds(time.time()), EventKind.NOTE, text))

    def add_listener(self, listener: Listener | SampleFunction) -> None:
        """Pass on everything that is committed to *listener*, on the writer's thread.

        A function ``f(meter, samples)`` is a listener, too; it gets no events.
        """
        self._listeners = (*self._listeners, as_listener(listener))

    def remove_listener(self, listener: Listener | SampleFunction) -> None:
        """Stop passing anything on to *listener*."""
        removed = as_listener(listener)
        self._listeners = tuple(one for one in self._listeners if one != removed)

    def add_status_listener(self, listener: StatusListener) -> None:
        """Call *listener* when the disk stops or resumes accepting data, and at each attempt.

        It is called on the writer's thread or on one that delivers samples, and must not block.
        """
        self._status_listeners = (*self._status_listeners, listener)

    @property
    def status(self) -> WriterStatus:
        """How the writer is doing."""
        queue = self._queue
        now = time.monotonic()
        oldest = queue.oldest()
        left = queue.keep_seconds
        busy = self._busy_since
        error = self._error
        if error is not None and oldest is not None:
            left = max(0.0, queue.keep_seconds - (now - oldest))
        hanging = error is None and busy is not None and now - busy > HANGING_SECONDS
        since = self._error_since if error is not None else None
        if hanging and busy is not None:
            since = busy
            error = DiskRefused(
                f"The disk has not responded for {now - busy:.0f} s: {self.path}",
                "Check the disk and its connection; recording continues when it responds.",
            )
        if error is None:
            return WriterStatus(queue.samples, seconds_left=left, dropped=queue.dropped)
        return WriterStatus(
            queue.samples, error.what, error.hint, since, left, queue.dropped, hanging
        )

    @property
    def size(self) -> int:
        """Bytes of the session at the last commit, without the journal that goes when it ends."""
        return self._size

    def flush(self, timeout: float = 10.0) -> bool:
        """Wait until everything is on disk, for up to *timeout* seconds; return whether it is."""
        deadline = time.monotonic() + timeout
        with self._queue.condition:
            while self._queue.unfinished:
                left = deadline - time.monotonic()
                if left <= 0 or not self._thread.is_alive():
                    return False
                self._queue.condition.wait(left)
        return True

    def wait_begun(self, timeout: float) -> bool:
        """Wait until the first sample is on disk or never will be; return whether it is so."""
        with self._queue.condition:
            return self._queue.condition.wait_for(lambda: self._begun or self._ended, timeout)

    def close(self, timeout: float = 10.0) -> None:
        """Write what is waiting and the end of each meter's recording, and close the file.

        Closing again does nothing, unless a signal has interrupted the first time.  If the disk
        does not accept data, give up after *timeout* seconds, or when :meth:`hurry` says so.

        Raises
        ------
        DiskRefused
            The disk did not accept the last samples within *timeout* seconds.
        """
        if self._closed:
            return
        now = time.monotonic()
        with self._queue.condition:
            for meter, last in self._running.values():
                self._queue.put(Item(meter, now, event=Event(last, EventKind.STOPPED)))
            self._running.clear()
            self._closing = self._once_more = True
            self._deadline = min(self._deadline, now + timeout)
            self._queue.condition.notify_all()
        latest = now + timeout + HANGING_SECONDS
        while self._thread.is_alive() and (left := latest - time.monotonic()) > 0:
            # A signal that comes just before a wait does not end it.
            self._thread.join(min(left, _SIGNAL_SECONDS))
        self._closed = True
        lost = self._queue.samples
        if self._thread.is_alive() or (lost and not self._followed):
            error = self._error
            reason = f": {error.what}" if error is not None else ", as the disk does not respond"
            raise DiskRefused(
                f"{_last(lost)} could not be written to {self.path}{reason}",
                error.hint if error is not None else "Check the disk.",
            )

    def hurry(self, timeout: float) -> None:
        """Make a :meth:`close` on another thread, now or later, give up in *timeout* seconds."""
        with self._queue.condition:
            self._deadline = min(self._deadline, time.monotonic() + timeout)
            self._once_more = True
            self._queue.condition.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # -- on the writer's thread --

    def _run(self) -> None:
        try:
            last = float("-inf")
            while self._wait(last) or self._await_previous():
                # Counted from its end: a slow disk gets some rest.
                self._attempt()
                last = time.monotonic()
        finally:
            self._ended = True
            if not self._followed:
                self._health.lost(self._queue.samples)
            if self._store is not None:
                self._store.close()
                self._measure()
            if self._lock is not None:
                self._lock.release()
            with self._queue.condition:
                self._queue.condition.notify_all()

    def _wait(self, last: float) -> bool:
        """Wait until it is time for a commit; return whether there is anything to do."""
        condition = self._queue.condition
        pace = self._commit_seconds if self._error is None else self._retry_seconds
        with condition:
            while True:
                now = time.monotonic()
                left = last + pace - now
                if self._closing:
                    if self._queue.empty:
                        return False
                    if self._error is None or self._once_more:
                        self._once_more = False
                        return True
                    if now >= self._deadline:
                        return False
                    left = min(left, self._deadline - now)
                if self._queue.empty:
                    condition.wait()
                elif left > 0:
                    condition.wait(left)
                else:
                    return True

    def _await_previous(self) -> bool:
        """Wait for a previous writer that is closing; return whether it left any samples."""
        while (previous := self._previous) is not None and previous._closing:
            if self._take_over():
                return True
            if time.monotonic() >= self._deadline:
                break
            self._wait_for(previous, lambda: False)
        if previous is not None:
            previous._followed = False
        return False

    def _take_over(self) -> bool:
        """Take over the samples of the previous writer once it has ended."""
        previous = self._previous
        if previous is None or not previous._ended:
            return False
        self._previous = None
        left = previous._queue.take()
        self._queue.inherit(left)
        return bool(left)

    def _keep_order(self) -> None:
        """Wait until what came earlier, for other files, is on disk or will never be."""
        marks = []
        earlier = self._previous
        while earlier is not None:
            marks.append((earlier, earlier._queue.last))
            earlier = earlier._previous
        for writer, number in reversed(marks):
            while not writer._ended and not writer._queue.settled(number):
                if self._closing and time.monotonic() >= self._deadline:
                    return
                self._wait_for(writer, functools.partial(writer._queue.settled, number))
        self._take_over()

    @staticmethod
    def _wait_for(writer: SessionWriter, ready: Callable[[], bool]) -> None:
        """Wait for another writer, but only so long that the end of this one is noticed."""
        with writer._queue.condition:
            writer._queue.condition.wait_for(lambda: writer._ended or ready(), _ORDER_SECONDS)

    def _attempt(self) -> None:
        self._keep_order()
        items = self._queue.take()
        self._busy_since = began = time.monotonic()
        try:
            if self._store is None:
                self._store = self._open()
            self._store.write(items)
            self._follow_file(self._store)
        except sqlite3.Error as error:
            self._refused(items, translated(error, self.path))
        except (SessionError, OSError) as error:
            self._refused(items, _as_refused(error, self.path))
        except Exception:
            _logger.exception("writing %s", self.path)
            self._refused(
                items,
                DiskRefused(f"{self.path} cannot be written (an error in wattui)", "See the log."),
            )
        else:
            self._health.committed(time.monotonic() - began)
            self._measure()
            self._busy_since = None
            self._begun = True
            self._queue.done(items)
            if self._error is not None or self._announced > began:
                _logger.warning("the disk accepts samples again: %s", self.path)
                self._error = None
                self._announce()
            self._pass_on(items)

    def _follow_file(self, store: Store) -> None:
        """Keep other writers out of the file where the recording continues, if it had to move."""
        if store.path == self.path:
            return
        lock, self._lock = self._lock, SessionLock(store.path)
        note_file(store.path)
        if lock is not None:
            lock.release()
        text = (
            f"{self.path} was replaced by another file while it was being recorded; "
            f"the recording continues in {store.path.name}"
        )
        self.path = store.path
        _logger.warning("%s", text)
        with self._queue.condition:
            now = microseconds(time.time())
            meter, when = next(iter(self._running.values()), (None, now))
            note = Event(when, EventKind.NOTE, text)
            self._queue.put(Item(meter, time.monotonic(), event=note))

    def _refused(self, items: list[Item], error: WattuiError) -> None:
        self._busy_since = None
        now = time.monotonic()
        if self._error is None:
            _logger.error("%s", error)
            self._error_since = now
        self._error = error
        self._queue.put_back(items, now)
        self._measure()
        self._announce()

    def _measure(self) -> None:
        """Read the size of the session, and how much room its disk has."""
        if self._store is not None:
            self._size = self._store.size
        self._health.measure(self.path, self._size)

    def _pass_on(self, items: list[Item]) -> None:
        for item in items:
            meter = item.meter
            if meter is not None and item.samples:
                self._health.stored(meter, item.samples)
            for listener in self._listeners:
                try:
                    if item.event is not None:
                        listener.on_event(meter, item.event)
                    elif meter is not None:
                        listener.on_samples(meter, item.samples)
                except Exception:
                    _logger.exception("a listener of %s", self.path)

    def _announce(self) -> None:
        status = self.status
        for listener in self._status_listeners:
            try:
                listener(status)
            except Exception:
                _logger.exception("a status listener of %s", self.path)

    def _announce_hanging(self, now: float) -> None:
        busy = self._busy_since
        if busy is not None and now - busy > HANGING_SECONDS and now - self._announced > 1.0:
            self._announced = now
            self._announce()


def _last(count: int) -> str:
    return "The last sample" if count == 1 else f"The last {count_text(count, 'sample')}"


def _as_refused(error: SessionError | OSError, path: Path) -> WattuiError:
    if isinstance(error, SessionError):
        return error
    return DiskRefused(f"{path} cannot be written ({error.strerror})", "Check the disk.")


@atexit.register
def _close_all() -> None:
    """Write what is still waiting, and close the files."""
    for writer in list(_open_writers):
        try:
            writer.close()
        except WattuiError as error:
            _logger.error("%s", error)
