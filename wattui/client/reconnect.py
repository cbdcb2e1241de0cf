# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the port of a meter again, and opens it without waiting for a network."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from wattui.errors import Cancelled, PortNotFound, WattuiError
from wattui.measurement.events import MeterInfo
from wattui.ports.listing import find_port, serial_number_of
from wattui.ports.port import Port, open_port

_log = logging.getLogger(__name__)

#: Opening one of these can block for seconds.
_NETWORK: Final = ("socket://", "rfc2217://")

#: Seconds between two checks whether to give up.
_LOOK: Final = 0.05

OpenPort = Callable[[str], Port]
FindPort = Callable[[str], str | None]


def where_is(
    meter: MeterInfo,
    find: FindPort = find_port,
    serial_number: Callable[[str], str] = serial_number_of,
) -> str:
    """Return the URL of the port where a meter is now; it may have moved.

    Raises
    ------
    PortNotFound
        No port has its serial number.
    """
    if not meter.serial_number or "://" in meter.port:
        return meter.port
    if serial_number(meter.port) == meter.serial_number:
        return meter.port
    url = find(meter.serial_number)
    if url is None:
        raise PortNotFound(
            f"The meter with serial number {meter.serial_number} is not plugged in",
            "Plug it in again, into any port.",
        )
    return url


def open_unless(stopped: threading.Event, url: str, opener: OpenPort = open_port) -> Port:
    """Open a port, but give up as soon as *stopped* is set.

    Raises
    ------
    PortError
        It cannot be opened.
    Cancelled
        *stopped* was set.
    """
    if not url.lower().startswith(_NETWORK):
        return opener(url)
    return _Opening(url, opener).wait(stopped)


class _Opening:
    """An attempt to open a port that can be abandoned; the port is closed when it opens later."""

    def __init__(self, url: str, opener: OpenPort) -> None:
        self._url = url
        self._opener = opener
        self._lock = threading.Lock()
        self._done = threading.Event()
        self._abandoned = False
        self._port: Port | None = None
        self._error: WattuiError | None = None
        threading.Thread(target=self._open, name=f"wattui opener {url}").start()

    def _open(self) -> None:
        try:
            port = self._opener(self._url)
        except WattuiError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - the waiting thread needs an answer
            _log.exception("opening %s", self._url)
            self._error = PortNotFound(f"{self._url} could not be opened: {error}")
        else:
            with self._lock:
                self._port = port
                if self._abandoned:
                    port.close()
        self._done.set()

    def wait(self, stopped: threading.Event) -> Port:
        while not self._done.wait(_LOOK):
            if stopped.is_set():
                with self._lock:
                    self._abandoned = True
                    if self._port is not None:
                        self._port.close()
                raise Cancelled("Connecting was cancelled")
        if self._port is None:
            raise self._error or PortNotFound(f"{self._url} could not be opened")
        return self._port
