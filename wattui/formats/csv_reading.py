# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what :mod:`wattui.formats.csv_file` writes, in both dialects.

Columns are found by the names in the header, so that a file from which some were
removed can be read as well.  The time is that of ``unix_time``.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from wattui.formats.csv_file import COLUMNS, DIALECTS, Dialect, write_csv
from wattui.formats.reading.block import ABSENT, Block, Format
from wattui.formats.reading.source import Head, Source, read_head
from wattui.formats.reading.text_table import (
    DIGITS,
    BrokenLine,
    Found,
    Row,
    Table,
    exact,
    read_table,
)
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELDS

#: Decimals of times and spans: whole microseconds.
_MICRO: Final = 6

#: Words of the head that tell of a meter, and what each is of :class:`MeterInfo`.
_DETAILS: Final = {
    "model": "model",
    "firmware": "firmware",
    "serial number": "serial_number",
    "port": "port",
}


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the columns are."""

    dialect: Dialect
    names: tuple[str, ...]

    @property
    def fields(self) -> list[tuple[int, int]]:
        """Position in a line and field of each field that there is."""
        return [
            (self.names.index(field.column), index)
            for index, field in enumerate(FIELDS)
            if field.column in self.names
        ]

    def place(self, name: str) -> int | None:
        """Give the position of a column; None where it is not there."""
        return self.names.index(name) if name in self.names else None


def _layout(lines: Sequence[str]) -> _Layout | None:
    for line in lines:
        if line.startswith("#"):
            continue
        for dialect in DIALECTS.values():
            names = tuple(name.strip().strip('"') for name in line.split(dialect.delimiter))
            if "unix_time" in names and "power_w" in names and set(names) <= set(COLUMNS):
                return _Layout(dialect, names)
        if line.strip():
            return None
    return None


def _recognises(head: Head) -> bool:
    return _layout(head.lines) is not None


def read(source: Source) -> Iterator[Block]:
    """Give the records of a CSV; what its head says of the meters goes to the source."""
    head = read_head(source.path)
    layout = _layout(head.lines)
    if layout is None:
        return iter(())
    source.meters.update(_meters(head.lines))
    found = layout

    def fast(table: Table) -> Found:
        return _fast(table, found)

    def slow(text: str) -> Row | None:
        return _read_line(text, found)

    return read_table(source, found.dialect.delimiter, len(found.names), fast, slow)


def _fast(table: Table, layout: _Layout) -> Found:
    point = layout.dialect.point
    time, ok = table.decimals(layout.names.index("unix_time"), _MICRO, point)
    ok &= time > 0
    columns = {}
    for place, index in layout.fields:
        columns[index], fine = table.decimals(place, DIGITS[index], point)
        ok &= fine
    found = Found(columns, ok, time)
    meter = layout.place("meter")
    if meter is not None:
        ok &= table.same(meter)
        found.meter = table.cell(0, meter)
    interval, gap = layout.place("interval_s"), layout.place("gap_s")
    if interval is not None and gap is not None:
        found.extra["interval"], fine = table.decimals(interval, _MICRO, point)
        found.extra["gap"], also = table.decimals(gap, _MICRO, point)
        ok &= fine & also & (found.extra["interval"] > 0) & (found.extra["gap"] >= 0)
    return found


def _read_line(text: str, layout: _Layout) -> Row | None:
    if text.startswith(("#", layout.names[0])):
        return None
    try:
        cells = next(csv.reader([text], delimiter=layout.dialect.delimiter))
    except (csv.Error, StopIteration):
        raise BrokenLine("no line of a CSV") from None
    if len(cells) != len(layout.names):
        raise BrokenLine(f"{len(cells)} cells instead of {len(layout.names)}")

    def micro(name: str) -> int:
        place = layout.place(name)
        return ABSENT if place is None else exact(cells[place], _MICRO, layout.dialect.point)

    time = micro("unix_time")
    if time <= 0:
        raise BrokenLine("no time")
    values = {
        index: exact(cells[place], DIGITS[index], layout.dialect.point)
        for place, index in layout.fields
    }
    meter = layout.place("meter")
    row = Row(values, time, "" if meter is None else cells[meter])
    interval, gap = micro("interval_s"), micro("gap_s")
    if interval > 0 and gap >= 0:
        row.interval, row.gap = interval, gap
    return row


def _meters(lines: Sequence[str]) -> dict[str, MeterInfo]:
    """Give what the head says of the meters, by their labels."""
    meters: dict[str, MeterInfo] = {}
    label = ""
    for line in lines:
        name, _, value = line.removeprefix("# ").partition(": ")
        if not line.startswith("#"):
            break
        if name == "meter":
            label = value
            meters[label] = MeterInfo(label, "", label)
        elif label and value != "unknown":
            if name in _DETAILS:
                details: dict[str, Any] = {_DETAILS[name]: value}
                meters[label] = replace(meters[label], **details)
            elif name == "interval":
                meters[label] = replace(meters[label], interval=_interval(value))
    return {label: _named(label, info) for label, info in meters.items()}


def _interval(text: str) -> float:
    try:
        seconds = float(text.removesuffix(" s"))
    except ValueError:
        return 1.0
    return seconds if 0 < seconds < 1e6 else 1.0


def _named(label: str, info: MeterInfo) -> MeterInfo:
    """Give the meter its key, and no name where its label was made of model and port."""
    known = replace(info, key=info.serial_number or info.port or label, name="")
    return known if known.label == label else replace(known, name=label)


FORMAT: Final = Format(
    name="csv",
    title="CSV of wattui",
    suffix=".csv",
    recognises=_recognises,
    read=read,
    write=write_csv,
    cannot_hold=("Marks, notes and other events are in its head, and are not read back",),
)
