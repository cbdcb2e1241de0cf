# SPDX-License-Identifier: GPL-3.0-or-later
"""The strip of the whole run, with the view as a window in it that can be moved."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

import numpy as np
from chaco.api import PlotComponent
from traits.api import Any as AnyTrait
from traits.api import Dict, Enum, Float, Tuple

from wattui.ui.plots import drawing
from wattui.ui.plots.curve import pieces, polyline
from wattui.ui.plots.view_reader import Curve
from wattui.ui.theme.palette import rgba

#: How near to an edge of the window the pointer takes hold of it, in pixels.
_GRIP: Final = 6


class Overview(PlotComponent):
    """The strip.  Dragging the window moves the view, its edges resize it, a click jumps."""

    #: The stack that it belongs to.
    stack = AnyTrait()
    #: Curves of the whole run, by meter: ``{key: (times, values)}``.
    curves = Dict()
    #: What is being done with the mouse.
    event_state = Enum("normal", "moving", "left", "right")

    #: Where the drag began: pixels, and the view then.
    _grabbed = Float(0.0)
    _view = Tuple(Float, Float)

    # --- times and pixels ---------------------------------------------------------------

    def span(self) -> tuple[float, float]:
        """Give what the strip shows: seconds, UTC; the run, and the view where it is wider."""
        view = self.stack.view
        first, last = view.first, max(view.last, view.first + 1.0)
        if view.whole:
            last = max(last, view.stop)
        return first, last

    def to_x(self, moment: float) -> float:
        """Give where a moment is, in pixels."""
        first, last = self.span()
        return self.x + (moment - first) / (last - first) * self.width

    def to_time(self, x: float) -> float:
        """Give the moment at a pixel, in seconds, UTC."""
        first, last = self.span()
        return first + (x - self.x) / max(self.width, 1) * (last - first)

    def window_edges(self) -> tuple[float, float]:
        """Give where the view begins and ends, in pixels, at least a grip wide."""
        view = self.stack.view
        left = min(max(self.to_x(view.start), self.x), self.x2)
        right = min(max(self.to_x(view.stop), self.x), self.x2)
        if right - left < 2 * _GRIP:
            middle = (left + right) / 2
            left, right = middle - _GRIP, middle + _GRIP
        return left, right

    # --- drawing ------------------------------------------------------------------------

    def take(self, curves: dict[Hashable, Curve]) -> None:
        """Show new curves."""
        self.curves = curves

    def draw_strip(self, gc: Any) -> None:
        """Draw all of it on *gc*."""
        palette = self.stack.palette
        with gc:
            gc.clip_to_rect(self.x - 1, self.y - 1, self.width + 2, self.height + 2)
            drawing.fill_rect(gc, self.x, self.y, self.width, self.height, palette.plot)
            self._draw_curves(gc)
            left, right = self.window_edges()
            whole = left <= self.x + 1 and right >= self.x2 - 1
            if not whole:
                for x, width in ((self.x, left - self.x), (right, self.x2 - right)):
                    drawing.fill_rect(gc, x, self.y, width, self.height, palette.ground, 0.7)
                drawing.fill_rect(gc, left, self.y, right - left, self.height, palette.accent, 0.1)
            drawing.frame_rect(gc, self.x, self.y, self.width - 1, self.height - 1, palette.line)
            if not whole:
                width, height = right - left, self.height - 1
                drawing.frame_rect(gc, left, self.y, width, height, palette.accent)
                middle = self.y + self.height / 2
                grips = [(x, middle - 6, x, middle + 6) for x in (left, right)]
                drawing.draw_lines(gc, grips, palette.accent, width=3.0)

    def _draw_curves(self, gc: Any) -> None:
        """Draw the run, scaled to the strip's height."""
        finite = [v[np.isfinite(v)] for _t, v in self.curves.values()]
        finite = [v for v in finite if len(v)]
        if not finite:
            return
        low = min(0.0, *(float(v.min()) for v in finite))
        high = max(float(v.max()) for v in finite)
        height = (high - low) or 1.0
        room = self.height - 7
        gc.set_antialias(True)
        gc.set_line_width(1.0)
        for key, colour in self.stack.strip_colours():
            times, values = self.curves.get(key, (np.empty(0), np.empty(0)))
            first, last = self.span()
            points = np.empty((len(times), 2))
            points[:, 0] = self.x + (times - first) / (last - first) * self.width
            points[:, 1] = self.y + 3 + (values - low) / height * room
            gc.set_stroke_color(rgba(colour, 0.85))
            for piece in pieces(points):
                polyline(gc, piece)

    # --- hands --------------------------------------------------------------------------

    def _part(self, x: float) -> str:
        """Tell what the pointer would take hold of: an edge, the window, or nothing."""
        left, right = self.window_edges()
        if abs(x - left) <= _GRIP and abs(x - left) <= abs(x - right):
            return "left"
        if abs(x - right) <= _GRIP:
            return "right"
        return "moving" if left < x < right else ""

    def normal_mouse_move(self, event: Any) -> None:
        """Show by the pointer what a drag would do."""
        part = self._part(event.x)
        shape = {"left": "size left", "right": "size right", "moving": "hand"}.get(part, "arrow")
        event.window.set_pointer(shape)

    def normal_mouse_leave(self, event: Any) -> None:
        """Leave the pointer as it was."""
        event.window.set_pointer("arrow")

    def normal_left_down(self, event: Any) -> None:
        """Take hold of the window or an edge of it; beside it, jump there first."""
        view = self.stack.view
        if not view.known:
            return
        part = self._part(event.x)
        if not part:
            moment = self.to_time(event.x)
            view.show(moment - view.width / 2, moment + view.width / 2)
            part = "moving"
        self._grabbed, self._view = float(event.x), (view.start, view.stop)
        self.event_state = part
        event.window.set_mouse_owner(self, event.net_transform())
        event.handled = True

    def _drag(self, event: Any) -> None:
        by = self.to_time(event.x) - self.to_time(self._grabbed)
        start, stop = self._view
        if self.event_state == "moving":
            self.stack.view.show(start + by, stop + by)
        elif self.event_state == "left":
            self.stack.view.show(min(start + by, stop - 2.0), stop)
        else:
            self.stack.view.show(start, max(stop + by, start + 2.0))
        event.handled = True

    moving_mouse_move = left_mouse_move = right_mouse_move = _drag

    def _release(self, event: Any) -> None:
        self.event_state = "normal"
        event.window.set_mouse_owner(None)
        event.handled = True

    moving_left_up = left_left_up = right_left_up = _release

    def normal_mouse_wheel(self, event: Any) -> None:
        """Zoom in the middle of the view."""
        self.stack.zoom(0.8**event.mouse_wheel)
        event.handled = True
