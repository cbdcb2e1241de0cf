# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn over all plots: the crosshair and the scroll bar.

Nothing here hides a curve: values and the selection's numbers are in the heads of the plots.

Chaco's own line at the pointer, ``LineInspector``, works on one plot, and fails with
metadata and a listener.  Its tool tips have text in one colour, drawn with Kiva.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from chaco.abstract_overlay import AbstractOverlay
from traits.api import Instance

from wattui.ui.plots import drawing
from wattui.ui.theme.palette import rgba

_PAD: Final = 6


class Crosshair(AbstractOverlay):
    """A thin line at the pointer through all plots, with the time and a dot on each curve."""

    #: The stack that it belongs to.
    stack = Instance("wattui.ui.plots.plot_stack.PlotStack")

    def overlay(
        self, other_component: Any, gc: Any, view_bounds: Any = None, mode: str = "normal"
    ) -> None:
        """Draw on *gc*; called by Chaco."""
        stack = self.stack
        rows = stack.shown_rows()
        moment = stack.pointer_time
        if moment is None or not rows:
            return
        x = float(rows[0].plot.index_mapper.map_screen(np.array([moment]))[0])
        with gc:
            lines = [(x, row.plot.y, x, row.plot.y2) for row in rows]
            drawing.draw_lines(gc, lines, stack.palette.muted, alpha=0.8)
            for row in rows:
                self._draw_dots(gc, row, x, moment)
            self._draw_time(gc, rows[-1].plot, x, moment)

    def _draw_dots(self, gc: Any, row: Any, x: float, moment: float) -> None:
        """Draw a dot on each curve."""
        plot, palette = row.plot, self.stack.palette
        several = self.stack.coloured
        for key, _label, colour in row.shown_meters:
            value = row.value_at(key, moment)
            if value is None:
                continue
            colour = colour if several else palette.channel(row.name)
            y = float(plot.value_mapper.map_screen(np.array([value]))[0])
            if plot.y - 1 <= y <= plot.y2 + 1:
                gc.set_fill_color(rgba(colour))
                gc.begin_path()
                gc.arc(x, y, 3.0, 0.0, 2 * np.pi)
                gc.fill_path()

    def _draw_time(self, gc: Any, plot: Any, x: float, moment: float) -> None:
        """Write the time below the line, over the time axis."""
        text = self.stack.time_text(moment)
        palette = self.stack.palette
        left, right = _time_place(plot, x, text)
        drawing.fill_rect(gc, left, plot.y - 24, right - left, 19, palette.text)
        drawing.draw_text(gc, text, left + _PAD, plot.y - 19, palette.plot)


def _time_place(plot: Any, x: float, text: str) -> tuple[float, float]:
    """Return the left and right edge of the time at the pointer, in pixels."""
    width = drawing.text_width(text) + 2 * _PAD
    left = min(max(x - width / 2, plot.outer_x), plot.outer_x2 - width)
    return left, left + width


def pointer_time_place(stack: Any, plot: Any) -> tuple[float, float] | None:
    """Return the part of a time axis that the time at the pointer covers; None without one."""
    if stack.pointer_time is None:
        return None
    x = float(plot.index_mapper.map_screen(np.array([stack.pointer_time]))[0])
    return _time_place(plot, x, stack.time_text(stack.pointer_time))


class RowScroll(AbstractOverlay):
    """Shows at the right edge which of the rows are visible."""

    #: The stack that it belongs to.
    stack = Instance("wattui.ui.plots.plot_stack.PlotStack")

    def overlay(
        self, other_component: Any, gc: Any, view_bounds: Any = None, mode: str = "normal"
    ) -> None:
        """Draw on *gc*; called by Chaco."""
        place = self.thumb()
        if place is None:
            return
        bottom, height = place
        drawing.fill_rect(
            gc, self.stack.component.width - 7, bottom, 5, height, self.stack.palette.muted, 0.6
        )

    def thumb(self) -> tuple[float, float] | None:
        """Return lower edge and height of the thumb, in pixels; None if all rows are visible."""
        stack = self.stack
        rows, planned = stack.shown_rows(), len(stack.planned_rows())
        if not rows or len(rows) >= planned:
            return None
        top, low = rows[0].plot.y2, rows[-1].plot.y
        first = min(stack.first_row, planned - len(rows))
        a_row = (top - low) / planned
        return top - a_row * (first + len(rows)), a_row * len(rows)
