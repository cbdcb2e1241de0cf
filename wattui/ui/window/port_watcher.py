# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks for ports in the background, every second or two."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from wattui.model.main_thread import MainThread
from wattui.ports.listing import PortInfo, list_ports

_log = logging.getLogger(__name__)

#: Seconds between two checks.
PERIOD: Final = 1.5


class PortWatcher:
    """Reports the ports to the main thread whenever they change.

    Parameters
    ----------
    main_thread
        Where *found* is called.
    found
        Called with the ports, on the main thread.
    look
        Lists the ports; called on the watcher's own thread.
    """

    def __init__(
        self,
        main_thread: MainThread,
        found: Callable[[list[PortInfo]], None],
        look: Callable[[], list[PortInfo]] = list_ports,
    ) -> None:
        self._main_thread = main_thread
        self._found = found
        self._look = look
        self._stop = threading.Event()
        self._now = threading.Event()
        # A driver that does not respond must not keep the program alive.
        self._thread = threading.Thread(target=self._watch, name="wattui ports", daemon=True)

    def start(self) -> None:
        """Start looking."""
        self._thread.start()

    def look_now(self) -> None:
        """Look for ports now, as when the list is opened."""
        self._now.set()

    def stop(self, timeout: float = 1.0) -> bool:
        """Stop looking; return whether the thread has ended within *timeout* seconds."""
        self._stop.set()
        self._now.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _watch(self) -> None:
        known: list[PortInfo] | None = None
        while not self._stop.is_set():
            try:
                ports = self._look()
            except Exception:  # noqa: BLE001 - the list of ports stays as it is
                _log.exception("the ports could not be listed")
                ports = known or []
            if ports != known and not self._stop.is_set():
                known = ports
                self._main_thread.post(lambda ports=ports: self._found(ports))  # type: ignore[misc]
            self._now.wait(PERIOD)
            self._now.clear()
