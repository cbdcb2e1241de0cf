# SPDX-License-Identifier: GPL-3.0-or-later
"""Any table of text whose columns are named: by the user, by its header, or by their kind.

``timestamp,power``: the names that other programs use are recognised.  Two columns without
names, a time since 1970 or in ISO 8601 and a number, are time and watts.  All else the
user names: ``wattui import FILE --columns time=0,power=2``.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from wattui.errors import FormatError
from wattui.formats.file_format import Format, Missing
from wattui.formats.reading.block import Block
from wattui.formats.reading.column_choice import (
    DATE,
    ELAPSED,
    METER,
    TIME,
    ColumnChoice,
    by_names,
)
from wattui.formats.reading.local_times import LocalTimes
from wattui.formats.reading.source import Assumptions, Head, Source, read_head
from wattui.formats.reading.text_table import (
    DIGITS,
    BrokenLine,
    Column,
    Holds,
    Layout,
    field_column,
    read_table,
)
from wattui.formats.reading.time_forms import TimeForm, time_form
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELD_INDEX, FIELDS

#: Lines of the beginning from which the shape of a table is detected.
_HEAD_LINES: Final = 50

#: Signs between cells, the most certain first; blanks come last.
_DELIMITERS: Final = ("\t", ";", ",", "|", None)

_NUMBER: Final = re.compile(r"\s*[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?\s*")
_DECIMAL_COMMA: Final = re.compile(r"\s*[-+]?\d+,\d+\s*")
_CLOCK: Final = re.compile(r"\s*\d\d?:\d\d")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")

#: Kind of a column of times without a date.
_OF_DAY: Final = "time of day"

_RATIOS: Final = ("power_factor", "duty_cycle")
_PERCENT: Final = "%"
_HINT: Final = "Name its columns by number or name: `wattui import FILE --columns time=0,power=1`."


@dataclass(frozen=True)
class Table:
    """The shape of a file of cells, and its first rows."""

    #: Sign between cells; None for blanks.
    delimiter: str | None
    point: str
    #: Names of the columns; empty if they have none.
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def width(self) -> int:
        """How many columns a row has."""
        return len(self.rows[0])

    def cells(self, column: int) -> list[str]:
        """Return the first cells of a column that are not empty."""
        return [row[column] for row in self.rows if row[column].strip()]

    def name(self, column: int) -> str:
        """Return the name of a column for messages."""
        return repr(self.header[column]) if self.header else f"column {column}"

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


def table_of(head: Head) -> Table | None:
    """Return the shape of a table that begins so; None if it is not a table."""
    lines = head.data_lines()[:_HEAD_LINES]
    comments = [line for line in head.lines[:_HEAD_LINES] if line.startswith("#")]
    best: tuple[int, list[tuple[str, ...]], str | None] | None = None
    for delimiter in _DELIMITERS:
        rows = [_split(line, delimiter) for line in lines]
        widths = [len(row) for row in rows]
        width = max(set(widths), key=widths.count, default=0)
        fitting = [row for row in rows if len(row) == width]
        if width > 1 and len(fitting) * 10 >= len(rows) * 8 and (best is None or delimiter):
            best = (width, fitting, delimiter)
            if delimiter != ",":
                break
    if best is None:
        best = (1, [(line.strip(),) for line in lines], None)
    _, rows, delimiter = best
    header: tuple[str, ...] = ()
    if rows and not any(map(_is_value, rows[0])):
        header, rows = rows[0], rows[1:]
    elif comments and len(commented := _split(comments[-1].lstrip("# "), delimiter)) == best[0]:
        header = commented if not any(map(_is_value, commented)) else ()
    if not rows:
        return None
    cells = [cell for row in rows for cell in row]
    comma = delimiter != "," and any(map(_DECIMAL_COMMA.fullmatch, cells))
    return Table(delimiter, "," if comma else ".", header, tuple(rows))


def _split(line: str, delimiter: str | None) -> tuple[str, ...]:
    if delimiter is None:
        return tuple(line.split())
    try:
        return tuple(next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), ()))
    except csv.Error:
        return ()


def _is_value(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None or _DATE.match(cell.strip()) is not None


# -- what the columns hold -----------------------------------------------------------


def guess(table: Table) -> tuple[ColumnChoice, ...]:
    """Return what the columns hold by their names or kind; nothing if that is not certain."""
    found = by_names(table.header)
    if not table.header:
        kinds = [_kind(table, column) for column in range(table.width)]
        if kinds == [TIME, "number"]:
            found = [ColumnChoice(TIME, 0), ColumnChoice("power", 1)]
        elif kinds == [DATE, _OF_DAY, "number"]:
            found = [ColumnChoice(DATE, 0), ColumnChoice(TIME, 1), ColumnChoice("power", 2)]
    if not any(one.holds == "power" and _numeric(table, one) for one in found):
        return ()
    times = [one for one in found if one.holds == TIME]
    pair = _date_and_time(table, [one for one in found if one.holds in (DATE, TIME)])
    if pair:
        return (*pair, *(one for one in found if one.holds not in (DATE, TIME, ELAPSED)))
    chosen = min(times, key=lambda one: _rank(table, one), default=None)
    if chosen is not None and _rank(table, chosen) == _UNREADABLE:
        return ()
    others = [one for one in found if one.holds != TIME and (one.holds != ELAPSED or not chosen)]
    return tuple(others if chosen is None else [chosen, *others])


def _date_and_time(table: Table, times: Sequence[ColumnChoice]) -> tuple[ColumnChoice, ...]:
    """Return a column of dates and one of times of day; nothing unless there are both."""
    columns = {_kind(table, table.number(one)): table.number(one) for one in times}
    if {DATE, _OF_DAY} <= columns.keys() and TIME not in columns:
        return ColumnChoice(DATE, columns[DATE]), ColumnChoice(TIME, columns[_OF_DAY])
    return ()


def _numeric(table: Table, choice: ColumnChoice) -> bool:
    cells = table.cells(table.number(choice))
    return bool(cells) and sum(map(bool, map(_NUMBER.fullmatch, cells))) * 2 > len(cells)


def _kind(table: Table, column: int) -> str:
    cells = table.cells(column)
    if all(map(_DATE.fullmatch, map(str.strip, cells))):
        return DATE
    if all(map(_CLOCK.match, cells)):
        return _OF_DAY
    try:
        form = time_form(cells)
    except ValueError:
        form = TimeForm(since_start=True)
    if not form.since_start:
        return TIME
    return "number" if all(map(_NUMBER.fullmatch, cells)) else ""


_UNREADABLE: Final = 9


def _rank(table: Table, choice: ColumnChoice) -> int:
    """Return the rank of a column of times: lowest for times since 1970."""
    try:
        form = time_form(table.cells(table.number(choice)))
    except ValueError:
        return _UNREADABLE
    if form.digits is not None:
        return 3 if form.since_start else 0
    return 1 if form.has_zone else 2


@dataclass(frozen=True)
class _Plan:
    """How a table is read."""

    table: Table
    columns: tuple[Column, ...]
    #: Of its times; None if it has none.
    form: TimeForm | None
    #: How many cells a row must have.
    least: int


def _plan(table: Table, given: Assumptions, source: Source | None = None) -> _Plan:
    """Return how a table is read, and note that in the source.

    Raises
    ------
    FormatError
        Its columns are not known, or cannot be read so.
    """
    choices = given.columns or guess(table)
    if not choices:
        raise FormatError("Nothing shows what the columns of the file are", _HINT)
    columns = [Column(Holds.TEXT) for _ in range(table.width)]
    numbers = {one.holds: table.number(one) for one in choices}
    form = _form(table, numbers, given.time_format)
    said = []
    for choice in choices:
        number = numbers[choice.holds]
        if choice.holds in FIELD_INDEX:
            choice = _with_unit(table, choice, number)
            index = FIELD_INDEX[choice.holds]
            columns[number] = field_column(index, DIGITS[index] + choice.exponent)
            unit = choice.unit or FIELDS[index].unit
            said.append(f"{choice.holds} from {table.name(number)}" + (f" in {unit}" * bool(unit)))
        else:
            columns[number] = _role(choice.holds, form)
            said.append(f"{choice.holds} from {table.name(number)}")
    if source is not None:
        source.note(f"Columns that were read: {', '.join(said)}")
        others = [table.name(n) for n in range(table.width) if n not in numbers.values()]
        if others:
            source.note(f"Columns that were left out: {', '.join(others)}")
    return _Plan(table, tuple(columns), form, max(numbers.values()) + 1)


def _form(table: Table, numbers: dict[str, int], given: str) -> TimeForm | None:
    """Return how the times are written; None if there are none."""
    if TIME not in numbers and ELAPSED in numbers:
        return TimeForm(6, since_start=True)
    if TIME not in numbers and DATE not in numbers:
        return None
    parts = [table.cells(numbers[name]) for name in (DATE, TIME) if name in numbers]
    try:
        return time_form([" ".join(texts) for texts in zip(*parts, strict=False)], given)
    except ValueError as error:
        raise FormatError(
            f"The times cannot be read: {error}",
            "Give their form, as in --time-format '%d.%m.%Y %H:%M:%S', or s, ms, us or ns for "
            "numbers since 1970.",
        ) from error


def _with_unit(table: Table, choice: ColumnChoice, number: int) -> ColumnChoice:
    """Return a ratio as percent if its numbers can only be that."""
    if choice.unit or choice.holds not in _RATIOS:
        return choice
    values = [float(c.replace(",", ".")) for c in table.cells(number) if _NUMBER.fullmatch(c)]
    return replace(choice, unit=_PERCENT) if max(values, default=0) > 1 else choice


def _role(name: str, form: TimeForm | None) -> Column:
    if name == METER:
        return Column(Holds.METER)
    if name == DATE:
        return Column(Holds.DATE)
    assert form is not None
    if form.digits is None:
        return Column(Holds.MOMENT, parse=form.parse)
    return Column(Holds.TIME, form.digits, low=0 if form.since_start else 1)


# -- reading -------------------------------------------------------------------------


def _recognises(head: Head) -> bool:
    table = table_of(head)
    return table is not None and bool(guess(table))


def _missing(head: Head, given: Assumptions) -> frozenset[Missing]:
    table = table_of(head)
    if table is None:
        return frozenset()
    form = _plan(table, given).form
    if form is None:
        return frozenset({Missing.START, Missing.INTERVAL})
    if form.since_start:
        return frozenset({Missing.START})
    return frozenset() if form.digits is not None or form.has_zone else frozenset({Missing.ZONE})


def read(source: Source) -> Iterator[Block]:
    """Yield the records of a table."""
    table = table_of(read_head(source.path))
    if table is None:
        raise FormatError(f"There is no table in {source.name}", _HINT)
    plan = _plan(table, source.assumptions, source)
    blocks = read_table(source, _layout(plan))
    form = plan.form
    if form is None:
        yield from blocks
    elif form.since_start:
        yield from _dated(source, plan, blocks)
    elif form.digits is None and not form.has_zone:
        yield from LocalTimes(source.zone).converted(blocks)
    else:
        yield from blocks


def _layout(plan: _Plan) -> Layout:
    table = plan.table

    def cells(text: str) -> Sequence[str] | None:
        if text.startswith("#"):
            return None
        found = _split(text, table.delimiter)
        if found == table.header:
            return None
        if len(found) > table.width and not any(found[table.width :]):
            found = found[: table.width]
        if not found:
            raise BrokenLine("not a line of a table")
        return found

    return Layout(plan.columns, table.delimiter, cells, least=plan.least, point=table.point)


def _dated(source: Source, plan: _Plan, blocks: Iterator[Block]) -> Iterator[Block]:
    """Yield records whose times count from the start."""
    start = source.assumptions.start
    if start is None:
        counted = Source(source.path, source.assumptions, cancelled=source.cancelled)
        times = [one.time for one in read_table(counted, _layout(plan)) if one.time is not None]
        last = max((int(time.max()) for time in times), default=0)
        start = max(source.written - last, MICROSECONDS)
        source.note("The file has no date: its last record was taken to be as old as the file")
    for block in blocks:
        if block.time is not None:
            block.time = block.time + np.int64(start)
        yield block


FORMAT: Final = Format(
    name="columns",
    title="table with a column of watts",
    suffix=".csv",
    recognises=_recognises,
    read=read,
    several_meters=True,
    missing=_missing,
)
