# SPDX-License-Identifier: GPL-3.0-or-later
"""A meter as traits, which change on the main thread only.

A :class:`Meter` owns the :class:`~wattui.client.MeterClient` that talks to the real one. In a
bench, its samples go through the session and are shown only after they have been saved to disk.
A meter without a bench shows its samples as they arrive.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from traits.api import Bool, Enum, Float, Instance, Int, Property, Range, Str, observe
from traits.api import Callable as Function

from wattui.client import ClientState, MeterClient
from wattui.client.discovery import is_same_meter
from wattui.client.post_client import client_at
from wattui.errors import LinkLost, OtherMeter, WattuiError
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, MeterInfo
from wattui.measurement.fields import FIELD_INDEX
from wattui.measurement.replay_mark import replay_of
from wattui.measurement.sample import Sample
from wattui.measurement.text import BY_CLOCK, RunTimes, relay_text
from wattui.measurement.totals import Tally
from wattui.model.main_thread import MainThread, in_turn
from wattui.model.viewable import PRIVATE, Viewable, declared
from wattui.ports.listen_url import is_listen_url
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


class MeterRecording(Protocol):
    """What writes a meter's samples: a BenchRecording."""

    #: Whether the file is deleted after use.
    temporary: bool

    def claim(self, meter: Meter, info: MeterInfo) -> str:
        """Return the key of a meter in the session."""

    def record(self, meter: Meter, info: MeterInfo, samples: Sequence[Sample]) -> None:
        """Write a batch of the meter's samples."""

    def record_event(self, meter: Meter, info: MeterInfo, event: Event) -> None:
        """Write an event of the meter."""


class _Inside:
    """The part of a meter that is not a trait, since several threads use it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.tally = Tally()
        self.count_posted = self.state_posted = False
        self.client: MeterClient | None = None
        # Packets that earlier clients of this session could not read.
        self.unreadable = 0
        self.stopping: threading.Thread | None = None
        self.when_stopped: Callable[[], None] | None = None
        #: The keys that it has in a session, by the keys that it was connected with.
        self.keys: dict[str, str] = {}
        #: The key by which it is known again at its port; empty before it has answered.
        self.identity = ""
        #: The interval that the meter last reported as its own, in seconds; None for none.
        self.reported_interval: int | None = None


class Meter(Viewable):
    """One meter: its connection, its last record and its totals.

    A meter can be used alone, from a script, a prompt or a notebook:

        >>> import time
        >>> from wattui.api import Meter
        >>> meter = Meter(url="sim://pro?load=lamp&speed=60")
        >>> meter.connect()
        >>> while not meter.live:
        ...     time.sleep(0.01)
        >>> 55 < meter.watts < 65
        True
        >>> meter.disconnect()

    ``meter.configure_traits()`` opens a window with live plots, and ``Item("meter",
    style="custom")`` shows the same in a window of another program.

    Every trait is set once per batch of records, on the thread of the GUI while an event loop
    of Qt runs or a view of the meter is open.  Otherwise it is set on the thread that reads the
    port.  Observers never run at the same time.  Nothing is recorded unless the meter is in a
    :class:`~wattui.api.Bench`.  A meter that is still connected when Python exits is
    disconnected.

    Parameters
    ----------
    **traits
        Initial values, as in ``Meter(url="/dev/ttyUSB0", interval=5)``.
    """

    #: Power of the last record, in W; NaN before the first.
    watts = Float(math.nan)
    #: Current of the last record, in A.
    amps = Float(math.nan)
    #: Voltage of the last record, in V.
    volts = Float(math.nan)
    #: Cumulative energy summed from the records, in Wh.
    energy = Float()
    #: Limit of error of :attr:`energy`, in Wh.
    energy_error = Float()

    #: Power factor of the last record, 0 to 1.
    power_factor = Float(math.nan)
    #: Line frequency of the last record, in Hz.
    hertz = Float(math.nan)
    #: Apparent power of the last record, in VA.
    volt_amps = Float(math.nan)
    #: The meter's own energy counter, in Wh.
    watt_hours = Float(math.nan)
    #: The meter's own cost counter, in its currency.
    meter_cost = Float(math.nan)
    #: Time of the last record, in seconds UTC; NaN before the first.
    last_time = Float(math.nan)

    #: How far the meter's own energy counter moved since the first record, in Wh.
    counter_moved = Float()
    #: The span that the records cover, in seconds: without gaps.
    duration = Float()
    #: From the start of the first record's interval to the last record, in seconds.
    elapsed = Float()
    #: Start of the first record's interval, in seconds UTC; NaN before it.
    since = Float(math.nan)
    #: Records, gaps between them, and the duration of the gaps in seconds.
    sample_count = Int()
    gap_count = Int()
    gap_duration = Float()

    #: The port: a device such as ``/dev/ttyUSB0`` or ``COM3``, or a URL such as ``sim://pro``.
    url = Str()
    #: The name that the user gave it.
    name = Str()
    #: Seconds between two records.
    interval: int = declared(Range(1, MAX_INTERVAL, 1))
    #: Model and firmware, as in ``PRO`` and ``3.14``; empty while unknown.
    model = Str()
    firmware = Str()
    #: FTDI serial number; empty if the port has none.
    serial_number = Str()
    #: The name that is shown: the user's, or else model and port.
    label: str = declared(Property(Str(), observe="name, model, serial_number, url"))

    #: What it replays, and how fast, as in ``fan.raw at 60x``; empty for a measurement.
    replay: str = declared(Property(Str(), observe="url"))

    #: State of the connection, and the same as text.
    state: ClientState = declared(Enum(*ClientState))
    state_text = Str("Not connected")
    #: What failed, and what to do about it; empty if nothing failed.
    problem = Str()
    hint = Str()
    #: Why live recording pauses, as in ``fetching the memory``; empty while it does not.
    paused = Str()
    #: What the relay of a .NET that posts does with the load: ``load on``, ``load off``,
    #: ``switching the load off``, ``switching the load on``; empty if that is not known.
    load = Str()
    #: Whether there is a connection, or one is being made.
    connected: bool = declared(Property(Bool(), observe="state"))
    #: Whether the readings are current.
    live: bool = declared(Property(Bool(), observe="state, paused, sample_count"))

    #: Passes calls of the reader and writer threads to the main thread.
    main_thread: MainThread = declared(Instance(MainThread, (), **PRIVATE))
    #: The bench that it is in, if it is in one.
    bench: Any = declared(Instance("wattui.model.bench.Bench", **PRIVATE))
    #: Where its samples are written; None if they are only shown.
    recorded_by: MeterRecording | None = declared(
        Instance("wattui.model.bench_recording.BenchRecording", **PRIVATE)
    )
    #: Creates the connection: ``make_client(url, interval=..., name=...)``.
    make_client: Callable[..., MeterClient] = declared(Function(client_at, **PRIVATE))
    #: Its key in the session: FTDI serial number, or the port.
    key = Str(**PRIVATE)
    #: When the meter was lost, in seconds UTC; NaN while it is not.
    lost_since = Float(math.nan, **PRIVATE)
    #: Colour of its curves where several meters are shown, as ``#rrggbb``, and whether it is
    #: plotted there.
    colour = Str(**PRIVATE)
    plotted = Bool(True, **PRIVATE)
    _inside: _Inside = declared(Instance(_Inside, (), transient=True, **PRIVATE))

    # -- connecting (main thread) ----------------------------------------------

    @in_turn
    def connect(self) -> None:
        """Open the port and start the records; returns immediately.

        :attr:`state` shows the progress, and :attr:`problem` what failed, if anything.
        """
        inside = self._inside
        if inside.stopping is not None:
            self.when_stopped(self.connect)
            return
        if inside.client is not None and self.connected:
            return
        if inside.client is not None:
            inside.unreadable += inside.client.unreadable
        expected = {"expected": inside.identity} if inside.identity else {}
        client = self.make_client(self.url, interval=self.interval, name=self.name, **expected)
        inside.client = client
        client.add_listener(self)
        client.add_state_listener(self._client_changed)
        self.lost_since = math.nan
        self.trait_set(problem="", hint="", state_text="Opening the port")
        self.state = ClientState.OPENING
        client.start()

    @in_turn
    def disconnect(self, done: Callable[[], None] = lambda: None) -> None:
        """Stop the records and close the port; returns immediately, *done* is called later."""
        inside = self._inside
        client, inside.client = inside.client, None
        inside.when_stopped = None
        if client is not None:
            inside.unreadable += client.unreadable
        if client is None:
            if inside.stopping is None:
                self._show_closed()
            done()
            return

        def stopped(closed: bool) -> None:
            inside.stopping = None
            if closed:
                self._show_closed()
            else:
                self._show_stuck()
            done()
            then, inside.when_stopped = inside.when_stopped, None
            if then is not None:
                then()

        inside.stopping = self.main_thread.run(f"disconnect {self.url}", client.stop, stopped)

    def _show_closed(self) -> None:
        self.trait_set(
            state_text="Not connected", problem="", hint="", paused="", lost_since=math.nan, load=""
        )
        self.state = ClientState.CLOSED

    def _show_stuck(self) -> None:
        self.trait_set(
            problem=f"The port {self.url} has not closed yet",
            hint="It does not respond: unplug the meter and plug it in again.",
            lost_since=math.nan,
        )
        self.trait_set(state_text=self.problem, state=ClientState.FAILED)

    @in_turn
    def switch_load(self, *, on: bool) -> None:
        """Switch the load of a .NET that posts on or off, by the answer to its next post.

        :attr:`load` shows when the meter has confirmed it.

        Raises
        ------
        LinkLost
            The meter has no relay that can be switched, or is not connected.
        """
        client = self.client
        if client is None:
            raise LinkLost(f"{self.label} is not connected", "Connect it first.")
        client.switch_relay(open_=not on)

    @property
    def posts(self) -> bool:
        """Whether it posts its records over the network."""
        return is_listen_url(self.url)

    @property
    def stopping(self) -> bool:
        """Whether it is being disconnected: its port is not closed yet."""
        return self._inside.stopping is not None

    def when_stopped(self, call: Callable[[], None]) -> None:
        """Call *call* when it is disconnected, unless it is disconnected again before that."""
        self._inside.when_stopped = call

    def reset_totals(self) -> None:
        """Count from zero: another session begins."""
        with self._inside.lock:
            self._inside.tally = Tally()
        self._inside.unreadable = 0
        self.show_counted()

    @property
    def client(self) -> MeterClient | None:
        """The connection, while there is one."""
        return self._inside.client

    @property
    def unreadable(self) -> int:
        """How many of its packets could not be read during the session."""
        client = self.client
        return self._inside.unreadable + (0 if client is None else client.unreadable)

    def is_known_as(self, key: str) -> bool:
        """Check whether it may be the meter with this key, by which it was known at its port."""
        identity = self._inside.identity
        return bool(identity) and is_same_meter(identity, key)

    @property
    def session_keys(self) -> dict[str, str]:
        """The keys that it has in a session, by the keys that it was connected with."""
        return self._inside.keys

    @observe("url")
    def _is_elsewhere(self, _event: object) -> None:
        self._inside.identity = ""

    @observe("interval")
    def _interval_changed_by_user(self, _event: object) -> None:
        if self.client is not None:
            self.client.set_interval(self.interval)

    # -- what the threads report (any thread) ------------------------------------

    def on_samples(self, info: MeterInfo, samples: Sequence[Sample]) -> None:
        """Write samples into the recording, or show them where there is none.  Reader thread."""
        if self.recorded_by is not None:
            self.recorded_by.record(self, info, samples)
            return
        self.count(samples)
        with self._inside.lock:
            posted, self._inside.count_posted = self._inside.count_posted, True
        if not posted:
            self.main_thread.post(self.show_counted)

    def on_event(self, info: MeterInfo | None, event: Event) -> None:
        """Write an event into the recording, if there is one.  Any thread."""
        if self.recorded_by is not None and info is not None:
            self.recorded_by.record_event(self, info, event)

    def count(self, samples: Sequence[Sample]) -> None:
        """Add samples to the totals, which show_counted() shows.  Any thread."""
        with self._inside.lock:
            self._inside.tally.add(samples)

    def _client_changed(self, _client: MeterClient) -> None:
        """Show that a client has another state.  Called on its reader thread."""
        with self._inside.lock:
            posted, self._inside.state_posted = self._inside.state_posted, True
        if not posted:
            # The state of the present client: an earlier one may report late.
            self.main_thread.post(self._show_state)

    # -- showing (main thread) -----------------------------------------------------

    def show_counted(self) -> None:
        """Show the last sample and the totals."""
        with self._inside.lock:
            self._inside.count_posted = False
            readings, totals = _readings(self._inside.tally.last), _totals(self._inside.tally)
        self.trait_set(**totals, **readings)

    def _show_state(self) -> None:
        with self._inside.lock:
            self._inside.state_posted = False
        client = self.client
        if client is None:
            return
        info: MeterInfo = client.info
        self.trait_set(
            key=info.key if self.recorded_by is None else self.recorded_by.claim(self, info),
            model=info.model,
            firmware=info.firmware,
            serial_number=info.serial_number,
        )
        state, error = client.state, client.error
        if isinstance(error, OtherMeter) and state is ClientState.FAILED:
            if self.bench is not None:
                self.bench.other_meter_answers(self, error)
                return
            self._inside.identity = ""  # another attempt takes the meter that is there
        elif client.expected:
            self._inside.identity = client.expected
        self._follow(client)
        if state is ClientState.LOST and self.state != ClientState.LOST:
            self.lost_since = client.lost_time
        elif state is ClientState.RUNNING:
            self.lost_since = math.nan
        paused, words = client.paused, self._words(state, client.activity, error)
        failing = state in (ClientState.FAILED, ClientState.LOST) and error is not None
        self.trait_set(
            state=state,
            paused=paused,
            state_text=f"Paused: {paused}" if paused else words,
            problem=error.what if error is not None and failing else "",
            hint=error.hint if error is not None and failing else "",
        )

    def _follow(self, client: MeterClient) -> None:
        """Show what a meter that posts reports about itself, and connect others that post too."""
        self.load = relay_text(client.relay_open, client.relay_wanted)
        own = client.reported_interval
        if own is not None and own != self._inside.reported_interval:
            self._inside.reported_interval = self.interval = own
        others = client.others
        if others and self.bench is not None:
            self.bench.connect(others)

    def lost_words(self, form: RunTimes = BY_CLOCK) -> str:
        """Return since when it is lost, and what happens; *form* is how times are shown."""
        if self.posts:
            return f"No post since {form.text(self.lost_since)}"
        return f"Unplugged {form.at(self.lost_since)}, trying again"

    def open_gap(self) -> float:
        """Return the seconds since the last record while the meter is lost or pauses, else NaN."""
        absent = self.state == ClientState.LOST or self.paused
        if not absent or self.client is None:
            return math.nan
        return max(float(self.client.clock.time()) - self.last_time, 0.0)

    def _words(self, state: ClientState, activity: str, error: WattuiError | None) -> str:
        if state is ClientState.OPENING:
            return activity[:1].upper() + activity[1:] if activity else "Opening the port"
        if state is ClientState.RUNNING:
            if self.replay:
                return f"Replaying {self.replay}"
            recorded = self.recorded_by is not None and not self.recorded_by.temporary
            words = "Recording" if recorded else "Live, not recorded"
            return f"{words}, {self.load}" if self.load else words
        if state is ClientState.LOST:
            return self.lost_words()
        if state is ClientState.FAILED:
            return str(error) if error is not None else "The connection failed"
        return "Not connected"

    def show_recorded(self, info: MeterInfo, totals: dict[str, Any]) -> None:
        """Show a meter of an opened session, and its totals."""
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
        """Return a field of the last record in its base unit; NaN if there is none."""
        with self._inside.lock:
            last = self._inside.tally.last
        value = None if last is None or name not in FIELD_INDEX else last[name]
        return math.nan if value is None else value

    def _get_connected(self) -> bool:
        return self.state in (ClientState.OPENING, ClientState.RUNNING, ClientState.LOST)

    def _get_live(self) -> bool:
        running = self.state == ClientState.RUNNING and not self.paused
        return running and self.sample_count > 0

    def _get_replay(self) -> str:
        return replay_of(self.url)

    def _get_label(self) -> str:
        info = MeterInfo(self.key, self.url, self.name, self.model, "", self.serial_number)
        return info.label


def _readings(last: Sample | None) -> dict[str, Any]:
    """Return the traits that show the last record."""
    values = {trait: None if last is None else last[name] for name, trait in READINGS.items()}
    shown = {trait: math.nan if value is None else value for trait, value in values.items()}
    shown["last_time"] = math.nan if last is None else last.time_us / MICROSECONDS
    return shown


def _totals(tally: Tally) -> dict[str, Any]:
    """Return the traits that show the totals."""
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
