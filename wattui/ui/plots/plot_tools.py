# SPDX-License-Identifier: GPL-3.0-or-later
"""The effects of the mouse on the plots.

The wheel zooms time at the pointer, with Shift it scrolls, with Ctrl it zooms the
value axis; a drag pans, with Shift it selects; a double click fits.

Panning and selecting are Chaco's tools.  Its zoom tool is not used: it treats a tenth of a
notch from a touchpad as a whole one, keeps every step of the wheel in a history without bound,
and changes the range twice for each, the first time to where there may be no data.
"""

from __future__ import annotations

from typing import Any, Final

from chaco.tools.pan_tool import PanTool
from chaco.tools.range_selection import RangeSelection
from enable.base_tool import BaseTool
from traits.api import Bool, Enum, Instance, observe

from wattui.ui.plots.drawn_notes import mark_at
from wattui.ui.plots.stack_layout import HANDLE, TIME_FOOT

#: How far the pointer moves before a press is a drag, in pixels.
_THRESHOLD: Final = 3

#: How much one notch of the wheel zooms, and how much of the width it scrolls.
ZOOM: Final = 0.8
SCROLL: Final = 0.1

#: The most notches that one event may count as: some wheels spin freely.
_MOST_NOTCHES: Final = 5.0


class TimePan(PanTool):
    """Pans the time axis of the whole stack."""

    #: The stack that it works on.
    stack = Instance("wattui.ui.plots.plot_stack.PlotStack")
    constrain = True
    constrain_direction = "x"
    constrain_key = None

    #: Whether the pointer has moved far enough for a drag.
    _moved = Bool(False)

    def normal_left_down(self, event: Any) -> None:
        """Begin to pan."""
        inside = self.stack.row_at(event.x, event.y) is not None
        if inside and self.stack.view.known and not event.handled:
            self._moved = False
            super().normal_left_down(event)

    def panning_mouse_move(self, event: Any) -> None:
        """Move the view along with the pointer."""
        event.handled = True
        self._moved = self._moved or abs(event.x - self._original_xy[0]) >= _THRESHOLD
        if self._moved:
            self.stack.point(None)
            super().panning_mouse_move(event)


class SpanSelection(RangeSelection):
    """Selects a span by a drag with Shift, or while selecting is chosen.

    Its edges can be dragged, also by their handles beyond the plots, and so can all of it.
    """

    #: The stack that it works on.
    stack = Instance("wattui.ui.plots.plot_stack.PlotStack")
    append_key = None
    auto_handle_event = False

    @observe("event_state")
    def _show_drag(self, _event: object) -> None:
        self.stack.view.dragging = self.event_state in ("selecting", "moving")
        if self.stack.view.dragging:
            # The times of the selection are what counts, and the pointer is at one of them.
            self.stack.point(None)

    def normal_left_down(self, event: Any) -> None:
        """Begin to select."""
        if self._selects(event) and self._is_on_a_plot(event):
            super().normal_right_down(event)
            event.window.set_mouse_owner(self, event.net_transform())

    def normal_mouse_move(self, event: Any) -> None:
        """Show with the pointer that a drag selects."""
        selects = self.stack.view.selecting and self._is_on_a_plot(event)
        on_mark = mark_at(self.stack, event.x, event.y) is not None
        event.window.set_pointer("cross" if selects else "hand" if on_mark else "arrow")

    def selected_left_down(self, event: Any) -> None:
        """Grab an edge of the selection or all of it, or select another span."""
        if not self._is_near_a_plot(event):
            return
        edges = self._get_selection_screencoords()
        if min(abs(edges - event.x)) <= self.resize_margin:
            super().selected_right_down(event)
        elif not self._is_on_a_plot(event):
            return
        elif self._selects(event):
            # It begins empty, which must not end it.
            self.event_state = "selecting"
            super().normal_right_down(event)
        elif self._is_movable() and min(edges) < event.x < max(edges):
            super().selected_left_down(event)
        else:
            return
        event.handled = True
        event.window.set_mouse_owner(self, event.net_transform())

    def normal_right_down(self, event: Any) -> None:
        """Do nothing: the right button opens the menu."""

    selected_right_down = normal_right_down

    def selected_mouse_move(self, event: Any) -> None:
        """Show with the pointer what a drag would do; other tools may use the event too."""
        if self._is_near_a_plot(event):
            super().selected_mouse_move(event)
            event.handled = False
            edges = self._get_selection_screencoords()
            if min(abs(edges - event.x)) > self.resize_margin:
                self._show_pointer(event, edges)

    def _show_pointer(self, event: Any, edges: Any) -> None:
        if not self._is_on_a_plot(event):
            event.window.set_pointer("arrow")
        elif self._selects(event):
            event.window.set_pointer("cross")
        elif self._is_movable() and min(edges) < event.x < max(edges):
            event.window.set_pointer("hand")

    def moving_mouse_move(self, event: Any) -> None:
        """Move the selection along with the pointer, within the run."""
        start = self._original_selection[0] + self.stack.time_at(event.x) - self._down_data_coord
        self.stack.view.move_selection(start)
        self.selection = self.stack.view.selection
        event.handled = True

    def moving_left_up(self, event: Any) -> None:
        """End the move; a click moves nothing."""
        super().moving_left_up(event)
        event.window.set_mouse_owner(None)

    def moving_mouse_leave(self, event: Any) -> None:
        """Go on: the pointer is grabbed until the button is released."""

    def selecting_button_up(self, event: Any) -> None:
        """End the drag; a click with Shift clears the selection."""
        super().selecting_button_up(event)
        self.stack.view.selecting = False
        event.window.set_mouse_owner(None)

    def _selects(self, event: Any) -> bool:
        return bool(event.shift_down or self.stack.view.selecting)

    def _is_movable(self) -> bool:
        """Check whether an edge of the selection is in view: otherwise a drag moves the view."""
        view = self.stack.view
        return any(view.start < edge < view.stop for edge in view.selection or ())

    def _is_on_a_plot(self, event: Any) -> bool:
        return self.stack.view.known and self.stack.row_at(event.x, event.y) is not None

    def _is_near_a_plot(self, event: Any) -> bool:
        """Check whether the pointer is on a plot, or on a handle above or below one."""
        rows = self.stack.shown_rows()
        if not self.stack.view.known or not rows:
            return False
        top, low = rows[0].plot.y2 + HANDLE, rows[-1].plot.y - TIME_FOOT
        return bool(low <= event.y <= top and rows[0].plot.x <= event.x <= rows[0].plot.x2)


class StackTool(BaseTool):
    """The wheel, the pointer, double clicks, and scrolling the rows at the right edge."""

    #: The stack that it works on.
    stack = Instance("wattui.ui.plots.plot_stack.PlotStack")
    event_state = Enum("normal", "scrolling")

    # --- the wheel ----------------------------------------------------------------------

    def normal_mouse_wheel(self, event: Any) -> None:
        """Zoom or scroll."""
        row = self.stack.row_at(event.x, event.y)
        if not event.mouse_wheel:
            return
        if row is None:
            # Outside of the plots: scroll the rows, if there is no room for all.
            if len(self.stack.shown_rows()) < len(self.stack.planned_rows()):
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

    # --- scrolling the rows -------------------------------------------------------------

    def normal_left_down(self, event: Any) -> None:
        """Begin to scroll the rows, at the right edge."""
        rows = self.stack.shown_rows()
        if rows and event.x > rows[0].plot.x2 and len(rows) < len(self.stack.planned_rows()):
            self.event_state = "scrolling"
            event.window.set_mouse_owner(self, event.net_transform())
            self.scrolling_mouse_move(event)

    def scrolling_mouse_move(self, event: Any) -> None:
        """Show the rows that belong to the height of the pointer."""
        rows, planned = self.stack.shown_rows(), len(self.stack.planned_rows())
        top, low = rows[0].plot.y2, rows[-1].plot.y
        at = (top - event.y) / max(top - low, 1) * planned - len(rows) / 2
        self.stack.scroll_rows(round(at) - self.stack.first_row)
        event.handled = True

    def scrolling_left_up(self, event: Any) -> None:
        """End the drag."""
        self.event_state = "normal"
        event.window.set_mouse_owner(None)
        event.handled = True

    def normal_left_dclick(self, event: Any) -> None:
        """Show the whole run, and let the value axes follow the values again.

        On a value axis, let only that one follow them.
        """
        for row in self.stack.shown_rows():
            if event.x < row.plot.x and row.plot.y <= event.y <= row.plot.y2:
                row.release_values()
                self.stack.redraw()
                event.handled = True
        if self.stack.row_at(event.x, event.y) is not None:
            self.stack.fit()
            event.handled = True

    # --- the pointer --------------------------------------------------------------------

    def normal_mouse_move(self, event: Any) -> None:
        """Show the values under the pointer, and bring out the curve that it is on."""
        row = self.stack.row_at(event.x, event.y)
        self.stack.point(event.x if row is not None else None)
        if row is not None:
            self.stack.brought_out = row.curve_near(event.x, event.y)

    def normal_mouse_leave(self, _event: Any) -> None:
        """Stop showing values."""
        self.stack.point(None)

    def normal_key_pressed(self, event: Any) -> None:
        """Clear the selection with Esc, which then has no other effect."""
        if event.character == "Esc" and self.stack.view.selection is not None:
            self.stack.view.clear_selection()
            event.handled = True
