# SPDX-License-Identifier: GPL-3.0-or-later
"""Several meters of one window: names, colours, order, keys, and what fails alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from test_bench import DEADLINE, until

from wattui.measurement.events import MeterInfo
from wattui.model.bench import Bench
from wattui.model.bench_recording import BenchRecording
from wattui.model.main_thread import MainThread
from wattui.model.meter import Meter
from wattui.session import Session

COLOURS = ["#0072b2", "#d55e00", "#009e73", "#9b4f96"]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("WATTUI_DATA", str(tmp_path))
    bench = Bench(colours=COLOURS)
    yield bench
    assert bench.close() == []


def url(number: int, **options: object) -> str:
    more = "".join(f"&{name}={value}" for name, value in options.items())
    return f"sim://pro?load=lamp&speed=50&seed={number}&serial=M{number}{more}"


def ended(bench: Bench) -> None:
    """Disconnect all and wait for the end of the recording."""
    for meter in bench.meters:
        bench.disconnect(meter)
    until(bench, lambda: not bench.recording)
    assert bench.main_thread.join(DEADLINE) == []
    bench.main_thread.drain()


def test_each_new_meter_gets_another_colour(bench: Bench) -> None:
    meters = [bench.add_meter(url(n)) for n in range(3)]
    assert [meter.colour for meter in meters] == COLOURS[:3]
    bench.remove_meter(meters[0])
    assert bench.add_meter(url(4)).colour == COLOURS[0], "the first free one"
    assert bench.meter is meters[1]


def test_names_and_colours_are_known_again_by_the_serial_number(bench: Bench) -> None:
    bench.identities = {url(7): {"name": "server", "colour": "#9b4f96"}}
    meter = bench.add_meter(url(7))
    bench.connect(meter)
    until(bench, lambda: meter.live)
    assert (meter.name, meter.colour) == ("server", "#9b4f96")
    with Session.open(bench.session_path) as session:
        assert session.meters[0].info.name == "server"
        assert "server" in bench.session_path.name


def test_a_new_name_reaches_the_session_and_what_is_remembered(bench: Bench) -> None:
    meter = bench.add_meter(url(1))
    bench.connect(meter)
    until(bench, lambda: meter.live)
    bench.describe(meter, name=" fridge ", colour="#123456")
    count = meter.sample_count
    until(bench, lambda: meter.sample_count > count + 50)
    assert bench.identities[url(1)] == {"name": "fridge", "colour": "#123456"}
    ended(bench)
    with Session.open(bench.session_path) as session:
        (one,) = session.meters
        assert (one.info.name, one.colour) == ("fridge", "#123456")
    bench.describe(meter, name="freezer")
    assert bench.main_thread.join(DEADLINE) == []
    path = bench.session_path
    bench.open_session(path)
    until(bench, lambda: bench.opened)
    assert (bench.meter.name, bench.meter.colour) == ("freezer", "#123456")


def test_two_meters_with_one_name_are_recorded_separately(bench: Bench) -> None:
    same = url(1)
    first, second = bench.add_meter(same), bench.add_meter(same)
    for meter in (first, second):
        bench.connect(meter)
    until(bench, lambda: first.sample_count > 5 and second.sample_count > 5)
    ended(bench)
    assert first.key == same
    assert second.key == f"{same} at {same}"
    with Session.open(bench.session_path) as session:
        counts = {one.info.key: session.count(one.id) for one in session.meters}
    assert counts == {first.key: first.sample_count, second.key: second.sample_count}


def test_adapters_with_the_same_serial_number_get_different_keys() -> None:
    meters = [Meter(), Meter(), Meter()]
    keys = BenchRecording(MainThread(), meters, {}, lambda _marks: None, lambda _status: None)
    infos = [MeterInfo("A8001", f"/dev/ttyUSB{n}") for n in (0, 1, 1)]
    given = [keys.claim(one, info) for one, info in zip(meters, infos, strict=True)]
    assert given == ["A8001", "A8001 at /dev/ttyUSB1", "A8001 at /dev/ttyUSB1 (2)"]
    moved = MeterInfo("A8001", "/dev/ttyUSB7")
    assert keys.claim(meters[1], moved) == given[1], "it stays, wherever it is plugged in"
    following = BenchRecording(MainThread(), meters, {}, lambda _marks: None, lambda _status: None)
    again = [following.claim(one, info) for one, info in zip(meters, infos, strict=True)]
    assert again == given, "they stay in the next recording, in whatever order they connect"
    keys.release(meters[0])
    assert keys.claim(Meter(), moved) == "A8001"


def test_one_that_fails_leaves_the_others_alone(bench: Bench) -> None:
    wanted = [url(1), "/dev/ttyUSB-none", url(2)]
    meters = bench.connect(wanted)
    assert [meter.url for meter in meters] == wanted
    until(bench, lambda: meters[0].live and meters[2].live and meters[1].state == "failed")
    assert bench.recording
    assert "/dev/ttyUSB-none" in meters[1].problem
    assert bench.connect(wanted) == [meters[1]], "those that run are left alone"
    assert len(bench.meters) == 3


def test_a_removed_meter_keeps_its_samples_and_may_come_back(bench: Bench) -> None:
    meters = bench.connect([url(1), url(2)])
    until(bench, lambda: all(meter.live for meter in meters))
    bench.remove_meter(meters[0])
    assert bench.meter is meters[1]
    until(bench, lambda: meters[0].state == "closed")
    assert bench.recording
    again = bench.add_meter(url(1))
    bench.connect(again)
    until(bench, lambda: again.sample_count > 2)
    assert again.key == url(1)
    with Session.open(bench.session_path) as session:
        assert len(session.meters) == 2


def test_removing_the_last_one_ends_the_recording(bench: Bench) -> None:
    (meter,) = bench.connect([url(1)])
    until(bench, lambda: meter.live)
    bench.remove_meter(meter)
    until(bench, lambda: not bench.recording)
    assert bench.meter is None


def test_meters_change_places_and_totals_stay(bench: Bench) -> None:
    meters = [bench.add_meter(url(n)) for n in range(3)]
    bench.move_meter(meters[2], 0)
    assert bench.meters == [meters[2], meters[0], meters[1]]
    bench.move_meter(meters[2], 99)
    assert bench.meters == meters
    for number, meter in enumerate(meters):
        meter.trait_set(energy=float(number), energy_error=0.5)
    assert bench.total_energy == 3.0
    assert bench.total_energy_error == 1.5


@pytest.mark.parametrize("closed", [False, True], ids=["ended", "window closed"])
def test_a_name_given_after_a_meter_was_disconnected_is_in_the_file(closed: bool) -> None:
    """The recording went on with another meter, and the name was lost."""
    bench = Bench()
    urls = ["sim://pro?load=lamp&speed=50&seed=1", "sim://es?load=fridge&speed=50&seed=2"]
    first, second = bench.connect(urls)
    until(bench, lambda: bool(first.sample_count and second.sample_count))
    bench.disconnect(first)
    until(bench, lambda: first.state == "closed")
    bench.describe(first, name="lamp", colour="#123456")
    assert bench.recording
    path = bench.session_path
    if not closed:
        bench.disconnect(second)
        until(bench, lambda: not bench.recording)
    assert bench.close() == []
    with Session.open(path) as session:
        named = {(one.info.name, one.info.colour) for one in session.meters}
        assert not session.interrupted
    assert ("lamp", "#123456") in named
