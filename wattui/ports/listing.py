# SPDX-License-Identifier: GPL-3.0-or-later
"""The serial ports of this machine, and what prevents them from being opened."""

from __future__ import annotations

import enum
import logging
import os
import sys
from dataclasses import dataclass
from typing import Final

from serial.tools import list_ports as _list_ports
from serial.tools.list_ports_common import ListPortInfo

from wattui.ports.holder import find_holders

_log = logging.getLogger(__name__)

#: USB adapter of the Watts up?: FTDI FT232R (protocol, *Line and framing*).
FTDI_VENDOR: Final = 0x0403
FTDI_PRODUCT: Final = 0x6001


class PortProblem(enum.StrEnum):
    """What prevents a port from being opened."""

    NONE = ""
    IN_USE = "in use"
    NO_PERMISSION = "no permission"


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A serial port of this machine."""

    #: What :func:`wattui.ports.port.open_port` takes: ``/dev/ttyUSB0``, ``COM3``.
    url: str
    #: The adapter's description of itself; empty if it has none.
    description: str = ""
    #: Serial number of the adapter; empty if it has none.
    serial_number: str = ""
    #: USB numbers of the adapter; None if it is not a USB device.
    vendor_id: int | None = None
    product_id: int | None = None
    #: Whether it has the USB adapter that is built into a Watts up?.
    likely_meter: bool = False
    #: Why it cannot be opened now.
    problem: PortProblem = PortProblem.NONE

    @property
    def label(self) -> str:
        """Its line in a list: what it is, its serial number and place, and what is wrong."""
        what = "Watts up?" if self.likely_meter else self.description
        parts = (what, self.serial_number, self.url, self.problem)
        return " · ".join(part for part in parts if part)


def list_ports() -> list[PortInfo]:
    """Return the serial ports of this machine, likely meters first.

    Opens none of them, and never raises.  Ptys and network ports are not listed.

    Returns
    -------
    list of PortInfo
        URL, description and serial number of each port, and why it cannot be opened.

    Examples
    --------
    >>> likely = [port.url for port in list_ports() if port.likely_meter]
    """
    found = _comports()
    holders = find_holders([port.device for port in found])
    ports = [
        PortInfo(
            url=port.device,
            description="" if port.description in (None, "n/a") else port.description,
            serial_number=port.serial_number or "",
            vendor_id=port.vid,
            product_id=port.pid,
            likely_meter=(port.vid, port.pid) == (FTDI_VENDOR, FTDI_PRODUCT),
            problem=_problem(port.device, in_use=port.device in holders),
        )
        for port in found
    ]
    return sorted(ports, key=lambda port: (not port.likely_meter, _natural(port.url)))


def _comports() -> list[ListPortInfo]:
    try:
        return list(_list_ports.comports())
    except Exception as error:  # noqa: BLE001 - a device that vanishes can raise anything
        _log.debug("listing ports: %s: %s", type(error).__name__, error)
        return []


def _problem(path: str, *, in_use: bool) -> PortProblem:
    if in_use:
        return PortProblem.IN_USE
    if sys.platform != "win32" and not os.access(path, os.R_OK | os.W_OK):
        return PortProblem.NO_PERMISSION
    return PortProblem.NONE


def _natural(text: str) -> tuple[str, int]:
    """Return a key that sorts ttyUSB10 after ttyUSB9."""
    stem = text.rstrip("0123456789")
    return stem, int(text[len(stem) :] or 0)


def find_port(serial_number: str) -> str | None:
    """Return the URL of the port whose adapter has a serial number; None if none has."""
    found = _comports() if serial_number else []
    return next((port.device for port in found if port.serial_number == serial_number), None)


def serial_number_of(url: str) -> str:
    """Return the serial number of the adapter behind a port; empty if there is none."""
    if scheme_of(url):
        return ""
    device = os.path.realpath(url)
    for port in _comports():
        if device == os.path.realpath(port.device):
            return port.serial_number or ""
    return ""


def scheme_of(url: str) -> str:
    """Return the scheme of a URL in lower case; empty for the name of a device."""
    scheme, mark, _rest = url.partition("://")
    return scheme.lower() if mark else ""
