# SPDX-License-Identifier: GPL-3.0-or-later
"""How far each session was sent to each target, on disk."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from wattui.errors import DiskRefused

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pending (target TEXT NOT NULL, session TEXT NOT NULL,
    PRIMARY KEY (target, session)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursor (target TEXT NOT NULL, session TEXT NOT NULL,
    meter TEXT NOT NULL, time INTEGER NOT NULL,
    PRIMARY KEY (target, session, meter)) WITHOUT ROWID;
"""


class Cursors:
    """A small database of what was sent.  Any thread.

    Parameters
    ----------
    path
        The file; created if there is none.

    Raises
    ------
    DiskRefused
        It cannot be opened, as for every method.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        with self._explained():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=10, check_same_thread=False)
            self._database.executescript(_SCHEMA)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise DiskRefused(
                f"{self.path} could not be written: {error}",
                "It holds what was sent to databases and brokers. Make it writable, or delete it: "
                "then everything is sent again.",
            ) from error

    def _change(self, sql: str, *values: object) -> None:
        with self._explained(), self._lock, self._database:
            self._database.execute(sql, values)

    def pending(self, target: str) -> list[Path]:
        """Return the sessions of which something may still have to be sent, oldest first."""
        with self._explained(), self._lock:
            found = self._database.execute(
                "SELECT session FROM pending WHERE target=? ORDER BY session", (target,)
            ).fetchall()
        return [Path(session) for (session,) in found]

    def add(self, target: str, session: Path) -> None:
        """Note a session that must be sent."""
        self._change("INSERT OR IGNORE INTO pending VALUES (?, ?)", target, str(session))

    def remove(self, target: str, session: Path) -> None:
        """Note that everything of a session was sent."""
        self._change("DELETE FROM pending WHERE target=? AND session=?", target, str(session))

    def sent_until(self, target: str, session: Path, meter: str) -> int | None:
        """Return the time of a meter's last sample that was sent; None if none was."""
        with self._explained(), self._lock:
            found = self._database.execute(
                "SELECT time FROM cursor WHERE target=? AND session=? AND meter=?",
                (target, str(session), meter),
            ).fetchone()
        return None if found is None else int(found[0])

    def sent(self, target: str, session: Path, meter: str, time_us: int) -> None:
        """Note that a meter's samples up to a time were sent."""
        values = (target, str(session), meter, time_us)
        self._change("INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?)", *values)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()
