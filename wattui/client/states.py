# SPDX-License-Identifier: GPL-3.0-or-later
"""The states of a connection, and which may follow which."""

from __future__ import annotations

import enum
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
