# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog *Alerts*: which values are watched, and the command for an alert."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pyface.qt import QtCore, QtGui

from wattui.desktop.alert_command import AlertCommand
from wattui.measurement.alerts import AlertRule, parse_alert
from wattui.measurement.text import printable
from wattui.model.recording_watch import RecordingWatch
from wattui.ui.theme.style_sheet import GRID
from wattui.ui.widgets.form_layout import dress_window, heading, set_role, window_column
from wattui.ui.widgets.plain_text import PlainLabel
from wattui.ui.widgets.screen_fit import fit_to_screen, scroll_above

#: Width of the dialog and height of the list, in pixels.
_WIDTH: Final = 560
_LIST_HEIGHT: Final = 110

_EXAMPLES: Final = (
    "power > 100 W for 10 s   ·   voltage < 110\n"
    "total power > 1.5 kW for 5 min   ·   power of Fridge < 2 W for 1 h"
)


class AlertDialog(QtGui.QDialog):
    """Edits the alerts of a window; not modal.

    Parameters
    ----------
    parent
        The window.
    watch
        What watches its recordings.
    """

    def __init__(self, parent: QtGui.QWidget | None, watch: RecordingWatch) -> None:
        super().__init__(parent)
        self._watch = watch
        self.rules: list[AlertRule] = list(watch.rules)
        self.setWindowTitle("Alerts")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = window_column(self)
        for row in (self._introduction(), self._list_row(), self._typed_row()):
            layout.addLayout(row)
        self.reason = _small("", "refusal")
        layout.addWidget(self.reason)
        self._add_command(layout)
        layout.addStretch(1)
        layout.addLayout(self._button_row())
        scroll_above(layout)
        self.resize(_WIDTH, 460)
        self._show_rules()
        self.typed.setFocus()
        dress_window(self)
        fit_to_screen(self)

    # -- the widgets -------------------------------------------------------------------

    def _introduction(self) -> QtGui.QVBoxLayout:
        words = QtGui.QVBoxLayout()
        text = PlainLabel(
            "An alert is raised when a value stays beyond a threshold while it is recorded. It is "
            "shown above the plots and marked in the session."
        )
        text.setWordWrap(True)
        words.addWidget(text)
        return words

    def _list_row(self) -> QtGui.QHBoxLayout:
        row = QtGui.QHBoxLayout()
        self.list = QtGui.QListWidget()
        self.list.setAccessibleName("Alerts")
        self.list.setFixedHeight(_LIST_HEIGHT)
        self.list.currentRowChanged.connect(lambda _row: self._update_buttons())
        self.list.itemDoubleClicked.connect(lambda _item: self._edit())
        self.list.installEventFilter(self)
        row.addWidget(self.list, 1)
        self.remove = _button("&Remove", "Remove this alert (Delete)", self._remove)
        row.addWidget(self.remove, 0, QtCore.Qt.AlignmentFlag.AlignTop)
        return row

    def _typed_row(self) -> QtGui.QVBoxLayout:
        column, row = QtGui.QVBoxLayout(), QtGui.QHBoxLayout()
        column.setSpacing(4)
        row.setSpacing(GRID)
        self.typed = QtGui.QLineEdit()
        self.typed.setPlaceholderText("power > 100 W for 10 s")
        self.typed.setAccessibleName("New alert")
        self.typed.textEdited.connect(lambda _text: self.reason.setText(""))
        self.typed.installEventFilter(self)
        row.addWidget(self.typed, 1)
        self.add = _button("&Add", "Add this alert (Return)", self._add)
        row.addWidget(self.add)
        column.addLayout(row)
        self.examples = _small(_EXAMPLES, "small")
        column.addWidget(self.examples)
        return column

    def _add_command(self, layout: QtGui.QVBoxLayout) -> None:
        layout.addWidget(heading("Run a command"))
        self.command = QtGui.QLineEdit(self._watch.command)
        self.command.setPlaceholderText("None")
        self.command.setAccessibleName("Command")
        self.command.textEdited.connect(lambda _text: self.command_reason.setText(""))
        layout.addWidget(self.command)
        self.shell = QtGui.QCheckBox("Run it in a &shell")
        self.shell.setChecked(self._watch.use_shell)
        self.shell.setToolTip("Needed for pipes, variables and redirections in the command itself")
        layout.addWidget(self.shell)
        self.command_reason = _small("", "refusal")
        layout.addWidget(self.command_reason)
        layout.addWidget(
            _small(
                "It runs whenever an alert is raised, with the facts in variables of its "
                "environment: WATTUI_TEXT, WATTUI_METER, WATTUI_VALUE and others.",
                "small",
            )
        )

    def _button_row(self) -> QtGui.QHBoxLayout:
        row = QtGui.QHBoxLayout()
        row.setSpacing(GRID)
        row.addStretch(1)
        self.ok = _button("&Watch for these", "Apply the alerts", self.accept)
        set_role(self.ok, "primary")
        self.ok.setDefault(True)
        row.addWidget(self.ok)
        row.addWidget(_button("Cancel", "Change nothing (Esc)", self.reject))
        return row

    # -- what is done ------------------------------------------------------------------

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Add an alert on Return, unless nothing is typed; remove one on Delete."""
        if event.type() == QtCore.QEvent.Type.KeyPress:
            keys = QtCore.Qt.Key
            returns = event.key() in (keys.Key_Return, keys.Key_Enter)
            if watched is self.typed and returns and self.typed.text().strip():
                self._add()
                return True
            if watched is self.list and event.key() == keys.Key_Delete:
                self._remove()
                return True
        return bool(super().eventFilter(watched, event))

    def _show_rules(self) -> None:
        self.list.clear()
        self.list.addItems([printable(str(rule)) for rule in self.rules])
        self._update_buttons()

    def _update_buttons(self) -> None:
        self.remove.setEnabled(self.list.currentRow() >= 0)

    def _add(self) -> bool:
        """Add what was typed; return whether it is an alert."""
        try:
            rule = parse_alert(self.typed.text())
        except ValueError as error:
            self.reason.setText(str(error))
            self.typed.setFocus()
            return False
        if rule not in self.rules:
            self.rules.append(rule)
        self.typed.clear()
        self.reason.setText("")
        self._show_rules()
        return True

    def _edit(self) -> None:
        """Move an alert into the field, to change it."""
        row = self.list.currentRow()
        self.typed.setText(str(self.rules[row]))
        self._remove()
        self.typed.setFocus()

    def _remove(self) -> None:
        row = self.list.currentRow()
        if row >= 0:
            del self.rules[row]
            self._show_rules()
            self.list.setCurrentRow(min(row, len(self.rules) - 1))

    def accept(self) -> None:
        """Apply the alerts, unless something that was typed makes no sense."""
        if self.typed.text().strip() and not self._add():
            return
        line, bench = self.command.text().strip(), self._watch.bench
        if not line or bench is None:
            self._apply("")
            return
        try:
            command = AlertCommand(line, self.shell.isChecked())
        except ValueError as error:
            self._apply(str(error))
            return
        self.ok.setEnabled(False)
        bench.main_thread.run("search for a program", command.problem, self._apply)

    def _apply(self, problem: str) -> None:
        """Apply the alerts, or show why the command cannot be run."""
        if not self.isVisible():
            return
        self.ok.setEnabled(True)
        self.command_reason.setText(problem)
        if problem:
            self.command.setFocus()
            return
        line = self.command.text().strip()
        self._watch.watch_for(self.rules, line, self.shell.isChecked())
        super().accept()


def _button(text: str, tip: str, do: Callable[[], object]) -> QtGui.QPushButton:
    button = QtGui.QPushButton(text)
    button.setAutoDefault(False)
    button.setToolTip(tip)
    button.clicked.connect(lambda _on: do())
    return button


def _small(text: str, look: str) -> PlainLabel:
    label = PlainLabel(text)
    label.setProperty("look", look)
    label.setWordWrap(True)
    return label
