# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports: opening, reading and listing them, with errors that say what to do.

A port is a URL: a device (``/dev/ttyUSB0``, ``COM3``), a simulated meter
(``sim://``), or a serial port elsewhere (``socket://``, ``rfc2217://``).  pyserial
does the work; whatever it raises leaves here as one of :mod:`wattui.errors`.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final

import serial
from serial.tools import list_ports as _list_ports
from serial.tools.list_ports_common import ListPortInfo

from wattui.errors import LinkLost, PortUnknown, WattuiError
from wattui.measurement.clock import SYSTEM_CLOCK, Clock
from wattui.ports.holder import find_holder, find_holders
from wattui.ports.open_errors import busy, opening_error, ports_hint, scheme_of, url_error

fcntl: ModuleType | None
termios: ModuleType | None
try:
    import fcntl
    import termios
except ImportError:  # Windows
    fcntl = termios = None

_log = logging.getLogger(__name__)

#: Longest wait for the first byte of a read, in seconds.
READ_WAIT: Final = 0.1
#: Longest wait for a write: a few bytes go at once, unless the other end hangs.
WRITE_WAIT: Final = 0.5
#: Most that one read takes, so that a flood cannot keep it for ever.
READ_LIMIT: Final = 65_536

#: USB adapter of the Watts up?: FTDI FT232R (protocol, *Line and framing*).
FTDI_VENDOR: Final = 0x0403
FTDI_PRODUCT: Final = 0x6001

#: Where pyserial finds the handler of ``sim://``.
_HANDLERS: Final = "wattui.simulator.pyserial_urls"

_TERMIOS_ERROR: Final[tuple[type[Exception], ...]] = (termios.error,) if termios else ()
#: All that pyserial is known to raise when a device vanishes under it: SerialException
#: (an OSError), a bare OSError, termios.error, TypeError and AttributeError after a
#: close, ValueError for a file descriptor of 1024 or more.
_LOST: Final[tuple[type[Exception], ...]] = (
    *(OSError, TypeError, ValueError, AttributeError),
    *_TERMIOS_ERROR,
)

_UNIX98_PTYS: Final = range(136, 144)  # major numbers of /dev/pts/*


class Port:
    """An open port.  One thread reads, writes and closes it; any may cancel the read."""

    def __init__(self, device: serial.Serial, url: str) -> None:
        self.url = url
        #: The clock by which this port's meter runs: the system's, unless it is simulated.
        self.clock: Clock = getattr(device, "clock", SYSTEM_CLOCK)
        #: FTDI serial number of the adapter; empty where it has none.
        self.serial_number: str = getattr(device, "serial_number", "") or serial_number_of(url)
        self._device = device
        # A cancel must not meet a close: it would write to a descriptor that by then
        # may belong to another file.
        self._closing = threading.Lock()
        self._closed = False
        self._is_socket = url.lower().startswith("socket://")

    @property
    def arrived(self) -> tuple[float, float] | None:
        """Wall and monotonic clock when the last bytes came, in seconds; None where unknown."""
        moment: tuple[float, float] | None = getattr(self._device, "arrived", None)
        return moment

    @property
    def baudrate(self) -> int:
        """Bits per second.

        Raises
        ------
        LinkLost
            On setting: the device is gone.
        """
        return int(self._device.baudrate)

    @baudrate.setter
    def baudrate(self, baudrate: int) -> None:
        if baudrate == self._device.baudrate:
            return
        try:
            self._device.baudrate = baudrate
        except _LOST as error:
            raise self._lost("setting the speed", error) from error

    def read(self) -> bytes:
        """Wait up to 0.1 s for a byte, then take all that is waiting.

        Returns
        -------
        bytes
            Empty when nothing came, or when another thread cancelled the read.

        Raises
        ------
        LinkLost
            The device is gone, or the connection broke.
        """
        device = self._device
        try:
            first = bytes(device.read(1))
        except _LOST as error:
            raise self._lost("reading", error) from error
        if not first:
            return first
        try:
            return first + self._waiting()
        except _LOST as error:
            # What has come is worth having: the next read says that the link is lost.
            _log.debug("%s: reading on: %s: %s", self.url, type(error).__name__, error)
            return first

    def _waiting(self) -> bytes:
        """Take what is waiting, without waiting for more."""
        device = self._device
        if self._is_socket:
            # A socket tells only that there is something, not how much.
            device.timeout = 0
            try:
                return bytes(device.read(READ_LIMIT))
            finally:
                device.timeout = READ_WAIT
        data = b""
        while len(data) < READ_LIMIT and (count := device.in_waiting):
            more = bytes(device.read(count))
            if not more:
                break
            data += more
        return data

    def write(self, data: bytes) -> None:
        """Send bytes; all of them are handed to the system on return.

        Raises
        ------
        LinkLost
            The device is gone, or takes nothing for half a second.
        """
        try:
            self._device.write(data)
        except _LOST as error:
            raise self._lost("writing", error) from error

    def cancel_read(self) -> None:
        """Have a read that is waiting return at once; from any thread, at any time."""
        # Whoever holds it is closing, which may take seconds, or cancelling already.
        if not self._closing.acquire(blocking=False):
            return
        try:
            cancel = getattr(self._device, "cancel_read", None)
            if not self._closed and cancel is not None:
                cancel()
        except _LOST as error:
            _log.debug("%s: cancelling: %s: %s", self.url, type(error).__name__, error)
        finally:
            self._closing.release()

    def close(self) -> None:
        """Close it; by the thread that reads.  Never raises; twice does nothing."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            try:
                self._device.close()
            except _LOST as error:
                _log.debug("%s: closing: %s: %s", self.url, type(error).__name__, error)
            if sys.platform == "win32":
                time.sleep(0.1)  # Windows refuses the next open otherwise

    def _lost(self, doing: str, error: Exception) -> LinkLost:
        _log.info("%s: link lost, %s: %s: %s", self.url, doing, type(error).__name__, error)
        return LinkLost(
            f"The connection to {self.url} broke off",
            "Look whether the meter is still plugged in.",
        )


# -- opening ------------------------------------------------------------------


def open_port(url: str, baudrate: int = 115_200) -> Port:
    """Open a port, for nobody else where the system can keep others out.

    Nothing is sent.

    Raises
    ------
    PortNotFound
        There is no such device, or nothing listens at that address.
    PortDenied
        This user may not open it.
    PortBusy
        Another program, or another meter of this one, has it open.
    PortUnknown
        The URL's scheme or one of its options means nothing here.
    """
    url = url.strip()
    if not url:
        raise PortUnknown("No port was named", ports_hint(_urls()))
    scheme = scheme_of(url)
    if scheme:
        _register_handlers()
    try:
        if not scheme:
            _refuse_if_taken(url)
        device: serial.Serial = serial.serial_for_url(
            url,
            baudrate=baudrate,
            timeout=READ_WAIT,
            write_timeout=WRITE_WAIT,
            do_not_open=True,
        )
        if not scheme:
            device.exclusive = True
        device.open()
    except WattuiError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise url_error(url, error, _broken_handler(scheme)) from error
    except _LOST as error:
        raise opening_error(url, error, _urls()) from error
    if not scheme:
        _shut_others_out(device)
    return Port(device, url)


def _register_handlers() -> None:
    if _HANDLERS not in serial.protocol_handler_packages:
        serial.protocol_handler_packages.append(_HANDLERS)


def _refuse_if_taken(url: str) -> None:
    """Refuse a device that another process has open without a lock.

    Both would read it then, and each get half of the bytes.
    """
    if _is_pty(url):
        return  # the program that serves a pty may well hold both of its ends
    holder = find_holder(url)
    if holder is not None and not holder.is_this_process:
        raise busy(url, holder)


def _is_pty(path: str) -> bool:
    try:
        return os.major(Path(path).stat().st_rdev) in _UNIX98_PTYS
    except (OSError, AttributeError):
        return False


def _shut_others_out(device: serial.Serial) -> None:
    """Refuse further opens of the device: pyserial's own lock is advisory only."""
    if fcntl is None or termios is None:
        return
    try:
        # A pty keeps the mark after its user died, and could not be opened again.
        if not _is_pty(str(device.port)):
            fcntl.ioctl(device.fileno(), termios.TIOCEXCL)
    except (OSError, AttributeError) as error:
        _log.debug("%s: not exclusive: %s", device.port, error)


def _broken_handler(scheme: str) -> Exception | None:
    """Give the error with which the handler of a scheme fails to load; None if it loads."""
    if not scheme.isidentifier():
        return None
    for package in serial.protocol_handler_packages:
        name = f"{package}.protocol_{scheme}"
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if error.name not in (name, package):
                return error
        except ImportError as error:
            return error
    return None


def _urls() -> list[str]:
    return [port.url for port in list_ports()]


# -- listing ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PortInfo:
    """A port that could be opened."""

    url: str
    description: str = ""
    serial_number: str = ""
    vendor_id: int | None = None
    product_id: int | None = None
    #: Whether its adapter is the one that is built into the Watts up?.
    likely_meter: bool = False
    #: ``in use``, ``no permission``, or empty where nothing speaks against it.
    problem: str = ""

    @property
    def label(self) -> str:
        """What a person picks: what it is, its serial number, where, and what is wrong."""
        what = "Watts up?" if self.likely_meter else self.description
        parts = (what, self.serial_number, self.url, self.problem)
        return " · ".join(part for part in parts if part)


def list_ports() -> list[PortInfo]:
    """List the serial ports of this machine, likely meters first.  Never raises.

    Looks at them without opening any.  Ptys and network ports are not listed.
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


def _problem(path: str, *, in_use: bool) -> str:
    if in_use:
        return "in use"
    if sys.platform != "win32" and not os.access(path, os.R_OK | os.W_OK):
        return "no permission"
    return ""


def _natural(text: str) -> tuple[str, int]:
    """Sort ttyUSB10 after ttyUSB9."""
    stem = text.rstrip("0123456789")
    return stem, int(text[len(stem) :] or 0)


def find_port(serial_number: str) -> str | None:
    """Give the URL of the port whose adapter has that serial number; None if none has."""
    found = _comports() if serial_number else []
    return next((port.device for port in found if port.serial_number == serial_number), None)


def serial_number_of(url: str) -> str:
    """Give the serial number of the adapter behind a port; empty where there is none."""
    if scheme_of(url):
        return ""
    device = os.path.realpath(url)
    for port in _comports():
        if device == os.path.realpath(port.device):
            return port.serial_number or ""
    return ""
