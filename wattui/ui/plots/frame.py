# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn under and over the curves of one plot: grid, axes, head line, gaps, marks."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from chaco.api import AbstractOverlay
from traits.api import Any as AnyTrait
from traits.api import Bool

from wattui.ui.plots import drawing
from wattui.ui.plots.total import TOTAL

#: Pixels between an axis and its labels.
_OFF: Final = 8

#: Pixels above the plot to the base line of its head line.
_HEAD: Final = 9

#: The same where each meter has a row of its own.
_ROW_HEAD: Final = 5

#: Height of the strip that tells the gaps of one meter among several, in pixels.
_GAP_STRIP: Final = 4


class Frame(AbstractOverlay):
    """Draws under the curves: gaps, selection, grid, border, axes, head line."""

    #: The row that this is the frame of.
    row = AnyTrait()

    def overlay(
        self, other_component: Any, gc: Any, view_bounds: Any = None, mode: str = "normal"
    ) -> None:
        """Draw on *gc*; called by Chaco."""
        plot, row = other_component, self.row
        with gc:
            self._draw_bands(gc, plot, row)
            self._draw_grid(gc, plot, row)
            self._draw_value_labels(gc, plot, row)
            if row.shows_time:
                self._draw_time_labels(gc, plot, row)
            self._draw_head(gc, plot, row)
            if row.stack.waiting and row.is_first:
                told = row.stack.problem or "waiting for the first record"
                x, y = plot.x + plot.width / 2, plot.y + plot.height / 2
                drawing.draw_text(gc, told, x, y, row.palette.muted, align=0.5)

    def _draw_bands(self, gc: Any, plot: Any, row: Any) -> None:
        """Shade where records are missing, and what is selected."""
        several = row.key is None and row.stack.coloured
        found = [one for one in row.stack.gap_spans() if row.key in (None, one[0])]
        for number, (_key, colour, spans) in enumerate(found):
            across = plot.index_mapper.map_screen(spans)
            left = np.clip(across[:, 0], plot.x, plot.x2)
            right = np.clip(across[:, 1], plot.x, plot.x2)
            for x, x2 in zip(left, right, strict=True):
                if x2 <= plot.x or x >= plot.x2:
                    continue
                width = max(x2 - x, 1.0)
                if several:
                    y = plot.y + number * (_GAP_STRIP + 1)
                    drawing.fill_rect(gc, x, y, width, _GAP_STRIP, colour, 0.55)
                else:
                    drawing.fill_rect(gc, x, plot.y, width, plot.height, row.palette.gap, 0.28)
        selection = row.stack.view.selection
        if selection:
            x, x2 = np.clip(plot.index_mapper.map_screen(np.array(selection)), plot.x, plot.x2)
            if x2 > x:
                drawing.fill_rect(gc, x, plot.y, x2 - x, plot.height, row.palette.accent, 0.13)
                edges = [(at, plot.y, at, plot.y2) for at in (x, x2)]
                drawing.draw_lines(gc, edges, row.palette.accent, alpha=0.6)

    def _draw_grid(self, gc: Any, plot: Any, row: Any) -> None:
        ticks, _labels = row.stack.time_ticks()
        across = plot.index_mapper.map_screen(ticks) if len(ticks) else ()
        lines = [(x, plot.y, x, plot.y2) for x in across if plot.x + 1 < x < plot.x2 - 1]
        ticks, _labels = row.value_ticks()
        up = plot.value_mapper.map_screen(ticks) if len(ticks) else ()
        lines += [(plot.x, y, plot.x2, y) for y in up if plot.y + 1 < y < plot.y2 - 1]
        drawing.draw_lines(gc, lines, row.palette.grid)
        drawing.frame_rect(gc, plot.x, plot.y, plot.width, plot.height, row.palette.line)

    def _draw_value_labels(self, gc: Any, plot: Any, row: Any) -> None:
        ticks, labels = row.value_ticks()
        if not len(ticks):
            return
        for y, label in zip(plot.value_mapper.map_screen(ticks), labels, strict=True):
            if plot.y - 1 <= y <= plot.y2 + 1:
                drawing.draw_text(gc, label, plot.x - _OFF, y - 5, row.palette.muted, align=1.0)

    def _draw_time_labels(self, gc: Any, plot: Any, row: Any) -> None:
        """Write the times, whole at both ends, and none over another."""
        ticks, labels = row.stack.time_ticks()
        if not len(ticks):
            return
        across = plot.index_mapper.map_screen(ticks)
        drawing.draw_lines(gc, [(x, plot.y, x, plot.y - 4) for x in across], row.palette.line)
        free = plot.outer_x
        most = plot.outer_x2 - 2
        for x, label in zip(across, labels, strict=True):
            width = drawing.text_width(label)
            left = min(max(x - width / 2, plot.outer_x), most - width)
            if left < free:
                continue
            drawing.draw_text(gc, label, left, plot.y - 19, row.palette.muted)
            free = left + width + 10

    def _draw_head(self, gc: Any, plot: Any, row: Any) -> None:
        """Write name, unit and meters at the left, and the statistics at the right."""
        y = plot.y2 + _HEAD
        muted, small = row.palette.muted, drawing.SMALL_SIZE
        x = plot.x
        if row.key is not None:
            y = plot.y2 + _ROW_HEAD
            x = self._draw_name(gc, row, x, y)
        x += drawing.draw_text(gc, row.title, x, y, muted, size=small)
        room = plot.x2 - x - 24
        if row.key is None and row.is_first and row.stack.coloured:
            x, room = self._draw_meters(gc, plot, row, x + 20, y)
        for text in row.head_texts():
            if text and drawing.text_width(text, small) <= room:
                drawing.draw_text(gc, text, plot.x2, y, muted, size=small, align=1.0)
                break

    def _draw_name(self, gc: Any, row: Any, x: float, y: float) -> float:
        """Write the name of a row's meter in its colour; give where the rest goes on."""
        for _key, label, colour in row.shown_meters:
            drawing.fill_rect(gc, x, y + 2, 10, 3, colour)
            width = drawing.draw_text(
                gc, label, x + 14, y, row.palette.text, size=drawing.SMALL_SIZE
            )
            return x + width + 26
        return x

    def _draw_meters(self, gc: Any, plot: Any, row: Any, x: float, y: float) -> tuple[float, float]:
        """Write the meters' names in their colours; give where it ends, and the room left."""
        # The sum first: it must not be what there is no room for.
        meters = sorted(row.shown_meters, key=lambda one: one[0] != TOTAL)
        for number, (_key, label, colour) in enumerate(meters):
            width = drawing.text_width(label, drawing.SMALL_SIZE)
            if x + width + 50 > plot.x2:
                rest = f"+{len(meters) - number}"
                x += drawing.draw_text(gc, rest, x, y, row.palette.muted, size=drawing.SMALL_SIZE)
                break
            drawing.fill_rect(gc, x, y + 2, 10, 3, colour)
            drawing.draw_text(gc, label, x + 14, y, row.palette.text, size=drawing.SMALL_SIZE)
            x += width + 30
        return x, plot.x2 - x


class Marks(AbstractOverlay):
    """Draws over the curves: the marks, as thin lines, in the first plot with their words."""

    row = AnyTrait()

    #: Whether words were left out, in the last frame, because they would have overlapped.
    crowded = Bool(False)

    def overlay(
        self, other_component: Any, gc: Any, view_bounds: Any = None, mode: str = "normal"
    ) -> None:
        """Draw on *gc*; called by Chaco."""
        plot, row = other_component, self.row
        marks = row.stack.marks
        if not marks:
            return
        across = plot.index_mapper.map_screen(np.array([time for time, _text in marks]))
        seen = [
            (float(x), text)
            for x, (_time, text) in zip(across, marks, strict=True)
            if plot.x <= x <= plot.x2
        ]
        lines = [(x, plot.y, x, plot.y2) for x, _text in seen]
        drawing.draw_lines(gc, lines, row.palette.text, alpha=0.55, dash=(3.0, 3.0))
        if row.is_first:
            with gc:
                self._write(gc, plot, row, seen)

    def _write(self, gc: Any, plot: Any, row: Any, seen: list[tuple[float, str]]) -> None:
        """Write each mark's text where there is room for it."""
        free, y = plot.x, plot.y2 - 14
        self.trait_setq(crowded=False)
        for x, text in sorted(seen):
            shown = text if len(text) <= 40 else text[:39] + "…"
            width = drawing.text_width(shown, drawing.SMALL_SIZE)
            left = min(x + 5, plot.x2 - width - 4)
            if not shown or left < free:
                self.trait_setq(crowded=True)
                continue
            drawing.fill_rect(gc, left - 2, y - 3, width + 4, 14, row.palette.plot, 0.85)
            drawing.draw_text(gc, shown, left, y, row.palette.text, size=drawing.SMALL_SIZE)
            free = left + width + 8
