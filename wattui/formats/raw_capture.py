# SPDX-License-Identifier: GPL-3.0-or-later
"""A raw capture: the bytes of the wire, without times.

As ``wattui log --raw`` and the ``-r`` of the old scripts write it.  Whatever else the
wire carried is skipped; a packet that was cut off is counted as a broken one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from wattui.formats.reading.block import ABSENT, Block, Format
from wattui.formats.reading.source import Head, Source
from wattui.formats.text_writer import SampleRow, write_lines
from wattui.measurement.fields import FIELD_COUNT, WireValue
from wattui.protocol import Framer, Record
from wattui.session import Session, SessionMeter

_PACKET: Final = re.compile(rb"#[A-Za-z],[-A-Za-z],\d{1,2},")
_RECORD: Final = re.compile(rb"#d,-,1[0-9],")


def _recognises(head: Head) -> bool:
    # A record's beginning may be cut off, and a read-out begins with other packets.
    return _RECORD.search(head.raw) is not None or len(_PACKET.findall(head.raw)) > 1


def record_block(rows: Sequence[Sequence[WireValue]], meter: str = "") -> Block:
    """Make a block of records as the wire has them."""
    table = np.array(rows, dtype=np.float64).reshape(len(rows), -1)
    absent = np.isnan(table)
    # Four bytes fit exactly into a float.
    whole = np.where(absent, ABSENT, np.where(absent, 0, table).astype(np.int64))
    return Block(
        meter,
        {
            index: np.ascontiguousarray(whole[:, index])
            for index in range(whole.shape[1])
            if not absent[:, index].all()
        },
    )


def read(source: Source) -> Iterator[Block]:
    """Give the records of a capture."""
    return read_packets(source, source.blocks())


def read_packets(source: Source, stream: Iterable[bytes]) -> Iterator[Block]:
    """Give the records of a stream of packets."""
    framer = Framer()
    wrong = 0
    for data in stream:
        replies = framer.feed_replies(data)
        rows = [reply.values for reply in replies if isinstance(reply, Record)]
        wrong += sum(type(reply).__name__ == "Malformed" for reply in replies)
        if rows:
            yield record_block(rows)
    framer.reset()
    dropped = framer.counts.dropped + wrong
    if dropped:
        source.skip(0, f"{dropped} cut off or damaged")


def write(session: Session, path: Path | str, **options: Any) -> int:
    """Write a session as the bytes that the wire carried: see :func:`write_lines`."""

    def lines(_meter: SessionMeter, chunks: Iterable[Sequence[SampleRow]]) -> Iterator[str]:
        for rows in chunks:
            for row in rows:
                values = ("_" if value is None else str(value) for value in row[3:])
                yield f"#d,-,{FIELD_COUNT},{','.join(values)};\r\n"

    return write_lines(session, path, lines, **options)


FORMAT: Final = Format(
    name="raw",
    title="raw capture",
    suffix=".raw",
    recognises=_recognises,
    read=read,
    write=write,
    lacks=frozenset({"start", "interval"}),
    cannot_hold=(
        "Times, intervals and gaps",
        "The meter's name, model and firmware; marks and notes",
    ),
)
