# SPDX-License-Identifier: GPL-3.0-or-later
"""Local times without a zone to UTC, right also when summer time ends.

The hour that the clock shows twice is taken the first time until the times go back,
and the second time from there on, so that they increase.
"""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Final

import numpy as np

from wattui.formats.reading.block import Integers
from wattui.measurement.clock import MICROSECONDS

_DAY: Final = 86_400 * MICROSECONDS
_EPOCH: Final = datetime(1970, 1, 1)

#: Years that a file of a meter can be of; others are a broken line.
FIRST_YEAR: Final = 1990
LAST_YEAR: Final = 2100


class LocalTimes:
    """Converts the times of one file, in their order.

    Parameters
    ----------
    zone
        Their zone; None is that of this machine.
    """

    def __init__(self, zone: tzinfo | None = None) -> None:
        self._zone = zone
        self._days: dict[int, int | None] = {}
        self._last = -(2**62)
        #: Whether an hour that the clock shows twice was met.
        self.ambiguous = False

    def to_utc(self, local: Integers) -> Integers:
        """Give UTC for local times, both in microseconds, (n,)."""
        if not len(local):
            return local
        day = local // _DAY
        starts = np.flatnonzero(np.diff(day, prepend=day[0] - 1)).tolist()
        found = np.empty_like(local)
        for begin, end in zip(starts, [*starts[1:], len(local)], strict=True):
            part = local[begin:end]
            offset = self._of_day(int(day[begin]))
            found[begin:end] = self._one_by_one(part) if offset is None else part - offset
            self._last = int(found[end - 1])
        return found

    def _of_day(self, day: int) -> int | None:
        """Give the offset of a whole local day; None where it changes within."""
        if day not in self._days:
            start = day * _DAY
            ends = {self._offset(start, 0), self._offset(start + _DAY, 0)}
            ends.add(self._offset(start + _DAY - MICROSECONDS, 1))
            self._days[day] = ends.pop() if len(ends) == 1 else None
        return self._days[day]

    def _one_by_one(self, local: Integers) -> Integers:
        """Convert the times of a day on which the clock is changed."""
        found = np.empty_like(local)
        minutes: dict[int, tuple[int, int]] = {}
        last = self._last
        for place, time in enumerate(local.tolist()):
            minute = time // (60 * MICROSECONDS)
            offsets = minutes.get(minute)
            if offsets is None:
                offsets = minutes[minute] = (self._offset(time, 0), self._offset(time, 1))
            first, second = offsets
            utc = time - first
            if first > second:
                self.ambiguous = True
                if utc <= last:
                    utc = time - second
            found[place] = last = utc
        return found

    def _offset(self, local: int, fold: int) -> int:
        moment = (_EPOCH + timedelta(microseconds=local)).replace(fold=fold)
        aware = moment.astimezone() if self._zone is None else moment.replace(tzinfo=self._zone)
        return (aware.utcoffset() or timedelta()) // timedelta(microseconds=1)


def parse_local(text: str) -> int:
    """Give a date and time without zone as microseconds since 1970 of its own clock.

    Raises
    ------
    ValueError
        It is none, or of no year in which there was a meter.
    """
    moment = datetime.fromisoformat(text.strip())
    if moment.tzinfo is not None:
        raise ValueError("a time without a zone was expected")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"the year {moment.year}")
    return (moment - _EPOCH) // timedelta(microseconds=1)
