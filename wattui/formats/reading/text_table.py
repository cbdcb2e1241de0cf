# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of cells, read by :func:`numpy.loadtxt` many at a time.

A format describes its lines by a :class:`Layout`.  If NumPy refuses some lines, they are halved
until the fault is among a few, which are read one by one: headers are skipped, unusual lines
are understood, and broken ones are reported with their number and reason.  Both ways yield the
same numbers: a decimal number is read as a double, and the integer on the wire is the one
nearest to its product.  That is exact for every value of a meter, and to the microsecond for
times until the year 2106.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import chain, islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from wattui.formats.reading.block import ABSENT, Block, Integers, Row, blocks_of_rows
from wattui.formats.reading.local_times import parse_local, parse_local_column
from wattui.formats.reading.source import Source
from wattui.formats.reading.table_shape import whole_lines
from wattui.measurement.fields import FIELD_COUNT, FIELDS, WIRE_MAXIMUM

#: Decimals of each field, in the order of the wire.
DIGITS: Final = tuple(len(str(one.scale)) - 1 for one in FIELDS)

#: Lines that are read one by one if one of them has a fault.
_FEW: Final = 64

#: Lines that are read in one step where cells can have several.
_LINES: Final = 10_000

#: Characters of a broken line that are quoted.
_QUOTED: Final = 60

#: Integers up to here have a double of their own.
_EXACT: Final = 2**53


class BrokenLine(Exception):
    """A line that is not a record; explains why in a few words."""


class Holds(Enum):
    """The content of a cell."""

    FIELD = auto()
    #: Time, interval and gap are numbers; their digits make microseconds of them.
    TIME = auto()
    INTERVAL = auto()
    GAP = auto()
    #: Local date and time in one cell, or the time alone behind a cell with the date.
    LOCAL_TIME = auto()
    DATE = auto()
    #: Time in one cell, or behind a cell with the date, read by the function of the column.
    MOMENT = auto()
    #: Seconds since some start.
    ELAPSED = auto()
    METER = auto()
    #: Anything.
    TEXT = auto()


_NUMBERS: Final = (Holds.FIELD, Holds.TIME, Holds.INTERVAL, Holds.GAP, Holds.ELAPSED, Holds.METER)
#: What a block has besides its fields, in its order.
_SPANS: Final = (Holds.TIME, Holds.INTERVAL, Holds.GAP, Holds.ELAPSED)
_WIDTHS: Final = {
    Holds.LOCAL_TIME: "S28",
    Holds.DATE: "S11",
    Holds.TEXT: "S1",
    Holds.MOMENT: "S48",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One cell of each line."""

    holds: Holds
    #: The number times 10**digits is the integer that is meant.
    digits: int = 0
    #: Position of the field in a record.
    field: int = -1
    #: Range of that integer.
    low: int = 0
    high: int = _EXACT
    #: Returns the microseconds of a time that is text.  Raises ValueError.
    parse: Callable[[str], int] | None = None


def field_columns(digits: Sequence[int] = DIGITS) -> list[Column]:
    """Make columns for all fields in the order of the wire."""
    return [field_column(index, digits[index]) for index in range(FIELD_COUNT)]


def field_column(index: int, digits: int) -> Column:
    """Make the column of a field."""
    return Column(Holds.FIELD, digits, index, high=WIRE_MAXIMUM)


@dataclass(frozen=True)
class Layout:
    """How the lines of a file are built."""

    columns: Sequence[Column]
    #: Separates the cells: a sign, a sign and a blank, or None for blanks.
    delimiter: str | None
    #: Returns the cells of any line, None for a header or a comment.  Raises BrokenLine.
    cells: Callable[[str], Sequence[str] | None]
    #: How many columns an ordinary line has, from the first on; 0 for all of them.
    usual: int = 0
    #: How many cells a line must have; 0 for all of them.
    least: int = 0
    #: Decimal sign.
    point: str = "."
    #: Stands for a value that a record does not have, besides an empty cell.
    absent: str = ""
    #: Cells without a value, in small letters.
    absent_words: frozenset[str] = frozenset()
    #: Returns a number without units and groups of digits; no line is an ordinary one then.
    plain: Callable[[str], str] | None = None
    #: Whether a cell in quotation marks can go on in the next line.
    whole: bool = False
    #: Reads lines faster if all of them are alike.  Raises ValueError if they are not.
    fast: Callable[[Sequence[str]], Block] | None = None


def read_table(source: Source, layout: Layout) -> Iterator[Block]:
    """Yield the records of a file of lines, in order."""
    table = _Table(source, layout)
    for first, lines in _whole(source) if layout.whole else source.lines():
        yield from table.blocks(first, lines)


def _whole(source: Source) -> Iterator[tuple[int, list[str]]]:
    """Yield lines as the source does, in which each cell in quotation marks ends."""
    number = 1
    every = whole_lines(chain.from_iterable(lines for _, lines in source.lines()))
    while lines := list(islice(every, _LINES)):
        yield number, lines
        number += len(lines)


def integer(text: str, digits: int) -> int:
    """Return a number times 10**digits, rounded; ABSENT for nothing, ``_`` or ``nan``.

    Raises
    ------
    BrokenLine
        It is not a number, or too large for any meter.
    """
    text = text.strip()
    if text in ("", "_"):
        return ABSENT
    try:
        # Python allows "_" between digits; NumPy does not.
        number = float(text.replace("_", "?"))
    except ValueError:
        raise BrokenLine(f"{_shortened(text)!r} is not a number") from None
    return scaled(number, digits)


def scaled(number: float, digits: int) -> int:
    """Return a number times 10**digits, rounded; ABSENT for ``nan``.

    Raises
    ------
    BrokenLine
        It is too large for any meter.
    """
    if math.isnan(number):
        return ABSENT
    product = number * 10.0**digits
    if not abs(product) <= _EXACT:
        raise BrokenLine(f"{_shortened(str(number))} is out of range")
    return round(product)


def _integers(numbers: NDArray[Any], digits: int) -> Integers:
    """Return what :func:`scaled` returns for each number, (n,).

    Raises
    ------
    ValueError
        One is too large.
    """
    absent = np.isnan(numbers)
    products = np.rint(np.where(absent, 0.0, numbers) * 10.0**digits)
    if (np.abs(products) > _EXACT).any():
        raise ValueError("a number is out of range")
    return np.where(absent, ABSENT, products.astype(np.int64))


def read_line(
    source: Source, number: int, text: str, read: Callable[[str], Row | None]
) -> Row | None:
    """Read one line; a fault in it is recorded in the source."""
    if not text.strip("\0\x1a \t"):
        return None
    try:
        row = read(text)
        for value in row.values.values() if row is not None else ():
            if value != ABSENT and not 0 <= value <= WIRE_MAXIMUM:
                raise BrokenLine("a value is out of range")
    except BrokenLine as error:
        source.skip(number, f"{error}: {_shortened(text)!r}")
        return None
    return row


def _shortened(text: str) -> str:
    """Return a text, or its beginning if it is long."""
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}..."


class _Table:
    """Reads the lines of one file."""

    def __init__(self, source: Source, layout: Layout) -> None:
        self._source = source
        self._layout = layout
        #: The columns of an ordinary line, and their types in an array.
        self._usual = layout.columns[: layout.usual or len(layout.columns)]
        self._type = np.dtype(
            [(str(n), _WIDTHS.get(one.holds, "f8")) for n, one in enumerate(self._usual)]
        )
        self._has_meter = any(one.holds is Holds.METER for one in self._usual)

    def blocks(self, first: int, lines: Sequence[str]) -> Iterator[Block]:
        """Yield the records of some lines; *first* is the number of the first one."""
        start = next((n for n, line in enumerate(lines) if not self._is_header(line)), len(lines))
        first, lines = first + start, lines[start:]
        if not lines:
            return
        with contextlib.suppress(ValueError):
            yield self._many(lines)
            return
        if len(lines) > _FEW:
            half = len(lines) // 2
            yield from self.blocks(first, lines[:half])
            yield from self.blocks(first + half, lines[half:])
        else:
            rows = (
                read_line(self._source, number, text, self._row)
                for number, text in enumerate(lines, first)
            )
            yield from blocks_of_rows(row for row in rows if row is not None)

    def _is_header(self, line: str) -> bool:
        with contextlib.suppress(BrokenLine):
            return not line.strip() or self._layout.cells(line) is None
        return False

    # -- many lines --

    def _many(self, lines: Sequence[str]) -> Block:
        """Read lines that are all of the usual form.

        Raises
        ------
        ValueError
            One of them is not.
        """
        if self._layout.fast is not None:
            with contextlib.suppress(ValueError):
                return self._layout.fast(lines)
        if self._layout.plain is not None:
            raise ValueError("numbers that NumPy does not read")
        meter, count = "", len(lines)
        delimiter = self._layout.delimiter
        if delimiter is not None:
            text = "\n".join(("", *lines, ""))
            if self._has_meter:
                meter, text = self._without_meter(lines[0], text, count)
            lines = self._filled(text, delimiter).split("\n")[1:-1]
            delimiter = delimiter[0]
        table = np.loadtxt(
            lines, self._type, comments=None, delimiter=delimiter, quotechar=None, ndmin=1
        )
        if len(table) != count:
            raise ValueError("an empty line")
        return self._block(meter, table)

    def _without_meter(self, line: str, text: str, count: int) -> tuple[str, str]:
        """Return the meter of the first line, and the lines with 0 in place of its name."""
        try:
            cells = self._layout.cells(line) or ()
        except BrokenLine:
            cells = ()
        place = next(n for n, one in enumerate(self._usual) if one.holds is Holds.METER)
        if place >= len(cells) or not cells[place]:
            raise ValueError("no meter")
        sign = (self._layout.delimiter or " ")[0]
        before = sign if place else "\n"
        name = f"{before}{quoted(cells[place], sign)}{sign}"
        if text.count(name) != count:
            raise ValueError("several meters")
        return cells[place], text.replace(name, f"{before}0{sign}")

    def _filled(self, text: str, delimiter: str) -> str:
        """Return lines with decimal points and without empty cells."""
        if self._layout.point != ".":
            text = text.replace(self._layout.point, ".")
        sign = delimiter[0]
        if len(delimiter) > 1:
            text = text.replace(delimiter, sign)
        if self._layout.absent:
            text = text.replace(self._layout.absent, "nan")
        while sign * 2 in text:
            text = text.replace(sign * 2, f"{sign}nan{sign}")
        return text.replace(f"{sign}\n", f"{sign}nan\n")

    def _block(self, meter: str, table: NDArray[Any]) -> Block:
        fields: dict[int, Integers] = {}
        found: dict[Holds, Integers] = {}
        date = None
        for number, column in enumerate(self._usual):
            cells = table[str(number)]
            if column.holds is Holds.DATE:
                date = cells
            elif column.holds is Holds.LOCAL_TIME:
                texts = cells if date is None else np.char.add(np.char.add(date, b" "), cells)
                found[Holds.TIME] = parse_local_column(texts)
            elif column.holds is Holds.MOMENT:
                found[Holds.TIME] = _moments(cells, date, column)
            elif column.holds in _NUMBERS:
                integers = _integers(cells, column.digits)
                _check(integers, column)
                if column.holds is not Holds.FIELD:
                    found[column.holds] = integers
                elif (integers != ABSENT).any():
                    fields[column.field] = integers
        columns = fields or {0: np.full(len(table), ABSENT, np.int64)}
        return Block(meter, columns, *map(found.get, _SPANS))

    # -- one line --

    def _row(self, text: str) -> Row | None:
        cells = self._layout.cells(text)
        if cells is None:
            return None
        columns = self._layout.columns
        if not (self._layout.least or len(columns)) <= len(cells) <= len(columns):
            raise BrokenLine(f"{len(cells)} cells instead of {len(columns)}")
        values: dict[int, int] = {}
        found: dict[Holds, int] = {}
        meter = date = ""
        for cell, column in zip(cells, columns, strict=False):
            if column.holds is Holds.METER:
                meter = cell
            elif column.holds is Holds.DATE:
                date = f"{cell} "
            elif column.holds is Holds.LOCAL_TIME:
                found[Holds.TIME] = _local_time(date + cell)
            elif column.holds is Holds.MOMENT:
                found[Holds.TIME] = _moment(date + cell, column)
            elif column.holds in _NUMBERS:
                self._number(cell, column, values, found)
        row = Row(values, found.get(Holds.TIME), meter, elapsed=found.get(Holds.ELAPSED))
        if Holds.INTERVAL in found and Holds.GAP in found:
            row.interval, row.gap = found[Holds.INTERVAL], found[Holds.GAP]
        return row

    def _number(
        self, cell: str, column: Column, values: dict[int, int], found: dict[Holds, int]
    ) -> None:
        plain = self._layout.plain
        cell = plain(cell) if plain else cell.replace(self._layout.point, ".")
        absent = cell.strip().lower() in self._layout.absent_words
        value = ABSENT if absent else integer(cell, column.digits)
        if column.holds is Holds.FIELD:
            values[column.field] = value
        elif value != ABSENT and column.low <= value <= column.high:
            found[column.holds] = value
        elif column.holds not in (Holds.INTERVAL, Holds.GAP):
            what = "time" if column.holds is Holds.TIME else "number"
            raise BrokenLine(f"no {what}" if value == ABSENT else f"the {what} is out of range")


def _check(integers: Integers, column: Column) -> None:
    good = (column.low <= integers) & (integers <= column.high)
    if column.holds is Holds.FIELD:
        good |= integers == ABSENT
    if not good.all():
        raise ValueError("a number is out of range")


def _moments(cells: NDArray[Any], date: NDArray[Any] | None, column: Column) -> Integers:
    """Return the times of a column of text.

    Raises
    ------
    ValueError
        One of them is not a time, or is too long to be one.
    """
    if np.char.str_len(cells).max() >= cells.itemsize:
        raise ValueError("a time is too long")
    texts = cells if date is None else np.char.add(np.char.add(date, b" "), cells)
    assert column.parse is not None
    return np.array([column.parse(text.decode()) for text in texts.tolist()], np.int64)


def _moment(text: str, column: Column) -> int:
    assert column.parse is not None
    try:
        return column.parse(text)
    except ValueError as error:
        raise BrokenLine(str(error)) from None


def _local_time(text: str) -> int:
    try:
        return parse_local(text)
    except ValueError as error:
        raise BrokenLine(str(error)) from None


def quoted(text: str, delimiter: str) -> str:
    """Return a text as a cell, in quotation marks if it needs them."""
    if delimiter in text or '"' in text:
        return '"' + text.replace('"', '""') + '"'
    return text
