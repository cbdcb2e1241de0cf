# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter's settings: read, written step by step, read back and compared.

A setting that erases the memory (marked † in the protocol) is refused without consent,
before anything is sent.  A setting that already has the wanted value is not written
again, since that would erase the memory all the same.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from wattui.client.conversation import Conversation
from wattui.client.meter_client import MeterClient
from wattui.errors import SettingNotTaken, SettingOutOfRange, WouldEraseMemory
from wattui.measurement.fields import FIELDS
from wattui.measurement.text import count_text
from wattui.meter_memory.state import ask_for, read_memory_state
from wattui.protocol import (
    Calibration,
    Command,
    FieldSelection,
    FullHandling,
    FullHandlingReply,
    LoggingMode,
    LoggingState,
    NetworkAddress,
    PostTarget,
    RecordLimit,
    Reply,
    UserParameters,
    Version,
    commands,
)

#: Seconds for which the line has to be quiet after a command that is not answered.
SETTLE: Final = 0.3

#: A cleared memory may hold this many new records already.
_FEW: Final = 10


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a meter, as it reports them.  None: the meter does not know that setting."""

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

    *interval*, *full_handling*, *fields* and *start_internal* erase the memory.
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


def nearest_interval(seconds: int) -> int:
    """Return the interval nearest to *seconds* that a meter accepts."""
    return min(max(seconds, 1), commands.MAX_INTERVAL)


# -- reading -----------------------------------------------------------------------


def read_settings(client: MeterClient) -> Settings:
    """Read all settings of a running meter; live recording goes on.

    Raises
    ------
    LinkLost
        The meter is not connected.
    NoAnswer
        It does not answer at all, or another program is talking to it.
    """
    with client.conversation() as talk:
        return _read(talk, client.version)


def read_calibration(client: MeterClient) -> Calibration | None:
    """Read the calibration factors; None if the meter does not report them.

    Raises
    ------
    LinkLost, NoAnswer
        As :func:`read_settings`.
    """
    with client.conversation() as talk:
        return ask_for(talk, commands.read_calibration(), Calibration)


def _read(talk: Conversation, version: Version | None) -> Settings:
    handling = ask_for(talk, commands.read_full_handling(), FullHandlingReply)
    fields = ask_for(talk, commands.read_fields(), FieldSelection)
    limit = ask_for(talk, commands.read_record_limit(), RecordLimit)
    settings = Settings(
        version=version,
        logging=ask_for(talk, commands.read_logging_state(), LoggingState),
        full_handling=handling.handling if handling else None,
        fields=fields.chosen if fields else None,
        record_limit=limit.limit if limit else None,
        user=ask_for(talk, commands.read_user_parameters(), UserParameters),
    )
    if version is None or not version.has_network:
        return settings
    return replace(
        settings,
        network=ask_for(talk, commands.read_network_address(), NetworkAddress),
        post=ask_for(talk, commands.read_post_target(), PostTarget),
    )


# -- writing -----------------------------------------------------------------------


def apply(client: MeterClient, changes: Changes, *, erase: bool = False) -> Settings:
    """Write settings, read them back, and compare.

    Parameters
    ----------
    erase
        Consent to the loss of the meter's memory.

    Returns
    -------
    Settings
        All settings, as the meter reports them afterwards.

    Raises
    ------
    SettingOutOfRange
        A value is out of range.  Nothing was sent.
    WouldEraseMemory
        A change erases the memory, and *erase* is not given.  Nothing was written.
    SettingNotTaken
        A setting was written, read back, and differs.
    LinkLost, NoAnswer, UnexpectedReply
        The meter went away, does not answer, or does not know a setting.
    """
    check(changes)
    if changes.start_internal and erase:
        client.stop_live()  # a meter logs either into its memory or over the wire
    with client.conversation(pause="writing settings") as talk:
        talk.quiet(SETTLE)
        before = _read(talk, client.version)
        steps = steps_to(changes, before)
        names = [step.name for step in steps if step.command.erases]
        if names and not erase:
            raise _would_erase(f"Changing the {' and the '.join(names)}")
        for step in steps:
            step.write(talk, consent=erase)
            step.compare(talk)
        return _read(talk, client.version) if steps else before


def clear_memory(client: MeterClient, *, erase: bool = False) -> None:
    """Clear the memory; logging goes on into the empty memory.

    Raises
    ------
    WouldEraseMemory
        *erase* is not given.  Nothing was sent.
    SettingNotTaken
        The records are still there.
    LinkLost, NoAnswer
        The meter went away, or does not answer.
    """
    command = commands.clear_memory()
    if not erase:
        raise _would_erase("Clearing")
    before = read_memory_state(client)
    with client.conversation(pause="clearing the memory") as talk:
        talk.send(command, consent=True)
        talk.quiet(SETTLE)
    after = read_memory_state(client)
    # Some new records may have been logged since, or there were hardly any before.
    if after.used >= before.used > _FEW:
        raise SettingNotTaken(
            "The meter did not clear its memory, which still holds "
            f"{count_text(after.used, 'record')}",
            "Try again.",
        )


def _would_erase(doing: str) -> WouldEraseMemory:
    return WouldEraseMemory(
        f"{doing} erases the meter's memory", "Fetch the memory first, then agree to erase it."
    )


def check(changes: Changes) -> None:
    """Refuse values that no meter accepts.

    Raises
    ------
    SettingOutOfRange
        A value is out of its range, which the hint gives.
    """
    if changes.interval is not None:
        commands.write_interval(changes.interval)
    if changes.fields is not None and not any(changes.fields):
        raise SettingOutOfRange("No field was chosen for the memory", "Choose at least one.")
    commands.write_user_parameters(changes.rate_mils or 0, changes.threshold or 0, False)
    if changes.network is not None:
        _check_addresses(changes.network)
        commands.write_network_address(changes.network)
    if changes.post is not None:
        commands.write_post_target(changes.post)


def _check_addresses(network: NetworkAddress) -> None:
    for text in (network.ip, network.gateway, network.dns1, network.dns2, network.netmask):
        try:
            ipaddress.IPv4Address(text or "0.0.0.0")
        except ValueError:
            raise SettingOutOfRange(
                f"{text!r} is not a valid address",
                "Write four numbers from 0 to 255 with dots between them, as in 192.168.0.50.",
            ) from None


# -- steps from one set of settings to another -------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One setting to write, the question that reads it back, and the expected answer."""

    name: str
    command: Command
    question: Command
    value: Callable[[Reply | None], object]
    wanted: object

    def write(self, talk: Conversation, *, consent: bool) -> None:
        """Write it, and wait until the meter has finished."""
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
                f"The meter did not accept the {self.name}: "
                f"{_words(self.wanted)} was written, but the meter reports {_words(found)}",
                "Read the settings again; a restart of the meter may help.",
            )


def _words(value: object) -> str:
    if isinstance(value, FullHandling | LoggingMode):
        return value.name.lower()
    if isinstance(value, tuple) and all(isinstance(one, bool) for one in value):
        return ",".join(one.header for one, on in zip(FIELDS, value, strict=False) if on) or "none"
    return str(value)


def steps_to(changes: Changes, now: Settings) -> list[Step]:
    """Return the steps to write, in order: logging is started last.

    Raises
    ------
    SettingOutOfRange
        The meter would not keep the interval.
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
    """Refuse an interval under condensing, since it would erase the memory to no effect."""
    handling = changes.full_handling if changes.full_handling is not None else now.full_handling
    wanted = changes.interval
    if handling is not FullHandling.CONDENSE or wanted in (None, 1, _interval_of(now.logging)):
        return
    raise SettingOutOfRange(
        f"An interval of {wanted} s cannot be combined with condensing: logging then starts at "
        "1 s, and the meter itself doubles the interval",
        "Leave out the interval, or choose stop or overwrite.",
    )


def _same_fields(wanted: tuple[bool, ...], now: tuple[bool, ...] | None) -> bool:
    """Check whether these fields are logged already; an older meter has fewer of them."""
    return now is not None and wanted[: len(now)] == now


def _fields_step(fields: tuple[bool, ...], now: Settings) -> Step:
    # An older meter has fewer fields, and cannot log the others.
    size = len(now.fields or fields)
    wanted = (fields + (False,) * len(FIELDS))[:size]
    command = commands.write_fields((wanted + (False,) * len(FIELDS))[: len(FIELDS)])
    return Step("choice of fields", command, commands.read_fields(), _fields_of, wanted)


def _logging_step(interval: int, handling: FullHandling | None) -> Step:
    command = commands.start_internal_logging(interval)
    question = commands.read_logging_state()
    if handling is FullHandling.CONDENSE:
        # It then starts at 1 s, whatever interval is given.
        return Step("logging mode", command, question, _mode_of, LoggingMode.INTERNAL)
    wanted = LoggingState(interval, LoggingMode.INTERNAL)
    return Step("logging mode", command, question, lambda reply: reply, wanted)


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
