# SPDX-License-Identifier: GPL-3.0-or-later
"""One recording of the meters of a bench: samples go to the disk, and from there to the screen."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.sample import Sample
from wattui.model.main_thread import MainThread
from wattui.session import WriterStatus
from wattui.session.alert_listener import AlertListener
from wattui.session.naming import meter_session_path
from wattui.session.recorder import Recorder

if TYPE_CHECKING:
    from wattui.model.meter import Meter


class BenchRecording:
    """Write the samples of several meters, and show what is on disk.

    Samples come in on the reader threads, each with its meter, and go to the recorder under
    the key, name and colour that the meter has in the session: its name may change while it
    is recorded, and two adapters may have the same serial number.  The recorder's writer
    thread reports them here once they are committed; this is its listener.

    Parameters
    ----------
    main_thread
        Where *show* and *show_status* are called.
    meters
        The meters of the bench: the keys that they had in earlier recordings stay theirs.
    identities
        Name and colour of meters that were seen before, by key.
    show
        Called with new marks after the meters show what was committed; at most once per drain.
    show_status
        Called when the disk stops or resumes accepting data.
    folder
        Folder of the session's file; None for the user's data folder.
    temporary
        Whether the file is deleted after use, so that it may not be called a recording.
    """

    def __init__(
        self,
        main_thread: MainThread,
        meters: Iterable[Meter],
        identities: Mapping[str, Mapping[str, str]],
        show: Callable[[list[Event]], None],
        show_status: Callable[[WriterStatus], None],
        folder: Path | None = None,
        temporary: bool = False,
    ) -> None:
        self._main_thread = main_thread
        self._identities = identities
        self._show = show
        self._show_status = show_status
        # Held while samples are counted, so that none is counted after silence().
        self._lock = threading.Lock()
        self._meters = {key: meter for meter in meters for key in meter.session_keys.values()}
        self._counted: dict[Meter, None] = {}
        self._marks: list[Event] = []
        self._posted = False
        self._silent = False
        #: Start of the first interval and time of the last sample, in microseconds UTC.
        self.span_us: tuple[int, int] | None = None
        self.temporary = temporary
        #: Watches the samples for alerts; None if there are none.
        self.alerts: AlertListener | None = None
        #: Writes the session file.
        self.recorder = Recorder(
            self, self.on_status, lambda info: meter_session_path(info, folder)
        )

    # -- keys (any thread) ---------------------------------------------------------

    def claim(self, meter: Meter, info: MeterInfo) -> str:
        """Return the key of a meter; with its port, if another meter has the same key."""
        with self._lock:
            known: str | None = meter.session_keys.get(info.key)
            if known is not None and self._meters.setdefault(known, meter) is meter:
                return known
            key, number = info.key, 1
            while self._meters.setdefault(key, meter) is not meter:
                key = f"{info.key} at {info.port}" + (f" ({number})" if number > 1 else "")
                number += 1
            meter.session_keys[info.key] = key
            return key

    def release(self, meter: Meter) -> None:
        """Free the keys of a meter that was removed from the bench."""
        with self._lock:
            self._meters = {key: one for key, one in self._meters.items() if one is not meter}

    # -- to the disk (reader threads) ----------------------------------------------

    def record(self, meter: Meter, info: MeterInfo, samples: Sequence[Sample]) -> None:
        """Write a batch of one meter's samples."""
        described = self._described(meter, info)
        self.recorder.on_samples(described, samples)
        if self.alerts is not None:
            self.alerts.on_samples(described, samples)

    def record_event(self, meter: Meter, info: MeterInfo, event: Event) -> None:
        """Write an event of one meter."""
        described = self._described(meter, info)
        self.recorder.on_event(described, event)
        if self.alerts is not None:
            self.alerts.on_state(described, event)

    def _described(self, meter: Meter, info: MeterInfo) -> MeterInfo:
        """Return the meter's info with the key, name and colour that it has in the session."""
        key = self.claim(meter, info)
        known = self._identities.get(key, {})
        # The remembered name counts until the main thread has seen the key.
        name = meter.name or ("" if meter.key == key else known.get("name", ""))
        return replace(info, key=key, name=name, colour=meter.colour)

    # -- back from the disk (writer thread) -----------------------------------------

    def on_samples(self, info: MeterInfo, samples: Sequence[Sample]) -> None:
        """Count samples that were committed for their meter."""
        with self._lock:
            meter = self._meters.get(info.key)
            if meter is not None and not self._silent:
                meter.count(samples)
                self._counted[meter] = None
            start, stop = samples[0].time_us - samples[0].interval_us, samples[-1].time_us
            first, last = self.span_us or (start, stop)
            self.span_us = min(start, first), max(stop, last)
        self._post()

    def on_event(self, info: MeterInfo | None, event: Event) -> None:
        """Show an event that was committed, if it is a mark."""
        if self.alerts is not None:
            self.alerts.on_event(info, event)
        with self._lock:
            if event.kind is EventKind.MARK:
                self._marks.append(event)
        self._post()

    def on_status(self, status: WriterStatus) -> None:
        """Show that the disk stopped accepting data, or accepts data again."""

        def show() -> None:
            if not self._silent:
                self._show_status(status)

        self._main_thread.post(show)

    def _post(self) -> None:
        with self._lock:
            if self._posted or self._silent:
                return
            self._posted = True
        self._main_thread.post(self._show_committed)

    # -- main thread -----------------------------------------------------------------

    def _show_committed(self) -> None:
        with self._lock:
            self._posted = False
            meters, self._counted = self._counted, {}
            marks, self._marks = self._marks, []
        if not self._silent:
            for meter in meters:
                meter.show_counted()
            self._show(marks)

    def silence(self) -> None:
        """Show nothing further: the bench shows another session.

        Samples that this recording has yet to write must not count for that one.
        """
        with self._lock:
            self._silent = True
