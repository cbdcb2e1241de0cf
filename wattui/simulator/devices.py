# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated meters of this process that ``sim://`` URLs open.

Opening a URL makes a meter of its own, unless it names an ``id``: then the same
meter is found again, memory and all.  A meter that was unplugged is found again
under its URL too, so that a client can wait for it to come back.
"""

from __future__ import annotations

import threading

from wattui.simulator.sim_url import meter_from_options, parse_url
from wattui.simulator.simulated_meter import MOST_EVENTS, SimulatedMeter


class DeviceBusy(Exception):
    """The meter of that id is open already."""


class Device:
    """A meter with the lock that makes it safe for threads."""

    def __init__(self, url: str) -> None:
        options = parse_url(url)
        #: What it is found by, until then nobody else's.
        self.key = f"id:{options.id}" if options.id else url
        self.lasting = bool(options.id)
        self.meter: SimulatedMeter = meter_from_options(options)
        self.meter.most_events = MOST_EVENTS
        #: Held while the meter is used; told when there may be something to read.
        self.condition = threading.Condition()
        self.opened = False


_devices: dict[str, Device] = {}
_lock = threading.Lock()


def take_device(url: str) -> Device:
    """Give the meter of a URL, now open.

    Raises
    ------
    ValueError
        The URL cannot be understood.
    DeviceBusy
        It names the id of a meter that is open.
    """
    options = parse_url(url)
    key = f"id:{options.id}" if options.id else url
    with _lock:
        device = _devices.get(key)
        if device is not None and device.opened and device.lasting:
            raise DeviceBusy(options.id)
        if device is None or device.opened:
            device = Device(url)
            if device.lasting:
                _devices[key] = device
        device.opened = True
        return device


def release_device(device: Device) -> None:
    """Take a meter for closed; an unplugged one is kept for whoever opens its URL."""
    with _lock:
        device.opened = False
        if device.lasting:
            return
        if not device.meter.plugged:
            _devices[device.key] = device
        elif _devices.get(device.key) is device:
            del _devices[device.key]


def forget_devices() -> None:
    """Forget all meters that are not open: their ids are new ones then."""
    with _lock:
        for key in [key for key, device in _devices.items() if not device.opened]:
            del _devices[key]
