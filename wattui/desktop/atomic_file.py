# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are complete or absent: written under another name, and renamed at the end.

Standard output, devices and pipes are written to directly.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from wattui.errors import DiskRefused

#: Standard output as a file to write to, which ``-`` means.
STANDARD_OUTPUT: Final = Path("/dev/stdout")

#: A draft, with the number of its process, and the age at which it may be abandoned.
_DRAFT: Final = re.compile(r"\..+\.(\d+)\.part")
_ABANDONED_SECONDS: Final = 600.0

#: Names of streams that are already open.
_STREAM: Final = re.compile(r"/dev/(?:std(out|err)|fd/(\d+))|/proc/self/fd/(\d+)")


def stream_number(path: Path) -> int | None:
    """Return the descriptor that a path stands for, as 1 for ``/dev/stdout``; None for a file."""
    found = _STREAM.fullmatch(str(path))
    if found is None:
        return None
    if found[1] is not None:
        return 1 if found[1] == "out" else 2
    return int(found[2] or found[3])


@contextlib.contextmanager
def draft_path(goal: Path, *, synced: bool = True) -> Iterator[Path]:
    """Provide a path to write to, which takes the name *goal* at the end.

    After an error the draft is removed, and an older file of that name is unchanged.

    Parameters
    ----------
    goal
        The file.
    synced
        Whether it must be on disk before it takes its name, so that it survives a power cut.

    Raises
    ------
    OSError
        It cannot be written.
    """
    target = goal.resolve()
    draft = target.with_name(f".{target.name}.{os.getpid()}.part")
    _remove_abandoned(target.parent)
    try:
        draft.unlink(missing_ok=True)
        yield draft
        if synced:
            with draft.open("r+b") as file:
                os.fsync(file.fileno())
        draft.replace(target)
    finally:
        _remove(draft)


def _remove(draft: Path) -> None:
    for ending in ("", "-journal", "-wal", "-shm"):  # the latter are SQLite's
        with contextlib.suppress(OSError):
            draft.with_name(draft.name + ending).unlink(missing_ok=True)


def _remove_abandoned(folder: Path) -> None:
    """Remove the drafts of programs that were killed.

    A program on another computer may share the folder: its drafts are recent.
    """
    with contextlib.suppress(OSError):
        for draft in folder.glob(".*.part"):
            found = _DRAFT.fullmatch(draft.name)
            with contextlib.suppress(OSError):
                age = time.time() - draft.stat().st_mtime
                if found is not None and age > _ABANDONED_SECONDS and not _runs(int(found[1])):
                    _remove(draft)


def _runs(process: int) -> bool:
    """Check whether a process of this number is running; True where that is not known."""
    if sys.platform == "win32":
        return True  # os.kill would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def write_whole(goal: Path, content: bytes) -> None:
    """Write a file, or leave the older one of its name unchanged; make its folder.

    Raises
    ------
    OSError
        It cannot be written.
    """
    goal.parent.mkdir(parents=True, exist_ok=True)
    with draft_path(goal) as draft:
        draft.write_bytes(content)


@contextlib.contextmanager
def refusals(goal: Path) -> Iterator[None]:
    """Raise DiskRefused instead of the OSError that writing a file may raise."""
    try:
        yield
    except OSError as error:
        raise _refused(error, goal) from error


@contextlib.contextmanager
def draft_file(goal: Path, encoding: str) -> Iterator[TextIO]:
    """Provide a text file to write to, which takes the name *goal* at the end.

    Standard output, devices and pipes are written to directly.

    Raises
    ------
    DiskRefused
        It cannot be written; an older file of that name is unchanged.
    """
    number = stream_number(goal)
    with refusals(goal), contextlib.ExitStack() as stack:
        target: Path | int = goal
        if number is not None:
            sys.stdout.flush()
            target = os.dup(number)
        elif not is_special(goal):
            target = stack.enter_context(draft_path(goal))
        with open(target, "w", encoding=encoding, newline="") as file:  # noqa: PTH123
            yield file


def write_file(goal: Path, content: bytes) -> None:
    """Write a file, which appears under its name only when it is complete.

    Raises
    ------
    DiskRefused
        It cannot be written; an older file of that name is unchanged.
    """
    with draft_file(goal, "utf-8") as file:
        file.buffer.write(content)


def is_special(path: Path) -> bool:
    """Check whether it is a device, a pipe or a folder, which cannot be replaced."""
    if stream_number(path) is not None:
        return True
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _refused(error: OSError, goal: Path) -> DiskRefused:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskRefused(
            f"The disk is full: {goal} was not written",
            "Free some space, or choose another disk.",
        )
    if error.errno == errno.EISDIR:
        return DiskRefused(f"{goal} is a folder", "Give the name of a file in it.")
    return DiskRefused(
        f"{goal} cannot be written ({error.strerror})",
        "Check that you may write to its folder, or choose another one.",
    )
