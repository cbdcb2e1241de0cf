# SPDX-License-Identifier: GPL-3.0-or-later
"""The CSV of the multi-meter script of 2015, one file a meter.

Header ``Meter, Time, W, ...`` and lines such as ``ttyUSB0, 2015-06-01 12:00:00.123456,
42.3, ..., ``: comma and blank, and a comma at the end.  WH/Mo is a tenth of what it
says, VA ten times what it says, power factor and duty cycle are percent.  What was
fetched from a memory has no header, and may begin with the time.  With the script's
raw option the lines are packets of the wire, without a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from wattui.formats.raw_capture import read_packets
from wattui.formats.reading.block import Block, Format
from wattui.formats.reading.local_times import LocalTimes, parse_local
from wattui.formats.reading.source import Head, Source
from wattui.formats.reading.text_table import BrokenLine, Found, Row, Table, exact, read_table
from wattui.formats.text_writer import SampleRow, float_text, local_text, write_lines
from wattui.measurement.fields import FIELD_COUNT, FIELDS
from wattui.session import Session, SessionMeter

_HEADER: Final = (
    "Meter, Time, W, V, A, WH, Cost, WH/Mo, Cost/Mo, Wmax, Vmax, Amax, Wmin, Vmin, Amin, PF, DC,"
    " PC, HZ, VA"
)

#: The script's header, also in other hands' spelling.
_IS_HEADER: Final = re.compile(r"\s*(meter\s*,\s*)?time\s*,\s*w\s*,\s*v\s*,\s*a\s*,.*", re.I)
_PACKET: Final = re.compile(r"\s*#d\s*,\s+-\s*,\s+1[0-9]\s*,")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?")


def _divisor(index: int) -> int:
    """Give what the script divided a field of the wire by."""
    header = FIELDS[index].header
    if header in ("PF", "DC", "PC", "VA"):
        return 1
    return 10 if header == "WH/Mo" else FIELDS[index].scale


_DIVISORS: Final = tuple(map(_divisor, range(FIELD_COUNT)))
_DIGITS: Final = tuple(len(str(one)) - 1 for one in _DIVISORS)


def _cells(text: str) -> list[str]:
    cells = [cell.strip() for cell in text.split(",")]
    while cells and not cells[-1]:
        cells.pop()
    return cells


def _recognises(head: Head) -> bool:
    if any(_IS_HEADER.fullmatch(line) for line in head.lines[:3]):
        return True
    if any(_PACKET.match(line) for line in head.lines[:20]):
        return True
    for line in head.lines[:20]:
        cells = _cells(line)
        if len(cells) >= 17 and any(_TIME.fullmatch(cell) for cell in cells[:2]):
            return True
    return False


def read(source: Source) -> Iterator[Block]:
    """Give the records of a file of any of the script's makes."""
    from wattui.formats.reading.source import read_head

    head = read_head(source.path)
    if any(_PACKET.match(line) for line in head.lines):
        source.note("The file has packets of the wire and no times")
        packets = (lines.data.replace(b" ", b"") for lines in source.lines())
        return read_packets(source, packets)
    return _read_lines(source, head)


def _read_lines(source: Source, head: Head) -> Iterator[Block]:
    named = True
    for line in head.lines:
        cells = _cells(line)
        if len(cells) > 1 and not _IS_HEADER.fullmatch(line):
            named = _TIME.fullmatch(cells[0]) is None
            break
    if not any(_IS_HEADER.fullmatch(line) for line in head.lines[:3]):
        source.note("The times of records fetched from a memory are those of the read-out")
    first = 2 if named else 1
    times = LocalTimes(source.zone)

    def fast(table: Table) -> Found:
        time, ok = table.local_times(first - 1, first - 1)
        columns = {}
        for index in range(FIELD_COUNT):
            columns[index], fine = table.decimals(first + index, _DIGITS[index])
            ok &= fine
        if named:
            ok &= table.same(0)
        return Found(columns, ok, time, table.cell(0, 0) if named else "")

    # A comma at the end makes another cell.
    for block in read_table(source, ",", first + FIELD_COUNT + 1, fast, _read_line):
        if block.time is not None:
            block.time = times.to_utc(block.time)
        yield block


def _read_line(text: str) -> Row | None:
    if _IS_HEADER.fullmatch(text):
        return None
    cells = _cells(text)
    if not cells:
        return None
    place = next((i for i, cell in enumerate(cells[:2]) if _TIME.fullmatch(cell)), None)
    if place is None:
        raise BrokenLine("no time")
    values = cells[place + 1 :]
    if not 16 <= len(values) <= FIELD_COUNT:
        raise BrokenLine(f"{len(values)} values")
    try:
        time = parse_local(cells[place])
    except ValueError:
        raise BrokenLine(f"{cells[place]!r} is no time") from None
    found = {index: exact(value, _DIGITS[index]) for index, value in enumerate(values)}
    return Row(found, time, cells[0] if place else "")


def write(session: Session, path: Path | str, *, zone: tzinfo | None = None, **options: Any) -> int:
    """Write a session as the script would have: see :func:`write_lines` for the options."""

    def lines(meter: SessionMeter, chunks: Iterable[Sequence[SampleRow]]) -> Iterator[str]:
        name = meter.info.label.replace(",", " ")
        yield f"{_HEADER}\n"
        for rows in chunks:
            for time, _interval, _gap, *fields in rows:
                values = (
                    float_text(value, divisor) if divisor > 1 else "" if value is None else value
                    for value, divisor in zip(fields, _DIVISORS, strict=True)
                )
                yield f"{name}, {local_text(time, zone)}, {', '.join(map(str, values))}, \n"

    return write_lines(session, path, lines, **options)


FORMAT: Final = Format(
    name="csv-2015",
    title="CSV of the multi-meter script of 2015",
    suffix=".csv",
    recognises=_recognises,
    read=read,
    write=write,
    lacks=frozenset({"zone"}),
    cannot_hold=(
        "Several meters: it has a file for each",
        "Local times without a zone: one hour a year is written twice",
        "Intervals and gaps, which follow from the times",
        "The meter's model and firmware; marks and notes",
    ),
)
