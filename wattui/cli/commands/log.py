# SPDX-License-Identifier: GPL-3.0-or-later
"""Record meters in the terminal, without a window."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from wattui.cli.file_options import File, PortName, Use
from wattui.cli.help import command
from wattui.cli.options import interval_option
from wattui.cli.recording.recording_options import Ports, options_from, recording_options
from wattui.cli.recording.recording_run import record
from wattui.errors import PortNotFound

_EXAMPLES = (
    ("wattui log /dev/ttyUSB0", "Watch and record one meter until q or Ctrl-C."),
    ("wattui log /dev/ttyUSB0 -d 8h -o night.csv", "Record for eight hours, then write a CSV."),
    ("wattui log /dev/ttyUSB0 /dev/ttyUSB1", "Record two meters into one session."),
    (
        "wattui log ttyUSB0 --alert 'power above 100 for 10s' --on-alert ./warn.sh",
        "Run a command when the power stays above 100 W.",
    ),
    (
        "wattui log /dev/ttyUSB0 --until 18:30 --energy 1.5kWh",
        "Record until half past six, or up to an energy.",
    ),
    ("wattui log --all --quiet", "Record every connected meter; print only the path."),
    ("wattui log 'sim://pro?speed=60' -d 1h", "Record a simulated hour in a minute."),
)


@command("log", examples=_EXAMPLES)
@click.argument("ports", nargs=-1, type=PortName(), metavar="PORT...")
@click.option("--all", "every", is_flag=True, help="Record every meter that is plugged in.")
@interval_option
@click.option(
    "--raw", type=File(Use.APPEND), metavar="FILE",
    help="Append the bytes received from the meter to this file. One meter only.",
)  # fmt: skip
@click.option(
    "--wait", is_flag=True,
    help="Keep waiting for a port that does not exist or fails. With --all, also record meters "
    "that are plugged in later.",
)  # fmt: skip
@recording_options
def log(
    ports: tuple[str, ...], every: bool, interval: int, raw: Path | None, wait: bool, **values: Any
) -> int:
    """Record meters in the terminal, without a window.

    In a terminal, the current readings are shown; q or Ctrl-C ends the recording. In a
    file or pipe, one line is printed per sample once it is on disk: time, W, V, A, power
    factor and integrated Wh. Lines that start with # name the columns and report gaps.

    The last line on standard output is the path of the session, if any sample was
    recorded.

    An alert is raised once its condition has held for its time; it sets a mark in the session.
    Its command gets the facts in variables of its environment, from WATTUI_ALERT to
    WATTUI_VALUE, and never holds up the recording.

    Databases and brokers are sent what is on disk, in order, from where an earlier run stopped.
    They never hold up the recording. Passwords are taken from WATTUI_INFLUX_TOKEN,
    WATTUI_INFLUX_PASSWORD, WATTUI_MQTT_PASSWORD and PGPASSWORD.

    An unplugged meter is reconnected as soon as it is back. If one of several meters fails, the
    others go on, and its exit code is returned at the end. SIGTERM and closing the terminal end
    a recording properly, just like q.
    """
    urls = _chosen_ports(ports, every=every, wait=wait)
    return record(options_from(Ports(urls, interval, raw, every, wait), values))


def _chosen_ports(ports: Sequence[str], *, every: bool, wait: bool) -> tuple[str, ...]:
    """Return the ports to record, without duplicates."""
    if every:
        from wattui.ports.listing import list_ports

        found = [port.url for port in list_ports() if port.likely_meter]
        if not found and not ports and not wait:
            raise PortNotFound(
                "No Watts up? meter is plugged in",
                "`wattui ports` lists the ports; sim://pro is a simulated meter.",
            )
        ports = [*ports, *found]
    if not ports and not (every and wait):
        raise click.UsageError(
            "Give a port, or use --all. `wattui ports` lists the ports; "
            "sim://pro is a simulated meter."
        )
    twice = next((port for i, port in enumerate(ports) if port in ports[:i]), None)
    if twice is not None and not every:
        hint = " Add ?id=2 to simulate another meter." if twice.startswith("sim:") else ""
        raise click.UsageError(f"{twice} is given twice.{hint}")
    return tuple(dict.fromkeys(ports))
