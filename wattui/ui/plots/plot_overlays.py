# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn in a plot in addition to the curves: gaps, head line, marks.

Chaco has no components for gaps and marks.  Its ``PlotLabel`` writes one text in one colour,
and its ``Legend`` is a box that would hide curves.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

import numpy as np
from chaco.abstract_overlay import AbstractOverlay
from traits.api import Instance

from wattui.measurement.text import channel_text
from wattui.ui.plots import drawing
from wattui.ui.plots.drawing import SMALL
from wattui.ui.plots.total import TOTAL

#: Pixels from the plot to the base line of its head line, and where each meter has a row.
_HEAD: Final = 9
_ROW_HEAD: Final = 5

#: Pixels from the start of a gap to the reason for it.
_PAD: Final = 8


#: Half the width of an arrow at the edge of a plot, in pixels.
_ARROW: Final = 6

#: In the head of a plot with a scale that the user chose.
MANUAL: Final = "manual scale, double-click it to fit"


class Annotation(AbstractOverlay):
    """Something that is drawn on one plot."""

    #: The row that the plot belongs to.
    row = Instance("wattui.ui.plots.plot_row.PlotRow")

    def overlay(
        self, other_component: Any, gc: Any, view_bounds: Any = None, mode: str = "normal"
    ) -> None:
        """Draw on *gc*; called by Chaco."""
        self.draw_on(gc, other_component, self.row)

    def draw_on(self, gc: Any, plot: Any, row: Any) -> None:
        """Draw on a row's plot."""
        raise NotImplementedError


class Gaps(Annotation):
    """Shades the parts where records are missing."""

    def draw_on(self, gc: Any, plot: Any, row: Any) -> None:
        """Draw on a row's plot."""
        for lane, _key, colour, across in _gaps_in_view(plot, row):
            drawing.draw_gaps(gc, plot, across, row.stack.palette, colour, lane)


class GapReasons(Annotation):
    """Says in a gap that is not over why records are missing, once for each meter."""

    def draw_on(self, gc: Any, plot: Any, row: Any) -> None:
        """Draw on a row's plot."""
        palette = row.stack.palette
        for (number, count), key, colour, across in _gaps_in_view(plot, row):
            why = row.stack.absent_why.get(key, "")
            # The gap that is not over is the last one.
            left, right = max(across[-1][0], plot.x), min(across[-1][1], plot.x2)
            width = drawing.text_width(why, SMALL)
            if not why or not (row.is_first or row.key) or width + 2 * _PAD > right - left:
                continue
            base = plot.y2 - plot.height * number / count - 16
            shade = drawing.gap_shade(palette, colour)
            drawing.fill_rect(gc, left + _PAD - 2, base - 3, width + 4, 14, shade)
            drawing.draw_text(gc, why, left + _PAD, base, palette.muted, SMALL)


def _gaps_in_view(plot: Any, row: Any) -> list[tuple[tuple[int, int], Hashable, str, np.ndarray]]:
    """Return lane, key, colour and spans in pixels of each meter with gaps in view."""
    several = row.key is None and row.stack.coloured
    found = [
        (key, colour if several else "", plot.index_mapper.map_screen(spans))
        for key, colour, spans in row.stack.gap_spans()
        if row.key in (None, key)
    ]
    found = [one for one in found if np.any((one[2][:, 1] > plot.x) & (one[2][:, 0] < plot.x2))]
    return [((number, len(found)), *one) for number, one in enumerate(found)]


class Beyond(Annotation):
    """Arrows at the edges of a manual scale, where values lie beyond it, and how far they go."""

    def draw_on(self, gc: Any, plot: Any, row: Any) -> None:
        """Draw on a row's plot."""
        taken: list[tuple[bool, float, float]] = []
        for colour, moment, value, above in row.beyond():
            x = float(plot.index_mapper.map_screen(np.array([moment]))[0])
            x = min(max(x, plot.x + _ARROW), plot.x2 - _ARROW)
            edge, inward = (plot.y2 - 2, -1) if above else (plot.y + 2, 1)
            drawing.draw_arrow(gc, x, edge, inward * _ARROW, colour)
            text = f"{channel_text(row.name, value, row.unit)} {row.unit}".rstrip()
            width = drawing.text_width(text, SMALL)
            left = x + _ARROW + 3 if x + width + 16 < plot.x2 else x - _ARROW - 3 - width
            clash = ((up, a, b) for up, a, b in taken if up == above)
            if all(left > b or left + width < a for _up, a, b in clash):
                y = edge - 10 if above else edge + 2
                drawing.draw_text(gc, text, left, y, row.stack.palette.text, SMALL)
                taken.append((above, left - 8, left + width + 8))


class HeadLine(Annotation):
    """Name, unit and meters above the plot, and the statistics of the view."""

    def draw_on(self, gc: Any, plot: Any, row: Any) -> None:
        """Draw on a row's plot."""
        stack, x, y = row.stack, plot.x, plot.y2 + _HEAD
        muted = stack.palette.muted
        if row.key is not None:
            y = plot.y2 + _ROW_HEAD
            x = self._draw_name(gc, row, x, y)
        x += drawing.draw_text(gc, row.title, x, y, muted, SMALL)
        if row.chosen is not None:
            x += drawing.draw_text(gc, MANUAL, x + 12, y, stack.palette.accent, SMALL) + 12
        x = self._draw_brought_out(gc, row, x, y)
        room = plot.x2 - x - 24
        if row.key is None and row.is_first and stack.coloured and stack.pointer_time is None:
            x, room = self._draw_meters(gc, plot, row, x + 20, y)
        if values := row.pointed_values():
            self._draw_values(gc, plot, row, values, (x, y))
        for text in () if values else row.head_texts():
            if text and drawing.text_width(text, SMALL) <= room:
                drawing.draw_text(gc, text, plot.x2, y, muted, SMALL, align=1.0)
                break
        if stack.waiting and row.is_first:
            shown = stack.problem or "waiting for the first record"
            middle = (plot.x + plot.width / 2, plot.y + plot.height / 2)
            drawing.draw_text(gc, shown, *middle, muted, align=0.5)

    def _draw_brought_out(self, gc: Any, row: Any, x: float, y: float) -> float:
        """Write the name of the meter that the pointer brings out; return where it ends."""
        stack = row.stack
        named = row.key is None and row.is_first and stack.coloured
        for key, label, colour in row.shown_meters if named else ():
            if key == stack.brought_out and stack.pointer_time is not None:
                drawing.fill_rect(gc, x + 20, y + 2, 10, 3, colour)
                return x + 34 + drawing.draw_text(gc, label, x + 34, y, stack.palette.text, SMALL)
        return x

    def _draw_values(
        self,
        gc: Any,
        plot: Any,
        row: Any,
        values: list[tuple[str, str]],
        after: tuple[float, float],
    ) -> None:
        """Write the values under the pointer at the right of the head, from the last one."""
        several = row.stack.coloured and row.key is None
        palette, (left, y), right = row.stack.palette, after, plot.x2
        if not several:
            text = f"{values[0][1]} {row.unit}".rstrip()
            drawing.draw_text(gc, text, right, y, palette.text, SMALL, align=1.0)
            return
        widths = [drawing.text_width(text, SMALL) + 24 for _colour, text in values]
        shown = len(values)
        while shown and sum(widths[:shown]) + 30 * (shown < len(values)) > right - left - 12:
            shown -= 1
        if shown < len(values):
            rest = f"+{len(values) - shown}"
            right -= drawing.draw_text(gc, rest, right, y, palette.muted, SMALL, align=1.0) + 8
        for colour, text in reversed(values[:shown]):
            width = drawing.draw_text(gc, text, right, y, palette.text, SMALL, align=1.0)
            drawing.fill_rect(gc, right - width - 12, y + 2, 8, 3, colour)
            right -= width + 24

    def _draw_name(self, gc: Any, row: Any, x: float, y: float) -> float:
        """Write the name of a row's meter in its colour; return where the rest goes on."""
        for _key, label, colour in row.shown_meters:
            drawing.fill_rect(gc, x, y + 2, 10, 3, colour)
            width = drawing.draw_text(gc, label, x + 14, y, row.stack.palette.text, SMALL)
            return x + width + 26
        return x

    def _draw_meters(self, gc: Any, plot: Any, row: Any, x: float, y: float) -> tuple[float, float]:
        """Write the meters' names in their colours; return where they end, and the room left."""
        # The sum first: it must not be what there is no room for.
        meters = sorted(row.shown_meters, key=lambda one: one[0] != TOTAL)
        for number, (_key, label, colour) in enumerate(meters):
            width = drawing.text_width(label, SMALL)
            if x + width + 50 > plot.x2:
                rest = f"+{len(meters) - number}"
                x += drawing.draw_text(gc, rest, x, y, row.stack.palette.muted, SMALL)
                break
            drawing.fill_rect(gc, x, y + 2, 10, 3, colour)
            drawing.draw_text(gc, label, x + 14, y, row.stack.palette.text, SMALL)
            x += width + 30
        return x, plot.x2 - x


class Marks(Annotation):
    """Marks as thin lines under the curves, with their text in the first plot."""

    def draw_on(self, gc: Any, plot: Any, row: Any) -> None:
        """Draw on a row's plot."""
        marks = row.stack.notes.placed()
        if marks:
            across = plot.index_mapper.map_screen(np.array([time for time, _text in marks]))
            placed = zip(across.tolist(), (text for _time, text in marks), strict=True)
            drawing.draw_marks(gc, plot, placed, row.stack.palette, SMALL, words=row.is_first)
