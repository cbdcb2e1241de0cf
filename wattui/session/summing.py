# SPDX-License-Identifier: GPL-3.0-or-later
"""Summaries of many samples of which only some fields are there.

The figures are those of :mod:`wattui.session.summary`; a column is an array by itself
here, and fields that no sample has cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from wattui.measurement.fields import FIELD_COUNT, FIELD_INDEX
from wattui.session.pages import Column
from wattui.session.schema import TOTALS
from wattui.session.summary import _NO_LOW, ABSENT, POWER_LIMIT, Integers, _merge_counter

_POWER: Final = FIELD_INDEX["power"]
_COUNTER: Final = FIELD_INDEX["energy"]


@dataclass(frozen=True, slots=True)
class Sums:
    """Summaries of buckets in order of time; n of them, of f fields."""

    #: Positions of the fields.
    fields: tuple[int, ...]
    #: Start of each bucket in microseconds, (n,).
    bucket: Integers
    #: The columns of TOTALS, (6, n).
    totals: Integers
    #: Count and sum of each field, (2, f, n).
    sums: Integers
    #: Minimum and maximum of each field, (f, n).
    low: Integers
    high: Integers
    #: The meter's counter: first, last and how far it moved, (n, 3).
    counter: Integers

    def __len__(self) -> int:
        return len(self.bucket)

    def __getitem__(self, part: slice) -> Sums:
        return replace(
            self,
            bucket=self.bucket[part],
            totals=self.totals[:, part],
            sums=self.sums[:, :, part],
            low=self.low[:, part],
            high=self.high[:, part],
            counter=self.counter[part],
        )

    def merged(self, width: int) -> Sums:
        """Give the sums of buckets *width* microseconds wide."""
        bucket = self.bucket // width * width
        starts = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
        return replace(
            self,
            bucket=bucket[starts],
            totals=np.add.reduceat(self.totals, starts, axis=1),
            sums=np.add.reduceat(self.sums, starts, axis=2),
            low=np.minimum.reduceat(self.low, starts, axis=1),
            high=np.maximum.reduceat(self.high, starts, axis=1),
            counter=_counter(self.counter, bucket, starts, there=_COUNTER in self.fields),
        )

    def columns(self) -> list[Column]:
        """Give the columns of the summary table, from the bucket on."""
        found: list[Column] = [self.bucket, *self.totals]
        found += list(self.counter.T) if _COUNTER in self.fields else [None, None, 0]
        for part, absent in (
            (self.sums[0], 0),
            (self.sums[1], 0),
            (self.low, None),
            (self.high, None),
        ):
            row: list[Column] = [absent] * FIELD_COUNT
            for index, column in zip(self.fields, part, strict=True):
                row[index] = column
            found += row
        for index in self.fields:
            place = len(found) - 2 * FIELD_COUNT + index
            low = self.low[self.fields.index(index)]
            found[place] = _without_absent(np.where(low == _NO_LOW, ABSENT, low))
            found[place + FIELD_COUNT] = _without_absent(self.high[self.fields.index(index)])
        return found

    def of_fields(self, fields: tuple[int, ...]) -> Sums:
        """Give the same for more fields, which are absent."""
        if fields == self.fields:
            return self
        count = len(self)
        sums = np.zeros((2, len(fields), count), np.int64)
        low = np.full((len(fields), count), _NO_LOW, np.int64)
        high = np.full((len(fields), count), ABSENT, np.int64)
        for place, index in enumerate(self.fields):
            at = fields.index(index)
            sums[:, at], low[at], high[at] = self.sums[:, place], self.low[place], self.high[place]
        return replace(self, fields=fields, sums=sums, low=low, high=high)


def join(parts: Sequence[Sums]) -> Sums:
    """Give the sums of all parts, which follow one another in time."""
    if len(parts) == 1:
        return parts[0]
    fields = tuple(sorted({index for part in parts for index in part.fields}))
    parts = [part.of_fields(fields) for part in parts]
    return Sums(
        fields,
        np.concatenate([part.bucket for part in parts]),
        np.concatenate([part.totals for part in parts], axis=1),
        np.concatenate([part.sums for part in parts], axis=2),
        np.concatenate([part.low for part in parts], axis=1),
        np.concatenate([part.high for part in parts], axis=1),
        np.concatenate([part.counter for part in parts]),
    )


def sum_up(
    time: Integers,
    interval: Integers,
    gap: Integers,
    columns: Mapping[int, Integers],
    width: int,
) -> Sums:
    """Sum up samples in buckets *width* microseconds wide.

    Parameters
    ----------
    time, interval, gap
        Microseconds, (n,), at least one; gap 0 where none is.
    columns
        Fields by their position, each (n,), ABSENT where there is none.
    """
    bucket = time // width * width
    starts = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1))
    count = np.diff(starts, append=len(time))
    fields = tuple(sorted(columns))
    totals = np.zeros((len(TOTALS), len(starts)), np.int64)
    totals[0], totals[1] = count, np.add.reduceat(interval, starts)
    if gap.any():
        totals[3] = np.add.reduceat(gap, starts)
        totals[4] = np.add.reduceat((gap > 0).astype(np.int64), starts)
    sums = np.empty((2, len(fields), len(starts)), np.int64)
    low = np.empty((len(fields), len(starts)), np.int64)
    high = np.empty_like(low)
    for place, index in enumerate(fields):
        column = columns[index]
        absent = column == ABSENT
        whole = not absent.any()
        zeroed = column if whole else np.where(absent, 0, column)
        if index == _POWER:
            products = np.minimum(zeroed, POWER_LIMIT) * interval
            powered = interval if whole else np.where(absent, 0, interval)
            totals[2] = totals[1] if whole else np.add.reduceat(powered, starts)
            totals[5] = np.add.reduceat(products, starts)
        sums[0, place] = count if whole else np.add.reduceat((~absent).astype(np.int64), starts)
        sums[1, place] = np.add.reduceat(zeroed, starts)
        lowest = column if whole else np.where(absent, _NO_LOW, column)
        low[place] = np.minimum.reduceat(lowest, starts)
        high[place] = np.maximum.reduceat(column, starts)
    counter = _first_counter(columns.get(_COUNTER), bucket, starts)
    return Sums(fields, bucket[starts], totals, sums, low, high, counter)


def _first_counter(values: Integers | None, bucket: Integers, starts: Integers) -> Integers:
    if values is None:
        return _no_counter(len(starts))
    counter = np.zeros((len(values), 3), np.int64)
    counter[:, :2] = values[:, None]
    return _merge_counter(counter, bucket, starts)


def _counter(counter: Integers, bucket: Integers, starts: Integers, *, there: bool) -> Integers:
    return _merge_counter(counter, bucket, starts) if there else _no_counter(len(starts))


def _no_counter(count: int) -> Integers:
    counter = np.full((count, 3), ABSENT, np.int64)
    counter[:, 2] = 0
    return counter


def _without_absent(column: Integers) -> Column:
    """Give NULL for a column that has nothing else."""
    return None if bool((column == ABSENT).all()) else column
