# SPDX-License-Identifier: GPL-3.0-or-later
"""List the recorded sessions, newest first."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import click
from rich.text import Text

from wattui.cli.exits import printable, say
from wattui.cli.help import command
from wattui.cli.options import json_option
from wattui.cli.output import print_table, shown_path
from wattui.errors import WattuiError
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.replay_mark import REPLAY_OF
from wattui.measurement.text import elapsed_text, iso_text

_EXAMPLES = (
    ("wattui sessions", "Print a table of the sessions."),
    ("wattui sessions --json", "Print them with full paths, for another program."),
)


@dataclass
class Entry:
    """A row of the list."""

    path: str
    #: Local time with offset; empty if there are no samples.
    start: str = ""
    #: Seconds from its first interval to its last sample.
    duration_s: float = 0.0
    meters: list[str] = field(default_factory=list)
    samples: int = 0
    #: Whether it was not closed, or is still being recorded.
    interrupted: bool = False
    #: Whether its times are counted back from a read-out of the meter's memory.
    reconstructed: bool = False
    #: Why records of such a read-out are missing; empty if none are.
    partial: str = ""
    #: What was replayed, and how fast, if it is a replay; empty for a measurement.
    replay_of: str = ""
    #: Why it cannot be read; empty if it can.
    problem: str = ""


@command("sessions", examples=_EXAMPLES)
@json_option("Print a JSON list.")
def sessions(as_json: bool) -> None:
    """List the recorded sessions, newest first.

    A session that was fetched from a meter's memory is marked, since its times are
    estimates; so is a replay of a recording, since it is not a measurement. A session
    that was not closed, or is still being recorded, is marked as interrupted; it is
    complete up to its last sample.
    """
    from wattui.desktop.folders import sessions_folder

    folder = sessions_folder()
    found = sorted(
        (_entry(path) for path in folder.glob("*.wattui")), key=lambda e: e.start, reverse=True
    )
    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in found], indent=2))
        return
    if not found:
        say(printable(f"There are no sessions in {shown_path(folder)} yet."))
        return
    rows = [
        (
            Text(printable(Path(entry.path).name), style="bold"),
            entry.start[:16].replace("T", " "),
            elapsed_text(entry.duration_s) if entry.start else "",
            f"{entry.samples:,}",
            printable(", ".join(entry.meters)),
            Text(_state(entry), style="red" if entry.problem else "yellow"),
        )
        for entry in found
    ]
    print_table(("Session", "Start", "Duration", "Samples", "Meters", ""), rows, "Duration,Samples")
    say(printable(f"The sessions are in {shown_path(folder)}."))


def _state(entry: Entry) -> str:
    if entry.problem:
        return printable(entry.problem)
    if entry.replay_of:
        ended = ", interrupted" if entry.interrupted else ""
        return printable(f"replay of {entry.replay_of}{ended}")
    if entry.interrupted:
        return "interrupted"
    if entry.reconstructed:
        return f"{'partly ' if entry.partial else ''}fetched from memory; times are estimates"
    return ""


def _entry(path: Path) -> Entry:
    """Return the row of a session, even if it cannot be read."""
    from wattui.meter_memory.save_readout import readout_label
    from wattui.session.outline import read_outline

    entry = Entry(str(path))
    try:
        found = read_outline(path)
        entry.meters = list(found.meters)
        entry.samples = found.count
        entry.interrupted = found.interrupted
        entry.replay_of = found.info.get(REPLAY_OF, "")
        label = readout_label(found.info)
        if label is not None:
            entry.reconstructed, entry.partial = True, label.partial
        if found.span_us is not None:
            entry.start = iso_text(found.span_us[0])
            entry.duration_s = (found.span_us[1] - found.span_us[0]) / MICROSECONDS
    except WattuiError as error:
        return Entry(str(path), _written(path), problem=error.what)
    except (OSError, ValueError, TypeError, OverflowError) as error:
        # Whatever one file is like, the others are listed.
        return Entry(str(path), _written(path), problem=f"{path.name} cannot be read: {error}")
    return entry


def _written(path: Path) -> str:
    """Return when a file, or a link to nothing, was written; empty if that is not known."""
    try:
        return datetime.fromtimestamp(path.lstat().st_mtime).astimezone().isoformat()
    except (OSError, ValueError, OverflowError):
        return ""
