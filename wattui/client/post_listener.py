# SPDX-License-Identifier: GPL-3.0-or-later
"""The meters that post to one address, and who records each of them.

A meter sends no time and never sends a record again, so its post is answered at once: to wait
for the disk would gain nothing, and could make it give up.
"""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from wattui.errors import PortBusy
from wattui.measurement.clock import SYSTEM_CLOCK, Clock
from wattui.ports.listen_url import ListenUrl
from wattui.ports.post_server import PostServer, Refused
from wattui.protocol.posts import PostAnswer, PostedRecord, parse_post

#: The most meters at one address, and the most posts of one that wait for its reader.
MOST_METERS: Final = 64
_MOST_WAITING: Final = 600

#: The same record again within this part of an interval is a repetition of the same post.
_REPETITION: Final = 0.5


@dataclass(frozen=True, slots=True)
class PostArrival:
    """A post, and both clocks at its arrival, in seconds."""

    record: PostedRecord
    wall: float
    monotonic: float


@dataclass(eq=False)
class PostingMeter:
    """The posts of one meter, and what it is told in the answers."""

    serial_number: str
    #: Whether somebody reads them, and whether somebody did and no longer does.
    taken: bool = False
    left: bool = False
    waiting: deque[PostArrival] = field(default_factory=lambda: deque(maxlen=_MOST_WAITING))
    #: Whether the relay has taken the load off, as the meter reports it; None if it does not.
    relay_open: bool | None = None
    #: What the relay is to do, and the seconds between two posts, until the meter reports so.
    relay_wanted: bool | None = None
    interval_wanted: int | None = None
    _last: PostArrival | None = None

    def put(self, arrival: PostArrival) -> str:
        """Take a post; return its answer."""
        record = arrival.record
        self.relay_open = record.relay_open
        if self.relay_open is self.relay_wanted:
            self.relay_wanted = None
        if record.interval == self.interval_wanted:
            self.interval_wanted = None
        if not self.left and not self._repeats(arrival):
            self.waiting.append(arrival)
            self._last = arrival
        # The relay is told to stay as it is, unless another state is wanted.
        relay = self.relay_open if self.relay_wanted is None else self.relay_wanted
        return "" if relay is None else PostAnswer(relay, self.interval_wanted).encode()

    def _repeats(self, arrival: PostArrival) -> bool:
        last = self._last
        if last is None or last.record != arrival.record:
            return False
        return arrival.monotonic - last.monotonic < _REPETITION * (arrival.record.interval or 1)


@dataclass(eq=False)
class PostSeat:
    """The place of one client at a listener."""

    #: Called when another meter posts that nobody reads.
    notify: Callable[[], None]
    #: Its meter; None until one posts.
    sender: PostingMeter | None = None


class PostListener:
    """Receives the posts at one address for several clients.  For any thread.

    Raises
    ------
    PortError
        It cannot listen there.
    """

    def __init__(self, where: ListenUrl, clock: Clock) -> None:
        self.where = replace(where, serial_number="")
        self._clock = clock
        self._changed = threading.Condition()
        self._senders: dict[str, PostingMeter] = {}
        self._seats: list[PostSeat] = []
        # Whether every meter that posts is wanted.
        self._open = False
        self.server = PostServer(where, self._take)

    # -- clients -----------------------------------------------------------------

    def join(self, serial_number: str, where: ListenUrl, notify: Callable[[], None]) -> PostSeat:
        """Return a place for a client; without a serial number it gets a meter that is free.

        Raises
        ------
        PortBusy
            Another client has that meter, or posts are received from elsewhere only.
        """
        seat = PostSeat(notify)
        with self._changed:
            if where.allowed != self.where.allowed:
                raise PortBusy(
                    f"Posts to port {where.port} are already received, but from "
                    f"{', '.join(map(str, self.where.allowed))}",
                    "Disconnect the other meters first, or allow the same networks.",
                )
            self._open |= not where.serial_number
            if serial_number:
                sender = self._senders.setdefault(
                    serial_number, self._new_sender(serial_number, where)
                )
                if sender.taken:
                    raise PortBusy(
                        f"The meter {serial_number} is already connected",
                        "Disconnect the other meter first.",
                    )
                self._give(seat, sender)
            else:
                free = [one for one in self._senders.values() if not one.taken and not one.left]
                if free:
                    self._give(seat, free[0])
            self._seats.append(seat)
        return seat

    def leave(self, seat: PostSeat) -> int:
        """Give up a place; return how many are left."""
        with self._changed:
            self._seats.remove(seat)
            if seat.sender is not None:
                seat.sender.taken, seat.sender.left = False, True
                seat.sender.waiting.clear()
            return len(self._seats)

    def receive(self, seat: PostSeat, timeout: float) -> PostArrival | None:
        """Return the next post of a client's meter; None if there is none in *timeout* seconds."""
        with self._changed:
            self._changed.wait_for(lambda: seat.sender is not None and seat.sender.waiting, timeout)
            sender = seat.sender
            return sender.waiting.popleft() if sender is not None and sender.waiting else None

    def wake(self) -> None:
        """End the waits of all clients early."""
        with self._changed:
            self._changed.notify_all()

    def refused(self, seat: PostSeat) -> int:
        """Return how many posts were refused, for the first client; 0 for the others."""
        with self._changed:
            return self.server.refused.total() if seat is self._seats[0] else 0

    def others(self) -> tuple[str, ...]:
        """Return the ports of meters that post and that nobody reads yet."""
        with self._changed:
            return tuple(
                str(replace(self.where, serial_number=sender.serial_number))
                for sender in self._senders.values()
                if sender.waiting and not sender.taken and not sender.left
            )

    @contextlib.contextmanager
    def steering(self, seat: PostSeat) -> Iterator[PostingMeter | None]:
        """Lend what a client's meter gets as answers, for changes."""
        with self._changed:
            yield seat.sender

    # -- the server's thread -------------------------------------------------------

    def _take(self, body: bytes) -> str:
        record = parse_post(body)
        arrival = PostArrival(record, self._clock.time(), self._clock.monotonic())
        with self._changed:
            sender = self._sender_of(record.serial_number)
            answer = sender.put(arrival)
            self._changed.notify_all()
            found = not sender.taken and not sender.left
            seats = list(self._seats) if found else []
        for seat in seats:
            seat.notify()
        return answer

    def _sender_of(self, serial_number: str) -> PostingMeter:
        sender = self._senders.get(serial_number)
        if sender is not None:
            return sender
        if not self._open:
            raise Refused(403, "nobody records this meter")
        if len(self._senders) >= MOST_METERS:
            raise Refused(503, f"more than {MOST_METERS} meters")
        sender = self._senders[serial_number] = self._new_sender(serial_number, self.where)
        free = next((seat for seat in self._seats if seat.sender is None), None)
        if free is not None:
            self._give(free, sender)
        return sender

    def _new_sender(self, serial_number: str, where: ListenUrl) -> PostingMeter:
        return PostingMeter(serial_number, interval_wanted=where.interval)

    def _give(self, seat: PostSeat, sender: PostingMeter) -> None:
        sender.taken, sender.left = True, False
        seat.sender = sender


# -- those of this process ---------------------------------------------------------------------

_listeners: Final[dict[tuple[str, int], PostListener]] = {}
_lock: Final = threading.Lock()


@contextlib.contextmanager
def seat_at(
    where: ListenUrl, serial_number: str, notify: Callable[[], None], clock: Clock = SYSTEM_CLOCK
) -> Iterator[tuple[PostListener, PostSeat]]:
    """Enter a client at a listener, which runs as long as it has any.

    Raises
    ------
    PortError
        It cannot listen there, or another client has that meter.
    """
    with _lock:
        listener = _listeners.get(where.place)
        if listener is None:
            listener = _listeners[where.place] = PostListener(where, clock)
        seat = listener.join(serial_number, where, notify)
    try:
        yield listener, seat
    finally:
        with _lock:
            if not listener.leave(seat):
                del _listeners[where.place]
                listener.server.close()
