# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets out of a stream of bytes, whatever else is in that stream.

A packet is ``#C,S,N,a1,...,aN;`` (protocol, *Line and framing*).  A ``#`` always
starts a new one.  What stands outside of packets is skipped and counted: the
power-on banner, diagnostic text (which may hold semicolons), noise.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

#: Longest packet that is taken.  The longest real one, the calibration factors of
#: ``#f``, has 48 arguments and stays well below.
MAX_PACKET: Final = 1024

#: How many lines of text from outside of packets are kept for whoever asks.
MAX_TEXTS: Final = 16
_MAX_TEXT: Final = 200

#: CR, LF, TAB, NUL and the like are ignored wherever they stand.
_CONTROL: Final = bytes(range(0x20)) + b"\x7f"


class Packet(NamedTuple):
    """One packet: the command letter, the subcommand and the arguments."""

    command: str
    subcommand: str
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        return encode(self).decode("ascii")


def encode(packet: Packet) -> bytes:
    """Give the bytes of a packet, without a line end."""
    parts = (packet.command, packet.subcommand, str(len(packet.args)), *packet.args)
    return f"#{','.join(parts)};".encode("ascii")


@dataclass(slots=True)
class FramerCounts:
    """What a framer has seen and dropped since it was made."""

    #: Bytes that came in.
    bytes: int = 0
    #: Packets that were handed out.
    packets: int = 0
    #: Bytes that belong to no packet: text, noise, remains of dropped packets.
    #: Control characters and what is still waiting for its end do not count.
    skipped_bytes: int = 0
    #: Packets that a ``#`` or the end of the patience cut off before their ``;``.
    cut: int = 0
    #: Packets whose count of arguments is not what they say it is.
    wrong_count: int = 0
    #: Packets that are none on a closer look.
    malformed: int = 0

    @property
    def dropped(self) -> int:
        """Packets that were begun and could not be taken."""
        return self.cut + self.wrong_count + self.malformed

    def __str__(self) -> str:
        return (
            f"{self.packets} packets, {self.dropped} dropped ({self.cut} cut off, "
            f"{self.wrong_count} with a wrong count, {self.malformed} malformed), "
            f"{self.skipped_bytes} bytes skipped"
        )


class Framer:
    """Cuts packets out of a stream; bounded in memory, never raises.

    Any division of the same bytes into calls of :meth:`feed` gives the same packets.
    """

    def __init__(self) -> None:
        self.counts = FramerCounts()
        self._rest = b""
        # The rest began with a '#' and grew too long: skip to the next '#' or ';'.
        self._overlong = False
        self._texts: deque[str] = deque(maxlen=MAX_TEXTS)
        self._text = b""

    def feed(self, data: bytes) -> list[Packet]:
        """Take the next bytes of the stream and give the packets that they complete."""
        counts = self.counts
        counts.bytes += len(data)
        *segments, rest = (self._rest + data.translate(None, _CONTROL)).split(b";")
        packets: list[Packet] = []
        for segment in segments:
            packet = self._close(segment)
            if packet is not None:
                packets.append(packet)
                counts.packets += 1
        self._keep(rest)
        return packets

    def reset(self) -> None:
        """Forget a packet that has begun: what comes next is another stream."""
        if self._rest:
            self.counts.cut += 1
            self.counts.skipped_bytes += len(self._rest)
        self._rest = b""
        self._overlong = False
        self._text = b""

    def take_texts(self) -> list[str]:
        """Give the texts that stood outside of packets, oldest first, and forget them.

        At most the last sixteen are kept, of 200 characters each.
        """
        if self._text.strip():
            self._end_text()
        texts = list(self._texts)
        self._texts.clear()
        return texts

    def _close(self, segment: bytes) -> Packet | None:
        """Take what came before a ``;``: at most one packet, at its end."""
        start = segment.rfind(b"#")
        if start < 0:
            self._skip(segment + b";")
            self._end_text()
            self._overlong = False
            return None
        if start:
            self._skip_before(segment, start)
        self._overlong = False
        return self._cut(segment[start + 1 :])

    def _skip_before(self, segment: bytes, start: int) -> None:
        """Count what stands before the last ``#`` of a segment."""
        before = segment[:start]
        text, mark, cut_packets = before.partition(b"#")
        self._skip(text)
        if mark:
            self.counts.cut += before.count(b"#")
            self.counts.skipped_bytes += len(cut_packets) + 1
        self._end_text()

    def _cut(self, body: bytes) -> Packet | None:
        """Make a packet of what stands between ``#`` and ``;``."""
        counts = self.counts
        size = len(body) + 2
        if size <= MAX_PACKET and body.isascii():
            parts = body.decode("ascii").split(",")
            if len(parts) >= 3 and _is_letter(parts[0]) and _is_subcommand(parts[1]):
                args = parts[3:]
                if args == [""]:  # "#V,R,0,;" is sent by some programs
                    args = []
                if parts[2] == str(len(args)) or _number(parts[2]) == len(args):
                    return Packet(parts[0], parts[1], tuple(args))
                counts.wrong_count += 1
                counts.skipped_bytes += size
                return None
        counts.malformed += 1
        counts.skipped_bytes += size
        return None

    def _keep(self, rest: bytes) -> None:
        """Keep what has not come to its ``;`` yet, as far as it can matter."""
        start = rest.rfind(b"#")
        if start > 0:
            self._skip_before(rest, start)
            rest = rest[start:]
        if start >= 0:
            self._overlong = False
            if len(rest) > MAX_PACKET:
                self.counts.cut += 1
                self.counts.skipped_bytes += len(rest)
                self._overlong = True
                rest = b""
        elif rest:
            self._skip(rest)
            rest = b""
        self._rest = rest

    def _skip(self, text: bytes) -> None:
        self.counts.skipped_bytes += len(text)
        if not self._overlong and len(self._text) < _MAX_TEXT:
            self._text = (self._text + text)[:_MAX_TEXT]

    def _end_text(self) -> None:
        text = self._text.strip().decode("ascii", "backslashreplace")
        self._text = b""
        if text:
            self._texts.append(text)


def _is_letter(part: str) -> bool:
    return len(part) == 1 and part.isalpha()


def _is_subcommand(part: str) -> bool:
    return part == "-" or _is_letter(part)


def _number(part: str) -> int | None:
    # int() alone would take "1_8" and " 18"; at most 48 arguments are ever announced.
    return int(part) if part.isdigit() and len(part) <= 3 else None


def decode_all(data: bytes) -> Sequence[Packet]:
    """Give all packets of a finished stream; for captures and tests."""
    return Framer().feed(data)
