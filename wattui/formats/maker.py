# SPDX-License-Identifier: GPL-3.0-or-later
"""What the maker's own Windows program exports: cells separated by tabs.

The time is a fraction of a day since the first record, with eight decimals; a date
there is none.  The header has 17 names; frequency and apparent power may follow
without one.  ``Avg Kwh`` is WH/Mo in kWh.  Where Windows was set so, decimals are
separated by a comma.  The byte 0x1A ends the file.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np

from wattui.formats.reading.block import ABSENT, Assumptions, Block, Format, Integers
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
from wattui.formats.text_writer import SampleRow, decimal_text, write_lines
from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.measurement.fields import FIELD_COUNT, FIELD_INDEX
from wattui.session import Session, SessionMeter

_NAMES: Final = (
    *("Time", "Watts", "Volts", "Amps", "WattHrs", "Cost", "Avg Kwh", "Mo Cost"),
    *("Max Wts", "Max Vlt", "Max Amp", "Min Wts", "Min Vlt", "Min Amp"),
    *("Pwr Fct", "Dty Cyc", "Pwr Cyc"),
)

_DAY: Final = 86_400 * MICROSECONDS
#: Decimals of a time, and half of what they leave open: a second is 1/86400, and is meant.
_TIME_DIGITS: Final = 8
_HALF_STEP: Final = 440

_RATIOS: Final = (FIELD_INDEX["power_factor"], FIELD_INDEX["duty_cycle"])
_MONTH: Final = FIELD_INDEX["energy_per_month"]

#: Decimals of each value; of power factor and duty cycle where they are ratios.
_DIGITS: Final = tuple(3 if index == _MONTH else digits for index, digits in enumerate(DIGITS))

#: Bytes of the end in which the last record is looked for.
_TAIL: Final = 4_096


def _is_header(line: str) -> bool:
    cells = [cell.strip().lower() for cell in line.split("\t")]
    return cells[:3] == ["time", "watts", "volts"]


def _recognises(head: Head) -> bool:
    if any(_is_header(line) for line in head.lines[:5]):
        return True
    rows = [line.split("\t") for line in head.lines[:5]]
    return bool(rows) and all(16 <= len(row) <= 20 for row in rows) and "\t0" in head.lines[0]


def _snapped(time: int) -> int:
    """Give a whole second where the time is one, as far as eight decimals tell."""
    rest = (time + _HALF_STEP) % MICROSECONDS
    return time - rest + _HALF_STEP if rest <= 2 * _HALF_STEP else time


def _time(cell: str, point: str) -> int:
    fraction = exact(cell, _TIME_DIGITS, point)
    if fraction == ABSENT:
        raise BrokenLine("no time")
    return _snapped(round(fraction * _DAY / 10**_TIME_DIGITS))


def _times(fraction: Integers) -> Integers:
    time = np.rint(fraction * (_DAY / 10**_TIME_DIGITS)).astype(np.int64)
    rest = (time + _HALF_STEP) % MICROSECONDS
    snapped: Integers = np.where(rest <= 2 * _HALF_STEP, time - rest + _HALF_STEP, time)
    return snapped


def _digits(rows: Sequence[str], point: str) -> tuple[int, ...]:
    """Give the decimals of each value: a ratio is written with a point, a percentage without."""
    cells = [line.split("\t")[index + 1 : index + 2] for line in rows for index in _RATIOS]
    ratios = any(point in cell for one in cells for cell in one)
    return tuple(
        0 if index in _RATIOS and not ratios else digits for index, digits in enumerate(_DIGITS)
    )


def _row(text: str, point: str, digits: Sequence[int]) -> Row | None:
    """Read a line; its time counts from the first record."""
    text = text.strip("\x1a\0")
    if _is_header(text) or not text.strip():
        return None
    cells = text.split("\t")
    while len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    values = cells[1:]
    if not 3 <= len(values) <= FIELD_COUNT:
        raise BrokenLine(f"{len(values)} values")
    found = {index: exact(value, digits[index], point) for index, value in enumerate(values)}
    return Row(found, _time(cells[0], point))


def read(source: Source) -> Iterator[Block]:
    """Give the records of an export."""
    head = read_head(source.path)
    rows = [line for line in head.lines if "\t" in line and not _is_header(line)]
    point = "," if any("," in line for line in rows) else "."
    digits = _digits(rows, point)
    columns = max((len(line.rstrip("\t\x1a ").split("\t")) for line in rows[:10]), default=0)
    interval = _interval(source.assumptions, rows, point)
    begin = source.assumptions.start
    if begin is None:
        begin = source.written - _last_time(source, point) - interval
        source.note("The file has no date: its last record was taken to be as old as the file")
    first = begin + interval

    def fast(table: Table) -> Found:
        fraction, ok = table.decimals(0, _TIME_DIGITS, point)
        ok &= fraction != ABSENT
        columns = {}
        for index in range(table.columns - 1):
            columns[index], fine = table.decimals(index + 1, digits[index], point)
            ok &= fine
        return Found(columns, ok, _times(np.where(ok, fraction, 0)))

    def slow(text: str) -> Row | None:
        return _row(text, point, digits)

    for block in read_table(source, "\t", max(2, min(columns, FIELD_COUNT + 1)), fast, slow):
        if block.time is not None:
            block.time = block.time + first
        yield block


def _interval(assumptions: Assumptions, rows: Sequence[str], point: str) -> int:
    """Give what a record stands for, in microseconds: the usual distance of the first ones."""
    if assumptions.interval is not None:
        return microseconds(assumptions.interval)
    times = []
    for line in rows[:1000]:
        try:
            times.append(_time(line.split("\t")[0], point))
        except BrokenLine:
            continue
    steps = [b - a for a, b in pairwise(times) if b > a]
    return round(statistics.median(steps)) if steps else MICROSECONDS


def _last_time(source: Source, point: str) -> int:
    """Give the time of the last record, from the end of the file."""
    try:
        with source.path.open("rb") as file:
            file.seek(max(0, source.size - _TAIL))
            text = file.read().decode("utf-8", "replace").replace("\0", "")
    except OSError:
        return 0
    for line in reversed(text.splitlines()[1:] or text.splitlines()):
        try:
            row = _row(line, point, _DIGITS)
        except BrokenLine:
            continue
        if row is not None and row.time is not None:
            return row.time
    return 0


def write(session: Session, path: Path | str, *, point: str = ".", **options: Any) -> int:
    """Write a session as the maker's program would: see :func:`write_lines`.

    Parameters
    ----------
    point
        The decimal sign: ``.`` or ``,``.
    """

    def cell(index: int, value: int | None) -> str:
        if index in _RATIOS:
            return "" if value is None else str(value)
        return decimal_text(value, _DIGITS[index]).replace(".", point)

    def lines(_meter: SessionMeter, chunks: Iterable[Sequence[SampleRow]]) -> Iterator[str]:
        first: int | None = None
        yield "\t".join(_NAMES) + "\r\n"
        for rows in chunks:
            for time, _interval, _gap, *fields in rows:
                first = time if first is None else first
                fraction = round((time - first) * 10**_TIME_DIGITS / _DAY)
                cells = [decimal_text(fraction, _TIME_DIGITS).replace(".", point)]
                cells += [cell(index, value) for index, value in enumerate(fields)]
                yield "\t".join(cells) + "\r\n"
        yield "\x1a"

    return write_lines(session, path, lines, **options)


FORMAT: Final = Format(
    name="maker",
    title="export of the maker's Windows program",
    suffix=".txt",
    recognises=_recognises,
    read=read,
    write=write,
    lacks=frozenset({"start"}),
    cannot_hold=(
        "The date: times count from the first record",
        f"Times finer than {_DAY / 10**_TIME_DIGITS / 1000:.3f} ms",
        "Intervals and gaps, which follow from the times",
        "The meter's name, model and firmware; marks and notes",
    ),
)
