# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that shows how a recording is doing, for programs that monitor it.

A separate thread writes it, so a slow or full disk of the file never delays the recording.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any, Final

from wattui import __version__
from wattui.cli import exits
from wattui.cli.recording.recording import Recording, Track
from wattui.desktop.atomic_file import draft_path
from wattui.errors import WattuiError
from wattui.measurement.clock import microseconds
from wattui.measurement.events import Event
from wattui.measurement.text import iso_text, relay_text
from wattui.session.health import HealthReport, MeterHealth

#: Seconds between two versions of the file.
PERIOD: Final = 5.0

#: Events that are listed, the latest ones.
_MOST_EVENTS: Final = 20

#: Seconds to wait for the last version at the end.
_PATIENCE: Final = 2.0


class StatusFile:
    """Writes the file every few seconds; a context manager around the recording."""

    def __init__(self, path: Path, recording: Recording, period: float = PERIOD) -> None:
        self._path = path
        self._recording = recording
        self._period = period
        self._started = _now()
        self._ended = threading.Event()
        self._events: deque[dict[str, str]] = deque(maxlen=_MOST_EVENTS)
        self._warned = 0
        # Why the file could not be written the last time; empty if it was.
        self._refused = ""
        self._thread = threading.Thread(target=self._run, name="wattui status file", daemon=True)

    def __enter__(self) -> StatusFile:
        self._recording.watch(self._happened)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(_PATIENCE)

    def _happened(self, track: Track, event: Event) -> None:
        """Remember an event that is on disk.  Writer thread."""
        self._add(event.time_us, track.label, event.kind, event.text)

    def _add(self, time_us: int, meter: str, kind: str, text: str) -> None:
        self._events.append({"time": iso_text(time_us), "meter": meter, "kind": kind, "text": text})

    # -- on its own thread --------------------------------------------------------------

    def _run(self) -> None:
        self._write("recording")
        while not self._ended.wait(self._period):
            self._write("recording")
        self._write("ended")

    def _write(self, state: str) -> None:
        text = json.dumps(self.content(state), indent=1) + "\n"
        try:
            # Not synced: after a power cut it has nothing to say, and other files would wait.
            with draft_path(self._path, synced=False) as draft:
                draft.write_text(text, "ascii")
        except OSError as error:
            problem = error.strerror or str(error)
            if problem != self._refused:
                what = f"{self._path} was not updated: {problem}"
                exits.complain(WattuiError(what, "The recording goes on without it."), "Warning")
            self._refused = problem
        else:
            self._refused = ""

    def content(self, state: str = "recording") -> dict[str, Any]:
        """Return what the file contains."""
        recording = self._recording
        report = recording.health()
        if report.urgency > self._warned:
            self._add(_now(), "", "disk low", f"{report.warning}. {report.hint}")
        self._warned = report.urgency
        status, path = recording.status, recording.recorder.path
        problems = [{"what": report.warning, "hint": report.hint}] if report.urgency else []
        if status is not None and status.problem:
            problems.insert(0, {"what": status.problem, "hint": status.hint})
        return {
            "program": f"wattui {__version__}",
            "process": os.getpid(),
            "state": state,
            "started": iso_text(self._started),
            "updated": iso_text(_now()),
            "period_s": self._period,
            "session": None if path is None else str(path),
            "session_bytes": recording.recorder.size,
            "samples": {
                name: getattr(report, name) for name in ("received", "stored", "waiting", "lost")
            },
            "unreadable_packets": report.unreadable,
            "reconnects": report.reconnects,
            "commit_s": round(report.commit_s, 6),
            "longest_commit_s": round(report.longest_commit_s, 6),
            "disk": _disk(report),
            "meters": [_meter(track, report) for track in list(recording.tracks)],
            "alerts": recording.raised_alerts,
            "problems": problems,
            "events": list(self._events),
        }


def _now() -> int:
    return microseconds(time.time())


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)


def _disk(report: HealthReport) -> dict[str, object]:
    return {
        "folder": None if report.folder is None else str(report.folder),
        "free_bytes": report.free_bytes,
        "growth_bytes_per_day": _rounded(None if report.growth is None else report.growth * 86_400),
        "seconds_left": _rounded(report.seconds_left),
        "urgency": report.urgency,
    }


def _meter(track: Track, report: HealthReport) -> dict[str, object]:
    found = report.meters.get(track.key, MeterHealth())
    error = track.client.error
    return {
        "port": track.url,
        "name": track.client.info.label,
        "state": str(track.client.state),
        "stored": found.stored,
        "last_sample": iso_text(found.last_us) if found.last_us else None,
        "error": None if error is None else error.what,
        "load": relay_text(track.client.relay_open, track.client.relay_wanted) or None,
    }
