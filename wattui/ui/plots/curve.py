# SPDX-License-Identifier: GPL-3.0-or-later
"""The curve of one meter: a polyline that is broken where the data is.

Chaco's own line plot draws nothing for a single record between two gaps, and passes its
points one by one.

Where a column of pixels has many records, their range is a translucent band, and their mean
is the line.  Where records are far apart, each is a dot at the end of the interval that it
stands for.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

import numpy as np
from chaco.array_data_source import ArrayDataSource
from chaco.array_plot_data import ArrayPlotData
from chaco.linear_mapper import LinearMapper
from chaco.plot import Plot
from chaco.plots.lineplot import LinePlot
from kiva import constants
from pyface.qt import QtCore, QtGui
from traits.api import Any as AnyTrait
from traits.api import Bool, Dict, Float

from wattui.ui.plots import drawing
from wattui.ui.plots.stroke import draw_band, polyline
from wattui.ui.plots.total import Curve
from wattui.ui.plots.value_scale import LogScale

#: A curve without points.
NO_CURVE: Final[Curve] = (np.empty(0), np.empty(0))

#: Channels that grow from record to record: between two of them the line is straight.
CUMULATIVE: Final = frozenset({"integrated_energy", "energy", "cost"})

#: How far outside the plot a point is drawn, in pixels: Qt's coordinates are limited.
_FAR: Final = 4000.0

#: How opaque a band is: that of the only curve, and of one among others.
BAND: Final = 0.3
FAINT_BAND: Final = 0.16

#: The least distance of records that are drawn as dots with steps, and the radius of a dot,
#: in pixels.
_APART: Final = 8.0
_DOT: Final = 2.2


def pieces(points: np.ndarray) -> list[np.ndarray]:
    """Split points, shape (n, 2), at those that are not finite."""
    bad = np.flatnonzero(~np.isfinite(points[:, 0] + points[:, 1]))
    if not len(bad):
        return [points] if len(points) else []
    starts = np.concatenate(([0], bad + 1))
    stops = np.concatenate((bad, [len(points)]))
    return [points[a:b] for a, b in zip(starts, stops, strict=True) if b > a]


def spacing(points: np.ndarray) -> float:
    """Return how far apart points are on average, in pixels; 0 for a single one."""
    return float(points[-1, 0] - points[0, 0]) / (len(points) - 1) if len(points) > 1 else 0.0


def stepped(points: np.ndarray) -> np.ndarray:
    """Return the steps whose right ends are these points, shape (n, 2)."""
    steps = np.repeat(points, 2, axis=0)[1:]
    steps[1::2, 0] = points[:-1, 0]
    return steps


class CurveSource(ArrayDataSource):
    """The numbers of a curve, without their bounds: the ranges of the axes are set."""

    def _compute_bounds(self, data: Any = None) -> None:
        self._min_index = self._max_index = 0
        self._cached_bounds = (0.0, 1.0)


class CurvePlot(LinePlot):
    """A line plot for what :meth:`wattui.session.Session.envelope` returns."""

    #: The means of the columns; None if each record is a point.
    means = AnyTrait()
    #: Whether a value holds for the interval that ends with it, unlike a counter's.
    holds = Bool(True)
    #: How opaque the band is from the minimum to the maximum of each column.
    band_alpha = Float(BAND)

    #: The pieces of the band, in pixels, as returned by :meth:`_map_pieces`.
    _band = AnyTrait(())

    def draw_curve(self, gc: Any) -> None:
        """Draw it on *gc*, whose origin is that of its plot."""
        self._render(gc, self.get_screen_points())

    def get_screen_points(self) -> list[np.ndarray]:
        """Return the pieces of the line, in pixels, each of shape (n, 2)."""
        if self._cache_valid and self._screen_cache_valid:
            return self._cached_screen_pts
        mapped = self._map_pieces(self.index.get_data(), self.value.get_data())
        self._band = () if self.means is None else mapped
        self._cached_screen_pts = mapped if self.means is None else self._map_pieces(*self.means)
        self._cache_valid = self._screen_cache_valid = True
        return self._cached_screen_pts

    def _map_pieces(self, index: np.ndarray, value: np.ndarray) -> list[np.ndarray]:
        if not len(index) or len(index) != len(value):
            return []
        across, up = self.index_mapper, self.value_mapper
        # One more point at either end, so that the line reaches the edge.
        low, high = across.range.low, across.range.high
        first = max(int(np.searchsorted(index, low)) - 1, 0)
        last = int(np.searchsorted(index, high, side="right")) + 1
        x, y = across.map_screen(index[first:last]), up.map_screen(value[first:last])
        bottom, top = sorted((up.low_pos, up.high_pos))
        # Each axis is one block of memory, since each is used as a whole.
        points = np.empty((2, len(x)))
        np.clip(x, across.low_pos - _FAR, across.high_pos + _FAR, out=points[0])
        np.clip(y, bottom - _FAR, top + _FAR, out=points[1])
        return pieces(points.T)

    def _render(self, gc: Any, points: list[np.ndarray], selected_points: Any = None) -> None:
        if not points:
            return
        with gc:
            gc.set_antialias(True)
            # One pixel more, so that a line along the border is visible.
            gc.clip_to_rect(self.x, self.y - 1, self.width, self.height + 2)
            gc.set_stroke_color(self.effective_color)
            gc.set_line_width(self.line_width)
            gc.set_line_cap(constants.CAP_ROUND)
            gc.set_line_join(constants.JOIN_ROUND)
            for piece in self._band:
                draw_band(gc, piece, self.band_alpha)
            for piece in points:
                if self.shows_records(piece):
                    polyline(gc, stepped(piece) if self.holds else piece)
                    across = piece[:, 0]
                    draw_dots(gc.gc, piece[(across > self.x - _DOT) & (across < self.x2 + _DOT)])
                    continue
                if len(piece) == 1:
                    x, y = piece[0]
                    piece = np.array([(x - 1.0, y), (x + 1.0, y)])
                polyline(gc, piece)

    def shows_records(self, piece: np.ndarray) -> bool:
        """Check whether each record of a piece is a dot, at the end of its interval."""
        return self.means is None and spacing(piece) >= _APART


def draw_dots(painter: QtGui.QPainter, points: np.ndarray) -> None:
    """Draw a dot at each point, shape (n, 2), in the colour of the pen."""
    painter.save()
    painter.setBrush(painter.pen().color())
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    for x, y in points.tolist():
        painter.drawEllipse(QtCore.QPointF(x, y), _DOT, _DOT)
    painter.restore()


class CurvesPlot(Plot):
    """A plot with one curve per meter."""

    #: The renderers, by the meter's key.  They are hidden and reused, since each one that is
    #: deleted leaks 14 KB.
    curves = Dict()

    def __init__(self, **traits: Any) -> None:
        super().__init__(ArrayPlotData(), auto_axis=False, auto_grid=False)
        self.renderer_map = {**self.renderer_map, "line": CurvePlot}
        self.trait_set(**traits)

    def _draw(self, gc: Any, view_bounds: Any = None, mode: str = "default") -> None:
        """Draw all of it; Enable's ten layers take longer than the drawing."""
        self.draw_run(gc)
        self._draw_overlay(gc)

    def draw_run(self, gc: Any) -> None:
        """Draw ground, underlays, border, and the curves over the border."""
        x, y, width, height = self.x, self.y, self.width, self.height
        drawing.fill_rect(gc, x, y, width, height, self.bgcolor)
        self._draw_underlay(gc)
        drawing.frame_rect(gc, x, y, width, height - 1, self.border_color)
        with gc:
            gc.translate_ctm(x, y)
            for curve in self.components:
                if curve.visible:
                    curve.draw_curve(gc)

    def show_curves(
        self, curves: Mapping[Hashable, Curve], means: Mapping[Hashable, Curve] | None = None
    ) -> None:
        """Show these curves, by their meters' keys, in one update; hide all others.

        Curves with *means* have a minimum and a maximum per column of pixels.
        """
        update: dict[str, np.ndarray] = {}
        for key, arrays in curves.items():
            update.update(zip(self._names(key), arrays, strict=True))
            self.curves[key].means = (means or {}).get(key)
        self.data.update_data(update)
        for key, curve in self.curves.items():
            curve.visible = key in curves

    def scale_values(self, *, logarithmic: bool) -> None:
        """Make the value axis logarithmic or linear."""
        for one in (self, *self.curves.values()):
            self._scale(one, LogScale if logarithmic else LinearMapper)

    def _scale(self, one: Any, kind: type[LinearMapper] | type[LogScale]) -> None:
        before = one.value_mapper
        if type(before) is not kind:
            ends = {"low_pos": before.low_pos, "high_pos": before.high_pos}
            one.value_mapper = kind(range=self.value_range, **ends)

    def points(self, key: Hashable) -> Curve:
        """Return times (seconds, UTC) and values of one meter's curve."""
        if key not in self.curves:
            return NO_CURVE
        times, values = self._names(key)
        return self.data.get_data(times), self.data.get_data(values)

    def line(self, key: Hashable) -> Curve:
        """Return the line that is drawn for a meter: its records, or means of columns."""
        means: Curve | None = self.curves[key].means if key in self.curves else None
        return self.points(key) if means is None else means

    def _names(self, key: Hashable) -> tuple[str, str]:
        """Return the names of a meter's arrays; make its renderer if it has none."""
        number = list(self.curves).index(key) if key in self.curves else len(self.curves)
        names = (f"t{number}", f"v{number}")
        if key not in self.curves:
            self.data.update_data(dict(zip(names, NO_CURVE, strict=True)))
            self.datasources.update((one, CurveSource(NO_CURVE[0])) for one in names)
            (curve,) = self.plot(names, type="line", invisible_layout=True)
            self.curves[key] = curve
            self._scale(curve, type(self.value_mapper))
        return names
