# SPDX-License-Identifier: GPL-3.0-or-later
"""The packet: the unit that the meter and the host send each other."""

from __future__ import annotations

from typing import NamedTuple


class Packet(NamedTuple):
    """One packet: the command letter, the subcommand and the arguments."""

    command: str
    subcommand: str
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        return encode(self).decode("ascii")


def encode(packet: Packet) -> bytes:
    """Return the bytes of a packet, without a line end."""
    parts = (packet.command, packet.subcommand, str(len(packet.args)), *packet.args)
    return f"#{','.join(parts)};".encode("ascii")
