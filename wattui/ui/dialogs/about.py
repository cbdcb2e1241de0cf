# SPDX-License-Identifier: GPL-3.0-or-later
"""Small windows to read: the log, details, *About*.  None is modal."""

from __future__ import annotations

from html import escape
from pathlib import Path

from pyface.qt import QtCore, QtGui

import wattui
from wattui.measurement.energy import ACCURACY
from wattui.measurement.text import printable
from wattui.ui.widgets.screen_fit import fit_to_screen

#: How much of the log is shown, in characters.
LOG_LENGTH = 60_000


class Sheet(QtGui.QDialog):
    """A window with text, which a button or Esc closes."""

    def __init__(self, parent: QtGui.QWidget | None, title: str, width: int, height: int) -> None:
        super().__init__(parent)
        self.setWindowTitle(printable(title))
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.resize(width, height)
        layout = QtGui.QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        self.text = QtGui.QTextBrowser()
        self.text.setOpenExternalLinks(True)
        self.text.setAccessibleName(title)
        layout.addWidget(self.text, 1)
        row = QtGui.QHBoxLayout()
        self.row = row
        row.addStretch(1)
        close = QtGui.QPushButton("Close")
        close.setDefault(True)
        close.clicked.connect(self.close)
        row.addWidget(close)
        layout.addLayout(row)
        fit_to_screen(self)

    def add_copy(self, text: str) -> None:
        """Add a button that copies *text*."""
        button = QtGui.QPushButton("Copy")
        button.setAutoDefault(False)
        button.setToolTip("Copy all of it, for a problem report")
        button.clicked.connect(lambda: QtGui.QApplication.clipboard().setText(text))
        self.row.insertWidget(0, button)


def show_text(parent: QtGui.QWidget | None, title: str, text: str) -> Sheet:
    """Show plain text that can be copied."""
    sheet = Sheet(parent, title, 560, 300)
    sheet.text.setPlainText(printable(text))
    sheet.add_copy(text)
    sheet.show()
    return sheet


def show_html(parent: QtGui.QWidget | None, title: str, html: str, size: tuple[int, int]) -> Sheet:
    """Show formatted text."""
    sheet = Sheet(parent, title, *size)
    sheet.text.setHtml(html)
    sheet.show()
    return sheet


def read_log(path: Path | None) -> str:
    """Return the end of the log at *path*, which is None if there is none; waits for the disk."""
    try:
        return path.read_text("utf-8", "replace")[-LOG_LENGTH:] if path is not None else ""
    except OSError as error:
        return f"The log cannot be read: {error}"


def show_log(parent: QtGui.QWidget | None, path: Path | None, text: str) -> Sheet:
    """Show the end of the log, *text*."""
    sheet = Sheet(parent, f"Log: {path}" if path is not None else "Log", 800, 520)
    sheet.text.setLineWrapMode(QtGui.QTextBrowser.LineWrapMode.NoWrap)
    sheet.text.setPlainText(printable(text) or "The log is empty.")
    sheet.text.moveCursor(QtGui.QTextCursor.MoveOperation.End)
    sheet.add_copy(text)
    sheet.show()
    return sheet


def show_about(parent: QtGui.QWidget | None) -> Sheet:
    """Show version and license."""
    html = (
        f"<h2>wattui {escape(wattui.__version__)}</h2>"
        "<p>Live power, current and voltage from Watts up? meters, without losing a sample.</p>"
        "<p>Free software under the GNU General Public License, version 3 or later. "
        "It comes without any warranty.</p>"
        f"<p>A Watts up? is accurate to ±({ACCURACY}). Energies are shown with this limit.</p>"
    )
    return show_html(parent, "About wattui", html, (460, 280))
