# SPDX-License-Identifier: GPL-3.0-or-later
"""Our JSON lines, as ``wattui log --json`` prints them: one object per sample.

Names and units are those of the CSV; meters may take turns.  ``replay_of`` is there only where
a recording was replayed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from wattui.formats.export_job import ExportJob, Part, SampleRow
from wattui.formats.file_format import Format
from wattui.formats.reading.block import ABSENT, Block, Row, blocks_of_rows
from wattui.formats.reading.source import Head, Source
from wattui.formats.reading.text_table import DIGITS, BrokenLine, read_line, scaled
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELD_INDEX, FIELDS, INTEGRATED_ENERGY
from wattui.session.span_statistics import ENERGY_SCALE

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_POWER: Final = FIELD_INDEX["power"]

#: Names of the fields in an object, in the order of the wire.
_COLUMNS: Final = tuple(field.column for field in FIELDS)


def _recognises(head: Head) -> bool:
    return any(
        line.lstrip().startswith("{") and '"power_w"' in line and '"unix_time"' in line
        for line in head.data_lines()[:20]
    )


def read(source: Source) -> Iterator[Block]:
    """Yield the records of a file; what they say about their meters goes to the source."""

    def make(found: dict[str, Any]) -> Row:
        row = _object(found)
        if row.meter not in source.meters and row.interval and found.get("port"):
            source.meters[row.meter] = _meter(row, found)
        return row

    return read_objects(source, make)


def _meter(row: Row, found: dict[str, Any]) -> MeterInfo:
    """Return what a record says about its meter."""
    number, port = str(found.get("serial_number") or ""), str(found["port"])
    interval = (row.interval or MICROSECONDS) / MICROSECONDS
    key = number or port
    return MeterInfo(key, port, row.meter, serial_number=number, interval=interval)


def read_objects(source: Source, make: Callable[[dict[str, Any]], Row]) -> Iterator[Block]:
    """Yield the records of a file of JSON objects, meter by meter within each block.

    Parameters
    ----------
    make
        Makes the record of an object.  Raises BrokenLine.
    """

    def row(text: str) -> Row | None:
        if text.startswith("#"):
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise BrokenLine("not JSON") from None
        if not isinstance(found, dict):
            raise BrokenLine("not a JSON object")
        return make(found)

    for first, lines in source.lines():
        rows = (read_line(source, number, text, row) for number, text in enumerate(lines, first))
        yield from blocks_of_rows(one for one in rows if one is not None)


def number_of(found: dict[str, Any], name: str, digits: int) -> int:
    """Return a number of an object times 10**digits; ABSENT if it is null or missing.

    Raises
    ------
    BrokenLine
        It is not a number.
    """
    value = found.get(name)
    if value is None:
        return ABSENT
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BrokenLine(f"{name} is not a number")
    try:
        return scaled(value, digits)
    except OverflowError:
        raise BrokenLine(f"{name} is out of range") from None


def _object(found: dict[str, Any]) -> Row:
    time = number_of(found, "unix_time", 6)
    if time <= 0:
        raise BrokenLine("unix_time is missing or out of range")
    values = {i: number_of(found, name, DIGITS[i]) for i, name in enumerate(_COLUMNS)}
    row = Row(values, time, str(found.get("meter") or ""))
    interval, gap = number_of(found, "interval_s", 6), number_of(found, "gap_s", 6)
    if interval > 0:
        row.interval, row.gap = interval, max(gap, 0)
    return row


def write(job: ExportJob) -> Iterator[str]:
    """Make the text of JSON lines."""
    for part in job.parts:
        energy = 0
        for rows in job.chunks(part):
            for row in rows:
                energy += (row[3 + _POWER] or 0) * row[1]
                yield json.dumps(_members(part, row, energy)) + "\n"


def _members(part: Part, row: SampleRow, energy: int) -> dict[str, object]:
    time, interval, gap, *values = row
    moment = (_EPOCH + timedelta(microseconds=time)).astimezone()
    return {
        "time": moment.isoformat(timespec="microseconds"),
        "unix_time": time / MICROSECONDS,
        "meter": part.label,
        "serial_number": part.meter.info.serial_number,
        "port": part.meter.info.port,
        **{name: f.to_base(v) for name, f, v in zip(_COLUMNS, FIELDS, values, strict=True)},
        INTEGRATED_ENERGY.column: round(energy / ENERGY_SCALE, 6),
        "interval_s": interval / MICROSECONDS,
        "gap_s": gap / MICROSECONDS,
        **({"replay_of": replay} if (replay := part.meter.info.replay) else {}),
    }


FORMAT: Final = Format(
    name="json-lines",
    title="JSON lines from wattui",
    suffix=".jsonl",
    recognises=_recognises,
    read=read,
    write=write,
    several_meters=True,
    holds_replay=True,
    cannot_hold=("The meter's model and firmware; marks, spans and notes",),
)
