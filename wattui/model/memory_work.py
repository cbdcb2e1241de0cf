# SPDX-License-Identifier: GPL-3.0-or-later
"""What a worker does with a meter's memory, and what it hands to the main thread.

Without Traits: everything here is immutable, or is the worker's own.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wattui.client import MeterClient
from wattui.errors import UnexpectedReply, WattuiError
from wattui.meter_memory.readout import Readout
from wattui.meter_memory.save_readout import save_readout
from wattui.meter_memory.settings import Settings, read_calibration, read_settings
from wattui.meter_memory.state import MemoryState, read_memory_state
from wattui.protocol import Calibration

#: Least time between two reports of progress, in seconds.
REPORT_TIME: Final = 0.1


@dataclass(frozen=True, slots=True)
class Consent:
    """Somebody saw what would be lost, and said that it may be.

    The dialog that asks makes one, and nothing else does.
    """

    #: Port of the meter.
    url: str
    #: How many records it had then; None where nobody could tell.
    records: int | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of fetching a memory."""

    #: The session; None where there is none.
    path: Path | None
    readout: Readout
    #: Why it could not be written; None where it was, or where nothing had come.
    refused: WattuiError | None = None

    @property
    def complete(self) -> bool:
        """Whether all came that was announced."""
        return self.readout.complete


@dataclass(frozen=True, slots=True)
class Look:
    """All that was read of a meter."""

    settings: Settings
    state: MemoryState | None
    calibration: Calibration | None
    url: str


class Progress:
    """How far a read-out is: told by the worker, shown ten times a second at most."""

    def __init__(self) -> None:
        self.done = self.total = 0
        self.rate = 0.0
        self._begun = (0, 0.0)
        self._reported = 0.0

    def take(self, done: int, total: int) -> bool:
        """Take how far it is; tell whether that is to be shown."""
        now = time.monotonic()
        if done < self.done or not self.done:
            self._begun = (done, now)  # it begins, or begins anew
        count, since = self._begun
        self.done, self.total = done, total
        if now > since:
            self.rate = (done - count) / (now - since)
        if now - self._reported < REPORT_TIME and done != total:
            return False
        self._reported = now
        return True


def look(client: MeterClient) -> Look:
    """Read all of it; a meter that tells nothing of its memory is no error."""
    url = client.info.port
    settings = read_settings(client)
    calibration = read_calibration(client)
    try:
        state = read_memory_state(client)
    except UnexpectedReply:
        state = None
    return Look(settings, state, calibration, url)


def keep(readout: Readout, before: Fetched | None) -> Fetched:
    """Make a session of a read-out, or add it to the partial one of the same meter."""
    if not len(readout.records):
        return Fetched(None, readout)
    path = None
    if before is not None and not before.complete and before.readout.meter.key == readout.meter.key:
        path = before.path
    try:
        return Fetched(save_readout(readout, readout.meter, path), readout)
    except WattuiError as error:
        return Fetched(None, readout, error)
