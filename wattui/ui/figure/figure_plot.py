# SPDX-License-Identifier: GPL-3.0-or-later
"""One plot of a figure: a channel, and optionally a second one on the right axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from chaco.array_data_source import ArrayDataSource
from chaco.data_range_1d import DataRange1D
from chaco.linear_mapper import LinearMapper
from chaco.plot import Plot
from pyface.qt import QtCore, QtGui
from traits.api import Bool, Instance, List, Tuple

from wattui.measurement.text import channel_text, power_text
from wattui.ui.figure import figure_axes
from wattui.ui.figure.figure_axes import FigureAxis
from wattui.ui.figure.figure_data import FigureContent, FigureSeries
from wattui.ui.plots import drawing
from wattui.ui.plots.curve import BAND, CUMULATIVE, FAINT_BAND, CurvePlot, draw_dots, stepped
from wattui.ui.plots.drawing import Lettering
from wattui.ui.plots.plot_axis import (
    LabelledAxis,
    LabelledTicks,
    TicksAndLabels,
    add_axes,
    paint_axes,
)
from wattui.ui.plots.stroke import draw_band
from wattui.ui.plots.time_axis import TimeTicks
from wattui.ui.theme.palette import Palette, mix, rgba

#: The fonts of a figure.
TITLE: Final = Lettering(17, bold=True, for_figure=True)
TEXT: Final = Lettering(12, for_figure=True)
SMALL: Final = Lettering(11, for_figure=True)

#: The least step of a value axis, and from a plot to the base line of its head line, in pixels.
STEP: Final = 34
_HEAD: Final = 10

#: Widths of the curves at the left and at the right axis, in pixels.
_FIRST_LINE: Final = 1.7
_SECOND_LINE: Final = 1.2
#: The share of the ground in the colour of a meter's curve at the right axis.
_FAINT: Final = 0.5

#: The number of points of a curve that are drawn at once in an image.
_STRETCH: Final = 10


class FigureCurve(CurvePlot):
    """A curve that is drawn as well as possible, however long that takes."""

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
        for piece in self._band:
            draw_band(gc, piece, self.band_alpha)
        for piece in points:
            if self.shows_records(piece):
                draw_dots(painter, piece)
                piece = stepped(piece) if self.holds else piece
            elif len(piece) == 1:
                # A single record between two gaps is a dot.
                x, y = piece[0]
                piece = np.array([(x - 0.5, y), (x + 0.5, y)])
            # In an image, the time that Qt needs grows with the square of the length.
            length = _STRETCH if raster else len(piece)
            for start in range(0, len(piece) - 1, length):
                stretch = piece[start : start + length + 1]
                painter.drawPolyline(QtGui.QPolygonF([QtCore.QPointF(x, y) for x, y in stretch]))
        painter.restore()


class FixedTicks(LabelledTicks):
    """The ticks and labels of an axis of a figure."""

    axis = Instance(FigureAxis)

    def choose_ticks(self, low: float, high: float, room: float) -> TicksAndLabels:
        """Return the ticks and labels of the axis."""
        return self.axis.ticks, self.axis.labels


class FigurePlot(Plot):
    """Draws one plot.

    Parameters
    ----------
    names
        One channel, or two: the second one has the right axis.
    content
        What to show.
    palette
        The colours.
    colours
        Colours of the meters, if there are several; empty for one.
    size
        Position, size and padding: traits of the plot.
    """

    draw_order = Instance(list, args=(["underlay", "plot", "border", "overlay"],))

    #: The channels.
    names = Tuple()
    #: The axes: one per channel; an energy has the axis in kJ as its second.
    axes = List(Instance(FigureAxis))
    #: Whether the text of marks is written.
    shows_marks = Bool(False)

    _content = Instance(FigureContent)
    _palette = Instance(Palette)
    _colours = Tuple()
    #: From values to pixels, for each channel.
    _mappers = List(Instance(LinearMapper))

    def __init__(
        self,
        names: Sequence[str],
        content: FigureContent,
        ticks: TimeTicks,
        palette: Palette,
        colours: Sequence[str] = (),
        **size: Any,
    ) -> None:
        super().__init__(auto_axis=False, auto_grid=False, names=tuple(names), resizable="")
        self.trait_set(_content=content, _palette=palette, _colours=tuple(colours), **size)
        most = max(int(self.height / STEP), 2)
        self.axes = self._make_axes(most)
        self.index_range.set_bounds(content.start, content.stop)
        self.value_range.set_bounds(self.axes[0].low, self.axes[0].high)
        ticks.room = self.width
        add_axes(self, ticks, FixedTicks(axis=self.axes[0]))
        self._add_second_axis()
        paint_axes(self, palette)
        for name in reversed(self.names):
            for number, series in enumerate(content.series):
                self._add_curve(name, series, number)
        self.do_layout(force=True)

    def _make_axes(self, most: int) -> list[FigureAxis]:
        first = figure_axes.first_axis(self.names[0], *self._extremes(self.names[0]), min(most, 8))
        if len(self.names) > 1:
            name = self.names[1]
            return [first, figure_axes.second_axis(name, *self._extremes(name), first.count)]
        if figure_axes.is_energy(self.names[0]):
            return [first, figure_axes.kilojoules(first, min(most, 8))]
        return [first]

    def _add_second_axis(self) -> None:
        """Add the axis at the right, if there is one, and use one font for all axes."""
        self._mappers = [self.value_mapper]
        axes = [self.x_axis, self.y_axis]
        for axis in self.axes[1:]:
            shown = DataRange1D(low_setting=axis.low, high_setting=axis.high)
            mapper = LinearMapper(range=shown, low_pos=self.y, high_pos=self.y2)
            self._mappers.append(mapper)
            axes.append(
                LabelledAxis(
                    component=self,
                    mapper=mapper,
                    orientation="right",
                    ticks=FixedTicks(axis=axis),
                    label_color=self._palette.muted,
                )
            )
            self.underlays.append(axes[-1])
        for one in axes:
            one.lettering = TEXT

    def _add_curve(self, name: str, series: FigureSeries, number: int) -> None:
        times, values = series.curves[name]
        second = self.names.index(name) > 0
        shown = self._mappers[self.names.index(name)].range
        self.add(
            FigureCurve(
                index=ArrayDataSource(times, sort_order="ascending"),
                value=ArrayDataSource(values),
                index_mapper=LinearMapper(range=self.index_range),
                value_mapper=LinearMapper(range=shown),
                color=rgba(self.colour(name, number)),
                line_width=_SECOND_LINE if second else _FIRST_LINE,
                means=series.means.get(name),
                band_alpha=FAINT_BAND if self._colours or second else BAND,
                holds=name not in CUMULATIVE,
                bgcolor="none",
            )
        )

    def _extremes(self, name: str) -> tuple[float, float]:
        """Return the least and the greatest value; 0 and 1 if there is none."""
        values = np.concatenate([one.curves[name][1] for one in self._content.series])
        values = values[np.isfinite(values)]
        return (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)

    def place(self, name: str, moment: float, value: float) -> tuple[float, float]:
        """Return the pixel of a value at a time (seconds, UTC)."""
        mapper = self._mappers[self.names.index(name)]
        x, y = self.index_mapper.map_screen(moment)[0], mapper.map_screen(value)[0]
        return float(x), float(y)

    def colour(self, name: str, number: int = 0) -> str:
        """Return the colour of a meter's curve."""
        if not self._colours:
            return self._palette.channel(name)
        colour = self._colours[number]
        second = self.names.index(name) > 0
        return mix(colour, self._palette.plot, _FAINT) if second else colour

    # --- drawing --------------------------------------------------------------------------

    def _draw_underlay(self, gc: Any, view_bounds: Any = None, mode: str = "normal") -> None:
        if (level := self._content.shaded_below) is not None:
            _, top = self.place(self.names[0], self._content.start, level)
            height = min(max(top - self.y, 0.0), self.height)
            drawing.fill_rect(gc, self.x, self.y, self.width, height, self._palette.gap)
        broken = [n for n, series in enumerate(self._content.series) if len(series.gaps)]
        for lane, number in enumerate(broken):
            colour = self._colours[number] if self._colours else ""
            gaps = self.index_mapper.map_screen(self._content.series[number].gaps)
            drawing.draw_gaps(gc, self, gaps, self._palette, colour, (lane, len(broken)))
        super()._draw_underlay(gc, view_bounds, mode)
        moments = np.array([moment for moment, _text in self._content.marks])
        across = self.index_mapper.map_screen(moments) if len(moments) else moments
        marks = zip(across.tolist(), (text for _, text in self._content.marks), strict=True)
        drawing.draw_marks(gc, self, marks, self._palette, SMALL, words=self.shows_marks)

    def _draw_overlay(self, gc: Any, view_bounds: Any = None, mode: str = "normal") -> None:
        self._draw_head(gc)

    # --- the head line --------------------------------------------------------------------

    def _draw_head(self, gc: Any) -> None:
        """Write the name of each axis in its colour, and the values in between."""
        palette = self._palette
        y = self.y2 + _HEAD
        left = self.x + self._draw_key(
            gc, self.names[0], figure_axes.title(self.names[0], self.axes[0]), self.x, y, 0.0
        )
        right = self.x2
        if len(self.names) > 1:
            name = self.names[1]
            key = figure_axes.title(name, self.axes[1])
            right -= self._draw_key(gc, name, key, self.x2, y, 1.0)
        elif figure_axes.is_energy(self.names[0]):
            right -= drawing.draw_text(
                gc, self.axes[1].unit, self.x2, y, palette.muted, SMALL, align=1.0
            )
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
        """Write a channel's name next to its colour; return the width."""
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
        """Return mean, least and greatest value of the only meter."""
        statistics = self._content.series[0].statistics
        found = statistics.fields.get(name)
        if found is None:
            return ""
        mean, low, high = (
            channel_text(name, value, self.axes[self.names.index(name)].unit)
            for value in (found.mean, found.low, found.high)
        )
        if name == "power":
            mean = power_text(statistics.average_power_w, statistics.average_power_error_w)
        ends = f"min {low}   max {high}"
        return ends if math.isnan(found.mean) else f"mean {mean}   {ends}"
