# SPDX-License-Identifier: GPL-3.0-or-later
"""Find, complete and check sessions that were interrupted or damaged; copy and change others."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from wattui.desktop.atomic_file import draft_path
from wattui.errors import Cancelled, DiskRefused
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind
from wattui.measurement.text import unicode_text
from wattui.session.catalogue import Catalogue, SessionState
from wattui.session.destination import check_destination
from wattui.session.lock import SessionLock
from wattui.session.read_access import open_for_reading
from wattui.session.schema import connect, migrate, translated
from wattui.session.session_file import unfinished
from wattui.session.store import insert_event, stored_meters, transaction

#: Pages that are copied between two reports of progress: 4 MB.
_PAGES = 1000


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A recording that was interrupted, as by a killed program."""

    path: Path
    #: Start of its first interval and end of its last, in microseconds since 1970, UTC.
    span_us: tuple[int, int]
    #: Labels of its meters.
    meters: tuple[str, ...]

    @property
    def duration_s(self) -> float:
        """Time from its start to its end, in s."""
        return (self.span_us[1] - self.span_us[0]) / MICROSECONDS


def interrupted_sessions(folder: Path | None = None) -> list[Interrupted]:
    """Find interrupted recordings, the latest first.

    Leave out those that a running program is writing, and those without samples or that cannot
    be read.

    Parameters
    ----------
    folder
        Where to look; None for the data folder.
    """
    catalogue = Catalogue(folder)
    found = [
        Interrupted(entry.path, outline.span_us, outline.meters)
        for entry in catalogue.complete(catalogue.scan())
        if entry.state is SessionState.INTERRUPTED
        if (outline := entry.outline) is not None and outline.span_us is not None
    ]
    return sorted(found, key=lambda one: one.span_us[1], reverse=True)


def complete(path: Path | str) -> None:
    """Write the end of each unfinished recording at its last sample, and tidy up the file.

    Raises
    ------
    SessionError
        It is being written, is not a session or is damaged, or the disk does not accept it.
    """
    _change(Path(path).absolute(), _complete)


def add_event(path: Path | str, event: Event, meter_id: int | None = None) -> None:
    """Add an event, such as a mark or a note, to a session that is not being recorded.

    Raises
    ------
    SessionError
        See :func:`complete`.
    """

    def add(connection: sqlite3.Connection) -> None:
        insert_event(connection, meter_id, event)

    _change(Path(path).absolute(), add)


def set_info(path: Path | str, name: str, value: str) -> None:
    """Store a fact about a session that is not being recorded, such as ``reconstructed``.

    Raises
    ------
    SessionError
        See :func:`complete`.
    """

    def put(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT OR REPLACE INTO info VALUES (?,?)", (name, unicode_text(value)))

    _change(Path(path).absolute(), put)


def describe_meter(path: Path | str, key: str, name: str, colour: str) -> None:
    """Change a meter's name and colour in a session that is not being recorded.

    Raises
    ------
    SessionError
        See :func:`complete`.
    """

    def put(connection: sqlite3.Connection) -> None:
        connection.execute(
            "UPDATE meter SET name=?, colour=? WHERE key=?", (name, colour or None, key)
        )

    _change(Path(path).absolute(), put)


def _change(path: Path, change: Callable[[sqlite3.Connection], None]) -> None:
    open_for_reading(path).close()
    try:
        with SessionLock(path), contextlib.closing(connect(path, "mode=rw")) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            migrate(connection)
            with transaction(connection):
                change(connection)
            with contextlib.suppress(sqlite3.Error):
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.execute("PRAGMA busy_timeout=0")
                connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as error:
        raise translated(error, path) from error


def _complete(connection: sqlite3.Connection, text: str = "ended without being closed") -> None:
    last = {meter.id: meter.last for meter in stored_meters(connection)}
    for meter_id in unfinished(connection):
        end = last.get(meter_id)
        if end is None:
            (end,) = connection.execute(
                "SELECT max(time) FROM event WHERE meter=?", (meter_id,)
            ).fetchone()
        insert_event(connection, meter_id, Event(end, EventKind.STOPPED, text))


def copy_session(
    source: Path | str,
    target: Path | str,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> None:
    """Save a copy of a session, even while it is being recorded; replace *target* at the end.

    Parameters
    ----------
    progress
        Called with the number of pages that are done, and of all pages.
    cancelled
        Called regularly; if it returns True, the copy ends and leaves nothing behind.

    Raises
    ------
    Cancelled
        *cancelled* returned True.
    WouldOverwrite
        The target is the source, or a session that is being recorded or was interrupted.
    SessionError
        The source is not a session, or the disk does not accept the copy.
    """
    origin, goal = Path(source).absolute(), Path(target).absolute()
    check_destination(goal, [origin], force=True)

    def step(_status: int, remaining: int, total: int) -> None:
        if cancelled is not None and cancelled():
            raise Cancelled(f"The copy to {goal} was cancelled")
        if progress is not None:
            progress(total - remaining, total)

    try:
        with SessionLock(goal), draft_path(goal) as draft:
            _back_up(origin, draft, step)
    except sqlite3.Error as error:
        raise translated(error, goal) from error
    except OSError as error:
        what = f"{goal} cannot be written ({error.strerror})"
        raise DiskRefused(what, "Choose another folder.") from error


def _back_up(origin: Path, draft: Path, step: Callable[[int, int, int], None]) -> None:
    with (
        contextlib.closing(open_for_reading(origin)) as reading,
        contextlib.closing(connect(draft, "mode=rwc")) as writing,
    ):
        # Copy one state of the source: otherwise each commit would make the copy start again.
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM meter").fetchone()
        reading.backup(writing, pages=_PAGES, progress=step, sleep=0.0)
        writing.execute("PRAGMA journal_mode=DELETE")
        with transaction(writing):
            _complete(writing, "copied while it was recorded")
