# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes rows into the file: one transaction per call, all or nothing.

Writing a row twice changes nothing: a commit that failed may have reached the disk.
"""

from __future__ import annotations

import bisect
import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from wattui.desktop.atomic_file import draft_path
from wattui.errors import DiskRefused
from wattui.measurement.events import Event, MeterInfo
from wattui.measurement.replay_mark import REPLAY_OF, joined_replays
from wattui.measurement.sample import Sample, complete
from wattui.measurement.text import unicode_text
from wattui.session import stored_values
from wattui.session.buckets import close_buckets
from wattui.session.lock import note_file
from wattui.session.naming import free_path
from wattui.session.schema import (
    SAMPLE_COLUMNS,
    SEAL_LEVEL,
    WIDTHS,
    connect,
    file_version,
    migrate,
    require_session,
    translated,
)
from wattui.session.summary import (
    Seal,
    as_samples,
    checksums,
    first_level,
    insert_seals,
    read_samples,
)
from wattui.session.write_queue import Item

_logger = logging.getLogger(__name__)

_INSERT_SAMPLE: Final = (
    f"INSERT OR IGNORE INTO sample (meter, {', '.join(SAMPLE_COLUMNS)})"
    f" VALUES (?{',?' * len(SAMPLE_COLUMNS)})"
)

# Places of the journal and its index among the names of a session's files.
_WAL: Final = 1
_SHM: Final = 2

#: Size of the journal after a checkpoint, in bytes.
_JOURNAL_BYTES: Final = 4 << 20


@dataclass(slots=True)
class StoredMeter:
    """A meter as it is stored in the file."""

    id: int
    info: MeterInfo
    first_level: int
    #: Time of its last sample in microseconds; None before the first.
    last: int | None
    #: Checksum of the samples in the bucket that is still open; None while unknown.
    seal: Seal | None = None


class Store:
    """The writing side of one session file; for one thread at a time.

    Raises
    ------
    DiskRefused, NotASession, SessionTooNew, SessionDamaged
        It cannot be created or continued.
    """

    def __init__(self, path: Path, software: str) -> None:
        self.path = path
        self._software = software
        self._meters: dict[str, StoredMeter] = {}
        self._next_event = 1
        self._failures = 0
        try:
            if not os.path.lexists(path):
                _create(path, software)
            self.connection = self._open()
        except sqlite3.Error as error:
            raise translated(error, path) from error
        except OSError as error:
            raise DiskRefused(
                f"{path} cannot be created ({error.strerror})",
                "Free some space on the disk, or choose another folder.",
            ) from error
        self._note_files()

    def _open(self) -> sqlite3.Connection:
        connection = connect(self.path, "mode=rwc")
        try:
            if file_version(connection) != (0, 0) or not _is_empty(connection):
                require_session(connection, self.path)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA journal_size_limit={_JOURNAL_BYTES}")
            migrate(connection)
            describe_session(connection, self._software)
            self._load(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _load(self, connection: sqlite3.Connection) -> None:
        """Read what is in the file: after opening it, and after a failed transaction."""
        self._meters = {meter.info.key: meter for meter in stored_meters(connection)}
        (highest,) = connection.execute("SELECT COALESCE(max(id), 0) FROM event").fetchone()
        self._next_event = max(self._next_event, int(highest) + 1)

    def write(self, items: list[Item]) -> None:
        """Write everything or nothing, synced to the disk.

        Raises
        ------
        sqlite3.Error, SessionError, OSError
            None of it counts as written.
        """
        try:
            if self._failures:
                self._recover()
            self._require_files()
            with transaction(self.connection):
                self._insert(items)
            # Samples in a file without a name do not count as written, and are not shown.
            self._require_files()
            self._measure()
        except BaseException:
            self._failures += 1
            raise
        self._failures = 0

    def _recover(self) -> None:
        """Prepare another attempt; with a new connection once the old one has failed twice."""
        if self._failures > 1 and _identities(self.path) == self._identities:
            self._reopen()
        else:
            self._load(self.connection)

    def _reopen(self) -> None:
        connection = self._open()
        self.connection.close()
        self.connection = connection

    def _note_files(self) -> None:
        """Remember which files these are: the session, its journal and the journal's index."""
        self._identities = _identities(self.path)
        note_file(self.path)
        self._measure()

    def _measure(self) -> None:
        (pages,) = self.connection.execute("PRAGMA page_count").fetchone()
        (page_size,) = self.connection.execute("PRAGMA page_size").fetchone()
        #: Bytes of the session without its journal.
        self.size = int(pages) * int(page_size)

    def _require_files(self) -> None:
        """Check that the files still have their names: SQLite would go on writing to deleted ones.

        They are still open here, and everything in them can be written to a new file.
        """
        found = _identities(self.path)
        if found == self._identities:
            return
        with contextlib.suppress(sqlite3.Error):
            # Into the session's file first, in case it is killed while it is being copied.
            self.connection.execute("PRAGMA wal_checkpoint(FULL)")
        if found[0] is None or found[0] == self._identities[0]:
            what = "or its journal was removed while it was being recorded"
            self._continue_in(self.path, f"{self.path} {what}")
            _logger.warning("%s %s: written again", self.path, what)
        else:
            what = "was replaced by another file while it was being recorded"
            self._continue_in(free_path(self.path), f"{self.path} {what}")

    def _continue_in(self, path: Path, what: str) -> None:
        """Write everything to a file of that name, and continue there."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with (
                draft_path(path) as draft,
                contextlib.closing(connect(draft, "mode=rwc")) as target,
            ):
                self.connection.backup(target)
                # Not needed to recover what is in the journal, but in the way of the new file.
                self._forget(_SHM)
        except (OSError, sqlite3.Error) as error:
            raise DiskRefused(
                f"{what}, and cannot be written again ({error})",
                "Restore its folder, or make it writable.",
            ) from error
        # The journal would be taken for that of the file which has the name now.
        self._forget(_WAL)
        self.path = path
        self._reopen()
        self._note_files()

    def _forget(self, which: int) -> None:
        """Remove the name of a lost session's journal or index, which is still open here."""
        name = _names(self.path)[which]
        if _identity(name) == self._identities[which] is not None:
            name.unlink(missing_ok=True)

    def _insert(self, items: list[Item]) -> None:
        before: dict[str, int | None] = {}
        self._added: dict[str, list[tuple[int | None, ...]]] = {}
        for item in items:
            meter = None if item.meter is None else self.stored(item.meter)
            if meter is not None:
                before.setdefault(meter.info.key, meter.last)
            if item.event is not None:
                self._insert_event(meter, item)
            elif meter is not None:
                self._insert_samples(meter, item)
        for key, last in before.items():
            meter = self._meters[key]
            if meter.last is not None:
                if last is None:
                    last = first_time(self.connection, meter.id)
                close_buckets(self.connection, meter.id, meter.first_level, last, meter.last)
                self._seal(meter)

    def _seal(self, meter: StoredMeter) -> None:
        """Store the checksum of the bucket that is still open: no samples are without one."""
        if meter.seal is None:
            assert meter.last is not None
            low = meter.last // WIDTHS[SEAL_LEVEL] * WIDTHS[SEAL_LEVEL]
            samples = read_samples(self.connection, meter.id, low, meter.last + 1)
            *_, meter.seal = checksums(samples)
        elif added := self._added.get(meter.info.key):
            *_, meter.seal = checksums(as_samples(added), meter.seal)
        else:
            return
        insert_seals(self.connection, meter.id, [meter.seal])

    def _insert_samples(self, meter: StoredMeter, item: Item) -> None:
        if not item.placed:
            item.samples = tuple(_increasing(item.samples, meter.last))
            item.placed = True
        rows: list[tuple[int | None, ...]] = [
            (one.time_us, one.interval_us, one.gap_us or None, *complete(one.values))
            for one in item.samples
        ]
        self.connection.executemany(_INSERT_SAMPLE, ((meter.id, *row) for row in rows))
        # Those of a commit that failed may be in the file already.
        last = meter.last or 0
        added = self._added.setdefault(meter.info.key, [])
        added += rows[bisect.bisect_right([one.time_us for one in item.samples], last) :]
        meter.last = max(item.samples[-1].time_us, meter.last or item.samples[-1].time_us)

    def _insert_event(self, meter: StoredMeter | None, item: Item) -> None:
        event = item.event
        if event is None:
            return
        if not item.event_id:
            item.event_id = self._next_event
            self._next_event += 1
        self.connection.execute(
            "INSERT OR REPLACE INTO event VALUES (?,?,?,?,?,?)",
            (
                *(item.event_id, None if meter is None else meter.id),
                *(event.time_us, str(event.kind), unicode_text(event.text), event.duration_us),
            ),
        )

    def stored(self, info: MeterInfo) -> StoredMeter:
        """Return the meter as it is stored; add or update it where needed."""
        meter = self._meters.get(info.key)
        if meter is not None and meter.info == info:
            return meter
        meter = store_meter(self.connection, info, meter)
        self._meters[info.key] = meter
        return meter

    def close(self) -> None:
        """Write the journal into the file, unless someone is reading it, and close the file."""
        connection = self.connection
        with contextlib.suppress(sqlite3.Error):
            connection.execute("PRAGMA busy_timeout=200")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            # A single file can also be opened in a read-only folder.
            connection.execute("PRAGMA busy_timeout=0")
            connection.execute("PRAGMA journal_mode=DELETE")
        with contextlib.suppress(sqlite3.Error):
            connection.close()
        with contextlib.suppress(OSError):
            self.size = self.path.stat().st_size


def _create(path: Path, software: str) -> None:
    """Make an empty session; the file has its name once it has its tables."""
    with draft_path(path) as draft, contextlib.closing(connect(draft, "mode=rwc")) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        migrate(connection)
        describe_session(connection, software)


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write everything in the block, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def stored_meters(connection: sqlite3.Connection) -> list[StoredMeter]:
    """Return the meters of the file."""
    rows = connection.execute(
        "SELECT id, first_level, (SELECT max(time) FROM sample WHERE meter=meter.id),"
        " key, port, name, model, firmware, serial_number, interval, COALESCE(colour, '')"
        " FROM meter ORDER BY id"
    ).fetchall()
    return [
        StoredMeter(
            row[0],
            stored_values.meter_info(row[3:]),
            stored_values.level(row[1]),
            None if row[2] is None else stored_values.time(row[2]),
        )
        for row in rows
    ]


def describe_session(connection: sqlite3.Connection, software: str) -> None:
    """Store which program made the session, when, and in which time zone."""
    rows = {
        "software": software,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "time_zone": local_zone(),
    }
    connection.executemany("INSERT OR IGNORE INTO info VALUES (?,?)", rows.items())


def insert_event(connection: sqlite3.Connection, meter_id: int | None, event: Event) -> None:
    """Store an event of a meter, or of the whole session for None."""
    connection.execute(
        "INSERT INTO event (meter, time, kind, text, duration) VALUES (?,?,?,?,?)",
        (meter_id, event.time_us, str(event.kind), unicode_text(event.text), event.duration_us),
    )


def store_meter(
    connection: sqlite3.Connection, info: MeterInfo, known: StoredMeter | None
) -> StoredMeter:
    """Store what is known about a meter now; a replay marks the whole session for good."""
    if info.replay:
        _mark_replay(connection, info.replay)
    level = first_level(info.interval)
    details = (
        *map(unicode_text, (info.port, info.name, info.model, info.firmware, info.serial_number)),
        *(info.interval, info.colour or None),
    )
    if known is None:
        cursor = connection.execute(
            "INSERT INTO meter (key, port, name, model, firmware, serial_number, interval,"
            " colour, first_level) VALUES (?,?,?,?,?,?,?,?,?)",
            (unicode_text(info.key), *details, level),
        )
        return StoredMeter(int(cursor.lastrowid or 0), info, level, None)
    connection.execute(
        "UPDATE meter SET port=?, name=?, model=?, firmware=?, serial_number=?, interval=?,"
        " colour=COALESCE(?, colour) WHERE id=?",
        (*details, known.id),
    )
    if level < known.first_level:
        _lower_levels(connection, known, level)
        return StoredMeter(known.id, info, level, known.last)
    return replace(known, info=info)


def _mark_replay(connection: sqlite3.Connection, replay: str) -> None:
    """Store that the session has a replay among its meters; one may have several."""
    rows = connection.execute("SELECT value FROM info WHERE name=?", (REPLAY_OF,)).fetchall()
    known = [stored_values.text(value) for (value,) in rows]
    if not any(replay in one.split("; ") for one in known):
        marked = joined_replays([*known, replay])
        connection.execute("INSERT OR REPLACE INTO info VALUES (?,?)", (REPLAY_OF, marked))


def _lower_levels(connection: sqlite3.Connection, meter: StoredMeter, level: int) -> None:
    """Make finer summaries from now on, and of existing samples: records arrive faster now."""
    connection.execute("UPDATE meter SET first_level=? WHERE id=?", (level, meter.id))
    if meter.last is not None:
        rebuild(connection, meter.id, level, first_time(connection, meter.id), meter.last)


def rebuild(connection: sqlite3.Connection, meter: int, level: int, low: int, high: int) -> None:
    """Make the summaries and checksums of a span again, a few hours at a time."""
    step = WIDTHS[SEAL_LEVEL + 1]
    while low < high:
        stop = min(low // step * step + step, high)
        close_buckets(connection, meter, level, low, stop)
        low = stop


def first_time(connection: sqlite3.Connection, meter: int) -> int:
    """Return the time of a meter's first sample; it must have one."""
    (first,) = connection.execute("SELECT min(time) FROM sample WHERE meter=?", (meter,)).fetchone()
    return int(first)


def _increasing(samples: tuple[Sample, ...], last: int | None) -> Iterator[Sample]:
    """Yield the samples with increasing times, later than those in the file."""
    for sample in samples:
        if last is not None and sample.time_us <= last:
            sample = replace(sample, time_us=last + 1)
        last = sample.time_us
        yield sample


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _names(path: Path) -> tuple[Path, Path, Path]:
    """Return the names of a session's file, its journal and the journal's index."""
    return path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def _identities(path: Path) -> tuple[tuple[int, int] | None, ...]:
    return tuple(map(_identity, _names(path)))


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def local_zone() -> str:
    """Return the name of the local time zone, as in ``Europe/Berlin``."""
    named = os.environ.get("TZ", "").lstrip(":")
    if named and not named.startswith("/"):
        return named
    with contextlib.suppress(OSError):
        target = str(Path("/etc/localtime").resolve())
        if "zoneinfo/" in target:
            return target.split("zoneinfo/", 1)[1]
    return time.tzname[0]
