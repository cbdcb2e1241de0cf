# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui export``: a session, or a part of it, as CSV or in another format."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from wattui.cli import exits
from wattui.cli.help import command
from wattui.cli.output import console, shown_path
from wattui.cli.span_options import Moment, duration_option, from_option, meters_option, to_option
from wattui.cli.stop_signals import Ending
from wattui.errors import DiskRefused
from wattui.formats import FORMATS, write
from wattui.formats.export_job import WIDE_FIELDS, Dialect
from wattui.measurement.fields import FIELDS

if TYPE_CHECKING:
    from wattui.session import Session

#: Kinds of CSV.
CSV_DIALECTS: Final = [one.value for one in FORMATS["csv"].dialects]

#: Formats that can be written.
_FORMATS: Final = [name for name, form in FORMATS.items() if form.write is not None]

_EXAMPLES: Final = (
    ("wattui export run.wattui -o run.csv", "The whole session."),
    ("wattui export run.wattui -o start.csv --to 10m", "Its first ten minutes."),
    ("wattui export run.wattui -o end.csv --from -1h", "Its last hour."),
    ("wattui export run.wattui -o wide.csv --wide", "Columns for each meter, one row a second."),
    ("wattui export run.wattui -o old.log --format 2011-log", "As a log of wattsup.py."),
    ("wattui export run.wattui -o noon.csv --from 11:30 --to 12:30", "An hour around noon."),
)


def field_names(text: str) -> tuple[str, ...]:
    """Give the fields of an option's value: for ``type=`` of an option."""
    if text.strip().lower() == "all":
        return tuple(field.name for field in FIELDS)
    names = []
    for word in text.lower().split(","):
        found = [f.name for f in FIELDS if word.strip() in (f.name, f.column, f.symbol.lower())]
        if not found:
            known = ", ".join(field.name for field in FIELDS)
            raise click.BadParameter(f"There is no field {word.strip()!r}. There is: {known}.")
        names.append(found[0])
    return tuple(dict.fromkeys(names))


@command("export", examples=_EXAMPLES)
@click.argument("session", type=click.Path(path_type=Path))
@click.option(
    *("-o", "--output"), type=click.Path(path_type=Path), required=True, metavar="FILE",
    help="The file to write; one that exists is replaced.",
)  # fmt: skip
@from_option
@to_option
@meters_option
@click.option(
    "--format", "form", type=click.Choice(_FORMATS), metavar="NAME",
    help=f"Format of the file: {', '.join(_FORMATS)}.  [default: csv]",
)  # fmt: skip
@click.option(
    "--dialect", type=click.Choice([one.value for one in Dialect]), default="standard",
    show_default=True, help="Variant of the format: spreadsheet (csv, wide-csv, maker) has decimal "
    "commas, and a CSV semicolons; labels is for c-client and json for lab11.",
)  # fmt: skip
@click.option(
    "--wide", is_flag=True,
    help="One row per time with separate columns for each meter: short for --format wide-csv.",
)  # fmt: skip
@click.option(
    "--fields", type=field_names, metavar="FIELDS",
    help="With --wide: fields of each meter, separated by commas, or all.  [default: power,"
    "voltage,current,power_factor,energy]",
)  # fmt: skip
@click.option(
    "--interval", type=duration_option, metavar="TIME",
    help="With --wide: time between two rows; by default the least interval of the meters.",
)  # fmt: skip
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
def export(
    session: Path, output: Path, start: Moment | None, stop: Moment | None,
    meters: Sequence[str], form: str | None, dialect: str, wide: bool, fields: Sequence[str] | None,
    interval: float | None, quiet: bool,
) -> None:  # fmt: skip
    """Write a SESSION as CSV or in another format, the whole of it or a part.

    The file opens in pandas by read_csv(path, comment="#", parse_dates=["time"]). The
    file appears when it is complete. SESSION is a path, or the name of a file in the
    data folder as `wattui sessions` lists it.
    """
    if wide and form not in (None, "wide-csv"):
        raise click.UsageError("--wide is short for --format wide-csv. Leave out one of them.")
    form = "wide-csv" if wide else form or "csv"
    if form != "wide-csv" and (fields is not None or interval is not None):
        raise click.UsageError("--fields and --interval are for --wide.")
    check_destination(output)
    export_session(
        find_session(session), output, form, start=start, stop=stop, meters=meters,
        dialect=dialect, fields=fields or WIDE_FIELDS, interval=interval, quiet=quiet,
    )  # fmt: skip
    if not quiet:
        exits.say(f"Wrote {exits.printable(shown_path(output))}.")


def find_session(path: Path) -> Path:
    """Give the path of a session that may be named as in the list of sessions."""
    if path.exists() or path.name != str(path):
        return path
    from wattui.desktop.folders import sessions_folder

    for name in (path.name, f"{path.name}.wattui"):
        kept = sessions_folder() / name
        if kept.exists():
            return kept
    return path


def check_destination(path: Path) -> None:
    """See that a file can be written there, before anything is begun.

    Raises
    ------
    DiskRefused
        It cannot; says why.
    """
    folder = path.parent
    if path.is_dir():
        raise DiskRefused(f"{path} is a folder", "Give the name of a file.")
    if not folder.is_dir():
        raise DiskRefused(f"The folder {folder} does not exist", "Make it, or name another.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DiskRefused(
            f"The folder {folder} is not writable", "Choose a folder that you may write to."
        )


def export_session(
    source: Path,
    output: Path,
    form: str = "csv",
    *,
    start: Moment | None = None,
    stop: Moment | None = None,
    meters: Sequence[str] = (),
    quiet: bool = False,
    **options: Any,
) -> None:
    """Write a session to a file, with a progress bar on a terminal.

    *options* are those of :class:`wattui.formats.export_job.ExportJob`.

    Raises
    ------
    WattuiError
        The session cannot be read, the file cannot be written, a meter is not in it,
        or it was cancelled.
    """
    from wattui.session import Session

    with Ending() as ending, Session.open(source) as session, _progress(quiet=quiet) as progress:
        chosen = chosen_meters(session, meters)
        begin, end = chosen_span(session, start, stop)
        write(
            session, output, form, meters=chosen, start=begin, stop=end,
            progress=progress, cancelled=ending, **options,
        )  # fmt: skip


def chosen_meters(session: Session, names: Sequence[str]) -> list[int] | None:
    """Give the ids of the meters that were named; None for all.

    Raises
    ------
    UsageError
        One is not in the session; those that are, are named.
    """
    if not names:
        return None
    chosen: list[int] = []
    for name in names:
        for number, meter in enumerate(session.meters, 1):
            info = meter.info
            known = {str(number), info.name, info.label, info.serial_number, info.port, info.key}
            if name in known:
                chosen.append(meter.id)
                break
        else:
            listed = ", ".join(f"{n} {m.info.label}" for n, m in enumerate(session.meters, 1))
            raise click.UsageError(f"No meter {name!r} in the session. There is: {listed}.")
    return chosen


def chosen_span(
    session: Session, start: Moment | None, stop: Moment | None
) -> tuple[int | None, int | None]:
    """Give the span of a session that was asked for, in microseconds; None for its ends.

    Raises
    ------
    UsageError
        It ends before it begins.
    """
    if start is None and stop is None:
        return None, None
    span = session.span()
    if span is None:
        return None, None
    begin = None if start is None else start.within(*span)
    if stop is None:
        return begin, None
    # A time of day ends at the first one after the beginning.
    end = stop.within(begin if stop.of_day and begin is not None else span[0], span[1])
    if (span[0] if begin is None else begin) >= end:
        raise click.UsageError("--from is not before --to.")
    return begin, end


@contextlib.contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Give what shows the progress on standard error, or None where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    bar = Progress(
        "Writing", BarColumn(), MofNCompleteColumn(), "samples", TimeRemainingColumn(),
        console=console(error=True), transient=True,
    )  # fmt: skip
    with bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
