# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a folder of sessions as one data set of Parquet files, by meter and day.

The files are ``meter_id=A80012/date=2026-11-23/3f2a90c1b7de.parquet``, which DuckDB, polars,
pandas and Spark read as one table.  A day is one of UTC.  The name of a file is made of what
identifies its session, so that a copy of a session replaces its own files; running again adds
what is new, and continues where a run before was stopped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from wattui.desktop.atomic_file import draft_path, refusals, write_whole
from wattui.errors import Cancelled, DiskRefused, SessionError
from wattui.formats.export_job import ExportJob
from wattui.formats.parquet_file import FORMAT, write_file
from wattui.measurement.clock import MICROSECONDS
from wattui.session.checked import read_checked
from wattui.session.destination import check_destination
from wattui.session.reader import Session
from wattui.session.schema import SUFFIX

#: The file that says what is archived; readers of data sets skip names that begin so.
STATE: Final = "_wattui_archive.json"

_DAY: Final = 86_400 * MICROSECONDS

#: The longest name of a folder that is a meter's key as it is.
_LONGEST: Final = 100

#: Records and last time of each meter, by its key.
Extent = dict[str, list[int]]


@dataclass
class ArchiveResult:
    """What one run did."""

    #: Sessions of which files were written, and that were archived already.
    written: list[Path] = field(default_factory=list)
    unchanged: list[Path] = field(default_factory=list)
    #: Sessions that could not be read, and what is damaged: sentences without a full stop.
    problems: list[str] = field(default_factory=list)
    file_count: int = 0
    row_count: int = 0


def archive(folder: Path, goal: Path, cancelled: Callable[[], bool] | None = None) -> ArchiveResult:
    """Write what is new in the sessions below a folder to a data set.

    Parameters
    ----------
    folder
        The folder of the sessions.
    goal
        The folder of the data set.
    cancelled
        Called now and again; True ends the run, and the next one continues.

    Raises
    ------
    Cancelled
        *cancelled* returned True.
    DiskRefused, WouldOverwrite
        There is no such folder, or a file cannot be written.
    PackageMissing
        PyArrow is not installed.
    """
    FORMAT.require_package()
    if not folder.is_dir():
        raise DiskRefused(f"There is no folder {folder}", "Give the folder of the sessions.")
    state, result = _read_state(goal), ArchiveResult()
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        try:
            with Session.open(path) as session:
                name, extent = _identity(session), _extent(session)
            if state.get(name) == extent:
                result.unchanged.append(path)
                continue
            before = state.get(name, {})
            _archive_session(path, goal, (name, before), result, cancelled)
        except SessionError as error:
            result.problems.append(f"{path.name}: {error.what}")
            continue
        state[name] = extent
        with refusals(goal):
            write_whole(goal / STATE, json.dumps(state, indent=1).encode())
        result.written.append(path)
    return result


def _read_state(goal: Path) -> dict[str, Extent]:
    """Return what is archived, as far as the file is there and makes sense.

    Raises
    ------
    WouldOverwrite
        There is a session under the name of the file.
    """
    if (goal / STATE).exists():
        check_destination(goal / STATE)
    with suppress(OSError, ValueError, RecursionError):
        found = json.loads((goal / STATE).read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return {name: extent for name, extent in found.items() if _is_extent(extent)}
    return {}


def _is_extent(found: object) -> bool:
    """Check that a value has the form of an extent."""
    return isinstance(found, dict) and all(
        isinstance(one, list) and [type(number) for number in one] == [int, int]
        for one in found.values()
    )


def _identity(session: Session) -> str:
    """Return a name for a session that its copies have too."""
    meters = [(one.info.key, (session.span_us([one.id]) or (0,))[0]) for one in session.meters]
    text = json.dumps([session.info.get("created", ""), meters])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _extent(session: Session) -> Extent:
    found = {}
    for one in session.meters:
        span = session.span_us([one.id])
        if span is not None:
            found[one.info.key] = [session.count(one.id, None, span[1]), span[1]]
    return found


def _archive_session(
    path: Path,
    goal: Path,
    known: tuple[str, Extent],
    result: ArchiveResult,
    cancelled: Callable[[], bool] | None,
) -> None:
    """Write the days of a session that are new or have grown."""
    name, before = known

    def write(session: Session) -> None:
        result.problems += [f"{path.name}: {text}" for text in session.damage]
        for job, folder in _jobs(session, before, cancelled):
            target = goal / folder / f"{name}.parquet"
            with refusals(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                with draft_path(target) as draft:
                    write_file(job, draft)
            result.file_count += 1
            result.row_count += job.done

    read_checked(path, write, cancelled=cancelled)


def _jobs(
    session: Session, before: Extent, cancelled: Callable[[], bool] | None
) -> Iterator[tuple[ExportJob, str]]:
    """Yield an export of each meter and day, with the folder of its file."""
    for meter in session.meters:
        span = session.span_us([meter.id])
        if span is None:
            continue
        archived = before.get(meter.info.key, [0, 0])[1]
        first = max(span[0], archived) // _DAY
        for day in range(first, span[1] // _DAY + 1):
            if cancelled is not None and cancelled():
                raise Cancelled("The archiving was cancelled; the next run continues")
            # A span is without its start and with its end: a day is the other way round.
            part: dict[str, Any] = {"start": day * _DAY - 1, "stop": (day + 1) * _DAY - 1}
            job = ExportJob(session, session.path, meters=[meter.id], cancelled=cancelled, **part)
            if sum(one.figures.count for one in job.parts):
                yield job, f"meter_id={_folder_name(meter.info.key)}/date={_date(day)}"


def _date(day: int) -> str:
    return f"{datetime.fromtimestamp(day * 86_400, UTC):%Y-%m-%d}"


def _folder_name(key: str) -> str:
    """Return a key as the name of a folder, which readers turn back into the key."""
    text = quote(key, safe="", errors="replace")
    if len(text) <= _LONGEST:
        return text
    mark = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{text[: _LONGEST - 13].rstrip('%')}-{mark}"
