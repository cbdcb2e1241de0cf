# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter as the window sees it: traits that change on the main thread only.

A :class:`Meter` owns the :class:`~wattui.client.MeterClient` that talks to the
real one.  Samples reach it through the session: it is told of a batch after the
batch is on disk, never before.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence

from traits.api import (
    Any,
    Bool,
    Dict,
    Enum,
    Float,
    HasStrictTraits,
    Instance,
    Int,
    Property,
    Range,
    Str,
    observe,
)

from wattui.client import ClientState, MeterClient
from wattui.errors import WattuiError
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, MeterInfo
from wattui.measurement.fields import FIELD_INDEX
from wattui.measurement.sample import Sample
from wattui.measurement.text import clock_text
from wattui.measurement.totals import Tally
from wattui.model.main_thread import MainThread
from wattui.protocol.commands import MAX_INTERVAL

#: The traits that show fields of the last record, by the field's name.
READINGS = {
    "power": "watts",
    "voltage": "volts",
    "current": "amps",
    "energy": "watt_hours",
    "power_factor": "power_factor",
    "frequency": "hertz",
    "apparent_power": "volt_amps",
    "cost": "meter_cost",
}

_STATES = {state: state.name.lower() for state in ClientState}


class Meter(HasStrictTraits):
    """One meter: its connection, its last record, its totals.

    Every trait is set on the main thread, once a batch.
    """

    #: Hands calls of the reader and writer threads over to the main thread.
    main_thread = Instance(MainThread, ())

    #: The port: a device, or a URL as in ``sim://pro``.
    url = Str()
    #: What people call it.
    name = Str()
    #: Colour of its curves where several meters are shown, as ``#rrggbb``.
    colour = Str()
    #: Seconds between two records.
    interval = Range(1, MAX_INTERVAL, 1)

    #: State of the connection.
    state = Enum("closed", "opening", "running", "lost", "failed")
    #: The state in words, for the status bar.
    state_text = Str("Not connected")
    #: What failed, and what to do about it; empty where nothing did.
    problem = Str()
    hint = Str()
    #: Whether there is a connection, or the program is trying to have one.
    connected = Property(Bool(), observe="state")
    #: Whether the readings are current.
    live = Property(Bool(), observe="state, sample_count")
    #: When the meter was lost, in seconds UTC; NaN while it is not.
    lost_since = Float(math.nan)

    #: What it is known by in the session: FTDI serial number, or the port.
    key = Str()
    #: Model and firmware, as in ``PRO`` and ``3.14``; empty while unknown.
    model = Str()
    firmware = Str()
    #: FTDI serial number; empty where the port has none.
    serial_number = Str()
    #: What it is called where it is shown.
    label = Property(Str(), observe="name, model, serial_number, url")

    #: Power of the last record, in W.
    watts = Float(math.nan)
    #: Voltage of the last record, in V.
    volts = Float(math.nan)
    #: Current of the last record, in A.
    amps = Float(math.nan)
    #: The meter's own energy counter, in Wh.
    watt_hours = Float(math.nan)
    #: Power factor of the last record, 0 to 1.
    power_factor = Float(math.nan)
    #: Line frequency of the last record, in Hz.
    hertz = Float(math.nan)
    #: Apparent power of the last record, in VA.
    volt_amps = Float(math.nan)
    #: The meter's own cost counter, in its currency.
    meter_cost = Float(math.nan)
    #: Time of the last record, in seconds UTC; NaN before the first.
    last_time = Float(math.nan)

    #: Cumulative energy summed from the records, in Wh.
    energy = Float()
    #: Limit of error of :attr:`energy`, in Wh.
    energy_error = Float()
    #: How far the meter's own energy counter moved meanwhile, in Wh.
    counter_moved = Float()
    #: What the records stand for, in seconds.
    duration = Float()
    #: From the start of the first record's interval to the last record, in seconds.
    elapsed = Float()
    #: Start of the first record's interval, in seconds UTC; NaN before it.
    since = Float(math.nan)
    #: Records, gaps between them, and what the gaps miss in seconds.
    sample_count = Int()
    gap_count = Int()
    gap_duration = Float()

    #: Whether it is plotted where several meters are shown.
    plotted = Bool(True)
    #: Makes the connection: ``make(url, interval, name)``.
    make_client = Any(MeterClient)
    #: Where its samples are written; None where they are only shown.
    recording = Instance("wattui.model.bench_recording.BenchRecording")
    #: The keys that it has in a session, by the keys that the meter itself reported.
    session_keys = Dict(Str(), Str())

    _client = Any()
    _stopping = Any()
    _when_stopped = Any()
    _lock = Any()
    _tally = Any()
    _posted = Bool()
    _state_posted = Bool()

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        self._lock = threading.Lock()
        self._tally = Tally()

    # -- connecting (main thread) ----------------------------------------------

    def connect(self) -> None:
        """Open the port and start the records; returns at once."""
        if self.stopping:
            self.when_stopped(self.connect)
            return
        if self._client is not None and self.connected:
            return
        client = self.make_client(self.url, interval=self.interval, name=self.name)
        self._client = client
        client.add_listener(self)
        client.add_state_listener(self._client_changed)
        self.trait_set(state="opening", state_text="Opening the port", problem="", hint="")
        self.lost_since = math.nan
        client.start()

    def disconnect(self, done: Callable[[], None] = lambda: None) -> None:
        """End the records and close the port; returns at once, *done* is called later."""
        client, self._client = self._client, None
        self._when_stopped = None
        if client is None:
            if self._stopping is None:
                self.trait_set(state="closed", state_text="Not connected", problem="", hint="")
            done()
            return

        def stopped(_result: object = None) -> None:
            self._stopping = None
            self.trait_set(state="closed", state_text="Not connected", problem="", hint="")
            self.lost_since = math.nan
            done()
            then, self._when_stopped = self._when_stopped, None
            if then is not None:
                then()

        self._stopping = self.main_thread.run(
            f"disconnect {self.url}", client.stop, stopped, stopped
        )

    @property
    def stopping(self) -> bool:
        """Whether it is being disconnected: its port is not closed yet."""
        return self._stopping is not None

    def when_stopped(self, call: Callable[[], None]) -> None:
        """Have *call* called when it is disconnected, unless it is disconnected once more."""
        self._when_stopped = call

    def reset_totals(self) -> None:
        """Count from zero: another session begins."""
        with self._lock:
            self._tally = Tally()
        self._show(None, Tally())

    @property
    def client(self) -> MeterClient | None:
        """The connection, while there is one."""
        return self._client

    @observe("interval")
    def _interval_changed_by_user(self, _event: object) -> None:
        client = self._client
        if client is not None:
            client.set_interval(self.interval)

    # -- what the threads tell (any thread) --------------------------------------

    def on_samples(self, info: MeterInfo, samples: Sequence[Sample]) -> None:
        """Have samples recorded, and shown once they are on disk.  Reader thread."""
        if self.recording is not None:
            self.recording.record(self, info, samples)
            return
        self.count(samples)
        with self._lock:
            if self._posted:
                return
            self._posted = True
        self.main_thread.post(self.show_counted)

    def on_event(self, info: MeterInfo, event: Event) -> None:
        """Have an event recorded.  Any thread."""
        if self.recording is not None:
            self.recording.record_event(self, info, event)

    def count(self, samples: Sequence[Sample]) -> None:
        """Add samples to the totals, which show_counted() shows.  Any thread."""
        with self._lock:
            self._tally.add(samples)

    def _client_changed(self, _client: MeterClient) -> None:
        """Note that a client has another state.  Called on its reader thread."""
        with self._lock:
            if self._state_posted:
                return
            self._state_posted = True
        # Not of that client: an earlier one, which is late, must not stand in for this one.
        self.main_thread.post(self._show_state)

    # -- showing (main thread) -----------------------------------------------------

    def show_counted(self) -> None:
        """Show the last sample and the totals."""
        with self._lock:
            self._posted = False
            tally = self._tally
            last = tally.last
            totals = _totals(tally)
        self.trait_set(**_readings(last), **totals)

    def _show(self, last: Sample | None, tally: Tally) -> None:
        self.trait_set(**_readings(last), **_totals(tally))

    def _show_state(self) -> None:
        with self._lock:
            self._state_posted = False
        client = self._client
        if client is None:
            return
        info: MeterInfo = client.info
        self.trait_set(
            key=info.key if self.recording is None else self.recording.claim(self, info),
            model=info.model,
            firmware=info.firmware,
            serial_number=info.serial_number,
        )
        error: WattuiError | None = client.error
        state = _STATES[client.state]
        if state == "lost" and self.state != "lost":
            self.lost_since = client.clock.time()
        elif state == "running":
            self.lost_since = math.nan
        failing = state in ("failed", "lost") and error is not None
        self.trait_set(
            state=state,
            state_text=self._words(state, client.activity, error),
            problem=error.what if failing else "",
            hint=error.hint if failing else "",
        )

    def _words(self, state: str, activity: str, error: WattuiError | None) -> str:
        if state == "opening":
            return activity[:1].upper() + activity[1:] if activity else "Opening the port"
        if state == "running":
            return "Recording"
        if state == "lost":
            return f"Unplugged at {clock_text(self.lost_since)}, trying again"
        if state == "failed":
            return str(error) if error is not None else "The connection failed"
        return "Not connected"

    def show_recorded(self, info: MeterInfo, totals: dict[str, object]) -> None:
        """Show a meter of an opened session: who it is, and its totals."""
        self.trait_set(
            url=info.port,
            name=info.name,
            colour=info.colour,
            key=info.key,
            model=info.model,
            firmware=info.firmware,
            serial_number=info.serial_number,
            **totals,
        )

    def reading(self, name: str) -> float:
        """Give a field of the last record in its base unit; NaN where there is none."""
        with self._lock:
            last = self._tally.last
        value = None if last is None or name not in FIELD_INDEX else last[name]
        return math.nan if value is None else value

    def _get_connected(self) -> bool:
        return self.state in ("opening", "running", "lost")

    def _get_live(self) -> bool:
        return self.state == "running" and self.sample_count > 0

    def _get_label(self) -> str:
        info = MeterInfo(self.key, self.url, self.name, self.model, "", self.serial_number)
        return info.label


def _readings(last: Sample | None) -> dict[str, float]:
    """Give the traits that show the last record."""
    values = {trait: None if last is None else last[name] for name, trait in READINGS.items()}
    shown = {trait: math.nan if value is None else value for trait, value in values.items()}
    shown["last_time"] = math.nan if last is None else last.time_us / MICROSECONDS
    return shown


def _totals(tally: Tally) -> dict[str, float]:
    """Give the traits that show the totals."""
    return {
        "energy": tally.energy_wh,
        "energy_error": tally.energy_error_wh,
        "counter_moved": tally.counter_wh,
        "duration": tally.recorded_s,
        "elapsed": tally.elapsed_s,
        "since": math.nan if tally.start is None else tally.start / MICROSECONDS,
        "sample_count": tally.count,
        "gap_count": tally.gap_count,
        "gap_duration": tally.gap_s,
    }
