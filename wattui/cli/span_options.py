# SPDX-License-Identifier: GPL-3.0-or-later
"""Moments of a session as people type them: ``12:30``, a date, ``1h30m``, ``-10m``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import click

from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.measurement.text import parse_duration

_ZERO: Final = re.compile(r"[+-]?0+[dhms]?")
_TIME_OF_DAY: Final = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?")


@dataclass(frozen=True)
class Moment:
    """A moment as it was typed; :meth:`within` says which one it is in a session."""

    #: Microseconds UTC; None where it counts from an end of the session.
    time: int | None = None
    #: Microseconds since the session's start, or before its end where negative.
    offset: int = 0
    #: Hours, minutes, seconds and microseconds of a time of day; None otherwise.
    of_day: tuple[int, int, int, int] | None = None
    from_end: bool = False

    def within(self, start: int, stop: int) -> int:
        """Give the moment in microseconds UTC, in a session of that span.

        A time of day is the first one that is not before the session's start.
        """
        if self.time is not None:
            return self.time
        if self.of_day is None:
            return (stop if self.from_end else start) + self.offset
        begin = datetime.fromtimestamp(start // MICROSECONDS)
        hour, minute, second, micro = self.of_day
        moment = begin.replace(hour=hour, minute=minute, second=second, microsecond=micro)
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
    """Give the moment that a text means.

    Raises
    ------
    ValueError
        It means none.
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


def moment_option(text: str) -> Moment:
    """Give the moment of an option's value: for ``type=`` of an option."""
    try:
        return parse_moment(text)
    except (ValueError, OverflowError, OSError) as error:
        raise click.BadParameter(
            f"{text!r} is no moment. Write a time of day (12:30), a date and time "
            "(2026-02-03T12:30), a span since the start (1h30m) or before the end (-10m)."
        ) from error


#: Options of the commands that take a part of a session.
from_option = click.option(
    "--from", "start", type=moment_option, metavar="MOMENT",
    help="Where to begin: a time of day (12:30), a date and time (2026-02-03T12:30), a span "
    "since the session's start (1h30m) or before its end (-10m).",
)  # fmt: skip
to_option = click.option(
    "--to", "stop", type=moment_option, metavar="MOMENT", help="Where to end, written alike."
)
meters_option = click.option(
    "--meter", "meters", multiple=True, metavar="METER",
    help="Only this meter: its number in the session (1, 2, ...), its name, serial number or "
    "port. May be given several times.",
)  # fmt: skip


def duration_option(text: str) -> float:
    """Give the seconds of an option's value: for ``type=`` of an option."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{error}. Write seconds (90), or 90s, 5m, 8h, 2d, 1h30m."
        ) from error
