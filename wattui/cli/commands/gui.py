# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui gui``: open the window, or say why it cannot be opened."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from wattui.cli.exits import say
from wattui.cli.help import command
from wattui.desktop import display_check
from wattui.desktop.launch import told_apart
from wattui.errors import DisplayMissing

#: The simulated meter that stands in for one that nobody has at hand.
DEMO_PORT: Final = "sim://pro?load=desktop"

_EXAMPLES: Final = (
    ("wattui gui --demo", "See it at work on a simulated meter."),
    ("wattui gui /dev/ttyUSB0", "Open it and connect to a meter."),
    ("wattui gui /dev/ttyUSB0 /dev/ttyUSB1", "Open it and connect to two."),
    ("wattui gui run.wattui", "Open it on a recorded session."),
)


@command("gui", examples=_EXAMPLES)
@click.argument("targets", nargs=-1, metavar="[SESSION|PORT...]")
@click.option("--demo", is_flag=True, help="Connect to a simulated meter at once.")
@click.option(
    "--or-terminal", is_flag=True,
    help="Where no window can be opened, say why and record in the terminal instead.",
)  # fmt: skip
def gui(targets: Sequence[str], demo: bool, or_terminal: bool) -> int:
    """Open the window, on a SESSION file or on the meters of each PORT if any is named.

    Without a display, `wattui log` does the same work in the terminal.
    """
    session, ports = told_apart(targets)
    try:
        app = _window()
    except DisplayMissing as error:
        if not or_terminal:
            raise
        return _in_terminal(error, (DEMO_PORT,) if demo else ports, session)
    status: Any = app.run(demo=demo, ports=ports, session=session)
    return status if isinstance(status, int) else 0


def _window() -> Any:
    """Give the module of the window.

    Raises
    ------
    DisplayMissing
        It cannot be opened here: no display, or libraries that are missing.
    """
    display_check.check()
    # What Enthought's toolkits need to know before anything of them is imported.
    os.environ.setdefault("QT_API", "pyqt5")
    os.environ.setdefault("ETS_TOOLKIT", "qt.qpainter")
    try:
        return importlib.import_module("wattui.ui.app")
    except ImportError as error:
        raise display_check.libraries_missing(str(error)) from error


def _in_terminal(error: DisplayMissing, ports: Sequence[str], session: Path | None) -> int:
    """Record in the terminal, since no window can be opened."""
    if session is not None:
        raise error
    if not ports:
        raise DisplayMissing(error.what, "Name a port, and it is recorded in the terminal.")
    say(f"{error.what}: recording in the terminal instead.")
    sys.stderr.flush()
    from wattui.cli.commands.log import Options, record

    return record(Options(tuple(ports)))
