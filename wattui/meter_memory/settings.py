# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter's settings and the state of its memory: read, written, compared.

What erases the memory (protocol, †) is refused unless somebody consented, before
anything is sent.  A setting that is as it should be is not written again: it would
erase the memory all the same.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import Final

from wattui.client.conversation import Conversation
from wattui.client.meter_client import MeterClient
from wattui.errors import SettingNotTaken, SettingOutOfRange, UnexpectedReply, WouldEraseMemory
from wattui.meter_memory.setting_steps import SETTLE, Changes, Settings, Step, steps_to
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
    ReadoutStart,
    RecordLimit,
    Reply,
    UserParameters,
    Version,
    commands,
)


@dataclass(frozen=True, slots=True)
class MemoryState:
    """The state of a meter's memory."""

    #: Records in the memory.
    used: int
    #: Records that fit; None where the meter does not say.
    limit: int | None
    #: Seconds between two of its records.
    interval: int
    full_handling: FullHandling | None
    mode: LoggingMode | None
    fields: tuple[bool, ...] | None

    @property
    def span(self) -> int:
        """How much time its records stand for, in seconds."""
        return self.used * self.interval

    @property
    def full(self) -> bool:
        """Whether no more records fit."""
        return self.limit is not None and self.used >= self.limit

    @property
    def seconds_left(self) -> int | None:
        """Seconds until it is full; None where it never is, or is not known."""
        if self.limit is None or self.mode is not LoggingMode.INTERNAL:
            return None
        if self.full_handling in (FullHandling.OVERWRITE, FullHandling.CONDENSE):
            return None
        return max(self.limit - self.used, 0) * self.interval


#: So few records may have come again since the memory was cleared.
_FEW: Final = 10


def read_settings(client: MeterClient) -> Settings:
    """Read all settings of a meter that runs; live recording goes on.

    Raises
    ------
    LinkLost
        The meter is not connected.
    NoAnswer
        It does not answer at all, or somebody else talks to it.
    """
    with client.conversation(pause=False) as talk:
        return _read(talk, client.version)


def read_calibration(client: MeterClient) -> Calibration | None:
    """Read the calibration factors; None where the meter does not give them.

    Raises
    ------
    LinkLost, NoAnswer
        As :func:`read_settings`.
    """
    with client.conversation(pause=False) as talk:
        reply = _ask(talk, commands.read_calibration())
    return reply if isinstance(reply, Calibration) else None


def read_memory_state(client: MeterClient) -> MemoryState:
    """Look how full the memory is; live recording pauses for a moment.

    Asks for a read-out, and stops it at its announcement.

    Raises
    ------
    LinkLost, NoAnswer
        As :func:`read_settings`.
    UnexpectedReply
        The meter does not know how to read out its memory.
    """
    with client.conversation(pause=False) as talk:
        # Before live recording pauses, or it would never be external logging.
        mode = _ask(talk, commands.read_logging_state())
    with client.conversation() as talk:
        talk.interrupt()
        talk.quiet()
        limit = _ask(talk, commands.read_record_limit())
        handling = _ask(talk, commands.read_full_handling())
        fields = _ask(talk, commands.read_fields())
        try:
            announced = talk.ask(commands.read_memory())
        finally:
            talk.interrupt()
            talk.quiet()
    if not isinstance(announced, ReadoutStart):
        raise UnexpectedReply(f"The meter does not announce its memory, but says {announced}")
    return MemoryState(
        used=announced.count,
        limit=limit.limit if isinstance(limit, RecordLimit) else None,
        interval=announced.interval,
        full_handling=handling.handling if isinstance(handling, FullHandlingReply) else None,
        mode=mode.mode if isinstance(mode, LoggingState) else None,
        fields=fields.chosen if isinstance(fields, FieldSelection) else None,
    )


def apply(client: MeterClient, changes: Changes, *, erase: bool = False) -> Settings:
    """Write settings, read them back, and compare.

    Parameters
    ----------
    erase
        Consent to the loss of the meter's memory.

    Returns
    -------
    Settings
        All of them, as the meter gives them afterwards.

    Raises
    ------
    SettingOutOfRange
        A value is outside of its range.  Nothing was sent.
    WouldEraseMemory
        A change erases the memory, and *erase* is not given.  Nothing was written.
    SettingNotTaken
        A setting was written, read back, and differs.
    LinkLost, NoAnswer, UnexpectedReply
        The meter went away, does not answer, or does not know a setting.
    """
    check(changes)
    if changes.start_internal and erase:
        client.stop_live()  # the meter logs either into its memory or over the wire
    with client.conversation() as talk:
        talk.quiet(SETTLE)
        before = _read(talk, client.version)
        steps = steps_to(changes, before)
        _refuse_erasing(steps, erase=erase)
        for step in steps:
            step.write(talk, consent=erase)
            step.compare(talk)
        return _read(talk, client.version) if steps else before


def clear_memory(client: MeterClient, *, erase: bool = False) -> None:
    """Clear the memory; logging goes on into the empty one.

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
        raise _would_erase([str(command)])
    before = read_memory_state(client)
    with client.conversation() as talk:
        talk.send(command, consent=True)
        talk.quiet(SETTLE)
    after = read_memory_state(client)
    # A few new records may have come meanwhile, or there were hardly any to begin with.
    if after.used >= before.used > _FEW:
        raise SettingNotTaken(
            f"The memory was cleared, and still holds {after.used} records", "Try again."
        )


def check(changes: Changes) -> None:
    """Refuse values that no meter takes.

    Raises
    ------
    SettingOutOfRange
        One is outside of its range, which is named.
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
                f"{text!r} is no address that the meter takes",
                "Write four numbers from 0 to 255 with dots between them, as in 192.168.0.50.",
            ) from None


# -- reading -----------------------------------------------------------------------


def _ask(talk: Conversation, command: Command) -> Reply | None:
    """Ask for a setting; None where the meter does not know it."""
    try:
        return talk.ask(command)
    except UnexpectedReply:
        return None


def _read(talk: Conversation, version: Version | None) -> Settings:
    state = _ask(talk, commands.read_logging_state())
    handling = _ask(talk, commands.read_full_handling())
    fields = _ask(talk, commands.read_fields())
    limit = _ask(talk, commands.read_record_limit())
    user = _ask(talk, commands.read_user_parameters())
    settings = Settings(
        version=version,
        logging=state if isinstance(state, LoggingState) else None,
        full_handling=handling.handling if isinstance(handling, FullHandlingReply) else None,
        fields=fields.chosen if isinstance(fields, FieldSelection) else None,
        record_limit=limit.limit if isinstance(limit, RecordLimit) else None,
        user=user if isinstance(user, UserParameters) else None,
    )
    if version is None or not version.has_network:
        return settings
    network = _ask(talk, commands.read_network_address())
    post = _ask(talk, commands.read_post_target())
    return replace(
        settings,
        network=network if isinstance(network, NetworkAddress) else None,
        post=post if isinstance(post, PostTarget) else None,
    )


# -- consent -----------------------------------------------------------------------


def _refuse_erasing(steps: list[Step], *, erase: bool) -> None:
    names = [step.name for step in steps if step.command.erases]
    if names and not erase:
        raise _would_erase(names)


def _would_erase(names: list[str]) -> WouldEraseMemory:
    return WouldEraseMemory(
        f"This erases the meter's memory ({', '.join(names)})",
        "Fetch the memory first, then say that it may be erased.",
    )
