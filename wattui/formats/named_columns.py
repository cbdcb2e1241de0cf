# SPDX-License-Identifier: GPL-3.0-or-later
"""Any table of text whose columns are named: by the user, by its header, or by their kind.

``timestamp,power``: the names that other programs use are recognised.  Two columns without
names, a time since 1970 or in ISO 8601 and a number, are time and watts.  All else the
user names: ``wattui import FILE --columns time=0,power=2``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from wattui.errors import FormatError
from wattui.formats.file_format import Format, Missing
from wattui.formats.reading.block import Block, Integers
from wattui.formats.reading.column_choice import (
    DATE,
    ELAPSED,
    METER,
    TIME,
    ColumnChoice,
    by_names,
)
from wattui.formats.reading.local_times import LocalTimes
from wattui.formats.reading.source import Assumptions, Head, Source, read_head, shown_text
from wattui.formats.reading.table_shape import ABSENT_WORDS, Table, split_line, table_of
from wattui.formats.reading.text_table import (
    DIGITS,
    BrokenLine,
    Column,
    Holds,
    Layout,
    field_column,
    read_table,
)
from wattui.formats.reading.time_forms import AmbiguousTimes, TimeForm, time_form
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELD_INDEX, FIELDS

_DAY: Final = 86_400 * MICROSECONDS
_RATIOS: Final = ("power_factor", "duty_cycle")
_PERCENT: Final = "%"
_HINT: Final = "Name its columns by number or name: `wattui import FILE --columns time=0,power=1`."

#: Columns of programs that keep the states of many things in one table: names and values.
_KEYS: Final = ("entity_id", "_field")
_STATES: Final = ("state", "_value", "mean")
#: Parts of a name that show that a state is a power.
_POWERS: Final = ("power", "watt", "leistung")


# -- what the columns hold -----------------------------------------------------------


def guess(table: Table, time_format: str = "") -> tuple[ColumnChoice, ...]:
    """Return what the columns hold by their names or kind, as far as that shows."""
    found = by_names(table.header, table.units)
    if not any(one.holds == "power" for one in found):
        found += _state_of_power(table)
    if not table.header:
        found = _by_kind(table)
    found = [one for one in found if one.holds not in FIELD_INDEX or _numeric(table, one)]
    times = [one for one in found if one.holds == TIME]
    if pair := _date_and_time(table, times):
        return (*pair, *(one for one in found if one.holds not in (TIME, ELAPSED)))
    chosen = min(times, key=lambda one: _rank(table, one, time_format), default=None)
    others = [one for one in found if one.holds != TIME and (one.holds != ELAPSED or not chosen)]
    return tuple(others if chosen is None else [chosen, *others])


def is_certain(choices: Sequence[ColumnChoice]) -> bool:
    """Check whether a guess is enough to read a table: it has a power."""
    return any(one.holds == "power" for one in choices)


def _by_kind(table: Table) -> list[ColumnChoice]:
    """Return what columns without names hold, if they can only be that."""
    kinds = [_kind(table, column) for column in range(table.width)]
    if kinds in ([TIME, "number"], [DATE, _OF_DAY, "number"]):
        return [
            *(ColumnChoice(TIME, n, reason="by its look") for n in range(len(kinds) - 1)),
            ColumnChoice("power", len(kinds) - 1, reason="the only number, taken as W"),
        ]
    return [
        ColumnChoice(TIME, n, reason="by its look")
        for n, kind in enumerate(kinds)
        if kind in (TIME, DATE, _OF_DAY)
    ]


def _state_of_power(table: Table) -> list[ColumnChoice]:
    """Return the columns of a table of states if all of them are powers."""
    names = [name.strip().lower() for name in table.header]
    keys = [name for name in _KEYS if name in names]
    states = [name for name in _STATES if name in names]
    if not keys or not states:
        return []
    key = names.index(keys[0])
    if not any(map(_is_power, table.cells(key))):
        return []
    reason = f"by the names in {keys[0]}, taken as W"
    return [
        ColumnChoice(METER, key, reason="it has the names"),
        ColumnChoice("power", names.index(states[0]), reason=reason),
    ]


def _is_power(name: str) -> bool:
    return any(part in name.lower() for part in _POWERS)


def _date_and_time(table: Table, times: Sequence[ColumnChoice]) -> tuple[ColumnChoice, ...]:
    """Return a column of dates and one of times of day; nothing unless there are both."""
    columns = {_kind(table, table.number(one)): one for one in times}
    if {DATE, _OF_DAY} <= columns.keys() and TIME not in columns:
        return replace(columns[DATE], holds=DATE), columns[_OF_DAY]
    return ()


def _numeric(table: Table, choice: ColumnChoice) -> bool:
    return table.is_numeric(table.number(choice))


#: Kind of a column of times without a date.
_OF_DAY: Final = "time of day"


def _kind(table: Table, column: int) -> str:
    cells = table.cells(column)
    try:
        form = time_form(cells)
    except AmbiguousTimes as error:
        form = error.forms[0]
    except ValueError:
        form = TimeForm(since_start=True)
    if form.of_day:
        return _OF_DAY
    if form.pattern and not form.has_clock:
        return DATE
    if not form.since_start:
        return TIME
    return "number" if table.is_numeric(column) else ""


_UNREADABLE: Final = 9


def _rank(table: Table, choice: ColumnChoice, given: str = "") -> int:
    """Return the rank of a column of times: lowest for times since 1970."""
    try:
        form = time_form(table.cells(table.number(choice)), given)
    except AmbiguousTimes:
        return 3
    except ValueError:
        return _UNREADABLE
    if form.digits is not None:
        return 4 if form.since_start else 0
    return 5 if form.of_day else 1 if form.has_zone else 2


@dataclass(frozen=True)
class Plan:
    """How a table is read."""

    table: Table
    choices: tuple[ColumnChoice, ...]
    columns: tuple[Column, ...]
    #: Of its times; None if it has none.
    form: TimeForm | None
    #: How many cells a row must have.
    least: int
    #: Column with the names of states of which only powers are read; -1 if there is none.
    key: int = -1
    #: What was taken for granted, one sentence each without a full stop.
    notes: tuple[str, ...] = field(default=())


def plan_of(table: Table, given: Assumptions) -> Plan:
    """Return how a table is read.

    Raises
    ------
    FormatError
        Its columns are not known, or cannot be read so.
    """
    choices = given.columns or guess(table, given.time_format)
    if not given.columns and not is_certain(choices):
        what = "Nothing shows which column of the file is the power"
        raise FormatError(what, _columns_hint(table))
    if table.doubt and not given.decimal:
        raise FormatError(
            f"The decimal sign of the file is not certain: {table.doubt}",
            "Import it with `wattui import FILE --decimal comma`, or `--decimal point`.",
        )
    columns = [Column(Holds.TEXT) for _ in range(table.width)]
    numbers = {one.holds: table.number(one) for one in choices}
    form = _form(table, numbers, given.time_format)
    said = []
    for place, choice in enumerate(choices):
        number = numbers[choice.holds]
        if choice.holds in FIELD_INDEX:
            choice = _with_unit(table, choice, number)
            index = FIELD_INDEX[choice.holds]
            columns[number] = field_column(index, DIGITS[index] + choice.exponent)
            unit = choice.unit or FIELDS[index].unit
            text = f"{choice.holds} from {table.name(number)}" + f" in {unit}" * bool(unit)
            # More than its name.
            said.append(text + f" ({choice.reason})" * ("," in choice.reason))
        else:
            columns[number] = _role(choice.holds, form)
            said.append(f"{choice.holds} from {table.name(number)}")
        choices = (*choices[:place], choice, *choices[place + 1 :])
    notes = [f"Columns that were read: {', '.join(said)}"]
    others = [table.name(n) for n in range(table.width) if n not in numbers.values()]
    if others:
        notes.append(f"Columns that were left out: {', '.join(others)}")
    notes += _assumed(table, form, given)
    of_states = _state_of_power(table)
    states = bool(of_states) and all(numbers.get(one.holds) == one.column for one in of_states)
    return Plan(
        table, choices, tuple(columns), form, max(numbers.values()) + 1,
        numbers[METER] if states else -1, tuple(notes),
    )  # fmt: skip


def _columns_hint(table: Table) -> str:
    named = [f"{n} {name.strip()!r}" for n, name in enumerate(table.header)]
    shown = ", ".join(named) or f"0 to {table.width - 1}, as in {' '.join(table.rows[0])!r}"
    return f"{_HINT} The columns are: {shown}."


def _assumed(table: Table, form: TimeForm | None, given: Assumptions) -> Iterator[str]:
    """Yield what was taken for granted about decimal signs and times."""
    if not given.decimal and (table.point == "," or table.thousands):
        groups = f", and {table.thousands!r} between groups of digits" * bool(table.thousands)
        yield f"The decimal sign was taken to be {table.point!r}{groups}"
    if form is None or given.time_format:
        return
    if form.since_start:
        yield "Its times are small numbers: they were taken as seconds since the start"
    elif form.digits is None and form.pattern:
        yield f"Its times were read as {form.name}"


def _form(table: Table, numbers: dict[str, int], given: str) -> TimeForm | None:
    """Return how the times are written; None if there are none."""
    if TIME not in numbers and ELAPSED in numbers:
        cells = table.cells(numbers[ELAPSED])
        return time_form(cells, given) if given else TimeForm(6, since_start=True)
    if TIME not in numbers and DATE not in numbers:
        return None
    parts = [table.cells(numbers[name]) for name in (DATE, TIME) if name in numbers]
    try:
        return time_form([" ".join(texts) for texts in zip(*parts, strict=False)], given)
    except AmbiguousTimes as error:
        first, second = (one.pattern for one in error.forms[:2])
        raise FormatError(
            f"It is not certain which number is the day and which the month: {error}",
            f"Import it with `wattui import FILE --time-format {first!r}`, or {second!r}.",
        ) from error
    except ValueError as error:
        raise FormatError(
            f"The times cannot be read: {error}",
            "Give their form, as in --time-format '%d.%m.%Y %H:%M:%S', or s, ms, us or ns for "
            "numbers since 1970.",
        ) from error


def _with_unit(table: Table, choice: ColumnChoice, number: int) -> ColumnChoice:
    """Return a choice with the unit that its cells have; a ratio may be in percent."""
    if choice.unit or choice.holds not in _RATIOS:
        return choice
    values = table.numbers(number)
    if max(values, default=0) <= 1:
        return choice
    return replace(choice, unit=_PERCENT)


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
    return table is not None and is_certain(guess(table))


def _missing(head: Head, given: Assumptions) -> frozenset[Missing]:
    table = table_of(head, given)
    if table is None:
        return frozenset()
    form = plan_of(table, given).form
    if form is None:
        return frozenset({Missing.START, Missing.INTERVAL})
    if form.since_start:
        return frozenset({Missing.START})
    if form.of_day:
        return frozenset({Missing.START, Missing.ZONE})
    return frozenset() if form.digits is not None or form.has_zone else frozenset({Missing.ZONE})


def read(source: Source) -> Iterator[Block]:
    """Yield the records of a table."""
    table = table_of(read_head(source.path), source.assumptions)
    if table is None:
        raise FormatError(f"There is no table in {source.name}", _HINT)
    plan = plan_of(table, source.assumptions)
    for note in plan.notes:
        source.note(note)
    others: set[str] = set()
    blocks = read_table(source, _layout(plan, others))
    form = plan.form
    if form is None:
        yield from blocks
    elif form.since_start:
        yield from _dated(source, plan, blocks)
    elif form.of_day:
        yield from LocalTimes(source.zone).converted(_with_days(source, plan, blocks))
    elif form.digits is None and not form.has_zone:
        yield from LocalTimes(source.zone).converted(blocks)
    else:
        yield from blocks
    if others:
        named = ", ".join(map(shown_text, sorted(others)))
        source.note(f"Lines left out, since their names are not those of powers: {named}")


def _layout(plan: Plan, others: set[str] | None = None) -> Layout:
    """Return how the lines are built; *others* gets the names of states that are not powers."""
    table = plan.table
    key = plan.key

    def cells(text: str) -> Sequence[str] | None:
        if text.startswith("#") or text in table.heading:
            return None
        found = split_line(text, table.delimiter)
        if found == table.header:
            return None
        if len(found) > table.width and not any(found[table.width :]):
            found = found[: table.width]
        if not found:
            raise BrokenLine("not a line of a table")
        if 0 <= key < len(found) and not _is_power(found[key]):
            if others is not None:
                others.add(found[key])
            return None
        return found

    plain = table.plain if table.thousands or any(table.units) else None
    return Layout(
        plan.columns, table.delimiter, cells, least=plan.least, point=table.point,
        absent_words=ABSENT_WORDS, plain=plain, whole=True,
    )  # fmt: skip


def _again(source: Source, plan: Plan) -> Iterator[Block]:
    """Yield the records once more, to find out about the last one."""
    counted = Source(source.path, source.assumptions, cancelled=source.cancelled)
    return read_table(counted, _layout(plan))


def _dated(source: Source, plan: Plan, blocks: Iterator[Block]) -> Iterator[Block]:
    """Yield records whose times count from the start."""
    start = source.assumptions.start
    if start is None:
        times = [one.time for one in _again(source, plan) if one.time is not None]
        last = max((int(time.max()) for time in times), default=0)
        start = max(source.written - last, MICROSECONDS)
        source.note("The file has no date: its last record was taken to be as old as the file")
    for block in blocks:
        if block.time is not None:
            block.time = block.time + np.int64(start)
        yield block


class _Days:
    """Counts the midnights between times of day."""

    def __init__(self) -> None:
        self.day = 0
        self.last = -1

    def counted(self, time: Integers) -> Integers:
        """Return times of day with the days since the first one, (n,)."""
        before = np.concatenate(([self.last if self.last >= 0 else time[0]], time[:-1]))
        days = self.day + np.cumsum(before - time > _DAY // 2)
        self.day, self.last = int(days[-1]), int(time[-1])
        counted: Integers = time + days * _DAY
        return counted


def _with_days(source: Source, plan: Plan, blocks: Iterator[Block]) -> Iterator[Block]:
    """Yield records with times of day, and the date that is given or that of the file."""
    start = source.assumptions.start
    zone = LocalTimes(source.zone)
    if start is not None:
        first = zone.of_utc(start) // _DAY * _DAY
    else:
        counter, last = _Days(), 0
        for block in _again(source, plan):
            if block.time is not None and len(block):
                last = int(counter.counted(block.time)[-1])
        written = zone.of_utc(source.written)
        # The file may have been written a moment before its last line says.
        days = (written + 60 * MICROSECONDS - last) // _DAY
        first = days * _DAY
        source.note(
            "Its lines have a time of day and no date: the last was taken to be as old as the file"
        )
    counter = _Days()
    for block in blocks:
        if block.time is not None:
            block.time = counter.counted(block.time) + np.int64(first)
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
