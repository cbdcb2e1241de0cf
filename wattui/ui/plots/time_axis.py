# SPDX-License-Identifier: GPL-3.0-or-later
"""Ticks and labels of the time axis: elapsed time, or local time.

Chaco's calendar scale uses the UTC offset of 2 January 1970 for all times, so it is an hour off
for half of the year in many zones.  Here each tick uses the offset at its time: the view is
divided where the offset changes, so every label is what a wall clock showed, even on the days
when clocks change.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Hashable, Iterator, Sequence
from datetime import datetime
from typing import Final

import numpy as np
from traits.api import Enum, Float

from wattui.measurement.text import MONTHS, RunTimes, TimeMode, day_text
from wattui.ui.plots.plot_axis import LabelledTicks, TicksAndLabels

_MINUTE: Final = 60.0
_HOUR: Final = 3600.0
_DAY: Final = 86400.0

#: Steps in seconds that divide a minute, an hour, a day; then days.
_SECONDS: Final = (
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(_MINUTE * n for n in (1, 2, 5, 10, 15, 30)),
    *(_HOUR * n for n in (1, 2, 3, 6, 12)),
    *(_DAY * n for n in (1, 2, 4, 7, 14)),
)

#: Steps of the clock beyond, in months.
_MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120)

#: Steps of elapsed time beyond, in days.
_DAYS: Final = (20, 50, 100, 200, 500, 1000)

#: Day 0 of 1970 was a Thursday, this many days after a Monday.
_FROM_MONDAY: Final = 3


def utc_offset(moment: float) -> int:
    """Return how far local time is ahead of UTC at a time, in seconds."""
    return time.localtime(moment).tm_gmtoff


def _segments(low: float, high: float) -> Iterator[tuple[float, float, int]]:
    """Divide a span, in seconds, where the UTC offset changes."""
    days = max(1, math.ceil((high - low) / _DAY))
    edges = [low + (high - low) * i / days for i in range(days + 1)]
    start, offset = low, utc_offset(low)
    for left, right in itertools.pairwise(edges):
        following = utc_offset(right)
        if following == offset:
            continue
        before, after = math.floor(left), math.ceil(right)
        while after - before > 1:
            middle = (before + after) // 2
            if utc_offset(middle) == offset:
                before = middle
            else:
                after = middle
        yield start, float(after), offset
        start, offset = float(after), following
    yield start, high, offset


def _multiples(low: float, high: float, step: float, origin: float = 0.0) -> list[float]:
    """Return the multiples of *step*, counted from *origin*, from *low* to *high*."""
    first = math.ceil((low - origin) / step - 1e-6)
    last = math.floor((high - origin) / step + 1e-6)
    return [origin + n * step for n in range(first, last + 1)]


def _clock_ticks(low: float, high: float, step: float) -> list[float]:
    """Return the times at which the clock on the wall shows a multiple of *step*."""
    found: list[float] = []
    # Weeks begin on Mondays; other steps of days count from 1970.
    origin = -_FROM_MONDAY * _DAY if step % (7 * _DAY) == 0 else 0.0
    for start, stop, offset in _segments(low, high):
        for local in _multiples(start + offset, stop + offset, step, origin):
            moment = local - offset
            # The time of a change belongs to the span after it.
            if start - 1e-6 <= moment and (moment < stop or stop == high):
                found.append(moment)
    return found


def _month_ticks(low: float, high: float, months: int) -> list[float]:
    """Return the midnights that begin every *months* months."""
    begin, end = datetime.fromtimestamp(low), datetime.fromtimestamp(high)
    first = (begin.year * 12 + begin.month - 1) // months * months
    last = end.year * 12 + end.month - 1
    moments = (datetime(n // 12, n % 12 + 1, 1).timestamp() for n in range(first, last + 1, months))
    return [m for m in moments if low <= m <= high]


def elapsed_label(seconds: float, step: float) -> str:
    """Return a time since the start as text: ``9:05``, ``1:00:00``, ``2 d 3:00``.

    Parameters
    ----------
    seconds
        Since the start; may be negative.
    step
        Seconds between two labels: smaller units are left out.
    """
    sign = "-" if seconds < -1e-6 else ""
    tenths = round(abs(seconds) * 10)
    whole, tenth = divmod(tenths, 10)
    days, rest = divmod(whole, int(_DAY))
    hours, rest = divmod(rest, 3600)
    minutes, second = divmod(rest, 60)
    fraction = f".{tenth}" if step < 1 else ""
    if days:
        if step % _DAY == 0:
            return f"{sign}{days} d"
        seconds_too = f":{second:02d}{fraction}" if step < _MINUTE else ""
        return f"{sign}{days} d {hours}:{minutes:02d}{seconds_too}"
    if step >= _DAY:
        return f"{sign}{days} d" if seconds else "0"
    if hours:
        return f"{sign}{hours}:{minutes:02d}:{second:02d}{fraction}"
    return f"{sign}{minutes}:{second:02d}{fraction}"


def clock_label(moment: float, step: float) -> str:
    """Return local time as text: ``14:05``; at midnight the date.

    Parameters
    ----------
    moment
        Seconds since 1970, UTC.
    step
        Seconds between two labels: smaller units are left out.
    """
    when = datetime.fromtimestamp(round(moment, 1))
    if step >= 28 * _DAY:
        if step >= 360 * _DAY:
            return f"{when.year}"
        name = MONTHS[when.month - 1]
        return f"{name} {when.year}" if when.month == 1 else name
    midnight = not (when.hour or when.minute or when.second or when.microsecond)
    if step >= _DAY or midnight:
        return day_text(moment)
    if step >= _MINUTE:
        return f"{when:%H:%M}"
    if step >= 1:
        return f"{when:%H:%M:%S}"
    return f"{when:%H:%M:%S}.{when.microsecond // 100_000}"


class TimeTicks(LabelledTicks):
    """Four to ten ticks at even times, or fewer if there is no room."""

    #: How times are shown.
    mode = Enum(TimeMode)

    #: The start of elapsed time: seconds since 1970, UTC.
    origin = Float(0.0)

    #: How long the run is, in seconds: times of one longer than a day have their date.
    span = Float(0.0)

    #: The least distance between two labels, in pixels.
    pixels = 84

    def look(self) -> Hashable:
        """Return what determines the ticks in addition to both ends and the room."""
        return self.mode, self.origin

    def choose_ticks(self, low: float, high: float, room: float) -> TicksAndLabels:
        """Return ticks and labels for an axis from *low* to *high* that has *room* pixels."""
        ticks, step = self.choose(low, high, min(max(int(room / self.pixels), 2), 10))
        return np.array(ticks), self.labels(ticks, step)

    def choose(self, low: float, high: float, most: int) -> tuple[list[float], float]:
        """Return at most *most* ticks between two times, and their step in seconds."""
        if not (high > low and math.isfinite(low) and math.isfinite(high)):
            return [], 1.0
        width = high - low
        clock = self.mode == TimeMode.CLOCK
        for step in _SECONDS if clock else (*_SECONDS, *(_DAY * n for n in _DAYS)):
            if width / step > most + 1:
                continue
            if clock:
                ticks = _clock_ticks(low, high, step)
            else:
                ticks = _multiples(low, high, step, self.origin)
            if len(ticks) <= most:
                return ticks, step
        for months in _MONTHS if clock else ():
            ticks = _month_ticks(low, high, months)
            if len(ticks) <= most:
                return ticks, months * 30.4 * _DAY
        return [], 1.0

    def labels(self, ticks: Sequence[float], step: float) -> list[str]:
        """Return the labels of ticks.

        If no midnight is among them, the first label includes the date.
        """
        if self.mode == TimeMode.ELAPSED:
            return [elapsed_label(moment - self.origin, step) for moment in ticks]
        texts = [clock_label(moment, step) for moment in ticks]
        if texts and step < _DAY and all(":" in label for label in texts):
            texts[0] = f"{day_text(ticks[0])} {texts[0]}"
        return texts

    def time_text(self, moment: float, width: float = 60.0) -> str:
        """Return one time in full, for a view that is *width* seconds wide."""
        form = RunTimes(TimeMode(self.mode), self.origin, self.span)
        return form.text(moment, tenths=width <= 20)
