# SPDX-License-Identifier: GPL-3.0-or-later
"""Talking with a meter without interruption: commands, and the replies that answer them."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from wattui.client.link import Link, refuse_erasing
from wattui.errors import LinkLost, NoAnswer, UnexpectedReply, WattuiError
from wattui.protocol import (
    Calibration,
    Command,
    FieldNames,
    FieldSelection,
    FullHandlingReply,
    LoggingState,
    Malformed,
    NetworkAction,
    NetworkAddress,
    PostTarget,
    ReadoutEnd,
    ReadoutStart,
    Record,
    RecordLimit,
    Reply,
    TcpLoggingStarted,
    UserParameters,
    Version,
)

#: Seconds that the reader thread may take to send something.
_SENDING: Final = 2.0
#: The most batches of replies that wait; there are more only if none is taken.
_LIMIT: Final = 4096

_REPLY_TYPES: Final[dict[tuple[str, str], type[Reply]]] = {
    ("v", "-"): Version,
    ("h", "-"): FieldNames,
    ("c", "-"): FieldSelection,
    ("n", "-"): RecordLimit,
    ("l", "-"): ReadoutEnd,
    ("s", "-"): LoggingState,
    ("o", "-"): FullHandlingReply,
    ("u", "-"): UserParameters,
    ("f", "-"): Calibration,
    ("d", "-"): Record,
    ("i", "-"): TcpLoggingStarted,
    ("i", "q"): NetworkAddress,
    ("i", "s"): NetworkAddress,
    ("i", "e"): PostTarget,
    ("i", "x"): PostTarget,
    ("i", "r"): NetworkAction,
    ("i", "w"): NetworkAction,
    ("i", "z"): NetworkAction,
}


class ReaderThread(Protocol):
    """The part of the client that a conversation needs."""

    def on_reader(self, action: Callable[[Link], None], timeout: float) -> None:
        """Run an action with the link on the reader thread, and wait for it."""


class Conversation:
    """An exclusive conversation with a meter, for one thread.  See ``MeterClient.conversation``."""

    def __init__(self, reader: ReaderThread) -> None:
        self._reader = reader
        self._changed = threading.Condition()
        self._waiting: deque[Sequence[Reply]] = deque(maxlen=_LIMIT)
        self._loss: WattuiError | None = None

    # -- the reader thread's side

    def put(self, replies: Sequence[Reply]) -> None:
        """Take the replies of one read."""
        with self._changed:
            # A loss that was not received yet comes before what the next link brings.
            if replies and self._loss is None:
                self._waiting.append(replies)
                self._changed.notify_all()

    def link_lost(self, error: WattuiError) -> None:
        """Stop waiting for replies: the link is lost."""
        with self._changed:
            self._loss = error
            self._changed.notify_all()

    # -- the talking thread's side

    def send(self, command: Command, *, consent: bool = False) -> None:
        """Send a command.

        Raises
        ------
        WouldEraseMemory
            The command would erase the memory, and *consent* is not given.
        LinkLost
            The meter is not connected.
        """
        refuse_erasing(command, consent=consent)
        self._reader.on_reader(lambda link: link.send(command, consent=consent), _SENDING)

    def interrupt(self) -> None:
        """Make the meter drop whatever it is sending (Control-X).

        Raises
        ------
        LinkLost
            The meter is not connected.
        """
        self._reader.on_reader(lambda link: link.interrupt(), _SENDING)

    def receive(self, timeout: float) -> Sequence[Reply]:
        """Return the replies of the next read; none if none arrived within *timeout* seconds.

        Raises
        ------
        LinkLost
            The link was lost, and all replies before that have been returned.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._loss is not None, timeout)
            if self._waiting:
                return self._waiting.popleft()
            loss, self._loss = self._loss, None
        if loss is not None:
            raise loss
        return ()

    def replies(self, timeout: float = 2.0) -> Iterator[Reply]:
        """Yield the replies in order.

        Raises
        ------
        NoAnswer
            Nothing arrived for *timeout* seconds.
        LinkLost
            The link was lost.
        """
        while True:
            batch = self.receive(timeout)
            if not batch:
                raise NoAnswer(
                    f"The meter was silent for {timeout:g} s", "Check the meter and try again."
                )
            yield from batch

    def ask(self, command: Command, timeout: float = 2.0, *, consent: bool = False) -> Reply | None:
        """Send a command and return its answer; None immediately if the protocol has none.

        Raises
        ------
        NoAnswer, UnexpectedReply, LinkLost, WouldEraseMemory
        """
        self.send(command, consent=consent)
        if command.reply is None:
            return None
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            for reply in self.receive(left):
                if match(command, reply):
                    return reply
        raise NoAnswer(
            f"The meter did not answer {command} within {timeout:g} s",
            "Check the meter and try again.",
        )

    def quiet(self, silence: float = 0.3, limit: float = 3.0) -> bool:
        """Discard replies until none has arrived for *silence* seconds.

        Returns False if the line did not become quiet within *limit* seconds.

        Raises
        ------
        LinkLost
            The link was lost.
        """
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if not self.receive(silence):
                return True
        return False

    def forget_loss(self) -> None:
        """Discard everything that waits, to start again after the link was lost."""
        with self._changed:
            self._waiting.clear()
            self._loss = None


def match(command: Command, reply: Reply) -> bool:
    """Check whether a reply answers a command.

    Records that stream in between do not, nor do late replies to an earlier command.

    Raises
    ------
    UnexpectedReply
        The meter does not know the command, or answered with an impossible packet.
    """
    letters = command.reply
    if letters is None:
        return False
    if isinstance(reply, ReadoutStart):
        # The answer to a request for the memory; otherwise an old read-out begins.
        return command.packet.command == "D"
    if isinstance(reply, _REPLY_TYPES[letters]):
        return not isinstance(reply, NetworkAction) or reply.action == letters[1]
    if isinstance(reply, Version):
        # A well-formed command that the meter does not know is answered with #v.
        raise UnexpectedReply(
            f"The meter does not know {command}",
            "This model or its firmware cannot do that.",
        )
    if isinstance(reply, Malformed) and reply.packet[:2] == letters:
        raise UnexpectedReply(
            f"The meter answered {command} with {reply.packet}, which makes no sense", "Try again."
        )
    return False


def not_connected(url: str) -> LinkLost:
    """Return the error for a meter that is not connected."""
    return LinkLost(f"The meter at {url} is not connected", "Connect it first.")
