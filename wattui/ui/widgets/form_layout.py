# SPDX-License-Identifier: GPL-3.0-or-later
"""The layout of dialogs and forms: margins, headings, labels in one column, roles of buttons."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyface.qt import QtCore, QtGui

from wattui.ui.theme.style_sheet import GRID, MARGIN
from wattui.ui.widgets.plain_text import PlainLabel, make_plain
from wattui.ui.widgets.port_chooser import PortBox
from wattui.ui.widgets.screen_fit import fit_to_screen
from wattui.ui.widgets.typed_field import TypedBox

#: Width of the labels, of short fields and of longer ones, in pixels.
LABELS = 146
SHORT = 120
MIDDLE = 200
#: Least height of a row with a field.
ROW = 30


def heading(text: str) -> QtGui.QLabel:
    """Make a small heading in capitals."""
    label = PlainLabel(text.upper())
    label.setProperty("look", "heading")
    return label


def rule() -> QtGui.QFrame:
    """Make a thin line across."""
    line = QtGui.QFrame()
    line.setProperty("look", "rule")
    return line


def dress_window(window: QtGui.QWidget) -> None:
    """Show the program's icon and no HTML on a window, and draw its lists by the style sheet."""
    # TraitsUI shows its own icon.
    window.setWindowIcon(QtGui.QApplication.windowIcon())
    for label in window.findChildren(QtGui.QLabel):
        make_plain(label)  # TraitsUI makes some of them
    for box in window.findChildren(QtGui.QComboBox):
        if not isinstance(box, PortBox):
            box.setItemDelegate(QtGui.QStyledItemDelegate(box))


def window_column(window: QtGui.QWidget) -> QtGui.QVBoxLayout:
    """Lay the rows of a window out in a column, and return that."""
    column = QtGui.QVBoxLayout(window)
    column.setContentsMargins(*(2 * GRID,) * 4)
    column.setSpacing(GRID)
    return column


def set_role(button: QtGui.QPushButton, role: str) -> None:
    """Set the role of a button, for which the style sheet has a look."""
    if button.property("role") != role:
        button.setProperty("role", role)
        button.style().unpolish(button)
        button.style().polish(button)


def dress_dialog(window: QtGui.QWidget, ok_label: str = "", primary: bool = True) -> None:
    """Set margins and row distances of a small TraitsUI dialog, and the label of its OK button."""
    dress_window(window)
    fit_to_screen(window)
    window.layout().setContentsMargins(*(2 * GRID,) * 4)
    window.layout().setSpacing(2 * GRID)
    for layout in window.findChildren(QtGui.QGridLayout):
        _align(layout)
        _let_grow(layout)
        _span_introduction(layout)
        layout.setVerticalSpacing(GRID)
    focus_choice(window)
    for button in window.findChildren(QtGui.QPushButton):
        if ok_label and button.text().replace("&", "") == "OK":
            button.setText(ok_label)
            if primary:
                set_role(button, "primary")
                button.setDefault(True)


def focus_choice(window: QtGui.QWidget) -> None:
    """Set the focus on what is chosen: on another button it could be taken for the choice."""
    chosen = [one for one in window.findChildren(QtGui.QRadioButton) if one.isChecked()]
    if chosen:
        chosen[0].setFocus()


def dress_form(window: QtGui.QWidget, exempt: Iterable[QtGui.QWidget] = ()) -> None:
    """Remove the margins of all groups, and align the labels in one column.

    The layouts of *exempt* widgets and of everything in them stay as they are.
    """
    own = list(exempt)
    for widget in window.findChildren(QtGui.QWidget):
        layout = widget.layout()
        if layout is None or any(one is widget or one.isAncestorOf(widget) for one in own):
            continue
        if isinstance(widget, QtGui.QMainWindow):  # Its layout cannot count, and says so.
            continue
        _flatten(layout)


def _flatten(layout: Any) -> None:
    layout.setContentsMargins(0, 0, 0, 0)
    if isinstance(layout, QtGui.QGridLayout):
        _align(layout)
    else:
        layout.setSpacing(GRID)
    if isinstance(layout.parentWidget(), QtGui.QMainWindow):
        return  # Qt cannot count what is in such a layout, and prints a warning.
    for index in range(layout.count()):
        inner = layout.itemAt(index).layout()
        if inner is not None:
            _flatten(inner)


def _align(grid: QtGui.QGridLayout) -> None:
    grid.setVerticalSpacing(GRID - 2)
    grid.setHorizontalSpacing(MARGIN)
    if grid.columnCount() < 2:
        return
    grid.setColumnMinimumWidth(0, LABELS)
    grid.setColumnStretch(0, 0)
    grid.setColumnStretch(1, 1)
    left = QtCore.Qt.AlignmentFlag.AlignLeft | QtCore.Qt.AlignmentFlag.AlignVCenter
    for row in range(grid.rowCount()):
        item = grid.itemAtPosition(row, 0)
        label = item.widget() if item is not None else None
        if isinstance(label, QtGui.QLabel):
            label.setText(label.text().rstrip(":"))
            label.setAlignment(left)
            item.setAlignment(left)
            grid.setRowMinimumHeight(row, ROW if _is_field(grid.itemAtPosition(row, 1)) else 0)


def _let_grow(grid: QtGui.QGridLayout) -> None:
    """Extend the column of the fields where all of them are short."""
    for row in range(grid.rowCount()):
        item = grid.itemAtPosition(row, 1)
        if item is not None and isinstance(item.widget(), QtGui.QComboBox):
            item.setAlignment(QtCore.Qt.AlignmentFlag.AlignLeft)


def _span_introduction(grid: QtGui.QGridLayout) -> None:
    """Move texts above the first field to the left: TraitsUI puts them above the fields."""
    for row in range(grid.rowCount()):
        labelled, item = grid.itemAtPosition(row, 0), grid.itemAtPosition(row, 1)
        text = item.widget() if item is not None else None
        if labelled is not None or not isinstance(text, QtGui.QLabel):
            return
        grid.removeWidget(text)
        grid.addWidget(text, row, 0, 1, grid.columnCount())


def _is_field(item: Any) -> bool:
    widget = item.widget() if item is not None else None
    return isinstance(widget, QtGui.QLineEdit | QtGui.QComboBox | TypedBox)


def set_width(control: QtGui.QWidget, width: int) -> None:
    """Set the width of a field, at the left of its place."""
    control.setFixedWidth(width)
    parent = control.parentWidget()
    if parent is not None and parent.layout() is not None:
        _to_left(parent.layout(), control)


def _to_left(layout: Any, control: QtGui.QWidget) -> bool:
    """Find the layout that contains the field; its cell grows, the field stays at its left."""
    if layout.setAlignment(control, QtCore.Qt.AlignmentFlag.AlignLeft):
        return True
    inner = (layout.itemAt(index).layout() for index in range(layout.count()))
    return any(_to_left(one, control) for one in inner if one is not None)
