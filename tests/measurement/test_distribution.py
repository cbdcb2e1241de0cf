# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a field had which value: closed forms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.distribution import Distribution, joined
from wattui.measurement.fields import WIRE_MAXIMUM


def of(values: Sequence[int], *microseconds: int) -> Distribution:
    """Return a power with these values on the wire, oldest first."""
    wire = np.array(values, np.int64)
    each = np.array(microseconds or (MICROSECONDS,), np.int64)
    return Distribution.of("power", wire, np.resize(each, len(wire)))


def even(low: int, high: int) -> Distribution:
    """Return a power that has every value from *low* to *high* on the wire for a second."""
    return of(range(low, high + 1))


def test_quantiles_of_an_even_distribution() -> None:
    found = even(1, 100)
    assert [found.quantile(share) for share in (0, 0.05, 0.5, 0.95, 1)] == [0.1, 0.5, 5.0, 9.5, 10]
    assert found.median == 5.0
    assert found.mean == pytest.approx(5.05)
    assert found.std == pytest.approx(math.sqrt((100**2 - 1) / 12) / 10)
    assert found.on_off(-1).on_wh == pytest.approx(505.0 / 3600)


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_is_from_0_to_1(share: float) -> None:
    with pytest.raises(ValueError, match="not a share"):
        even(1, 10).quantile(share)


def test_a_year_at_a_tie_is_not_rounded_over_it() -> None:
    """The median of two loads that run for equally long is the lower one, also for years."""
    for each in (1, 7, 31_536_000_000_000):
        found = of((1, 2), each)
        assert found.median == 0.1
        assert found.quantile(0.5 + 1e-9 if each > 10 else 0.6) == 0.2


def test_a_sum_that_does_not_fit_into_64_bits() -> None:
    century = 100 * 365 * 86400 * MICROSECONDS
    found = of([5_000_000], century)
    assert found.on_off(1.0).on_wh == 500_000.0 * century / MICROSECONDS / 3600
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
    found = of((10, 600, 1000), 6 * MICROSECONDS, 3 * MICROSECONDS, MICROSECONDS)
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


@given(st.lists(st.integers(-5, 2**33), max_size=40), st.integers(0, 40), st.integers(-6, 2**33))
def test_parts_together_are_the_whole(values: list[int], cut: int, limit: int) -> None:
    """With values far apart and close together: both ways to sum them up are the same."""
    for numbers in (values, [value % 40 for value in values]):
        whole, both = of(numbers), joined("power", [of(numbers[:cut]), of(numbers[cut:])])
        for name in ("wire", "counts", "times_us", "rises"):
            assert np.array_equal(getattr(whole, name), getattr(both, name)), name
        assert (whole.first, whole.last) == (both.first, both.last)
        above = limit / 10 if numbers is values else (limit % 50) / 10
        on = [value > above * 10 for value in numbers]
        found = both.on_off(above)
        if 0 <= limit <= WIRE_MAXIMUM:
            assert found.on_s == sum(on)
            assert found.off_s == len(on) - sum(on)
            assert found.cycles == sum(b and not a for a, b in pairwise([False, *on]))


def test_on_and_off_of_a_power() -> None:
    found = of((10, 600, 600, 20, 20, 700, 30)).on_off(5.0)
    assert (found.on_s, found.off_s, found.cycles) == (3.0, 4.0, 2)
    assert found.on_wh == pytest.approx(190 / 3600)
    assert found.off_wh == pytest.approx(8 / 3600)
    assert found.share == pytest.approx(3 / 7)
