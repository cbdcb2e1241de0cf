# SPDX-License-Identifier: GPL-3.0-or-later
"""What a session need not be read for again: columns and sums of time that is over.

A live view is asked for once a second, and all but its last columns are what they were.
Records come at the end only, so what lies before the last one stays.  Whoever puts
records in between (an import) writes events too: then all is read anew.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wattui.session.summary import Rows

Floats = NDArray[np.float64]

#: Grids of columns that are kept: views and strips of a dozen meters.
_MOST_GRIDS: Final = 32

#: Sums that are kept: of one meter's span there are about twenty.
_MOST_SUMS: Final = 1024


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns of one grid, all that there are from *first* until *end*."""

    #: Number of the first column, and of the one after the last.
    first: int
    end: int
    #: Number, energy, and minimum and maximum of each field; NaN where absent, (n, 2 + 2k).
    table: Floats
    #: Energy before the first column, in the unit of the file.
    before: float = 0.0

    def part(self, first: int, end: int) -> Columns:
        """Give the columns from *first* until *end*, of those that are there."""
        first, end = max(first, self.first), min(end, self.end)
        low, high = np.searchsorted(self.table[:, 0], (first, end))
        before = self.before + float(self.table[:low, 1].sum())
        return Columns(first, end, self.table[low:high], before)

    def joined(self, later: Columns) -> Columns:
        """Give both, of which the other follows on this one."""
        table = np.concatenate((self.table, later.table))
        return Columns(self.first, later.end, table, self.before)


class Kept:
    """Columns and sums of one session; for the session's thread."""

    def __init__(self) -> None:
        self._state: object = None
        self._columns: OrderedDict[Hashable, Columns] = OrderedDict()
        self._sums: OrderedDict[Hashable, Rows] = OrderedDict()

    def look(self, connection: sqlite3.Connection) -> None:
        """Forget all if records may have been put in between; in the read transaction."""
        state = connection.execute("SELECT max(id) FROM event").fetchone()
        if state != self._state:
            self._columns.clear()
            self._sums.clear()
            self._state = state

    def columns(self, grid: Hashable) -> Columns | None:
        """Give what is kept of a grid."""
        return self._columns.get(grid)

    def keep(self, grid: Hashable, columns: Columns) -> None:
        """Keep columns that will not change."""
        self._columns[grid] = columns
        self._columns.move_to_end(grid)
        while len(self._columns) > _MOST_GRIDS:
            self._columns.popitem(last=False)

    def sum_of(self, part: Hashable, read: Callable[[], Rows]) -> Rows:
        """Give the summaries of a part of a span that is over, read where they are not kept."""
        found = self._sums.get(part)
        if found is None:
            found = self._sums[part] = read()
            while len(self._sums) > _MOST_SUMS:
                self._sums.popitem(last=False)
        else:
            self._sums.move_to_end(part)
        return found
