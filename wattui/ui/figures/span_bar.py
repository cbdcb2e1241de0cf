# SPDX-License-Identifier: GPL-3.0-or-later
"""The bar above the plots: select, figures, the last minutes, and how wide the view is."""

from __future__ import annotations

from typing import Final

from pyface.qt import QtCore, QtGui
from traits.api import Instance
from traitsui.api import BasicEditorFactory

from wattui.measurement.text import duration_text
from wattui.ui.figures.selection_actions import LAST, LAST_ACTIONS, SELECTION_ACTIONS
from wattui.ui.widgets.bar_room import BarRoom
from wattui.ui.widgets.form_layout import set_role
from wattui.ui.widgets.plain_text import PlainLabel, plain_tip
from wattui.ui.widgets.widget_editor import WidgetEditor

#: By how much a view that shows the last minutes is wider or narrower, as a share.
_NEAR: Final = 0.02

#: What the buttons do, by the names of their actions.
_BUTTONS: Final = {"select": "Select", "figures": "Figures"}

#: The buttons that go through the views: label, spoken name and tooltip.
_VIEWS: Final = {
    "back": ("←", "Back", "Show the part that was in view before (Alt+Left)"),
    "forward": ("→", "Forward", "Show the part again that was in view before (Alt+Right)"),
}


class SpanBar(QtGui.QWidget):
    """The control."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Part of the recording")
        row = QtGui.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3)
        self.buttons: dict[str, QtGui.QPushButton] = {}
        for name, label in _BUTTONS.items():
            row.addWidget(self._button(name, label, "small"))
        row.addSpacing(8)
        word = PlainLabel("Last")
        word.setProperty("look", "muted")
        row.addWidget(word)
        for name, label, _seconds in LAST:
            row.addWidget(self._button(name, label, "page"))
        row.addWidget(self._button("fit", "All", "page"))
        for name, (label, spoken, _tip) in _VIEWS.items():
            row.addWidget(self._button(name, label, "page"))
            self.buttons[name].setAccessibleName(spoken)
        row.addStretch(1)
        self.width_label = PlainLabel()
        self.width_label.setProperty("look", "muted")
        row.addWidget(self.width_label)
        names = [name for name, _label, _seconds in reversed(LAST)]
        views = [self.buttons[name] for name in _VIEWS]
        giving_way = (self.width_label, *views, *(self.buttons[name] for name in names), word)
        self._room = BarRoom(self, giving_way)

    def _button(self, name: str, label: str, role: str) -> QtGui.QPushButton:
        button = QtGui.QPushButton(label)
        button.setProperty("role", role)
        button.setProperty("small", True)
        button.setAutoDefault(False)
        # A click does not move the focus away from the plots.
        button.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)
        self.buttons[name] = button
        return button

    def show_view(self, width: float, whole: bool, at_end: bool) -> None:
        """Show how wide the view is, and which of the buttons it belongs to."""
        self.width_label.setText(f"View {duration_text(width)}" if width else "")
        for name, _label, seconds in LAST:
            on = at_end and not whole and abs(width / seconds - 1) < _NEAR
            set_role(self.buttons[name], "page-on" if on else "page")
        set_role(self.buttons["fit"], "page-on" if whole else "page")

    def show_possible(self, name: str, can: bool) -> None:
        """Show whether a button does anything."""
        self.buttons[name].setEnabled(can)

    def show_pressed(self, name: str, on: bool) -> None:
        """Show whether a button is pressed."""
        set_role(self.buttons[name], "small-on" if on else "small")


class _SpanBarEditor(WidgetEditor):
    """Shows the view of the window's plots; its buttons do actions."""

    watched = (
        "[plots:view:[moved,known,selecting,whole,pinned],figures:shown,"
        "history:[can_go_back,can_go_forward]]"
    )
    bar = Instance(SpanBar)

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        self.bar = SpanBar()
        hints = {one.name: one.hint for one in (*SELECTION_ACTIONS, *LAST_ACTIONS)}
        hints.update((name, tip) for name, (_label, _spoken, tip) in _VIEWS.items())
        for name, button in self.bar.buttons.items():
            button.setToolTip(plain_tip(hints.get(name, "Show the whole recording (F)")))
            button.clicked.connect(lambda _on, name=name: self._do(name))
        return self.bar

    def update_editor(self) -> None:
        """Show the view."""
        model = self.object
        view = model.plots.view
        shown = view.width if view.known else 0.0
        self.bar.show_view(shown, view.whole, view.pinned)
        self.bar.show_pressed("select", view.selecting)
        self.bar.show_pressed("figures", model.figures.shown)
        self.bar.show_possible("back", model.history.can_go_back)
        self.bar.show_possible("forward", model.history.can_go_forward)

    def _do(self, name: str) -> None:
        self.ui.handler.do(self.ui.info, name)


class SpanBarEditor(BasicEditorFactory):
    """Editor of a window's model: its view of the recording."""

    klass = _SpanBarEditor
