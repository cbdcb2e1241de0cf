# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables, and how a file of an earlier version comes to them."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from session_samples import METER, record, steady

from wattui.errors import DiskRefused, NotASession, SessionDamaged, SessionTooNew
from wattui.measurement.fields import FIELDS
from wattui.session import Session, complete, read_access, recovery, schema
from wattui.session.schema import (
    APPLICATION_ID,
    MIGRATIONS,
    RELEASED,
    SCHEMA_VERSION,
    connect,
    migrate,
    statements,
)

#: Of each released step: its statements, a line each.
HASHES = (
    "03e777af7ba101f8bd946f4298d1dad92678ed69f2263ea338dabed951fade20",
    "971eb441af9135ec7b42fae4dfdc5f713cbd9cb7528307a7ef1a10a8a5b31ca5",
    "2c3a964d2a3c157440d19d04e9ed70912f9de0e17042e8f27d5bd379fcd8f8b6",
    "645067f097d7a5d44999f94f9a935d1894007dfdaf531501047cef74588d5bfa",
)


def test_the_file_says_what_it_is_and_sqlite3_reads_it(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", steady(20))
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    found = [row[1] for row in connection.execute("PRAGMA table_info(sample)")]
    assert found == ["meter", "time", "interval", "gap", *(field.name for field in FIELDS)]
    row = connection.execute("SELECT power, gap, apparent_power FROM sample").fetchone()
    assert row == (400, None, None)
    info = dict(connection.execute("SELECT name, value FROM info"))
    assert {"software", "created", "time_zone"} <= info.keys()
    connection.close()


def test_the_released_schema_does_not_change() -> None:
    """Files of that version exist: what is new is another step, and another hash here."""
    found = [hashlib.sha256("\n".join(statements(step)).encode()).hexdigest() for step in RELEASED]
    assert tuple(found) == HASHES


def test_each_field_has_columns_in_the_released_schema() -> None:
    """For one that is new, its step belongs to RELEASED before anyone records with it."""
    assert MIGRATIONS == RELEASED


def test_a_new_field_breaks_nothing(tmp_path: Path) -> None:
    """A field more in the table: old sessions open, and new ones hold it."""
    old = record(tmp_path / "old.wattui", steady(9_000))
    program = Path(__file__).with_name("new_field.py")
    done = subprocess.run(
        [sys.executable, str(program), str(old), str(tmp_path / "new.wattui")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "9100 21.5 23.5 []\n100 21.5 23.5 []\n"


def test_an_earlier_version_is_brought_up_to_date_when_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record(tmp_path / "a.wattui", steady(20))
    newest = SCHEMA_VERSION + 2
    steps = (
        *MIGRATIONS,
        "ALTER TABLE meter ADD COLUMN place TEXT",
        "UPDATE meter SET place='desk'; CREATE TABLE later (x);",
    )
    monkeypatch.setattr(recovery, "migrate", lambda connection: migrate(connection, steps))
    complete(path)
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone() == (newest,)
    assert connection.execute("SELECT place FROM meter").fetchall() == [("desk",)]
    connection.close()
    with pytest.raises(SessionTooNew):
        Session.open(path)


def test_columns_that_a_file_lacks_are_empty_where_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record(tmp_path / "a.wattui", steady(20))
    steps = (*MIGRATIONS, "ALTER TABLE summary ADD COLUMN n_heat INTEGER DEFAULT 0;"
             "ALTER TABLE sample ADD COLUMN heat INTEGER")  # fmt: skip
    monkeypatch.setattr(read_access, "SCHEMA_VERSION", len(steps))
    monkeypatch.setattr(read_access, "MIGRATIONS", steps)
    before = path.read_bytes()
    connection = read_access.open_for_reading(path)
    assert connection.execute("SELECT DISTINCT heat FROM sample").fetchall() == [(None,)]
    assert connection.execute("SELECT DISTINCT n_heat FROM summary").fetchall() == [(0,)]
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM main.sample")
    connection.close()
    assert path.read_bytes() == before


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", steady(20))
    steps = (*MIGRATIONS, "CREATE TABLE later (x); NO SQL AT ALL;")
    connection = connect(path, "mode=rw")
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, steps)
    assert not connection.in_transaction
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    assert "later" not in tables
    connection.close()


@pytest.mark.parametrize(
    ("name", "kind", "word"),
    [
        ("SQLITE_FULL", DiskRefused, "full"),
        ("SQLITE_READONLY_DBMOVED", DiskRefused, "read-only"),
        ("SQLITE_CANTOPEN", DiskRefused, "opened"),
        ("SQLITE_BUSY", DiskRefused, "locked"),
        ("SQLITE_IOERR_FSYNC", DiskRefused, "disk"),
        ("SQLITE_NOTADB", NotASession, "not a wattui session"),
        ("SQLITE_CORRUPT_VTAB", SessionDamaged, "damaged"),
    ],
)
def test_each_error_of_sqlite_is_explained(name: str, kind: type, word: str) -> None:
    error = sqlite3.OperationalError("low level words")
    error.sqlite_errorname = name
    explained = schema.translated(error, Path("a.wattui"))
    assert type(explained) is kind
    assert word in explained.what
    assert explained.hint


def test_the_key_of_a_meter_is_unique(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", steady(3))
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO meter (key) VALUES (?)", (METER.key,))
    connection.close()
