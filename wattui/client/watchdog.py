# SPDX-License-Identifier: GPL-3.0-or-later
"""When silence means that something is wrong, and how long to wait before trying again.

Pure: told what time it is.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Timing:
    """How long to wait for what, in seconds of real time."""

    #: For an answer; the meter is to be taken for absent after that.
    answer: float = 2.0
    #: For records, before asking whether the meter is still there; three intervals at least.
    silence: float = 5.0
    #: After a restart, during which the meter may be deaf.
    deaf: float = 15.0
    #: Before looking for a lost meter again: at first, and at most.
    retry_first: float = 0.5
    retry_last: float = 10.0
    #: Between two lines in the log about packets that were dropped.
    report: float = 60.0

    def delays(self) -> Iterator[float]:
        """Give the delays before one try after the other, for ever."""
        delay = self.retry_first
        while True:
            yield delay
            delay = min(delay * 2, self.retry_last)


class Advice(enum.Enum):
    """What to do about silence."""

    NOTHING = enum.auto()
    #: Ask the meter for its version, to see whether it is there.
    ASK = enum.auto()
    #: It does not answer: the link is lost.
    LOST = enum.auto()


#: Intervals without a record that are taken for silence.
_INTERVALS: Final = 3


class Watchdog:
    """Watches for silence, which a half-open connection keeps for ever.

    Two clocks: of a simulated meter at speed, *silence* is real time but the
    intervals are the meter's.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._heard = 0.0
        self._heard_clock = 0.0
        self._asked: float | None = None

    @property
    def asks(self) -> bool:
        """Whether it waits for the answer to its question."""
        return self._asked is not None

    def heard(self, now: float, clock: float) -> None:
        """A record came, or logging was started and records are to be expected."""
        self._asked = None
        self._heard, self._heard_clock = now, clock

    def answered(self) -> bool:
        """The meter answered; tell whether that was to the watchdog's own question."""
        asked, self._asked = self._asked, None
        return asked is not None

    def check(self, now: float, clock: float, interval: float) -> Advice:
        """Say what to do now, with a record expected every *interval* of the meter's clock."""
        if self._asked is not None:
            return Advice.LOST if now - self._asked > self._timing.answer else Advice.NOTHING
        silent = now - self._heard > self._timing.silence
        if silent and clock - self._heard_clock > _INTERVALS * interval:
            self._asked = now
            return Advice.ASK
        return Advice.NOTHING
