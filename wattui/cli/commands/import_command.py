# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui import``: a session from files that other programs left behind."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from wattui.cli import exits
from wattui.cli.commands.export import check_destination
from wattui.cli.help import command
from wattui.cli.output import Output, console
from wattui.cli.span_options import duration_option
from wattui.cli.stop_signals import Ending
from wattui.measurement.clock import microseconds
from wattui.measurement.text import count_text

if TYPE_CHECKING:
    from wattui.formats.import_files import ImportResult

#: Broken lines that are told of one by one.
_TOLD: Final = 10

#: Seconds that the path may wait for whoever reads the output.
_PATIENCE: Final = 2.0

_EXAMPLES: Final = (
    ("wattui import wattsup.log", "A log of the script of 2011."),
    ("wattui import fan.raw --interval 1 --start '2016-11-09 13:24:18'", "A raw capture."),
    ("wattui import WU-*.csv --session lab.wattui", "Several meters into one session."),
    ("wattui import old.log --zone America/Denver", "A log from another time zone."),
)


def zone_option(text: str) -> tzinfo:
    """Give the time zone of an option's value: for ``type=`` of an option."""
    if text.upper() == "UTC":
        return UTC
    with contextlib.suppress(ValueError):
        offset = datetime.strptime(text, "%z").utcoffset()
        return timezone(offset or timedelta())
    try:
        return ZoneInfo(text)
    except (ValueError, OSError, LookupError) as error:
        raise click.BadParameter(
            f"{text!r} is no time zone. Write Europe/Berlin, UTC or +01:00."
        ) from error


def start_option(text: str) -> datetime:
    """Give the date and time of an option's value: for ``type=`` of an option."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is no date and time. Write 2016-11-09 13:24:18."
        ) from error


@command("import", examples=_EXAMPLES)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@click.option(
    *("-i", "--interval"), type=duration_option, metavar="TIME",
    help="Time between two records, where the file does not tell it; by default what its times "
    "say, else 1 s.",
)  # fmt: skip
@click.option(
    "--start", type=start_option, metavar="MOMENT",
    help="When the recording began, where the file has no date; by default so that it ended "
    "when the file was written last.",
)  # fmt: skip
@click.option(
    "--zone", type=zone_option, metavar="ZONE",
    help="Time zone of local times, as Europe/Berlin, UTC or +01:00; by default this machine's.",
)  # fmt: skip
@click.option("--meter", default="", metavar="NAME", help="Name of the meter.")
@click.option(
    "--session", type=click.Path(path_type=Path), metavar="FILE.wattui",
    help="Name of the new session, which must not exist. By default it lies in the data folder.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors and the path.")
def import_files(
    files: Sequence[Path], interval: float | None, start: datetime | None, zone: tzinfo | None,
    meter: str, session: Path | None, quiet: bool,
) -> None:  # fmt: skip
    """Make a session of FILEs that other programs left behind.

    The format is told by what is in a file, not by its name: the log of wattsup.py, raw
    captures, the CSV of the multi-meter script, the export of the maker's program, CSV
    and JSON of lab11, lines of the C client, and CSV and JSON lines of wattui.

    Several files become one session. A file that goes on where another of the same meter
    ended continues it. A line that cannot be read is told of and left out. What had to be
    assumed is kept in the session as notes.

    The last line on standard output is the path of the session.
    """
    from wattui.formats.import_files import import_files as make_session
    from wattui.formats.reading.source import Assumptions

    if session is not None:
        check_destination(session)
    assumptions = Assumptions(interval, moment(start, zone), zone, meter)
    with Ending() as ending, _progress(quiet=quiet) as progress:
        result = make_session(files, session, assumptions, progress, ending)
    _tell(result, quiet=quiet)
    Output().line(str(result.path), _PATIENCE)


def moment(start: datetime | None, zone: tzinfo | None) -> int | None:
    """Give a moment in microseconds UTC; one without a zone is in the file's."""
    if start is None:
        return None
    if start.tzinfo is None and zone is not None:
        start = start.replace(tzinfo=zone)
    try:
        return microseconds(start.timestamp())
    except (OverflowError, OSError, ValueError) as error:
        raise click.BadParameter(f"{start} is out of range.", param_hint="--start") from error


def _tell(result: ImportResult, *, quiet: bool) -> None:
    """Say on standard error what was imported, and what was not."""
    for skipped in result.skipped[:_TOLD]:
        exits.say(exits.printable(f"Left out: {skipped}"))
    if result.skipped_count > _TOLD:
        exits.say(f"Left out: {count_text(result.skipped_count - _TOLD, 'more line')}")
    if quiet:
        return
    for note in result.notes:
        exits.say(exits.printable(f"{note}."))
    for label, count in result.counts.items():
        exits.say(exits.printable(f"{label}: {count_text(count, 'sample')}."))


@contextlib.contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Give what shows the progress on standard error, or None where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    bar = Progress(
        "Reading", BarColumn(), DownloadColumn(), TimeRemainingColumn(),
        console=console(error=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
