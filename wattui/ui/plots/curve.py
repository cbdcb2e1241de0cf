# SPDX-License-Identifier: GPL-3.0-or-later
"""The curve of one meter: a polyline that is broken where the data is.

Chaco's own line plot draws nothing for a single record between two gaps, and passes its
points one by one.

Where a column of pixels has many records, their range is a translucent band, and their mean
is the line.  Where records are far apart, each is a dot at the end of the interval that it
stands for.

The time that Qt's stroker needs for a line that crosses itself grows with the square of the
length: a hundred milliseconds for a noisy curve.  So a smooth curve is drawn in short pieces.
In a noisy one, each column of pixels is filled from the lowest to the highest point of the
line: that looks like a stroke, and is the fastest way to draw with Qt.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Final

import numpy as np
from chaco.array_data_source import ArrayDataSource
from chaco.array_plot_data import ArrayPlotData
from chaco.plot import Plot
from chaco.plots.lineplot import LinePlot
from kiva import constants
from pyface.qt import QtCore, QtGui
from PyQt5 import sip
from traits.api import Any as AnyTrait
from traits.api import Bool, Dict, Float

from wattui.ui.plots.total import Curve

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
    bad = np.flatnonzero(~np.isfinite(points).all(axis=1))
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
        points = np.empty((len(index[first:last]), 2))
        points[:, 0] = across.map_screen(index[first:last])
        points[:, 1] = up.map_screen(value[first:last])
        bottom, top = sorted((up.low_pos, up.high_pos))
        np.clip(points[:, 1], bottom - _FAR, top + _FAR, out=points[:, 1])
        np.clip(points[:, 0], across.low_pos - _FAR, across.high_pos + _FAR, out=points[:, 0])
        return pieces(points)

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
        # Curves are drawn over the border; each further layer costs time.
        self.trait_set(
            draw_order=["background", "underlay", "border", "plot", "overlay"],
            unified_draw=True,
            use_backbuffer=False,
            fill_padding=False,
            **traits,
        )

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
            (self.curves[key],) = self.plot(names, type="line", invisible_layout=True)
        return names


#: How far a noisy curve goes up or down from point to point, on average, in pixels.
_NOISY: Final = 2.0

#: Points in one piece of a curve.
_PIECE: Final = 24

#: The greatest distance of points, in pixels, at which columns are filled.
_DENSE: Final = 2.0

#: The least step from point to point, in pixels, at which a corner of a line is seen.
_CORNER: Final = 4.0


def polyline(gc: Any, points: np.ndarray) -> None:
    """Draw a line through points with the current stroke.

    Points are passed as blocks of memory: a call per point, as in Kiva, takes longer than
    the drawing.

    Parameters
    ----------
    gc
        The Kiva context.
    points
        Pixels, shape (n, 2), from left to right.
    """
    painter = gc.gc
    scale, usual = _pixels_per_unit(painter), painter.pen()
    noisy_runs = []
    for first, last, noisy in runs(points, scale):
        if noisy:
            noisy_runs.append(points[first : last + 1])
        else:
            _stroke(painter, points[first : last + 1], usual, scale)
    if noisy_runs:
        _fill_columns(painter, noisy_runs, scale)


def _stroke(painter: QtGui.QPainter, points: np.ndarray, usual: QtGui.QPen, scale: float) -> None:
    """Stroke a smooth line in pieces that have a segment in common: they meet without a notch."""
    # Round joins take twice as long: they are for corners that one sees.
    plain = QtGui.QPen(usual)
    plain.setJoinStyle(QtCore.Qt.PenJoinStyle.BevelJoin)
    plain.setCapStyle(QtCore.Qt.PenCapStyle.FlatCap)
    starts = np.arange(0, len(points) - 1, _PIECE)
    if not len(starts):
        return
    steps = np.abs(np.diff(points, axis=0)).max(axis=1) * scale
    steepest = np.maximum(np.maximum.reduceat(steps, starts), steps[starts - 1])
    for start, steep in zip(starts, steepest.tolist(), strict=True):
        painter.setPen(plain if 0 < steep < _CORNER else usual)
        painter.drawPolyline(_polygon(points[max(start - 1, 0) : start + _PIECE + 1]))
    painter.setPen(usual)


def runs(points: np.ndarray, scale: float) -> list[tuple[int, int, bool]]:
    """Split a line into smooth and noisy runs: first and last point, and whether noisy.

    One step up or down does not make a piece noisy.  *scale* is the number of pixels of the
    device per unit; if it is 0, or too large for the points, everything is calm.
    """
    count = len(points)
    if count < 3 or not 0 < (points[-1, 0] - points[0, 0]) * scale < _DENSE * count:
        return [(0, count - 1, False)]
    steps = np.abs(np.diff(points[:, 1]))
    starts = np.arange(0, count - 1, _PIECE)
    lengths = np.diff(starts, append=count - 1)
    rest = np.add.reduceat(steps, starts) - np.maximum.reduceat(steps, starts)
    noisy = rest >= _NOISY * np.maximum(lengths - 1, 1)
    changes = np.flatnonzero(np.diff(noisy)) + 1
    edges = [0, *(changes * _PIECE).tolist(), count - 1]
    kinds = noisy[np.concatenate(([0], changes))].tolist()
    return list(zip(edges[:-1], edges[1:], kinds, strict=True))


def columns(points: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
    """Return where a line is in each column of pixels: the first column, low and high.

    Parameters
    ----------
    points
        In pixels of the device, shape (n, 2), from left to right.

    Returns
    -------
    first, low, high
        The lowest and the highest point in each column, both (m,).
    """
    x, y = points[:, 0], points[:, 1]
    first, last = int(np.floor(x[0])), int(np.floor(x[-1]))
    low, high = np.full(last - first + 1, np.inf), np.full(last - first + 1, -np.inf)
    column = np.floor(x).astype(np.intp) - first
    starts = np.flatnonzero(np.diff(column, prepend=-1))
    low[column[starts]] = np.minimum.reduceat(y, starts)
    high[column[starts]] = np.maximum.reduceat(y, starts)
    # Where the line crosses into the next column, it is in both.
    crossed = np.interp(np.arange(first + 1, last + 1), x, y)
    for part in (slice(None, -1), slice(1, None)):
        low[part] = np.minimum(low[part], crossed)
        high[part] = np.maximum(high[part], crossed)
    return first, low, high


def widened(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Extend each column to what its neighbours have, with one more at either end."""
    low = np.concatenate(([np.inf, np.inf], low, [np.inf, np.inf]))
    high = np.concatenate(([-np.inf, -np.inf], high, [-np.inf, -np.inf]))
    return (
        np.minimum(np.minimum(low[:-2], low[1:-1]), low[2:]),
        np.maximum(np.maximum(high[:-2], high[1:-1]), high[2:]),
    )


def closed(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Extend each column to what both neighbours have: a stroke leaves no pixel between."""
    low, high = low.copy(), high.copy()
    between_low = np.maximum(low[:-2], low[2:])
    between_high = np.minimum(high[:-2], high[2:])
    filled = between_low < between_high
    low[1:-1][filled] = np.minimum(low[1:-1], between_low)[filled]
    high[1:-1][filled] = np.maximum(high[1:-1], between_high)[filled]
    return low, high


def _fill_columns(painter: QtGui.QPainter, lines: list[np.ndarray], scale: float) -> None:
    """Draw noisy lines, column by column: the inside of a stroke, and its soft edge."""
    hint, before, pen = painter.RenderHint.Antialiasing, painter.worldTransform(), painter.pen()
    ratio = float(painter.device().devicePixelRatioF())
    place = np.array([before.m11(), before.m22()]) * ratio
    origin = np.array([before.dx(), before.dy()]) * ratio
    width = max(pen.widthF() * scale, 1.0)
    parts = [_filled(points * place + origin, width) for points in lines]
    edge_colour = pen.color()
    edge_colour.setAlphaF(edge_colour.alphaF() * ((width - 1) / 2 % 1))
    smooth, brush = bool(painter.renderHints() & hint), painter.brush()
    painter.setRenderHint(hint, False)
    painter.setWorldTransform(QtGui.QTransform.fromScale(1 / ratio, 1 / ratio))
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    edges = [edge for _inside, edge in parts if len(edge)]
    if edge_colour.alpha() and edges:
        painter.setBrush(edge_colour)
        painter.drawRects(_rectangles(edges))
    painter.setBrush(pen.color())
    painter.drawRects(_rectangles([inside for inside, _edge in parts]))
    painter.setBrush(brush)
    painter.setPen(pen)
    painter.setWorldTransform(before)
    painter.setRenderHint(hint, smooth)


def draw_band(gc: Any, points: np.ndarray, alpha: float) -> None:
    """Fill from the minimum to the maximum of each column, translucent.

    Each column of pixels is filled once, so that no edge shows where two columns meet.

    Parameters
    ----------
    gc
        The Kiva context, with the colour of the curve as its stroke.
    points
        Pixels, shape (n, 2), from left to right: two per column, with the same x.
    alpha
        How opaque the band is.
    """
    painter = gc.gc
    colour = painter.pen().color()
    colour.setAlphaF(colour.alphaF() * alpha)
    painter.save()
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    if _pixels_per_unit(painter):
        before, ratio = painter.worldTransform(), float(painter.device().devicePixelRatioF())
        place = np.array([before.m11(), before.m22()]) * ratio
        origin = np.array([before.dx(), before.dy()]) * ratio
        # The device has its first row at the top.
        across, top, bottom = _extremes(points * place + origin, floor=True)
        x = np.arange(across[0], across[-1] + 1)
        top, bottom = np.interp(x, across, top), np.interp(x, across, bottom)
        painter.setRenderHint(painter.RenderHint.Antialiasing, False)
        painter.setWorldTransform(QtGui.QTransform.fromScale(1 / ratio, 1 / ratio))
        painter.drawRects(_rectangles([np.column_stack((x, np.floor(top), np.ceil(bottom)))]))
    else:
        x, low, high = _extremes(points)
        outline = np.concatenate((np.column_stack((x, low)), np.column_stack((x, high))[::-1]))
        painter.drawPolygon(_polygon(outline))
    painter.restore()


def _extremes(
    points: np.ndarray, *, floor: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each x, of whole pixels on demand, with its lowest and highest y, (n,) each."""
    x, y = np.floor(points[:, 0]) if floor else points[:, 0], points[:, 1]
    first = np.flatnonzero(np.diff(x, prepend=-np.inf) > 0)
    return x[first], np.minimum.reduceat(y, first), np.maximum.reduceat(y, first)


def _filled(points: np.ndarray, width: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns of a stroke's inside and edge: x, begin, end, (n, 3) each."""
    first, low, high = columns(points)
    half = width / 2
    for _ in range(int((width - 1) / 2)):
        first, (low, high) = first - 1, widened(low, high)
    low_edge, high_edge = widened(low, high)
    low, high = closed(low, high)
    x = np.arange(first - 1, first - 1 + len(low_edge))
    begin, end = np.rint(low - half), np.rint(high + half)
    end = np.maximum(end, begin + 1)
    edge_begin, edge_end = np.floor(low_edge - half), np.ceil(high_edge + half)
    # The edge is above and below the inside; at both ends, all of the column.
    above_end, below_begin = edge_end.copy(), edge_end.copy()
    above_end[1:-1], below_begin[1:-1] = begin, end
    above = np.column_stack((x, edge_begin, above_end))
    below = np.column_stack((x, below_begin, edge_end))
    edge = np.concatenate((above, below))
    return np.column_stack((x[1:-1], begin, end)), edge[edge[:, 2] > edge[:, 1]]


def _rectangles(parts: list[np.ndarray]) -> Any:
    """Return rectangles for columns one pixel wide; equal neighbours share one."""
    table = np.concatenate(parts)
    before, after = table[:-1], table[1:]
    joined = (after[:, 0] == before[:, 0] + 1) & (after[:, 1:] == before[:, 1:]).all(axis=1)
    starts = np.flatnonzero(np.concatenate(([True], ~joined)))
    ends = np.append(starts[1:], len(table)) - 1
    found = sip.array(QtCore.QRect, len(starts))
    # Filled as memory: left, top, right, bottom, of which the last two are inside.
    memory = np.frombuffer(sip.voidptr(found, len(starts) * 16), dtype=np.int32).reshape(-1, 4)
    memory[:, :2] = table[starts, :2]
    memory[:, 2] = table[ends, 0]
    memory[:, 3] = table[starts, 2] - 1
    return found


def _polygon(points: np.ndarray) -> QtGui.QPolygonF:
    """Convert points, shape (n, 2), for Qt."""
    polygon = QtGui.QPolygonF(len(points))
    memory = polygon.data()
    memory.setsize(len(points) * 16)
    np.frombuffer(memory, dtype=np.float64).reshape(-1, 2)[:] = points
    return polygon


def _pixels_per_unit(painter: QtGui.QPainter) -> float:
    """Return the pixels of the device per unit; 0 if it has none (SVG, PDF)."""
    engine, device = painter.paintEngine(), painter.device()
    if engine is None or engine.type() != QtGui.QPaintEngine.Type.Raster:
        return 0.0
    return abs(painter.worldTransform().m11()) * float(device.devicePixelRatioF())
