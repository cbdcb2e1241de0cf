# SPDX-License-Identifier: GPL-3.0-or-later
"""The meters and the session of one window.

A recording begins with the first meter that is connected and ends when the last
one is disconnected.  It is in a session file of the user's data folder from its
first sample on; an opened file and a running recording are shown alike, by the
path of their session.
"""

from __future__ import annotations

import atexit
import logging
import math
import weakref
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from traits.api import Bool, Dict, Float, Instance, Int, List, Property, Str, observe
from traits.api import Callable as Function

from wattui.client import ClientState
from wattui.errors import OtherMeter, WattuiError
from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.measurement.energy import error_of_sum
from wattui.measurement.events import Event, EventKind
from wattui.measurement.replay_mark import joined_replays
from wattui.model.bench_recording import BenchRecording
from wattui.model.main_thread import MainThread, in_turn
from wattui.model.meter import Meter
from wattui.model.other_meter import separate
from wattui.model.session_notes import SessionNotes
from wattui.model.session_totals import SessionTotals, read_totals
from wattui.model.viewable import PRIVATE, Viewable, declared
from wattui.session import Interrupted, WriterStatus, complete, describe_meter, interrupted_sessions
from wattui.session.health import HealthReport

_log = logging.getLogger(__name__)

#: How long the end of a recording may take before the window closes regardless, in s;
#: the same where the disk is known not to accept data.
CLOSING_TIME: Final = 5.0
REFUSED_TIME: Final = 0.5

#: How long the end of a recording waits for such a disk while the window is open, in s.
ENDING_TIME: Final = 600.0

#: Benches that are still open; they are closed when Python exits.
_benches: Final[weakref.WeakSet[Bench]] = weakref.WeakSet()


class Bench(Viewable):
    """Several meters and the session that they are recorded into.

        >>> import time
        >>> from wattui.api import Bench, Session
        >>> bench = Bench()
        >>> lamp, fridge = bench.connect(
        ...     ["sim://pro?load=lamp&speed=60", "sim://es?load=fridge&speed=60"],
        ...     names=["lamp", "fridge"],
        ... )
        >>> while not (lamp.live and fridge.live):
        ...     time.sleep(0.01)
        >>> bench.close()
        []
        >>> with Session.open(bench.session_path) as session:
        ...     sorted(meter.info.name for meter in session.meters)
        ['fridge', 'lamp']

    A recording begins with the first meter that is connected and ends when the last one is
    disconnected.  A meter shows a sample only after it has been saved to disk.  Like those of a
    :class:`~wattui.api.Meter`, traits are set by one thread at a time, which is the GUI's if
    there is one. A bench that is still open is closed when Python exits.
    """

    #: The meters, in the order in which they are shown.
    meters: list[Meter] = declared(List(Instance(Meter)))
    #: The meter whose readings are shown.
    meter: Meter | None = declared(Instance(Meter))

    #: Total power of all live meters, in W, and total energy of all meters, in Wh.
    total_watts: float = declared(Property(Float(), observe="meters:items:[watts, live]"))
    total_energy: float = declared(Property(Float(), observe="meters:items:energy"))
    #: Limit of error of the total energy, in Wh: the errors of several meters of the same model
    #: need not cancel out.
    total_energy_error: float = declared(Property(Float(), observe="meters:items:energy_error"))
    #: Price of a kWh, and the sign of its currency.
    rate = Float(0.08)
    currency = Str("$")
    #: Cost of the energy of the shown meter.
    cost: float = declared(Property(Float(), observe="meter.energy, rate"))

    #: Path of the session that is shown; None before the first sample.
    session_path: Path | None = declared(Instance(Path))
    #: The file that was opened, if the session shown is what can be read of it; else None.
    damaged_path: Path | None = declared(Instance(Path))
    #: The session that was shown before this recording, and is no longer; None for none.
    previous_path: Path | None = declared(Instance(Path))
    #: The file that was replaced while it was recorded, so that another continues it.
    replaced_path: Path | None = declared(Instance(Path))
    #: Which other meter than before answered at a port; empty for none.
    other_meter = Str()
    #: Whether it is being recorded, and whether it was opened from a file.
    recording = Bool()
    opened = Bool()
    #: The session's span in seconds UTC; NaN while it is empty.
    session_start = Float(math.nan)
    session_stop = Float(math.nan)
    #: What the session replays, and how fast, as in ``fan.raw at 60x``; empty for a measurement.
    replay: str = declared(
        Property(Str(), observe="_opened_replay, meters:items:[replay, state, sample_count]")
    )
    #: Size of its file in bytes.
    file_size = Int()
    #: Marks and spans of the session.
    notes: SessionNotes = declared(Instance(SessionNotes, **PRIVATE))
    #: Marks of the session: pairs of time (seconds UTC) and text.
    marks: list[tuple[float, str]] = declared(Property(observe="notes.found"))

    #: Why the disk does not accept data, and what to do about it; empty while it does.
    disk_problem = Str()
    disk_hint = Str()
    #: How many samples wait in memory for the disk, and for how many seconds there is room.
    disk_waiting = Int()
    disk_seconds_left = Float()
    #: Samples that had to be dropped since then.
    disk_dropped = Int()

    #: How the recording is doing; None if no recording is shown.
    health: HealthReport | None = declared(Instance(HealthReport, **PRIVATE))
    #: Passes calls of other threads to the main thread.
    main_thread: MainThread = declared(Instance(MainThread, (), **PRIVATE))
    #: Incremented when the session has grown, at most once per drain.
    revision = Int(**PRIVATE)
    #: Recordings of earlier runs that ended without being closed.
    interrupted: list[Interrupted] = declared(List(Instance(Interrupted), **PRIVATE))
    #: Name and colour of every meter that was ever named, by its key; see PreferencesFile.meters.
    identities: dict[str, dict[str, str]] = declared(Dict(Str(), Dict(Str(), Str()), **PRIVATE))
    #: Colours as ``#rrggbb``; a new meter gets the first free one.
    colours: list[str] = declared(List(Str(), **PRIVATE))
    #: Folder of its sessions; None for the user's data folder.
    folder: Path | None = declared(Instance(Path, **PRIVATE))
    #: Whether that folder will be deleted, so that nothing in it may be called recorded.
    temporary = Bool(**PRIVATE)
    #: Makes a meter: ``make_meter(**traits)``; tests inject another.
    make_meter: Callable[..., Meter] = declared(Function(Meter, **PRIVATE))

    #: Called with each recording before its first sample; see RecordingWatch.
    when_begun: Callable[..., None] = declared(Function(lambda _recording: None, **PRIVATE))
    #: The running recording; the one that is shown, even after its end; those that are still
    #: being closed.
    _recording: BenchRecording | None = declared(Instance(BenchRecording, **PRIVATE))
    _shown: BenchRecording | None = declared(Instance(BenchRecording, **PRIVATE))
    _ending: list[BenchRecording] = declared(List(Instance(BenchRecording), **PRIVATE))
    #: The file of the session that was shown last.
    _left: Path | None = declared(Instance(Path, **PRIVATE))
    #: What an opened session says that it replays.
    _opened_replay = Str(**PRIVATE)
    _closed = Bool(**PRIVATE)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.notes = SessionNotes(main_thread=self.main_thread)
        _benches.add(self)

    # -- meters --------------------------------------------------------------------

    @in_turn
    def add_meter(self, url: str = "", **traits: object) -> Meter:
        """Add a meter; the first one is shown immediately."""
        meter = self.make_meter(main_thread=self.main_thread, url=url, **traits)
        meter.colour = meter.colour or self._free_colour()
        self.meters.append(meter)
        if self.meter is None:
            self.meter = meter
        return meter

    @in_turn
    def remove_meter(self, meter: Meter) -> None:
        """Remove a meter from the window; its samples stay in the session."""
        meter.disconnect(lambda: self._removed(meter))
        place = self.meters.index(meter)
        self.meters.remove(meter)
        meter.bench = None
        if self.meter is meter:
            self.meter = self.meters[min(place, len(self.meters) - 1)] if self.meters else None

    def _removed(self, meter: Meter) -> None:
        if self._recording is not None:
            self._recording.release(meter)
        self._end_if_idle()

    @in_turn
    def move_meter(self, meter: Meter, place: int) -> None:
        """Move a meter to another position, counted from 0."""
        others = [one for one in self.meters if one is not meter]
        others.insert(max(0, place), meter)
        self.meters = others

    @in_turn
    def describe(self, meter: Meter, name: str | None = None, colour: str | None = None) -> None:
        """Set the name or colour of a meter, and remember it whichever port the meter uses."""
        meter.name = meter.name if name is None else name.strip()
        meter.colour = meter.colour if colour is None else colour
        key, path = meter.key, self.session_path
        if not key:
            return
        self.identities[key] = {"name": meter.name, "colour": meter.colour}
        known = (key, meter.name, meter.colour)
        written = self._shown is not None and self._shown.recorder.describe(*known)
        if not written and path is not None and meter.sample_count:
            self.main_thread.run(f"name of {meter.label}", lambda: describe_meter(path, *known))

    @observe("meters.items")
    def _meters_changed(self, _event: object) -> None:
        for meter in self.meters:
            meter.bench = self

    @observe("meters:items:key")
    def _recognised(self, event: Any) -> None:
        """Restore the name and the colour of a meter that is known by its key."""
        meter = event.object
        known = self.identities.get(meter.key)
        if not known:
            return
        meter.name = meter.name or known.get("name", "")
        wanted = known.get("colour", "")
        if wanted and wanted not in [one.colour for one in self.meters if one is not meter]:
            meter.colour = wanted

    def _free_colour(self) -> str:
        """Return a colour that no meter has, preferably one that is not remembered for any."""
        taken = {meter.colour for meter in self.meters}
        remembered = {one.get("colour") for one in self.identities.values()}
        free = [colour for colour in self.colours if colour not in taken]
        best = [colour for colour in free if colour not in remembered]
        return (best or free or [*self.colours, ""])[0]

    @in_turn
    def connect(
        self,
        urls: str | Meter | Iterable[str | Meter],
        interval: int | None = None,
        names: Iterable[str] = (),
    ) -> list[Meter]:
        """Connect a meter at each port; return those that were not connected before.

        Their samples go into the running recording, or into a new one.  An opened session
        is closed first.  A meter that is being disconnected is connected afterwards.

        Parameters
        ----------
        urls
            Ports, or meters of this bench.  A port without a meter gets a new one.
        interval
            Seconds between two records; None leaves each meter's own.
        names
            Names for the meters at these ports, in the same order, if they have no name yet.
        """
        ports = [urls] if isinstance(urls, str | Meter) else list(urls)
        named = dict(zip(ports, names, strict=False))
        if self.opened:
            self.close_session()
        found = {port: self._meter_at(port) for port in ports}
        wanted = {port: one for port, one in found.items() if one.stopping or not one.connected}
        for port, meter in wanted.items():
            meter.interval = interval or meter.interval
            meter.name = meter.name or named.get(port, "")
            self._connect(meter)
        return list(wanted.values())

    def _meter_at(self, port: str | Meter) -> Meter:
        """Return the meter at a port, preferably the shown one; add one where there is none."""
        if isinstance(port, Meter):
            if port not in self.meters:
                self.meters.append(port)
                self.meter = self.meter or port
            return port
        there = [meter for meter in self.meters if meter.url == port]
        return self.meter if self.meter in there else (there or [self.add_meter(port)])[0]

    def _connect(self, meter: Meter) -> None:
        if meter.stopping:
            # The recording may end with its present connection.
            meter.when_stopped(lambda: self._connect(meter))
        else:
            meter.connect()

    @in_turn
    def adopt(self, meter: Meter) -> None:
        """Add a meter that was used alone; if it is connected, it is recorded from now on."""
        if meter.connected and not self.recording:
            self._begin()
        self.meters.append(meter)
        self.meter = self.meter or meter
        meter.colour = meter.colour or self._free_colour()
        if meter.connected:
            meter.recorded_by = self._recording

    @in_turn
    def let_go(self, meter: Meter) -> None:
        """Remove a meter that goes on alone, connected as it is, and is no longer recorded."""
        meter.recorded_by = meter.bench = None
        self.meters.remove(meter)
        self.meter = self.meters[0] if self.meters else None
        self._end_if_idle()

    @in_turn
    def disconnect(self, meter: Meter) -> None:
        """Disconnect a meter; when the last one is disconnected, the recording ends."""
        meter.disconnect(self._end_if_idle)

    @in_turn
    def other_meter_answers(self, meter: Meter, error: OtherMeter) -> None:
        """Record another meter that answers at the port of *meter* as a meter of its own."""
        client = meter.client
        note = separate(self, meter, error)
        if note is not None and client is not None and self._recording is not None:
            self._recording.record_event(meter, client.info, note)
        self.other_meter = error.what

    @observe("meters:items:state")
    def _state_changed(self, event: Any) -> None:
        if event.new == ClientState.OPENING:
            # A meter of a bench is recorded, also if a script calls its own connect().
            if not self.recording:
                self._begin()
            event.object.recorded_by = self._recording
        elif event.new == ClientState.FAILED:
            self._end_if_idle()

    # -- the recording -------------------------------------------------------------

    def _begin(self) -> None:
        """Begin a recording; its file is created with the first sample."""
        self._clear_session()
        self.trait_set(previous_path=self._left, replaced_path=None, _left=None, other_meter="")
        for meter in self.meters:
            meter.reset_totals()
        self._recording = self._shown = BenchRecording(
            *(self.main_thread, self.meters, self.identities, self._show_commit),
            *(self._show_status, self.folder, self.temporary),
        )
        self.when_begun(self._recording)
        self.recording = True

    def _clear_session(self) -> None:
        if self._shown is not None:
            self._shown.silence()
        self._shown = None
        if self.session_path is not None and not self.temporary:
            self._left = self.saved_path
        self.trait_set(
            session_path=None,
            damaged_path=None,
            session_start=math.nan,
            session_stop=math.nan,
            file_size=0,
            opened=False,
            _opened_replay="",
            disk_problem="",
            disk_hint="",
            disk_waiting=0,
            disk_dropped=0,
            health=None,
        )

    def _end_if_idle(self) -> None:
        """End the recording if no meter is connected any longer."""
        recording = self._recording
        if recording is None or any(meter.connected for meter in self.meters):
            return
        self._recording = None
        self._ending.append(recording)
        self.recording = False
        self.main_thread.run(
            "end of the recording",
            lambda: recording.recorder.close(ENDING_TIME),
            lambda _: self._ended(recording),
            lambda error: self._ended(recording, error),
        )

    def _ended(self, recording: BenchRecording, error: Exception | None = None) -> None:
        self._ending.remove(recording)
        if isinstance(error, WattuiError):
            _log.error("%s", error)
            self.trait_set(disk_problem=error.what, disk_hint=error.hint, disk_waiting=0)
        if recording is self._shown:
            self._show_health()
            self.file_size = recording.recorder.size
            self.revision += 1

    def _show_commit(self, marks: Sequence[Event]) -> None:
        """Show what the recording has written to disk so far."""
        if marks:
            self.notes.look()
        if self._shown is not None:
            recorder, before = self._shown.recorder, self.session_path
            if before is not None and recorder.path != before:
                self.replaced_path = before
            self.trait_set(session_path=recorder.path, file_size=recorder.size)
            self._show_health()
        if self._shown is not None and self._shown.span_us is not None:
            start, stop = self._shown.span_us
            self.trait_set(session_start=start / MICROSECONDS, session_stop=stop / MICROSECONDS)
        self.revision += 1

    def _show_status(self, status: WriterStatus) -> None:
        self.trait_set(
            disk_problem=status.problem,
            disk_hint=status.hint,
            disk_waiting=status.waiting,
            disk_seconds_left=status.seconds_left,
            disk_dropped=status.dropped,
        )
        self._show_health()

    def _show_health(self) -> None:
        if self._shown is not None:
            unreadable = sum(meter.unreadable for meter in self.meters)
            self.health = self._shown.recorder.health.report(unreadable)

    @in_turn
    def mark(self, text: str = "") -> None:
        """Mark the present moment in the recording, for all of its meters."""
        going = [one for one in (self.meter, *self.meters) if one is not None and one.sample_count]
        clients = [one.client for one in going if one.client is not None]
        if self._recording is not None and clients:
            # Simulated meters have clocks of their own: that of the shown one counts.
            now = microseconds(clients[0].clock.time())
            if self.notes.changeable and not self.disk_problem:
                self.notes.add_mark(now, text)
            else:
                name = text or f"Mark {len(self.marks) + 1}"
                self._recording.recorder.on_event(None, Event(now, EventKind.MARK, name))

    @observe("session_path, damaged_path")
    def _session_changed(self, _event: object) -> None:
        if self.notes is not None:
            own = self.damaged_path is None and not self.temporary
            self.notes.show(self.session_path, changeable=own)

    # -- session files -------------------------------------------------------------

    @in_turn
    def open_session(
        self,
        path: Path,
        failed: Callable[[Exception], None] = lambda _error: None,
        damaged: Path | None = None,
    ) -> None:
        """Open a session from a file; returns immediately.  Refused while one is recorded.

        Parameters
        ----------
        path
            The file.
        failed
            Called with the reason if it is not opened.
        damaged
            The damaged session of which the file is what can be read.
        """

        def show(summary: SessionTotals) -> None:
            # A meter may have been connected while the file was read.
            refusal = self._refusal_to_open(path)
            if refusal is None:
                self._show_opened(summary, damaged)
            else:
                failed(refusal)

        refusal = self._refusal_to_open(path)
        if refusal is None:
            self.main_thread.run(f"open {path.name}", lambda: read_totals(path), show, failed)
        else:
            failed(refusal)

    def _refusal_to_open(self, path: Path) -> WattuiError | None:
        """Return why no session can be opened now; None if one can."""
        if self.temporary:
            what = f"{path.name} was not opened: this view shows a live meter only"
            return WattuiError(what, "Open it in wattui's main window.")
        if self.recording:
            what = f"{path.name} was not opened: a recording is running in this window"
            hint = "Disconnect the meter first, or open the session in another window."
            return WattuiError(what, hint)
        return None

    def _show_opened(self, summary: SessionTotals, damaged: Path | None) -> None:
        self.close_session()
        for info, totals in summary.meters:
            meter = self.make_meter(main_thread=self.main_thread)
            meter.show_recorded(info, totals)
            meter.colour = meter.colour or self._free_colour()
            self.meters.append(meter)
        self.meter = self.meters[0] if self.meters else None
        start, stop = summary.span
        self.trait_set(
            session_path=summary.path,
            damaged_path=damaged,
            previous_path=None,
            replaced_path=None,
            other_meter="",
            opened=True,
            session_start=start,
            session_stop=stop,
            file_size=summary.size,
            _opened_replay=summary.replay,
        )
        self.interrupted = [one for one in self.interrupted if one.path != summary.path]
        self.revision += 1

    @in_turn
    def close_session(self) -> None:
        """Close the session that is shown, if it is not being recorded."""
        for meter in self.meters:
            if self._recording is not None and not meter.connected:
                self._recording.release(meter)
        self.meters = [meter for meter in self.meters if meter.connected]
        self.meter = self.meters[0] if self.meters else None
        self._clear_session()

    @property
    def saved_path(self) -> Path | None:
        """The file of the session that is shown, even if another shows what can be read of it."""
        return self.damaged_path or self.session_path

    def look_for_interrupted(self) -> None:
        """Look for recordings that ended without being closed; returns immediately."""

        def show(found: list[Interrupted]) -> None:
            self.interrupted = found

        self.main_thread.run("search for interrupted recordings", interrupted_sessions, show)

    @in_turn
    def dismiss_interrupted(self, interrupted: Interrupted) -> None:
        """Complete an interrupted recording, so that it is not offered again."""
        self.interrupted = [one for one in self.interrupted if one is not interrupted]
        self.main_thread.run(
            f"completion of {interrupted.path.name}", lambda: complete(interrupted.path)
        )

    def close(self) -> list[str]:
        """Disconnect all meters and close the recording; does nothing the second time.

        Returns
        -------
        list of str
            Names of the threads that did not end in time; usually empty.
        """
        if self._closed:
            return []
        self._closed = True
        for meter in self.meters:
            meter.disconnect()
        patience = REFUSED_TIME if self.disk_problem else CLOSING_TIME
        for ending in self._ending:
            ending.recorder.hurry(patience)
        left = self.main_thread.join(CLOSING_TIME)
        recording, self._recording = self._recording, None
        if recording is not None:
            try:
                recording.recorder.close(patience)
            except WattuiError as error:
                _log.error("%s", error)
        self.recording = False
        return left

    def _get_replay(self) -> str:
        if self.opened:
            return str(self._opened_replay)
        shown = [meter for meter in self.meters if meter.connected or meter.sample_count]
        return joined_replays(meter.replay for meter in shown)

    def _get_marks(self) -> list[tuple[float, str]]:
        return [(one.time_us / MICROSECONDS, one.text) for one in self.notes.marks]

    def _get_cost(self) -> float:
        return self.meter.energy / 1000 * self.rate if self.meter is not None else 0.0

    def _get_total_watts(self) -> float:
        live = [meter.watts for meter in self.meters if meter.live]
        return sum(watts for watts in live if not math.isnan(watts))

    def _get_total_energy(self) -> float:
        return sum(meter.energy for meter in self.meters)

    def _get_total_energy_error(self) -> float:
        return error_of_sum(meter.energy_error for meter in self.meters)


@atexit.register
def _close_all() -> None:
    """Close what is still being recorded."""
    for bench in list(_benches):
        bench.close()
