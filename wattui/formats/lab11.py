# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV and JSON lines of lab11's script.

The time is in milliseconds since 1970.  Amperes are the wire's thousandths divided by
ten, so a hundred times too large.  From the power factor on the names are shifted: its
``power factor`` is Wmax and so on; only what stands before the monthly figures is taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from wattui.formats.reading.block import ABSENT, Block, Format
from wattui.formats.reading.json_rows import read_objects
from wattui.formats.reading.source import Head, Source, read_head
from wattui.formats.reading.text_table import BrokenLine, Found, Row, Table, exact, read_table
from wattui.formats.text_writer import SampleRow, float_text, write_lines
from wattui.measurement.fields import FIELD_INDEX
from wattui.session import Session, SessionMeter

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

_CELLS: Final = 1 + len(_TAKEN) + len(_REST)
_LINE: Final = re.compile(r"\d{12,13}(\.0)?(,[^,]*){12}\s*")
_MILLISECONDS: Final = 1_000


def _is_object(line: str) -> bool:
    if not line.lstrip().startswith("{"):
        return False
    return '"watts"' in line and '"time"' in line and '"power_w"' not in line


def _recognises(head: Head) -> bool:
    lines = head.data_lines()[:20]
    return any(_LINE.fullmatch(line) or _is_object(line) for line in lines)


def read(source: Source) -> Iterator[Block]:
    """Give the records of a file of either kind."""
    if any(_is_object(line) for line in read_head(source.path).lines[:20]):
        return read_objects(source, _object)
    return read_table(source, ",", _CELLS, _fast, _read_line)


def _fast(table: Table) -> Found:
    time, ok = table.decimals(0, 0)
    ok &= (time != ABSENT) & (time > 10**11) & (time < 10**13)
    columns = {}
    for place, (_name, index, digits) in enumerate(_TAKEN, 1):
        columns[index], fine = table.decimals(place, digits)
        ok &= fine
    return Found(columns, ok, time * _MILLISECONDS)


def _read_line(text: str) -> Row | None:
    if text.startswith(("#", "timestamp", "time,")):
        return None
    cells = text.split(",")
    if len(cells) != _CELLS:
        raise BrokenLine(f"{len(cells)} cells instead of {_CELLS}")
    time = exact(cells[0], 0)
    taken = zip(cells[1:], _TAKEN, strict=False)
    return _row(time, {index: exact(cell, digits) for cell, (_, index, digits) in taken})


def _object(found: dict[str, Any]) -> Row:
    time = exact(_number(found, "time"), 0)
    return _row(
        time, {index: exact(_number(found, name), digits) for name, index, digits in _TAKEN}
    )


def _number(found: dict[str, Any], name: str) -> str:
    value = found.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise BrokenLine(f"{name} is no number")
    return "" if value is None else str(value)


def _row(time: int, values: dict[int, int]) -> Row:
    if not 10**11 < time < 10**13:
        raise BrokenLine("the time is not in milliseconds since 1970")
    return Row(values, time * _MILLISECONDS)


def write(session: Session, path: Path | str, *, form: str = "csv", **options: Any) -> int:
    """Write a session as the script would have: see :func:`write_lines`.

    Parameters
    ----------
    form
        ``csv`` or ``json``.
    """

    def csv_line(row: SampleRow) -> str:
        values = row[3:]
        cells = [str(round(row[0] / _MILLISECONDS))]
        cells += [float_text(values[index], 10**digits) for _, index, digits in _TAKEN]
        cells += [float_text(values[index], divisor) for _, index, divisor in _REST]
        return ",".join(cells) + "\n"

    def json_line(row: SampleRow) -> str:
        values = row[3:]
        found: dict[str, float | None] = {"time": round(row[0] / _MILLISECONDS)}
        scales = [*((name, i, 10.0**digits) for name, i, digits in _TAKEN), *_REST]
        for name, index, divisor in scales:
            value: int | None = values[index]
            found[name] = None if value is None else value / divisor
        return json.dumps(found) + "\n"

    def lines(_meter: SessionMeter, chunks: Iterable[Sequence[SampleRow]]) -> Iterator[str]:
        if form == "csv":
            yield "# Readings from a Watts Up? Meter\n\n"
        make = csv_line if form == "csv" else json_line
        for rows in chunks:
            yield from map(make, rows)

    return write_lines(session, path, lines, **options)


FORMAT: Final = Format(
    name="lab11",
    title="CSV or JSON lines of lab11's script",
    suffix=".csv",
    recognises=_recognises,
    read=read,
    write=write,
    cannot_hold=(
        "Only power, voltage, current, the meter's counter and cost can be relied on",
        "Times finer than a millisecond",
        "Intervals and gaps, which follow from the times",
        "The meter's name, model and firmware; marks and notes",
    ),
)
