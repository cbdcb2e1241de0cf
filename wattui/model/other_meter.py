# SPDX-License-Identifier: GPL-3.0-or-later
"""Another meter at the port of a known one: it becomes a meter of its own, with its own row."""

from __future__ import annotations

from typing import Protocol

from wattui.errors import OtherMeter
from wattui.measurement.clock import microseconds
from wattui.measurement.events import Event, EventKind
from wattui.model.meter import Meter


class MeterRows(Protocol):
    """The part of a bench that is needed here."""

    meters: list[Meter]
    meter: Meter | None
    identities: dict[str, dict[str, str]]

    def add_meter(self, url: str = "", **traits: object) -> Meter:
        """Add a meter."""

    def disconnect(self, meter: Meter) -> None:
        """Disconnect a meter."""

    def remove_meter(self, meter: Meter) -> None:
        """Remove a meter."""


def separate(bench: MeterRows, meter: Meter, error: OtherMeter) -> Event | None:
    """Connect the other meter in a row of its own; the known one keeps its samples and name.

    A known one without samples in this recording is removed.  Main thread only.

    Returns
    -------
    Event or None
        What to record of the known meter; None if it has no samples.
    """
    other = _row_of(bench, meter, error.key)
    chosen, client = bench.meter is meter, meter.client
    note = None
    if client is not None and meter.sample_count:
        now = microseconds(client.clock.time())
        note = Event(now, EventKind.NOTE, f"{error.what}; it is recorded as a meter of its own")
    if not other.connected:
        other.connect()
    if chosen:
        bench.meter = other
    if meter.sample_count:
        bench.disconnect(meter)
    else:
        bench.remove_meter(meter)
    return note


def _row_of(bench: MeterRows, meter: Meter, key: str) -> Meter:
    """Return the row of the other meter, if it was there before, or a new one."""
    for one in bench.meters:
        if one is not meter and one.url == meter.url and one.is_known_as(key):
            return one
    other = bench.add_meter(meter.url, interval=meter.interval)
    what = key.removeprefix(meter.url).strip()
    firmware = what.removeprefix(f"{meter.model} ")
    if firmware[:1].isdigit() and key not in bench.identities:
        # It is the same model: their labels would be the same.
        other.name = f"Watts up? {what}"
    return other
