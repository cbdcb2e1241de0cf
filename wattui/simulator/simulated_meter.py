# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated meter: bytes in, bytes out, and time from an injected clock."""

from __future__ import annotations

from wattui.protocol import LoggingMode
from wattui.protocol.commands import CONTROL_X
from wattui.simulator.command_handlers import obey
from wattui.simulator.faults import Fault
from wattui.simulator.meter_hardware import MeterHardware


class SimulatedMeter(MeterHardware):
    """A Watts up? as a program sees it over a serial port.

    The program that serves it passes the computer's bytes to :meth:`receive` and gets the
    meter's bytes from :meth:`poll`.
    """

    def receive(self, data: bytes, baudrate: int | None = None) -> None:
        """Process what the computer sent at *baudrate* (None: the meter's own); never raises."""
        self.advance()
        if self.mismatch(baudrate):
            return  # nothing except framing errors
        before, *rest = data.split(CONTROL_X)
        self._take(before)
        for part in rest:
            self.framer.reset()
            self.line.drop()
            self._take(part)

    def _take(self, data: bytes) -> None:
        if not data or not self.powered or not self.plugged or self.now < self.deaf_until:
            return
        if Fault.NOT_A_METER in self.faults:
            self.send("\r\nERROR")
            return
        deaf = Fault.DEAF in self.faults
        if deaf and self.mode is not LoggingMode.EXTERNAL:
            self.log(LoggingMode.EXTERNAL, self.interval)
        for packet in self.framer.decode(data):
            if self.now >= self.deaf_until and not deaf:
                obey(self, packet)
