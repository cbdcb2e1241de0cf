# SPDX-License-Identifier: GPL-3.0-or-later
"""Work in the background: what it is, how far it is, and a button that cancels it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pyface.qt import QtCore, QtGui
from traitsui.api import BasicEditorFactory

from wattui.measurement.text import printable, shortened_text
from wattui.ui.widgets.plain_text import PlainLabel, plain_tip
from wattui.ui.widgets.widget_editor import WidgetEditor

#: Limits of the width of the bar, and the width down to which the text shrinks, in pixels.
_BAR = (80, 160)
_TEXT = 240


@dataclass(frozen=True, slots=True)
class Task:
    """Work in the background: what it is, its progress, and how to cancel it."""

    text: str
    done: int = 0
    total: int = 0
    cancel: Callable[[], None] | None = None
    #: What *Cancel* does.
    tip: str = "Cancel this; nothing is left behind"
    #: What closing the window would end, as in ``the export``, and what would be lost, as a
    #: sentence; empty if nothing would be.
    name: str = ""
    loss: str = ""

    @property
    def permille(self) -> int:
        """Its progress, 0 to 1000."""
        return min(1000, 1000 * self.done // self.total) if self.total > 0 else 0


class ElidedLabel(PlainLabel):
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
        text = printable(text)
        if text != self._full:
            self._full = text
            self.updateGeometry()
            self._elide()

    def set_firm(self, firm: int) -> None:
        """Set the width down to which it shrinks, in pixels."""
        if firm != self._firm:
            self._firm = firm
            self.updateGeometry()

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
        advance, width = self.fontMetrics().horizontalAdvance, self.width()
        fitting = shortened_text(self._full, lambda text: advance(text) <= width)
        self.setText(fitting)
        whole = self._full if fitting != self._full else ""
        self.setToolTip(plain_tip("\n".join(text for text in (whole, self._tip) if text)))


class TaskBar(QtGui.QWidget):
    """The control: text, bar and *Cancel*; hidden while there is no work.

    With *wide*, the bar takes all the room that there is.
    """

    #: Work begins; it is over, and whether *Cancel* had the focus.
    begun = QtCore.Signal()
    over = QtCore.Signal(bool)

    def __init__(self, *, wide: bool = False) -> None:
        super().__init__()
        self.setAccessibleName("Work in progress")
        row = QtGui.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.text = ElidedLabel(_TEXT)
        self.progress = QtGui.QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setMinimumWidth(_BAR[0])
        if not wide:
            self.progress.setMaximumWidth(_BAR[1])
        self.cancel = QtGui.QPushButton("Cancel")
        self.cancel.setAutoDefault(False)
        self.cancel.clicked.connect(self._cancel_clicked)
        self._cancel: Callable[[], None] | None = None
        for widget in (self.text, self.progress, self.cancel):
            row.addWidget(widget)
        self.hide()

    def _cancel_clicked(self) -> None:
        if self._cancel is not None:
            self._cancel()

    def show_task(self, task: Task | None) -> None:
        """Show the progress of some work; None for no work."""
        focused = self.window().focusWidget() is self.cancel
        shown = not self.isHidden()
        self.setVisible(task is not None)
        if task is None:
            self._cancel = None
            if shown:
                self.over.emit(focused)
            return
        if not shown:
            self.begun.emit()
        self._cancel = task.cancel
        self.cancel.setVisible(task.cancel is not None)
        self.cancel.setToolTip(plain_tip(task.tip))
        self.text.show_text(task.text)
        self.progress.setAccessibleName(task.text)
        self.progress.setRange(0, 1000 if task.total else 0)
        self.progress.setValue(task.permille)


class _TaskEditor(WidgetEditor):
    """Shows a :class:`Task`."""

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        return TaskBar(wide=True)

    def update_editor(self) -> None:
        """Show it."""
        self.control.show_task(self.value)


class TaskEditor(BasicEditorFactory):
    """Editor of a :class:`Task`, or of None."""

    klass = _TaskEditor
