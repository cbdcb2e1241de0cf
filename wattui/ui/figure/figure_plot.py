# SPDX-License-Identifier: GPL-3.0-or-later
"""One plot of a figure: a quantity, and another one at the right axis if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from chaco.api import ArrayDataSource, DataRange1D, LinearMapper
from pyface.qt import QtCore, QtGui

from wattui.measurement.fields import CHANNEL
from wattui.ui.figure import figure_axes
from wattui.ui.figure.figure_axes import FigureAxis
from wattui.ui.figure.figure_data import FigureContent, FigureSeries
from wattui.ui.plots import drawing
from wattui.ui.plots.curve import CurvePlot
from wattui.ui.plots.drawing import Lettering
from wattui.ui.plots.time_axis import TimeTicks
from wattui.ui.theme.palette import Palette, mix, rgba

#: Sizes in pixels of the page.
TITLE: Final = Lettering(17, bold=True, for_figure=True)
TEXT: Final = Lettering(12, for_figure=True)
SMALL: Final = Lettering(11, for_figure=True)

#: Pixels: a step of the value axis at least, from an axis to its labels, from a plot to
#: the base line of its head.
STEP: Final = 34
_OFF: Final = 8
_HEAD: Final = 10

#: Widths of the curves in pixels: at the left axis, and at the right one.
_FIRST_LINE: Final = 1.7
_SECOND_LINE: Final = 1.2
#: How much of the ground is in the colour of a meter's curve at the right axis.
_FAINT: Final = 0.5

#: Points of a curve that are drawn at once in an image.
_STRETCH: Final = 10


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, in pixels of the figure; the origin is at the bottom left."""

    x: float
    y: float
    width: float
    height: float

    @property
    def x2(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def y2(self) -> float:
        """The upper edge."""
        return self.y + self.height


class FigureCurve(CurvePlot):
    """A curve that is drawn as well as can be, however long it takes."""

    def _render(self, gc: Any, points: list[np.ndarray], selected_points: Any = None) -> None:
        painter = gc.gc
        pen = QtGui.QPen(QtGui.QColor.fromRgbF(*self.effective_color))
        pen.setWidthF(self.line_width)
        pen.setJoinStyle(QtCore.Qt.PenJoinStyle.RoundJoin)
        pen.setCapStyle(QtCore.Qt.PenCapStyle.RoundCap)
        painter.save()
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(pen)
        raster = painter.paintEngine().type() == QtGui.QPaintEngine.Type.Raster
        for piece in points:
            if len(piece) == 1:
                # A record that stands alone between two gaps is a dot.
                x, y = piece[0]
                piece = np.array([(x - 0.5, y), (x + 0.5, y)])
            # In an image Qt needs time with the square of the length.
            length = _STRETCH if raster else len(piece)
            for start in range(0, len(piece) - 1, length):
                stretch = piece[start : start + length + 1]
                painter.drawPolyline(QtGui.QPolygonF([QtCore.QPointF(x, y) for x, y in stretch]))
        painter.restore()


class FigurePlot:
    """Draws one plot.

    Parameters
    ----------
    names
        One channel, or two: the second has the right axis.
    content
        What there is to show.
    box
        Where the plot is; axes and head are around it.
    colours
        Colours of the meters, where there are several; empty for one.
    """

    def __init__(
        self,
        names: Sequence[str],
        content: FigureContent,
        box: Box,
        palette: Palette,
        colours: Sequence[str] = (),
    ) -> None:
        self.names = tuple(names)
        self.box = box
        self._content = content
        self._palette = palette
        self._colours = tuple(colours)
        most = max(int(box.height / STEP), 2)
        #: The axes: one a channel; an energy has the one in kJ as its second.
        self.axes = self._make_axes(most)
        self._span = DataRange1D(low_setting=content.start, high_setting=content.stop)

    def _make_axes(self, most: int) -> list[FigureAxis]:
        first = figure_axes.first_axis(self.names[0], *self._extremes(self.names[0]), min(most, 8))
        if len(self.names) > 1:
            name = self.names[1]
            return [first, figure_axes.second_axis(name, *self._extremes(name), first.count)]
        if figure_axes.is_energy(self.names[0]):
            return [first, figure_axes.kilojoules(first, min(most, 8))]
        return [first]

    def _extremes(self, name: str) -> tuple[float, float]:
        """Give the least and the greatest value; 0 and 1 where there is none."""
        values = np.concatenate([one.curves[name][1] for one in self._content.series])
        values = values[np.isfinite(values)]
        return (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)

    def place(self, name: str, moment: float, value: float) -> tuple[float, float]:
        """Give the pixel of a value at a moment (seconds, UTC)."""
        axis = self.axes[self.names.index(name)]
        share = (value - axis.low) / (axis.high - axis.low)
        return self._x(moment), self.box.y + share * self.box.height

    def _x(self, moment: float) -> float:
        """Give the pixel of a moment (seconds, UTC)."""
        start, stop = self._content.start, self._content.stop
        return self.box.x + (moment - start) / (stop - start) * self.box.width

    def colour(self, name: str, number: int = 0) -> str:
        """Give the colour of a meter's curve."""
        if not self._colours:
            return self._palette.channel(name)
        colour = self._colours[number]
        second = self.names.index(name) > 0
        return mix(colour, self._palette.plot, _FAINT) if second else colour

    # --- drawing --------------------------------------------------------------------------

    def draw(self, gc: Any, ticks: TimeTicks, *, shows_time: bool, shows_marks: bool) -> None:
        """Draw the plot with its axes and its head."""
        box, palette = self.box, self._palette
        drawing.fill_rect(gc, box.x, box.y, box.width, box.height, palette.plot)
        self._draw_gaps(gc)
        times, told = ticks.ticks_and_labels(self._content.start, self._content.stop, box.width)
        across = [self._x(float(moment)) for moment in times]
        self._draw_grid(gc, across)
        for number, name in reversed(list(enumerate(self.names))):
            for index, series in enumerate(self._content.series):
                self._draw_curve(gc, name, series, self.colour(name, index), second=number > 0)
        drawing.frame_rect(gc, box.x, box.y, box.width, box.height, palette.line)
        self._draw_values(gc)
        if shows_time:
            self._draw_times(gc, across, told)
        marks = [(self._x(moment), text) for moment, text in self._content.marks]
        drawing.draw_marks(gc, box, marks, palette, SMALL, words=shows_marks)
        self._draw_head(gc)

    def _draw_gaps(self, gc: Any) -> None:
        """Shade where records are missing."""
        for number, series in enumerate(self._content.series):
            colour = self._colours[number] if self._colours else ""
            gaps = np.array([[self._x(begin), self._x(end)] for begin, end in series.gaps])
            drawing.draw_gaps(gc, self.box, gaps, self._palette, colour, number)

    def _draw_grid(self, gc: Any, across: Sequence[float]) -> None:
        box = self.box
        lines = [(x, box.y, x, box.y2) for x in across if box.x + 1 < x < box.x2 - 1]
        up = self._heights(self.axes[0])
        lines += [(box.x, y, box.x2, y) for y in up if box.y + 1 < y < box.y2 - 1]
        drawing.draw_lines(gc, lines, self._palette.grid)

    def _heights(self, axis: FigureAxis) -> np.ndarray:
        return self.box.y + (axis.ticks - axis.low) / (axis.high - axis.low) * self.box.height

    def _draw_curve(
        self, gc: Any, name: str, series: FigureSeries, colour: str, *, second: bool
    ) -> None:
        times, values = series.curves[name]
        axis, box = self.axes[self.names.index(name)], self.box
        curve = FigureCurve(
            index=ArrayDataSource(times, sort_order="ascending"),
            value=ArrayDataSource(values),
            index_mapper=LinearMapper(range=self._span),
            value_mapper=LinearMapper(
                range=DataRange1D(low_setting=axis.low, high_setting=axis.high)
            ),
            color=rgba(colour),
            line_width=_SECOND_LINE if second else _FIRST_LINE,
            resizable="",
            bgcolor="none",
        )
        curve.trait_set(position=[box.x, box.y], bounds=[box.width, box.height])
        curve.draw(gc)

    def _draw_values(self, gc: Any) -> None:
        """Write the labels of the axes."""
        box, palette = self.box, self._palette
        for number, axis in enumerate(self.axes):
            x, align = (box.x2 + _OFF, 0.0) if number else (box.x - _OFF, 1.0)
            for y, label in zip(self._heights(axis), axis.labels, strict=True):
                drawing.draw_text(gc, label, x, y - 4, palette.muted, TEXT, align)
            if number:
                ticks = [(box.x2, y, box.x2 + 4, y) for y in self._heights(axis)]
                drawing.draw_lines(gc, ticks, palette.line)

    def _draw_times(self, gc: Any, across: Sequence[float], told: Sequence[str]) -> None:
        """Write the times, none over another."""
        box, palette = self.box, self._palette
        drawing.draw_lines(gc, [(x, box.y, x, box.y - 4) for x in across], palette.line)
        free = 0.0
        for x, label in zip(across, told, strict=True):
            width = drawing.text_width(label, TEXT)
            left = x - width / 2
            if left < free:
                continue
            drawing.draw_text(gc, label, left, box.y - 19, palette.muted, TEXT)
            free = left + width + 10

    # --- the head line --------------------------------------------------------------------

    def _draw_head(self, gc: Any) -> None:
        """Write what is at which axis, in its colour, and the values in between."""
        box, palette = self.box, self._palette
        y = box.y2 + _HEAD
        left = box.x + self._draw_key(
            gc, self.names[0], figure_axes.title(self.names[0]), box.x, y, 0.0
        )
        right = box.x2
        if len(self.names) > 1:
            name = self.names[1]
            right -= self._draw_key(gc, name, figure_axes.title(name), box.x2, y, 1.0)
        elif figure_axes.is_energy(self.names[0]):
            right -= drawing.draw_text(gc, "kJ", box.x2, y, palette.muted, SMALL, align=1.0)
        if self._colours:
            return
        room = right - left - 48
        for number, name in enumerate(self.names):
            text = self._values(name)
            wide = drawing.text_width(text, SMALL)
            if text and wide <= room:
                x = right - 18 if number else left + 18
                drawing.draw_text(gc, text, x, y, palette.muted, SMALL, align=float(number))
                room -= wide + 24

    def _draw_key(self, gc: Any, name: str, text: str, x: float, y: float, align: float) -> float:
        """Write a channel's name beside its colour; give how wide it is."""
        palette = self._palette
        wide = drawing.text_width(text, SMALL) + 20
        left = x - align * wide
        bar = left if align == 0 else left + wide - 14
        at = left + 20 if align == 0 else left
        second = self.names.index(name) > 0
        colour = (
            self.colour(name)
            if not self._colours
            else mix(palette.text, palette.plot, _FAINT if second else 0.0)
        )
        thick = _SECOND_LINE if second else _FIRST_LINE
        drawing.fill_rect(gc, bar, y + 3, 14, round(thick + 0.8), colour)
        drawing.draw_text(gc, text, at, y, palette.text, SMALL)
        return wide

    def _values(self, name: str) -> str:
        """Tell mean, least and greatest value of the one meter."""
        statistics = self._content.series[0].statistics
        found = statistics.fields.get(name)
        if found is None:
            return ""
        told = CHANNEL[name].format
        return f"mean {told(found.mean)}   min {told(found.low)}   max {told(found.high)}"
