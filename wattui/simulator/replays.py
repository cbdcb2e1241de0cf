# SPDX-License-Identifier: GPL-3.0-or-later
"""Recorded records instead of a load: a raw capture, or a recording with its gaps.

Modules that can read recordings register here: see :func:`add_source`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wattui.measurement.fields import WireValue
from wattui.protocol import Framer, LoggingMode
from wattui.protocol.replies import parse_record
from wattui.simulator.line import record_line


class CaptureReplay:
    """The records of a capture, byte for byte, in order.

    It advances only when a record is sent, so that external logging always starts with
    the first record.  The memory logs the next record to be sent.  After the last record
    there are no others, unless *loop* is set.
    """

    def __init__(
        self, records: list[tuple[str, ...]], *, loop: bool = False, rewind: bool = False
    ) -> None:
        if not records:
            raise ValueError("no record to replay")
        self._records = records
        self._loop = loop
        self._rewind = rewind
        self._position = 0

    @classmethod
    def from_file(cls, path: Path, *, loop: bool = False, rewind: bool = False) -> CaptureReplay:
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
                for packet in framer.decode(chunk):
                    if packet.command == "d" and parse_record(packet.args) is not None:
                        records.append(packet.args)
        if not records:
            raise ValueError(f"there is no record in {path}")
        return cls(records, loop=loop, rewind=rewind)

    def opened(self) -> None:
        """React to a client that opens the port."""
        if self._rewind:
            self._position = 0

    def started(self, _meter: object) -> None:
        """React to the start of external logging: the meter calls :meth:`next`."""

    def next(self) -> tuple[str, ...] | None:
        """Return the fields of the next record, or None after the last."""
        if self._position >= len(self._records):
            if not self._loop:
                return None
            self._position = 0
        self._position += 1
        return self._records[self._position - 1]

    @property
    def values(self) -> tuple[WireValue, ...]:
        """The next record, as integers."""
        values = parse_record(self._records[min(self._position, len(self._records) - 1)])
        assert values is not None, "every record was parsed before"
        return values


@dataclass(frozen=True, slots=True)
class TimedRecord:
    """A record, and how long after the previous one it is sent."""

    #: Seconds; for the first record, since the beginning.
    delay: float
    values: tuple[WireValue, ...]


class Player(Protocol):
    """The part of the meter that a replay needs."""

    mode: LoggingMode
    linked: bool

    def at(self, delay: float, action: Callable[[], None]) -> None:
        """Run an action after *delay* seconds of the meter's time."""

    def send(self, text: str) -> None:
        """Send a packet."""


class TimedReplay:
    """The records of one meter of a recording.

    It begins when external logging is started.  It stops while no client is connected, so
    that no record is lost.

    Parameters
    ----------
    open_records
        Returns the records from the first one on.
    loop, rewind
        Whether it starts again after the last record, and whenever the port is opened.
    """

    def __init__(
        self,
        open_records: Callable[[], Iterator[TimedRecord]],
        *,
        loop: bool = False,
        rewind: bool = False,
    ) -> None:
        self._open = open_records
        self._loop = loop
        self._rewind = rewind
        self._records = open_records()
        self._next = next(self._records, None)
        if self._next is None:
            raise ValueError("no record to replay")
        self._last: tuple[WireValue, ...] = self._next.values
        # Counts the starts: a record that was due after an earlier start is not sent.
        self._turn = 0
        self._ended: float | None = None

    def opened(self) -> None:
        """React to a client that opens the port."""
        if self._rewind:
            self._begin()

    def next(self) -> None:
        """Return no record: the records are sent at their own times."""

    @property
    def values(self) -> tuple[WireValue, ...]:
        """The record that was sent last, as integers."""
        return self._last

    def over_for(self) -> float:
        """Return the real seconds since the last record was sent; 0 before that."""
        ended = self._ended
        return 0.0 if ended is None else time.monotonic() - ended

    def started(self, player: Player) -> None:
        """Continue to send records, since external logging was started."""
        self._turn += 1
        self._schedule(player)

    def _schedule(self, player: Player) -> None:
        record, turn = self._next, self._turn
        if record is not None:
            player.at(record.delay, lambda: self._send(player, record, turn))

    def _send(self, player: Player, record: TimedRecord, turn: int) -> None:
        if turn != self._turn or player.mode is not LoggingMode.EXTERNAL or not player.linked:
            return  # continues with this record when logging is started again
        player.send(record_line(record.values, len(record.values)))
        self._last = record.values
        self._next = next(self._records, None)
        if self._next is None and self._loop:
            self._begin()
        if self._next is None:
            self._ended = time.monotonic()
        self._schedule(player)

    def _begin(self) -> None:
        self._records = self._open()
        self._next = next(self._records, None)
        self._ended = None
        self._turn += 1


#: Either kind of replay.
Replay = CaptureReplay | TimedReplay


@dataclass(frozen=True, slots=True)
class ReplayRequest:
    """The replay that a ``sim://`` URL describes."""

    path: Path
    #: Number of the meter in the recording, from 1.
    meter: int = 1
    loop: bool = False
    rewind: bool = False


#: Opens a recording; returns None if it cannot read such files.  Raises ValueError.
OpenReplay = Callable[[ReplayRequest], TimedReplay | None]

_sources: list[OpenReplay] = []


def add_source(source: OpenReplay) -> None:
    """Register a function that opens recordings; registering it again does nothing."""
    if source not in _sources:
        _sources.append(source)


def open_replay(request: ReplayRequest) -> TimedReplay | None:
    """Open a recording; None if no registered source can read such a file.

    Raises
    ------
    ValueError
        A source recognizes it, but cannot read it.
    """
    return next((found for source in _sources if (found := source(request)) is not None), None)
