# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn over all plots: the crosshair, the selection's numbers, the scroll bar.

Chaco's own line at the pointer, ``LineInspector``, works on one plot, and fails with
metadata and a listener.  Its tool tips have text in one colour, drawn with Kiva.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from chaco.api import AbstractOverlay
from traits.api import Instance

from wattui.measurement.text import energy_error_text
from wattui.ui.plots import drawing
from wattui.ui.plots.time_axis import elapsed_label
from wattui.ui.theme.palette import Palette, rgba

_PAD: Final = 6


def _bubble_width(lines: list[tuple[str, str]]) -> float:
    return max(drawing.text_width(text, drawing.SMALL) for text, _ in lines) + 2 * _PAD


def _draw_bubble(
    gc: Any, palette: Palette, lines: list[tuple[str, str]], x: float, top: float
) -> None:
    """Write lines of (text, colour) in a box from *x* to the right, below *top*."""
    width, height = _bubble_width(lines), len(lines) * drawing.LINE_HEIGHT + 6
    drawing.fill_rect(gc, x, top - height, width, height, palette.panel, 0.94)
    drawing.frame_rect(gc, x, top - height, width, height, palette.line)
    for number, (text, colour) in enumerate(lines):
        y = top - 14 - number * drawing.LINE_HEIGHT
        drawing.draw_text(gc, text, x + _PAD, y, colour, drawing.SMALL)


class Crosshair(AbstractOverlay):
    """A thin line at the pointer through all plots, with the time and the values there."""

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
                self._draw_values(gc, row, x, moment)
            self._draw_time(gc, rows[-1].plot, x, moment)

    def _draw_values(self, gc: Any, row: Any, x: float, moment: float) -> None:
        """Draw a dot on each curve, and write the values beside the line."""
        plot, palette = row.plot, self.stack.palette
        several = self.stack.coloured
        lines: list[tuple[str, str]] = []
        for key, label, colour in row.shown_meters:
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
            text = f"{row.field.format(value)} {row.field.unit}".rstrip()
            text = f"{label}  {text}" if several and row.key is None else text
            lines.append((text, palette.text))
        if not lines or plot.height < 24:
            return
        room = max(1, int((plot.height - 10) // drawing.LINE_HEIGHT))
        if len(lines) > room:
            rest = len(lines) - room + 1
            lines = [*lines[: room - 1], (f"{rest} more", palette.muted)]
        width = _bubble_width(lines)
        left = x + 8 if x + 8 + width < plot.x2 else x - 8 - width
        _draw_bubble(gc, palette, lines, left, plot.y2 - 4)

    def _draw_time(self, gc: Any, plot: Any, x: float, moment: float) -> None:
        """Write the time below the line, over the time axis."""
        text = self.stack.time_text(moment)
        palette = self.stack.palette
        width = drawing.text_width(text) + 2 * _PAD
        left = min(max(x - width / 2, plot.outer_x), plot.outer_x2 - width)
        drawing.fill_rect(gc, left, plot.y - 24, width, 19, palette.text)
        drawing.draw_text(gc, text, left + _PAD, plot.y - 19, palette.plot)


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


class SelectionBubble(AbstractOverlay):
    """Shows duration, mean power and energy of the selection."""

    #: The stack that it belongs to.
    stack = Instance("wattui.ui.plots.plot_stack.PlotStack")

    def lines(self) -> list[tuple[str, str]]:
        """Return the lines of text; none if nothing is selected."""
        stack = self.stack
        if stack.view.selection is None:
            return []
        start, stop = stack.view.selection
        texts = [elapsed_label(stop - start, 0.1 if stop - start < 10 else 1.0)]
        several = len(stack.shown_meters) > 1
        for key, label, _colour in stack.shown_meters:
            numbers = stack.selection_statistics.get(key)
            if numbers is None or not numbers.count:
                continue
            mean = f"mean {numbers.average_power_w:.1f} W   "
            energy = energy_error_text(numbers.energy_wh, numbers.energy_error_wh)
            texts.append(f"{label}  {mean}{energy}" if several else f"{mean}{energy}")
        return [(text, stack.palette.text) for text in texts]

    def overlay(
        self, other_component: Any, gc: Any, view_bounds: Any = None, mode: str = "normal"
    ) -> None:
        """Draw on *gc*; called by Chaco."""
        rows, lines = self.stack.shown_rows(), self.lines()
        if not rows or not lines:
            return
        plot = rows[0].plot
        left, right = plot.index_mapper.map_screen(np.array(self.stack.view.selection))
        if right < plot.x or left > plot.x2:
            return
        with gc:
            width = _bubble_width(lines)
            middle = (max(left, plot.x) + min(right, plot.x2)) / 2
            x = min(max(middle - width / 2, plot.x + 4), plot.x2 - width - 4)
            _draw_bubble(gc, self.stack.palette, lines, x, plot.y2 - 30)
