# SPDX-License-Identifier: GPL-3.0-or-later
"""The plot of a comparison: curves over elapsed time, or dots of one field against another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from chaco.linear_mapper import LinearMapper
from enable.base_tool import BaseTool
from pyface.qt import QtCore, QtGui
from traits.api import Bool, Float, Instance, List, Str

from wattui.measurement.fields import CHANNEL
from wattui.measurement.text import TimeMode, axis_unit, channel_text
from wattui.ui.compare.compared_parts import ComparedCurve, ends, held
from wattui.ui.plots import drawing
from wattui.ui.plots.curve import CUMULATIVE, CurvesPlot
from wattui.ui.plots.drawing import SMALL
from wattui.ui.plots.plot_axis import add_axes, paint_axes
from wattui.ui.plots.plot_tools import ZOOM
from wattui.ui.plots.time_axis import TimeTicks
from wattui.ui.plots.value_axis import FROM_ZERO, ValueTicks, fitted_range
from wattui.ui.theme.palette import LIGHT, Palette

#: Pixels around the plot: left, right, above, below.
_PADDING: Final = (66, 18, 30, 34)

#: Radius of a dot, how opaque it is, and the width of a curve, in pixels.
_DOT: Final = 1.6
_OPAQUE: Final = 0.5
_WIDTH: Final = 1.6


class WideTicks(ValueTicks):
    """Ticks of values on a horizontal axis."""

    pixels = 80


class ComparePlot(CurvesPlot):
    """Draws the curves of a comparison, and their values at the pointer."""

    palette = Instance(Palette, LIGHT)
    #: Name of the field, and of that of the horizontal axis; empty for elapsed time.
    field = Str("power")
    against = Str()
    #: What is shown.
    shown = List(Instance(ComparedCurve))
    #: Said where there is nothing to show.
    hint = Str()

    #: Where the pointer is, in pixels from the left; below zero if it is elsewhere.
    pointer = Float(-1.0)

    _elapsed = Instance(TimeTicks)

    def __init__(self, **traits: Any) -> None:
        left, right, top, bottom = _PADDING
        super().__init__(
            padding_left=left, padding_right=right, padding_top=top, padding_bottom=bottom, **traits
        )
        self._elapsed = TimeTicks(mode=TimeMode.ELAPSED)
        self.index_range.set_bounds(0.0, 60.0)
        self.value_range.set_bounds(0.0, 1.0)
        add_axes(self, self._elapsed, ValueTicks())
        self.tools.append(ZoomPan(component=self))
        self.paint()

    def show(self, curves: Sequence[ComparedCurve], field: str, against: str) -> None:
        """Show other curves, all of each."""
        self.trait_set(shown=list(curves), field=field, against=against)
        time_axis = self._elapsed if not against else WideTicks(unit=CHANNEL[against].unit)
        self.x_axis.ticks, self.y_axis.ticks = time_axis, ValueTicks(unit=CHANNEL[field].unit)
        lines = {} if against else {one.number: (one.x, one.y) for one in curves}
        self.show_curves(lines)
        self.fit()
        self.paint()

    def fit(self) -> None:
        """Show all of every curve."""
        found = ends(self.shown)
        if found is None:
            return
        low, high, bottom, top = found
        if self.against:
            across = _range_of(self.against, low, high)
            low, high = across.low, across.high
        else:
            low = min(low, 0.0)
        self.index_range.set_bounds(low, high if high > low else low + 1.0)
        up = _range_of(self.field, bottom, top)
        self.value_range.set_bounds(up.low, up.high)
        self.invalidate_and_redraw()

    def colour(self, one: ComparedCurve) -> str:
        """Return the colour of a curve: that of its part."""
        return self.palette.text if one.number < 0 else self.palette.meter(one.number)

    def paint(self) -> None:
        """Apply the palette."""
        paint_axes(self, self.palette)
        for one in self.shown:
            curve = self.curves.get(one.number)
            if curve is not None:
                holds = self.field not in CUMULATIVE
                curve.trait_set(color=self.colour(one), line_width=_WIDTH, holds=holds)
        self.invalidate_and_redraw()

    # --- drawing ------------------------------------------------------------------------

    def _draw(self, gc: Any, view_bounds: Any = None, mode: str = "default") -> None:
        if self.layout_needed:
            self.do_layout()
        outer = (self.outer_x - 1, self.outer_y - 1, self.outer_width + 2, self.outer_height + 2)
        drawing.fill_rect(gc, *outer, self.palette.ground)
        self.x_axis.ticks.room, self.y_axis.ticks.room = self.width, self.height
        super()._draw(gc, view_bounds, mode)
        if self.against:
            self._draw_dots(gc)
        self._draw_head(gc)
        if self._values_at_pointer():
            drawing.draw_lines(
                gc, [(self.pointer, self.y, self.pointer, self.y2)], self.palette.muted, alpha=0.8
            )

    def _draw_dots(self, gc: Any) -> None:
        painter = gc.gc
        painter.save()
        painter.setClipRect(QtCore.QRectF(self.x, self.y, self.width, self.height))
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        for one in self.shown:
            colour = QtGui.QColor(self.colour(one))
            colour.setAlphaF(_OPAQUE)
            painter.setBrush(colour)
            across = self.index_mapper.map_screen(one.x).tolist()
            up = self.value_mapper.map_screen(one.y).tolist()
            for x, y in zip(across, up, strict=True):
                painter.drawEllipse(QtCore.QPointF(x, y), _DOT, _DOT)
        painter.restore()

    def _draw_head(self, gc: Any) -> None:
        """Write the field, and the time and the values at the pointer as far as there is room."""
        palette, y = self.palette, self.y2 + 12
        x = self.x + 24
        x += drawing.draw_text(gc, self._names_of_axes(), self.x, y, palette.muted, SMALL)
        for colour, text in self._values_at_pointer() or self._names_of_results():
            width = drawing.text_width(text, SMALL)
            if x + width + 14 > self.x2:
                break
            if colour:
                drawing.fill_rect(gc, x, y + 2, 10, 3, colour)
                x += 14
            drawing.draw_text(gc, text, x, y, palette.text, SMALL)
            x += width + 20
        if self.hint and not any(np.isfinite(one.y).any() for one in self.shown):
            middle = (self.x + self.width / 2, self.y + self.height / 2)
            drawing.draw_text(gc, self.hint, *middle, palette.muted, align=0.5)

    def _names_of_results(self) -> list[tuple[str, str]]:
        """Return colour and name of each curve that belongs to no part of the list."""
        return [(self.colour(one), one.label) for one in self.shown if one.number < 0]

    def _values_at_pointer(self) -> list[tuple[str, str]]:
        """Return the time at the pointer, and colour and value of each curve; nothing elsewhere."""
        if self.against or not self.shown or not self.x <= self.pointer <= self.x2:
            return []
        at = np.array([float(self.index_mapper.map_data(self.pointer))])
        shown = self.index_range.high - self.index_range.low
        unit = axis_unit(CHANNEL[self.field].unit, self.value_range.high)[0]
        values = [(one, float(held((one.x, one.y), at)[0])) for one in self.shown]
        return [
            ("", self._elapsed.time_text(float(at[0]), shown)),
            *((self.colour(one), channel_text(self.field, y, unit)) for one, y in values),
        ]

    def _names_of_axes(self) -> str:
        title = _name_and_unit(self.field, self.value_range.high)
        if not self.against:
            return title
        return f"{title}  AGAINST  {_name_and_unit(self.against, self.index_range.high)}"


def _name_and_unit(name: str, high: float) -> str:
    field = CHANNEL[name]
    return f"{field.label.upper()}  {axis_unit(field.unit, high)[0]}".rstrip()


def _range_of(name: str, low: float, high: float) -> Any:
    return fitted_range(low, high, digits=CHANNEL[name].digits, zero=name in FROM_ZERO)


class ZoomPan(BaseTool):
    """The wheel zooms at the pointer, with Ctrl the values; a drag pans, a double click fits."""

    dragging = Bool(False)
    _at = Float()

    def normal_mouse_wheel(self, event: Any) -> None:
        """Zoom."""
        plot = self.component
        mapper = plot.value_mapper if event.control_down else plot.index_mapper
        _zoom(mapper, event.y if event.control_down else event.x, ZOOM**event.mouse_wheel)
        plot.invalidate_and_redraw()
        event.handled = True

    def normal_left_down(self, event: Any) -> None:
        """Begin to pan."""
        self.trait_set(dragging=True, _at=event.x)

    def normal_mouse_move(self, event: Any) -> None:
        """Pan, and show the values at the pointer."""
        self.component.pointer = event.x
        self.component.invalidate_and_redraw()
        if self.dragging and event.left_down:
            mapper = self.component.index_mapper
            by = float(mapper.map_data(self._at) - mapper.map_data(event.x))
            mapper.range.set_bounds(mapper.range.low + by, mapper.range.high + by)
            self._at = event.x
            self.component.invalidate_and_redraw()

    def normal_left_up(self, _event: Any) -> None:
        """End the drag."""
        self.dragging = False

    def normal_mouse_leave(self, event: Any) -> None:
        """End the drag, and hide the values."""
        self.normal_left_up(event)
        self.component.pointer = -1.0
        self.component.invalidate_and_redraw()

    def normal_left_dclick(self, _event: Any) -> None:
        """Show all."""
        self.component.fit()


def _zoom(mapper: LinearMapper, pixel: float, factor: float) -> None:
    at, shown = float(mapper.map_data(pixel)), mapper.range
    low, high = at - (at - shown.low) * factor, at + (shown.high - at) * factor
    if high - low > 1e-9 * max(abs(at), 1.0):
        shown.set_bounds(low, high)
