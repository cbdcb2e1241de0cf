# SPDX-License-Identifier: GPL-3.0-or-later
"""A raw capture: the bytes of the wire, without times.

As ``wattui log --raw`` and the ``-r`` of the old scripts write it.  Everything else on the wire
is skipped; an incomplete packet is counted as broken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from wattui.formats.export_job import ExportJob
from wattui.formats.file_format import Format, Missing
from wattui.formats.reading.block import ABSENT, Block, Row, blocks_of_rows
from wattui.formats.reading.source import Head, Source
from wattui.measurement.fields import FIELD_COUNT
from wattui.protocol import Framer, Malformed, Record

_PACKET: Final = re.compile(rb"#[A-Za-z],[-A-Za-z],\d{1,2},")
_RECORD: Final = re.compile(rb"#d,-,1[0-9],")


def _recognises(head: Head) -> bool:
    # The beginning of a record may be missing, and a read-out begins with other packets.
    return _RECORD.search(head.raw) is not None or len(_PACKET.findall(head.raw)) > 1


def read(source: Source) -> Iterator[Block]:
    """Yield the records of a capture."""
    return read_packets(source, source.blocks())


def read_packets(source: Source, stream: Iterable[bytes]) -> Iterator[Block]:
    """Yield the records of a stream of packets."""
    framer = Framer()
    damaged = 0
    for data in stream:
        replies = framer.decode_replies(data)
        damaged += sum(isinstance(reply, Malformed) for reply in replies)
        yield from blocks_of_rows(
            Row({i: ABSENT if value is None else value for i, value in enumerate(reply.values)})
            for reply in replies
            if isinstance(reply, Record)
        )
    framer.reset()
    damaged += framer.counts.dropped
    if framer.counts.long_records:
        source.note("Records of more than 18 values; the first 18 of them were read")
    if damaged:
        source.skip(0, f"{damaged} incomplete or damaged")


def write(job: ExportJob) -> Iterator[str]:
    """Make the packets that the wire carried."""
    for row in job.rows():
        values = ",".join("_" if value is None else str(value) for value in row[3:])
        yield f"#d,-,{FIELD_COUNT},{values};\r\n"


FORMAT: Final = Format(
    name="raw",
    title="raw capture",
    suffix=".raw",
    recognises=_recognises,
    read=read,
    write=write,
    lacks=frozenset({Missing.START, Missing.INTERVAL}),
    cannot_hold=(
        "Times, intervals and gaps",
        "The meter's name, model and firmware; marks, spans and notes",
    ),
)
