# SPDX-License-Identifier: GPL-3.0-or-later
"""Another meter at the port of a known one, whose adapter has no serial number."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from wattui.client import ClientState, MeterClient, Timing
from wattui.measurement.events import EventKind
from wattui.model.bench import Bench
from wattui.model.meter import Meter
from wattui.session import Session

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ptys of POSIX")

DEADLINE = 20.0
EAGER = Timing(retry_first=0.02, retry_last=0.1)

PRO = "sim://pro?load=lamp&speed=20"
ES = "sim://es?load=lamp&speed=20"


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WATTUI_DATA", str(tmp_path))
    return tmp_path


def eager_meter(**traits: object) -> Meter:
    """Return a meter that tries again soon."""

    def client(url: str, **options: object) -> MeterClient:
        return MeterClient(url, timing=EAGER, **options)  # type: ignore[arg-type]

    return Meter(make_client=client, **traits)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench(make_meter=eager_meter, colours=["#111111", "#222222", "#333333"])
    yield bench
    assert bench.close() == []


def until(bench: Bench, condition: Callable[[], bool]) -> None:
    """Run the main thread until the condition holds."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        bench.main_thread.wait_for_post(0.1)
        bench.main_thread.drain()


class Desk:
    """A port where one meter after the other is plugged in."""

    def __init__(self, link: Path) -> None:
        self.port = str(link)
        self._link = link
        self._server = None

    def plug(self, url: str) -> None:
        from wattui.simulator.pty_server import PtyServer
        from wattui.simulator.sim_url import meter_from_url

        self.unplug()
        self._server = PtyServer([meter_from_url(url)], [self._link])

    def unplug(self) -> None:
        if self._server is not None:
            self._server.stop()
        self._server = None


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "port")
    yield desk
    desk.unplug()


def recorded(bench: Bench, desk: Desk, url: str, name: str = "") -> Meter:
    """Plug a meter in, connect it, and wait for some of its samples."""
    desk.plug(url)
    (meter,) = bench.connect(desk.port, names=[name])
    until(bench, lambda: meter.sample_count > 3)
    return meter


def test_another_meter_at_the_same_path_got_the_name_of_the_first(bench: Bench, desk: Desk) -> None:
    first = recorded(bench, desk, PRO, "fridge")
    desk.plug(ES)
    until(bench, lambda: len(bench.meters) == 2)
    second = bench.meters[1]
    until(bench, lambda: second.sample_count > 3 and first.state == "closed")
    assert (first.name, first.model) == ("fridge", "PRO")
    assert (second.name, second.model) == ("", "PRO ES")
    assert first.colour != second.colour
    assert bench.meter is second
    assert bench.recording
    port = desk.port
    reported = f"Another meter answers at {port}: PRO ES 3.14 instead of PRO 3.14"
    assert bench.other_meter == reported
    bench.disconnect(second)
    until(bench, lambda: not bench.recording)
    assert bench.main_thread.join(DEADLINE) == []
    assert bench.session_path is not None
    with Session.open(bench.session_path) as session:
        labels = {meter.id: meter.info.label for meter in session.meters}
        assert list(labels.values()) == ["fridge", f"PRO ES {port}"]
        (note,) = session.events([EventKind.NOTE])
        assert labels[note.meter_id or 0] == "fridge"
        assert note.event.text == f"{reported}; it is recorded as a meter of its own"
        counts = [session.count(meter) for meter in labels]
    assert counts == [first.sample_count, second.sample_count]


def test_the_first_meter_gets_its_row_again_when_it_is_back(bench: Bench, desk: Desk) -> None:
    first = recorded(bench, desk, PRO)
    desk.plug(ES)
    until(bench, lambda: len(bench.meters) == 2 and bench.meters[1].sample_count > 3)
    before = first.sample_count
    desk.plug(PRO)
    until(bench, lambda: first.sample_count > before)
    assert len(bench.meters) == 2
    until(bench, lambda: bench.meters[1].state == "closed")
    assert bench.meter is first


def test_the_same_meter_that_is_plugged_in_again_stays_the_same(bench: Bench, desk: Desk) -> None:
    meter = recorded(bench, desk, PRO)
    desk.unplug()
    until(bench, lambda: meter.state == "lost")
    desk.plug(PRO)
    until(bench, lambda: meter.state == "running")
    assert bench.meters == [meter]
    assert bench.other_meter == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PRO, f"{PRO}&firmware=old&serial=B7"),
        ("sim://net?speed=20&serial=N1", "sim://net?speed=20&serial=N2"),
    ],
    ids=["firmware", "hardware address"],
)
def test_two_meters_of_one_model_have_rows_and_names_of_their_own(
    bench: Bench, desk: Desk, before: str, after: str
) -> None:
    first = recorded(bench, desk, before)
    desk.plug(after)
    until(bench, lambda: len(bench.meters) == 2 and bench.meters[1].sample_count > 3)
    assert bench.meters[0] is first
    assert first.key != bench.meters[1].key
    assert first.label != bench.meters[1].label


def test_a_meter_exchanged_between_stop_and_connect_is_another_one(
    bench: Bench, desk: Desk
) -> None:
    first = recorded(bench, desk, PRO, "fridge")
    bench.disconnect(first)
    until(bench, lambda: not bench.recording)
    desk.plug(ES)
    bench.connect(first)
    until(bench, lambda: bool(bench.meter) and bench.meter.sample_count > 3)
    (second,) = bench.meters
    assert second is not first
    assert (second.name, second.model) == ("", "PRO ES")
    assert "PRO ES" in bench.other_meter
    assert bench.session_path is not None
    with Session.open(bench.session_path) as session:
        assert [meter.info.model for meter in session.meters] == ["PRO ES"]


def test_a_remembered_name_is_not_given_to_another_model_at_its_port(
    bench: Bench, desk: Desk
) -> None:
    first = recorded(bench, desk, PRO)
    bench.describe(first, name="fridge")
    bench.disconnect(first)
    until(bench, lambda: not bench.recording)
    bench.close_session()
    second = recorded(bench, desk, ES)
    assert second.name == ""
    bench.disconnect(second)
    until(bench, lambda: not bench.recording)
    bench.close_session()
    assert recorded(bench, desk, PRO).name == "fridge"


def test_a_meter_without_a_bench_says_so_and_takes_the_other_at_the_next_attempt(
    desk: Desk,
) -> None:
    meter = eager_meter(url=desk.port)
    desk.plug(PRO)
    meter.connect()
    deadline = time.monotonic() + DEADLINE
    while not meter.live:
        assert time.monotonic() < deadline
    desk.plug(ES)
    while meter.state != ClientState.FAILED:
        assert time.monotonic() < deadline
    assert meter.problem.startswith("Another meter answers at ")
    assert meter.hint == "Connect again to record it as a meter of its own."
    meter.connect()
    while not (meter.live and meter.model == "PRO ES"):
        assert time.monotonic() < deadline
    meter.disconnect()
