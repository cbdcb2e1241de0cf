# SPDX-License-Identifier: GPL-3.0-or-later
"""Serves simulated meters on ptys, which any serial program can open.

One thread serves all of them.  The slave side of each pty is made raw and closed here, so
that a client sees the port vanish when the meter is unplugged; a client may close it and
open it again.  A symlink gives a meter a lasting name: after replugging, the meter has
another pty, and the link points to it.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import pty
import select
import termios
import threading
import time
import tty
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

from wattui.simulator.meter_hardware import MOST_EVENTS
from wattui.simulator.simulated_meter import SimulatedMeter

_log = logging.getLogger(__name__)

# Seconds between two checks of a port that no client has open: the system reports when a
# client closes a pty, but not when one opens it.
_CLOSED_POLL: Final = 0.02

# Bytes are sent in groups, as a USB adapter does: seconds of the meter's time, and the
# shortest real wait.
_GROUP: Final = 0.004
_SHORTEST_WAIT: Final = 0.0005

# Bytes kept ready; fewer than a pty holds, so that Control-X takes effect immediately.
_CHUNK: Final = 4_096

_SPEEDS: Final = {
    getattr(termios, f"B{rate}"): rate
    for rate in (1_200, 2_400, 4_800, 9_600, 19_200, 38_400, 57_600, 115_200, 230_400)
}


class _Outlet:
    """One meter on one pty, for the serving thread."""

    def __init__(self, meter: SimulatedMeter, link: Path | None) -> None:
        self.meter = meter
        self.link = link
        self.master = -1
        self.path = ""
        self.opened = False
        self._out = b""
        self._speed = float(getattr(meter.clock, "speed", 1.0))
        meter.most_events = MOST_EVENTS
        meter.close_link()
        self.plug()

    def plug(self) -> None:
        """Open a pty, and point the link to it."""
        self.master, slave = pty.openpty()
        try:
            tty.setraw(slave, termios.TCSANOW)
            self._preset_baudrate(slave)
            self.path = os.ttyname(slave)
        finally:
            os.close(slave)
        os.set_blocking(self.master, False)
        if self.link is not None:
            _point(self.link, self.path)

    def _preset_baudrate(self, slave: int) -> None:
        # A client that sets no baud rate gets the right one.
        code = getattr(termios, f"B{self.meter.line.baudrate}", termios.B115200)
        settings = termios.tcgetattr(slave)
        settings[4] = settings[5] = code
        termios.tcsetattr(slave, termios.TCSANOW, settings)

    def unplug(self) -> None:
        """Close the pty and remove the link."""
        if self.master < 0:
            return
        if self.link is not None:
            with contextlib.suppress(OSError):
                if str(self.link.readlink()) == self.path:
                    self.link.unlink()
        os.close(self.master)
        self.master = -1
        self._out = b""
        self.opened = False

    def serve(self) -> None:
        """Do everything that can be done without waiting."""
        meter = self.meter
        if self.master >= 0:
            self._check_client()
            self._receive()
        self._send()
        if meter.plugged != (self.master >= 0):
            self.plug() if meter.plugged else self.unplug()

    def _check_client(self) -> None:
        poll = select.poll()
        poll.register(self.master, select.POLLIN)
        hung_up = any(event & select.POLLHUP for _, event in poll.poll(0))
        if hung_up and self.opened:
            self._receive()  # what the client had sent before it closed the port
            self.meter.close_link()
            self.opened = False
            self._out = b""
            self._forget_unread()
        elif not hung_up:
            self._open()

    def _forget_unread(self) -> None:
        # A closed port holds no bytes for the next client; only the slave side can flush them.
        with contextlib.suppress(OSError, termios.error):
            slave = os.open(self.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
            try:
                termios.tcflush(slave, termios.TCIFLUSH)
            finally:
                os.close(slave)

    def _open(self) -> None:
        if not self.opened:
            self.opened = True
            self.meter.open_link()

    def _receive(self) -> None:
        with contextlib.suppress(OSError):  # EIO: no client has it open; EAGAIN: nothing to read
            while data := os.read(self.master, _CHUNK):
                self._open()  # the client may have come since the last check
                self.meter.receive(data, self._baudrate())

    def _send(self) -> None:
        while True:
            if not self._out:
                self._out = self.meter.poll(_CHUNK, self._baudrate())
            if not self._out or self.master < 0 or not self.meter.plugged:
                return
            try:
                sent = os.write(self.master, self._out)
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EIO):
                    raise
                return
            self._out = self._out[sent:]

    def _baudrate(self) -> int | None:
        if not self.meter.setup.minds_baudrate or self.master < 0:
            return None
        try:
            return _SPEEDS.get(termios.tcgetattr(self.master)[5], 0)
        except termios.error:
            return None

    def wait(self) -> float:
        """Return after how many seconds it must be served again."""
        if self._out:
            return _CLOSED_POLL  # the client does not read; it may also close the port
        wait = max(self.meter.seconds_to_event(), _GROUP) / self._speed
        longest = 0.5 if self.opened else _CLOSED_POLL
        return min(max(wait, _SHORTEST_WAIT), longest)

    @property
    def writable_needed(self) -> bool:
        """Whether bytes wait for room in the pty."""
        return bool(self._out) and self.opened


class PtyServer:
    """Serves meters on ptys until it is stopped; a context manager.

    Raises
    ------
    OSError
        A pty or a link cannot be created.
    """

    def __init__(self, meters: Sequence[SimulatedMeter], links: Sequence[Path | None] = ()) -> None:
        padded = [*links, *[None] * (len(meters) - len(links))]
        self._outlets: list[_Outlet] = []
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self._ended = threading.Event()
        self._closed = False
        self._wake_out, self._wake_in = os.pipe()
        os.set_blocking(self._wake_out, False)
        os.set_blocking(self._wake_in, False)
        #: The error that ended the serving thread; None if there was none.
        self.error: BaseException | None = None
        try:
            for meter, link in zip(meters, padded, strict=True):
                self._outlets.append(_Outlet(meter, link))
        except BaseException:
            self._close()
            raise
        self._thread = threading.Thread(target=self._run, name="wattui simulator")
        self._thread.start()

    @property
    def paths(self) -> list[str]:
        """The ports to open, one per meter: the link if there is one, else the pty.

        A pty has another name after replugging, and its old name while it is unplugged.
        """
        with self._lock:
            return [str(outlet.link or outlet.path) for outlet in self._outlets]

    @property
    def meters(self) -> list[SimulatedMeter]:
        """The meters; use them within :meth:`paused` only."""
        return [outlet.meter for outlet in self._outlets]

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Pause the server to use the meters, for example to unplug one; they catch up later."""
        with self._lock:
            yield
        self._wake()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it has stopped; False if it has not within *timeout* seconds."""
        return self._ended.wait(timeout)

    def stop(self) -> None:
        """Stop, and return when all ports and links are removed.  May be called again."""
        self._ending.set()
        self._wake()
        self._thread.join(5.0)

    def __enter__(self) -> PtyServer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _wake(self) -> None:
        with self._lock:
            if not self._closed:
                with contextlib.suppress(BlockingIOError):  # it is already being woken
                    os.write(self._wake_in, b"\0")

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                self._wait_for_something()
                with self._lock:
                    for outlet in self._outlets:
                        outlet.serve()
        except BaseException as error:  # noqa: BLE001 - a thread cannot raise it to a caller
            self.error = error
            _log.exception("the simulator stopped")
        finally:
            with self._lock:
                self._close()
            self._ended.set()

    def _wait_for_something(self) -> None:
        poll = select.poll()
        poll.register(self._wake_out, select.POLLIN)
        with self._lock:
            wait = min((outlet.wait() for outlet in self._outlets), default=1.0)
            for outlet in self._outlets:
                # A port that no client has open is always "hung up": poll would not wait.
                if outlet.master >= 0 and outlet.opened:
                    poll.register(
                        outlet.master,
                        select.POLLIN | (select.POLLOUT if outlet.writable_needed else 0),
                    )
        poll.poll(wait * 1000.0)
        with contextlib.suppress(OSError):
            os.read(self._wake_out, 4_096)

    def _close(self) -> None:
        for outlet in self._outlets:
            outlet.unplug()
        self._closed = True
        os.close(self._wake_out)
        os.close(self._wake_in)


def _point(link: Path, target: str) -> None:
    """Point a symlink to *target* in one step; never replaces anything except a symlink."""
    if link.exists() and not link.is_symlink():
        raise FileExistsError(errno.EEXIST, "exists and is not a link", str(link))
    new = link.with_name(f".{link.name}.{os.getpid()}.{time.monotonic_ns()}")
    new.symlink_to(target)
    try:
        new.replace(link)
    except OSError:
        new.unlink(missing_ok=True)
        raise
