# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks: the system's, and one that runs faster.

Stored times come from the wall clock, durations from the monotonic one.  The clock of a
simulated meter at sixty times the speed runs sixty times as fast, so that its hour is an hour
in the session.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

#: Microseconds in a second: stored times and spans are whole microseconds.
MICROSECONDS: Final = 1_000_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Clock(Protocol):
    """A wall clock and a monotonic one, in seconds."""

    def time(self) -> float:
        """Return the wall clock: seconds since 1970, UTC."""

    def monotonic(self) -> float:
        """Return the seconds since some fixed moment; never steps."""


#: Linux's monotonic clock stops while the machine sleeps, which would hide the gap in a
#: recording.  This one goes on.
_BOOT_CLOCK: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", None)


class SystemClock:
    """The clock of this machine."""

    def time(self) -> float:
        """Return the wall clock: seconds since 1970, UTC."""
        return time.time()

    def monotonic(self) -> float:
        """Return the seconds since some fixed moment, sleep included; never steps."""
        return time.monotonic() if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK)


class ScaledClock:
    """A clock that starts now and runs *speed* times as fast."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._wall = time.time()
        self._start = time.monotonic()

    def time(self) -> float:
        """Return the wall clock: seconds since 1970, UTC."""
        return self._wall + self.monotonic()

    def monotonic(self) -> float:
        """Return the seconds since the clock was made, times *speed*."""
        return (time.monotonic() - self._start) * self.speed


#: The default clock.
SYSTEM_CLOCK: Final = SystemClock()


def microseconds(seconds: float) -> int:
    """Return seconds as whole microseconds, as times and durations are stored."""
    return round(seconds * MICROSECONDS)


def time_us(moment: datetime) -> int:
    """Return an aware datetime as a stored time.

    Parameters
    ----------
    moment
        With a time zone.

    Returns
    -------
    int
        Microseconds since 1970, UTC.

    Raises
    ------
    ValueError
        It has no time zone.

    Examples
    --------
    >>> from datetime import UTC
    >>> time_us(datetime(1970, 1, 2, tzinfo=UTC))
    86400000000
    """
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return (moment - _EPOCH) // timedelta(microseconds=1)


def utc_time(time_us: int) -> datetime:
    """Return a stored time (microseconds since 1970) as an aware datetime, exactly."""
    return _EPOCH + timedelta(microseconds=time_us)
