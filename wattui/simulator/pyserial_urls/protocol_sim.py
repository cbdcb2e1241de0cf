# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated meter as a pyserial port: ``serial.serial_for_url("sim://pro")``.

pyserial finds this module after the package has been registered::

    serial.protocol_handler_packages.append("wattui.simulator.pyserial_urls")

The query of the URL is read by :mod:`wattui.simulator.sim_url`.  The port behaves like a real
one, even in its errors: for an unplugged meter it raises what pyserial raises on Linux.
"""

from __future__ import annotations

import errno
import time
from typing import Any

from serial.serialutil import PortNotOpenError, SerialBase, SerialException

from wattui.measurement.clock import SYSTEM_CLOCK, Clock
from wattui.simulator.devices import Device, DeviceBusy, release_device, take_device
from wattui.simulator.faults import Fault

# Bytes that a USB adapter and its driver hold.
_BUFFER = 65_536

# Shortest time between two wakes of a reader, in seconds of the meter's time and in real
# seconds: bytes come in small groups, as from a USB adapter.
_GROUP = 0.008
_SHORTEST_WAIT = 0.0005
_LONGEST_WAIT = 0.5

# Both clocks must be read within this many seconds of the meter's time to be one moment.
_ONE_MOMENT = 0.1


class Serial(SerialBase):
    """A port whose other end is a simulated meter."""

    BAUDRATES = (9_600, 19_200, 38_400, 57_600, 115_200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        #: The clock of the meter.
        self.clock: Clock = SYSTEM_CLOCK
        #: FTDI serial number of the meter.
        self.serial_number = ""
        self._device: Device | None = None
        self._buffer = bytearray()
        self._cancelled = False
        super().__init__(*args, **kwargs)

    # -- opening and closing --------------------------------------------------------

    def open(self) -> None:
        """Open the port: make the meter, or find the one with the same id."""
        if self.port is None:
            raise SerialException("Port must be configured before it can be used.")
        if self.is_open:
            raise SerialException("Port is already open.")
        try:
            device = take_device(self.port)
        except ValueError as error:
            raise SerialException(errno.EINVAL, f"{self.port}: {error}") from error
        except DeviceBusy as error:
            raise _os_error(errno.EBUSY, "Device or resource busy", self.port) from error
        try:
            with device.condition:
                self._refuse(device)
                device.meter.open_link()
        except SerialException:
            release_device(device)
            raise
        self._device = device
        self._buffer.clear()
        self._cancelled = False
        #: Wall and monotonic clock when the last bytes came, in seconds.  At a high speed,
        #: the milliseconds until they are read would be seconds.
        self.arrived: tuple[float, float] | None = None
        self.clock = device.meter.clock
        self.serial_number = device.meter.serial_number
        self.is_open = True

    def _refuse(self, device: Device) -> None:
        meter, port = device.meter, self.port
        meter.poll(0)  # updates whether it is plugged in
        if not meter.plugged or Fault.ABSENT in meter.faults:
            raise _os_error(errno.ENOENT, "No such file or directory", port)
        if Fault.DENIED in meter.faults:
            raise _os_error(errno.EACCES, "Permission denied", port)
        if Fault.BUSY in meter.faults:
            raise _os_error(errno.EBUSY, "Device or resource busy", port)

    def close(self) -> None:
        """Close the port, from any thread; a waiting read ends."""
        device = self._device
        if device is None or not self.is_open:
            return
        with device.condition:
            self.is_open = False
            device.meter.close_link()
            self._buffer.clear()
            device.condition.notify_all()
        release_device(device)

    def _reconfigure_port(self) -> None:
        """Apply the settings: only the baud rate matters, and it is checked at each read."""

    # -- reading --------------------------------------------------------------------

    @property
    def in_waiting(self) -> int:
        """How many bytes have come and are not read yet.

        Raises
        ------
        OSError
            The meter was unplugged.
        """
        device = self._opened()
        with device.condition:
            self._fill(device)
            if not self._buffer and not device.meter.plugged:
                raise OSError(errno.EIO, "Input/output error")
            return len(self._buffer)

    def read(self, size: int = 1) -> bytes:
        """Return *size* bytes, or fewer if the time-out or :meth:`cancel_read` ends the read.

        Raises
        ------
        SerialException
            The meter was unplugged, or the port was closed.
        """
        device = self._opened()
        deadline = None if self.timeout is None else time.monotonic() + self.timeout
        with device.condition:
            while True:
                if not self.is_open:
                    raise PortNotOpenError()
                if self._cancelled:
                    self._cancelled = False
                    break
                # Bytes in the buffer have a time already, however late they are read.
                if len(self._buffer) < size:
                    self._fill(device, size)
                if len(self._buffer) >= size:
                    break
                if not device.meter.plugged:
                    raise SerialException(
                        "device reports readiness to read but returned no data "
                        "(device disconnected or multiple access on port?)"
                    )
                left = _LONGEST_WAIT if deadline is None else deadline - time.monotonic()
                if left <= 0:
                    break
                device.condition.wait(min(left, self._wait(device)))
            data = bytes(self._buffer[:size])
            del self._buffer[:size]
            return data

    def _wait(self, device: Device) -> float:
        speed = float(getattr(self.clock, "speed", 1.0))
        wait = max(device.meter.seconds_to_event(), _GROUP) / speed
        return min(max(wait, _SHORTEST_WAIT), _LONGEST_WAIT)

    def _fill(self, device: Device, size: int = 0) -> None:
        room = max(_BUFFER, size) - len(self._buffer)
        came = device.meter.poll(room, self.baudrate)
        if came:
            # The time at which the wire had carried them, which may be well before now.
            wall, monotonic = _moment(self.clock)
            carried = device.meter.line.carried_at
            self.arrived = wall - (monotonic - carried), carried
            self._buffer += came

    def cancel_read(self) -> None:
        """End the waiting read, or else the next one, from any thread."""
        device = self._device
        if device is not None:
            with device.condition:
                self._cancelled = True
                device.condition.notify_all()

    def reset_input_buffer(self) -> None:
        """Throw away what has come and is not read yet."""
        device = self._opened()
        with device.condition:
            self._fill(device)
            self._buffer.clear()

    # -- writing --------------------------------------------------------------------

    def write(self, data: Any, /) -> int:
        """Send bytes to the meter.

        Raises
        ------
        SerialException
            The meter was unplugged.
        """
        device = self._opened()
        octets: bytes = bytes(data)
        with device.condition:
            if not self.is_open:
                raise PortNotOpenError()
            self._fill(device)
            if not device.meter.plugged:
                raise SerialException("write failed: [Errno 5] Input/output error")
            device.meter.receive(octets, self.baudrate)
            device.condition.notify_all()
        return len(octets)

    def flush(self) -> None:
        """Wait until everything has been sent, which it always has."""
        self._opened()

    def cancel_write(self) -> None:
        """End a waiting write; there is never one."""

    def reset_output_buffer(self) -> None:
        """Throw away what is not sent yet; there is never anything."""
        self._opened()

    @property
    def out_waiting(self) -> int:
        """How many bytes are not sent yet."""
        return 0

    def _opened(self) -> Device:
        if self._device is None or not self.is_open:
            raise PortNotOpenError()
        return self._device

    # -- modem lines, which the meter does not use ------------------------------------

    def _update_break_state(self) -> None:
        pass

    def _update_rts_state(self) -> None:
        pass

    def _update_dtr_state(self) -> None:
        pass

    @property
    def cts(self) -> bool:
        """Whether the meter is ready; it uses no flow control."""
        return True

    @property
    def dsr(self) -> bool:
        """Whether the meter is present."""
        return True

    @property
    def ri(self) -> bool:
        """Whether it rings."""
        return False

    @property
    def cd(self) -> bool:
        """Whether there is a carrier."""
        return True


def _moment(clock: Clock) -> tuple[float, float]:
    """Read the wall clock and the monotonic one at one moment, in seconds.

    At a high speed, a millisecond in between would look as if the clock had been set.
    """
    for _attempt in range(10):
        before = clock.monotonic()
        wall = clock.time()
        monotonic = clock.monotonic()
        if monotonic - before < _ONE_MOMENT:
            break
    return wall, monotonic


def _os_error(number: int, text: str, port: str | None) -> SerialException:
    # The same words as pyserial on Linux.
    return SerialException(number, f"could not open port {port}: [Errno {number}] {text}: {port!r}")
