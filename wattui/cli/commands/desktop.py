# SPDX-License-Identifier: GPL-3.0-or-later
"""Add wattui to your applications menu, or remove it."""

from __future__ import annotations

import click

from wattui.cli.exits import say
from wattui.cli.help import Group
from wattui.cli.output import home_path
from wattui.measurement.text import printable

_EXAMPLES = (
    ("wattui desktop install", "Add it to your menu."),
    ("wattui desktop remove", "Remove it again."),
)


@click.group(cls=Group, name="desktop", examples=_EXAMPLES)
def desktop() -> None:
    """Add wattui to your applications menu, or remove it."""


@desktop.command("install")
def install() -> None:
    """Install the launcher, the icon and the file type for your user.

    Prints which files were written, and how to give every user access to the meter's
    port.
    """
    from wattui.desktop import menu_entry

    for path in menu_entry.install():
        click.echo(f"Wrote {printable(home_path(path))}")
    udev = menu_entry.udev_command()
    if udev:
        say(f"To get access to the meter's port without joining its group, run:\n\n  {udev}")


@desktop.command("remove")
def remove() -> None:
    """Remove what `wattui desktop install` installed."""
    from wattui.desktop import menu_entry

    removed = menu_entry.remove()
    for path in removed or ():
        click.echo(f"Removed {printable(home_path(path))}")
    if not removed:
        say("There was nothing to remove.")
