# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of ``wattsup.py`` (2011), its copies and its successors.

``2016-11-09 13:24:18.123456 17 42.3 119.8 0.361``: local time without a zone, without
microseconds if they are 0; seconds since the start; W, V, A.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from wattui.formats.export_job import ExportJob, field_text, local_text
from wattui.formats.file_format import Format, Missing
from wattui.formats.reading.block import Block
from wattui.formats.reading.local_times import LOCAL_TIME, LocalTimes
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
from wattui.measurement.fields import FIELD_INDEX

_LINE: Final = re.compile(rf"\s*{LOCAL_TIME.pattern}\s+[0-9.]+(\s+([0-9.]+|nan)){{3}}\s*")

#: The fields of a line, in its order.
_FIELDS: Final = tuple(FIELD_INDEX[name] for name in ("power", "voltage", "current"))

_COLUMNS: Final = (
    Column(Holds.DATE),
    Column(Holds.LOCAL_TIME),
    Column(Holds.NUMBER, 6),
    *(field_column(index, DIGITS[index]) for index in _FIELDS),
)


def _recognises(head: Head) -> bool:
    return any(_LINE.fullmatch(line) for line in head.data_lines()[:20])


def _cells(text: str) -> Sequence[str] | None:
    return None if text.startswith("#") else text.split()


def read(source: Source) -> Iterator[Block]:
    """Yield the records of a log."""
    return LocalTimes(source.zone).converted(read_table(source, Layout(_COLUMNS, None, _cells)))


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
    title="log of wattsup.py (2011)",
    suffix=".log",
    recognises=_recognises,
    read=read,
    write=write,
    lacks=frozenset({Missing.ZONE}),
    cannot_hold=(
        "Any field except power, voltage and current",
        "The time zone: one hour per year is written twice",
        "Intervals and gaps, which follow from the times",
        "The meter's name, model and firmware; marks and notes",
    ),
)
