# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens the file of a session for reading, whatever state it and its folder are in."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import stat
from pathlib import Path
from typing import Final

from wattui.errors import DiskRefused, NotASession, SessionDamaged
from wattui.session.lock import is_replaced
from wattui.session.row_scan import scan_rows
from wattui.session.schema import (
    MIGRATIONS,
    REPAIR_HINT,
    SCHEMA_VERSION,
    SUFFIX,
    connect,
    require_session,
    translated,
)

#: A column that a step of the schema adds: its table, its name and its default.
_NEW_COLUMN: Final = re.compile(r"ALTER TABLE (\w+) ADD COLUMN (\w+) INTEGER(?: DEFAULT (\w+))?")


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open a connection that only reads, whatever state the file and its folder are in.

    A file of an earlier version stays as it is.

    Raises
    ------
    NotASession, SessionTooNew, SessionDamaged, DiskRefused
        See :meth:`Session.open`.
    """
    require_readable(path)
    if is_replaced(path):
        raise NotASession(
            f"{path} was replaced by another file while it was being recorded",
            "The recording continues in a file beside it.",
        )
    has_journal = _journal(path).exists()
    try:
        connection = connect_reading(path)
        try:
            if not has_journal:
                _require_content(connection, path)
            version = require_session(connection, path)
            if version < SCHEMA_VERSION:
                _complete_columns(connection, version)
            if has_journal and not _has_meters(connection):
                connection = _keep_journal(connection, path)
            connection.execute("SELECT count(*) FROM meter").fetchone()
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        if _journal(path).exists() and not os.access(path.parent, os.W_OK):
            # Without its journal it could be opened, but its end would be missing silently.
            raise DiskRefused(
                f"{path} was not closed, and its folder is read-only: its journal cannot be read",
                f"Copy it and {_journal(path).name} to a folder of yours, and open it there.",
            ) from error
        found = translated(error, path)
        if isinstance(found, NotASession) and _has_samples(path):
            found = SessionDamaged(f"{path} is damaged: its beginning is gone", REPAIR_HINT)
        raise found from error
    return connection


def _has_samples(path: Path) -> bool:
    """Check whether a file that is not a database has samples in its pages."""
    try:
        return path.suffix == SUFFIX and next(scan_rows(path), None) is not None
    except OSError:
        return False


def _require_content(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that was copied or moved without its journal before it had any content."""
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode == "wal" and not _has_meters(connection):
        raise SessionDamaged(
            f"{path} has no samples and is without its journal {_journal(path).name}",
            "If it was copied or moved, put both files into one folder; to copy a session that is "
            "being recorded, use Save a copy in the window. If its recording was killed before "
            "the first sample, nothing is missing, and it can be deleted.",
        )


def _keep_journal(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Return a connection that leaves an empty journal beside a file without content.

    The recording was killed before its first sample.  Without the journal, the file would look
    like one that was copied without it.
    """
    # The last connection removes the journal, unless it only reads.
    with contextlib.closing(connection):
        reading = connect(path, "mode=ro")
        _has_meters(reading)
        return reading


def _has_meters(connection: sqlite3.Connection) -> bool:
    tables = "SELECT count(*) FROM sqlite_master WHERE name='meter'"
    if not connection.execute(tables).fetchone()[0]:
        return False
    return bool(connection.execute("SELECT EXISTS(SELECT 1 FROM meter)").fetchone()[0])


def _journal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def require_readable(path: Path) -> None:
    """Refuse anything except a file that is not empty.

    The file is not opened for that: closing a descriptor of it would drop the locks that
    a writer in this process holds on it.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        raise NotASession(f"There is no file {path}", "Check its name and folder.") from None
    except OSError as error:
        raise DiskRefused(
            f"{path} cannot be read ({error.strerror})", "Check its permissions."
        ) from error
    if stat.S_ISDIR(found.st_mode):
        raise NotASession(f"{path} is a folder", "Choose a .wattui file in it.")
    if not stat.S_ISREG(found.st_mode):
        raise NotASession(f"{path} is not a file", "Choose a .wattui file.")
    if not found.st_size:
        raise NotASession(f"{path} is empty", "Nothing was recorded into it; it can be deleted.")
    if not os.access(path, os.R_OK):
        raise DiskRefused(f"You have no permission to read {path}", "Check its permissions.")


def connect_reading(path: Path) -> sqlite3.Connection:
    """Open a connection that only reads, to any database."""
    folder_open = os.access(path.parent, os.W_OK)
    if folder_open and os.access(path, os.W_OK):
        # With mode=ro the last one to close it could not remove the journal's files.
        options = "mode=rw"
    elif _journal(path).exists():
        options = "mode=ro"
    else:
        options = "mode=ro" if folder_open else "mode=ro&immutable=1"
    connection = connect(path, options)
    with contextlib.suppress(sqlite3.Error):
        connection.execute("PRAGMA query_only=1")
    return connection


def _complete_columns(connection: sqlite3.Connection, version: int) -> None:
    """Add the columns that a file of an earlier version lacks, for this connection only."""
    lacking: dict[str, list[str]] = {}
    for step in MIGRATIONS[version:]:
        for table, name, default in _NEW_COLUMN.findall(step):
            lacking.setdefault(table, []).append(f"{default or 'NULL'} AS {name}")
    connection.execute("PRAGMA query_only=0")
    for table, columns in lacking.items():
        view = f"SELECT *, {', '.join(columns)} FROM main.{table}"
        connection.execute(f"CREATE TEMP VIEW {table} AS {view}")
    connection.execute("PRAGMA query_only=1")
