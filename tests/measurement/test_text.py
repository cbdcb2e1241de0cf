# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math
import re
from datetime import datetime
from pathlib import Path

import pytest

import wattui
from wattui.measurement import text as texts
from wattui.measurement.text import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("5m", 300),
        ("8h", 28_800),
        ("2d", 172_800),
        ("1h30m", 5_400),
        ("1h 30m", 5_400),
        ("1.5h", 5_400),
        (".5m", 30),
        ("1D2H3M4S", 93_784),
        ("0.25", 0.25),
        ("5min", 300),
        ("5 min", 300),
        ("5 minutes", 300),
        ("1 hour 30 mins", 5_400),
        ("2 days", 172_800),
        ("10 sec", 10),
        ("3 hrs", 10_800),
    ],
)
def test_spans_that_are_understood(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("37:10", 2_230),
        ("3:12:05", 11_525),
        ("2 d 3:12:05", 184_325),
        ("0:00.5", 0.5),
        ("5 min", 300),
    ],
)
def test_a_duration_can_be_typed_as_a_clock_shows_it(text: str, seconds: float) -> None:
    assert texts.parse_elapsed(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "h",
        "1x",
        "-5",
        "0",
        "0s",
        "1h1h",
        "1h30",
        "5 minuets",
        "5 min 3 m",
        "1e3",
        "nan",
        "inf",
        "1:30",
        "9" * 40,
    ],
)
def test_spans_that_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (-1, "0:00"),
        (59.9994, "1:00"),
        (1792, "29:52"),
        (11525, "3:12:05"),
        (183_725.9, "2 d 3:02:06"),
        (math.nan, "–"),
    ],
)
def test_a_duration_reads_as_a_clock_does(seconds: float, text: str) -> None:
    assert texts.elapsed_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (45, "45 s"),
        (558, "9 min 18 s"),
        (660, "11 min"),
        (11520, "3 h 12 min"),
        (11532.4, "3 h 12 min"),
        (3600, "1 h"),
        (190_000, "2 d 4 h"),
        (86_400 * 1500, "1,500 d"),
        (4.24, "4.2 s"),
        (4, "4 s"),
        (9.96, "10 s"),
        (59.6, "1 min"),
        (math.nan, "–"),
    ],
)
def test_a_duration_has_two_units_at_most(seconds: float, text: str) -> None:
    assert texts.duration_text(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(999, "999 B"), (118_000, "118 kB"), (1_500_000, "1.5 MB"), (999_600, "1.0 MB")],
)
def test_a_size_has_three_digits_at_most(count: int, text: str) -> None:
    assert texts.size_text(count) == text


def test_counts_have_their_noun() -> None:
    assert texts.count_text(0, "gap") == "no gaps"
    assert texts.count_text(1, "gap") == "1 gap"
    assert texts.count_text(1792, "sample") == "1,792 samples"


def test_energy_in_each_unit() -> None:
    assert texts.energy_text(20.99, 0.46, "Wh") == "20.99 ± 0.46 Wh"
    assert texts.energy_text(20.99, 0.46, "kWh") == "0.02099 ± 0.00046 kWh"
    assert texts.energy_text(20.99, 0.46, "kJ") == "75.6 ± 1.7 kJ"
    assert texts.energy_and_error(20.99, 0.46, "MJ") == ("0.0756", "0.0017")


def test_cost_says_its_rate() -> None:
    assert texts.cost_text(20.99, 0.46, 0.08, "$") == "$ 0.0017 at 0.08 per kWh"


def test_a_value_has_the_decimals_of_its_field() -> None:
    assert texts.value_text("power", 41.62) == "41.6"
    assert texts.value_text("current", 0.3614) == "0.361"
    assert texts.value_text("power", math.nan) == "–"
    assert texts.value_text("power", None) == "–"


def test_a_gap_below_a_second_was_shown_as_none() -> None:
    assert texts.duration_text(0.62) == "0.6 s"
    assert texts.duration_text(0.01) == "0.1 s"
    assert texts.duration_text(0) == "0 s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        *((0, "0 seconds"), (1, "1 second"), (59.6, "1 minute"), (61, "1 minute 1 second")),
        *((3600, "1 hour"), (3601, "1 hour"), (200_000, "2 days 7 hours")),
        (86_400 * 1500, "1,500 days"),
    ],
)
def test_units_are_written_out_where_there_is_room(seconds: float, text: str) -> None:
    assert texts.duration_text(seconds, long=True) == text


def test_an_energy_is_shown_with_its_error() -> None:
    assert texts.energy_text(20.99, 0.469) == "20.99 ± 0.47 Wh"
    assert texts.energy_text(12_345.6, 185) == "12.35 ± 0.18 kWh"
    assert texts.energy_text(12_345.6, 186) == "12.35 ± 0.19 kWh"
    assert texts.energy_text(math.nan, math.nan) == "– Wh"


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        *((0.7051, 0.0155, "0.705 ± 0.015"), (0.027778, 0.0005, "0.02778 ± 0.00050")),
        *((164.32, 2.76, "164.3 ± 2.8"), (99.96, 0.996, "100.0 ± 1.0")),
        *((1234.4, 18.5, "1,234 ± 18"), (12_345, 185.1, "12,340 ± 190")),
        *((1_234_567.8, 18_518.5, "1,235,000 ± 19,000"), (0.0, 0.0, "0.00 ± 0.00")),
        *((-0.001, 0.3, "0.00 ± 0.30"), (5.0, 1e-9, "5.000000 ± 0.000000")),
    ],
)
def test_a_number_has_two_digits_of_its_error(value: float, error: float, text: str) -> None:
    assert texts.power_text(value, error) == f"{text} W"


def test_a_text_that_is_shortened_has_no_cut_number() -> None:
    line = "Recording 12 meters   ·   1,792 samples   ·   12 gaps"
    found = {texts.shortened_text(line, lambda text, most=most: len(text) <= most)
             for most in range(1, 60)}  # fmt: skip
    assert {line, "Recording 12 meters   ·   1,792 samples …", "Recording 12 meters …"} <= found
    assert {one for one in found if one[-1] == "…" and one[-2:-1].isdigit()} == set()
    assert texts.shortened_text("PRO M12", lambda text: len(text) < 7) == "PRO M…"
    assert texts.shortened_text("12:31:05", lambda text: len(text) < 7) == "…"


def test_an_energy_is_in_kilowatt_hours_from_a_thousand_on() -> None:
    assert texts.energy_text(999.4, 15.2) == "999 ± 15 Wh"
    # Rounded it has four digits.
    assert texts.energy_text(999.6, 15.2) == "1.000 ± 0.015 kWh"
    assert texts.energy_text(1234.5, 18.7, "kJ") == "4.444 ± 0.067 MJ"
    assert texts.energy_text(1.2345, 0.0187, "kWh") == "0.001234 ± 0.000019 kWh"
    assert texts.counter_text(999.9) == "999.9 Wh"
    assert texts.counter_text(12_345.6) == "12.3456 kWh"
    assert texts.counter_text(math.nan) == "– Wh"


def test_energies_that_are_compared_have_one_unit() -> None:
    energies = [(12.3, 0.19), (1234.5, 18.7)]
    assert texts.energy_unit(energies[:1]) == "Wh"
    assert texts.energy_unit(energies) == "kWh"
    assert [texts.energy_number(*one, "kWh") for one in energies] == [
        "0.01230 ± 0.00019",
        "1.234 ± 0.019",
    ]


def test_an_amount_of_money_has_no_more_decimals_than_its_error_allows() -> None:
    assert texts.cost_text(20.99, 0.46, 0.08, "$") == "$ 0.0017 at 0.08 per kWh"
    assert texts.cost_text(12_345_600, 185_184, 0.3, "€") == "€ 3,704 at 0.3 per kWh"


def test_values_at_the_crosshair_are_in_the_unit_of_the_axis() -> None:
    assert texts.axis_unit("Wh", 999.0) == ("Wh", 1.0)
    assert texts.axis_unit("Wh", 1000.0) == ("kWh", 0.001)
    assert texts.axis_unit("W", 5000.0) == ("W", 1.0)
    assert texts.channel_text("power", 3680.04, "W") == "3680.0"
    assert texts.channel_text("energy", 12_345.6, "kWh") == "12.3456"
    assert texts.channel_text("integrated_energy", 12_345.6, "kWh") == "12.35"
    assert texts.channel_text("integrated_energy", 0.5, "Wh") == "0.50"
    assert texts.channel_text("integrated_energy", math.nan, "Wh") == "–"


def test_times_are_shown_in_local_time() -> None:
    noon = datetime(2026, 2, 3, 12, 31, 5, 123_456).astimezone()
    assert texts.clock_text(noon.timestamp()) == "12:31:05"
    assert texts.clock_text(noon.timestamp(), seconds_shown=False) == "12:31"
    assert texts.date_text(noon.timestamp()) == "2026-02-03 12:31"
    assert texts.clock_text(math.nan) == texts.date_text(math.nan) == "–"
    assert texts.iso_text(round(noon.timestamp() * 1_000_000)) == noon.isoformat()


def test_no_message_counts_1_samples() -> None:
    """Messages said "1 samples": count_text() knows the singular."""
    by_hand = re.compile(r"\{[^{}]*\} (?:samples|records|rows|gaps)\b")
    found = [
        f"{path.name}: {line.strip()}"
        for path in sorted(Path(wattui.__file__).parent.rglob("*.py"))
        for line in path.read_text("utf-8").splitlines()
        if by_hand.search(line) and "fields[of]" not in line
    ]
    assert found == []


NOON = datetime(2026, 2, 3, 12, 31, 5, 670_000).astimezone().timestamp()


@pytest.mark.parametrize(
    ("form", "text", "sentence"),
    [
        (texts.BY_CLOCK, "12:31:05", "at 12:31:05"),
        (texts.RunTimes(span=86_401.0), "3 Feb 12:31:05", "at 3 Feb 12:31:05"),
        (texts.RunTimes(span=400 * 86_400.0), "3 Feb 2026 12:31:05", "at 3 Feb 2026 12:31:05"),
        (texts.RunTimes(texts.TimeMode.ELAPSED, NOON - 3909.2), "1:05:09", "after 1:05:09"),
        (
            texts.RunTimes(texts.TimeMode.ELAPSED, NOON - 180_000),
            "2 d 2:00:00",
            "after 2 d 2:00:00",
        ),
        # Before the first record there is nothing to count from.
        (texts.RunTimes(texts.TimeMode.ELAPSED), "12:31:05", "at 12:31:05"),
    ],
)
def test_every_time_of_a_run_is_shown_in_one_form(form, text, sentence) -> None:
    assert form.text(NOON) == text
    assert form.at(NOON) == sentence
    assert form.text(math.nan) == "–"


def test_times_are_short_or_have_tenths() -> None:
    assert texts.BY_CLOCK.text(NOON, short=True) == "12:31"
    assert texts.BY_CLOCK.text(NOON, tenths=True) == "12:31:05.6"
    elapsed = texts.RunTimes(texts.TimeMode.ELAPSED, NOON)
    assert elapsed.text(NOON + 9.27, tenths=True) == "0:09.3"
    assert elapsed.text(NOON - 61.0) == "-1:01"


def test_a_time_that_is_more_than_a_day_ago_has_its_date() -> None:
    assert texts.recent_text(NOON, NOON + 3600) == "12:31:05"
    assert texts.recent_text(NOON, NOON + 3 * 86_400) == "3 Feb 12:31:05"
