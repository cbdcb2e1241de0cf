# SPDX-License-Identifier: GPL-3.0-or-later
"""The power log of SPEC PTDaemon, which MLPerf uses as well: names and values in turn.

``Time,11-25-2026 10:00:00.123,Watts,164.1,Volts,119.5,Amps,1.401,PF,0.93,Mark,notset``:
local time with month, day and year.  What follows ``Mark`` becomes a mark where it changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from wattui.formats.file_format import Format, Missing
from wattui.formats.reading.block import ABSENT, Block, Row, blocks_of_rows
from wattui.formats.reading.local_times import LocalTimes
from wattui.formats.reading.source import Head, Source, shown_text
from wattui.formats.reading.text_table import DIGITS, BrokenLine, integer, read_line
from wattui.formats.reading.time_forms import TimeForm
from wattui.measurement.events import Event, EventKind
from wattui.measurement.fields import FIELD_INDEX

_LINE: Final = re.compile(r"\s*Time\s*,\s*\d[^,]*,\s*Watts\s*,.*", re.I)

#: Names before the values, in small letters, and the fields that they are.
_FIELDS: Final = {
    "watts": FIELD_INDEX["power"],
    "volts": FIELD_INDEX["voltage"],
    "amps": FIELD_INDEX["current"],
    "pf": FIELD_INDEX["power_factor"],
    "hz": FIELD_INDEX["frequency"],
    "freq": FIELD_INDEX["frequency"],
    "va": FIELD_INDEX["apparent_power"],
}
_NO_MARK: Final = ("", "notset")
_WITH_FRACTION: Final = TimeForm(pattern="%m-%d-%Y %H:%M:%S.%f")
_WITHOUT: Final = TimeForm(pattern="%m-%d-%Y %H:%M:%S")


def _recognises(head: Head) -> bool:
    return any(map(_LINE.fullmatch, head.data_lines()[:20]))


def read(source: Source) -> Iterator[Block]:
    """Yield the records of a log; its marks go to the source."""
    zone = LocalTimes(source.zone)
    mark = ""
    for first, lines in source.lines():
        marks: list[str] = []
        rows: list[Row] = []
        for number, text in enumerate(lines, first):
            row = read_line(source, number, text, _record)
            if row is not None:
                rows.append(row)
                marks.append(shown_text(_pairs(text).get("mark", "")))
        for block in zone.converted(blocks_of_rows(rows)):
            assert block.time is not None
            for time, own in zip(block.time.tolist(), marks, strict=True):
                if own != mark and own.lower() not in _NO_MARK:
                    source.events.append(Event(time, EventKind.MARK, own))
                mark = own
            yield block


def _pairs(line: str) -> dict[str, str]:
    """Return the values of a line by their names, in small letters."""
    cells = [cell.strip() for cell in line.split(",")]
    return {name.lower(): value for name, value in zip(cells[::2], cells[1::2], strict=False)}


def _record(line: str) -> Row | None:
    found = _pairs(line)
    if "time" not in found:
        raise BrokenLine("no time")
    form = _WITH_FRACTION if "." in found["time"] else _WITHOUT
    try:
        time = form.parse(found["time"])
    except ValueError as error:
        raise BrokenLine(str(error)) from None
    values: dict[int, int] = {}
    for name, index in _FIELDS.items():
        value = integer(found.get(name, ""), DIGITS[index])
        # A value that the meter did not send is written as -1.
        values[index] = value if value >= 0 else values.get(index, ABSENT)
    if all(value == ABSENT for value in values.values()):
        raise BrokenLine("no values")
    return Row(values, time)


FORMAT: Final = Format(
    name="ptdaemon",
    title="power log from SPEC PTDaemon or MLPerf",
    suffix=".log",
    recognises=_recognises,
    read=read,
    lacks=frozenset({Missing.ZONE}),
)
