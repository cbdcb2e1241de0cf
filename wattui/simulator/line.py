# SPDX-License-Identifier: GPL-3.0-or-later
"""The wire from the meter to the computer, with the speed of its baud rate.

Everything that the meter sends goes through one :class:`Line`: line ends with the
stray NULs of real meters, pacing by the baud rate, and the faults of a line.
A line is handed over whole, once the wire has carried it: a USB adapter collects what
comes, and there are programs that take one read for one record.  The fault ``pieces``
hands it over byte by byte.
Times are seconds of the meter's monotonic clock, passed in by the caller.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

from wattui.measurement.fields import WireValue
from wattui.simulator.faults import Fault, Faults

#: Share of the line ends with a NUL before the CR, and before the LF (seen).
_NUL_BEFORE_CR: Final = 0.037
_NUL_BEFORE_LF: Final = 0.066

#: Bits of one byte on the wire: start, eight, stop.
_BITS: Final = 10

#: One step of a read-out: bytes, or seconds of silence.
Step = bytes | float


def record_line(values: Sequence[WireValue], fields: int) -> str:
    """Return the packet of a record: its first *fields* values, ``_`` for one without."""
    values = values[:fields]
    texts = ("_" if value is None else str(value) for value in values)
    return f"#d,-,{len(values)},{','.join(texts)};"


class Line:
    """Bytes that wait to be sent, and how many of them have been sent by now."""

    def __init__(self, baudrate: int, faults: Faults, seed: int = 0) -> None:
        self.baudrate = baudrate
        self._faults = faults
        self._random = random.Random(seed)
        # When each chunk was handed over, and its bytes.
        self._chunks: deque[tuple[float, bytes]] = deque()
        self._current = b""
        self._bulk: Iterator[Step] | None = None
        # The time until which the wire has been in use.
        self._time = 0.0
        self._cut_next = False
        self._waiting = 0
        #: Bytes sent since the meter was made.
        self.sent = 0

    @property
    def waiting(self) -> int:
        """Bytes that wait to be sent, except for those of a read-out."""
        return self._waiting + len(self._current)

    @property
    def carried_at(self) -> float:
        """When the wire had carried the last byte that was taken."""
        return self._time

    @property
    def busy(self) -> bool:
        """Whether anything waits to be sent."""
        return bool(self._current or self._chunks or self._bulk)

    @property
    def reading_out(self) -> bool:
        """Whether a read-out is being sent."""
        return self._bulk is not None

    def send(self, now: float, data: bytes) -> None:
        """Send bytes as they are."""
        self._chunks.append((now, data))
        self._waiting += len(data)

    def send_line(self, now: float, text: str) -> None:
        """Send a packet or a line of text, with a line end and the faults."""
        self.send(now, self.dress(text))

    def send_bulk(self, now: float, steps: Iterator[Step]) -> None:
        """Send a read-out, made while it is sent; it replaces one that is being sent."""
        if not self.busy:
            self._time = max(self._time, now)
        self._bulk = steps

    def drop(self) -> None:
        """Drop everything that waits to be sent, including the rest of a packet."""
        self._chunks.clear()
        self._current = b""
        self._waiting = 0
        self._bulk = None

    def cut_next(self) -> None:
        """Cut off the beginning of the next packet."""
        self._cut_next = True

    def dress(self, text: str) -> bytes:
        """Return a line as it goes over the wire: line end, stray NULs, faults."""
        chance = self._random.random()
        end = b"\r\n"
        if chance < _NUL_BEFORE_LF:
            end = b"\0\r\n" if chance < _NUL_BEFORE_CR else b"\r\0\n"
        data = text.encode("ascii", "replace") + end
        return self._spoil(data) if self._faults.lasting or self._cut_next else data

    def _spoil(self, data: bytes) -> bytes:
        faults, chance = self._faults, self._random.random
        if self._cut_next:
            self._cut_next = False
            data = data[self._random.randint(1, max(len(data) - 4, 1)) :]
        if Fault.NUL in faults and chance() < faults.value(Fault.NUL):
            place = self._random.randint(0, len(data))
            data = data[:place] + b"\0" + data[place:]
        if Fault.GARBAGE in faults and chance() < faults.value(Fault.GARBAGE):
            place = self._random.randrange(len(data))
            data = data[:place] + self._random.randbytes(3) + data[place + 3 :]
        if Fault.NOISE in faults and chance() < faults.value(Fault.NOISE):
            # Noise may look like anything except the beginning or the end of a packet.
            data += self._random.randbytes(12).translate(None, b"#;")
        return data

    def take(self, now: float, limit: int) -> bytes:
        """Return what the wire has carried by *now*, at most *limit* bytes."""
        rate = self.baudrate / _BITS
        out = bytearray()
        while len(out) < limit:
            if not self._current and not self._next(now):
                break
            # A millionth of a byte: sums of times fall short by less.
            room = min(int((now - self._time) * rate + 1e-6), limit - len(out))
            whole = Fault.PIECES not in self._faults and (out or len(self._current) <= limit)
            if room <= 0 or (whole and room < len(self._current)):
                break
            piece, self._current = self._current[:room], self._current[room:]
            out += piece
            self._time += len(piece) / rate
        self.sent += len(out)
        return bytes(out)

    def _next(self, now: float) -> bool:
        """Make the next chunk the current one; False if there is none by *now*."""
        if self._chunks:
            ready, self._current = self._chunks.popleft()
            self._waiting -= len(self._current)
            self._time = max(self._time, ready)
            return True
        while self._bulk is not None and self._time <= now:
            step = next(self._bulk, None)
            if step is None:
                self._bulk = None
            elif isinstance(step, bytes):
                self._current = step
                return True
            else:
                self._time += step
        return False

    def seconds_to_output(self, now: float) -> float | None:
        """Return how long the next byte takes; None if nothing waits."""
        if not self.busy:
            return None
        start, following = self._time, self._current
        if not self._current and self._chunks:
            ready, following = self._chunks[0]
            start = max(start, ready)
        count = 1 if Fault.PIECES in self._faults else max(len(following), 1)
        return max(start + count * _BITS / self.baudrate - now, 0.0)
