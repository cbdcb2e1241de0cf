# SPDX-License-Identifier: GPL-3.0-or-later
"""Replay a recording as if it were live."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from wattui.cli import exits
from wattui.cli.file_options import SessionFile
from wattui.cli.help import command
from wattui.cli.options import (
    assumption_options,
    damage_options,
    line_options,
    new_session_option,
    quiet_option,
    recorded_csv_options,
    start_time,
)
from wattui.cli.session_files import find_meters, say_damage
from wattui.cli.window_start import open_window
from wattui.errors import FormatError
from wattui.measurement.text import count_text, duration_text, printable

if TYPE_CHECKING:
    from wattui.formats.replay_source import Recorded, ReplayPort

_EXAMPLES = (
    ("wattui replay run.wattui --speed 60", "Replay an hour in a minute."),
    ("wattui replay wattsup.log --speed 3600 --quiet", "Replay an old log very fast."),
    ("wattui replay fan.raw --gui", "Replay a raw capture in the window."),
)


@command("replay", examples=_EXAMPLES)
@click.argument("file", type=SessionFile(), metavar="FILE")
@click.option(
    "--speed", type=click.FloatRange(0.001, 1e6), metavar="N",
    help="How many times faster than real time (default 1; the window asks).",
)  # fmt: skip
@click.option(
    "--meter", "meters", multiple=True, metavar="METER",
    help="Only this meter: its number in the session (1, 2, ...) or its name. Can be given "
    "several times.",
)  # fmt: skip
@click.option("--gui", is_flag=True, help="Replay in the window instead of the terminal.")
@assumption_options
@recorded_csv_options
@new_session_option
@line_options
@damage_options
@quiet_option()
def replay(
    file: Path, speed: float | None, meters: Sequence[str], gui: bool, interval: float | None,
    start: datetime | None, zone: tzinfo | None, strict: bool, keep_changed: bool, **options: Any,
) -> int:  # fmt: skip
    """Replay a recording as if it were live.

    FILE is a session, or a file of another program. Each of its meters becomes a
    simulated meter that sends the records in their original rhythm, gaps included. They
    are recorded into a new session, as with `wattui log`, with times that start now. That
    session, and each CSV made of it, says that it is a replay, of what and how fast. The
    replay ends with the last record, or on q or Ctrl-C.
    """
    from wattui.formats.reading.source import Assumptions
    from wattui.formats.replay_source import prepare

    assumptions = Assumptions(interval, start_time(start, zone), zone)
    with tempfile.TemporaryDirectory(prefix="wattui-replay-") as folder:
        recorded = prepare(
            file, speed or 1.0, assumptions, Path(folder), strict=strict, keep_changed=keep_changed
        )
        say_damage(file, recorded.damage)
        ports = _chosen(recorded, file, meters)
        if gui:
            return _in_the_window(file, speed, recorded, ports)
        speed = speed or 1.0
        if not options["quiet"]:
            for note in recorded.notes:
                exits.say(printable(f"{note}."))
            samples = count_text(sum(port.samples for port in ports), "sample")
            exits.say(
                f"{samples} in {duration_text(recorded.duration)}, "
                f"replayed in {duration_text(recorded.duration / speed)}."
            )
        return _in_the_terminal(ports, options)


def _chosen(recorded: Recorded, file: Path, names: Sequence[str]) -> list[ReplayPort]:
    """Return the named meters; without names, all that have samples."""
    with_samples = [port for port in recorded.ports if port.samples]
    if not with_samples:
        raise FormatError(f"There are no records in {file}", "Choose another file to replay.")
    if not names:
        return with_samples
    positions = find_meters([port.info for port in recorded.ports], names)
    return [recorded.ports[position] for position in positions]


def _in_the_window(
    file: Path, speed: float | None, recorded: Recorded, ports: Sequence[ReplayPort]
) -> int:
    """Replay in the window, which asks for the speed where none was given."""
    names = [port.info.name for port in ports]
    if speed is not None:
        return open_window(ports=[port.url for port in ports], names=names)
    positions = [recorded.ports.index(port) for port in ports]

    def at(speed: float) -> list[str]:
        faster = recorded.at_speed(speed)
        return [faster[position].url for position in positions]

    return open_window(replay=(file.name, at), names=names)


def _in_the_terminal(ports: Sequence[ReplayPort], options: dict[str, Any]) -> int:
    from wattui.cli.recording.recording_run import Options, record
    from wattui.formats.replay_source import GRACE, over_for

    return record(
        Options(
            tuple(port.url for port in ports),
            max(1, round(max(port.info.interval for port in ports))),
            csv=options["output"],
            dialect=options["dialect"],
            session=options["session"],
            quiet=options["quiet"],
            json=options["json"],
            plain=options["plain"],
            force=options["force"],
            over=lambda: over_for([port.url for port in ports]) > GRACE,
        )
    )
