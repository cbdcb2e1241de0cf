# SPDX-License-Identifier: GPL-3.0-or-later
"""The status bar: the state as a dot and text, work in progress, the file."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any as AnyType

from pyface.qt import QtCore, QtGui
from traitsui.api import BasicEditorFactory

from wattui.ui.widgets.status_details import StatusDetails
from wattui.ui.widgets.widget_editor import WidgetEditor

#: Separates two parts.
BETWEEN = "   ·   "

#: Least time between two reports of progress, in seconds.
REPORT_TIME = 0.1


@dataclass(frozen=True, slots=True)
class Status:
    """What the status bar shows while no work is in progress."""

    #: Colour of the dot: a name of the palette.
    dot: str = "muted"
    words: str = "No meter yet"
    #: What follows the words, and what is at the right.
    left: tuple[str, ...] = ()
    right: tuple[str, ...] = ()
    #: The file of the session; a click on its name shows its folder.
    path: str = ""
    #: How the recording is doing: pairs of a name and a text, which a click on the words shows.
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Task:
    """Work in the background: what it is, its progress, and how to cancel it."""

    text: str
    done: int = 0
    total: int = 0
    cancel: Callable[[], None] | None = None
    #: What *Cancel* does.
    tip: str = "Cancel this; nothing is left behind"

    @property
    def permille(self) -> int:
        """Its progress, 0 to 1000."""
        return min(1000, 1000 * self.done // self.total) if self.total > 0 else 0


class ProgressPacer:
    """Passes a worker's progress on to the main thread, ten times per second at most.

    Parameters
    ----------
    post
        Runs a call on the main thread.
    show
        Called there with how much is done, and of how much.
    """

    def __init__(
        self, post: Callable[[Callable[[], None]], None], show: Callable[[int, int], None]
    ) -> None:
        self._post = post
        self._show = show
        self._reported = -math.inf

    def report(self, done: int, total: int) -> None:
        """Report progress.  Called on the worker."""
        now = time.monotonic()
        if now - self._reported >= REPORT_TIME or done == total:
            self._reported = now
            self._post(lambda: self._show(done, total))


class Dot(QtGui.QWidget):
    """The state as a coloured dot."""

    def __init__(self) -> None:
        super().__init__()
        self._colour = ""
        self.setFixedSize(10, 10)

    def set_colour(self, colour: str) -> None:
        """Set its colour, as ``#rrggbb``."""
        if colour != self._colour:
            self._colour = colour
            self.update()

    @property
    def colour(self) -> str:
        """Its colour."""
        return self._colour

    def paintEvent(self, _event: QtGui.QPaintEvent) -> None:
        """Draw the dot."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        painter.setBrush(QtGui.QColor(self._colour))
        painter.drawEllipse(self.rect())
        painter.end()


class ElidedLabel(QtGui.QLabel):
    """A label that can shrink: a text that does not fit is elided, and is in the tooltip."""

    #: It was clicked.
    clicked = QtCore.Signal()

    def __init__(self, firm: int = 40) -> None:
        super().__init__()
        self._full = ""
        self._tip = ""
        self._firm = firm
        policy = QtGui.QSizePolicy.Policy
        self.setSizePolicy(policy.Preferred, policy.Preferred)

    def show_text(self, text: str) -> None:
        """Show another text."""
        if text != self._full:
            self._full = text
            self.updateGeometry()
            self._elide()

    def show_link(self, tip: str) -> None:
        """Show that a click does something, and what; an empty text for a mere label."""
        if tip != self._tip:
            self._tip = tip
            shape = QtCore.Qt.CursorShape
            self.setCursor(shape.PointingHandCursor if tip else shape.ArrowCursor)
            self._elide()

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        """Take a press, so that its release comes here too."""
        event.setAccepted(bool(self._tip))

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent) -> None:
        """Signal a click."""
        super().mouseReleaseEvent(event)
        inside = self.rect().contains(event.pos())
        if self._tip and inside and event.button() == QtCore.Qt.MouseButton.LeftButton:
            self.clicked.emit()

    @property
    def full_text(self) -> str:
        """The whole text."""
        return self._full

    def sizeHint(self) -> QtCore.QSize:
        """Return the size of the whole text."""
        size = super().sizeHint()
        size.setWidth(self.fontMetrics().horizontalAdvance(self._full) + 4)
        return size

    def minimumSizeHint(self) -> QtCore.QSize:
        """Return the size down to which it shrinks; labels with a smaller one shrink first."""
        size = self.sizeHint()
        size.setWidth(min(size.width(), self._firm))
        return size

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        """Fit the text into the new width."""
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        mode = QtCore.Qt.TextElideMode.ElideRight
        fitting = self.fontMetrics().elidedText(self._full, mode, self.width())
        self.setText(fitting)
        whole = self._full if fitting != self._full else ""
        self.setToolTip("\n".join(text for text in (whole, self._tip) if text))


class StatusBar(QtGui.QWidget):
    """The control."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Status")
        layout = QtGui.QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(8)
        self.setFixedHeight(30)
        self.dot = Dot()
        self.left = ElidedLabel(firm=560)
        self.message = ElidedLabel()
        self.message.setProperty("look", "small")
        self.right = ElidedLabel()
        self.right.setProperty("look", "small")
        self.details = StatusDetails(self)
        self._cancel: Callable[[], None] | None = None
        layout.addWidget(self.dot)
        layout.addWidget(self.left)
        layout.addSpacing(8)
        layout.addWidget(self.message)
        layout.addWidget(self._task_widget())
        layout.addStretch(1)
        layout.addWidget(self.right)

    def _task_widget(self) -> QtGui.QWidget:
        self.task = QtGui.QWidget()
        row = QtGui.QHBoxLayout(self.task)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.task_text = QtGui.QLabel()
        self.progress = QtGui.QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(160)
        self.progress.setRange(0, 1000)
        self.cancel = QtGui.QPushButton("Cancel")
        self.cancel.setAutoDefault(False)
        self.cancel.clicked.connect(self._cancel_clicked)
        for widget in (self.task_text, self.progress, self.cancel):
            row.addWidget(widget)
        self.task.hide()
        return self.task

    def _cancel_clicked(self) -> None:
        if self._cancel is not None:
            self._cancel()

    def show_status(self, status: Status, palette: AnyType) -> None:
        """Show another state."""
        self.dot.set_colour(getattr(palette, status.dot, ""))
        self.left.show_text(BETWEEN.join((status.words, *status.left)))
        self.right.show_text(BETWEEN.join(status.right))
        folder = str(Path(status.path).parent) if status.path else ""
        self.right.show_link(f"In {folder}; click to show the folder" if folder else "")
        self.left.show_link("Click to show the health of the recording" if status.details else "")
        self.details.show_lines(status.details)

    def show_details(self) -> None:
        """Show how the recording is doing."""
        self.details.open_above(self)

    def show_task(self, task: Task | None) -> None:
        """Show the progress of the work in the background; None for no work."""
        self.task.setVisible(task is not None)
        self.message.setVisible(task is None)
        if task is None:
            self._cancel = None
            return
        self._cancel = task.cancel
        self.cancel.setVisible(task.cancel is not None)
        self.cancel.setToolTip(task.tip)
        self.task_text.setText(task.text)
        self.progress.setRange(0, 1000 if task.total else 0)
        self.progress.setValue(task.permille)


class _StatusEditor(WidgetEditor):
    """Shows the model's ``status``, ``task`` and ``message``."""

    watched = "[palette,task,message]"

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        bar = StatusBar()
        # A subclass of QWidget draws the background of its style sheet only with this.
        bar.setAttribute(QtCore.Qt.WidgetAttribute.WA_StyledBackground)
        bar.setObjectName("statusBar")
        bar.right.clicked.connect(lambda: self.ui.handler.do(self.ui.info, "show_folder"))
        bar.left.clicked.connect(lambda: self.ui.handler.do(self.ui.info, "health"))
        return bar

    def update_editor(self) -> None:
        """Show all of it."""
        self.control.show_status(self.value, self.object.palette)
        self.control.show_task(self.object.task)
        self.control.message.show_text(self.object.message)


class StatusEditor(BasicEditorFactory):
    """Editor of a :class:`Status`, for an object with ``palette``, ``task``, ``message``."""

    klass = _StatusEditor
