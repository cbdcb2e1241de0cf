# SPDX-License-Identifier: GPL-3.0-or-later
"""*Help → Report a problem*: what is shown is what is saved and copied."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from opened_window import OpenedWindow, threads_left
from PyQt5 import QtCore, QtTest, QtWidgets

from wattui.ui.dialogs import report_sheet

_Qt = QtCore.Qt


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert threads_left() == []


def open_sheet(window):
    window.handler.do(window.info, "report_problem")
    (sheet,) = window.window.findChildren(report_sheet.ReportSheet)
    return sheet


def test_what_is_shown_is_saved_where_the_user_picks(window, monkeypatch, tmp_path):
    goal = tmp_path / "problem.txt"
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *_: (str(goal), ""))
    sheet = open_sheet(window)
    assert not sheet.isModal()
    window.wait_for(sheet.save.isEnabled, "the report")
    text = sheet.text.toPlainText()
    assert text.startswith("Problem report of wattui\n")
    assert "== This machine" in text
    sheet.activateWindow()
    window.wait_for(sheet.isActiveWindow, "the focus")
    QtTest.QTest.keyClick(sheet, _Qt.Key_C, _Qt.AltModifier)
    clipboard = QtWidgets.QApplication.clipboard()
    window.wait_for(lambda: clipboard.text() == text, "the copy")
    QtTest.QTest.keyClick(sheet, _Qt.Key_S, _Qt.AltModifier)
    window.wait_for(lambda: "Saved" in window.model.message, "the file")
    assert goal.read_text("utf-8") == text
    assert str(goal) in window.model.message
    QtTest.QTest.keyClick(sheet, _Qt.Key_Escape)
    window.handle_events()
    assert window.window.findChildren(report_sheet.ReportSheet) == []


def test_a_file_that_cannot_be_written_is_reported(window, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    goal = tmp_path / "file" / "problem.txt"
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *_: (str(goal), ""))
    sheet = open_sheet(window)
    window.wait_for(sheet.save.isEnabled, "the report")
    QtTest.QTest.mouseClick(sheet.save, _Qt.LeftButton)
    window.wait_for(lambda: "Not saved" in window.model.message, "the error")


def test_a_window_that_is_closed_while_a_report_is_made_stays_closed(window, monkeypatch):
    going_on = threading.Event()

    def slow() -> str:
        assert going_on.wait(20)
        return "report"

    monkeypatch.setattr(report_sheet, "problem_report", slow)
    sheet = open_sheet(window)
    assert sheet.text.toPlainText() == "Collecting versions, checks and logs…"
    assert not sheet.save.isEnabled()
    sheet.close()
    window.handle_events()
    going_on.set()
    window.wait_for(lambda: not reports_made(), "the end of the work")
    window.handle_events()
    assert window.uncaught == []


def reports_made():
    return [one for one in threading.enumerate() if "problem report" in one.name]


def test_a_report_that_cannot_be_made_says_so(window, monkeypatch):
    def fail() -> str:
        raise OSError("no disk")

    monkeypatch.setattr(report_sheet, "problem_report", fail)
    sheet = open_sheet(window)
    window.wait_for(lambda: "cannot be made: no disk" in sheet.text.toPlainText(), "the error")
    assert not sheet.save.isEnabled()


def test_the_file_that_is_proposed_is_in_the_home_folder(window, monkeypatch):
    asked = []

    def ask(_parent, _title, path, _kinds):
        asked.append(path)
        return "", ""

    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", ask)
    sheet = open_sheet(window)
    window.wait_for(sheet.save.isEnabled, "the report")
    QtTest.QTest.mouseClick(sheet.save, _Qt.LeftButton)
    assert asked == [str(Path.home() / "wattui-problem.txt")]
