# SPDX-License-Identifier: GPL-3.0-or-later
"""The strip with the whole run, in which the view is a window that can be moved."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

import numpy as np
from chaco.abstract_overlay import AbstractOverlay
from chaco.array_data_source import ArrayDataSource
from chaco.tools.range_selection import RangeSelection
from kiva.qpainter import GraphicsContext
from pyface.qt import QtCore, QtGui
from traits.api import Dict, Instance, Int, Tuple, observe

from wattui.ui.plots import drawing
from wattui.ui.plots.curve import BAND, FAINT_BAND, CurvesPlot
from wattui.ui.plots.stroke import draw_image
from wattui.ui.plots.total import Curve
from wattui.ui.theme.palette import mix

#: How close to an edge of the window the pointer must be to drag it, in pixels.
_GRIP: Final = 6

#: By how many pixels the run moves in the strip before it is drawn again.
_MOVED: Final = 0.25

#: Pixels below and above the curves.
_BELOW: Final = 3
_ABOVE: Final = 4


class Overview(CurvesPlot):
    """The strip of the whole run."""

    #: The stack that it belongs to.
    stack = Instance("wattui.ui.plots.plot_stack.PlotStack")
    #: Where Chaco's tool stores the view.
    index = Instance(ArrayDataSource, args=([],))
    #: Where records are missing in the run, by meter: seconds, shape (k, 2).
    gaps = Dict()

    #: How many times what it shows has changed.
    _changes = Int()
    #: What was drawn last, without the window, and what determined it.
    _picture = Instance(QtGui.QImage)
    _key = Tuple()

    def __init__(self, **traits: Any) -> None:
        super().__init__(padding=0, resizable="", **traits)
        self.underlays.append(StripGaps(component=self))
        self.overlays.append(ViewWindow(component=self, stack=self.stack))
        self.tools.append(ViewTool(component=self, stack=self.stack))

    def take(
        self,
        curves: Mapping[Hashable, Curve],
        means: Mapping[Hashable, Curve] | None = None,
        gaps: Mapping[Hashable, np.ndarray] | None = None,
    ) -> None:
        """Show new curves of the whole run, means of their columns, and gaps, by meter."""
        self._changes += 1
        self.show_curves(curves, means)
        self.gaps = dict(gaps or {})
        values = [curve[1][np.isfinite(curve[1])] for curve in curves.values()]
        values = [one for one in values if len(one)]
        if values:
            low = min(0.0, *(float(one.min()) for one in values))
            height = (max(float(one.max()) for one in values) - low) or 1.0
            pixel = height / max(self.height - _BELOW - _ABOVE, 1)
            self.value_range.set_bounds(low - _BELOW * pixel, low + height + _ABOVE * pixel)
        self.paint()

    def paint(self) -> None:
        """Apply the palette, and give the curves the colours of their meters."""
        palette = self.stack.palette
        self._changes += 1
        self.trait_set(bgcolor=palette.plot, border_color=palette.line)
        colours = dict(self.colours())
        for key, curve in self.curves.items():
            curve.visible = key in colours
            if key in colours:
                colour = mix(palette.plot, colours[key], 0.85)
                alpha = BAND if len(colours) == 1 else FAINT_BAND
                curve.trait_set(color=colour, line_width=1.0, band_alpha=alpha)

    def _draw(self, gc: Any, view_bounds: Any = None, mode: str = "default") -> None:
        """Draw the run, as a picture that is kept while it looks the same, and the window."""
        painter, stack = gc.gc, self.stack
        place, ratio = painter.worldTransform(), float(painter.device().devicePixelRatioF())
        around = QtCore.QRectF(self.x - 1, self.y - 1, self.width + 3, self.height + 3)
        on_device = place.mapRect(around)
        left, top = int(on_device.left() * ratio), int(on_device.top() * ratio)
        size = (int(on_device.width() * ratio) + 2, int(on_device.height() * ratio) + 2)
        absent = (stack.now, tuple(stack.absent_since.items())) if stack.absent_since else ()
        shown = self.index_range
        key = (left, top, size, ratio, self._changes, absent, shown.low, shown.high)
        if key != self._key:
            image = QtGui.QImage(*size, QtGui.QImage.Format.Format_ARGB32_Premultiplied)
            image.setDevicePixelRatio(ratio)
            image.fill(QtCore.Qt.GlobalColor.transparent)
            picture = GraphicsContext(size, parent=image)
            shift = QtGui.QTransform.fromTranslate(-left / ratio, -top / ratio)
            picture.gc.setWorldTransform(place * shift)
            self.draw_run(picture)
            picture.gc.end()
            image.setDevicePixelRatio(1.0)
            self._picture, self._key = image, key
        draw_image(painter, left, top, self._picture)
        self._draw_overlay(gc)

    def colours(self) -> list[tuple[Hashable, str]]:
        """Return each meter's key and its colour in the strip."""
        stack = self.stack
        if not stack.coloured and stack.meters:
            return [(stack.meters[0][0], stack.palette.channel(stack.strip_channel()))]
        return [(key, colour) for key, _label, colour in stack.shown_meters]

    def follow(self) -> None:
        """Show the run, and the view if it is wider than the run."""
        view = self.stack.view
        last = max(view.last, view.first + 1.0)
        last, shown = max(last, view.stop) if view.whole else last, self.index_range
        moved = max(abs(last - shown.high), abs(view.first - shown.low))
        # A year that is a second longer looks the same.
        if moved * max(self.width, 1.0) > _MOVED * (last - view.first):
            shown.set_bounds(view.first, last)
        self.index.metadata["selections"] = (view.start, view.stop)

    def window_edges(self) -> tuple[float, float]:
        """Return where the view begins and ends, in pixels, at least two grips apart."""
        view = self.stack.view
        ends = np.clip(
            self.index_mapper.map_screen(np.array([view.start, view.stop])), self.x, self.x2
        )
        left, right = float(ends[0]), float(ends[1])
        if right - left < 2 * _GRIP:
            middle = (left + right) / 2
            left, right = middle - _GRIP, middle + _GRIP
        return left, right


class StripGaps(AbstractOverlay):
    """Shades the strip where records of a meter are missing."""

    def overlay(
        self, other_component: Any, gc: Any, view_bounds: Any = None, mode: str = "normal"
    ) -> None:
        """Draw on *gc*; called by Chaco."""
        strip = other_component
        stack, several = strip.stack, len(strip.colours()) > 1
        found = []
        for key, colour in strip.colours():
            spans = [strip.gaps.get(key, np.empty((0, 2))), stack.absent_span(key)]
            across = strip.index_mapper.map_screen(np.concatenate(spans))
            if len(across):
                found.append((colour if several else "", across))
        for number, (colour, across) in enumerate(found):
            lane = (number, len(found))
            drawing.draw_gaps(gc, strip, across, stack.palette, colour, lane)


class ViewWindow(AbstractOverlay):
    """Draws the view as a window in the strip; outside of it the run is faded."""

    #: The stack that it belongs to.
    stack = Instance("wattui.ui.plots.plot_stack.PlotStack")

    def overlay(
        self, other_component: Any, gc: Any, view_bounds: Any = None, mode: str = "normal"
    ) -> None:
        """Draw on *gc*; called by Chaco."""
        strip, palette = self.component, self.stack.palette
        left, right = strip.window_edges()
        if left <= strip.x + 1 and right >= strip.x2 - 1:
            return
        y, height = strip.y, strip.height
        for x, width in ((strip.x, left - strip.x), (right, strip.x2 - right)):
            drawing.fill_rect(gc, x, y, width, height, palette.ground, 0.7)
        drawing.fill_rect(gc, left, y, right - left, height, palette.accent, 0.1)
        drawing.frame_rect(gc, left, y, right - left, height - 1, palette.accent)
        middle = y + height / 2
        grips = [(x, middle - 6, x, middle + 6) for x in (left, right)]
        drawing.draw_lines(gc, grips, palette.accent, width=3.0)


class ViewTool(RangeSelection):
    """Chaco's selection of a range: what is selected is the view, so there always is one.

    Dragging the window moves the view, dragging an edge resizes it, and a click outside of the
    window moves it there.
    """

    #: The stack that it belongs to.
    stack = Instance("wattui.ui.plots.plot_stack.PlotStack")
    resize_margin = _GRIP
    auto_handle_event = False

    def _event_state_default(self) -> str:
        return "selected"

    @observe("selection")
    def _show_selection(self, event: Any) -> None:
        self.stack.view.show(*event.new)

    def deselect(self, event: Any = None) -> None:
        """Do nothing: there is always a view."""

    def selected_left_down(self, event: Any) -> None:
        """Grab the window or an edge of it; a press outside of the window moves it there first."""
        view = self.stack.view
        if not view.known:
            return
        left, right = self.component.window_edges()
        if not left - _GRIP <= event.x <= right + _GRIP:
            middle = float(self.mapper.map_data(event.x))
            view.show(middle - view.width / 2, middle + view.width / 2)
        super().selected_left_down(event)
        event.window.set_mouse_owner(self, event.net_transform())

    def selected_right_down(self, event: Any) -> None:
        """Resize; a press of the right button itself is for the menu."""
        if event.left_down:
            super().selected_right_down(event)

    def moving_left_up(self, event: Any) -> None:
        """Release the window."""
        super().moving_left_up(event)
        event.window.set_mouse_owner(None)

    def selecting_button_up(self, event: Any) -> None:
        """Release the edge."""
        super().selecting_button_up(event)
        event.window.set_mouse_owner(None)

    def selected_mouse_move(self, event: Any) -> None:
        """Show with the pointer what a drag would do; other tools may use the event too."""
        super().selected_mouse_move(event)
        event.handled = False

    def selected_mouse_wheel(self, event: Any) -> None:
        """Zoom around the middle of the view."""
        self.stack.zoom(0.8**event.mouse_wheel)
        event.handled = True
