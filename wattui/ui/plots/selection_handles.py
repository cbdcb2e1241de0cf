# SPDX-License-Identifier: GPL-3.0-or-later
"""The handles of a selection, above and below the plots, with their times.

They are beside the plots, so that they hide no curve.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from chaco.abstract_overlay import AbstractOverlay
from traits.api import Instance

from wattui.ui.plots import drawing
from wattui.ui.plots.crosshair import pointer_time_place
from wattui.ui.plots.stack_layout import HANDLE

#: Pixels at either side of a time; from a plot to the lower and upper edge of a time.
_PAD: Final = 6
_LOW: Final = 24
_HIGH: Final = 19

#: Place, time, and left and right end of the time of an edge, in pixels.
_EdgeTime = tuple[float, str, float, float]


class SelectionHandles(AbstractOverlay):
    """A triangle above each edge of the selection, and its time on the time axis."""

    #: The stack that it belongs to.
    stack = Instance("wattui.ui.plots.plot_stack.PlotStack")

    def overlay(
        self, other_component: Any, gc: Any, view_bounds: Any = None, mode: str = "normal"
    ) -> None:
        """Draw on *gc*; called by Chaco."""
        stack = self.stack
        rows = stack.shown_rows()
        if not rows:
            return
        top, low = rows[0].plot, rows[-1].plot
        for x, text, left, right in edge_times(stack, low):
            drawing.draw_arrow(gc, x, top.y2, HANDLE, stack.palette.accent)
            drawing.draw_lines(gc, [(x, low.y - 5, x, low.y)], stack.palette.accent)
            height = _HIGH
            drawing.fill_rect(gc, left, low.y - _LOW, right - left, height, stack.palette.accent)
            drawing.draw_text(gc, text, left + _PAD, low.y - _HIGH, stack.palette.on_accent)


def edge_times(stack: Any, plot: Any) -> list[_EdgeTime]:
    """Return place, time, and left and right end of the time of each edge in view, in pixels.

    The first time ends at its edge, and the second one begins there: they never overlap.
    """
    selection = stack.view.selection
    if selection is None:
        return []
    found: list[_EdgeTime] = []
    across = plot.index_mapper.map_screen(np.array(selection)).tolist()
    for x, moment, share in zip(across, selection, (1.0, 0.0), strict=True):
        if plot.x - 1 <= x <= plot.x2 + 1:
            text = stack.time_text(moment)
            width = drawing.text_width(text) + 2 * _PAD
            left = min(max(x - share * width, plot.outer_x), plot.outer_x2 - width)
            found.append((x, text, left, left + width))
    if len(found) == 2 and found[0][3] > found[1][2]:
        found = _apart(*found, plot.outer_x2)
    return found


def _apart(first: _EdgeTime, second: _EdgeTime, end: float) -> list[_EdgeTime]:
    """Return two times side by side that would overlap at either end of the axis."""
    (x, text, low, high), (x2, text2, low2, high2) = first, second
    begin = min(low, end - (high - low) - (high2 - low2))
    middle = begin + high - low
    return [(x, text, begin, middle), (x2, text2, middle, middle + high2 - low2)]


def covered_places(stack: Any, plot: Any) -> list[tuple[float, float]]:
    """Return the parts of a time axis that the times of pointer and selection cover."""
    places = [(left, right) for _x, _text, left, right in edge_times(stack, plot)]
    pointer = pointer_time_place(stack, plot)
    return places if pointer is None else [*places, pointer]
