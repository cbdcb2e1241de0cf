# SPDX-License-Identifier: GPL-3.0-or-later
"""A number that does not move sideways: every digit is as wide as the widest one."""

from __future__ import annotations

from pyface.qt import QtCore, QtGui

from wattui.measurement.text import NO_VALUE

_DIGITS = "0123456789"


class Figures(QtGui.QWidget):
    """Shows a number and its unit on one base line.

    Qt 5 cannot select the tabular figures of a font, so each digit is drawn into a cell
    of its own.  A number that does not fit is drawn smaller, never cut off.
    """

    def __init__(self, size: int, unit_size: int, bold: bool = True, gap: int = 6) -> None:
        super().__init__()
        self._size = size
        self._unit_size = unit_size
        self._bold = bold
        self._gap = gap
        self._text = ""
        self._unit = ""
        self._current = True
        self._alert = False
        policy = QtGui.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Fixed)

    def show_value(
        self, text: str, unit: str = "", current: bool = True, alert: bool = False
    ) -> None:
        """Show a number; grey where it is not *current*, red with an *alert*."""
        shown = text, unit, current, alert
        if shown != (self._text, self._unit, self._current, self._alert):
            self._text, self._unit, self._current, self._alert = shown
            self.update()

    @property
    def text(self) -> str:
        """The number."""
        return self._text

    def set_size(self, size: int, unit_size: int) -> None:
        """Change the font sizes, in pixels."""
        if size != self._size:
            self._size, self._unit_size = size, unit_size
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QtCore.QSize:
        """Return the height of one line."""
        metrics = QtGui.QFontMetrics(self._font(self._size))
        return QtCore.QSize(60, metrics.ascent() + metrics.descent() // 2)

    def minimumSizeHint(self) -> QtCore.QSize:
        """Return the height of one line, with any width."""
        return self.sizeHint()

    def _font(self, size: int, bold: bool | None = None) -> QtGui.QFont:
        font = QtGui.QFont(self.font())
        font.setPixelSize(max(6, size))
        font.setWeight(
            QtGui.QFont.Weight.Bold
            if (self._bold if bold is None else bold)
            else QtGui.QFont.Weight.Normal
        )
        return font

    def paintEvent(self, _event: QtGui.QPaintEvent) -> None:
        """Draw the digits in their cells, then the unit."""
        size, unit_size = self._fitting()
        painter = QtGui.QPainter(self)
        palette = self.palette()
        muted = palette.color(QtGui.QPalette.ColorRole.PlaceholderText)
        present = self._current and self._text != NO_VALUE
        roles = QtGui.QPalette.ColorRole
        text = palette.color(roles.BrightText if self._alert else roles.WindowText)
        text = text if present else muted
        big = self._font(size, None if self._text != NO_VALUE else False)
        baseline = QtGui.QFontMetrics(self._font(self._size)).ascent()
        painter.setPen(text)
        x = draw_figures(painter, self._text, 0.0, baseline, big)
        if self._unit:
            painter.setFont(self._font(unit_size, bold=False))
            painter.setPen(muted)
            painter.drawText(QtCore.QPointF(x + self._gap, baseline), self._unit)
        painter.end()

    def _fitting(self) -> tuple[int, int]:
        """Return the sizes at which number and unit fit."""
        size, unit_size = self._size, self._unit_size
        while size > 6 and (advance := self._width(size, unit_size)) > self.width():
            share = self.width() / advance
            size, unit_size = int(size * share), max(10, int(unit_size * share))
        return size, unit_size

    @property
    def drawn_width(self) -> float:
        """The width of number and unit as they are drawn, in pixels."""
        return self._width(*self._fitting())

    def _width(self, size: int, unit_size: int) -> float:
        number = figures_width(self._text, self._font(size))
        unit = QtGui.QFontMetricsF(self._font(unit_size, bold=False))
        return number + (self._gap + unit.horizontalAdvance(self._unit) if self._unit else 0)


def figures_width(text: str, font: QtGui.QFont) -> float:
    """Return the width of a number, in pixels."""
    metrics = QtGui.QFontMetricsF(font)
    cell = _cell(metrics)
    return sum(cell if one in _DIGITS else metrics.horizontalAdvance(one) for one in text)


def draw_figures(
    painter: QtGui.QPainter, text: str, x: float, baseline: float, font: QtGui.QFont
) -> float:
    """Draw a number with its left end at *x*; return where it ends, in pixels."""
    metrics = QtGui.QFontMetricsF(font)
    cell = _cell(metrics)
    painter.setFont(font)
    for character in text:
        width = metrics.horizontalAdvance(character)
        room = cell if character in _DIGITS else width
        painter.drawText(QtCore.QPointF(x + (room - width) / 2, baseline), character)
        x += room
    return x


def _cell(metrics: QtGui.QFontMetricsF) -> float:
    return max(metrics.horizontalAdvance(digit) for digit in _DIGITS)
