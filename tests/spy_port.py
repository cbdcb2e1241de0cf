# SPDX-License-Identifier: GPL-3.0-or-later
"""A spy on every port: the bytes sent, and the commands among them that erase memory."""

from __future__ import annotations

import re

import pytest

from wattui.ports.port import Port
from wattui.protocol import Packet
from wattui.protocol.commands import erases_memory


class Spy:
    """All bytes sent to any port, in order."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    @property
    def packets(self) -> list[Packet]:
        """The packets sent."""
        text = b"".join(self.sent).decode("latin-1")
        return [
            Packet(command, subcommand, tuple(args.split(",")) if args else ())
            for command, subcommand, args in re.findall(r"#(.),(.),\d+,?([^;]*);", text)
        ]

    @property
    def erasing(self) -> list[str]:
        """Packets that erase the memory."""
        return [str(packet) for packet in self.packets if erases_memory(packet)]

    @property
    def written(self) -> list[str]:
        """Packets that change a setting or the logging."""
        asking = {("V", "R"), ("S", "R"), ("O", "R"), ("C", "R"), ("N", "R"), ("U", "R")}
        asking |= {("F", "R"), ("D", "R"), ("I", "Q"), ("I", "E"), ("H", "R")}
        return [str(one) for one in self.packets if (one.command, one.subcommand) not in asking]


@pytest.fixture(name="spy")
def spy_fixture(monkeypatch: pytest.MonkeyPatch) -> Spy:
    """Record the bytes sent to any port."""
    found = Spy()
    write = Port.write

    def watched(port: Port, data: bytes) -> None:
        found.sent.append(data)
        write(port, data)

    monkeypatch.setattr(Port, "write", watched)
    return found
