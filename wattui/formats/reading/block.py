# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks of records as arrays of integers, which every format is read into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from wattui.measurement.fields import FIELD_COUNT
from wattui.session.summary import ABSENT

Integers = NDArray[np.int64]

__all__ = ["ABSENT", "Block", "Integers", "Row", "blocks_of_rows", "joined"]


@dataclass(slots=True)
class Block:
    """Records of one meter that follow one another in a file; n of them."""

    #: Name of the meter in the file; empty if the file has none.
    meter: str
    #: Integers of the wire by the field's position, each (n,), ABSENT if a record has none.
    #: A field that no record has is left out.
    columns: Mapping[int, Integers]
    #: Microseconds UTC, (n,); None if the format has no times.
    time: Integers | None = None
    #: Microseconds, (n,), if the format has them.
    interval: Integers | None = None
    gap: Integers | None = None
    #: Microseconds since some start, as the file counts them, (n,), if it does.
    elapsed: Integers | None = None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    @property
    def values(self) -> Integers:
        """All 18 fields, (n, 18), ABSENT if a record has none."""
        table = np.full((len(self), FIELD_COUNT), ABSENT, np.int64)
        for index, column in self.columns.items():
            table[:, index] = column
        return table


@dataclass(slots=True)
class Row:
    """One record that was read by itself."""

    values: Mapping[int, int]
    time: int | None = None
    meter: str = ""
    interval: int | None = None
    gap: int | None = None
    elapsed: int | None = None


def blocks_of_rows(rows: Iterable[Row]) -> Iterator[Block]:
    """Make blocks of records, one meter after the other."""
    meters: dict[str, list[Row]] = {}
    for row in rows:
        meters.setdefault(row.meter, []).append(row)
    for name, own in meters.items():
        for _, part in groupby(own, lambda row: row.interval is None):
            yield _block(name, list(part))


def _block(meter: str, rows: Sequence[Row]) -> Block:
    found = {index for row in rows for index, value in row.values.items() if value != ABSENT}
    fields = sorted(found) or [0]

    def column(values: Iterable[int | None]) -> Integers | None:
        listed = list(values)
        return None if None in listed else np.array(listed, np.int64)

    return Block(
        meter,
        {i: np.array([row.values.get(i, ABSENT) for row in rows], np.int64) for i in fields},
        column(row.time for row in rows),
        column(row.interval for row in rows),
        column(row.gap for row in rows),
        column(row.elapsed for row in rows),
    )


def joined(blocks: Iterable[Block], most: int) -> Iterator[Block]:
    """Join consecutive blocks of one meter, up to *most* records."""
    waiting: list[Block] = []
    count = 0
    for block in blocks:
        if not len(block):
            continue
        if waiting and (count + len(block) > most or _kind(waiting[0]) != _kind(block)):
            yield _join(waiting)
            waiting, count = [], 0
        waiting.append(block)
        count += len(block)
    if waiting:
        yield _join(waiting)


def _kind(block: Block) -> tuple[object, ...]:
    spans = (block.time, block.interval, block.gap, block.elapsed)
    return block.meter, *(span is None for span in spans)


def _join(blocks: Sequence[Block]) -> Block:
    if len(blocks) == 1:
        return blocks[0]

    def part(columns: Sequence[Integers | None]) -> Integers | None:
        found = [column for column in columns if column is not None]
        return np.concatenate(found) if found else None

    columns = {
        index: np.concatenate(
            [one.columns.get(index, np.full(len(one), ABSENT, np.int64)) for one in blocks]
        )
        for index in sorted({index for one in blocks for index in one.columns})
    }
    return Block(
        blocks[0].meter,
        columns,
        part([one.time for one in blocks]),
        part([one.interval for one in blocks]),
        part([one.gap for one in blocks]),
        part([one.elapsed for one in blocks]),
    )
