# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes of the wire, in a file, as they came."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from wattui.cli import exits
from wattui.errors import DiskRefused
from wattui.transport import Port, open_port


class RawFile:
    """Appends bytes to a file, each lot at once; never raises while writing.

    A file that is there already is not lost: the bytes are added to it.

    Raises
    ------
    DiskRefused
        The file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: io.FileIO | None
        try:
            self._file = io.FileIO(path, "a")
        except OSError as error:
            raise exits.disk_error(error, path) from error
        #: Why not everything is in the file; None while it is.
        self.failure: DiskRefused | None = None

    def write(self, data: bytes) -> None:
        """Append bytes.  Reader thread; a disk that refuses is told of once."""
        if self._file is None or self.failure is not None:
            return
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
        except OSError as error:
            self.failure = exits.disk_error(error, self._path)
            exits.complain(DiskRefused(self.failure.what, "The recording itself goes on."))

    def open_port(self, url: str) -> Port:
        """Open a port whose bytes go into this file: the opener of a client."""
        return TappedPort(open_port(url), self.write)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class TappedPort(Port):
    """A port whose bytes are shown to somebody else as they come."""

    def __init__(self, port: Port, tap: Callable[[bytes], None]) -> None:
        # The port that is tapped has the device; this one only passes calls on.
        self.url = port.url
        self.clock = port.clock
        self._port = port
        self._tap = tap

    @property
    def baudrate(self) -> int:
        """Bits per second."""
        return self._port.baudrate

    @baudrate.setter
    def baudrate(self, baudrate: int) -> None:
        self._port.baudrate = baudrate

    def read(self) -> bytes:
        """Take what is waiting, and show it."""
        data = self._port.read()
        if data:
            self._tap(data)
        return data

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._port.write(data)

    def cancel_read(self) -> None:
        """Break off a read, from another thread."""
        self._port.cancel_read()

    def close(self) -> None:
        """Close the port."""
        self._port.close()
