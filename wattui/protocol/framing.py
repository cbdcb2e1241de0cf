# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets out of a stream of bytes, whatever else is in that stream.

A packet is ``#C,S,N,a1,...,aN;`` (protocol, *Line and framing*).  A ``#`` always
starts a new one.  What stands outside of packets is skipped and counted: the
power-on banner, diagnostic text (which may hold semicolons), noise.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from wattui.protocol.fast_records import clean_record, clean_records
from wattui.protocol.packet import Packet, encode
from wattui.protocol.replies import Reply, parse

__all__ = ["MAX_PACKET", "MAX_TEXTS", "Framer", "FramerCounts", "Packet", "decode_all", "encode"]

#: Longest packet that is taken, from ``#`` to ``;``, control characters aside.  The
#: longest real one, the calibration factors of ``#f``, has 48 arguments and stays
#: well below.
MAX_PACKET: Final = 1024

#: How many lines of text from outside of packets are kept for whoever asks.
MAX_TEXTS: Final = 16
_MAX_TEXT: Final = 200

#: CR, LF, TAB, NUL and the like are ignored wherever they stand.
_CONTROL: Final = bytes(range(0x20)) + b"\x7f"

# Outside of packets a line end still ends a line of text: it stays a while, as LF.
_NO_LINE_END: Final = _CONTROL.translate(None, b"\r\n")
_LINE_ENDS: Final = bytes.maketrans(b"\r", b"\n")

# So much is tried at once to be nothing but records; where it is not, halves of it
# are, down to about three records.
_BLOCK: Final = 65_536
_SMALL_BLOCK: Final = 256


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
    #: Packets that a ``#``, a reset or their excessive length cut off.
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

    Any division of the same bytes into calls of :meth:`feed` and
    :meth:`feed_replies` gives the same packets, counts and texts.
    """

    def __init__(self) -> None:
        #: What came in and what was dropped, up to now.
        self.counts = FramerCounts()
        # A packet that has begun, its '#' included; empty outside of packets.
        self._rest = b""
        # A packet has begun and grew too long: skip to the next '#' or ';'.
        self._overlong = False
        # The line of text that has begun, and those before it.
        self._text = b""
        self._texts: deque[str] = deque(maxlen=MAX_TEXTS)

    def feed(self, data: bytes) -> list[Packet]:
        """Take the next bytes of the stream and give the packets that they complete."""
        self.counts.bytes += len(data)
        return self._advance(data)

    def feed_replies(self, data: bytes) -> list[Reply]:
        """Take the next bytes and give the replies that they complete.

        The same as :func:`~wattui.protocol.replies.parse` of each packet of
        :meth:`feed`, but several times as fast where the bytes are records.
        """
        counts = self.counts
        counts.bytes += len(data)
        record = clean_record(self._rest + data)
        if record is not None:  # nearly always, while it is live
            if self._text or self._overlong:
                self._start_packet()
            self._rest = b""
            counts.packets += 1
            return [record]
        replies: list[Reply] = []
        start = 0
        while len(data) - start > _BLOCK:
            end = data.rfind(b";", start, start + _BLOCK) + 1 or start + _BLOCK
            self._take(data[start:end], replies)
            start = end
        self._take(data[start:], replies)
        return replies

    def reset(self) -> None:
        """Forget a packet that has begun: what comes next is another stream."""
        if self._rest:
            self.counts.cut += 1
            self.counts.skipped_bytes += len(self._rest)
        self._rest = b""
        self._overlong = False
        self._end_text()

    def take_texts(self) -> list[str]:
        """Give the lines of text that stood outside of packets, oldest first, and forget them.

        At most the last sixteen are kept, of 200 characters each.  A line that has
        not ended yet is given as far as it has come.
        """
        self._end_text()
        texts = list(self._texts)
        self._texts.clear()
        return texts

    @property
    def held(self) -> int:
        """Bytes that are kept for later: a begun packet and text that nobody took."""
        return len(self._rest) + len(self._text) + sum(map(len, self._texts))

    def _take(self, block: bytes, replies: list[Reply]) -> None:
        """Take a block by the short way where that can be, else by the long one."""
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
        """Take bytes, one ``#`` after the other."""
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
        """Make a packet of what stands between ``#`` and ``;``."""
        counts = self.counts
        size = len(body) + 2
        if size > MAX_PACKET:
            # Not "malformed": it had been cut already, had it come in two parts.
            self._drop_cut(size)
            return None
        counts.skipped_bytes += size  # until it proves to be one
        parts = body.decode("ascii", "replace").split(",")
        if len(parts) < 3 or not _is_packet(parts[0], parts[1]) or not body.isascii():
            counts.malformed += 1
            return None
        args = parts[3:]
        announced = _number(parts[2])
        if args == [""] and announced == 0:  # "#V,R,0,;" is sent by some programs
            args = []
        # Some firmware ends a read-out with an "#l" that says two and has three.
        if announced != len(args) and (parts[0] != "l" or announced is None):
            counts.wrong_count += 1
            return None
        counts.skipped_bytes -= size
        return Packet(parts[0], parts[1], tuple(args))

    def _keep(self, body: bytes) -> None:
        """Keep a packet that has begun, as long as it can become one."""
        if len(body) + 2 > MAX_PACKET:
            self._drop_cut(len(body) + 1)
            self._overlong = True
        else:
            self._rest = b"#" + body

    def _drop_cut(self, size: int) -> None:
        self.counts.cut += 1
        self.counts.skipped_bytes += size

    def _skip(self, text: bytes) -> None:
        """Take what stands outside of packets: text with line ends and semicolons."""
        self.counts.skipped_bytes += len(text) - text.count(b"\n")
        if self._overlong:  # the remains of a packet are no text
            _remains, mark, text = text.partition(b";")
            self._overlong = not mark
        if not self._text:
            text = text.lstrip(b"\n")  # most often that is all
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
        """Leave whatever was going on: a ``#`` came."""
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
    # int() alone would take "1_8" and " 18"; at most 48 arguments are ever announced.
    return int(part) if part.isdigit() and len(part) <= 3 else None


def decode_all(data: bytes) -> list[Packet]:
    """Give all packets of a finished stream; for captures and tests."""
    return Framer().feed(data)
