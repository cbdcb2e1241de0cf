# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions and files named on the command line, and the export of a session."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from wattui.cli import exits
from wattui.cli.output import home_path, progress_bar
from wattui.cli.stop_signals import Ending
from wattui.desktop.atomic_file import is_special, stream_number
from wattui.errors import DiskRefused
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.moment import Moment
from wattui.measurement.text import count_text, printable

#: Faults of a session that are printed.
_FAULTS: Final = 5

if TYPE_CHECKING:
    from wattui.formats.export_job import ExportJob
    from wattui.measurement.events import MeterInfo
    from wattui.session import Session


#: Format of a file that is exported, by its ending.
ENDINGS: Final = {
    ".csv": "csv",
    ".txt": "csv",
    "": "csv",
    ".jsonl": "json-lines",
    ".ndjson": "json-lines",
    ".log": "2011-log",
    ".raw": "raw",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}

#: Endings of files that hold nothing but their own format, and these formats: each is written
#: by a package that comes with an extra.
_ONE_FORMAT: Final = (".parquet", ".xlsx")
_WITH_PACKAGE: Final = ("parquet", "xlsx")

#: Endings of files that do not hold text, and that no format is written to.
_NOT_TEXT: Final = frozenset(
    (
        *(".xls", ".ods", ".feather", ".arrow", ".h5", ".hdf5", ".sqlite"),
        *(".db", ".wattui", ".png", ".svg", ".pdf", ".gz", ".zip", ".pickle", ".npy", ".npz"),
    )
)


def export_format(path: Path, form: str | None = None) -> str:
    """Return the format of a file to export: the given one, or that of its ending.

    Raises
    ------
    UsageError
        Nothing is written with that ending.
    PackageMissing
        The package that writes it is not installed.
    """
    ending = "" if stream_number(path) is not None else path.suffix.lower()
    belongs = ending not in _ONE_FORMAT or form in (None, ENDINGS[ending])
    if ending in _NOT_TEXT or not belongs or (form is None and ending not in ENDINGS):
        known = ", ".join(one for one in ENDINGS if one)
        raise click.UsageError(
            f"{path} cannot be written: the endings that can be exported are {known}. For another "
            "format see `wattui export --format NAME`."
        )
    chosen = form or ENDINGS[ending]
    if chosen in _WITH_PACKAGE:
        from wattui.formats import all_formats

        all_formats()[chosen].require_package()
    return chosen


def say_wrote(path: Path, what: str = "", *, quiet: bool) -> None:
    """Report a file that was written."""
    if not quiet:
        named = home_path(path) if stream_number(path) != 1 else "standard output"
        exits.say(f"Wrote {what and f'{what} to '}{printable(named)}.")


def say_damage(path: Path, damage: Sequence[str]) -> None:
    """Report what is wrong with a session, also where little is printed."""
    if not damage:
        return
    from wattui.session.checked import REPAIR_HINT

    exits.say(printable(f"{home_path(path)} is damaged:"))
    for fault in damage[:_FAULTS]:
        exits.say(printable(f"  {fault}."))
    if len(damage) > _FAULTS:
        exits.say(f"  {len(damage) - _FAULTS} more; `wattui verify` lists them.")
    exits.say(REPAIR_HINT)


@dataclass(frozen=True, slots=True)
class NamedSession:
    """A session to read, which may be a temporary one made of another file."""

    path: Path
    #: Name of the file that was given.
    file_name: str
    #: What is wrong with that file: sentences without a full stop.
    damage: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its name to show, without the suffix."""
        return Path(self.file_name).stem


@contextlib.contextmanager
def sessions_of(
    files: Sequence[Path],
    interval: float | None = None,
    *,
    strict: bool = False,
    keep_changed: bool = False,
) -> Iterator[list[NamedSession]]:
    """Yield the sessions of files; old files are imported for that long.

    *interval* is the time between two records, in seconds, for a file without times.
    What is damaged is reported and left out, unless *keep_changed*; *strict* refuses it.

    Raises
    ------
    WattuiError
        A file cannot be read.
    """
    from wattui.errors import NotASession
    from wattui.session import sound_copy

    with contextlib.ExitStack() as stack:
        found = []
        for file in files:
            damage: tuple[str, ...] = ()
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wattui-read-")))
            try:
                with Ending() as ending, progress_bar("Checking", quiet=False) as progress:
                    path, damage = sound_copy(
                        file, folder, strict=strict, keep_changed=keep_changed,
                        cancelled=ending, progress=progress,
                    )  # fmt: skip
                say_damage(file, damage)
            except NotASession:
                if not file.is_file():
                    raise
                path = _imported(file, interval, folder)
            found.append(NamedSession(path, file.name, damage))
        yield found


def _imported(path: Path, interval: float | None, folder: Path) -> Path:
    """Return a session of an old file, in a folder that is deleted later."""
    from wattui.formats.import_files import import_files
    from wattui.formats.reading.source import Assumptions

    target = folder / f"{path.stem}.wattui"
    with Ending() as ending:
        done = import_files([path], target, Assumptions(interval=interval), cancelled=ending)
    for note in done.notes:
        exits.say(printable(f"{path.name}: {note}."))
    if done.skipped_count:
        lines = count_text(done.skipped_count, "line")
        exits.say(printable(f"{path.name}: {lines} could not be read; `wattui import` lists them."))
    return target


def export_session(
    source: Path,
    output: Path,
    form: str | None = None,
    *,
    start: Moment | None = None,
    stop: Moment | None = None,
    meters: Sequence[str] = (),
    span_name: str | None = None,
    quiet: bool = False,
    strict: bool = False,
    keep_changed: bool = False,
    **options: Any,
) -> None:
    """Write a session to a file, with a progress bar in a terminal.

    *options* are those of :class:`wattui.formats.export_job.ExportJob`.

    Raises
    ------
    WattuiError
        The session cannot be read, the file cannot be written, a meter is not in the
        session, or the export was cancelled.
    UsageError
        The span has no samples, or nothing is written with that ending.
    """
    from wattui.session.checked import open_checked, read_checked

    form = export_format(output, form)
    with Ending() as ending:

        def write(session: Session) -> tuple[ExportJob, tuple[int, int] | None]:
            say_damage(source, session.damage)
            with progress_bar("Writing", quiet=quiet) as progress:
                return _write(
                    session, output, form, start, stop, meters, span_name,
                    progress=progress, cancelled=ending, **options,
                )  # fmt: skip

        how: Any = {"strict": strict, "keep_changed": keep_changed, "cancelled": ending}
        if is_special(output):
            # What was written into a pipe cannot be taken back.
            with open_checked(source, **how) as session:
                written = write(session)
        else:
            written = read_checked(source, write, **how)
    _say_rows(*written, quiet=quiet)


def _write(
    session: Session,
    output: Path,
    form: str,
    start: Moment | None,
    stop: Moment | None,
    meters: Sequence[str],
    span_name: str | None,
    **options: Any,
) -> tuple[ExportJob, tuple[int, int] | None]:
    """Write a session, and return what was written; its span if that is a part."""
    from wattui.formats import write_job
    from wattui.formats.export_job import ExportJob

    chosen = chosen_meters(session, meters)
    first, last = chosen_span(session, start, stop, chosen, span_name)
    job = ExportJob(session, output, meters=chosen, start=first, stop=last, **options)
    try:
        write_job(job, form)
    except DiskRefused as error:
        if isinstance(error.__cause__, OSError) and stream_number(output) is not None:
            raise exits.output_error(error.__cause__) from error
        raise
    ends = session.span_us(chosen) if (first, last) != (None, None) else None
    part = ends and (ends[0] if first is None else first, ends[1] if last is None else last)
    return job, part


def _say_rows(job: ExportJob, part: tuple[int, int] | None, *, quiet: bool) -> None:
    """Report how many rows were written of a part, and whether a spreadsheet can hold them."""
    what = count_text(job.row_count, "row")
    say_wrote(job.path, f"{what} {span_words(part)}" if part else what, quiet=quiet)
    if job.unsaid_replay and not quiet:
        lost = f"{job.path.name} does not show that: the format has no place for it"
        exits.say(exits.printable(f"This is a replay of {job.unsaid_replay}. {lost}."))
    if job.sheet_warning:
        exits.say(
            f"{job.sheet_warning} Export parts with --from and --to, or fewer rows with --wide "
            "--interval."
        )


def find_meters(infos: Sequence[MeterInfo], names: Sequence[str]) -> list[int]:
    """Return the positions of the named meters.

    Raises
    ------
    UsageError
        A name matches no meter; the message lists those that exist.
    """
    chosen = []
    for name in names:
        for position, info in enumerate(infos):
            known = {info.name, info.label, info.serial_number, info.port, info.key}
            if name in known | {str(position + 1)}:
                chosen.append(position)
                break
        else:
            listed = ", ".join(f"{n} {info.label}" for n, info in enumerate(infos, 1))
            raise click.UsageError(f"There is no meter {name!r}. Meters are: {listed}.")
    return chosen


def chosen_meters(session: Session, names: Sequence[str]) -> list[int] | None:
    """Return the ids of the named meters; None for all.

    Raises
    ------
    UsageError
        A meter is not in the session.
    """
    if not names:
        return None
    positions = find_meters([meter.info for meter in session.meters], names)
    return [session.meters[position].id for position in positions]


def chosen_span(
    session: Session,
    start: Moment | None,
    stop: Moment | None,
    meters: Sequence[int] | None = None,
    span_name: str | None = None,
) -> tuple[int | None, int | None]:
    """Return the requested part of a session, in microseconds; None for its ends.

    Raises
    ------
    UsageError
        It ends before it starts, has no samples, or there is no part of that name.
    """
    if span_name is not None:
        if start is not None or stop is not None:
            raise click.UsageError("Give --span, or --from and --to.")
        return _named_span(session, span_name)
    span = session.span_us() if start is not None or stop is not None else None
    if span is None:
        return None, None
    first = None if start is None else start.within(*span)
    last = None
    if stop is not None:
        # A time of day is the first one after the start.
        last = stop.within(first if stop.of_day and first is not None else span[0], span[1])
    asked = span[0] if first is None else first, span[1] if last is None else last
    whole = f"The session is {span_words(span)}."
    if asked[0] >= asked[1] and start is not None and stop is not None:
        raise click.UsageError(
            f"--from is not before --to: they were understood as {span_words(asked)}. {whole}"
        )
    ids = [meter.id for meter in session.meters] if meters is None else meters
    if asked[0] >= asked[1]:
        limit = "after" if stop is None else "before"
        edge = datetime.fromtimestamp(asked[stop is not None] / MICROSECONDS)
        raise click.UsageError(f"There are no samples {limit} {edge:%Y-%m-%d %H:%M:%S}. {whole}")
    if not any(session.count(one, first, last) for one in ids):
        raise click.UsageError(f"There are no samples {span_words(asked)}. {whole}")
    return first, last


def _named_span(session: Session, name: str) -> tuple[int, int]:
    """Return start and end of the part that was given a name."""
    spans = session.spans()
    chosen = next((one for one in spans if one.name == name), None)
    if chosen is None:
        known = ", ".join(repr(one.name) for one in spans) or "there are none"
        raise click.UsageError(f"There is no span {name!r}. Spans are: {known}.")
    return chosen.start_us, chosen.stop_us


def span_words(span: tuple[int, int]) -> str:
    """Return a span in microseconds for people: ``from 2026-11-26 23:05:00 to 23:10:00``."""
    first, last = (datetime.fromtimestamp(one / MICROSECONDS) for one in span)
    end = f"{last:%H:%M:%S}" if first.date() == last.date() else f"{last:%Y-%m-%d %H:%M:%S}"
    return f"from {first:%Y-%m-%d %H:%M:%S} to {end}"
