# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the plots are: one below the other, the first the tallest, the strip at the bottom."""

from __future__ import annotations

from typing import Any, Final

from chaco.api import OverlayPlotContainer
from traits.api import Any as AnyTrait

from wattui.ui.plots import drawing

#: How much taller the first plot is than the others.
FIRST_SHARE: Final = 1.8

#: Pixels at the left of the plots for the labels of their axes, and at the right.
LEFT: Final = 62
RIGHT: Final = 14

#: Pixels above a plot for its head line, below it, and below the last for the time axis.
HEAD: Final = 24
FOOT: Final = 10
TIME_FOOT: Final = 30

#: Height of the strip, and what is around it.
STRIP: Final = 38
STRIP_BELOW: Final = 12

#: The least height of a plot, in pixels.
LEAST: Final = 12

#: Where each meter has a row of its own: pixels above and below each, and the least height
#: of one with both.
ROW_HEAD: Final = 18
ROW_FOOT: Final = 4
LEAST_ROW: Final = 48


def rows_that_fit(height: float) -> int:
    """Give how many rows of single meters there is room for, at least one."""
    return max(1, int((height - STRIP_BELOW - STRIP - TIME_FOOT + ROW_FOOT) // LEAST_ROW))


def heights(total: float, count: int, even: bool = False) -> list[int]:
    """Give the heights of so many plots that share *total* pixels, the first the tallest.

    Where they are *even*, the first has what is left of whole pixels.
    """
    if count <= 0:
        return []
    first = 1.0 if even else FIRST_SHARE
    share = total / (first + count - 1) if count > 1 else total
    rest = [max(int(share), LEAST)] * (count - 1)
    return [max(int(total - sum(rest)), LEAST), *rest]


class StackContainer(OverlayPlotContainer):
    """Lays out the rows that are shown and the strip of the run below them."""

    #: The stack that it belongs to.
    stack = AnyTrait()

    _laid_out = AnyTrait()

    def get_preferred_size(self, components: Any = None) -> tuple[float, float]:
        """Give a size that the window may fall below, in pixels."""
        return 400.0, 300.0

    def _draw(self, gc: Any, view_bounds: Any = None, mode: str = "default") -> None:
        """Draw all of it; without Chaco's ten layers, which take longer than the drawing."""
        if not self.visible:
            return
        self.do_layout()
        # Kiva is half a pixel off, and would leave a line at the edges.
        drawing.fill_rect(gc, -1, -1, self.width + 2, self.height + 2, self.stack.palette.ground)
        with gc:
            gc.translate_ctm(*self.position)
            for row in self.stack.shown_rows():
                row.draw(gc)
            self.stack.overview.draw_strip(gc)
        for overlay in self.overlays:
            if overlay.visible:
                overlay.overlay(self, gc, view_bounds, mode)

    def do_layout(self, size: Any = None, force: bool = False) -> None:
        """Lay out again where something changed: Chaco would, ten times a frame."""
        rows = self.stack.shown_rows()
        shown = [(row.plot, row.shows_time, len(row.plot.components)) for row in rows]
        key = (size, tuple(self.bounds), tuple(self.position), shown)
        if force or key != self._laid_out:
            super().do_layout(size, force=True)
            self._laid_out = key

    def _do_layout(self) -> None:
        rows = self.stack.shown_rows()
        strip = self.stack.overview
        width = max(self.width, 120)
        y = float(STRIP_BELOW)
        strip.trait_set(
            outer_position=[LEFT, y], outer_bounds=[max(width - LEFT - RIGHT, 20), STRIP]
        )
        strip.do_layout(force=True)
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
            y += height + head + foot
