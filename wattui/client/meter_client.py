# SPDX-License-Identifier: GPL-3.0-or-later
"""A meter on a port: connected, recorded live, asked, found again after unplugging."""

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

from wattui.client.announcing import Announcer
from wattui.client.asking import Asking
from wattui.client.conversation import Conversation
from wattui.client.discovery import BAUDRATES, Found, find_meter, first_info, meter_info
from wattui.client.link import Link
from wattui.client.live import Live
from wattui.client.reconnect import FindPort, OpenPort, open_unless, where_is
from wattui.client.states import ClientState, Course
from wattui.client.watchdog import Timing
from wattui.errors import Cancelled, LinkLost, NoAnswer, PortUnknown, WattuiError
from wattui.measurement.clock import SYSTEM_CLOCK, Clock
from wattui.measurement.events import Listener, MeterInfo, SampleFunction, as_listener
from wattui.ports.port import find_port, open_port
from wattui.protocol import Command, Framer, FramerCounts, Reply, Version, commands

_log = logging.getLogger(__name__)

#: Seconds that the reader thread may take to send something.
_SENDING: Final = 2.0

StateListener = Callable[["MeterClient"], None]

#: Clients that were started; those that still run are stopped when Python exits.
_started: Final[weakref.WeakSet[MeterClient]] = weakref.WeakSet()


class MeterClient:
    """One meter: a reader thread that turns its records into samples for listeners.

    Unless said otherwise, methods may be called from any thread.  Listeners are
    called on the reader thread.  A client that nobody stopped is stopped when Python exits.

    Parameters
    ----------
    url
        Port, as :func:`wattui.ports.port.open_port` takes it.
    interval
        Seconds between two records.
    name
        What people call the meter.
    clock
        Stamps the samples; by default the port's own.
    reconnect
        Whether to look for the meter again after it was unplugged.
    live
        Whether to have it send records.  Without, it is only there to be asked.
    timing
        How long to wait for what.
    opener, finder
        Stand in for ``open_port`` and ``find_port`` in tests.
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
        timing: Timing | None = None,
        opener: OpenPort = open_port,
        finder: FindPort = find_port,
    ) -> None:
        commands.start_external_logging(interval)  # refuses an impossible interval
        self.url = url
        self.reconnect = reconnect
        self.timing = timing or Timing()
        self._clock = clock
        self._opener, self._finder = opener, finder
        self._course = Course(lambda: self._announcer.state())
        self._announcer = Announcer(MeterInfo(url, url, name, interval=interval))
        self._error: WattuiError | None = None
        self._version: Version | None = None
        self._baudrate = 0
        self._framer = Framer()
        self._live = Live(self, self._announcer, live=live)
        self._asking = Asking(url, self._live)
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._link: Link | None = None

    # -- what is known ------------------------------------------------------------

    @property
    def state(self) -> ClientState:
        """What it is doing."""
        return self._course.state

    @property
    def trying(self) -> bool:
        """Whether it looks for the meter, for the first time or again."""
        return self._course.trying

    @property
    def activity(self) -> str:
        """What is being tried, as in ``asking at 19200 baud``; empty when nothing is."""
        return self._course.activity

    @property
    def error(self) -> WattuiError | None:
        """What went wrong last; None while it runs."""
        return self._error

    @property
    def info(self) -> MeterInfo:
        """Who the meter is, as far as it is known."""
        return self._announcer.meter

    @property
    def version(self) -> Version | None:
        """What the meter said of itself; None where it did not."""
        return self._version

    @property
    def baudrate(self) -> int:
        """The speed at which the meter was found; 0 before."""
        return self._baudrate

    @property
    def counts(self) -> FramerCounts:
        """What came over the wire, and what was dropped of it, since the start."""
        return self._framer.counts

    @property
    def clock(self) -> Clock:
        """The clock that stamps the samples."""
        return self._clock or SYSTEM_CLOCK

    # -- listeners ----------------------------------------------------------------

    def add_listener(self, listener: Listener | SampleFunction) -> None:
        """Call a listener with all samples and events from now on, on the reader thread.

        A function ``f(meter_info, samples)`` is a listener, too; it gets no events.
        """
        self._announcer.add(as_listener(listener))

    def remove_listener(self, listener: Listener | SampleFunction) -> None:
        """Stop calling a listener; it does no harm if it was not added."""
        self._announcer.remove(as_listener(listener))

    def add_state_listener(self, listener: StateListener) -> None:
        """Have *listener(client)* called after each change of state or activity."""
        self._announcer.add_state(lambda: listener(self))

    # -- starting and stopping ----------------------------------------------------

    def start(self) -> None:
        """Connect, in the background; a client that runs already is left alone."""
        if self._thread is not None and self._thread.is_alive():
            return
        self._stop.clear()
        self._error = None
        # Python waits at its exit for threads that are no daemons before it calls `_stop_all`.
        self._thread = threading.Thread(
            target=self._run, name=f"wattui reader {self.url}", daemon=True
        )
        _started.add(self)
        self._course.to(ClientState.OPENING)
        self._thread.start()

    def stop(self, timeout: float = 1.0) -> None:
        """Disconnect, at any moment; waits until the port is closed, *timeout* seconds at most."""
        self.begin_stop()
        thread = self._thread
        if thread is threading.current_thread():
            return
        if thread is not None:
            thread.join(timeout)
            if thread.is_alive():
                _log.warning("%s: the reader has not ended within %g s", self.url, timeout)
                return
        self._course.to(ClientState.CLOSED)

    def begin_stop(self) -> None:
        """Disconnect without waiting for it; :meth:`stop` waits."""
        self._stop.set()
        link = self._link
        if link is not None:
            link.port.cancel_read()

    def wait_running(self, timeout: float = 10.0) -> None:
        """Wait until the meter answers; not for the reader thread.

        Raises
        ------
        WattuiError
            What it failed with.
        Cancelled
            It was stopped.
        NoAnswer
            It is still trying after *timeout* seconds.
        """
        state = self._course.settle(timeout)
        if state is ClientState.RUNNING:
            return
        if state is ClientState.CLOSED:
            raise Cancelled(f"{self.url} was disconnected")
        raise self._error or NoAnswer(
            f"{self.url} has not answered within {timeout:g} s", "Look at the meter."
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

    # -- asking -------------------------------------------------------------------

    def set_interval(self, seconds: int) -> None:
        """Have a record sent every *seconds* from now on; the memory stays as it is.

        Raises
        ------
        SettingOutOfRange
            No meter takes that interval.
        """
        commands.start_external_logging(seconds)  # refuses an impossible interval
        self._live.wanted_interval = seconds
        link = self._link
        if link is not None:
            link.port.cancel_read()

    def stop_live(self) -> None:
        """Have the meter send no more records, for good; it is only there to be asked then.

        For what must not be disturbed by external logging, as internal logging is.

        Raises
        ------
        LinkLost
            The meter is not connected.
        """
        self._asking.on_reader(self._live.leave, _SENDING)

    def request(
        self, command: Command, timeout: float = 2.0, *, consent: bool = False
    ) -> Reply | None:
        """Send a command and give its answer, while records stream on.

        Not for the reader thread.  A command without an answer in the protocol gives
        None as soon as it is sent.

        Raises
        ------
        NoAnswer
            Nothing came within *timeout* seconds, or somebody else talks to the meter.
        UnexpectedReply
            The meter does not know the command, or its answer makes no sense.
        LinkLost
            The meter is not connected, or was unplugged meanwhile.
        WouldEraseMemory
            The command erases the memory, and *consent* is not given.  Nothing was sent.
        """
        return self._asking.request(command, timeout, consent=consent)

    def conversation(
        self, *, pause: bool = True, timeout: float = 2.0
    ) -> AbstractContextManager[Conversation]:
        """Talk with the meter alone: all of its replies go to the conversation.

        Not for the reader thread.  Live records pause, unless *pause* says otherwise,
        with events ``PAUSED`` and ``RESUMED``, and go on afterwards.  The conversation
        outlives a lost link: it is told so, and may wait with :meth:`wait_running` and
        begin anew.

        Raises
        ------
        LinkLost
            The meter is not connected.
        NoAnswer
            Somebody else talks to it for longer than *timeout* seconds.
        """
        return self._asking.conversation(pause=pause, timeout=timeout)

    # -- the reader thread --------------------------------------------------------

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - whatever it was, the state must say so
            _log.exception("%s: the reader failed", self.url)
            self._fail(WattuiError(f"wattui failed on {self.url}: {error}", "Report this."))
        finally:
            self._live.ended()
            if self._course.state is not ClientState.FAILED:
                self._course.to(ClientState.CLOSED)

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
                self._asking.close()  # the state says first that it is lost
                if not again:
                    return
                delay = next(delays)
                self._course.say(f"trying again in {delay:g} s")
                self._stop.wait(delay)
            finally:
                self._link = None
                self._asking.close()

    def _keep_trying(self, error: WattuiError) -> bool:
        """Take note that a try failed; tell whether to try again."""
        if self._course.state is ClientState.RUNNING:
            self._lost(error)
        never = self._course.state is ClientState.OPENING or isinstance(error, PortUnknown)
        if never or not self.reconnect:
            self._fail(error)
            return False
        self._error = error
        return True

    def _open(self) -> Link:
        self._course.say("opening the port")
        url = where_is(self.info, self._finder)
        link = Link(open_unless(self._stop, url, self._opener), self._framer, self._clock)
        # A simulated meter's clock goes on through a reconnection: it must not step.
        self._clock = link.clock
        self._link = link
        known = self.info
        if self._course.state is ClientState.OPENING:
            known = first_info(link.port, known.name, known.interval)
        self._announcer.meter = replace(known, port=url)
        return link

    def _find(self, link: Link) -> Found:
        known = (self._baudrate,) if self._baudrate else ()
        others = tuple(speed for speed in BAUDRATES if speed not in known)
        found = find_meter(
            link,
            baudrates=known + others,
            answer_time=self.timing.answer,
            stopped=self._stop.is_set,
            activity=self._course.say,
        )
        self._baudrate = found.baudrate
        self.identified(found.version)
        return found

    def identified(self, version: Version | None) -> None:
        """Take note of what the meter says of itself; for the reader thread."""
        if version is not None:
            self._version = version
            self._announcer.meter = meter_info(self.info, version)

    def _serve(self, link: Link, found: Found) -> None:
        """Take what comes until the link is lost or the client is stopped."""
        live = self._live
        self._error = None
        live.begin(link, found.backlog, again=self._course.state is ClientState.LOST)
        self._asking.open(link)
        self._course.to(ClientState.RUNNING)
        try:
            while not self._stop.is_set():
                arrival = link.receive()
                if arrival is not None:
                    self._asking.dispatch(arrival.replies)
                    live.take(link, arrival)
                self._asking.act(link)
                live.check(link, busy=self._asking.busy)
            live.finish(link, busy=self._asking.busy)
        except LinkLost as error:
            if not self._stop.is_set():
                raise
            _log.debug("%s: lost while stopping: %s", self.url, error)

    # -- states -------------------------------------------------------------------

    def _lost(self, error: WattuiError) -> None:
        self._error = error
        self._live.lost(str(error.what))
        self._course.to(ClientState.LOST)

    def _fail(self, error: WattuiError) -> None:
        self._error = error
        self._course.to(ClientState.FAILED)


@atexit.register
def _stop_all() -> None:
    """Stop the clients that still run, so that their meters stop sending."""
    clients = list(_started)
    for client in clients:
        client.begin_stop()
    for client in clients:
        client.stop()
