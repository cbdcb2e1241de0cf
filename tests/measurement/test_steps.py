# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps in the power of loads whose steps are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wattui.formats.import_files import import_files
from wattui.formats.reading.source import Assumptions
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.steps import CONTEXT, WINDOW, PowerStep, find_steps, steps_after
from wattui.session import Session
from wattui.simulator.loads import find_load

CAPTURES = Path(__file__).parents[3] / "shared" / "samples"


def records(power: np.ndarray) -> np.ndarray:
    """Return records one second apart of a power in W, (n, 4)."""
    found = np.zeros((len(power), 4), np.int64)
    found[:, 0] = np.arange(1, len(power) + 1) * MICROSECONDS
    found[:, 1] = MICROSECONDS
    found[:, 3] = np.rint(np.asarray(power) * 10)
    return found


def load(name: str, count: int, seed: int = 0) -> np.ndarray:
    demand = find_load(name, seed=seed)
    return records(np.array([demand.reading(float(second)).power for second in range(count)]))


def seconds(steps: list[tuple[int, PowerStep]]) -> list[int]:
    return [step.time_us // MICROSECONDS for _, step in steps]


def test_a_fridge_steps_when_its_compressor_starts_and_stops() -> None:
    """The inrush is part of the step, and the power that decays while it runs is none."""
    found = find_steps(load("fridge", 9_000))
    on = [step for _, step in found if step.change_w > 0]
    off = [step for _, step in found if step.change_w < 0]
    assert [step.time_us // MICROSECONDS for step in on] == [15, 2_715, 5_415, 8_115]
    assert [len(found), len(off)] == [7, 3]
    for step in on:
        assert step.before_w == pytest.approx(1.4, abs=0.1)
        assert step.after_w == pytest.approx(110, abs=1)
    for start, step in zip(on, off, strict=False):
        assert 800 <= (step.time_us - start.time_us) / MICROSECONDS <= 1_200
        assert step.before_w == pytest.approx(96.3, abs=0.5)


@pytest.mark.parametrize("name", ["lamp", "idle", "noise"])
def test_loads_that_wander_or_only_scatter_have_no_steps(name: str) -> None:
    for seed in range(3):
        assert find_steps(load(name, 6_000, seed)) == []


def test_a_charger_steps_once_per_cycle() -> None:
    """It falls slowly, in which there is no step, and starts again."""
    assert seconds(find_steps(load("charger", 10_000))) == [9_000]


def test_steps_of_a_desktop_are_between_its_levels() -> None:
    found = find_steps(load("desktop", 2_000))
    levels = np.array([61.0, 64.0, 78.0, 112.0, 168.0, 236.0])
    assert 50 <= len(found) <= 83
    for _, step in found:
        assert np.abs(levels - step.after_w).min() < 8


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.6), (0.5, 1.5), (60.0, 63.0), (1000.0, 1040.0)])
def test_a_step_beyond_the_limit_of_error_is_found_where_it_is(low: float, high: float) -> None:
    up = records(np.array([low] * 50 + [high] * 50))
    assert seconds(find_steps(up)) == [50]
    ((place, step),) = find_steps(records(np.array([high] * 30 + [low] * 50)))
    assert (place, step.time_us) == (30, 30 * MICROSECONDS)
    assert (step.before_w, step.after_w) == (high, low)
    assert step.change_w == pytest.approx(low - high)


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.3), (100.0, 101.0), (1000.0, 1010.0)])
def test_a_step_within_the_limit_of_error_is_none(low: float, high: float) -> None:
    assert find_steps(records(np.array([low] * 50 + [high] * 50))) == []


def test_noise_takes_its_own_size_to_step_over() -> None:
    chance = np.random.default_rng(1)
    noise = chance.uniform(-10, 10, 400)
    levels = np.repeat([100.0, 150.0, 160.0, 100.0], 100)
    assert seconds(find_steps(records(levels + noise))) == [100, 300]


def test_nothing_is_concluded_across_a_long_gap() -> None:
    table = records(np.array([5.0] * 50 + [80.0] * 50))
    for length, expected in ((WINDOW, 1), (WINDOW + 1, 0)):
        torn = table.copy()
        torn[50:, 0] += length * MICROSECONDS
        torn[50, 2] = length * MICROSECONDS
        assert len(find_steps(torn)) == expected
    # The gap is between the two, and the time of the step is its end.
    torn[50, 2] = 5 * MICROSECONDS
    assert find_steps(torn)[0][1].time_us == torn[50, 0] - MICROSECONDS


@pytest.mark.parametrize("size", [1, 7, 40, 333, 5_000])
def test_steps_do_not_depend_on_how_the_records_are_read(size: int) -> None:
    table = load("desktop", 3_000)
    whole = [step for _, step in find_steps(table)]

    def read(after: int) -> np.ndarray:
        first = int(np.searchsorted(table[:, 0], after, side="right"))
        return table[first : first + size]

    assert list(steps_after(read, table[:0], 0)) == whole
    middle = 1_234
    found = list(steps_after(read, table[middle - CONTEXT : middle], int(table[middle - 1, 0])))
    assert found == [step for step in whole if step.time_us > table[middle - 1, 0]]


@pytest.mark.parametrize(("name", "expected"), [("fan.raw", [10, 24]), ("iphone4.raw", [64])])
def test_steps_of_a_real_meter(name: str, expected: list[int], tmp_path: Path) -> None:
    """A fan is switched on and then up; a telephone is plugged in, and charges less and less."""
    if not (CAPTURES / name).exists():
        pytest.skip("no capture of a real meter here")
    import_files([CAPTURES / name], tmp_path / "a.wattui", Assumptions(interval=1.0))
    with Session.open(tmp_path / "a.wattui") as session:
        ends = session.span_us()
        assert ends is not None
        found = [(step.time_us - ends[0]) / MICROSECONDS for step in session.steps(1)]
    assert found == expected
