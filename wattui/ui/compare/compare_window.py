# SPDX-License-Identifier: GPL-3.0-or-later
"""The window *Compare*: parts of sessions laid over one another."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from enable.api import Window
from pyface.qt import QtCore, QtGui

from wattui.desktop.folders import sessions_folder
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import CHANNELS
from wattui.session import sound_copy
from wattui.session.lock import is_being_written
from wattui.ui.compare.compare_plot import ComparePlot
from wattui.ui.compare.compared_parts import (
    Alignment,
    ComparedCurve,
    ComparedPart,
    Derived,
    PartsComparison,
    labelled,
    parts_in,
    read_comparison,
)
from wattui.ui.theme.style_sheet import GRID
from wattui.ui.widgets.colour_chip import colour_chip
from wattui.ui.widgets.form_layout import dress_window, window_column
from wattui.ui.widgets.plain_text import PlainLabel, plain_tip, printable
from wattui.ui.widgets.screen_fit import fit_to_screen

#: Its size at first, and the width of the list of parts, in pixels.
_SIZE: Final = (1040, 600)
_LIST: Final = 240

_ELAPSED: Final = "elapsed time"
_PART: Final = QtCore.Qt.ItemDataRole.UserRole
_HINT: Final = "Check the parts to compare. Kept spans and the selection are listed here."


class CompareWindow(QtGui.QDialog):
    """Shows parts of sessions on one axis; not modal.

    Parameters
    ----------
    parent
        The main window.
    model
        Its model: for the session, the selection, the colours and work in the background.
    """

    def __init__(self, parent: QtGui.QWidget | None, model: Any) -> None:
        super().__init__(parent)
        self._model = model
        self._asked = 0
        self.closed = False
        # What is wrong with damaged sessions, and the folders of what can be read of them.
        self._damage: dict[Path, str] = {}
        self._folders: list[tempfile.TemporaryDirectory[str]] = []
        self.setWindowTitle("Compare")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        self.plot = ComparePlot(palette=model.palette, hint=_HINT)
        self._make()
        model.observe(self._paint, "palette")
        self.resize(*_SIZE)
        dress_window(self)
        fit_to_screen(self)
        self.add_current()

    # -- the widgets -------------------------------------------------------------------

    def _make(self) -> None:
        layout = window_column(self)
        layout.addLayout(self._choices())
        body = QtGui.QHBoxLayout()
        body.setSpacing(GRID)
        side = QtGui.QVBoxLayout()
        self.parts = QtGui.QListWidget()
        self.parts.setAccessibleName("Parts to compare")
        self.parts.setFixedWidth(_LIST)
        self.parts.setTextElideMode(QtCore.Qt.TextElideMode.ElideMiddle)
        self.parts.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.parts.itemChanged.connect(lambda _item: self.read())
        side.addWidget(self.parts, 1)
        for text, tip, do in (
            ("Add the &selection", "Add what is selected in the main window", self.add_current),
            ("Add a s&ession…", "Add the parts of another session", self._ask_session),
        ):
            button = QtGui.QPushButton(text)
            button.setAutoDefault(False)
            button.setToolTip(tip)
            button.clicked.connect(lambda _on=False, do=do: do())
            side.addWidget(button)
        body.addLayout(side)
        self.window_of_plot = Window(self, component=self.plot)
        control = self.window_of_plot.control
        control.setAccessibleName("Curves of the parts")
        control.setMinimumSize(320, 240)
        body.addWidget(control, 1)
        layout.addLayout(body, 1)
        self.message = PlainLabel("")
        self.message.setWordWrap(True)
        layout.addWidget(self.message)

    def _choices(self) -> QtGui.QHBoxLayout:
        row = QtGui.QHBoxLayout()
        row.setSpacing(GRID)
        fields = [(field.label, field.name) for field in CHANNELS]
        self.field = self._box(row, "&Field", fields, "What is compared")
        self.against = self._box(
            row, "&Against", [(_ELAPSED.capitalize(), ""), *fields], "The horizontal axis"
        )
        self.alignment = self._box(
            row, "A&ligned at the", [(one.value, one) for one in Alignment], "What is at zero"
        )
        self.derived = self._box(
            row, "Sho&wn", [(one.value, one) for one in Derived], "What is computed from the parts"
        )
        row.addStretch(1)
        return row

    def _box(
        self, row: QtGui.QHBoxLayout, label: str, choices: Sequence[tuple[str, str]], tip: str
    ) -> QtGui.QComboBox:
        box = QtGui.QComboBox()
        for text, data in choices:
            box.addItem(text, data)
        box.setToolTip(tip)
        box.setAccessibleName(label.replace("&", ""))
        box.currentIndexChanged.connect(lambda _index: self.read())
        words = PlainLabel(label)
        words.setBuddy(box)
        row.addWidget(words)
        row.addWidget(box)
        return box

    # -- the parts ---------------------------------------------------------------------

    def add_current(self) -> None:
        """Add the parts of the session in the main window that are not listed yet."""
        path, selection = self._model.bench.session_path, self._model.plots.view.selection
        chosen = None
        if selection is not None:
            chosen = round(selection[0] * MICROSECONDS), round(selection[1] * MICROSECONDS)
        if path is not None:
            self.add(path, chosen)

    def _ask_session(self) -> None:
        name, _ = QtGui.QFileDialog.getOpenFileName(
            self, "Add a session", str(sessions_folder()), "Recordings (*.wattui);;All files (*)"
        )
        if name:
            self.add(Path(name))

    def add(self, path: Path, selection: tuple[int, int] | None = None) -> None:
        """List the parts of a session; those that someone chose are compared."""
        self._run(f"parts of {path.name}", lambda: parts_in(path, selection), self._list)
        if path != self._model.bench.session_path:
            # That one is checked where it was opened.
            self._run(f"check of {path.name}", lambda: self._check(path), self._replace)

    def _check(self, path: Path) -> tuple[Path, list[ComparedPart], tuple[str, ...]]:
        """Return the parts of what can be read of a damaged session.  Worker thread."""
        if is_being_written(path):
            return path, [], ()
        folder = tempfile.TemporaryDirectory(prefix="wattui-compared-")
        with contextlib.ExitStack() as stack:
            stack.enter_context(folder)
            copy, damage = sound_copy(path, Path(folder.name), cancelled=lambda: self.closed)
            parts = parts_in(copy) if damage else []
            if damage:
                self._folders.append(folder)
                if not self.closed:
                    stack.pop_all()  # it goes with the window
        return path, parts, damage

    def _replace(self, found: tuple[Path, list[ComparedPart], tuple[str, ...]]) -> None:
        """Show what can be read of a session instead of it, if it is damaged."""
        path, parts, damage = found
        if damage:
            self._damage[path] = f"{path.name} is damaged, and what can be read of it is compared: "
            self._damage[path] += f"{'; '.join(damage)}."
            self._list(parts)

    def _list(self, parts: list[ComparedPart]) -> None:
        known = [part.what for part in self.listed()]
        state = QtCore.Qt.CheckState
        self.parts.blockSignals(True)
        for row in reversed(range(self.parts.count())):
            if self.parts.item(row).data(_PART).path in self._damage:
                self.parts.takeItem(row)
        for part in parts:
            if part.what in known or part.path in self._damage:
                continue
            item = QtGui.QListWidgetItem()
            item.setData(_PART, part)
            item.setFlags(item.flags() | QtCore.Qt.ItemFlag.ItemIsUserCheckable)
            # A whole session is compared if nothing of it was chosen, or if it is another one.
            wanted = part.is_chosen or not any(one.is_chosen for one in parts)
            item.setCheckState(state.Checked if wanted else state.Unchecked)
            self.parts.addItem(item)
        for row, part in enumerate(labelled(self.listed())):
            item = self.parts.item(row)
            item.setData(_PART, part)
            item.setText(printable(part.label))
            item.setToolTip(plain_tip(f"{part.label}\n{part.path}"))
        self.parts.blockSignals(False)
        self.read()

    def listed(self) -> list[ComparedPart]:
        """Return every part in the list."""
        return [self.parts.item(row).data(_PART) for row in range(self.parts.count())]

    def checked(self) -> list[ComparedPart]:
        """Return the parts that are compared."""
        return [item.data(_PART) for item in self._checked_items()]

    def _checked_items(self) -> list[QtGui.QListWidgetItem]:
        items = [self.parts.item(row) for row in range(self.parts.count())]
        return [item for item in items if item.checkState() == QtCore.Qt.CheckState.Checked]

    def _paint_chips(self) -> None:
        """Show beside each part the colour of its curve."""
        colours = map(self.plot.palette.meter, itertools.count())
        compared = dict(zip(map(self.parts.row, self._checked_items()), colours, strict=False))
        self.parts.blockSignals(True)
        for row in range(self.parts.count()):
            chip = colour_chip(compared.get(row, ""))
            self.parts.item(row).setData(QtCore.Qt.ItemDataRole.DecorationRole, chip)
        self.parts.blockSignals(False)

    # -- showing -----------------------------------------------------------------------

    def read(self) -> None:
        """Read and show what is chosen; an answer that comes too late is not shown."""
        against = self.against.currentData()
        self.alignment.setEnabled(not against)
        self.derived.setEnabled(not against)
        wanted = PartsComparison(
            tuple(self.checked()),
            self.field.currentData(),
            against,
            Alignment(self.alignment.currentData()),
            Derived(self.derived.currentData()),
        )
        self._paint_chips()
        self._asked += 1
        number = self._asked

        def show(curves: list[ComparedCurve]) -> None:
            if number == self._asked:
                self.message.setText(printable("\n".join(self._damage.values())))
                self.plot.show(curves, wanted.field, wanted.against)

        self._run("a comparison", lambda: read_comparison(wanted), show)

    def _run(self, name: str, work: Any, done: Any) -> None:
        def failed(error: Exception) -> None:
            if not self.closed:
                self.message.setText(str(error))

        def finish(result: Any) -> None:
            if not self.closed:
                done(result)

        self._model.bench.main_thread.run(name, work, finish, failed)

    def _paint(self, _event: object) -> None:
        self.plot.palette = self._model.palette
        self.plot.paint()
        self._paint_chips()

    def closeEvent(self, event: Any) -> None:
        """Stop showing anything."""
        self.end()
        super().closeEvent(event)

    def reject(self) -> None:
        """Close with Esc or the close button."""
        self.end()
        super().reject()

    def end(self) -> None:
        """Stop observing the model.  Idempotent."""
        if not self.closed:
            self.closed = True
            self._model.observe(self._paint, "palette", remove=True)
            for folder in self._folders:
                self._model.bench.main_thread.run("a temporary session", folder.cleanup)


def show_comparison(parent: QtGui.QWidget | None, model: Any) -> CompareWindow:
    """Show the window."""
    window = CompareWindow(parent, model)
    window.show()
    return window
