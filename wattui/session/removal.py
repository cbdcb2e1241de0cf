# SPDX-License-Identifier: GPL-3.0-or-later
"""Moves sessions to the trash of the desktop, and never one that is being recorded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from wattui.errors import DiskRefused, WattuiError
from wattui.session.lock import SessionLock

#: What SQLite may have left beside a session.
_BESIDE: Final = ("-wal", "-shm", "-journal")


def move_to_trash(session: Path) -> None:
    """Move a session, and what belongs to it, to the trash; blocks on the disk.

    Raises
    ------
    DiskRefused
        It is being recorded, is gone, or there is no trash for its disk.
    """
    # Imported late: few starts of the program delete anything.
    from send2trash import send2trash

    if not os.path.lexists(session):
        raise DiskRefused(f"There is no file {session}", "It was moved or deleted meanwhile.")
    with SessionLock(session):
        beside = [session.with_name(session.name + end) for end in _BESIDE]
        try:
            send2trash([session, *(one for one in beside if os.path.lexists(one))])
        except OSError as error:
            raise DiskRefused(
                f"{session} was not moved to the trash ({error.strerror or error})",
                "Delete it in the file manager.",
            ) from error


def move_all_to_trash(sessions: list[Path]) -> tuple[list[Path], list[WattuiError]]:
    """Move sessions to the trash; return those that were moved, and why others were not."""
    moved: list[Path] = []
    refused: list[WattuiError] = []
    for session in sessions:
        try:
            move_to_trash(session)
        except WattuiError as error:
            refused.append(error)
        else:
            moved.append(session)
    return moved, refused
