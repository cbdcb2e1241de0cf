# SPDX-License-Identifier: GPL-3.0-or-later
"""The curve of one meter: a polyline that is broken where the data is.

Chaco's own line plot draws nothing where one record stands alone between two gaps, and
hands its points over one by one.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from chaco.api import ArrayDataSource, LinePlot

from wattui.ui.plots.stroke import polyline

#: How far beyond the plot a point is drawn, in pixels: Qt's numbers are not endless.
_FAR: Final = 4000.0


def pieces(points: np.ndarray) -> list[np.ndarray]:
    """Divide points, shape (n, 2), at those that are not finite."""
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if not len(bad):
        return [points] if len(points) else []
    starts = np.concatenate(([0], bad + 1))
    stops = np.concatenate((bad, [len(points)]))
    return [points[a:b] for a, b in zip(starts, stops, strict=True) if b > a]


class CurveSource(ArrayDataSource):
    """The numbers of a curve.  Nobody asks for their bounds: the axes are set, not found."""

    def _compute_bounds(self, data: Any = None) -> None:
        self._min_index = self._max_index = 0
        self._cached_bounds = (0.0, 1.0)


class CurvePlot(LinePlot):
    """A line plot for what :meth:`wattui.session.Session.envelope` gives."""

    def get_screen_points(self) -> list[np.ndarray]:
        """Give the pieces of the line, in pixels, each of shape (n, 2)."""
        if self._cache_valid and self._screen_cache_valid:
            return self._cached_screen_pts
        self._cached_screen_pts = self._map_pieces()
        self._cache_valid = self._screen_cache_valid = True
        return self._cached_screen_pts

    def _map_pieces(self) -> list[np.ndarray]:
        index, value = self.index.get_data(), self.value.get_data()
        if not len(index) or len(index) != len(value):
            return []
        across, up = self.index_mapper, self.value_mapper
        # One point beyond either end, so that the line goes on to the edge.
        low, high = across.range.low, across.range.high
        first = max(int(np.searchsorted(index, low)) - 1, 0)
        last = int(np.searchsorted(index, high, side="right")) + 1
        points = np.empty((len(index[first:last]), 2))
        points[:, 0] = across.map_screen(index[first:last])
        points[:, 1] = up.map_screen(value[first:last])
        bottom, top = sorted((up.low_pos, up.high_pos))
        np.clip(points[:, 1], bottom - _FAR, top + _FAR, out=points[:, 1])
        np.clip(points[:, 0], across.low_pos - _FAR, across.high_pos + _FAR, out=points[:, 0])
        return pieces(points)

    def draw_curve(self, gc: Any) -> None:
        """Draw it on *gc*, whose origin is that of its plot."""
        self._render(gc, self.get_screen_points())

    def _render(self, gc: Any, points: list[np.ndarray], selected_points: Any = None) -> None:
        if not points:
            return
        with gc:
            gc.set_antialias(True)
            # A pixel more, so that a line along the border is seen in full.
            gc.clip_to_rect(self.x, self.y - 1, self.width, self.height + 2)
            gc.set_stroke_color(self.effective_color)
            gc.set_line_width(self.line_width)
            for piece in points:
                if len(piece) == 1:
                    x, y = piece[0]
                    piece = np.array([(x - 1.0, y), (x + 1.0, y)])
                polyline(gc, piece)
