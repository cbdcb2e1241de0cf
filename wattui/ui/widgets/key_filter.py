# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys that a window handles before TraitsUI and Qt do."""

from __future__ import annotations

from collections.abc import Callable

from pyface.qt import QtCore, QtGui

_TEXT_FIELDS = (QtGui.QLineEdit, QtGui.QAbstractSpinBox, QtGui.QPlainTextEdit, QtGui.QTextEdit)


class SpaceFilter(QtCore.QObject):
    """Keeps the space bar from clicking a button while that would end something."""

    def __init__(
        self, button: QtGui.QWidget, ends: Callable[[], bool], refused: Callable[[], object]
    ) -> None:
        super().__init__(button)
        self._ends = ends
        self._refused = refused
        button.installEventFilter(self)

    def eventFilter(self, watched: QtCore.QObject, event: QtCore.QEvent) -> bool:
        """Take the space bar, and its equivalent on some keyboards, from the button."""
        keys = (QtCore.Qt.Key.Key_Space, QtCore.Qt.Key.Key_Select)
        kinds = (QtCore.QEvent.Type.KeyPress, QtCore.QEvent.Type.KeyRelease)
        if event.type() not in kinds or event.key() not in keys or not self._ends():
            return False
        if event.type() == QtCore.QEvent.Type.KeyPress:
            self._refused()
        return True


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
