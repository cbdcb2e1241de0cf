# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the plots are: one below the other, the first the tallest, the strip at the bottom."""

from __future__ import annotations

from typing import Any, Final

from chaco.api import OverlayPlotContainer
from traits.api import Any as AnyTrait

from wattui.ui.plots import ink

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


def heights(total: float, count: int) -> list[int]:
    """Give the heights of so many plots that share *total* pixels, the first the tallest."""
    if count <= 0:
        return []
    share = total / (FIRST_SHARE + count - 1) if count > 1 else total
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
        ink.fill_rect(gc, -1, -1, self.width + 2, self.height + 2, self.stack.palette.ground)
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
        around = len(rows) * HEAD + (len(rows) - 1) * FOOT + TIME_FOOT
        tall = heights(self.height - y - around, len(rows))
        for row, height in zip(reversed(rows), reversed(tall), strict=True):
            foot = TIME_FOOT if row.shows_time else FOOT
            plot = row.plot
            plot.padding_bottom = foot
            plot.outer_position = [0.0, y]
            plot.outer_bounds = [width, height + HEAD + foot]
            plot.do_layout(force=True)
            y += height + HEAD + foot
