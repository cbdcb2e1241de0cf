# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV and JSON lines of lab11's script.

The time is in milliseconds since 1970.  Amperes are the wire's thousandths divided by
ten, so a hundred times too large.  From the power factor on the names are shifted: its
``power factor`` is Wmax and so on; only the values before the monthly figures are read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from wattui.formats.export_job import Dialect, ExportJob, float_text
from wattui.formats.file_format import Format
from wattui.formats.json_lines import number_of, read_objects
from wattui.formats.reading.block import Block, Row
from wattui.formats.reading.source import Head, Source, read_head
from wattui.formats.reading.text_table import (
    BrokenLine,
    Column,
    Holds,
    Layout,
    field_column,
    read_table,
)
from wattui.measurement.fields import FIELD_INDEX

#: Names in JSON, the fields that they are, and the decimals of each.
_TAKEN: Final = (
    ("watts", FIELD_INDEX["power"], 1),
    ("volts", FIELD_INDEX["voltage"], 1),
    ("amps", FIELD_INDEX["current"], 1),
    ("watt-hours", FIELD_INDEX["energy"], 1),
    ("dollars", FIELD_INDEX["cost"], 3),
)

#: What follows them, as (name, field of the wire, divisor).
_REST: Final = (
    ("watt hours monthly", 5, 1.0),
    ("dollars monthly", 6, 0.1),
    ("power factor", 7, 1.0),
    ("duty cycle", 8, 1.0),
    ("power cycle", 9, 1.0),
    ("frequency", 10, 10.0),
    ("volt-amps", 10, 10.0),
)

_SCALES: Final = (*((name, index, 10.0**digits) for name, index, digits in _TAKEN), *_REST)
_LINE: Final = re.compile(r"\d{12,13}(\.0)?(,[^,]*){12}\s*")
_MILLISECONDS: Final = 1_000

#: Milliseconds since 1970 in microseconds; what was in seconds would be out of range.
_TIME: Final = Column(Holds.TIME, 3, low=10**14, high=10**16)

_COLUMNS: Final = (
    _TIME,
    *(field_column(index, digits) for _, index, digits in _TAKEN),
    *(Column(Holds.TEXT) for _ in _REST),
)


def _is_object(line: str) -> bool:
    if not line.lstrip().startswith("{"):
        return False
    return '"watts"' in line and '"time"' in line and '"power_w"' not in line


def _recognises(head: Head) -> bool:
    lines = head.data_lines()[:20]
    return any(_LINE.fullmatch(line) or _is_object(line) for line in lines)


def read(source: Source) -> Iterator[Block]:
    """Yield the records of a file of either kind."""
    if any(_is_object(line) for line in read_head(source.path).lines[:20]):
        return read_objects(source, _object)
    return read_table(source, Layout(_COLUMNS, ",", _cells))


def _cells(text: str) -> Sequence[str] | None:
    return None if text.startswith(("#", "timestamp", "time,")) else text.split(",")


def _object(found: dict[str, Any]) -> Row:
    time = number_of(found, "time", _TIME.digits)
    if not _TIME.low <= time <= _TIME.high:
        raise BrokenLine("the time is not in milliseconds since 1970")
    return Row({index: number_of(found, name, digits) for name, index, digits in _TAKEN}, time)


def write(job: ExportJob) -> Iterator[str]:
    """Make the text that the script would have written."""
    as_json = job.dialect == Dialect.JSON
    if not as_json:
        yield "# Readings from a Watts Up? Meter\n\n"
    for time, _interval, _gap, *values in job.rows():
        moment = round(time / _MILLISECONDS)
        if as_json:
            found: dict[str, float | None] = {"time": moment}
            for name, index, divisor in _SCALES:
                value: int | None = values[index]
                found[name] = None if value is None else value / divisor
            yield json.dumps(found) + "\n"
        else:
            cells = (float_text(values[index], divisor) for _, index, divisor in _SCALES)
            yield f"{moment},{','.join(cells)}\n"


FORMAT: Final = Format(
    name="lab11",
    title="CSV or JSON lines from lab11's script",
    suffix=".csv",
    recognises=_recognises,
    read=read,
    write=write,
    dialects=(Dialect.STANDARD, Dialect.JSON),
    cannot_hold=(
        "Any field except power, voltage, current, the meter's counter and cost",
        "Times finer than a millisecond",
        "Intervals and gaps, which follow from the times",
        "The meter's name, model and firmware; marks, spans and notes",
    ),
)
