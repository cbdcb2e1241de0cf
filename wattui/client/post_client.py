# SPDX-License-Identifier: GPL-3.0-or-later
"""A .NET that posts its records over the network: a client without a serial port."""

from __future__ import annotations

import queue
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any, Final, NoReturn

from wattui.client.conversation import Conversation
from wattui.client.meter_client import MeterClient
from wattui.client.post_listener import PostArrival, PostListener, PostSeat, seat_at
from wattui.client.states import ClientState
from wattui.errors import LinkLost, NoAnswer, WattuiError
from wattui.measurement.events import EventKind
from wattui.measurement.text import count_text, duration_text
from wattui.ports.listen_url import ListenUrl, is_listen_url, parse_listen_url
from wattui.protocol import Command, commands
from wattui.protocol.models import find_model
from wattui.protocol.posts import PostedRecord

#: The model that posts.
_MODEL: Final = find_model("net").title

#: Seconds between two looks whether to stop, and intervals without a post that count as silence.
_LOOK: Final = 0.1
_INTERVALS: Final = 3


def client_at(url: str, **options: Any) -> MeterClient:
    """Return the client of the meter at a port, whichever way its records come.

    *options* are those of :class:`MeterClient`.
    """
    return (PostClient if is_listen_url(url) else MeterClient)(url, **options)


class PostClient(MeterClient):
    """A meter that posts its records to a ``listen://`` URL.

    Without a serial number in the URL it is the first meter that posts and has no client yet;
    :attr:`others` are the further ones.  The interval is the meter's own.
    """

    def __init__(self, url: str, *, expected: str = "", **options: Any) -> None:
        super().__init__(url, expected=expected, **options)
        # The key is made of the model and the serial number.
        self._serial_number = expected.removeprefix(_MODEL).strip()
        self._listener: PostListener | None = None
        self._seat: PostSeat | None = None
        self._interval: int | None = None
        self._relay_open: bool | None = None
        self._last: PostArrival | None = None
        self._refused = 0
        # Texts of events, from any thread.
        self._notes: queue.SimpleQueue[str] = queue.SimpleQueue()

    # -- what is known ------------------------------------------------------------

    @property
    def others(self) -> tuple[str, ...]:
        """Ports of meters that post to the same address and have no client yet."""
        listener = self._listener
        return () if listener is None else listener.others()

    @property
    def lost_time(self) -> float:
        """When its last post came, in seconds UTC."""
        return self.clock.time() if self._last is None else self._last.wall

    @property
    def reported_interval(self) -> int | None:
        """Seconds between two posts, as the meter reports them."""
        return self._interval

    @property
    def unreadable(self) -> int:
        """How many posts to its address were refused; counted for one client of several."""
        return self._refused

    @property
    def relay_open(self) -> bool | None:
        """Whether the relay has taken the load off; None while that is not known."""
        return self._relay_open

    @property
    def relay_wanted(self) -> bool | None:
        """What the relay was told to do and the meter has not confirmed yet; None for nothing."""
        listener, seat = self._listener, self._seat
        if listener is None or seat is None:
            return None
        with listener.steering(seat) as sender:
            return None if sender is None else sender.relay_wanted

    # -- steering -----------------------------------------------------------------

    def switch_relay(self, *, open_: bool) -> None:
        """Switch the load off or on, by the answer to the next post.

        Raises
        ------
        LinkLost
            The meter has not posted yet.
        """
        listener, seat = self._listener, self._seat
        if listener is None or seat is None or self._relay_open is None:
            raise LinkLost(
                f"The meter at {self.url} has not reported its relay yet",
                "Wait until it posts.",
            )
        with listener.steering(seat) as sender:
            if sender is not None:
                sender.relay_wanted = None if sender.relay_open is open_ else open_
        self._notes.put(f"Switching the load {'off' if open_ else 'on'} was requested")
        self._tracker.notify()

    def set_interval(self, seconds: int) -> None:
        """Change the seconds between two posts, by the answer to the next one.

        Raises
        ------
        SettingOutOfRange
            No meter accepts that interval.
        """
        commands.start_external_logging(seconds)  # refuses an impossible interval
        listener, seat = self._listener, self._seat
        if listener is not None and seat is not None:
            with listener.steering(seat) as sender:
                if sender is not None:
                    sender.interval_wanted = None if seconds == self._interval else seconds

    def begin_stop(self) -> None:
        """Disconnect without waiting for it."""
        super().begin_stop()
        listener = self._listener
        if listener is not None:
            listener.wake()

    def stop_live(self) -> None:
        """Refuse: it takes no commands."""
        self._refuse()

    def request(self, command: Command, timeout: float = 2.0, *, consent: bool = False) -> NoReturn:
        """Refuse: it takes no commands."""
        del command, timeout, consent
        self._refuse()

    def conversation(
        self, *, pause: str = "", timeout: float = 2.0
    ) -> AbstractContextManager[Conversation]:
        """Refuse: it takes no commands."""
        del pause, timeout
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise NoAnswer(
            f"The meter at {self.url} posts its records and takes no commands",
            "Connect it by USB for its memory and its settings.",
        )

    # -- the reader thread ----------------------------------------------------------

    def _work(self) -> None:
        try:
            where = parse_listen_url(self.url)
            serial_number = where.serial_number or self._serial_number
            place = seat_at(where, serial_number, self._tracker.notify, self.clock)
            self._live.clock = self.clock
            with place as (listener, seat):
                self._listener, self._seat = listener, seat
                while not self._stop.is_set():
                    arrival = listener.receive(seat, _LOOK)
                    self._refused = listener.refused(seat)
                    while not self._notes.empty():
                        self._live.happened(EventKind.NOTE, self._notes.get())
                    if arrival is not None:
                        self._take(where, arrival)
                    elif self._stop.is_set():
                        break
                    elif self._last is None:
                        self._show_waiting(where, listener)
                    else:
                        self._check_silence(self._last)
        except WattuiError as error:
            self._fail(error)
        finally:
            self._listener = self._seat = None

    def _show_waiting(self, where: ListenUrl, listener: PostListener) -> None:
        text = f"waiting for posts to {where.host}, port {where.port}"
        if self._refused:
            last = listener.server.last_refusal
            text += f"; {count_text(self._refused, 'post')} refused, the last {last}"
        if text != self._tracker.activity:
            self._tracker.show_activity(text)

    def _take(self, where: ListenUrl, arrival: PostArrival) -> None:
        live, record = self._live, arrival.record
        before, self._last = self._last, arrival
        if before is None:
            self._identify(where, record)
        self._follow_interval(record, first=before is None)
        state = self._tracker.state
        if state is not ClientState.RUNNING:
            again = state is ClientState.LOST
            live.announce(round(live.meter.interval), f"at {live.meter.port}" if again else "")
        self._follow_relay(record)
        live.take_records([record.values], arrival.wall, arrival.monotonic)
        self._error = None
        self._tracker.enter(ClientState.RUNNING)

    def _identify(self, where: ListenUrl, record: PostedRecord) -> None:
        self._serial_number = record.serial_number
        self.expected = f"{_MODEL} {record.serial_number}"
        self._live.meter = replace(
            self._live.meter,
            key=self.expected,
            port=str(replace(where, serial_number=record.serial_number)),
            model=_MODEL,
            serial_number=record.serial_number,
        )

    def _follow_interval(self, record: PostedRecord, *, first: bool) -> None:
        seconds = record.interval
        if seconds is None or seconds == self._interval:
            return
        self._interval = seconds
        self._live.meter = replace(self._live.meter, interval=seconds)
        self._live.sampler.set_interval(seconds)
        if not first:
            text = f"The meter posts every {seconds} s from now on"
            self._live.happened(EventKind.NOTE, text)
            self._tracker.notify()

    def _follow_relay(self, record: PostedRecord) -> None:
        before, self._relay_open = self._relay_open, record.relay_open
        if before is record.relay_open:
            return
        if record.relay_open is not None and (before is not None or record.relay_open):
            words = "open: the load is off" if record.relay_open else "closed: the load is on"
            self._live.happened(EventKind.NOTE, f"The relay is {words}")
        self._tracker.notify()

    def _check_silence(self, last: PostArrival) -> None:
        silent = self.clock.monotonic() - last.monotonic
        patience = max(self.timing.silence, _INTERVALS * self._live.meter.interval)
        if silent > patience and self._tracker.state is ClientState.RUNNING:
            self._lost(
                LinkLost(
                    f"{self.info.label} has not posted for {duration_text(silent)}",
                    "Check that it has mains power and reaches this computer.",
                )
            )
