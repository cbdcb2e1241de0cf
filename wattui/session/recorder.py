# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording: a session file that is created with the first sample.

A port that cannot be opened leaves no empty file behind.  While the file cannot be created, the
samples wait in memory and the session's writer tries again.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from wattui.errors import WattuiError
from wattui.measurement.events import Event, Listener, MeterInfo
from wattui.measurement.sample import Sample
from wattui.session import SessionWriter, WriterStatus, describe_meter
from wattui.session.health import Health
from wattui.session.naming import meter_session_path

_log = logging.getLogger(__name__)

#: Largest number of events that wait for the first sample.
_MOST_HELD: Final = 100


class Recorder:
    """Record a session from its first sample on; a :class:`Listener`, for any thread.

    Parameters
    ----------
    committed
        Receives samples and events once they are on disk, on the writer's thread.
    status
        Called when the disk stops or resumes accepting samples.
    make_path
        Returns the path of the new file; by default one in the user's data folder.
    health
        Counts what happens; None for an own one.
    """

    def __init__(
        self,
        committed: Listener | None = None,
        status: Callable[[WriterStatus], None] | None = None,
        make_path: Callable[[MeterInfo], Path] = meter_session_path,
        health: Health | None = None,
    ) -> None:
        #: How the recording is doing.
        self.health = health if health is not None else Health()
        self._committed = committed
        self._status = status
        self._make_path = make_path
        self._lock = threading.Lock()
        self._writer: SessionWriter | None = None
        self._previous: Recorder | None = None
        self._held: deque[Callable[[SessionWriter], None]] = deque(maxlen=_MOST_HELD)
        self._closed = False
        self._described: dict[str, tuple[str, str]] = {}
        # Whether the names have been stored, so that they can no longer change.
        self._over = False

    def follow(self, previous: Recorder | None) -> None:
        """Write nothing before the samples of *previous*; call it before the first sample."""
        self._previous = previous

    @property
    def path(self) -> Path | None:
        """The session's path; None before the first sample."""
        writer = self._writer
        return None if writer is None else writer.path

    @property
    def paths(self) -> tuple[Path, ...]:
        """The paths of all its sessions: that one."""
        path = self.path
        return () if path is None else (path,)

    @property
    def size(self) -> int:
        """Bytes of the session at the last commit; never waits for the disk."""
        writer = self._writer
        return 0 if writer is None else writer.size

    def wait_begun(self, timeout: float) -> bool:
        """Wait until the first sample is on disk or never will be; return whether it is so."""
        writer = self._writer
        return writer is not None and writer.wait_begun(timeout)

    def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        """Record a batch of one meter's samples; the first one creates the file."""
        with self._lock:
            if self._closed:
                return
            if self._writer is None:
                self._begin(meter)
            self._pass_on(lambda writer: writer.on_samples(meter, samples))

    def on_event(self, meter: MeterInfo | None, event: Event) -> None:
        """Record an event, of the whole session for None.

        Events before the first sample wait for it.
        """
        with self._lock:
            if not self._closed:
                self._pass_on(lambda writer: writer.on_event(meter, event))

    def describe(self, key: str, name: str, colour: str) -> bool:
        """Store a meter's name and colour in the file when the file is closed.

        Returns
        -------
        bool
            Whether they can still be stored.
        """
        with self._lock:
            if not self._over:
                self._described[key] = name, colour
            return not self._over

    def close(self, timeout: float = 10.0) -> None:
        """Write what is waiting and close the file; closing again does nothing.

        Raises
        ------
        DiskRefused
            The disk did not accept the last samples within *timeout* seconds.
        """
        with self._lock:
            self._closed = True
            writer = self._writer
        try:
            if writer is not None:
                writer.close(timeout)
                self._put_names(writer.path)
        finally:
            self._over = True

    def _put_names(self, path: Path) -> None:
        """Store the latest names of the meters."""
        while True:
            with self._lock:
                if not self._described:
                    self._over = True
                    return
                key, described = self._described.popitem()
            try:
                describe_meter(path, key, *described)
            except WattuiError as error:
                _log.warning("the name of %s was not stored: %s", key, error)

    def hurry(self, timeout: float) -> None:
        """Make a :meth:`close` on another thread, now or later, give up in *timeout* seconds."""
        writer = self._writer
        if writer is not None:
            writer.hurry(timeout)

    def _pass_on(self, call: Callable[[SessionWriter], None]) -> None:
        if self._writer is None:
            self._held.append(call)
        else:
            call(self._writer)

    def _begin(self, meter: MeterInfo) -> None:
        """Start the writer, whose thread creates the file: the disk may be slow."""
        previous, self._previous = self._previous, None
        writer = SessionWriter(
            self._make_path(meter),
            at_once=False,
            previous=None if previous is None else previous._writer,
            health=self.health,
        )
        if self._committed is not None:
            writer.add_listener(self._committed)
        if self._status is not None:
            writer.add_status_listener(self._status)
        self._writer = writer
        while self._held:
            self._held.popleft()(writer)
