# SPDX-License-Identifier: GPL-3.0-or-later
"""Running totals of one meter, shown next to its readings.

They are updated with each sample, in integers, so they agree exactly with
:meth:`wattui.session.Session.statistics` for the whole session.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.energy import energy_error_wh
from wattui.measurement.fields import FIELD_INDEX, FIELDS, INTEGRATED_ENERGY, POWER_LIMIT
from wattui.measurement.sample import Sample

_POWER: Final = FIELD_INDEX["power"]
_COUNTER: Final = FIELD_INDEX["energy"]


class Tally:
    """Counts, durations and energies of the samples that were added.

    Not thread-safe: threads that share one need a lock.
    """

    def __init__(self) -> None:
        #: Number of samples.
        self.count = 0
        #: Number of gaps, and the time missing in them, in microseconds.
        self.gap_count = 0
        self.gap = 0
        #: Time that the samples cover, in microseconds.
        self.recorded = 0
        #: The last sample; None before the first.
        self.last: Sample | None = None
        #: Start of the first sample's interval, microseconds UTC; None before the first.
        self.start: int | None = None
        # Energy in tenths of a watt times microseconds: exact.
        self._energy = 0
        # Time covered by samples with a power: one without it adds no energy.
        self._powered = 0
        self._counter: int | None = None
        self._counter_moved = 0

    def add(self, samples: Iterable[Sample]) -> None:
        """Add samples, oldest first."""
        for sample in samples:
            if self.start is None:
                self.start = sample.time_us - sample.interval_us
            self.count += 1
            self.recorded += sample.interval_us
            if sample.gap_us:
                self.gap_count += 1
                self.gap += sample.gap_us
            power = sample.values[_POWER]
            if power is not None:
                self._energy += min(power, POWER_LIMIT) * sample.interval_us
                self._powered += sample.interval_us
            self._move_counter(sample.values[_COUNTER])
            self.last = sample

    def _move_counter(self, counter: int | None) -> None:
        if counter is None:
            return
        if self._counter is not None:
            # A counter that fell was reset to zero in between.
            since_reset = counter >= self._counter
            self._counter_moved += counter - self._counter if since_reset else counter
        self._counter = counter

    @property
    def energy_wh(self) -> float:
        """Energy in Wh: the sum of power times interval, without gaps."""
        return self._energy / INTEGRATED_ENERGY.scale

    @property
    def energy_error_wh(self) -> float:
        """Limit of error of :attr:`energy_wh`, in Wh."""
        return energy_error_wh(self.energy_wh, self._powered / MICROSECONDS)

    @property
    def counter_wh(self) -> float:
        """How far the meter's own energy counter moved, in Wh, not counting its resets.

        NaN if the meter sends records without it: that field is not chosen.
        """
        if self.count and self._counter is None:
            return math.nan
        return self._counter_moved / FIELDS[_COUNTER].scale

    @property
    def recorded_s(self) -> float:
        """Time that the samples cover, in seconds."""
        return self.recorded / MICROSECONDS

    @property
    def gap_s(self) -> float:
        """Time missing in gaps, in seconds."""
        return self.gap / MICROSECONDS

    @property
    def elapsed_s(self) -> float:
        """Time from the start of the first interval to the last sample, in seconds."""
        if self.last is None or self.start is None:
            return 0.0
        return (self.last.time_us - self.start) / MICROSECONDS
