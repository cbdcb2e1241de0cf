# SPDX-License-Identifier: GPL-3.0-or-later
"""List the serial ports, likely meters first."""

from __future__ import annotations

import dataclasses
import json

import click
from rich.text import Text

from wattui.cli.exits import say
from wattui.cli.help import command
from wattui.cli.options import json_option
from wattui.cli.output import print_table
from wattui.measurement.text import printable

_EXAMPLES = (
    ("wattui ports", "Print a table of the ports."),
    ("wattui ports --json", "Print them for another program."),
)


@command("ports", examples=_EXAMPLES)
@json_option("Print a JSON list.")
def ports(as_json: bool) -> None:
    """List the serial ports, likely meters first.

    A simulated meter is always available as sim://pro, sim://es or sim://net.
    """
    from wattui.ports.listing import list_ports

    found = list_ports()
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(port) for port in found], indent=2))
        return
    if not found:
        say("No serial ports found. Plug in a meter, or try a simulated one: wattui log sim://pro")
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
