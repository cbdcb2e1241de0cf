# SPDX-License-Identifier: GPL-3.0-or-later
"""The line below the meters' table: all meters together, in the table's columns."""

from __future__ import annotations

from typing import Any, Final

from pyface.qt import QtCore, QtGui

from wattui.ui.meters.meter_columns import COLUMNS, TotalRow
from wattui.ui.theme.palette import LIGHT, Palette
from wattui.ui.widgets.plain_text import plain_tip

_RIGHT = QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter
_LEFT = QtCore.Qt.AlignmentFlag.AlignLeft | QtCore.Qt.AlignmentFlag.AlignVCenter

#: Number of each column, by key.
_NUMBER: Final = {column.key: number for number, column in enumerate(COLUMNS)}

#: Its height, in pixels.
TOTAL: Final = 30

#: Rectangle adjustments: as far from the edges as Qt's own cells are.
_CELL_MARGINS: Final = (6, 0, -6, 0)

#: From the edge to the first statement, from a label to its number, and between two statements.
_EDGE: Final = 10
_AFTER_LABEL: Final = 7
_BETWEEN: Final = 26


class TotalLine(QtGui.QWidget):
    """All meters together, below the rows: two statements, and sums in the columns after them."""

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
        words = ", ".join(f"{one.label}: {one.text}" for one in total.statements)
        self.setAccessibleName(words)
        self.setToolTip(plain_tip(words))
        self.update()

    def pieces(self) -> list[tuple[QtCore.QRect, str, bool]]:
        """Return what is drawn: the place of a text, the text, and whether it is a number."""
        view = self._view
        columns = []
        for key, text in self._total.texts.items():
            if not view.isColumnHidden(_NUMBER[key]) and _NUMBER[key] > _NUMBER["energy"]:
                place = self._place(key).adjusted(*_CELL_MARGINS)
                place.setLeft(place.right() - self._advance(text, True))
                columns.append((place, text, True))
        edge = min((place.left() for place, _text, _ in columns), default=self.width())
        for labels in self._labels():
            statements = self._statements(labels)
            if not statements or statements[-1][0].right() <= edge - _AFTER_LABEL:
                break
        return [*statements, *columns]

    def _statements(self, labels: tuple[str, ...]) -> list[tuple[QtCore.QRect, str, bool]]:
        """Return the statements with these labels, from left to right."""
        pieces, x = [], _EDGE
        for label, one in zip(labels, self._total.statements, strict=True):
            for text, is_number in ((label, False), (one.text, True)):
                if text:
                    place = QtCore.QRect(x, 1, self._advance(text, is_number), self.height() - 1)
                    pieces.append((place, text, is_number))
                    x = place.right() + _AFTER_LABEL
            x += _BETWEEN - _AFTER_LABEL
        return pieces

    def _labels(self) -> list[tuple[str, ...]]:
        """Return what is written before the numbers, the longest first."""
        statements = self._total.statements
        return [
            tuple(f"{one.label}:" for one in statements),
            tuple(f"{one.short}:" for one in statements),
            tuple("" for _one in statements),
        ]

    def paintEvent(self, _event: Any) -> None:
        """Draw the statements, and each other number below its column."""
        painter = QtGui.QPainter(self)
        palette = self._palette
        painter.setPen(QtGui.QColor(palette.line))
        painter.drawLine(0, 0, self.width(), 0)
        for place, text, is_number in self.pieces():
            painter.setFont(self._bold() if is_number else self.font())
            painter.setPen(QtGui.QColor(palette.text if is_number else palette.muted))
            painter.drawText(place, int(_RIGHT if is_number else _LEFT), text)
        painter.end()

    def _bold(self) -> QtGui.QFont:
        bold = QtGui.QFont(self.font())
        bold.setBold(True)
        return bold

    def _advance(self, text: str, is_number: bool) -> int:
        font = self._bold() if is_number else self.font()
        return QtGui.QFontMetrics(font).horizontalAdvance(text) + 1

    def _place(self, key: str) -> QtCore.QRect:
        """Return the place below a column."""
        view, number = self._view, _NUMBER[key]
        left = view.columnViewportPosition(number) + view.viewport().x()
        return QtCore.QRect(left, 1, view.columnWidth(number), self.height() - 1)
