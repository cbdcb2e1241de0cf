# SPDX-License-Identifier: GPL-3.0-or-later
"""Open the window on a session or on meters."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from wattui.cli.exits import say
from wattui.cli.file_options import PortName
from wattui.cli.help import command
from wattui.cli.window_start import open_window
from wattui.desktop.launch import session_or_ports
from wattui.errors import DisplayMissing

#: The simulated meter that --demo connects to.
DEMO_PORT: Final = "sim://pro?load=desktop"

_EXAMPLES = (
    ("wattui gui --demo", "Try it on a simulated meter."),
    ("wattui gui /dev/ttyUSB0", "Open it and connect to a meter."),
    ("wattui gui /dev/ttyUSB0 /dev/ttyUSB1", "Open it and connect to two meters."),
    ("wattui gui run.wattui", "Open a recorded session."),
)


@command("gui", examples=_EXAMPLES)
@click.argument("targets", nargs=-1, type=PortName(), metavar="[SESSION|PORT...]")
@click.option("--demo", is_flag=True, help="Connect to a simulated meter.")
@click.option(
    "--or-terminal", is_flag=True,
    help="If the window cannot be opened, show why and record in the terminal instead.",
)  # fmt: skip
def gui(targets: Sequence[str], demo: bool, or_terminal: bool) -> int:
    """Open the window on a session or on meters.

    SESSION is a recorded file; each PORT is connected. Without a display, use `wattui
    log` to record in the terminal.
    """
    session, ports = session_or_ports(targets)
    try:
        return open_window(demo=demo, ports=ports, session=session)
    except DisplayMissing as error:
        if not or_terminal:
            raise
        return _in_terminal(error, (DEMO_PORT,) if demo else ports, session)


def _in_terminal(error: DisplayMissing, ports: Sequence[str], session: Path | None) -> int:
    """Record in the terminal, since the window cannot be opened."""
    if session is not None:
        raise error
    if not ports:
        raise DisplayMissing(error.what, "Give a port to record it in the terminal.")
    say(f"{error.what}: recording in the terminal instead.")
    sys.stderr.flush()
    from wattui.cli.recording.recording_run import Options, record

    return record(Options(tuple(ports)))
