# SPDX-License-Identifier: GPL-3.0-or-later
"""Small editors for forms: fields to log, and the visible page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyface.qt import QtCore, QtGui
from traits.api import Int, List
from traitsui.api import BasicEditorFactory

from wattui.measurement.fields import FIELDS
from wattui.ui.theme.style_sheet import GRID, MARGIN
from wattui.ui.widgets.form_layout import set_role
from wattui.ui.widgets.widget_editor import WidgetEditor

#: Columns of the field's boxes.
COLUMNS: Final = 3

#: Sets of fields that one click chooses.
PRESETS: Final[dict[str, tuple[str, ...]]] = {
    "All": tuple(field.name for field in FIELDS),
    "W": ("power",),
    "W, V, A": ("power", "voltage", "current"),
    "W, V, A, Wh, PC": ("power", "voltage", "current", "energy", "power_cycles"),
}


class FieldBoxes(QtGui.QWidget):
    """The control: a check box for each field, and buttons for common sets of fields."""

    #: Names of the chosen fields, after a click.
    chosen = QtCore.Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Fields in the memory")
        column = QtGui.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        grid = QtGui.QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(MARGIN)
        grid.setVerticalSpacing(0)
        self.boxes: dict[str, QtGui.QCheckBox] = {}
        rows = -(-len(FIELDS) // COLUMNS)
        for position, field in enumerate(FIELDS):
            box = QtGui.QCheckBox(field.title)
            box.setToolTip(f"{field.header}: {field.label.lower()}")
            box.clicked.connect(self._clicked)
            self.boxes[field.name] = box
            grid.addWidget(box, position % rows, position // rows)
        column.addLayout(grid)
        row = QtGui.QHBoxLayout()
        row.setSpacing(GRID * 2)
        self.presets: dict[str, QtGui.QPushButton] = {}
        for text, names in PRESETS.items():
            button = QtGui.QPushButton(text)
            button.setAutoDefault(False)
            button.setProperty("role", "flat")
            button.setToolTip(f"Log {'all fields' if text == 'All' else text}")
            button.clicked.connect(lambda _on, names=names: self.chosen.emit(list(names)))
            self.presets[text] = button
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)

    def _clicked(self, _on: bool) -> None:
        self.chosen.emit([name for name, box in self.boxes.items() if box.isChecked()])

    def show_names(self, names: Sequence[str], count: int) -> None:
        """Check the boxes of these fields; hide those beyond the *count* that the meter has."""
        for position, (name, box) in enumerate(self.boxes.items()):
            box.setChecked(name in names)
            box.setVisible(position < count)


class _FieldsEditor(WidgetEditor):
    """Shows and sets the names of the fields that are logged."""

    @property
    def watched(self) -> str:
        """The items of the list."""
        return f"{self.name}.items"

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        boxes = FieldBoxes()
        boxes.chosen.connect(self._chosen)
        return boxes

    def update_editor(self) -> None:
        """Check the boxes of the chosen fields."""
        self.control.show_names(list(self.value), self.factory.count)

    def _chosen(self, names: list[str]) -> None:
        self.value = names


class FieldsEditor(BasicEditorFactory):
    """Editor of a list of names of fields."""

    klass = _FieldsEditor
    #: How many fields the meter has.
    count = Int(len(FIELDS))


class Pages(QtGui.QWidget):
    """The control: one button per page, of which one is pressed."""

    #: A page was chosen, by its name.
    chosen = QtCore.Signal(str)

    def __init__(self, pages: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        row = QtGui.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.buttons: dict[str, QtGui.QPushButton] = {}
        for name, text in pages:
            button = QtGui.QPushButton(text)
            button.setAutoDefault(False)
            button.setCheckable(True)
            button.setProperty("role", "page")
            button.clicked.connect(lambda _on, name=name: self.chosen.emit(name))
            self.buttons[name] = button
            row.addWidget(button)
        row.addStretch(1)

    def show_page(self, name: str, hidden: Sequence[str]) -> None:
        """Press the button of a page; hide those of *hidden* pages."""
        for key, button in self.buttons.items():
            button.setChecked(key == name)
            button.setVisible(key not in hidden)
            set_role(button, "page-on" if key == name else "page")


class _PageEditor(WidgetEditor):
    """Shows and sets the visible page; ``hidden_pages`` of the object are not offered."""

    watched = "hidden_pages.items"

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        pages = Pages(self.factory.pages)
        pages.chosen.connect(self._chosen)
        return pages

    def update_editor(self) -> None:
        """Press the button of the page."""
        self.control.show_page(self.value, self.object.hidden_pages)

    def _chosen(self, name: str) -> None:
        self.value = name
        self.update_editor()


class PageEditor(BasicEditorFactory):
    """Editor of the name of a page, for an object with ``hidden_pages``."""

    klass = _PageEditor
    #: Pairs of a page's name and its label.
    pages = List()
