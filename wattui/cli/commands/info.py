# SPDX-License-Identifier: GPL-3.0-or-later
"""Show model, firmware and hardware of the meter on PORT."""

from __future__ import annotations

import json
from typing import Final

import click

from wattui.cli.file_options import PortName
from wattui.cli.help import command
from wattui.cli.options import json_option
from wattui.measurement.text import printable

_EXAMPLES = (
    ("wattui info /dev/ttyUSB0", "Identify the meter."),
    ("wattui info sim://es --json", "Identify a simulated meter, for another program."),
)

_LABELS: Final = {
    "port": "Port",
    "model": "Model",
    "serial_number": "Serial number",
    "baudrate": "Baud rate",
    "firmware": "Firmware",
    "firmware_date": "Firmware date",
    "hardware": "Hardware",
    "memory_bytes": "Memory in bytes",
    "replay_of": "Replay of",
}


@command("info", examples=_EXAMPLES)
@click.argument("port", type=PortName(), metavar="PORT")
@json_option("Print a JSON object.")
def info(port: str, as_json: bool) -> None:
    """Show model, firmware and hardware of the meter on PORT.

    Nothing is written to the meter, and its memory is not touched.
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
    if found.info.replay:
        facts["replay_of"] = found.info.replay
    if as_json:
        click.echo(json.dumps(facts, indent=2, default=str))
        return
    width = max(map(len, _LABELS.values()))
    for name, value in facts.items():
        shown = printable(str(value)) if value not in ("", None) else "unknown"
        click.echo(f"{_LABELS[name]:<{width}}  {shown}")
