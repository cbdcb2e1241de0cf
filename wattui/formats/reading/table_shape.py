# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of a table of text: the sign between its cells, its header, its decimal sign.

The user's word counts; everything else is found out from the first lines of the file.
"""

from __future__ import annotations

import contextlib
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from wattui.errors import FormatError
from wattui.formats.reading.column_choice import UNITS, ColumnChoice, exact_unit
from wattui.formats.reading.source import Assumptions, Head

#: Names of signs between cells, and of decimal signs, on the command line.
DELIMITER_NAMES: Final = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "blanks": " "}
DECIMAL_NAMES: Final = {"point": ".", "comma": ","}

#: Lines of the beginning from which the shape is detected, and in which times are looked at.
_HEAD_LINES: Final = 50
_MOST_ROWS: Final = 1_000

#: Signs between cells, the most certain first; blanks come last.
_DELIMITERS: Final = ("\t", ";", ",", "|", None)
#: Share of the lines that must have the usual number of cells: of blanks, prose has many.
_FITTING: Final = 0.5
_FITTING_BLANKS: Final = 0.8

#: Lines that a cell in quotation marks may have.
_LINES_OF_A_CELL: Final = 20

#: Cells without a value, in small letters.
ABSENT_WORDS: Final = frozenset(
    ["-", "--", "---", "na", "n/a", "#n/a", "#nv", "nan", "null", "none", "unavailable", "unknown"]
)

NUMBER: Final = re.compile(
    r"\s*[-+]?(\d{1,3}([ .,'’\u00a0\u202f]\d{3})+([.,]\d*)?|\d+([.,]\d*)?|[.,]\d+)"
    r"([eE][-+]?\d+)?\s*"
)
_WITH_UNIT: Final = re.compile(rf"({NUMBER.pattern})\s*([A-Za-z%]{{1,3}})\s*")
_TIME: Final = re.compile(r"\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d\d?:\d\d)\b")
_SEPARATOR_LINE: Final = re.compile(r'"?sep=(.)"?\s*', re.I)

_GROUPED: Final = re.compile(r"[-+]?[1-9]\d{0,2}([.,])\d{3}")


@dataclass(frozen=True)
class Table:
    """The shape of a file of cells, and its first rows."""

    #: Sign between cells; None for blanks.
    delimiter: str | None
    point: str
    #: Names of the columns; empty if they have none.
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    #: Sign between groups of three digits; empty if there is none.
    thousands: str = ""
    #: Unit of each column from a line below the header or from its cells; empty if it has none.
    units: tuple[str, ...] = ()
    #: Lines before the rows that are not records.
    heading: frozenset[str] = frozenset()
    #: Number of the header's line among those that are not empty, from 1 on; 0: none.
    header_line: int = 0
    #: Why the decimal sign is not certain; empty if it is.
    doubt: str = ""

    @property
    def width(self) -> int:
        """How many columns a row has."""
        return len(self.rows[0])

    def cells(self, column: int) -> list[str]:
        """Return the first cells of a column that have a value."""
        found = [row[column].strip() for row in self.rows]
        return [cell for cell in found if cell and cell.lower() not in ABSENT_WORDS]

    def name(self, column: int) -> str:
        """Return the name of a column for messages."""
        return repr(self.header[column]) if self.header else f"column {column}"

    def numbers(self, column: int) -> list[float]:
        """Return the first numbers of a column."""
        numbers = []
        for cell in self.cells(column):
            with contextlib.suppress(ValueError):
                numbers.append(float(self.plain(cell)))
        return numbers

    def plain(self, cell: str) -> str:
        """Return the text of a number with a decimal point, without unit and groups of digits."""
        if (match := _WITH_UNIT.fullmatch(cell)) and match[match.lastindex or 0] in UNITS:
            cell = match[1]
        for sign in self.thousands:
            cell = cell.replace(sign, "")
        return cell.replace(self.point, ".").strip()

    def is_numeric(self, column: int) -> bool:
        """Check whether most cells of a column are numbers."""
        return len(self.numbers(column)) * 2 > len(self.cells(column))

    def number(self, choice: ColumnChoice) -> int:
        """Return the number of a column.

        Raises
        ------
        FormatError
            There is no such column.
        """
        names = [name.strip() for name in self.header]
        wanted = str(choice.column)
        if wanted in names:
            return names.index(wanted)
        lower = [name.lower() for name in names]
        if isinstance(choice.column, str) and wanted.lower() in lower:
            return lower.index(wanted.lower())
        if isinstance(choice.column, int) and choice.column < self.width:
            return choice.column
        listed = [f"{n} {name!r}" for n, name in enumerate(names)] or [f"0 to {self.width - 1}"]
        raise FormatError(
            f"There is no column {choice.column!r} for {choice.holds}",
            f"The file has these columns: {', '.join(listed)}.",
        )


def table_of(head: Head, given: Assumptions | None = None) -> Table | None:
    """Return the shape of a table that begins so; None if it is not a table."""
    given = given or Assumptions()
    lines = [line for line in whole_lines(head.lines) if line.strip()]
    heading: list[str] = []
    delimiter = given.delimiter
    if lines and (match := _SEPARATOR_LINE.fullmatch(lines[0])):
        heading.append(lines[0])
        delimiter = delimiter or match[1]
    data = [
        (number, line)
        for number, line in enumerate(lines, 1)
        if line not in heading and (not line.startswith("#") or number == given.header)
    ]
    sign, width = _division([line for _, line in data[:_HEAD_LINES]], delimiter)
    split = [(number, line, split_line(line, sign)) for number, line in data[:_MOST_ROWS]]
    comments = [(n, line) for n, line in enumerate(lines, 1) if line.startswith("#")]
    start, header, header_line = _header(split, comments, sign, width, given.header)
    heading += [line for _, line, _ in split[:start]]
    units: tuple[str, ...] = ()
    if header and start < len(split) and (units := _unit_row(split[start][2])):
        heading.append(split[start][1])
        start += 1
    rows = [row for _, _, row in split[start:] if len(row) == width and row != header]
    if not rows:
        return None
    point, thousands, doubt = _decimal(rows, sign, given.decimal)
    table = Table(
        sign, point, header, tuple(rows), thousands, (), frozenset(heading), header_line, doubt
    )
    units = (*units, *[""] * width)[:width]
    return replace(
        table, units=tuple(_unit_of(table.cells(n)) or unit for n, unit in enumerate(units))
    )


def _division(lines: Sequence[str], given: str) -> tuple[str | None, int]:
    """Return the sign between the cells, and how many cells a row has."""
    signs: Iterable[str | None] = _DELIMITERS
    if given:
        signs = (given if given.strip() or given == "\t" else None,)
    for sign in signs:
        widths = [len(split_line(line, sign)) for line in lines]
        width = max(set(widths), key=widths.count, default=0)
        share = _FITTING_BLANKS if sign is None else _FITTING
        if given or (width > 1 and widths.count(width) >= share * len(widths)):
            return sign, width
    return None, 1


def _header(
    split: Sequence[tuple[int, str, tuple[str, ...]]],
    comments: Sequence[tuple[int, str]],
    sign: str | None,
    width: int,
    given: int | None,
) -> tuple[int, tuple[str, ...], int]:
    """Return how many lines are before the rows, the names of the columns, and their line."""
    if given is not None:
        place = next((n for n, (number, _, _) in enumerate(split) if number == given), -1)
        if given == 0 or place < 0:
            return 0, (), 0
        header = split_line(split[place][1].lstrip("# "), sign)
        return place + 1, (*header, *[""] * width)[:width], given
    start = next((n for n, (_, _, row) in enumerate(split) if len(row) == width), 0)
    if split and not any(map(is_value, split[start][2])):
        return start + 1, split[start][2], split[start][0]
    if comments:
        number, line = comments[-1]
        found = split_line(line.lstrip("# "), sign)
        if len(found) == width and not any(map(is_value, found)):
            return start, found, number
    return start, (), 0


def _unit_row(row: Sequence[str]) -> tuple[str, ...]:
    """Return the units that a row below the header has; nothing if it is another row."""
    cells = [cell.strip().strip("[]()") for cell in row]
    units = tuple(exact_unit(cell) for cell in cells)
    return units if any(units) and not any(map(is_value, cells)) else ()


def _unit_of(cells: Sequence[str]) -> str:
    """Return the unit behind each number of a column; empty if they have none."""
    matches = [_WITH_UNIT.fullmatch(cell) for cell in cells]
    units = {match[match.lastindex or 0] if match else "" for match in matches}
    unit = units.pop() if len(units) == 1 else ""
    return unit if unit in UNITS else ""


def _decimal(rows: Sequence[Sequence[str]], sign: str | None, given: str) -> tuple[str, str, str]:
    """Return the decimal sign, the sign between groups of digits, and why both are not certain."""
    cells = [cell.strip() for row in rows for cell in row]
    numbers = [cell for cell in cells if NUMBER.fullmatch(cell) and not _TIME.match(cell)]
    numbers += [m[1].strip() for cell in cells if (m := _WITH_UNIT.fullmatch(cell))]
    grouped = {
        mark: [one for one in numbers if (m := _GROUPED.fullmatch(one)) and m[1] == mark]
        for mark in ".,"
    }
    single = {
        mark: [one for one in numbers if one.count(mark) == 1 and one not in grouped[mark]]
        for mark in ".,"
    }
    both = [one for one in numbers if "." in one and "," in one]
    many = [one for one in numbers for mark in ".," if one.count(mark) > 1]
    blank = "".join({c for one in numbers for c in one[1:-1] if c in " '’\u00a0\u202f"})
    if given:
        other = "," if given == "." else "."
        return given, blank + other * (bool(both) or bool(grouped[other])), ""
    if both:
        point = "," if both[0].rfind(",") > both[0].rfind(".") else "."
        return point, blank + ("." if point == "," else ","), ""
    if many:
        mark = "," if many[0].count(",") > 1 else "."
        return ("." if mark == "," else ","), blank + mark, ""
    if sign != "," and single[","]:
        return ",", blank + "." * bool(grouped["."]), ""
    if grouped[","]:
        if single["."]:
            return ".", blank + ",", ""
        shown = grouped[","][0]
        doubt = f"{shown} may have a decimal comma or be {shown.replace(',', '')}"
        return ",", blank, doubt
    if grouped["."] and not single["."] and _is_german(cells):
        shown = grouped["."][0]
        return ".", blank, f"{shown} may have a decimal point or be {shown.replace('.', '')}"
    return ".", blank, ""


def _is_german(cells: Sequence[str]) -> bool:
    """Check whether dates are written as 23.11.2026: with decimal commas, as a rule."""
    return any(re.match(r"\s*\d\d?\.\d\d?\.\d{2,4}", cell) for cell in cells)


def split_line(line: str, delimiter: str | None) -> tuple[str, ...]:
    """Return the cells of a line; none if it cannot be divided."""
    if delimiter is None:
        return tuple(line.split())
    try:
        return tuple(next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), ()))
    except csv.Error:
        return ()


def is_value(cell: str) -> bool:
    """Check whether a cell is a number or a time, and not a name."""
    if NUMBER.fullmatch(cell) is not None or _TIME.match(cell) is not None:
        return True
    match = _WITH_UNIT.fullmatch(cell)
    return match is not None and match[match.lastindex or 0] in UNITS


def whole_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines in which each cell in quotation marks ends; what continued one is empty.

    The number of lines stays the same.  A mark that is never closed joins nothing.
    """
    waiting: list[str] = []
    for line in lines:
        if not waiting and line.count('"') % 2 == 0:
            yield line
            continue
        waiting.append(line)
        if len(waiting) > 1 and line.count('"') % 2:
            yield " ".join(waiting)
            yield from [""] * (len(waiting) - 1)
            waiting = []
        elif len(waiting) >= _LINES_OF_A_CELL:
            yield from waiting
            waiting = []
    yield from waiting
