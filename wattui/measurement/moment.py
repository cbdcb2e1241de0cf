# SPDX-License-Identifier: GPL-3.0-or-later
"""Times within a run, as people type them: ``12:30``, a date, ``1h30m``, ``-10m``, ``2:00``.

The command line and the window read them here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.measurement.text import MONTHS, RunTimes, TimeMode, clock_seconds, parse_duration

_ZERO: Final = re.compile(r"[+-]?0+[dhms]?")
_TIME_OF_DAY: Final = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?")
#: Before a time of day: ``23 Nov``, ``23 Nov 2026``.
_DAY: Final = re.compile(rf"(\d{{1,2}}) ({'|'.join(MONTHS)})(?: (\d{{4}}))? (?=\d)")

#: What to write as a time of a run.
TIME_HINT: Final = (
    "Write a time since the start (2:00, 2 min), a time of day (14:05:30), "
    "or a time before the end (-5 min)."
)


@dataclass(frozen=True)
class Moment:
    """A time as it was typed; :meth:`within` returns the time in a given session."""

    #: Microseconds UTC; None if it is relative to an end of the session.
    time: int | None = None
    #: Microseconds since the session's start, or before its end if negative.
    offset: int = 0
    #: Hours, minutes, seconds and microseconds of a time of day; None otherwise.
    of_day: tuple[int, int, int, int] | None = None
    from_end: bool = False

    def within(self, start: int, stop: int) -> int:
        """Return the time in microseconds UTC, in a session from *start* to *stop*.

        A time of day is the first one that is not before the session's start.
        """
        if self.time is not None:
            return self.time
        if self.of_day is None:
            return (stop if self.from_end else start) + self.offset
        first = datetime.fromtimestamp(start // MICROSECONDS)
        hour, minute, second, micro = self.of_day
        moment = first.replace(hour=hour, minute=minute, second=second, microsecond=micro)
        if _utc(moment) < start:
            # By the calendar, so that a day of 23 or 25 hours is a day too.
            moment = datetime.fromordinal(moment.toordinal() + 1).replace(
                hour=hour, minute=minute, second=second, microsecond=micro
            )
        return _utc(moment)


def _utc(moment: datetime) -> int:
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * MICROSECONDS + moment.microsecond


def parse_moment(text: str) -> Moment:
    """Return the time that a text stands for.

    Raises
    ------
    ValueError
        It is not a time.
    """
    text = text.strip()
    if _ZERO.fullmatch(text):
        return Moment(from_end=text.startswith("-"))
    if _TIME_OF_DAY.fullmatch(text):
        padded = text if text.index(":") == 2 else f"0{text}"
        time = datetime.fromisoformat(f"2000-01-01T{padded}")
        return Moment(of_day=(time.hour, time.minute, time.second, time.microsecond))
    before_end = text.startswith("-")
    try:
        offset = microseconds(parse_duration(text[1:] if text[:1] in ("+", "-") else text))
    except ValueError:
        return Moment(time=_utc(datetime.fromisoformat(text)))
    return Moment(offset=-offset if before_end else offset, from_end=before_end)


def read_time(text: str, form: RunTimes, start: int, stop: int) -> int:
    """Return a time that was typed in the form in which times of the run are shown.

    ``2:00`` is two minutes after the start where elapsed time is shown, and two o'clock where
    the time of day is; if the run has no such time, it is the other one.

    Parameters
    ----------
    text
        What was typed.
    form
        How times of the run are shown.
    start, stop
        The run, in microseconds UTC.

    Raises
    ------
    ValueError
        It is not a time of the run; the message says what to write.
    """
    typed = text.strip()
    try:
        found = _read_shown(typed, form, start, stop)
    except (ValueError, OverflowError, OSError):
        raise ValueError(f"“{typed}” is not a time. {TIME_HINT}" if typed else TIME_HINT) from None
    # What is shown is rounded to tenths of a second.
    if not start - MICROSECONDS <= found <= stop + MICROSECONDS:
        raise ValueError(f"The run has no {typed}. {TIME_HINT}")
    return min(max(found, start), stop)


def _read_shown(text: str, form: RunTimes, start: int, stop: int) -> int:
    elapsed = clock_seconds(text)
    if elapsed is not None:
        since = start + microseconds(elapsed)
        try:
            of_day = parse_moment(text).within(start, stop)
        except ValueError:  # 40:00 is a time since the start only.
            return since
        first, second = (since, of_day) if form.mode is TimeMode.ELAPSED else (of_day, since)
        return second if first > stop and second <= stop else first
    if day := _DAY.match(text):
        return _on_day(day, text[day.end() :], start)
    return parse_moment(text).within(start, stop)


def _on_day(day: re.Match[str], clock: str, start: int) -> int:
    """Return a time of day on a day whose year may be missing: then it is the first one."""
    first = datetime.fromtimestamp(start // MICROSECONDS)
    month = MONTHS.index(day[2]) + 1
    time = parse_moment(clock).of_day
    if time is None:
        raise ValueError(clock)
    year = int(day[3] or first.year)
    moment = datetime(year, month, int(day[1]), *time)
    if not day[3] and moment.date() < first.date():
        moment = moment.replace(year=year + 1)
    return _utc(moment)
