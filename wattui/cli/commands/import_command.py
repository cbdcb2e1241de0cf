# SPDX-License-Identifier: GPL-3.0-or-later
"""Import files that other programs recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from wattui.cli import exits
from wattui.cli.file_options import File, Use
from wattui.cli.help import command
from wattui.cli.options import assumption_options, quiet_option, session_option, start_time
from wattui.cli.output import Output, print_table, progress_bar
from wattui.cli.stop_signals import Ending
from wattui.measurement.text import count_text

if TYPE_CHECKING:
    from wattui.formats.import_files import ImportResult
    from wattui.formats.import_preview import Preview
    from wattui.formats.reading.column_choice import ColumnChoice

#: Invalid lines that are listed one by one.
_LISTED: Final = 10

_EXAMPLES = (
    ("wattui import wattsup.log", "Import a log from wattsup.py (2011)."),
    (
        "wattui import fan.raw --interval 1 --start '2016-11-09 13:24:18'",
        "Import a raw capture, which has no times.",
    ),
    ("wattui import WU-*.csv --session lab.wattui", "Import several meters into one session."),
    ("wattui import old.log --zone America/Denver", "Import a log from another time zone."),
    (
        "wattui import x.csv --columns time=0,power=2 --time-format '%d.%m.%Y %H:%M'",
        "Import any table, by naming its columns.",
    ),
    ("wattui import x.csv --dry-run", "Show how a table would be read, and write nothing."),
    ("wattui import - --session pi.wattui", "Import what another program prints."),
)


def _columns(text: str) -> tuple[ColumnChoice, ...]:
    from wattui.formats.reading.column_choice import parse_columns

    try:
        return parse_columns(text)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from None


def _delimiter(text: str) -> str:
    """Return the sign between cells: for ``type=`` of an option."""
    from wattui.formats.reading.table_shape import DELIMITER_NAMES

    found = DELIMITER_NAMES.get(text, text)
    if len(found) != 1:
        raise click.BadParameter(f"Write {', '.join(DELIMITER_NAMES)} or a single character.")
    return found


@command("import", examples=_EXAMPLES)
@click.argument("files", nargs=-1, required=True, type=File(Use.READ), metavar="FILE...")
@assumption_options
@click.option(
    "--columns",
    type=_columns,
    metavar="WHAT=COLUMN,...",
    help="What the columns of any table are: time, date, elapsed (seconds), meter, and fields such "
    "as power, voltage or current. A column is its number from 0 or its name, with its unit if "
    "that is not the base unit: time=0,power=watts,current=3:mA.",
)
@click.option(
    "--time-format",
    default="",
    metavar="FORMAT",
    help="How the times of a table are written: s, ms, us or ns since 1970; elapsed for seconds "
    "since the start, elapsed-ms for milliseconds; excel for the days of a spreadsheet; iso; or a "
    "pattern such as '%d.%m.%Y %H:%M:%S'.",
)
@click.option(
    "--delimiter",
    type=_delimiter,
    metavar="SIGN",
    help="What is between the cells of a table: comma, semicolon, tab, bar, blanks, or any "
    "character.",
)
@click.option(
    "--decimal",
    type=click.Choice(("point", "comma")),
    help="Decimal sign of the numbers in a table.",
)
@click.option(
    "--header",
    type=click.IntRange(min=0),
    metavar="LINE",
    help="Which line of a table has the names of the columns, counted from 1 without empty lines; "
    "0 if none has.",
)
@click.option("--meter", default="", metavar="NAME", help="Name of the meter.")
@session_option(
    "Path of the new session, which must not exist. By default it goes into the data folder."
)
@click.option("--dry-run", is_flag=True, help="Show what would be imported, and write nothing.")
@quiet_option()
def import_files(
    files: Sequence[Path], interval: float | None, start: datetime | None, zone: tzinfo | None,
    columns: tuple[ColumnChoice, ...] | None, time_format: str, delimiter: str | None,
    decimal: str | None, header: int | None, meter: str, session: Path | None, dry_run: bool,
    quiet: bool,
) -> None:  # fmt: skip
    """Import files that other programs recorded.

    The format is detected from the contents: logs from wattsup.py, raw captures, CSV from the
    multi-meter script, exports from the manufacturer's program, CSV and JSON from lab11's
    script, lines from the C client, and CSV and JSON lines from wattui itself.

    Tables of text with a column of times and one of watts are read too, if their header or
    --columns says which is which. What is not certain, such as the order of day and month, is
    refused; what was taken for granted is printed.

    A file may be compressed with gzip. FILE can be a pipe, or - for standard input.

    Several files become one session. A file that starts after another file of the same meter
    has ended continues it. Lines that cannot be read are listed and left out. Assumptions are
    saved in the session as notes.

    The last line on standard output is the path of the session.
    """
    from wattui.formats.import_files import import_files as make_session
    from wattui.formats.reading.source import Assumptions
    from wattui.formats.reading.table_shape import DECIMAL_NAMES

    assumptions = Assumptions(
        interval, start_time(start, zone), zone, meter, columns or (), time_format,
        delimiter or "", DECIMAL_NAMES.get(decimal or "", ""), header,
    )  # fmt: skip
    if dry_run:
        from wattui.formats.import_preview import preview_files

        with Ending() as ending, progress_bar("Reading", quiet=quiet, of_bytes=True) as progress:
            preview = preview_files(files, assumptions, progress, ending)
        _report(preview.result, quiet=quiet)
        _print_preview(preview)
        return
    with Ending() as ending, progress_bar("Reading", quiet=quiet, of_bytes=True) as progress:
        result = make_session(files, session, assumptions, progress, ending)
    _report(result, quiet=quiet)
    Output().path(result.path)


def _report(result: ImportResult, *, quiet: bool) -> None:
    """Print to standard error what was imported, and what was not."""
    for skipped in result.skipped[:_LISTED]:
        exits.say(exits.printable(f"Left out: {skipped}"))
    if result.skipped_count > _LISTED:
        exits.say(f"Left out: {count_text(result.skipped_count - _LISTED, 'more line')}")
    if quiet:
        return
    for note in result.notes:
        exits.say(exits.printable(f"{note}."))
    for label, count in result.counts.items():
        exits.say(exits.printable(f"{label}: {count_text(count, 'sample')}."))


def _print_preview(preview: Preview) -> None:
    """Print the figures and the first records of what would be imported."""
    from wattui.formats.import_preview import figures_text, record_rows

    for meter in preview.meters:
        Output().line(f"{meter.label}: {figures_text(meter)}")
        names, rows = record_rows(meter)
        print_table(names, rows)
