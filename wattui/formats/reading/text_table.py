# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines with a fixed number of cells: fast where they are as expected, one by one elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

import numpy as np

from wattui.formats.reading.block import ABSENT, Block, Integers
from wattui.formats.reading.cells import Booleans, Text
from wattui.formats.reading.source import PAD, Lines, Source
from wattui.measurement.fields import FIELDS, WIRE_MAXIMUM

#: Characters of a broken line that are quoted.
_QUOTED: Final = 60

#: No number of a meter, nor a time in microseconds, has more digits than this and one.
_MOST_DIGITS: Final = 15

#: Decimals of each field, in the order of the wire.
DIGITS: Final = tuple(len(str(one.scale)) - 1 for one in FIELDS)


class BrokenLine(Exception):
    """A line that is no record; says why in a few words."""


@dataclass(slots=True)
class Row:
    """A record, read the slow way."""

    values: Mapping[int, int]
    time: int | None = None
    meter: str = ""
    interval: int | None = None
    gap: int | None = None


#: Reads one line; None for a header, a comment and the like.  Raises BrokenLine.
ReadLine = Callable[[str], Row | None]


class Table:
    """The lines of a block that have the expected number of cells; m of them."""

    def __init__(self, text: Text, delimiter: str, columns: int) -> None:
        self.text = text
        signs = text.bytes
        cuts = np.flatnonzero((signs == ord("\n")) | (signs == ord(delimiter)))[PAD:]
        last = np.flatnonzero(signs[cuts] == ord("\n"))
        #: Where each line of the block ends, (n,).
        self.line_ends: Integers = cuts[last]
        count = np.diff(last, prepend=-1)
        #: Number of the line within the block, (m,).
        self.line: Integers = np.flatnonzero(count == columns)
        ends = cuts[last[self.line][:, None] + np.arange(1 - columns, 1)]
        starts = np.empty_like(ends)
        starts[:, 1:] = ends[:, :-1] + 1
        starts[:, 0] = np.concatenate(([PAD], self.line_ends[:-1] + 1))[self.line]
        while (blank := (signs[starts] == ord(" ")) & (starts < ends)).any():
            starts += blank
        while (blank := (signs[ends - 1] == ord(" ")) & (starts < ends)).any():
            ends -= blank
        self._starts, self._ends = starts, ends
        #: Where each line begins, (m,).
        self.starts: Integers = starts[:, 0]
        #: Cells of each line.
        self.columns = columns

    def __len__(self) -> int:
        return len(self.line)

    def decimals(self, column: int, digits: int, point: str = ".") -> tuple[Integers, Booleans]:
        """Give a column times 10**digits: see :meth:`Text.decimals`."""
        return self.text.decimals(self._starts[:, column], self._ends[:, column], digits, point)

    def local_times(self, first: int, last: int) -> tuple[Integers, Booleans]:
        """Give dates with times that fill some cells: see :meth:`Text.local_times`."""
        return self.text.local_times(self._starts[:, first], self._ends[:, last])

    def cell(self, row: int, column: int) -> str:
        """Give the text of one cell."""
        return self.text.string(int(self._starts[row, column]), int(self._ends[row, column]))

    def same(self, column: int) -> Booleans:
        """Tell in which rows a cell holds what it holds in the first."""
        start, end = self._starts[:, column], self._ends[:, column]
        ok: Booleans = end - start == end[0] - start[0]
        for place in range(int(end[0] - start[0])):
            ok &= (
                self.text.bytes[np.where(ok, start + place, start[0])]
                == (self.text.bytes[start[0] + place])
            )
        return ok


@dataclass(slots=True)
class Found:
    """What the fast way made of a table."""

    columns: dict[int, Integers]
    ok: Booleans
    time: Integers | None = None
    meter: str = ""
    extra: dict[str, Integers] = field(default_factory=dict)


def read_table(
    source: Source,
    delimiter: str,
    columns: int,
    fast: Callable[[Table], Found],
    slow: ReadLine,
) -> Iterator[Block]:
    """Give the records of a file of lines.

    Parameters
    ----------
    delimiter
        Separates the cells; blanks around a cell do not count.
    columns
        Cells of an ordinary line.
    fast
        Reads many lines; those that it says are not ok are given to *slow*.
    slow
        Reads one line of any kind.
    """
    for lines in source.lines():
        table = Table(Text(lines), delimiter, columns)
        lines.count = len(table.line_ends)
        yield from join(source, lines, table.line_ends, table.line, _tried(table, fast), slow)


def _tried(table: Table, fast: Callable[[Table], Found]) -> Found:
    if not len(table):
        return Found({}, np.zeros(0, np.bool_))
    return fast(table)


def join(
    source: Source,
    lines: Lines,
    line_ends: Integers,
    which: Integers,
    found: Found,
    slow: ReadLine,
) -> Iterator[Block]:
    """Give the records of a block in order: those found fast, and the others one by one.

    Parameters
    ----------
    line_ends
        Where each line ends in the text, (n,).
    which
        Numbers of the lines that were tried fast, (m,).
    """
    ok = found.ok
    for column in found.columns.values():
        ok = ok & (column <= WIRE_MAXIMUM)
    if len(which) == len(line_ends) and ok.all():
        if len(ok):
            yield _block(found, slice(None))
        return
    done = np.zeros(len(line_ends), np.bool_)
    done[which[ok]] = True
    place = np.flatnonzero(ok)
    # Runs of lines that were read fast, and the lines between them.
    begin = 0
    for number in [*np.flatnonzero(~done).tolist(), len(line_ends)]:
        if number > begin:
            first = int(np.searchsorted(which[place], begin))
            yield _block(found, place[first : first + number - begin])
        if number < len(line_ends):
            yield from _slow_block(source, lines, line_ends, number, slow)
        begin = number + 1


def _block(found: Found, part: slice | Integers) -> Block:
    return Block(
        found.meter,
        {index: column[part] for index, column in found.columns.items()},
        None if found.time is None else found.time[part],
        *(found.extra[name][part] if name in found.extra else None for name in ("interval", "gap")),
    )


def _slow_block(
    source: Source, lines: Lines, line_ends: Integers, number: int, slow: ReadLine
) -> Iterator[Block]:
    start = int(line_ends[number - 1]) + 1 if number else PAD
    text = lines.padded[start : int(line_ends[number])].decode("utf-8", "replace")
    row = read_line(source, lines.first + number, text, slow)
    if row is not None:
        yield row_block(row)


def read_line(source: Source, number: int, text: str, slow: ReadLine) -> Row | None:
    """Read one line; what is wrong with it is taken note of."""
    if not text.strip("\0\x1a \t"):
        return None
    try:
        row = slow(text)
        if row is not None:
            for value in row.values.values():
                if value != ABSENT and not 0 <= value <= WIRE_MAXIMUM:
                    raise BrokenLine("a value is out of range")
    except BrokenLine as error:
        source.skip(number, f"{error}: {_short(text)!r}")
        return None
    return row


def row_block(row: Row) -> Block:
    """Make a block of a single record."""

    def one(value: int | None) -> Integers | None:
        return None if value is None else np.array([value], np.int64)

    columns = {index: np.array([value], np.int64) for index, value in row.values.items()}
    return Block(row.meter, columns, one(row.time), one(row.interval), one(row.gap))


def exact(text: str, digits: int, point: str = ".") -> int:
    """Give a number times 10**digits, rounded; ABSENT for nothing, ``_`` or ``nan``.

    Raises
    ------
    BrokenLine
        It is no number, or one that no meter sends.
    """
    text = text.strip()
    if text in ("", "_", "nan"):
        return ABSENT
    try:
        number = Decimal(text.replace(point, ".") if point != "." else text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or "_" in text:
        raise BrokenLine(f"{_short(text)!r} is no number")
    if number < 0 or (number and number.adjusted() > _MOST_DIGITS):
        raise BrokenLine(f"{_short(text)!r} is out of range")
    return int(number.scaleb(digits).to_integral_value()) if number.adjusted() > -30 else 0


def _short(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}..."
