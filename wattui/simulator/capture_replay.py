# SPDX-License-Identifier: GPL-3.0-or-later
"""A capture of a real meter as the load: its records as they are, one an interval."""

from __future__ import annotations

from pathlib import Path

from wattui.measurement.fields import WireValue
from wattui.protocol import Framer
from wattui.protocol.replies import parse_record
from wattui.simulator.timed_replay import TimedReplay


class Replay:
    """The records of a capture, byte for byte, in order.

    It moves on only when a record is sent, so the first one goes to whoever starts
    external logging, however late; what is logged into the memory is the record at
    which it stands.  After the last one there are no more, unless *loop* is set.
    """

    def __init__(
        self, records: list[tuple[str, ...]], *, loop: bool = False, rewind: bool = False
    ) -> None:
        if not records:
            raise ValueError("no record to replay")
        self._records = records
        self._loop = loop
        self._rewind = rewind
        #: How many of them have been sent, of this round.
        self.position = 0

    @classmethod
    def from_file(cls, path: Path, *, loop: bool = False, rewind: bool = False) -> Replay:
        """Read a raw capture: the bytes of the wire.

        Raises
        ------
        ValueError
            There is no record in it.
        OSError
            It cannot be read.
        """
        framer = Framer()
        records: list[tuple[str, ...]] = []
        with path.open("rb") as file:
            while chunk := file.read(1 << 16):
                for packet in framer.feed(chunk):
                    if packet.command == "d" and parse_record(packet.args) is not None:
                        records.append(packet.args)
        if not records:
            raise ValueError(f"there is no record in {path}")
        return cls(records, loop=loop, rewind=rewind)

    def __len__(self) -> int:
        return len(self._records)

    def opened(self) -> None:
        """Notice that a client has opened the port."""
        if self._rewind:
            self.position = 0

    def started(self, _meter: object) -> None:
        """Notice that external logging was started: records are asked for by :meth:`next`."""

    def next(self) -> tuple[str, ...] | None:
        """Give the fields of the next record, or None after the last."""
        if self.position >= len(self._records):
            if not self._loop:
                return None
            self.position = 0
        self.position += 1
        return self._records[self.position - 1]

    @property
    def values(self) -> tuple[WireValue, ...]:
        """The record at which it stands, as integers."""
        values = parse_record(self._records[min(self.position, len(self._records) - 1)])
        assert values is not None, "only records were kept"
        return values


#: Either kind of replay.
AnyReplay = Replay | TimedReplay
