# SPDX-License-Identifier: GPL-3.0-or-later
"""The method against closed forms: edges, repeats, drift, subtraction, lag."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wattui.benchmark.method import (
    ASSUMED_LAG,
    Lag,
    RecordArrays,
    Window,
    above_limit,
    constant_idle,
    edge_error,
    fit_idle,
    gross_limit,
    run_energy,
)
from wattui.measurement.energy import energy_error_wh


def records(
    runs: list[Window],
    watts: float,
    *,
    idle: float = 40.0,
    drift: float = 0.0,
    lag: float = 0.0,
    phase: float = 0.0,
    length: float = 200.0,
) -> RecordArrays:
    """Return exact records, one per second: each is the mean power of its second."""
    ends = np.arange(1.0, length) + phase
    power = idle + drift * (ends - 0.5 - lag)
    for run in runs:
        overlap = np.minimum(ends - lag, run.stop) - np.maximum(ends - 1 - lag, run.start)
        power = power + watts * np.clip(overlap, 0.0, 1.0)
    return RecordArrays.of(ends, 1.0, power)


spans = st.tuples(st.floats(50.0, 60.0), st.floats(0.05, 40.0)).map(
    lambda pair: Window(pair[0], pair[0] + pair[1])
)
QUIET = [Window(5.0, 45.0), Window(110.0, 150.0)]


@given(run=spans, watts=st.floats(0.1, 300.0), phase=st.floats(0.0, 1.0), lag=st.floats(0.0, 3.0))
@settings(deadline=None)
def test_edges_of_a_run_cost_nothing(run: Window, watts: float, phase: float, lag: float) -> None:
    found = records([run], watts, phase=phase, lag=lag)
    known = Lag(lag, 0.3)
    idle = fit_idle(found, QUIET, known)
    assert idle is not None
    energy = run_energy(found, run, idle, known)
    assert energy.above == pytest.approx(watts * run.duration, rel=1e-9, abs=1e-6)
    assert energy.gross == pytest.approx((watts + 40.0) * run.duration, rel=1e-9, abs=1e-6)
    assert energy.missing == 0.0


@given(run=spans, error=st.floats(-1.0, 1.0), drift=st.floats(-0.05, 0.05))
@settings(deadline=None)
def test_a_lag_that_is_wrong_within_its_uncertainty_changes_nothing(
    run: Window, error: float, drift: float
) -> None:
    found = records([run], 80.0, lag=ASSUMED_LAG.seconds + error, drift=drift)
    idle = fit_idle(found, QUIET, ASSUMED_LAG)
    assert idle is not None
    energy = run_energy(found, run, idle, ASSUMED_LAG)
    assert energy.above == pytest.approx(80.0 * run.duration, abs=1e-6)
    edge = edge_error(found, [run], idle, Lag(2.5 + error, 0.2), [1])
    assert edge == pytest.approx(0.0, abs=1e-6)


def test_a_lag_that_is_wrong_by_more_shows_in_the_error_of_the_edges() -> None:
    run = Window(50.0, 60.0)
    found = records([run], 80.0, lag=6.0)
    idle = constant_idle(40.0)
    assert run_energy(found, run, idle, Lag(2.5, 0.5)).above == pytest.approx(80.0 * 7.0)
    assert edge_error(found, [run], idle, Lag(2.5, 0.5), [1]) == pytest.approx(80.0)


@given(
    drift=st.floats(-0.1, 0.1),
    level=st.floats(0.0, 200.0),
    starts=st.lists(st.integers(60, 170), min_size=1, max_size=5, unique=True),
)
@settings(deadline=None)
def test_a_linear_drift_cancels(drift: float, level: float, starts: list[int]) -> None:
    runs = [Window(start + 0.3, start + 0.9) for start in starts]
    found = records(runs, 50.0, idle=level, drift=drift, length=260.0)
    quiet = [Window(5.0, 45.0), Window(190.0, 240.0)]
    idle = fit_idle(found, quiet, Lag(0.0, 0.0))
    assert idle is not None
    assert idle.slope == pytest.approx(drift, abs=1e-9)
    assert idle.last - idle.first == pytest.approx(drift * 190.0, abs=1e-6)
    for run in runs:
        energy = run_energy(found, run, idle, Lag(0.0, 0.0))
        assert energy.above == pytest.approx(30.0, abs=1e-6)
        expected = 30.0 + 0.6 * (level + drift * (run.start + 0.3))
        assert energy.gross == pytest.approx(expected, abs=1e-6)


@given(count=st.integers(1, 500), run=spans)
@settings(deadline=None)
def test_repeats_within_a_run_are_divided_out(count: int, run: Window) -> None:
    found = records([run], 70.0)
    once = run_energy(found, run, constant_idle(40.0), ASSUMED_LAG)
    each = run_energy(found, run, constant_idle(40.0), ASSUMED_LAG, count)
    assert each.above * count == pytest.approx(once.above)
    assert each.gross * count == pytest.approx(once.gross)
    assert each.duration * count == pytest.approx(run.duration)
    assert each.power == pytest.approx(once.power)


def test_the_error_of_the_idle_level_is_that_of_a_mean_and_of_a_line() -> None:
    """The closed forms: s/sqrt(n), and those of a straight line at its ends."""
    draw = np.random.default_rng(1)
    power = 40.0 + draw.normal(0.0, 0.5, 100)
    found = RecordArrays.of(np.arange(1.0, 101.0), 1.0, power)
    level = fit_idle(found, [Window(0.0, 100.0)], Lag(0.0, 0.0))
    assert level is not None
    assert level.level == pytest.approx(power.mean())
    assert level.noise == pytest.approx(power.std(ddof=1))
    assert level.covariance[0, 0] == pytest.approx(power.var(ddof=1) / 100)
    line = fit_idle(found, [Window(0.0, 50.0), Window(50.0, 100.0)], Lag(0.0, 0.0))
    assert line is not None
    times = np.arange(0.5, 100.0)
    expected, covariance = np.polyfit(times - 50.0, power, 1, cov=True)
    assert line.slope == pytest.approx(expected[0])
    assert line.covariance[1, 1] == pytest.approx(covariance[0, 0], rel=1e-3)
    weights = line.weights(np.array([100.0]), np.array([10.0]))
    assert line.energy(weights) == pytest.approx(10.0 * np.polyval(expected, 45.0))


def test_noise_that_is_alike_from_record_to_record_makes_the_idle_level_less_certain() -> None:
    draw = np.random.default_rng(2)
    noise = draw.normal(0.0, 0.5, 400)
    alike = np.copy(noise)
    for place in range(1, len(alike)):
        alike[place] += 0.7 * alike[place - 1]
    window = [Window(0.0, 400.0)]
    errors = []
    for one in (noise * alike.std() / noise.std(), alike):
        level = fit_idle(RecordArrays.of(np.arange(1.0, 401.0), 1.0, one), window, Lag(0.0, 0.0))
        assert level is not None
        errors.append(level.covariance[0, 0] ** 0.5)
    assert errors[1] / errors[0] == pytest.approx((1.7 / 0.3) ** 0.5, rel=0.15)


def test_quiet_spans_off_the_line_make_the_idle_level_less_certain() -> None:
    """A level that wanders up and back is not a line, and the error says so."""
    draw = np.random.default_rng(3)
    times = np.arange(1.0, 301.0)
    noise = draw.normal(0.0, 0.1, 300)
    spans = [Window(start, start + 30.0) for start in range(0, 300, 60)]
    quiet = fit_idle(RecordArrays.of(times, 1.0, 40 + noise), spans, Lag(0.0, 0.0))
    wandering = 40 + noise + 2 * np.sin(times / 300 * np.pi)
    bent = fit_idle(RecordArrays.of(times, 1.0, wandering), spans, Lag(0.0, 0.0))
    assert quiet is not None
    assert bent is not None
    assert bent.covariance[0, 0] > 50 * quiet.covariance[0, 0]


def test_missing_records_are_noticed_and_are_not_energy() -> None:
    run = Window(50.0, 60.0)
    whole = records([run], 80.0)
    hole = ~((whole.time > 53.5) & (whole.time < 56.5))
    torn = RecordArrays(whole.time[hole], whole.interval[hole], whole.power[hole])
    known = Lag(0.0, 0.0)
    energy = run_energy(torn, run, constant_idle(40.0), known)
    assert energy.missing == pytest.approx(3.0)
    assert energy.above == pytest.approx(80.0 * 7.0)
    late = RecordArrays(whole.time[:55], whole.interval[:55], whole.power[:55])
    assert run_energy(late, run, constant_idle(40.0), known).missing == pytest.approx(5.0)
    empty = RecordArrays.of([], 1.0, [])
    assert run_energy(empty, run, constant_idle(40.0), known).missing == pytest.approx(10.0)
    unknown = np.where(hole, whole.power, np.nan)
    blank = RecordArrays(whole.time, whole.interval, unknown)
    assert run_energy(blank, run, constant_idle(40.0), known).missing == pytest.approx(3.0)


def test_there_is_no_idle_level_without_quiet_records() -> None:
    found = records([], 0.0)
    assert fit_idle(found, [], ASSUMED_LAG) is None
    assert fit_idle(found, [Window(10.0, 12.0)], ASSUMED_LAG) is None


def test_the_limits_are_those_of_the_manual() -> None:
    assert gross_limit(3600.0, 60.0) == pytest.approx(3600 * energy_error_wh(1.0, 60.0))
    assert above_limit(100.0, 500.0, 10.0) == pytest.approx(0.015 * (500 + 400) + 6.0)
    assert above_limit(100.0, 500.0, 10.0, constant=True) == pytest.approx(1.5)
