# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel of figures: the selection as typed fields, the table, and the charts beside it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pyface.qt import QtCore, QtGui
from traits.api import Instance
from traitsui.api import BasicEditorFactory

from wattui.measurement.moment import TIME_HINT
from wattui.measurement.text import printable
from wattui.ui.figures.copied_table import FORMS
from wattui.ui.figures.figure_rows import Cell, FigureRow, length_text
from wattui.ui.figures.part_reader import RunPart
from wattui.ui.figures.power_charts import WIDTHS, ChartsWidget
from wattui.ui.theme.palette import LIGHT, Palette
from wattui.ui.theme.style_sheet import GRID, MARGIN
from wattui.ui.widgets.bar_room import BarRoom
from wattui.ui.widgets.form_layout import set_role
from wattui.ui.widgets.plain_text import PlainLabel, menu_text, plain_tip
from wattui.ui.widgets.typed_field import read_number
from wattui.ui.widgets.widget_editor import WidgetEditor

#: Names of the parts, as column heads.
PARTS: Final = tuple(part.value for part in RunPart)

#: Height of a row; least and largest widths of a time, a duration and a number, in pixels.
_ROW: Final = 20
_TIME: Final = (64, 108)
_LENGTH: Final = (50, 80)
_NUMBER: Final = (44, 64)

#: Limits of the height of the panel, and its share of the room, in pixels.
_HEIGHTS: Final = (130, 360)
_SHARE: Final = 0.42

#: Least widths of the columns, and pixels around a text; least width of the panel for one line
#: of fields.
_LABEL_WIDTH: Final = 116
_CELL_WIDTH: Final = 90
_AROUND: Final = 6
_ONE_LINE: Final = 630

#: The highest power that can be a threshold, in W.
_MOST_WATTS: Final = 100_000.0

#: What can be typed into the fields.
_TIPS: Final = (
    TIME_HINT,
    TIME_HINT,
    "How long the selection is: 3:00 or 5 min",
    "The load is on above this power: the dashed line in the plot, which can be dragged",
)

_HINT: Final = "Drag over the plots to select a part, or type when it starts and ends."


class TypedCell(QtGui.QLineEdit):
    """A value that is shown, and can be typed instead."""

    def __init__(self, name: str, width: tuple[int, int], apply: Callable[[str], None]) -> None:
        super().__init__()
        self.setProperty("small", True)
        self.setMinimumWidth(width[0])
        self.setMaximumWidth(width[1])
        self.setSizePolicy(QtGui.QSizePolicy.Policy.Preferred, QtGui.QSizePolicy.Policy.Fixed)
        self.setAccessibleName(name)
        self._apply = apply
        self._shown = ""
        #: Called with the reason why a text is refused, or with an empty one.
        self.refused: Callable[[str], None] = lambda _reason: None
        self.editingFinished.connect(self._finish)

    def show_value(self, text: str) -> None:
        """Show another value, unless one is being typed."""
        if text == self._shown or (self.hasFocus() and self.isModified()):
            self._shown = text
            return
        self._shown = text
        self.setText(text)
        self._widen(text)
        if self.hasFocus():
            self.selectAll()

    def show_proposal(self, text: str) -> None:
        """Show what holds while nothing is typed."""
        if text != self.placeholderText():
            self.setPlaceholderText(text)
            self._widen(text)

    def _widen(self, text: str) -> None:
        """Make the field as wide as a text, so that no number is cut."""
        wide = self.fontMetrics().horizontalAdvance(text) + 18
        self.setMinimumWidth(max(self.minimumWidth(), wide))
        self.setMaximumWidth(max(self.maximumWidth(), wide))

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        """Forget what was typed with Esc, which otherwise clears the selection."""
        if event.key() == QtCore.Qt.Key.Key_Escape and self.isModified():
            self.setModified(False)
            self.setText(self._shown)
            self.refused("")
            event.accept()
        else:
            super().keyPressEvent(event)

    def event(self, event: QtCore.QEvent) -> bool:
        """Return to the keys of the window with Return, once a text is applied."""
        done = super().event(event)
        returns = (QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter)
        if event.type() == QtCore.QEvent.Type.KeyPress and event.key() in returns:
            if not self.isModified():
                self.window().setFocus()
            return True
        return bool(done)

    def _finish(self) -> None:
        text = self.text()
        if not self.isModified() or text == self._shown or not text.strip():
            self.setModified(False)
            self.setText(self._shown)
            return
        try:
            self._apply(text)
        except ValueError as error:
            self.refused(str(error))
            return
        self.refused("")
        self.setModified(False)
        self.setText(self._shown)


class FiguresTable(QtGui.QTableWidget):
    """The table: one row per figure, one column per part."""

    #: A time was clicked, in microseconds; a figure is wanted as a copy, or the table, in a form.
    time_clicked = QtCore.Signal(object)
    copied = QtCore.Signal(str)
    table_wanted = QtCore.Signal(str)

    def __init__(self) -> None:
        super().__init__(0, 1 + len(PARTS))
        self.setAccessibleName("Figures")
        self.setHorizontalHeaderLabels(["", *PARTS])
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(_ROW)
        self.setShowGrid(False)
        self.setEditTriggers(QtGui.QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QtGui.QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(_RIGHT)
        header.setMinimumSectionSize(30)
        self.setMinimumSize(60, 40)
        self._rows: list[FigureRow] = []
        self._widths = [_LABEL_WIDTH, *(_CELL_WIDTH for _part in PARTS)]
        self._palette: Palette = LIGHT
        self.itemClicked.connect(self._clicked)
        self.itemActivated.connect(self._clicked)
        self.setContextMenuPolicy(QtCore.Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)

    def show_rows(self, rows: list[FigureRow], palette: Palette) -> None:
        """Show other rows; cells that did not change stay."""
        painted = palette is not self._palette
        self._measure(rows)
        self._rows, self._palette = rows, palette
        if self.rowCount() != len(rows):
            self.setRowCount(len(rows))
        for number, row in enumerate(rows):
            if not row.cells:
                self._show_note(number, row.label)
                continue
            self._show_text(number, 0, row.label, row.tip, muted=True, painted=painted)
            for column, cell in enumerate(row.cells, 1):
                tip = f"{row.tip}\n{cell.text}" if cell.text else row.tip
                self._show_text(number, column, cell.text, tip, painted=painted, cell=cell)
        self.fit_columns()

    def show_label(self, label: str) -> None:
        """Show whose figures they are."""
        item = self.horizontalHeaderItem(0)
        if item.text() != printable(label):
            item.setText(printable(label))
            item.setToolTip(plain_tip(label))
            item.setTextAlignment(_LEFT)

    def _show_text(
        self,
        row: int,
        column: int,
        text: str,
        tip: str,
        *,
        painted: bool,
        muted: bool = False,
        cell: Cell | None = None,
    ) -> None:
        item = self.item(row, column)
        if item is None:
            item = QtGui.QTableWidgetItem()
            self.setItem(row, column, item)
        elif item.text() == text and not painted:
            return
        item.setText(text)
        item.setToolTip(plain_tip(tip.strip()))
        item.setTextAlignment(_LEFT if muted else _RIGHT)
        link = cell is not None and cell.time_us is not None
        palette = self._palette
        colour = palette.muted if muted else palette.accent if link else palette.text
        item.setForeground(QtGui.QColor(colour))

    def _show_note(self, number: int, text: str) -> None:
        """Show a sentence across all columns."""
        if self.columnSpan(number, 0) != self.columnCount():
            self.clearSpans()
            self.setSpan(number, 0, 1, self.columnCount())
            for row in range(self.rowCount()):
                self.setRowHeight(row, _ROW)
        label = self.cellWidget(number, 0)
        if label is None:
            label = PlainLabel()
            label.setWordWrap(True)
            label.setProperty("look", "small")
            label.setContentsMargins(4, 0, 4, 4)
            self.setCellWidget(number, 0, label)
        label.setText(text)
        self.setRowHeight(number, max(label.heightForWidth(self.viewport().width()), _ROW))

    def fit_columns(self) -> None:
        """Make the columns as wide as their texts, and share what is left."""
        spare = max(self.viewport().width() - sum(self._widths), 0)
        for column, width in enumerate(self._widths):
            self.setColumnWidth(column, width + (spare // len(PARTS) if column else 0))

    @property
    def wanted_width(self) -> int:
        """The width in which all columns are seen, with the scroll bar."""
        return sum(self._widths) + self.verticalScrollBar().sizeHint().width() + 4

    def _measure(self, rows: list[FigureRow]) -> None:
        """Widen the columns for the texts that will be shown; they do not shrink meanwhile."""
        advance = self.fontMetrics().horizontalAdvance
        if len(rows) != len(self._rows):
            self._widths = [_LABEL_WIDTH, *(_CELL_WIDTH for _part in PARTS)]
        for row in rows:
            texts = (row.label, *(cell.text for cell in row.cells)) if row.cells else ()
            for column, text in enumerate(texts):
                self._widths[column] = max(self._widths[column], advance(text) + _AROUND)

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        """Share the new width."""
        super().resizeEvent(event)
        self.fit_columns()

    def cell_at(self, item: QtGui.QTableWidgetItem | None) -> Cell | None:
        """Return the figure of an item; None for a label or nothing."""
        if item is None or item.column() == 0:
            return None
        cells = self._rows[item.row()].cells
        return cells[item.column() - 1] if cells else None

    def _clicked(self, item: QtGui.QTableWidgetItem) -> None:
        cell = self.cell_at(item)
        if cell is not None and cell.time_us is not None:
            self.time_clicked.emit(cell.time_us)

    def event(self, event: QtCore.QEvent) -> bool:
        """Keep the arrow keys, which otherwise move the view."""
        arrows = (QtCore.Qt.Key.Key_Left, QtCore.Qt.Key.Key_Right)
        if event.type() == QtCore.QEvent.Type.ShortcutOverride and event.key() in arrows:
            event.accept()
            return True
        return bool(super().event(event))

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        """Copy the chosen figure with Ctrl-C."""
        cell = self.cell_at(self.currentItem())
        if event.matches(QtGui.QKeySequence.StandardKey.Copy) and cell is not None:
            self.copied.emit(cell.copied)
        else:
            super().keyPressEvent(event)

    def _open_menu(self, place: QtCore.QPoint) -> None:
        self.context_menu(self.itemAt(place)).popup(self.viewport().mapToGlobal(place))

    def context_menu(self, item: QtGui.QTableWidgetItem | None) -> QtGui.QMenu:
        """Make the menu of a figure."""
        menu = QtGui.QMenu(self)
        menu.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        cell = self.cell_at(item)
        if cell is not None and cell.text:
            entry = menu.addAction(menu_text(f"Copy {cell.copied}"))
            entry.triggered.connect(lambda: self.copied.emit(cell.copied))
            if cell.time_us is not None:
                entry = menu.addAction("Show in the plots")
                entry.triggered.connect(lambda: self.time_clicked.emit(cell.time_us))
            menu.addSeparator()
        add_forms(menu, self.table_wanted.emit)
        return menu


_LEFT: Final = QtCore.Qt.AlignmentFlag.AlignLeft | QtCore.Qt.AlignmentFlag.AlignVCenter
_RIGHT: Final = QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter


def add_forms(menu: QtGui.QMenu, copy: Callable[[str], object]) -> None:
    """Add the forms in which the table can be copied to a menu."""
    for form in FORMS:
        entry = menu.addAction(f"Copy table as {form}")
        entry.triggered.connect(lambda _on=False, form=form: copy(form))


class FiguresPanel(QtGui.QWidget):
    """The control."""

    def __init__(self, figures: Any) -> None:
        super().__init__()
        self.setObjectName("figuresPanel")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Figures of the selection, the view and the run")
        self.start = TypedCell("Start of the selection", _TIME, figures.type_start)
        self.stop = TypedCell("End of the selection", _TIME, figures.type_stop)
        self.duration = TypedCell("Duration of the selection", _LENGTH, figures.type_duration)
        self.threshold = TypedCell("Threshold of on, in W", _NUMBER, self._type_threshold)
        for field, tip in zip(self.fields, _TIPS, strict=True):
            field.setToolTip(tip)
        self.reason = PlainLabel()
        self.reason.setWordWrap(True)
        self.table = FiguresTable()
        self.charts = ChartsWidget()
        self.copy_button = QtGui.QPushButton("Copy ▾")
        self.close_button = QtGui.QPushButton("×")
        self.close_button.setToolTip("Hide the figures (I)")
        self.close_button.setAccessibleName("Hide the figures")
        self._figures = figures
        self._refused = ""
        self._height = _HEIGHTS[0]
        self._lay_out()
        for field in self.fields:
            field.refused = self._refuse

    @property
    def fields(self) -> tuple[TypedCell, ...]:
        """The fields that can be typed into, in the order of the tabulator."""
        return self.start, self.stop, self.duration, self.threshold

    def _lay_out(self) -> None:
        # TraitsUI removes the margins of the control itself.
        inside = QtGui.QWidget()
        around = QtGui.QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(inside)
        grid = QtGui.QVBoxLayout(inside)
        grid.setContentsMargins(MARGIN, 6, MARGIN, 6)
        grid.setSpacing(4)
        grid.addLayout(self._lay_out_top())
        grid.addWidget(self.reason)
        middle = QtGui.QHBoxLayout()
        middle.setSpacing(GRID)
        middle.addWidget(self.table, 1)
        middle.addWidget(self.charts, 0)
        grid.addLayout(middle, 1)
        self._copy: Callable[[str], object] = lambda _form: None

    def _lay_out_top(self) -> QtGui.QBoxLayout:
        """Lay out the fields and the buttons."""
        self._top = QtGui.QBoxLayout(QtGui.QBoxLayout.Direction.LeftToRight)
        self._top.setSpacing(6)
        labels = ("From", "To", "Duration", "On above")
        lines, words = (QtGui.QWidget(), QtGui.QWidget()), []
        for line in lines:
            row = QtGui.QHBoxLayout(line)
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(6)
            self._top.addWidget(line, 1 if line is lines[1] else 0)
        for number, (label, field) in enumerate(zip(labels, self.fields, strict=True)):
            words.append(PlainLabel(label))
            words[-1].setProperty("look", "muted")
            for widget in (words[-1], field):
                lines[number // 2].layout().addWidget(widget)
        lines[0].layout().addStretch(1)
        second = lines[1].layout()
        second.addStretch(1)
        menu = QtGui.QMenu(self.copy_button)
        add_forms(menu, self._copy_table)
        self.copy_button.setMenu(menu)
        self.copy_button.setToolTip("Copy the whole table; a right click copies one figure")
        for button in (self.copy_button, self.close_button):
            button.setAutoDefault(False)
            button.setProperty("small", True)
            second.addWidget(button)
        set_role(self.close_button, "flat")
        BarRoom(lines[1], (self.copy_button, words[2]))
        return self._top

    def start_typing(self) -> None:
        """Put the focus on the start of the selection, which can be typed then."""
        self.start.setFocus()
        self.start.selectAll()

    def connect_actions(self, copy: Callable[[str], object], close: Callable[[], object]) -> None:
        """Set what *Copy* does with a form of the table, and what the close button does."""
        self._copy = copy
        self.table.table_wanted.connect(copy)
        self.close_button.clicked.connect(lambda _on: close())

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        """Make room: the charts give way first, then the fields take a second line."""
        super().resizeEvent(event)
        width, direction = self.width(), QtGui.QBoxLayout.Direction
        self._top.setDirection(
            direction.LeftToRight if width >= _ONE_LINE else direction.TopToBottom
        )
        self._fit_charts()

    def _fit_charts(self) -> None:
        room = self.width() - 2 * MARGIN - GRID - self.table.wanted_width
        # The numbers come first: none is hidden behind the charts.
        self.charts.setVisible(room >= WIDTHS[0])
        self.charts.fit(room)

    def fit_height(self, room: int) -> None:
        """Set the height for a stage with this many pixels."""
        self._height = round(min(max(room * _SHARE, _HEIGHTS[0]), _HEIGHTS[1]))
        self.updateGeometry()

    def sizeHint(self) -> QtCore.QSize:
        """Return the share of the room that it takes."""
        return QtCore.QSize(super().sizeHint().width(), self._height)

    def minimumSizeHint(self) -> QtCore.QSize:
        """Return the height below which the window does not get."""
        return QtCore.QSize(super().minimumSizeHint().width(), _HEIGHTS[0])

    def _copy_table(self, form: str) -> None:
        self._copy(form)

    def _refuse(self, reason: str) -> None:
        self._refused = reason
        self._show_reason()

    def _show_reason(self) -> None:
        """Show why a text is refused, or else what to do."""
        text = self._refused or self._figures.problem
        look = "refusal" if text else "small"
        if not text and self._figures.plots.view.selection is None:
            text = _HINT
        if self.reason.property("look") != look:
            self.reason.setProperty("look", look)
            self.reason.style().unpolish(self.reason)
            self.reason.style().polish(self.reason)
        self.reason.setText(text)
        self.reason.setVisible(bool(text))

    def _type_threshold(self, text: str) -> None:
        self._figures.above = read_number(text.replace("W", ""), 0, _MOST_WATTS, "W")

    def show_figures(self, palette: Palette) -> None:
        """Show the figures that were read last."""
        figures = self._figures
        view, times, tenths = figures.plots.view, figures.wording.times, figures.wording.tenths
        ends, length = view.selection, ""
        for field, edge in zip((self.start, self.stop), ends or ("", ""), strict=True):
            field.show_value(edge and times.text(edge, tenths=tenths))
        if ends is not None:
            length = length_text(ends[1] - ends[0], tenths=tenths)
        self.duration.show_value(length)
        threshold = figures.threshold
        self.threshold.show_value("" if threshold is None else f"{threshold:g} W")
        self.start.show_proposal(times.text(view.first) if view.known else "")
        self.stop.show_proposal(times.text(view.last) if view.known else "")
        self._show_reason()
        self.table.show_rows(list(figures.rows), palette)
        self._fit_charts()
        self.table.show_label(figures.label if len(figures.plots.meters) > 1 else "")
        self.charts.show_powers(figures.shown_powers(), threshold, palette)


class HeightShare(QtCore.QObject):
    """Gives the panel its share of the height of the stage that it is in.

    Parameters
    ----------
    stage
        What the panel is in.
    panel
        The panel.
    above
        The table of the meters, whose height is not shared.
    """

    def __init__(self, stage: QtGui.QWidget, panel: FiguresPanel, above: QtGui.QWidget) -> None:
        super().__init__(panel)
        self._panel, self._above, self._stage = panel, above, stage
        for widget in (stage, above):
            widget.installEventFilter(self)

    def eventFilter(self, _watched: Any, event: Any) -> bool:
        """Fit into another height."""
        kinds = QtCore.QEvent.Type
        if event.type() in (kinds.Resize, kinds.Show, kinds.Hide):
            taken = self._above.height() if self._above.isVisible() else 0
            self._panel.fit_height(self._stage.height() - taken)
        return False


class _FiguresEditor(WidgetEditor):
    """Shows the window's :class:`FiguresModel`."""

    watched = "[figures:changed,figures:selecting,figures:plots:view:selection,palette]"
    panel = Instance(FiguresPanel)

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        self.panel = FiguresPanel(self.value)
        self.panel.connect_actions(self._copy_table, lambda: self._do("figures"))
        self.panel.table.time_clicked.connect(self.value.go_to)
        self.panel.table.copied.connect(self._copied)
        return self.panel

    def update_editor(self) -> None:
        """Show the figures."""
        model = self.object
        if model.figures.shown:
            self.panel.show_figures(model.palette)

    def _copied(self, text: str) -> None:
        QtGui.QApplication.clipboard().setText(text)
        self.object.message = f"Copied {text}"

    def _copy_table(self, form: str) -> None:
        QtGui.QApplication.clipboard().setText(FORMS[form](self.value.rows, PARTS))
        self.object.message = f"Copied the table as {form}"

    def _do(self, name: str) -> None:
        self.ui.handler.do(self.ui.info, name)


class FiguresEditor(BasicEditorFactory):
    """Editor of a :class:`FiguresModel`, for a window's model."""

    klass = _FiguresEditor
