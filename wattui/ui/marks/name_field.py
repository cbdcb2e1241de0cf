# SPDX-License-Identifier: GPL-3.0-or-later
"""A field on the plots in which a mark or a span is named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from pyface.qt import QtCore, QtGui

from wattui.measurement.clock import MICROSECONDS
from wattui.session import Mark, Span

#: Width of the field, and its distance from the top of the plots, in pixels.
_WIDTH: Final = 200
_DOWN: Final = 4


class NameField(QtGui.QLineEdit):
    """Return or a click elsewhere takes the name; Esc leaves it as it was."""

    def __init__(self, parent: QtGui.QWidget, name: str, take: Callable[[str], None]) -> None:
        super().__init__(name, parent)
        self.setProperty("look", "cell")
        self.setAccessibleName("Name of the mark or span")
        self._take: Callable[[str], None] | None = take
        self.returnPressed.connect(self._finish)
        self.selectAll()

    def keyPressEvent(self, event: Any) -> None:
        """Give up with Esc."""
        if event.key() == QtCore.Qt.Key.Key_Escape:
            self._take = None
            self._finish()
            event.accept()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: Any) -> None:
        """Take the name."""
        super().focusOutEvent(event)
        self._finish()

    def _finish(self) -> None:
        take, self._take = self._take, None
        had_focus = self.hasFocus()
        if not self.isHidden():
            self.hide()
            self.deleteLater()
            if had_focus:
                self.window().setFocus()
            if take is not None:
                take(self.text().strip())


def ask_name(
    control: QtGui.QWidget, plots: Any, note: Mark | Span, take: Callable[[str], None]
) -> NameField | None:
    """Show the field at a mark or span; None if the plots are not shown."""
    rows = plots.shown_rows()
    if not rows or not control.isVisible():
        return None
    plot = rows[0].plot
    moment = note.time_us if isinstance(note, Mark) else note.start_us
    x = float(plot.index_mapper.map_screen(np.array([moment / MICROSECONDS]))[0])
    left = min(max(x, plot.x), max(plot.x2 - _WIDTH, plot.x))
    name = note.text if isinstance(note, Mark) else note.name
    field = NameField(control, name, take)
    top = control.height() - plot.y2 + _DOWN
    field.setGeometry(round(left), round(top), min(_WIDTH, round(plot.width)), 22)
    field.show()
    field.setFocus()
    return field
