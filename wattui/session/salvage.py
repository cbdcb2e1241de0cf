# SPDX-License-Identifier: GPL-3.0-or-later
"""Saves what can be read of a damaged session in a new file; the damaged one is not changed.

The samples come from the pages themselves, and are then compared with their checksums.  In a
4096 s bucket that has changed since it was recorded, the summaries show which parts are still
as they were; the others are left out as a gap, unless they are asked for.  The summaries are
made again.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from wattui.errors import Cancelled, SessionDamaged
from wattui.measurement.events import Event, MeterInfo
from wattui.measurement.text import count_text
from wattui.session import stored_values
from wattui.session.annotations import Span, read_spans
from wattui.session.bulk import BulkWriter
from wattui.session.integrity import READING_ERRORS, Seals, agrees, read_seals, span_text
from wattui.session.read_access import connect_reading, require_readable
from wattui.session.row_scan import Row, scan_rows
from wattui.session.schema import (
    SAMPLE_COLUMNS,
    SEAL_LEVEL,
    WIDTHS,
    connect,
    migrate,
    translated,
)
from wattui.session.summary import (
    ABSENT,
    Integers,
    Rows,
    from_samples,
    merge,
    read_rows,
    read_samples,
)

_logger = logging.getLogger(__name__)

_WIDTH: Final = WIDTHS[SEAL_LEVEL]

#: The beginning of a database, and the size of its header.
_MAGIC: Final = b"SQLite format 3\0"
_HEADER: Final = 100

#: Rows that are put into the scratch file at once.
_ROWS: Final = 5_000

_INSERT: Final = (
    f"INSERT OR IGNORE INTO sample (meter, {', '.join(SAMPLE_COLUMNS)})"
    f" VALUES (?{',?' * len(SAMPLE_COLUMNS)})"
)

#: Summaries by the start of their bucket, as bytes.
Parts = dict[int, bytes]

_CHANGED: Final = "have changed since they were recorded"

#: Ids that meters can have; anything else is not a sample's row.
_MOST_METERS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What was saved of a damaged session."""

    #: Samples in the new file.
    samples: int
    #: What is missing or uncertain: sentences without a full stop.
    losses: tuple[str, ...]


def salvage(
    path: Path,
    goal: Path,
    *,
    keep_changed: bool = False,
    replace: bool = False,
    cancelled: Callable[[], bool] | None = None,
) -> Salvaged:
    """Save what can be read of a session as another one.

    Parameters
    ----------
    keep_changed
        Whether to also save samples that have changed since they were recorded.
    replace
        Whether *goal* may exist.

    Raises
    ------
    SessionDamaged
        There is no sample in it.
    Cancelled
        *cancelled* returned True.
    SessionError
        It cannot be read at all, or the disk does not accept the copy.
    """
    require_readable(path)
    with tempfile.TemporaryDirectory(prefix="wattui-repair-") as folder:
        pages = Path(folder) / "pages"
        _copy_pages(path, pages)
        try:
            with contextlib.closing(connect(Path(folder) / "rows", "mode=rwc")) as rows:
                _collect(pages, rows, cancelled)
                source = _read_tables(pages)
                rescue = _Rescue(pages, source, rows, keep_changed=keep_changed)
                return rescue.write(goal, replace=replace)
        except _NothingLeft:
            raise SessionDamaged(
                f"{path} is damaged, and there are no samples in it that can be read",
                "Take the session from a backup if there is one.",
            ) from None
        except sqlite3.Error as error:
            raise translated(error, goal) from error


class _NothingLeft(Exception):
    """There is no sample in the file."""


def _copy_pages(path: Path, target: Path) -> None:
    """Copy the pages of a file and of its journal, whatever is in them."""
    try:
        with (
            contextlib.closing(connect_reading(path)) as source,
            contextlib.closing(connect(target, "mode=rwc")) as copy,
        ):
            source.backup(copy)
    except sqlite3.Error as error:
        # A truncated file, or one with a damaged header.
        _logger.info("%s: copied as it is (%s)", path, error)
        shutil.copyfile(path, target)
        _mend_header(target)
        journal = path.with_name(f"{path.name}-wal")
        with contextlib.suppress(OSError, sqlite3.Error):
            shutil.copyfile(journal, target.with_name(f"{target.name}-wal"))
            with contextlib.closing(connect(target, "mode=rw")) as copy:
                copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _mend_header(pages: Path) -> None:
    """Write the header of a new session into a file that has lost its own."""
    blank = pages.with_name("blank")
    with pages.open("r+b") as file:
        if file.read(len(_MAGIC)) == _MAGIC:
            return
        with contextlib.closing(connect(blank, "mode=rwc")) as connection:
            migrate(connection)
        header = bytearray(blank.read_bytes()[:_HEADER])
        size = int.from_bytes(header[16:18], "big")
        header[28:32] = (pages.stat().st_size // size).to_bytes(4, "big")
        header[32:40] = bytes(8)  # no unused pages
        file.seek(0)
        file.write(header)


def _collect(pages: Path, rows: sqlite3.Connection, cancelled: Callable[[], bool] | None) -> None:
    """Put every sample that is in some page into a scratch file, in order."""
    rows.execute("PRAGMA journal_mode=OFF")
    rows.execute("PRAGMA synchronous=OFF")
    migrate(rows)
    rows.execute("BEGIN")
    found = filter(_is_sample, scan_rows(pages))
    while batch := list(islice(found, _ROWS)):
        if cancelled is not None and cancelled():
            raise Cancelled("The repair was cancelled")
        rows.executemany(_INSERT, batch)
    rows.execute("COMMIT")


def _is_sample(row: Row) -> bool:
    meter, when, interval = row[:3]
    if meter is None or when is None or interval is None:
        return False
    table = np.array([[ABSENT if value is None else value for value in row[1:]]], np.int64)
    return 0 < meter < _MOST_METERS and bool(stored_values.possible(table)[0])


@dataclass
class _Source:
    """What is left of the tables besides the samples."""

    meters: dict[int, MeterInfo] = field(default_factory=dict)
    info: list[tuple[str, str]] = field(default_factory=list)
    events: list[tuple[int | None, Event]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    seals: dict[int, Seals] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class _Rescue:
    """Writes the new session."""

    def __init__(
        self, pages: Path, source: _Source, rows: sqlite3.Connection, *, keep_changed: bool
    ) -> None:
        self._pages = pages
        self._rows = rows
        self._keep = keep_changed
        self._source = source
        self._losses = list(source.problems)

    def write(self, goal: Path, *, replace: bool) -> Salvaged:
        """Write the session, and return what is in it and what is not."""
        sampled = [row[0] for row in self._rows.execute("SELECT DISTINCT meter FROM sample")]
        if not sampled:
            raise _NothingLeft
        meters = self._source.meters
        for number in sorted(set(sampled) - meters.keys()):
            meters[number] = MeterInfo(f"meter-{number}", "", f"Unknown meter {number}")
            self._losses.append(f"Name and model of meter {number} are lost")
        count = 0
        with BulkWriter(goal, replace=replace) as writer:
            for name, value in self._source.info:
                writer.set_info(name, value)
            for number in sorted(meters):
                writer.add_meter(meters[number])
            for number, event in self._source.events:
                writer.add_event(event, None if number is None else meters.get(number))
            for span in self._source.spans:
                writer.add_span(span, meters.get(span.meter_id) if span.meter_id else None)
            for number in sorted(meters):
                count += self._write_meter(writer, number, meters[number])
            if not count:
                raise _NothingLeft
        return Salvaged(count, tuple(self._losses))

    def _write_meter(self, writer: BulkWriter, number: int, info: MeterInfo) -> int:
        seals = self._source.seals.get(number, {})
        buckets = sorted({*seals, *self._buckets(number)})
        count, end, hole = 0, None, False
        for bucket in buckets:
            samples = read_samples(self._rows, number, bucket, bucket + _WIDTH)
            is_last = bucket == buckets[-1]
            for part in self._saved(number, info, bucket, samples, is_last=is_last):
                if part is None:
                    hole = True
                    continue
                if end is not None and (hole or self._keep):
                    _add_gap(part, end, anywhere=self._keep)
                writer.add(info, part[:, 0], part[:, 1], part[:, 3:], _gaps(part))
                count, end, hole = count + len(part), int(part[-1, 0]), False
        if count and not seals:
            self._losses.append(
                f"{info.label}: {count_text(count, 'sample')} have no checksum: kept"
            )
        return count

    def _buckets(self, number: int) -> Iterator[int]:
        query = f"SELECT DISTINCT time / {_WIDTH} * {_WIDTH} FROM sample WHERE meter=?"
        return (row[0] for row in self._rows.execute(query, (number,)).fetchall())

    def _saved(
        self, number: int, info: MeterInfo, bucket: int, samples: Integers, *, is_last: bool
    ) -> list[Integers | None]:
        """Return what is saved of a bucket, with None for a hole; note what is not as recorded."""
        seals = self._source.seals.get(number, {})
        seal = seals.get(bucket)
        if seal is not None and agrees(samples, seal, open_bucket=is_last):
            return [samples]
        span, found = (bucket, bucket + _WIDTH), len(samples)
        if seal is None and not seals:
            return [samples]  # reported for all of them together
        if seal is None and is_last:
            self._lose(info, count_text(found, "sample"), span, "have no checksum: kept")
            return [samples]
        expected = found if seal is None else seal[0]
        if not found:
            self._lose(info, count_text(expected, "sample"), span, "are missing")
            return [None]
        if self._keep:
            self._lose(info, _of(found, expected), span, f"{_CHANGED}: kept")
            return [samples]
        changed = self._changed_parts(number, bucket, samples)
        saved = [part for part in _divided(samples, changed) if part is not None]
        lost = expected - sum(map(len, saved))
        if changed and lost > 0:
            span = changed[0][0], changed[-1][1]
        else:
            changed, lost = [span], expected
        self._lose(info, _of(lost, expected), span, f"{_CHANGED}: left out")
        return _divided(samples, changed)

    def _lose(self, info: MeterInfo, what: str, span: tuple[int, int], words: str) -> None:
        self._losses.append(f"{info.label}: {what} {span_text(*span)} {words}")

    def _changed_parts(self, number: int, bucket: int, samples: Integers) -> list[tuple[int, int]]:
        """Return the spans of a bucket whose samples are not those that were summarized.

        Samples behind the last summary count as changed only if nothing before them has.
        """
        try:
            stored, width = _read_parts(self._pages, number, bucket)
        except READING_ERRORS:
            return []
        found = _as_parts(merge(from_samples(samples), width))
        wrong = [
            begin for begin in sorted({*stored, *found}) if stored.get(begin) != found.get(begin)
        ]
        closed = [begin for begin in wrong if begin <= max(stored, default=-1)]
        return [(begin, begin + width) for begin in closed or wrong]


def _of(count: int, total: int) -> str:
    whole = count_text(total, "sample")
    return whole if count == total else f"{count:,} of {whole}"


def _divided(samples: Integers, holes: list[tuple[int, int]]) -> list[Integers | None]:
    """Return the samples between holes, and None for each hole."""
    pieces: list[Integers | None] = []
    begin = 0
    for low, high in holes:
        first, last = np.searchsorted(samples[:, 0], (low, high)).tolist()
        pieces += [samples[begin:first], None] if first > begin else [None]
        begin = last
    return [*pieces, samples[begin:]] if begin < len(samples) else pieces


def _as_parts(rows: Rows) -> Parts:
    table = np.hstack((rows.sums, rows.low, rows.high, rows.counter))
    return {begin: line.tobytes() for begin, line in zip(rows.bucket.tolist(), table, strict=True)}


def _gaps(samples: Integers) -> Integers:
    return np.where(samples[:, 2] == ABSENT, 0, samples[:, 2])


def _add_gap(samples: Integers, end: int, *, anywhere: bool) -> None:
    """Make what was left out a gap before the first sample, or before any."""
    begin = samples[:, 0] - samples[:, 1]
    missing = begin - np.concatenate(([end], samples[:-1, 0]))
    places = slice(None) if anywhere else slice(0, 1)
    known = _gaps(samples)[places]
    # A hole of less than its interval may be jitter.
    wide = (missing[places] > samples[places, 1]) & (missing[places] > known)
    if not anywhere:
        wide = missing[places] > 0
    samples[places, 2] = np.where(wide, missing[places], samples[places, 2])


def _read_tables(pages: Path) -> _Source:
    """Read the tables besides the samples, as far as possible."""
    found = _Source()
    try:
        connection = connect(pages, "mode=ro")
    except sqlite3.Error:
        found.problems.append("Names, marks and checksums cannot be read")
        return found
    with contextlib.closing(connection):
        for what, read in (
            ("The names of its meters", _read_meters),
            ("The facts about the session", _read_info),
            ("Some of its events, marks and spans", _read_notes),
            ("Some of its checksums", _read_seals),
        ):
            try:
                read(connection, found)
            except READING_ERRORS as error:
                found.problems.append(f"{what} cannot be read ({error})")
    return found


def _read_meters(connection: sqlite3.Connection, found: _Source) -> None:
    rows = connection.execute(
        "SELECT id, key, port, name, model, firmware, serial_number, interval, colour FROM meter"
    )
    for number, *values in rows:
        info = stored_values.meter_info(values)
        taken = any(one.key == info.key for one in found.meters.values())
        if not info.key or taken:
            info = MeterInfo(f"meter-{number}", info.port, info.name or f"Unknown meter {number}")
        found.meters[number] = info


def _read_info(connection: sqlite3.Connection, found: _Source) -> None:
    for name, value in connection.execute("SELECT name, value FROM info"):
        found.info.append((stored_values.text(name), stored_values.text(value)))


def _read_events(connection: sqlite3.Connection, found: _Source) -> None:
    rows = connection.execute("SELECT meter, time, kind, text, duration FROM event ORDER BY id")
    for number, *values in rows:
        if number is None or number in found.meters:
            found.events.append((number, stored_values.event(*values)))


def _read_notes(connection: sqlite3.Connection, found: _Source) -> None:
    try:
        _read_events(connection, found)
    finally:
        found.spans += read_spans(connection)


def _read_seals(connection: sqlite3.Connection, found: _Source) -> None:
    meters = [row[0] for row in connection.execute("SELECT DISTINCT meter FROM seal")]
    for number in meters:
        found.seals[number] = read_seals(connection, number)


def _read_parts(pages: Path, number: int, bucket: int) -> tuple[Parts, int]:
    """Return the narrowest summaries of a bucket, and their width."""
    with contextlib.closing(connect(pages, "mode=ro")) as connection:
        (level,) = connection.execute(
            "SELECT first_level FROM meter WHERE id=?", (number,)
        ).fetchone()
        level = stored_values.level(level)
        rows = read_rows(connection, number, level, bucket, bucket + _WIDTH)
    return _as_parts(rows), WIDTHS[level]
