# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures, reports and exports of what a window shows, through their dialogs."""

from __future__ import annotations

import csv

import pytest
from opened_window import OpenedWindow
from PIL import Image
from PyQt5 import QtCore, QtTest, QtWidgets
from session_samples import BEGIN, METER, OTHER, steady

from wattui.measurement.clock import MICROSECONDS
from wattui.session import Session, SessionWriter

_Qt = QtCore.Qt


@pytest.fixture
def window(tmp_path):
    path = tmp_path / "run.wattui"
    with SessionWriter(path) as writer:
        writer.on_samples(METER, steady(300))
        writer.on_samples(OTHER, steady(300))
    opened = OpenedWindow()
    opened.context.files.open([path])
    opened.wait_for(lambda: opened.model.has_session, "the session")
    opened.wait_for(lambda: opened.model.plots.view.known, "the view")
    opened.wait_for(lambda: opened.model.plots.statistics, "what is in view")
    yield opened
    opened.close()


def dialog(title):
    """Return the dialog that is open."""
    (found,) = [w for w in QtWidgets.QApplication.topLevelWidgets() if w.windowTitle() == title]
    return found


def button(parent, text):
    return next(b for b in parent.findChildren(QtWidgets.QAbstractButton) if b.text() == text)


@pytest.fixture
def named(monkeypatch):
    """Answer the question for a file with a path and one of its filters."""

    def answer(path, filters=""):
        got = []

        def ask(_parent, title, proposed, offered):
            got.append((proposed, offered, title))
            return str(path), filters

        monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", ask)
        return got

    return answer


def toggle(window, box):
    """Click the box itself, not the empty space at the right of its label."""
    place = QtCore.QPoint(8, box.height() // 2)
    QtTest.QTest.mouseClick(box, _Qt.LeftButton, _Qt.NoModifier, place)
    window.handle_events()


def select(window, start, stop):
    first = BEGIN / MICROSECONDS
    window.model.plots.view.select(first + start, first + stop)
    window.handle_events()


def test_a_report_of_the_selection_is_saved(window, tmp_path, named):
    target = tmp_path / "part.html"
    asked = named(target)
    select(window, 60, 180)
    window.key(_Qt.Key_R, _Qt.ControlModifier)
    box = dialog("Save report")
    assert button(box, "The selection (2:00)").isChecked()
    (title, above) = box.findChildren(QtWidgets.QLineEdit)
    QtTest.QTest.keyClicks(title, "Fan <b>")
    above.selectAll()
    QtTest.QTest.keyClicks(above, "42,5")
    window.click(button(box, "Save…"))
    window.wait_for(lambda: "Saved" in window.model.message, "the report")
    assert asked[0][0].endswith("run.html")
    assert asked[0][2] == "Save report"
    text = target.read_text(encoding="utf-8")
    assert "<h1>Fan &lt;b&gt;</h1>" in text
    assert "Time above 42.5 W" in text
    assert "(2:00), local time" in text
    assert text.count("<svg") >= 1


def test_the_threshold_of_the_figures_is_in_the_report(window, tmp_path, named):
    target = tmp_path / "part.html"
    named(target)
    select(window, 60, 180)
    window.model.figures.above = 35.0
    window.key(_Qt.Key_R, _Qt.ControlModifier)
    box = dialog("Save report")
    (_title, above) = box.findChildren(QtWidgets.QLineEdit)
    assert above.text() == "35"
    window.click(button(box, "Save…"))
    window.wait_for(lambda: "Saved" in window.model.message, "the report")
    assert "Time above 35 W" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["save_report", "save_picture", "export"])
def test_the_focus_is_on_the_part_that_is_chosen(window, name):
    # The colour of the focus on another part looked like a choice.
    select(window, 60, 180)
    window.handler.do(window.info, name)
    title = {"save_report": "Save report", "save_picture": "Save picture", "export": "Export"}
    box = dialog(title[name])
    chosen = [one for one in box.findChildren(QtWidgets.QRadioButton) if one.isChecked()]
    assert [box.focusWidget()] == chosen
    box.close()


def test_a_report_takes_the_suffix_of_the_chosen_kind(window, tmp_path, named):
    named(tmp_path / "run", "PDF (*.pdf)")
    window.handler.do(window.info, "save_report")
    window.click(button(dialog("Save report"), "Save…"))
    window.wait_for(lambda: "Saved" in window.model.message, "the report")
    assert (tmp_path / "run.pdf").read_bytes().startswith(b"%PDF")
    assert window.settings.export_folder == str(tmp_path)


def test_a_picture_has_the_size_that_was_typed(window, tmp_path, named):
    target = tmp_path / "plots.png"
    named(target)
    window.key(_Qt.Key_P, _Qt.ControlModifier)
    box = dialog("Save picture")
    (width, height) = box.findChildren(QtWidgets.QLineEdit)
    for field, text in ((width, "800"), (height, "9")):
        field.selectAll()
        QtTest.QTest.keyClicks(field, text)
    window.click(button(box, "Save…"))
    assert box.isVisible()  # the height is refused
    height.selectAll()
    QtTest.QTest.keyClicks(height, "600")
    window.click(button(box, "Save…"))
    window.wait_for(lambda: "Saved" in window.model.message, "the picture")
    with Image.open(target) as image:
        assert image.size == (800, 600)


def test_the_picture_in_view_goes_to_the_clipboard(window):
    clipboard = QtWidgets.QApplication.clipboard()
    clipboard.clear()
    window.key(_Qt.Key_C, _Qt.ControlModifier | _Qt.ShiftModifier)
    window.wait_for(lambda: window.model.message == "Copied the picture", "the picture")
    image = clipboard.image()
    assert image.width() == max(int(window.model.plots.component.outer_bounds[0]), 640)
    assert image.height() >= 130 * len(window.model.channels)
    assert b"<svg" in clipboard.mimeData().data("image/svg+xml").data()


def test_a_report_that_cannot_be_written_says_so(window, tmp_path, named):
    named(tmp_path / "gone" / "run.html")
    window.handler.do(window.info, "save_report")
    window.click(button(dialog("Save report"), "Save…"))
    window.wait_for(lambda: "Not saved" in window.model.message, "the message")
    assert window.model.task is None


@pytest.mark.parametrize("which", ["run.wattui", "other.wattui"])
def test_a_report_is_not_written_over_a_session(window, tmp_path, named, which):
    """It replaced the session that a link of its name led to."""
    with SessionWriter(tmp_path / "other.wattui") as writer:
        writer.on_samples(METER, steady(300))
    link = tmp_path / "run.html"
    link.symlink_to(tmp_path / which)
    named(link)
    window.handler.do(window.info, "save_report")
    window.click(button(dialog("Save report"), "Save…"))
    window.wait_for(lambda: "Not saved" in window.model.message, "the message")
    with Session.open(tmp_path / which) as session:
        assert session.count(1) == 300


def test_chosen_meters_and_fields_of_the_selection_are_exported(window, tmp_path, named):
    target = tmp_path / "part.csv"
    named(target)
    select(window, 60, 180)
    window.key(_Qt.Key_E, _Qt.ControlModifier)
    box = dialog("Export")
    assert button(box, "The selection (2:00)").isChecked()
    toggle(window, button(box, "desk"))
    for one in box.findChildren(QtWidgets.QCheckBox):
        if one.text() not in ("PRO A80012", "desk", "Power W", "Voltage V") and one.isChecked():
            toggle(window, one)
    window.click(button(box, "Export…"))
    window.wait_for(lambda: "Exported" in window.model.message, "the export")
    rows = list(csv.reader(line for line in target.open() if not line.startswith("#")))
    assert len(rows) == 121
    assert {row[3] for row in rows[1:]} == {"PRO A80012"}
    assert [name for name in rows[0] if name.endswith(("_w", "_v", "_a", "_hz"))] == [
        "power_w",
        "voltage_v",
    ]


def test_an_export_of_nothing_is_refused_in_the_dialog(window, tmp_path, named):
    named(tmp_path / "none.csv")
    window.key(_Qt.Key_E, _Qt.ControlModifier)
    box = dialog("Export")
    for name in ("PRO A80012", "desk"):
        toggle(window, button(box, name))
    window.click(button(box, "Export…"))
    assert box.isVisible()
    words = [one.text() for one in box.findChildren(QtWidgets.QLabel)]
    assert "Choose at least one meter." in words
    QtTest.QTest.keyClick(box, _Qt.Key_Escape)
    window.handle_events()
