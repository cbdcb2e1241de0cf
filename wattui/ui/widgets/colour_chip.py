# SPDX-License-Identifier: GPL-3.0-or-later
"""The small square in lists that shows the colour of a curve or a span."""

from __future__ import annotations

from pyface.qt import QtCore, QtGui


def colour_chip(colour: str) -> QtGui.QPixmap:
    """Return a square of a colour, ``#rrggbb``; an empty one for ``""``."""
    chip = QtGui.QPixmap(12, 12)
    chip.fill(QtCore.Qt.GlobalColor.transparent)
    if colour:
        painter = QtGui.QPainter(chip)
        painter.fillRect(0, 1, 11, 10, QtGui.QColor(colour))
        painter.end()
    return chip
