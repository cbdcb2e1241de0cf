# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a session: its samples against their checksums, its summaries against the samples.

The samples are the truth.  Those of a 4096 s bucket have a checksum; later ones are
compared with the summaries, which were made from them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np

from wattui.errors import Cancelled
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.text import count_text, date_text
from wattui.session import stored_values
from wattui.session.schema import SEAL_LEVEL, WIDTHS, count_levels, has_table
from wattui.session.store import StoredMeter, stored_meters
from wattui.session.summary import (
    ABSENT,
    Integers,
    Rows,
    checksums,
    concatenate,
    from_samples,
    merge,
    read_rows,
    read_samples,
)
from wattui.session.value_counts import Counts, CountTree, is_same

#: The span whose samples are compared at once.
_STEP: Final = WIDTHS[SEAL_LEVEL + 1]

#: Samples that were compared, and all.
Progress = Callable[[int, int], None]

#: What reading a damaged page, or a value of another type, raises.
READING_ERRORS: Final = (sqlite3.Error, *stored_values.ODD)

#: Tables besides those of the samples and summaries, which are compared with each other.
_SMALL_TABLES: Final = ("info", "meter", "seal", "event")

#: Number of samples and their checksum, by the start of the bucket.
Seals = dict[int, tuple[int, int]]


def check(
    connection: sqlite3.Connection,
    cancelled: Callable[[], bool] | None = None,
    progress: Progress | None = None,
) -> Iterator[str]:
    """Yield one sentence per fault, without a full stop.

    *progress* is called with the number of samples that were compared, and of all.

    Raises
    ------
    Cancelled
        *cancelled* returned True.
    """
    faults = list(quick_faults(connection))
    yield from faults
    try:
        meters = stored_meters(connection)
        checks = [_MeterCheck(connection, meter) for meter in meters]
    except READING_ERRORS:
        return
    total, done = sum(one.sample_count for one in checks), 0

    def compared(count: int) -> None:
        nonlocal done
        done += count
        if progress is not None:
            progress(min(done, total), total)

    for meter, one in zip(meters, checks, strict=True):
        try:
            yield from one.faults(cancelled, compared)
        except READING_ERRORS as error:
            yield f"{meter.info.label}: samples cannot be read ({error})"


def quick_faults(connection: sqlite3.Connection) -> Iterator[str]:
    """Yield what is wrong apart from samples and summaries, which take longer."""
    try:
        for table in _SMALL_TABLES:
            rows = connection.execute(f"PRAGMA integrity_check({table})").fetchall()
            yield from (f"The table {table}: {row[0]}" for row in rows if row[0] != "ok")
        meters = stored_meters(connection)
        unknown = sorted(set(_sampled(connection)) - {meter.id for meter in meters})
        yield from _odd_values(connection)
    except READING_ERRORS as error:
        yield f"The file's structure is damaged ({error})"
        return
    for number in unknown:
        yield f"The samples of meter {number} are there, but not its name and model"


def read_seals(connection: sqlite3.Connection, meter: int, after: int = -1) -> Seals:
    """Return the checksums of a meter's samples, of the buckets that begin later than *after*."""
    rows = connection.execute(
        "SELECT bucket, count, crc32 FROM seal WHERE meter=? AND bucket>?", (meter, after)
    )
    found: Seals = {}
    for bucket, count, crc in rows:
        # Without a checksum, the samples are not as they were recorded.
        if stored_values.are_integers(bucket, count, crc) and stored_values.time(bucket) == bucket:
            found[bucket] = count, crc
    return found


def agrees(samples: Integers, seal: tuple[int, int], *, open_bucket: bool) -> bool:
    """Check that the samples of a bucket, (n, 21), are those that were recorded.

    The checksum of the last bucket covers its first samples; more may have come since.
    """
    count, _ = seal
    if len(samples) < count or (len(samples) > count and not open_bucket) or count < 1:
        return False
    ((_, *found),) = checksums(samples[:count])
    return tuple(found) == seal


def span_text(start: int, stop: int) -> str:
    """Return a span in words, in local time."""
    first, last = (stored_values.time(one) / MICROSECONDS for one in (start, stop))
    return f"from {date_text(first)} to {date_text(last)}"


def _sampled(connection: sqlite3.Connection) -> Iterator[int]:
    """Yield the ids of the meters that have samples, each found by a seek."""
    (meter,) = connection.execute("SELECT min(meter) FROM sample").fetchone()
    while meter is not None:
        yield meter
        (meter,) = connection.execute(
            "SELECT min(meter) FROM sample WHERE meter>?", (meter,)
        ).fetchone()


def _odd_values(connection: sqlite3.Connection) -> Iterator[str]:
    """Find rows of meters and events that hold what no version of wattui has written."""
    texts = ("port", "name", "model", "firmware", "serial_number")
    odd = " OR ".join(f"typeof({name}) NOT IN ('text', 'null')" for name in (*texts, "colour"))
    for what, query in (
        ("meter", f"typeof(key)<>'text' OR {odd} OR typeof(interval)<>'real' OR interval<=0"),
        (
            "event",
            "typeof(time)<>'integer' OR typeof(kind)<>'text' OR typeof(text)<>'text'"
            f" OR typeof(duration)<>'integer' OR time<0 OR time>{stored_values.LATEST}",
        ),
    ):
        (count,) = connection.execute(f"SELECT count(*) FROM {what} WHERE {query}").fetchone()
        if count:
            yield f"{count} of the rows of the table {what} have values that cannot be"


class _MeterCheck:
    """Compares the samples of one meter with their checksums and summaries."""

    def __init__(self, connection: sqlite3.Connection, meter: StoredMeter) -> None:
        self._connection = connection
        self._meter = meter
        self._seals = read_seals(connection, meter.id)
        #: Buckets of the widest level that is compared with each span.
        self._widest: list[Rows] = []
        self._stored = 0
        self._gaps = [0, 0, 0]
        levels = count_levels(meter.first_level) if has_table(connection, "value_count") else ()
        self._tree = CountTree(levels, self._compare_counts) if levels else None
        self._counted = 0
        self._wrong_counts: list[tuple[int, int]] = []

    @property
    def sample_count(self) -> int:
        """How many samples have a checksum."""
        return sum(count for count, _ in self._seals.values())

    def faults(
        self, cancelled: Callable[[], bool] | None, compared: Callable[[int], None]
    ) -> Iterator[str]:
        """Yield what is wrong; the samples are read once.

        *compared* is called with the number of samples of each part.
        """
        last = self._meter.last
        after, damaged = -1, bool(self._seals) and last is None
        while (start := self._next(after)) is not None:
            if cancelled is not None and cancelled():
                raise Cancelled("The check was cancelled")
            low = start // _STEP * _STEP
            sealed = self.sample_count
            for fault in self._faults_between(low, low + _STEP, last or 0):
                damaged = True
                yield fault
            compared(sealed - self.sample_count)
            after = low + _STEP - 1
        for bucket, (count, _) in sorted(self._seals.items()):
            damaged = True
            where = span_text(bucket, bucket + WIDTHS[SEAL_LEVEL])
            yield f"{self._label}: {count_text(count, 'sample')} {where} are missing"
        if last is not None and not damaged:
            yield from self._wide_faults(last)
            yield from self._gap_faults()
            yield from self._count_faults(last)

    @property
    def _label(self) -> str:
        return self._meter.info.label

    def _next(self, after: int) -> int | None:
        row = self._connection.execute(
            "SELECT min(time) FROM sample WHERE meter=? AND time>?", (self._meter.id, after)
        ).fetchone()
        found: int | None = row[0]
        return found

    def _faults_between(self, low: int, high: int, last: int) -> Iterator[str]:
        where = span_text(low, high)
        try:
            samples = read_samples(self._connection, self._meter.id, low, high)
        except READING_ERRORS as error:
            self._forget(low, high)
            yield f"{self._label}: samples {where} cannot be read ({error})"
            return
        if not stored_values.are_possible(samples):
            self._forget(low, high)
            yield f"{self._label}: samples {where} have times or values that cannot be"
            return
        self._count_gaps(samples)
        if self._tree is not None:
            self._tree.add(samples)
        faults = list(self._seal_faults(samples, last))
        # The sums of changed samples cannot be right either.
        yield from faults or self._summary_faults(samples, low, high, last)

    def _forget(self, low: int, high: int) -> None:
        for bucket in range(low, high, WIDTHS[SEAL_LEVEL]):
            self._seals.pop(bucket, None)

    def _count_gaps(self, samples: Integers) -> None:
        gaps = samples[samples[:, 2] >= 0]
        self._gaps[0] += len(gaps)
        for index, column in enumerate((1, 2), 1):
            self._gaps[index] += int(gaps[:, column].sum())

    def _seal_faults(self, samples: Integers, last: int) -> Iterator[str]:
        width = WIDTHS[SEAL_LEVEL]
        buckets = samples[:, 0] // width * width
        for bucket in np.unique(buckets).tolist():
            seal = self._seals.pop(bucket, None)
            is_open = bucket + width > last
            found = samples[buckets == bucket]
            span = span_text(bucket, bucket + width)
            where = f"{self._label}: {count_text(len(found), 'sample')} {span}"
            if seal is None:
                if not is_open:
                    yield f"{where} have no checksum"
            elif not agrees(found, seal, open_bucket=is_open):
                yield f"{where} have changed since they were recorded"

    def _summary_faults(self, samples: Integers, low: int, high: int, last: int) -> Iterator[str]:
        """Compare the summaries of a span; each level with the one below."""
        rows = from_samples(samples)
        for level in range(self._meter.first_level, SEAL_LEVEL + 2):
            rows = merge(rows, WIDTHS[level])
            if level > SEAL_LEVEL:
                self._widest.append(rows)
            if not self._is_stored(rows, level, low, high, last):
                yield f"{self._label}: the summaries {span_text(low, high)} are wrong"
                return

    def _is_stored(self, rows: Rows, level: int, low: int, high: int, last: int) -> bool:
        over = last // WIDTHS[level] * WIDTHS[level]
        expected = rows[: int(np.searchsorted(rows.bucket, over))]
        stored = read_rows(self._connection, self._meter.id, level, low, high)
        self._stored += len(stored)
        if not all(
            np.array_equal(getattr(expected, name), getattr(stored, name))
            for name in ("bucket", "sums", "low", "high", "counter")
        ):
            return False
        # The first version did not store the pair.
        return bool(np.all((stored.pair == ABSENT) | (stored.pair == expected.pair)))

    def _wide_faults(self, last: int) -> Iterator[str]:
        """Compare the levels that are wider than what is read at once, and the number of rows."""
        rows = concatenate(self._widest) if self._widest else None
        for level in range(SEAL_LEVEL + 2, len(WIDTHS)):
            if rows is None:
                break
            rows = merge(rows, WIDTHS[level])
            if not self._is_stored(rows, level, 0, 2**62, last):
                yield f"{self._label}: the summaries of whole days are wrong"
                return
        (count,) = self._connection.execute(
            "SELECT count(*) FROM summary WHERE meter=?", (self._meter.id,)
        ).fetchone()
        if rows is not None and count != self._stored:
            yield f"{self._label}: there are summaries of times without samples"

    def _gap_faults(self) -> Iterator[str]:
        found = self._connection.execute(
            "SELECT count(*), COALESCE(sum(interval), 0), COALESCE(sum(gap), 0) FROM sample"
            " INDEXED BY sample_gap WHERE meter=? AND gap IS NOT NULL",
            (self._meter.id,),
        ).fetchone()
        if list(found) != self._gaps:
            yield f"{self._label}: the list of its gaps is wrong"

    def _compare_counts(self, level: int, bucket: int, counts: Counts) -> None:
        """Compare the value counts of a bucket; those of earlier versions are not stored."""
        rows = self._connection.execute(
            "SELECT field, data FROM value_count WHERE meter=? AND level=? AND bucket=?",
            (self._meter.id, level, bucket),
        ).fetchall()
        self._counted += len(rows)
        if any(name not in counts or not is_same(counts[name], data) for name, data in rows):
            self._wrong_counts.append((bucket, bucket + WIDTHS[level]))

    def _count_faults(self, last: int) -> Iterator[str]:
        if self._tree is None:
            return
        self._tree.finish(last)
        for span in self._wrong_counts:
            yield f"{self._label}: the value counts {span_text(*span)} are wrong"
        (count,) = self._connection.execute(
            "SELECT count(*) FROM value_count WHERE meter=?", (self._meter.id,)
        ).fetchone()
        if count != self._counted:
            yield f"{self._label}: there are value counts of times without samples"
