# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated meters of this process that ``sim://`` URLs open.

Each time a URL is opened there is a new meter, unless the URL has an ``id``: then the same
meter is found again, with its memory.  An unplugged meter is also found again under its
URL, so that a client can wait for it to come back.
"""

from __future__ import annotations

import threading

from wattui.simulator.meter_hardware import MOST_EVENTS
from wattui.simulator.sim_url import SimOptions, meter_from_options, parse_url


class DeviceBusy(Exception):
    """The meter of that id is already open."""


class Device:
    """A meter with the lock that makes it safe for threads."""

    def __init__(self, key: str, options: SimOptions) -> None:
        #: How it is found again; no other device has the same key.
        self.key = key
        self.lasting = bool(options.id)
        self.meter = meter_from_options(options)
        self.meter.most_events = MOST_EVENTS
        #: Held while the meter is used; notified when there may be something to read.
        self.condition = threading.Condition()
        self.opened = False


_devices: dict[str, Device] = {}
_lock = threading.Lock()


def take_device(url: str) -> Device:
    """Return the meter of a URL, now open.

    Raises
    ------
    ValueError
        The URL makes no sense.
    DeviceBusy
        The URL has the id of a meter that is already open.
    """
    options = parse_url(url)
    key = f"id:{options.id}" if options.id else url
    with _lock:
        device = _devices.get(key)
        if device is not None and device.opened and device.lasting:
            raise DeviceBusy(options.id)
        if device is None or device.opened:
            device = Device(key, options)
            if device.lasting:
                _devices[key] = device
        device.opened = True
        return device


def release_device(device: Device) -> None:
    """Mark a meter as closed; an unplugged one is found again under its URL."""
    with _lock:
        device.opened = False
        if device.lasting:
            return
        if not device.meter.plugged:
            _devices[device.key] = device
        elif _devices.get(device.key) is device:
            del _devices[device.key]


def forget_devices() -> None:
    """Forget all meters that are not open; their ids can be used again."""
    with _lock:
        for key in [key for key, device in _devices.items() if not device.opened]:
            del _devices[key]
