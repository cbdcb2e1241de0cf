# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of a session file, and how they came to be.

A session is one SQLite file, told by its ``application_id``; ``user_version``
counts the steps of :data:`MIGRATIONS`.  Values are the integers of the wire,
times and spans whole microseconds, so that nothing is rounded on the way in.

``summary`` holds, per meter, level and bucket, what :mod:`wattui.session.summary`
makes of the samples.  Only buckets that are over have a row: a bucket is over
when a later sample has come.  What is open is read from the samples themselves,
so that a crash can leave nothing half counted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import quote

from wattui.errors import DiskRefused, NotASession, SessionDamaged, SessionError, SessionTooNew
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELDS

#: Marks the file as a session: "WATT" in ASCII.
APPLICATION_ID: Final = 0x57415454

#: Suffix of a session file.
SUFFIX: Final = ".wattui"

#: Widths of the summaries' buckets in microseconds, by level: 16 s, 64 s, ... 12 days.
#: A step of four keeps any view to four rows a pixel column.
WIDTHS: Final = tuple(16 * 4**level * MICROSECONDS for level in range(9))

#: The level whose buckets carry a checksum: 4096 s.
SEAL_LEVEL: Final = 4

#: Columns of a summary that add up: records, their spans, those of records with a power,
#: gaps and their number, and energy in 0.1 W × µs.
TOTALS: Final = ("count", "interval", "powered", "gap", "gap_count", "energy")

#: Columns of the meter's own energy counter: first, last, and how far it moved.
COUNTER: Final = ("counter_first", "counter_last", "counter_moved")

#: Names of the columns that hold a field's values, in the order of the wire.
FIELD_COLUMNS: Final = tuple(field.name for field in FIELDS)

#: Columns of a summary after its key, in the order of the table.
SUMMARY_COLUMNS: Final = (
    TOTALS
    + COUNTER
    + tuple(f"{prefix}_{name}" for prefix in ("n", "sum", "low", "high") for name in FIELD_COLUMNS)
)


def _integers(names: Sequence[str]) -> str:
    return ", ".join(f"{name} INTEGER" for name in names)


_FIRST: Final = (
    "CREATE TABLE info (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID",
    "CREATE TABLE meter (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, port TEXT, name TEXT,"
    " model TEXT, firmware TEXT, serial_number TEXT, interval REAL, colour TEXT,"
    " first_level INTEGER NOT NULL DEFAULT 0)",
    "CREATE TABLE sample (meter INTEGER NOT NULL, time INTEGER NOT NULL,"
    f" interval INTEGER NOT NULL, gap INTEGER, {_integers(FIELD_COLUMNS)},"
    " PRIMARY KEY (meter, time)) WITHOUT ROWID",
    "CREATE INDEX sample_gap ON sample (meter, time, interval, gap) WHERE gap IS NOT NULL",
    "CREATE TABLE summary (meter INTEGER NOT NULL, level INTEGER NOT NULL,"
    f" bucket INTEGER NOT NULL, {_integers(SUMMARY_COLUMNS)},"
    " PRIMARY KEY (meter, level, bucket)) WITHOUT ROWID",
    "CREATE TABLE seal (meter INTEGER NOT NULL, bucket INTEGER NOT NULL, count INTEGER NOT NULL,"
    " crc32 INTEGER NOT NULL, PRIMARY KEY (meter, bucket)) WITHOUT ROWID",
    "CREATE TABLE event (id INTEGER PRIMARY KEY, meter INTEGER, time INTEGER NOT NULL,"
    " kind TEXT NOT NULL, text TEXT NOT NULL DEFAULT '', duration INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX event_time ON event (time)",
)

#: What turns a file of version n - 1 into one of version n, by n.  Never edit a
#: step that was released; add one.
MIGRATIONS: Final[Mapping[int, Sequence[str]]] = {1: _FIRST}

#: The version that this program writes.
SCHEMA_VERSION: Final = max(MIGRATIONS)


def uri(path: Path, options: str) -> str:
    """Give the URI of a file: ``?``, ``#``, ``%`` and spaces in its name are quoted."""
    return f"file:{quote(str(path.absolute()), safe='/:')}?{options}"


def connect(path: Path, options: str, timeout: float = 2.0) -> sqlite3.Connection:
    """Open the file; transactions are begun and ended by hand.

    Raises
    ------
    sqlite3.Error
        Nothing is translated here: see :func:`translated`.
    """
    connection = sqlite3.connect(
        uri(path, options),
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=64,
    )
    connection.execute(f"PRAGMA busy_timeout={int(timeout * 1000)}")
    return connection


def file_version(connection: sqlite3.Connection) -> tuple[int, int]:
    """Give the file's application id and version."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(application), int(version)


def require_session(
    connection: sqlite3.Connection, path: Path, newest: int = SCHEMA_VERSION
) -> int:
    """Give the file's version.

    Raises
    ------
    NotASession
        Some other program's database.
    SessionTooNew
        Written by a later version.
    """
    application, version = file_version(connection)
    if application != APPLICATION_ID:
        raise NotASession(
            f"{path} is no session of wattui, but another program's database",
            "Choose a .wattui file.",
        )
    if version > newest:
        raise SessionTooNew(
            f"{path} was written by a later version of wattui (format {version}; this one reads "
            f"up to {newest})",
            "Install the present version of wattui and open it with that.",
        )
    return version


def migrate(
    connection: sqlite3.Connection,
    migrations: Mapping[int, Sequence[str]] = MIGRATIONS,
) -> None:
    """Bring the file to the newest version, or leave it as it was."""
    newest = max(migrations)
    connection.execute("BEGIN IMMEDIATE")
    try:
        _, version = file_version(connection)
        for step in range(version + 1, newest + 1):
            for statement in migrations[step]:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={newest}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _explained(name: str) -> tuple[str, str]:
    """Give what a code of SQLite means to a person, and what to do."""
    if name.startswith("SQLITE_FULL"):
        return "The disk is full", "Make room on it."
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return (
            "The file or its folder is read-only",
            "Allow writing there, or choose another folder.",
        )
    if name.startswith("SQLITE_CANTOPEN"):
        return "The file cannot be opened", "Check that the folder exists and may be written to."
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "Another program keeps the file locked", "Close that program."
    return "The disk did not take it", "Check the disk, its cable and its free space."


def translated(error: sqlite3.Error, path: Path) -> SessionError:
    """Give the error of ours that says what SQLite's means."""
    name = str(getattr(error, "sqlite_errorname", None) or "")
    if name.startswith("SQLITE_NOTADB"):
        return NotASession(
            f"{path} is no session of wattui",
            "Choose a .wattui file; `wattui import` makes one of an old log.",
        )
    if name.startswith("SQLITE_CORRUPT") or (isinstance(error, sqlite3.DatabaseError) and not name):
        return SessionDamaged(
            f"{path} is damaged ({error})",
            "Work on a copy of it; the sqlite3 program's .recover command gets out what is left.",
        )
    what, hint = _explained(name)
    return DiskRefused(f"{what}: {path} ({error})", hint)
