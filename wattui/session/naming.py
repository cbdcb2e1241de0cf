# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of new sessions: valid on every file system and not yet used."""

from __future__ import annotations

import os
import unicodedata
from datetime import datetime
from pathlib import Path
from typing import Final

from wattui.desktop.folders import DATA_VARIABLE, sessions_folder
from wattui.errors import DiskRefused
from wattui.measurement.events import MeterInfo
from wattui.session.lock import lock_path
from wattui.session.schema import SUFFIX

#: Bytes of a meter's name in the name of its file: file systems allow 255 in total.
_LABEL_BYTES: Final = 120


def safe(label: str) -> str:
    """Return the label without characters that some file systems do not allow."""
    text = unicodedata.normalize("NFC", label)
    allowed = "".join(c if c.isalnum() or c in "-_+.()" else " " for c in text)
    short = " ".join(allowed.split()).encode()[:_LABEL_BYTES].decode(errors="ignore")
    return short.strip(" .")


def new_session_path(
    meter_label: str, folder: Path | None = None, when: datetime | None = None
) -> Path:
    """Return a path for a new session, named by local start time and meter.

    As in ``2026-11-23 14.05.07 Watts up PRO A80012.wattui``.  Nothing is created.

    Parameters
    ----------
    meter_label
        Label of the meter.
    folder
        The folder; None for the data folder.
    when
        Local start time; None for now.

    Returns
    -------
    Path
        A path that does not exist yet.

    Examples
    --------
    >>> new_session_path("lamp", Path("runs"), datetime(2026, 11, 23, 14, 5, 7)).name
    '2026-11-23 14.05.07 lamp.wattui'
    """
    parent = sessions_folder() if folder is None else Path(folder)
    begin = datetime.now() if when is None else when
    stem = f"{begin:%Y-%m-%d %H.%M.%S} {safe(meter_label)}".rstrip()
    return free_path(parent / f"{stem}{SUFFIX}")


def meter_session_path(meter: MeterInfo, folder: Path | None = None) -> Path:
    """Return a path for a new session of a meter; the name of a replay says that it is one."""
    return new_session_path(f"replay of {meter.replay}" if meter.replay else meter.label, folder)


def free_path(path: Path) -> Path:
    """Return a path that no file and no recording has: this one, or one with a number."""
    free, number = path, 2
    while _is_there(free) or _is_there(lock_path(free)):
        free = path.with_name(f"{path.stem} ({number}){path.suffix}")
        number += 1
    return free


def make_folder(folder: Path) -> None:
    """Create the folder of a session and its parents, unless they exist.

    Raises
    ------
    DiskRefused
        It cannot be created, or you have no permission to write to it.
    """
    hint = f"Choose another folder: set {DATA_VARIABLE}, or name the file with --session."
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"The folder {folder} cannot be created ({error.strerror})"
        raise DiskRefused(what, hint) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DiskRefused(f"You have no permission to write to the folder {folder}", hint)


def _is_there(path: Path) -> bool:
    """Check whether there is such a file; return False if you may not search its folder.

    ``Path.exists`` raises there.  Making the file then fails with a clear error.
    """
    return os.path.lexists(path)
