# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of a session file, version by version.

A session is an SQLite file with its own ``application_id``; ``user_version`` counts the steps
of :data:`MIGRATIONS`.  Values are the integers of the wire, times and spans are whole
microseconds: nothing is rounded on the way in.

``summary`` holds the sums, minima and maxima of :mod:`wattui.session.summary`, by meter, level
and bucket.  A bucket gets a row once it is complete, that is, once there is a sample in a later
bucket.  Open buckets are read from the samples themselves, so that nothing is counted only in
part after a crash.  ``value_count`` holds how long each field had which value in the buckets of
some levels, compressed by :mod:`wattui.session.value_counts`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from wattui.errors import DiskRefused, NotASession, SessionDamaged, SessionError, SessionTooNew
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELDS

#: Marks the file as a session: "WATT" in ASCII.
APPLICATION_ID: Final = 0x57415454

#: Suffix of a session file.
SUFFIX: Final = ".wattui"

#: Bytes of the longest path that SQLite opens, with its journals beside it.
_LONGEST_PATH: Final = 500

#: Widths of the summaries' buckets in microseconds, by level: 16 s, 64 s, ... 12 days.
#: With steps of four, no view needs more than four rows per pixel column.
WIDTHS: Final = tuple(16 * 4**level * MICROSECONDS for level in range(9))

#: The level whose buckets carry a checksum: 4096 s.
SEAL_LEVEL: Final = 4

#: The levels whose buckets may have value counts: from 4096 s to 12 days.
_COUNT_LEVELS: Final = (4, 5, 6, 7, 8)

#: Columns of a summary that add up: records, their intervals, those of records that have a
#: power, gaps and their number, and energy in 0.1 W × µs.
TOTALS: Final = ("count", "interval", "powered", "gap", "gap_count", "energy")

#: Columns of the meter's own energy counter: first, last, and how far it moved.
COUNTER: Final = ("counter_first", "counter_last", "counter_moved")

#: Columns for the mean power factor: energy in 0.1 W × µs, and apparent energy in 0.1 VA × µs, of
#: the records that have power, voltage and current.  NULL in summaries of the first version.
PAIR: Final = ("active", "apparent")

#: Names of the columns that hold a field's values, in the order of the wire.
FIELD_COLUMNS: Final = tuple(field.name for field in FIELDS)

#: Columns of a sample, and of a summary after its key.
SAMPLE_COLUMNS: Final = ("time", "interval", "gap", *FIELD_COLUMNS)
SUMMARY_COLUMNS: Final = (
    *TOTALS,
    *COUNTER,
    *(f"{prefix}_{name}" for prefix in ("n", "sum", "low", "high") for name in FIELD_COLUMNS),
    *PAIR,
)

#: What to do about a damaged session.
REPAIR_HINT: Final = "`wattui repair` saves what can be read in a new file."

#: The released steps: each turns a file of version n - 1 into one of version n.  Never edit
#: one; append another.
RELEASED: Final = (
    """
CREATE TABLE info (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE meter (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, port TEXT, name TEXT,
    model TEXT, firmware TEXT, serial_number TEXT, interval REAL, colour TEXT,
    first_level INTEGER NOT NULL DEFAULT 0);
CREATE TABLE sample (meter INTEGER NOT NULL, time INTEGER NOT NULL, interval INTEGER NOT NULL,
    gap INTEGER, power INTEGER, voltage INTEGER, current INTEGER, energy INTEGER, cost INTEGER,
    energy_per_month INTEGER, cost_per_month INTEGER, power_max INTEGER, voltage_max INTEGER,
    current_max INTEGER, power_min INTEGER, voltage_min INTEGER, current_min INTEGER,
    power_factor INTEGER, duty_cycle INTEGER, power_cycles INTEGER, frequency INTEGER,
    apparent_power INTEGER,
    PRIMARY KEY (meter, time)) WITHOUT ROWID;
CREATE INDEX sample_gap ON sample (meter, time, interval, gap) WHERE gap IS NOT NULL;
CREATE TABLE summary (meter INTEGER NOT NULL, level INTEGER NOT NULL, bucket INTEGER NOT NULL,
    count INTEGER, interval INTEGER, powered INTEGER, gap INTEGER, gap_count INTEGER,
    energy INTEGER, counter_first INTEGER, counter_last INTEGER, counter_moved INTEGER,
    n_power INTEGER, n_voltage INTEGER, n_current INTEGER, n_energy INTEGER, n_cost INTEGER,
    n_energy_per_month INTEGER, n_cost_per_month INTEGER, n_power_max INTEGER,
    n_voltage_max INTEGER, n_current_max INTEGER, n_power_min INTEGER, n_voltage_min INTEGER,
    n_current_min INTEGER, n_power_factor INTEGER, n_duty_cycle INTEGER, n_power_cycles INTEGER,
    n_frequency INTEGER, n_apparent_power INTEGER, sum_power INTEGER, sum_voltage INTEGER,
    sum_current INTEGER, sum_energy INTEGER, sum_cost INTEGER, sum_energy_per_month INTEGER,
    sum_cost_per_month INTEGER, sum_power_max INTEGER, sum_voltage_max INTEGER,
    sum_current_max INTEGER, sum_power_min INTEGER, sum_voltage_min INTEGER,
    sum_current_min INTEGER, sum_power_factor INTEGER, sum_duty_cycle INTEGER,
    sum_power_cycles INTEGER, sum_frequency INTEGER, sum_apparent_power INTEGER,
    low_power INTEGER, low_voltage INTEGER, low_current INTEGER, low_energy INTEGER,
    low_cost INTEGER, low_energy_per_month INTEGER, low_cost_per_month INTEGER,
    low_power_max INTEGER, low_voltage_max INTEGER, low_current_max INTEGER,
    low_power_min INTEGER, low_voltage_min INTEGER, low_current_min INTEGER,
    low_power_factor INTEGER, low_duty_cycle INTEGER, low_power_cycles INTEGER,
    low_frequency INTEGER, low_apparent_power INTEGER, high_power INTEGER, high_voltage INTEGER,
    high_current INTEGER, high_energy INTEGER, high_cost INTEGER, high_energy_per_month INTEGER,
    high_cost_per_month INTEGER, high_power_max INTEGER, high_voltage_max INTEGER,
    high_current_max INTEGER, high_power_min INTEGER, high_voltage_min INTEGER,
    high_current_min INTEGER, high_power_factor INTEGER, high_duty_cycle INTEGER,
    high_power_cycles INTEGER, high_frequency INTEGER, high_apparent_power INTEGER,
    PRIMARY KEY (meter, level, bucket)) WITHOUT ROWID;
CREATE TABLE seal (meter INTEGER NOT NULL, bucket INTEGER NOT NULL, count INTEGER NOT NULL,
    crc32 INTEGER NOT NULL, PRIMARY KEY (meter, bucket)) WITHOUT ROWID;
CREATE TABLE event (id INTEGER PRIMARY KEY, meter INTEGER, time INTEGER NOT NULL,
    kind TEXT NOT NULL, text TEXT NOT NULL DEFAULT '', duration INTEGER NOT NULL DEFAULT 0);
CREATE INDEX event_time ON event (time);
""",
    """
ALTER TABLE summary ADD COLUMN active INTEGER;
ALTER TABLE summary ADD COLUMN apparent INTEGER;
""",
    """
CREATE TABLE span (id INTEGER PRIMARY KEY, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    name TEXT NOT NULL DEFAULT '', colour TEXT NOT NULL DEFAULT '', meter INTEGER,
    kind TEXT NOT NULL DEFAULT '', details TEXT NOT NULL DEFAULT '{}');
""",
    """
CREATE TABLE value_count (meter INTEGER NOT NULL, level INTEGER NOT NULL, bucket INTEGER NOT NULL,
    field TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (meter, level, bucket, field)) WITHOUT ROWID;
""",
)


def _new_field(name: str) -> str:
    """Return the step that adds a field's columns; those of earlier samples are empty."""
    return f"""
ALTER TABLE sample ADD COLUMN {name} INTEGER;
ALTER TABLE summary ADD COLUMN n_{name} INTEGER DEFAULT 0;
ALTER TABLE summary ADD COLUMN sum_{name} INTEGER DEFAULT 0;
ALTER TABLE summary ADD COLUMN low_{name} INTEGER;
ALTER TABLE summary ADD COLUMN high_{name} INTEGER;
"""


#: All steps: those that are released, and one for each field that has no column there yet.
MIGRATIONS: Final = (
    *RELEASED,
    *(_new_field(name) for name in FIELD_COLUMNS if f"sum_{name} INTEGER" not in "".join(RELEASED)),
)

#: The version that this program writes.
SCHEMA_VERSION: Final = len(MIGRATIONS)


def statements(step: str) -> list[str]:
    """Return the statements of a step, each on one line."""
    return [" ".join(one.split()) for one in step.split(";") if one.strip()]


def uri(path: Path, options: str) -> str:
    """Return the URI of a file; ``?``, ``#``, ``%`` and spaces in its name are quoted.

    So is what is not UTF-8.
    """
    return f"file:{quote(os.fsencode(path.absolute()), safe='/:')}?{options}"


class _Connection(sqlite3.Connection):
    """Raises an error of SQLite also if the file is so damaged that its message is not text."""

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Execute a statement."""
        try:
            return super().execute(sql, parameters)
        except UnicodeDecodeError as error:
            raise sqlite3.DatabaseError("its structure is not text") from error


def connect(path: Path, options: str, timeout: float = 2.0) -> sqlite3.Connection:
    """Open the file; the caller begins and ends its transactions.

    Raises
    ------
    sqlite3.Error
        The file cannot be opened; see :func:`translated`.
    """
    connection = sqlite3.connect(
        uri(path, options),
        uri=True,
        timeout=timeout,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=64,
        factory=_Connection,
    )
    connection.execute(f"PRAGMA busy_timeout={int(timeout * 1000)}")
    return connection


def file_version(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the file's application id and version."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(application), int(version)


def require_session(
    connection: sqlite3.Connection, path: Path, newest: int = SCHEMA_VERSION
) -> int:
    """Return the file's version.

    Raises
    ------
    NotASession
        It is another program's database.
    SessionTooNew
        A later version of wattui wrote it.
    """
    application, version = file_version(connection)
    if application != APPLICATION_ID:
        raise NotASession(
            f"{path} is not a wattui session but another program's database",
            "Choose a .wattui file.",
        )
    if version < 1:
        raise SessionDamaged(f"{path} is damaged: its version is {version}", REPAIR_HINT)
    if version > newest:
        raise SessionTooNew(
            f"{path} was written by a later version of wattui (format {version}; this one reads "
            f"up to {newest})",
            "Install the latest version of wattui and open it with that.",
        )
    return version


def count_levels(first_level: int) -> tuple[int, ...]:
    """Return the levels that have value counts, by the lowest level of a meter's summaries.

    A bucket holds at least 512 records, which is more than most fields have values.
    """
    return tuple(level for level in _COUNT_LEVELS if level >= first_level + 3)


def has_table(connection: sqlite3.Connection, name: str) -> bool:
    """Check whether the file has a table; one of an earlier version may not."""
    query = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name=?)"
    return bool(connection.execute(query, (name,)).fetchone()[0])


def migrate(connection: sqlite3.Connection, migrations: Sequence[str] = MIGRATIONS) -> None:
    """Bring the file to the latest version, or leave it unchanged."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        _, version = file_version(connection)
        for step in migrations[version:]:
            for statement in statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={len(migrations)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _explained(name: str) -> tuple[str, str]:
    """Return the meaning of an SQLite error code, and what to do."""
    if name.startswith("SQLITE_FULL"):
        return "The disk is full", "Free some space on it."
    if name.startswith(("SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
        return (
            "The file or its folder is read-only",
            "Make it writable, or choose another folder.",
        )
    if name.startswith("SQLITE_CANTOPEN"):
        return "The file cannot be opened", "Check that its folder exists and is writable."
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return "Another program has locked the file", "Close that program."
    return "The disk did not accept the data", "Check the disk, its cable and its free space."


def translated(error: sqlite3.Error, path: Path) -> SessionError:
    """Return an error that explains SQLite's error and what to do."""
    name = str(getattr(error, "sqlite_errorname", None) or "")
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return SessionError(f"{path} was closed", "Open it again.")
    if name.startswith("SQLITE_NOTADB"):
        return NotASession(
            f"{path} is not a wattui session",
            "Choose a .wattui file; `wattui import` makes one of an old log.",
        )
    # Of our own statements, an error is one of the tables: one is missing, or has other columns.
    if (
        name.startswith(("SQLITE_CORRUPT", "SQLITE_MISMATCH"))
        or name == "SQLITE_ERROR"
        or (isinstance(error, sqlite3.DatabaseError) and not name)
    ):
        return SessionDamaged(f"{path} is damaged ({error})", REPAIR_HINT)
    length = len(os.fsencode(path))
    if name.startswith("SQLITE_CANTOPEN") and length > _LONGEST_PATH:
        return DiskRefused(
            f"The path of a session is too long, with {length} bytes: {path}",
            f"Choose a folder with a shorter path: SQLite opens paths of {_LONGEST_PATH} bytes.",
        )
    what, hint = _explained(name)
    return DiskRefused(f"{what}: {path} ({error})", hint)
