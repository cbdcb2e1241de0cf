# SPDX-License-Identifier: GPL-3.0-or-later
"""The power of each meter in letters as large as the window, to be read from across a room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyface.qt import QtCore, QtGui
from traitsui.api import BasicEditorFactory

from wattui.measurement.text import NO_VALUE, shortened_text
from wattui.ui.meters.meter_columns import column_unit
from wattui.ui.theme.palette import LIGHT, Palette
from wattui.ui.theme.tabular_figures import draw_figures, figures_width
from wattui.ui.widgets.widget_editor import WidgetEditor

if TYPE_CHECKING:
    from wattui.ui.window.window_model import WindowModel

#: Room is left for this, so that the letters keep their size while the power changes.
WIDEST: Final = "1888.8"

#: Sizes of the unit, the name and the lines below as shares of the size of the digits.
_UNIT: Final = 0.4
_NAME: Final = 0.2
_LINE: Final = 0.17

#: The least and the largest size of a name, and of a line, in pixels.
_NAME_SIZES: Final = (13, 44)
_LINE_SIZES: Final = (12, 34)

#: Space around a cell, and between the parts of a cell, in pixels.
_MARGIN: Final = 14
_GAP: Final = 4


@dataclass(frozen=True, slots=True)
class LargeReading:
    """The power of one meter, or of all of them."""

    name: str
    power: str
    #: Its colour as ``#rrggbb``; empty for none.
    colour: str = ""
    #: Whether the power is the present one; otherwise it is grey.
    current: bool = True
    #: The colour of the dot of its state, as a name in the palette; empty for none.
    dot: str = ""
    #: The lines below the power.
    lines: tuple[str, ...] = ()
    #: Whether the power has an alert now.
    alert: bool = False


def large_readings(model: WindowModel) -> list[LargeReading]:
    """Return what is shown of each meter: its state, or its energy if it is as it should be."""
    if model.several:
        unit = column_unit(model.bench, model.energy_unit)
        return [
            LargeReading(
                row.name,
                row.texts["power"],
                row.colour,
                row.current,
                row.dot,
                (f"{row.texts['energy']} {unit}" if row.current else row.state,),
                "power" in row.alerts,
            )
            for row in model.meter_rows
        ]
    shown, status, meter = model.readings, model.status, model.bench.meter
    words = ", ".join(text for text in (status.words, shown.note, shown.caption) if text)
    energy = f"{shown.energy} ± {shown.energy_error} {shown.energy_unit}"
    name = "Power" if meter is None else meter.label
    power = shown.value("power")
    alert = "power" in shown.alerts
    return [LargeReading(name, power, "", shown.current, status.dot, (words, energy), alert)]


def large_total(model: WindowModel) -> LargeReading | None:
    """Return what is shown of all meters together; None if there is only one."""
    statements = model.meter_total.statements
    if not model.several or not statements:
        return None
    energy = statements[-1]
    lines = (f"{energy.label}: {energy.text}",)
    if len(statements) == 1:
        return LargeReading("No meter is live", NO_VALUE, current=False, lines=lines)
    power = statements[0]
    return LargeReading(power.label, power.text.removesuffix(" W"), lines=lines)


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows and columns of cells, and the size of their digits in pixels."""

    rows: int
    columns: int
    size: int


def best_grid(count: int, width: float, height: float, widest: float, lines: int = 1) -> Grid:
    """Return the grid with the largest digits.

    Parameters
    ----------
    count
        The number of cells.
    width, height
        The room for all of them, in pixels.
    widest
        The width of the widest number with its unit, as a multiple of the size of the digits.
    lines
        The number of lines below each number.
    """
    grids = []
    for columns in range(1, max(count, 1) + 1):
        rows = math.ceil(count / columns)
        across = (width / columns - 2 * _MARGIN) / widest
        size, room = max(int(across), 1), height / rows - 2 * _MARGIN
        while size > 1 and _tall(size, lines) > room:
            size -= 1
        grids.append(Grid(rows, columns, size))
    return max(grids, key=lambda one: (one.size, -one.rows * one.columns))


def _sizes(size: int) -> tuple[int, int]:
    """Return the sizes of the name and of the lines, in pixels, for a size of digits."""
    name = min(max(round(size * _NAME), _NAME_SIZES[0]), _NAME_SIZES[1])
    return name, min(max(round(size * _LINE), _LINE_SIZES[0]), _LINE_SIZES[1])


def _tall(size: int, lines: int) -> float:
    """Return the height of a cell: its name, digits and lines, in pixels."""
    name, line = _sizes(size)
    return 1.3 * name + 0.95 * size + 1.4 * line * lines + 2 * _GAP


class LargePanel(QtGui.QWidget):
    """The control: a cell for each meter, and a line with their total."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("largeReadings")
        #: What is shown.
        self.readings: list[LargeReading] = []
        self.total: LargeReading | None = None
        self._palette: Palette = LIGHT
        policy = QtGui.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Expanding)
        self.setMinimumSize(240, 120)

    def show_readings(
        self, readings: Sequence[LargeReading], total: LargeReading | None, palette: Palette
    ) -> None:
        """Show other readings; without a change nothing is painted."""
        shown = (list(readings), total, palette)
        if shown != (self.readings, self.total, self._palette):
            self.readings, self.total, self._palette = shown
            every = [*readings, *([total] if total else [])]
            words = (f"{one.name} {one.power} W, {', '.join(one.lines)}" for one in every)
            self.setAccessibleName("; ".join(words))
            self.update()

    def _total_height(self) -> int:
        """Return the height of the line with the total, in pixels; 0 without one."""
        return min(max(self.height() // 8, 48), 110) if self.total else 0

    def grid(self) -> Grid:
        """Return how the cells are arranged now."""
        sample = 100
        digits, unit = self._font(sample, bold=True), self._font(round(sample * _UNIT))
        texts = [WIDEST, *(one.power for one in self.readings)]
        number = max(figures_width(text, digits) for text in texts)
        wide = number + QtGui.QFontMetricsF(unit).horizontalAdvance(" W")
        count, lines = len(self.readings), max((len(one.lines) for one in self.readings), default=1)
        height = self.height() - self._total_height()
        return best_grid(count, self.width(), height, wide / sample, lines)

    def _font(self, size: int, *, bold: bool = False) -> QtGui.QFont:
        font = QtGui.QFont(self.font())
        font.setPixelSize(max(size, 6))
        font.setBold(bold)
        return font

    def paintEvent(self, _event: QtGui.QPaintEvent) -> None:
        """Draw the cells."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(QtGui.QColor(self._palette.line))
        painter.setBrush(QtGui.QColor(self._palette.panel))
        frame = QtCore.QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, 8, 8)
        if self.readings:
            grid, below = self.grid(), self._total_height()
            width, height = self.width() / grid.columns, (self.height() - below) / grid.rows
            for number, reading in enumerate(self.readings):
                row, column = divmod(number, grid.columns)
                place = QtCore.QRectF(column * width, row * height, width, height)
                inside = place.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
                self._draw(painter, reading, inside, grid.size)
            if self.total:
                room = QtCore.QRectF(0, self.height() - below, self.width(), below)
                self._draw_total(painter, self.total, room)
        painter.end()

    def _draw(
        self, painter: QtGui.QPainter, reading: LargeReading, room: QtCore.QRectF, size: int
    ) -> None:
        """Draw one cell in the middle of its room."""
        palette = self._palette
        name_size, line_size = _sizes(size)
        top = room.top() + (room.height() - _tall(size, len(reading.lines))) / 2
        self._draw_line(
            painter, reading.name, room, top + name_size, name_size, reading.colour, palette.text
        )
        baseline = top + 1.3 * name_size + _GAP + 0.84 * size
        wide = self._power_width(reading.power, size)
        self._draw_power(painter, reading, room.center().x() - wide / 2, baseline, size)
        line = baseline + 0.11 * size + _GAP + 1.1 * line_size
        for number, text in enumerate(reading.lines):
            dot = "" if number else reading.dot
            self._draw_line(painter, text, room, line + 1.4 * line_size * number, line_size, dot)

    def _draw_total(
        self, painter: QtGui.QPainter, total: LargeReading, room: QtCore.QRectF
    ) -> None:
        """Draw the total in one line below the cells."""
        painter.setPen(QtGui.QColor(self._palette.line))
        painter.drawLine(
            QtCore.QPointF(1, room.top()), QtCore.QPointF(room.right() - 1, room.top())
        )
        size, line_size = round(room.height() * 0.62), round(room.height() * 0.24)
        line_size = max(line_size, _LINE_SIZES[0])
        baseline = room.center().y() + 0.36 * size
        wide = self._power_width(total.power, size)
        left = room.center().x() - wide / 2
        self._draw_power(painter, total, left, baseline, size)
        side = left - 2 * _MARGIN
        words = QtCore.QRectF(_MARGIN, 0, side - _MARGIN, 0)
        self._draw_line(painter, total.name, words, baseline, line_size, "", self._palette.text)
        numbers = QtCore.QRectF(left + wide + _MARGIN, 0, side - _MARGIN, 0)
        self._draw_line(painter, total.lines[0], numbers, baseline, line_size)

    def _power_width(self, power: str, size: int) -> float:
        """Return the width of a power with its unit, in pixels."""
        unit = QtGui.QFontMetricsF(self._font(round(size * _UNIT)))
        return figures_width(power, self._font(size, bold=True)) + unit.horizontalAdvance(" W")

    def _draw_power(
        self, painter: QtGui.QPainter, reading: LargeReading, x: float, baseline: float, size: int
    ) -> None:
        """Draw a power with its unit, with the left end at *x*."""
        palette = self._palette
        colour = palette.red if reading.alert else palette.text
        painter.setPen(QtGui.QColor(colour if reading.current else palette.muted))
        end = draw_figures(painter, reading.power, x, baseline, self._font(size, bold=True))
        painter.setPen(QtGui.QColor(palette.muted))
        painter.setFont(self._font(round(size * _UNIT)))
        painter.drawText(QtCore.QPointF(end, baseline), " W")

    def _draw_line(
        self,
        painter: QtGui.QPainter,
        text: str,
        room: QtCore.QRectF,
        baseline: float,
        size: int,
        dot: str = "",
        colour: str = "",
    ) -> None:
        """Draw a line in the middle, with a dot or, for a colour, a chip before it."""
        palette, font = self._palette, self._font(size)
        metrics = QtGui.QFontMetricsF(font)
        chip = dot.startswith("#")
        before = (1.9 if chip else 0.9) * size if dot and text else 0.0
        most = room.width() - before
        shown = shortened_text(text, lambda shorter: metrics.horizontalAdvance(shorter) <= most)
        left = room.left() + (room.width() - before - metrics.horizontalAdvance(shown)) / 2
        if before:
            painter.setPen(QtCore.Qt.PenStyle.NoPen)
            painter.setBrush(QtGui.QColor(dot if chip else getattr(palette, dot)))
            wide, high = (1.4 * size, 0.5 * size) if chip else (0.55 * size, 0.55 * size)
            mark = QtCore.QRectF(left, baseline - 0.36 * size - high / 2, wide, high)
            painter.drawRoundedRect(mark, high / 2, high / 2)
        painter.setPen(QtGui.QColor(colour or palette.muted))
        painter.setFont(font)
        painter.drawText(QtCore.QPointF(left + before, baseline), shown)


class _LargeEditor(WidgetEditor):
    """Shows the readings of the model in large letters."""

    watched = "[palette,readings,status,meter_rows.items,meter_total,several]"

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        return LargePanel()

    def update_editor(self) -> None:
        """Show other readings while they are seen."""
        if self.value:
            model = self.object
            self.control.show_readings(large_readings(model), large_total(model), model.palette)


class LargeEditor(BasicEditorFactory):
    """Editor of whether the readings are large, for a window's model."""

    klass = _LargeEditor
