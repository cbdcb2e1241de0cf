# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines above the plots that need attention, and their buttons."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pyface.qt import QtCore, QtGui
from traitsui.api import BasicEditorFactory

from wattui.ui.widgets.plain_text import PlainLabel
from wattui.ui.widgets.widget_editor import WidgetEditor


class NoticeKind(StrEnum):
    """How urgent a notice is; the style sheet has a look for each kind."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Notice:
    """A line above the plots that needs attention, and its actions."""

    #: Its subject: notices with the same key replace one another.
    key: str
    kind: NoticeKind
    text: str
    hint: str = ""
    #: Buttons: pairs of a label and the name of an action.
    buttons: tuple[tuple[str, str], ...] = ()


class NoticeBand(QtGui.QFrame):
    """One line above the plots."""

    def __init__(self, notice: Notice, clicked: object) -> None:
        super().__init__()
        self.notice = notice
        self.setProperty("notice", notice.kind.value)
        self.setAccessibleName(notice.text)
        layout = QtGui.QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 6, 6)
        layout.setSpacing(8)
        words = QtGui.QVBoxLayout()
        words.setSpacing(0)
        self.label = PlainLabel(notice.text)
        self.label.setWordWrap(True)
        self.label.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        words.addWidget(self.label)
        if notice.hint:
            hint = PlainLabel(notice.hint)
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

    #: A button was clicked: the name of its action.
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
        """Show these notices; if they are the same as before, the bands stay."""
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


class _NoticesEditor(WidgetEditor):
    """Shows the model's notices; their buttons perform actions."""

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        stack = NoticeStack()
        stack.clicked.connect(lambda name: self.ui.handler.do(self.ui.info, name))
        return stack

    def update_editor(self) -> None:
        """Show the notices."""
        self.control.show_notices(list(self.value))


class NoticesEditor(BasicEditorFactory):
    """Editor of a list of :class:`Notice`."""

    klass = _NoticesEditor
