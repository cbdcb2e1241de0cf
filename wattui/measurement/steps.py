# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds where a load steps from one power to another.

The power steps between two records if the ten before and the ten after lie apart: by more than
either ten are wide, and by more than the meter's limit of error at that power (1.5 % and 0.3 W).
The highest and the lowest record of each ten are left out.

So the threshold follows from the meter and from the load's own noise, and there is nothing to
set: a load of 100 W that hardly varies steps by more than 1.8 W, one that scatters by 20 W by more
than that.  A spike of one record, such as the inrush of a motor, is not a step, nor is a slow
change.  Nothing is concluded across a gap that is longer than ten records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from wattui.measurement.energy import ABSOLUTE_ERROR_W, RELATIVE_ERROR
from wattui.measurement.fields import FIELD_INDEX, FIELDS

Integers = NDArray[np.int64]

#: Records on either side that are compared.
WINDOW: Final = 10

#: Records that are kept to look again at the end of the earlier ones.
CONTEXT: Final = 4 * WINDOW

_SCALE: Final = FIELDS[FIELD_INDEX["power"]].scale

#: Counts of the wire by which a reading may be off, besides its share.
_COUNTS: Final = round(ABSOLUTE_ERROR_W * _SCALE)


@dataclass(frozen=True, slots=True)
class PowerStep:
    """A moment at which the power steps."""

    #: End of the last record before it, in microseconds since 1970, UTC.
    time_us: int
    #: Medians of the ten records before and after, in W.
    before_w: float
    after_w: float

    @property
    def change_w(self) -> float:
        """By how much the power rises, in W; negative if it falls."""
        return self.after_w - self.before_w


def find_steps(records: Integers) -> list[tuple[int, PowerStep]]:
    """Return the steps in records, oldest first, each with the number of the record after it.

    Parameters
    ----------
    records
        Time, interval and gap in microseconds, and power on the wire, (n, 4).
    """
    count = len(records) - 2 * WINDOW + 1
    if count < 1:
        return []
    power = records[:, 3]
    windows = np.sort(sliding_window_view(power, WINDOW), axis=1)
    low, high = windows[:, 1], windows[:, -2]
    middle = (windows[:, (WINDOW - 1) // 2] + windows[:, WINDOW // 2]) / 2
    before, after = slice(0, count), slice(WINDOW, WINDOW + count)
    width = np.maximum(high - low, _COUNTS + RELATIVE_ERROR * middle)
    width = np.maximum(width[before], width[after])
    sign = (low[after] - high[before] > width).astype(int) - (low[before] - high[after] > width)
    sign[_torn(records, count)] = 0
    steps = []
    for first, last in _runs(sign):
        # Where two windows are apart, so are mostly those next to them: the jump itself decides.
        jump = np.diff(power[first + WINDOW - 1 : last + WINDOW]) * sign[first]
        place = first + int(np.argmax(jump))
        at = place + WINDOW
        # Clocks may disagree by a microsecond; the record before belongs to what is before.
        time = max(int(records[at - 1, 0]), int(records[at, 0] - records[at, 1]))
        levels = middle[place] / _SCALE, middle[place + WINDOW] / _SCALE
        steps.append((at, PowerStep(time, *map(float, levels))))
    return steps


def _torn(records: Integers, count: int) -> NDArray[np.bool_]:
    """Return which pairs of windows have a long gap between their records."""
    long = records[:, 2] > WINDOW * records[:, 1]
    sums = np.concatenate(([0], np.cumsum(long)))
    # A gap before the first record of the two windows does not matter.
    return np.asarray(sums[2 * WINDOW :][:count] - sums[1:][:count] > 0)


def _runs(sign: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield first and end of each series of equal signs other than 0."""
    edges = np.flatnonzero(np.diff(sign, prepend=0, append=0))
    for first, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        if sign[first]:
            yield first, end


def steps_after(
    read: Callable[[int], Integers], context: Integers, after: int
) -> Iterator[PowerStep]:
    """Yield the steps later than *after*, oldest first; memory stays flat.

    Parameters
    ----------
    read
        Returns the records that follow a time, oldest first, some thousand at once; none at the
        end.
    context
        The last :data:`CONTEXT` records up to *after*.
    """
    table = context
    while True:
        added = read(int(table[-1, 0]) if len(table) else after)
        # Near the end of what was read, a series of candidates may be cut off: next time.
        looked = len(table) - 2 * WINDOW
        table = np.concatenate((table, added))
        ready = len(table) - 2 * WINDOW if len(added) else len(table)
        for place, step in find_steps(table):
            if looked < place <= ready and step.time_us > after:
                yield step
        if not len(added):
            return
        table = table[-CONTEXT:]
