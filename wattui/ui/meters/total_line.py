# SPDX-License-Identifier: GPL-3.0-or-later
"""The line below the meters' table: all meters together, in the table's columns."""

from __future__ import annotations

from typing import Any, Final

from pyface.qt import QtCore, QtGui

from wattui.ui.meters.meter_columns import COLUMNS, NAME, TotalRow
from wattui.ui.theme.palette import LIGHT, Palette

_RIGHT = QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter
_LEFT = QtCore.Qt.AlignmentFlag.AlignLeft | QtCore.Qt.AlignmentFlag.AlignVCenter

#: Number of each column, by key.
_NUMBER: Final = {column.key: number for number, column in enumerate(COLUMNS)}

#: Its height, in pixels.
TOTAL: Final = 30

#: Space around the error of the total, in pixels.
ERROR_GAP: Final = 28

#: The first column that has a total: the name of the total ends there.
_FIRST_TOTAL: Final = next(column.key for column in COLUMNS if column.total is not None)

#: Rectangle adjustments: as far from the edges as Qt's own cells are.
_CELL_MARGINS: Final = (6, 0, -6, 0)


class TotalLine(QtGui.QWidget):
    """All meters together, below the rows and in their columns."""

    def __init__(self, view: QtGui.QTableView) -> None:
        super().__init__()
        self._view = view
        self._total = TotalRow()
        self._palette: Palette = LIGHT
        self.setFixedHeight(TOTAL)
        view.horizontalHeader().geometriesChanged.connect(self.update)
        view.horizontalHeader().sectionResized.connect(lambda *_: self.update())

    def show_total(self, total: TotalRow, palette: Palette) -> None:
        """Show another total."""
        if (total, palette) == (self._total, self._palette):
            return
        self._total, self._palette = total, palette
        power, energy = (total.texts.get(key, "") for key in ("power", "energy"))
        words = f"Total of {total.name}: {power} W, {energy} {total.energy_error}"
        self.setAccessibleName(words)
        self.update()

    def paintEvent(self, _event: Any) -> None:
        """Draw each number below its column."""
        painter = QtGui.QPainter(self)
        total, palette, view = self._total, self._palette, self._view
        painter.setPen(QtGui.QColor(palette.line))
        painter.drawLine(0, 0, self.width(), 0)
        font = QtGui.QFont(self.font())
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QtGui.QColor(palette.text))
        for key, text in total.texts.items():
            if not view.isColumnHidden(_NUMBER[key]):
                room = self._place(key).adjusted(*_CELL_MARGINS)
                painter.drawText(room, int(_RIGHT), text)
        room = self._place(NAME.key).adjusted(*_CELL_MARGINS)
        power = painter.fontMetrics().horizontalAdvance(total.texts.get(_FIRST_TOTAL, ""))
        room.setRight(self._place(_FIRST_TOTAL).right() - 16 - power)
        name = f"Total of {total.name}"
        if painter.fontMetrics().horizontalAdvance(name) > room.width():
            name = total.name
        painter.drawText(room, int(_LEFT), name)
        font.setBold(False)
        painter.setFont(font)
        painter.setPen(QtGui.QColor(palette.muted))
        self._draw_error(painter)
        painter.end()

    def _place(self, key: str) -> QtCore.QRect:
        """Return the place below a column."""
        view, number = self._view, _NUMBER[key]
        left = view.columnViewportPosition(number) + view.viewport().x()
        return QtCore.QRect(left, 1, view.columnWidth(number), self.height() - 1)

    def _draw_error(self, painter: Any) -> None:
        """Draw the error of the energy before it: the columns in between have no total."""
        room = self._place("energy")
        bold = QtGui.QFont(self.font())
        bold.setBold(True)
        width = QtGui.QFontMetrics(bold).horizontalAdvance(self._total.texts["energy"])
        room.setRight(room.right() - ERROR_GAP + 6 - width)
        room.setLeft(self._place(_FIRST_TOTAL).right())
        painter.drawText(room, int(_RIGHT), self._total.energy_error)
