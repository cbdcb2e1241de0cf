# SPDX-License-Identifier: GPL-3.0-or-later
"""A load with a meter's lag, with noise and drift, and with a part that a file switches.

The file makes it possible to measure a command whose energy is known: the command writes the
power that it takes from now on.
"""

from __future__ import annotations

import bisect
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Final

from wattui.simulator.loads import Load, Reading, scatter

#: Longest interval before the present that a meter asks for, in s; earlier lines are dropped.
_REMEMBERED: Final = 120.0

#: Bytes of the file that are read at a time.
_MOST_BYTES: Final = 1 << 20

_NORMAL: Final = NormalDist()
_HOUR: Final = 3600.0


class Switch:
    """The power that a file has switched on: a line per change, ``TIME WATTS`` or ``WATTS``.

    Parameters
    ----------
    path
        The file; it need not exist yet.
    speed
        How many times faster than real time the meter's time runs.
    now
        The clock of the lines: seconds since 1970, UTC.  A line without a time is as old as
        the moment at which it is read.
    """

    def __init__(
        self, path: Path, speed: float = 1.0, now: Callable[[], float] = time.time
    ) -> None:
        self._path = path
        self._speed = speed
        self._now = now
        self._start = now()
        self._place = 0
        self._rest = b""
        # Times in seconds of the meter since it was made, and the power from then on.
        self._times = [-math.inf]
        self._watts = [0.0]

    def mean(self, start: float, stop: float) -> float:
        """Return the mean power between two times of the meter, in W."""
        self._read()
        first = bisect.bisect_right(self._times, start) - 1
        last = bisect.bisect_left(self._times, stop)
        edges = [start, *self._times[first + 1 : last], stop]
        parts = zip(self._watts[first:last], edges, edges[1:], strict=False)
        total = sum(watts * (end - begin) for watts, begin, end in parts)
        self._forget(start - _REMEMBERED)
        return total / (stop - start)

    def _read(self) -> None:
        """Read the lines that were added to the file."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._place)
                data = file.read(_MOST_BYTES)
        except OSError:
            return
        self._place += len(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line.split())

    def _take(self, words: list[bytes]) -> None:
        try:
            numbers = [float(word) for word in words[:2]]
        except ValueError:
            return
        if not numbers or not all(math.isfinite(number) for number in numbers):
            return
        when = numbers[0] if len(numbers) > 1 else self._now()
        moment = (when - self._start) * self._speed
        place = bisect.bisect_right(self._times, moment)
        self._times.insert(place, moment)
        self._watts.insert(place, max(numbers[-1], 0.0))

    def _forget(self, before: float) -> None:
        old = bisect.bisect_right(self._times, before) - 1
        if old > 0:
            del self._times[:old], self._watts[:old]
            self._times[0] = -math.inf


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What makes a load harder to measure."""

    #: Seconds by which the meter is late.
    lag: float = 0.0
    #: Standard deviation of a record, in W.
    noise: float = 0.0
    #: Change of the power per hour, in W.
    drift: float = 0.0
    #: What a file switches on in addition; None for nothing.
    switch: Switch | None = None


class DisturbedLoad(Load):
    """A load with disturbances.

    The part that is switched is the mean of the second before, so that no energy is lost
    between two records; the rest is that of one moment, as for every load.
    """

    def __init__(self, load: Load, disturbance: Disturbance, seed: int = 0) -> None:
        self._plain = load
        self._disturbance = disturbance
        self._noise_seed = seed * 16 + 15

    def reading(self, t: float) -> Reading:
        """Return what the meter can measure *t* seconds after the start."""
        change = self._disturbance
        then = t - change.lag
        found = self._plain.reading(then)
        power = found.power + change.drift * then / _HOUR
        if change.switch is not None:
            power += change.switch.mean(then - 1.0, then)
        if change.noise:
            share = (scatter(self._noise_seed, math.floor(t)) + 1.0) / 2.0
            power += change.noise * _NORMAL.inv_cdf(min(max(share, 1e-12), 1.0 - 1e-12))
        return found._replace(power=max(power, 0.0))
