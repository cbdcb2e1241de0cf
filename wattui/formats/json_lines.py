# SPDX-License-Identifier: GPL-3.0-or-later
"""Our JSON lines, as ``wattui log --json`` prints them: an object a sample.

Names and units are those of the CSV; meters may take turns.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from wattui.formats.reading.block import ABSENT, Block, Format
from wattui.formats.reading.json_rows import read_objects
from wattui.formats.reading.source import Head, Source
from wattui.formats.reading.text_table import DIGITS, BrokenLine, Row, exact
from wattui.formats.text_writer import SampleRow, write_lines
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELD_INDEX, FIELDS, INTEGRATED_ENERGY
from wattui.session import Session, SessionMeter
from wattui.session.span_statistics import ENERGY_SCALE

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_POWER: Final = FIELD_INDEX["power"]

#: A time in microseconds has no more digits.
_LATEST: Final = 10**16


def _recognises(head: Head) -> bool:
    return any(
        line.lstrip().startswith("{") and '"power_w"' in line and '"unix_time"' in line
        for line in head.data_lines()[:20]
    )


def read(source: Source) -> Iterator[Block]:
    """Give the records of a file."""
    return read_objects(source, _object)


def _object(found: dict[str, Any]) -> Row:
    time = _micros(found, "unix_time")
    if not 0 < time < _LATEST:
        raise BrokenLine("unix_time is missing or out of range")
    values = {
        index: _number(found, field.column, DIGITS[index]) for index, field in enumerate(FIELDS)
    }
    interval, gap = _micros(found, "interval_s"), _micros(found, "gap_s")
    if interval <= 0:
        return Row(values, time, _name(found))
    return Row(values, time, _name(found), interval, max(gap, 0))


def _name(found: dict[str, Any]) -> str:
    return str(found.get("meter") or "")


def _number(found: dict[str, Any], name: str, digits: int) -> int:
    value = found.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise BrokenLine(f"{name} is no number")
    return exact("" if value is None else repr(value), digits)


def _micros(found: dict[str, Any], name: str) -> int:
    value = _number(found, name, 6)
    return -1 if value == ABSENT else value


def write(session: Session, path: Path | str, **options: Any) -> int:
    """Write a session as JSON lines: see :func:`write_lines` for the options."""

    def lines(meter: SessionMeter, chunks: Iterable[Sequence[SampleRow]]) -> Iterator[str]:
        energy = 0
        for rows in chunks:
            for time, interval, gap, *fields in rows:
                values: list[int | None] = list(fields)
                energy += (values[_POWER] or 0) * interval
                moment = (_EPOCH + timedelta(microseconds=time)).astimezone()
                row: dict[str, object] = {
                    "time": moment.isoformat(timespec="microseconds"),
                    "unix_time": time / MICROSECONDS,
                    "meter": meter.info.label,
                }
                for field, value in zip(FIELDS, values, strict=True):
                    row[field.column] = field.to_base(value)
                row[INTEGRATED_ENERGY.column] = round(energy / ENERGY_SCALE, 6)
                row["interval_s"], row["gap_s"] = interval / MICROSECONDS, gap / MICROSECONDS
                yield json.dumps(row) + "\n"

    return write_lines(session, path, lines, several=True, **options)


FORMAT: Final = Format(
    name="json-lines",
    title="JSON lines of wattui",
    suffix=".jsonl",
    recognises=_recognises,
    read=read,
    write=write,
    cannot_hold=("The meter's model and firmware; marks and notes",),
)
