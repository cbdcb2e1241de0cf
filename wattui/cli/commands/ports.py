# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui ports``: the ports there are."""

from __future__ import annotations

import dataclasses
import json
from typing import Final

import click
from rich.text import Text

from wattui.cli.exits import printable, say
from wattui.cli.help import command
from wattui.cli.output import print_table

_EXAMPLES: Final = (
    ("wattui ports", "A table, likely meters first."),
    ("wattui ports --json", "The same for a program."),
)


@command("ports", examples=_EXAMPLES)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
def ports(as_json: bool) -> None:
    """List the serial ports, likely meters first.

    The simulated meter is always there as sim://pro, sim://es or sim://net.
    """
    from wattui.ports.listing import list_ports

    found = list_ports()
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(port) for port in found], indent=2))
        return
    if not found:
        say("There is no serial port. Plug in a meter, or try the simulated one: "
            "wattui log sim://pro")  # fmt: skip
        return
    rows = [
        (
            Text(printable(port.url), style="bold" if port.likely_meter else ""),
            printable(port.description or ""),
            printable(port.serial_number or ""),
            Text("likely", style="green") if port.likely_meter else "",
            Text(port.problem or "free", style="yellow" if port.problem else ""),
        )
        for port in found
    ]
    print_table(("Port", "Description", "Serial number", "Watts up?", "State"), rows)
