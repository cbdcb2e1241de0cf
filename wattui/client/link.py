# SPDX-License-Identifier: GPL-3.0-or-later
"""A port that speaks the protocol: commands go out, replies come in with their time."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wattui.errors import WouldEraseMemory
from wattui.measurement.clock import Clock
from wattui.measurement.fields import WireValue
from wattui.ports.port import Port
from wattui.protocol import Command, Framer, Record, Reply
from wattui.protocol.commands import CONTROL_X

_log = logging.getLogger(__name__)

#: Both clocks must be read within this many seconds to belong to one moment.
_ONE_MOMENT: Final = 0.01


@dataclass(frozen=True, slots=True)
class Arrival:
    """The replies of one read, and both clocks at that moment, in seconds."""

    replies: Sequence[Reply]
    wall: float
    monotonic: float

    @property
    def records(self) -> list[tuple[WireValue, ...]]:
        """The values of the records among the replies."""
        return [reply.values for reply in self.replies if type(reply) is Record]


class Link:
    """An open port and its framer, for one thread only."""

    def __init__(
        self, port: Port, framer: Framer | None = None, clock: Clock | None = None
    ) -> None:
        self.port = port
        self.framer = framer or Framer()
        self.framer.reset()
        self.clock = clock or port.clock

    def receive(self) -> Arrival | None:
        """Wait up to 0.1 s and return what came; None if nothing did.

        Raises
        ------
        LinkLost
            The port is gone.
        """
        data = self.port.read()
        if not data:
            return None
        known = self.port.arrived if self.clock is self.port.clock else None
        wall, monotonic = known or self._now()
        return Arrival(self.framer.decode_replies(data), wall, monotonic)

    def _now(self) -> tuple[float, float]:
        """Read both clocks at one moment: a pause in between would look like a step."""
        clock = self.clock
        for _attempt in range(3):
            before = clock.monotonic()
            wall = clock.time()
            monotonic = clock.monotonic()
            if monotonic - before < _ONE_MOMENT:
                break
        return wall, monotonic

    def send(self, command: Command, *, consent: bool = False) -> None:
        """Send a command.  This is the only way to the meter, so consent is checked here.

        Raises
        ------
        WouldEraseMemory
            The command would erase the memory, and *consent* is not given.  Nothing was sent.
        LinkLost
            The port is gone.
        """
        refuse_erasing(command, consent=consent)
        _log.debug("%s: sending %s", self.port.url, command)
        self.port.write(command.encode())

    def interrupt(self) -> None:
        """Make the meter drop whatever it is sending (Control-X).

        Raises
        ------
        LinkLost
            The port is gone.
        """
        self.port.write(CONTROL_X)

    def close(self) -> None:
        """Close the port."""
        self.port.close()


def refuse_erasing(command: Command, *, consent: bool) -> None:
    """Refuse a command that erases the meter's memory without consent.

    Raises
    ------
    WouldEraseMemory
        The command erases, and *consent* is not given.
    """
    if command.erases and not consent:
        raise WouldEraseMemory(
            f"{command} would erase the meter's memory",
            "Fetch the memory first, or confirm that it may be erased.",
        )
