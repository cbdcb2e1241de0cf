# SPDX-License-Identifier: GPL-3.0-or-later
"""Switch how a meter logs, restart it, and save its network settings.

None of this erases the memory.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from wattui.client.meter_client import MeterClient
from wattui.errors import LinkLost, NoAnswer, SettingNotTaken, UnexpectedReply
from wattui.meter_memory.settings import SETTLE, nearest_interval
from wattui.protocol import Command, LoggingMode, LoggingState, NetworkAction, PostTarget, commands

#: Longest time without an answer after a restart, in seconds, with a margin.
DEAF: Final = 20.0
_ANSWER: Final = 1.0
_SAVING: Final = 5.0
#: Why live recording pauses meanwhile.
_PAUSE: Final = "changing how the meter logs"


def start_external_logging(client: MeterClient) -> None:
    """Switch to external logging: records go over the wire, and the memory keeps its records.

    Raises
    ------
    SettingNotTaken
        The meter does not switch.
    LinkLost, NoAnswer, UnexpectedReply
        The meter went away, or does not answer.
    """
    with client.conversation(pause=_PAUSE) as talk:
        talk.quiet(SETTLE)
        before = talk.ask(commands.read_logging_state())
        interval = before.interval if isinstance(before, LoggingState) else 1
        talk.send(commands.start_external_logging(nearest_interval(interval)))
        talk.quiet(SETTLE)
        _require(LoggingMode.EXTERNAL, talk.ask(commands.read_logging_state()))


def stop_internal_logging(client: MeterClient) -> None:
    """Stop logging into the memory, which keeps its records.

    A meter logs either into its memory or over the wire: external logging is started
    for this, and stopped again.

    Raises
    ------
    SettingNotTaken
        The meter goes on logging.
    LinkLost, NoAnswer, UnexpectedReply
        The meter went away, or does not answer.
    """
    with client.conversation(pause=_PAUSE) as talk:
        talk.quiet(SETTLE)
        before = talk.ask(commands.read_logging_state())
        if not isinstance(before, LoggingState) or before.mode is not LoggingMode.INTERNAL:
            return
        talk.send(commands.start_external_logging(nearest_interval(before.interval)))
        talk.quiet(SETTLE)
        talk.send(commands.stop_external_logging())
        talk.quiet(SETTLE)
        after = talk.ask(commands.read_logging_state())
    if isinstance(after, LoggingState) and after.mode is LoggingMode.INTERNAL:
        raise SettingNotTaken("The meter is still logging into its memory", "Try again.")


def stop_logging(client: MeterClient) -> None:
    """Stop all logging, into the memory and over the wire.

    Raises
    ------
    SettingNotTaken
        The meter goes on logging.
    LinkLost, NoAnswer, UnexpectedReply
        The meter went away, or does not answer.
    """
    stop_internal_logging(client)
    with client.conversation(pause=_PAUSE) as talk:
        talk.send(commands.stop_external_logging())
        talk.quiet(SETTLE)
        _require(LoggingMode.STOPPED, talk.ask(commands.read_logging_state()))


def restart(client: MeterClient, cancelled: Callable[[], bool] = lambda: False) -> None:
    """Restart the meter and wait until it answers again; it keeps its settings.

    Raises
    ------
    NoAnswer
        It does not answer within :data:`DEAF` seconds.
    LinkLost
        It went away and did not come back.
    """
    client.request(commands.restart())
    give_up = time.monotonic() + DEAF
    while not cancelled():
        try:
            client.request(commands.read_logging_state(), timeout=_ANSWER)
        except LinkLost:
            if not client.trying or time.monotonic() > give_up:
                raise
            client.wait_running(DEAF, cancelled)
        except NoAnswer:
            if time.monotonic() > give_up:
                raise
        else:
            return


def start_posting(client: MeterClient) -> None:
    """Make a .NET post its records over the network, at the interval of its settings.

    The memory keeps its records.  The client no longer records the meter by USB.

    Raises
    ------
    LinkLost, NoAnswer, UnexpectedReply
        The meter went away, does not answer, or has no network.
    """
    client.stop_live()
    with client.conversation(pause=_PAUSE) as talk:
        talk.quiet(SETTLE)
        target = talk.ask(commands.read_post_target())
        interval = target.interval if isinstance(target, PostTarget) else 1
        talk.ask(commands.start_tcp_logging(nearest_interval(interval)))


def save_network(client: MeterClient) -> None:
    """Save the network settings of a .NET to its memory, which puts them into effect.

    Raises
    ------
    LinkLost, NoAnswer, UnexpectedReply
        The meter went away, does not answer, or has no network.
    """
    _act_on_network(client, commands.save_network(), "save")


def reset_network(client: MeterClient) -> None:
    """Reset the network settings of a .NET to the factory defaults.

    Raises
    ------
    LinkLost, NoAnswer, UnexpectedReply
        The meter went away, does not answer, or has no network.
    """
    _act_on_network(client, commands.reset_network(), "reset")


def _require(mode: LoggingMode, reply: object) -> None:
    found = reply.mode if isinstance(reply, LoggingState) else None
    if found is not mode:
        reported = "nothing" if found is None else found.name.lower()
        raise SettingNotTaken(
            f"The meter did not switch to {mode.name.lower()} logging, but reports {reported}",
            "Try again.",
        )


def _act_on_network(client: MeterClient, command: Command, doing: str) -> None:
    reply = client.request(command, timeout=_SAVING)
    if not isinstance(reply, NetworkAction) or ("i", reply.action) != command.reply:
        raise UnexpectedReply(
            f"The meter did not {doing} its network settings, but answered {reply}",
            "Read the settings again.",
        )
