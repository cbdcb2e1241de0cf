# SPDX-License-Identifier: GPL-3.0-or-later
"""Show help on a command, or on the topic exit-codes."""

from __future__ import annotations

import click

from wattui.cli.exits import EXIT_CODES
from wattui.cli.help import Program, command

_EXAMPLES = (
    ("wattui help log", "Show the same as `wattui log --help`."),
    ("wattui help exit-codes", "List the exit codes and their meanings."),
)


@command("help", examples=_EXAMPLES)
@click.argument("topic", required=False)
@click.pass_context
def help_(ctx: click.Context, topic: str | None) -> None:
    """Show help on a command, or on the topic exit-codes."""
    root = ctx.find_root()
    group = root.command
    assert isinstance(group, Program)
    if topic is None:
        click.echo(root.get_help())
        return
    if topic == "exit-codes":
        formatter = ctx.make_formatter()
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in EXIT_CODES])
        click.echo(formatter.getvalue().rstrip("\n"))
        return
    found = group.get_command(root, topic)
    if found is None:
        names = ", ".join((*group.list_commands(root), "exit-codes"))
        raise click.UsageError(f"There is no help on {topic!r}. Topics are: {names}.", ctx)
    with type(ctx)(found, info_name=topic, parent=root) as inner:
        click.echo(found.get_help(inner))
