# SPDX-License-Identifier: GPL-3.0-or-later
"""What a mean is worth, against tables and closed forms."""

from __future__ import annotations

import importlib.util
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.benchmark.code_measurement import measure
from wattui.benchmark.worth import (
    compare,
    estimate,
    find_outlier,
    first_differs,
    runs_needed,
    t_probability,
    t_quantile,
)
from wattui.errors import PackageMissing


@pytest.mark.parametrize(
    ("probability", "degrees", "quantile"),
    [(0.975, 1, 12.706), (0.975, 4, 2.776), (0.975, 29, 2.045), (0.995, 9, 3.250)],
)
def test_quantiles_are_those_of_the_tables(
    probability: float, degrees: int, quantile: float
) -> None:
    assert t_quantile(probability, degrees) == pytest.approx(quantile, abs=6e-4)
    assert t_probability(quantile, degrees) == pytest.approx(2 * (1 - probability), rel=2e-3)
    assert t_quantile(0.975, math.inf) == pytest.approx(1.96, abs=1e-4)


def test_the_interval_is_students() -> None:
    found = estimate([30.02, 29.99, 30.11, 29.97, 30.01, 29.99])
    assert found.mean == pytest.approx(30.015)
    assert found.half_width == pytest.approx(2.5706 * found.spread / math.sqrt(6), rel=1e-4)


def test_what_all_runs_share_is_not_reduced_by_repeats() -> None:
    alone = estimate([10.0, 10.1] * 500)
    found = estimate([10.0, 10.1] * 500, shared=0.25)
    assert alone.half_width < 0.01
    assert found.half_width == pytest.approx(1.96 * 0.5, rel=0.01)


def test_one_run_has_no_interval() -> None:
    found = estimate([10.0])
    assert found.mean == 10.0
    assert math.isnan(found.spread)
    assert found.half_width == math.inf
    compared = compare(found, estimate([20.0]))
    assert compared.ratio == 0.5
    assert (compared.low, compared.high) == (-math.inf, math.inf)
    assert not compared.is_clear


def test_welchs_test_is_that_of_the_textbook() -> None:
    """Values from Welch's example, computed with R's t.test."""
    first = [27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7]
    second = [27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 20.5]
    found = compare(estimate([*first, 21.4]), estimate([*second, 24.4]))
    assert found.probability == pytest.approx(0.021378, abs=1e-5)


@given(scale=st.floats(0.1, 100.0), noise=st.floats(0.001, 0.05))
def test_the_interval_of_a_ratio_is_fiellers(scale: float, noise: float) -> None:
    first = estimate([scale * (1 + one) for one in (-noise, 0.0, noise)])
    second = estimate([2 * scale * (1 + one) for one in (-noise, 0.0, noise)])
    found = compare(first, second)
    assert found.ratio == pytest.approx(0.5)
    assert found.low < 0.5 < found.high
    # The ends solve (a - r b)^2 = t^2 (Va + r^2 Vb).
    t = found.half_width / math.sqrt(first.variance + second.variance)
    for end in (found.low, found.high):
        left = (first.mean - end * second.mean) ** 2
        right = t**2 * (first.variance + end**2 * second.variance)
        assert left == pytest.approx(right, rel=1e-6)


def test_a_ratio_to_nothing_has_no_ends() -> None:
    found = compare(estimate([10.0, 11.0, 9.0]), estimate([-1.0, 1.0, 0.2]))
    assert (found.low, found.high) == (-math.inf, math.inf)


def test_what_both_commands_share_cancels_in_their_difference() -> None:
    runs = [10.0, 10.1, 9.9], [10.6, 10.7, 10.5]
    apart = compare(estimate(runs[0], 1.0), estimate(runs[1], 1.0))
    together = compare(estimate(runs[0], 1.0), estimate(runs[1], 1.0), covariance=1.0)
    assert not apart.is_clear
    assert together.is_clear


def test_identical_runs_differ_clearly_or_not_at_all() -> None:
    same = estimate([10.0, 10.0])
    assert compare(same, same).probability == 1.0
    assert compare(same, estimate([11.0, 11.0])).is_clear


def test_the_runs_that_are_needed_would_show_the_difference() -> None:
    """In four of five attempts, by simulation."""
    needed = runs_needed(1.0, 0.8, 1.2)
    assert needed is not None
    draw = np.random.default_rng(4)
    found = [
        compare(
            estimate(draw.normal(10.0, 0.8, needed)), estimate(draw.normal(11.0, 1.2, needed))
        ).is_clear
        for _ in range(400)
    ]
    assert np.mean(found) == pytest.approx(0.8, abs=0.07)
    assert runs_needed(0.0, 1.0, 1.0) is None
    assert runs_needed(1e-6, 1.0, 1.0) is None
    assert runs_needed(0.1, 1.0, 1.0) == pytest.approx(1571, abs=2)


def test_false_alarms_are_rare() -> None:
    draw = np.random.default_rng(5)
    series = draw.normal(100.0, 1.0, (2000, 8))
    assert np.mean([find_outlier(one) is not None for one in series]) < 0.02
    assert np.mean([first_differs(one) for one in series]) < 0.02


def test_a_missing_scipy_is_reported_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(PackageMissing) as caught, measure("sim://pro?speed=60"):
        pass
    assert "wattui-headless[measure]" in caught.value.hint
