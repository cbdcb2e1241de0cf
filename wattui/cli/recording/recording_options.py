# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that every command which records meters has, and what they say."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from wattui.cli.file_options import File, Use
from wattui.cli.options import (
    alert_command,
    alert_options,
    duration,
    end_options,
    folder_option,
    forward_options,
    line_options,
    new_session_option,
    quiet_option,
    recorded_csv_options,
    rotation_option,
    together,
)
from wattui.cli.recording.recording_run import Options
from wattui.cli.recording.unattended import UnattendedOptions
from wattui.desktop.atomic_file import is_special
from wattui.measurement.planned_end import PlannedEnd
from wattui.session.rotation import Rotation

#: The values of these options come as keywords: see :func:`options_from`.
recording_options: Final = together(
    click.option(
        *("-d", "--duration"), type=duration, metavar="TIME",
        help="How long to record: seconds, or 90s, 5m, 8h, 2d, 1h30m. This is the meter's time: a "
        "simulated meter at ten times the speed takes a tenth of it.",
    ),
    end_options,
    alert_options,
    forward_options,
    recorded_csv_options,
    new_session_option,
    folder_option(
        "Folder for the sessions, created if it does not exist. SIGHUP starts a new one."
    ),
    rotation_option(
        "With --output-dir: start a new session every day, hour or week, or after 100MB."
    ),
    click.option("--csv", is_flag=True, help="With --output-dir: also write a CSV per session."),
    click.option(
        "--status-file", "status", type=File(Use.WRITE), metavar="FILE.json",
        help="Write the health of the recording to this file every few seconds, for monitoring.",
    ),
    line_options,
    quiet_option(),
)  # fmt: skip


@dataclass(frozen=True)
class Ports:
    """What a command records: the part of the options that is its own."""

    urls: Sequence[str]
    interval: int = 1
    raw: Path | None = None
    every: bool = False
    wait: bool = False
    #: Serial numbers of meters that post, and whether their relay is to open.
    relays: dict[str, bool] = field(default_factory=dict)


def options_from(ports: Ports, values: dict[str, Any]) -> Options:
    """Return what to record, from the values of :data:`recording_options`."""
    folder, rotation, csv = values["folder"], values["rotation"], values["csv"]
    session, output, status = values["session"], values["output"], values["status"]
    if folder is None and (rotation is not None or csv):
        raise click.UsageError("--rotate and --csv need --output-dir.")
    if folder is not None and (session is not None or output is not None):
        raise click.UsageError("--output-dir names its sessions itself. Use --csv to write CSVs.")
    if status is not None and is_special(status):
        raise click.UsageError(f"--status-file replaces its file, and {status} is not a file.")
    alerts, quiet = values["alerts"], values["quiet"]
    return Options(
        tuple(ports.urls),
        ports.interval,
        values["duration"],
        output,
        values["dialect"],
        ports.raw,
        session,
        quiet,
        values["json"],
        # A log would disturb a live view.
        values["plain"] or logging.getLogger("wattui").isEnabledFor(logging.DEBUG),
        UnattendedOptions(folder, rotation or Rotation(), csv, ports.wait, ports.every, quiet),
        status,
        force=values["force"],
        end=PlannedEnd(until_us=values["until"], energy_wh=values["energy"]),
        alerts=alerts,
        alert_command=alert_command(alerts, values["on_alert"], shell=values["alert_shell"]),
        targets=(*values["influx"], *values["mqtt"], *values["postgres"]),
        prometheus=values["prometheus"] or "",
        relays=ports.relays,
    )
