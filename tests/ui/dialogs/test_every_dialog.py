# SPDX-License-Identifier: GPL-3.0-or-later
"""Every dialog there is: Esc, the close button and *Cancel* are the same, and change nothing.

The dialogs are found by doing every action of the window.  A class of dialogs or a view
with a title that no action opened fails the test, so that a new one is covered.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from drawn_texts import cut_numbers
from opened_window import OpenedWindow, threads_left
from PyQt5 import QtCore, QtGui, QtTest, QtWidgets

import wattui
from wattui.ui.window.actions import ACTIONS
from wattui.ui.window.context_menus import MenuEntry, axis_items

_Qt = QtCore.Qt
SOURCES = sorted((Path(wattui.__file__).parent / "ui").rglob("*.py"))

#: A log of 2011: it does not say in which time zone it was recorded.
LINES = [f"2011-05-06 12:00:{n:02d}.000000 {n} {40 + n % 3}.5 119.2 0.361" for n in range(60)]

#: Actions that open no dialog but connect, disconnect, or belong to a notice.
AT_ONCE = {
    "connect", "simulate", "connect_found", "connect_all", "disconnect_all", "retry_failed",
    "fetch_now", "save_fetched", "open_fetched", "open_interrupted", "dismiss_interrupted",
    "show_folder", "data_folder", "open_log", "copy_picture",
}  # fmt: skip

#: The dialog for the range of an axis: an entry of the menu of the axis, and no action.
RANGE = "range of an axis"

#: Dialogs that open only from another one, or that are the base of others.
ELSEWHERE = {"Sheet"}


def views_with_a_title():
    """Return the titles of the views of TraitsUI, and the classes of dialogs, in the source."""
    titles, classes = set(), set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases = {ast.unparse(base) for base in node.bases}
                if bases & {"QtGui.QDialog", "QtGui.QMessageBox"}:
                    classes.add(node.name)
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "View":
                for keyword in node.keywords:
                    if keyword.arg == "title":
                        found = ast.walk(keyword.value)
                        constants = (one.value for one in found if isinstance(one, ast.Constant))
                        titles |= {text for text in constants if isinstance(text, str)}
    return titles, classes


def open_range(window):
    """Choose the range of the first value axis in its menu."""
    entries = axis_items(window.model.plots.shown_rows()[0])
    named = {one.label: one for one in entries if isinstance(one, MenuEntry)}
    named["Fixed range…"].do(window.context)


def press_escape(dialog):
    QtTest.QTest.keyClick(dialog, _Qt.Key_Escape)


def click_cancel(dialog):
    """Click *Cancel* or the last answer; Esc where there is no such button."""
    buttons = [one for one in dialog.findChildren(QtWidgets.QPushButton) if one.isVisible()]
    named = [one for one in buttons if one.text().replace("&", "") in ("Cancel", "Close")]
    if named:
        QtTest.QTest.mouseClick(named[-1], _Qt.LeftButton)
    else:
        press_escape(dialog)


WAYS = {
    "Esc": press_escape,
    "the close button": lambda dialog: dialog.close(),
    "Cancel": click_cancel,
}


class Dialogs:
    """Does actions in a window, and dismisses all dialogs that they open."""

    def __init__(self, window, dismiss):
        self.window = window
        self.dismiss = dismiss
        self.seen = set()
        #: The actions that look into a file before they open a dialog.
        self.waits = ()
        #: What is checked of each dialog before it is dismissed, and the problems found.
        self.checks = []
        self.problems = []
        self._timer = QtCore.QTimer()
        self._timer.timeout.connect(self._look)

    def _look(self):
        """Dismiss a dialog that waits in an event loop of its own."""
        dialog = QtWidgets.QApplication.activeModalWidget()
        if dialog is not None:
            self._dismiss(dialog)

    def _dismiss(self, dialog):
        self.seen |= {dialog.windowTitle(), type(dialog).__name__}
        self._check(dialog)
        self.dismiss(dialog)

    def _check(self, dialog):
        # A failure in here would leave the dialog open.
        for check in self.checks:
            self.problems += check(dialog) or []

    def open_ones(self):
        return [
            one
            for one in QtWidgets.QApplication.topLevelWidgets()
            if one.isVisible() and one is not self.window.window
        ]

    def do(self, name):
        self._timer.start(5)
        self.window.window.activateWindow()
        if name == RANGE:
            open_range(self.window)
        else:
            self.window.handler.do(self.window.info, name)
        if name in self.waits:
            self.window.wait_for(self.open_ones, f"the dialog of {name}")
        for _ in range(10):
            self.window.handle_events()
            for dialog in self.open_ones():
                if isinstance(dialog, QtWidgets.QDialog):
                    self._dismiss(dialog)
                else:
                    self._check(dialog)
                    dialog.close()
                self.window.handle_events()
        self._timer.stop()
        assert self.open_ones() == [], name


def state(window):
    """Return what no dialog that was dismissed may change."""
    model, bench = window.model, window.bench
    return (
        bench.session_path,
        sorted((one.url, one.name, one.colour, one.connected) for one in bench.meters),
        (bench.rate, bench.currency, model.energy_unit, model.ask_before_closing, model.port),
        (window.context.files.running, window.context.export, window.context.memory.memory.work),
        model.task,
        window.ui.control is None,
    )


@pytest.fixture
def window(monkeypatch, qt_warnings):
    monkeypatch.setattr(QtGui.QDesktopServices, "openUrl", lambda _url: True)
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert threads_left() == []
    assert qt_warnings == [], "they go to standard error"


@pytest.fixture
def qt_warnings():
    """Collect what Qt warns of, except that it has no screen here."""
    found = []

    def collect(_kind, _context, text):
        if not text.startswith(("This plugin does not support", "QStandardPaths")):
            found.append(text)

    before = QtCore.qInstallMessageHandler(collect)
    yield found
    QtCore.qInstallMessageHandler(before)


@pytest.fixture
def recording(window):
    for number in (1, 2):
        window.model.connect_added(f"sim://pro?speed=10&seed={number}&serial=M{number}")
    window.wait_for(lambda: all(one.live for one in window.bench.meters), "both meters")
    return window


@pytest.fixture
def log(tmp_path, monkeypatch):
    """Choose a log without dates in every dialog for a file to open."""
    path = tmp_path / "old.log"
    path.write_text("\n".join(LINES) + "\n")
    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    return path


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Choose a table of which nothing shows what it is in every dialog for a file to open."""
    path = tmp_path / "table.csv"
    path.write_text("".join(f"23/02/2024 12:00:{n:02d};{n};{n}\n" for n in range(30)))
    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    return path


def dismiss_all(window, way, names, *checks, waits=()):
    """Do actions and dismiss their dialogs; return what opened."""
    dialogs = Dialogs(window, WAYS[way])
    dialogs.checks += checks
    dialogs.waits = waits
    before = state(window)
    for name in names:
        dialogs.do(name)
        window.wait_for(lambda: not window.context.memory.memory.work, "the end of a look", 60)
        assert state(window) == before, f"{way} in what {name} opens"
        assert dialogs.problems == []
    return dialogs.seen


#: Actions that look into a file before they open a dialog.
FILES = ["open", "replay", "import_table"]

EVERY_ACTION = [
    one.name
    for one in ACTIONS
    if one.name not in AT_ONCE and not one.name.startswith("channel_") and one.style == "push"
]


@pytest.mark.parametrize("way", WAYS)
def test_esc_the_close_button_and_cancel_change_nothing_while_recording(recording, way):
    seen = dismiss_all(recording, way, [*EVERY_ACTION, RANGE], *[cut_numbers] * (way == "Esc"))
    assert recording.bench.recording
    assert {"Open", "Save a copy", "Question", "Preferences", "Other port"} <= seen


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["open", "replay"])
def test_esc_in_import_or_replay_does_not_go_on(window, log, way, name):
    seen = dismiss_all(window, way, [name], cut_numbers, waits=[name])
    assert {"open": "Import", "replay": "Replay"}[name] in seen


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ["open", "import_table"])
def test_esc_in_the_import_of_a_table_imports_nothing(window, table, way, name):
    seen = dismiss_all(window, way, [name], looks_like_the_others, waits=[name])
    assert "ImportDialog" in seen


def mnemonics(dialog):
    """Return the access keys of the visible buttons and labels of a dialog."""
    kinds = (QtWidgets.QAbstractButton, QtWidgets.QLabel)
    texts = [
        one.text()
        for kind in kinds
        for one in dialog.findChildren(kind)
        if one.isVisible() and (kind is not QtWidgets.QLabel or one.buddy() is not None)
    ]
    keys = [QtGui.QKeySequence.mnemonic(text).toString() for text in texts]
    return [key for key in keys if key]


def labels_are_in_line(dialog):
    """Check that the labels of a form begin at the left, and have no colons."""
    for grid in dialog.findChildren(QtWidgets.QGridLayout):
        items = [grid.itemAtPosition(row, 0) for row in range(grid.rowCount())]
        found = [one.widget() for one in items if one is not None]
        labels = [one for one in found if isinstance(one, QtWidgets.QLabel) and one.isVisible()]
        assert not [one.text() for one in labels if one.text().endswith(":")], dialog.windowTitle()
        lefts = {one.mapTo(dialog, QtCore.QPoint()).x() for one in labels}
        assert len(lefts) <= 1, [one.text() for one in labels]
        assert not any(one.alignment() & _Qt.AlignRight for one in labels), dialog.windowTitle()


def cancel_is_last(dialog):
    """Check that *Cancel* is at the right of the buttons beside it, in every dialog."""
    places = {
        one.text().replace("&", ""): one.mapTo(dialog, QtCore.QPoint())
        for one in dialog.findChildren(QtWidgets.QPushButton)
        if one.isVisible()
    }
    last = places.get("Cancel")
    beside = [at.x() for at in places.values() if last is not None and abs(at.y() - last.y()) < 8]
    assert last is None or last.x() == max(beside), (dialog.windowTitle(), sorted(places))


def looks_like_the_others(dialog):
    """Check icon, buttons and access keys of a dialog."""
    title = dialog.windowTitle()
    own = QtWidgets.QApplication.windowIcon().cacheKey()
    assert dialog.windowIcon().cacheKey() == own, f"another icon on {title}"
    if not isinstance(dialog, QtWidgets.QFileDialog):  # Its tools are pictures.
        buttons = dialog.findChildren(QtWidgets.QPushButton)
        assert [one.text() for one in buttons if not one.icon().isNull()] == [], title
        assert not dialog.findChildren(QtWidgets.QSlider), title
        labels_are_in_line(dialog)
        cancel_is_last(dialog)
    keys = mnemonics(dialog)
    assert len(keys) == len(set(keys)), f"{keys} in {title}"


@pytest.fixture
def complaints():
    """Return what Qt complains of, apart from what the platform of the tests cannot do."""
    found = []

    def take(_kind, _context, text):
        if "This plugin does not support" not in text:
            found.append(text)

    before = QtCore.qInstallMessageHandler(take)
    yield found
    QtCore.qInstallMessageHandler(before)


def test_a_dialog_in_the_source_was_not_opened_or_has_another_icon_stock_pictures_or_twice_a_key(
    recording, log, complaints
):
    titles, classes = views_with_a_title()
    assert {"Export", "Import", "Replay", "Preferences", "Memory and settings"} <= titles
    others = [one for one in [*EVERY_ACTION, RANGE] if one not in FILES]
    seen = dismiss_all(recording, "Esc", others, looks_like_the_others)
    looks_like_the_others(recording.window)
    # Files open in another process while this one records.
    recording.model.disconnect_all()
    recording.wait_for(lambda: not recording.bench.recording, "the end")
    seen |= dismiss_all(recording, "Esc", FILES, looks_like_the_others, waits=FILES)
    # The end of a title such as "Range of power" is known only when the dialog opens.
    for one in titles:
        if one.endswith(" ") and any(title.startswith(one) for title in seen):
            seen = seen | {one}
    assert (titles | classes) - seen - ELSEWHERE == set(), "not opened"
    assert complaints == []
