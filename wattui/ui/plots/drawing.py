# SPDX-License-Identifier: GPL-3.0-or-later
"""Text and lines on a Kiva context: what all parts of the plots draw with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from kiva.api import SWISS, Font
from kiva.constants import FILL, WEIGHT_BOLD, WEIGHT_NORMAL
from pyface.qt import QtCore, QtGui

from wattui.ui.theme.palette import rgba

#: Sizes in points: axes, and what is small.
AXIS_SIZE: Final = 9
SMALL_SIZE: Final = 8

#: The height of a line of text, in pixels, on which the layout counts.
LINE_HEIGHT: Final = 15

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


def _colour(colour: str, alpha: float) -> QtGui.QColor:
    """Give a colour as Qt has it."""
    found = QtGui.QColor(colour)
    found.setAlphaF(alpha)
    return found


@contextlib.contextmanager
def _sharp(painter: QtGui.QPainter) -> Iterator[None]:
    """Draw without antialiasing; pen and all are afterwards what they were."""
    pen, hint = painter.pen(), QtGui.QPainter.RenderHint.Antialiasing
    smooth = bool(painter.renderHints() & hint)
    painter.setRenderHint(hint, False)
    try:
        yield
    finally:
        painter.setRenderHint(hint, smooth)
        painter.setPen(pen)


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
    painter = getattr(gc, "gc", None)
    if isinstance(painter, QtGui.QPainter) and dash is None:
        ends = [(round(x), round(y), round(x2), round(y2)) for x, y, x2, y2 in segments]
        pen = QtGui.QPen(_colour(colour, alpha), width)
        pen.setCapStyle(QtCore.Qt.PenCapStyle.FlatCap)
        with _sharp(painter):
            painter.setPen(pen)
            painter.drawLines([QtCore.QLineF(*line) for line in ends])
        return
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
    painter = getattr(gc, "gc", None)
    if isinstance(painter, QtGui.QPainter):
        with _sharp(painter):
            painter.fillRect(QtCore.QRectF(x, y, width, height), _colour(colour, alpha))
        return
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
