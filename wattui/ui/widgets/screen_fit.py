# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows that fit the screen: their size, their place, and what scrolls inside."""

from __future__ import annotations

import weakref
from typing import Any, Final

from pyface.qt import QtCore, QtGui
from PyQt5 import sip

#: Room for the frame that the desktop draws around a window, in pixels: across and down.
FRAME: Final = (8, 40)

#: Where a window's inside begins in its frame: the title is above it.
_INSIDE: Final = (FRAME[0] // 2, FRAME[1] - FRAME[0] // 2)

#: How often a window that opens grows: a bar makes what scrolls narrower, and so higher.
_GROWTHS: Final = 2

#: The least height of what scrolls.
_LEAST_HEIGHT: Final = 60


def available(window: QtGui.QWidget) -> QtCore.QRect:
    """Return the part of the screen that a window may cover, in pixels."""
    parent = window.parentWidget()
    screen = (parent.window() if parent is not None else window).screen()
    return screen.availableGeometry()


class _LowContent(QtGui.QWidget):
    """A content that is as low as it can be: what scrolls within it gives way first."""

    def heightForWidth(self, width: int) -> int:
        """Return the least height for a width."""
        return int(self.layout().minimumHeightForWidth(width))


class ScrollArea(QtGui.QScrollArea):
    """Shows a widget at its full size if there is room, and scrolls it otherwise."""

    #: All of them.  To look for them among all widgets of a window takes a millisecond.
    every: Final[weakref.WeakSet[ScrollArea]] = weakref.WeakSet()

    def __init__(self, content: QtGui.QWidget) -> None:
        super().__init__()
        self.every.add(self)
        self.setObjectName("scrolled")
        self.setFrameShape(QtGui.QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        # The window behind it is seen; its viewport would paint a ground of its own.
        self.viewport().setAutoFillBackground(False)
        self.setWidget(content)
        content.setAutoFillBackground(False)

    def sizeHint(self) -> QtCore.QSize:
        """Return the size of the whole content."""
        return self.widget().sizeHint()

    def minimumSizeHint(self) -> QtCore.QSize:
        """Return the width of the content: only the height gives way."""
        least = self.widget().minimumSizeHint()
        bar = self.verticalScrollBar().sizeHint().width()
        return QtCore.QSize(least.width() + bar, min(least.height(), _LEAST_HEIGHT))

    def missing(self) -> int:
        """Return how many pixels of height the content lacks; negative if it has some to spare."""
        content, width = self.widget(), self.viewport().width()
        least = content.minimumSizeHint().height()
        wraps = content.layout().hasHeightForWidth()
        tall = content.heightForWidth(width) if wraps else least
        return max(tall, least) - self.viewport().height()

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Report a content of another size to the window."""
        handled = super().eventFilter(watched, event)
        if event.type() == QtCore.QEvent.Type.LayoutRequest and watched is self.widget():
            self.updateGeometry()
        return handled


def scroll_above(layout: Any, fixed: int = 1, low: bool = False) -> ScrollArea:
    """Make everything in a vertical layout scroll, except its last items.

    Parameters
    ----------
    layout
        The layout of a window or group.
    fixed
        The number of items at its end that stay in place: its buttons.
    low
        Whether it contains something that scrolls itself, and gives way first.
    """
    content = _LowContent() if low else QtGui.QWidget()
    inner = QtGui.QVBoxLayout(content)
    inner.setContentsMargins(0, 0, 0, 0)
    inner.setSpacing(layout.spacing())
    for _ in range(layout.count() - fixed):
        stretch, item = layout.stretch(0), layout.takeAt(0)
        widget, alignment = item.widget(), item.alignment()
        if widget is not None:
            # While its old item exists, the new one would keep heights that are out of date.
            del item
            inner.addWidget(widget, stretch, alignment)
        elif item.layout() is not None:
            item.layout().setParent(None)
            inner.addLayout(item.layout(), stretch)
        else:
            inner.addItem(item)
    area = ScrollArea(content)
    layout.insertWidget(0, area, 1)
    return area


class _ScreenFit(QtCore.QObject):
    """Fits a window into its screen when it opens, and when its content grows."""

    def __init__(self, window: QtGui.QWidget) -> None:
        super().__init__(window)
        self._missing = 0
        window.installEventFilter(self)

    def eventFilter(self, window: Any, event: Any) -> bool:
        """Fit the window before it is seen."""
        kind = event.type()
        if kind == QtCore.QEvent.Type.Show and not event.spontaneous() and window.isWindow():
            _open(window)
            self._missing = _missing(window)
        elif kind == QtCore.QEvent.Type.LayoutRequest and window.isVisible():
            missing = _missing(window)
            height = min(window.height() + missing, _room(window).height())
            if missing > max(self._missing, 0) and height > window.height():
                window.resize(window.width(), height)
                _move(window, window.geometry().topLeft() - QtCore.QPoint(*_INSIDE))
            self._missing = _missing(window)
        return False


def fit_to_screen(window: QtGui.QWidget) -> None:
    """Keep a window inside its screen.

    It opens in the middle of its parent window, no larger than the screen, and grows with
    what scrolls inside as long as there is room.
    """
    _ScreenFit(window)


def _missing(window: QtGui.QWidget) -> int:
    window.layout().activate()
    areas = (one for one in ScrollArea.every if not sip.isdeleted(one))
    seen = (one for one in areas if window.isAncestorOf(one) and one.isVisibleTo(window))
    return max((one.missing() for one in seen), default=0)


def _room(window: QtGui.QWidget) -> QtCore.QSize:
    """Return the largest size that leaves room for the frame."""
    size = available(window).size()
    return QtCore.QSize(size.width() - FRAME[0], size.height() - FRAME[1])


def _open(window: QtGui.QWidget) -> None:
    if window.isMaximized() or window.isFullScreen():
        return
    room = _room(window)
    window.resize(window.size().boundedTo(room))
    for _ in range(_GROWTHS):
        missing = _missing(window)
        if missing > 0:
            window.resize(window.width(), min(window.height() + missing, room.height()))
    parent = window.parentWidget()
    around = parent.window().frameGeometry() if parent is not None else available(window)
    across = window.width() + FRAME[0]
    down = window.height() + FRAME[1]
    corner = around.center() - QtCore.QPoint(across // 2, down // 2)
    _move(window, corner)


def _move(window: QtGui.QWidget, corner: QtCore.QPoint) -> None:
    """Move a window, with its frame, inside the screen; its top is never above it."""
    space = available(window)
    left = min(corner.x(), space.right() + 1 - window.width() - FRAME[0])
    top = min(corner.y(), space.bottom() + 1 - window.height() - FRAME[1])
    # The frame is not known before the window is seen, so the place of its inside is set.
    corner = QtCore.QPoint(max(left, space.left()), max(top, space.top()))
    window.setGeometry(QtCore.QRect(corner + QtCore.QPoint(*_INSIDE), window.size()))
