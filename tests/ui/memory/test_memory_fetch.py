# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetching a meter's memory in the main window: progress, results, a responsive window."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import pytest
from event_loop import handle_next
from fake_meter import QUICK
from opened_window import OpenedWindow, threads_left
from PyQt5 import QtCore, QtWidgets
from quick_line import hasten

from wattui.client import MeterClient
from wattui.desktop.program_command import program_command
from wattui.errors import DiskRefused
from wattui.measurement.text import clock_text
from wattui.meter_memory.readout import Patience
from wattui.model.memory import Fetched
from wattui.session import Session
from wattui.simulator import devices
from wattui.simulator.devices import forget_devices
from wattui.ui.memory import readout_origin
from wattui.ui.memory.memory_link import fetch_notice
from wattui.ui.memory.memory_overview import overview_of

SMALL = "sim://pro?id=f&memory=900&speed=20&logging=stopped"
SLOW = "sim://es?id=s&memory=full&fields=w,v,a&speed=2&logging=stopped"


@pytest.fixture
def window(monkeypatch):
    hasten(monkeypatch)
    forget_devices()
    opened = OpenedWindow()
    opened.memory = opened.context.memory.memory
    yield opened
    opened.close()
    assert threads_left() == []


def fetch(window, url):
    """Fetch by the button of the top bar, and wait for the end."""
    window.model.port = url
    window.click(window.control("fetch_button"))
    window.wait_for(lambda: window.memory.fetched is not None, "the read-out")
    window.wait_for(lambda: not window.memory.work, "the end")


def band(window):
    (found,) = window.control("notices").bands
    return found


# -- what is seen --------------------------------------------------------------------


def test_progress_is_shown_with_rate_and_time_left_and_can_be_cancelled(window):
    window.model.port = SLOW
    window.click(window.control("fetch_button"))
    bar = window.control("status")
    window.wait_for(lambda: window.memory.done > 50 and window.memory.rate, "some records")
    text = bar.task.text.full_text
    assert text.startswith("Fetching: ")
    assert " of 87,381 records · " in text
    assert "/s · " in text
    assert text.endswith("left")
    assert bar.task.progress.value() >= 0
    assert "are saved" in bar.task.cancel.toolTip()
    assert not window.control("fetch_button").isEnabled()
    window.click(bar.task.cancel)
    window.wait_for(lambda: not window.memory.work, "the end")
    assert not bar.task.isVisible()
    assert band(window).notice.kind == "warning"
    assert "the read-out was cancelled" in band(window).notice.text
    assert set(band(window).buttons) == {"open_fetched", "fetch_now", "dismiss_fetched"}


def test_a_fetched_memory_is_opened_with_a_notice_that_its_times_are_reconstructed(window):
    fetch(window, SMALL)
    assert "900 records" in band(window).notice.text
    window.click(band(window).buttons["open_fetched"])
    window.wait_for(lambda: window.model.state == "opened", "the session")
    window.wait_for(lambda: window.model.times_note, "the note")
    assert "times reconstructed" in window.control("status").left.full_text
    notice = window.model.notices[0]
    assert notice.kind == "info"
    assert "counted back from the read-out" in notice.hint
    caption = window.context.memory.link.origin._caption
    assert caption.text == readout_origin.CAPTION
    window.click(band(window).buttons["dismiss_origin"])
    assert window.model.notices == []
    assert window.model.times_note


def test_the_caption_is_drawn_at_the_time_axis(window):
    fetch(window, SMALL)
    window.click(band(window).buttons["open_fetched"])
    window.wait_for(lambda: window.model.times_note, "the note")
    drawn = []
    caption = window.context.memory.link.origin._caption
    overlay = type(caption).overlay
    try:
        type(caption).overlay = lambda self, *a, **k: (drawn.append(1), overlay(self, *a, **k))[0]
        window.model.plots.redraw()
        window.wait_for(lambda: drawn, "the caption")
    finally:
        type(caption).overlay = overlay


def test_an_ordinary_session_has_no_note_on_its_times(window):
    window.connect()
    window.model.disconnect()
    window.wait_for(lambda: not window.model.connected, "the end")
    path = window.bench.session_path
    window.context.files.open([path])
    window.wait_for(lambda: window.model.state == "opened", "the session")
    assert window.model.times_note == ""
    assert window.model.notices == []


def test_fetch_again_completes_what_was_partial(window):
    window.model.port = "sim://pro?id=p&memory=1500&speed=4&logging=stopped"
    window.handler.do(window.info, "fetch")
    window.wait_for(lambda: window.memory.done > 50, "some records")
    window.memory.cancel()
    window.wait_for(lambda: not window.memory.work, "the end")
    path = window.memory.fetched.path
    window.click(band(window).buttons["fetch_now"])
    window.wait_for(lambda: window.memory.work, "the second read-out")
    assert window.model.notices == []
    window.wait_for(lambda: not window.memory.work, "its end")
    assert window.memory.fetched.path == path
    assert band(window).notice.kind == "info"
    with Session.open(path) as session:
        assert session.count(session.meters[0].id) == 1500


def test_unplugging_in_the_middle_shows_what_to_do_and_saves_what_was_received(window):
    memory = window.memory
    memory.patience = Patience(answer=1.0, records=2.0, replug=0.2)
    memory.make_client = lambda url, **options: MeterClient(
        url, timing=replace(QUICK, answer=2.0), **options
    )
    window.model.port = "sim://pro?memory=1900&speed=2&logging=stopped&faults=unplug@4"
    said = []
    window.model.observe(lambda event: event.new and said.append(event.new.text), "task")
    window.handler.do(window.info, "fetch")
    window.wait_for(lambda: memory.fetched is not None and not memory.work, "the end")
    assert any("plug the meter in again" in text for text in said)
    notice = band(window).notice
    assert notice.kind == "warning"
    assert "Plug the meter in and fetch again" in notice.hint
    assert memory.fetched.path is not None


def test_a_failure_is_a_notice_with_fetch_again(window):
    window.model.port = "/dev/ttyUSB77"
    window.handler.do(window.info, "fetch")
    window.wait_for(lambda: window.memory.problem, "the failure")
    window.handle_events()
    assert "ttyUSB77" in band(window).notice.text
    assert set(band(window).buttons) == {"fetch_now", "dismiss_fetched"}
    assert QtWidgets.QApplication.activeModalWidget() is None
    window.click(band(window).buttons["dismiss_fetched"])
    assert window.control("notices").bands == []


def test_records_that_could_not_be_saved_can_be_saved_again(window):
    fetch(window, SMALL)
    readout = window.memory.fetched.readout
    refused = DiskRefused("The disk is full", "Make room.")
    window.memory.fetched = Fetched(None, readout, refused)
    notice = fetch_notice(window.memory.fetched, recording=False)
    assert (notice.kind, notice.buttons[0][1]) == ("error", "save_fetched")
    window.handler.do(window.info, "save_fetched")
    window.wait_for(lambda: window.memory.fetched.path is not None, "the session")


def test_live_recording_pauses_after_a_question_and_the_session_opens_in_a_new_window(
    window, monkeypatch
):
    started = []
    monkeypatch.setattr(
        QtCore.QProcess,
        "startDetached",
        staticmethod(lambda *command: started.append(command) or True),
    )
    window.connect("sim://pro?id=live&speed=20&memory=300")
    window.click(window.control("fetch_button"))
    question = window.context.memory.question
    assert "pauses" in question.accessibleName()
    assert window.memory.work == ""
    window.click(question.buttons["fetch"])
    window.wait_for(lambda: window.memory.fetched is not None, "the read-out")
    window.wait_for(lambda: not window.memory.work, "the end")
    # The panel said "Not read yet" here.
    assert " records, fetched at " in overview_of(window.memory).headline
    window.click(band(window).buttons["open_fetched"])
    path = str(window.memory.fetched.path)
    program, *first = program_command(window=True)
    assert started == [(program, [*first, path])]
    assert window.bench.recording


def test_a_port_that_is_being_read_cannot_be_connected(window):
    window.model.port = SLOW
    window.handler.do(window.info, "fetch")
    window.wait_for(lambda: window.memory.done > 10, "some records")
    window.click(window.control("connect_button"))
    assert not window.model.connected
    assert "connect afterwards" in window.model.message
    window.memory.cancel()
    window.wait_for(lambda: not window.memory.work, "the end")


def test_window_closes_in_the_middle_of_a_fetch(window):
    window.model.port = SLOW
    window.handler.do(window.info, "fetch")
    window.wait_for(lambda: window.memory.done > 10, "some records")
    window.window.close()
    window.click(window.handler.question.buttons["stop"])
    window.wait_for(lambda: window.ui.control is None, "the end of the window")
    assert threads_left() == []


def test_fetch_is_disabled_with_its_reason(window):
    button = window.control("fetch_button")
    assert not button.isEnabled()
    assert button.toolTip() == "Choose the port of a meter first"
    window.model.port = SLOW
    window.handle_events()
    assert button.isEnabled()
    assert "the meter keeps them" in button.toolTip()
    window.click(button)
    window.wait_for(lambda: window.memory.done > 10, "some records")
    assert not button.isEnabled()
    assert button.toolTip().startswith("The meter is busy")
    window.memory.cancel()
    window.wait_for(lambda: not window.memory.work, "the end")
    assert button.isEnabled()


# -- a pause of the recording ---------------------------------------------------------


def test_while_the_memory_is_fetched_the_window_looked_as_if_it_recorded(window):
    url = "sim://es?id=live&memory=full&fields=w,v,a&speed=3"
    window.window.resize(1024, 700)
    window.model.connect_ports([url, "sim://pro?id=other&speed=20"], ["Fridge", "Lamp"])
    meter, other = window.bench.meters
    window.wait_for(lambda: meter.live and other.live, "both meters")
    window.bench.meter = meter
    window.memory.fetch()
    window.wait_for(lambda: window.memory.done > 50, "some records")
    window.wait_for(lambda: meter.open_gap() > 1, "a gap")
    status, plots = window.control("status"), window.model.plots
    window.context.memory.link.model.refresh()
    window.handler.link.tick()
    assert window.model.state == "paused"
    assert window.model.status.words == ("Recording 1 of 2 meters, 1 paused: fetching the memory")
    assert status.dot.colour == window.model.palette.amber
    assert window.model.readings.note.startswith("last one at ")
    assert not window.model.readings.current
    rows = window.model.meter_rows
    assert [row.current for row in rows] == [False, True]
    assert rows[0].dot == "amber"
    assert rows[0].state == f"Paused at {clock_text(meter.last_time, False)}"
    assert "Paused: fetching the memory" in rows[0].tooltip
    assert plots.absent_since == {meter.key: meter.last_time}
    assert plots.absent_why == {meter.key: "fetching the memory"}
    assert plots.now > meter.last_time
    assert status.minimumSizeHint().width() <= 800
    assert window.window.width() == 1024, "progress made the window wider"
    count = meter.sample_count
    window.memory.cancel()
    window.wait_for(lambda: meter.sample_count > count, "the next record")
    window.wait_for(lambda: not plots.absent_since, "the end of the gap")
    window.wait_for(lambda: window.model.meter_rows[0].current, "the row")
    assert window.model.status.words == "Recording 2 meters"
    assert window.model.readings.current
    assert window.model.meter_rows[0].state == "Recording"
    assert plots.absent_why == {}


def test_a_recorded_meter_unplugged_in_the_middle_of_a_fetch_went_on_as_if_nothing_was(window):
    window.connect("sim://es?id=live&memory=full&fields=w,v,a&speed=3")
    device = devices._devices["id:live"]

    def plug(there):
        with device.condition:
            (device.meter.replug if there else device.meter.unplug)()
            device.condition.notify_all()

    window.memory.fetch()
    window.wait_for(lambda: window.memory.done > 50, "some records")
    plug(False)
    window.wait_for(lambda: window.memory.unplugged, "the loss")
    assert window.model.task.text.startswith("Unplugged after ")
    assert window.model.state == "lost"
    plug(True)
    window.wait_for(lambda: not window.memory.unplugged, "the reconnection", 30)
    assert window.model.task.text.startswith("Fetching: ")
    window.wait_for(lambda: window.model.state == "paused", "the pause")
    window.memory.cancel()
    window.wait_for(lambda: window.model.state == "live", "the recording")


def test_disconnecting_in_the_middle_of_a_fetch_was_shown_as_unplugged(window):
    window.connect("sim://es?id=live&memory=full&fields=w,v,a&speed=3")
    window.memory.fetch()
    window.wait_for(lambda: window.memory.done > 50, "some records")
    window.click(window.control("connect_button"))
    window.wait_for(lambda: not window.memory.work, "the end")
    assert window.memory.fetched.path is not None
    assert "the read-out was cancelled" in band(window).notice.text
    assert "Plug" not in band(window).notice.hint


def test_a_gap_stays_shaded_until_the_record_that_ends_it(window):
    window.connect("sim://pro?id=live&speed=20&interval=1")
    meter, plots = window.bench.meter, window.model.plots
    meter.paused = "a test"
    assert plots.absent_since == {meter.key: meter.last_time}
    last = meter.last_time
    meter.paused = ""
    if meter.last_time == last:
        assert plots.absent_since == {meter.key: last}
        assert plots.absent_why == {}
    window.wait_for(lambda: meter.last_time > last and not plots.absent_since, "the next record")


def test_a_refused_second_fetch_keeps_the_progress_of_the_first(window):
    window.model.port = SLOW
    window.handler.do(window.info, "fetch")
    window.wait_for(lambda: window.memory.done > 50, "some records")
    done, total = window.memory.done, window.memory.total
    assert window.memory.fetch() is False
    assert (window.memory.done, window.memory.total) == (done, total)
    assert window.memory.rate > 0
    window.memory.cancel()
    window.wait_for(lambda: not window.memory.work, "the end")


# -- the window stays alive ----------------------------------------------------------


def handled(window, seconds=None, until=None):
    """Return the times between the events of a timer of 5 ms.

    For a number of *seconds*, or until a condition is met.  In ms, sorted.
    """
    times = []
    timer = QtCore.QTimer()
    timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: times.append(time.perf_counter()))
    timer.start(5)
    begun = time.monotonic()
    while until is None or not until():
        handle_next()
        passed = time.monotonic() - begun
        if seconds is not None and passed > seconds:
            break
        assert passed < 90, "it did not end"
    timer.stop()
    return sorted((b - a) * 1000 for a, b in itertools.pairwise(times))


def test_window_handles_events_while_records_come_in_by_the_thousand(window):
    """Compared with the same window when idle, so that slow machines pass.

    ``benchmarks/responsiveness.py`` does the same with 120,000 records.
    """
    idle = handled(window, seconds=0.7)
    window.model.port = "sim://es?memory=30000&fields=w,v&speed=200&logging=stopped"
    posts = []
    window.memory.observe(lambda _event: posts.append(1), "done")
    window.handler.do(window.info, "fetch")
    busy = handled(window, until=lambda: window.memory.fetched is not None)
    assert len(window.memory.fetched.readout.records) == 30_000

    def late(gaps, share):
        return gaps[int(len(gaps) * share)]

    # The typical event comes as it does when idle; of the rest, a few wait for the
    # reader's turn with the interpreter.
    assert late(busy, 0.5) <= late(idle, 0.5) + 15
    assert late(busy, 0.95) <= late(idle, 0.95) + 50
    # The records themselves never reach the main thread: a report of progress does.
    assert 1 <= len(posts) < 300
