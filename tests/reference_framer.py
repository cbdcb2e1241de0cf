# SPDX-License-Identifier: GPL-3.0-or-later
"""The framer as the protocol has it, one byte at a time: what the real one is held to."""

from __future__ import annotations

from wattui.protocol import Packet, parse
from wattui.protocol.framing import MAX_PACKET, MAX_TEXTS


class ReferenceFramer:
    """The rules of the protocol, one byte at a time, without any haste."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.texts: list[str] = []
        self.bytes = self.skipped = self.cut = self.wrong_count = self.malformed = 0
        self.state = "outside"
        self.packet = b""
        self.text = b""

    def decode(self, data: bytes) -> None:
        for value in data:
            self.bytes += 1
            self._take(bytes([value]))

    def _take(self, char: bytes) -> None:
        if char == b"#":
            if self.state == "packet":
                self._cut_off()
            self._end_text()
            self.state, self.packet = "packet", char
        elif char[0] < 0x20 or char[0] == 0x7F:
            if self.state == "outside" and char in b"\r\n":
                self._end_text()
        elif self.state == "packet":
            self.packet += char
            if char == b";" and len(self.packet) <= MAX_PACKET:
                self.state = "outside"
                self._end_packet()
            elif len(self.packet) >= MAX_PACKET:
                self._cut_off()
                self.state = "outside" if char == b";" else "overlong"
        else:
            self.skipped += 1
            if self.state == "overlong":
                self.state = "outside" if char == b";" else "overlong"
            else:
                self.text += char

    def _cut_off(self) -> None:
        self.cut += 1
        self.skipped += len(self.packet)

    def _end_text(self) -> None:
        text = self.text[:200].strip().decode("ascii", "backslashreplace")
        self.text = b""
        if text:
            self.texts = [*self.texts, text][-MAX_TEXTS:]

    def _end_packet(self) -> None:
        packet = self._packet_or_fault()
        if isinstance(packet, Packet):
            self.packets.append(packet)
        else:
            self.skipped += len(self.packet)
            setattr(self, packet, getattr(self, packet) + 1)

    def _packet_or_fault(self) -> Packet | str:
        letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
        if any(char > 0x7F for char in self.packet):
            return "malformed"
        parts = self.packet[1:-1].split(b",")
        if len(parts) < 3 or len(parts[0]) != 1 or len(parts[1]) != 1:
            return "malformed"
        if parts[0] not in letters or parts[1] not in letters + b"-":
            return "malformed"
        count, args = parts[2], parts[3:]
        if not (1 <= len(count) <= 3 and all(char in b"0123456789" for char in count)):
            return "wrong_count"
        if int(count) == 0 and args == [b""]:
            args = []
        if int(count) != len(args) and parts[0] != b"l":
            return "wrong_count"
        command, subcommand, *texts = (part.decode("ascii") for part in (*parts[:2], *args))
        return Packet(command, subcommand, tuple(texts))

    def outcome(self) -> dict[str, object]:
        self._end_text()
        return {
            "replies": [parse(packet) for packet in self.packets],
            "texts": self.texts,
            "counts": (
                *(self.bytes, len(self.packets), self.skipped, self.cut),
                *(self.wrong_count, self.malformed),
            ),
        }
