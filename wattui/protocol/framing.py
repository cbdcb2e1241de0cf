# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the packets in a stream of bytes.

A packet is ``#C,S,N,a1,...,aN;`` (protocol, *Line and framing*).  A ``#`` always
starts a new one.  Everything outside of packets is skipped and counted: the power-on
banner, diagnostic text (which may contain semicolons), noise.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from wattui.measurement.fields import FIELD_COUNT
from wattui.protocol.fast_records import clean_records
from wattui.protocol.packet import Packet, encode
from wattui.protocol.replies import Reply, parse

__all__ = ["MAX_PACKET", "MAX_TEXTS", "Framer", "FramerCounts", "Packet", "decode_all", "encode"]

#: Longest packet that is accepted, from ``#`` to ``;``, without control characters.
#: The longest real one, the calibration factors of ``#f``, has 48 arguments and is well
#: below.
MAX_PACKET: Final = 1024

#: Number of lines of text outside of packets that are saved.
MAX_TEXTS: Final = 16
_MAX_TEXT: Final = 200

#: CR, LF, TAB, NUL and the like are ignored everywhere.
_CONTROL: Final = bytes(range(0x20)) + b"\x7f"

# Outside of packets, a line end ends a line of text, so it stays for a while, as LF.
_NO_LINE_END: Final = _CONTROL.translate(None, b"\r\n")
_LINE_ENDS: Final = bytes.maketrans(b"\r", b"\n")

# A block of this many bytes is tried as records only; if that fails, its halves are tried, down
# to about three records.
_BLOCK: Final = 65_536
_SMALL_BLOCK: Final = 256


@dataclass(slots=True)
class FramerCounts:
    """What a framer has received and dropped since it was made."""

    #: Bytes received.
    bytes: int = 0
    #: Packets returned.
    packets: int = 0
    #: Bytes outside of packets: text, noise, remains of dropped packets.  Control
    #: characters and a packet that has not ended yet do not count.
    skipped_bytes: int = 0
    #: Packets cut off by a ``#``, a reset or their excessive length.
    cut: int = 0
    #: Packets with another number of arguments than they announce.
    wrong_count: int = 0
    #: Packets with a wrong form.
    malformed: int = 0
    #: Records of more than 18 values, whose first 18 count.
    long_records: int = 0

    @property
    def dropped(self) -> int:
        """Packets that began and could not be accepted."""
        return self.cut + self.wrong_count + self.malformed

    def __str__(self) -> str:
        return (
            f"{self.packets} packets, {self.dropped} dropped ({self.cut} cut off, "
            f"{self.wrong_count} with a wrong count, {self.malformed} malformed), "
            f"{self.skipped_bytes} bytes skipped"
        )


class Framer:
    """Finds packets in a stream; bounded in memory, never raises.

    However the same bytes are divided into calls of :meth:`decode` and
    :meth:`decode_replies`, they yield the same packets, counts and texts.
    """

    def __init__(self) -> None:
        #: What was received and dropped so far.
        self.counts = FramerCounts()
        # A packet that has begun, with its '#'; empty outside of packets.
        self._rest = b""
        # A packet that has begun is too long: skip to the next '#' or ';'.
        self._overlong = False
        # A line of text that has begun, and those before it.
        self._text = b""
        self._texts: deque[str] = deque(maxlen=MAX_TEXTS)

    def decode(self, data: bytes) -> list[Packet]:
        """Add the next bytes of the stream, and return the packets that they complete."""
        self.counts.bytes += len(data)
        return self._advance(data)

    def decode_replies(self, data: bytes) -> list[Reply]:
        """Add the next bytes of the stream, and return the replies that they complete.

        The same as :func:`~wattui.protocol.replies.parse` of each packet from
        :meth:`decode`, but several times as fast where the bytes are records.
        """
        self.counts.bytes += len(data)
        replies: list[Reply] = []
        start = 0
        while len(data) - start > _BLOCK:
            end = data.rfind(b";", start, start + _BLOCK) + 1 or start + _BLOCK
            self._take(data[start:end], replies)
            start = end
        self._take(data[start:], replies)
        return replies

    def reset(self) -> None:
        """Forget a packet that has begun: the next bytes are another stream."""
        if self._rest:
            self.counts.cut += 1
            self.counts.skipped_bytes += len(self._rest)
        self._rest = b""
        self._overlong = False
        self._end_text()

    def take_texts(self) -> list[str]:
        """Return and forget the lines of text outside of packets, oldest first.

        At most the last sixteen are saved, of 200 characters each.  Of a line that has not
        ended yet, the part that has arrived is returned.
        """
        self._end_text()
        texts = list(self._texts)
        self._texts.clear()
        return texts

    @property
    def held(self) -> int:
        """Bytes in memory: a packet that has begun, and text that was not taken."""
        return len(self._rest) + len(self._text) + sum(map(len, self._texts))

    def _take(self, block: bytes, replies: list[Reply]) -> None:
        """Decode a block the fast way where possible, and otherwise packet by packet."""
        end = block.rfind(b";") + 1
        if end:
            records = clean_records(self._rest + block[:end].translate(None, _CONTROL))
            if records is None:
                middle = block.find(b";", end // 2, end - 1) + 1
                if middle and end > _SMALL_BLOCK:
                    self._take(block[:middle], replies)
                    self._take(block[middle:], replies)
                else:
                    replies += map(parse, self._advance(block))
                return
            if self._text or self._overlong:
                self._start_packet()
            self._rest = b""
            self.counts.packets += len(records)
            replies += records
            block = block[end:]
            if block == b"\r\n" or not block:
                return
        replies += map(parse, self._advance(block))

    def _advance(self, data: bytes) -> list[Packet]:
        """Decode bytes, from one ``#`` to the next."""
        stream = self._rest + data.translate(_LINE_ENDS, _NO_LINE_END)
        self._rest = b""
        before, *pieces = stream.split(b"#")
        if before:
            self._skip(before)
        if not pieces:
            return []
        packets = []
        open_end = len(pieces) - 1
        for number, piece in enumerate(pieces):
            self._start_packet()
            body, mark, text = piece.partition(b";")
            if b"\n" in body:
                body = body.replace(b"\n", b"")
            if mark:
                packet = self._packet(body)
                if packet is not None:
                    packets.append(packet)
                self._skip(text)
            elif number == open_end:
                self._keep(body)
            else:
                self._drop_cut(len(body) + 1)
        self.counts.packets += len(packets)
        return packets

    def _packet(self, body: bytes) -> Packet | None:
        """Return the packet between ``#`` and ``;``; None if there is none."""
        counts = self.counts
        size = len(body) + 2
        if size > MAX_PACKET:
            # Not "malformed": in two parts it would have been cut already.
            self._drop_cut(size)
            return None
        counts.skipped_bytes += size  # until it proves to be a packet
        parts = body.decode("ascii", "replace").split(",")
        if len(parts) < 3 or not _is_packet(parts[0], parts[1]) or not body.isascii():
            counts.malformed += 1
            return None
        args = parts[3:]
        announced = _number(parts[2])
        if args == [""] and announced == 0:  # some programs send "#V,R,0,;"
            args = []
        # Some firmware ends a read-out with an "#l" that announces two and has three.
        if announced != len(args) and (parts[0] != "l" or announced is None):
            counts.wrong_count += 1
            return None
        counts.skipped_bytes -= size
        counts.long_records += parts[0] == "d" and len(args) > FIELD_COUNT
        return Packet(parts[0], parts[1], tuple(args))

    def _keep(self, body: bytes) -> None:
        """Save a packet that has begun, unless it is too long already."""
        if len(body) + 2 > MAX_PACKET:
            self._drop_cut(len(body) + 1)
            self._overlong = True
        else:
            self._rest = b"#" + body

    def _drop_cut(self, size: int) -> None:
        self.counts.cut += 1
        self.counts.skipped_bytes += size

    def _skip(self, text: bytes) -> None:
        """Note what is outside of packets: text with line ends and semicolons."""
        self.counts.skipped_bytes += len(text) - text.count(b"\n")
        if self._overlong:  # the remains of a packet are not text
            _remains, mark, text = text.partition(b";")
            self._overlong = not mark
        if not self._text:
            text = text.lstrip(b"\n")  # usually that is all
        if not text:
            return
        start = 0
        while (end := text.find(b"\n", start)) >= 0:
            self._add_text(text[start : min(end, start + _MAX_TEXT)])
            self._end_text()
            start = end + 1
        self._add_text(text[start : start + _MAX_TEXT])

    def _add_text(self, text: bytes) -> None:
        self._text = (self._text + text)[:_MAX_TEXT]

    def _start_packet(self) -> None:
        """End what went on before a ``#``."""
        self._overlong = False
        if self._text:
            self._end_text()

    def _end_text(self) -> None:
        text = self._text.strip().decode("ascii", "backslashreplace")
        self._text = b""
        if text:
            self._texts.append(text)


def _is_packet(command: str, subcommand: str) -> bool:
    if len(command) != 1 or len(subcommand) != 1:
        return False
    return command.isalpha() and (subcommand == "-" or subcommand.isalpha())


def _number(part: str) -> int | None:
    # int() alone would accept "1_8" and " 18"; at most 48 arguments are ever announced.
    return int(part) if part.isdigit() and len(part) <= 3 else None


def decode_all(data: bytes) -> list[Packet]:
    """Return all packets of a finished stream; for captures and tests."""
    return Framer().decode(data)
