# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of the C client of 2006 and of its forks.

``42.3, 119.8, 0.36, ...``: the fields that were asked for, in the order of the wire, with
any sign between them or each on a line of its own; ``[watts] 42.3, [volts] 119.8`` with
labels; perhaps with the time of day in front, ``[13:24:18]``, but never a date.  Without
labels, only power, voltage and current can be recognised, or all fields.

The forks divide amperes by 1000 and everything else by ten, except for power factor and
duty cycle.  Some clients divide every field by ten, even the current.  Which it is shows
in the decimals, and for the current also in the power and voltage beside it.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from wattui.errors import FormatError
from wattui.formats.export_job import Dialect, ExportJob, field_text
from wattui.formats.file_format import Format, Missing
from wattui.formats.reading.block import Block, Row, blocks_of_rows
from wattui.formats.reading.local_times import LocalTimes
from wattui.formats.reading.source import Assumptions, Head, Source, read_head
from wattui.formats.reading.text_table import (
    DIGITS,
    BrokenLine,
    Column,
    Holds,
    Layout,
    field_column,
    integer,
    read_line,
    read_table,
)
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELD_COUNT, FIELD_INDEX, FIELDS

_NUMBER: Final = r"(?:-?\d+(?:\.\d+)?|_)"
_CLOCK: Final = re.compile(r"\s*\[(\d\d):(\d\d):(\d\d)\]\s*")
#: Numbers with one sign between them, which may have blanks next to it.
_LINE: Final = re.compile(rf"{_NUMBER}(?:(?P<sign>\s*[,;|/:]\s*|\s+){_NUMBER})*\s*[,;|/:]?\s*")
_LABELLED: Final = re.compile(rf"\[([A-Za-z][A-Za-z .-]*)\]\s*({_NUMBER})?")
_TENTH: Final = re.compile(r"-?\d+\.\d")

#: Labels of the client, in the order of the wire.
_LABELS: Final = (
    *("watts", "volts", "amps", "watt hours", "cost", "mo. kwh", "mo. cost"),
    *("max watts", "max volts", "max amps", "min watts", "min volts", "min amps"),
    *("power factor", "duty cycle", "power cycle", "frequency", "volt-amps"),
)

#: Other spellings found in files.
_ALSO: Final = {
    "kwh": "watt hours",
    "watt-hours": "watt hours",
    "mo-kwh": "mo. kwh",
    "mo-cost": "mo. cost",
    "line frequency": "frequency",
    "va": "volt-amps",
}

_POWER, _VOLTAGE, _CURRENT = (FIELD_INDEX[name] for name in ("power", "voltage", "current"))
_CURRENTS: Final = tuple(FIELD_INDEX[f"current{end}"] for end in ("", "_max", "_min"))
_RATIOS: Final = (FIELD_INDEX["power_factor"], FIELD_INDEX["duty_cycle"])
_MONEY: Final = (FIELD_INDEX["cost"], FIELD_INDEX["cost_per_month"])
_COUNTS: Final = (FIELD_INDEX["energy_per_month"], FIELD_INDEX["power_cycles"])

#: Lines of the beginning from which the kind of client is detected.
_HEAD_LINES: Final = 200
#: Numbers of fields that a meter sends when all are asked for.
_ALL_FIELDS: Final = (16, FIELD_COUNT)
#: Mains voltages; one of 0 is a meter that was not yet measuring.
_VOLTAGES: Final = (85.0, 285.0)
#: A power factor below this one shows that the current is a hundred times too large.
_IMPOSSIBLE: Final = 0.03
_DAY: Final = 86_400


@dataclass
class _Client:
    """How the lines of one file were printed."""

    clock: bool
    labels: bool
    #: Field of each number of a record without labels; None for one that is not known.
    fields: tuple[int | None, ...] = ()
    #: Each number of a record has a line of its own.
    one_per_line: bool = False
    #: Sign between the numbers; None for blanks.
    sign: str | None = ","
    #: Numbers from the beginning of the file, by field.
    numbers: Mapping[int, Sequence[str]] | None = None


def _labelled(line: str) -> dict[int, str]:
    """Return the numbers of a line with labels by field; none if it has other labels."""
    found = {}
    for label, number in _LABELLED.findall(line):
        name = label.strip().lower().replace("max-", "max ").replace("min-", "min ")
        name = _ALSO.get(name, name.replace("-", " ") if name != "volt-amps" else name)
        if name not in _LABELS or not number:
            return {}
        found[_LABELS.index(name)] = number
    return found


def _numbers(line: str) -> list[str]:
    """Return the numbers of a line without labels; none if it is not one."""
    return re.findall(_NUMBER, line) if _LINE.fullmatch(line.strip()) else []


def _is_record(line: str) -> bool:
    line = _CLOCK.sub("", line, count=1)
    numbers = _numbers(line)
    # Power has one decimal, unlike the numbers of most other files.
    return bool(_labelled(line)) or ((bool(numbers) and "." in line) or set(numbers) == {"_"})


def _recognises(head: Head) -> bool:
    lines = head.data_lines()[:50]
    fitting = [line for line in lines if _is_record(line)]
    return len(fitting) * 2 > len(lines) and any(map(_shows_power, fitting))


def _shows_power(line: str) -> bool:
    line = _CLOCK.sub("", line, count=1)
    return bool(_labelled(line)) or any(map(_TENTH.fullmatch, _numbers(line)[:1]))


def _missing(head: Head, _given: Assumptions) -> frozenset[Missing]:
    clock = any(map(_CLOCK.match, head.data_lines()[:50]))
    return frozenset({Missing.START, Missing.ZONE if clock else Missing.INTERVAL})


# -- which client it was -------------------------------------------------------------


def _client_of(source: Source) -> _Client:
    """Return how the lines of a file were printed.

    Raises
    ------
    FormatError
        Nothing shows which fields they are.
    """
    lines = [line for line in read_head(source.path).data_lines() if _is_record(line)]
    lines = lines[:_HEAD_LINES]
    clock = any(_CLOCK.match(line) for line in lines)
    lines = [_CLOCK.sub("", line, count=1) for line in lines]
    labelled = [found for found in map(_labelled, lines) if found]
    if labelled:
        numbers: dict[int, list[str]] = {}
        for found in labelled:
            for index, number in found.items():
                numbers.setdefault(index, []).append(number)
        return _Client(clock, True, numbers=numbers)
    rows = [_numbers(line) for line in lines]
    widths = [len(row) for row in rows]
    width = statistics.mode(widths) if widths else 1
    rows = [row for row in rows if len(row) == width]
    one_per_line = False
    if width == 1 and (cycle := _cycle([row[0] for row in rows])) > 1:
        flat = [row[0] for row in rows]
        rows = [flat[n : n + cycle] for n in range(0, len(flat) - cycle + 1, cycle)]
        width, one_per_line = cycle, True
    known = _fields(source, rows, width)
    found_sign = next((m["sign"] for m in map(_LINE.fullmatch, lines) if m and m["sign"]), ",")
    return _Client(
        clock,
        False,
        tuple(index if index in known else None for index in range(width)),
        one_per_line,
        found_sign.strip() or None,
        {index: [row[index] for row in rows] for index in known},
    )


def _cycle(numbers: Sequence[str]) -> int:
    """Return after how many lines the decimals repeat: the fields of a record."""
    decimals = [len(number.partition(".")[2]) for number in numbers if number != "_"]
    for length in range(1, min(FIELD_COUNT, len(decimals) // 2) + 1):
        if all(one == decimals[n % length] for n, one in enumerate(decimals)):
            return length
    return 1


def _fields(source: Source, rows: Sequence[Sequence[str]], width: int) -> range:
    """Return the fields of a record without labels, as far as they are certain."""
    if width not in (1, FIELD_COUNT):
        low, high = _VOLTAGES
        volts = [float(row[1]) for row in rows if row[1] != "_"]
        mains = [value for value in volts if value == 0 or low <= value <= high]
        if len(mains) * 2 < len(volts):
            raise FormatError(
                f"Nothing in {source.name} shows which fields its {width} columns are",
                "Name them: `wattui import FILE --columns power=0,voltage=1`.",
            )
    if width in _ALL_FIELDS:
        return range(width)
    if width == 1:
        source.note("Its lines have one number and no label: it was taken as watts")
    elif width > 3:
        source.note(
            f"Its lines have {width} numbers and no labels: power, voltage and current were read, "
            "and the others left out. Name them with --columns"
        )
    else:
        source.note("Its lines have no labels: they were taken as watts, volts and amperes")
    return range(min(width, 3))


# -- scales --------------------------------------------------------------------------


def _digits(source: Source, numbers: Mapping[int, Sequence[str]]) -> list[int]:
    """Return by which power of ten each field becomes the integer of the wire."""
    digits = list(DIGITS)
    tenths: list[int] = []
    current_tenths = _current_in_tenths(source, numbers)
    for index, texts in numbers.items():
        found = [text for text in texts if text != "_"]
        decimals = max((len(text.partition(".")[2]) for text in found), default=-1)
        if index in _CURRENTS:
            in_tenths = decimals == 1 and current_tenths
        elif index in _RATIOS:
            in_tenths = _ratio(digits, index, found, decimals, current_tenths)
        else:
            in_tenths = decimals == 1 and index in (*_MONEY, *_COUNTS)
        if in_tenths:
            digits[index] = 1
            tenths.append(index)
    if tenths:
        source.note(f"{_names(tenths)}: taken as a tenth of the meter's own number")
    percent = [index for index in _RATIOS if index in numbers and digits[index] == 0]
    if percent:
        source.note(f"{_names(percent)}: taken as percent")
    return digits


def _ratio(
    digits: list[int], index: int, found: Sequence[str], decimals: int, current_tenths: bool
) -> bool:
    """Set the digits of a ratio; return whether it is a tenth of the wire's percentage."""
    digits[index] = 2 if decimals < 0 or decimals > 1 else 0
    if decimals != 1:
        return False
    whole = all(text.endswith(".0") for text in found)
    return not whole or (current_tenths and max(map(float, found)) <= 10)


def _current_in_tenths(source: Source, numbers: Mapping[int, Sequence[str]]) -> bool:
    """Check whether the current was divided by ten instead of 1000."""
    amps = numbers.get(_CURRENT, ())
    seen = [text for text in amps if text != "_"]
    if not seen or not all(map(_TENTH.fullmatch, seen)):
        return False
    factors = [
        float(watts) / (float(volts) * float(amperes))
        for watts, volts, amperes in zip(
            numbers.get(_POWER, ()), numbers.get(_VOLTAGE, ()), amps, strict=False
        )
        if "_" not in (watts, volts, amperes) and float(volts) * float(amperes) > 0
    ]
    if factors:
        return statistics.median(factors) < _IMPOSSIBLE
    source.note("The current has one decimal, and nothing else shows its scale")
    return True


def _names(fields: Sequence[int]) -> str:
    first, *rest = (FIELDS[index].label for index in fields)
    return ", ".join([first, *(one.lower() for one in rest)])


# -- reading -------------------------------------------------------------------------


def read(source: Source) -> Iterator[Block]:
    """Yield the records of a file."""
    client = _client_of(source)
    digits = _digits(source, client.numbers or {})
    if client.clock or client.labels or client.one_per_line:
        blocks = _Lines(source, client, digits).blocks()
        yield from LocalTimes(source.zone).converted(blocks)
        return
    columns = [
        Column(Holds.TEXT) if index is None else field_column(index, digits[index])
        for index in client.fields
    ]
    sign = client.sign

    def cells(text: str) -> Sequence[str] | None:
        if text.startswith("Watts Up?"):
            return None
        found = text.split(sign)
        if len(found) == len(columns) + 1 and not found[-1].strip():
            del found[-1]
        if "[" in text:
            raise BrokenLine("no values of a meter")
        return found

    delimiter = f"{sign} " if sign == "," else sign
    yield from read_table(source, Layout(columns, delimiter, cells, absent="_"))


class _Lines:
    """Reads lines that have a time of day or labels, or are a part of a record."""

    def __init__(self, source: Source, client: _Client, digits: Sequence[int]) -> None:
        self._source = source
        self._client = client
        self._digits = digits
        self._day, self._second = _first_day(source) if client.clock else (0, 0)
        #: The record that is not complete yet: values by field, numbers so far, and time.
        self._values: dict[int, int] = {}
        self._count = 0
        self._time: int | None = None

    def blocks(self) -> Iterator[Block]:
        """Yield the records."""
        for first, lines in self._source.lines():
            self._rows: list[Row] = []
            for number, text in enumerate(lines, first):
                read_line(self._source, number, text, self._take)
            yield from blocks_of_rows(self._rows)
        self._rows = []
        self._end_record()
        yield from blocks_of_rows(self._rows)

    def _take(self, text: str) -> Row | None:
        """Read a line: a record, or a part of one."""
        if text.startswith("Watts Up?"):
            return None
        clock = _CLOCK.match(text)
        line = _CLOCK.sub("", text, count=1)
        found = self._found(line)
        values = {index: integer(number, self._digits[index]) for index, number in found}
        if clock or (self._client.labels and values.keys() & self._values.keys()):
            self._end_record()
        if clock:
            self._time = self._time_of(*map(int, clock.groups()))
        elif self._client.clock and self._time is None:
            raise BrokenLine("no time")
        self._values |= values
        self._count += 1
        if not self._client.labels and (
            not self._client.one_per_line or self._count == len(self._client.fields)
        ):
            self._end_record()
        return Row(values)

    def _found(self, line: str) -> list[tuple[int, str]]:
        """Return the numbers of a line with their fields."""
        if self._client.labels:
            labelled = list(_labelled(line).items())
            if labelled:
                return labelled
            raise BrokenLine("no values of a meter")
        numbers = _numbers(line)
        fields = self._client.fields
        if self._client.one_per_line:
            fields = fields[self._count : self._count + 1]
        if len(numbers) != len(fields):
            if self._client.one_per_line:
                self._values, self._count = {}, 0
            what = f"{len(numbers)} values instead of {len(fields)}"
            raise BrokenLine(what if numbers else "no values of a meter")
        return [
            (index, text) for index, text in zip(fields, numbers, strict=True) if index is not None
        ]

    def _end_record(self) -> None:
        if self._values:
            self._rows.append(Row(self._values, self._time))
        self._values, self._count, self._time = {}, 0, None

    def _time_of(self, hour: int, minute: int, second: int) -> int:
        """Return the local time of a line, after those before it."""
        now = (hour * 60 + minute) * 60 + second
        if now >= _DAY:
            raise BrokenLine("not a time of day")
        if _is_next_day(self._second, now):
            self._day += 1
        self._second = now
        return (self._day * _DAY + now) * MICROSECONDS


def _is_next_day(before: int, now: int) -> bool:
    """Check whether midnight is between two times of day; a clock may be set by some hours."""
    return before - now > _DAY // 2


def _first_day(source: Source) -> tuple[int, int]:
    """Return the day of the first line, in days since 1970, and its second of the day."""
    first = last = -1
    midnights = 0
    counted = Source(source.path, source.assumptions, cancelled=source.cancelled)
    for _, lines in counted.lines():
        for clock in filter(None, map(_CLOCK.match, lines)):
            hour, minute, second = map(int, clock.groups())
            now = (hour * 60 + minute) * 60 + second
            midnights += last >= 0 and _is_next_day(last, now)
            first, last = now if first < 0 else first, now
    given = source.assumptions.start
    moment = _local(source, source.written if given is None else given)
    day = (moment.date() - datetime(1970, 1, 1).date()).days
    if given is None:
        of_day = (moment.hour * 60 + moment.minute) * 60 + moment.second
        # The file may have been written a moment before its last line says.
        day -= midnights + (last > of_day + 60)
        text = f"{datetime(1970, 1, 1) + timedelta(days=day):%Y-%m-%d}"
        source.note(
            f"Its lines have a time of day and no date: the first was taken to be from {text}, so "
            "that the last is as old as the file"
        )
    return day, max(first, 0)


def _local(source: Source, time: int) -> datetime:
    moment = datetime.fromtimestamp(time // MICROSECONDS, UTC)
    return moment.astimezone(source.zone)


# -- writing -------------------------------------------------------------------------


def write(job: ExportJob) -> Iterator[str]:
    """Make the client's lines, in base units; absent values are ``_`` or have no label."""
    labels = job.dialect == Dialect.LABELS
    for row in job.rows():
        cells = [field_text(index, value) for index, value in enumerate(row[3:])]
        if labels:
            cells = [f"[{_LABELS[index]}] {cell}" for index, cell in enumerate(cells) if cell]
        yield ", ".join(cell or "_" for cell in cells) + "\n"


FORMAT: Final = Format(
    name="c-client",
    title="lines from the C client (2006)",
    suffix=".txt",
    recognises=_recognises,
    read=read,
    write=write,
    dialects=(Dialect.STANDARD, Dialect.LABELS),
    lacks=frozenset({Missing.START, Missing.INTERVAL}),
    missing=_missing,
    cannot_hold=(
        "Times, intervals and gaps",
        "The meter's name, model and firmware; marks, spans and notes",
    ),
)
