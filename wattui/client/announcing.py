# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is told of a meter's samples, events and states.

Whoever listens cannot harm the connection: what a listener raises is logged.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from wattui.measurement.events import Event, Listener, MeterInfo
from wattui.measurement.sample import Sample

_log = logging.getLogger(__name__)


class Announcer:
    """The listeners of one meter.  They may come and go on any thread, at any time."""

    def __init__(self, meter: MeterInfo) -> None:
        #: Who the meter is, as far as it is known; the reader thread sets it.
        self.meter = meter
        # Replaced as a whole, never changed: whoever goes through it is not disturbed.
        self._listeners: tuple[Listener, ...] = ()
        self._state_listeners: tuple[Callable[[], None], ...] = ()

    def add(self, listener: Listener) -> None:
        """Have a listener told of samples and events."""
        self._listeners = (*self._listeners, listener)

    def remove(self, listener: Listener) -> None:
        """Tell a listener no more."""
        self._listeners = tuple(one for one in self._listeners if one != listener)

    def add_state(self, listener: Callable[[], None]) -> None:
        """Have a listener called after each change of state or activity."""
        self._state_listeners = (*self._state_listeners, listener)

    def samples(self, samples: Sequence[Sample]) -> None:
        """Hand samples to all of them."""
        if not samples:
            return
        for listener in self._listeners:
            try:
                listener.on_samples(self.meter, samples)
            except Exception:  # noqa: BLE001 - whatever a listener does
                _log.exception("%s: a listener failed", self.meter.port)

    def events(self, events: Sequence[Event]) -> None:
        """Hand events to all of them."""
        for event in events:
            _log.info("%s: %s: %s", self.meter.port, event.kind, event.text)
            for listener in self._listeners:
                try:
                    listener.on_event(self.meter, event)
                except Exception:  # noqa: BLE001 - whatever a listener does
                    _log.exception("%s: a listener failed", self.meter.port)

    def state(self) -> None:
        """Tell that the state or the activity changed."""
        for listener in self._state_listeners:
            try:
                listener()
            except Exception:  # noqa: BLE001 - whatever a listener does
                _log.exception("a listener failed")
