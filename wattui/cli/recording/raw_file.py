# SPDX-License-Identifier: GPL-3.0-or-later
"""The bytes of the wire, in a file, as they came."""

from __future__ import annotations

import io
from pathlib import Path
from types import TracebackType
from typing import Self

from wattui.cli import exits
from wattui.errors import DiskRefused
from wattui.ports.port import Port, open_port


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
        port = open_port(url)
        read = port.read

        def tapped() -> bytes:
            data = read()
            self.write(data)
            return data

        # Only this one's reading is tapped; all else about it stays as it is.
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
