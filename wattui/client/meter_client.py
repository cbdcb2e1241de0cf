# SPDX-License-Identifier: GPL-3.0-or-later
"""A meter on a port: connect, record live, send commands, reconnect after unplugging."""

from __future__ import annotations

import atexit
import contextlib
import logging
import threading
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from wattui.client.conversation import Conversation
from wattui.client.discovery import (
    BAUDRATES,
    FoundMeter,
    add_version,
    find_meter,
    first_info,
    is_same_meter,
)
from wattui.client.link import Link
from wattui.client.live import LiveRecording
from wattui.client.reconnect import FindPort, OpenPort, open_unless, where_is
from wattui.client.requests import Requests
from wattui.client.states import ClientState, StateTracker
from wattui.client.watchdog import Timing
from wattui.errors import Cancelled, LinkLost, NoAnswer, OtherMeter, PortUnknown, WattuiError
from wattui.measurement.clock import SYSTEM_CLOCK, Clock
from wattui.measurement.events import Listener, MeterInfo, SampleFunction, as_listener
from wattui.ports.listing import find_port
from wattui.ports.port import open_port
from wattui.protocol import Command, Framer, FramerCounts, Reply, Version, commands

_log = logging.getLogger(__name__)

StateListener = Callable[["MeterClient"], None]

#: Seconds that connecting may take: all speeds, and a meter that restarts.
CONNECTING: Final = 30.0

#: Clients that were started; those still running are stopped when Python exits.
_started: Final[weakref.WeakSet[MeterClient]] = weakref.WeakSet()


class MeterClient:
    """One meter: a reader thread that turns its records into samples for listeners.

    Methods may be called from any thread, unless their description says otherwise.
    Listeners are called on the reader thread.  A client that is still running when Python
    exits is stopped.

    Parameters
    ----------
    url
        Port, as :func:`~wattui.api.open_port` accepts it.
    interval
        Seconds between two records.
    name
        What people call the meter.
    clock
        Clock that stamps the samples; by default the port's own.
    reconnect
        Whether to look for the meter again after it was unplugged.
    live
        Whether the meter sends records.  If not, the client only sends commands.
    expected
        Key of the meter that must answer; empty for any.  After a reconnection it must be the
        same meter in any case: the client fails with ``OtherMeter`` if it is not.
    timing
        Time limits.
    opener, finder
        Replace ``open_port`` and ``find_port`` in tests.

    Raises
    ------
    SettingOutOfRange
        No meter accepts that interval.
    """

    def __init__(
        self,
        url: str,
        *,
        interval: int = 1,
        name: str = "",
        clock: Clock | None = None,
        reconnect: bool = True,
        live: bool = True,
        expected: str = "",
        timing: Timing | None = None,
        opener: OpenPort = open_port,
        finder: FindPort = find_port,
    ) -> None:
        commands.start_external_logging(interval)  # refuses an impossible interval
        self.url = url
        self.reconnect = reconnect
        #: Key of the meter that must answer; empty before any has.
        self.expected = expected
        self.timing = timing or Timing()
        self._clock = clock
        self._opener, self._finder = opener, finder
        self._tracker = StateTracker()
        self._error: WattuiError | None = None
        self._baudrate = 0
        self._framer = Framer()
        info = MeterInfo(url, url, name, interval=interval)
        self._live = LiveRecording(info, self.timing, live=live)
        self._requests = Requests(url, self._live)
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._link: Link | None = None

    # -- what is known ------------------------------------------------------------

    @property
    def state(self) -> ClientState:
        """What the client is doing."""
        return self._tracker.state

    @property
    def trying(self) -> bool:
        """Whether the client is looking for the meter, for the first time or again."""
        return self._tracker.trying

    @property
    def activity(self) -> str:
        """What is being tried, as in ``trying 19200 baud``; empty when nothing is."""
        return self._tracker.activity

    @property
    def paused(self) -> str:
        """Why live recording pauses, as in ``fetching the memory``; empty while it does not."""
        return self._live.pause_reason if self.state is ClientState.RUNNING else ""

    @property
    def error(self) -> WattuiError | None:
        """What went wrong last; None while the meter is connected."""
        return self._error

    @property
    def info(self) -> MeterInfo:
        """What is known about the meter: model, firmware, port, name."""
        return self._live.meter

    @property
    def version(self) -> Version | None:
        """What the meter reported about itself; None before that."""
        return self._live.version

    @property
    def baudrate(self) -> int:
        """Bits per second at which the meter was found; 0 until then."""
        return self._baudrate

    @property
    def counts(self) -> FramerCounts:
        """What has arrived over the wire since the start, and how much of it was dropped."""
        return self._framer.counts

    @property
    def unreadable(self) -> int:
        """How many packets could not be read while live records came."""
        return self._live.unreadable

    @property
    def clock(self) -> Clock:
        """The clock that stamps the samples."""
        return self._clock or SYSTEM_CLOCK

    @property
    def lost_time(self) -> float:
        """Since when it is lost, in seconds UTC, if it is found to be lost now."""
        return self.clock.time()

    @property
    def others(self) -> tuple[str, ...]:
        """Ports of other meters that were found at this port; see ``PostClient``."""
        return ()

    @property
    def reported_interval(self) -> int | None:
        """Seconds between two records, if the meter itself decides; None if wattui does."""
        return None

    @property
    def relay_open(self) -> bool | None:
        """Whether the meter's relay has taken the load off; None if that is not known."""
        return None

    @property
    def relay_wanted(self) -> bool | None:
        """What the relay was told to do and the meter has not confirmed yet; None for nothing."""
        return None

    def switch_relay(self, *, open_: bool) -> None:
        """Switch the load off (open the relay) or on.

        Raises
        ------
        LinkLost
            The meter has no relay that can be switched, or is not connected.
        """
        del open_
        raise LinkLost(
            f"The relay of the meter at {self.url} cannot be switched",
            "Only a .NET that posts its records over the network has one.",
        )

    # -- listeners ----------------------------------------------------------------

    def add_listener(self, listener: Listener | SampleFunction) -> None:
        """Call a listener with all samples and events from now on, on the reader thread.

        A function ``f(meter_info, samples)`` is a listener, too; it gets no events.
        """
        self._live.add_listener(as_listener(listener))

    def remove_listener(self, listener: Listener | SampleFunction) -> None:
        """Stop calling a listener; nothing happens if it was not added."""
        self._live.remove_listener(as_listener(listener))

    def add_state_listener(self, listener: StateListener) -> None:
        """Call *listener(client)* after each change of state, activity or pause."""
        self._tracker.add_listener(lambda: listener(self))

    # -- starting and stopping ----------------------------------------------------

    def start(self) -> None:
        """Connect in the background; does nothing if the client is already running."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._stop.clear()
        self._error = None
        # At exit Python waits for other threads before it calls `_stop_all`, but not for daemons.
        self._thread = threading.Thread(
            target=self._run, name=f"wattui reader {self.url}", daemon=True
        )
        _started.add(self)
        self._tracker.enter(ClientState.OPENING)
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> bool:
        """Disconnect, and wait *timeout* seconds at most; return whether the port is closed."""
        self.begin_stop()
        thread = self._thread
        if thread is threading.current_thread():
            return True
        if thread is not None:
            thread.join(timeout)
            if thread.is_alive():
                _log.warning("%s: the reader has not ended within %g s", self.url, timeout)
                return False
        self._tracker.enter(ClientState.CLOSED)
        return True

    def begin_stop(self) -> None:
        """Disconnect without waiting for it; :meth:`stop` waits."""
        self._stop.set()
        link = self._link
        if link is not None:
            link.port.cancel_read()

    def wait_running(
        self, timeout: float = 10.0, cancelled: Callable[[], bool] = lambda: False
    ) -> None:
        """Wait until the meter answers.  Do not call it on the reader thread.

        Errors do not end it as long as the client tries again.

        Parameters
        ----------
        timeout
            Seconds to wait at most.
        cancelled
            Called ten times per second to check whether to end.

        Raises
        ------
        WattuiError
            The client failed, with this error.
        Cancelled
            The client was stopped, or *cancelled* returned true.
        NoAnswer
            The client is still trying after *timeout* seconds.
        """
        state = self._tracker.wait_settled(timeout, cancelled)
        stopping = self._stop.is_set()
        if state is ClientState.RUNNING and not stopping:
            return
        if state is ClientState.CLOSED or stopping:
            raise Cancelled(f"{self.url} was disconnected")
        if cancelled():
            raise Cancelled("Cancelled before the meter answered")
        raise self._error or NoAnswer(
            f"The meter at {self.url} has not answered within {timeout:g} s", "Check the meter."
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # -- commands -----------------------------------------------------------------

    def set_interval(self, seconds: int) -> None:
        """Set the seconds between two live records; the memory stays as it is.

        Raises
        ------
        SettingOutOfRange
            No meter accepts that interval.
        """
        commands.start_external_logging(seconds)  # refuses an impossible interval
        self._live.wanted_interval = seconds
        link = self._link
        if link is not None:
            link.port.cancel_read()

    def stop_live(self) -> None:
        """Stop live recording for good; from then on the client only sends commands.

        Internal logging, for example, must not be disturbed by external logging.

        Raises
        ------
        LinkLost
            The meter is not connected.
        """
        self._requests.on_reader(self._live.leave)

    def request(
        self, command: Command, timeout: float = 2.0, *, consent: bool = False
    ) -> Reply | None:
        """Send a command and return its answer, while records continue to come.

        Do not call it on the reader thread.  A command that has no answer in the protocol
        returns None as soon as it is sent.

        Raises
        ------
        NoAnswer
            Nothing came within *timeout* seconds, or another thread is talking to the meter.
        UnexpectedReply
            The meter does not know the command, or its answer makes no sense.
        LinkLost
            The meter is not connected, or was unplugged in the meantime.
        WouldEraseMemory
            The command erases the memory, and *consent* is not given.  Nothing was sent.
        """
        return self._requests.request(command, timeout, consent=consent)

    def conversation(
        self, *, pause: str = "", timeout: float = 2.0
    ) -> AbstractContextManager[Conversation]:
        """Talk with the meter exclusively: all of its replies go to the conversation.

        Do not call it on the reader thread.  If *pause* gives a reason, as in ``fetching the
        memory``, live recording pauses until the conversation ends (events ``PAUSED`` and
        ``RESUMED``).  The conversation outlives a lost link: it raises LinkLost, and its thread
        may call :meth:`wait_running` and start again.

        Raises
        ------
        LinkLost
            The meter is not connected.
        NoAnswer
            Another thread is talking to the meter for longer than *timeout* seconds.
        """
        return self._requests.conversation(pause=pause, timeout=timeout)

    # -- the reader thread --------------------------------------------------------

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - the state must show every failure
            _log.exception("%s: the reader failed", self.url)
            self._fail(WattuiError(f"Internal error at {self.url}: {error}", "Please report this."))
        finally:
            self._live.ended()
            if self._tracker.state is not ClientState.FAILED:
                self._tracker.enter(ClientState.CLOSED)

    def _work(self) -> None:
        delays = self.timing.delays()
        while not self._stop.is_set():
            try:
                with contextlib.closing(self._open()) as link:
                    found = self._find(link)
                    delays = self.timing.delays()
                    self._serve(link, found)
            except Cancelled:
                return
            except WattuiError as error:
                again = self._keep_trying(error)
                self._requests.close()  # after the state has changed to LOST
                if not again:
                    return
                delay = next(delays)
                self._tracker.show_activity(f"trying again in {delay:g} s")
                self._stop.wait(delay)
            finally:
                self._link = None
                self._requests.close()

    def _keep_trying(self, error: WattuiError) -> bool:
        """Record that a try failed; return whether to try again."""
        if self._tracker.state is ClientState.RUNNING:
            self._lost(error)
        hopeless = isinstance(error, PortUnknown | OtherMeter)
        never = hopeless or self._tracker.state is ClientState.OPENING
        if never or not self.reconnect:
            self._fail(error)
            return False
        self._error = error
        return True

    def _open(self) -> Link:
        self._tracker.show_activity("opening the port")
        url = where_is(self.info, self._finder)
        link = Link(open_unless(self._stop, url, self._opener), self._framer, self._clock)
        # A simulated meter's clock must not step at a reconnection: use the first one.
        live = self._live
        self._clock = live.clock = link.clock
        self._link = link
        known = self.info
        if self._tracker.state is ClientState.OPENING:
            known = first_info(link.port, known.name, known.interval)
        live.meter = replace(known, port=url)
        return link

    def _find(self, link: Link) -> FoundMeter:
        known = (self._baudrate,) if self._baudrate else ()
        others = tuple(speed for speed in BAUDRATES if speed not in known)
        found = find_meter(
            link,
            baudrates=known + others,
            answer_time=self.timing.answer,
            stopped=self._stop.is_set,
            activity=self._tracker.show_activity,
        )
        key = self._key_of(found)
        if not is_same_meter(key, self.expected or key):
            # A single answer may have been garbled.
            found = self._find_again(link, found)
            key = self._key_of(found)
            if not is_same_meter(key, self.expected):
                raise self._other_meter(key)
        self._baudrate = found.baudrate
        self.expected = max(key, self.expected, key=len)
        first = self._tracker.state is ClientState.OPENING
        self._live.identified(found.version, key if first else "")
        return found

    def _find_again(self, link: Link, before: FoundMeter) -> FoundMeter:
        return find_meter(
            link,
            baudrates=(before.baudrate,),
            answer_time=self.timing.answer,
            stopped=self._stop.is_set,
        )

    def _key_of(self, found: FoundMeter) -> str:
        """Return the key that the meter which was found has at its port."""
        known = self.info
        own = known if known.serial_number else replace(known, key=known.port)
        return add_version(own, found.version, found.mac).key

    def _other_meter(self, key: str) -> OtherMeter:
        """Return the error for a meter that is not the expected one."""
        port = self.info.port
        now, before = (one.removeprefix(port).strip() for one in (key, self.expected))
        what = f"Another meter answers at {port}: {now} instead of {before}"
        return OtherMeter(what, "Connect again to record it as a meter of its own.", key)

    def _serve(self, link: Link, found: FoundMeter) -> None:
        """Process what comes until the link is lost or the client is stopped."""
        live = self._live
        self._error = None
        live.begin(link, found.backlog, again=self._tracker.state is ClientState.LOST)
        self._requests.open(link)
        self._tracker.enter(ClientState.RUNNING)
        try:
            while not self._stop.is_set():
                arrival = link.receive()
                if arrival is not None:
                    self._requests.dispatch(arrival.replies)
                    live.take(link, arrival)
                self._requests.act(link)
                live.check(link, busy=self._requests.busy)
                self._tracker.show_pause(live.pause_reason)
            live.finish(link, busy=self._requests.busy)
        except LinkLost as error:
            if not self._stop.is_set():
                raise
            _log.debug("%s: lost while stopping: %s", self.url, error)

    # -- states -------------------------------------------------------------------

    def _lost(self, error: WattuiError) -> None:
        self._error = error
        self._live.lost(str(error.what))
        self._tracker.enter(ClientState.LOST)

    def _fail(self, error: WattuiError) -> None:
        self._error = error
        self._tracker.enter(ClientState.FAILED)


@atexit.register
def _stop_all() -> None:
    """Stop the clients that still run, so that their meters stop sending."""
    clients = list(_started)
    for client in clients:
        client.begin_stop()
    for client in clients:
        client.stop()
