# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of new sessions: safe on every file system, and never one that is taken."""

from __future__ import annotations

import os
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Final

from wattui.desktop.folders import DATA_VARIABLE, sessions_folder
from wattui.errors import DiskRefused
from wattui.session.lock import lock_path
from wattui.session.schema import SUFFIX

#: Bytes of a meter's name that go into a file's: file systems take 255 in all.
_LABEL_BYTES: Final = 120


def safe(label: str) -> str:
    """Give the label without what some file system refuses."""
    text = unicodedata.normalize("NFC", label)
    kept = "".join(c if c.isalnum() or c in "-_+.()" else " " for c in text)
    short = " ".join(kept.split()).encode()[:_LABEL_BYTES].decode(errors="ignore")
    return short.strip(" .")


def new_session_path(
    meter_label: str, folder: Path | None = None, when: datetime | None = None
) -> Path:
    """Give a path for a new session, named by local start time and meter.

    As in ``2026-11-23 14.05.07 Watts up PRO A80012.wattui``.  Nothing is created.
    """
    parent = sessions_folder() if folder is None else Path(folder)
    begin = datetime.now() if when is None else when
    stem = f"{begin:%Y-%m-%d %H.%M.%S} {safe(meter_label)}".rstrip()
    path = parent / f"{stem}{SUFFIX}"
    number = 2
    while _is_there(path) or _is_there(lock_path(path)):
        path = parent / f"{stem} ({number}){SUFFIX}"
        number += 1
    return path


def make_folder(folder: Path) -> None:
    """Make the folder of a session, with those above it, where it is missing.

    Raises
    ------
    DiskRefused
        It cannot be made, or may not be written to.
    """
    hint = f"Choose another folder: name one in {DATA_VARIABLE}, or the file in --session."
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"The folder {folder} cannot be made ({error.strerror})"
        raise DiskRefused(what, hint) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DiskRefused(f"The folder {folder} may not be written to", hint)


def _is_there(path: Path) -> bool:
    """Tell whether there is such a file; not where the folder may not be looked into.

    ``Path.exists`` raises there.  Whoever makes the file is told why it cannot be made.
    """
    return os.path.lexists(path)
