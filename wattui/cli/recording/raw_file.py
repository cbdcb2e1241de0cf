# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of the bytes received from a meter."""

from __future__ import annotations

import io
from pathlib import Path
from types import TracebackType
from typing import Self

from wattui.cli import exits
from wattui.errors import DiskRefused
from wattui.ports.port import Port, open_port


class RawFile:
    """Appends bytes to a file as they arrive; writing never raises.

    The bytes are added to a file that already exists.

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
        #: Why the file is incomplete; None if it is not.
        self.failure: DiskRefused | None = None

    def write(self, data: bytes) -> None:
        """Append bytes.  Reader thread; an error is reported once."""
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
        """Open a port whose bytes also go into this file, for a client's *opener*."""
        port = open_port(url)
        read = port.read

        def tapped() -> bytes:
            data = read()
            self.write(data)
            return data

        # Only reading is intercepted; the rest of the port stays the same.
        port.read = tapped  # type: ignore[method-assign]
        return port

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
