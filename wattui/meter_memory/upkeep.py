# SPDX-License-Identifier: GPL-3.0-or-later
"""What is done to a meter beside recording and settings: it keeps its memory.

The end of internal logging, and the soft restart.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from wattui.client.meter_client import MeterClient
from wattui.errors import LinkLost, NoAnswer, SettingNotTaken
from wattui.meter_memory.setting_steps import SETTLE
from wattui.protocol import LoggingMode, LoggingState, commands

#: Seconds for which a meter may be deaf after a restart, and some more.
DEAF: Final = 20.0
_ANSWER: Final = 1.0


def stop_internal_logging(client: MeterClient) -> None:
    """Have the meter put no more records into its memory; those that are there stay.

    It logs either into its memory or over the wire: external logging is started for it,
    and stopped again.

    Raises
    ------
    SettingNotTaken
        It goes on logging.
    LinkLost, NoAnswer, UnexpectedReply
        The meter went away, or does not answer.
    """
    with client.conversation() as talk:
        talk.quiet(SETTLE)
        before = talk.ask(commands.read_logging_state())
        if not isinstance(before, LoggingState) or before.mode is not LoggingMode.INTERNAL:
            return
        interval = min(max(before.interval, 1), commands.MAX_INTERVAL)
        talk.send(commands.start_external_logging(interval))
        talk.quiet(SETTLE)
        talk.send(commands.stop_external_logging())
        talk.quiet(SETTLE)
        after = talk.ask(commands.read_logging_state())
    if isinstance(after, LoggingState) and after.mode is LoggingMode.INTERNAL:
        raise SettingNotTaken(
            "The meter was told to stop logging, and still logs into its memory", "Try again."
        )


def restart(client: MeterClient, cancelled: Callable[[], bool] = lambda: False) -> None:
    """Restart the meter and wait until it answers again; it keeps its settings.

    Raises
    ------
    NoAnswer
        It is still deaf after :data:`DEAF` seconds.
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
            client.wait_running(DEAF)
        except NoAnswer:
            if time.monotonic() > give_up:
                raise
        else:
            return
