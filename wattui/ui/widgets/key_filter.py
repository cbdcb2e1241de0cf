# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that a window takes before TraitsUI and Qt do."""

from __future__ import annotations

from collections.abc import Callable

from pyface.qt import QtCore, QtGui

_TEXT_FIELDS = (QtGui.QLineEdit, QtGui.QAbstractSpinBox, QtGui.QPlainTextEdit, QtGui.QTextEdit)


class KeyFilter(QtCore.QObject):
    """Keeps Esc from closing a window, and shortcuts of one key out of text fields."""

    def __init__(self, window: QtGui.QWidget, escape: Callable[[], None]) -> None:
        super().__init__(window)
        self._escape = escape
        window.installEventFilter(self)

    def eventFilter(self, watched: QtCore.QObject, event: QtCore.QEvent) -> bool:
        """Handle Esc before the dialog does, and leave plain keys to text fields."""
        kind = event.type()
        if kind == QtCore.QEvent.Type.KeyPress and event.key() == QtCore.Qt.Key.Key_Escape:
            self._escape()
            return True
        if kind == QtCore.QEvent.Type.ShortcutOverride and isinstance(
            QtGui.QApplication.focusWidget(), _TEXT_FIELDS
        ):
            plain = event.modifiers() in (
                QtCore.Qt.KeyboardModifier.NoModifier,
                QtCore.Qt.KeyboardModifier.ShiftModifier,
            )
            if plain and event.text():
                event.accept()
                return True
        return False
