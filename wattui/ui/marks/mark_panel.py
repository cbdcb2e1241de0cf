# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of marks and spans below the plots."""

from __future__ import annotations

import math
from typing import Any, Final

from pyface.qt import QtCore, QtGui
from traitsui.api import BasicEditorFactory

from wattui.measurement.text import printable
from wattui.session import Mark, Span
from wattui.ui.marks.mark_rows import HEADERS, MEANINGS, MarkRow
from wattui.ui.theme.palette import LIGHT, Palette
from wattui.ui.widgets.colour_chip import colour_chip
from wattui.ui.widgets.form_layout import heading
from wattui.ui.widgets.plain_text import PlainLabel
from wattui.ui.widgets.widget_editor import WidgetEditor

_Role = QtCore.Qt.ItemDataRole
_Flag = QtCore.Qt.ItemFlag
_RIGHT = int(QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(QtCore.Qt.AlignmentFlag.AlignLeft | QtCore.Qt.AlignmentFlag.AlignVCenter)

#: Role of what a cell is sorted by, and of the mark or span of a row.
SORT_ROLE: Final = int(_Role.UserRole)
NOTE_ROLE: Final = SORT_ROLE + 1

#: Heights in pixels: of a row, the header, the line of buttons; and the most rows.
_ROW: Final = 26
_HEADER: Final = 24
_BUTTONS: Final = 34
_MOST_ROWS: Final = 5
_FEW_ROWS: Final = 2

#: Height of a window in which the list has few rows while the figures are shown, in pixels.
_LOW: Final = 850

#: The columns that are hidden in a narrow window, the first one first; least width of names.
_HIDEABLE: Final = tuple(map(HEADERS.index, ("Peak", "Duration", "Ratio", "Mean power")))
_LEAST_NAME: Final = 150

_EMPTY: Final = (
    "Press M to mark the moment at the pointer. Select a part with Shift and the mouse, and press "
    "K to keep it as a span."
)


class MarkTable(QtCore.QAbstractTableModel):
    """Rows of marks and spans, for a ``QTableView``."""

    #: A name was typed: the mark or span, and its name.
    named = QtCore.Signal(object, str)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[MarkRow] = []
        self.palette: Palette = LIGHT

    def has_same(self, rows: list[MarkRow]) -> bool:
        """Check whether these are the same marks and spans, however they changed."""
        own, other = ([(type(one.note), one.note.id) for one in some] for some in (self.rows, rows))
        return own == other

    def show_rows(self, rows: list[MarkRow], palette: Palette) -> None:
        """Show other rows."""
        if self.has_same(rows):
            # What is being typed stays.
            self.rows, self.palette = list(rows), palette
            if rows:
                last = self.index(len(rows) - 1, len(HEADERS) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self.rows, self.palette = list(rows), palette
        self.endResetModel()

    def rowCount(self, parent: QtCore.QModelIndex | None = None) -> int:
        """Return the number of marks and spans."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QtCore.QModelIndex | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(HEADERS)

    def flags(self, index: QtCore.QModelIndex) -> Any:
        """Return what can be done with a cell: names can be edited."""
        flags = _Flag.ItemIsEnabled | _Flag.ItemIsSelectable
        return flags | _Flag.ItemIsEditable if index.column() == 0 else flags

    def headerData(self, section: int, orientation: Any, role: int = 0) -> Any:
        """Return the header of a column, or what it means."""
        if orientation != QtCore.Qt.Orientation.Horizontal:
            return None
        if role == _Role.TextAlignmentRole:
            return _RIGHT if section > 1 else _LEFT
        if role == _Role.DisplayRole:
            return HEADERS[section]
        return MEANINGS[section] if role == _Role.ToolTipRole else None

    def data(self, index: QtCore.QModelIndex, role: int = 0) -> Any:
        """Return what a cell shows."""
        row, column = self.rows[index.row()], index.column()
        if role == _Role.DisplayRole:
            return printable(row.texts[column])
        if role == _Role.EditRole:
            return row.texts[0]
        if role == SORT_ROLE:
            return row.keys[column]
        if role == NOTE_ROLE:
            return row.note
        if role == _Role.TextAlignmentRole:
            return _RIGHT if column > 1 else _LEFT
        if role == _Role.DecorationRole and column == 0:
            return self._chip(row.note)
        if role == _Role.FontRole and row.is_baseline:
            font = QtGui.QFont(QtGui.QApplication.font())
            font.setBold(True)
            return font
        return None

    def _chip(self, note: Mark | Span) -> QtGui.QPixmap:
        """Return the colour of a span; a dashed line for a mark."""
        if isinstance(note, Span):
            return colour_chip(self.palette.shown(note.colour) or self.palette.accent)
        chip = colour_chip("")
        painter = QtGui.QPainter(chip)
        painter.setPen(QtGui.QPen(QtGui.QColor(self.palette.text), 1.0))
        for y in (0, 4, 8):
            painter.drawLine(5, y, 5, y + 2)
        painter.end()
        return chip

    def setData(self, index: QtCore.QModelIndex, value: Any, _role: int = 0) -> bool:
        """Take a name that was typed."""
        self.named.emit(self.rows[index.row()].note, str(value).strip())
        return True


class _Sorted(QtCore.QSortFilterProxyModel):
    """Sorts by the values, not by their texts; what is not known comes last."""

    def lessThan(self, left: QtCore.QModelIndex, right: QtCore.QModelIndex) -> bool:
        one, other = (index.data(SORT_ROLE) for index in (left, right))
        if isinstance(one, str) or isinstance(other, str):
            return str(one) < str(other)
        if math.isnan(one) or math.isnan(other):
            last = self.sortOrder() == QtCore.Qt.SortOrder.AscendingOrder
            return bool(math.isnan(other)) is last and not (math.isnan(one) and math.isnan(other))
        return bool(one < other)


class _NameDelegate(QtGui.QStyledItemDelegate):
    """Makes the field in which a name is typed fit into its row."""

    def createEditor(self, parent: Any, option: Any, index: Any) -> Any:
        """Make the field."""
        editor = super().createEditor(parent, option, index)
        editor.setProperty("look", "cell")
        return editor

    def eventFilter(self, editor: Any, event: Any) -> bool:
        """Take the name with Return, which must not reach the table behind the field."""
        keys = (QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter)
        if event.type() == QtCore.QEvent.Type.KeyPress and event.key() in keys:
            self.commitData.emit(editor)
            self.closeEditor.emit(editor, self.EndEditHint.NoHint)
            return True
        return bool(super().eventFilter(editor, event))


class MarkView(QtGui.QTableView):
    """The table: arrows and clicks choose, Return goes there, Delete removes."""

    #: A mark or span was chosen; it was double-clicked, or Return pressed; Delete was pressed.
    picked = QtCore.Signal(object)
    opened = QtCore.Signal(object)
    removed = QtCore.Signal()
    #: A field with a name was closed.
    edited = QtCore.Signal()

    def __init__(self, table: MarkTable) -> None:
        super().__init__()
        self.setObjectName("markTable")
        self.setAccessibleName("Marks and spans")
        self.order = _Sorted(self)
        self.order.setSourceModel(table)
        self.setModel(self.order)
        self.setSelectionBehavior(QtGui.QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QtGui.QAbstractItemView.SelectionMode.SingleSelection)
        triggers = QtGui.QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.EditKeyPressed | triggers.DoubleClicked)
        self.setItemDelegate(_NameDelegate(self))
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        #: The widths of the heads of the columns, which Qt says only of those that are shown.
        self._heads = [0] * len(HEADERS)
        header = self.horizontalHeader()
        header.setFixedHeight(_HEADER)
        header.setHighlightSections(False)
        header.setSectionResizeMode(QtGui.QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QtGui.QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(60)
        self.setSortingEnabled(True)
        self.sortByColumn(1, QtCore.Qt.SortOrder.AscendingOrder)
        self.selectionModel().currentRowChanged.connect(self._row_picked)
        self.doubleClicked.connect(self._double_clicked)

    def make_room(self) -> None:
        """Hide the less important columns where there is no room for the names."""
        header = self.horizontalHeader()
        width = {}
        for column in range(1, len(HEADERS)):
            self._heads[column] = header.sectionSizeHint(column) or self._heads[column]
            width[column] = max(self.sizeHintForColumn(column), self._heads[column])
        for column in _HIDEABLE:
            hidden = sum(width.values()) + _LEAST_NAME > self.viewport().width()
            if hidden:
                del width[column]
            self.setColumnHidden(column, hidden)

    def resizeEvent(self, event: Any) -> None:
        """Fit the columns into another width."""
        super().resizeEvent(event)
        self.make_room()

    @property
    def is_editing(self) -> bool:
        """Whether a name is being typed."""
        return bool(self.state() == QtGui.QAbstractItemView.State.EditingState)

    def closeEditor(self, editor: Any, hint: Any) -> None:
        """Close the field with a name."""
        super().closeEditor(editor, hint)
        # Not before the delegate is done with the row.
        QtCore.QTimer.singleShot(0, self.edited.emit)

    def _row_picked(self, current: Any, _before: Any) -> None:
        if current.isValid():
            self.picked.emit(current.data(NOTE_ROLE))

    def _double_clicked(self, index: QtCore.QModelIndex) -> None:
        if index.column() > 0:
            self.opened.emit(index.data(NOTE_ROLE))

    def keyPressEvent(self, event: Any) -> None:
        """Go to the chosen one, or remove it; Qt handles the rest."""
        index, key = self.currentIndex(), event.key()
        if index.isValid() and key in (QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter):
            self.opened.emit(index.data(NOTE_ROLE))
        elif index.isValid() and key in (QtCore.Qt.Key.Key_Delete, QtCore.Qt.Key.Key_Backspace):
            self.removed.emit()
        else:
            super().keyPressEvent(event)
            return
        event.accept()

    def index_of(self, note: object) -> QtCore.QModelIndex:
        """Return the first cell of a mark or span; an invalid index if it is not listed."""
        for row in range(self.order.rowCount()):
            index = self.order.index(row, 0)
            found = index.data(NOTE_ROLE)
            if type(found) is type(note) and found.id == getattr(note, "id", None):
                return index
        return QtCore.QModelIndex()

    def choose(self, note: object) -> None:
        """Select a mark or span without a signal; None for none."""
        index = self.index_of(note)
        if index.row() != self.currentIndex().row():
            blocked = self.selectionModel().blockSignals(True)
            if index.isValid():
                self.setCurrentIndex(index)
                self.scrollTo(index)
            else:
                self.clearSelection()
                self.setCurrentIndex(index)
            self.selectionModel().blockSignals(blocked)
            self.viewport().update()


class MarkPanel(QtGui.QFrame):
    """The control: a line of buttons, and the table."""

    #: A button was clicked: the name of its action.
    clicked = QtCore.Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("markPanel")
        self.table = MarkTable(self)
        self.view = MarkView(self.table)
        self.empty = PlainLabel(_EMPTY)
        self.empty.setWordWrap(True)
        self.empty.setProperty("look", "muted")
        self.empty.setContentsMargins(12, 0, 12, 8)
        self.buttons: dict[str, QtGui.QPushButton] = {}
        line = QtGui.QHBoxLayout()
        line.setContentsMargins(12, 4, 6, 4)
        line.setSpacing(6)
        line.addWidget(heading("Marks and spans"))
        line.addStretch(1)
        for name, label, tip in (
            ("keep_span", "Keep selection", "Keep the selected part as a span (K)"),
            ("baseline", "Baseline", "Compare the energy of the spans with the chosen one's"),
            ("remove_mark", "Remove", "Remove the chosen mark or span (Delete)"),
            ("export_spans", "Export…", "Write the table as CSV or JSON"),
            ("mark_list", "Close", "Hide this list (B)"),
        ):
            button = self.buttons[name] = QtGui.QPushButton(label)
            button.setToolTip(tip)
            button.setAutoDefault(False)
            button.setFocusPolicy(QtCore.Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _on=False, name=name: self.clicked.emit(name))
            line.addWidget(button)
        layout = QtGui.QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addLayout(line)
        layout.addWidget(self.view)
        layout.addWidget(self.empty)
        self._most_rows = _MOST_ROWS
        self._waiting: tuple[list[MarkRow], Palette] | None = None
        self.view.edited.connect(self._show_waiting)
        self.show_rows([], LIGHT)

    def _show_waiting(self) -> None:
        if self._waiting is not None:
            self.show_rows(*self._waiting)

    def leave_room(self, *, others: bool) -> None:
        """Show fewer rows in a low window where another panel needs room too."""
        low = others and self.window().height() < _LOW
        self._most_rows = _FEW_ROWS if low else _MOST_ROWS

    def show_rows(self, rows: list[MarkRow], palette: Palette) -> None:
        """Show other rows, in the height that they need; what is being typed stays."""
        if self.view.is_editing and not self.table.has_same(rows):
            self._waiting = rows, palette
            return
        self._waiting = None
        self.table.show_rows(rows, palette)
        self.view.make_room()
        self.view.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        shown = min(max(len(rows), _FEW_ROWS), self._most_rows)
        self.setFixedHeight(_BUTTONS + _HEADER + shown * _ROW + 6)


class _MarksEditor(WidgetEditor):
    """Shows a :class:`MarksModel`; actions go to the handler."""

    watched = "palette,shows_figures,marks:[rows.items,chosen,baseline],plots:view:selection"

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        panel, marks = MarkPanel(), self.object.marks
        panel.view.picked.connect(lambda note: marks.go_to(note))
        panel.view.opened.connect(lambda note: marks.go_to(note, zoom=True))
        panel.view.removed.connect(marks.remove)
        panel.table.named.connect(lambda note, name: marks.name(note, name))
        panel.clicked.connect(self._clicked)
        marks.observe(self._edit_cell, "cell_wanted")
        return panel

    def dispose(self) -> None:
        """Stop observing."""
        self.object.marks.observe(self._edit_cell, "cell_wanted", remove=True)
        super().dispose()

    def update_editor(self) -> None:
        """Show the rows."""
        model, panel = self.object, self.control
        panel.leave_room(others=model.shows_figures)
        panel.show_rows(model.marks.rows, model.palette)
        panel.view.choose(model.marks.chosen)
        chosen, buttons = model.marks.chosen, panel.buttons
        buttons["baseline"].setEnabled(isinstance(chosen, Span))
        is_base = isinstance(chosen, Span) and chosen.id == model.marks.baseline
        buttons["baseline"].setText("No baseline" if is_base else "Baseline")
        buttons["remove_mark"].setEnabled(chosen is not None)
        buttons["export_spans"].setEnabled(bool(model.marks.rows))
        selected = model.plots is not None and model.plots.view.selection is not None
        buttons["keep_span"].setEnabled(selected)

    def _clicked(self, name: str) -> None:
        if name == "remove_mark":
            self.object.marks.remove()
        else:
            self.ui.handler.do(self.ui.info, name)

    def _edit_cell(self, event: Any) -> None:
        view = self.control.view
        index = view.index_of(event.new)
        if index.isValid() and view.isVisible():
            view.setFocus()
            view.scrollTo(index)
            view.edit(index)


class MarksEditor(BasicEditorFactory):
    """Editor of a :class:`MarksModel`, for a window's model."""

    klass = _MarksEditor
