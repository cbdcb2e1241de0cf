# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of colours for a meter, which a click on its colour opens."""

from __future__ import annotations

from pyface.qt import QtCore, QtGui

from wattui.ui.theme.palette import METER_COLOURS, Palette


class ColourList(QtGui.QMenu):
    """Twelve colours to pick from."""

    #: A colour was picked, as ``#rrggbb``: that of the light theme, which represents both.
    chosen = QtCore.Signal(str)

    def __init__(self, parent: QtGui.QWidget, palette: Palette, current: str) -> None:
        super().__init__(parent)
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QtGui.QWidget()
        layout = QtGui.QGridLayout(grid)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.setSpacing(6)
        self.buttons: dict[str, QtGui.QPushButton] = {}
        for number, colour in enumerate(METER_COLOURS["light"]):
            button = QtGui.QPushButton()
            button.setAutoDefault(False)
            button.setFixedSize(26, 26)
            shown = palette.shown(colour)
            edge = palette.text if shown == palette.shown(current) else "transparent"
            button.setStyleSheet(
                f"QPushButton {{ background: {shown}; border: 2px solid {edge}; padding: 0;"
                " border-radius: 6px; min-height: 22px; }"
                f"QPushButton:focus {{ border-color: {palette.accent}; }}"
            )
            button.setAccessibleName(f"Colour {number + 1}")
            button.clicked.connect(lambda _on, colour=colour: self._pick(colour))
            self.buttons[colour] = button
            layout.addWidget(button, number // 6, number % 6)
        action = QtGui.QWidgetAction(self)
        action.setDefaultWidget(grid)
        self.addAction(action)

    def _pick(self, colour: str) -> None:
        self.close()
        self.chosen.emit(colour)
