# SPDX-License-Identifier: GPL-3.0-or-later
"""The status bar: the state as a dot and text, work in progress, the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any as AnyType
from typing import Final

from pyface.qt import QtCore, QtGui
from traitsui.api import BasicEditorFactory

from wattui.ui.widgets.status_details import StatusDetails
from wattui.ui.widgets.task_bar import ElidedLabel, Task, TaskBar
from wattui.ui.widgets.widget_editor import WidgetEditor

#: Separates two parts.
BETWEEN = "   ·   "

#: Pixels down to which the words on the state shrink; the same beside work in progress.
_FIRM = 560
_FIRM_BESIDE_TASK = 240


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


#: Margins, dot and spaces of the bar, and the least width of its right end, in pixels.
_AROUND: Final = 90
_LEAST_RIGHT: Final = 24


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
        self.left = ElidedLabel(_FIRM)
        self.message = ElidedLabel()
        self.message.setProperty("look", "small")
        self.right = ElidedLabel()
        self.right.setProperty("look", "small")
        self.details = StatusDetails(self)
        self.task = TaskBar()
        layout.addWidget(self.dot)
        layout.addWidget(self.left)
        layout.addSpacing(8)
        layout.addWidget(self.message)
        layout.addWidget(self.task)
        layout.addStretch(1)
        layout.addWidget(self.right)

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        """Share the new width."""
        super().resizeEvent(event)
        self._give_way()

    def _give_way(self) -> None:
        """Shorten the name of the file before the state, the samples and the gaps."""
        beside = self.message if self.task.isHidden() else self.task
        taken = self.left.sizeHint().width() + beside.sizeHint().width() + _AROUND
        self.right.setMaximumWidth(max(self.width() - taken, _LEAST_RIGHT))

    def show_status(self, status: Status, palette: AnyType) -> None:
        """Show another state."""
        self.dot.set_colour(getattr(palette, status.dot, ""))
        self.left.show_text(BETWEEN.join((status.words, *status.left)))
        self.right.show_text(BETWEEN.join(status.right))
        self._give_way()
        folder = str(Path(status.path).parent) if status.path else ""
        self.right.show_link(f"In {folder}; click to show the folder" if folder else "")
        self.left.show_link("Click to show the health of the recording" if status.details else "")
        self.details.show_lines(status.details)

    def show_message(self, text: str) -> None:
        """Show another message, for which the name of the file gives way."""
        self.message.show_text(text)
        self._give_way()

    def show_details(self) -> None:
        """Show how the recording is doing."""
        self.details.open_above(self)

    def show_task(self, task: Task | None) -> None:
        """Show the progress of the work in the background; None for no work."""
        self.task.show_task(task)
        self.message.setVisible(task is None)
        self.left.set_firm(_FIRM if task is None else _FIRM_BESIDE_TASK)
        self._give_way()


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
        self.control.show_message(self.object.message)


class StatusEditor(BasicEditorFactory):
    """Editor of a :class:`Status`, for an object with ``palette``, ``task``, ``message``."""

    klass = _StatusEditor
