# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of meters on the screen: rows, the line with their total, mouse and keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pyface.qt import QtCore, QtGui
from traitsui.api import BasicEditorFactory

from wattui.measurement.text import printable, shortened_text
from wattui.ui.meters.colour_list import ColourList
from wattui.ui.meters.meter_actions import (
    COLOUR,
    CONNECT,
    MOVE_DOWN,
    MOVE_UP,
    ROW_ALT_KEYS,
    ROW_KEYS,
    ROW_MENU,
)
from wattui.ui.meters.meter_columns import (
    BOX,
    COLUMNS,
    NAME,
    STATE,
    MeterRow,
    TotalRow,
    column_unit,
)
from wattui.ui.meters.network_actions import SWITCH
from wattui.ui.meters.total_line import TOTAL, TotalLine
from wattui.ui.theme.palette import LIGHT, Palette, mix
from wattui.ui.widgets.action import Action
from wattui.ui.widgets.plain_text import plain_tip
from wattui.ui.widgets.widget_editor import WidgetEditor

_Role = QtCore.Qt.ItemDataRole
_Flag = QtCore.Qt.ItemFlag
_RIGHT = QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter
_LEFT = QtCore.Qt.AlignmentFlag.AlignLeft | QtCore.Qt.AlignmentFlag.AlignVCenter

#: Role of the whole :class:`MeterRow`, for drawing a cell.
ROW_ROLE = int(_Role.UserRole)

#: Number of each column, by key.
_NUMBER: Final = {column.key: number for number, column in enumerate(COLUMNS)}


class MeterTable(QtCore.QAbstractTableModel):
    """Rows of meters, for a ``QTableView``."""

    #: A name was typed: number of the row, and the name.
    renamed = QtCore.Signal(int, str)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[MeterRow] = []
        self.palette: Palette = LIGHT
        self._headers = [column.header("Wh", "") for column in COLUMNS]

    def show_rows(
        self, rows: list[MeterRow], palette: Palette, unit: str = "Wh", currency: str = ""
    ) -> None:
        """Show other rows; cells that did not change are not painted again.

        *unit* of energies and *currency* are shown in the headers.
        """
        repaint = palette is not self.palette
        self.palette = palette
        headers = [column.header(unit, currency) for column in COLUMNS]
        if headers != self._headers:
            self._headers = headers
            self.headerDataChanged.emit(QtCore.Qt.Orientation.Horizontal, 0, len(COLUMNS) - 1)
        if len(rows) != len(self.rows):
            self._resize(rows)
            repaint = True
        changed = [n for n, row in enumerate(rows) if repaint or row != self.rows[n]]
        self.rows = list(rows)
        if changed:
            last = self.index(changed[-1], len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(changed[0], 0), last)

    def _resize(self, rows: list[MeterRow]) -> None:
        """Add or remove rows at the end; the selection stays where it is."""
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
        """Return the number of meters."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QtCore.QModelIndex | None = None) -> int:
        """Return the number of columns."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def flags(self, index: QtCore.QModelIndex) -> Any:
        """Return what can be done with a cell: names can be edited."""
        flags = _Flag.ItemIsEnabled | _Flag.ItemIsSelectable
        return flags | _Flag.ItemIsEditable if COLUMNS[index.column()] is NAME else flags

    def headerData(self, section: int, orientation: Any, role: int = 0) -> Any:
        """Return the header of a column, or what it means."""
        if orientation != QtCore.Qt.Orientation.Horizontal:
            return None
        column = COLUMNS[section]
        if role == _Role.TextAlignmentRole:
            return int(_RIGHT if column.is_number else _LEFT)
        if role == _Role.DisplayRole:
            return self._headers[section]
        return column.meaning if role == _Role.ToolTipRole else None

    def data(self, index: QtCore.QModelIndex, role: int = 0) -> Any:
        """Return the text, colour or alignment of a cell."""
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row, column = self.rows[index.row()], COLUMNS[index.column()]
        if role == ROW_ROLE:
            return row
        if role == _Role.EditRole:
            return row.texts[column.key]
        if role == _Role.DisplayRole:
            return printable(row.texts[column.key])
        if role == _Role.ToolTipRole:
            return plain_tip(row.tooltip)
        if role == _Role.TextAlignmentRole:
            return int(_RIGHT if column.is_number else _LEFT)
        if role == _Role.ForegroundRole:
            if column.key in row.alerts and row.current:
                return QtGui.QColor(self.palette.red)
            muted = column.is_number and not row.current
            return QtGui.QColor(self.palette.muted if muted else self.palette.text)
        if role == _Role.AccessibleTextRole:
            shown = "plotted" if row.plotted else "not plotted"
            return shown if column is BOX else printable(row.texts[column.key])
        return None

    def setData(self, index: QtCore.QModelIndex, value: Any, role: int = 0) -> bool:
        """Apply a name that was typed."""
        if role != _Role.EditRole or COLUMNS[index.column()] is not NAME:
            return False
        if str(value) != self.rows[index.row()].name:
            self.renamed.emit(index.row(), str(value))
        return True


#: Height of a row and of the header, in pixels.
ROW: Final = 26
HEADER: Final = 26

_GROWS: Final = QtGui.QSizePolicy.Policy.Expanding

#: The most rows that are visible; the others are reached by scrolling.
MOST_ROWS: Final = 6

#: The dot of a state alone, in pixels.
_LEAST_STATE: Final = 26

#: The columns that grow with their numbers: a state may have a time.
_GROWING: Final = (STATE.key, *(column.key for column in COLUMNS if column.is_number))

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
        column = COLUMNS[index.column()]
        if index.row() == self.parent().pointed_row:
            painter.fillRect(option.rect, QtGui.QColor(mix(palette.panel, palette.text, 0.08)))
        if column is BOX:
            super().paint(painter, option, index)
            _draw_box(painter, option.rect, row, palette)
        elif column is STATE:
            _draw_ground(painter, option, palette)
            _draw_state(painter, option, row, palette)
        else:
            super().paint(painter, option, index)

    def initStyleOption(self, option: Any, index: QtCore.QModelIndex) -> None:
        """Shorten a name that does not fit; Qt would cut its number."""
        super().initStyleOption(option, index)
        advance, room = option.fontMetrics.horizontalAdvance, option.rect.width() - 8
        option.text = shortened_text(option.text, lambda text: advance(text) <= room)

    def createEditor(self, parent: Any, option: Any, index: QtCore.QModelIndex) -> Any:
        """Make the field that a name is typed into."""
        field = QtGui.QLineEdit(parent)
        field.setProperty("look", "cell")
        field.setMaxLength(60)
        return field

    def setEditorData(self, editor: Any, index: QtCore.QModelIndex) -> None:
        """Show the name to edit; what was typed stays when new readings arrive."""
        # Showing the same name again would lose the selection of the text.
        if not editor.isModified() and editor.text() != index.data(_Role.EditRole):
            super().setEditorData(editor, index)


def _draw_ground(painter: Any, option: Any, palette: Palette) -> None:
    if option.state & QtGui.QStyle.StateFlag.State_Selected:
        painter.fillRect(option.rect, QtGui.QColor(selected_ground(palette)))


def selected_ground(palette: Palette) -> str:
    """Return the background of the selected row."""
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
    advance = painter.fontMetrics().horizontalAdvance
    text = shortened_text(row.state, lambda text: advance(text) <= room.width())
    painter.drawText(room, QtCore.Qt.AlignmentFlag.AlignVCenter, text)
    painter.restore()


class MeterView(QtGui.QTableView):
    """The rows.  Signals carry the number of the row."""

    #: A row was picked; its box was clicked; its colour was clicked, with the place for a list.
    picked = QtCore.Signal(int)
    toggled = QtCore.Signal(int)
    colour_wanted = QtCore.Signal(int, QtCore.QPoint)
    #: A menu was requested at a position; the key of an action was pressed.
    menu_wanted = QtCore.Signal(int, QtCore.QPoint)
    action_wanted = QtCore.Signal(object)
    #: The pointer is on a row; -1 when it is on none.
    hovered = QtCore.Signal(int)

    def __init__(self, table: MeterTable) -> None:
        super().__init__()
        #: The widest number that was shown, by column; widths by column.
        self._seen: dict[str, str] = {}
        self._widths: dict[str, int] = {}
        #: The row whose curves the pointer brings out; -1 for none.
        self.pointed_row = -1
        self.setMouseTracking(True)
        self.entered.connect(lambda index: self.hovered.emit(index.row()))
        self.viewportEntered.connect(lambda: self.hovered.emit(-1))
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
        """Set each column to the width of its widest text; the name takes the rest."""
        header, metrics = self.horizontalHeader(), self._bold()
        header.setMinimumSectionSize(20)
        self._widths = dict.fromkeys(_NUMBER, 0)
        for number, column in enumerate(COLUMNS):
            title = column.header("kWh", "$")
            texts = (column.widest, title, self._seen.get(column.key, ""))
            width = max(metrics.horizontalAdvance(text) for text in texts)
            # The state has a dot before it.
            self._widths[column.key] = width + (34 if column is STATE else 16)
            self.setColumnWidth(number, self._widths[column.key])
        self._widths[BOX.key] = _BOX_WIDTH
        self.setColumnWidth(_NUMBER[BOX.key], _BOX_WIDTH)
        header.setSectionResizeMode(QtGui.QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(_NUMBER[NAME.key], QtGui.QHeaderView.ResizeMode.Stretch)

    def leaveEvent(self, event: Any) -> None:
        """Report that the pointer is on no row."""
        super().leaveEvent(event)
        self.hovered.emit(-1)

    def changeEvent(self, event: Any) -> None:
        """Fit the columns again when the font changes: the theme's font is set late."""
        super().changeEvent(event)
        if event.type() in (QtCore.QEvent.Type.FontChange, QtCore.QEvent.Type.StyleChange):
            self.fit_columns()

    def _bold(self) -> QtGui.QFontMetrics:
        """Return the metrics of the font of the total, the widest of the table."""
        bold = QtGui.QFont(self.font())
        bold.setBold(True)
        return QtGui.QFontMetrics(bold)

    def make_room(self, rows: list[MeterRow], total: TotalRow) -> None:
        """Widen the columns whose numbers have grown; none gets narrower, so none jumps."""
        grown, width_of = False, self._bold().horizontalAdvance
        for key in _GROWING:
            texts = [row.texts[key] for row in rows if key != STATE.key or row.dot == "amber"]
            widest = max([*texts, total.texts.get(key, "")], key=width_of)
            if width_of(widest) > width_of(self._seen.get(key, "")):
                self._seen[key] = widest
                grown = True
        if grown:
            self.fit_columns()
            self._hide_columns()

    def resizeEvent(self, event: Any) -> None:
        """Hide columns that there is no room for; the status bar shows gaps and samples too."""
        super().resizeEvent(event)
        self._hide_columns()

    def _hide_columns(self) -> None:
        room = self.viewport().width()
        widths = {key: width for key, width in self._widths.items() if key != NAME.key}
        for column in _HIDEABLE:
            hidden = sum(widths.values()) + _LEAST_NAME > room
            if hidden:
                del widths[column.key]
            self.setColumnHidden(_NUMBER[column.key], hidden)
        # The last thing that gives way is the words beside the dot of the state.
        lacking = sum(widths.values()) + 3 * _LEAST_NAME // 4 - room
        state = max(widths[STATE.key] - max(lacking, 0), _LEAST_STATE)
        self.setColumnWidth(_NUMBER[STATE.key], state)

    def select(self, row: int) -> None:
        """Select the row that the window has chosen, without a signal."""
        if row != self.currentIndex().row():
            blocked = self.selectionModel().blockSignals(True)
            self.setCurrentIndex(self.model().index(row, _NUMBER[NAME.key]))
            self.selectionModel().blockSignals(blocked)
            self.viewport().update()

    def point_out(self, row: int) -> None:
        """Mark the row whose curves the pointer brings out; -1 for none."""
        if row != self.pointed_row:
            self.pointed_row = row
            if row >= 0 and not self.underMouse():
                self.scrollTo(self.model().index(row, _NUMBER[NAME.key]))
            self.viewport().update()

    def edit_name(self, row: int) -> None:
        """Edit the name of a row."""
        self.setFocus()
        self.select(row)
        self.scrollTo(self.model().index(row, _NUMBER[NAME.key]))
        self.edit(self.model().index(row, _NUMBER[NAME.key]))

    def chip_place(self, row: int) -> QtCore.QPoint:
        """Return the place below the colour of a row, on the screen."""
        rect = self.visualRect(self.model().index(row, _NUMBER[BOX.key]))
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
        """Handle clicks on the box and on the colour."""
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.pos())
        if event.button() != QtCore.Qt.MouseButton.LeftButton or COLUMNS[index.column()] is not BOX:
            return
        across = event.pos().x() - self.visualRect(index).left()
        if across < _CHIP[0] - 4:
            self.toggled.emit(index.row())
        else:
            self.colour_wanted.emit(index.row(), self.chip_place(index.row()))

    def keyPressEvent(self, event: Any) -> None:
        """Handle the keys of the table; Qt handles the rest."""
        row, key = self.currentIndex().row(), event.key()
        alt = bool(event.modifiers() & QtCore.Qt.KeyboardModifier.AltModifier)
        if row >= 0 and key == _Key.Key_Space:
            self.toggled.emit(row)
        elif row >= 0 and key in (ROW_ALT_KEYS if alt else ROW_KEYS):
            self.action_wanted.emit((ROW_ALT_KEYS if alt else ROW_KEYS)[key])
        else:
            super().keyPressEvent(event)
            return
        event.accept()


#: The columns that are hidden in a narrow window, the first one first; least width of names.
_HIDEABLE: Final = sorted(
    (column for column in COLUMNS if column.hide_order is not None),
    key=lambda column: column.hide_order,
)
_LEAST_NAME: Final = 112


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
        self._stage: QtGui.QWidget | None = None
        self._reserved = 0
        policy = QtGui.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Fixed)
        self.fit_height(2)

    def give_way_in(self, stage: QtGui.QWidget, reserved: int) -> None:
        """Show fewer rows where a stage is too low to leave *reserved* pixels to others."""
        self._stage, self._reserved = stage, reserved
        least = HEADER + ROW + TOTAL
        stage.setMinimumHeight(least + stage.layout().spacing() + reserved)
        stage.installEventFilter(self)

    def eventFilter(self, _watched: Any, event: Any) -> bool:
        """Fit into another height of the stage."""
        if event.type() in (QtCore.QEvent.Type.Resize, QtCore.QEvent.Type.LayoutRequest):
            self.fit_height(len(self.table.rows))
        return False

    def _most_rows(self) -> int:
        """Return the number of rows that there is room for."""
        if self._stage is None:
            return MOST_ROWS
        layout = self._stage.layout()
        others = [layout.itemAt(index).widget() for index in range(layout.count())]
        fixed = [one for one in others if one not in (None, self) and one.isVisible()]
        taken = sum(one.height() for one in fixed if one.sizePolicy().verticalPolicy() != _GROWS)
        taken += layout.spacing() * len(fixed) + HEADER + TOTAL + 2
        room = self._stage.height() - self._reserved - taken
        return min(max(room // ROW, 1), MOST_ROWS)

    def fit_height(self, rows: int) -> None:
        """Set the height for a number of rows; those that have no room are scrolled to."""
        most = self._most_rows()
        shown = min(rows, most)
        # Half a row shows that there are more.
        tall = shown * ROW + (ROW // 2 if rows > most else 0)
        if self.view.height() != HEADER + tall:
            self.view.setFixedHeight(HEADER + tall)
            self.setFixedHeight(HEADER + tall + TOTAL + 2)


class _MetersEditor(WidgetEditor):
    """Shows the model's ``meter_rows``; actions on a row go to the handler."""

    watched = "[meter_total,chosen_row,pointed_row,palette,energy_unit]"

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        panel = MeterPanel()
        view = panel.view
        view.picked.connect(self._picked)
        view.toggled.connect(lambda row: self.object.toggle_meter(row))
        view.colour_wanted.connect(lambda row, _place: self._choose_and_do(row, COLOUR))
        view.menu_wanted.connect(self._menu)
        view.hovered.connect(lambda row: self.object.hover_meter(row))
        view.action_wanted.connect(self._do)
        panel.table.renamed.connect(lambda row, name: self.object.rename_meter(row, name))
        return panel

    def update_editor(self) -> None:
        """Show the rows."""
        model, rows = self.object, list(self.value)
        count = len(self.control.table.rows)
        unit = column_unit(model.bench, model.energy_unit)
        self.control.table.show_rows(rows, model.palette, unit, model.bench.currency)
        self.control.view.make_room(rows, model.meter_total)
        self.control.total.show_total(model.meter_total, model.palette)
        if len(rows) != count and rows:
            self.control.fit_height(len(rows))
        self.control.view.select(model.chosen_row)
        self.control.view.point_out(model.pointed_row)

    def _do(self, action: Action) -> None:
        self.ui.handler.do(self.ui.info, action.name)

    def _picked(self, row: int) -> None:
        self.object.choose_row(row)

    def _choose_and_do(self, row: int, action: Action) -> None:
        self.object.choose_row(row)
        self._do(action)

    def _menu(self, row: int, place: QtCore.QPoint) -> None:
        self.object.choose_row(row)
        self.row_menu().popup(place)

    def row_menu(self) -> QtGui.QMenu:
        """Make the context menu of the chosen row."""
        menu = QtGui.QMenu(self.control)
        menu.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in ROW_MENU:
            if action is None:
                menu.addSeparator()
                continue
            if action is SWITCH and not self.object.can_switch:
                continue
            text = self.object.connect_label if action is CONNECT else action.plain_label
            item = menu.addAction(text)
            item.setData(action.name)
            item.setEnabled(self._can(action))
            item.triggered.connect(lambda _on=False, action=action: self._do(action))
        return menu

    def _can(self, action: Action) -> bool:
        """Check whether an action makes sense for the chosen row."""
        model = self.object
        if action is MOVE_UP:
            return model.chosen_row > 0
        if action is MOVE_DOWN:
            return model.chosen_row < len(model.meter_rows) - 1
        return action is not CONNECT or not model.bench.opened

    def edit_name(self, row: int) -> None:
        """Edit the name of a row."""
        self.control.view.edit_name(row)

    def ask_colour(self, row: int, current: str, chosen: Callable[[str], None]) -> ColourList:
        """Offer the colours below the chip of a row; *chosen* is called with the one picked."""
        colours = ColourList(self.control, self.object.palette, current)
        colours.chosen.connect(chosen)
        colours.popup(self.control.view.chip_place(row))
        return colours


class MetersEditor(BasicEditorFactory):
    """Editor of a list of :class:`MeterRow`, for a window's model."""

    klass = _MetersEditor
