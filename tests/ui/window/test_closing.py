# SPDX-License-Identifier: GPL-3.0-or-later
"""Closing the window while it works: asked once, with a reason, unless that is switched off."""

from __future__ import annotations

import threading
import time

import pytest
from opened_window import FAST, OpenedWindow, threads_left
from PyQt5 import QtCore, QtTest, QtWidgets

from wattui.desktop.folders import sessions_folder
from wattui.desktop.preferences_file import PreferencesFile
from wattui.errors import Cancelled
from wattui.formats import import_files
from wattui.measurement.text import date_text
from wattui.session import Session
from wattui.ui.dialogs import export_dialog
from wattui.ui.widgets.task_bar import Task
from wattui.ui.window import actions

_Qt = QtCore.Qt


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert threads_left() == []


def record(window, count=2):
    for number in range(count):
        window.model.connect_added(f"{FAST}&seed={number}&serial=M{number}")
    meters = window.bench.meters
    window.wait_for(lambda: all(one.live for one in meters), "the meters")


def ctrl(window, key):
    window.window.activateWindow()
    window.handle_events()
    QtTest.QTest.keyClick(window.window, key, _Qt.ControlModifier)
    window.handle_events()


@pytest.mark.parametrize("key", [_Qt.Key_W, _Qt.Key_Q])
def test_ctrl_w_asks_before_it_ends_recordings(window, key):
    record(window)
    ctrl(window, key)
    question = window.handler.question
    text = " ".join(label.text() for label in question.labels)
    since = date_text(min(one.since for one in window.bench.meters))
    assert f"2 meters have been recording since {since}" in text
    assert [button.text() for button in question.buttons.values()] == [
        "Stop and close",
        "Keep recording",
    ]
    window.window.close()
    assert window.handler.question is question, "it asks once"
    QtTest.QTest.keyClick(question, _Qt.Key_Escape)
    window.handle_events()
    assert window.bench.recording
    assert window.window.isVisible()
    path = window.bench.session_path
    ctrl(window, key)
    window.click(window.handler.question.buttons["stop"])
    window.wait_for(lambda: window.ui.control is None, "the end of the window")
    with Session.open(path) as session:
        assert not session.interrupted


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "old.log"
    lines = (f"2011-05-06 12:00:{n:02d}.000000 {n} {40 + n % 3}.5 119.2 0.361" for n in range(60))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def blocked(monkeypatch):
    """Make imports, exports and copies wait until they are cancelled."""

    def wait(cancelled):
        done = threading.Event()
        while not cancelled():
            assert not done.wait(0.01)
        raise Cancelled("It was cancelled")

    monkeypatch.setattr(import_files, "import_files", lambda *args: wait(args[-1]))
    monkeypatch.setattr(actions, "copy_session", lambda *args: wait(args[-1]))
    monkeypatch.setattr(export_dialog, "write_job", lambda job, _form: wait(job.cancelled))


def fetching(window, _log):
    window.model.port = "sim://es?memory=full&fields=w,v,a&speed=2&logging=stopped"
    window.handler.do(window.info, "fetch")
    memory = window.context.memory.memory
    window.wait_for(lambda: memory.done > 10, "some records")


def importing(window, log):
    files = window.context.files
    files.open([log])
    window.wait_for(lambda: files.question_ui is not None, "the question")
    buttons = files.question_ui.control.findChildren(QtWidgets.QPushButton)
    window.click(next(button for button in buttons if button.text() == "Import"))


def opened_session(window):
    window.connect()
    window.model.disconnect()
    window.wait_for(lambda: not window.bench.recording, "the end")


def exporting(window, log):
    opened_session(window)
    choice = export_dialog.ExportChoice.for_model(window.model)
    one = export_dialog.Export(model=window.model, choice=choice, when_done=lambda: None)
    window.context.export = one
    one.start(log.with_name("out.csv"))


def copying(window, log):
    opened_session(window)
    target = str(log.with_name("copy.wattui"))
    actions.QtGui.QFileDialog.getSaveFileName = staticmethod(lambda *_: (target, ""))
    window.handler.do(window.info, "save_copy")


WORK = {
    "fetching": (fetching, "still has all of its records"),
    "the import": (importing, "The import of old.log is not finished"),
    "the export": (exporting, "The export to out.csv is not finished"),
    "the copy": (copying, "The copy to copy.wattui is not finished"),
}


@pytest.mark.parametrize("name", WORK)
def test_closing_ended_a_fetch_an_import_or_an_export_without_a_word(
    window, blocked, log, monkeypatch, name
):
    # It is set again at the end.
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    start, words = WORK[name]
    start(window, log)
    window.wait_for(lambda: window.model.tasks, "the work")
    ctrl(window, _Qt.Key_W)
    question = window.handler.question
    assert question.accessibleName() == f"Stop {name} and close the window?"
    assert words in " ".join(label.text() for label in question.labels)
    QtTest.QTest.keyClick(question, _Qt.Key_Escape)
    window.handle_events()
    assert window.model.tasks
    ctrl(window, _Qt.Key_Q)
    QtTest.QTest.keyClick(window.handler.question, _Qt.Key_Tab, _Qt.ShiftModifier)
    window.key(_Qt.Key_Space)
    window.wait_for(lambda: window.ui.control is None, "the end of the window")
    assert sorted(path.name for path in log.parent.iterdir()) == ["old.log"]
    assert len(list(sessions_folder().glob("*.wattui"))) == (name != "the import")


def test_closing_while_the_log_was_read_was_an_error_without_a_reason(window, monkeypatch):
    readers = []

    def read(_path):
        readers.append(threading.current_thread())
        return "the log"

    monkeypatch.setattr(actions, "read_log", read)
    window.handler.do(window.info, "show_log")
    deadline = time.monotonic() + 20
    while not readers:
        assert time.monotonic() < deadline
    readers[0].join(20)
    # The text is on its way to the window.
    window.handler.close_now(window.info)
    window.handle_events()
    assert window.uncaught == []


def test_a_signal_ends_a_fetch_without_a_question(window):
    fetching(window, None)
    window.handler.close_now(window.info)
    assert window.handler.question is None
    assert window.ui.control is None


def test_a_recording_and_other_work_are_one_question(window):
    record(window, 1)
    window.model.show_task("one", Task("Exporting", name="the export", loss="No file is left."))
    window.model.show_task("two", Task("Opening"))
    window.window.close()
    question = window.handler.question
    assert question.accessibleName() == "Stop recording and the export and close the window?"
    assert "No file is left." in [label.text() for label in question.labels]
    window.click(question.buttons["keep"])
    window.model.show_task("one")
    window.model.show_task("two")
    assert window.model.task is None


def test_the_lines_of_a_long_question_were_cut(window):
    record(window, 1)
    for number in range(12):
        loss = f"The import of a-long-name-of-a-file-{number}.csv is not finished: nothing is left."
        window.model.show_task(str(number), Task("", name=f"import {number}", loss=loss))
    window.window.close()
    question = window.handler.question
    window.handle_events()
    for label in question.labels:
        assert label.height() >= label.heightForWidth(label.width()), label.text()
    for button in question.buttons.values():
        corner = button.mapTo(question, button.rect().bottomRight())
        assert question.rect().contains(corner)
    window.click(question.buttons["keep"])
    for number in range(12):
        window.model.show_task(str(number))


def test_closing_a_window_that_records_nothing_does_not_ask(window):
    window.window.close()
    assert window.ui.control is None
    assert window.handler.question is None


def test_closing_does_not_ask_again_once_that_is_switched_off():
    settings = PreferencesFile(theme="light")
    first = OpenedWindow(settings=settings)
    record(first, 1)
    first.window.close()
    question = first.handler.question
    assert "1 meter has been recording" in question.labels[0].text()
    box = QtCore.QPoint(8, question.check.height() // 2)
    QtTest.QTest.mouseClick(question.check, _Qt.LeftButton, pos=box)
    first.click(question.buttons["stop"])
    first.wait_for(lambda: first.ui.control is None, "the end of the window")
    first.close()
    assert PreferencesFile.load().ask_before_closing is False
    second = OpenedWindow(settings=PreferencesFile.load())
    try:
        record(second, 1)
        second.window.close()
        assert second.ui.control is None
        assert second.handler.question is None
    finally:
        second.close()


def test_the_end_of_the_desktop_session_does_not_ask(window):
    record(window, 1)
    window.handler.ask_nothing()
    window.window.close()
    assert window.handler.question is None
    assert window.ui.control is None


def test_a_signal_closes_the_question_and_the_window(window):
    record(window, 1)
    window.window.close()
    dialog = QtWidgets.QApplication.activeModalWidget()
    assert dialog is window.handler.question
    dialog.close()
    window.handler.close_now(window.info)
    assert window.ui.control is None


def test_closing_asks_if_samples_would_be_lost_even_if_it_asks_nothing_else(window):
    window.model.ask_before_closing = False
    window.bench.trait_set(disk_problem="The disk is full", disk_waiting=42)
    window.window.close()
    question = window.handler.question
    assert "42 samples" in question.accessibleName()
    window.click(question.buttons["keep"])
    assert window.window.isVisible()
    window.bench.trait_set(disk_problem="", disk_waiting=0)
    window.window.close()
    assert window.ui.control is None
