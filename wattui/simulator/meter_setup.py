# SPDX-License-Identifier: GPL-3.0-or-later
"""How a simulated meter is set up when it is made."""

from __future__ import annotations

from dataclasses import dataclass

from wattui.measurement.fields import FIELD_COUNT
from wattui.protocol import FullHandling, LoggingMode
from wattui.simulator.loads import Load, find_load
from wattui.simulator.models import Model
from wattui.simulator.record_memory import RecordMemory


@dataclass(frozen=True, slots=True)
class Setup:
    """What a meter is like and what it has been through; the rest follows from the model."""

    #: Another one gives another course of the default load, and other stray NULs.
    seed: int = 0
    baudrate: int = 115_200
    #: Whether it matters at which baud rate it is heard.
    minds_baudrate: bool = False
    #: Whether it is of the generation before USB.
    old: bool = False
    #: FTDI serial number; empty: made of the seed.
    serial_number: str = ""
    #: Seconds between two records of the memory.
    interval: int = 1
    #: Which fields are logged, in the order of FIELDS.
    chosen: tuple[bool, ...] = (True,) * FIELD_COUNT
    handling: FullHandling = FullHandling.STOP
    #: Intervals that were logged before the start.
    logged: int = 0
    mode: LoggingMode = LoggingMode.INTERNAL
    #: Voltage of the mains; from 200 on it has 50 Hz, else 60.
    volts: int = 120
    #: Seconds for which it is deaf after a restart.
    deaf_for: float = 2.0
    #: Whether it answers also where the specification names no answer.
    talkative: bool = False

    def default_load(self) -> Load:
        """Give what is plugged in where nothing else is."""
        return find_load("desktop", seed=self.seed, volts=self.volts, hertz=self.hertz)

    def memory(self, model: Model) -> RecordMemory:
        """Give the empty memory of a meter of that model."""
        chosen = self.chosen[: model.fields]
        return RecordMemory(model.memory, chosen, self.handling, self.interval)

    @property
    def hertz(self) -> int:
        """Frequency of the mains."""
        return 60 if self.volts < 200 else 50
