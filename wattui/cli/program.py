# SPDX-License-Identifier: GPL-3.0-or-later
"""The program itself: the code of ``wattui`` that runs before a command."""

from __future__ import annotations

import logging

import click

from wattui import __version__
from wattui.cli.help import Program, write_log

_EXAMPLES = (
    ("wattui", "Open the window."),
    ("wattui gui --demo", "Open it and connect to a simulated meter."),
    ("wattui log /dev/ttyUSB0 -o fan.csv", "Record in the terminal, then write a CSV file."),
)


@click.group(
    cls=Program,
    name="wattui",
    invoke_without_command=True,
    examples=_EXAMPLES,
    epilog="`wattui help exit-codes` lists the exit codes. Recordings are stored in your data "
    "folder, or in the folder that the environment variable WATTUI_DATA names.",
)
@click.version_option(__version__, "-V", "--version", message="wattui %(version)s")
@click.option(
    "--debug", is_flag=True, is_eager=True, expose_value=False, callback=write_log,
    help="Print a log to standard error, and tracebacks; can also follow a command.",
)  # fmt: skip
@click.pass_context
def program(ctx: click.Context) -> object:
    """Show and record live readings of Watts up? meters without losing a sample.

    Without a command, the window opens. PORT is a device as `wattui ports` lists it
    (/dev/ttyUSB0, COM3), a URL (socket://, rfc2217://), or sim:// for a simulated meter.
    """
    # Users see messages without a log, and a live view has no room for its lines.
    logging.getLogger("wattui").addHandler(logging.NullHandler())
    if ctx.ensure_object(dict).get("log"):
        _start_log(ctx.invoked_subcommand or "gui")
    if ctx.invoked_subcommand is not None:
        return None
    from wattui.cli.commands.gui import gui

    with gui.make_context("gui", [], parent=ctx) as inner:
        return gui.invoke(inner)


def _start_log(name: str) -> None:
    from wattui.desktop.program_log import start_log
    from wattui.measurement.log_format import FILE_FORM, PrintableFormatter

    start_log(PrintableFormatter(FILE_FORM), f"wattui {__version__}, command {name}")
