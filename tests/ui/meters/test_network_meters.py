# SPDX-License-Identifier: GPL-3.0-or-later
"""Meters that post over the network, in the window: rows of their own, silence, their loads."""

from __future__ import annotations

import threading

import pytest
from event_loop import application
from opened_window import OpenedWindow, threads_left
from posting import DEADLINE, body, free_port, post
from PyQt5 import QtCore, QtWidgets

from wattui.client import ClientState
from wattui.ports.listen_url import ListenUrl
from wattui.session import Session
from wattui.ui.meters.listen_dialog import ListenDialog
from wattui.ui.widgets.question import Question


class PostingMeters:
    """Meters that post quickly until a test ends, and obey their relays."""

    def __init__(self, port):
        self.port = port
        self.ended = threading.Event()
        self.obey = True
        self.sr = 1
        self.answers = []
        self._threads = []

    def add(self, serial_number):
        thread = threading.Thread(target=self._run, args=(serial_number,))
        self._threads.append(thread)
        thread.start()

    def _run(self, serial_number):
        relay, watts = 0, 1000
        while not self.ended.wait(0.05):
            watts += 1
            try:
                text = body(
                    serial_number, 0 if relay else watts, rnc=relay, v=1150 + watts % 50, sr=self.sr
                )
                _, answer = post(self.port, text)
            except OSError:
                continue
            self.answers.append(answer)
            if self.obey:
                relay = int(answer.startswith("[1"))

    def end(self):
        self.ended.set()
        for thread in self._threads:
            thread.join(DEADLINE)


@pytest.fixture
def meters():
    made = PostingMeters(free_port())
    yield made
    made.end()


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()
    assert threads_left() == []


def dialog(window, kind):
    found = [one for one in window.window.findChildren(kind) if one.isVisible()]
    assert len(found) == 1, found
    return found[0]


def listen(window, port):
    """Fill in the dialog as a user does."""
    window.handler.do(window.info, "listen")
    asked = dialog(window, ListenDialog)
    asked.reach.setCurrentIndex(asked.reach.findData("127.0.0.1"))
    asked.number.setText(str(port))
    window.click(asked.ok)
    window.wait_for(
        lambda: window.bench.meter is not None and "Waiting" in window.bench.meter.state_text,
        "listening",
    )


def test_each_meter_that_posts_gets_a_row_and_is_recorded(window, meters):
    listen(window, meters.port)
    assert window.model.connecting_text == f"Waiting for posts to 127.0.0.1, port {meters.port}"
    meters.add("11")
    window.wait_for(lambda: window.model.marking, "a sample")
    assert window.bench.meter.label == ".NET 11"
    assert window.bench.meter.state_text == "Recording, load on"
    meters.add("12")
    window.wait_for(
        lambda: len(window.bench.meters) == 2 and window.bench.meters[1].sample_count, "the other"
    )
    assert [row.name for row in window.model.meter_rows] == [".NET 11", ".NET 12"]
    assert [row.state for row in window.model.meter_rows] == ["Recording", "Recording"]
    path = window.bench.session_path
    meters.end()
    window.model.disconnect_all()
    window.wait_for(lambda: not window.bench.recording, "the end")
    with Session.open(path) as session:
        assert {one.info.label for one in session.meters} == {".NET 11", ".NET 12"}
    with pytest.raises(OSError, match="refused"):
        post(meters.port, body())


def test_a_row_that_was_disconnected_stays_so_although_its_meter_posts(window, meters):
    listen(window, meters.port)
    meters.add("11")
    meters.add("12")
    window.wait_for(lambda: len(window.bench.meters) == 2, "both meters")
    window.wait_for(lambda: all(one.sample_count for one in window.bench.meters), "samples")
    first, second = window.bench.meters
    window.bench.disconnect(first)
    window.wait_for(lambda: first.state == ClientState.CLOSED, "the disconnection")
    count = second.sample_count
    window.wait_for(lambda: second.sample_count > count + 5, "more samples of the other")
    assert window.bench.meters == [first, second]
    # It is the same meter when it is connected again.
    key = first.key
    window.bench.connect(first)
    window.wait_for(lambda: first.live, "the meter again")
    assert first.key == key


def test_a_load_is_switched_after_a_question_and_shown_when_the_meter_confirms_it(window, meters):
    listen(window, meters.port)
    meters.add("11")
    window.wait_for(lambda: window.bench.meter.load == "load on", "its relay")
    meters.obey = False
    for way, load in (("keep", "load on"), ("switch", "switching the load off")):
        window.handler.do(window.info, "switch_load")
        question = dialog(window, Question)
        assert question.accessibleName() == "Switch the load of .NET 11 off?"
        # Return changes nothing.
        assert question.buttons["keep"].isDefault()
        window.click(question.buttons[way])
        window.wait_for(lambda load=load: window.bench.meter.load == load, load)
    count = window.bench.meter.sample_count
    window.wait_for(lambda: window.bench.meter.sample_count > count + 3, "more samples")
    assert window.bench.meter.load == "switching the load off"
    assert "switching the load off" in window.model.status.words
    meters.obey = True
    window.wait_for(lambda: window.bench.meter.load == "load off", "the confirmation")
    window.wait_for(lambda: window.bench.meter.watts == 0, "no power")
    window.handler.do(window.info, "switch_load")
    question = dialog(window, Question)
    assert question.accessibleName() == "Switch the load of .NET 11 on?"
    window.click(question.buttons["switch"])
    window.wait_for(lambda: window.bench.meter.load == "load on", "the load again")


def test_the_interval_is_that_of_the_meter_and_can_be_set(window, meters):
    listen(window, meters.port)
    meters.sr = 7
    meters.add("11")
    box = window.info.interval.control
    window.wait_for(lambda: box.currentText() == "every 7 s", "the interval of the meter")
    box.setCurrentIndex(box.findText("every 5 s"))
    box.activated[int].emit(box.currentIndex())
    window.wait_for(lambda: "[0!5]" in meters.answers, "the request")
    assert box.currentText() == "every 5 s"
    meters.sr = 5
    window.wait_for(lambda: meters.answers[-1] == "[0]", "the confirmation")
    assert (box.currentText(), window.bench.meter.interval) == ("every 5 s", 5)


def test_a_meter_that_stops_posting_is_silent_not_unplugged(window, meters):
    listen(window, meters.port)
    meters.add("11")
    window.wait_for(lambda: window.bench.meter.sample_count > 3, "samples")
    meters.end()
    window.wait_for(lambda: window.bench.meter.state == ClientState.LOST, "the loss")
    assert window.model.status.words.startswith("No post since")
    shown = [one.text() for one in window.window.findChildren(QtWidgets.QLabel)]
    assert not any("nplugged" in text for text in shown)


def test_the_load_of_a_meter_on_usb_cannot_be_switched(window):
    window.connect()
    assert not window.model.can_switch
    window.handler.do(window.info, "switch_load")
    assert not [one for one in window.window.findChildren(Question) if one.isVisible()]


def test_the_memory_of_a_meter_that_posts_is_explained(window, meters):
    listen(window, meters.port)
    meters.add("11")
    window.wait_for(lambda: window.model.marking, "a sample")
    window.handler.do(window.info, "fetch")
    assert "USB" in window.model.message
    count = window.bench.meter.sample_count
    window.wait_for(lambda: window.bench.meter.sample_count > count, "more samples")


def test_a_port_that_is_in_use_is_explained(window, meters):
    other = OpenedWindow()
    try:
        listen(other, meters.port)
        window.model.connect_port(f"listen://127.0.0.1:{meters.port}?allow=10.0.0.0/8")
        window.wait_for(lambda: window.bench.meter.state == ClientState.FAILED, "the refusal")
        assert "already received" in window.bench.meter.problem
    finally:
        other.close()


# -- the dialog --------------------------------------------------------------------------------


@pytest.fixture
def asked():
    application()
    chosen = []
    made = ListenDialog(None, "", chosen.append)
    made.chosen = chosen
    made.show()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("port", "allowed", "refusal"),
    [
        ("", "", "from 1 to 65535"),
        ("0", "", "from 1 to 65535"),
        ("99999999999", "", "from 1 to 65535"),
        ("٣", "", "from 1 to 65535"),
        ("8080", "everyone", "192.168.1.0/24"),
        ("8080", "<b>x</b>", "<b>x</b>"),
    ],
)
def test_what_makes_no_sense_is_refused_while_typing(asked, port, allowed, refusal):
    asked.number.setText(port)
    asked.allowed.setText(allowed)
    assert refusal in asked.meaning.text()
    assert asked.meaning.textFormat() == QtCore.Qt.PlainText
    assert not asked.ok.isEnabled()
    asked.accept()
    assert asked.chosen == []


def test_the_dialog_makes_the_url(asked):
    asked.number.setText("9000")
    asked.allowed.setText("192.168.1.0/24, 10.0.0.5")
    assert "port 9000" in asked.meaning.text()
    asked.accept()
    assert asked.chosen == ["listen://0.0.0.0:9000?allow=192.168.1.0/24&allow=10.0.0.5/32"]


def test_the_dialog_offers_what_was_chosen_before():
    application()
    before = "listen://192.168.1.7:9000/11?allow=10.0.0.0/8"
    asked = ListenDialog(None, before, lambda _url: None)
    assert (asked.reach.currentData(), asked.number.text()) == ("192.168.1.7", "9000")
    assert asked.allowed.text() == "10.0.0.0/8"
    asked.close()
    asked = ListenDialog(None, "listen://nowhere", lambda _url: None)
    assert asked.number.text() == str(ListenUrl().port)
    asked.close()
