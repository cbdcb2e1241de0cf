# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides when silence means that something is wrong, and how long to wait before trying again.

Pure: the time is passed in.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait, in seconds of real time."""

    #: For an answer; a meter that has not answered by then is absent.
    answer: float = 2.0
    #: For records, before asking for the version; three intervals at least.
    silence: float = 5.0
    #: After a restart, while the meter may ignore commands.
    deaf: float = 15.0
    #: Before looking for a lost meter again: the first and the longest delay.
    retry_first: float = 0.5
    retry_last: float = 10.0
    #: Between two lines in the log about packets that were dropped.
    report: float = 60.0

    def delays(self) -> Iterator[float]:
        """Yield the delay before each try, without end."""
        delay = self.retry_first
        while True:
            yield delay
            delay = min(delay * 2, self.retry_last)


class Advice(enum.Enum):
    """What to do about silence."""

    NOTHING = enum.auto()
    #: Ask the meter for its version, to see whether it is there.
    ASK = enum.auto()
    #: The meter does not answer: the link is lost.
    LOST = enum.auto()


#: Intervals without a record that count as silence.
_INTERVALS: Final = 3


class Watchdog:
    """Detects silence, since a half-open connection reports no error.

    It needs two clocks: for a simulated meter at speed, the silence is real time, but
    the intervals are the meter's.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._heard = 0.0
        self._heard_clock = 0.0
        self._asked: float | None = None

    @property
    def asks(self) -> bool:
        """Whether it is waiting for an answer."""
        return self._asked is not None

    def heard(self, now: float, clock: float) -> None:
        """Note that a record came, or that logging was started."""
        self._asked = None
        self._heard, self._heard_clock = now, clock

    def answered(self) -> bool:
        """Note that the meter answered; return whether the watchdog had asked."""
        asked, self._asked = self._asked, None
        return asked is not None

    def check(self, now: float, clock: float, interval: float) -> Advice:
        """Return what to do now, if the meter should send a record every *interval* seconds."""
        if self._asked is not None:
            return Advice.LOST if now - self._asked > self._timing.answer else Advice.NOTHING
        silent = now - self._heard > self._timing.silence
        if silent and clock - self._heard_clock > _INTERVALS * interval:
            self._asked = now
            return Advice.ASK
        return Advice.NOTHING
