# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that are typed: comma or point, applied when whole, refused with a reason beside."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from opened_window import FAST, OpenedWindow, threads_left
from PyQt5 import QtCore, QtTest, QtWidgets, sip

import wattui
from wattui.ui.memory.settings_draft import READERS
from wattui.ui.widgets.typed_field import TypedBox, read_number

_Qt = QtCore.Qt


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert threads_left() == []


def dialog(window, title):
    """Return the open dialog of a title."""
    found = []

    def there():
        found[:] = [
            one
            for one in QtWidgets.QApplication.topLevelWidgets()
            if one.isVisible() and one.windowTitle() == title
        ]
        return found

    window.wait_for(there, title)
    return found[0]


def type_text(box, text):
    box.field.setFocus()
    box.field.selectAll()
    QtTest.QTest.keyClicks(box.field, text)


def shows_reason(box):
    """Check that the whole reason is visible beside the field, and covers nothing."""
    label, field = box.reason, box.field
    flags = int(_Qt.TextWordWrap | _Qt.AlignLeft)
    needed = label.fontMetrics().boundingRect(label.rect(), flags, label.text())
    room = label.contentsRect()
    return (
        bool(label.text())
        and label.isVisible()
        and not label.geometry().intersects(field.geometry())
        and needed.width() <= room.width()
        and needed.height() <= room.height()
    )


def button(dialog, label):
    buttons = dialog.findChildren(QtWidgets.QPushButton)
    return next(one for one in buttons if one.text().replace("&", "") == label)


@pytest.fixture
def preferences(window):
    window.handler.do(window.info, "preferences")
    opened = dialog(window, "Preferences")
    return opened, opened.findChild(TypedBox)


@pytest.mark.parametrize("text", ["0,30", "0.30", " 0,3 "])
def test_a_price_with_a_comma_does_not_become_0(window, preferences, text):
    opened, box = preferences
    rates = []
    window.bench.observe(lambda event: rates.append(event.new), "rate")
    type_text(box, text)
    assert window.bench.rate == 0.08, "half a number is not applied"
    assert button(opened, "Close").isEnabled()
    window.click(button(opened, "Close"))
    assert rates == [0.3]
    assert sip.isdeleted(opened)


@pytest.mark.parametrize("text", ["abc", "", "-1", "1001", "0,3,0", "1e999", "nan", "1_0"])
def test_a_price_that_is_refused_shows_why_and_close_is_not_grey(window, preferences, text):
    opened, box = preferences
    type_text(box, text)
    if not text:
        box.field.clear()
    QtTest.QTest.keyClick(box.field, _Qt.Key_Tab)
    window.handle_events()
    assert shows_reason(box)
    assert "from 0 to 1,000" in box.reason.text()
    assert window.bench.rate == 0.08
    assert button(opened, "Close").isEnabled()
    window.click(button(opened, "Close"))
    assert sip.isdeleted(opened)
    assert window.bench.rate == 0.08
    assert window.model.message.startswith("The price is unchanged: ")


def test_a_reason_goes_once_the_number_is_mended(window, preferences):
    _opened, box = preferences
    type_text(box, "x")
    QtTest.QTest.keyClick(box.field, _Qt.Key_Return)
    assert shows_reason(box)
    type_text(box, "1,5")
    assert box.reason.text() == ""
    QtTest.QTest.keyClick(box.field, _Qt.Key_Return)
    assert window.bench.rate == 1.5


def test_an_import_waits_for_a_speed_and_an_interval_that_make_sense(window, tmp_path):
    path = tmp_path / "old.raw"
    record = "#d,-,18,{},1201,100,{},0,0,0,0,0,0,0,*,100,0,0,0,600,1200;\r\n"
    path.write_text("".join(record.format(400 + n, n) for n in range(30)))
    window.context.files.replay(path)
    opened = dialog(window, "Replay")
    speed, interval, *_ = opened.findChildren(TypedBox)
    type_text(speed, "60x")
    type_text(interval, "0,5")
    window.click(button(opened, "Replay"))
    assert opened.isVisible()
    assert shows_reason(speed)
    assert "“60x” is not a number" in speed.reason.text()
    assert window.model.task is None
    question = window.context.files.question_ui.context["object"]
    assert question.interval == 0.5
    type_text(speed, "2,5")
    QtTest.QTest.keyClick(speed.field, _Qt.Key_Tab)
    assert question.speed == 2.5
    window.click(button(opened, "Cancel"))
    assert sip.isdeleted(opened)
    assert window.model.task is None


def test_a_meters_setting_that_is_refused_shows_why_beside_it_and_can_be_reverted(window):
    window.connect(FAST)
    window.handler.do(window.info, "memory")
    opened = dialog(window, "Memory and settings")
    panel = window.context.memory.panel_ui
    memory = window.context.memory.memory
    memory.refresh()
    window.wait_for(lambda: panel.context["object"].ready, "the settings", 60)
    box = panel.info.interval.control
    before = box.field.text()
    type_text(box, "0")
    QtTest.QTest.keyClick(box.field, _Qt.Key_Tab)
    window.handle_events()
    assert shows_reason(box)
    assert "1 to 65,535" in box.reason.text()
    assert not panel.info.write_button.control.isEnabled()
    window.click(panel.info.revert_button.control)
    assert box.field.text() == before
    assert box.reason.text() == ""
    opened.close()


@pytest.mark.parametrize("text", ["0,5", "0.5"])
def test_the_rate_of_the_meter_takes_a_comma(text):
    assert READERS["rate"](text) == 0.5


def test_numbers_have_their_range_in_the_reason():
    with pytest.raises(
        ValueError, match=r"10,001 is out of range\. Enter a number from 0\.1 to 10,000"
    ):
        read_number("10001", 0.1, 10_000)
    with pytest.raises(ValueError, match="The number is missing"):
        read_number(" ", 0, 1)


def test_no_number_is_typed_into_a_field_of_another_kind():
    """Every other field is for a name or a text that no number is read from."""
    found = set()
    for path in (Path(wattui.__file__).parent / "ui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).rpartition(".")[2]
                if name in ("TextEditor", "RangeEditor", "QSpinBox", "QDoubleSpinBox", "getInt",
                            "getDouble"):  # fmt: skip
                    found.add((path.name, name))
    assert found == {("settings_draft.py", "TextEditor"), ("save_dialogs.py", "TextEditor")}
