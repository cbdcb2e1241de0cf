# SPDX-License-Identifier: GPL-3.0-or-later
"""The meters and the session of one window.

A recording begins with the first meter that is connected and ends when the last
one is disconnected.  It is in a session file of the user's data folder from its
first sample on; an opened file and a running recording are shown alike, by the
path of their session.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from traits.api import (
    Any,
    Bool,
    Float,
    HasStrictTraits,
    Instance,
    Int,
    List,
    Property,
    Str,
    observe,
)

from wattui.clock import microseconds
from wattui.errors import WattuiError
from wattui.listener import Event, EventKind, MeterInfo
from wattui.main_thread import MainThread
from wattui.meter import Meter
from wattui.recorder import Recorder
from wattui.sample import MICROSECONDS, Sample
from wattui.session import (
    Interrupted,
    Session,
    WriterStatus,
    complete,
    interrupted_sessions,
)

_log = logging.getLogger(__name__)

#: How long the end of a recording may take before the window closes regardless, in s.
CLOSING_TIME = 5.0


class _Feed:
    """Hands one meter's samples on to the recording, and notes whose they are."""

    def __init__(self, bench: Bench, meter: Meter, recorder: Recorder) -> None:
        self._bench = bench
        self._meter = meter
        self._recorder = recorder

    def on_samples(self, info: MeterInfo, samples: Sequence[Sample]) -> None:
        self._bench._meter_by_key[info.key] = self._meter
        self._recorder.on_samples(info, samples)

    def on_event(self, info: MeterInfo, event: Event) -> None:
        self._recorder.on_event(info, event)


class Bench(HasStrictTraits):
    """The meters and the session of one window.  Main thread only."""

    #: Hands calls of other threads over to the main thread.
    main_thread = Instance(MainThread, ())

    #: The meters, in the order in which they are shown.
    meters = List(Instance(Meter))
    #: The one that the readings show.
    meter = Instance(Meter)

    #: The session that is shown: a path, or None before the first sample.
    session_path = Any()
    #: Whether it is being recorded, and whether it was opened from a file.
    recording = Bool()
    opened = Bool()
    #: Counts up when there is more in the session: at most once a wake-up.
    revision = Int()
    #: The session's span in seconds UTC; NaN while it is empty.
    session_start = Float(math.nan)
    session_stop = Float(math.nan)
    #: Size of its file in bytes.
    file_size = Int()

    #: What the disk refuses, and what to do about it; empty while it takes everything.
    disk_problem = Str()
    disk_hint = Str()
    #: Samples that wait in memory for the disk, and for how many seconds it has room.
    disk_waiting = Int()
    disk_seconds_left = Float()
    #: Samples that had to be dropped since the disk refused.
    disk_dropped = Int()

    #: Price of a kWh, and the sign of its currency.
    rate = Float(0.08)
    currency = Str("$")
    #: What the energy of the shown meter costs, and that of all.
    cost = Property(Float(), observe="meter.energy, rate")
    #: Power and energy of all meters together: W of those that are live, and Wh.
    total_watts = Property(Float(), observe="meters:items:[watts, live]")
    total_energy = Property(Float(), observe="meters:items:energy")

    #: Recordings of earlier runs that ended without being closed.
    interrupted = List(Instance(Interrupted))
    #: Marks of the session: pairs of time (seconds UTC) and text.
    marks = List()

    #: Makes a meter: ``make(**traits)``; tests inject another.
    make_meter = Any(Meter)

    _recorder = Instance(Recorder)
    _meter_by_key = Any()
    _commit_posted = Any()
    _closed = Bool()

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        self._meter_by_key = {}
        self._commit_posted = threading.Event()

    # -- meters --------------------------------------------------------------------

    def add_meter(self, url: str = "", **traits: object) -> Meter:
        """Add a meter to the window; the first one is shown at once."""
        meter = self.make_meter(main_thread=self.main_thread, url=url, **traits)
        self.meters.append(meter)
        if self.meter is None:
            self.meter = meter
        return meter

    def remove_meter(self, meter: Meter) -> None:
        """Take a meter out of the window; its samples stay in the session."""
        self.disconnect(meter)
        self.meters.remove(meter)
        if self.meter is meter:
            self.meter = self.meters[0] if self.meters else None

    def connect(self, meter: Meter) -> None:
        """Connect a meter: its samples go into the running recording, or into a new one."""
        if self.opened:
            self.close_session()
            if meter not in self.meters:
                self.meters = [meter]
                self.meter = meter
        if not self.recording:
            self._begin()
        meter.listener = _Feed(self, meter, self._recorder)
        meter.connect()

    def disconnect(self, meter: Meter) -> None:
        """Disconnect a meter; with the last one the recording ends."""
        meter.disconnect(self._end_if_idle)

    @observe("meters:items:state")
    def _state_changed(self, event: object) -> None:
        if getattr(event, "new", None) == "failed":
            self._end_if_idle()

    # -- the recording -------------------------------------------------------------

    def _begin(self) -> None:
        """Begin a recording; its file comes with the first sample."""
        self._meter_by_key = {}
        for meter in self.meters:
            meter.reset_totals()
        self._clear_session()
        self._recorder = Recorder(committed=self, status=self._status_changed)
        self.recording = True

    def _clear_session(self) -> None:
        self.trait_set(
            session_path=None,
            session_start=math.nan,
            session_stop=math.nan,
            file_size=0,
            marks=[],
            opened=False,
            disk_problem="",
            disk_hint="",
        )

    def _end_if_idle(self) -> None:
        """End the recording where no meter is connected any more."""
        if self.recording and not any(meter.connected for meter in self.meters):
            recorder, self._recorder = self._recorder, None
            self.recording = False
            self.main_thread.run(
                "end of the recording", recorder.close, lambda _: self._ended(recorder)
            )

    def _ended(self, recorder: Recorder) -> None:
        if self.session_path == recorder.path:
            self.file_size = recorder.size
            self.revision += 1

    def on_samples(self, info: MeterInfo, samples: Sequence[Sample]) -> None:
        """Take samples that were committed.  Called on the writer thread."""
        meter = self._meter_by_key.get(info.key)
        if meter is not None:
            meter.take(samples)
        self._post_commit()

    def on_event(self, _info: MeterInfo, event: Event) -> None:
        """Take an event that was committed.  Called on the writer thread."""
        if event.kind is EventKind.MARK:
            mark = (event.time / MICROSECONDS, event.text)
            self.main_thread.post(lambda: self.marks.append(mark))
        self._post_commit()

    def _post_commit(self) -> None:
        # A lost race posts once too often, which does no harm.
        if not self._commit_posted.is_set():
            self._commit_posted.set()
            self.main_thread.post(self._show_commit)

    def _show_commit(self) -> None:
        self._commit_posted.clear()
        recorder = self._recorder
        if recorder is not None and recorder.path is not None:
            self.session_path = recorder.path
        times = [meter.last_time for meter in self.meters if meter.sample_count]
        starts = [meter.since for meter in self.meters if meter.sample_count]
        if times:
            self.trait_set(session_start=min(starts), session_stop=max(times))
        if recorder is not None:
            self.file_size = recorder.size
        self.revision += 1

    def _status_changed(self, status: WriterStatus) -> None:
        """Note that the disk refuses, or takes again.  Called on the writer thread."""
        self.main_thread.post(lambda: self._show_status(status))

    def _show_status(self, status: WriterStatus) -> None:
        self.trait_set(
            disk_problem=status.problem,
            disk_hint=status.hint,
            disk_waiting=status.waiting,
            disk_seconds_left=status.seconds_left,
            disk_dropped=status.dropped,
        )

    def mark(self, text: str = "") -> None:
        """Mark the present moment in the session, for every meter that is connected."""
        for meter in self.meters:
            client = meter.client
            if client is not None and self._recorder is not None and meter.sample_count:
                time = microseconds(client.clock.time())
                name = text or f"Mark {len(self.marks) + 1}"
                self._recorder.on_event(client.info, Event(time, EventKind.MARK, name))
                return

    # -- session files -------------------------------------------------------------

    def open_session(
        self, path: Path, failed: Callable[[Exception], None] = lambda _error: None
    ) -> None:
        """Open a session from a file; returns at once.  Refused while one is recorded."""
        if self.recording:
            failed(
                WattuiError(
                    f"{path.name} was not opened: a recording is running in this window",
                    "Disconnect the meter first, or open the session in another window.",
                )
            )
            return
        self.main_thread.run(
            f"open {path.name}", lambda: _summarise(path), self._show_opened, failed
        )

    def _show_opened(self, summary: _Summary) -> None:
        self.close_session()
        for info, totals in summary.meters:
            meter = self.make_meter(main_thread=self.main_thread)
            meter.show_recorded(info, totals)
            self.meters.append(meter)
        self.meter = self.meters[0] if self.meters else None
        start, stop = summary.span
        self.trait_set(
            session_path=summary.path,
            opened=True,
            session_start=start,
            session_stop=stop,
            file_size=summary.size,
            marks=summary.marks,
        )
        self.interrupted = [one for one in self.interrupted if one.path != summary.path]
        self.revision += 1

    def close_session(self) -> None:
        """Put an opened session, or one that has ended, away."""
        self.meters = [meter for meter in self.meters if meter.connected]
        self.meter = self.meters[0] if self.meters else None
        self._clear_session()

    def look_for_interrupted(self) -> None:
        """Look for recordings that ended without being closed; returns at once."""

        def show(found: list[Interrupted]) -> None:
            self.interrupted = found

        self.main_thread.run("search for interrupted recordings", interrupted_sessions, show)

    def dismiss_interrupted(self, interrupted: Interrupted) -> None:
        """Complete an interrupted recording, so that it is not offered again."""
        self.interrupted = [one for one in self.interrupted if one is not interrupted]
        self.main_thread.run(
            f"completion of {interrupted.path.name}", lambda: complete(interrupted.path)
        )

    def close(self) -> list[str]:
        """End everything; give the names of the threads that did not end in time."""
        if self._closed:
            return []
        self._closed = True
        for meter in self.meters:
            meter.disconnect()
        left = self.main_thread.join(CLOSING_TIME)
        recorder, self._recorder = self._recorder, None
        if recorder is not None:
            recorder.close(CLOSING_TIME)
        self.recording = False
        return left

    def _get_cost(self) -> float:
        return self.meter.energy / 1000 * self.rate if self.meter is not None else 0.0

    def _get_total_watts(self) -> float:
        live = [meter.watts for meter in self.meters if meter.live]
        return sum(watts for watts in live if not math.isnan(watts))

    def _get_total_energy(self) -> float:
        return sum(meter.energy for meter in self.meters)


class _Summary:
    """What an opened session shows before anything of it is plotted."""

    def __init__(self, path: Path, session: Session) -> None:
        self.path = path
        self.size = path.stat().st_size
        span = session.span()
        self.span = (
            (math.nan, math.nan)
            if span is None
            else (span[0] / MICROSECONDS, span[1] / MICROSECONDS)
        )
        self.meters = [(one.info, _recorded_totals(session, one.id)) for one in session.meters]
        self.marks = [
            (one.event.time / MICROSECONDS, one.event.text)
            for one in session.events(kinds=[EventKind.MARK])
        ]


def _summarise(path: Path) -> _Summary:
    with Session.open(path) as session:
        return _Summary(path, session)


def _recorded_totals(session: Session, meter_id: int) -> dict[str, object]:
    """Give the traits of a meter that show the totals of its part of a session."""
    statistics = session.statistics(meter_id)
    span = session.span([meter_id])
    start, stop = (math.nan, math.nan) if span is None else span
    return {
        "energy": statistics.energy_wh,
        "energy_error": statistics.energy_error_wh,
        "counter_moved": statistics.counter_wh,
        "duration": statistics.duration_s,
        "elapsed": 0.0 if span is None else (stop - start) / MICROSECONDS,
        "since": start / MICROSECONDS,
        "last_time": stop / MICROSECONDS,
        "sample_count": statistics.count,
        "gap_count": statistics.gap_count,
        "gap_duration": statistics.gap_s,
    }
