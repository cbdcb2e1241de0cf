# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of sessions on the screen: rows, pictures of the power, selection and editing."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from pyface.qt import QtCore, QtGui

from wattui.measurement.text import printable, shortened_text
from wattui.session.catalogue import CatalogueEntry, SessionState
from wattui.session.outline import FULL, GAP
from wattui.ui.sessions.session_columns import (
    KIND_COLUMN,
    NAME_COLUMN,
    NOTE_COLUMN,
    POWER_COLUMN,
    SESSION_COLUMNS,
    START_COLUMN,
    SessionColumn,
    matches,
    ordered,
)
from wattui.ui.theme.palette import LIGHT, Palette
from wattui.ui.widgets.plain_text import plain_tip

_Role = QtCore.Qt.ItemDataRole
_Flag = QtCore.Qt.ItemFlag
_Key = QtCore.Qt.Key
_RIGHT = QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter
_LEFT = QtCore.Qt.AlignmentFlag.AlignLeft | QtCore.Qt.AlignmentFlag.AlignVCenter

#: Role of the whole entry, for drawing a cell.
_ENTRY_ROLE = int(_Role.UserRole)

#: Height of a row, space around a text, and what a column is wider, in pixels.
ROW: Final = 30
_SLACK: Final = 4
_SPACE: Final = 20

#: Width of the picture, and least widths of the columns that take what is left, in pixels.
_LEAST: Final = {POWER_COLUMN.key: 96, NAME_COLUMN.key: 180, NOTE_COLUMN.key: 110}

#: The columns that are hidden in a narrow window, the first one first.
_HIDEABLE: Final = (NOTE_COLUMN.key, "size", "meters", "duration", POWER_COLUMN.key)

#: The most characters of a name or a note.
_LONGEST: Final = 500

_NUMBER: Final = {column.key: number for number, column in enumerate(SESSION_COLUMNS)}

#: Colour of a state: a name of the palette.
_COLOURS: Final = {
    SessionState.DAMAGED: "red",
    SessionState.INTERRUPTED: "amber",
    SessionState.RECORDING: "ok",
}


class SessionTable(QtCore.QAbstractTableModel):
    """The sessions that are found by the search, in the order of a column."""

    #: A name or a note was typed: the entry, the key of the column, the text.
    described = QtCore.Signal(object, str, str)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[CatalogueEntry] = []
        self.palette: Palette = LIGHT
        self.search = ""
        self.column: SessionColumn = START_COLUMN
        self.descending = True
        self._entries: Sequence[CatalogueEntry] = ()

    def show_entries(self, entries: Sequence[CatalogueEntry]) -> None:
        """Show other sessions, as the search and the order say."""
        self._entries = entries
        found = [entry for entry in entries if matches(entry, self.search)]
        rows = ordered(found, self.column, self.descending)
        if [entry.path for entry in rows] == [entry.path for entry in self.rows]:
            changed = [n for n, row in enumerate(rows) if row != self.rows[n]]
            self.rows = rows
            if changed:
                last = self.index(changed[-1], len(SESSION_COLUMNS) - 1)
                self.dataChanged.emit(self.index(changed[0], 0), last)
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def show_found(self, search: str) -> None:
        """Show the sessions that match a search."""
        self.search = search
        self.show_entries(self._entries)

    def sort(self, number: int, order: Any = QtCore.Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column."""
        self.column = SESSION_COLUMNS[number]
        self.descending = order == QtCore.Qt.SortOrder.DescendingOrder
        self.show_entries(self._entries)

    def repaint(self, palette: Palette) -> None:
        """Show the rows in the colours of another theme."""
        self.palette = palette
        if self.rows:
            last = self.index(len(self.rows) - 1, len(SESSION_COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def rowCount(self, parent: QtCore.QModelIndex | None = None) -> int:
        """Return the number of sessions that are shown."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QtCore.QModelIndex | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(SESSION_COLUMNS)

    def flags(self, index: QtCore.QModelIndex) -> Any:
        """Return what can be done with a cell: names and notes can be edited."""
        flags = _Flag.ItemIsEnabled | _Flag.ItemIsSelectable
        editable = SESSION_COLUMNS[index.column()] in (NAME_COLUMN, NOTE_COLUMN)
        if editable and self.rows[index.row()].outline is not None:
            flags |= _Flag.ItemIsEditable
        return flags

    def headerData(self, section: int, orientation: Any, role: int = 0) -> Any:
        """Return the header of a column, or what it means."""
        if orientation != QtCore.Qt.Orientation.Horizontal:
            return None
        column = SESSION_COLUMNS[section]
        if role == _Role.TextAlignmentRole:
            return int(_RIGHT if column.is_number else _LEFT)
        if role == _Role.DisplayRole:
            return column.header
        return column.meaning if role == _Role.ToolTipRole else None

    def data(self, index: QtCore.QModelIndex, role: int = 0) -> Any:
        """Return the text, colour or alignment of a cell."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        entry, column = self.rows[index.row()], SESSION_COLUMNS[index.column()]
        if role == _ENTRY_ROLE:
            return entry
        if role in (_Role.DisplayRole, _Role.AccessibleTextRole):
            return printable(column.text(entry))
        if role == _Role.EditRole:
            return entry.given_name if column is NAME_COLUMN else column.text(entry)
        if role == _Role.ToolTipRole:
            return plain_tip(_tip(entry, column))
        if role == _Role.TextAlignmentRole:
            return int(_RIGHT if column.is_number else _LEFT)
        if role == _Role.ForegroundRole:
            return QtGui.QColor(self._colour(entry, column))
        return None

    def _colour(self, entry: CatalogueEntry, column: SessionColumn) -> str:
        if column is KIND_COLUMN and entry.state in _COLOURS:
            return str(getattr(self.palette, _COLOURS[entry.state]))
        return self.palette.text if column is NAME_COLUMN else self.palette.muted

    def setData(self, index: QtCore.QModelIndex, value: Any, role: int = 0) -> bool:
        """Pass on a name or a note that was typed."""
        if role != _Role.EditRole or not index.isValid():
            return False
        typed = " ".join(str(value).split())
        if typed != index.data(_Role.EditRole):
            key = SESSION_COLUMNS[index.column()].key
            self.described.emit(self.rows[index.row()], key, typed)
        return True


def _tip(entry: CatalogueEntry, column: SessionColumn) -> str:
    if column is NAME_COLUMN:
        return str(entry.path)
    if column is KIND_COLUMN and entry.problem:
        return entry.problem
    return column.text(entry)


class _SessionCells(QtGui.QStyledItemDelegate):
    """Draws the picture of the power, and shortens what does not fit."""

    def paint(self, painter: Any, option: Any, index: QtCore.QModelIndex) -> None:
        super().paint(painter, option, index)
        if SESSION_COLUMNS[index.column()] is POWER_COLUMN:
            entry: CatalogueEntry = index.data(_ENTRY_ROLE)
            if entry.outline is not None:
                _draw_power(painter, option.rect, entry.outline.thumbnail, index.model().palette)

    def initStyleOption(self, option: Any, index: QtCore.QModelIndex) -> None:
        """Shorten a text that does not fit, and draw no focus around a cell."""
        super().initStyleOption(option, index)
        option.state &= ~QtGui.QStyle.StateFlag.State_HasFocus
        advance, room = option.fontMetrics.horizontalAdvance, option.rect.width() - _SPACE
        option.text = shortened_text(option.text, lambda text: advance(text) <= room)

    def createEditor(self, parent: Any, option: Any, index: QtCore.QModelIndex) -> Any:
        """Make the field that a name or a note is typed into."""
        field = QtGui.QLineEdit(parent)
        field.setProperty("look", "cell")
        field.setMaxLength(_LONGEST)
        field.setAccessibleName(SESSION_COLUMNS[index.column()].header)
        if SESSION_COLUMNS[index.column()] is NAME_COLUMN:
            field.setPlaceholderText(index.data(_ENTRY_ROLE).path.stem)
        return field


def _draw_power(painter: Any, rect: Any, picture: bytes, palette: Palette) -> None:
    """Draw the power as a filled curve, and nothing in a gap."""
    if not picture:
        return
    room = QtCore.QRectF(rect).adjusted(8, 5, -8, -5)
    width = room.width() / len(picture)
    colour = QtGui.QColor(palette.channel("power"))
    fill = QtGui.QColor(colour)
    fill.setAlphaF(0.25)
    line, area = QtGui.QPainterPath(), QtGui.QPainterPath()
    drawn = False
    for number, value in enumerate(picture):
        left = room.left() + number * width
        if value == GAP:
            drawn = False
            continue
        top = room.bottom() - value / FULL * room.height()
        area.addRect(QtCore.QRectF(left, top, width, room.bottom() - top))
        if drawn:
            line.lineTo(left, top)
        else:
            line.moveTo(left, top)
        line.lineTo(left + width, top)
        drawn = True
    painter.save()
    painter.fillPath(area, fill)
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.strokePath(line, QtGui.QPen(colour, 1.0))
    painter.restore()


class SessionView(QtGui.QTableView):
    """The rows.  Several can be selected; Return and a double click open them."""

    #: Opens the selected sessions, deletes them; shows a menu at a place of the screen.
    open_wanted = QtCore.Signal()
    delete_wanted = QtCore.Signal()
    menu_wanted = QtCore.Signal(QtCore.QPoint)
    #: Other sessions are selected.
    chosen = QtCore.Signal()

    def __init__(self, table: SessionTable) -> None:
        super().__init__()
        self._table = table
        self._widths: dict[str, int] = dict.fromkeys(_NUMBER, 0)
        self.setObjectName("sessionTable")
        self.setAccessibleName("Sessions")
        self.setModel(table)
        self.setItemDelegate(_SessionCells(self))
        views = QtGui.QAbstractItemView
        self.setSelectionBehavior(views.SelectionBehavior.SelectRows)
        self.setSelectionMode(views.SelectionMode.ExtendedSelection)
        self.setEditTriggers(views.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(views.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setContextMenuPolicy(QtCore.Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(
            lambda place: self.menu_wanted.emit(self.viewport().mapToGlobal(place))
        )
        self.doubleClicked.connect(lambda _index: self.open_wanted.emit())
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicator(_NUMBER[START_COLUMN.key], QtCore.Qt.SortOrder.DescendingOrder)
        header.setSortIndicatorShown(True)
        header.setSectionsClickable(True)
        header.sectionClicked.connect(self._sort_by)
        self._order = START_COLUMN.key, True
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen.emit())
        header.setSectionResizeMode(header.ResizeMode.Fixed)
        self.fit_columns()

    def fit_columns(self) -> None:
        """Set each column to the width of its widest text; words may be shortened, not numbers."""
        metrics = self.fontMetrics()
        for number, column in enumerate(SESSION_COLUMNS):
            texts = [column.widest, column.header]
            if column.is_number:
                texts.append(max(map(column.text, self._table.rows), key=len, default=""))
            width = max(map(metrics.horizontalAdvance, texts)) + _SPACE + _SLACK
            self._widths[column.key] = _LEAST.get(column.key, width)
            self.setColumnWidth(number, self._widths[column.key])
        self._fill()

    def changeEvent(self, event: Any) -> None:
        """Fit the columns to another font: that of the style sheet comes late."""
        super().changeEvent(event)
        if event.type() in (QtCore.QEvent.Type.FontChange, QtCore.QEvent.Type.StyleChange):
            self.fit_columns()

    def resizeEvent(self, event: Any) -> None:
        """Hide columns that there is no room for."""
        super().resizeEvent(event)
        self._fill()

    def _fill(self) -> None:
        """Hide columns that there is no room for; name and note take what is left."""
        room = self.viewport().width()
        shown = dict(self._widths)
        for key in _HIDEABLE:
            hidden = sum(shown.values()) > room
            if hidden:
                del shown[key]
            self.setColumnHidden(_NUMBER[key], hidden)
        left = max(room - sum(shown.values()), 0)
        share = left * 2 // 3 if NOTE_COLUMN.key in shown else 0
        for column, more in ((NOTE_COLUMN, share), (NAME_COLUMN, left - share)):
            self.setColumnWidth(_NUMBER[column.key], self._widths[column.key] + more)

    def _sort_by(self, number: int) -> None:
        """Sort by a column, the other way round if it is clicked again."""
        column = SESSION_COLUMNS[number]
        same = self._order[0] == column.key
        descending = not self._order[1] if same else column.descending
        self._order = column.key, descending
        orders = QtCore.Qt.SortOrder
        order = orders.DescendingOrder if descending else orders.AscendingOrder
        self.horizontalHeader().setSortIndicator(number, order)
        with self.holding():
            self._table.sort(number, order)

    # -- what is selected --------------------------------------------------------------

    def holding(self) -> _Held:
        """Return a context in which the rows may change: the same sessions stay selected."""
        return _Held(self)

    @property
    def editing(self) -> bool:
        """Whether a name or a note is being typed."""
        return self.state() == QtGui.QAbstractItemView.State.EditingState

    def selected(self) -> list[CatalogueEntry]:
        """Return the selected sessions, from top to bottom."""
        numbers = sorted(index.row() for index in self.selectionModel().selectedRows())
        return [self._table.rows[number] for number in numbers]

    def select(self, paths: Iterable[Path]) -> None:
        """Select sessions, as far as they are shown."""
        wanted, selection = set(paths), QtCore.QItemSelection()
        chosen = [entry.path in wanted for entry in self._table.rows]
        first = 0
        for is_chosen, group in itertools.groupby(chosen):
            last = first + len(list(group)) - 1
            if is_chosen:
                selection.select(self._table.index(first, 0), self._table.index(last, 0))
            first = last + 1
        flags = QtCore.QItemSelectionModel.SelectionFlag
        self.selectionModel().select(selection, flags.ClearAndSelect | flags.Rows)

    def choose_row(self, number: int) -> None:
        """Select one row, and scroll to it."""
        if self._table.rows:
            number = min(max(number, 0), len(self._table.rows) - 1)
            self.setCurrentIndex(self._table.index(number, _NUMBER[NAME_COLUMN.key]))

    def edit_cell(self, column: SessionColumn) -> None:
        """Edit the name or the note of the current session."""
        index = self.currentIndex()
        if index.isValid():
            cell = self._table.index(index.row(), _NUMBER[column.key])
            if self.isColumnHidden(cell.column()):
                # There is room for it while it is typed.
                self.setColumnHidden(cell.column(), False)
                self.setColumnWidth(_NUMBER[NAME_COLUMN.key], _LEAST[NAME_COLUMN.key])
            self.scrollTo(cell)
            self.setFocus()
            self.edit(cell)

    def keyPressEvent(self, event: Any) -> None:
        """Handle Return and Delete; Qt handles the rest."""
        if event.key() in (_Key.Key_Return, _Key.Key_Enter) and not self.editing:
            self.open_wanted.emit()
        elif event.key() == _Key.Key_Delete:
            self.delete_wanted.emit()
        else:
            super().keyPressEvent(event)
            return
        event.accept()


class _Held:
    """Selects the same sessions again after the rows have changed."""

    def __init__(self, view: SessionView) -> None:
        self._view = view

    def __enter__(self) -> None:
        view = self._view
        self._paths = [entry.path for entry in view.selected()]
        index = view.currentIndex()
        rows = view._table.rows
        self._row = index.row()
        self._current = rows[self._row].path if 0 <= self._row < len(rows) else None
        self._scrolled = view.verticalScrollBar().value()
        self._rows = rows

    def __exit__(self, *_: object) -> None:
        view = self._view
        rows = view._table.rows
        if [entry.path for entry in rows] == [entry.path for entry in self._rows]:
            return
        places = {entry.path: number for number, entry in enumerate(rows)}
        flags = QtCore.QItemSelectionModel.SelectionFlag
        if self._current is not None and rows:
            number = places.get(self._current, min(self._row, len(rows) - 1))
            index = view._table.index(number, _NUMBER[NAME_COLUMN.key])
            view.selectionModel().setCurrentIndex(index, flags.NoUpdate)
        view.select(self._paths)
        if not view.selected() and self._paths and rows:
            view.choose_row(view.currentIndex().row())
        view.verticalScrollBar().setValue(self._scrolled)
