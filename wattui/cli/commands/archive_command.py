# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep a folder of sessions as one data set of Parquet files, by meter and day."""

from __future__ import annotations

from pathlib import Path

import click

from wattui.cli.exits import say
from wattui.cli.file_options import File, Use
from wattui.cli.help import command
from wattui.cli.options import quiet_option
from wattui.cli.output import home_path
from wattui.cli.stop_signals import Ending
from wattui.errors import SessionDamaged
from wattui.measurement.text import count_text, printable

_EXAMPLES = (
    ("wattui archive ~/.local/share/wattui /data/power", "Archive all recordings."),
    ("wattui archive . /data/power --quiet", "Do so every night from a timer."),
)


@command("archive", examples=_EXAMPLES)
@click.argument("folder", type=File(Use.FOLDER), metavar="DIR")
@click.argument("goal", type=File(Use.FOLDER), metavar="OUT")
@quiet_option("Print only errors.")
def archive_command(folder: Path, goal: Path, quiet: bool) -> int:
    """Keep a folder of sessions as one data set of Parquet files, by meter and day.

    DIR is the folder of the sessions, with those below it. OUT is that of the data set, which
    DuckDB, polars, pandas and Spark read as one table. Running the command again adds what is
    new; a run that was stopped is continued. The exit code is 6 if a session is damaged or cannot
    be read; the others are archived. It needs the extra parquet.
    """
    from wattui.formats.archive import archive

    with Ending() as ending:
        result = archive(folder, goal, ending)
    for text in result.problems:
        say(printable(f"{text}."))
    if not quiet:
        rows, files = count_text(result.row_count, "row"), count_text(result.file_count, "file")
        sessions = count_text(len(result.written), "session")
        same = count_text(len(result.unchanged), "session")
        say(printable(f"Wrote {rows} of {sessions} to {files} in {home_path(goal)}."))
        if result.unchanged:
            say(f"Nothing is new in {same}.")
    return SessionDamaged.exit_status if result.problems else 0
