# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration of a new simulated meter."""

from __future__ import annotations

from dataclasses import dataclass

from wattui.measurement.fields import FIELD_COUNT
from wattui.protocol import FullHandling, LoggingMode
from wattui.protocol.models import Model
from wattui.simulator.loads import Load, find_load
from wattui.simulator.record_memory import RecordMemory


@dataclass(frozen=True, slots=True)
class MeterSetup:
    """The properties of a meter and what it has logged; the rest follows from the model."""

    #: A different seed changes the course of the default load and the stray NULs.
    seed: int = 0
    baudrate: int = 115_200
    #: Whether the computer must use the same baud rate.
    minds_baudrate: bool = False
    #: Whether it is of the generation before USB.
    old: bool = False
    #: FTDI serial number; if empty, it is made of the seed.
    serial_number: str = ""
    #: Seconds between two records in the memory.
    interval: int = 1
    #: Which fields are logged, in the order of FIELDS.
    chosen: tuple[bool, ...] = (True,) * FIELD_COUNT
    handling: FullHandling = FullHandling.STOP
    #: Intervals logged before the start.
    logged: int = 0
    mode: LoggingMode = LoggingMode.INTERNAL
    #: Voltage of the mains; 50 Hz from 200 V on, otherwise 60 Hz.
    volts: int = 120
    #: Seconds for which the meter is deaf after a restart.
    deaf_for: float = 2.0
    #: Whether it answers ``#R,W`` and ``#O,W``, as most meters in use do.
    talkative: bool = True

    def default_load(self) -> Load:
        """Return the load that is plugged in by default."""
        return find_load("desktop", seed=self.seed, volts=self.volts, hertz=self.hertz)

    def memory(self, model: Model) -> RecordMemory:
        """Return the empty memory of a meter of that model."""
        chosen = self.chosen[: model.fields]
        return RecordMemory(model.memory, chosen, self.handling, self.interval)

    @property
    def hertz(self) -> int:
        """Frequency of the mains."""
        return 60 if self.volts < 200 else 50
