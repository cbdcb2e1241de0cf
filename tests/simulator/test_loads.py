# SPDX-License-Identifier: GPL-3.0-or-later
"""Loads, and the records that the simulated meter makes of them."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.measurement.fields import FIELD_INDEX, FIELDS
from wattui.protocol import Framer, parse
from wattui.protocol.replies import Record
from wattui.simulator.display import Display
from wattui.simulator.loads import LOADS, Load, Reading, find_load, scatter

CAPTURES = Path(__file__).parents[3] / "shared" / "samples"


def records(name: str, count: int, start: int = 0, seed: int = 0) -> list[dict[str, int]]:
    """Return the records of a load, one per second, by the names of the fields."""
    load, display = find_load(name, seed=seed), Display(seed)
    rows = []
    for t in range(start, start + count):
        display.measure(load.reading(float(t)), 1.0)
        rows.append(dict(zip(FIELD_INDEX, display.record(), strict=True)))
    return rows


@pytest.mark.parametrize("name", LOADS)
@pytest.mark.parametrize("mains", [(100, 50), (120, 60), (230, 50)])
def test_every_value_is_in_the_range_of_its_field(name: str, mains: tuple[int, int]) -> None:
    load, display = find_load(name, volts=mains[0], hertz=mains[1]), Display()
    for t in range(0, 6_000, 7):
        display.measure(load.reading(float(t)), 7.0)
        for field, value in zip(FIELDS, display.record(), strict=True):
            assert field.low <= value <= field.high, (field.name, value)


@pytest.mark.parametrize("name", LOADS)
def test_the_extremes_enclose_the_value_and_pf_is_w_by_va_rounded_down(name: str) -> None:
    for row in records(name, 600):
        for quantity in ("power", "voltage", "current"):
            low, high = row[f"{quantity}_min"], row[f"{quantity}_max"]
            assert low <= row[quantity] <= high
        va = row["apparent_power"]
        assert row["power_factor"] == (row["power"] * 100 // va if va else 100)


@given(st.sampled_from(sorted(LOADS)), st.floats(-1e7, 1e7), st.integers(0, 1_000))
def test_a_load_is_the_same_for_the_same_seed_and_time(name: str, t: float, seed: int) -> None:
    assert find_load(name, seed=seed).reading(t) == find_load(name, seed=seed).reading(t)


def test_another_seed_gives_another_course() -> None:
    assert records("desktop", 50, seed=1) != records("desktop", 50, seed=2)
    assert abs(sum(scatter(7, n) for n in range(10_000))) < 200


def test_the_mains_drifts_and_is_never_quite_steady() -> None:
    volts = [row["voltage"] for row in records("lamp", 3_000)]
    assert 1_150 < min(volts) < max(volts) < 1_250
    assert len(set(volts)) > 15
    assert len({row["frequency"] for row in records("lamp", 600)}) >= 2


def test_a_phone_charger_draws_power_and_no_current() -> None:
    rows = records("charger", 9_000)
    assert sum(row["current"] == 0 < row["power"] for row in rows) > 1_000
    assert all(row["apparent_power"] == row["power"] for row in rows if row["current"] == 0)


def test_va_is_not_volts_times_amps() -> None:
    rows = records("desktop", 100)
    products = [row["voltage"] * row["current"] / 1_000 for row in rows]
    off = [row["apparent_power"] / product for row, product in zip(rows, products, strict=True)]
    assert min(off) > 1.01


def test_a_fridge_cycles_with_an_inrush() -> None:
    rows = records("fridge", 5_400)
    running = [row["power"] > 500 for row in rows]
    starts = sum(now and not before for before, now in itertools.pairwise(running))
    assert starts == 2
    assert 0.25 < sum(running) / len(running) < 0.5
    assert max(row["power_max"] for row in rows) == 9_800
    assert max(row["power"] for row in rows) < 5_000


def test_a_desktop_computer_changes_its_work() -> None:
    powers = [row["power"] for row in records("desktop", 1_800)]
    assert min(powers) < 700
    assert max(powers) > 2_000


def test_an_empty_socket_has_voltage_and_nothing_else() -> None:
    row = records("idle", 100)[-1]
    assert row["voltage"] > 1_000
    assert (row["power"], row["current"], row["energy"], row["power_factor"]) == (0, 0, 0, 100)


def constant(watts: float, seconds: int, display: Display | None = None) -> dict[str, int]:
    display = display or Display()
    for _ in range(seconds):
        display.measure(Reading(watts, 120.0, 1.0, 60.0), 1.0)
    return dict(zip(FIELD_INDEX, display.record(), strict=True))


def test_the_counter_counts_less_than_the_power_and_cost_follows_it() -> None:
    row = constant(101.25, 36_000)
    assert row["energy"] == 10_000  # 1000 Wh, of 1012.5
    assert row["cost"] == 80
    assert row["energy_per_month"] == 72_000
    assert row["cost_per_month"] == 5_760
    assert constant(1.0, 36_000)["energy"] == 0


def test_the_duty_cycle_counts_the_time_above_the_threshold() -> None:
    display = Display()
    display.threshold = 50
    constant(100.0, 30, display)
    assert constant(10.0, 70, display)["duty_cycle"] == 30
    assert constant(100.0, 30)["duty_cycle"] == 0


def test_an_open_relay_takes_the_load_off() -> None:
    display = Display()
    display.relay_open = True
    row = constant(100.0, 10, display)
    assert (row["power"], row["current"], row["voltage"]) == (0, 0, 1_200)


@pytest.mark.parametrize(("capture", "tolerance"), [("fan", 2), ("iphone4", 12)])
def test_the_counter_agrees_with_the_one_of_a_real_meter(capture: str, tolerance: int) -> None:
    path = CAPTURES / f"{capture}.raw"
    if not path.exists():
        pytest.skip(f"no capture at {path}")
    replies = [parse(packet) for packet in Framer().decode(path.read_bytes())]
    rows = [reply.values for reply in replies if isinstance(reply, Record)]
    display = Display()
    for values in rows:
        assert values[0] is not None
        display.measure(Reading(values[0] / 10, 120.0, 1.0, 60.0), 1.0)
    assert rows[0][3] is not None
    assert rows[-1][3] is not None
    assert abs(display.record()[3] - (rows[-1][3] - rows[0][3])) <= tolerance


def test_an_unknown_load_is_refused_with_a_list_of_loads() -> None:
    with pytest.raises(ValueError, match="idle, lamp, fridge"):
        find_load("toaster")
    assert isinstance(find_load("lamp"), Load)
