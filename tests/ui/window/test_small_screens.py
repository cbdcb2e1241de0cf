# SPDX-License-Identifier: GPL-3.0-or-later
"""Every window and dialog fits small screens, with its buttons in view."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from opened_window import OpenedWindow
from PyQt5 import QtCore, QtWidgets

import wattui.ui
from wattui.formats.file_format import Missing
from wattui.ui.files.import_question import ImportQuestion
from wattui.ui.memory.consent import Question
from wattui.ui.widgets import screen_fit

#: What remains of some screens below a panel of 24 pixels; the last two are at 150 %.
SCREENS = {
    "1366 x 768": (1366, 744),
    "1024 x 700": (1024, 676),
    "800 x 480": (800, 456),
    "1366 x 768 at 150 %": (910, 488),
    "1024 x 768 at 150 %": (682, 488),
}

#: The actions that open a window or a dialog of wattui's own.
DIALOGS = (
    *("memory", "prepare", "export", "preferences"),
    *("keys", "guide", "about", "missing_port", "show_log"),
)


@pytest.fixture(params=SCREENS.values(), ids=SCREENS)
def opened(request, monkeypatch):
    space = QtCore.QRect(0, 24, *request.param)
    monkeypatch.setattr(screen_fit, "available", lambda _window: space)
    window = OpenedWindow()
    window.space = space
    yield window
    window.close()


def framed(window):
    """Return where a window is, with the frame of a desktop."""
    return window.geometry().adjusted(-4, -36, 4, 4)


def problems(window, space):
    """Return what is wrong with a window on a screen."""
    frame = framed(window)
    found = [] if space.contains(frame) else [f"{frame} is outside {space}"]
    for button in window.findChildren(QtWidgets.QPushButton):
        if not button.isVisibleTo(window) or button.visibleRegion().isEmpty():
            continue
        inside = button.parentWidget()
        while inside is not window and not isinstance(inside, QtWidgets.QScrollArea):
            inside = inside.parentWidget()
        place = QtCore.QRect(button.mapTo(window, QtCore.QPoint()), button.size())
        if inside is window and not window.rect().contains(place):
            found.append(f"{button.text()} is at {place} of {window.rect()}")
    return found


def new_window(opened, before):
    opened.wait_for(lambda: windows() - before, "a dialog")
    return (windows() - before).pop()


def windows():
    tops = QtWidgets.QApplication.topLevelWidgets()
    kinds = (QtCore.Qt.Popup, QtCore.Qt.ToolTip)
    return {one for one in tops if one.isVisible() and one.windowType() not in kinds}


def several(opened, count=8):
    for number in range(count):
        opened.model.connect_port(f"sim://pro?load=desktop&speed=10&serial={number}")
    bench = opened.bench
    opened.wait_for(
        lambda: len(bench.meters) >= count and all(one.sample_count for one in bench.meters),
        "samples of every meter",
    )


def test_the_window_is_larger_than_the_screen_or_its_table_covers_the_plots(opened):
    assert problems(opened.window, opened.space) == []
    opened.connect()
    assert problems(opened.window, opened.space) == []
    several(opened)
    assert problems(opened.window, opened.space) == []
    plots_give_way_to_the_table(opened)


def plots_give_way_to_the_table(opened):
    stage = opened.control("stage")
    plots, table = opened.control("component"), opened.control("meter_rows")
    assert plots.isVisible()
    assert table.isVisible()
    bottom = plots.mapTo(stage, QtCore.QPoint()).y() + plots.height()
    assert plots.height() >= 150
    assert bottom <= stage.height()
    assert table.geometry().intersected(plots.geometry()).isEmpty()
    assert table.height() <= plots.height() or table.view.height() < 3.6 * 26


def test_a_dialog_is_larger_than_the_screen(opened):
    opened.connect()
    memory = opened.context.memory.memory
    for name in DIALOGS:
        before = windows()
        opened.handler.do(opened.info, name)
        dialog = new_window(opened, before)
        opened.wait_for(lambda: not memory.work, "the meter's answer")
        assert problems(dialog, opened.space) == [], name
        dialog.close()
        opened.handle_events()


def test_a_question_is_larger_than_the_screen(opened):
    lines = ["A sentence that explains what would be lost, and what to do instead. " * 3] * 2
    question = Question(opened.window, "Go on?", lines, [("on", "Go on", ""), ("no", "Cancel", "")])
    question.show()
    opened.handle_events()
    assert problems(question, opened.space) == []
    question.close()
    before = windows()
    asked = ImportQuestion(names="run.csv", lacks=list(Missing), replays=True)
    asked.ask(opened.window, lambda _given: None)
    dialog = new_window(opened, before)
    assert problems(dialog, opened.space) == []
    dialog.close()
    opened.handle_events()


def test_a_dialog_opens_beside_its_window(monkeypatch):
    space = QtCore.QRect(0, 0, 1920, 1080)
    monkeypatch.setattr(screen_fit, "available", lambda _window: space)
    opened = OpenedWindow()
    opened.window.move(500, 140)
    opened.handle_events()
    for name in DIALOGS[3:]:
        before = windows()
        opened.handler.do(opened.info, name)
        dialog = new_window(opened, before)
        apart = framed(dialog).center() - opened.window.frameGeometry().center()
        assert apart.manhattanLength() <= 4, name
        dialog.close()
        opened.handle_events()
    opened.close()


def test_a_window_of_the_program_does_not_ask_about_the_screen():
    for path in Path(wattui.ui.__file__).parent.rglob("*.py"):
        text = path.read_text("utf-8")
        calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        views = [
            one
            for one in calls
            if getattr(one.func, "id", "") == "View"
            and any(word.arg == "title" for word in one.keywords)
        ]
        dialogs = [
            node
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.ClassDef)
            and any(getattr(base, "attr", "") == "QDialog" for base in node.bases)
        ]
        if (views or dialogs) and path.name != "main_view.py":
            fits = {getattr(one.func, "id", "") for one in calls}
            assert fits & {"fit_to_screen", "dress_dialog"}, path
