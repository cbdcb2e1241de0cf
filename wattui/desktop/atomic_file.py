# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are whole or not there: written beside their name, and renamed at the end."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from wattui.errors import DiskRefused


@contextlib.contextmanager
def draft(goal: Path, encoding: str) -> Iterator[TextIO]:
    """Give a file that takes its name when all is well, and is removed if not.

    Devices and pipes are written to directly.

    Raises
    ------
    DiskRefused
        It cannot be written; an older file of its name is as it was.
    """
    direct = _is_special(goal)
    target = goal.resolve()
    name = target if direct else target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        with name.open("w", encoding=encoding, newline="") as file:
            yield file
            file.flush()
            if not direct:
                os.fsync(file.fileno())
        if not direct:
            name.replace(target)
    except OSError as error:
        _remove(name, direct)
        raise _refused(error, goal) from error
    except BaseException:
        _remove(name, direct)
        raise


def _is_special(path: Path) -> bool:
    """Say whether it is a device or a pipe: those are written to, not replaced."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _remove(name: Path, direct: bool) -> None:
    if not direct:
        with contextlib.suppress(OSError):
            name.unlink()


def _refused(error: OSError, goal: Path) -> DiskRefused:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskRefused(
            f"The disk is full: {goal} was not written", "Make room on it, or choose another one."
        )
    if error.errno == errno.EISDIR:
        return DiskRefused(f"{goal} is a folder", "Give the name of a file in it.")
    return DiskRefused(
        f"{goal} cannot be written ({error.strerror})",
        "Check that its folder exists and may be written to, or choose another one.",
    )
