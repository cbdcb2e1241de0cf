# SPDX-License-Identifier: GPL-3.0-or-later
"""Paints the line and the band of a curve, fast whatever the curve does.

The time that Qt's stroker needs for a line that crosses itself grows with the square of the
length: a hundred milliseconds for a noisy curve.  A curve never turns back, so in each column of
pixels its line fills one stretch.  Where points are close, these stretches are computed for a
quarter of a column each, and become one image, of which each pixel is as opaque as the share of
it that the line covers.  Where points are far apart, and on paper, Qt draws the line.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

import numpy as np
from pyface.qt import QtCore, QtGui, QtWidgets

#: The greatest distance of points, in pixels, at which a line becomes an image.
_DENSE: Final = 2.0

#: Parts of a column of pixels in which a line is computed.
_PARTS: Final = 3

#: How opaque a pixel is that the line covers in one of the parts of its column.
_FULL: Final = 85


def polyline(gc: Any, points: np.ndarray) -> None:
    """Draw a line through points with the current stroke, with round joins and ends.

    Parameters
    ----------
    gc
        The Kiva context.
    points
        Pixels, shape (n, 2), from left to right.
    """
    painter = gc.gc
    scale = _pixels_per_unit(painter)
    if len(points) > 2 and 0 < (points[-1, 0] - points[0, 0]) * scale < _DENSE * len(points):
        _paint_line(painter, _on_device(painter, points), painter.pen().widthF() * scale)
    else:
        # As a block of memory: a call per point, as in Kiva, takes longer than the drawing.
        painter.drawPolyline(_polygon(points))


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
    if _pixels_per_unit(painter):
        _paint_band(painter, _on_device(painter, points), colour)
        return
    x, low, high = _extremes(points)
    outline = np.concatenate((np.column_stack((x, low)), np.column_stack((x, high))[::-1]))
    painter.save()
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPolygon(_polygon(outline))
    painter.restore()


# --- a line -----------------------------------------------------------------------------------


def _paint_line(painter: QtGui.QPainter, points: np.ndarray, width: float) -> None:
    """Paint a line through points in pixels of the device, from left to right."""
    radius = max(width, 1.0) / 2
    left, top, right, bottom = _visible(painter)
    x, y = points[:, 0], points[:, 1]
    start = max(int(np.searchsorted(x, left - radius)) - 1, 0)
    stop = int(np.searchsorted(x, right + radius, side="right")) + 1
    first, low, high = line_parts(x[start:stop] * _PARTS, y[start:stop])
    column, low, high = dilated(first, low, high, radius)
    skip, stop = max(left - column, 0), min(right - column, len(low) // _PARTS)
    if skip >= stop:
        return
    column, part = column + skip, slice(skip * _PARTS, stop * _PARTS)
    low, high = np.clip(low[part], top, bottom), np.clip(high[part], top, bottom)
    row = int(low.min())
    cover = coverage(low - row, high - row)
    rows, columns = cover.shape
    form = QtGui.QImage.Format.Format_Indexed8
    image = QtGui.QImage(cover.data, columns, rows, columns, form)
    image.setColorTable(_shades(painter.pen().color().rgba()))
    draw_image(painter, column, row, image)


def line_parts(x: np.ndarray, y: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
    """Return where a line is in each unit of x: the first unit, and low and high in each."""
    unit = np.floor(x).astype(np.intp)
    first, last = int(unit[0]), int(unit[-1])
    # Where the line crosses into the next unit, it is in both.
    crossed = np.interp(np.arange(first, last + 2), x, y)
    low, high = np.minimum(crossed[:-1], crossed[1:]), np.maximum(crossed[:-1], crossed[1:])
    starts = np.flatnonzero(np.diff(unit, prepend=first - 1))
    unit = unit[starts] - first
    low[unit] = np.minimum(low[unit], np.minimum.reduceat(y, starts))
    high[unit] = np.maximum(high[unit], np.maximum.reduceat(y, starts))
    return first, low, high


def dilated(
    first: int, low: np.ndarray, high: np.ndarray, radius: float
) -> tuple[int, np.ndarray, np.ndarray]:
    """Return what a round pen fills that moves along a line.

    Parameters
    ----------
    first
        The first part of a column in which the line is.
    low, high
        Where the line is in each part, in pixels.
    radius
        Of the pen, in pixels.

    Returns
    -------
    column, low, high
        The first column, and what is filled in each part of all columns; nothing where both
        are equal.
    """
    reach, count = int(radius * _PARTS), len(low)
    column = (first - reach) // _PARTS
    before = first - reach - column * _PARTS
    end = before + count + 2 * reach
    size = -(-end // _PARTS) * _PARTS
    lower, higher = np.full(size, np.inf), np.full(size, -np.inf)
    for shift in range(2 * reach + 1):
        up = (radius**2 - ((shift - reach) / _PARTS) ** 2) ** 0.5
        part = slice(before + shift, before + shift + count)
        np.minimum(lower[part], low - up, out=lower[part])
        np.maximum(higher[part], high + up, out=higher[part])
    lower[:before] = higher[:before] = lower[before]
    lower[end:] = higher[end:] = lower[end - 1]
    return column, lower, higher


def coverage(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return how much of each pixel is covered: shape (rows, columns), from 0 to 255.

    Parameters
    ----------
    low, high
        What is covered in each part of a column, in pixels, from 0; nothing if both are equal.
    """
    columns = len(low) // _PARTS
    edges = np.round(np.concatenate((low, high)) * _FULL).astype(np.intp)
    row, share = np.divmod(edges, _FULL)
    rows = int(row.max()) + 2
    found = np.zeros((rows, columns), np.uint8)
    # How much more than the row above it each row has, added up from the top.
    at = row * columns + np.tile(np.repeat(np.arange(columns), _PARTS), 2)
    more = np.concatenate((_FULL - share, share))
    more = more.reshape(2, 2, -1) * np.array([[1], [-1]])
    np.add.at(found.ravel(), np.concatenate((at, at + columns)), more.ravel().astype(np.uint8))
    above = found[0]
    for below in found[1:]:
        below += above
        above = below
    return found


# --- a band -----------------------------------------------------------------------------------


def _paint_band(painter: QtGui.QPainter, points: np.ndarray, colour: QtGui.QColor) -> None:
    """Paint a band between points in pixels of the device."""
    left, top, right, bottom = _visible(painter)
    across, low, high = _extremes(points, floor=True)
    x = np.arange(max(int(across[0]), left), min(int(across[-1]) + 1, right))
    if not len(x):
        return
    low, high = np.interp(x, across, low), np.interp(x, across, high)
    begin = np.clip(np.floor(low), top, bottom).astype(np.int16)
    height = np.clip(np.ceil(high), top, bottom).astype(np.int16) - begin
    row = int(begin.min())
    rows = np.arange(row, int((begin + height).max()), dtype=np.int16)
    # What is above the band is negative, and so a large number without a sign.
    inside = (rows[:, None] - begin).view(np.uint16) < height.view(np.uint16)
    pixels = inside * np.uint32(QtGui.qPremultiply(colour.rgba()))
    form = QtGui.QImage.Format.Format_ARGB32_Premultiplied
    image = QtGui.QImage(pixels.data, len(x), len(rows), 4 * len(x), form)
    draw_image(painter, int(x[0]), row, image)


def _extremes(
    points: np.ndarray, *, floor: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return each x, of whole pixels on demand, with its lowest and highest y, (n,) each."""
    x, y = np.floor(points[:, 0]) if floor else points[:, 0], points[:, 1]
    first = np.flatnonzero(np.diff(x, prepend=-np.inf) > 0)
    return x[first], np.minimum.reduceat(y, first), np.maximum.reduceat(y, first)


# --- Qt ---------------------------------------------------------------------------------------


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


def _on_device(painter: QtGui.QPainter, points: np.ndarray) -> np.ndarray:
    """Return points in pixels of the device, of which the topmost row is the first."""
    place, ratio = painter.worldTransform(), float(painter.device().devicePixelRatioF())
    scale, origin = (place.m11(), place.m22()), (place.dx(), place.dy())
    found = np.empty((2, len(points)))
    for axis in range(2):
        np.multiply(points[:, axis], scale[axis] * ratio, out=found[axis])
        found[axis] += origin[axis] * ratio
    return found.T


def _visible(painter: QtGui.QPainter) -> tuple[int, int, int, int]:
    """Return the pixels of the device that can be painted: left, top, right, bottom."""
    device = painter.device()
    ratio = float(device.devicePixelRatioF())
    # A widget has its size in its own units, and an image in pixels.
    unit = 1.0 if isinstance(device, QtWidgets.QWidget) else ratio
    shown = QtCore.QRectF(0, 0, device.width() / unit, device.height() / unit)
    if painter.hasClipping():
        clip = painter.worldTransform().mapRect(painter.clipBoundingRect())
        shown = shown.intersected(clip)
    left, top = int(shown.left() * ratio), int(shown.top() * ratio)
    return left, top, int(np.ceil(shown.right() * ratio)), int(np.ceil(shown.bottom() * ratio))


@lru_cache(maxsize=64)
def _shades(colour: int) -> list[int]:
    """Return a colour (ARGB) from transparent to opaque, for an image."""
    whole = _PARTS * _FULL
    alpha = colour >> 24
    return [colour & 0xFFFFFF | alpha * cover // whole << 24 for cover in range(whole + 1)]


def draw_image(painter: QtGui.QPainter, left: int, top: int, image: QtGui.QImage) -> None:
    """Draw an image at a place on the device, pixel by pixel."""
    image = image.convertToFormat(QtGui.QImage.Format.Format_ARGB32_Premultiplied)
    before, ratio = painter.worldTransform(), float(painter.device().devicePixelRatioF())
    painter.setWorldTransform(QtGui.QTransform.fromScale(1 / ratio, 1 / ratio))
    painter.drawImage(QtCore.QPoint(left, top), image)
    painter.setWorldTransform(before)
