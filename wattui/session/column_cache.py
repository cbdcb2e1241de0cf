# SPDX-License-Identifier: GPL-3.0-or-later
"""A cache of a session's columns and sums, for redrawing it while it grows.

A live view is drawn once per second, and only its last columns change, since samples are only
added at the end. An event may mean other changes, so everything is read again after one.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from wattui.measurement.distribution import Distribution
from wattui.session.summary import Rows

Floats = NDArray[np.float64]

_Found = TypeVar("_Found")

#: Largest number of grids: views and strips of a dozen meters.
_MOST_GRIDS: Final = 32

#: Largest number of sums: one meter's span has about twenty.
_MOST_SUMS: Final = 1024

#: Largest number of distributions: one field's span has up to five.
_MOST_DISTRIBUTIONS: Final = 256


@dataclass(frozen=True, slots=True)
class Columns:
    """All columns of one grid from *first* up to *end*."""

    #: Number of the first column, and of the one after the last.
    first: int
    end: int
    #: Number, energy, then minimum, maximum (NaN if absent), sum and count of each
    #: field, (n, 2 + 4k).
    table: Floats
    #: Energy before the first column, in the unit of the file.
    before: float = 0.0

    def part(self, first: int, end: int) -> Columns:
        """Return those columns that lie from *first* until *end*."""
        first, end = max(first, self.first), min(end, self.end)
        low, high = np.searchsorted(self.table[:, 0], (first, end))
        before = self.before + float(self.table[:low, 1].sum())
        return Columns(first, end, self.table[low:high], before)

    def joined(self, later: Columns) -> Columns:
        """Return these columns and the ones that follow them."""
        table = np.concatenate((self.table, later.table))
        return Columns(self.first, later.end, table, self.before)


class ColumnCache:
    """Columns and sums of one session; for the session's thread."""

    def __init__(self) -> None:
        self._state: object = None
        self._columns: OrderedDict[Hashable, Columns] = OrderedDict()
        self._sums: OrderedDict[Hashable, Rows] = OrderedDict()
        self._distributions: OrderedDict[Hashable, Sequence[Distribution]] = OrderedDict()

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Forget everything if earlier samples may have changed; in the read transaction."""
        state = connection.execute("SELECT max(id) FROM event").fetchone()
        if state != self._state:
            self._columns.clear()
            self._sums.clear()
            self._distributions.clear()
            self._state = state

    def columns(self, grid: Hashable) -> Columns | None:
        """Return the columns of a grid, if there are any."""
        return self._columns.get(grid)

    def put(self, grid: Hashable, columns: Columns) -> None:
        """Store columns that will not change."""
        self._columns[grid] = columns
        self._columns.move_to_end(grid)
        while len(self._columns) > _MOST_GRIDS:
            self._columns.popitem(last=False)

    def sum_of(self, part: Hashable, read: Callable[[], Rows]) -> Rows:
        """Return the summaries of a finished part of a span; read them the first time."""
        return _remembered(self._sums, _MOST_SUMS, part, read)

    def distributions(
        self, part: Hashable, read: Callable[[], Sequence[Distribution]]
    ) -> Sequence[Distribution]:
        """Return a field's distributions over a finished part; read them the first time."""
        return _remembered(self._distributions, _MOST_DISTRIBUTIONS, part, read)


def _remembered(
    known: OrderedDict[Hashable, _Found], most: int, part: Hashable, read: Callable[[], _Found]
) -> _Found:
    found = known.get(part)
    if found is None:
        found = known[part] = read()
        while len(known) > most:
            known.popitem(last=False)
    else:
        known.move_to_end(part)
    return found
