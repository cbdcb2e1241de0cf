# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps, gaps and cycles found in a session, on both sides of any time."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest
from session_samples import BEGIN, METER, OTHER, record, sample

from wattui.errors import UnknownMeter
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.sample import Sample
from wattui.session import BulkWriter, Session, search
from wattui.session.search import Gap
from wattui.simulator.loads import find_load

SECOND = MICROSECONDS


def load(name: str, count: int) -> list[Sample]:
    demand = find_load(name)
    return [
        sample(second + 1, round(10 * demand.reading(float(second)).power))
        for second in range(count)
    ]


@pytest.fixture(scope="module")
def fridge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    path = tmp_path_factory.mktemp("search") / "fridge.wattui"
    with BulkWriter(path) as writer:
        writer.add_samples(METER, load("fridge", 9_000))
        writer.add_samples(OTHER, [sample(n + 1) for n in range(100)])
    with Session.open(path) as session:
        yield session


def at(*seconds: float) -> list[int]:
    return [BEGIN + round(one * SECOND) for one in seconds]


@pytest.fixture(params=[50, 20_000])
def _chunk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_CHUNK", request.param)


@pytest.mark.usefixtures("_chunk")
def test_steps_of_a_fridge_from_one_to_the_next(fridge: Session) -> None:
    found = [step.time_us for step in fridge.steps(1)]
    assert found[::2] == at(15, 2_715, 5_415, 8_115)
    assert len(found) == 7
    time, walked = BEGIN, []
    while (step := fridge.next_step(1, time)) is not None:
        time = step.time_us
        walked.append(time)
    assert walked == found
    time, walked = BEGIN + 10_000 * SECOND, []
    while (step := fridge.next_step(1, time, back=True)) is not None:
        time = step.time_us
        walked.append(time)
    assert walked == found[::-1]
    # A part has the steps of the whole that lie in it.
    assert [step.time_us for step in fridge.steps(1, found[1], found[4])] == found[2:5]
    assert next(fridge.steps(1)).change_w == pytest.approx(108.5, abs=1)


def test_the_parts_between_steps_are_spans_with_their_power(fridge: Session) -> None:
    parts = list(fridge.steady(1))
    assert [part.name for part in parts[:4]] == ["1.4 W", "96.1 W", "1.4 W", "96.2 W"]
    assert parts[0].start_us == BEGIN
    assert parts[-1].stop_us == BEGIN + 9_000 * SECOND
    assert all(a.stop_us == b.start_us for a, b in pairwise(parts))
    energies = [fridge.statistics(1, part.start_us, part.stop_us).energy_wh for part in parts]
    assert sum(energies) == pytest.approx(fridge.statistics(1).energy_wh)
    assert {part.kind for part in parts} == {"steady"}
    # Each holds one level: what is left is the decay of the compressor.
    spread = fridge.distribution(1, "power", parts[2].start_us, parts[2].stop_us)
    assert spread.quantile(1) < 2
    (whole,) = fridge.steady(2)
    assert (whole.start_us, whole.stop_us, whole.meter_id) == (*fridge.span_us([2]), 2)


@pytest.mark.usefixtures("_chunk")
def test_cycles_are_those_that_are_counted(fridge: Session) -> None:
    for span in ((None, None), at(100, 3_000), at(15.5, 16.5), at(1_500, 2_000)):
        found = list(fridge.cycles(1, 50.0, *span))
        on_off = fridge.load(1, 50.0, *span)
        assert len(found) == on_off.cycles
        assert sum(one.length_s for one in found) == pytest.approx(on_off.on_s)
        for one in found:
            inside = fridge.load(1, 50.0, one.start_us, one.stop_us)
            assert (inside.off_s, inside.cycles) == (0, 1)
    names = [one.name for one in islice(fridge.cycles(1, 50.0), 2)]
    assert names == ["Cycle 1", "Cycle 2"]


def test_idle_level_and_threshold_of_a_fridge(fridge: Session) -> None:
    spread = fridge.distribution(1, "power")
    assert spread.idle == 1.4
    assert 40 < spread.threshold < 60
    assert spread.on_off(spread.threshold).cycles == 4
    # A single level, and values from one end to the other, are not two levels.
    assert np.isnan(fridge.distribution(2, "power").threshold)
    assert fridge.distribution(2, "power").idle == 42.3
    assert np.isnan(fridge.distribution(1, "power", *at(100, 900)).threshold)
    assert np.isnan(fridge.distribution(1, "power", 0, 1).threshold)


def test_gaps_before_and_after_any_time(tmp_path: Path) -> None:
    samples = [sample(n) for n in (1, 2, 3)]
    samples += [sample(20, gap=16), sample(21), sample(50, gap=28), sample(51)]
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        first, second = Gap(*at(3, 19)), Gap(*at(21, 49))
        assert session.next_gap(1, BEGIN) == first
        assert session.next_gap(1, first.start_us) == second
        assert session.next_gap(1, second.start_us) is None
        assert session.next_gap(1, BEGIN + 100 * SECOND, back=True) == second
        assert session.next_gap(1, second.stop_us, back=True) == first
        assert session.next_gap(1, first.stop_us, back=True) is None


def test_records_without_a_power_are_passed_over(tmp_path: Path) -> None:
    samples = [sample(n + 1, 50 if n < 40 else 900) for n in range(80)]
    samples[20] = Sample(samples[20].time_us, SECOND, (None,) * 18)
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        assert [step.time_us for step in session.steps(1)] == at(40)
        assert [(one.start_us, one.stop_us) for one in session.cycles(1, 60.0)] == [
            tuple(at(40, 80))
        ]


def test_an_unknown_meter_is_named(fridge: Session) -> None:
    for search_ in (
        lambda: list(fridge.steps(7)),
        lambda: list(fridge.cycles(7, 1.0)),
        lambda: fridge.next_step(7, 0),
        lambda: fridge.next_gap(7, 0),
    ):
        with pytest.raises(UnknownMeter):
            search_()
