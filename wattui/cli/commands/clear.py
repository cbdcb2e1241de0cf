# SPDX-License-Identifier: GPL-3.0-or-later
"""Clear the memory of the meter on PORT."""

from __future__ import annotations

import click

from wattui.cli.erase_consent import connected_meter, erase_option, memory_state, refuse_to_erase
from wattui.cli.exits import say
from wattui.cli.file_options import PortName
from wattui.cli.help import command
from wattui.measurement.text import count_text

_EXAMPLES = (
    ("wattui fetch /dev/ttyUSB0", "Fetch the records in the memory first."),
    ("wattui clear /dev/ttyUSB0", "Show what would be lost; nothing is erased."),
    ("wattui clear /dev/ttyUSB0 --erase-memory", "Erase the memory."),
)


@command("clear", examples=_EXAMPLES)
@click.argument("port", type=PortName(), metavar="PORT")
@erase_option
def clear(port: str, erase_memory: bool) -> None:
    """Clear the memory of the meter on PORT.

    All of its records are lost. Without --erase-memory, the command only shows how many
    records there are and what time they cover. Logging goes on into the empty memory.
    """
    from wattui.meter_memory.settings import clear_memory

    with connected_meter(port) as client:
        state = memory_state(client)
        if state is not None and not state.used and not erase_memory:
            say("The memory is empty: there is nothing to clear.")
            return
        if not erase_memory:
            what = "Clearing erases all records in the meter's memory"
            raise refuse_to_erase(what, port, client, state)
        clear_memory(client, erase=erase_memory)
        erased = "" if state is None else f": {count_text(state.used, 'record')} erased"
        say(f"Cleared the memory{erased}.")
