# SPDX-License-Identifier: GPL-3.0-or-later
"""Switches of a meter that keep its memory: external logging, and the network's settings."""

from __future__ import annotations

from typing import Final

from wattui.client.meter_client import MeterClient
from wattui.errors import SettingNotTaken, UnexpectedReply
from wattui.meter_memory.setting_steps import SETTLE
from wattui.meter_memory.upkeep import stop_internal_logging
from wattui.protocol import LoggingMode, LoggingState, NetworkAction, commands

_SAVING: Final = 5.0


def start_external_logging(client: MeterClient) -> None:
    """Have the meter send its records over the wire; what is in its memory stays.

    Raises
    ------
    SettingNotTaken
        It does not.
    LinkLost, NoAnswer, UnexpectedReply
        The meter went away, or does not answer.
    """
    with client.conversation() as talk:
        talk.quiet(SETTLE)
        before = talk.ask(commands.read_logging_state())
        interval = before.interval if isinstance(before, LoggingState) else 1
        interval = min(max(interval, 1), commands.MAX_INTERVAL)
        talk.send(commands.start_external_logging(interval))
        talk.quiet(SETTLE)
        _require(LoggingMode.EXTERNAL, talk.ask(commands.read_logging_state()))


def stop_logging(client: MeterClient) -> None:
    """Have the meter log no more, neither into its memory nor over the wire.

    Raises
    ------
    SettingNotTaken
        It goes on.
    LinkLost, NoAnswer, UnexpectedReply
        The meter went away, or does not answer.
    """
    stop_internal_logging(client)
    with client.conversation() as talk:
        talk.send(commands.stop_external_logging())
        talk.quiet(SETTLE)
        _require(LoggingMode.STOPPED, talk.ask(commands.read_logging_state()))


def save_network(client: MeterClient) -> None:
    """Have a .NET write its network settings to its memory: they are in force then.

    Raises
    ------
    LinkLost, NoAnswer, UnexpectedReply
        The meter went away, does not answer, or has no network.
    """
    reply = client.request(commands.save_network(), timeout=_SAVING)
    _require_action(reply, "save", "w")


def reset_network(client: MeterClient) -> None:
    """Set the network settings of a .NET to factory defaults.

    Raises
    ------
    LinkLost, NoAnswer, UnexpectedReply
        The meter went away, does not answer, or has no network.
    """
    reply = client.request(commands.reset_network(), timeout=_SAVING)
    _require_action(reply, "reset", "z")


def _require(mode: LoggingMode, reply: object) -> None:
    found = reply.mode if isinstance(reply, LoggingState) else None
    if found is not mode:
        said = "nothing of it" if found is None else found.name.lower()
        raise SettingNotTaken(
            f"The meter did not take the logging: {mode.name.lower()} was asked for, and it "
            f"says {said}",
            "Try again.",
        )


def _require_action(reply: object, doing: str, action: str) -> None:
    if not isinstance(reply, NetworkAction) or reply.action != action:
        raise UnexpectedReply(
            f"The meter did not {doing} its network settings, but says {reply}",
            "Read the settings again.",
        )
