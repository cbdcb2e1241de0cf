# SPDX-License-Identifier: GPL-3.0-or-later
"""No key without Ctrl ends a recording, wherever the focus is."""

from __future__ import annotations

import pytest
from opened_window import OpenedWindow, threads_left
from PyQt5 import QtCore, QtGui, QtTest, QtWidgets

from wattui.ui.window.actions import ACTIONS

_Qt = QtCore.Qt

#: Every key that does something without Ctrl or Alt, and those that dialogs know.
KEYS = {
    "Return", "Enter", "Esc", "Space", "Del", "Backspace", "Tab", "Down", "Up", "Home", "End",
    *(key for action in ACTIONS for key in action.keys if "Ctrl" not in key and "Alt" not in key),
}  # fmt: skip

#: The windows besides the main one, by the action that opens each.
WINDOWS = ("memory", "prepare", "preferences", "export", "keys", "missing_port", "show_log",
           "about", "fetch", "close", "remove_meter")  # fmt: skip


@pytest.fixture
def recording(monkeypatch):
    """Return a window that records two meters; what would wait for a file is answered."""
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *_, **__: ("", ""))
    opened = OpenedWindow()
    for number in (1, 2):
        url = f"sim://pro?load=lamp&speed=10&seed={number}&serial=M{number}"
        opened.model.connect_added(url)
    opened.wait_for(lambda: all(one.live for one in opened.bench.meters), "both meters")
    yield opened
    opened.close()
    assert threads_left() == []


def press(widget, key):
    code = QtGui.QKeySequence(key)[0]
    QtTest.QTest.keyClick(widget, _Qt.Key(code & ~int(_Qt.KeyboardModifierMask)))
    QtWidgets.QApplication.processEvents()


def focusable(window):
    """Return the widgets of a window that can have the focus.

    The buttons that say that they stop or erase something are the answer to a question.
    """
    return [
        one
        for one in window.findChildren(QtWidgets.QWidget)
        if one.focusPolicy() != _Qt.NoFocus
        and one.isVisible()
        and one.isEnabled()
        and one.window() is window
        and one.property("role") != "danger"
    ]


def others(recording):
    """Return the windows and lists that are open beside the main one."""
    return [
        one
        for one in QtWidgets.QApplication.topLevelWidgets()
        if one.isVisible() and one is not recording.window
    ]


def close_others(recording, but=()):
    open_ones = [one for one in others(recording) if one not in but]
    if not open_ones:
        return
    for one in open_ones:
        if isinstance(one.parent(), QtWidgets.QComboBox):
            one.parent().hidePopup()
        else:
            one.close()
    recording.handle_events()


def assert_still_recording(recording, path, where):
    bench = recording.bench
    assert recording.ui.control is not None, where
    assert len(bench.meters) == 2, where
    assert bench.recording, where
    assert all(one.connected for one in bench.meters), where
    assert bench.session_path == path, where


def test_return_space_and_escape_in_every_widget_of_the_window_end_no_recording(recording):
    path = recording.bench.session_path
    recording.model.choose_row(0)
    widgets = focusable(recording.window)
    assert len(widgets) > 12
    for widget in widgets:
        for key in sorted(KEYS):
            if not widget.isVisible():
                break
            widget.setFocus()
            press(widget, key)
            assert_still_recording(recording, path, f"{key} in {widget!r}")
            close_others(recording)
    names = [one.name for one in recording.bench.meters]
    recording.wait_for(lambda: all(one.live for one in recording.bench.meters), "both meters")
    assert [one.name for one in recording.bench.meters] == names


@pytest.mark.parametrize("name", WINDOWS)
def test_return_space_and_escape_in_every_other_window_end_no_recording(recording, name):
    path = recording.bench.session_path

    def opened():
        if not others(recording):
            memory = recording.context.memory.memory
            memory.cancel()
            recording.wait_for(lambda: not memory.work, "the end of a fetch", 60)
            recording.handler.do(recording.info, name)
            recording.wait_for(lambda: others(recording), name)
        return others(recording)[0]

    count = len(focusable(opened()))
    assert count
    for number in range(count):
        for key in sorted(KEYS):
            window = opened()
            widgets = focusable(window)
            if number >= len(widgets):
                continue
            widgets[number].setFocus()
            press(widgets[number], key)
            assert_still_recording(recording, path, f"{key} in {widgets[number]!r}")
            close_others(recording, but=(window,))
    close_others(recording)
    recording.wait_for(lambda: all(one.live for one in recording.bench.meters), "both meters", 60)


def test_no_button_of_the_window_is_a_default_button(recording):
    buttons = recording.window.findChildren(QtWidgets.QPushButton)
    assert buttons
    assert [one.text() for one in buttons if one.isDefault() or one.autoDefault()] == []


def test_return_that_confirms_a_name_leaves_the_meter_connected(recording):
    meter = recording.bench.meters[0]
    table = recording.control("meter_rows").view
    table.setFocus()
    recording.model.choose_row(0)
    recording.key(_Qt.Key_F2)
    field = table.findChild(QtWidgets.QLineEdit)
    QtTest.QTest.keyClicks(field, "Kettle")
    QtTest.QTest.keyClick(field, _Qt.Key_Return)
    recording.handle_events()
    assert meter.name == "Kettle"
    assert meter.connected


def test_a_name_stays_as_typed_while_new_records_arrive(recording):
    meter = recording.bench.meters[0]
    table = recording.control("meter_rows").view
    table.setFocus()
    recording.model.choose_row(0)
    recording.key(_Qt.Key_F2)
    field = table.findChild(QtWidgets.QLineEdit)
    for typed in ("", "Ket"):
        QtTest.QTest.keyClicks(field, typed)
        shown = list(recording.model.meter_rows)
        recording.wait_for(lambda shown=shown: recording.model.meter_rows != shown, "readings")
    QtTest.QTest.keyClicks(field, "tle")
    QtTest.QTest.keyClick(field, _Qt.Key_Return)
    recording.handle_events()
    assert meter.name == "Kettle"
