# SPDX-License-Identifier: GPL-3.0-or-later
"""What a window writes, where, and which of its numbers are cut off.

Each widget is painted onto a device that only writes notes of texts.  So what Qt, a delegate, a
widget of ours or Chaco draws is seen alike, and a new widget is covered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from PyQt5 import QtCore, QtGui, QtWidgets

_Metric = QtGui.QPaintDevice

#: An ellipsis right behind a part of a number.
CUT = re.compile(r"[\d.,±]…")

#: How far a text may reach beyond its room, in pixels: the bearing of its last letter.
_SLACK = 1.5


@dataclass
class Drawn:
    """A text, and its place in its widget."""

    text: str
    place: QtCore.QRectF
    #: What is visible of the widget where it was drawn; None for all.
    clip: QtCore.QRectF | None


class _Notes(QtGui.QPaintEngine):
    def __init__(self):
        super().__init__(QtGui.QPaintEngine.AllFeatures)
        self.found = []

    def begin(self, _device):
        return True

    def end(self):
        return True

    def type(self):
        return QtGui.QPaintEngine.User

    def updateState(self, _state):
        pass

    def drawPixmap(self, *_what):
        pass

    drawImage = drawPath = drawLines = drawRects = drawPolygon = drawPixmap  # noqa: N815

    def drawTextItem(self, place, item):
        painter = self.painter()
        transform = painter.combinedTransform()
        # Digits do not reach up to the ascent.
        tall = 0.75 * item.ascent()
        box = QtCore.QRectF(place.x(), place.y() - tall, item.width(), tall)
        clip = painter.clipBoundingRect() if painter.hasClipping() else None
        if clip is not None:
            clip = transform.mapRect(clip)
        self.found.append(Drawn(item.text(), transform.mapRect(box), clip))


class _Device(QtGui.QPaintDevice):
    def __init__(self, size):
        super().__init__()
        self._size = size
        self.notes = _Notes()

    def paintEngine(self):
        return self.notes

    def metric(self, metric):
        known = {
            _Metric.PdmWidth: self._size.width(), _Metric.PdmHeight: self._size.height(),
            _Metric.PdmDepth: 32, _Metric.PdmDpiX: 96, _Metric.PdmDpiY: 96,
            _Metric.PdmPhysicalDpiX: 96, _Metric.PdmPhysicalDpiY: 96,
            _Metric.PdmDevicePixelRatio: 1, _Metric.PdmDevicePixelRatioScaled: 65536,
        }  # fmt: skip
        return known.get(metric, 1)


def drawn_texts(widget):
    """Return the texts that a widget itself draws, without its children."""
    device = _Device(widget.size())
    flags = QtWidgets.QWidget.RenderFlags(QtWidgets.QWidget.IgnoreMask)
    widget.render(device, QtCore.QPoint(), QtGui.QRegion(widget.rect()), flags)
    return [one for one in device.notes.found if one.text.strip()]


def visible_widgets(window):
    """Return a window and everything in it that can be seen."""
    return [
        one
        for one in [window, *window.findChildren(QtWidgets.QWidget)]
        if (one is window or one.isVisibleTo(window)) and not one.size().isEmpty()
    ]


def cut_numbers(window):
    """Return one sentence for each number of a window that is not seen whole."""
    found = []
    for widget in visible_widgets(window):
        texts = drawn_texts(widget)
        for one in texts:
            if CUT.search(one.text):
                found.append(f"{_name(widget)}: {one.text!r} is cut off")
            elif _counts(widget, one.text) and (problem := _hidden(widget, one, window)):
                found.append(f"{_name(widget)}: {one.text!r} {problem}")
        found += _overlaps(widget, texts)
    return found


def _counts(widget, text):
    """Return whether a text has a number that must be seen; a path in a field is scrolled."""
    typed = isinstance(widget, QtWidgets.QLineEdit) and len(text) > 20
    return bool(re.search(r"\d", text)) and not typed


def _name(widget):
    kind = type(widget).__name__
    parent = type(widget.parentWidget()).__name__
    return " ".join(filter(None, (parent, kind, widget.objectName(), widget.accessibleName())))


def _hidden(widget, one, window):
    """Return why a text is not seen whole; empty if it is."""
    if one.clip is not None and not _across(one.clip, one.place):
        return f"is at {_span(one.place)} of a cell at {_span(one.clip)}"
    place, inside = QtCore.QRectF(one.place), widget
    while True:
        room = QtCore.QRectF(inside.rect())
        area = _area_of(inside)
        scrolls = area is not None and area.horizontalScrollBar().maximum() > 0
        if not scrolls and not _across(room, place):
            return f"is at {_span(place)} of {room.width():.0f} pixels of {_name(inside)}"
        if area is not None:
            # Rows below are reached by scrolling; a half of one is meant to be seen.
            return ""
        if place.top() < room.top() - 3 or place.bottom() > room.bottom() + 3:
            return f"is at a height of {place.top():.0f} of {room.height():.0f} pixels"
        if inside is window:
            return ""
        place.translate(QtCore.QPointF(inside.pos()))
        inside = inside.parentWidget()


def _area_of(widget):
    """Return the scroll area whose viewport a widget is."""
    parent = widget.parentWidget()
    if isinstance(parent, QtWidgets.QAbstractScrollArea) and parent.viewport() is widget:
        return parent
    return None


def _across(room, place):
    return room.left() - _SLACK <= place.left() and place.right() <= room.right() + _SLACK


def _span(place):
    return f"{place.left():.0f} to {place.right():.0f}"


def _overlaps(widget, texts):
    """Return the numbers that another text of the same widget is written over."""
    found = []
    for number, one in enumerate(texts):
        # Selected text is drawn twice.
        for other in (other for other in texts[number + 1 :] if other.text != one.text):
            both = one.place.intersected(other.place)
            if both.width() > 2 and both.height() > 4 and re.search(r"\d", one.text + other.text):
                found.append(f"{_name(widget)}: {one.text!r} and {other.text!r} overlap")
    return found
