# SPDX-License-Identifier: GPL-3.0-or-later
"""A meter's memory as the window sees it, without a window."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from fake_meter import DEADLINE, QUICK
from quick_line import hasten
from spy_port import Spy, spy_fixture  # noqa: F401 - a fixture

from wattui.client import MeterClient
from wattui.errors import DiskRefused
from wattui.measurement.events import EventKind
from wattui.measurement.fields import FIELDS
from wattui.meter_memory.logging_modes import save_network
from wattui.meter_memory.readout import Patience, ReadoutRate
from wattui.meter_memory.save_readout import readout_label
from wattui.meter_memory.settings import Changes
from wattui.model.bench import Bench
from wattui.model.main_thread import ProgressPacer
from wattui.model.memory import Consent, MeterMemory
from wattui.protocol import FullHandling, LoggingMode, UserParameters
from wattui.session import Session
from wattui.simulator.devices import forget_devices

WVA = tuple(field.name in ("power", "voltage", "current") for field in FIELDS)


def client(url: str, **options: object) -> MeterClient:
    """Make a client that does not wait for long."""
    return MeterClient(url, timing=replace(QUICK, answer=2.0), **options)  # type: ignore[arg-type]


class Desk:
    """A bench with a memory, and what a test asks of them."""

    def __init__(self) -> None:
        self.bench = Bench()
        self.memory = MeterMemory(
            bench=self.bench,
            main_thread=self.bench.main_thread,
            make_client=client,
            patience=Patience(answer=1.0, records=2.0, replug=0.2),
        )

    def wait(self, condition: Callable[[], bool], what: str = "it") -> None:
        deadline = time.monotonic() + DEADLINE
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen"
            self.bench.main_thread.wait_for_post(0.05)
            self.bench.main_thread.drain()

    def do(self, name: str, *arguments: object) -> bool:
        """Do something, wait until it is over; return whether it went well."""
        over: list[bool] = []
        assert getattr(self.memory, name)(*arguments, then=over.append)
        self.wait(lambda: bool(over), name)
        return over[0]

    def connect(self, url: str) -> None:
        meter = self.bench.add_meter(url)
        self.bench.connect(meter)
        self.wait(lambda: meter.sample_count > 2, "recording")


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    hasten(monkeypatch)
    forget_devices()
    one = Desk()
    yield one
    one.memory.close()
    assert one.bench.close() == []


# -- looking -----------------------------------------------------------------------------


def test_memory_and_settings_are_read_over_a_connection_of_its_own(desk: Desk) -> None:
    desk.memory.port = "sim://pro?id=a&memory=500"
    assert desk.do("refresh")
    memory = desk.memory
    assert memory.state.used in (500, 501, 502)
    assert memory.state.mode is LoggingMode.INTERNAL
    assert memory.settings.user == UserParameters(80, 0, False)
    assert len(memory.calibration.factors) == 48
    assert memory.source == memory.url
    assert not memory.work
    assert not memory.holds_port


def test_recorded_meter_is_asked_over_its_own_connection_and_recording_goes_on(
    desk: Desk,
) -> None:
    desk.connect("sim://pro?id=a&speed=20&memory=500&logging=stopped")
    meter = desk.bench.meter
    assert desk.memory.recording
    assert desk.memory.url == meter.url
    assert desk.do("refresh")
    assert desk.memory.state.used == 500
    before = meter.sample_count
    desk.wait(lambda: meter.sample_count > before + 2, "recording goes on")
    with Session.open(desk.bench.session_path) as session:
        kinds = [one.event.kind for one in session.events()]
    assert EventKind.PAUSED in kinds
    assert EventKind.RESUMED in kinds


def test_second_work_at_a_time_is_refused(desk: Desk) -> None:
    desk.memory.port = "sim://pro?id=a"
    over: list[bool] = []
    assert desk.memory.refresh(over.append)
    assert not desk.memory.fetch()
    desk.wait(lambda: bool(over))


def test_missing_port_is_explained(desk: Desk) -> None:
    desk.memory.port = "/dev/ttyUSB77"
    assert not desk.do("refresh")
    assert "/dev/ttyUSB77" in desk.memory.problem
    assert desk.memory.hint
    assert not desk.memory.work


def test_waiting_for_a_meter_that_does_not_answer_is_cancelled(desk: Desk) -> None:
    desk.memory.port = "sim://pro?faults=mute"
    over: list[bool] = []
    desk.memory.refresh(over.append)
    desk.wait(lambda: bool(desk.memory.activity), "an activity")
    desk.memory.cancel()
    desk.wait(lambda: bool(over), "the end")
    assert desk.memory.said == "Cancelled"
    assert not desk.memory.problem


# -- fetching ----------------------------------------------------------------------------


def test_memory_is_fetched_into_a_session(desk: Desk) -> None:
    desk.memory.port = "sim://pro?id=a&memory=1500&speed=20&logging=stopped"
    seen: list[tuple[int, int]] = []
    desk.memory.observe(lambda _e: seen.append((desk.memory.done, desk.memory.total)), "done")
    assert desk.do("fetch")
    fetched = desk.memory.fetched
    assert fetched.complete
    assert seen[-1] == (1500, 1500)
    with Session.open(fetched.path) as session:
        assert session.count(session.meters[0].id) == 1500
        assert readout_label(session.info) is not None


def test_cancelled_fetch_keeps_what_came_and_fetching_again_completes_it(desk: Desk) -> None:
    desk.memory.port = "sim://pro?id=a&memory=1000&speed=4&logging=stopped"
    over: list[bool] = []
    desk.memory.fetch(over.append)
    desk.wait(lambda: desk.memory.done > 100, "some records")
    assert desk.memory.rate > 0
    assert desk.memory.seconds_left > 0
    desk.memory.cancel()
    desk.wait(lambda: bool(over), "the end")
    partial = desk.memory.fetched
    assert not partial.complete
    with Session.open(partial.path) as session:
        assert 100 < session.count(session.meters[0].id) < 1000
        assert readout_label(session.info).partial
    assert desk.do("fetch")
    assert desk.memory.fetched.path == partial.path
    with Session.open(partial.path) as session:
        assert session.count(session.meters[0].id) == 1000
        assert not readout_label(session.info).partial


def test_unplugged_in_the_middle_of_a_fetch_keeps_what_came(desk: Desk) -> None:
    desk.memory.port = "sim://pro?memory=1900&speed=2&logging=stopped&faults=unplug@5"
    seen: list[bool] = []
    desk.memory.observe(lambda event: seen.append(event.new), "unplugged")
    assert desk.do("fetch")
    fetched = desk.memory.fetched
    assert not fetched.complete
    assert "unplugged" in fetched.readout.reasons[0]
    assert fetched.path is not None
    assert True in seen
    assert not desk.memory.unplugged


def test_live_recording_pauses_for_a_fetch_and_goes_on(desk: Desk) -> None:
    desk.connect("sim://pro?id=a&speed=20&memory=700&logging=stopped")
    meter = desk.bench.meter
    assert desk.do("fetch")
    assert len(desk.memory.fetched.readout.records) == 700
    before = meter.sample_count
    desk.wait(lambda: meter.sample_count > before + 2, "recording goes on")
    assert desk.bench.session_path != desk.memory.fetched.path


def test_empty_memory_makes_no_session(desk: Desk) -> None:
    desk.memory.port = "sim://pro?memory=0&logging=stopped"
    assert desk.do("fetch")
    assert desk.memory.fetched.path is None
    assert desk.memory.fetched.complete


def test_what_a_full_disk_did_not_accept_can_be_written_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from wattui.model import memory as memory_work

    save = memory_work.save_readout

    def refuse(*_arguments: object) -> None:
        raise DiskRefused("The disk is full", "Make room.")

    monkeypatch.setattr(memory_work, "save_readout", refuse)
    desk.memory.port = "sim://pro?memory=300&speed=20&logging=stopped"
    assert desk.do("fetch")
    assert desk.memory.fetched.refused is not None
    monkeypatch.setattr(memory_work, "save_readout", save)
    desk.memory.keep_again()
    desk.wait(lambda: desk.memory.fetched.path is not None, "the session")
    assert len(desk.memory.fetched.readout.records) == 300


def test_progress_is_reported_ten_times_per_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    reported: list[int] = []
    pacer = ProgressPacer(lambda call: call(), lambda done, _total: reported.append(done))
    rate = ReadoutRate()
    for done in range(1, 2001):
        now[0] += 0.001
        pacer.report(done, 2001)
        found = rate.take(done)
    assert 18 <= len(reported) <= 22
    assert found == pytest.approx(1000, rel=0.01)
    pacer.report(2001, 2001)
    assert reported[-1] == 2001


# -- settings ----------------------------------------------------------------------------


def test_settings_are_written_and_read_back(desk: Desk, spy: Spy) -> None:
    desk.memory.port = "sim://pro?id=a&memory=100"
    assert desk.do("write", Changes(rate_mils=120, threshold=5, euro=True))
    assert desk.memory.settings.user == UserParameters(120, 5, True)
    assert not spy.erasing


def test_setting_that_did_not_take_shows_both_values(desk: Desk) -> None:
    desk.memory.port = "sim://pro?id=a&faults=stubborn"
    assert not desk.do("write", Changes(rate_mils=120))
    assert "120" in desk.memory.problem
    assert "80" in desk.memory.problem


@pytest.mark.parametrize("consent", [None, Consent("sim://es", 100)], ids=["none", "of another"])
def test_nothing_is_erased_without_consent_for_this_meter(
    desk: Desk, spy: Spy, consent: Consent | None
) -> None:
    desk.memory.port = "sim://pro?id=a&memory=100"
    for changes in (
        Changes(interval=10),
        Changes(fields=WVA),
        Changes(full_handling=FullHandling.OVERWRITE),
        Changes(start_internal=True),
    ):
        assert not desk.do("write", changes, consent)
        assert "erases" in desk.memory.problem
    if consent is not None:
        assert not desk.do("clear", consent)
        assert not desk.do("arm", Changes(start_internal=True), consent)
    assert not spy.erasing


def test_what_needs_no_consent_sends_nothing_that_erases(desk: Desk, spy: Spy) -> None:
    desk.memory.port = "sim://net?id=a&memory=100&speed=20&deaf=0"
    for work in (
        ("refresh",),
        ("fetch",),
        ("stop_logging",),
        ("restart",),
        ("switch", save_network),
        ("write", Changes(rate_mils=90)),
    ):
        assert desk.do(*work), desk.memory.problem
    assert len(spy.sent) > 20
    assert not spy.erasing


def test_memory_is_cleared_with_consent(desk: Desk) -> None:
    desk.memory.port = "sim://pro?id=a&memory=100"
    assert desk.do("clear", Consent(desk.memory.url, 100))
    assert desk.memory.state.used < 20


def test_internal_logging_is_stopped_and_keeps_its_records(desk: Desk) -> None:
    desk.memory.port = "sim://pro?id=a&memory=100"
    assert desk.do("stop_logging")
    assert desk.memory.state.mode is LoggingMode.STOPPED
    assert desk.memory.state.used >= 100


def test_meter_is_armed_and_a_recording_of_it_ends(desk: Desk) -> None:
    desk.connect("sim://pro?id=a&speed=20&memory=100")
    changes = Changes(
        interval=5, fields=WVA, full_handling=FullHandling.OVERWRITE, start_internal=True
    )
    url = desk.memory.url
    assert desk.do("arm", changes, Consent(url, 100))
    desk.wait(lambda: not desk.bench.recording, "the end of the recording")
    desk.memory.port = url
    desk.wait(lambda: desk.bench.meter.state == "closed", "closing")
    assert desk.do("refresh")
    state = desk.memory.state
    assert (state.mode, state.interval, state.fields) == (LoggingMode.INTERNAL, 5, WVA)


def test_meter_that_restarts_is_waited_for(desk: Desk) -> None:
    desk.memory.port = "sim://pro?id=a&speed=20&deaf=5&memory=100"
    assert desk.do("restart")
    assert desk.memory.state.used >= 100


def test_closing_in_the_middle_of_a_fetch_leaves_nothing_running(desk: Desk) -> None:
    desk.memory.port = "sim://es?memory=full&speed=1"
    desk.memory.fetch()
    desk.wait(lambda: desk.memory.done > 20, "some records")
    desk.memory.close()
    assert desk.bench.close() == []
