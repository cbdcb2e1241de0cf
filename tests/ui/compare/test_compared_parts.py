# SPDX-License-Identifier: GPL-3.0-or-later
"""The curves of a comparison, against closed forms."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from plot_window import START, Recording, sample

from wattui.measurement.clock import MICROSECONDS
from wattui.session import Annotations, Span
from wattui.ui.compare import compared_parts
from wattui.ui.compare.compared_parts import (
    Alignment,
    ComparedPart,
    Derived,
    PartsComparison,
    difference,
    ends,
    labelled,
    moving_mean,
)


def in_background(call, *arguments):
    """Call a function as the window does: on a separate thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call, *arguments).result(20)


def parts_in(*arguments):
    return in_background(compared_parts.parts_in, *arguments)


def read_comparison(wanted):
    return in_background(compared_parts.read_comparison, wanted)


def us(second):
    """Return a time in microseconds, from seconds after the start of the session."""
    return round((START + second) * MICROSECONDS)


@pytest.fixture
def path(tmp_path):
    """A session of two meters: a step from 20 to 80 W at 60 s, and a constant 30 W."""
    recording = Recording(tmp_path, ("step", "even"))
    steps = [sample(n, 20.0 if n <= 60 else 80.0, current=n) for n in range(1, 121)]
    recording.add(steps)
    recording.add([sample(n, 30.0) for n in range(1, 121)], meter=1)
    recording.mark(40, "here")
    recording.close()
    annotations = Annotations(recording.path)
    in_background(annotations.add, Span(0, us(0), us(30), "calm"))
    in_background(annotations.add, Span(0, us(50), us(80), "rise"))
    return recording.path


def chosen(path, name):
    return next(one for one in parts_in(path) if one.label == name)


def test_the_parts_of_a_session_are_its_selection_its_spans_and_all_of_it(path):
    parts = parts_in(path, (us(10), us(20)))
    assert [one.label for one in parts] == [
        f"{name}, {meter}"
        for name in ("selection", "calm", "rise", "whole session")
        for meter in ("step", "even")
    ]
    assert [one.is_chosen for one in parts] == [True] * 6 + [False] * 2
    assert (parts[0].start_us, parts[0].stop_us) == (us(10), us(20))


def test_parts_are_laid_over_one_another_from_their_starts(path):
    parts = chosen(path, "calm, step"), chosen(path, "rise, step")
    calm, rise = read_comparison(PartsComparison(parts))
    np.testing.assert_allclose(calm.x, np.arange(1, 31))
    np.testing.assert_allclose(rise.x, np.arange(1, 31))
    np.testing.assert_allclose(calm.y, 20.0)
    np.testing.assert_allclose(rise.y, [20.0] * 10 + [80.0] * 20)


@pytest.mark.parametrize(("alignment", "zero"), [(Alignment.MARK, 40), (Alignment.STEP, 60)])
def test_parts_are_aligned_at_a_mark_or_a_step(path, alignment, zero):
    (found,) = read_comparison(
        PartsComparison((chosen(path, "whole session, step"),), alignment=alignment)
    )
    assert found.x[0] == pytest.approx(1 - zero)
    assert found.x[-1] == pytest.approx(120 - zero)


def test_a_part_without_a_mark_or_a_step_is_aligned_at_its_start(path):
    for alignment in (Alignment.MARK, Alignment.STEP):
        (found,) = read_comparison(
            PartsComparison((chosen(path, "calm, even"),), alignment=alignment)
        )
        assert found.x[0] == pytest.approx(1)


def test_one_field_against_another(path):
    part = chosen(path, "rise, step")
    (found,) = read_comparison(PartsComparison((part,), "power", "current"))
    np.testing.assert_allclose(found.x, np.arange(51, 81) / 1000)
    np.testing.assert_allclose(found.y, [20.0] * 10 + [80.0] * 20)


def test_the_sum_and_the_difference_of_two_meters(path):
    parts = chosen(path, "whole session, even"), chosen(path, "whole session, step")
    (total,) = read_comparison(PartsComparison(parts, derived=Derived.SUM))
    assert sorted(set(total.y[np.isfinite(total.y)])) == [50.0, 110.0]
    (apart,) = read_comparison(PartsComparison(parts, derived=Derived.DIFFERENCE))
    assert apart.label == "whole session, step"
    assert sorted(set(apart.y)) == [-10.0, 50.0]


def test_a_moving_mean_is_that_of_the_records_before(path):
    x = np.cumsum(np.random.default_rng(1).uniform(0.5, 2.0, 200))
    y = np.random.default_rng(2).uniform(0, 100, 200)
    y[50:60] = np.nan
    _x, found = moving_mean((x, y), 10.0)
    lengths = np.diff(x, prepend=x[0] - (x[1] - x[0]))
    for place in (3, 30, 55, 66, 199):
        begin, end = np.maximum(x - lengths, x[place] - 10.0), np.minimum(x, x[place])
        weight = np.where(np.isfinite(y), np.clip(end - begin, 0, None), 0.0)
        expected = np.nansum(y * weight) / weight.sum()
        assert found[place] == pytest.approx(expected, nan_ok=True) or np.isnan(y[place])
    assert np.isnan(found[50:60]).all()


def test_a_difference_is_known_only_where_both_are():
    x, y = difference(
        (np.array([1.0, 2.0, 3.0]), np.array([5.0, np.nan, 7.0])),
        (np.array([2.0, 3.0, 4.0]), np.array([1.0, 1.0, 1.0])),
    )
    assert x.tolist() == [1.0, 2.0, 3.0, 4.0]
    np.testing.assert_array_equal(y, [np.nan, np.nan, 6.0, np.nan])


def part(session, name, meter):
    return ComparedPart(Path(f"/{session}.wattui"), 1, name, meter, 0, 1)


def test_labels_leave_out_what_all_parts_share():
    def labels(*parts):
        return [one.label for one in labelled([part(*one) for one in parts])]

    whole = "whole session"
    assert labels(("a", whole, "fan"), ("a", whole, "lamp")) == ["fan", "lamp"]
    assert labels(("a", whole, ""), ("b", whole, "")) == ["a", "b"]
    assert labels(("a", "boot", ""), ("a", whole, "")) == ["boot", whole]
    assert labels(("a", "boot", ""), ("b", "boot", ""), ("b", whole, "")) == [
        "boot, a",
        "boot, b",
        "whole session, b",
    ]
    assert labels(("a", "selection", ""), ("a", "selection", "")) == ["selection", "selection 2"]


def test_nothing_has_no_ends():
    assert ends([]) is None
