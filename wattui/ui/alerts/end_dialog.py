# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog *Planned end*: when the recording ends by itself."""

from __future__ import annotations

import time
from typing import Final

from pyface.qt import QtCore, QtGui

from wattui.measurement.clock import microseconds
from wattui.measurement.planned_end import parse_planned_end
from wattui.model.recording_watch import RecordingWatch
from wattui.ui.theme.style_sheet import GRID
from wattui.ui.widgets.form_layout import dress_window, set_role, window_column
from wattui.ui.widgets.plain_text import PlainLabel
from wattui.ui.widgets.screen_fit import fit_to_screen, scroll_above

_WIDTH: Final = 460

#: What is offered as buttons.
_OFFERED: Final = ("1 h", "8 h", "24 h", "7 d")


class EndDialog(QtGui.QDialog):
    """Plans the end of a recording; not modal.

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
        self.setWindowTitle("Planned end")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = window_column(self)
        recording = watch.bench is not None and watch.bench.recording
        which = "The recording" if recording else "The next recording"
        self.title = _words(f"{which} ends", "question")
        layout.addWidget(self.title)
        layout.addLayout(self._typed_row())
        self.meaning = _words("", "small")
        self.meaning.setMinimumHeight(2 * self.meaning.fontMetrics().lineSpacing())
        layout.addWidget(self.meaning)
        layout.addStretch(1)
        layout.addLayout(self._button_row())
        scroll_above(layout)
        self.setFixedWidth(_WIDTH)
        self._show_meaning()
        self.typed.setFocus()
        dress_window(self)
        fit_to_screen(self)

    def _typed_row(self) -> QtGui.QHBoxLayout:
        row = QtGui.QHBoxLayout()
        row.setSpacing(GRID)
        self.typed = QtGui.QLineEdit()
        self.typed.setAccessibleName("When it ends")
        self.typed.setPlaceholderText("8 h, 18:30 or 1.5 kWh")
        self.typed.textChanged.connect(lambda _text: self._show_meaning())
        row.addWidget(self.typed, 1)
        for text in _OFFERED:
            button = self._button(text, f"After {text}")
            button.clicked.connect(lambda _on, text=text: self.typed.setText(text))
            row.addWidget(button)
        return row

    def _button_row(self) -> QtGui.QHBoxLayout:
        row = QtGui.QHBoxLayout()
        row.setSpacing(GRID)
        self.never = self._button("&No planned end", "Record until you disconnect the meters")
        self.never.clicked.connect(lambda _on: self._plan_nothing())
        self.never.setEnabled(self._watch.planned is not None)
        row.addWidget(self.never)
        row.addStretch(1)
        self.ok = self._button("&Set", "End the recording then (Return)")
        self.ok.setDefault(True)
        set_role(self.ok, "primary")
        self.ok.clicked.connect(lambda _on: self.accept())
        row.addWidget(self.ok)
        cancel = self._button("Cancel", "Change nothing (Esc)")
        cancel.clicked.connect(lambda _on: self.reject())
        row.addWidget(cancel)
        return row

    def _button(self, text: str, tip: str) -> QtGui.QPushButton:
        button = QtGui.QPushButton(text)
        button.setAutoDefault(False)
        button.setToolTip(tip)
        return button

    def _show_meaning(self) -> None:
        """Show what was typed means, or what can be typed."""
        now, planned = microseconds(time.time()), self._watch.planned
        try:
            meaning, look = f"Ends {parse_planned_end(self.typed.text(), now).text(now)}.", "small"
        except ValueError as error:
            meaning, look = str(error), "refusal" if self.typed.text().strip() else "small"
            if planned is not None and look == "small":
                meaning = f"Now: {planned.text(now)}. {meaning}"
        self.meaning.setText(meaning)
        if self.meaning.property("look") != look:
            self.meaning.setProperty("look", look)
            self.meaning.style().unpolish(self.meaning)
            self.meaning.style().polish(self.meaning)
        if hasattr(self, "ok"):
            self.ok.setEnabled(meaning.startswith("Ends "))

    def _plan_nothing(self) -> None:
        self._watch.plan(None)
        super().accept()

    def accept(self) -> None:
        """Plan the end that was typed, if it is one."""
        try:
            end = parse_planned_end(self.typed.text(), microseconds(time.time()))
        except ValueError:
            self._show_meaning()
            return
        self._watch.plan(end)
        super().accept()


def _words(text: str, look: str) -> PlainLabel:
    label = PlainLabel(text)
    label.setProperty("look", look)
    label.setWordWrap(True)
    return label
