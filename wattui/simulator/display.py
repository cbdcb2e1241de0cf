# SPDX-License-Identifier: GPL-3.0-or-later
"""The measuring part of the meter: readings become the 18 integers of a record.

It imitates captures of real meters: the counter counts a little less than the power, VA
comes in steps and is not V × A, small currents read 0, the power factor is rounded down,
and the extremes are those since the previous record.  Pure: time comes in as spans.
"""

from __future__ import annotations

import math
from typing import Final

from wattui.measurement.fields import WIRE_MAXIMUM
from wattui.simulator.loads import Reading, scatter

#: Power that the meter's own counter misses, in W: in both captures it counts 1.2 to
#: 1.4 W less than the records.
COUNTER_BLIND_W: Final = 1.25

#: Currents below this, in A, read 0, and VA equals W then (seen in a capture).
SMALLEST_CURRENT: Final = 0.038

#: Step of VA, in tenths of VA (seen in both captures).
VA_STEP: Final = 3.25

#: Range of the current on the wire.
_MOST_MILLIAMPS: Final = 20_000

_MONTH_S: Final = 30 * 86_400.0
_MONTH_MAXIMUM: Final = 2**24 - 1


class Display:
    """Everything that the meter measures and counts; times are spans in seconds."""

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        #: Cost of a kWh in thousandths of the currency.
        self.rate_mils = 80
        #: Power in W above which the duty cycle counts; 0 if it does not count.
        self.threshold = 0
        self.euro = False
        #: Power-on events since the memory was cleared.
        self.power_cycles = 0
        #: Whether the .NET's relay has taken the load off.
        self.relay_open = False
        self.reset()

    def reset(self) -> None:
        """Reset what a power failure resets; rate, threshold and relay stay."""
        self._elapsed = 0.0
        self._energy = 0.0
        self._above = 0.0
        self._tick = 0
        self._now = (0, 0, 0, 100, 0, 0)  # W, V, A, PF, Hz, VA
        self._after_reset = True
        self._maximum = [0, 0, 0]
        self._minimum = [0, 0, 0]

    def measure(self, reading: Reading, span: float) -> None:
        """Take the next reading, which stands for the *span* of seconds before it."""
        power = 0.0 if self.relay_open else max(reading.power, 0.0)
        self._tick += 1
        self._elapsed += span
        self._energy += max(power - COUNTER_BLIND_W, 0.0) * span / 3600.0
        if self.threshold and power > self.threshold:
            self._above += span
        self._now = self._wire(power, reading)
        self._extremes(0.0 if self.relay_open else reading.peak)

    def _wire(self, power: float, reading: Reading) -> tuple[int, int, int, int, int, int]:
        watts = round(power * 10)
        volts = round(reading.voltage * 10)
        apparent = power / max(reading.power_factor, 0.01)
        amps = apparent / reading.voltage if reading.voltage > 0 else 0.0
        # The two paths of the meter disagree, more so for small loads.
        shown = apparent * (1.015 + 0.06 / (1.0 + apparent / 150.0))
        if amps < SMALLEST_CURRENT:
            return watts, volts, 0, 100, round(reading.frequency * 10), watts
        va = max(round(round(shown * 10 / VA_STEP) * VA_STEP), watts)
        factor = min(watts * 100 // va, 100) if va else 100
        return watts, volts, round(amps * 1000), factor, round(reading.frequency * 10), va

    def _extremes(self, peak: float) -> None:
        watts, volts, amps = self._now[:3]
        # Between two readings a second apart the voltage moves by a count or two.
        wobble = 1 + round(1.0 + scatter(self._seed, self._tick))
        jitter = 1 if amps else 0
        high_watts, high_amps = watts, amps + jitter
        if peak * 10 > watts > 0:
            high_amps = min(round(amps * peak * 10 / watts), _MOST_MILLIAMPS)
            high_watts = round(peak * 10)
        highest, lowest = self._maximum, self._minimum
        if self._after_reset:
            self._after_reset = False
            highest[:] = lowest[:] = watts, volts, amps
        # Most readings become a record: this is faster than max and min.
        if high_watts > highest[0]:
            highest[0] = high_watts
        if volts + wobble > highest[1]:
            highest[1] = volts + wobble
        if high_amps > highest[2]:
            highest[2] = high_amps
        if watts < lowest[0]:
            lowest[0] = watts
        if volts - wobble < lowest[1]:
            lowest[1] = max(volts - wobble, 0)
        if amps - jitter < lowest[2]:
            lowest[2] = amps - jitter

    def record(self) -> tuple[int, ...]:
        """Return the present record, and reset the extremes."""
        watts, volts, amps, factor, hertz, va = self._now
        energy = min(math.floor(self._energy * 10 + 1e-6), WIRE_MAXIMUM)
        months = max(self._elapsed, 1.0) / _MONTH_S
        monthly = min(math.floor(energy / 10 / months), _MONTH_MAXIMUM)
        duty = math.floor(100 * self._above / self._elapsed) if self._elapsed else 0
        values = (
            *(watts, volts, amps, energy, self._cost(energy / 10), monthly, self._cost(monthly)),
            *(*self._maximum, *self._minimum, factor, duty, min(self.power_cycles, 255)),
            *(hertz, va),
        )
        self._maximum = [watts, volts, amps]
        self._minimum = [watts, volts, amps]
        return values

    def _cost(self, watt_hours: float) -> int:
        return min(math.floor(watt_hours * self.rate_mils / 1000), WIRE_MAXIMUM)
