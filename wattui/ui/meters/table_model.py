# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of meters as Qt wants it: rows of plain values, changed where they differ."""

from __future__ import annotations

from typing import Any

from pyface.qt import QtCore, QtGui

from wattui.ui.meters.rows import BOX, COLUMNS, NAME, STATE, MeterRow
from wattui.ui.theme.palette import LIGHT, Palette

_Role = QtCore.Qt.ItemDataRole
_Flag = QtCore.Qt.ItemFlag
_RIGHT = QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter
_LEFT = QtCore.Qt.AlignmentFlag.AlignLeft | QtCore.Qt.AlignmentFlag.AlignVCenter

#: Gives the whole :class:`MeterRow` to whoever draws a cell.
ROW_ROLE = int(_Role.UserRole)

#: The first column of numbers.
FIRST_NUMBER = STATE + 1


class MeterTable(QtCore.QAbstractTableModel):
    """Rows of meters, for a ``QTableView``."""

    #: A name was typed: number of the row, and the name.
    renamed = QtCore.Signal(int, str)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[MeterRow] = []
        self.palette: Palette = LIGHT
        self._headers: dict[str, str] = {}

    def show_rows(self, rows: list[MeterRow], palette: Palette, headers: dict[str, str]) -> None:
        """Show other rows; cells that did not change are left alone.

        *headers* replaces headers of :data:`COLUMNS`, as by the unit of energies.
        """
        repaint = palette is not self.palette
        self.palette = palette
        if headers != self._headers:
            self._headers = dict(headers)
            self.headerDataChanged.emit(QtCore.Qt.Orientation.Horizontal, 0, self.columnCount() - 1)
        if len(rows) != len(self.rows):
            self._resize(rows)
            repaint = True
        changed = [n for n, row in enumerate(rows) if repaint or row != self.rows[n]]
        self.rows = list(rows)
        if changed:
            last = self.index(changed[-1], self.columnCount() - 1)
            self.dataChanged.emit(self.index(changed[0], 0), last)

    def _resize(self, rows: list[MeterRow]) -> None:
        """Add or take away rows at the end; the selection stays where it is."""
        before, after = len(self.rows), len(rows)
        if after > before:
            self.beginInsertRows(QtCore.QModelIndex(), before, after - 1)
            self.rows = [*self.rows, *rows[before:]]
            self.endInsertRows()
        else:
            self.beginRemoveRows(QtCore.QModelIndex(), after, before - 1)
            self.rows = self.rows[:after]
            self.endRemoveRows()

    def rowCount(self, parent: QtCore.QModelIndex | None = None) -> int:
        """Give the number of meters."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QtCore.QModelIndex | None = None) -> int:
        """Give the number of columns."""
        return 0 if parent is not None and parent.isValid() else FIRST_NUMBER + len(COLUMNS)

    def flags(self, index: QtCore.QModelIndex) -> Any:
        """Tell what can be done with a cell: a name can be typed."""
        flags = _Flag.ItemIsEnabled | _Flag.ItemIsSelectable
        return flags | _Flag.ItemIsEditable if index.column() == NAME else flags

    def headerData(self, section: int, orientation: Any, role: int = 0) -> Any:
        """Give the header of a column, and what it means."""
        if orientation != QtCore.Qt.Orientation.Horizontal:
            return None
        number = section - FIRST_NUMBER
        if role == _Role.TextAlignmentRole:
            return int(_LEFT if number < 0 else _RIGHT)
        if role == _Role.DisplayRole:
            if number < 0:
                return ("", "Meter", "State")[section]
            return self._headers.get(COLUMNS[number][0], COLUMNS[number][0])
        if role == _Role.ToolTipRole:
            told = ("Plotted or not, and its colour", "What it is called", "What it does")
            return told[section] if number < 0 else COLUMNS[number][1]
        return None

    def data(self, index: QtCore.QModelIndex, role: int = 0) -> Any:
        """Give what is seen of a cell."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row, column = self.rows[index.row()], index.column()
        if role == ROW_ROLE:
            return row
        if role in (_Role.DisplayRole, _Role.EditRole):
            return self._text(row, column)
        if role == _Role.ToolTipRole:
            return row.tooltip
        if role == _Role.TextAlignmentRole:
            return int(_RIGHT if column >= FIRST_NUMBER else _LEFT)
        if role == _Role.ForegroundRole:
            muted = column >= FIRST_NUMBER and not row.current
            return QtGui.QColor(self.palette.muted if muted else self.palette.text)
        if role == _Role.AccessibleTextRole:
            shown = "plotted" if row.plotted else "not plotted"
            return shown if column == BOX else self._text(row, column)
        return None

    def _text(self, row: MeterRow, column: int) -> str:
        if column >= FIRST_NUMBER:
            return row.numbers[column - FIRST_NUMBER]
        return {NAME: row.name, STATE: row.state}.get(column, "")

    def setData(self, index: QtCore.QModelIndex, value: Any, role: int = 0) -> bool:
        """Take a name that was typed."""
        if role != _Role.EditRole or index.column() != NAME:
            return False
        if str(value) != self.rows[index.row()].name:
            self.renamed.emit(index.row(), str(value))
        return True
