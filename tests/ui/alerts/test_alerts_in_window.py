# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts and planned ends in the window, with keys and mouse."""

from __future__ import annotations

import sys

import pytest
from opened_window import OpenedWindow, threads_left
from PyQt5 import QtCore, QtTest, QtWidgets

from wattui.desktop.preferences_file import PreferencesFile
from wattui.measurement.alerts import parse_alert
from wattui.measurement.events import EventKind
from wattui.session import Session

_Qt = QtCore.Qt
LAMP = "sim://pro?load=lamp&speed=60"


@pytest.fixture
def settings(tmp_path):
    return PreferencesFile(theme="light", path=tmp_path / "settings.json")


@pytest.fixture
def window(settings):
    opened = OpenedWindow(settings=settings)
    yield opened
    opened.close()
    assert threads_left() == []


def dialog(window, key, title):
    window.window.activateWindow()
    window.handle_events()
    window.key(key, _Qt.ControlModifier | _Qt.ShiftModifier)
    found = [
        one for one in QtWidgets.QApplication.topLevelWidgets()
        if one.isVisible() and one.windowTitle() == title
    ]  # fmt: skip
    assert len(found) == 1
    return found[0]


def type_into(field, text):
    field.setFocus()
    QtTest.QTest.keyClicks(field, text)


def press(window, widget, key):
    QtTest.QTest.keyClick(widget, key)
    window.handle_events()


def bands(window):
    return {band.notice.key.split(" ")[0]: band for band in window.control("notices").bands}


def test_an_alert_is_typed_shown_marked_and_dismissed(window):
    alerts = dialog(window, _Qt.Key_A, "Alerts")
    type_into(alerts.typed, "power > 50 for 5s")
    press(window, alerts.typed, _Qt.Key_Return)
    assert [alerts.list.item(n).text() for n in range(alerts.list.count())] == [
        "power > 50 W for 5 s"
    ]
    window.click(alerts.ok)
    assert window.model.watch.texts == ["power > 50 W for 5 s"]
    assert window.model.message == "Watching for 1 alert"
    window.connect(LAMP)
    window.wait_for(lambda: "alert" in bands(window), "the alert")
    band = bands(window)["alert"]
    assert band.notice.text.startswith("Alert since ")
    assert "> 50 W for 5 s" in band.notice.text
    red = window.model.palette.red
    panel = window.control("readings")
    window.wait_for(lambda: window.colours(panel).get(red, 0) > 20, "the red reading")
    window.wait_for(lambda: window.bench.notes.marks, "the mark")
    window.click(band.buttons["dismiss_alerts"])
    assert "alert" not in bands(window)
    path = window.bench.session_path
    window.close()
    with Session.open(path) as session:
        assert session.events([EventKind.MARK])[0].event.text.startswith("Alert: power ")


def test_the_reading_of_a_meter_in_the_table_is_red(window):
    window.model.watch.texts = ["power of desk > 1"]
    window.model.connect_ports([LAMP, "sim://es?load=lamp&speed=60"], ["desk", "lamp"])
    window.wait_for(lambda: window.model.watch.lasting, "the alert")
    window.model.refresh()
    rows = {row.name: row.alerts for row in window.model.meter_rows}
    assert rows == {"desk": frozenset({"power"}), "lamp": frozenset()}


def test_what_is_no_alert_stays_in_the_dialog_with_its_reason(window):
    alerts = dialog(window, _Qt.Key_A, "Alerts")
    type_into(alerts.typed, "heat > 50")
    window.click(alerts.ok)
    assert alerts.isVisible()
    assert "no field “heat”" in alerts.reason.text()
    alerts.typed.clear()
    type_into(alerts.command, "no-such-program-here")
    window.click(alerts.ok)
    window.wait_for(lambda: alerts.command_reason.text(), "the reason")
    assert "There is no program" in alerts.command_reason.text()
    press(window, alerts, _Qt.Key_Escape)
    assert window.model.watch.command == ""


def test_the_examples_in_the_dialog_are_alerts(window):
    alerts = dialog(window, _Qt.Key_A, "Alerts")
    for example in alerts.examples.text().replace("\n", "·").split("·"):
        assert parse_alert(example)
    assert parse_alert(alerts.typed.placeholderText())


def test_alerts_are_changed_and_removed(window):
    window.model.watch.texts = ["power > 50", "voltage < 100"]
    alerts = dialog(window, _Qt.Key_A, "Alerts")
    alerts.list.setCurrentRow(0)
    press(window, alerts.list, _Qt.Key_Delete)
    alerts.list.itemDoubleClicked.emit(alerts.list.item(0))
    assert alerts.typed.text() == "voltage < 100 V"
    alerts.typed.selectAll()
    type_into(alerts.typed, "voltage < 110")
    window.click(alerts.ok)
    assert window.model.watch.texts == ["voltage < 110 V"]


def test_alerts_are_there_after_the_next_start(settings):
    settings.alerts = ["power > 50 W"]
    settings.alert_command = sys.executable
    opened = OpenedWindow(settings=settings)
    try:
        assert opened.model.watch.texts == ["power > 50 W"]
        opened.model.watch.texts = ["power > 60"]
    finally:
        opened.close()
    assert PreferencesFile.load(settings.path).alerts == ["power > 60 W"]
    assert PreferencesFile.load(settings.path).alert_command == sys.executable


def test_the_recording_ends_as_planned(window):
    window.connect(LAMP)
    end = dialog(window, _Qt.Key_E, "Planned end")
    assert end.title.text() == "The recording ends"
    assert not end.ok.isEnabled()
    type_into(end.typed, "soon")
    assert not end.ok.isEnabled()
    end.typed.clear()
    type_into(end.typed, "30 min")
    assert end.meaning.text() == "Ends after 30:00."
    press(window, end.typed, _Qt.Key_Return)
    assert window.model.watch.remaining.startswith("ends in ")
    window.wait_for(lambda: any("ends in" in one for one in window.model.status.left), "the rest")
    end = dialog(window, _Qt.Key_E, "Planned end")
    assert end.meaning.text().startswith("Now: after 30:00.")
    type_into(end.typed, "0.5 Wh")
    press(window, end.typed, _Qt.Key_Return)
    window.wait_for(lambda: not window.bench.recording, "the end")
    window.wait_for(lambda: "planned" in bands(window), "the notice")
    assert bands(window)["planned"].notice.text.startswith("The recording ended as planned, at 0.5")
    assert window.bench.total_energy >= 0.5


def test_a_planned_end_is_cancelled(window):
    end = dialog(window, _Qt.Key_E, "Planned end")
    assert end.title.text() == "The next recording ends"
    offered = next(one for one in end.findChildren(QtWidgets.QPushButton) if one.text() == "8 h")
    window.click(offered)
    assert end.typed.text() == "8 h"
    window.click(end.ok)
    assert window.model.watch.planned is not None
    end = dialog(window, _Qt.Key_E, "Planned end")
    window.click(end.never)
    assert window.model.watch.planned is None
