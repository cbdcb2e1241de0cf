# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of ``wattsup.py`` (2011), its copies and its successors.

``2016-11-09 13:24:18.123456 17 42.3 119.8 0.361``: local time without a zone, without
microseconds where they were 0; seconds since the start; W, V, A.  The numbers after the
time are separated by blanks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final

from wattui.formats.log_lines import read_plain
from wattui.formats.reading.block import Block, Format
from wattui.formats.reading.local_times import LocalTimes, parse_local
from wattui.formats.reading.source import Head, Source
from wattui.formats.reading.text_table import DIGITS, BrokenLine, Row, exact
from wattui.formats.text_writer import SampleRow, field_text, local_text, seconds, write_lines
from wattui.measurement.fields import FIELD_INDEX
from wattui.session import Session, SessionMeter

_LINE: Final = re.compile(
    r"\s*(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?)\s+([0-9.]+)"
    r"\s+([0-9.]+|nan)\s+([0-9.]+|nan)\s+([0-9.]+|nan)\s*"
)

#: The fields of a line, in its order.
_FIELDS: Final = tuple(FIELD_INDEX[name] for name in ("power", "voltage", "current"))


def _recognises(head: Head) -> bool:
    return any(_LINE.fullmatch(line) for line in head.data_lines()[:20])


def _read_line(text: str) -> Row | None:
    if text.startswith("#"):
        return None
    match = _LINE.fullmatch(text)
    if match is None:
        raise BrokenLine("no time and four numbers")
    try:
        time = parse_local(match[1])
    except ValueError:
        raise BrokenLine(f"{match[1]!r} is no time") from None
    exact(match[2], 6)
    cells = zip(_FIELDS, match.groups()[2:], strict=True)
    return Row({index: exact(cell, DIGITS[index]) for index, cell in cells}, time)


def read(source: Source) -> Iterator[Block]:
    """Give the records of a log."""
    times = LocalTimes(source.zone)
    for block in read_plain(source, _read_line):
        if block.time is not None:
            block.time = times.to_utc(block.time)
        yield block


def write(session: Session, path: Path | str, *, zone: tzinfo | None = None, **options: Any) -> int:
    """Write a session as such a log: see :func:`write_lines` for the options."""

    def lines(_meter: SessionMeter, chunks: Iterable[Sequence[SampleRow]]) -> Iterator[str]:
        origin: int | None = None
        for rows in chunks:
            for time, interval, _gap, *fields in rows:
                origin = time - interval if origin is None else origin
                values = (field_text(index, fields[index]) or "nan" for index in _FIELDS)
                elapsed = round(seconds(time - origin))
                yield f"{local_text(time, zone)} {elapsed} {' '.join(values)}\n"

    return write_lines(session, path, lines, **options)


FORMAT: Final = Format(
    name="log-2011",
    title="log of wattsup.py (2011)",
    suffix=".log",
    recognises=_recognises,
    read=read,
    write=write,
    lacks=frozenset({"zone"}),
    cannot_hold=(
        "Only power, voltage and current",
        "Local times without a zone: one hour a year is written twice",
        "Intervals and gaps, which follow from the times",
        "The meter's name, model and firmware; marks and notes",
    ),
)
