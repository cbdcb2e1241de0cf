# SPDX-License-Identifier: GPL-3.0-or-later
"""List the recorded sessions, newest first."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.text import Text

from wattui.cli.exits import printable, say
from wattui.cli.help import command
from wattui.cli.options import json_option
from wattui.cli.output import home_path, print_table
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.replay_mark import REPLAY_OF
from wattui.measurement.text import count_text, elapsed_text, energy_text, iso_text, size_text

if TYPE_CHECKING:
    from wattui.session.catalogue import CatalogueEntry

_EXAMPLES = (
    ("wattui sessions", "Print a table of the sessions."),
    ("wattui sessions --json", "Print them with full paths, for another program."),
)


@dataclass
class Entry:
    """A row of the list."""

    path: str
    #: The name and the note that the user gave it; empty for none.
    name: str = ""
    note: str = ""
    #: Local time with offset; empty if there are no samples.
    start: str = ""
    #: Seconds from its first interval to its last sample.
    duration_s: float = 0.0
    meters: list[str] = field(default_factory=list)
    samples: int = 0
    #: Energy of all meters and the limit of its error.
    energy_wh: float = 0.0
    energy_error_wh: float = 0.0
    #: Bytes on disk.
    size: int = 0
    #: ``recorded``, ``replayed``, ``fetched`` or ``imported``.
    origin: str = "recorded"
    #: Whether it is being recorded at this moment.
    recording: bool = False
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
    that was not closed is marked as interrupted; it is complete up to its last sample.

    What was read of a session is remembered in the cache folder, so that it is read once.
    """
    from wattui.session.catalogue import Catalogue

    catalogue = Catalogue()
    listed = catalogue.complete(catalogue.scan())
    found = sorted(map(_entry, listed), key=lambda entry: entry.start, reverse=True)
    if as_json:
        click.echo(json.dumps([asdict(entry) for entry in found], indent=2))
        return
    if not found:
        say(printable(f"There are no sessions in {home_path(catalogue.folder)} yet."))
        return
    rows = [
        (
            Text(printable(Path(entry.path).name), style="bold"),
            entry.start[:16].replace("T", " "),
            elapsed_text(entry.duration_s) if entry.start else "",
            f"{entry.samples:,}",
            energy_text(entry.energy_wh, entry.energy_error_wh) if entry.samples else "",
            printable(", ".join(entry.meters)),
            Text(_remarks(entry), style="red" if entry.problem else "yellow"),
        )
        for entry in found
    ]
    names = ("Session", "Start", "Duration", "Samples", "Energy", "Meters", "")
    print_table(names, rows, "Duration,Samples,Energy")
    total = size_text(sum(entry.size for entry in found))
    taken = f"{count_text(len(found), 'session')} in {home_path(catalogue.folder)}, {total}."
    say(printable(taken))


def _remarks(entry: Entry) -> str:
    """Return the name that the user gave it, and its state."""
    named = [f"“{printable(entry.name)}”"] if entry.name else []
    return ", ".join([*named, *filter(None, [_state(entry)])])


def _state(entry: Entry) -> str:
    if entry.problem:
        return printable(entry.problem)
    unfinished = "being recorded" if entry.recording else "interrupted"
    if entry.replay_of:
        ended = f", {unfinished}" if entry.interrupted else ""
        return printable(f"replay of {entry.replay_of}{ended}")
    if entry.interrupted:
        return unfinished
    if entry.reconstructed:
        return f"{'partly ' if entry.partial else ''}fetched from memory; times are estimates"
    return "imported" if entry.origin == "imported" else ""


def _entry(listed: CatalogueEntry) -> Entry:
    """Return the row of a session, even if it cannot be read."""
    from wattui.meter_memory.save_readout import readout_label

    entry = Entry(str(listed.path), size=listed.size, problem=listed.problem)
    outline = listed.outline
    if outline is None:
        entry.start = _local(listed.written_us)
        return entry
    label = readout_label(outline.info)
    if label is not None:
        entry.reconstructed, entry.partial = True, label.partial
    entry.name, entry.note = listed.given_name, listed.note
    entry.start = iso_text(listed.start_us) if listed.has_samples else ""
    entry.duration_s = listed.duration_s
    entry.meters, entry.samples = list(outline.meters), outline.count
    entry.energy_wh, entry.energy_error_wh = outline.energy_wh, outline.energy_error_wh
    entry.origin = outline.origin.value
    entry.recording, entry.interrupted = listed.is_recorded, outline.interrupted
    entry.replay_of = outline.info.get(REPLAY_OF, "")
    return entry


def _local(time_us: int) -> str:
    """Return when a file was written; empty if that is not known."""
    try:
        return datetime.fromtimestamp(time_us / MICROSECONDS).astimezone().isoformat()
    except (OSError, ValueError, OverflowError):
        return ""
