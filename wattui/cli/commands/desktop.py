# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui desktop``: the program in the user's menu."""

from __future__ import annotations

from typing import Final

import click

from wattui.cli.exits import printable, say
from wattui.cli.help import Group, command
from wattui.cli.output import shown_path

_COMMANDS: Final = {
    "install": "wattui.cli.commands.desktop:install",
    "remove": "wattui.cli.commands.desktop:remove",
}


@click.group(
    cls=Group,
    name="desktop",
    lazy=_COMMANDS,
    examples=(
        ("wattui desktop install", "Add it to your menu."),
        ("wattui desktop remove", "Take it out again."),
    ),
)
def desktop() -> None:
    """Put the program into your menu, or take it out."""


@command("install")
def install() -> None:
    """Put launcher, icon and file type into your menu.

    Says which files it wrote, and how to let every user open the meter's port.
    """
    from wattui.desktop import menu_entry

    for path in menu_entry.install():
        click.echo(f"Wrote {printable(shown_path(path))}")
    udev = menu_entry.udev_command()
    if udev:
        say(
            f"So that you may open a meter's port without being in its group, run once:\n\n  {udev}"
        )


@command("remove")
def remove() -> None:
    """Take out what `wattui desktop install` put in."""
    from wattui.desktop import menu_entry

    removed = menu_entry.remove()
    for path in removed or ():
        click.echo(f"Removed {printable(shown_path(path))}")
    if not removed:
        say("There was nothing to remove.")
