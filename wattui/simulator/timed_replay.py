# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording as the load: its records with the distances that they had, gaps and all.

Where the records come from is said by whoever knows the files: see :func:`add_source`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from wattui.measurement.fields import WireValue
from wattui.protocol import LoggingMode


@dataclass(frozen=True, slots=True)
class TimedRecord:
    """A record, and how long after the one before it comes."""

    #: Seconds; of the first record, since the beginning.
    delay: float
    values: tuple[WireValue, ...]


class Player(Protocol):
    """The meter that sends the records: what a replay needs of it."""

    mode: LoggingMode
    linked: bool

    def at(self, delay: float, action: Callable[[], None]) -> None:
        """Have something done in so many seconds of the meter's time."""

    def send(self, text: str) -> None:
        """Send a packet."""


class TimedReplay:
    """The records of one meter of a recording.

    It begins when external logging is started.  While nobody listens it stands still,
    so that no record is lost.

    Parameters
    ----------
    open_records
        Gives the records from the first on.
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
        # Counts the appointments with the meter: an earlier one is void.
        self._turn = 0
        self._ended: float | None = None

    def opened(self) -> None:
        """Notice that a client has opened the port."""
        if self._rewind:
            self._begin()

    def next(self) -> None:
        """Give no record when the meter asks for one: they come at their own times."""

    @property
    def values(self) -> tuple[WireValue, ...]:
        """The record at which it stands, as integers."""
        return self._last

    def over_for(self) -> float:
        """Give for how many seconds, really, the last record has been sent; 0 before."""
        ended = self._ended
        return 0.0 if ended is None else time.monotonic() - ended

    def started(self, player: Player) -> None:
        """Go on sending: external logging was started."""
        self._turn += 1
        self._appoint(player)

    def _appoint(self, player: Player) -> None:
        record, turn = self._next, self._turn
        if record is not None:
            player.at(record.delay, lambda: self._send(player, record, turn))

    def _send(self, player: Player, record: TimedRecord, turn: int) -> None:
        if turn != self._turn or player.mode is not LoggingMode.EXTERNAL or not player.linked:
            return  # goes on with this record when logging is started again
        values = record.values
        words = ("_" if value is None else str(value) for value in values)
        player.send(f"#d,-,{len(values)},{','.join(words)};")
        self._last = values
        self._next = next(self._records, None)
        if self._next is None and self._loop:
            self._begin()
        if self._next is None:
            self._ended = time.monotonic()
        self._appoint(player)

    def _begin(self) -> None:
        self._records = self._open()
        self._next = next(self._records, None)
        self._ended = None
        self._turn += 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a ``sim://`` URL says of a replay."""

    path: Path
    #: Number of the meter in the recording, from 1.
    meter: int = 1
    loop: bool = False
    rewind: bool = False


#: Opens a recording; None where it is not one of those that it knows.  Raises ValueError.
OpenReplay = Callable[[Wanted], TimedReplay | None]

_sources: list[OpenReplay] = []


def add_source(source: OpenReplay) -> None:
    """Have *source* tried for whatever ``replay=`` names; adding it again does nothing."""
    if source not in _sources:
        _sources.append(source)


def open_replay(wanted: Wanted) -> TimedReplay | None:
    """Give the replay of a recording; None where no source knows such a file.

    Raises
    ------
    ValueError
        It is known, and cannot be read.
    """
    return next((found for source in _sources if (found := source(wanted)) is not None), None)
