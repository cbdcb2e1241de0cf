# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts: how they are written, and when they are raised and over."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.measurement.alerts import (
    HYSTERESIS,
    SUMMED,
    AlertChange,
    AlertRule,
    AlertState,
    AlertWatch,
    parse_alert,
)
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELDS
from wattui.measurement.sample import Sample

FRIDGE = MeterInfo("A1", "/dev/ttyUSB0", "Fridge", model="PRO", serial_number="A1")
LAMP = MeterInfo("B2", "/dev/ttyUSB1", "Lamp", model="ES", serial_number="B2")
BEGIN = 1_700_000_000


def record(second: float, watts: float | None, gap: float = 0, interval: float = 1) -> Sample:
    power = None if watts is None else round(watts * 10)
    return Sample(
        round((BEGIN + second) * MICROSECONDS),
        round(interval * MICROSECONDS),
        (power, 1200, 361),
        round(gap * MICROSECONDS),
    )


def changes_of(text: str, watts: Sequence[float | None]) -> list[tuple[int, bool]]:
    """Return at which second which alert was raised or over, for one record per second."""
    watch = AlertWatch([parse_alert(text)])
    samples = [record(n, value) for n, value in enumerate(watts, 1)]
    found = [change for one in samples for change in watch.take(FRIDGE, [one])]
    return [(change.time_us // MICROSECONDS - BEGIN, change.raised) for change in found]


# -- how they are written --


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("power > 100", AlertRule("power", True, 100.0)),
        ("power>100for 10s", None),
        ("power > 100 for 10s", AlertRule("power", True, 100.0, 10_000_000)),
        ("  POWER above 100 W  for 1h30m ", AlertRule("power", True, 100.0, 5_400_000_000)),
        ("power factor < 50 %", AlertRule("power_factor", False, 0.5)),
        ("power_factor below 0,5", AlertRule("power_factor", False, 0.5)),
        ("total power > 1.5 kW for 2 min", AlertRule("power", True, 1500.0, 120_000_000, True)),
        ("power of Fridge < 2 W", AlertRule("power", False, 2.0, meter="Fridge")),
        ('power of "desk > lamp" > 5', AlertRule("power", True, 5.0, meter="desk > lamp")),
        ("current > 500 mA", AlertRule("current", True, 0.5)),
        ("meter's counter > 1 kWh", AlertRule("energy", True, 1000.0)),
        ("voltage_v < 110", AlertRule("voltage", False, 110.0)),
    ],
)
def test_texts_and_what_they_mean(text: str, rule: AlertRule | None) -> None:
    if rule is None:
        with pytest.raises(ValueError, match="is not an alert"):
            parse_alert(text)
    else:
        assert parse_alert(text) == rule


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is not an alert"),
        ("power", "is not an alert"),
        ("power > lots", "is not an alert"),
        ("power > -5", "is not an alert"),
        ("power = 5", "is not an alert"),
        ("heat > 5", "no field “heat”"),
        ("power > 5 A", "A is not a unit of power: its unit is W"),
        ("power > 5 %", "% is not a unit"),
        ("duty cycle > 5 W", "it has no unit"),
        ("power > 5 for ever", "'ever' is not a duration"),
        ("total voltage > 5", "voltage has no total"),
        ("total power of Fridge > 5", "leave out"),
        ("x" * 10_000, "is not an alert"),
    ],
)
def test_a_text_that_is_not_an_alert_says_why(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_alert(text)


rules = st.builds(
    AlertRule,
    st.sampled_from([field.name for field in FIELDS]),
    st.booleans(),
    st.floats(0, 1e6, allow_nan=False).filter(lambda value: value == 0 or value > 1e-6),
    st.integers(0, 10**6).map(lambda ms: ms * 1000),
    st.just(False),
    st.text(st.characters(exclude_characters='"', exclude_categories=("C", "Z")), max_size=20),
)


@given(rule=rules)
def test_what_is_shown_can_be_typed(rule: AlertRule) -> None:
    assert parse_alert(str(rule)) == rule


@pytest.mark.parametrize("name", SUMMED)
def test_totals_can_be_typed(name: str) -> None:
    rule = AlertRule(name, False, 5.0, 2_000_000, total=True)
    assert parse_alert(str(rule)) == rule


@given(text=st.text(max_size=60))
def test_any_text_is_an_alert_or_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_alert(str(parse_alert(text))) == parse_alert(text)


# -- when they are raised and over --


def test_without_a_time_the_first_record_raises_it() -> None:
    assert changes_of("power > 100", [99, 100, 101, 150]) == [(3, True)]


def test_with_a_time_it_must_hold_that_long() -> None:
    watts = [150] * 2 + [50] + [150] * 9
    assert changes_of("power > 100 for 3s", watts) == [(6, True)]


def test_it_ends_when_the_value_is_back_by_the_margin_for_the_same_time() -> None:
    watts = [150] * 3 + [99] * 5 + [97] * 2 + [99] + [97] * 5
    assert changes_of("power > 100 for 3s", watts) == [(3, True), (14, False)]


def test_below_a_threshold() -> None:
    assert changes_of("power < 5 for 2s", [6, 4, 4, 5, 5.05, 6, 6]) == [(3, True), (7, False)]


def test_a_value_that_wavers_around_the_threshold_raises_one_alert() -> None:
    assert changes_of("power > 100", [101, 99] * 50) == [(1, True)]


def test_it_is_raised_again_after_it_was_over() -> None:
    found = changes_of("power > 100", [150, 50, 150, 50])
    assert found == [(1, True), (2, False), (3, True), (4, False)]


def test_a_gap_or_a_missing_value_starts_the_time_again() -> None:
    watch = AlertWatch([parse_alert("power > 100 for 3s")])
    samples = [record(1, 150), record(2, 150), record(62, 150, gap=59), record(63, 150)]
    assert watch.take(FRIDGE, samples) == []
    (change,) = watch.take(FRIDGE, [record(64, 150)])
    assert change.raised
    assert changes_of("power > 100 for 3s", [150, 150, None, 150, 150]) == []


def test_slow_records_count_with_their_interval() -> None:
    watch = AlertWatch([parse_alert("power > 100 for 60s")])
    samples = [record(10.0 * n, 150, interval=10.0003) for n in range(1, 8)]
    (change,) = watch.take(FRIDGE, samples)
    assert change.time_us == samples[5].time_us


def test_each_meter_has_an_alert_of_its_own_and_a_named_one_is_the_only_one() -> None:
    every, one = (
        AlertWatch([parse_alert("power > 100")]),
        AlertWatch([parse_alert("power of fridge > 100")]),
    )
    assert [c.meter for c in every.take(FRIDGE, [record(1, 150)])] == [FRIDGE]
    assert [c.meter for c in every.take(LAMP, [record(1, 150)])] == [LAMP]
    assert one.take(LAMP, [record(1, 150)]) == []
    assert [c.meter for c in one.take(FRIDGE, [record(1, 150)])] == [FRIDGE]


# -- the total --


def total(text: str, rounds: Sequence[tuple[float | None, float | None]]) -> list[AlertChange]:
    """Take one record of each of two meters per second; None for a meter that sends nothing."""
    watch = AlertWatch([parse_alert(text)])
    found: list[AlertChange] = []
    for second, values in enumerate(rounds, 1):
        for meter, watts in zip((FRIDGE, LAMP), values, strict=True):
            if watts is not None:
                late = 0.0 if meter is FRIDGE else 0.3
                found += watch.take(meter, [record(second + late, watts)])
    return found


def test_the_total_is_that_of_records_of_the_same_time() -> None:
    # A load moves from one meter to the other: at no time there were 200 W.
    assert total("total power > 150", [(100, 10), (10, 100), (100, 10), (10, 100)]) == []
    (change,) = total("total power > 150", [(100, 10), (100, 60)])
    assert (change.value, change.meter, change.raised) == (160.0, None, True)


def test_the_total_goes_on_without_a_meter_that_was_unplugged() -> None:
    watch = AlertWatch([parse_alert("total power > 150 for 2s")])
    found = []
    for second in range(1, 5):
        found += watch.take(FRIDGE, [record(second, 100)])
        found += watch.take(LAMP, [record(second + 0.3, 100)])
    watch.leave(LAMP)
    for second in range(5, 10):
        found += watch.take(FRIDGE, [record(second, 100)])
    assert [change.raised for change in found] == [True, False]
    assert [change.value for change in found] == [200.0, 100.0]


@given(
    order=st.lists(st.booleans(), min_size=80, max_size=80),
    late=st.floats(0, 0.99),
)
def test_the_total_does_not_depend_on_which_records_come_first(
    order: list[bool], late: float
) -> None:
    # From one second to the next the load moves from one meter to the other: 110 W at any time.
    waiting = {
        FRIDGE: [record(n, 100 if n % 2 else 10) for n in range(1, 40)],
        LAMP: [record(n + late / 2, 10 if n % 2 else 100) for n in range(1, 40)],
    }
    watch = AlertWatch([parse_alert("total power > 150"), parse_alert("total power < 50")])
    watch.take(FRIDGE, [record(0, 100)])
    watch.take(LAMP, [record(0, 10)])
    for is_lamp in order:
        meter = LAMP if is_lamp else FRIDGE
        if waiting[meter]:
            assert watch.take(meter, [waiting[meter].pop(0)]) == []


# -- for any values --


@given(
    watts=st.lists(st.one_of(st.none(), st.floats(0, 200)), max_size=80),
    hold=st.integers(0, 5),
    above=st.booleans(),
)
def test_states_alternate_and_each_change_was_deserved(
    watts: list[float | None], hold: int, above: bool
) -> None:
    rule = AlertRule("power", above, 100.0, hold * MICROSECONDS)
    state, changed = AlertState(rule), []
    for second, value in enumerate(watts):
        start = second * MICROSECONDS
        if state.take(start, start + MICROSECONDS, value):
            changed.append((second, state.raised))
    assert [raised for _, raised in changed] == [n % 2 == 0 for n in range(len(changed))]
    margin = 100.0 * HYSTERESIS
    before = -1
    for second, raised in changed:
        first = second - max(hold, 1) + 1
        assert first > before
        for value in watts[first : second + 1]:
            assert value is not None
            beyond = value > 100 if above else value < 100
            back = value <= 100 - margin if above else value >= 100 + margin
            assert beyond if raised else back
        before = second
    # No alert is missing: an unbroken run of the time always raises one.
    run = 0
    for second, value in enumerate(watts):
        beyond = value is not None and (value > 100 if above else value < 100)
        run = run + 1 if beyond else 0
        if run >= max(hold, 1):
            assert [raised for at, raised in changed if at <= second][-1:] == [True]
