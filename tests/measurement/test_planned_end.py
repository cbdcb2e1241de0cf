# SPDX-License-Identifier: GPL-3.0-or-later
"""Planned ends: how they are typed, what is left of them, and which samples they pass."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.planned_end import (
    EnergyLimit,
    PlannedEnd,
    TimeLimit,
    parse_energy,
    parse_planned_end,
)
from wattui.measurement.sample import Sample

NOON = round(datetime(2026, 11, 26, 12).timestamp()) * MICROSECONDS
HOUR = 3600 * MICROSECONDS


def record(second: float, watts: float = 100.0, interval: float = 1.0, gap: float = 0) -> Sample:
    return Sample(
        NOON + round(second * MICROSECONDS),
        round(interval * MICROSECONDS),
        (round(watts * 10), 1200, 300),
        round(gap * MICROSECONDS),
    )


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("8 h", PlannedEnd(duration_us=8 * HOUR)),
        ("1h30m", PlannedEnd(duration_us=HOUR * 3 // 2)),
        ("90", PlannedEnd(duration_us=90 * MICROSECONDS)),
        ("18:30", PlannedEnd(until_us=NOON + HOUR * 13 // 2)),
        ("6:00", PlannedEnd(until_us=NOON + 18 * HOUR)),
        ("2026-11-26 13:00", PlannedEnd(until_us=NOON + HOUR)),
        ("1.5 kWh", PlannedEnd(energy_wh=1500.0)),
        ("1,5kwh", PlannedEnd(energy_wh=1500.0)),
        ("3.6 MJ", PlannedEnd(energy_wh=1000.0)),
    ],
)
def test_what_can_be_typed(text: str, end: PlannedEnd) -> None:
    found = parse_planned_end(text, NOON)
    assert found.energy_wh == pytest.approx(end.energy_wh)
    assert (found.duration_us, found.until_us) == (end.duration_us, end.until_us)


@pytest.mark.parametrize(
    "text", ["", "soon", "-5 min", "0", "0 Wh", "5 W", "2020-01-01 00:00", "99:99", "9" * 500]
)
def test_what_is_no_end_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match=r"Write|Give"):
        parse_planned_end(text, NOON)


@given(text=st.text(max_size=30))
def test_any_text_is_an_end_or_refused(text: str) -> None:
    try:
        found = parse_planned_end(text, NOON)
    except ValueError:
        return
    assert not found.is_reached(NOON, NOON, 0.0)


def test_what_is_left() -> None:
    assert PlannedEnd(duration_us=8 * HOUR).remaining_text(NOON - HOUR, NOON) == "ends in 7:00:00"
    assert PlannedEnd(until_us=NOON + HOUR).remaining_text(NOON, NOON) == "ends in 1:00:00"
    assert PlannedEnd(until_us=NOON - HOUR).remaining_text(NOON, NOON) == "ends in 0:00"
    assert PlannedEnd(energy_wh=1500.0).remaining_text(NOON, NOON) == "ends at 1.5 kWh"
    assert PlannedEnd(energy_wh=20.5).text(NOON) == "at 20.5 Wh"
    assert PlannedEnd(duration_us=8 * HOUR).text(NOON) == "after 8:00:00"
    assert PlannedEnd(until_us=NOON + HOUR).text(NOON) == "at 13:00:00"


def test_the_first_of_several_ends_it() -> None:
    end = PlannedEnd(duration_us=2 * HOUR, until_us=NOON + HOUR, energy_wh=5.0)
    assert not end.is_reached(NOON, NOON + HOUR - 1, 4.9)
    assert end.is_reached(NOON, NOON + HOUR, 0.0)
    assert end.is_reached(NOON, NOON, 5.0)
    assert end.is_reached(NOON - 2 * HOUR, NOON, 0.0)


def test_a_sample_belongs_to_the_time_if_more_than_half_of_it_does() -> None:
    limit = TimeLimit(until_us=NOON + 10 * MICROSECONDS)
    samples = [record(n + 0.4) for n in range(1, 20)]
    assert limit.passed(samples) == samples[:10]
    assert limit.reached
    assert limit.passed([record(60)]) == []


def test_a_sample_after_a_gap_beyond_the_end_is_not_passed() -> None:
    limit = TimeLimit(until_us=NOON + 10 * MICROSECONDS)
    assert limit.passed([record(5), record(500, gap=494)]) == [record(5)]
    assert limit.reached


def test_energy_ends_with_the_sample_that_reaches_it() -> None:
    limit = EnergyLimit(100 * 10 / 3600)
    samples = [record(n) for n in range(1, 20)]
    assert limit.passed(samples[:4]) == samples[:4]
    assert not limit.reached
    assert limit.passed(samples[4:]) == samples[4:10]
    assert limit.reached
    assert limit.passed(samples[10:]) == []


@given(
    watts=st.lists(st.integers(0, 30_000), max_size=60),
    limit_wh=st.floats(0.001, 50),
    cut=st.integers(0, 60),
)
def test_energy_is_passed_up_to_the_limit_however_it_is_divided(
    watts: list[int], limit_wh: float, cut: int
) -> None:
    samples = [record(n, power / 10) for n, power in enumerate(watts, 1)]
    limit = EnergyLimit(limit_wh)
    taken = [*limit.passed(samples[:cut]), *limit.passed(samples[cut:])]
    assert taken == samples[: len(taken)]
    energies = [power / 36_000 for power in watts]
    if limit.reached:
        assert sum(energies[: len(taken)]) >= limit_wh * (1 - 1e-9)
        assert sum(energies[: len(taken) - 1]) < limit_wh * (1 + 1e-9)
    else:
        assert len(taken) == len(samples)


@pytest.mark.parametrize("text", ["", "5", "5 W", "-1 Wh", "1e5 Wh", "9" * 30 + "Wh"])
def test_what_is_no_energy(text: str) -> None:
    with pytest.raises(ValueError, match="is not an energy"):
        parse_energy(text)
