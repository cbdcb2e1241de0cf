# SPDX-License-Identifier: GPL-3.0-or-later
"""Record in the background with systemd, without a window."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

import click

from wattui.cli.exits import say
from wattui.cli.file_options import PortName
from wattui.cli.help import Group
from wattui.cli.options import (
    alert_command,
    alert_options,
    folder_option,
    forward_options,
    interval_option,
    rotation_option,
)
from wattui.cli.output import home_path
from wattui.measurement.alerts import AlertRule
from wattui.measurement.text import printable
from wattui.session.rotation import Period, Rotation

_EXAMPLES = (
    ("wattui service install", "Record every meter that is plugged in, from now on."),
    ("wattui service status", "Show whether it is running and recording."),
    ("wattui service remove", "Stop recording. The sessions stay."),
)


@click.group(cls=Group, name="service", examples=_EXAMPLES)
def service() -> None:
    """Record in the background with systemd, without a window.

    The service runs for your user and needs no root. It starts when you log in or when
    the computer boots, restarts after a failure, and writes one session per day.
    """


@service.command(
    "install",
    examples=(
        ("wattui service install", "Record every meter, one session per day."),
        (
            "wattui service install /dev/ttyUSB0 --output-dir /srv/power",
            "Record one meter into that folder.",
        ),
    ),
)
@click.argument("ports", nargs=-1, type=PortName(), metavar="[PORT...]")
@click.option(
    "--all", "every", is_flag=True,
    help="Record every meter that is or will be plugged in. This is the default without a PORT.",
)  # fmt: skip
@rotation_option("Start a new session every day (the default), hour or week, or after 100MB.")
@folder_option(
    "Folder of the sessions. By default it is the data folder, so that the window and "
    "`wattui sessions` list them."
)
@interval_option
@click.option("--csv", is_flag=True, help="Also write a CSV file for each session.")
@alert_options
@forward_options
def install(
    ports: tuple[str, ...], every: bool, rotation: Rotation | None, folder: Path | None,
    interval: int, csv: bool, alerts: tuple[AlertRule, ...], on_alert: str | None,
    alert_shell: bool, influx: tuple[str, ...], mqtt: tuple[str, ...],
    postgres: tuple[str, ...], prometheus: str | None,
) -> None:  # fmt: skip
    """Install and start the service, or change its options."""
    from wattui.desktop import systemd_unit

    alert_command(alerts, on_alert, shell=alert_shell)
    if on_alert is not None and on_alert.strip().startswith((".", "'.", '".')):
        raise click.UsageError("A service runs in another folder: give the command's full path.")
    arguments = log_arguments(ports, every, rotation, folder, interval, csv=csv)
    arguments += [word for rule in alerts for word in ("--alert", str(rule))]
    arguments += [] if on_alert is None else ["--on-alert", on_alert]
    arguments += ["--alert-shell"] if alert_shell else []
    targets = {"--influx": influx, "--mqtt": mqtt, "--postgres": postgres}
    arguments += [word for name, urls in targets.items() for url in urls for word in (name, url)]
    arguments += [] if prometheus is None else ["--prometheus", prometheus]
    path, left = systemd_unit.install(arguments)
    click.echo(f"Wrote {printable(home_path(path))}")
    if left:
        _say_what_is_left(left)
    else:
        say("The service is running. Check it with `wattui service status`.")
    if not systemd_unit.lingers():
        say("It runs while you are logged in. To start it at boot: loginctl enable-linger")


def log_arguments(
    ports: Sequence[str], every: bool, rotation: Rotation | None, folder: Path | None,
    interval: int, *, csv: bool,
) -> list[str]:  # fmt: skip
    """Return the arguments of ``wattui`` with which the service records."""
    from wattui.desktop.folders import sessions_folder

    when = rotation or Rotation(Period.DAY)
    words = ["log", *ports]
    if every or not ports:
        words.append("--all")
    words += ["--wait", "--quiet", "--output-dir", str((folder or sessions_folder()).absolute())]
    words += ["--rotate", when.period or f"{when.size // 1000}kB"]
    words += ["--interval", str(interval)]
    return [*words, "--csv"] if csv else words


@service.command(
    "remove", examples=(("wattui service remove", "Stop recording. The sessions stay."),)
)
def remove() -> None:
    """Stop and remove the service; its recordings stay."""
    from wattui.desktop import systemd_unit

    path, left = systemd_unit.remove()
    if path is None:
        say("There was nothing to remove.")
        return
    click.echo(f"Removed {printable(home_path(path))}")
    if left:
        _say_what_is_left(left)


@service.command(
    "status", examples=(("wattui service status", "Show its state and last messages."),)
)
def status() -> int:
    """Show whether the service is running; exit with 1 if it is not installed."""
    from wattui.desktop import systemd_unit

    path = systemd_unit.unit_path()
    if not path.exists():
        say("The service is not installed. Install it with `wattui service install`.")
        return 1
    text = systemd_unit.status_text()
    if text:
        click.echo(printable(text.rstrip("\n")))
    else:
        click.echo(f"Installed: {printable(home_path(path))}")
        say("systemd cannot be reached from here, so its state is unknown.")
    return 0


def _say_what_is_left(left: Sequence[Sequence[str]]) -> None:
    lines = "\n".join(f"  {shlex.join(order)}" for order in left)
    say(f"systemd cannot be reached from here. In your own session, run:\n\n{lines}\n")
