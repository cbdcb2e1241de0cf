# SPDX-License-Identifier: GPL-3.0-or-later
"""What settings a meter has, and the steps from those that it has to those that are wanted.

A step writes one setting, reads it back, and compares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from wattui.client.conversation import Conversation
from wattui.errors import SettingNotTaken, SettingOutOfRange
from wattui.measurement.fields import FIELDS
from wattui.protocol import (
    Command,
    FieldSelection,
    FullHandling,
    FullHandlingReply,
    LoggingMode,
    LoggingState,
    NetworkAddress,
    PostTarget,
    Reply,
    UserParameters,
    Version,
    commands,
)

#: Seconds for which the line has to be quiet after a command without an answer.
SETTLE: Final = 0.3


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a meter, as it gives them.  None: it does not know that one."""

    version: Version | None
    logging: LoggingState | None
    full_handling: FullHandling | None
    #: Which fields are logged, in the order of FIELDS; as many as the meter has.
    fields: tuple[bool, ...] | None
    #: Records that fit into the memory with these fields.
    record_limit: int | None
    user: UserParameters | None
    #: .NET only.
    network: NetworkAddress | None = None
    post: PostTarget | None = None

    @property
    def field_names(self) -> tuple[str, ...]:
        """Names of the logged fields."""
        return tuple(one.name for one, on in zip(FIELDS, self.fields or (), strict=False) if on)


@dataclass(frozen=True, slots=True)
class Changes:
    """Settings to write; None leaves one as it is.

    Of these, *interval*, *full_handling*, *fields* and *start_internal* erase the memory.
    """

    interval: int | None = None
    full_handling: FullHandling | None = None
    fields: tuple[bool, ...] | None = None
    #: Start internal logging at the end, at *interval* or the meter's own.
    start_internal: bool = False
    rate_mils: int | None = None
    threshold: int | None = None
    euro: bool | None = None
    network: NetworkAddress | None = None
    post: PostTarget | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One setting to write: how, how to read it back, and what is to come back."""

    name: str
    command: Command
    question: Command
    value: Callable[[Reply | None], object]
    wanted: object

    def write(self, talk: Conversation, *, consent: bool) -> None:
        """Write it, and wait until the meter has done it."""
        talk.ask(self.command, consent=consent)
        talk.quiet(SETTLE)

    def compare(self, talk: Conversation) -> None:
        """Read it back.

        Raises
        ------
        SettingNotTaken
            It differs.
        """
        found = self.value(talk.ask(self.question))
        if found != self.wanted:
            raise SettingNotTaken(
                f"The meter did not take the {self.name}: "
                f"{_words(self.wanted)} was written, and it says {_words(found)}",
                "Read the settings again; a restart of the meter may help.",
            )


def _words(value: object) -> str:
    if isinstance(value, FullHandling | LoggingMode):
        return value.name.lower()
    if isinstance(value, tuple) and all(isinstance(one, bool) for one in value):
        return ",".join(one.header for one, on in zip(FIELDS, value, strict=False) if on) or "none"
    return str(value)


def steps_to(changes: Changes, now: Settings) -> list[Step]:
    """Give what is to be written, in this order: the start of logging comes last.

    Raises
    ------
    SettingOutOfRange
        An interval was chosen that the meter will not keep to.
    """
    steps = [*_user_steps(changes, now), *_network_steps(changes, now)]
    if changes.fields is not None and not _same_fields(changes.fields, now.fields):
        steps.append(_fields_step(changes.fields, now))
    handling = changes.full_handling
    if handling is not None and handling is not now.full_handling:
        command = commands.write_full_handling(handling)
        question = commands.read_full_handling()
        steps.append(Step("memory-full handling", command, question, _handling_of, handling))
    _refuse_interval(changes, now)
    if changes.start_internal:
        interval = changes.interval or (now.logging.interval if now.logging else 1)
        steps.append(_logging_step(interval, handling or now.full_handling))
    elif changes.interval is not None and _interval_of(now.logging) != changes.interval:
        command = commands.write_interval(changes.interval)
        question = commands.read_logging_state()
        steps.append(Step("interval", command, question, _interval_of, changes.interval))
    return steps


def _refuse_interval(changes: Changes, now: Settings) -> None:
    """Refuse an interval under condensing before it erases the memory to no effect."""
    handling = changes.full_handling if changes.full_handling is not None else now.full_handling
    wanted = changes.interval
    if handling is not FullHandling.CONDENSE or wanted in (None, 1, _interval_of(now.logging)):
        return
    raise SettingOutOfRange(
        f"An interval of {wanted} s cannot be set while a full memory is condensed: logging "
        "starts at 1 s then, and the meter itself doubles it",
        "Leave out the interval, or choose stop or overwrite.",
    )


def _same_fields(wanted: tuple[bool, ...], now: tuple[bool, ...] | None) -> bool:
    """Tell whether these are logged already; an older meter has fewer fields."""
    return now is not None and wanted[: len(now)] == now


def _fields_step(fields: tuple[bool, ...], now: Settings) -> Step:
    # An older meter has fewer fields; what it lacks cannot be logged.
    size = len(now.fields or fields)
    wanted = (fields + (False,) * len(FIELDS))[:size]
    command = commands.write_fields((wanted + (False,) * len(FIELDS))[: len(FIELDS)])
    return Step("choice of fields", command, commands.read_fields(), _fields_of, wanted)


def _logging_step(interval: int, handling: FullHandling | None) -> Step:
    command = commands.start_internal_logging(interval)
    question = commands.read_logging_state()
    if handling is FullHandling.CONDENSE:
        # It starts at 1 s then, whatever interval is given.
        return Step("internal logging", command, question, _mode_of, LoggingMode.INTERNAL)
    wanted = LoggingState(interval, LoggingMode.INTERNAL)
    return Step("internal logging", command, question, lambda reply: reply, wanted)


def _user_steps(changes: Changes, now: Settings) -> list[Step]:
    if (changes.rate_mils, changes.threshold, changes.euro) == (None, None, None):
        return []
    old = now.user or UserParameters(0, 0, False)
    wanted = UserParameters(
        old.rate_mils if changes.rate_mils is None else changes.rate_mils,
        old.threshold if changes.threshold is None else changes.threshold,
        old.euro if changes.euro is None else changes.euro,
    )
    if wanted == now.user:
        return []
    command = commands.write_user_parameters(wanted.rate_mils, wanted.threshold, wanted.euro)
    question = commands.read_user_parameters()
    return [Step("user parameters", command, question, lambda reply: reply, wanted)]


def _network_steps(changes: Changes, now: Settings) -> list[Step]:
    steps = []
    if changes.network is not None and replace(changes.network, mac="") != _address_of(now.network):
        command = commands.write_network_address(changes.network)
        question = commands.read_network_address()
        wanted = replace(changes.network, mac="")
        steps.append(Step("network address", command, question, _address_of, wanted))
    if changes.post is not None and changes.post != now.post:
        command = commands.write_post_target(changes.post)
        question = commands.read_post_target()
        steps.append(Step("posting", command, question, lambda reply: reply, changes.post))
    return steps


def _handling_of(reply: Reply | None) -> object:
    return reply.handling if isinstance(reply, FullHandlingReply) else reply


def _fields_of(reply: Reply | None) -> object:
    return reply.chosen if isinstance(reply, FieldSelection) else reply


def _interval_of(reply: Reply | None) -> object:
    return reply.interval if isinstance(reply, LoggingState) else reply


def _mode_of(reply: Reply | None) -> object:
    return reply.mode if isinstance(reply, LoggingState) else reply


def _address_of(reply: Reply | None) -> object:
    return replace(reply, mac="") if isinstance(reply, NetworkAddress) else reply
