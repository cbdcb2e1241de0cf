# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws text, lines and shaded areas for the plots of the window and the figures.

All of it draws with Qt, on the ``QPainter`` of a Kiva context.  Kiva's own painter is upside
down, which costs text its hinting: letters become blurred, and closer together than measured.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from pyface.qt import QtCore, QtGui

from wattui.measurement.text import printable, shortened_text
from wattui.ui.theme.palette import Palette, mix


@dataclass(frozen=True, slots=True)
class Lettering:
    """The program's font in one size."""

    #: In points for the window; in pixels of the page for a figure.
    size: int
    bold: bool = False
    #: Whether the text is part of a figure, which looks the same at any resolution.
    for_figure: bool = False


#: Labels of the axes in the window, and small text.
AXIS: Final = Lettering(9)
SMALL: Final = Lettering(8)

#: How much of a meter's colour is in the shade of its gaps, where there are several meters.
_GAP_SHARE: Final = 0.22

#: The longest text of a mark, in characters.
_LONGEST_MARK: Final = 40

#: How many widths are cached: the labels of clock times never repeat.
_MOST_WIDTHS: Final = 4000

_WIDTHS: dict[tuple[str, Lettering], float] = {}


@cache
def _font(lettering: Lettering) -> tuple[QtGui.QFont, QtGui.QFontMetricsF]:
    """Return the font and its metrics."""
    font = QtGui.QFont(QtGui.QApplication.font())
    if lettering.for_figure:
        font = QtGui.QFont(font.family())
        font.setPixelSize(lettering.size)
        # Letters stay where they are at any scale.
        font.setHintingPreference(QtGui.QFont.HintingPreference.PreferNoHinting)
    else:
        font.setPointSizeF(lettering.size)
    font.setBold(lettering.bold)
    return font, QtGui.QFontMetricsF(font)


def text_width(text: str, lettering: Lettering = AXIS) -> float:
    """Return the width of a text, in pixels."""
    text = printable(text)
    key = (text, lettering)
    if key not in _WIDTHS:
        if len(_WIDTHS) >= _MOST_WIDTHS:
            _WIDTHS.clear()
        _WIDTHS[key] = float(_font(lettering)[1].horizontalAdvance(text))
    return _WIDTHS[key]


def elided_text(text: str, room: float, lettering: Lettering) -> str:
    """Return a text no wider than *room*, shortened if necessary."""
    shown = printable(text)
    return shortened_text(shown, lambda shorter: text_width(shorter, lettering) <= room)


def draw_text(
    gc: Any,
    text: str,
    x: float,
    y: float,
    colour: str,
    lettering: Lettering = AXIS,
    align: float = 0.0,
) -> float:
    """Write a text with its base line at *y* and return its width, in pixels.

    Parameters
    ----------
    gc
        The Kiva context.
    text
        One line.
    x, y
        Position in pixels; *x* is the left end, middle or right end, depending on *align*.
    colour
        ``#rrggbb``.
    lettering
        The font.
    align
        0 for left, 0.5 for centred, 1 for right.
    """
    text = printable(text)
    width = text_width(text, lettering)
    painter = gc.gc
    upside_down = painter.worldTransform()
    at = upside_down.map(QtCore.QPointF(x - align * width, y))
    across, up = at.x(), at.y()
    if painter.paintEngine().type() == QtGui.QPaintEngine.Type.Raster:
        # On whole pixels letters are sharper.
        across, up = round(across), round(up)
    scale = (abs(upside_down.m11()), abs(upside_down.m22()))
    painter.setWorldTransform(QtGui.QTransform(scale[0], 0.0, 0.0, scale[1], across, up))
    painter.setFont(_font(lettering)[0])
    painter.setPen(QtGui.QColor(colour))
    painter.drawText(QtCore.QPointF(0.0, 0.0), text)
    painter.setWorldTransform(upside_down)
    return width


def _qt_colour(colour: str, alpha: float) -> QtGui.QColor:
    found = QtGui.QColor(colour)
    found.setAlphaF(alpha)
    return found


@contextlib.contextmanager
def _sharp(painter: QtGui.QPainter) -> Iterator[None]:
    """Draw without antialiasing, and restore the painter's state afterwards."""
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
    dash: Sequence[float] = (),
) -> None:
    """Draw straight, sharp lines from (x, y) to (x, y), in pixels."""
    pen = QtGui.QPen(_qt_colour(colour, alpha), width)
    pen.setCapStyle(QtCore.Qt.PenCapStyle.FlatCap)
    if dash:
        pen.setDashPattern(list(dash))
    lines = [QtCore.QLineF(*(round(end) for end in segment)) for segment in segments]
    with _sharp(gc.gc):
        gc.gc.setPen(pen)
        gc.gc.drawLines(lines)


def fill_rect(
    gc: Any, x: float, y: float, width: float, height: float, colour: str, alpha: float = 1.0
) -> None:
    """Fill a rectangle, in pixels."""
    with _sharp(gc.gc):
        gc.gc.fillRect(QtCore.QRectF(x, y, width, height), _qt_colour(colour, alpha))


def frame_rect(
    gc: Any, x: float, y: float, width: float, height: float, colour: str, line: float = 1.0
) -> None:
    """Draw the outline of a rectangle, in pixels."""
    right, top = x + width, y + height
    corners = ((x, y, right, y), (right, y, right, top), (right, top, x, top), (x, top, x, y))
    draw_lines(gc, corners, colour, width=line)


def gap_shade(palette: Palette, colour: str) -> str:
    """Return the shade of the gaps of a meter with a colour, or of the only one."""
    return mix(palette.plot, colour, _GAP_SHARE) if colour else palette.gap


def draw_arrow(gc: Any, x: float, y: float, base: float, colour: str) -> None:
    """Fill a triangle with its tip at (x, y) and its base so far above it, or below it."""
    painter = gc.gc
    painter.save()
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    painter.setBrush(QtGui.QColor(colour))
    corners = ((x, y), (x - abs(base), y + base), (x + abs(base), y + base))
    painter.drawPolygon(QtGui.QPolygonF([QtCore.QPointF(*corner) for corner in corners]))
    painter.restore()


def draw_gaps(
    gc: Any,
    plot: Any,
    gaps: np.ndarray,
    palette: Palette,
    colour: str = "",
    lane: tuple[int, int] = (0, 1),
) -> None:
    """Shade where records are missing: a field of colour, never a line at a value.

    The shading is not transparent, since not every printer supports transparency.

    Parameters
    ----------
    gc
        The Kiva context.
    plot
        The rectangle of the plot: has ``x``, ``y``, ``x2``, ``y2`` and ``height``.
    gaps
        Where the gaps begin and end, in pixels, shape (k, 2).
    palette
        The colours.
    colour
        The meter's, where there are several.
    lane
        Number of the lane from the top, and how many lanes share the height: one per meter
        with gaps in view.
    """
    shade = gap_shade(palette, colour)
    number, count = lane
    y, top = (round(plot.y + plot.height * (1 - (number + n) / count)) for n in (1, 0))
    height = top - y
    for left, right in gaps:
        if right > plot.x and left < plot.x2:
            left, right = max(left, plot.x), min(right, plot.x2)
            fill_rect(gc, left, y, max(right - left, 1.0), height, shade)


def draw_marks(
    gc: Any,
    plot: Any,
    marks: Iterable[tuple[float, str]],
    palette: Palette,
    lettering: Lettering,
    *,
    words: bool,
) -> None:
    """Draw marks as thin lines, and their text where it does not overlap.

    This is done before the curves: neither hides one.

    Parameters
    ----------
    gc
        The Kiva context.
    plot
        The rectangle of the plot: has ``x``, ``y``, ``x2`` and ``y2``.
    marks
        Place in pixels, and text.
    palette, lettering
        Colours and font.
    words
        Whether the text is written at all.
    """
    seen = sorted(mark for mark in marks if plot.x <= mark[0] <= plot.x2)
    lines = [(x, plot.y, x, plot.y2) for x, _text in seen]
    draw_lines(gc, lines, palette.text, alpha=0.55, dash=(3.0, 3.0))
    free, y = plot.x, plot.y2 - 14
    for x, text in seen if words else ():
        shown = text if len(text) <= _LONGEST_MARK else f"{text[: _LONGEST_MARK - 1]}…"
        width = text_width(shown, lettering)
        left = min(x + 5, plot.x2 - width - 4)
        if shown and left >= free:
            draw_text(gc, shown, left, y, palette.text, lettering)
            free = left + width + 8
