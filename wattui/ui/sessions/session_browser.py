# SPDX-License-Identifier: GPL-3.0-or-later
"""The window *Sessions*: search, open, name, note and delete what was recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from pyface.qt import QtCore, QtGui

from wattui.errors import WattuiError
from wattui.measurement.text import count_text, size_text
from wattui.model.bench import Bench
from wattui.session.annotations import Annotations
from wattui.session.catalogue import Catalogue, CatalogueEntry
from wattui.session.health import LOW_BYTES, HealthReport
from wattui.session.outline import NAME, NOTE
from wattui.session.removal import move_all_to_trash
from wattui.ui.sessions.session_columns import (
    AGES,
    NAME_COLUMN,
    NOTE_COLUMN,
    older_than,
    total_text,
)
from wattui.ui.sessions.session_reader import SessionList, SessionReader
from wattui.ui.sessions.session_table import SessionTable, SessionView
from wattui.ui.theme.palette import Palette
from wattui.ui.theme.style_sheet import GRID
from wattui.ui.widgets.form_layout import dress_window, set_role, window_column
from wattui.ui.widgets.notices import Notice, NoticeKind, NoticeStack
from wattui.ui.widgets.plain_text import PlainLabel
from wattui.ui.widgets.question import Question
from wattui.ui.widgets.screen_fit import fit_to_screen

#: Its size at first, in pixels.
_SIZE: Final = (1240, 640)

#: How often the folder is looked at, and how long a message stays, in ms.
_LOOK: Final = 3000
_MESSAGE: Final = 10_000

#: The age from which sessions are offered at first: a year.
_FIRST_AGE: Final = 3

#: The most names in the question before a deletion.
_MOST_NAMES: Final = 5

_FACTS: Final = {NAME_COLUMN.key: NAME, NOTE_COLUMN.key: NOTE}


class SessionBrowser(QtGui.QDialog):
    """Lists the sessions of a folder; not modal.

    Parameters
    ----------
    parent
        The main window.
    bench
        Its meters: a recording that fills the disk is reported here too.
    palette
        The colours.
    catalogue
        The sessions; None for those of the data folder.
    """

    #: Shows sessions in the main window, each in a window of its own, or over one another; asks
    #: for another file.
    opened = QtCore.Signal(list)
    beside = QtCore.Signal(list)
    compared = QtCore.Signal(list)
    other_wanted = QtCore.Signal()

    def __init__(
        self,
        parent: QtGui.QWidget | None,
        bench: Bench,
        palette: Palette,
        catalogue: Catalogue | None = None,
    ) -> None:
        super().__init__(parent)
        self._bench = bench
        self._closed = False
        self.question: Question | None = None
        self.list = SessionList()
        self.reader = SessionReader(
            bench.main_thread, catalogue or Catalogue(), self._show, self._failed
        )
        self.setWindowTitle("Sessions")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        self._make()
        self.table.repaint(palette)
        self._message_timer = self._timer(lambda: self.message.setText(""), single=True)
        self._look_timer = self._timer(self.reader.refresh)
        self._look_timer.start(_LOOK)
        self.reader.refresh()

    def _timer(self, call: Callable[[], object], single: bool = False) -> QtCore.QTimer:
        timer = QtCore.QTimer(self)
        timer.setSingleShot(single)
        timer.timeout.connect(call)
        return timer

    # -- the widgets -------------------------------------------------------------------

    def _make(self) -> None:
        layout = window_column(self)
        self.notices = NoticeStack()
        layout.addLayout(self._search_row())
        layout.addWidget(self.notices)
        self.table = SessionTable(self)
        self.table.described.connect(self._describe)
        self.view = SessionView(self.table)
        self.view.open_wanted.connect(self.open_selected)
        self.view.delete_wanted.connect(self.delete_selected)
        self.view.menu_wanted.connect(self._menu)
        self.view.chosen.connect(self._update_buttons)
        layout.addWidget(self.view, 1)
        self.empty = PlainLabel("")
        self.empty.setProperty("look", "lead")
        self.empty.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        layout.addWidget(self.empty, 1)
        self.empty.hide()
        layout.addLayout(self._space_row())
        layout.addLayout(self._button_row())
        self._add_keys()
        self._update_buttons()
        self.resize(*_SIZE)
        self.setMinimumHeight(320)
        self.search.setFocus()
        dress_window(self)
        fit_to_screen(self)

    def _search_row(self) -> QtGui.QHBoxLayout:
        row = QtGui.QHBoxLayout()
        row.setSpacing(GRID)
        self.search = QtGui.QLineEdit()
        self.search.setPlaceholderText("Search names, notes, meters, dates and kinds")
        self.search.setAccessibleName("Search")
        self.search.setToolTip("Shows the sessions that have all of these words (Ctrl+F)")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._search)
        self.search.installEventFilter(self)
        row.addWidget(self.search, 1)
        self.found = PlainLabel("")
        self.found.setProperty("look", "muted")
        self.found.hide()
        row.addWidget(self.found)
        return row

    def _space_row(self) -> QtGui.QHBoxLayout:
        row = QtGui.QHBoxLayout()
        row.setSpacing(GRID)
        self.space = PlainLabel("")
        self.space.setProperty("look", "muted")
        self.space.setWordWrap(True)
        row.addWidget(self.space, 1)
        label = PlainLabel("Older than")
        self.age = QtGui.QComboBox()
        self.age.setAccessibleName("Older than")
        for name, seconds in AGES:
            self.age.addItem(name, seconds)
        self.age.setCurrentIndex(_FIRST_AGE)
        self.age.activated.connect(lambda _index: self._show_space())
        label.setBuddy(self.age)
        self.old = PlainLabel("")
        self.old.setProperty("look", "muted")
        self.select_old = self._button("Select &them", "Select these sessions", self._select_old)
        for widget in (label, self.age, self.old, self.select_old):
            row.addWidget(widget)
        return row

    def _button_row(self) -> QtGui.QHBoxLayout:
        row = QtGui.QHBoxLayout()
        row.setSpacing(GRID)
        self.open = self._button("&Open", "Show it in the main window (Return)", self.open_selected)
        set_role(self.open, "primary")
        self.open_beside = self._button(
            "Open &beside", "Show each in a window of its own (Ctrl+Return)", self.open_all_beside
        )
        self.compare = self._button(
            "&Compare", "Lay the selected sessions over one another (Ctrl+L)", self.compare_selected
        )
        self.rename = self._button(
            "&Rename", "Give it a name; its file stays where it is (F2)", self.edit_name
        )
        self.note = self._button("&Note", "Note something about it (F3)", self.edit_note)
        self.delete = self._button(
            "&Delete…", "Move the selected sessions to the trash (Delete)", self.delete_selected
        )
        set_role(self.delete, "danger")
        self.message = PlainLabel("")
        self.message.setProperty("look", "small")
        self.message.setWordWrap(True)
        # It gives way to the buttons on a small screen.
        policy = QtGui.QSizePolicy.Policy
        self.message.setSizePolicy(policy.Ignored, policy.Preferred)
        close = self._button("Close", "Close this window (Esc)", self.close)
        other = self._button(
            "Ot&her…", "Open a file that is elsewhere, or import one", self._open_other
        )
        for button in (*self._opening, self.rename, self.note, self.delete):
            row.addWidget(button)
        row.addWidget(self.message, 1)
        row.addWidget(other)
        row.addWidget(close)
        return row

    @property
    def _opening(self) -> tuple[QtGui.QPushButton, ...]:
        return self.open, self.open_beside, self.compare

    def _button(self, text: str, tip: str, do: Callable[[], object]) -> QtGui.QPushButton:
        button = QtGui.QPushButton(text)
        button.setAutoDefault(False)
        button.setToolTip(tip)
        button.clicked.connect(lambda _on: do())
        return button

    def _add_keys(self) -> None:
        for key, do in (
            ("Ctrl+F", self._focus_search),
            ("Ctrl+Return", self.open_all_beside),
            ("Ctrl+L", self.compare_selected),
            ("F2", self.edit_name),
            ("F3", self.edit_note),
            ("F5", self.reader.refresh),
        ):
            shortcut = QtGui.QShortcut(QtGui.QKeySequence(key), self)
            shortcut.activated.connect(do)

    def _focus_search(self) -> None:
        self.search.setFocus()
        self.search.selectAll()

    def eventFilter(self, watched: Any, event: Any) -> bool:
        """Handle the keys of the list in the field of the search."""
        if watched is self.search and event.type() == QtCore.QEvent.Type.KeyPress:
            keys = QtCore.Qt.Key
            if event.key() in (keys.Key_Down, keys.Key_Up, keys.Key_PageDown, keys.Key_PageUp):
                if not self.view.selected():
                    self.view.choose_row(0)
                self.view.setFocus()
                return True
            if event.key() in (keys.Key_Return, keys.Key_Enter):
                if not self.view.selected():
                    self.view.choose_row(0)
                self.open_selected()
                return True
            if event.key() == keys.Key_Escape and self.search.text():
                self.search.clear()
                return True
        return bool(super().eventFilter(watched, event))

    # -- what is shown -----------------------------------------------------------------

    def show_palette(self, palette: Palette) -> None:
        """Show the rows in the colours of another theme."""
        self.table.repaint(palette)

    def _show(self, found: SessionList) -> None:
        """Show what was read, unless a name is being typed, which would be lost."""
        if self._closed:
            return
        self.list = found
        if not self.view.editing:
            with self.view.holding():
                self.table.show_entries(found.entries)
            self.view.fit_columns()
        self._show_counts()

    def _show_counts(self) -> None:
        entries, rows = self.list.entries, self.table.rows
        self._say_found(f"{len(rows):,} of {len(entries):,}" if self.search.text() else "")
        self.view.setVisible(bool(rows))
        self.empty.setVisible(not rows)
        if not entries:
            self.empty.setText(f"No sessions yet. Every run is recorded into {self.reader.folder}")
        elif not rows:
            self.empty.setText(f"No session has “{self.search.text()}”")
        self._show_space()
        self._update_buttons()
        # Once a recording has ended, its warning says nothing about the next one.
        health = self._bench.health if self._bench.recording else None
        self.notices.show_notices(disk_notices(health, self.list))

    def _show_space(self) -> None:
        """Show the space that the sessions take, and what is old; nothing is deleted for that."""
        found = self.list
        parts = [total_text(found.entries)]
        if found.free_bytes is not None:
            parts.append(f"{size_text(found.free_bytes)} free on their disk")
        if found.unread:
            parts.append(f"reading {count_text(found.unread, 'session')}…")
        self.space.setText("; ".join(parts)[:1].upper() + "; ".join(parts)[1:])
        old = self._old_ones()
        self.old.setText(total_text(old))
        self.select_old.setEnabled(bool(old))

    def _old_ones(self) -> list[CatalogueEntry]:
        return older_than(self.list.entries, self.age.currentData(), time.time())

    def _update_buttons(self) -> None:
        selected = self.view.selected()
        one = len(selected) == 1
        self.open.setEnabled(one)
        self.open_beside.setEnabled(bool(selected))
        self.compare.setEnabled(len(self._comparable()) > 1)
        for button in (self.rename, self.note):
            button.setEnabled(one and selected[0].outline is not None)
        self.delete.setEnabled(any(not entry.is_recorded for entry in selected))
        if len(selected) > 1:
            self._say_found(f"selected: {total_text(selected)}")
        elif self.found.text().startswith("selected"):
            self._say_found("")

    def _say_found(self, text: str) -> None:
        """Show a text beside the search; without one the search has all of the width."""
        self.found.setText(text)
        self.found.setVisible(bool(text))

    def _search(self, text: str) -> None:
        with self.view.holding():
            self.table.show_found(text)
        self._show_counts()

    def _say(self, text: str) -> None:
        self.message.setText(text)
        self._message_timer.start(_MESSAGE)

    def _failed(self, error: Exception) -> None:
        self._say(str(error))

    # -- what is done ------------------------------------------------------------------

    def open_selected(self) -> None:
        """Show the selected session in the main window, which this one would cover."""
        selected = self.view.selected()
        if selected:
            self.close()
            self.opened.emit([selected[0].path])

    def _open_other(self) -> None:
        self.close()
        self.other_wanted.emit()

    def open_all_beside(self) -> None:
        """Show each selected session in a window of its own."""
        selected = self.view.selected()
        if selected:
            self.beside.emit([entry.path for entry in selected])

    def compare_selected(self) -> None:
        """Lay the selected sessions over one another."""
        entries = self._comparable()
        if len(entries) > 1:
            self.close()
            self.compared.emit([entry.path for entry in entries])

    def _comparable(self) -> list[CatalogueEntry]:
        """Return the selected sessions that have samples."""
        return [entry for entry in self.view.selected() if entry.has_samples]

    def edit_name(self) -> None:
        """Edit the name of the current session in its row."""
        self.view.edit_cell(NAME_COLUMN)

    def edit_note(self) -> None:
        """Edit the note on the current session in its row."""
        self.view.edit_cell(NOTE_COLUMN)

    def _describe(self, entry: CatalogueEntry, column: str, text: str) -> None:
        """Store a name or a note in the session."""
        self._run(
            f"description of {entry.path.name}",
            lambda: Annotations(entry.path).set_fact(_FACTS[column], text),
            lambda _done: self.reader.refresh(),
        )

    def _select_old(self) -> None:
        """Select the old sessions, and show all of them."""
        self.search.clear()
        self.view.select(entry.path for entry in self._old_ones())
        self.view.setFocus()

    def delete_selected(self) -> None:
        """Ask once, and move the selected sessions to the trash."""
        entries = [entry for entry in self.view.selected() if not entry.is_recorded]
        if not entries or self.question is not None:
            if self.view.selected():
                self._say("A session that is being recorded is not deleted")
            return
        self.question = question = deletion_question(self, entries)
        question.answered.connect(lambda name: self._answered(name, entries))
        question.open()

    def _answered(self, name: str, entries: Sequence[CatalogueEntry]) -> None:
        self.question = None
        if name == "delete":
            paths = [entry.path for entry in entries]
            self._run("deletion", lambda: move_all_to_trash(paths), self._deleted)

    def _deleted(self, result: tuple[list[Path], list[WattuiError]]) -> None:
        moved, refused = result
        self.reader.refresh()
        words = f"{count_text(len(moved), 'session')} moved to the trash" if moved else ""
        if refused:
            more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
            words = ". ".join(filter(None, [words, f"{refused[0]}{more}"]))
        self._say(words)

    def _run(self, name: str, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        def show(result: Any) -> None:
            if not self._closed:
                done(result)

        def failed(error: Exception) -> None:
            if not self._closed:
                self._failed(error)

        self._bench.main_thread.run(name, work, show, failed)

    def _menu(self, place: QtCore.QPoint) -> None:
        menu = QtGui.QMenu(self)
        menu.setAttribute(QtCore.Qt.WidgetAttribute.WA_DeleteOnClose)
        for button in (*self._opening, self.rename, self.note, self.delete):
            if button in (self.rename, self.delete):
                menu.addSeparator()
            action = menu.addAction(button.text())
            action.setEnabled(button.isEnabled())
            action.triggered.connect(lambda _on, button=button: button.click())
        menu.popup(place)

    def done(self, result: int) -> None:
        """End the reading, and close."""
        self.end()
        super().done(result)

    def closeEvent(self, event: Any) -> None:
        """End the reading."""
        self.end()
        super().closeEvent(event)

    def end(self) -> None:
        """End everything that runs for it.  Idempotent."""
        self._closed = True
        self.reader.close()
        self._look_timer.stop()
        self._message_timer.stop()


def disk_notices(health: HealthReport | None, found: SessionList) -> list[Notice]:
    """Return the warning about the disk of the sessions, well before it is full."""
    if health is not None and health.warning:
        return [Notice("disk", NoticeKind.WARNING, health.warning, health.hint)]
    if found.free_bytes is not None and found.free_bytes < LOW_BYTES:
        text = f"The disk of the sessions has {size_text(found.free_bytes)} left"
        hint = "Free some space, or move older sessions to another disk."
        return [Notice("disk", NoticeKind.WARNING, text, hint)]
    return []


def deletion_question(parent: QtGui.QWidget | None, entries: Sequence[CatalogueEntry]) -> Question:
    """Make the question whether to move sessions to the trash: ``delete`` or ``keep``."""
    lines = [entry.name for entry in entries[:_MOST_NAMES]]
    if len(entries) > _MOST_NAMES:
        lines.append(f"and {len(entries) - _MOST_NAMES:,} more")
    lines.append("The space is free once the trash is emptied; until then it can be undone there.")
    answers = [("delete", "Move to trash", "danger"), ("keep", "Keep", "")]
    size = size_text(sum(entry.size for entry in entries))
    title = f"Move {count_text(len(entries), 'session')} ({size}) to the trash?"
    return Question(parent, title, lines, answers)
