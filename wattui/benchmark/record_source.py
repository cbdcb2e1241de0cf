# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the records of a measurement come from: a recording of its own, or one that is running.

Both are read from the session's file, so that a result uses nothing that is not on disk.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from wattui.benchmark.method import RecordArrays
from wattui.client import ClientState, MeterClient
from wattui.errors import Cancelled, DiskRefused, LinkLost, NoAnswer, PortBusy, WattuiError
from wattui.measurement.clock import MICROSECONDS, SYSTEM_CLOCK, Clock, microseconds
from wattui.measurement.events import MeterInfo
from wattui.ports.holder import find_holder
from wattui.session import Session, WriterStatus, new_session_path
from wattui.session.annotations import Annotations
from wattui.session.lock import is_being_written
from wattui.session.recorder import Recorder

#: Seconds between two looks at what is new.
_LOOK: Final = 0.05

#: Real seconds until the first record must be on disk.
_FIRST_PATIENCE: Final = 30.0

#: Real seconds for writing the remaining samples at the end.
_CLOSING_TIME: Final = 10.0


def read_records(
    session: Session, meter_id: int, start_us: int, stop_us: int, origin_us: int
) -> RecordArrays:
    """Return the records of a span; times are seconds since *origin_us*."""
    found = session.columns(meter_id, ["power"], start_us, stop_us)
    origin = origin_us / MICROSECONDS
    # Seconds since 1970 have 0.2 µs in a float: that is enough after the subtraction.
    return RecordArrays(found["time"] - origin, found["interval"], found["power"])


class RecordSource:
    """The records of one meter, as they come; a context manager.

    Parameters
    ----------
    ended
        Returns whether the user wants to end.
    beat
        Called about twenty times per second while waiting.
    """

    #: The clock that stamps the records.
    clock: Clock = SYSTEM_CLOCK
    #: Id of the meter in the session.
    meter_id: int = 1
    info: MeterInfo
    #: The session's file.
    path: Path

    def __init__(
        self, ended: Callable[[], bool], beat: Callable[[], object] = lambda: None
    ) -> None:
        self.ended = ended
        self.beat = beat
        self._session: Session | None = None

    def now_us(self) -> int:
        """Return the present, by the clock that stamps the records."""
        return microseconds(self.clock.time())

    def wait(self, seconds: float) -> None:
        """Wait for a time of the meter's clock.

        Raises
        ------
        Cancelled
            The user wants to end.
        WattuiError
            The meter, or the recording, is gone for good.
        """
        end = self.clock.monotonic() + seconds
        while (left := end - self.clock.monotonic()) > 0:
            self.check()
            self.beat()
            time.sleep(min(_LOOK, left))
        self.check()

    def check(self) -> None:
        """Check that it is not time to end, and that the recording goes on.

        Raises
        ------
        Cancelled, WattuiError
            See :meth:`wait`.
        """
        if self.ended():
            raise Cancelled("The measurement was interrupted")

    def records(self, start_us: int, stop_us: int | None, origin_us: int) -> RecordArrays:
        """Return the records of a span that are on disk; times are seconds since *origin_us*."""
        session = self.session
        return read_records(session, self.meter_id, start_us, stop_us or 2**62, origin_us)

    @property
    def annotations(self) -> Annotations:
        """The marks and spans of the session."""
        return Annotations(self.path)

    @property
    def session(self) -> Session:
        """The session, open for reading."""
        if self._session is None:
            self._session = Session.open(self.path)
        return self._session

    @property
    def trouble(self) -> WattuiError | None:
        """Why records are missing now: a lost meter, a full disk; None if that is not known."""
        return None

    def last_power(self) -> float | None:
        """Return the power of the last record on disk, in W; None if there is none."""
        now = self.now_us()
        found = self.records(now - 5 * MICROSECONDS, None, now)
        known = found.power[~np.isnan(found.power)]
        return float(known[-1]) if len(known) else None

    def close(self) -> None:
        """End the recording, if it is an own one; closing again does nothing."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def __enter__(self) -> RecordSource:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class OwnRecording(RecordSource):
    """A meter that is recorded into a new session for the measurement.

    Parameters
    ----------
    url
        The port.
    path
        The new session; None for one in the data folder.

    Raises
    ------
    WattuiError
        The port cannot be opened, no meter answers, or the disk does not accept the session.
    """

    def __init__(
        self,
        url: str,
        path: Path | None,
        ended: Callable[[], bool],
        beat: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(ended, beat)
        self._status = WriterStatus()
        self._refused = ""
        self._recorder = Recorder(
            status=self._on_status,
            make_path=lambda info: path or new_session_path(f"{info.label} measured"),
        )
        self._client = MeterClient(url)
        self._client.add_listener(self._recorder)
        self._client.start()
        try:
            self._client.wait_running(_FIRST_PATIENCE, ended)
            self._wait_for_first()
        except BaseException:
            self._stop()
            raise
        self.clock = self._client.clock
        self.info = self._client.info

    def _on_status(self, status: WriterStatus) -> None:
        self._status = status

    def _wait_for_first(self) -> None:
        """Wait until a record is on disk."""
        limit = time.monotonic() + _FIRST_PATIENCE
        while not self._recorder.health.report().stored:
            self.check()
            status = self._status
            if status.problem and not status.hanging and self._recorder.size == 0:
                raise DiskRefused(status.problem, status.hint)
            if time.monotonic() > limit:
                raise NoAnswer("The meter sends no records", "Check the meter.")
            self.beat()
            time.sleep(_LOOK)
        path = self._recorder.path
        assert path is not None, "it has a path once a record is stored"
        self.path = path

    def check(self) -> None:
        """Check that it is not time to end, and that the meter was not lost for good."""
        super().check()
        if self._client.state is ClientState.FAILED:
            raise self._client.error or LinkLost(
                f"The meter at {self._client.url} was lost", "Check that it is plugged in."
            )

    @property
    def trouble(self) -> WattuiError | None:
        """Why records are missing now; None if all is well."""
        if self._status.problem:
            return DiskRefused(self._status.problem, self._status.hint)
        return self._client.error if self._client.state is ClientState.LOST else None

    def close(self) -> None:
        """Stop recording, and write what is waiting.

        Raises
        ------
        DiskRefused
            The disk did not accept the last samples.
        """
        super().close()
        self._stop()

    def _stop(self) -> None:
        self._client.stop()
        self._recorder.close(_CLOSING_TIME)


class RunningRecording(RecordSource):
    """A session that another program is recording: a window, or `wattui log`.

    Parameters
    ----------
    path
        The session.
    port
        The port of the meter; empty if the session has one meter.

    Raises
    ------
    WattuiError
        The session cannot be read, is not being recorded, or has no such meter.
    """

    def __init__(
        self,
        path: Path,
        port: str,
        ended: Callable[[], bool],
        beat: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(ended, beat)
        self.path = path
        meters = self.session.meters
        chosen = [one for one in meters if not port or is_same_port(one.info.port, port)]
        if len(chosen) != 1:
            known = ", ".join(one.info.port for one in meters)
            raise WattuiError(
                f"{path.name} has {'no meter at ' + port if port else 'several meters'}",
                f"Give the port of the meter to measure with: {known}.",
            )
        self.meter_id, self.info = chosen[0].id, chosen[0].info
        self._looked = float("-inf")
        self.check()

    def check(self) -> None:
        """Check that it is not time to end, and that the session is still being recorded."""
        super().check()
        now = time.monotonic()
        if now - self._looked < 1.0:
            return
        self._looked = now
        if not is_being_written(self.path):
            raise LinkLost(
                f"{self.path.name} is no longer being recorded",
                "Start the recording again, or close it and let wattui measure open the port.",
            )


def is_same_port(first: str, second: str) -> bool:
    """Check whether two names are of the same port: devices have links, which name them."""
    return first == second or os.path.realpath(first) == os.path.realpath(second)


def find_recording(url: str) -> Path | None:
    """Return the session into which another program records the meter at a port.

    Linux shows which files a process has open.
    """
    holder = find_holder(url)
    if holder is None or holder.is_this_process:
        return None
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{holder.pid}/fd").iterdir():
            with contextlib.suppress(OSError, WattuiError):
                path = link.readlink()
                if path.suffix == ".wattui" and path.exists() and _records(path, url):
                    return path
    return None


def _records(path: Path, url: str) -> bool:
    with Session.open(path) as session:
        return any(is_same_port(one.info.port, url) for one in session.meters)


def open_source(
    port: str,
    session: Path | None,
    ended: Callable[[], bool],
    beat: Callable[[], object] = lambda: None,
) -> OwnRecording | RunningRecording:
    """Return the records of a port: from a recording of its own, or from the one that has it.

    Parameters
    ----------
    port
        A port, or the path of a session that is being recorded.
    session
        Path of the new session; None for one in the data folder.
    ended, beat
        See :class:`RecordSource`.

    Raises
    ------
    WattuiError
        See :class:`OwnRecording` and :class:`RunningRecording`.
    """
    if port.endswith(".wattui"):
        return RunningRecording(Path(port).absolute(), "", ended, beat)
    try:
        return OwnRecording(port, session, ended, beat)
    except PortBusy:
        found = find_recording(port)
        if found is None:
            raise
        return RunningRecording(found, port, ended, beat)
