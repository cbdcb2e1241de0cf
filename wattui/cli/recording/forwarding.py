# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends what ``wattui log`` records to databases and brokers, and shows it to Prometheus."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from wattui.cli import exits
from wattui.cli.recording.recording import Recording, Track
from wattui.client import ClientState
from wattui.desktop.folders import data_folder
from wattui.errors import WattuiError
from wattui.forwarding import Cursors, Forwarder, open_target
from wattui.forwarding.prometheus import Exporter, MeterFigures
from wattui.measurement.fields import FIELDS
from wattui.measurement.text import count_text, printable

#: Seconds between two looks for a new file of the recording.
_LOOK: Final = 0.2

#: Seconds for sending what is left at the end.
_PATIENCE: Final = 10.0


class Forwarding(contextlib.ExitStack):
    """Forwards a recording until the end; a context manager around the recording.

    Parameters
    ----------
    targets
        URLs of databases and brokers.
    prometheus
        Address at which Prometheus fetches figures; empty for none.

    Raises
    ------
    WattuiError
        A target makes no sense, a package is missing, or an address is in use.
    """

    def __init__(self, targets: Sequence[str], prometheus: str, recording: Recording) -> None:
        super().__init__()
        self._recording = recording
        self._ended = threading.Event()
        self._sessions: set[Path] = set()
        self._forwarders: list[Forwarder] = []
        if targets:
            opened = [open_target(url) for url in targets]
            cursors = Cursors(data_folder() / "forwarding.db")
            self.callback(cursors.close)
            self._forwarders = [Forwarder(one, cursors, _warn) for one in opened]
            self._thread = threading.Thread(target=self._watch, name="wattui files", daemon=True)
            self.callback(self._finish)
            for forwarder in self._forwarders:
                forwarder.start()
            self._thread.start()
        if prometheus:
            self.callback(Exporter(prometheus, self._figures).close)

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK):
            self._note()

    def _note(self) -> None:
        """Add the new files of the recording to what is sent."""
        new = [one for one in self._recording.recorder.paths if one not in self._sessions]
        for path in sorted(one for one in new if one.exists()):
            self._sessions.add(path)
            for forwarder in self._forwarders:
                try:
                    forwarder.add(path)
                except WattuiError as error:
                    _warn(error)

    def _finish(self) -> None:
        """Send what is left, the recording has ended."""
        self._ended.set()
        self._thread.join(_PATIENCE)
        self._note()
        # All at once: one that is gone does not use the time of the next.
        for forwarder in self._forwarders:
            forwarder.hurry(_PATIENCE)
        for forwarder in self._forwarders:
            done = forwarder.close(_PATIENCE)
            sent = f"{count_text(forwarder.sent, 'sample')} sent to {forwarder.target.name}"
            rest = "" if done else "; the rest will be sent by the next `wattui log` to it"
            lost = count_text(forwarder.dropped, "sample") if forwarder.dropped else ""
            exits.say(printable(f"{sent}{f', {lost} not taken' if lost else ''}{rest}."))

    def _figures(self) -> Sequence[MeterFigures]:
        return [_figures(track) for track in list(self._recording.tracks) if track.info is not None]


def _warn(error: WattuiError) -> None:
    exits.complain(error, "Warning")


def _figures(track: Track) -> MeterFigures:
    info, tally = track.info, track.tally
    assert info is not None
    last, up = tally.last, track.state is ClientState.RUNNING and not track.paused
    values: dict[str, float] = {}
    if last is not None and up:
        pairs = ((field.name, last[field.name]) for field in FIELDS)
        values = {name: value for name, value in pairs if value is not None}
    return MeterFigures(
        label=info.label,
        serial_number=info.serial_number,
        model=info.model,
        port=track.url,
        up=up,
        last_s=0.0 if last is None else last.time_us / 1e6,
        values=values,
        joules=tally.energy_wh * 3600,
        samples=tally.count,
        gaps=tally.gap_count,
        gap_s=tally.gap_s,
    )
