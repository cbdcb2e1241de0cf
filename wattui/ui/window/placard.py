# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen in place of the plots, and the lines above them that ask for attention."""

from __future__ import annotations

from typing import Final

from pyface.qt import QtCore, QtGui
from traits.api import Any
from traitsui.api import BasicEditorFactory
from traitsui.qt.editor import Editor

from wattui.ui.window.actions import tooltip
from wattui.ui.window.display_values import Notice

#: What a window without a meter says.
EMPTY_TITLE: Final = "No meter yet"
EMPTY_TEXT: Final = "Plug in a Watts up? and pick its port, or try the simulated meter"

#: Its buttons: what they do, and their labels.
EMPTY_BUTTONS: Final = (
    ("simulate", "Simulated meter"),
    ("open", "Open a session"),
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
    """The control: a title, a sentence and up to three buttons in the middle."""

    #: A button was clicked: the name of what it does.
    clicked = QtCore.Signal(str)

    def __init__(self) -> None:
        super().__init__()
        centre = QtCore.Qt.AlignmentFlag.AlignHCenter
        layout = QtGui.QVBoxLayout(self)
        layout.setSpacing(8)
        self.plug = Plug()
        self.title = QtGui.QLabel()
        self.title.setProperty("look", "title")
        self.text = QtGui.QLabel()
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

    def _button_row(self) -> QtGui.QWidget:
        self.row = QtGui.QWidget()
        row = QtGui.QHBoxLayout(self.row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addStretch(1)
        self.buttons: dict[str, QtGui.QPushButton] = {}
        for name, text in EMPTY_BUTTONS:
            button = QtGui.QPushButton(text)
            button.setAutoDefault(False)
            button.setProperty("role", "large" if self.buttons else "large-primary")
            button.setToolTip(tooltip(name))
            button.clicked.connect(lambda _on, name=name: self.clicked.emit(name))
            self.buttons[name] = button
            row.addWidget(button)
        row.addStretch(1)
        return self.row

    def show_place(self, place: str, text: str) -> None:
        """Show what fits the *place*: ``empty`` or ``connecting``."""
        empty = place == "empty"
        self.plug.set_joined(not empty)
        self.title.setText(EMPTY_TITLE if empty else "Connecting")
        self.text.setText(EMPTY_TEXT if empty else text)
        # Kept in the layout: what stands above must not jump when they go.
        for button in self.buttons.values():
            button.setVisible(empty)
        self.row.setMinimumHeight(40)


class NoticeBand(QtGui.QFrame):
    """One line above the plots."""

    def __init__(self, notice: Notice, clicked: object) -> None:
        super().__init__()
        self.notice = notice
        self.setProperty("notice", notice.kind)
        self.setAccessibleName(notice.text)
        layout = QtGui.QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 6, 6)
        layout.setSpacing(8)
        words = QtGui.QVBoxLayout()
        words.setSpacing(0)
        self.label = QtGui.QLabel(notice.text)
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        words.addWidget(self.label)
        if notice.hint:
            hint = QtGui.QLabel(notice.hint)
            hint.setWordWrap(True)
            hint.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
            words.addWidget(hint)
        layout.addLayout(words, 1)
        self.buttons: dict[str, QtGui.QPushButton] = {}
        for text, name in notice.buttons:
            button = QtGui.QPushButton(text)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _on, name=name: clicked(name))  # type: ignore[operator]
            self.buttons[name] = button
            layout.addWidget(button, 0, QtCore.Qt.AlignmentFlag.AlignVCenter)


class NoticeStack(QtGui.QWidget):
    """The control of the notices: as many bands as there are."""

    #: A button was clicked: the name of what it does.
    clicked = QtCore.Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._layout = QtGui.QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self.bands: list[NoticeBand] = []
        policy = QtGui.QSizePolicy.Policy
        self.setSizePolicy(policy.Preferred, policy.Maximum)
        self.hide()

    def show_notices(self, notices: list[Notice]) -> None:
        """Show these, and no others; a band whose words stay is kept."""
        if [band.notice for band in self.bands] == notices:
            return
        for band in self.bands:
            self._layout.removeWidget(band)
            band.hide()
            band.deleteLater()
        self.bands = [NoticeBand(notice, self.clicked.emit) for notice in notices]
        for band in self.bands:
            self._layout.addWidget(band)
        self.setVisible(bool(notices))


class _PlacardEditor(Editor):
    """Shows the model's ``place``; its buttons perform actions."""

    placard = Any()

    def init(self, parent: object) -> None:
        """Make the control."""
        self.control = self.placard = Placard()
        self.placard.clicked.connect(lambda name: self.ui.handler.do(self.ui.info, name))
        self.object.observe(self._changed, "connecting_text")
        self.update_editor()

    def dispose(self) -> None:
        """Let go of the model."""
        self.object.observe(self._changed, "connecting_text", remove=True)
        super().dispose()

    def update_editor(self) -> None:
        """Show what fits."""
        self.placard.show_place(self.value, self.object.connecting_text)

    def _changed(self, _event: object) -> None:
        self.update_editor()


class PlacardEditor(BasicEditorFactory):
    """Editor of a place, for an object that has a ``connecting_text`` too."""

    klass = _PlacardEditor


class _NoticesEditor(Editor):
    """Shows the model's notices; their buttons perform actions."""

    stack = Any()

    def init(self, parent: object) -> None:
        """Make the control."""
        self.control = self.stack = NoticeStack()
        self.stack.clicked.connect(lambda name: self.ui.handler.do(self.ui.info, name))
        self.update_editor()

    def update_editor(self) -> None:
        """Show the notices that there are."""
        self.stack.show_notices(list(self.value))


class NoticesEditor(BasicEditorFactory):
    """Editor of a list of :class:`Notice`."""

    klass = _NoticesEditor
