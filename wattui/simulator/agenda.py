# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to happen, and when: the simulated meter's events in the order of their times."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

Action = Callable[[], None]


class Agenda:
    """Actions at times in seconds of some clock; those of one time in the order of entry."""

    def __init__(self) -> None:
        self._events: list[tuple[float, int, Action]] = []
        self._order = itertools.count()

    def add(self, time: float, action: Action) -> None:
        """Have something done at a time."""
        heapq.heappush(self._events, (time, next(self._order), action))

    def due(self, now: float) -> bool:
        """Tell whether anything is to be done by *now*."""
        return bool(self._events) and self._events[0][0] <= now

    def take(self) -> tuple[float, Action]:
        """Give the first event, which is no longer on the agenda."""
        time, _, action = heapq.heappop(self._events)
        return time, action

    def seconds_to_next(self, now: float) -> float | None:
        """Give how long it is until the first event; None where there is none."""
        return max(self._events[0][0] - now, 0.0) if self._events else None
