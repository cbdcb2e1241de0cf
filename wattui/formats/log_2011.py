# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of ``wattsup.py`` (2011), its copies and its successors.

``2016-11-09 13:24:18.123456 17 42.3 119.8 0.361``: local time without a zone, without
microseconds if they are 0; seconds since the start; W, V, A.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from wattui.formats.export_job import ExportJob, field_text, local_text
from wattui.formats.file_format import Format, Missing
from wattui.formats.reading.block import Block
from wattui.formats.reading.local_times import LOCAL_TIME, LocalTimes, days_since_1970
from wattui.formats.reading.source import Head, Source
from wattui.formats.reading.text_table import (
    DIGITS,
    Column,
    Holds,
    Layout,
    field_column,
    read_table,
)
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELD_INDEX, WIRE_MAXIMUM

_LINE: Final = re.compile(rf"\s*{LOCAL_TIME.pattern}\s+[0-9.]+(\s+([0-9.]+|nan)){{3}}\s*")

#: The fields of a line, in its order.
_FIELDS: Final = tuple(FIELD_INDEX[name] for name in ("power", "voltage", "current"))

_COLUMNS: Final = (
    Column(Holds.DATE),
    Column(Holds.LOCAL_TIME),
    Column(Holds.ELAPSED, 6),
    *(field_column(index, DIGITS[index]) for index in _FIELDS),
)

#: What is left of a usual line without its digits, and those runs of digits between the
#: signs that always have the same length.
_SIGNS: Final = b"-- ::.  . . .\n"
_FIXED: Final = (0, 1, 2, 3, 4, 5, 6, 9, 11, 13)
_WIDTHS: Final = (4, 2, 2, 2, 2, 2, 6, 1, 1, 3)
_DIGITS_ONLY: Final = bytes(sign if chr(sign) in "0123456789" else ord(" ") for sign in range(256))


def _recognises(head: Head) -> bool:
    return any(_LINE.fullmatch(line) for line in head.data_lines()[:20])


def _cells(text: str) -> Sequence[str] | None:
    return None if text.startswith("#") else text.split()


def read(source: Source) -> Iterator[Block]:
    """Yield the records of a log."""
    layout = Layout(_COLUMNS, None, _cells, fast=read_usual)
    return LocalTimes(source.zone).converted(read_table(source, layout))


def read_usual(lines: Sequence[str]) -> Block:
    """Read lines as ``wattsup.py`` itself writes them, in half the time of a table of text.

    The signs between their digits are always the same, and so is the number of decimals:
    without the points they are lines of integers.

    Raises
    ------
    ValueError
        One of them is different.
    """
    text = ("\n".join(lines) + "\n").encode("ascii")
    if text.translate(None, b"0123456789") != _SIGNS * len(lines):
        raise ValueError("other signs")
    ends = np.flatnonzero(np.frombuffer(text, np.uint8) - ord("0") > 9)
    widths = np.diff(ends, prepend=-1).reshape(len(lines), -1) - 1
    if (widths < 1).any() or (widths > 9).any() or (widths[:, _FIXED] != _WIDTHS).any():
        raise ValueError("other numbers of digits")
    numbers = np.fromstring(text.translate(_DIGITS_ONLY), np.int64, sep=" ")
    *date, hour, minute, second, micro, count, watts, tenth_w, volts, tenth_v, amps, milli = (
        numbers.reshape(len(lines), -1).T
    )
    if not ((hour < 24) & (minute < 60) & (second < 60)).all():
        raise ValueError("not a time of day")
    seconds = ((days_since_1970(*date) * 24 + hour) * 60 + minute) * 60 + second
    values = (watts * 10 + tenth_w, volts * 10 + tenth_v, amps * 1000 + milli)
    if max(column.max() for column in values) > WIRE_MAXIMUM:
        raise ValueError("a value is out of range")
    columns = dict(zip(_FIELDS, values, strict=True))
    return Block("", columns, seconds * MICROSECONDS + micro, elapsed=count * MICROSECONDS)


def write(job: ExportJob) -> Iterator[str]:
    """Make the text of such a log."""
    origin: int | None = None
    for time, interval, _gap, *fields in job.rows():
        origin = time - interval if origin is None else origin
        values = " ".join(field_text(index, fields[index]) or "nan" for index in _FIELDS)
        elapsed = round((time - origin) / MICROSECONDS)
        yield f"{local_text(time, job.zone)} {elapsed} {values}\n"


FORMAT: Final = Format(
    name="2011-log",
    title="log from wattsup.py (2011)",
    suffix=".log",
    recognises=_recognises,
    read=read,
    write=write,
    lacks=frozenset({Missing.ZONE}),
    cannot_hold=(
        "Any field except power, voltage and current",
        "The time zone: one hour per year is written twice",
        "Intervals and gaps, which follow from the times",
        "The meter's name, model and firmware; marks, spans and notes",
    ),
)
