# SPDX-License-Identifier: GPL-3.0-or-later
"""The editor of the table of meters, and the list of colours that a chip opens."""

from __future__ import annotations

from typing import Any as AnyType
from typing import Final

from pyface.qt import QtCore, QtGui
from traits.api import Any
from traitsui.api import BasicEditorFactory
from traitsui.qt.editor import Editor

from wattui.ui.meters.table_model import MeterTable
from wattui.ui.meters.table_view import HEADER, MOST_ROWS, ROW, TOTAL, MeterView, TotalLine
from wattui.ui.theme.palette import METER_COLOURS, Palette

#: What the menu of a row offers: deeds of the handler; empty for a line between.
MENU: Final = (
    *("connect", "rename_meter", "colour_meter", ""),
    *("meter_up", "meter_down", "", "remove_meter"),
)


class MeterPanel(QtGui.QFrame):
    """The control: the rows, and their total below them."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("meterPanel")
        self.table = MeterTable(self)
        self.view = MeterView(self.table)
        self.total = TotalLine(self.view)
        layout = QtGui.QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(self.view)
        layout.addWidget(self.total)
        policy = QtGui.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Fixed)
        self.fit_height(2)

    def fit_height(self, rows: int) -> None:
        """Be as tall as so many rows need; more than some are scrolled."""
        shown = min(rows, MOST_ROWS)
        # Half a row tells that there are more.
        tall = shown * ROW + (ROW // 2 if rows > MOST_ROWS else 0)
        self.view.setFixedHeight(HEADER + tall)
        self.setFixedHeight(HEADER + tall + TOTAL + 2)


class ColourList(QtGui.QMenu):
    """Twelve colours to pick from."""

    #: A colour was picked, as ``#rrggbb``: the light theme's, which stands for both.
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


class _MetersEditor(Editor):
    """Shows the model's ``meter_rows``; what is done with a row goes to the handler."""

    panel = Any()

    def init(self, parent: object) -> None:
        """Make the control."""
        self.control = self.panel = MeterPanel()
        view = self.panel.view
        view.picked.connect(self._picked)
        view.toggled.connect(lambda row: self.object.toggle_meter(row))
        view.colour_wanted.connect(lambda row, _place: self._pick_then(row, "colour_meter"))
        view.menu_wanted.connect(self._menu)
        view.deed_wanted.connect(self._do)
        self.panel.table.renamed.connect(lambda row, name: self.object.rename_meter(row, name))
        self.object.observe(self._changed, "[meter_total,chosen_row,palette,energy_unit]")
        self.update_editor()

    def dispose(self) -> None:
        """Let go of the model."""
        self.object.observe(
            self._changed, "[meter_total,chosen_row,palette,energy_unit]", remove=True
        )
        super().dispose()

    def update_editor(self) -> None:
        """Show the rows that there are."""
        model, rows = self.object, list(self.value)
        headers = {"energy": model.energy_unit, "cost": model.bench.currency or "cost"}
        count = len(self.panel.table.rows)
        self.panel.table.show_rows(rows, model.palette, headers)
        self.panel.total.show_total(model.meter_total, model.palette)
        if len(rows) != count and rows:
            self.panel.fit_height(len(rows))
        self.panel.view.select(model.chosen_row)

    def _changed(self, _event: object) -> None:
        self.update_editor()

    def _do(self, name: str) -> None:
        self.ui.handler.do(self.ui.info, name)

    def _picked(self, row: int) -> None:
        self.object.choose_row(row)

    def _pick_then(self, row: int, name: str) -> None:
        self.object.choose_row(row)
        self._do(name)

    def _menu(self, row: int, place: QtCore.QPoint) -> None:
        self.object.choose_row(row)
        menu = self.row_menu()
        menu.popup(place)

    def row_menu(self) -> QtGui.QMenu:
        """Make the menu of the chosen row."""
        from wattui.ui.window.actions import ACTION, plain

        model = self.object
        menu = QtGui.QMenu(self.panel)
        menu.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in MENU:
            if not name:
                menu.addSeparator()
                continue
            text = model.connect_label if name == "connect" else plain(ACTION[name].text)
            action = menu.addAction(text)
            action.setData(name)
            action.setEnabled(self._can(name))
            action.triggered.connect(lambda _on=False, name=name: self._do(name))
        return menu

    def _can(self, name: str) -> bool:
        model = self.object
        last = len(model.meter_rows) - 1
        if name == "connect":
            return not model.bench.opened
        return {"meter_up": model.chosen_row > 0, "meter_down": model.chosen_row < last}.get(
            name, True
        )

    def edit_name(self, row: int) -> None:
        """Have the name of a row typed."""
        self.panel.view.edit_name(row)

    def ask_colour(self, row: int, current: str, chosen: AnyType) -> ColourList:
        """Offer the colours below the chip of a row; *chosen* is called with the one picked."""
        colours = ColourList(self.panel, self.object.palette, current)
        colours.chosen.connect(chosen)
        colours.popup(self.panel.view.chip_place(row))
        return colours


class MetersEditor(BasicEditorFactory):
    """Editor of a list of :class:`MeterRow`, for a window's model."""

    klass = _MetersEditor
