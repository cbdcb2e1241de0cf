# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog for importing a table: what it looks like, what is guessed, what would come of it.

The table is read by a worker after each choice, as the import would do it; nothing is written
before *Import*.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from pyface.qt import QtCore, QtGui

from wattui.errors import Cancelled
from wattui.formats.file_format import Missing
from wattui.formats.import_preview import (
    Preview,
    TableLook,
    figures_text,
    look_at_table,
    preview_files,
    record_rows,
)
from wattui.formats.reading.source import shown_name
from wattui.formats.reading.table_shape import DELIMITER_NAMES
from wattui.formats.reading.time_forms import TimeForm
from wattui.measurement.text import count_text, parse_zone
from wattui.model.main_thread import MainThread, ProgressPacer
from wattui.session.store import local_zone
from wattui.ui.files.column_grid import ColumnGrid
from wattui.ui.files.import_draft import ImportDraft, parse_start
from wattui.ui.theme.style_sheet import GRID
from wattui.ui.widgets.form_layout import dress_window, heading, set_role, window_column
from wattui.ui.widgets.plain_text import PlainLabel
from wattui.ui.widgets.screen_fit import fit_to_screen, scroll_above
from wattui.ui.widgets.typed_field import TypedBox, read_number

_SIZE: Final = (900, 640)
_FIELD: Final = 220
#: Height of a record in pixels.
_ROW: Final = 24
#: Milliseconds after a choice until the table is read again: more choices may follow.
_PAUSE: Final = 150

_DECIMALS: Final = {".": "Point", ",": "Comma"}
_HEADER_LINES: Final = 8
_NO_HEADER: Final = 0
_TIMES: Final = {
    "iso": "ISO 8601",
    "s": "Seconds since 1970",
    "ms": "Milliseconds since 1970",
    "us": "Microseconds since 1970",
    "ns": "Nanoseconds since 1970",
    "elapsed": "Seconds since the start",
    "elapsed-ms": "Milliseconds since the start",
    "excel": "Days of a spreadsheet",
}
#: Patterns that are offered besides the one that is found.
_PATTERNS: Final = (
    *("%d.%m.%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p"),
)
#: Notes of the reader that the dialog shows in other places.
_SHOWN: Final = ("Imported from", "columns that were read")


class ImportDialog(QtGui.QDialog):
    """Asks how to read tables.

    Parameters
    ----------
    parent
        The window.
    main_thread
        Runs the workers.
    paths
        The files; the first one is shown.
    """

    #: *Import* was chosen: with the assumptions.
    agreed = QtCore.Signal(object)

    def __init__(
        self, parent: QtGui.QWidget | None, main_thread: MainThread, paths: Sequence[Path]
    ) -> None:
        super().__init__(parent)
        self._main_thread = main_thread
        self.draft = ImportDraft(tuple(paths))
        self.look: TableLook | None = None
        self.preview: Preview | None = None
        self._cancelled = threading.Event()
        self._over = False
        self.setWindowTitle("Import a table")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        self._make(paths)
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._read)
        self._timer.start(0)

    # -- the widgets -------------------------------------------------------------------

    def _make(self, paths: Sequence[Path]) -> None:
        layout = window_column(self)
        more = f" and {count_text(len(paths) - 1, 'more file')}" if len(paths) > 1 else ""
        self.title = _words(f"{shown_name(paths[0])}{more}", "question")
        layout.addWidget(self.title)
        layout.addLayout(self._shape_row())
        self.grid = ColumnGrid()
        self.grid.chosen.connect(self._column_chosen)
        layout.addWidget(self.grid)
        layout.addLayout(self._form())
        self.records = QtGui.QTableWidget()
        self.records.setAccessibleName("First records")
        self.records.setEditTriggers(QtGui.QAbstractItemView.EditTrigger.NoEditTriggers)
        self.records.setTabKeyNavigation(False)
        self.records.verticalHeader().hide()
        self.records.verticalHeader().setDefaultSectionSize(_ROW)
        self.records.horizontalHeader().setDefaultAlignment(QtCore.Qt.AlignmentFlag.AlignLeft)
        self.records_heading = heading("First records")
        layout.addWidget(self.records_heading)
        layout.addWidget(self.records)
        self.notes = _words("", "small")
        layout.addWidget(self.notes)
        layout.addWidget(heading("The same on the command line"))
        layout.addLayout(self._command_row())
        layout.addStretch(1)
        self.figures = _words("", "")
        self.figures.setAccessibleName("What would be imported")
        layout.addWidget(self.figures)
        layout.addLayout(self._button_row())
        # The figures and the buttons stay in view.
        scroll_above(layout, fixed=2)
        self.resize(*_SIZE)
        self.delimiter.setFocus()
        dress_window(self)
        fit_to_screen(self)

    def _shape_row(self) -> QtGui.QHBoxLayout:
        row = QtGui.QHBoxLayout()
        row.setSpacing(GRID)
        self.delimiter = self._combo(row, "&Separated by", 130)
        for name, sign in DELIMITER_NAMES.items():
            self.delimiter.addItem(name.capitalize(), sign)
        self.decimal = self._combo(row, "&Decimal sign", 100)
        for sign, name in _DECIMALS.items():
            self.decimal.addItem(name, sign)
        self.header = self._combo(row, "&Names of the columns", 110)
        self.header.addItem("None", _NO_HEADER)
        for line in range(1, _HEADER_LINES + 1):
            self.header.addItem(f"Line {line}", line)
        self.delimiter.activated.connect(
            lambda: self._set(self.draft.with_shape(delimiter=self.delimiter.currentData()))
        )
        self.header.activated.connect(
            lambda: self._set(self.draft.with_shape(header=self.header.currentData()))
        )
        self.decimal.activated.connect(
            lambda: self._set(replace(self.draft, decimal=self.decimal.currentData()))
        )
        row.addStretch(1)
        return row

    def _combo(self, row: QtGui.QHBoxLayout, text: str, width: int) -> QtGui.QComboBox:
        combo = QtGui.QComboBox()
        combo.setFixedWidth(width)
        combo.setAccessibleName(text.replace("&", ""))
        label = PlainLabel(text)
        label.setBuddy(combo)
        row.addWidget(label)
        row.addWidget(combo)
        return combo

    def _form(self) -> QtGui.QGridLayout:
        form = QtGui.QGridLayout()
        form.setHorizontalSpacing(GRID)
        form.setVerticalSpacing(4)
        form.setColumnStretch(2, 1)
        self.times = QtGui.QComboBox()
        self.times.setEditable(True)
        self.times.setFixedWidth(_FIELD)
        self.times.setInsertPolicy(QtGui.QComboBox.InsertPolicy.NoInsert)
        self.times.activated.connect(self._time_chosen)
        self.times.lineEdit().editingFinished.connect(self._typed)
        self.times_note = self._row(form, 0, "&Times are written as", self.times)
        self.zone = QtGui.QComboBox()
        self.zone.setEditable(True)
        self.zone.setFixedWidth(_FIELD)
        self.zone.setInsertPolicy(QtGui.QComboBox.InsertPolicy.NoInsert)
        self.zone.addItems([self._local_zone, "UTC"])
        self.zone.activated.connect(self._typed)
        self.zone.lineEdit().editingFinished.connect(self._typed)
        self.zone_note = self._row(form, 1, "Time &zone", self.zone)
        self.start, self.interval, self.meter = TypedBox(), TypedBox(), TypedBox()
        self.interval.field.setPlaceholderText("1 s")
        self.start.field.setPlaceholderText("The end is the time of the file")
        self.meter.field.setPlaceholderText("As the file")
        for place, (text, box) in enumerate(
            (("St&art", self.start), ("Seconds &between records", self.interval),
             ("Name of the &meter", self.meter)), 2
        ):  # fmt: skip
            box.field.setFixedWidth(_FIELD)
            box.field.editingFinished.connect(self._typed)
            box.field.setAccessibleName(text.replace("&", ""))
            label = PlainLabel(text)
            label.setBuddy(box.field)
            form.addWidget(label, place, 0)
            form.addWidget(box, place, 1, 1, 2)
            box.label = label
        return form

    @property
    def _local_zone(self) -> str:
        return f"Local time ({local_zone()})"

    def _row(
        self, form: QtGui.QGridLayout, place: int, text: str, field: QtGui.QComboBox
    ) -> QtGui.QLabel:
        label, note = PlainLabel(text), _words("", "small")
        label.setBuddy(field)
        field.setAccessibleName(text.replace("&", ""))
        form.addWidget(label, place, 0)
        form.addWidget(field, place, 1)
        form.addWidget(note, place, 2)
        field.label, field.note = label, note
        return note

    def _command_row(self) -> QtGui.QHBoxLayout:
        row = QtGui.QHBoxLayout()
        row.setSpacing(GRID)
        self.command = QtGui.QLineEdit()
        self.command.setReadOnly(True)
        self.command.setAccessibleName("Command line")
        row.addWidget(self.command, 1)
        self.copy = QtGui.QPushButton("&Copy")
        self.copy.setAutoDefault(False)
        self.copy.setToolTip("Copy the command")
        self.copy.clicked.connect(
            lambda: QtGui.QApplication.clipboard().setText(self.command.text())
        )
        row.addWidget(self.copy)
        return row

    def _button_row(self) -> QtGui.QHBoxLayout:
        row = QtGui.QHBoxLayout()
        row.setSpacing(GRID)
        self.progress = QtGui.QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(_FIELD)
        self.progress.setAccessibleName("Reading the file")
        row.addWidget(self.progress)
        row.addStretch(1)
        self.cancel = QtGui.QPushButton("Cancel")
        self.cancel.setAutoDefault(False)
        self.cancel.clicked.connect(self.reject)
        self.ok = QtGui.QPushButton("&Import")
        self.ok.setDefault(True)
        set_role(self.ok, "primary")
        self.ok.clicked.connect(self.accept)
        self.ok.setEnabled(False)
        row.addWidget(self.ok)
        row.addWidget(self.cancel)
        return row

    # -- choices -----------------------------------------------------------------------

    def _set(self, draft: ImportDraft) -> bool:
        """Take over choices, and read the table again if they differ; return whether they do."""
        if draft == self.draft:
            return False
        self.draft = draft
        self._cancelled.set()
        self.preview = None
        self.ok.setEnabled(False)
        self._timer.start(_PAUSE)
        return True

    def _column_chosen(self, number: int, content: str, unit: str) -> None:
        if self.look is not None:
            self._set(self.draft.with_column(self.look, number, content, unit))

    def _time_chosen(self, index: int) -> None:
        self._set(replace(self.draft, time_format=self.times.itemData(index)))

    def _typed(self) -> bool:
        """Take over what was typed; return whether it is refused, or changes the result."""
        text = self.times.currentText().strip()
        index = self.times.findText(text)
        form = self.times.itemData(index) if index >= 0 else text
        found = self.look.form.name if self.look is not None and self.look.form else ""
        changes: dict[str, Any] = {}
        if form and form != (self.draft.time_format or found):
            changes["time_format"] = form
        refused = False
        for name, box, read in (
            ("start", self.start, self._read_start),
            ("interval", self.interval, _read_interval),
            ("meter", self.meter, str.strip),
        ):
            try:
                changes[name] = read(box.field.text())
                box.show_reason("")
            except ValueError as error:
                box.show_reason(str(error))
                refused = True
        try:
            zone = self.zone.currentText()
            changes["zone"] = None if zone == self._local_zone else parse_zone(zone)
        except ValueError as error:
            _say(self.zone_note, str(error), "refusal")
            refused = True
        return self._set(replace(self.draft, **changes)) or refused

    def _read_start(self, text: str) -> str:
        if text.strip():
            parse_start(text.strip(), None)
        return text.strip()

    def accept(self) -> None:
        """Import, unless something typed is refused or changes what was shown."""
        if not self._typed() and self.preview is not None:
            self._end()
            self.agreed.emit(self.draft.assumptions())
            super().accept()

    def reject(self) -> None:
        """Import nothing: on Esc, on *Cancel*, and on closing."""
        self._end()
        super().reject()

    def closeEvent(self, event: QtGui.QCloseEvent) -> None:
        """Stop the worker."""
        self._end()
        super().closeEvent(event)

    def _end(self) -> None:
        self._over = True
        self._timer.stop()
        self._cancelled.set()

    # -- reading -----------------------------------------------------------------------

    def _read(self) -> None:
        """Read the table on a worker, as the import would."""
        self._cancelled.set()
        cancelled = self._cancelled = threading.Event()
        draft, post = self.draft, self._main_thread.post
        given = draft.assumptions()
        self.progress.setRange(0, 0)
        self.progress.show()

        def here(call: Callable[..., None], *values: Any) -> None:
            if not cancelled.is_set() and not self._over:
                call(*values)

        pacer = ProgressPacer(post, partial(here, self._show_progress))

        def work() -> Preview | None:
            look = look_at_table(draft.paths[0], given)
            post(partial(here, self._show_look, look))
            if look.problem is not None:
                return None
            return preview_files(draft.paths, given, pacer.report, cancelled.is_set)

        self._main_thread.run(
            "preview of an import", work, partial(here, self._show_preview),
            partial(here, self._show_problem),
        )  # fmt: skip

    def _show_progress(self, done: int, total: int) -> None:
        self.progress.setRange(0, max(total, 1))
        self.progress.setValue(done)

    def _show_look(self, look: TableLook) -> None:
        settled = self.draft.settled(look)
        if settled is not None:
            self._doubts = _doubts(look)
            self._set(settled)
        self.look = look
        _choose(self.delimiter, look.table.delimiter or " ", look.table.delimiter or "Blanks")
        _choose(self.decimal, look.table.point, look.table.point)
        line = look.table.header_line
        _choose(self.header, line, f"Line {line}")
        self.grid.show_look(look)
        self._order()
        self._show_times(look)
        for box, one in ((self.start, Missing.START), (self.interval, Missing.INTERVAL)):
            box.setVisible(one in look.lacks)
            box.label.setVisible(one in look.lacks)
        self.command.setText("" if look.problem is not None else self.draft.command(look))
        self.command.setCursorPosition(0)

    def _order(self) -> None:
        """Set the order of Tab from the top to the bottom."""
        columns = [
            one for pair in zip(self.grid.contents, self.grid.units, strict=True) for one in pair
        ]
        fields = [
            *(self.delimiter, self.decimal, self.header, *columns, self.times, self.zone),
            *(self.start.field, self.interval.field, self.meter.field, self.records),
            *(self.command, self.copy, self.ok, self.cancel),
        ]
        for before, after in pairwise(fields):
            self.setTabOrder(before, after)

    #: Why a guess that was made for the user is not certain.
    _doubts = ""

    def _show_times(self, look: TableLook) -> None:
        held = {one.holds for one in look.choices}
        has_times = bool(held & {"time", "date", "elapsed"})
        for widget in (self.times, self.times.label, self.times_note):
            widget.setVisible(has_times)
        asks = bool(look.lacks & {Missing.ZONE, Missing.START})
        for widget in (self.zone, self.zone.label, self.zone_note):
            widget.setVisible(asks)
        _say(self.zone_note, "The file does not say: taken as that of this computer"
                  if self.draft.zone is None else "")  # fmt: skip
        found = self.draft.time_format or (look.form.name if look.form is not None else "")
        names = dict.fromkeys(filter(None, (found, *_TIMES, *_PATTERNS)))
        self.times.blockSignals(True)
        self.times.clear()
        for name in names:
            self.times.addItem(_TIMES.get(name, name), name)
        self.times.setCurrentIndex(0 if found else -1)
        self.times.blockSignals(False)
        text = "" if look.form is None else _first_time(look, look.form)
        doubts = self._doubts if self.draft.time_format and look.form is not None else ""
        _say(self.times_note, f"{text}. {doubts}".strip(". ") + "." * bool(text or doubts))

    def _show_problem(self, error: Exception) -> None:
        if not isinstance(error, Cancelled):
            self._say_result(str(error), refused=True)

    def _say_result(self, text: str, *, refused: bool = False) -> None:
        self.progress.hide()
        _say(self.figures, text, "refusal" if refused else "")
        self.records.setVisible(not refused)
        self.records_heading.setVisible(not refused)
        if refused:
            self.notes.setText("")
            self.ok.setEnabled(False)

    def _show_preview(self, preview: Preview | None) -> None:
        if preview is None:
            if self.look is not None and self.look.problem is not None:
                self._say_result(_in_the_dialog(self.look), refused=True)
            return
        self.preview = preview
        several = len(preview.meters) > 1
        lines = [
            f"{one.label}: {figures_text(one)}" if several else figures_text(one)
            for one in preview.meters
        ]
        self._say_result("\n".join(lines))
        self._fill_records(preview)
        name = f"{shown_name(self.draft.paths[0])}: "
        notes = [note.removeprefix(name) for note in preview.result.notes]
        notes = [f"{one[:1].upper()}{one[1:]}." for one in notes if not one.startswith(_SHOWN)]
        notes += [f"Left out: {one}" for one in preview.result.skipped[:3]]
        self.notes.setText("\n".join(notes))
        self.ok.setEnabled(True)

    def _fill_records(self, preview: Preview) -> None:
        names, rows = record_rows(preview.meters[0])
        self.records.clear()
        self.records.setColumnCount(len(names))
        self.records.setRowCount(len(rows))
        self.records.setHorizontalHeaderLabels(names)
        for line, row in enumerate(rows):
            for place, text in enumerate(row):
                self.records.setItem(line, place, QtGui.QTableWidgetItem(text))
        self.records.resizeColumnsToContents()
        tall = self.records.horizontalHeader().sizeHint().height() + 4
        tall += sum(self.records.rowHeight(line) for line in range(len(rows)))
        self.records.setFixedHeight(tall + self.records.horizontalScrollBar().sizeHint().height())


def _words(text: str, look: str) -> QtGui.QLabel:
    label = PlainLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(QtCore.Qt.TextFormat.PlainText)
    label.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
    if look:
        label.setProperty("look", look)
    return label


def _say(label: QtGui.QLabel, text: str, look: str = "small") -> None:
    """Show a text in a look of the style sheet."""
    if label.property("look") != look:
        label.setProperty("look", look)
        label.style().unpolish(label)
        label.style().polish(label)
    label.setText(text)


def _choose(combo: QtGui.QComboBox, data: object, text: str) -> None:
    """Select an entry by its data; add it if it is not there."""
    if combo.findData(data) < 0:
        combo.addItem(text, data)
    combo.setCurrentIndex(combo.findData(data))


def _read_interval(text: str) -> float | None:
    return read_number(text, 0.1, 86_400, "s") if text.strip() else None


def _doubts(look: TableLook) -> str:
    """Return why a choice that was made for the user is a guess."""
    if look.table.doubt:
        return f"A guess: {look.table.doubt}"
    return "A guess: day and month may be the other way round"


def _first_time(look: TableLook, form: TimeForm) -> str:
    """Return what the first time of the table means."""
    numbers = {one.holds: look.table.number(one) for one in look.choices}
    row = look.table.rows[0]
    if form.since_start or form.of_day:
        return ""
    text = " ".join(row[numbers[name]] for name in ("date", "time") if name in numbers)
    try:
        moment = form.moment(text)
    except ValueError:
        return ""
    return f"{text.strip()} is {moment.day} {moment:%B %Y, %H:%M:%S}"


def _in_the_dialog(look: TableLook) -> str:
    """Return why a table cannot be read, with what to do in the dialog."""
    if not any(one.holds == "power" for one in look.choices):
        return "Choose which column is the power, and which the time."
    assert look.problem is not None
    return f"{look.problem.what}."
