# SPDX-License-Identifier: GPL-3.0-or-later
"""Text and lines on a Kiva context: what all parts of the plots draw with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from kiva.api import SWISS, Font
from kiva.constants import FILL, WEIGHT_BOLD, WEIGHT_NORMAL
from pyface.qt import QtCore, QtGui

from wattui.ui.palette import rgba

#: Sizes in points: axes, and what is small.
AXIS_SIZE: Final = 9
SMALL_SIZE: Final = 8

#: The height of a line of text, in pixels, on which the layout counts.
LINE_HEIGHT: Final = 15

#: Pixels that a curve goes up or down a point, on average, before it is a noisy one.
_NOISY: Final = 3.0

#: Points in one piece of a calm curve.
_PIECE: Final = 24

#: A font as Kiva has it, as Qt has it, and its metrics.
_Fonts = tuple[Font, QtGui.QFont, QtGui.QFontMetricsF]

_FONTS: dict[tuple[int, bool], _Fonts] = {}
_WIDTHS: dict[tuple[str, int, bool], float] = {}

#: How many widths are remembered: labels of a clock never repeat.
_MOST_WIDTHS: Final = 4000


def _fonts(size: int, bold: bool) -> _Fonts:
    """Give the program's font in a size, in points."""
    key = (size, bold)
    if key not in _FONTS:
        ours = QtGui.QFont(QtGui.QApplication.font())
        ours.setPointSizeF(size)
        ours.setBold(bold)
        weight = WEIGHT_BOLD if bold else WEIGHT_NORMAL
        kiva = Font(face_name=ours.family(), size=size, family=SWISS, weight=weight)
        _FONTS[key] = kiva, ours, QtGui.QFontMetricsF(ours)
    return _FONTS[key]


def forget_fonts() -> None:
    """Ask for the program's font anew: it was changed."""
    _FONTS.clear()
    _WIDTHS.clear()


def text_width(text: str, size: int = AXIS_SIZE, bold: bool = False) -> float:
    """Give the width of a text, in pixels."""
    key = (text, size, bold)
    if key not in _WIDTHS:
        if len(_WIDTHS) >= _MOST_WIDTHS:
            _WIDTHS.clear()
        _WIDTHS[key] = float(_fonts(size, bold)[2].horizontalAdvance(text))
    return _WIDTHS[key]


def draw_text(
    gc: Any,
    text: str,
    x: float,
    y: float,
    colour: str,
    *,
    size: int = AXIS_SIZE,
    bold: bool = False,
    align: float = 0.0,
) -> float:
    """Write a text with its base line at *y* and give its width, in pixels.

    Parameters
    ----------
    gc
        The Kiva context.
    text
        One line.
    x, y
        Where, in pixels; *x* is its left end, middle or right end by *align*.
    colour
        ``#rrggbb``.
    size, bold
        Of the font, in points.
    align
        0 for left, 0.5 for centred, 1 for right.
    """
    width = text_width(text, size, bold)
    left, kiva, ours = x - align * width, *_fonts(size, bold)[:2]
    painter = getattr(gc, "gc", None)
    if not isinstance(painter, QtGui.QPainter):
        gc.set_font(kiva)
        gc.set_fill_color(rgba(colour))
        gc.show_text(text, (round(left), round(y)))
        return width
    # Kiva draws on a painter that is upside down, which costs the hinting: letters come
    # out blurred, and closer than they were measured.
    upside_down = painter.worldTransform()
    at = upside_down.map(QtCore.QPointF(left, y))
    upright = QtGui.QTransform(
        *(abs(upside_down.m11()), 0.0, 0.0, abs(upside_down.m22())),
        *(round(at.x()), round(at.y())),
    )
    painter.setWorldTransform(upright)
    painter.setFont(ours)
    painter.setPen(QtGui.QColor(colour))
    painter.drawText(0, 0, text)
    painter.setWorldTransform(upside_down)
    return width


def draw_lines(
    gc: Any,
    segments: Iterable[tuple[float, float, float, float]],
    colour: str,
    *,
    alpha: float = 1.0,
    width: float = 1.0,
    dash: Sequence[float] | None = None,
) -> None:
    """Draw straight and sharp lines from (x, y) to (x, y), in pixels."""
    with gc:
        gc.set_antialias(False)
        gc.set_stroke_color(rgba(colour, alpha))
        gc.set_line_width(width)
        gc.set_line_dash(dash)
        gc.begin_path()
        for x, y, x2, y2 in segments:
            gc.move_to(round(x), round(y))
            gc.line_to(round(x2), round(y2))
        gc.stroke_path()


def fill_rect(
    gc: Any, x: float, y: float, width: float, height: float, colour: str, alpha: float = 1.0
) -> None:
    """Fill a rectangle, in pixels."""
    with gc:
        gc.set_antialias(False)
        gc.set_fill_color(rgba(colour, alpha))
        gc.draw_rect((x, y, width, height), FILL)


def frame_rect(
    gc: Any, x: float, y: float, width: float, height: float, colour: str, line: float = 1.0
) -> None:
    """Draw the outline of a rectangle, in pixels."""
    right, top = x + width, y + height
    corners = ((x, y, right, y), (right, y, right, top), (right, top, x, top), (x, top, x, y))
    draw_lines(gc, corners, colour, width=line)


def polyline(gc: Any, points: np.ndarray) -> None:
    """Draw a line through points with the stroke that is set.

    On a QPainter the points go over as blocks of memory: Kiva's own way, a call a
    point, takes longer than the drawing.  Qt's stroker needs time with the square of
    the length where a line crosses itself, a hundred milliseconds for a noisy curve:
    a calm one is drawn in short pieces, a noisy one as several lines of one pixel side
    by side, for which Qt needs no stroker.

    Parameters
    ----------
    gc
        The Kiva context.
    points
        Pixels, shape (n, 2).
    """
    painter = getattr(gc, "gc", None)
    if not isinstance(painter, QtGui.QPainter):
        gc.begin_path()
        gc.lines(points)
        gc.stroke_path()
        return
    scale = _pixels_a_unit(painter)
    width = painter.pen().widthF() * scale
    if width <= 1:
        painter.drawPolyline(_polygon(points))
    elif len(points) < 3 or np.abs(np.diff(points[:, 1])).mean() < _NOISY:
        for start in range(0, len(points) - 1, _PIECE):
            painter.drawPolyline(_polygon(points[start : start + _PIECE + 1]))
    else:
        _draw_thin_lines(painter, _polygon(points), width, scale)


def _draw_thin_lines(
    painter: QtGui.QPainter, polygon: QtGui.QPolygonF, width: float, scale: float
) -> None:
    """Draw a line *width* pixels wide as lines of a pixel, *scale* pixels being a unit."""
    pen = painter.pen()
    thin = QtGui.QPen(pen)
    thin.setWidthF(0.999 / scale)
    painter.setPen(thin)
    reach = (width - 1) / 2 / scale
    for offset in np.linspace(-reach, reach, math.ceil(width) + 1):
        painter.drawPolyline(polygon.translated(offset, offset))
    painter.setPen(pen)


def _polygon(points: np.ndarray) -> QtGui.QPolygonF:
    """Give points, shape (n, 2), as Qt wants them."""
    polygon = QtGui.QPolygonF(len(points))
    memory = polygon.data()
    memory.setsize(len(points) * 16)
    np.frombuffer(memory, dtype=np.float64).reshape(-1, 2)[:] = points
    return polygon


def _pixels_a_unit(painter: QtGui.QPainter) -> float:
    """Give how many pixels of the device a unit is; 0 where it has none (SVG, PDF)."""
    engine, device = painter.paintEngine(), painter.device()
    if engine is None or engine.type() != QtGui.QPaintEngine.Type.Raster:
        return 0.0
    return abs(painter.worldTransform().m11()) * float(device.devicePixelRatioF())
