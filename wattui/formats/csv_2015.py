# SPDX-License-Identifier: GPL-3.0-or-later
"""The CSV of the multi-meter script of 2015, one file per meter.

Header ``Meter, Time, W, ...`` and lines such as ``ttyUSB0, 2015-06-01 12:00:00.123456,
42.3, ..., ``: comma and blank, and a comma at the end.  WH/Mo is a tenth of the true value,
VA ten times as much, power factor and duty cycle are percentages.  Records that were
fetched from a memory have no header, and may begin with the time.  With the script's raw
option the lines are packets of the wire, without a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from wattui.formats.csv_file import plain_text, read_text
from wattui.formats.export_job import ExportJob, float_text, local_text
from wattui.formats.file_format import Format, Missing
from wattui.formats.raw_capture import read_packets
from wattui.formats.reading.block import Block
from wattui.formats.reading.local_times import LOCAL_TIME, LocalTimes
from wattui.formats.reading.source import Head, Source, read_head
from wattui.formats.reading.text_table import (
    BrokenLine,
    Column,
    Holds,
    Layout,
    field_columns,
    read_table,
)
from wattui.measurement.fields import FIELDS

_HEADER: Final = (
    "Meter, Time, W, V, A, WH, Cost, WH/Mo, Cost/Mo, Wmax, Vmax, Amax, Wmin, Vmin, Amin, PF, DC,"
    " PC, HZ, VA"
)

#: The script's header, also as others spell it.
_IS_HEADER: Final = re.compile(r"\s*(meter\s*,\s*)?time\s*,\s*w\s*,\s*v\s*,\s*a\s*,.*", re.I)
_PACKET: Final = re.compile(r"\s*#d\s*,\s+-\s*,\s+1[0-9]\s*,")

#: The divisors that the script uses for fields of the wire, if they differ from the scale.
_ODD: Final = {"PF": 1, "DC": 1, "PC": 1, "VA": 1, "WH/Mo": 10}
_DIVISORS: Final = tuple(_ODD.get(one.header, one.scale) for one in FIELDS)

#: The last cell is empty, as there is a comma at the end.
_COLUMNS: Final = (
    Column(Holds.METER),
    Column(Holds.LOCAL_TIME),
    *field_columns([len(str(one)) - 1 for one in _DIVISORS]),
    Column(Holds.TEXT),
)


def _split(text: str) -> list[str]:
    return [cell.strip() for cell in text.rstrip(", \t").split(",")]


def _time_place(cells: Sequence[str]) -> int | None:
    """Return which of the first two cells is the time."""
    return next((i for i, cell in enumerate(cells[:2]) if LOCAL_TIME.fullmatch(cell)), None)


def _recognises(head: Head) -> bool:
    if any(_IS_HEADER.fullmatch(line) for line in head.lines[:3]):
        return True
    if any(_PACKET.match(line) for line in head.lines[:20]):
        return True
    rows = map(_split, head.lines[:20])
    return any(len(cells) >= 17 and _time_place(cells) is not None for cells in rows)


def read(source: Source) -> Iterator[Block]:
    """Yield the records of a file of any of the three kinds."""
    head = read_head(source.path)
    if any(_PACKET.match(line) for line in head.lines):
        source.note("The file has packets of the wire and no times")
        packets = ("".join(lines).replace(" ", "").encode() for _, lines in source.lines())
        return read_packets(source, packets)
    if not any(_IS_HEADER.fullmatch(line) for line in head.lines[:3]):
        source.note("The times of records fetched from a memory are those of the read-out")
    rows = [_split(line) for line in head.lines if not _IS_HEADER.fullmatch(line)]
    named = not rows or _time_place(rows[0]) != 0

    def cells(text: str) -> Sequence[str] | None:
        if _IS_HEADER.fullmatch(text):
            return None
        found = [cell.strip() for cell in text.split(",")]
        while len(found) > len(_COLUMNS) and not found[-1]:
            found.pop()
        place = _time_place(found)
        if place is None:
            raise BrokenLine("no time")
        if not named:
            return found[place:]
        return [read_text(found[0]), *found[1:]] if place else ["", *found]

    first = 0 if named else 1
    layout = Layout(_COLUMNS[first:], ", ", cells, least=18 - first)
    return LocalTimes(source.zone).converted(read_table(source, layout))


def write(job: ExportJob) -> Iterator[str]:
    """Make the text that the script would have written."""
    yield f"{_HEADER}\n"
    for part in job.parts:
        name = plain_text(part.label.replace(",", " "))
        for rows in job.chunks(part):
            for time, _interval, _gap, *fields in rows:
                values = (
                    float_text(value, divisor) if divisor > 1 else "" if value is None else value
                    for value, divisor in zip(fields, _DIVISORS, strict=True)
                )
                yield f"{name}, {local_text(time, job.zone)}, {', '.join(map(str, values))}, \n"


FORMAT: Final = Format(
    name="2015-csv",
    title="CSV from the multi-meter script of 2015",
    suffix=".csv",
    recognises=_recognises,
    read=read,
    write=write,
    lacks=frozenset({Missing.ZONE}),
    cannot_hold=(
        "Several meters: it has one file for each",
        "The time zone: one hour per year is written twice",
        "Intervals and gaps, which follow from the times",
        "The meter's model and firmware; marks, spans and notes",
    ),
)
