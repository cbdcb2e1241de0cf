# SPDX-License-Identifier: GPL-3.0-or-later
"""The main window, from a click to a live graph, without a screen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from opened_window import FAST, OpenedWindow, threads_left
from PyQt5 import QtCore, QtGui, QtWidgets
from traitsui.testing.api import MouseClick, UITester

from wattui.ports.listing import PortInfo
from wattui.session import Session
from wattui.ui.widgets.port_chooser import DEMO_URL
from wattui.ui.window.actions import ACTION


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert threads_left() == []


def meter(number, **traits):
    return PortInfo(f"/dev/ttyUSB{number}", "FT232R", f"A8001{number}", likely_meter=True, **traits)


# -- from nothing to a live graph ----------------------------------------------------


def test_one_click_on_simulated_meter_gives_a_live_graph(window):
    placard = window.control("place")
    assert placard.isVisible()
    assert placard.text.text().startswith("Plug in a Watts up? and pick its port")
    window.click(placard.buttons["simulate"])
    assert window.model.port == DEMO_URL
    window.wait_for(lambda: window.model.marking, "the first sample")
    assert window.model.place == "plots"
    assert window.control("component").isVisible()
    assert not placard.isVisible()
    assert window.model.status.words == "Recording"
    assert window.control("connect_button").text() == "Disconnect"


def test_connect_cancel_disconnect_are_one_button(window):
    tester = UITester(auto_process_events=False)
    button = tester.find_by_name(window.ui, "connect_button")
    button.perform(MouseClick())
    window.wait_for(lambda: window.model.connected, "connecting")
    assert window.model.connect_label in ("Cancel", "Disconnect")
    window.wait_for(lambda: window.model.marking, "the first sample")
    button.perform(MouseClick())
    window.wait_for(lambda: not window.model.connected, "disconnecting")
    assert window.model.connect_label == "Connect"
    assert window.model.state == "stopped"
    assert window.model.place == "plots"


def test_everything_that_is_shown_is_on_disk(window):
    window.connect()
    window.wait_for(lambda: window.bench.meter.sample_count >= 20, "twenty samples")
    shown = window.bench.meter.sample_count
    with Session.open(window.bench.session_path) as session:
        assert session.count(session.meters[0].id) >= shown


def test_a_missing_port_is_a_notice_not_a_dialog(window):
    window.model.connect_port("/dev/ttyUSB77")
    window.wait_for(lambda: window.model.state == "failed", "the failure")
    (band,) = window.control("notices").bands
    assert "/dev/ttyUSB77" in band.label.text()
    assert set(band.buttons) == {"retry_failed", "details"}
    assert QtWidgets.QApplication.activeModalWidget() is None
    window.click(band.buttons["details"])
    sheets = [
        one for one in QtWidgets.QApplication.topLevelWidgets() if "Details" in one.windowTitle()
    ]
    assert "/dev/ttyUSB77" in sheets[0].text.toPlainText()
    sheets[0].close()


def test_unplugging_turns_the_readings_grey_and_needs_no_click(window):
    window.connect(f"{FAST}&faults=unplug@80")
    window.wait_for(lambda: window.model.state == "lost", "unplugging", 30)
    assert not window.model.readings.current
    assert window.model.readings.note.startswith("last one at ")
    assert window.model.status.dot == "amber"
    assert window.model.status.words.startswith("Unplugged at ")
    assert window.model.notices == []


# -- ports ---------------------------------------------------------------------------


def test_the_list_of_ports_fills_itself_and_keeps_the_choice():
    ports = [meter(0), meter(1, problem="in use")]
    opened = OpenedWindow(look=lambda: list(ports))
    try:
        box = opened.control("port")
        opened.wait_for(lambda: box.count() == 5, "the list of ports")
        assert box.currentText() == "Watts up? · A80010 · ttyUSB0"
        box.setCurrentIndex(1)
        box.activated[int].emit(1)
        assert opened.model.port == "/dev/ttyUSB1"
        ports.insert(0, meter(9))
        opened.handler.watcher.look_now()
        opened.wait_for(lambda: box.count() == 8, "another port, and *Connect all*")
        assert box.currentText() == "Watts up? · A80011 · ttyUSB1 · in use"
    finally:
        opened.close()


def test_the_list_of_ports_does_not_change_while_it_is_open():
    ports = [meter(0)]
    opened = OpenedWindow(look=lambda: list(ports))
    try:
        box = opened.control("port")
        opened.wait_for(lambda: box.count() == 4, "the list of ports")
        box.showPopup()
        ports.append(meter(1))
        opened.handler.watcher.look_now()
        opened.wait_for(lambda: len(opened.model.ports) == 2, "another port")
        assert box.count() == 4
        box.hidePopup()
        assert box.count() == 7
    finally:
        opened.close()


def test_a_typed_port_is_chosen(window, monkeypatch):
    typed = "socket://192.0.2.1:4000"
    monkeypatch.setattr(QtWidgets.QInputDialog, "getText", lambda *_a, **_k: (typed, True))
    box = window.control("port")
    box.activated[int].emit(box.count() - 1)
    window.wait_for(lambda: window.model.port == typed, "the typed port")
    assert box.currentText() == typed


# -- hands ---------------------------------------------------------------------------


def test_number_keys_show_and_hide_fields_and_the_last_one_stays(window):
    window.model.channels = ["power"]
    window.key(QtCore.Qt.Key_3)
    assert window.model.channels == ["power", "voltage"]
    assert window.control("channels").widget().rows["voltage"].isChecked()
    window.key(QtCore.Qt.Key_1)
    window.key(QtCore.Qt.Key_3)
    assert window.model.channels == ["voltage"]
    assert window.control("channels").widget().rows["voltage"].isChecked()


def test_a_click_on_a_row_shows_its_field(window):
    window.model.channels = ["power"]
    rows = window.control("channels").widget().rows
    window.click(rows["power_factor"])
    assert window.model.channels == ["power", "power_factor"]
    assert window.model.plots.channels == ["power", "power_factor"]


def test_panning_away_changes_the_live_button_and_l_goes_back(window):
    window.connect()
    view = window.model.plots.view
    window.wait_for(lambda: view.known and view.length > 60, "a minute of samples")
    button = window.control("live_button")
    assert (button.text(), button.property("role")) == ("Live", "primary")
    width = view.width
    window.key(QtCore.Qt.Key_Plus)
    assert view.width < width
    window.key(QtCore.Qt.Key_Left)
    window.wait_for(lambda: not window.model.pinned, "leaving the live edge")
    assert (button.text(), button.property("role")) == ("Back to live", "offer")
    window.key(QtCore.Qt.Key_L)
    window.wait_for(lambda: window.model.pinned, "the live edge")
    assert button.text() == "Live"


def test_m_marks(window):
    window.connect()
    window.key(QtCore.Qt.Key_M)
    window.wait_for(lambda: window.bench.marks, "the mark")


def test_esc_does_not_end_a_recording(window):
    window.connect()
    for widget in (window.window, window.control("port"), window.control("connect_button")):
        widget.setFocus()
        window.key(QtCore.Qt.Key_Escape)
    assert window.window.isVisible()
    assert window.model.recording


def test_a_clicked_button_is_not_pressed_by_the_space_bar(window):
    window.connect()
    window.click(window.control("mark_button"))
    window.window.setFocus()
    window.click(window.control("fit_button"))
    assert not isinstance(QtWidgets.QApplication.focusWidget(), QtWidgets.QPushButton)


def test_f1_shows_the_list_of_keys(window):
    window.key(QtCore.Qt.Key_F1)
    sheets = [
        w for w in QtWidgets.QApplication.topLevelWidgets() if w.windowTitle() == "Keys and mouse"
    ]
    assert sheets[0].isVisible()
    assert not sheets[0].isModal()
    sheets[0].close()


def test_every_control_has_a_name_and_a_tooltip(window):
    for name in ("port", "connect_button", "interval", "mark_button", "export_button"):
        assert window.control(name).toolTip(), name
        assert window.control(name).accessibleName(), name
    for name in ("clock_mode", "fit_button", "live_button"):
        assert window.control(name).toolTip(), name


# -- exceptions ----------------------------------------------------------------------


def test_an_exception_in_an_action_is_shown_and_recording_continues(window, monkeypatch):
    window.connect()

    def fail(_context):
        raise RuntimeError("boom")

    monkeypatch.setitem(ACTION, "fit", replace(ACTION["fit"], do=fail))
    window.key(QtCore.Qt.Key_F)
    assert "boom" in window.model.message
    count = window.bench.meter.sample_count
    window.wait_for(lambda: window.bench.meter.sample_count > count, "more samples")


# -- what a new user sees ----------------------------------------------------------------


def test_the_name_of_a_single_meter_is_shown(window):
    window.connect()
    window.bench.describe(window.bench.meter, name="Fridge")
    window.handle_events()
    assert window.window.windowTitle().startswith("Fridge · ")
    assert "Fridge" in window.model.status.right
    assert window.control("port").currentText().startswith("Fridge · ")


def test_no_fetch_is_offered_before_a_meter_is_chosen(window):
    button = window.control("fetch_button")
    assert not button.isEnabled()
    box = window.control("port")
    box.activated[int].emit(box.findData(DEMO_URL))
    window.handle_events()
    assert button.isEnabled()


def test_a_fetch_is_offered_for_a_meter_that_is_plugged_in():
    opened = OpenedWindow(look=lambda: [meter(0)])
    try:
        opened.wait_for(opened.control("fetch_button").isEnabled, "the port")
    finally:
        opened.close()


def test_a_window_whose_meter_failed_does_not_show_no_meter_yet(window):
    window.model.connect_port("/dev/ttyUSB77")
    window.wait_for(lambda: window.model.state == "failed", "the failure")
    placard = window.control("place")
    assert placard.isVisible()
    assert placard.title.text() == "Not connected"
    assert placard.buttons["missing_port"].isVisible()


def test_the_file_name_shows_its_folder(window, monkeypatch):
    opened = []
    monkeypatch.setattr(QtGui.QDesktopServices, "openUrl", lambda url: opened.append(url))
    label = window.control("status").right
    window.click(label)
    assert opened == []
    assert label.toolTip() == ""
    window.connect()
    folder = str(window.bench.session_path.parent)
    assert folder in label.toolTip()
    window.click(label)
    window.wait_for(lambda: opened, "the folder")
    assert [url.toLocalFile() for url in opened] == [folder]


def test_the_interval_that_was_picked_was_shown_as_the_first_one(window):
    window.connect()
    box = window.info.interval.control
    for text, seconds in (("every 5 s", 5), ("every 2 s", 2)):
        box.setCurrentIndex(box.findText(text))
        box.activated[int].emit(box.currentIndex())
        window.handle_events()
        assert (box.currentText(), window.bench.meter.interval) == (text, seconds)
    window.model.interval = 7
    window.handle_events()
    assert box.currentText() == "every 7 s"
