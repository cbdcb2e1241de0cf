# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of meters on the screen: rows, a line with their total, and hands for both."""

from __future__ import annotations

from typing import Any, Final

from pyface.qt import QtCore, QtGui

from wattui.ui.meters.rows import BOX, COLUMNS, NAME, STATE, MeterRow, TotalRow
from wattui.ui.meters.table_model import FIRST_NUMBER, ROW_ROLE, MeterTable
from wattui.ui.theme.palette import LIGHT, Palette, mix

#: Height of a row, of the header and of the total, in pixels.
ROW: Final = 26
HEADER: Final = 26
TOTAL: Final = 30

#: The most rows that are seen at once; the others are scrolled to.
MOST_ROWS: Final = 6

#: Where the box and the colour are in their column: left edge and width, in pixels.
_BOX: Final = (10, 14)
_CHIP: Final = (34, 18)
_BOX_WIDTH: Final = 58

_Key = QtCore.Qt.Key


class _Cells(QtGui.QStyledItemDelegate):
    """Draws box and colour of a meter, and the dot of its state."""

    def paint(self, painter: Any, option: Any, index: QtCore.QModelIndex) -> None:
        row: MeterRow = index.data(ROW_ROLE)
        palette = index.model().palette
        if index.column() == BOX:
            super().paint(painter, option, index)
            _draw_box(painter, option.rect, row, palette)
        elif index.column() == STATE:
            _draw_ground(painter, option, palette)
            _draw_state(painter, option, row, palette)
        else:
            super().paint(painter, option, index)

    def createEditor(self, parent: Any, option: Any, index: QtCore.QModelIndex) -> Any:
        """Make the field that a name is typed into."""
        field = QtGui.QLineEdit(parent)
        field.setProperty("look", "cell")
        field.setMaxLength(60)
        return field


def _draw_ground(painter: Any, option: Any, palette: Palette) -> None:
    if option.state & QtGui.QStyle.StateFlag.State_Selected:
        painter.fillRect(option.rect, QtGui.QColor(selected_ground(palette)))


def selected_ground(palette: Palette) -> str:
    """Give what is behind the selected row."""
    return mix(palette.panel, palette.accent, 0.2 if palette.dark else 0.12)


def _draw_box(painter: Any, rect: Any, row: MeterRow, palette: Palette) -> None:
    """Draw the check box, and the colour as a chip beside it."""
    painter.save()
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    left, width = _BOX
    top = rect.top() + (rect.height() - width) / 2
    box = QtCore.QRectF(rect.left() + left + 0.5, top + 0.5, width - 1, width - 1)
    edge = mix(palette.line, palette.muted, 0.45)
    painter.setPen(QtGui.QPen(QtGui.QColor(palette.accent if row.plotted else edge), 1))
    painter.setBrush(QtGui.QColor(palette.accent if row.plotted else palette.panel))
    painter.drawRoundedRect(box, 4, 4)
    if row.plotted:
        painter.setPen(QtGui.QPen(QtGui.QColor(palette.on_accent), 1.8))
        x, y = box.left(), box.top()
        painter.drawPolyline(
            QtGui.QPolygonF(
                [QtCore.QPointF(x + a, y + b) for a, b in ((3.2, 6.8), (5.6, 9.4), (10, 4))]
            )
        )
    left, width = _CHIP
    chip = QtCore.QRectF(rect.left() + left, rect.center().y() - 4, width, 9)
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    colour = QtGui.QColor(row.colour)
    colour.setAlphaF(1.0 if row.plotted else 0.4)
    painter.setBrush(colour)
    painter.drawRoundedRect(chip, 4.5, 4.5)
    painter.restore()


def _draw_state(painter: Any, option: Any, row: MeterRow, palette: Palette) -> None:
    rect = option.rect
    painter.save()
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    painter.setBrush(QtGui.QColor(getattr(palette, row.dot)))
    painter.drawEllipse(QtCore.QRectF(rect.left() + 8, rect.center().y() - 3.5, 8, 8))
    painter.setPen(QtGui.QColor(palette.muted if row.dot == "muted" else palette.text))
    room = rect.adjusted(24, 0, -4, 0)
    metrics = painter.fontMetrics()
    text = metrics.elidedText(row.state, QtCore.Qt.TextElideMode.ElideRight, room.width())
    painter.drawText(room, QtCore.Qt.AlignmentFlag.AlignVCenter, text)
    painter.restore()


class MeterView(QtGui.QTableView):
    """The rows.  What a person does with one is told by its number."""

    #: A row was picked; its box was clicked; its colour was clicked, with the place for a list.
    picked = QtCore.Signal(int)
    toggled = QtCore.Signal(int)
    colour_wanted = QtCore.Signal(int, QtCore.QPoint)
    #: A menu is wanted at a place; a key was pressed that stands for a deed.
    menu_wanted = QtCore.Signal(int, QtCore.QPoint)
    deed_wanted = QtCore.Signal(str)

    def __init__(self, table: MeterTable) -> None:
        super().__init__()
        self.setObjectName("meterTable")
        self.setAccessibleName("Meters")
        self.setModel(table)
        self.setItemDelegate(_Cells(self))
        views = QtGui.QAbstractItemView
        self.setSelectionBehavior(views.SelectionBehavior.SelectRows)
        self.setSelectionMode(views.SelectionMode.SingleSelection)
        triggers = views.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.EditKeyPressed)
        self.setVerticalScrollMode(views.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setFrameShape(QtGui.QFrame.Shape.NoFrame)
        self.setContextMenuPolicy(QtCore.Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu_at)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW)
        self.verticalHeader().setMinimumSectionSize(ROW)
        self.selectionModel().currentRowChanged.connect(self._row_picked)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        header.setFixedHeight(HEADER)
        self.fit_columns()

    def fit_columns(self) -> None:
        """Give each column of numbers the width of its widest text, the name the rest."""
        header, bold = self.horizontalHeader(), QtGui.QFont(self.font())
        bold.setBold(True)  # As the total is written.
        metrics = QtGui.QFontMetrics(bold)
        mode = QtGui.QHeaderView.ResizeMode
        header.setMinimumSectionSize(20)
        self.setColumnWidth(BOX, _BOX_WIDTH)
        for number, (title, _told, widest) in enumerate(COLUMNS):
            width = max(metrics.horizontalAdvance(text) for text in (widest, title))
            self.setColumnWidth(FIRST_NUMBER + number, width + 16)
        self.setColumnWidth(STATE, metrics.horizontalAdvance("Unplugged 00:00") + 34)
        header.setSectionResizeMode(QtGui.QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(NAME, mode.Stretch)

    def changeEvent(self, event: Any) -> None:
        """Measure the columns anew where letters are others: those of the theme come late."""
        super().changeEvent(event)
        if event.type() in (QtCore.QEvent.Type.FontChange, QtCore.QEvent.Type.StyleChange):
            self.fit_columns()

    def resizeEvent(self, event: Any) -> None:
        """Leave out what there is no room for: gaps and samples stand in the status bar too."""
        super().resizeEvent(event)
        room = self.viewport().width()
        needed = sum(
            self._width(column) for column in range(self.model().columnCount()) if column != NAME
        )
        for column in _GIVES_WAY:
            hidden = needed + _LEAST_NAME > room
            if hidden:
                needed -= self._width(column)
            self.setColumnHidden(column, hidden)

    def _width(self, column: int) -> int:
        if self.isColumnHidden(column):
            self.setColumnHidden(column, False)
        return int(self.columnWidth(column))

    def select(self, row: int) -> None:
        """Select a row, as the window's choice; nothing is signalled."""
        if row != self.currentIndex().row():
            blocked = self.selectionModel().blockSignals(True)
            self.setCurrentIndex(self.model().index(row, NAME))
            self.selectionModel().blockSignals(blocked)
            self.viewport().update()

    def edit_name(self, row: int) -> None:
        """Have the name of a row typed."""
        self.setFocus()
        self.select(row)
        self.scrollTo(self.model().index(row, NAME))
        self.edit(self.model().index(row, NAME))

    def chip_place(self, row: int) -> QtCore.QPoint:
        """Give the place below the colour of a row, on the screen."""
        rect = self.visualRect(self.model().index(row, BOX))
        return self.viewport().mapToGlobal(QtCore.QPoint(rect.left() + _CHIP[0], rect.bottom()))

    def _row_picked(self, current: Any, _before: Any) -> None:
        if current.isValid():
            self.picked.emit(current.row())

    def _menu_at(self, place: QtCore.QPoint) -> None:
        row = self.indexAt(place).row()
        if row < 0:
            row = self.currentIndex().row()
        if row >= 0:
            self.menu_wanted.emit(row, self.viewport().mapToGlobal(place))

    def mouseReleaseEvent(self, event: Any) -> None:
        """Take clicks on the box and on the colour."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.pos())
        if event.button() != QtCore.Qt.MouseButton.LeftButton or index.column() != BOX:
            return
        across = event.pos().x() - self.visualRect(index).left()
        if across < _CHIP[0] - 4:
            self.toggled.emit(index.row())
        else:
            self.colour_wanted.emit(index.row(), self.chip_place(index.row()))

    def keyPressEvent(self, event: Any) -> None:
        """Do what a key stands for: the rest is Qt's."""
        row, key = self.currentIndex().row(), event.key()
        alt = bool(event.modifiers() & QtCore.Qt.KeyboardModifier.AltModifier)
        if row >= 0 and key == _Key.Key_Space:
            self.toggled.emit(row)
        elif row >= 0 and alt and key in _MOVES:
            self.deed_wanted.emit(_MOVES[key])
        elif row >= 0 and key in _DEEDS:
            self.deed_wanted.emit(_DEEDS[key])
        else:
            super().keyPressEvent(event)
            return
        event.accept()


_MOVES: Final = {_Key.Key_Up: "meter_up", _Key.Key_Down: "meter_down"}
_DEEDS: Final = {
    _Key.Key_Return: "connect",
    _Key.Key_Enter: "connect",
    _Key.Key_Delete: "remove_meter",
}

#: What is left out first where the window is narrow, and the least width of the names.
_GIVES_WAY: Final = tuple(FIRST_NUMBER + number for number in (8, 7, 6, 5, 3))
_LEAST_NAME: Final = 112


class TotalLine(QtGui.QWidget):
    """All meters together, below the rows and in their columns."""

    def __init__(self, view: MeterView) -> None:
        super().__init__()
        self._view = view
        self._total = TotalRow()
        self._palette: Palette = LIGHT
        self.setFixedHeight(TOTAL)
        view.horizontalHeader().geometriesChanged.connect(self.update)
        view.horizontalHeader().sectionResized.connect(lambda *_: self.update())

    def show_total(self, total: TotalRow, palette: Palette) -> None:
        """Show another total."""
        if (total, palette) == (self._total, self._palette):
            return
        self._total, self._palette = total, palette
        words = f"Total of {total.name}: {total.watts} W, {total.energy} {total.energy_error}"
        self.setAccessibleName(words)
        self.update()

    def paintEvent(self, _event: Any) -> None:
        """Write each number below its column."""
        painter = QtGui.QPainter(self)
        total, palette, view = self._total, self._palette, self._view
        painter.setPen(QtGui.QColor(palette.line))
        painter.drawLine(0, 0, self.width(), 0)
        font = QtGui.QFont(self.font())
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(QtGui.QColor(palette.text))
        numbers = {0: total.watts, 4: total.energy, 5: total.cost}
        numbers |= {6: total.samples, 7: total.gaps}
        for number, text in numbers.items():
            column = FIRST_NUMBER + number
            if not view.isColumnHidden(column):
                self._write(painter, column, text, QtCore.Qt.AlignmentFlag.AlignRight)
        name = QtCore.Qt.AlignmentFlag.AlignLeft
        self._write(painter, NAME, f"Total of {total.name}", name)
        font.setBold(False)
        painter.setFont(font)
        painter.setPen(QtGui.QColor(palette.muted))
        self._write_error(painter, total.energy_error)
        painter.end()

    def _place(self, column: int) -> QtCore.QRect:
        view = self._view
        left = view.columnViewportPosition(column) + view.viewport().x()
        return QtCore.QRect(left, 1, view.columnWidth(column), self.height() - 1)

    def _write(self, painter: Any, column: int, text: str, align: Any) -> None:
        # As far from the edges as Qt's own cells are.
        room = self._place(column).adjusted(6, 0, -6, 0)
        if column == NAME:
            room.setRight(self._place(FIRST_NUMBER).left())
        painter.drawText(room, int(align | QtCore.Qt.AlignmentFlag.AlignVCenter), text)

    def _write_error(self, painter: Any, text: str) -> None:
        """Write the error of the energy before it: the columns of V, A and PF have no total."""
        room = self._place(FIRST_NUMBER + 1)
        room.setRight(self._place(FIRST_NUMBER + 4).right() - 12)
        energy = self._total.energy
        bold = QtGui.QFont(self.font())
        bold.setBold(True)
        width = QtGui.QFontMetrics(bold).horizontalAdvance(energy)
        room.setRight(room.right() - width - 10)
        right = QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter
        painter.drawText(room, int(right), text)
