# SPDX-License-Identifier: GPL-3.0-or-later
"""Standard input and pipes: saved as files first, since an import reads a file twice."""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from wattui.errors import Cancelled, FormatError
from wattui.formats.reading.source import shown_name

#: Means standard input on the command line.
STANDARD_INPUT: Final = Path("-")

#: The name of standard input in notes, and as the name of a meter.
_NAME: Final = "standard input"
_DEVICES: Final = ("/dev/stdin", "/dev/fd", "/proc/")

#: Bytes that are read in one step, and milliseconds between two checks whether to go on.
_BLOCK: Final = 1 << 16
_PATIENCE_MS: Final = 200


def saved(path: Path, folder: Path, cancelled: Callable[[], bool] | None = None) -> Path:
    """Return a file with the contents of a pipe, or the path itself if it is not a pipe.

    Raises
    ------
    FormatError
        It is a terminal or a device, or cannot be read.
    Cancelled
        *cancelled* returned True.
    """
    if path == STANDARD_INPUT:
        try:
            descriptor = os.dup(sys.stdin.fileno())
        except (OSError, ValueError, AttributeError) as error:
            raise FormatError("There is no standard input", "Give the name of a file.") from error
    else:
        try:
            mode = path.stat().st_mode
        except OSError:
            return path  # reading it reports what is wrong
        if not (stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)):
            return path
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        except OSError as error:
            reason = error.strerror or str(error)
            raise FormatError(f"{path} cannot be read ({reason})", "Give a file.") from error
    try:
        name = _NAME if path == STANDARD_INPUT else str(path)
        if os.isatty(descriptor) or stat.S_ISCHR(os.fstat(descriptor).st_mode):
            what = "a terminal" if os.isatty(descriptor) else "a device"
            raise FormatError(
                f"{name[0].upper()}{name[1:]} is {what}, and there is nothing in it to import",
                "Give a file, or pipe one in: `zcat old.log.gz | wattui import -`.",
            )
        known = path == STANDARD_INPUT or str(path).startswith(_DEVICES)
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / (_NAME if known else shown_name(path))
        _copy(descriptor, target, cancelled)
        return target
    finally:
        os.close(descriptor)


def _copy(descriptor: int, target: Path, cancelled: Callable[[], bool] | None) -> None:
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    try:
        with target.open("wb") as file:
            while True:
                if cancelled is not None and cancelled():
                    raise Cancelled(f"The import of {target.name} was cancelled")
                # A pipe that is not open for writing yet has no event.
                if not waiting.poll(_PATIENCE_MS):
                    continue
                try:
                    data = os.read(descriptor, _BLOCK)
                except BlockingIOError:
                    continue
                if not data:
                    return
                file.write(data)
    except OSError as error:
        raise FormatError(
            f"{target.name} cannot be saved to be read ({error.strerror or error})",
            "Free some space on the disk, or save it as a file and import that.",
        ) from error
