# SPDX-License-Identifier: GPL-3.0-or-later
"""The look of a form: labels in one column, fields of a width that fits what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyface.qt import QtCore, QtGui

from wattui.ui.theme.style_sheet import GRID, MARGIN

#: Width of the labels, of short fields and of longer ones, in pixels.
LABELS = 146
SHORT = 120
#: Least height of a row with a field.
ROW = 30
MIDDLE = 200


def dress_form(window: QtGui.QWidget, kept: Iterable[QtGui.QWidget] = ()) -> None:
    """Take the margins off all groups, and put the labels into one column.

    *kept* are widgets that have a layout of their own.
    """
    own = list(kept)
    for widget in window.findChildren(QtGui.QWidget):
        layout = widget.layout()
        if layout is None or any(one is widget or one.isAncestorOf(widget) for one in own):
            continue
        _flatten(layout)


def _flatten(layout: Any) -> None:
    layout.setContentsMargins(0, 0, 0, 0)
    if isinstance(layout, QtGui.QGridLayout):
        _align(layout)
    else:
        layout.setSpacing(GRID)
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


def _is_field(item: Any) -> bool:
    widget = item.widget() if item is not None else None
    return isinstance(widget, QtGui.QLineEdit | QtGui.QComboBox)


def set_width(control: QtGui.QWidget, width: int) -> None:
    """Give a field a width, at the left of its place."""
    control.setFixedWidth(width)
    parent = control.parentWidget()
    if parent is not None and parent.layout() is not None:
        _to_left(parent.layout(), control)


def _to_left(layout: Any, control: QtGui.QWidget) -> bool:
    """Find the layout that has the field; its cell grows, the field stays at its left."""
    if layout.setAlignment(control, QtCore.Qt.AlignmentFlag.AlignLeft):
        return True
    inner = (layout.itemAt(index).layout() for index in range(layout.count()))
    return any(_to_left(one, control) for one in inner if one is not None)
