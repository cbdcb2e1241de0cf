# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens a session for reading, whatever state it and its folder are in."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from pathlib import Path

from wattui.errors import DiskRefused, NotASession
from wattui.session.schema import SCHEMA_VERSION, connect, migrate, require_session, translated


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Give a connection that only reads.

    Raises
    ------
    NotASession, SessionTooNew, SessionDamaged, DiskRefused
        See :meth:`wattui.session.Session.open`.
    """
    _require_readable(path)
    try:
        connection = _connect(path)
        try:
            if require_session(connection, path) < SCHEMA_VERSION:
                connection.close()
                _update(path)
                connection = _connect(path)
            connection.execute("SELECT count(*) FROM meter").fetchone()
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        if _journal(path).exists() and not os.access(path.parent, os.W_OK):
            # Without its journal it would open, and lack its end without a word.
            raise DiskRefused(
                f"{path} was not closed, and its folder is read-only: its journal cannot be read",
                f"Copy it and {_journal(path).name} to a folder of yours, and open it there.",
            ) from error
        raise translated(error, path) from error
    return connection


def _journal(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _require_readable(path: Path) -> None:
    """Refuse what is no file with something in it.

    The file is not opened for that: closing a descriptor of it would drop the locks
    that a writer in this process has on it.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        raise NotASession(f"There is no file {path}", "Check its name and folder.") from None
    except OSError as error:
        raise DiskRefused(
            f"{path} cannot be read ({error.strerror})", "Check who may read it."
        ) from error
    if stat.S_ISDIR(found.st_mode):
        raise NotASession(f"{path} is a folder", "Choose a .wattui file in it.")
    if not stat.S_ISREG(found.st_mode):
        raise NotASession(f"{path} is no file", "Choose a .wattui file.")
    if not found.st_size:
        raise NotASession(f"{path} is empty", "Nothing was recorded into it; it can be deleted.")
    if not os.access(path, os.R_OK):
        raise DiskRefused(f"{path} may not be read by you", "Check who may read it.")


def _connect(path: Path) -> sqlite3.Connection:
    folder_open = os.access(path.parent, os.W_OK)
    if folder_open and os.access(path, os.W_OK):
        # Not mode=ro: the last one to close it could not tidy up the journal's files then.
        options = "mode=rw"
    elif _journal(path).exists():
        options = "mode=ro"
    else:
        options = "mode=ro" if folder_open else "mode=ro&immutable=1"
    connection = connect(path, options)
    with contextlib.suppress(sqlite3.Error):
        connection.execute("PRAGMA query_only=1")
    return connection


def _update(path: Path) -> None:
    """Bring a file of an earlier version to the present one."""
    with contextlib.closing(connect(path, "mode=rw")) as connection:
        migrate(connection)
