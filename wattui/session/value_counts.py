# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps in the file how long each field had which value, by buckets of 4096 s and more.

A row per meter, level, bucket and field; the rows of a level are made from those of the level
below, and the finest from samples, always by :func:`joined` and :meth:`Distribution.of`.  A row
that is missing, as in files of earlier versions, or damaged, is made again from samples when it
is read: its compressed data has a checksum, and the summary of the bucket has the number of its
records.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import Final

import numpy as np

from wattui.measurement.distribution import Distribution, is_distributed, joined
from wattui.measurement.fields import FIELDS, POWER_LIMIT
from wattui.session.schema import WIDTHS, count_levels, has_table
from wattui.session.summary import ABSENT, Integers, read_samples

#: Distributions by field.
Counts = Mapping[str, Distribution]

#: Fields that have a distribution, and their columns in a table of samples.
_COLUMN: Final = {
    one.name: 3 + index for index, one in enumerate(FIELDS) if is_distributed(one.name)
}

#: Numbers at the beginning of the data: the mean interval, the first value and the last.
_HEAD: Final = 3

#: Samples that a bucket needs to be stored: those of a smaller one are read as fast.
_LEAST: Final = 256

#: Values that a distribution in the file may have, far more than a meter sends, and its bytes
#: before they are compressed: a file that claims more of them is damaged.
_MOST_VALUES: Final = 1 << 16
_MOST_BYTES: Final = 8 * (_HEAD + 4 * _MOST_VALUES)

#: Samples that are held at once.
_MOST: Final = 50_000


def counts_of(samples: Integers) -> dict[str, Distribution]:
    """Return the distribution of each field that has values in *samples*, (n, 21)."""
    found = {}
    columns = np.ascontiguousarray(samples.T)
    for name, column in _COLUMN.items():
        values, times = columns[column], columns[1]
        if values.min() == ABSENT:
            there = values != ABSENT
            values, times = values[there], times[there]
        if len(values):
            found[name] = Distribution.of(name, np.minimum(values, POWER_LIMIT), times)
    return found


def joined_counts(parts: Sequence[Counts]) -> dict[str, Distribution]:
    """Return the distributions of spans, which follow one another, together."""
    names = [name for name in _COLUMN if any(name in part for part in parts)]
    return {name: joined(name, (part[name] for part in parts if name in part)) for name in names}


def divided(samples: Integers, width: int) -> Iterator[Integers]:
    """Yield the samples of each bucket *width* microseconds wide."""
    bucket = samples[:, 0] // width
    starts = np.flatnonzero(np.diff(bucket, prepend=-1)).tolist()
    for start, stop in pairwise([*starts, len(samples)]):
        yield samples[start:stop]


def pack(found: Distribution) -> bytes:
    """Return a distribution that has values as bytes: about three for each value."""
    mean = int(found.times_us.sum()) // max(1, int(found.counts.sum()))
    numbers = np.concatenate((
        (mean, found.first, found.last),
        np.diff(found.wire, prepend=0),
        found.counts,
        _unsigned(found.times_us - found.counts * mean),
        _unsigned(found.rises),
    ))  # fmt: skip
    # The first bytes of all numbers, then the second ones: most of them are 0.
    planes = numbers.astype("<i8").view(np.uint8).reshape(-1, 8).T
    return zlib.compress(np.ascontiguousarray(planes).data, 1)


def unpacked(name: str, data: bytes | None) -> Distribution | None:
    """Return the distribution of a field from its bytes; None if they are damaged."""
    unpacker = zlib.decompressobj()
    try:
        raw = unpacker.decompress(data or b"", _MOST_BYTES)
        planes = np.frombuffer(raw, np.uint8).reshape(8, -1)
    except (zlib.error, ValueError, TypeError):
        return None
    if not unpacker.eof:
        return None
    size, rest = divmod(planes.shape[1] - _HEAD, 4)
    if size < 1 or rest:
        return None
    numbers = np.ascontiguousarray(planes.T).view("<i8").ravel()
    mean, first, last = numbers[:_HEAD].tolist()
    steps, counts = numbers[_HEAD:][:size], numbers[_HEAD + size :][:size]
    signed = _signed(numbers[_HEAD + 2 * size :])
    times, rises = signed[:size], signed[size:]
    times += counts * mean
    return Distribution(name, np.cumsum(steps), counts, times, rises, first, last)


def is_same(found: Distribution, data: bytes) -> bool:
    """Check whether a distribution is the one that is stored as *data*."""
    other = unpacked(found.name, data)
    return other is not None and pack(other) == pack(found)


def _unsigned(numbers: Integers) -> Integers:
    """Return numbers without a sign, small ones for small ones."""
    return numbers << 1 ^ numbers >> 63


def _signed(numbers: Integers) -> Integers:
    return numbers >> 1 ^ -(numbers & 1)


def write_counts(
    connection: sqlite3.Connection, meter: int, level: int, bucket: int, counts: Counts
) -> None:
    """Store the distributions of a bucket; replace those that are there."""
    connection.executemany(
        "INSERT OR REPLACE INTO value_count VALUES (?,?,?,?,?)",
        [
            (meter, level, bucket, name, pack(one))
            for name, one in counts.items()
            if len(one.wire) <= _MOST_VALUES
        ],
    )


@dataclass
class _Bucket:
    """A bucket that is still open: distributions of its first part, and samples after that."""

    begin: int = 0
    #: Number of its samples.
    size: int = 0
    counts: list[Counts] = field(default_factory=list)
    samples: list[Integers] = field(default_factory=list)

    def fold(self) -> None:
        """Replace the samples by their distributions."""
        if self.samples:
            self.counts.append(counts_of(np.concatenate(self.samples)))
            self.samples = []


class CountTree:
    """Distributions of the buckets of several levels, from samples in order of time.

    Parameters
    ----------
    levels
        The levels, lowest first.
    done
        Called with level, bucket and distributions of each bucket that is complete and large
        enough to be stored.
    """

    def __init__(self, levels: tuple[int, ...], done: Callable[[int, int, Counts], None]) -> None:
        self._levels = levels
        self._done = done
        self._open = [_Bucket() for _ in levels]

    def add(self, samples: Integers) -> None:
        """Add samples, (n, 21)."""
        if self._levels:
            for part in divided(samples, WIDTHS[self._levels[0]]):
                self._add(0, part)

    def finish(self, last: int) -> None:
        """Complete the buckets before that of the last sample."""
        for place, level in enumerate(self._levels):
            self._close(place, last // WIDTHS[level] * WIDTHS[level])

    def _at(self, place: int, time: int) -> _Bucket:
        """Return the bucket that a time falls into, after completing those before it."""
        width = WIDTHS[self._levels[place]]
        self._close(place, time // width * width)
        return self._open[place]

    def _add(self, place: int, samples: Integers) -> None:
        bucket = self._at(place, int(samples[0, 0]))
        bucket.samples.append(samples)
        bucket.size += len(samples)
        if bucket.size > _MOST:
            bucket.fold()

    def _close(self, place: int, begin: int) -> None:
        """Complete the open bucket of a level if it ends before *begin*."""
        bucket = self._open[place]
        if bucket.begin >= begin:
            return
        self._open[place] = _Bucket(begin)
        above = place + 1
        if bucket.size >= _LEAST:
            bucket.fold()
            counts = joined_counts(bucket.counts)
            self._done(self._levels[place], bucket.begin, counts)
            if above < len(self._levels):
                parent = self._at(above, bucket.begin)
                parent.fold()
                parent.counts.append(counts)
                parent.size += bucket.size
        elif bucket.size and above < len(self._levels):
            self._add(above, np.concatenate(bucket.samples))


def close_counts(
    connection: sqlite3.Connection, meter: int, first_level: int, old: int, new: int
) -> None:
    """Store the distributions of all buckets completed since *old*.

    Must be part of the transaction of the samples, after their summaries.

    Parameters
    ----------
    first_level
        The lowest level of the meter's summaries.
    old, new
        Time of the meter's last sample before and now, in microseconds.
    """
    below = -1
    for level in count_levels(first_level):
        width = WIDTHS[level]
        low, high = old // width * width, new // width * width
        if low >= high:
            break
        if below < 0:
            for samples in divided(read_samples(connection, meter, low, high), width):
                if len(samples) >= _LEAST:
                    bucket = int(samples[0, 0]) // width * width
                    write_counts(connection, meter, level, bucket, counts_of(samples))
        else:
            for name in _COLUMN:
                _close_wide(connection, meter, (below, level), name, (low, high))
        below = level


def _close_wide(
    connection: sqlite3.Connection,
    meter: int,
    levels: tuple[int, int],
    name: str,
    span: tuple[int, int],
) -> None:
    """Store a field's distributions of buckets, from those of the buckets of a level below.

    A bucket is left out if a part of it is not stored, as in a file of an earlier version.
    """
    below, level = levels
    sizes = connection.execute(
        f"SELECT bucket, n_{name} FROM summary WHERE meter=? AND level=? AND bucket>=?"
        " AND bucket<? AND count>=?",
        (meter, level, *span, _LEAST),
    ).fetchall()
    for bucket, size in sizes:
        parts = read_counts(connection, meter, below, name, (bucket, bucket + WIDTHS[level]))
        whole = joined(name, (found for _, found in parts if found is not None))
        if size and whole.count == size:
            write_counts(connection, meter, level, bucket, {name: whole})


def read_counts(
    connection: sqlite3.Connection, meter: int, level: int, name: str, span: tuple[int, int]
) -> list[tuple[int, Distribution | None]]:
    """Return the buckets of a level that have values of a field, and their distributions.

    Those of small buckets are made from samples.  None stands for one that is not stored,
    though it could be, or is damaged.
    """
    table = "value_count"
    if not has_table(connection, table):
        table = "(SELECT 0 AS meter, 0 AS level, 0 AS bucket, '' AS field, NULL AS data)"
    rows = connection.execute(
        f"SELECT summary.bucket, count, n_{name}, data FROM summary LEFT JOIN {table} AS stored"
        " ON stored.meter=summary.meter AND stored.level=summary.level"
        " AND stored.bucket=summary.bucket AND field=?"
        " WHERE summary.meter=? AND summary.level=? AND summary.bucket>=? AND summary.bucket<?"
        f" AND n_{name}>0 ORDER BY summary.bucket",
        (name, meter, level, *span),
    ).fetchall()
    parts: list[tuple[int, Distribution | None]] = []
    for bucket, size, count, data in rows:
        found: Distribution | None
        if size < _LEAST:
            end = bucket + WIDTHS[level]
            found = count_samples(connection, meter, name, bucket, end)
        else:
            stored = unpacked(name, data)
            found = stored if stored is not None and stored.count == count else None
        parts.append((bucket, found))
    return parts


def count_samples(
    connection: sqlite3.Connection, meter: int, name: str, low: int, high: int
) -> Distribution:
    """Return a field's distribution of the samples with ``low <= time < high``."""
    rows = connection.execute(
        f"SELECT min({name}, {POWER_LIMIT}), interval FROM sample"
        f" WHERE meter=? AND time>=? AND time<? AND {name} IS NOT NULL ORDER BY time",
        (meter, low, high),
    )
    found = Distribution(name)
    while chunk := rows.fetchmany(_MOST):
        table = np.fromiter(chain.from_iterable(chunk), np.int64, 2 * len(chunk)).reshape(-1, 2)
        found = joined(name, (found, Distribution.of(name, *table.T)))
    return found
