# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is writing a session: a lock on a small file beside it.

The system lets go of the lock when the writer ends, however it ends, so that a
killed recording is known by a file that nobody holds.  The session itself is not
locked for this: closing a second descriptor of it would drop SQLite's own locks.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from wattui.errors import DiskRefused


def lock_path(session: Path) -> Path:
    """Give the path of the lock of a session."""
    return session.with_name(f".{session.name}.lock")


class SessionLock:
    """The right to write one session; of one process and one writer at a time."""

    def __init__(self, session: Path) -> None:
        self.path = lock_path(session)
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock if it is free; say whether it was.

        On a file system that knows no locks it counts as free.

        Raises
        ------
        OSError
            The lock's file cannot be made.
        """
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        if not _lock(descriptor):
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        # Who it is, for others to read.  A full disk must not take the right away.
        with contextlib.suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        return True

    def release(self) -> None:
        """Let go of the lock and remove its file."""
        if self._descriptor is None:
            return
        with contextlib.suppress(OSError):
            self.path.unlink()
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
        self._descriptor = None


def is_being_written(session: Path) -> bool:
    """Say whether a living program has the session open for writing."""
    try:
        descriptor = os.open(lock_path(session), os.O_RDWR)
    except OSError:
        return False
    try:
        return not _lock(descriptor)
    finally:
        os.close(descriptor)


def require_unwritten(session: Path) -> SessionLock:
    """Take the lock of a session that is to be changed.

    Raises
    ------
    DiskRefused
        A living program is writing it, or its folder is read-only.
    """
    lock = SessionLock(session)
    try:
        free = lock.acquire()
    except OSError as error:
        raise DiskRefused(
            f"Nothing can be written beside {session} ({error.strerror})",
            "Allow writing in its folder, or choose another one.",
        ) from error
    if not free:
        raise DiskRefused(
            f"{session} is being recorded by another wattui (process {_holder(lock.path)})",
            "Close that one first.",
        )
    return lock


def _holder(path: Path) -> str:
    try:
        return path.read_text().strip() or "unknown"
    except OSError:
        return "unknown"


if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    def _lock(descriptor: int) -> bool:
        # A byte far behind the text, which others may then still read.
        os.lseek(descriptor, 1 << 30, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        os.lseek(descriptor, 0, os.SEEK_SET)
        return True

else:
    import fcntl

    def _lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            # This file system knows no locks.
            return True
        return True
