# SPDX-License-Identifier: GPL-3.0-or-later
"""Record meters in the terminal, without a window."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import click

from wattui.cli.file_options import File, PortName, Use
from wattui.cli.help import command
from wattui.cli.options import (
    alert_command,
    alert_options,
    duration,
    end_options,
    folder_option,
    forward_options,
    interval_option,
    line_options,
    new_session_option,
    quiet_option,
    recorded_csv_options,
    rotation_option,
)
from wattui.cli.recording.recording_run import Options, record
from wattui.cli.recording.unattended import UnattendedOptions
from wattui.desktop.atomic_file import is_special
from wattui.errors import PortNotFound
from wattui.measurement.alerts import AlertRule
from wattui.measurement.planned_end import PlannedEnd
from wattui.session.rotation import Rotation

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
    *("-d", "--duration"), type=duration, metavar="TIME",
    help="How long to record: seconds, or 90s, 5m, 8h, 2d, 1h30m. This is the meter's time: a "
    "simulated meter at ten times the speed takes a tenth of it.",
)  # fmt: skip
@end_options
@alert_options
@forward_options
@recorded_csv_options
@click.option(
    "--raw", type=File(Use.APPEND), metavar="FILE",
    help="Append the bytes received from the meter to this file. One meter only.",
)  # fmt: skip
@new_session_option
@folder_option("Folder for the sessions, created if it does not exist. SIGHUP starts a new one.")
@rotation_option("With --output-dir: start a new session every day, hour or week, or after 100MB.")
@click.option("--csv", is_flag=True, help="With --output-dir: also write a CSV per session.")
@click.option(
    "--wait", is_flag=True,
    help="Keep waiting for a port that does not exist or fails. With --all, also record meters "
    "that are plugged in later.",
)  # fmt: skip
@click.option(
    "--status-file", "status", type=File(Use.WRITE), metavar="FILE.json",
    help="Write the health of the recording to this file every few seconds, for monitoring.",
)  # fmt: skip
@line_options
@quiet_option()
def log(
    ports: tuple[str, ...], every: bool, interval: int, duration: float | None,
    until: int | None, energy: float | None, alerts: tuple[AlertRule, ...],
    on_alert: str | None, alert_shell: bool,
    output: Path | None, force: bool, dialect: str, raw: Path | None, session: Path | None,
    folder: Path | None, rotation: Rotation | None, csv: bool, wait: bool, status: Path | None,
    influx: tuple[str, ...], mqtt: tuple[str, ...], postgres: tuple[str, ...],
    prometheus: str | None, json: bool, plain: bool, quiet: bool,
) -> int:  # fmt: skip
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
    # A log would disturb a live view.
    plain = plain or logging.getLogger("wattui").isEnabledFor(logging.DEBUG)
    if folder is None and (rotation is not None or csv):
        raise click.UsageError("--rotate and --csv need --output-dir.")
    if folder is not None and (session is not None or output is not None):
        raise click.UsageError("--output-dir names its sessions itself. Use --csv to write CSVs.")
    if status is not None and is_special(status):
        raise click.UsageError(f"--status-file replaces its file, and {status} is not a file.")
    unattended = UnattendedOptions(folder, rotation or Rotation(), csv, wait, every, quiet)
    options = Options(
        _chosen_ports(ports, every=every, wait=wait), interval, duration, output, dialect, raw,
        session, quiet, json, plain, unattended, status, force=force,
        end=PlannedEnd(until_us=until, energy_wh=energy), alerts=alerts,
        alert_command=alert_command(alerts, on_alert, shell=alert_shell),
        targets=(*influx, *mqtt, *postgres), prometheus=prometheus or "",
    )  # fmt: skip
    return record(options)


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
