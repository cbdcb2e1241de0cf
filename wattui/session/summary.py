# SPDX-License-Identifier: GPL-3.0-or-later
"""Exact sums, extremes and counts over buckets of time, at NumPy's speed.

One function, :func:`merge`, makes the rows of a level from those of the level below; a
sample is a row of one record.  Both writers and the statistics use it, so that they cannot
disagree.
"""

from __future__ import annotations

import itertools
import operator
import sqlite3
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wattui.measurement.fields import FIELD_COUNT, FIELD_INDEX, POWER_LIMIT
from wattui.session.schema import (
    COUNTER,
    SAMPLE_COLUMNS,
    SEAL_LEVEL,
    SUMMARY_COLUMNS,
    TOTALS,
    WIDTHS,
)

Integers = NDArray[np.int64]

#: Stands for SQL's NULL in arrays of integers; less than any value of the wire.
ABSENT: Final = -(2**62)

#: Minimum of no values.
_NO_LOW: Final = 2**62

#: Start of a 4096 s bucket in microseconds, number of its samples, and their CRC-32.
Seal = tuple[int, int, int]

#: Columns of a sample that a checksum covers: those of the first released schema.
_SEALED: Final = 21

_TOTALS: Final = len(TOTALS)
_POWER: Final = FIELD_INDEX["power"]
_COUNTER: Final = FIELD_INDEX["energy"]
_VOLTAGE: Final = FIELD_INDEX["voltage"]
_CURRENT: Final = FIELD_INDEX["current"]

#: How many products of voltage and current on the wire make 0.1 VA.
VOLT_AMPS: Final = 1_000

#: The largest voltage and current that count, on the wire: their product fits into 64 bits.
_LARGEST: Final = 10_000_000

#: The same in SQL, as numbers that are not exact: for one sample, NULL if a value is absent.
SAMPLE_ACTIVE: Final = f"min(power, {POWER_LIMIT}) * 1.0 * interval + 0 * voltage * current"
SAMPLE_APPARENT: Final = (
    f"min(max(min(voltage, {_LARGEST}), 0) * max(min(current, {_LARGEST}), 0),"
    f" {POWER_LIMIT * VOLT_AMPS}) / {VOLT_AMPS}.0 * interval + 0 * power"
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Summaries of one level, in order of time; n of them."""

    #: Start of each bucket, or a sample's time; microseconds, (n,).
    bucket: Integers
    #: The columns of TOTALS, then each field's count, then each field's sum, (n, 42).
    sums: Integers
    #: Each field's minimum, (n, 18).
    low: Integers
    #: Each field's maximum, (n, 18).
    high: Integers
    #: The meter's counter: first, last (ABSENT if none) and how far it moved, (n, 3).
    counter: Integers
    #: The columns of PAIR, (n, 2); ABSENT if they are not known.
    pair: Integers

    def __len__(self) -> int:
        return len(self.bucket)

    def __getitem__(self, part: slice) -> Rows:
        return Rows(*(getattr(self, name)[part] for name in _ARRAYS))


#: The arrays of :class:`Rows`.
_ARRAYS: Final = ("bucket", "sums", "low", "high", "counter", "pair")


def from_samples(samples: Integers) -> Rows:
    """Return one row per sample; *samples* has the columns of SAMPLE_COLUMNS, (n, 21)."""
    values = samples[:, 3:]
    there = values != ABSENT
    zeroed = np.where(there, values, 0)
    gap = np.where(samples[:, 2] == ABSENT, 0, samples[:, 2])
    sums = np.empty((len(samples), _TOTALS + 2 * FIELD_COUNT), np.int64)
    sums[:, 0] = 1
    sums[:, 1] = samples[:, 1]
    sums[:, 2] = np.where(there[:, _POWER], samples[:, 1], 0)
    sums[:, 3] = gap
    sums[:, 4] = gap > 0
    sums[:, 5] = np.minimum(zeroed[:, _POWER], POWER_LIMIT) * samples[:, 1]
    sums[:, _TOTALS : _TOTALS + FIELD_COUNT] = there
    sums[:, _TOTALS + FIELD_COUNT :] = zeroed
    counter = np.zeros((len(samples), 3), np.int64)
    counter[:, :2] = values[:, _COUNTER, None]
    lows = np.where(there, values, _NO_LOW)
    return Rows(samples[:, 0], sums, lows, values, counter, _pair(there, zeroed, samples[:, 1]))


def _pair(there: NDArray[np.bool_], values: Integers, interval: Integers) -> Integers:
    """Return energy and apparent energy of samples that have power, voltage and current."""
    both = there[:, _POWER] & there[:, _VOLTAGE] & there[:, _CURRENT]
    volts, amps = (np.clip(values[:, one], 0, _LARGEST) for one in (_VOLTAGE, _CURRENT))
    # In 0.1 mVA.  The product with the interval would not fit into 64 bits.
    product = np.minimum(volts * amps, POWER_LIMIT * VOLT_AMPS)
    whole, rest = np.divmod(product, VOLT_AMPS)
    apparent = whole * interval + rest * interval // VOLT_AMPS
    active = np.minimum(values[:, _POWER], POWER_LIMIT) * interval
    return np.where(both[:, None], np.column_stack((active, apparent)), 0)


def energy_of(samples: Integers) -> int:
    """Return the energy of some thousand samples, (n, 21), in 0.1 W × µs."""
    power = samples[:, 3 + _POWER]
    return int((np.minimum(np.where(power == ABSENT, 0, power), POWER_LIMIT) * samples[:, 1]).sum())


def merge(rows: Rows, width: int | None) -> Rows:
    """Return the rows of buckets *width* microseconds wide; None: of a single bucket."""
    if not len(rows):
        return rows
    bucket = np.zeros_like(rows.bucket) if width is None else rows.bucket // width * width
    starts = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
    return Rows(
        bucket[starts],
        np.add.reduceat(rows.sums, starts, axis=0),
        np.minimum.reduceat(rows.low, starts, axis=0),
        np.maximum.reduceat(rows.high, starts, axis=0),
        _merge_counter(rows.counter, bucket, starts),
        _merge_pair(rows.pair, starts),
    )


def _merge_pair(pair: Integers, starts: NDArray[np.intp]) -> Integers:
    """Add up what is known; a sum with a part that is not known is not known either."""
    known = np.minimum.reduceat(pair, starts, axis=0) != ABSENT
    return np.where(known, np.add.reduceat(np.where(pair == ABSENT, 0, pair), starts), ABSENT)


def _merge_counter(counter: Integers, bucket: Integers, starts: Integers) -> Integers:
    """Join the counters of neighbours; one that fell was reset and counts from zero."""
    out = np.empty((len(starts), 3), np.int64)
    out[:, :2] = ABSENT
    moved = counter[:, 2].copy()
    there = np.flatnonzero(counter[:, 0] != ABSENT)
    if len(there):
        first, last = counter[there, 0], counter[there, 1]
        joined = bucket[there[1:]] == bucket[there[:-1]]
        step = np.where(first[1:] >= last[:-1], first[1:] - last[:-1], first[1:])
        moved[there[1:]] += np.where(joined, step, 0)
        group = np.searchsorted(starts, there, side="right") - 1
        # If several values are assigned to one place, the last one stays.
        out[group, 1] = last
        out[group[::-1], 0] = first[::-1]
    out[:, 2] = np.add.reduceat(moved, starts)
    return out


def _select(columns: Iterable[str]) -> str:
    return ", ".join(f"COALESCE({name}, {ABSENT})" for name in columns)


_SAMPLES: Final = (
    f"SELECT {_select(SAMPLE_COLUMNS)} FROM sample WHERE meter=? AND time>=? AND time<?"
    " ORDER BY time"
)
_SUMMARIES: Final = (
    f"SELECT bucket, {_select(SUMMARY_COLUMNS)} FROM summary"
    " WHERE meter=? AND level=? AND bucket>=? AND bucket<? ORDER BY bucket"
)

_INSERT_SUMMARY: Final = (
    f"INSERT OR REPLACE INTO summary (meter, level, bucket, {', '.join(SUMMARY_COLUMNS)})"
)

#: The most values that are bound to one statement; every SQLite accepts 999.
_VARIABLES: Final = 999


def read_samples(connection: sqlite3.Connection, meter: int, low: int, high: int) -> Integers:
    """Return the samples with ``low <= time < high``, (n, 21)."""
    return _matrix(connection.execute(_SAMPLES, (meter, low, high)).fetchall(), len(SAMPLE_COLUMNS))


def read_rows(connection: sqlite3.Connection, meter: int, level: int, low: int, high: int) -> Rows:
    """Return the summaries of a level from *low* until *high*; level -1 is the samples."""
    if level < 0:
        return from_samples(read_samples(connection, meter, low, high))
    found = connection.execute(_SUMMARIES, (meter, level, low, high)).fetchall()
    table = _matrix(found, 1 + len(SUMMARY_COLUMNS))
    totals, counter, fields = np.split(table[:, 1:], [_TOTALS, _TOTALS + len(COUNTER)], axis=1)
    lows, highs = np.split(fields[:, 2 * FIELD_COUNT : 4 * FIELD_COUNT], 2, axis=1)
    return Rows(
        table[:, 0],
        np.hstack((totals, fields[:, : 2 * FIELD_COUNT])),
        np.where(lows == ABSENT, _NO_LOW, lows),
        highs,
        counter,
        fields[:, 4 * FIELD_COUNT :],
    )


def as_samples(rows: Sequence[tuple[int | None, ...]]) -> Integers:
    """Return rows with the columns of SAMPLE_COLUMNS as an array, (n, 21); None becomes ABSENT.

    Raises
    ------
    ValueError, TypeError, OverflowError
        There are values of another type.
    """
    absent = [index for index, value in enumerate(rows[0]) if value is None] if rows else []
    try:
        # Usually the same fields are absent from all records.
        return _packed(rows, absent)
    except (struct.error, ValueError):
        table = np.array(rows, dtype=np.float64)
        # All times and values are exact in 53 bits.
        table[np.isnan(table)] = ABSENT
        return table.astype(np.int64).reshape(len(rows), len(SAMPLE_COLUMNS))


def _packed(rows: Sequence[tuple[int | None, ...]], absent: Sequence[int]) -> Integers:
    """Return rows as an array, four times as fast as NumPy would; *absent* columns are None."""
    width = len(SAMPLE_COLUMNS)
    there = [index for index in range(width) if index not in absent]
    pack = struct.Struct(f"<{len(there)}q").pack
    if not absent:
        data = b"".join(itertools.starmap(pack, rows))
        return np.frombuffer(data, "<i8").reshape(len(rows), width).astype(np.int64)
    nothing = {(None,) * len(absent)} if len(absent) > 1 else {None}
    if len(there) < 2 or set(map(operator.itemgetter(*absent), rows)) != nothing:
        raise ValueError("fields are absent from some records only")
    data = b"".join(itertools.starmap(pack, map(operator.itemgetter(*there), rows)))
    table = np.full((len(rows), width), ABSENT, np.int64)
    table[:, there] = np.frombuffer(data, "<i8").reshape(len(rows), len(there))
    return table


def _matrix(rows: Sequence[tuple[int, ...]], columns: int) -> Integers:
    return np.array(rows, dtype=np.int64).reshape(len(rows), columns)


def write_rows(connection: sqlite3.Connection, meter: int, level: int, rows: Rows) -> None:
    """Store summaries; replace those of the same buckets."""
    lows = np.where(rows.low == _NO_LOW, ABSENT, rows.low)
    table = np.hstack(
        (rows.bucket[:, None], rows.sums[:, :_TOTALS], rows.counter, rows.sums[:, _TOTALS:], lows)
    )
    table = np.hstack((table, rows.high, rows.pair))
    insert(connection, _INSERT_SUMMARY, (meter, level), table)


def insert(
    connection: sqlite3.Connection, verb: str, prefix: tuple[int, ...], table: Integers
) -> None:
    """Insert the rows of a table, (n, k), each after *prefix*; ABSENT becomes NULL.

    One statement inserts many rows, and columns that are NULL or 0 throughout are not
    bound: a row by itself would take three times as long.
    """
    if not len(table):
        return
    low, high = table.min(axis=0), table.max(axis=0)
    absent, zero = high == ABSENT, (low == 0) & (high == 0)
    some = f"NULLIF(?, {ABSENT})"
    terms = np.select((absent, zero, low == ABSENT), ("NULL", "0", some), "?").tolist()
    row = f"({', '.join([*map(str, prefix), *terms])})"
    bound = table[:, ~(absent | zero)]
    count = max(1, _VARIABLES // bound.shape[1])
    whole = len(bound) // count * count
    many = bound[:whole].reshape(-1, count * bound.shape[1])
    connection.executemany(f"{verb} VALUES {', '.join([row] * count)}", many.tolist())
    connection.executemany(f"{verb} VALUES {row}", bound[whole:].tolist())


def concatenate(parts: Sequence[Rows]) -> Rows:
    """Return the rows of all parts, which follow one another in time."""
    return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS))


def insert_seals(connection: sqlite3.Connection, meter: int, seals: Iterable[Seal]) -> None:
    """Store the checksums of buckets."""
    connection.executemany(
        "INSERT OR REPLACE INTO seal VALUES (?,?,?,?)", [(meter, *seal) for seal in seals]
    )


def checksums(samples: Integers, before: Seal | None = None) -> Iterator[Seal]:
    """Yield the checksum of each 4096 s bucket of *samples*, (n, 21).

    *before* is the checksum of what precedes them: they may continue its bucket.
    """
    bucket = samples[:, 0] // WIDTHS[SEAL_LEVEL] * WIDTHS[SEAL_LEVEL]
    starts = np.flatnonzero(np.diff(bucket, prepend=-1)).tolist()
    data = np.ascontiguousarray(samples[:, :_SEALED], dtype="<i8")
    for start, stop in itertools.pairwise([*starts, len(samples)]):
        which, count, crc = int(bucket[start]), 0, 0
        if before is not None and before[0] == which:
            _, count, crc = before
        elif before is not None:
            yield before
        before = (which, count + stop - start, zlib.crc32(data[start:stop].data, crc))
    if before is not None:
        yield before


def first_level(interval: float) -> int:
    """Return the lowest level that is worth storing for records *interval* seconds apart.

    A bucket should hold at least eight records: a summary is six times as large as one.
    """
    for level, width in enumerate(WIDTHS[:SEAL_LEVEL]):
        if width >= 8 * interval * 1_000_000:
            return level
    return SEAL_LEVEL
