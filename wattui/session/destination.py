# SPDX-License-Identifier: GPL-3.0-or-later
"""The check for every file that a command, the window or the API writes.

Nothing is written over what it is made of, under whatever name: a relative path, a
symbolic link and a hard link are the same file.  Nothing is written over a session of
wattui either, unless that is asked for.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from wattui.desktop.atomic_file import stream_number, write_file
from wattui.errors import DiskRefused, WouldOverwrite
from wattui.session.lock import is_being_written, lock_path
from wattui.session.schema import APPLICATION_ID, SUFFIX

#: The files that SQLite and the writer put next to a session, by their endings.
_BESIDE: Final = ("-wal", "-shm", "-journal")

_MAGIC: Final = b"SQLite format 3\0"
#: Where the header of a database has its application id.
_ID_AT: Final = 68


def is_same_file(one: Path, other: Path) -> bool:
    """Check whether two paths are one file, or would be: by inode, or by name without links."""
    try:
        return os.path.samestat(one.stat(), other.stat())
    except (OSError, ValueError):
        return os.path.realpath(one) == os.path.realpath(other)


def is_session_file(path: Path) -> bool:
    """Check whether a file is a session of wattui, or a database that is being written."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with path.open("rb") as file:
            head = file.read(_ID_AT + 4)
    except (OSError, ValueError):
        return path.suffix == SUFFIX and path.is_file()
    ours = head[_ID_AT:] == APPLICATION_ID.to_bytes(4, "big") or _unfinished(path)
    return path.suffix == SUFFIX or (head.startswith(_MAGIC) and ours) or lock_path(path).exists()


def check_destination(path: Path, sources: Iterable[Path] = (), *, force: bool = False) -> None:
    """Check that a file may be written, before anything is started.

    Parameters
    ----------
    path
        The file; a device, a pipe and standard output always may.
    sources
        What it is made of, and the other files that are written with it.
    force
        Whether it may replace a session that nobody is writing.

    Raises
    ------
    WouldOverwrite
        It is one of *sources*, or a session.
    DiskRefused
        It cannot be written, and why.
    """
    _require_other_file(path, sources)
    if stream_number(path) is None:
        _require_folder(path)
        _require_no_session(Path(os.path.realpath(path)), path, force=force)


def write_guarded(path: Path, content: bytes, sources: Iterable[Path] = ()) -> None:
    """Write a file that a user has named, but neither over what it is made of nor over a session.

    Raises
    ------
    WouldOverwrite, DiskRefused
        See :func:`check_destination`.
    """
    check_destination(path, sources)
    write_file(path, content)


def require_different(paths: Sequence[Path]) -> None:
    """Check that no two of the files that are written are the same one.

    Raises
    ------
    WouldOverwrite
        Two are.
    """
    for number, path in enumerate(paths):
        _require_other_file(path, paths[:number], "is written twice by the same command")


def _require_other_file(
    path: Path, others: Iterable[Path], what: str = "would be written over itself"
) -> None:
    for other in others:
        if _is_device(path) and not (path == other and stream_number(path) is not None):
            continue
        real = Path(os.path.realpath(other))
        beside = (real.with_name(real.name + ending) for ending in _BESIDE)
        if any(is_same_file(path, one) for one in (other, *beside, lock_path(real))):
            named = f"{path}" if path == other else f"{path}, which is {other},"
            raise WouldOverwrite(f"{named} {what}", "Give another name for the file to write.")


def _require_folder(path: Path) -> None:
    folder = path.parent
    if path.is_dir():
        raise DiskRefused(f"{path} is a folder", "Give the name of a file.")
    if not folder.is_dir():
        raise DiskRefused(
            f"The folder {folder} does not exist", "Create it, or give another folder."
        )
    if not os.access(folder, os.W_OK | os.X_OK) and not _is_device(path):
        raise DiskRefused(
            f"The folder {folder} is not writable",
            "Choose a folder that you have write permission for.",
        )


def _require_no_session(real: Path, path: Path, *, force: bool) -> None:
    for ending in _BESIDE:
        session = real.with_name(real.name.removesuffix(ending))
        if session != real and is_session_file(session):
            raise WouldOverwrite(f"{path} belongs to the session {session}", "Give another name.")
    if not is_session_file(real):
        return
    if is_being_written(real) or _unfinished(real):
        raise WouldOverwrite(
            f"{path} is a session that is being recorded, or was interrupted",
            "Give another name for the file to write.",
        )
    if not force:
        raise WouldOverwrite(
            f"{path} is a session, and would be lost",
            "Give another name for the file to write, or --force to replace the session.",
        )


def _unfinished(path: Path) -> bool:
    """Check whether samples of a session are still in the journal next to it."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size > 0
    except OSError:
        return False


def _is_device(path: Path) -> bool:
    """Check whether it is a device, a pipe or a terminal, which nothing is written over."""
    try:
        number = stream_number(path)
        mode = (path.stat() if number is None else os.fstat(number)).st_mode
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
