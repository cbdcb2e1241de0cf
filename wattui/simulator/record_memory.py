# SPDX-License-Identifier: GPL-3.0-or-later
"""The meter's own memory: records of the chosen fields, and what happens when it is full.

How many fit follows from the size of the memory and the bytes of the chosen
fields.  All records share one interval.  Pure: no clock.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from typing import Final

from wattui.measurement.fields import WIRE_MAXIMUM, WireValue
from wattui.protocol import FullHandling

#: Bytes of memory that each field of a record takes, in the order of FIELDS: what the
#: ranges of the protocol need, but one byte for each extreme, stored as its distance
#: from the reading.  A choice: with it a PRO holds 1,917 records of all fields.
_FIELD_BYTES: Final = (2, 2, 2, 4, 4, 3, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2)

#: No record takes less: two bytes are the unit of the memory.
_SMALLEST_RECORD: Final = 2

#: Interval at which condensing starts, in seconds.
CONDENSE_INTERVAL: Final = 1


class RecordMemory:
    """Records in columns, one per chosen field, oldest first from a moving start."""

    def __init__(
        self,
        size: int,
        chosen: Sequence[bool],
        handling: FullHandling = FullHandling.STOP,
        interval: int = 1,
    ) -> None:
        self.size = size
        self.handling = handling
        #: Seconds between two of its records.
        self.interval = interval
        self._columns: dict[int, array[int]] = {}
        self._start = 0
        self._count = 0
        self.choose(chosen)

    def choose(self, chosen: Sequence[bool]) -> None:
        """Choose the fields that are logged; erases the memory."""
        self.chosen = tuple(chosen)
        record = sum(size for size, on in zip(_FIELD_BYTES, self.chosen, strict=False) if on)
        self._limit = self.size // max(record + record % 2, _SMALLEST_RECORD)
        self.clear()

    def clear(self) -> None:
        """Erase all records; under condensing the interval is reset."""
        self._columns = {i: array("I") for i, on in enumerate(self.chosen) if on}
        self._start = 0
        self._count = 0
        if self.handling is FullHandling.CONDENSE:
            self.interval = CONDENSE_INTERVAL

    @property
    def limit(self) -> int:
        """How many records fit with the chosen fields."""
        return self._limit

    def __len__(self) -> int:
        return self._count

    @property
    def full(self) -> bool:
        """Whether no further record fits."""
        return self._count >= self._limit

    def add(self, values: Sequence[WireValue]) -> bool:
        """Store a record as the handling says; False if the memory is full and stopped.

        Under condensing, a memory that this record fills is condensed at once, and
        :attr:`interval` is doubled.
        """
        limit = self._limit
        if self._count < limit:
            for i, column in self._columns.items():
                column.append(_stored(values, i))
            self._count += 1
        elif self.handling is FullHandling.STOP:
            return False
        else:
            for i, column in self._columns.items():
                column[self._start] = _stored(values, i)
            self._start = (self._start + 1) % limit
        if self.handling is FullHandling.CONDENSE and self._count >= limit:
            self._condense()
        return True

    def _condense(self) -> None:
        # The latest record stays: the next one comes two old intervals after it.
        first = (self._count - 1) % 2
        for i, column in self._columns.items():
            self._columns[i] = column[first::2]
        self._count = (self._count - first + 1) // 2
        self.interval *= 2

    def records(self, fields: int | None = None) -> Iterator[tuple[WireValue, ...]]:
        """Return the present records, oldest first; fields that were not chosen are None.

        Records that are added while they are being read do not appear.
        """
        width = len(self.chosen) if fields is None else fields
        start, count = self._start, self._count
        columns = {i: column[start:] + column[:start] for i, column in self._columns.items()}
        nothing = array("I")

        def rows() -> Iterator[tuple[WireValue, ...]]:
            ordered = [columns.get(i, nothing) for i in range(width)]
            for row in range(count):
                yield tuple(column[row] if column else None for column in ordered)

        return rows()


def _stored(values: Sequence[WireValue], index: int) -> int:
    value = values[index] or 0
    return value if value <= WIRE_MAXIMUM else WIRE_MAXIMUM
