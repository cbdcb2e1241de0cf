# SPDX-License-Identifier: GPL-3.0-or-later
"""An open port: reading, writing, and what happens when it is lost.

A port is a URL: a device (``/dev/ttyUSB0``, ``COM3``), a simulated meter
(``sim://``), or a serial port on another machine (``socket://``, ``rfc2217://``).
pyserial does the work; every error that it raises becomes one of :mod:`wattui.errors`.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import serial

from wattui.errors import LinkLost, PortUnknown, WattuiError
from wattui.measurement.clock import SYSTEM_CLOCK, Clock
from wattui.ports.holder import find_holder
from wattui.ports.listen_url import is_listen_url
from wattui.ports.listing import scheme_of, serial_number_of
from wattui.ports.open_errors import OTHER_MACHINE, busy, no_port_given, opening_error, url_error

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
#: Longest wait for a write, in seconds: a few bytes are sent immediately, unless the other end
#: hangs.
WRITE_WAIT: Final = 0.5
#: The most bytes of one read, so that a flood of bytes cannot make it last forever.
READ_LIMIT: Final = 65_536

#: Where pyserial finds the handler of ``sim://``.
_HANDLERS: Final = "wattui.simulator.pyserial_urls"

_TERMIOS_ERROR: Final[tuple[type[Exception], ...]] = (termios.error,) if termios else ()
#: Everything that pyserial is known to raise when a device vanishes: SerialException
#: (an OSError), a bare OSError, termios.error, TypeError and AttributeError after a
#: close, ValueError for a file descriptor of 1024 or more.
_LOST: Final[tuple[type[Exception], ...]] = (
    *(OSError, TypeError, ValueError, AttributeError),
    *_TERMIOS_ERROR,
)

#: Schemes of ports of other machines.
_OF_OTHERS: Final = ("socket", "rfc2217")

_UNIX98_PTYS: Final = range(136, 144)  # major numbers of /dev/pts/*


class Port:
    """An open port.

    One thread reads, writes and closes it; any thread may cancel the read.
    """

    def __init__(self, device: serial.Serial, url: str) -> None:
        self.url = url
        #: The clock of the meter at this port: the system's, unless the meter is simulated.
        self.clock: Clock = getattr(device, "clock", SYSTEM_CLOCK)
        #: FTDI serial number of the adapter; empty if it has none.
        self.serial_number: str = getattr(device, "serial_number", "") or serial_number_of(url)
        self._device = device
        # A cancel during a close would write to a descriptor that may belong to another
        # file by then.
        self._closing = threading.Lock()
        self._closed = False
        self._is_socket = url.lower().startswith("socket://")

    @property
    def arrived(self) -> tuple[float, float] | None:
        """Wall and monotonic clock at the arrival of the last bytes, in s; None if unknown."""
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
        """Wait up to 0.1 s for a byte, then return everything that is waiting.

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
            # Return the bytes received so far: the next read reports that the link is lost.
            _log.debug("%s: reading on: %s: %s", self.url, type(error).__name__, error)
            return first

    def _waiting(self) -> bytes:
        """Return the bytes that are waiting, without waiting for more."""
        device = self._device
        if self._is_socket:
            # A socket reports only that there is something, not how much.
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
        """Send bytes; the system has all of them on return.

        Raises
        ------
        LinkLost
            The device is gone, or accepts nothing for half a second.
        """
        try:
            self._device.write(data)
        except _LOST as error:
            raise self._lost("writing", error) from error

    def cancel_read(self) -> None:
        """End a read that is waiting; from any thread, at any time."""
        # Another thread is closing, which may take seconds, or cancelling already.
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
        """Close the port, on the thread that reads.

        Never raises; closing again does nothing.
        """
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
        hint = "Check that the meter is still plugged in."
        if scheme_of(self.url) in _OF_OTHERS:
            hint = f"{hint} {OTHER_MACHINE}"
        return LinkLost(f"The connection to {self.url} was lost", hint)


def open_port(url: str, baudrate: int = 115_200) -> Port:
    """Open a port, exclusively where the system supports it.

    Nothing is sent.

    Parameters
    ----------
    url
        Device (``/dev/ttyUSB0``, ``COM3``), ``sim://``, ``socket://host:port`` or
        ``rfc2217://host:port``.
    baudrate
        Bits per second.

    Returns
    -------
    Port
        Open; close it when you are done.

    Raises
    ------
    PortNotFound
        There is no such device, or nothing listens at that address.
    PortDenied
        This user has no permission to open it.
    PortBusy
        Another program, or another meter of this program, has it open.
    PortUnknown
        The URL's scheme or one of its options is unknown.

    Examples
    --------
    >>> port = open_port("sim://pro")
    >>> port.write(b"#V,R,0;")
    >>> port.close()
    """
    url = url.strip()
    if not url:
        raise no_port_given()
    scheme = scheme_of(url)
    if is_listen_url(url):
        raise PortUnknown(
            f"Meters post their records to {url}, but take no commands there",
            "Connect the meter by USB for its memory and its settings.",
        )
    if scheme:
        _register_handlers()
    try:
        if not scheme:
            _refuse_if_taken(url)
        device = _make_device(url, scheme, baudrate)
        if not scheme:
            device.exclusive = True
        device.open()
    except WattuiError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise url_error(url, error, _broken_handler(scheme)) from error
    except _LOST as error:
        raise opening_error(url, error) from error
    if not scheme:
        _shut_others_out(device)
    return Port(device, url)


def _make_device(url: str, scheme: str, baudrate: int) -> serial.Serial:
    settings: dict[str, Any] = {
        "baudrate": baudrate,
        "timeout": READ_WAIT,
        "write_timeout": WRITE_WAIT,
    }
    if scheme == "rfc2217":
        # Loads what other ports do not need.
        from wattui.ports.rfc2217_port import make_device

        device: serial.Serial = make_device(url, **settings)
        return device
    return serial.serial_for_url(url, do_not_open=True, **settings)


def _register_handlers() -> None:
    if _HANDLERS not in serial.protocol_handler_packages:
        serial.protocol_handler_packages.append(_HANDLERS)


def _refuse_if_taken(url: str) -> None:
    """Refuse a device that another process has open without a lock.

    Otherwise both would read, and each get half of the bytes.
    """
    if _is_pty(url):
        return  # the program that serves a pty may have both ends open
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
        # A pty stays marked when its user is killed, and could not be opened again.
        if not _is_pty(str(device.port)):
            fcntl.ioctl(device.fileno(), termios.TIOCEXCL)
    except (OSError, AttributeError) as error:
        _log.debug("%s: not exclusive: %s", device.port, error)


def _broken_handler(scheme: str) -> Exception | None:
    """Return the error of a scheme whose handler fails to load; None if it loads."""
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
