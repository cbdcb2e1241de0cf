# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui export``: a session, or a part of it, as CSV."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import click

from wattui.cli import exits
from wattui.cli.help import command
from wattui.cli.output import console, shown_path
from wattui.cli.span_options import Moment, duration_option, from_option, meters_option, to_option
from wattui.cli.stop_signals import Ending
from wattui.errors import DiskRefused
from wattui.measurement.fields import FIELDS

if TYPE_CHECKING:
    from wattui.session import Session

#: Kinds of CSV.
CSV_DIALECTS: Final = ("standard", "spreadsheet")

_EXAMPLES: Final = (
    ("wattui export run.wattui -o run.csv", "The whole session."),
    ("wattui export run.wattui -o start.csv --to 10m", "Its first ten minutes."),
    ("wattui export run.wattui -o end.csv --from -1h", "Its last hour."),
    ("wattui export run.wattui -o wide.csv --wide", "Columns for each meter, one row a second."),
    ("wattui export run.wattui -o noon.csv --from 11:30 --to 12:30", "An hour around noon."),
)


@dataclass(frozen=True)
class Wide:
    """What was asked for of the wide form."""

    #: Names of fields; None for the usual ones.
    fields: Sequence[str] | None = None
    #: Seconds between two rows; None for the least interval of the meters.
    interval: float | None = None


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
    *("-o", "--output"), type=click.Path(path_type=Path), required=True, metavar="FILE.csv",
    help="The file to write; one that exists is replaced.",
)  # fmt: skip
@from_option
@to_option
@meters_option
@click.option(
    "--dialect", type=click.Choice(CSV_DIALECTS), default="standard", show_default=True,
    help="Kind of CSV; spreadsheet has semicolons and decimal commas.",
)  # fmt: skip
@click.option(
    "--wide", is_flag=True,
    help="One row a time, with columns of its own for each meter, in place of one row a sample.",
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
    meters: Sequence[str], dialect: str, wide: bool, fields: Sequence[str] | None,
    interval: float | None, quiet: bool,
) -> None:  # fmt: skip
    """Write a SESSION as CSV, the whole of it or a part.

    The file opens in pandas by read_csv(path, comment="#", parse_dates=["time"]). The
    file appears when it is complete. SESSION is a path, or the name of a file in the
    data folder as `wattui sessions` lists it.
    """
    if not wide and (fields is not None or interval is not None):
        raise click.UsageError("--fields and --interval are for --wide.")
    check_destination(output)
    export_session(
        find_session(session), output, start=start, stop=stop, meters=meters, dialect=dialect,
        wide=Wide(fields, interval) if wide else None, quiet=quiet,
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
    *,
    start: Moment | None = None,
    stop: Moment | None = None,
    meters: Sequence[str] = (),
    dialect: str = "standard",
    wide: Wide | None = None,
    quiet: bool = False,
) -> None:
    """Write a session as CSV, with a progress bar where somebody watches.

    Raises
    ------
    WattuiError
        The session cannot be read, the file cannot be written, a meter is not in it,
        or it was cancelled.
    """
    from wattui.formats.csv_file import write_csv
    from wattui.formats.wide_csv import DEFAULT_FIELDS, write_wide_csv
    from wattui.session import Session

    kind: Literal["standard", "spreadsheet"]
    kind = "spreadsheet" if dialect == "spreadsheet" else "standard"
    with Ending() as ending, Session.open(source) as session, _progress(quiet=quiet) as progress:
        chosen = chosen_meters(session, meters)
        begin, end = chosen_span(session, start, stop)
        write: Callable[..., int] = write_csv
        if wide is not None:
            fields = DEFAULT_FIELDS if wide.fields is None else wide.fields
            write = partial(write_wide_csv, fields=fields, interval=wide.interval)
        write(
            session, output, meters=chosen, start=begin, stop=end, dialect=kind,
            progress=progress, cancelled=ending,
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
