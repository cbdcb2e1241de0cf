# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens a session and checks it: what is damaged is reported, and never part of a figure."""

from __future__ import annotations

import contextlib
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, TypeVar

from wattui.errors import SessionDamaged
from wattui.session.integrity import READING_ERRORS, Progress, check
from wattui.session.naming import free_path
from wattui.session.read_access import open_for_reading
from wattui.session.reader import Session
from wattui.session.salvage import salvage
from wattui.session.schema import REPAIR_HINT, SUFFIX
from wattui.session.watched import WatchedSession

__all__ = [
    "REPAIR_HINT",
    "open_checked",
    "read_checked",
    "repaired_path",
    "sound_copy",
    "verify",
]

_Result = TypeVar("_Result")

#: Faults that a refusal names.
_LISTED: Final = 3


class _SalvagedSession(Session):
    """What could be read of a damaged session, in a temporary file."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        damage: Sequence[str],
        folder: tempfile.TemporaryDirectory[str],
    ) -> None:
        super().__init__(path, connection, damage)
        self._folder = folder

    def close(self) -> None:
        """Close the file and remove it; closing again does nothing."""
        super().close()
        self._folder.cleanup()


def repaired_path(path: Path) -> Path:
    """Return a free name for the repaired copy of a session, beside it."""
    return free_path(path.with_name(f"{path.stem} repaired{SUFFIX}"))


def sound_copy(
    path: Path | str,
    folder: Path,
    *,
    strict: bool = False,
    keep_changed: bool = False,
    cancelled: Callable[[], bool] | None = None,
    progress: Progress | None = None,
) -> tuple[Path, tuple[str, ...]]:
    """Return a session itself if it is sound, and else what can be read of it, in *folder*.

    *progress* is called with the number of samples that were compared, and of all.

    Returns
    -------
    path, damage
        The file to read, and what is wrong with the session: sentences without a full stop.

    Raises
    ------
    SessionError, Cancelled
        See :func:`open_checked`.
    """
    found = Path(path).absolute()
    faults = verify(found, cancelled, progress)
    if not faults:
        return found, ()
    if strict:
        raise SessionDamaged(f"{found} is damaged: {'; '.join(faults[:_LISTED])}", REPAIR_HINT)
    copy = folder / found.name
    saved = salvage(found, copy, keep_changed=keep_changed, cancelled=cancelled)
    return copy, saved.losses or (*faults, "All of its samples could be read")


def verify(
    path: Path | str,
    cancelled: Callable[[], bool] | None = None,
    progress: Progress | None = None,
) -> list[str]:
    """Check a session thoroughly; return one sentence per fault, without a full stop.

    *progress* is called with the number of samples that were compared, and of all.

    Raises
    ------
    NotASession, SessionTooNew, DiskRefused
        See :meth:`Session.open`.
    Cancelled
        *cancelled* returned True.
    """
    faults: list[str] = []
    try:
        with contextlib.closing(open_for_reading(Path(path).absolute())) as connection:
            connection.execute("BEGIN")
            faults += check(connection, cancelled, progress)
    except SessionDamaged as error:
        faults.append(error.what)
    except READING_ERRORS as error:
        faults.append(str(error))
    return faults


def open_checked(
    path: Path | str,
    *,
    strict: bool = False,
    keep_changed: bool = False,
    cancelled: Callable[[], bool] | None = None,
    progress: Progress | None = None,
) -> Session:
    """Open a session after comparing all of it with its checksums and summaries.

    Of a damaged one, what can be read is shown, and :attr:`Session.damage` says what is
    wrong.  Samples that have changed since they were recorded are left out as a gap.

    Parameters
    ----------
    path
        The session's file.
    strict
        Whether to refuse a damaged session.
    keep_changed
        Whether to also show samples that have changed since they were recorded.
    cancelled
        Called now and again; returns whether to stop.
    progress
        Called with the number of samples that were compared, and of all.

    Returns
    -------
    Session
        The session, or what can be read of it.

    Raises
    ------
    SessionDamaged
        There is nothing in it that can be read; or *strict*, and it is damaged.
    Cancelled
        *cancelled* returned True.
    SessionError
        See :meth:`Session.open`.

    Examples
    --------
    >>> from wattui.api import MeterInfo, Sample, SessionWriter
    >>> with SessionWriter("sound.wattui") as writer:
    ...     lamp = MeterInfo("A1", "sim://pro", "lamp")
    ...     writer.on_samples(lamp, [Sample(1_000_000, 1_000_000, (423,) + (None,) * 17)])
    >>> with open_checked("sound.wattui", strict=True) as session:
    ...     session.count(session.meters[0].id)
    1
    """
    found = Path(path).absolute()
    folder = tempfile.TemporaryDirectory(prefix="wattui-damaged-")
    try:
        readable, damage = sound_copy(
            found, Path(folder.name), strict=strict, keep_changed=keep_changed,
            cancelled=cancelled, progress=progress,
        )  # fmt: skip
        if damage:
            return _SalvagedSession(found, open_for_reading(readable), damage, folder)
    except BaseException:
        folder.cleanup()
        raise
    folder.cleanup()
    return Session.open(found)


def read_checked(
    path: Path | str,
    read: Callable[[Session], _Result],
    *,
    strict: bool = False,
    keep_changed: bool = False,
    cancelled: Callable[[], bool] | None = None,
) -> _Result:
    """Return what *read* makes of a session, which is checked while it is read.

    If damage is found on the way, *read* starts again, with what can be read of the session;
    its :attr:`Session.damage` is not empty then.

    Raises
    ------
    SessionError, Cancelled
        See :func:`open_checked`.
    """
    with contextlib.suppress(SessionDamaged), WatchedSession.open(path) as watched:
        return read(watched)
    with open_checked(
        path, strict=strict, keep_changed=keep_changed, cancelled=cancelled
    ) as session:
        return read(session)
