# SPDX-License-Identifier: GPL-3.0-or-later
"""The layout of the plots: one below the other, the first one tallest, the strip at the bottom."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from chaco.array_data_source import ArrayDataSource
from chaco.linear_mapper import LinearMapper
from chaco.plot_containers import OverlayPlotContainer
from traits.api import Instance, Property

from wattui.ui.plots import drawing


class Arrangement(StrEnum):
    """How several meters are arranged."""

    #: All meters of a field in one plot.
    OVERLAY = "overlay"
    #: Each meter in its own row, with its own scale.
    ROWS = "rows"
    #: Each meter in its own row, with one scale for all rows of a field.
    SCALED_ROWS = "scaled rows"


#: How much taller the first plot is than the others.
FIRST_SHARE: Final = 1.8

#: Pixels at the left of the plots for the labels of their axes, and at the right.
LEFT: Final = 62
RIGHT: Final = 14

#: Pixels above a plot for its head line, below it, and below the last plot for the time axis.
HEAD: Final = 24
FOOT: Final = 10
TIME_FOOT: Final = 30

#: Height of the handles of a selection above the first plot, in pixels.
HANDLE: Final = 8

#: Height of the strip and of the margin below it.
STRIP: Final = 38
STRIP_BELOW: Final = 12

#: The least height of a plot while there are others: then they scroll.  The least height of
#: any plot.
LEAST_PLOT: Final = 70
LEAST: Final = 12

#: For rows of single meters: pixels above and below each plot, and the least height of a
#: row including both.
ROW_HEAD: Final = 18
ROW_FOOT: Final = 4
LEAST_ROW: Final = LEAST_PLOT + ROW_HEAD + ROW_FOOT


def rows_that_fit(height: float, *, single: bool = True) -> int:
    """Return how many rows there is room for, at least one: of *single* meters, or of all."""
    between, least = (ROW_FOOT, LEAST_ROW) if single else (FOOT, LEAST_PLOT + HEAD + FOOT)
    return max(1, int((height - STRIP_BELOW - STRIP - TIME_FOOT + between) // least))


def heights(total: float, count: int, even: bool = False) -> list[int]:
    """Return the heights of *count* plots that share *total* pixels; the first one is tallest.

    If they must be *even*, the first gets the pixels left over from rounding.
    """
    if count <= 0:
        return []
    # The first gives way before the others are too low.
    first = 1.0 if even or total / (FIRST_SHARE + count - 1) < LEAST_PLOT else FIRST_SHARE
    share = total / (first + count - 1) if count > 1 else total
    rest = [max(int(share), LEAST)] * (count - 1)
    return [max(int(total - sum(rest)), LEAST), *rest]


class StackContainer(OverlayPlotContainer):
    """Lays out the rows that are shown, and the strip of the run below them.

    It has the mapper of the time axis that all rows share, so that Chaco's tools can
    work on the whole stack.
    """

    #: The stack that it belongs to.
    stack = Instance("wattui.ui.plots.plot_stack.PlotStack")
    #: From times to pixels, for all rows.
    index_mapper = Instance(LinearMapper)
    x_mapper = Property(Instance(LinearMapper), observe="index_mapper")
    #: No common one: each row has its own.
    value_mapper = Instance(LinearMapper)
    #: Time goes from left to right.
    orientation = "h"
    #: Where Chaco's tools store the selection.
    index = Instance(ArrayDataSource, args=([],))

    def _get_x_mapper(self) -> LinearMapper:
        return self.index_mapper

    def get_preferred_size(self, components: Any = None) -> tuple[float, float]:
        """Return a size that the window may fall below, in pixels."""
        return 400.0, 300.0

    def _draw(self, gc: Any, view_bounds: Any = None, mode: str = "default") -> None:
        """Draw all of it; Enable's layers take longer than the drawing."""
        if self.layout_needed:
            self.do_layout()
        # Enable's own background is a pixel short, which leaves a line at two edges.
        width, height = self.width + 2, self.height + 2
        drawing.fill_rect(gc, -1, -1, width, height, self.stack.palette.ground)
        for plot in self.components:
            if plot.visible:
                plot.draw(gc, None, mode)
        self._draw_overlay(gc, None, mode)

    def _get_layout_needed(self) -> bool:
        # Hidden rows are not laid out: Enable would try to in every frame.
        return bool(self._layout_needed)

    def _do_layout(self) -> None:
        rows = self.stack.shown_rows()
        strip = self.stack.overview
        width = max(self.width, 120)
        y = float(STRIP_BELOW)
        strip.trait_set(
            outer_position=[LEFT, y], outer_bounds=[max(width - LEFT - RIGHT, 20), STRIP]
        )
        strip.do_layout(force=True)
        self.index_mapper.trait_set(low_pos=strip.x, high_pos=strip.x2)
        y += STRIP
        if not rows:
            return
        single = rows[0].key is not None
        head, between = (ROW_HEAD, ROW_FOOT) if single else (HEAD, FOOT)
        around = len(rows) * head + (len(rows) - 1) * between + TIME_FOOT
        tall = heights(self.height - y - around, len(rows), even=single)
        for row, height in zip(reversed(rows), reversed(tall), strict=True):
            foot = TIME_FOOT if row.shows_time else between
            plot = row.plot
            plot.trait_set(padding_bottom=foot, padding_top=head)
            plot.outer_position = [0.0, y]
            plot.outer_bounds = [width, height + head + foot]
            plot.do_layout(force=True)
            plot.y_axis.ticks.room = plot.height
            y += height + head + foot
        self.stack.ticks.room = rows[0].plot.width
