# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui info``: which meter is on a port."""

from __future__ import annotations

import json
from typing import Final

import click

from wattui.cli.exits import printable
from wattui.cli.help import command

_EXAMPLES: Final = (
    ("wattui info /dev/ttyUSB0", "Ask the meter who it is."),
    ("wattui info sim://es --json", "The same of a simulated meter, for a program."),
)


@command("info", examples=_EXAMPLES)
@click.argument("port", metavar="PORT")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object.")
def info(port: str, as_json: bool) -> None:
    """Ask the meter on PORT who it is: model, firmware, hardware, memory.

    Nothing is written to the meter, and its memory is left alone.
    """
    from wattui.client import identify

    found = identify(port)
    version = found.version
    facts: dict[str, object] = {
        "port": port,
        "model": found.info.model,
        "serial_number": found.info.serial_number,
        "baudrate": found.baudrate,
    }
    if version is not None:
        facts |= {
            "firmware": found.info.firmware,
            "firmware_date": version.built_text,
            "hardware": "{}.{}".format(*version.hardware),
            "memory_bytes": version.memory,
        }
    if as_json:
        click.echo(json.dumps(facts, indent=2, default=str))
        return
    labels = {
        "port": "Port",
        "model": "Model",
        "serial_number": "Serial number",
        "baudrate": "Baud rate",
        "firmware": "Firmware",
        "firmware_date": "Firmware of",
        "hardware": "Hardware",
        "memory_bytes": "Memory in bytes",
    }
    width = max(map(len, labels.values()))
    for name, value in facts.items():
        shown = printable(str(value)) if value not in ("", None) else "unknown"
        click.echo(f"{labels[name]:<{width}}  {shown}")
