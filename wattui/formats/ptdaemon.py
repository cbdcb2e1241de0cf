# SPDX-License-Identifier: GPL-3.0-or-later
"""The power log of SPEC PTDaemon, which MLPerf uses as well: names and values in turn.

``Time,11-25-2026 10:00:00.123,Watts,164.1,Volts,119.5,Amps,1.401,PF,0.93,Mark,notset``:
local time with month, day and year.  What follows ``Mark`` becomes a mark where it changes.
Written, it is the name of the span that a record is in, or the text of a mark at its first record.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from wattui.formats.csv_file import plain_text, read_text
from wattui.formats.export_job import ExportJob, field_text
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
#: The names and fields of a written line, which programs read by their positions.
_WRITTEN: Final = tuple((name, _FIELDS[name.lower()]) for name in ("Watts", "Volts", "Amps", "PF"))
_NO_VALUE: Final = "-1"
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
                marks.append(read_text(shown_text(_pairs(text).get("mark", ""))))
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


class _Marker:
    """Says what follows ``Mark``; ask for one record after the other."""

    def __init__(self, job: ExportJob) -> None:
        marks = job.session.events((EventKind.MARK,))
        self._marks = sorted((one.event.time_us, one.event.text) for one in marks)
        self._times = [time for time, _ in self._marks]
        self._spans = sorted(job.session.spans(), key=lambda one: one.start_us)

    def text(self, meter: int, start: int, time: int) -> str:
        """Return the mark of a record of a meter: of its interval, from *start* to *time*."""
        place = bisect_left(self._times, start + 1)
        if place < len(self._marks) and self._marks[place][0] <= time:
            return _shown(self._marks[place][1])
        found = [
            one.name
            for one in self._spans
            if one.start_us < time <= one.stop_us and one.meter_id in (None, meter)
        ]
        # The last span is the innermost one.
        return _shown(found[-1]) if found else ""


def _shown(mark: str) -> str:
    """Return a mark as a cell: without commas, and not as a formula."""
    return plain_text(mark.replace(",", " "))


def write(job: ExportJob) -> Iterator[str]:
    """Make the text of such a log."""
    marker = _Marker(job)
    for part in job.parts:
        for rows in job.chunks(part):
            for time, interval, _gap, *fields in rows:
                values = ",".join(
                    f"{name},{field_text(index, fields[index]) or _NO_VALUE}"
                    for name, index in _WRITTEN
                )
                mark = marker.text(part.meter.id, time - interval, time) or _NO_MARK[-1]
                yield f"Time,{_local_time(time, job.zone)},{values},Mark,{mark}\n"


def _local_time(time: int, zone: tzinfo | None) -> str:
    """Return a local time to the millisecond."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=round(time / 1000))
    local = moment.astimezone(zone)
    return f"{local:%m-%d-%Y %H:%M:%S}.{local.microsecond // 1000:03}"


FORMAT: Final = Format(
    name="ptdaemon",
    title="power log from SPEC PTDaemon or MLPerf",
    suffix=".log",
    recognises=_recognises,
    read=read,
    write=write,
    lacks=frozenset({Missing.ZONE}),
    cannot_hold=(
        "Any field except power, voltage, current and power factor",
        "Times finer than a millisecond",
        "The time zone: one hour per year is written twice",
        "Intervals and gaps, which follow from the times",
        "The meter's name, model and firmware; notes, and the ends of spans",
    ),
)
