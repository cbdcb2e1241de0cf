# SPDX-License-Identifier: GPL-3.0-or-later
"""The program and its commands."""

from __future__ import annotations

import logging
from typing import Any, Final

import click

from wattui import __version__
from wattui.cli.exits import EXIT_CODES
from wattui.cli.help import Command, Program, command

_COMMANDS: Final = {
    "gui": "wattui.cli.commands.gui:gui",
    "log": "wattui.cli.commands.log:log",
    "ports": "wattui.cli.commands.ports:ports",
    "info": "wattui.cli.commands.info:info",
    "fetch": "wattui.cli.commands.fetch:fetch",
    "config": "wattui.cli.commands.config:config",
    "clear": "wattui.cli.commands.clear:clear",
    "arm": "wattui.cli.commands.arm:arm",
    "sessions": "wattui.cli.commands.sessions:sessions",
    "export": "wattui.cli.commands.export:export",
    "import": "wattui.cli.commands.import_command:import_files",
    "replay": "wattui.cli.commands.replay:replay",
    "plot": "wattui.cli.commands.plot:plot",
    "simulate": "wattui.cli.commands.simulate:simulate",
    "service": "wattui.cli.commands.service:service",
    "desktop": "wattui.cli.commands.desktop:desktop",
    "help": "wattui.cli.program:help_",
}

_TOPICS: Final = ("exit-codes",)


@click.group(
    cls=Program,
    name="wattui",
    lazy=_COMMANDS,
    invoke_without_command=True,
    examples=(
        ("wattui", "Open the window."),
        ("wattui gui --demo", "Open it on a simulated meter, connected at once."),
        (
            "wattui log /dev/ttyUSB0 -o fan.csv",
            "Record in the terminal, and write a CSV at the end.",
        ),
    ),
    epilog="`wattui help exit-codes` lists the exit codes. Files are kept in the user's data "
    "folder; WATTUI_DATA names another.",
)
@click.version_option(__version__, "-V", "--version", message="wattui %(version)s")
@click.option("--debug", is_flag=True, help="Log what happens, and show tracebacks.")
@click.pass_context
def program(ctx: click.Context, debug: bool) -> object:
    """Live power, current and voltage from Watts up? meters, with no sample lost.

    Without a command the window opens. PORT is a device as `wattui ports` lists it
    (/dev/ttyUSB0, COM3), a URL (socket://, rfc2217://), or sim:// for a simulated meter.
    """
    if debug:
        ctx.ensure_object(dict)["debug"] = True
        logging.basicConfig(
            level=logging.DEBUG, format="%(asctime)s %(threadName)s %(name)s: %(message)s"
        )
    else:
        # Whatever a user has to know is said without a log, and a live view bears no lines.
        logging.getLogger("wattui").addHandler(logging.NullHandler())
    if ctx.invoked_subcommand is not None:
        return None
    from wattui.cli.commands.gui import gui

    with gui.make_context("gui", [], parent=ctx) as inner:
        return gui.invoke(inner)


@command(
    "help",
    examples=(
        ("wattui help log", "The same as `wattui log --help`."),
        ("wattui help exit-codes", "What the exit codes mean."),
    ),
)
@click.argument("topic", required=False)
@click.pass_context
def help_(ctx: click.Context, topic: str | None) -> None:
    """Explain a command, or the topic exit-codes."""
    parent = ctx.parent
    group: Any = program
    if topic is None or parent is None:
        click.echo((parent or ctx).get_help())
        return
    if topic == "exit-codes":
        formatter = ctx.make_formatter()
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in EXIT_CODES])
        click.echo(formatter.getvalue().rstrip("\n"))
        return
    found = group.get_command(parent, topic)
    if not isinstance(found, Command):
        names = ", ".join((*group.list_commands(parent), *_TOPICS))
        raise click.UsageError(f"There is no help on {topic!r}. There is on: {names}.", ctx)
    with type(ctx)(found, info_name=topic, parent=parent) as inner:
        click.echo(found.get_help(inner))
