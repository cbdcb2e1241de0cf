# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of a connection, and which may follow which."""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable
from typing import Final


class ClientState(enum.Enum):
    """What a :class:`~wattui.client.MeterClient` is doing."""

    #: Not connected, and not trying to.
    CLOSED = "closed"
    #: Looking for the port, the speed and the meter for the first time.
    OPENING = "opening"
    #: The meter answers; records come in.
    RUNNING = "running"
    #: It was there, is gone, and is being looked for.
    LOST = "lost"
    #: It could not be reached, and nothing more is tried.
    FAILED = "failed"


_FOLLOWING: Final[dict[ClientState, frozenset[ClientState]]] = {
    ClientState.CLOSED: frozenset({ClientState.OPENING}),
    ClientState.OPENING: frozenset({ClientState.RUNNING, ClientState.FAILED, ClientState.CLOSED}),
    ClientState.RUNNING: frozenset({ClientState.LOST, ClientState.FAILED, ClientState.CLOSED}),
    ClientState.LOST: frozenset({ClientState.RUNNING, ClientState.FAILED, ClientState.CLOSED}),
    ClientState.FAILED: frozenset({ClientState.OPENING, ClientState.CLOSED}),
}


class WrongTransition(RuntimeError):
    """A state was to follow one that it cannot follow: an error in the program."""


def check_transition(before: ClientState, after: ClientState) -> None:
    """Make sure that a state may follow another.

    Raises
    ------
    WrongTransition
        It may not.
    """
    if after not in _FOLLOWING[before]:
        raise WrongTransition(f"{after.value} cannot follow {before.value}")


class Course:
    """The state that a client is in, and what it is trying there."""

    def __init__(self, tell: Callable[[], None]) -> None:
        #: What it is doing.
        self.state = ClientState.CLOSED
        #: What is being tried, as in ``asking at 19200 baud``; empty when nothing is.
        self.activity = ""
        self._tell = tell
        self._changed = threading.Condition()

    @property
    def trying(self) -> bool:
        """Whether it looks for the meter, for the first time or again."""
        return self.state in (ClientState.OPENING, ClientState.LOST)

    def to(self, state: ClientState) -> None:
        """Go into a state; staying in the present one is nothing.

        Raises
        ------
        WrongTransition
            That cannot follow the present one.
        """
        with self._changed:
            if state is self.state:
                return
            check_transition(self.state, state)
            self.state = state
            self.activity = ""
            self._changed.notify_all()
        self._tell()

    def say(self, activity: str) -> None:
        """Say what is being tried."""
        self.activity = activity
        self._tell()

    def settle(self, timeout: float) -> ClientState:
        """Wait until it tries no more, *timeout* seconds at most; give the state then."""
        with self._changed:
            self._changed.wait_for(lambda: not self.trying, timeout)
            return self.state
