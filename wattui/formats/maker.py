# SPDX-License-Identifier: GPL-3.0-or-later
"""Exports from the manufacturer's Windows program: cells separated by tabs.

Saved again as CSV, it has commas or semicolons.  The time is a fraction of a day since the
first record, with eight decimals; there is no date.  The header has 17 names; frequency and
apparent power may follow without one.  ``Avg Kwh`` is WH/Mo in kWh.  Decimals have a comma if
Windows was set to it.  The byte 0x1A ends the file.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Final

import numpy as np

from wattui.formats.export_job import Dialect, ExportJob, decimal_text
from wattui.formats.file_format import Format, Missing
from wattui.formats.reading.block import ABSENT, Block, Integers
from wattui.formats.reading.source import Assumptions, Head, Source, read_head
from wattui.formats.reading.text_table import (
    DIGITS,
    BrokenLine,
    Column,
    Holds,
    Layout,
    field_columns,
    integer,
    read_table,
)
from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.measurement.fields import FIELD_INDEX

_NAMES: Final = (
    *("Time", "Watts", "Volts", "Amps", "WattHrs", "Cost", "Avg Kwh", "Mo Cost"),
    *("Max Wts", "Max Vlt", "Max Amp", "Min Wts", "Min Vlt", "Min Amp"),
    *("Pwr Fct", "Dty Cyc", "Pwr Cyc"),
)

_DAY: Final = 86_400 * MICROSECONDS
#: Decimals of a time, and half of their resolution: times are rounded to whole seconds, 1/86400.
_TIME_DIGITS: Final = 8
_HALF_STEP: Final = 440

_RATIOS: Final = (FIELD_INDEX["power_factor"], FIELD_INDEX["duty_cycle"])
_MONTH: Final = FIELD_INDEX["energy_per_month"]

#: Decimals of each value; of power factor and duty cycle if they are ratios.
_DIGITS: Final = tuple(3 if index == _MONTH else digits for index, digits in enumerate(DIGITS))

#: Bytes at the end in which the last record is searched for.
_TAIL: Final = 4_096


#: Between cells: a tab, or what it becomes if the file is saved as CSV.
_SIGNS: Final = ("\t", ",", ";")


def _is_header(line: str) -> bool:
    return bool(_sign_of(line))


def _sign_of(line: str) -> str:
    """Return the sign between the cells of a header; empty if the line is none."""
    for sign in _SIGNS:
        cells = [cell.strip('" ').lower() for cell in line.split(sign)]
        if cells[:3] == ["time", "watts", "volts"]:
            return sign
    return ""


def _recognises(head: Head) -> bool:
    if any(_is_header(line) for line in head.lines[:5]):
        return True
    rows = [line.split("\t") for line in head.lines[:5]]
    return bool(rows) and all(16 <= len(row) <= 20 for row in rows) and "\t0" in head.lines[0]


def _times(fraction: Integers) -> Integers:
    """Return times in microseconds; a whole second if it is one within eight decimals."""
    time = np.rint(fraction * (_DAY / 10**_TIME_DIGITS)).astype(np.int64)
    rest = (time + _HALF_STEP) % MICROSECONDS
    snapped: Integers = np.where(rest <= 2 * _HALF_STEP, time - rest + _HALF_STEP, time)
    return snapped


def _times_of(lines: Sequence[str], sign: str, point: str) -> Integers:
    """Return the times of those lines that begin with one, in microseconds."""
    found = []
    for line in lines:
        try:
            found.append(integer(line.split(sign)[0].replace(point, "."), _TIME_DIGITS))
        except BrokenLine:
            continue
    return _times(np.array([one for one in found if one != ABSENT], np.int64))


def _digits(rows: Sequence[str], sign: str, point: str) -> tuple[int, ...]:
    """Return the decimals of each value: a ratio has a point, a percentage has none."""
    cells = [line.split(sign)[index + 1 : index + 2] for line in rows for index in _RATIOS]
    ratios = any(point in cell for one in cells for cell in one)
    return tuple(
        0 if index in _RATIOS and not ratios else digits for index, digits in enumerate(_DIGITS)
    )


def _cells(text: str, sign: str = "\t") -> Sequence[str] | None:
    text = text.strip("\x1a\0")
    return None if _is_header(text) or not text.strip() else text.rstrip(f"{sign} ").split(sign)


def read(source: Source) -> Iterator[Block]:
    """Yield the records of an export."""
    head = read_head(source.path)
    sign = next(filter(None, map(_sign_of, head.lines[:5])), "\t")
    rows = [line for line in head.lines if sign in line and not _is_header(line)]
    point = "," if sign != "," and any("," in line for line in rows) else "."
    interval = _interval(source.assumptions, rows, sign, point)
    first = source.assumptions.start
    if first is None:
        first = source.written - _last_time(source, sign, point) - interval
        source.note("The file has no date: its last record was taken to be as old as the file")
    columns = [Column(Holds.TIME, _TIME_DIGITS), *field_columns(_digits(rows, sign, point))]
    usual = max((len(_cells(line, sign) or ()) for line in rows[:10]), default=0)
    cells = partial(_cells, sign=sign)
    layout = Layout(columns, sign, cells, min(usual, len(columns)), least=4, point=point)
    for block in read_table(source, layout):
        if block.time is not None:
            block.time = _times(block.time) + (first + interval)
        yield block


def _interval(assumptions: Assumptions, rows: Sequence[str], sign: str, point: str) -> int:
    """Return the usual distance of the first records in microseconds, unless it is given."""
    if assumptions.interval is not None:
        return microseconds(assumptions.interval)
    times = _times_of(rows[:1000], sign, point).tolist()
    steps = [b - a for a, b in pairwise(times) if b > a]
    return round(statistics.median(steps)) if steps else MICROSECONDS


def _last_time(source: Source, sign: str, point: str) -> int:
    """Return the time of the last record, from the end of the file."""
    text = source.end(_TAIL).decode("utf-8", "replace").replace("\0", "")
    lines = text.splitlines()[1:] or text.splitlines()
    times = _times_of([line for line in lines if line.count(sign) >= 3], sign, point)
    return int(times[-1]) if len(times) else 0


def write(job: ExportJob) -> Iterator[str]:
    """Make the text that the manufacturer's program would have written."""
    point = "," if job.dialect == Dialect.SPREADSHEET else "."
    digits = [0 if index in _RATIOS else digits for index, digits in enumerate(_DIGITS)]
    first: int | None = None
    yield "\t".join(_NAMES) + "\r\n"
    for time, _interval, _gap, *fields in job.rows():
        first = time if first is None else first
        fraction = round((time - first) * 10**_TIME_DIGITS / _DAY)
        cells = [decimal_text(fraction, _TIME_DIGITS, point)]
        cells += [decimal_text(v, n, point) for v, n in zip(fields, digits, strict=True)]
        yield "\t".join(cells) + "\r\n"
    yield "\x1a"


FORMAT: Final = Format(
    name="maker",
    title="export from the manufacturer's Windows program",
    suffix=".txt",
    recognises=_recognises,
    read=read,
    write=write,
    dialects=(Dialect.STANDARD, Dialect.SPREADSHEET),
    lacks=frozenset({Missing.START}),
    cannot_hold=(
        "The date: times count from the first record",
        f"Times finer than {_DAY / 10**_TIME_DIGITS / 1000:.3f} ms",
        "Intervals and gaps, which follow from the times",
        "The meter's name, model and firmware; marks, spans and notes",
    ),
)
