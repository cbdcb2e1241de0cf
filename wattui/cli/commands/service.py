# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui service``: recording that starts by itself, and goes on for good."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from wattui.cli.exits import printable, say
from wattui.cli.help import Group, command
from wattui.cli.output import shown_path
from wattui.cli.recording.unattended import rotation_option
from wattui.protocol.commands import MAX_INTERVAL
from wattui.session.rotation import Rotation

_COMMANDS: Final = {
    "install": "wattui.cli.commands.service:install",
    "remove": "wattui.cli.commands.service:remove",
    "status": "wattui.cli.commands.service:status",
}


@click.group(
    cls=Group,
    name="service",
    lazy=_COMMANDS,
    examples=(
        ("wattui service install", "Record every meter that is plugged in, from now on."),
        ("wattui service status", "See how it gets on."),
        ("wattui service remove", "End it. The sessions stay."),
    ),
)
def service() -> None:
    """Record in the background, from login on or from boot on, without a window.

    A systemd user service: it needs no root, is started again if it fails, and writes
    a session a day.
    """


@command(
    "install",
    examples=(
        ("wattui service install", "Every meter, a session a day."),
        ("wattui service install /dev/ttyUSB0 --output-dir /srv/power", "One meter, there."),
    ),
)
@click.argument("ports", nargs=-1, metavar="[PORT...]")
@click.option(
    "--all", "every", is_flag=True,
    help="Record every meter that is or will be plugged in: the default where no port is named.",
)  # fmt: skip
@click.option(
    "--rotate", "rotation", type=rotation_option, metavar="WHEN",
    help="A session a day (the default), hour or week, or for each 100MB.",
)  # fmt: skip
@click.option(
    "--output-dir", "folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR",
    help="Folder of the sessions; by default that of all others, so that the window and "
    "`wattui sessions` list them.",
)  # fmt: skip
@click.option(
    *("-i", "--interval"), type=click.IntRange(1, MAX_INTERVAL), default=1, show_default=True,
    metavar="SECONDS", help="Time between two records.",
)  # fmt: skip
@click.option("--csv", is_flag=True, help="Write a CSV beside each session, too.")
def install(
    ports: tuple[str, ...], every: bool, rotation: Rotation | None, folder: Path | None,
    interval: int, csv: bool,
) -> None:  # fmt: skip
    """Install and start the service; where it is installed, with these options from now on."""
    from wattui.desktop import systemd_unit

    arguments = log_arguments(ports, every, rotation, folder, interval, csv=csv)
    path, left = systemd_unit.install(arguments)
    click.echo(f"Wrote {printable(shown_path(path))}")
    if left:
        _tell_left(left)
    else:
        say("The service is running. `wattui service status` tells how it gets on.")
    if not systemd_unit.lingers():
        say("It runs while you are logged in. To have it run from boot on: loginctl enable-linger")


def log_arguments(
    ports: Sequence[str], every: bool, rotation: Rotation | None, folder: Path | None,
    interval: int, *, csv: bool,
) -> list[str]:  # fmt: skip
    """Give the arguments of ``wattui`` with which the service records."""
    from wattui.desktop.folders import sessions_folder

    when = rotation or Rotation("day")
    words = ["log", *ports]
    if every or not ports:
        words.append("--all")
    words += ["--wait", "--quiet", "--output-dir", str((folder or sessions_folder()).absolute())]
    words += ["--rotate", when.period or f"{when.size // 1000}kB"]
    words += ["--interval", str(interval)]
    return [*words, "--csv"] if csv else words


@command("remove", examples=(("wattui service remove", "End it. The sessions stay."),))
def remove() -> None:
    """Stop the service and take it away; what it recorded stays."""
    from wattui.desktop import systemd_unit

    path, left = systemd_unit.remove()
    if path is None:
        say("There was nothing to remove.")
        return
    click.echo(f"Removed {printable(shown_path(path))}")
    if left:
        _tell_left(left)


@command(
    "status", examples=(("wattui service status", "See whether it runs, and what it said last."),)
)
def status() -> int:
    """Tell how the service gets on; the exit code is 1 where it is not installed."""
    from wattui.desktop import systemd_unit

    path = systemd_unit.unit_path()
    if not path.exists():
        say("The service is not installed: `wattui service install` does that.")
        return 1
    text = systemd_unit.status_text()
    if text:
        click.echo(printable(text.rstrip("\n")))
    else:
        click.echo(f"Installed: {printable(shown_path(path))}")
        say("systemd cannot be reached from here, so nothing more is known.")
    return 0


def _tell_left(left: Sequence[Sequence[str]]) -> None:
    lines = "\n".join(f"  {shlex.join(order)}" for order in left)
    say(f"systemd cannot be reached from here. In your own session, run:\n\n{lines}\n")
