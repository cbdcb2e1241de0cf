# SPDX-License-Identifier: GPL-3.0-or-later
"""What is behind the status bar: how the recording is doing, in a few lines."""

from __future__ import annotations

from collections.abc import Sequence

from pyface.qt import QtCore, QtGui

from wattui.ui.widgets.plain_text import PlainLabel


class StatusDetails(QtGui.QFrame):
    """Lines of a name and a value; Esc, or a click elsewhere, closes it."""

    def __init__(self, parent: QtGui.QWidget) -> None:
        super().__init__(parent, QtCore.Qt.WindowType.Popup)
        self.setObjectName("statusDetails")
        self.setAccessibleName("Health of the recording")
        self._grid = QtGui.QGridLayout(self)
        self._grid.setContentsMargins(12, 10, 12, 10)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(4)
        self._labels: list[tuple[QtGui.QLabel, QtGui.QLabel]] = []

    @property
    def lines(self) -> list[tuple[str, str]]:
        """What is shown."""
        return [(name.text(), value.text()) for name, value in self._labels]

    def show_lines(self, lines: Sequence[tuple[str, str]]) -> None:
        """Show these lines; without any, close."""
        if not lines:
            self.close()
        while len(self._labels) < len(lines):
            self._labels.append(self._add_row(len(self._labels)))
        for (name, value), (left, right) in zip(lines, self._labels, strict=False):
            left.setText(name)
            right.setText(value)

    def _add_row(self, row: int) -> tuple[QtGui.QLabel, QtGui.QLabel]:
        name, value = PlainLabel(), PlainLabel()
        name.setProperty("look", "muted")
        for column, label in enumerate((name, value)):
            label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
            self._grid.addWidget(label, row, column)
        return name, value

    def open_above(self, bar: QtGui.QWidget) -> None:
        """Open above the left end of the status bar."""
        self.adjustSize()
        corner = bar.mapToGlobal(QtCore.QPoint(8, 0))
        self.move(corner.x(), max(0, corner.y() - self.height() - 4))
        self.show()
