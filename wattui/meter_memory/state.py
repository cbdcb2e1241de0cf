# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a meter's memory: how much is stored and fits, and what happens when it is full."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from wattui.client.conversation import Conversation
from wattui.client.meter_client import MeterClient
from wattui.errors import UnexpectedReply
from wattui.protocol import (
    Command,
    FieldSelection,
    FullHandling,
    FullHandlingReply,
    LoggingMode,
    LoggingState,
    ReadoutStart,
    RecordLimit,
    Reply,
    commands,
)

_Reply = TypeVar("_Reply", bound=Reply)


@dataclass(frozen=True, slots=True)
class MemoryState:
    """The state of a meter's memory."""

    #: Records in the memory.
    used: int
    #: Records that fit; None if the meter does not report it.
    limit: int | None
    #: Seconds between two of its records.
    interval: int
    full_handling: FullHandling | None
    mode: LoggingMode | None
    fields: tuple[bool, ...] | None

    @property
    def span(self) -> int:
        """How much time its records cover, in seconds."""
        return self.used * self.interval

    @property
    def full(self) -> bool:
        """Whether there is no room for another record."""
        return self.limit is not None and self.used >= self.limit

    @property
    def seconds_left(self) -> int | None:
        """Seconds until it is full; None if it never is, or if that is unknown."""
        if self.limit is None or self.mode is not LoggingMode.INTERNAL:
            return None
        if self.full_handling in (FullHandling.OVERWRITE, FullHandling.CONDENSE):
            return None
        return max(self.limit - self.used, 0) * self.interval


def read_memory_state(client: MeterClient) -> MemoryState:
    """Read how full the memory is; live recording pauses for a moment.

    Requests a read-out, and stops it once it is announced.

    Raises
    ------
    LinkLost
        The meter is not connected.
    NoAnswer
        It does not answer, or another program is talking to it.
    UnexpectedReply
        The meter cannot read out its memory.
    """
    with client.conversation() as talk:
        # This is read before live recording pauses; otherwise it would never be external logging.
        mode = ask_for(talk, commands.read_logging_state(), LoggingState)
    with client.conversation(pause="reading the state of the memory") as talk:
        talk.interrupt()
        talk.quiet()
        limit = ask_for(talk, commands.read_record_limit(), RecordLimit)
        handling = ask_for(talk, commands.read_full_handling(), FullHandlingReply)
        fields = ask_for(talk, commands.read_fields(), FieldSelection)
        try:
            announced = talk.ask(commands.read_memory())
        finally:
            talk.interrupt()
            talk.quiet()
    if not isinstance(announced, ReadoutStart):
        raise UnexpectedReply(
            f"The meter did not announce its memory, but answered {announced}",
            "Reconnect the meter and try again.",
        )
    return MemoryState(
        used=announced.count,
        limit=limit.limit if limit else None,
        interval=announced.interval,
        full_handling=handling.handling if handling else None,
        mode=mode.mode if mode else None,
        fields=fields.chosen if fields else None,
    )


def ask_for(talk: Conversation, command: Command, kind: type[_Reply]) -> _Reply | None:
    """Return the reply to a question; None if the meter does not know the command."""
    try:
        reply = talk.ask(command)
    except UnexpectedReply:
        return None
    return reply if isinstance(reply, kind) else None
