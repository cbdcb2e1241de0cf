# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of a connection, and which state may follow which."""

from __future__ import annotations

import enum
import logging
import threading
import time
from collections.abc import Callable
from typing import Final

_log = logging.getLogger(__name__)

#: Seconds between two checks whether to stop waiting.
_LOOK: Final = 0.1


class ClientState(enum.StrEnum):
    """What a :class:`~wattui.client.MeterClient` is doing."""

    #: Not connected, and not trying to.
    CLOSED = "closed"
    #: Looking for the port, the speed and the meter for the first time.
    OPENING = "opening"
    #: The meter answers; records come in.
    RUNNING = "running"
    #: The meter was lost; the client is looking for it.
    LOST = "lost"
    #: The meter could not be reached, and the client has given up.
    FAILED = "failed"


_NEXT: Final[dict[ClientState, frozenset[ClientState]]] = {
    ClientState.CLOSED: frozenset({ClientState.OPENING}),
    ClientState.OPENING: frozenset({ClientState.RUNNING, ClientState.FAILED, ClientState.CLOSED}),
    ClientState.RUNNING: frozenset({ClientState.LOST, ClientState.FAILED, ClientState.CLOSED}),
    ClientState.LOST: frozenset({ClientState.RUNNING, ClientState.FAILED, ClientState.CLOSED}),
    ClientState.FAILED: frozenset({ClientState.OPENING, ClientState.CLOSED}),
}


class WrongTransition(RuntimeError):
    """A state cannot follow another one: an error in the program."""


def check_transition(before: ClientState, after: ClientState) -> None:
    """Check that a state may follow another.

    Raises
    ------
    WrongTransition
        It may not.
    """
    if after not in _NEXT[before]:
        raise WrongTransition(f"{after.value} cannot follow {before.value}")


class StateTracker:
    """The state of one client, what it is trying, and the listeners to notify."""

    def __init__(self) -> None:
        #: What the client is doing.
        self.state = ClientState.CLOSED
        #: What is being tried, as in ``trying 19200 baud``; empty when nothing is.
        self.activity = ""
        self._pause = ""
        # Replaced as a whole, never changed, since it may be in use on another thread.
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._changed = threading.Condition()

    @property
    def trying(self) -> bool:
        """Whether the client is looking for the meter, for the first time or again."""
        return self.state in (ClientState.OPENING, ClientState.LOST)

    def add_listener(self, listener: Callable[[], None]) -> None:
        """Call a listener after each change of state, activity or pause."""
        self._listeners = (*self._listeners, listener)

    def enter(self, state: ClientState) -> None:
        """Enter a state; entering the present one does nothing.

        Raises
        ------
        WrongTransition
            It cannot follow the present one.
        """
        with self._changed:
            if state is self.state:
                return
            check_transition(self.state, state)
            self.state = state
            self.activity = ""
            self._changed.notify_all()
        self.notify()

    def show_activity(self, activity: str) -> None:
        """Show what is being tried."""
        self.activity = activity
        self.notify()

    def show_pause(self, reason: str) -> None:
        """Report that live recording pauses, or no longer does."""
        if reason != self._pause:
            self._pause = reason
            self.notify()

    def wait_settled(self, timeout: float, cancelled: Callable[[], bool]) -> ClientState:
        """Wait until the client stops trying, *timeout* seconds at most; return its state.

        It does not wait once *cancelled* returns true, which is checked ten times per second.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while self.trying and not cancelled():
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                self._changed.wait(min(left, _LOOK))
            return self.state

    def notify(self) -> None:
        """Call the listeners: something that they show has changed."""
        for listener in self._listeners:
            try:
                listener()
            except Exception:  # noqa: BLE001 - a listener must not harm the connection
                _log.exception("a listener failed")
