# SPDX-License-Identifier: GPL-3.0-or-later
"""Which reply answers which command, and whoever waits for one."""

from __future__ import annotations

import threading
from typing import Final

from wattui.errors import UnexpectedReply, WattuiError
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

_TYPES: Final[dict[tuple[str, str], tuple[type[Reply], ...]]] = {
    ("v", "-"): (Version,),
    ("h", "-"): (FieldNames,),
    ("c", "-"): (FieldSelection,),
    ("n", "-"): (RecordLimit,),
    ("l", "-"): (ReadoutEnd,),
    ("s", "-"): (LoggingState,),
    ("o", "-"): (FullHandlingReply,),
    ("u", "-"): (UserParameters,),
    ("f", "-"): (Calibration,),
    ("d", "-"): (Record,),
    ("i", "-"): (TcpLoggingStarted,),
    ("i", "q"): (NetworkAddress,),
    ("i", "s"): (NetworkAddress,),
    ("i", "e"): (PostTarget,),
    ("i", "x"): (PostTarget,),
    ("i", "r"): (NetworkAction,),
    ("i", "w"): (NetworkAction,),
    ("i", "z"): (NetworkAction,),
}


def match(command: Command, reply: Reply) -> bool:
    """Tell whether a reply answers a command.

    Records that stream in between do not, nor does what another command left over.

    Raises
    ------
    UnexpectedReply
        The meter does not know the command, or answered with an impossible packet.
    """
    letters = command.reply
    if letters is None:
        return False
    if isinstance(reply, ReadoutStart):
        # Asked for the memory, and that is what comes; else an old read-out begins.
        return command.packet.command == "D"
    if isinstance(reply, _TYPES[letters]):
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


class Pending:
    """A command that was, or will be, sent, and whoever waits for its answer."""

    def __init__(self, command: Command, timeout: float) -> None:
        self.command = command
        self.timeout = timeout
        #: When to give up, by ``time.monotonic``; set as it is sent.
        self.deadline = float("inf")
        self._done = threading.Event()
        self._reply: Reply | None = None
        self._error: WattuiError | None = None

    @property
    def done(self) -> bool:
        """Whether there is an answer, or an error."""
        return self._done.is_set()

    def offer(self, reply: Reply) -> bool:
        """Show it a reply; tell whether that was what it waited for."""
        try:
            if not match(self.command, reply):
                return False
        except UnexpectedReply as error:
            self.fail(error)
        else:
            self.finish(reply)
        return True

    def finish(self, reply: Reply | None) -> None:
        """Wake whoever waits, with the answer; None where the command has none."""
        if not self._done.is_set():
            self._reply = reply
            self._done.set()

    def fail(self, error: WattuiError) -> None:
        """Wake whoever waits, with an error."""
        if not self._done.is_set():
            self._error = error
            self._done.set()

    def wait(self, timeout: float) -> Reply | None:
        """Wait for the answer, *timeout* seconds at most.

        Raises
        ------
        WattuiError
            What went wrong.
        TimeoutError
            Nothing happened at all.
        """
        if not self._done.wait(timeout):
            raise TimeoutError(str(self.command))
        if self._error is not None:
            raise self._error
        return self._reply
