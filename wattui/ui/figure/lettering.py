# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of a figure: measured in its own pixels, whatever it is drawn on.

The window's text is measured in points of the screen; a figure has the same layout on
paper, in a drawing and at any resolution.
"""

from __future__ import annotations

from typing import Any, Final

from pyface.qt import QtCore, QtGui

#: Sizes in pixels of a figure.
TITLE: Final = 17
TEXT: Final = 12
SMALL: Final = 11

_FONTS: dict[tuple[int, bool], tuple[QtGui.QFont, QtGui.QFontMetricsF]] = {}


def _font(size: int, bold: bool) -> tuple[QtGui.QFont, QtGui.QFontMetricsF]:
    key = (size, bold)
    if key not in _FONTS:
        font = QtGui.QFont(QtGui.QApplication.font().family())
        font.setPixelSize(size)
        font.setBold(bold)
        # Letters stay where they are at any scale.
        font.setHintingPreference(QtGui.QFont.HintingPreference.PreferNoHinting)
        _FONTS[key] = font, QtGui.QFontMetricsF(font)
    return _FONTS[key]


def width(text: str, size: int = TEXT, bold: bool = False) -> float:
    """Give the width of a text, in pixels of the figure."""
    return float(_font(size, bold)[1].horizontalAdvance(text))


def fitted(text: str, room: float, size: int = TEXT, bold: bool = False) -> str:
    """Give a text that is no wider than *room*, shortened in the middle where it must be."""
    elided = _font(size, bold)[1].elidedText(text, QtCore.Qt.TextElideMode.ElideMiddle, room)
    return str(elided)


def write(
    gc: Any,
    text: str,
    x: float,
    y: float,
    colour: str,
    *,
    size: int = TEXT,
    bold: bool = False,
    align: float = 0.0,
) -> float:
    """Write a text with its base line at *y* and give its width, in pixels of the figure.

    Parameters
    ----------
    gc
        The Kiva context, on a QPainter.
    text
        One line.
    x, y
        Where; *x* is its left end, middle or right end by *align* (0, 0.5, 1).
    colour
        ``#rrggbb``.
    size, bold
        Of the font, in pixels of the figure.
    """
    wide = width(text, size, bold)
    painter = gc.gc
    # Kiva's painter is upside down.
    upside_down = painter.worldTransform()
    at = upside_down.map(QtCore.QPointF(x - align * wide, y))
    across, up = at.x(), at.y()
    if painter.paintEngine().type() == QtGui.QPaintEngine.Type.Raster:
        # On whole pixels letters are sharper.
        across, up = round(across), round(up)
    scale = (abs(upside_down.m11()), abs(upside_down.m22()))
    painter.setWorldTransform(QtGui.QTransform(scale[0], 0.0, 0.0, scale[1], across, up))
    painter.setFont(_font(size, bold)[0])
    painter.setPen(QtGui.QColor(colour))
    painter.drawText(QtCore.QPointF(0.0, 0.0), text)
    painter.setWorldTransform(upside_down)
    return wide
