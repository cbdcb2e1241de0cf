# SPDX-License-Identifier: GPL-3.0-or-later
"""Local times without a zone: read from text, and converted to UTC.

In the hour that occurs twice in autumn, times belong to the first occurrence until they go
back, and to the second one from there on, so that they increase.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from wattui.formats.reading.block import Block, Integers
from wattui.measurement.clock import MICROSECONDS

_DAY: Final = 86_400 * MICROSECONDS
_EPOCH: Final = datetime(1970, 1, 1)

#: A date and time as Python writes it; the fraction is missing if it is 0.
LOCAL_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d{1,6})?", re.ASCII)

#: Places of the digits and signs in such a time, and its length with a fraction.
_DIGITS: Final = (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18)
_SIGNS: Final = {4: b"-", 7: b"-", 10: b" T", 13: b":", 16: b":", 19: b".\0"}
_SHORT, _LONG = 19, 26

#: Years that a meter's file can be from; a time of another year is a broken line.
_FIRST_YEAR: Final = 1990
_LAST_YEAR: Final = 2100


def parse_local(text: str) -> int:
    """Return a date and time without a zone as microseconds since 1970 on its own clock.

    Raises
    ------
    ValueError
        It is not such a time, or of a year in which there was no meter.
    """
    if LOCAL_TIME.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not a date and time")
    moment = datetime.fromisoformat(text)
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"the year {moment.year}")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def parse_local_column(texts: NDArray[Any]) -> Integers:
    """Return what :func:`parse_local` returns for each text of an array of bytes, (n,).

    Raises
    ------
    ValueError
        At least one of them is not such a time.
    """
    texts = texts.astype(f"S{max(texts.itemsize, _LONG + 1)}")
    signs = texts.view(np.uint8).reshape(len(texts), -1)
    digit = signs - ord("0") <= 9
    good = digit[:, _DIGITS].all(axis=1) & ~signs[:, _LONG:].any(axis=1)
    for place, allowed in _SIGNS.items():
        good &= np.isin(signs[:, place], list(allowed))
    # A fraction is digits up to its end.
    fraction = signs[:, _SHORT] != 0
    good &= (digit[:, _SHORT + 1 : _LONG] | (signs[:, _SHORT + 1 : _LONG] == 0)).all(axis=1)
    good &= digit[:, _SHORT + 1] == fraction
    if not good.all():
        raise ValueError("not all of them are dates and times")
    times = texts.astype("datetime64[us]")
    years = times.astype("datetime64[Y]").astype(np.int64) + 1970
    if ((years < _FIRST_YEAR) | (years > _LAST_YEAR)).any():
        raise ValueError("not all of them are of a possible year")
    return times.astype(np.int64)


def days_since_1970(year: Integers, month: Integers, day: Integers) -> Integers:
    """Return the days from the beginning of 1970 to dates, (n,).

    Raises
    ------
    ValueError
        There is no such date, or it is of a year in which there was no meter.
    """
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    first, next_first = (
        one.astype("datetime64[D]").astype(np.int64) for one in (months, months + 1)
    )
    days: Integers = first + day - 1
    good = (year >= _FIRST_YEAR) & (year <= _LAST_YEAR) & (month >= 1) & (month <= 12)
    if not (good & (day >= 1) & (days < next_first)).all():
        raise ValueError("not all of them are dates")
    return days


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

    def converted(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Yield the blocks of a file with their local times in UTC."""
        for block in blocks:
            if block.time is not None:
                block.time = self.to_utc(block.time)
            yield block

    def to_utc(self, local: Integers) -> Integers:
        """Return UTC for local times, both in microseconds, (n,)."""
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

    def of_utc(self, time: int) -> int:
        """Return the local time of a time in UTC, both in microseconds."""
        moment = (_EPOCH + timedelta(microseconds=time)).replace(tzinfo=UTC)
        local = moment.astimezone(self._zone).replace(tzinfo=None)
        return (local - _EPOCH) // timedelta(microseconds=1)

    def _of_day(self, day: int) -> int | None:
        """Return the offset of a whole local day; None if it changes within the day."""
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
            if first > second and utc <= last:
                utc = time - second
            found[place] = last = utc
        return found

    def _offset(self, local: int, fold: int) -> int:
        moment = (_EPOCH + timedelta(microseconds=local)).replace(fold=fold)
        aware = moment.astimezone() if self._zone is None else moment.replace(tzinfo=self._zone)
        return (aware.utcoffset() or timedelta()) // timedelta(microseconds=1)
