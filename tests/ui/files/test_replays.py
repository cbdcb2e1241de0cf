# SPDX-License-Identifier: GPL-3.0-or-later
"""A replay in the main window never has the look of a measurement."""

from __future__ import annotations

from dataclasses import replace

import pytest
from opened_window import OpenedWindow
from PyQt5 import QtCore, QtWidgets
from session_samples import METER, record, steady

from wattui.formats.replay_source import prepare
from wattui.session import Session
from wattui.ui.dialogs.export_dialog import ExportChoice

PRESENT = "Replaying fridge at 60x"
PAST = "Replay of fridge at 60x"


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()


@pytest.fixture
def measured(tmp_path):
    return record(tmp_path / "fridge.wattui", steady(600))


def question(window):
    """Return the field for the speed of the open question."""
    files = window.context.files
    window.wait_for(lambda: files.question_ui is not None, "the question")
    (field,) = files.question_ui.control.findChildren(QtWidgets.QLineEdit)
    return field


def play(window, speed="60"):
    """Type the speed, and wait for the first record."""
    field = question(window)
    field.setFocus()
    field.selectAll()
    for letter in speed:
        window.key(ord(letter))
    window.key(QtCore.Qt.Key_Return)
    assert window.context.files.question_ui is None, "Return is the default button"
    window.wait_for(lambda: window.model.marking, "a record of the replay")


def test_a_replay_looked_like_a_measurement(window, measured):
    window.context.files.replay(measured)
    play(window)
    bar, palette = window.control("status"), window.model.palette
    assert window.window.windowTitle() == f"{PRESENT} – wattui"
    assert window.model.state == "live"
    assert bar.left.full_text.startswith(PRESENT)
    assert bar.dot.colour == palette.accent
    assert window.model.readings.caption == "replayed"
    window.handler.do(window.info, "disconnect_all")
    window.wait_for(lambda: not window.bench.recording, "the end")
    assert window.window.windowTitle() == f"{PAST} – wattui"
    assert bar.left.full_text.startswith(f"{PAST}. Stopped, everything is saved")
    path = window.bench.session_path
    window.bench.close_session()
    assert window.window.windowTitle() == "wattui"
    window.context.files.open([path.rename(path.with_name("renamed.wattui"))])
    window.wait_for(lambda: window.bench.opened, "the session")
    assert window.window.windowTitle() == f"{PAST} – wattui"
    assert bar.left.full_text.startswith(f"{PAST}, recorded ")
    assert ExportChoice.for_model(window.model).replay == "fridge at 60x"
    with Session.open(window.bench.session_path) as session:
        assert session.info["replay of"] == "fridge at 60x"


def test_a_measurement_that_is_opened_is_not_called_a_replay(window, measured):
    window.context.files.open([measured])
    window.wait_for(lambda: window.bench.opened, "the session")
    assert window.window.windowTitle() == "fridge – wattui"
    assert window.control("status").left.full_text.startswith("Opened, recorded ")
    assert window.bench.replay == ""


def test_a_replay_of_several_meters_says_so(window, tmp_path):
    path = record(tmp_path / "fridge.wattui", steady(600))
    record(path, steady(600), replace(METER, key="other", serial_number="B7"))
    window.context.files.replay(path)
    play(window)
    window.wait_for(lambda: sum(one.live for one in window.bench.meters) == 2, "both meters")
    assert window.window.windowTitle() == f"{PRESENT} – wattui"
    words = window.control("status").left.full_text
    assert words.startswith(f"{PRESENT}, recording 2 meters")
    assert window.control("status").dot.colour == window.model.palette.accent


def test_the_command_line_played_without_asking_for_the_speed(window, measured, tmp_path):
    recorded = prepare(measured, folder=tmp_path)

    def connect(speed):
        urls = [port.url for port in recorded.at_speed(speed)]
        window.model.connect_ports(urls)

    window.context.files.ask_speed(measured.name, connect)
    play(window)
    assert window.window.windowTitle() == f"{PRESENT} – wattui"


def test_a_replay_whose_question_is_cancelled_does_not_begin(window, measured, tmp_path):
    asked = []
    window.context.files.ask_speed(measured.name, asked.append)
    question(window)
    window.context.files.question_ui.control.close()
    QtWidgets.QApplication.sendPostedEvents(None, QtCore.QEvent.DeferredDelete)
    window.handle_events()
    assert asked == []
    assert window.context.files.question_ui is None
    assert window.bench.meters == []


def test_the_loss_of_the_mark_is_shown_where_a_format_has_no_place_for_it():
    choice = ExportChoice(replay="fridge at 60x", form="2011-log")
    assert "That this is a replay of fridge at 60x." in choice.lost
    choice.form = "csv"
    assert "replay" not in choice.lost


def test_a_replay_went_on_after_its_last_record(window, tmp_path):
    path = record(tmp_path / "short.wattui", steady(20))
    window.context.files.replay(path)
    play(window, "100")
    window.wait_for(lambda: not window.bench.recording, "the end of the replay")
    assert window.window.windowTitle() == "Replay of short at 100x – wattui"
    left = window.control("status").left
    window.wait_for(lambda: "everything is saved" in left.full_text, "the last commit")
    assert window.bench.meter.sample_count == 20
