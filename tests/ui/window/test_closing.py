# SPDX-License-Identifier: GPL-3.0-or-later
"""Closing the window while it records: asked once, with a reason, unless that is switched off."""

from __future__ import annotations

import pytest
from opened_window import FAST, OpenedWindow, own_threads
from PyQt5 import QtCore, QtTest, QtWidgets

from wattui.desktop.preferences_file import PreferencesFile
from wattui.measurement.text import date_text
from wattui.session import Session

_Qt = QtCore.Qt


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert own_threads() == []


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
