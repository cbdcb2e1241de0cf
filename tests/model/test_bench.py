# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of the window with simulated meters and real session files; no window."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wattui.errors import WattuiError
from wattui.measurement.events import EventKind
from wattui.model import bench as bench_module
from wattui.model.bench import Bench
from wattui.model.session_totals import SessionTotals
from wattui.session import Session, WriterStatus

DEADLINE = 20.0


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WATTUI_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    assert bench.close() == []


def until(bench: Bench, condition: Callable[[], bool]) -> None:
    """Run the main thread until the condition holds."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        bench.main_thread.wait_for_post(0.1)
        bench.main_thread.drain()


def record(bench: Bench, samples: int, url: str = "sim://pro?load=lamp&speed=50") -> Path:
    """Record some samples of a simulated meter and give the session's path."""
    meter = bench.add_meter(url)
    bench.connect(meter)
    until(bench, lambda: meter.sample_count >= samples)
    bench.disconnect(meter)
    until(bench, lambda: meter.state == "closed" and not bench.recording)
    assert bench.main_thread.join(DEADLINE) == []
    bench.main_thread.drain()
    return bench.session_path


def test_a_connected_meter_shows_what_is_on_disk_already(bench: Bench) -> None:
    meter = bench.add_meter("sim://pro?load=lamp&speed=50")
    bench.connect(meter)
    assert bench.recording
    assert bench.session_path is None, "no file before the first sample"
    until(bench, lambda: meter.sample_count >= 5)
    assert meter.state == "running"
    assert meter.live
    shown = meter.sample_count
    with Session.open(bench.session_path) as session:
        assert session.count(session.meters[0].id) >= shown
    assert meter.watts > 0
    assert 100 < meter.volts < 130
    assert meter.model == "PRO"
    assert meter.energy > 0


def test_totals_shown_live_are_those_of_the_opened_file(bench: Bench) -> None:
    path = record(bench, 20)
    live = bench.meter.trait_get(
        "energy", "energy_error", "counter_moved", "duration", "sample_count", "gap_count"
    )
    bench.open_session(path)
    until(bench, lambda: bench.opened)
    opened = bench.meter.trait_get(*live)
    assert opened == pytest.approx(live)
    assert bench.meter.model == "PRO"
    assert bench.session_stop - bench.session_start == pytest.approx(bench.meter.elapsed)
    assert math.isnan(bench.meter.watts), "an opened file has no live readings"


def test_marks_are_in_the_file_and_come_back(bench: Bench) -> None:
    meter = bench.add_meter("sim://pro?load=lamp&speed=50")
    bench.connect(meter)
    until(bench, lambda: meter.sample_count >= 2)
    bench.mark("kettle on")
    until(bench, lambda: len(bench.marks) == 1)
    bench.disconnect(meter)
    until(bench, lambda: meter.state == "closed" and not bench.recording)
    assert bench.main_thread.join(DEADLINE) == []
    bench.open_session(bench.session_path)
    # They are read in the background.
    until(bench, lambda: bench.opened and bench.marks)
    assert [text for _, text in bench.marks] == ["kettle on"]


def test_a_missing_port_is_a_clear_error_and_leaves_no_file(
    bench: Bench, data_folder: Path
) -> None:
    meter = bench.add_meter("/dev/ttyUSB-none")
    bench.connect(meter)
    until(bench, lambda: meter.state == "failed")
    assert "/dev/ttyUSB-none" in meter.problem
    assert meter.hint
    until(bench, lambda: not bench.recording)
    assert list(data_folder.rglob("*.wattui")) == []


def test_connecting_again_after_a_failure_works(bench: Bench) -> None:
    meter = bench.add_meter("/dev/ttyUSB-none")
    bench.connect(meter)
    until(bench, lambda: meter.state == "failed" and not bench.recording)
    meter.url = "sim://pro?speed=50"
    bench.connect(meter)
    until(bench, lambda: meter.sample_count >= 2)
    assert meter.problem == ""


def test_connect_while_still_disconnecting_connects_afterwards(bench: Bench) -> None:
    meter = bench.add_meter("sim://pro?speed=50")
    bench.connect(meter)
    until(bench, lambda: meter.sample_count >= 2)
    bench.disconnect(meter)
    bench.connect(meter)
    until(bench, lambda: meter.state == "running" and bench.recording and meter.live)


def test_two_meters_share_one_session_and_are_summed(bench: Bench) -> None:
    meters = [bench.add_meter(f"sim://pro?load=lamp&speed=50&seed={n}&id=b{n}") for n in (1, 2)]
    for meter in meters:
        bench.connect(meter)
    until(bench, lambda: all(meter.sample_count >= 3 for meter in meters))
    assert bench.total_watts == pytest.approx(sum(meter.watts for meter in meters))
    assert bench.total_energy == pytest.approx(sum(meter.energy for meter in meters))
    with Session.open(bench.session_path) as session:
        assert len(session.meters) == 2
    bench.disconnect(meters[0])
    until(bench, lambda: meters[0].state == "closed")
    assert bench.recording, "the other meter goes on"


def test_opening_is_refused_while_recording_and_nothing_is_lost(bench: Bench) -> None:
    path = record(bench, 3)
    meter = bench.add_meter("sim://pro?speed=50")
    bench.connect(meter)
    until(bench, lambda: meter.sample_count >= 1)
    errors: list[Exception] = []
    bench.open_session(path, errors.append)
    assert isinstance(errors[0], WattuiError)
    assert "recording" in str(errors[0])
    assert bench.recording


def test_a_file_that_is_not_a_session_is_a_clear_error(bench: Bench, tmp_path: Path) -> None:
    path = tmp_path / "letter.wattui"
    path.write_text("Dear Sir")
    errors: list[Exception] = []
    bench.open_session(path, errors.append)
    until(bench, lambda: bool(errors))
    assert "letter.wattui" in str(errors[0])


def test_close_leaves_no_thread_while_connecting(bench: Bench) -> None:
    meter = bench.add_meter("sim://pro?faults=silence@0:1000")
    bench.connect(meter)
    until(bench, lambda: "baud" in meter.state_text.lower())
    assert bench.close() == []
    assert not meter.client


def test_a_meter_that_is_connected_again_at_once_is_recorded(bench: Bench) -> None:
    """Its samples went to the recording that ended with the first connection."""
    first = record_until(bench, 3)
    meter = bench.meter
    bench.disconnect(meter)
    bench.connect(meter)
    until(bench, lambda: bench.session_path not in (None, first) and meter.sample_count >= 3)
    assert bench.recording
    second = bench.session_path
    bench.disconnect(meter)
    until(bench, lambda: not bench.recording and meter.state == "closed")
    assert bench.main_thread.join(DEADLINE) == []
    bench.main_thread.drain()
    with Session.open(second) as session:
        assert session.count(session.meters[0].id) == meter.sample_count, "none of the first"
        assert not session.interrupted
    with Session.open(first) as session:
        assert not session.interrupted


def record_until(bench: Bench, samples: int) -> Path:
    """Record some samples of a simulated meter and give the session's path; it goes on."""
    meter = bench.add_meter("sim://pro?load=lamp&speed=20")
    bench.connect(meter)
    until(bench, lambda: meter.sample_count >= samples)
    return bench.session_path


def test_a_meter_that_is_removed_while_it_is_disconnected_is_not_connected_again(
    bench: Bench,
) -> None:
    record_until(bench, 3)
    meter = bench.meter
    bench.disconnect(meter)
    bench.connect(meter)
    bench.remove_meter(meter)
    until(bench, lambda: not bench.recording)
    assert bench.main_thread.join(DEADLINE) == []
    bench.main_thread.drain()
    assert meter.client is None
    assert bench.meters == []


def test_the_last_samples_of_a_recording_do_not_count_for_the_next(bench: Bench) -> None:
    record_until(bench, 3)
    meter, recording = bench.meter, bench._recording
    info, late = meter.client.info, meter._inside.tally.last
    bench.disconnect(meter)
    until(bench, lambda: not bench.recording and meter.state == "closed")
    bench._begin()
    recording.on_samples(info, [late])
    recording.on_status(WriterStatus(problem="The disk is full"))
    bench.main_thread.drain()
    assert meter.sample_count == 0
    assert bench.session_path is None
    assert bench.disk_problem == ""


def test_a_disk_that_refuses_the_end_of_a_recording_is_reported_and_waited_for(
    bench: Bench, data_folder: Path
) -> None:
    """It was given up after ten seconds, without a word."""
    blocked = data_folder / "sessions"
    blocked.write_text("in the way")
    meter = bench.add_meter("sim://pro?load=lamp&speed=20")
    bench.connect(meter)
    until(bench, lambda: bench.disk_waiting > 3)
    bench.disconnect(meter)
    until(bench, lambda: not bench.recording)
    assert bench.disk_problem
    blocked.unlink()
    until(bench, lambda: bench.session_path is not None and meter.sample_count > 3)
    assert bench.main_thread.join(DEADLINE) == []
    bench.main_thread.drain()
    with Session.open(bench.session_path) as session:
        assert session.count(session.meters[0].id) == meter.sample_count
        assert not session.interrupted
    assert bench.disk_problem == ""


@pytest.mark.parametrize("connected", [True, False])
def test_a_window_closes_soon_although_the_disk_does_not_respond(
    bench: Bench, data_folder: Path, connected: bool
) -> None:
    """It took ten seconds, and then raised."""
    (data_folder / "sessions").write_text("in the way")
    meter = bench.add_meter("sim://pro?load=lamp&speed=20")
    bench.connect(meter)
    until(bench, lambda: bench.disk_waiting > 3)
    if not connected:
        bench.disconnect(meter)
        until(bench, lambda: not bench.recording)
    assert bench.close() == []
    assert not any("writer" in thread.name for thread in threading.enumerate())


def test_a_late_earlier_connection_does_not_hide_the_state_of_this_one(bench: Bench) -> None:
    meter = bench.add_meter("sim://pro?speed=20")
    bench.connect(meter)
    late = meter.client
    bench.disconnect(meter)
    until(bench, lambda: meter.state == "closed")
    meter.url = "/dev/no-such-port"
    bench.connect(meter)
    meter._client_changed(late)
    until(bench, lambda: meter.state == "failed")


def test_a_session_opened_while_connect_is_pressed_silenced_the_live_view(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file was still being read when the meter was connected, and then took its place."""
    path = record(bench, 5)
    reading, go_on = threading.Event(), threading.Event()
    read = bench_module.read_totals

    def slow(opened: Path) -> SessionTotals:
        reading.set()
        assert go_on.wait(DEADLINE)
        return read(opened)

    monkeypatch.setattr(bench_module, "read_totals", slow)
    refused: list[Exception] = []
    bench.open_session(path, refused.append)
    assert reading.wait(DEADLINE)
    (meter,) = bench.connect("sim://es?load=lamp&speed=50")
    go_on.set()
    until(bench, lambda: bool(refused))
    assert "a recording is running in this window" in str(refused[0])
    assert not bench.opened
    shown = meter.sample_count
    until(bench, lambda: meter.sample_count > shown + 5)
    assert bench.session_path not in (None, path)
    assert meter in bench.meters


def test_a_mark_went_to_the_first_meter_only(bench: Bench) -> None:
    meters = bench.connect(["sim://pro?load=lamp&speed=50", "sim://es?load=idle&speed=50"])
    until(bench, lambda: all(meter.sample_count for meter in meters))
    bench.mark("kettle on")
    until(bench, lambda: len(bench.marks) == 1)
    assert bench.session_path is not None
    with Session.open(bench.session_path) as session:
        (mark,) = session.events([EventKind.MARK])
    assert mark.meter_id is None, "it belongs to the whole session"
    assert mark.event.text == "kettle on"
    bench.disconnect(meters[0])
    until(bench, lambda: not meters[0].connected)
    bench.mark("kettle off")
    until(bench, lambda: len(bench.marks) == 2)


def test_a_mark_is_refused_where_nothing_is_recorded(bench: Bench) -> None:
    path = record(bench, 5)
    before = path.read_bytes()
    bench.mark("too late")
    bench.open_session(path)
    until(bench, lambda: bench.opened)
    bench.mark("into a file that was opened")
    assert bench.marks == []
    assert path.read_bytes() == before


def test_stop_and_connect_replaced_the_run_without_a_word(bench: Bench) -> None:
    first = record(bench, 5)
    assert bench.previous_path is None
    bench.connect(bench.meters[0])
    assert bench.previous_path == first
    until(bench, lambda: bench.meters[0].sample_count > 0)
    assert bench.session_path != first
    with Session.open(first) as session:
        assert not session.interrupted
    bench.disconnect(bench.meters[0])
    until(bench, lambda: not bench.recording)
    bench.open_session(first)
    until(bench, lambda: bench.opened)
    assert bench.previous_path is None
    bench.connect("sim://pro?load=lamp&speed=50")
    assert bench.previous_path == first, "an opened session is left, too"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows replaces no open file")
def test_a_session_file_that_was_replaced_is_reported(bench: Bench) -> None:
    (meter,) = bench.connect("sim://pro?load=lamp&speed=50")
    until(bench, lambda: meter.sample_count > 5)
    path = bench.session_path
    assert path is not None
    other = path.with_name("other")
    other.write_bytes(b"another file")
    other.replace(path)
    until(bench, lambda: bench.replaced_path is not None)
    assert bench.replaced_path == path
    assert bench.session_path != path
    assert path.read_bytes() == b"another file"
    bench.disconnect(meter)
    until(bench, lambda: not bench.recording)
    bench.connect(meter)
    assert bench.replaced_path is None
