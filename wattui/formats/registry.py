# SPDX-License-Identifier: GPL-3.0-or-later
"""All file formats.  To add one, write a module like the others and list it here."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from wattui.desktop.atomic_file import draft_file, draft_path, is_special, refusals
from wattui.errors import FormatError
from wattui.formats.export_job import Dialect, ExportJob
from wattui.formats.file_format import Format
from wattui.formats.reading.block import Block
from wattui.formats.reading.source import Assumptions, Source, read_head, shown_path
from wattui.measurement.replay_mark import REPLAY_OF
from wattui.session.destination import check_destination
from wattui.session.reader import Session
from wattui.session.schema import SUFFIX

_SQLITE: Final = b"SQLite format 3\0"


@functools.cache
def all_formats() -> dict[str, Format]:
    """Return every format by its name, in the order in which they are tried.

    The most specific is first.  They are imported here, since a start needs none of them.
    """
    from wattui.formats import (
        c_client,
        csv_2015,
        csv_file,
        json_lines,
        lab11,
        log_2011,
        maker,
        named_columns,
        parquet_file,
        ptdaemon,
        raw_capture,
        wide_csv,
        workbook,
    )

    modules = (
        csv_file,
        wide_csv,
        json_lines,
        parquet_file,
        workbook,
        csv_2015,
        maker,
        lab11,
        log_2011,
        raw_capture,
        ptdaemon,
        named_columns,
        c_client,
    )
    return {module.FORMAT.name: module.FORMAT for module in modules}


def detect(path: Path | str) -> Format:
    """Return the format of a file, found by its content, not its name.

    Raises
    ------
    FormatError
        It is empty, cannot be read, or has no known format.
    """
    found = Path(path)
    head = read_head(found)
    for form in all_formats().values():
        if form.recognises is not None and form.recognises(head):
            return form
    raise _unknown(found)


def is_session(path: Path) -> bool:
    """Check whether a file is a session, or another database."""
    try:
        if not path.is_file():
            return False  # opening a pipe would wait for the program at its other end
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
        # A session whose beginning is damaged is one, too.
        return head == _SQLITE or (path.suffix == SUFFIX and b"\0" in head)
    except OSError:
        return False


def _unknown(path: Path) -> FormatError:
    if is_session(path):
        return FormatError(
            f"{shown_path(path)} is a session already, or another program's database",
            "Open it as a session: it needs no import.",
        )
    titles = ", ".join(form.title for form in all_formats().values() if form.read)
    return FormatError(
        f"{shown_path(path)} has no known format",
        f"These can be imported: {titles}. For any other table, name its columns: "
        "`wattui import FILE --columns time=0,power=1`.",
    )


def read(path: Path | str, assumptions: Assumptions | None = None) -> Iterator[Block]:
    """Yield the records of a file in blocks; broken lines are left out.

    Raises
    ------
    FormatError
        As :func:`detect`.
    """
    found = Path(path)
    return records(detect(found), Source(found, assumptions))


def records(form: Format, source: Source) -> Iterator[Block]:
    """Yield the records of a source in a format that can be read."""
    assert form.read is not None
    return form.read(source)


def write(session: Session, path: Path | str, form: str = "csv", **options: Any) -> int:
    """Write samples of a session in a format, and return how many.

    The file appears under its name when it is complete; memory stays flat.

    Parameters
    ----------
    session
        An open :class:`~wattui.session.Session`.
    path
        The file to write; its folder must exist.
    form
        Name of the format, a key of :func:`all_formats`.
    **options
        Fields of :class:`~wattui.formats.export_job.ExportJob`: ``meters``, ``start``,
        ``stop``, ``dialect``, ``zone``, ``fields``, ``interval``, ``force``,
        ``progress``, ``cancelled``.

    Returns
    -------
    int
        How many samples were written.

    Raises
    ------
    UnknownField, UnknownMeter
        There is no field of that name, or no such meter in the session.
    FormatError
        There is no format of that name, or it cannot hold several meters, or does not have
        that dialect.
    Cancelled
        *cancelled* returned True; no file is left.
    WouldOverwrite
        The file is the session itself; or another session, without *force*.
    DiskRefused
        The file cannot be written; an older one of its name is unchanged.
    SessionDamaged
        The session cannot be read.

    Examples
    --------
    >>> from wattui.api import MeterInfo, Sample, SessionWriter
    >>> with SessionWriter("lamp.wattui") as writer:
    ...     lamp = MeterInfo("A1", "sim://pro", "lamp")
    ...     writer.on_samples(lamp, [Sample(1_000_000, 1_000_000, (423,) + (None,) * 17)])
    >>> with Session.open("lamp.wattui") as session:
    ...     write(session, "lamp.log", "2011-log")
    1
    """
    return write_job(ExportJob(session, Path(path), **options), form)


def write_job(job: ExportJob, form: str) -> int:
    """Write an export in a format, as :func:`write` does; return how many samples."""
    chosen = all_formats().get(form)
    if chosen is None or not chosen.is_written:
        names = ", ".join(name for name, one in all_formats().items() if one.is_written)
        what = "There is no format" if chosen is None else "wattui only reads the format"
        raise FormatError(f"{what} {form}", f"Choose one of: {names}.")
    if job.dialect not in chosen.dialects:
        raise FormatError(
            f"The format {form} does not have the dialect {job.dialect}",
            f"Choose one of: {', '.join(chosen.dialects)}.",
        )
    chosen.require_package()
    check_destination(job.path, [job.session.path], force=job.force)
    if not chosen.holds_replay:
        job.unsaid_replay = job.session.info.get(REPLAY_OF, "")
    job.as_csv = chosen.suffix == ".csv" and job.dialect != Dialect.JSON
    labels = [part.label for part in job.parts if part.figures.count]
    if len(labels) > 1 and not chosen.several_meters:
        raise FormatError(
            f"The format {form} holds one meter, and there are {len(labels)}: {', '.join(labels)}",
            "Choose one meter.",
        )
    if chosen.write_file is not None:
        return _write_binary(job, chosen.write_file)
    assert chosen.write is not None
    with draft_file(job.path, "utf-8") as file:
        for text in chosen.write(job):
            file.write(text)
            job.line_count += text.count("\n")
    return job.done


def _write_binary(job: ExportJob, write_file: Callable[[ExportJob, Path], None]) -> int:
    """Write a file that is not text, which appears under its name once it is complete."""
    if is_special(job.path):
        raise FormatError(
            f"{job.path} cannot be written: this format needs a file of its own",
            "Give the name of a file.",
        )
    with refusals(job.path), draft_path(job.path) as draft:
        write_file(job, draft)
    return job.done


def write_csv(session: Session, path: Path | str, **options: Any) -> int:
    """Write samples of a session as CSV: :func:`write` with the format ``csv``.

    Parameters
    ----------
    session
        An open :class:`~wattui.session.Session`.
    path
        The file to write; its folder must exist.
    **options
        As for :func:`write`.

    Returns
    -------
    int
        How many samples were written.

    Examples
    --------
    See :func:`write`.
    """
    return write(session, path, "csv", **options)
