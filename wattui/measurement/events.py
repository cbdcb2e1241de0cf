# SPDX-License-Identifier: GPL-3.0-or-later
"""What a meter passes to its listeners: its identity, samples and events.

Recording and showing are both done by a :class:`Listener`.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from wattui.measurement.clock import MICROSECONDS, utc_time
from wattui.measurement.replay_mark import replay_of
from wattui.measurement.sample import Sample


@dataclass(frozen=True, slots=True)
class MeterInfo:
    """The identity of a meter."""

    #: What identifies it permanently: the FTDI serial number, or else the port with the model,
    #: the firmware and the hardware address, as far as they are known.
    key: str
    #: Its current port, a URL.
    port: str
    #: Name that the user chose; empty for none.
    name: str = ""
    #: Model as printed on the meter, as in ``PRO``; empty while unknown.
    model: str = ""
    #: Version of the firmware, as in ``3.14``; empty while unknown.
    firmware: str = ""
    #: FTDI serial number; empty if the port has none.
    serial_number: str = ""
    #: Seconds between two records.
    interval: float = 1.0
    #: Colour of its curves, as ``#rrggbb``; empty for none.
    colour: str = ""

    @property
    def label(self) -> str:
        """Name to show: the user's, or else the model with serial number or port."""
        return self.name or f"{self.model or 'Watts up?'} {self.serial_number or self.port}"

    @property
    def replay(self) -> str:
        """What it replays, and how fast, as in ``fan.raw at 60x``; empty for a measurement."""
        return replay_of(self.port)


class EventKind(enum.StrEnum):
    """The kinds of event."""

    STARTED = "started"
    STOPPED = "stopped"
    GAP = "gap"
    LOST = "lost"
    RECONNECTED = "reconnected"
    CLOCK_STEPPED = "clock stepped"
    POWER_ON = "power on"
    PAUSED = "paused"
    RESUMED = "resumed"
    DROPPED = "dropped"
    MARK = "mark"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a recording, at a time."""

    #: Microseconds since 1970, UTC.
    time_us: int
    kind: EventKind
    #: Description for people.
    text: str = ""
    #: How long it lasted, in microseconds; 0 for a moment.  A gap ends at *time_us*.
    duration_us: int = 0

    @property
    def time(self) -> datetime:
        """When it happened, in UTC."""
        return utc_time(self.time_us)

    @property
    def duration(self) -> float:
        """How long it lasted, in s; 0 for a moment."""
        return self.duration_us / MICROSECONDS


@runtime_checkable
class Listener(Protocol):
    """Receives the samples and events of meters.

    Called on the reader's thread of a client; must neither block for long nor raise.
    """

    def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        """Receive a batch of one meter's samples, oldest first."""

    def on_event(self, meter: MeterInfo | None, event: Event) -> None:
        """Receive an event of one meter; a session's writer also has some of all, for None."""


#: A function that is used as a listener: it is called with the samples.
SampleFunction = Callable[[MeterInfo, Sequence[Sample]], object]


@dataclass(frozen=True, slots=True)
class _FunctionListener:
    """Passes samples on to a function, and ignores events."""

    function: SampleFunction

    def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        """Call the function."""
        self.function(meter, samples)

    def on_event(self, meter: MeterInfo | None, event: Event) -> None:
        """Ignore an event."""


def as_listener(listener: Listener | SampleFunction) -> Listener:
    """Return a listener as it is, and a function ``f(meter, samples)`` as a listener.

    Listeners made of the same function are equal.

    Raises
    ------
    TypeError
        It is neither.
    """
    if isinstance(listener, Listener):
        return listener
    if not callable(listener):
        raise TypeError(
            f"{listener!r} is not a listener: it needs on_samples and on_event, or to be a function"
        )
    return _FunctionListener(listener)
