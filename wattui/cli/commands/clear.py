# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui clear``: the meter's memory, emptied."""

from __future__ import annotations

from typing import Final

import click

from wattui.cli.erase_consent import asked, erase_option, memory_state, refuse_to_erase
from wattui.cli.exits import say
from wattui.cli.help import command
from wattui.measurement.text import count_text

_EXAMPLES: Final = (
    ("wattui fetch /dev/ttyUSB0", "Fetch what is in the memory first."),
    ("wattui clear /dev/ttyUSB0", "Say what would be lost; nothing is erased."),
    ("wattui clear /dev/ttyUSB0 --erase-memory", "Erase it."),
)


@command("clear", examples=_EXAMPLES)
@click.argument("port", metavar="PORT")
@erase_option
def clear(port: str, erase_memory: bool) -> None:
    """Clear the memory of the meter on PORT: all of its records are lost.

    Without --erase-memory it says how many records would be lost, covering which span,
    and sends nothing that erases. Logging goes on into the empty memory.
    """
    from wattui.meter_memory.settings import clear_memory

    with asked(port) as client:
        state = memory_state(client)
        if not erase_memory:
            what = "Clearing erases all records of the meter's memory"
            raise refuse_to_erase(what, port, client, state)
        clear_memory(client, erase=erase_memory)
        used = "unknown records" if state is None else count_text(state.used, "record")
        say(f"Cleared: {used} erased.")
