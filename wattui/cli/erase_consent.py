# SPDX-License-Identifier: GPL-3.0-or-later
"""A meter that is asked, and not recorded; and what is said before its memory is erased."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import click

from wattui.cli.exits import printable
from wattui.errors import Cancelled, NoAnswer, UnexpectedReply, WattuiError, WouldEraseMemory

if TYPE_CHECKING:
    from wattui.client import MeterClient
    from wattui.meter_memory.state import MemoryState

#: Seconds that connecting may take: all speeds, and a meter that restarts.
_CONNECTING: Final = 30.0
#: Seconds between two looks at whether to end.
_LOOK: Final = 0.2


def _never() -> bool:
    return False


@contextlib.contextmanager
def asked(port: str, ended: Callable[[], bool] = _never) -> Iterator[MeterClient]:
    """Give a meter that answers.  It is left as it is: its own logging goes on.

    Raises
    ------
    WattuiError
        What it failed with.
    Cancelled
        *ended* said so.
    """
    from wattui.client import MeterClient

    client = MeterClient(port, live=False)
    client.start()
    try:
        _wait(client, ended)
        yield client
    finally:
        client.stop()


def _wait(client: MeterClient, ended: Callable[[], bool]) -> None:
    last: WattuiError | None = None
    for _look in range(round(_CONNECTING / _LOOK)):
        if ended():
            raise Cancelled("Ended before the meter answered")
        try:
            client.wait_running(_LOOK)
        except NoAnswer as error:
            if not client.trying:
                raise
            last = error
        else:
            return
    raise last or NoAnswer(f"{client.url} does not answer", "Look at the meter.")


#: The option that consents to the loss of the memory.
erase_option: Callable[[Any], Any] = click.option(
    "--erase-memory", is_flag=True,
    help="Consent to the loss of all records in the meter's memory.",
)  # fmt: skip


def memory_state(client: MeterClient) -> MemoryState | None:
    """Read the state of the memory; None where the meter does not tell."""
    from wattui.meter_memory.state import read_memory_state

    try:
        return read_memory_state(client)
    except (NoAnswer, UnexpectedReply):
        return None


def refuse_to_erase(
    what: str, port: str, client: MeterClient, state: MemoryState | None
) -> WouldEraseMemory:
    """Give the refusal: what would be lost, how to fetch it, and how to consent."""
    from wattui.meter_memory.wording import loss_text

    lost = "What is in it, it does not tell"
    if state is not None:
        lost = loss_text(state, client.clock.time())
    return WouldEraseMemory(
        f"{what}; nothing was written. {lost}",
        f"Fetch it first: {fetch_line(port)}\nThen say the same with --erase-memory.",
    )


def fetch_line(port: str) -> str:
    """Give what is typed to fetch the memory of a port."""
    return f"wattui fetch {printable(shlex.quote(port))}"
