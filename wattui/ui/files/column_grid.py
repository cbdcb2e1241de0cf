# SPDX-License-Identifier: GPL-3.0-or-later
"""The first rows of a table, with a choice above each column of what it holds."""

from __future__ import annotations

from typing import Any, Final

from pyface.qt import QtCore, QtGui

from wattui.formats.import_preview import TableLook
from wattui.ui.files.import_draft import CONTENTS, column_reasons, columns_of, units_of
from wattui.ui.theme.style_sheet import GRID
from wattui.ui.widgets.plain_text import PlainLabel, plain_tip

#: Rows and columns of the file that are shown.
_ROWS: Final = 5
_COLUMNS: Final = 60
#: Least width of a column in pixels, and the longest cell in characters.
_WIDTH: Final = 150
_LONGEST: Final = 28

#: The text of a unit that is none.
_AS_IT_IS: Final = "as it is"


class ColumnGrid(QtGui.QScrollArea):
    """Shows a table; scrolls sideways."""

    #: A column holds something else: its number, the content, the unit.
    chosen = QtCore.Signal(int, str, str)

    def __init__(self) -> None:
        super().__init__()
        self.setFrameShape(QtGui.QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        self.setVerticalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.contents: list[QtGui.QComboBox] = []
        self.units: list[QtGui.QComboBox] = []
        #: Number of columns, and their names: they stay while only choices change.
        self._shown: tuple[object, ...] = ()

    def show_look(self, look: TableLook) -> None:
        """Show a table and what its columns hold."""
        table = look.table
        shown = (table.header, table.rows[:_ROWS])
        if shown != self._shown:
            self._shown = shown
            self._fill(look)
        reasons = column_reasons(look)
        for number, (content, unit) in enumerate(columns_of(look)[:_COLUMNS]):
            _select(self.contents[number], content)
            self._offer_units(number, content, unit)
            reason = reasons.get(number, "")
            self.reasons[number].setText(reason)
            self.reasons[number].setToolTip(plain_tip(reason))
            self.contents[number].setAccessibleDescription(reason)

    def _fill(self, look: TableLook) -> None:
        """Make the widgets of all columns."""
        table = look.table
        box = QtGui.QWidget()
        grid = QtGui.QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(2)
        self.contents, self.units = [], []
        self.reasons: list[QtGui.QLabel] = []
        for number in range(min(table.width, _COLUMNS)):
            name = table.header[number].strip() if table.header else f"Column {number}"
            spoken = name or f"Column {number}"
            heading = _label(spoken, "strong")
            content = self._combo(f"{spoken}: content")
            for key, text in CONTENTS.items():
                content.addItem(text, key)
            unit = self._combo(f"{spoken}: unit")
            policy = unit.sizePolicy()
            policy.setRetainSizeWhenHidden(True)
            unit.setSizePolicy(policy)
            reason = _label("", "small")
            reason.setWordWrap(True)
            reason.setMinimumHeight(2 * reason.fontMetrics().lineSpacing())
            reason.setAlignment(QtCore.Qt.AlignmentFlag.AlignTop)
            content.activated.connect(lambda _index, number=number: self._changed(number))
            unit.activated.connect(lambda _index, number=number: self._changed(number))
            cells = [_label(row[number].strip(), "") for row in table.rows[:_ROWS]]
            for place, widget in enumerate((heading, content, unit, reason, *cells)):
                grid.addWidget(widget, place, number)
            width = max(one.sizeHint().width() for one in (heading, *cells))
            reason.setFixedWidth(max(width, _WIDTH))
            self.contents.append(content)
            self.units.append(unit)
            self.reasons.append(reason)
        grid.setColumnStretch(min(table.width, _COLUMNS), 1)
        self.setWidget(box)
        box.setAutoFillBackground(False)
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(box.sizeHint().height() + bar + 2)

    def _combo(self, name: str) -> QtGui.QComboBox:
        combo = QtGui.QComboBox()
        combo.setMinimumWidth(_WIDTH)
        combo.setAccessibleName(name)
        combo.setItemDelegate(QtGui.QStyledItemDelegate(combo))
        combo.installEventFilter(self)
        return combo

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Scroll to a choice that gets the focus; the wheel scrolls and chooses nothing."""
        if event.type() == QtCore.QEvent.Type.FocusIn:
            self.ensureWidgetVisible(watched, GRID, 0)
        elif event.type() == QtCore.QEvent.Type.Wheel and isinstance(watched, QtGui.QComboBox):
            event.ignore()
            return True
        return bool(super().eventFilter(watched, event))

    def _offer_units(self, number: int, content: str, unit: str) -> None:
        combo, units = self.units[number], units_of(content)
        if [combo.itemData(n) for n in range(combo.count())] != units:
            combo.clear()
            for one in units:
                combo.addItem(one or _AS_IT_IS, one)
        _select(combo, unit or (units[0] if units else ""))
        combo.setVisible(len(units) > 1)

    def _changed(self, number: int) -> None:
        content, unit = self.contents[number].currentData(), self.units[number].currentData() or ""
        # Its units are there at once, although the table is read again later.
        self._offer_units(number, content, unit if unit in units_of(content) else "")
        self.chosen.emit(number, content, unit)


def _select(combo: QtGui.QComboBox, key: str) -> None:
    combo.setCurrentIndex(combo.findData(key))


def _label(text: str, look: str) -> QtGui.QLabel:
    shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    label = PlainLabel(shown)
    label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    label.setToolTip(plain_tip(text) if shown != text else "")
    if look:
        label.setProperty("look", look)
    return label
