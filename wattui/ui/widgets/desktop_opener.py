# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens files and folders with the desktop's own programs."""

from __future__ import annotations

from pathlib import Path

from pyface.qt import QtCore, QtGui


def open_path(path: Path) -> str:
    """Open a file or folder with the desktop's program for it.

    Returns
    -------
    message
        Empty if it was opened. Otherwise the path is on the clipboard, and this says so.
    """
    if QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(str(path))):
        return ""
    QtGui.QApplication.clipboard().setText(str(path))
    return f"No program here opens {path}; its path was copied"
