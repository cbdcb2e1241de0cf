# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a meter is recorded, by its own time."""

from __future__ import annotations

from collections.abc import Sequence

from wattui.measurement.clock import microseconds
from wattui.measurement.sample import Sample


class Gate:
    """Lets one meter's samples through until its duration is reached.

    Counts in the meter's own time: the spans of its samples and gaps.  A sample
    belongs to the duration if more than half of it lies within.
    """

    def __init__(self, duration: float | None) -> None:
        self._left = None if duration is None else microseconds(duration)
        self.reached = False

    def passed(self, samples: Sequence[Sample]) -> Sequence[Sample]:
        """Give those samples that still belong to the duration."""
        if self._left is None:
            return samples
        taken: list[Sample] = []
        for sample in samples:
            if not self.reached:
                taken.append(sample)
                self._left -= sample.interval_us + sample.gap_us
                self.reached = self._left < sample.interval_us / 2
        return taken
