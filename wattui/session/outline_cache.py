# SPDX-License-Identifier: GPL-3.0-or-later
"""What lists of sessions have read so far, so that it need not be read again.

A file in the cache folder.  A row counts only for a session whose size and times are the same as
when it was read, and only if its checksum is right, so that a damaged, deleted or read-only cache
makes a list slower and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Final

from wattui.desktop.folders import cache_folder
from wattui.session.outline import Outline

_log = logging.getLogger(__name__)

#: Counts up whenever an outline has other contents.
_VERSION: Final = 1

#: The most sessions that are remembered.
MOST: Final = 20_000

_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS outline (folder BLOB, name BLOB, stamp TEXT, text TEXT,"
    " crc32 INTEGER, PRIMARY KEY (folder, name))"
)

#: Size and times of the files of a session, by which a list sees that it has changed.
Stamp = tuple[int, ...]


class OutlineCache:
    """The outlines that were read so far, of any folder; for one thread at a time.

    Parameters
    ----------
    path
        The file; None for the one in the cache folder.
    most
        The most sessions that it remembers.
    """

    def __init__(self, path: Path | None = None, most: int = MOST) -> None:
        self.path = cache_folder() / "sessions.sqlite" if path is None else path
        self._most = most

    def load(self, folder: Path, stamps: Mapping[str, Stamp]) -> dict[str, Outline]:
        """Return what is known of sessions of a folder, by their names."""
        found: dict[str, Outline] = {}
        with contextlib.suppress(OSError, sqlite3.Error), self._open() as connection:
            rows = connection.execute(
                "SELECT name, stamp, text, crc32 FROM outline WHERE folder=?", (_key(folder),)
            )
            for name, stamp, text, crc in rows:
                with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError):
                    known = os.fsdecode(name)
                    right = crc == _checksum(name, stamp, text)
                    if right and known in stamps and stamp == str(stamps[known]):
                        found[known] = _outline(text)
        return found

    def save(self, folder: Path, outlines: Mapping[str, tuple[Stamp, Outline]]) -> None:
        """Remember sessions of a folder, by their names; the oldest are forgotten if need be."""
        rows = []
        for name, (stamp, outline) in outlines.items():
            facts = asdict(outline)
            facts["thumbnail"] = outline.thumbnail.hex()
            key, seen, text = os.fsencode(name), str(stamp), json.dumps(facts)
            rows.append((_key(folder), key, seen, text, _checksum(key, seen, text)))
        try:
            with self._open() as connection, connection:
                connection.executemany("INSERT OR REPLACE INTO outline VALUES (?,?,?,?,?)", rows)
                connection.execute(
                    "DELETE FROM outline WHERE rowid <= (SELECT rowid FROM outline"
                    " ORDER BY rowid DESC LIMIT 1 OFFSET ?)",
                    (self._most,),
                )
        except (OSError, sqlite3.Error) as error:
            _log.info("the list of sessions is not remembered: %s", error)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """Open the cache; make it again if it is damaged."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        try:
            connection = self._connect()
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise
            self.path.unlink(missing_ok=True)
            connection = self._connect()
        with contextlib.closing(connection):
            try:
                yield connection
            except sqlite3.DatabaseError as error:
                if not isinstance(error, sqlite3.OperationalError):
                    self.path.unlink(missing_ok=True)
                raise

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=2.0)
        try:
            # Losing it in a power cut costs nothing.
            connection.execute("PRAGMA synchronous=OFF")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version != _VERSION:
                with connection:
                    connection.execute("DROP TABLE IF EXISTS outline")
                    connection.execute(_TABLE)
                    connection.execute(f"PRAGMA user_version={_VERSION}")
        except BaseException:
            connection.close()
            raise
        return connection


def _key(folder: Path) -> bytes:
    return os.fsencode(folder)


def _checksum(name: bytes, stamp: str, text: str) -> int:
    return zlib.crc32(b"\0".join((name, stamp.encode(), text.encode())))


def _outline(text: str) -> Outline:
    facts = json.loads(text)
    span = facts["span_us"]
    return Outline(
        **{
            **facts,
            "meters": tuple(facts["meters"]),
            "span_us": None if span is None else (span[0], span[1]),
            "thumbnail": bytes.fromhex(facts["thumbnail"]),
        }
    )
