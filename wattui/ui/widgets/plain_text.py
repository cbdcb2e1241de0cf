# SPDX-License-Identifier: GPL-3.0-or-later
"""Labels and tooltips that show every text as it is.

Qt takes a text with tags for HTML, draws a name with a bidirectional override backwards, and
shows nothing for a control character: a name or a file could look like something else.
"""

from __future__ import annotations

from pyface.qt import QtCore, QtGui

from wattui.measurement.text import printable


class PlainLabel(QtGui.QLabel):
    """A label without HTML; control characters are escaped."""

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        self.setText(text)

    def setText(self, text: str) -> None:
        """Show another text."""
        super().setText(printable(text))


def make_plain(label: QtGui.QLabel) -> None:
    """Show the text of a label that another library made as it is."""
    if not isinstance(label, PlainLabel):
        label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
        label.setText(printable(label.text()))


def plain_tip(text: str) -> str:
    """Return what a tooltip must be set to in order to show a text as it is."""
    shown = printable(text)
    return QtCore.Qt.convertFromPlainText(shown) if QtCore.Qt.mightBeRichText(shown) else shown


def menu_text(text: str) -> str:
    """Return what an entry of a menu must be set to in order to show a text as it is."""
    return printable(text).replace("&", "&&")
