# SPDX-License-Identifier: GPL-3.0-or-later
"""A lock for the writer of a session, on a small hidden file next to it.

The system releases the lock when the writer ends, in whatever way, so the lock file of a killed
program has no effect.  The session itself is not locked for this: closing a second descriptor
of it would drop SQLite's own locks.

A writer removes the lock file while it still holds the lock.  Another one may have
opened that file just before, and gets its lock just after; ``filelock`` sees that the
file has no name any longer, and tries again.  So two writers never hold one session.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from wattui.errors import DiskRefused

if TYPE_CHECKING:
    from filelock import FileLock

#: Seconds for which a lock is tried: a program that checks it holds it for an instant.
_WRITER_PATIENCE: Final = 0.5
_CHECK_PATIENCE: Final = 0.1

#: Errors of a file system that has no locks.
_NO_LOCKS: Final = frozenset({errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP})


def lock_path(session: Path) -> Path:
    """Return the path of the lock of a session."""
    return session.with_name(f".{session.name}.lock")


def is_being_written(session: Path) -> bool:
    """Check whether a running program has the session open for writing."""
    path = lock_path(session)
    try:
        if path.exists():
            lock = _file_lock(path)
            lock.acquire(timeout=_CHECK_PATIENCE)
            _remove(lock, path)
    except TimeoutError:
        return True
    except OSError:
        pass
    return False


def writing_process(session: Path) -> str:
    """Return the number of the process that writes a session; ``unknown`` if it is not known."""
    return (_text_of(session) or ["unknown"])[0]


def note_file(session: Path) -> None:
    """Note which file a writer has open under its name, for :func:`is_replaced`."""
    with contextlib.suppress(OSError):
        if lock_path(session).exists():
            lock_path(session).write_text(f"{os.getpid()}\n{_identity(session)}\n")


def is_replaced(session: Path) -> bool:
    """Check whether the file of this name is another one than a running writer has open.

    SQLite would take the writer's journal for that of the other file, and write it there.
    """
    noted = _text_of(session)[1:]
    try:
        return bool(noted) and noted[0] != _identity(session) and is_being_written(session)
    except OSError:
        return False


def _text_of(session: Path) -> list[str]:
    try:
        return lock_path(session).read_text().split()
    except (OSError, UnicodeDecodeError):
        return []


def _identity(session: Path) -> str:
    found = session.stat()
    return f"{found.st_dev}:{found.st_ino}"


class SessionLock:
    """The right to write a session, for one writer at a time; a context manager.

    On a file system that has no locks it is always granted.

    Raises
    ------
    DiskRefused
        A running program is writing the session, or its folder is read-only.
    """

    def __init__(self, session: Path) -> None:
        self._path = lock_path(session)
        self._lock = _file_lock(self._path)
        self._released = False
        try:
            session.parent.stat()  # filelock would make the folder
            self._lock.acquire(timeout=_WRITER_PATIENCE)
        except TimeoutError as error:
            number = writing_process(session)
            raise DiskRefused(
                f"{session} is being recorded by another wattui (process {number})",
                "Close that program first.",
            ) from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise DiskRefused(
                    f"Nothing can be written next to {session} ({error.strerror})",
                    "Allow writing in its folder, or choose another one.",
                ) from error
        # For others to read. A full disk must not take away the right to write.
        with contextlib.suppress(OSError):
            self._path.write_text(f"{os.getpid()}\n")

    def release(self) -> None:
        """Remove the lock file and release the lock; releasing again does nothing."""
        if not self._released:
            self._released = True
            _remove(self._lock, self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()


def _file_lock(path: Path) -> FileLock:
    # Imported late: a start of the program writes nothing yet.
    from filelock import FileLock

    # A writer's thread may release what another thread acquired.
    return FileLock(path, mode=0o644, thread_local=False, poll_interval=0.01)


def _remove(lock: FileLock, path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
    lock.release()
