# SPDX-License-Identifier: GPL-3.0-or-later
"""The content of the plot area before there is anything to plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyface.qt import QtCore, QtGui
from traitsui.api import BasicEditorFactory

from wattui.ui.widgets.plain_text import PlainLabel
from wattui.ui.widgets.widget_editor import WidgetEditor
from wattui.ui.window.actions import ACTION
from wattui.ui.window.display_values import Place

#: What a window without a meter shows.
EMPTY_TITLE: Final = "No meter yet"
EMPTY_TEXT: Final = "Plug in a Watts up? and pick its port, or try the simulated meter"

#: What a window whose meter could not be connected shows, below the line with the reason.
FAILED_TITLE: Final = "Not connected"
FAILED_TEXT: Final = "Try again, pick another port, or try the simulated meter"

#: The least room for it, and the height below which it has no drawing, in pixels.
LEAST: Final = (260, 240)
LOW: Final = 400

#: Its buttons: the names of actions, and labels.
EMPTY_BUTTONS: Final = (
    ("simulate", "Simulated meter"),
    ("sessions", "Open a session"),
    ("missing_port", "My port is missing"),
)


class Plug(QtGui.QWidget):
    """A drawing of a plug and its socket: joined while connecting."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedSize(128, 64)
        self._joined = False

    def set_joined(self, joined: bool) -> None:
        """Draw it joined or apart."""
        if joined != self._joined:
            self._joined = joined
            self.update()

    def paintEvent(self, _event: QtGui.QPaintEvent) -> None:
        """Draw both in thin lines."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        line = palette.color(QtGui.QPalette.ColorRole.PlaceholderText)
        if self._joined:
            line = palette.color(QtGui.QPalette.ColorRole.Highlight)
        pen = QtGui.QPen(line, 2.0)
        pen.setCapStyle(QtCore.Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        apart = 3.0 if self._joined else 11.0
        middle, y = 64.0, 32.0
        left = QtGui.QPainterPath(QtCore.QPointF(8, y))
        left.lineTo(middle - apart - 26, y)
        painter.drawPath(left)
        painter.drawRoundedRect(QtCore.QRectF(middle - apart - 26, y - 14, 18, 28), 5, 5)
        for offset in (-6, 6):
            start = middle - apart - 8
            painter.drawLine(
                QtCore.QPointF(start, y + offset), QtCore.QPointF(start + 8, y + offset)
            )
        right = middle + apart
        painter.drawRoundedRect(QtCore.QRectF(right, y - 18, 26, 36), 7, 7)
        painter.drawLine(QtCore.QPointF(right + 26, y), QtCore.QPointF(120, y))
        painter.end()


class Placard(QtGui.QWidget):
    """The control: a title, a sentence and up to three buttons in the centre."""

    #: A button was clicked: the name of its action.
    clicked = QtCore.Signal(str)

    def __init__(self, without: Sequence[str] = ()) -> None:
        super().__init__()
        self._offered = [one for one in EMPTY_BUTTONS if one[0] not in without]
        centre = QtCore.Qt.AlignmentFlag.AlignHCenter
        layout = QtGui.QVBoxLayout(self)
        layout.setSpacing(8)
        self.plug = Plug()
        self.title = PlainLabel()
        self.title.setProperty("look", "title")
        self.text = PlainLabel()
        self.text.setProperty("look", "lead")
        for label in (self.title, self.text):
            label.setAlignment(centre)
            label.setWordWrap(True)
        layout.addStretch(3)
        layout.addWidget(self.plug, 0, centre)
        layout.addSpacing(4)
        layout.addWidget(self.title)
        layout.addWidget(self.text)
        layout.addSpacing(16)
        layout.addWidget(self._button_row())
        layout.addStretch(4)
        # It needs less than its layout says: see resizeEvent.
        self.setMinimumSize(*LEAST)

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        """Put the buttons in a column where it is narrow; leave out the drawing where it is low."""
        super().resizeEvent(event)
        row, margins = self.row.layout(), self.layout().contentsMargins()
        widths = [button.sizeHint().width() + row.spacing() for button in self.buttons.values()]
        narrow = sum(widths) + margins.left() + margins.right() > self.width()
        ways = QtGui.QBoxLayout.Direction
        row.setDirection(ways.TopToBottom if narrow else ways.LeftToRight)
        self.plug.setVisible(self.height() >= LOW)

    def _button_row(self) -> QtGui.QWidget:
        self.row = QtGui.QWidget()
        row = QtGui.QHBoxLayout(self.row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addStretch(1)
        self.buttons: dict[str, QtGui.QPushButton] = {}
        for name, text in self._offered:
            button = QtGui.QPushButton(text)
            button.setAutoDefault(False)
            button.setProperty("role", "large" if self.buttons else "large-primary")
            button.setToolTip(ACTION[name].hint)
            button.clicked.connect(lambda _on, name=name: self.clicked.emit(name))
            self.buttons[name] = button
            row.addWidget(button)
        row.addStretch(1)
        return self.row

    def show_place(self, place: Place, text: str) -> None:
        """Show the possible actions, or *text* while connecting."""
        titles = {
            Place.EMPTY: (EMPTY_TITLE, EMPTY_TEXT),
            Place.FAILED: (FAILED_TITLE, FAILED_TEXT),
        }
        empty = place in titles
        self.plug.set_joined(not empty)
        title, words = titles.get(place, ("Connecting", text))
        self.title.setText(title)
        self.text.setText(words)
        # The row keeps its height, so that nothing above it moves.
        for button in self.buttons.values():
            button.setVisible(empty)
        self.row.setMinimumHeight(40)


class _PlacardEditor(WidgetEditor):
    """Shows the model's ``place``; its buttons perform actions."""

    watched = "connecting_text"

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        placard = Placard(("sessions",) if self.object.bench.temporary else ())
        placard.clicked.connect(lambda name: self.ui.handler.do(self.ui.info, name))
        return placard

    def update_editor(self) -> None:
        """Show the text for the place."""
        self.control.show_place(self.value, self.object.connecting_text)


class PlacardEditor(BasicEditorFactory):
    """Editor of a place, for an object with a ``connecting_text``."""

    klass = _PlacardEditor
