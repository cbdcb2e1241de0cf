# SPDX-License-Identifier: GPL-3.0-or-later
"""Helps ``wattui log`` to run unattended: new files, retries, a watchdog."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wattui.cli import exits
from wattui.cli.recording.recording import Recording, Track
from wattui.cli.session_files import export_session, say_wrote
from wattui.client import ClientState
from wattui.desktop.systemd_notify import Notifier
from wattui.errors import WattuiError
from wattui.measurement.events import Listener
from wattui.ports.listing import list_ports
from wattui.session import WriterStatus
from wattui.session.destination import check_destination
from wattui.session.rotation import RotatingRecorder, Rotation

#: Seconds between two checks of the recording, and for meters that were plugged in.
_LOOK: Final = 1.0
_PORTS_LOOK: Final = 10.0

#: Seconds that a running meter may go without a sample on disk: five intervals, and at
#: least this long.
_LATEST: Final = 30.0

#: Seconds after a report of the writer for which it counts as still trying.
_REFUSED: Final = 15.0


@dataclass(frozen=True)
class UnattendedOptions:
    """Options of an unattended recording."""

    #: Folder of the sessions; None for a single one in the data folder.
    folder: Path | None = None
    rotation: Rotation = field(default_factory=Rotation)
    #: Write a CSV in addition to each session.
    csv: bool = False
    #: Wait for ports that do not exist; with *every*, also for meters to be plugged in.
    wait: bool = False
    every: bool = False
    quiet: bool = False


class Unattended:
    """Supervises a recording.  Main thread only, unless noted otherwise."""

    def __init__(
        self,
        options: UnattendedOptions,
        notifier: Notifier | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.options = options
        self._notifier = notifier or Notifier.from_environment()
        self._clock = clock
        self._hung_up = False
        self._began = clock()
        self._next_look = self._next_ports = 0.0
        self._status = ""

    @property
    def wanted(self) -> bool:
        """Whether there is anything to do."""
        return bool(self._notifier) or self.options.wait or self.rotates

    @property
    def rotates(self) -> bool:
        """Whether sessions follow one another, and SIGHUP starts a new one."""
        return self.options.folder is not None

    def prepare_folder(self) -> None:
        """Create the folder of the sessions, and check that it is writable.

        Raises
        ------
        DiskRefused
            It is not.
        """
        folder = self.options.folder
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise exits.disk_error(error, folder, "created") from error
        check_destination(folder / "any")

    def hang_up(self) -> None:
        """Request a new file.  Safe in a signal handler."""
        self._hung_up = True

    def make_recorder(
        self, committed: Listener, status: Callable[[WriterStatus], None]
    ) -> RotatingRecorder:
        """Return the writer of the files."""
        folder = self.options.folder
        assert folder is not None
        return RotatingRecorder(folder, self.options.rotation, committed, status, self._finished)

    def _finished(self, path: Path, error: WattuiError | None) -> None:
        """Export a file that was closed, or report its error.  Any thread."""
        if error is not None:
            exits.complain(error)
        if not self.options.csv or not path.exists():
            return
        target = path.with_suffix(".csv")
        try:
            export_session(path, target, quiet=True)
            say_wrote(target, quiet=self.options.quiet)
        except WattuiError as refused:
            exits.complain(refused)

    # -- while it records ------------------------------------------------------

    def started(self) -> None:
        """Notify systemd that it has started."""
        self._notifier.ready("Waiting for the meters")

    def stopping(self) -> None:
        """Notify systemd that it is about to end."""
        self._notifier.stopping()

    def look(self, recording: Recording) -> None:
        """Check the recording, at most once per second."""
        now = self._clock()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK
        if self._hung_up and isinstance(recording.recorder, RotatingRecorder):
            self._hung_up = False
            recording.recorder.rotate()
        if self.options.wait:
            recording.try_again()
            if self.options.every and now >= self._next_ports:
                self._next_ports = now + _PORTS_LOOK
                _add_plugged_in(recording)
        if self._notifier:
            self._notify(recording, now)

    def _notify(self, recording: Recording, now: float) -> None:
        status = status_words(recording)
        if status != self._status:
            self._status = status
            self._notifier.status(status)
        if self._notifier.watchdog is not None and self.well(recording, now):
            self._notifier.alive()

    def well(self, recording: Recording, now: float) -> bool:
        """Check whether samples reach the disk.

        A restart would not help while a lost meter is being reconnected, or while a disk
        that is not accepting data is tried again: the samples are kept in memory.
        """
        if now - recording.refused_at < _REFUSED:
            return True
        return all(self._is_well(track, now) for track in recording.tracks)

    def _is_well(self, track: Track, now: float) -> bool:
        if track.done or track.failure is not None:
            return True
        if track.state is not ClientState.RUNNING:
            return track.client.trying
        latest = max(_LATEST, 5 * track.client.info.interval)
        return now - max(track.committed, self._began) <= latest


def _add_plugged_in(recording: Recording) -> None:
    """Also record meters that have been plugged in since."""
    urls = {track.url for track in recording.tracks}
    urls |= {track.client.info.port for track in recording.tracks}
    numbers = {track.client.info.serial_number for track in recording.tracks} - {""}
    for port in list_ports():
        known = port.url in urls or port.serial_number in numbers
        if port.likely_meter and not known:
            recording.add_port(port.url)


def status_words(recording: Recording) -> str:
    """Return the state of the recording in one line, for ``systemctl status``."""
    tracks = recording.tracks
    running = sum(track.state is ClientState.RUNNING for track in tracks)
    lost = sum(track.state is ClientState.LOST for track in tracks)
    failed = sum(track.failure is not None for track in tracks)
    if not tracks:
        return "Waiting for a meter to be plugged in"
    words = [f"{running} of {len(tracks)} {'meter' if len(tracks) == 1 else 'meters'} recording"]
    if lost:
        words.append(f"{lost} unplugged")
    if failed:
        words.append(f"{failed} not available, trying again")
    if recording.status is not None and recording.status.problem:
        words.append(recording.status.problem)
    if recording.path is not None:
        words.append(recording.path.name)
    return ", ".join(words)
