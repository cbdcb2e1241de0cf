# SPDX-License-Identifier: GPL-3.0-or-later
"""What the mouse does on the plots.

The wheel zooms time at the pointer, with Shift it scrolls, with Ctrl it zooms the
value axis; a drag pans, with Shift it selects; a double click fits.
"""

from __future__ import annotations

from typing import Any, Final

from enable.api import BaseTool
from traits.api import Any as AnyTrait
from traits.api import Bool, Enum, Float, Tuple

#: How far the pointer moves before a press is a drag, in pixels.
_THRESHOLD: Final = 3

#: How much one notch of the wheel zooms, and how much of the width it scrolls.
ZOOM: Final = 0.8
SCROLL: Final = 0.1

#: The most notches that one event is taken for: some wheels spin freely.
_MOST_NOTCHES: Final = 5.0


class Hands(BaseTool):
    """The tool of the whole stack."""

    #: The stack that it works on.
    stack = AnyTrait()
    #: What is being done.
    event_state = Enum("normal", "panning", "selecting", "scrolling")

    #: Where the drag began: pixels, the view then, and the moment there.
    _x = Float(0.0)
    _view = Tuple(Float, Float)
    _moment = Float(0.0)
    #: Whether the pointer has moved far enough for a drag.
    _moved = Bool(False)

    # --- the wheel ----------------------------------------------------------------------

    def normal_mouse_wheel(self, event: Any) -> None:
        """Zoom or scroll."""
        row = self.stack.row_at(event.x, event.y)
        if not event.mouse_wheel:
            return
        if row is None:
            # Beside the plots: more rows, where there is no room for all.
            if self.stack.arrangement == "rows":
                self.stack.scroll_rows(-1 if event.mouse_wheel > 0 else 1)
                event.handled = True
            return
        event.handled = True
        notches = min(max(event.mouse_wheel, -_MOST_NOTCHES), _MOST_NOTCHES)
        if event.control_down:
            row.zoom_values(ZOOM**notches, row.plot.value_mapper.map_data(event.y))
            self.stack.redraw()
        elif event.shift_down or event.mouse_wheel_axis == "horizontal":
            self.stack.pan(-SCROLL * notches)
        else:
            self.stack.zoom(ZOOM**notches, self.stack.time_at(event.x))

    # --- dragging -----------------------------------------------------------------------

    def normal_left_down(self, event: Any) -> None:
        """Begin to pan, or with Shift to select; at the right edge to scroll the rows."""
        rows = self.stack.shown_rows()
        if rows and event.x > rows[0].plot.x2 and len(rows) < len(self.stack.planned_rows()):
            self.event_state = "scrolling"
            event.window.set_mouse_owner(self, event.net_transform())
            self.scrolling_mouse_move(event)
            return
        if self.stack.row_at(event.x, event.y) is None or not self.stack.view.known:
            return
        view = self.stack.view
        self._x, self._view = float(event.x), (view.start, view.stop)
        self._moment, self._moved = float(self.stack.time_at(event.x)), False
        self.event_state = "selecting" if event.shift_down else "panning"
        event.window.set_mouse_owner(self, event.net_transform())
        event.handled = True

    def panning_mouse_move(self, event: Any) -> None:
        """Move the view along with the pointer."""
        if not self._is_drag(event):
            return
        if self.stack.pointer_time is not None:
            self.stack.point(None)
        event.window.set_pointer("hand")
        start, stop = self._view
        by = (event.x - self._x) * (stop - start) / max(self.stack.width_in_pixels(), 1)
        self.stack.view.show(start - by, stop - by)

    def selecting_mouse_move(self, event: Any) -> None:
        """Select from where the drag began to the pointer."""
        if self._is_drag(event):
            self.stack.view.select(self._moment, self.stack.time_at(event.x))

    def _is_drag(self, event: Any) -> bool:
        event.handled = True
        self._moved = self._moved or abs(event.x - self._x) >= _THRESHOLD
        return self._moved

    def scrolling_mouse_move(self, event: Any) -> None:
        """Show the rows that belong to the pointer's height."""
        rows, planned = self.stack.shown_rows(), len(self.stack.planned_rows())
        top, low = rows[0].plot.y2, rows[-1].plot.y
        at = (top - event.y) / max(top - low, 1) * planned - len(rows) / 2
        self.stack.scroll_rows(round(at) - self.stack.first_row)
        event.handled = True

    def scrolling_left_up(self, event: Any) -> None:
        """End the drag."""
        self._release(event)

    def panning_left_up(self, event: Any) -> None:
        """End the drag."""
        self._release(event)

    def selecting_left_up(self, event: Any) -> None:
        """End the drag; a click with Shift takes the selection away."""
        if not self._moved:
            self.stack.view.clear_selection()
        self._release(event)

    def _release(self, event: Any) -> None:
        self.event_state = "normal"
        event.window.set_mouse_owner(None)
        event.window.set_pointer("arrow")
        event.handled = True

    def normal_left_dclick(self, event: Any) -> None:
        """Show the whole run, and let the value axes follow again."""
        if self.stack.row_at(event.x, event.y) is not None:
            self.stack.fit()
            event.handled = True

    # --- the pointer --------------------------------------------------------------------

    def normal_mouse_move(self, event: Any) -> None:
        """Tell the stack where the pointer is."""
        inside = self.stack.row_at(event.x, event.y) is not None
        self.stack.point(self.stack.time_at(event.x) if inside else None)

    def normal_mouse_leave(self, _event: Any) -> None:
        """Tell the stack that the pointer is gone."""
        self.stack.point(None)

    def normal_key_pressed(self, event: Any) -> None:
        """Esc takes the selection away, and is then not for anybody else."""
        if event.character == "Esc" and self.stack.view.selection is not None:
            self.stack.view.clear_selection()
            event.handled = True
