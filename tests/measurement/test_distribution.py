# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a field had which value: closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.distribution import Distribution, joined


def even(low: int, high: int, each: int = MICROSECONDS) -> Distribution:
    """Return a power that has every value from *low* to *high* on the wire for equally long."""
    wire = np.arange(low, high + 1)
    return Distribution("power", wire, np.ones_like(wire), np.full_like(wire, each))


def test_quantiles_of_an_even_distribution() -> None:
    found = even(1, 100)
    assert [found.quantile(share) for share in (0, 0.05, 0.5, 0.95, 1)] == [0.1, 0.5, 5.0, 9.5, 10]
    assert found.median == 5.0
    assert found.mean == pytest.approx(5.05)
    assert found.std == pytest.approx(math.sqrt((100**2 - 1) / 12) / 10)
    assert found.integral == pytest.approx(505.0)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_from_0_to_1(share: float) -> None:
    with pytest.raises(ValueError, match="not a share"):
        even(1, 10).quantile(share)


def test_a_year_at_a_tie_is_not_rounded_over_it() -> None:
    """The median of two loads that run for equally long is the lower one, also for years."""
    for each in (1, 7, 31_536_000_000_000):
        found = Distribution("power", np.array([1, 2]), np.array([1, 1]), np.array([each, each]))
        assert found.median == 0.1
        assert found.quantile(0.5 + 1e-9 if each > 10 else 0.6) == 0.2


def test_a_sum_that_does_not_fit_into_64_bits() -> None:
    century = 100 * 365 * 86400 * MICROSECONDS
    found = Distribution("power", np.array([5_000_000]), np.array([1]), np.array([century]))
    assert found.integral == 500_000.0 * century / MICROSECONDS
    assert (found.mean, found.std) == (500_000.0, 0.0)


def test_the_bars_of_a_histogram_have_equally_many_steps_of_the_meter() -> None:
    for count in (1, 7, 40, 100, 1000):
        edges, seconds = even(200, 1199).histogram(count)
        assert len(seconds) <= count
        assert np.allclose(np.diff(edges), edges[1] - edges[0])
        # All are equally high, apart from the last one, which may be cut.
        assert len(set(seconds[:-1].tolist())) <= 1
        assert seconds.sum() == 1000.0
        assert edges[0] == pytest.approx(19.95)


def test_the_load_duration_curve_falls() -> None:
    found = Distribution(
        "power", np.array([10, 600, 1000]), np.array([1, 1, 1]), np.array([6, 3, 1]) * MICROSECONDS
    )
    seconds, value = found.load_duration()
    assert (seconds.tolist(), value.tolist()) == ([1.0, 4.0, 10.0], [100.0, 60.0, 1.0])
    seconds, value = even(1, 10_000).load_duration(50)
    assert len(value) <= 50
    assert (seconds[0], seconds[-1], value[0], value[-1]) == (1.0, 10_000.0, 1000.0, 0.1)
    # Each point is a point of the whole curve: that long, it is at least that high.
    assert np.allclose(value, (10_001 - seconds) / 10)


def test_joined_spans_have_the_sums_of_both() -> None:
    found = joined("power", [even(1, 5), even(4, 8)])
    assert found.wire.tolist() == list(range(1, 9))
    assert found.counts.tolist() == [1, 1, 1, 2, 2, 1, 1, 1]
    assert joined("power", []).count == 0


def test_divided_at_a_value() -> None:
    below, above = even(1, 100).divided(5.0)
    assert (below.count, above.count) == (50, 50)
    assert (below.quantile(1), above.quantile(0)) == (5.0, 5.1)
