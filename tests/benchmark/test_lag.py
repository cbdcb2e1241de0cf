# SPDX-License-Identifier: GPL-3.0-or-later
"""The lag of a meter: found with a square wave, remembered for the meter."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from wattui.benchmark import lag as lags
from wattui.benchmark.lag import LagNotFound, find_lag, lag_of, remember_lag, switch_load
from wattui.benchmark.method import ASSUMED_LAG, Lag, RecordArrays, Window

LOADS = [Window(7.0 + 12.1 * n, 12.3 + 12.1 * n + 0.17 * n) for n in range(6)]


def records(lag: float, watts: float, noise: float, seed: int, phase: float = 0.3) -> RecordArrays:
    draw = np.random.default_rng(seed)
    times = np.arange(1.0, 90.0) + phase
    power = np.full(len(times), 60.0)
    for one in LOADS:
        overlap = np.minimum(times - lag, one.stop) - np.maximum(times - 1 - lag, one.start)
        power += watts * np.clip(overlap, 0.0, 1.0)
    return RecordArrays.of(times, 1.0, power + draw.normal(0.0, noise, len(times)))


@pytest.mark.parametrize("lag", [0.0, 0.77, 2.41, 3.2, 5.0])
def test_the_lag_is_found_to_a_tenth_of_a_second(lag: float) -> None:
    found = find_lag(records(lag, 40.0, 0.5, 1), LOADS)
    assert found.lag.seconds == pytest.approx(lag, abs=0.1)
    assert found.lag.source == "found"
    assert found.watts == pytest.approx(40.0, abs=0.5)


def test_the_uncertainty_contains_the_lag() -> None:
    inside = 0
    for seed in range(20):
        found = find_lag(records(2.4, 6.0, 1.5, seed, seed / 20), LOADS).lag
        inside += abs(found.seconds - 2.4) <= found.uncertainty
    assert inside >= 18


def test_a_load_that_is_not_visible_is_an_error() -> None:
    with pytest.raises(LagNotFound, match="not visible"):
        find_lag(records(2.4, 0.2, 1.0, 1), LOADS)
    with pytest.raises(LagNotFound, match="too few"):
        find_lag(RecordArrays.of([1.0, 2.0], 1.0, [1.0, 1.0]), LOADS)


def test_a_lag_is_remembered_for_its_meter() -> None:
    assert lag_of("A80012") == ASSUMED_LAG
    remember_lag("A80012", Lag(2.31, 0.3, "found"))
    path = remember_lag("A80013", Lag(2.9, 0.4, "found"))
    assert lag_of("A80012") == Lag(2.31, 0.3, "found")
    assert lag_of("A80014") == ASSUMED_LAG
    for text in ("nonsense", "[]", '{"A80012": {"seconds": 900, "uncertainty": 1}}'):
        path.write_text(text)
        assert lag_of("A80012") == ASSUMED_LAG


def test_a_load_is_switched_at_the_meter(
    moved: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    meter = moved.MovedMeter(moved.Machine(lag=2.7, noise=0.2), np.random.default_rng(1))
    monkeypatch.setattr(lags, "start_group", lambda _words: meter.switch(30.0))
    monkeypatch.setattr(lags, "end_group", lambda _process: meter.switch(0.0))
    cycles: list[int] = []
    found = switch_load(meter, ["load"], cycles.append)
    assert found.lag.seconds == pytest.approx(2.7, abs=0.1)
    assert found.watts == pytest.approx(30.0, abs=0.5)
    assert cycles == [1, 2, 3, 4, 5, 6]
