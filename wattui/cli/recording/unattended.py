# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``wattui log`` needs where nobody looks: new files, waiting ports, a watchdog."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click

from wattui.cli import exits
from wattui.cli.commands.export import check_destination, export_session
from wattui.cli.output import shown_path
from wattui.cli.recording.recording import Recording, Track
from wattui.client import ClientState
from wattui.desktop.systemd_notify import Notifier
from wattui.errors import WattuiError
from wattui.measurement.events import Listener
from wattui.ports.listing import list_ports
from wattui.session import WriterStatus
from wattui.session.rotation import RotatingRecorder, Rotation

#: Seconds between two looks at how things are, and for meters that were plugged in.
_LOOK: Final = 1.0
_PORTS_LOOK: Final = 10.0

#: Seconds that a meter may be without a sample on disk while it runs: five intervals, and
#: this many at least.
_LATEST: Final = 30.0

#: Seconds since it last said so for which a refusing disk is one that is tried again.
_REFUSED: Final = 15.0


def rotation_option(text: str) -> Rotation:
    """Give the rotation of an option's value: for ``type=`` of an option."""
    try:
        return Rotation.parse(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


@dataclass(frozen=True)
class UnattendedOptions:
    """What was asked for on the command line."""

    #: Folder of the sessions; None for a single one in the data folder.
    folder: Path | None = None
    rotation: Rotation = field(default_factory=Rotation)
    #: Write a CSV beside each session.
    csv: bool = False
    #: Wait for ports that are not there, and for meters to be plugged in where all are wanted.
    wait: bool = False
    every: bool = False
    quiet: bool = False


class Unattended:
    """Looks after a recording.  Main thread only, unless said otherwise."""

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
        """Whether there is anything for it to do."""
        return bool(self._notifier) or self.options.wait or self.rotates

    @property
    def rotates(self) -> bool:
        """Whether sessions follow one another, and SIGHUP begins a new one."""
        return self.options.folder is not None

    def prepare_folder(self) -> None:
        """Make the folder of the sessions, and see that it can be written to.

        Raises
        ------
        DiskRefused
            It cannot.
        """
        folder = self.options.folder
        if folder is None:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise exits.disk_error(error, folder, "made") from error
        check_destination(folder / "any")

    def hang_up(self) -> None:
        """Take note that a new file is wanted.  Safe in a signal handler."""
        self._hung_up = True

    def make_recorder(
        self, committed: Listener, status: Callable[[WriterStatus], None]
    ) -> RotatingRecorder:
        """Make what writes the files."""
        folder = self.options.folder
        assert folder is not None
        return RotatingRecorder(folder, self.options.rotation, committed, status, self._finished)

    def _finished(self, path: Path, error: WattuiError | None) -> None:
        """Take note of a file that was closed.  Any thread."""
        if error is not None:
            exits.complain(error)
        if not self.options.csv or not path.exists():
            return
        target = path.with_suffix(".csv")
        try:
            export_session(path, target, quiet=True)
        except WattuiError as refused:
            exits.complain(refused)
        else:
            if not self.options.quiet:
                exits.say(f"Wrote {exits.printable(shown_path(target))}.")

    # -- while it records ------------------------------------------------------

    def started(self) -> None:
        """Tell that it has begun."""
        self._notifier.ready("Waiting for the meters")

    def stopping(self) -> None:
        """Tell that it is about to end."""
        self._notifier.stopping()

    def look(self, recording: Recording) -> None:
        """Look how things are, once a second at most."""
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
            self._tell(recording, now)

    def _tell(self, recording: Recording, now: float) -> None:
        status = status_words(recording)
        if status != self._status:
            self._status = status
            self._notifier.status(status)
        if self._notifier.watchdog is not None and self.well(recording, now):
            self._notifier.alive()

    def well(self, recording: Recording, now: float) -> bool:
        """Tell whether the work is done: by the samples that came back from the disk.

        A meter that is known to be lost and looked for is no reason to start anew, and
        neither is a disk that refuses and is asked again: the samples wait in memory.
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
    """Record meters that were plugged in since, too."""
    urls = {track.url for track in recording.tracks}
    urls |= {track.client.info.port for track in recording.tracks}
    numbers = {track.client.info.serial_number for track in recording.tracks} - {""}
    for port in list_ports():
        known = port.url in urls or port.serial_number in numbers
        if port.likely_meter and not known:
            recording.add_port(port.url)


def status_words(recording: Recording) -> str:
    """Say in a line how the recording gets on: for ``systemctl status``."""
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
        words.append(f"{failed} not there, tried again")
    if recording.status is not None and recording.status.problem:
        words.append(recording.status.problem)
    if recording.path is not None:
        words.append(recording.path.name)
    return ", ".join(words)
