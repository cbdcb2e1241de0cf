# SPDX-License-Identifier: GPL-3.0-or-later
"""A compact list of many records, with 144 bytes for each record of a read-out."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, overload

from wattui.measurement.fields import FIELD_COUNT, WireValue

_ROW: Final = struct.Struct(f"={FIELD_COUNT}q")
#: Stands for no value in the bytes of a record, since no field is negative on the wire.
UNLOGGED: Final = -1

#: How many records ahead to search for the place where two read-outs agree again.
_WINDOW: Final = 64


class RecordList(Sequence[tuple[WireValue, ...]]):
    """Records in the order of their arrival.  Grows only at its end."""

    def __init__(self, records: Iterable[tuple[WireValue, ...]] = ()) -> None:
        self._rows = bytearray()
        for record in records:
            self.append(record)

    def append(self, record: tuple[WireValue, ...]) -> None:
        """Add a record of 18 fields."""
        self._rows += _ROW.pack(*(UNLOGGED if value is None else value for value in record))

    def row(self, index: int) -> bytes:
        """Return a record as bytes, to compare it or add it to another list."""
        return bytes(self._rows[index * _ROW.size : (index + 1) * _ROW.size])

    def append_row(self, row: bytes) -> None:
        """Add the bytes that :meth:`row` or :meth:`rows` returned."""
        self._rows += row

    def rows(self, start: int = 0, stop: int | None = None) -> bytes:
        """Return the records from *start* up to but without *stop* as bytes."""
        end = len(self) if stop is None else stop
        return bytes(memoryview(self._rows)[start * _ROW.size : end * _ROW.size])

    def find(self, rows: bytes, start: int = 0) -> int:
        """Return the position from which the records equal *rows*; -1 if there is none."""
        at = self._rows.find(rows, start * _ROW.size)
        while at >= 0 and at % _ROW.size:
            at = self._rows.find(rows, at + 1)
        return at // _ROW.size if at >= 0 else -1

    def __len__(self) -> int:
        return len(self._rows) // _ROW.size

    def __iter__(self) -> Iterator[tuple[WireValue, ...]]:
        for values in _ROW.iter_unpack(self._rows):
            yield tuple(None if value == UNLOGGED else value for value in values)

    @overload
    def __getitem__(self, index: int) -> tuple[WireValue, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> RecordList: ...
    def __getitem__(self, index: int | slice) -> tuple[WireValue, ...] | RecordList:
        if isinstance(index, slice):
            part = RecordList()
            for position in range(*index.indices(len(self))):
                part.append_row(self.row(position))
            return part
        position = range(len(self))[index]  # negative ones, and the bounds
        values = _ROW.unpack_from(self._rows, position * _ROW.size)
        return tuple(None if value == UNLOGGED else value for value in values)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, RecordList):
            return self._rows == other._rows
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]


def merge(first: RecordList, second: RecordList) -> RecordList:
    """Return the records of two read-outs of the same memory, without duplicates.

    Records that one of them lacks are taken from the other.  If they disagree and
    neither is certainly right, the first one wins.
    """
    merged = RecordList()
    for row, _in_first, _in_second in _aligned(first, second):
        merged.append_row(row)
    return merged


def agreed(first: RecordList, second: RecordList) -> RecordList:
    """Return the records that are in both read-outs of a memory: no live record in between."""
    both = RecordList()
    for row, in_first, in_second in _aligned(first, second):
        if in_first and in_second:
            both.append_row(row)
    return both


def _aligned(first: RecordList, second: RecordList) -> Iterator[tuple[bytes, bool, bool]]:
    """Go through both in parallel: yield each row, and which of the two contain it."""
    i = j = 0
    while i < len(first) and j < len(second):
        row = first.row(i)
        if row == second.row(j):
            yield row, True, True
            i, j = i + 1, j + 1
            continue
        ahead, behind = _next_agreement(first, i, second, j)
        for position in range(i, i + ahead):
            yield first.row(position), True, False
        # If equally many differ on both sides, they are corrupt, not missing.
        skipped = behind if ahead == behind else 0
        for position in range(j + skipped, j + behind):
            yield second.row(position), False, True
        i, j = i + ahead, j + behind
    for position in range(i, len(first)):
        yield first.row(position), True, False
    for position in range(j, len(second)):
        yield second.row(position), False, True


def _next_agreement(first: RecordList, i: int, second: RecordList, j: int) -> tuple[int, int]:
    """Return how far to go in each until they agree again; one step in both if they do not."""
    rows = [second.row(j + n) for n in range(min(_WINDOW, len(second) - j))]
    best: tuple[int, int] | None = None
    for ahead in range(min(_WINDOW, len(first) - i)):
        if best is not None and ahead >= sum(best):
            break
        try:
            behind = rows.index(first.row(i + ahead))
        except ValueError:
            continue
        if best is None or ahead + behind < sum(best):
            best = ahead, behind
    return best or (1, 1)
