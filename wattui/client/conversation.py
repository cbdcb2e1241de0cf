# SPDX-License-Identifier: GPL-3.0-or-later
"""Talking with a meter undisturbed: all of its replies go to whoever talks.

For what takes more than one question: the read-out of the memory, the settings.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Protocol

from wattui.client.link import Link, refuse_erasing
from wattui.client.requests import match
from wattui.errors import LinkLost, NoAnswer, WattuiError
from wattui.protocol import Command, Reply

#: Seconds that the reader thread may take to send something.
_SENDING: Final = 2.0
#: Batches that wait for whoever talks.  More come only if nobody takes them.
_LIMIT: Final = 4096


class Reader(Protocol):
    """What a conversation needs of the client."""

    def on_reader(self, action: Callable[[Link], None], timeout: float) -> None:
        """Have the reader thread do something with the link, and wait until it did."""


class Conversation:
    """An exclusive talk with a meter, of one thread.  See ``MeterClient.conversation``."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._queue: queue.Queue[Sequence[Reply] | WattuiError] = queue.Queue(_LIMIT)

    # -- the reader thread's side

    def put(self, replies: Sequence[Reply]) -> None:
        """Take what came."""
        if replies:
            self._offer(replies)

    def lost(self, error: WattuiError) -> None:
        """Take note that the link is lost."""
        self._offer(error)

    def _offer(self, item: Sequence[Reply] | WattuiError) -> None:
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self._queue.get_nowait()
            self._queue.put_nowait(item)

    # -- the talking thread's side

    def send(self, command: Command, *, consent: bool = False) -> None:
        """Send a command.

        Raises
        ------
        WouldEraseMemory
            It would erase the memory, and *consent* is not given.
        LinkLost
            The meter is not connected.
        """
        refuse_erasing(command, consent=consent)
        self._reader.on_reader(lambda link: link.send(command, consent=consent), _SENDING)

    def interrupt(self) -> None:
        """Have the meter drop whatever it is sending (Control-X).

        Raises
        ------
        LinkLost
            The meter is not connected.
        """
        self._reader.on_reader(lambda link: link.interrupt(), _SENDING)

    def receive(self, timeout: float) -> Sequence[Reply]:
        """Give the replies of the next read; none when *timeout* seconds brought none.

        Raises
        ------
        LinkLost
            The link was lost, and all that came before has been handed out.
        """
        try:
            item = self._queue.get(timeout=timeout)
        except queue.Empty:
            return ()
        if isinstance(item, WattuiError):
            raise item
        return item

    def replies(self, timeout: float = 2.0) -> Iterator[Reply]:
        """Give one reply after the other.

        Raises
        ------
        NoAnswer
            Nothing came for *timeout* seconds.
        LinkLost
            The link was lost.
        """
        while True:
            batch = self.receive(timeout)
            if not batch:
                raise NoAnswer(
                    f"The meter was silent for {timeout:g} s", "Look at the meter and try again."
                )
            yield from batch

    def ask(self, command: Command, timeout: float = 2.0, *, consent: bool = False) -> Reply | None:
        """Send a command and give its answer; None, at once, where the spec has none.

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
        raise no_answer(command, timeout)

    def quiet(self, silence: float = 0.3, limit: float = 3.0) -> bool:
        """Throw away what comes until nothing came for *silence* seconds.

        Gives False when the line did not become quiet within *limit* seconds.

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
        """Throw away all that waits, to begin anew after the link was lost."""
        while True:
            try:
                self._queue.get_nowait()
            except queue.Empty:
                return


def no_answer(command: Command, timeout: float) -> NoAnswer:
    """Say that nothing answered a command."""
    return NoAnswer(
        f"The meter did not answer {command} within {timeout:g} s",
        "Look at the meter, and try again.",
    )


def not_connected(url: str) -> LinkLost:
    """Say that there is nobody to talk to."""
    return LinkLost(f"The meter at {url} is not connected", "Connect it first.")
