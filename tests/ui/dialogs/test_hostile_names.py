# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of meters, files and ports are shown as they are in every window: never as HTML.

The widgets are found by walking through all windows and dialogs that the actions open.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hostile_texts import BODY, HOSTILE, RAW, URL, hostile_session
from opened_window import OpenedWindow, threads_left
from PyQt5 import QtCore, QtGui, QtWidgets
from test_every_dialog import EVERY_ACTION, LINES, SOURCES, Dialogs, press_escape

from wattui.errors import WattuiError
from wattui.measurement.text import printable
from wattui.ports.listing import PortInfo
from wattui.session import Interrupted
from wattui.ui.widgets.plain_text import PlainLabel, menu_text, plain_tip

_Role = QtCore.Qt.ItemDataRole

#: The beginning of the hostile text, with tags that HTML would swallow.
TAGS = "<b>x<&b>"


def items_of(model, parent):
    """Yield the indexes of a model."""
    # A list has one column, and keeps its number to itself.
    is_list = isinstance(model, QtCore.QAbstractListModel)
    for row in range(min(model.rowCount(parent), 200)):
        for column in range(1 if is_list else model.columnCount(parent)):
            yield model.index(row, column, parent)


def texts_of(widget):
    """Yield triples of a kind, a text, and whether it is shown as HTML if it looks like it."""
    yield "tooltip", widget.toolTip(), True
    yield "title", widget.windowTitle(), False
    if isinstance(widget, QtWidgets.QLabel):
        yield "label", widget.text(), widget.textFormat() != QtCore.Qt.PlainText
    elif isinstance(widget, QtWidgets.QAbstractButton):
        yield "button", widget.text(), False
    elif isinstance(widget, QtWidgets.QMenu):
        for action in widget.actions():
            yield "menu", action.text(), False
            yield "tooltip", action.toolTip(), True
    elif isinstance(widget, QtWidgets.QComboBox):
        for number in range(widget.count()):
            yield "list", widget.itemText(number), False
            yield "tooltip", widget.itemData(number, _Role.ToolTipRole) or "", True
    elif isinstance(widget, QtWidgets.QTextEdit):
        yield "text", widget.toPlainText(), False
    elif isinstance(widget, QtWidgets.QAbstractItemView) and not isinstance(
        widget.window(), QtWidgets.QFileDialog
    ):
        for index in items_of(widget.model(), widget.rootIndex()) if widget.model() else ():
            yield "cell", str(index.data(_Role.DisplayRole) or ""), False
            yield "tooltip", str(index.data(_Role.ToolTipRole) or ""), True


class Walk:
    """Looks at every widget there is, and collects what is shown wrongly."""

    def __init__(self):
        self.wrong = set()
        self.seen = set()

    def __call__(self, *_):
        for top in QtWidgets.QApplication.topLevelWidgets():
            for widget in (top, *top.findChildren(QtWidgets.QWidget)):
                for kind, text, as_html in texts_of(widget):
                    self.check(kind, text, as_html, type(widget).__name__)

    def check(self, kind, text, as_html, owner):
        if [one for one in RAW if one in text]:
            self.wrong.add((kind, owner, "raw", text))
        if TAGS in text and as_html and QtCore.Qt.mightBeRichText(text):
            self.wrong.add((kind, owner, "HTML", text))
        document = QtGui.QTextDocument()
        if as_html and QtCore.Qt.mightBeRichText(text):
            document.setHtml(text)
            text = document.toPlainText()
        if TAGS in text.replace("&&", "&"):
            self.seen.add(kind)


@pytest.fixture
def window(monkeypatch):
    monkeypatch.setattr(QtGui.QDesktopServices, "openUrl", lambda _url: True)
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert threads_left() == []


@pytest.fixture
def walk():
    walk = Walk()
    yield walk
    assert walk.wrong == set()


def show_all(window, walk, names=EVERY_ACTION):
    """Do every action, and look at everything that it opens."""
    dialogs = Dialogs(window, press_escape)
    dialogs.checks.append(walk)
    walk()
    for name in names:
        if name not in ("open", "replay"):
            dialogs.do(name)
            window.wait_for(lambda: not window.context.memory.memory.work, "the end of a look", 60)
    walk()


def test_a_live_meter_with_a_hostile_name(window, walk):
    ports = [PortInfo(f"/dev/{HOSTILE}", HOSTILE, HOSTILE), PortInfo(URL)]
    window.model.show_ports(ports)
    walk()
    for number in (1, 2):
        window.model.connect_ports([f"{URL}&seed={number}"], [HOSTILE])
    window.wait_for(lambda: all(one.live for one in window.bench.meters), "the meters")
    window.bench.describe(window.bench.meters[0], name=HOSTILE)
    window.bench.mark(HOSTILE)
    window.model.message = f"No {HOSTILE}"
    window.wait_for(lambda: window.bench.marks, "the mark")
    show_all(window, walk)
    window.bench.trait_set(disk_problem=f"{HOSTILE} is full", disk_hint=HOSTILE)
    window.handle_events()
    walk()
    window.bench.disk_problem = ""
    assert {"label", "cell", "list", "tooltip"} <= walk.seen


def test_an_opened_session_with_hostile_texts(window, walk, tmp_path):
    path = hostile_session(tmp_path)
    window.settings.remember_session(path)
    window.settings.remember_session(tmp_path / f"&{BODY}")
    window.context.files.open([path])
    window.wait_for(lambda: window.model.readings.current, "the session")
    menu = window.handler.recent_menu
    menu.aboutToShow.emit()
    window.wait_for(lambda: menu.actions()[0].data(), "the recent sessions")
    show_all(window, walk, [one for one in EVERY_ACTION if one not in ("close", "quit")])
    assert {"label", "cell", "title", "tooltip", "menu"} <= walk.seen


def dialogs(window):
    """Return the dialogs that are open."""
    tops = QtWidgets.QApplication.topLevelWidgets()
    kind, main = QtWidgets.QDialog, window.window
    return [one for one in tops if one.isVisible() and isinstance(one, kind) and one is not main]


def test_files_that_cannot_be_opened_and_interrupted_ones(window, walk, tmp_path):
    for number, content in enumerate(("Dear Sir or Madam", "1,2\n" * 9)):
        path = tmp_path / f"{number}{BODY}.csv"
        path.write_text(content)
        window.model.message = ""
        window.context.files.open([path])
        window.wait_for(
            lambda: window.model.message or dialogs(window), "the refusal, or a question"
        )
        walk()
        for dialog in dialogs(window):
            press_escape(dialog)
        window.wait_for(lambda: not dialogs(window), "the end of the question")
    window.bench.interrupted = [Interrupted(tmp_path / BODY, (10**15, 10**15 + 10**9), (HOSTILE,))]
    window.bench.add_meter(URL)
    window.bench.meters[0].trait_set(state="opening")
    window.bench.meters[0].trait_set(state="failed", problem=HOSTILE, hint=HOSTILE, name=HOSTILE)
    window.handle_events()
    window.wait_for(lambda: window.control("notices").bands, "the notice")
    show_all(window, walk, ["details", "show_log"])
    assert {"label", "text"} <= walk.seen


def test_a_file_that_is_imported_or_replayed(window, walk, tmp_path, monkeypatch):
    path = tmp_path / f"{BODY}.log"
    path.write_text("\n".join(LINES) + "\n")
    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QtWidgets.QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    dialogs = Dialogs(window, press_escape)
    dialogs.checks.append(walk)
    dialogs.waits = ("open", "replay")
    for name in ("open", "replay"):
        dialogs.do(name)
    assert "Import" in dialogs.seen
    assert "label" in walk.seen


def test_an_error_of_an_action_is_plain(window, walk):
    def fail(_context):
        raise WattuiError(HOSTILE, HOSTILE)

    window.context.run(fail)
    window.handle_events()
    walk()
    assert "label" in walk.seen


def test_every_label_is_a_plain_one():
    labels = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = isinstance(node, ast.Call) and ast.unparse(node.func) == "QtGui.QLabel"
            derived = isinstance(node, ast.ClassDef) and "QtGui.QLabel" in map(
                ast.unparse, node.bases
            )
            if called or derived:
                labels.append(Path(path).name)
    assert labels == ["plain_text.py"]


@pytest.mark.parametrize("text", [HOSTILE, "a < b", "<br>", "Tom & Jerry", "plain"])
def test_plain_texts_are_read_as_they_were_meant(text):
    assert PlainLabel(text).text() == printable(text)
    tip = plain_tip(text)
    document = QtGui.QTextDocument()
    if QtCore.Qt.mightBeRichText(tip):
        document.setHtml(tip)
        tip = document.toPlainText()
    assert tip.split() == printable(text).split()
    assert menu_text(text).replace("&&", "&") == printable(text)
