# SPDX-License-Identifier: GPL-3.0-or-later
"""The loads that a command line switches: requested once, done when the meter confirms it."""

from __future__ import annotations

from collections.abc import Mapping

from wattui.client import MeterClient


class RelayRequests:
    """Requests by serial number, and whether the relay is to open.  Main thread only."""

    def __init__(self, wanted: Mapping[str, bool]) -> None:
        #: Those that are not confirmed yet.
        self.pending = dict(wanted)
        self._sent: set[str] = set()

    def follow(self, client: MeterClient, relay_open: bool | None) -> None:
        """Send the request to a meter that has reported its relay, or note that it is done."""
        serial_number = client.info.serial_number
        wanted = self.pending.get(serial_number)
        if wanted is None or relay_open is None:
            return
        if relay_open is wanted:
            del self.pending[serial_number]
        elif serial_number not in self._sent:
            self._sent.add(serial_number)
            client.switch_relay(open_=wanted)
