# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that read or set up a meter without recording it, and consent to erase its memory."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from wattui.cli.exits import printable
from wattui.errors import NoAnswer, UnexpectedReply, WouldEraseMemory

if TYPE_CHECKING:
    from wattui.client import MeterClient
    from wattui.meter_memory.state import MemoryState


@contextlib.contextmanager
def connected_meter(port: str, ended: Callable[[], bool] = lambda: False) -> Iterator[MeterClient]:
    """Connect to a meter without recording it; its own logging goes on.

    Raises
    ------
    WattuiError
        It cannot be connected.
    Cancelled
        *ended* returned true first.
    """
    from wattui.client import CONNECTING, MeterClient

    client = MeterClient(port, live=False)
    client.start()
    try:
        client.wait_running(CONNECTING, ended)
        yield client
    finally:
        client.stop()


#: The option that consents to the loss of the memory.
erase_option: Callable[[Any], Any] = click.option(
    "--erase-memory", is_flag=True,
    help="Agree to lose all records in the meter's memory.",
)  # fmt: skip


def memory_state(client: MeterClient) -> MemoryState | None:
    """Read the state of the memory; None if the meter does not report it."""
    from wattui.meter_memory.state import read_memory_state

    try:
        return read_memory_state(client)
    except (NoAnswer, UnexpectedReply):
        return None


def refuse_to_erase(
    what: str, port: str, client: MeterClient, state: MemoryState | None
) -> WouldEraseMemory:
    """Return the refusal: what would be lost, how to fetch it, and how to agree."""
    from wattui.meter_memory.wording import loss_text

    lost = "The meter does not report what is in it"
    if state is not None:
        lost = loss_text(state, client.clock.time())
    return WouldEraseMemory(
        f"{what}, so nothing was written. {lost}",
        f"To fetch it first: {fetch_line(port)}\nThen repeat the command with --erase-memory.",
    )


def fetch_line(port: str) -> str:
    """Return the command line that fetches the memory of a port."""
    return f"wattui fetch {printable(shlex.quote(port))}"
