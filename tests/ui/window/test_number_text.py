# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import math

import pytest

from wattui.ui.window import number_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0:00"),
        (1792, "29:52"),
        (11525, "3:12:05"),
        (183_725.9, "2 d 3:02:06"),
        (math.nan, "–"),
    ],
)
def test_a_duration_reads_as_a_clock_does(seconds, text):
    assert number_text.duration_text(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (45, "45 s"),
        (558, "9 min 18 s"),
        (660, "11 min"),
        (11520, "3 h 12 min"),
        (190_000, "2 d 4 h"),
    ],
)
def test_a_span_reads_in_words(seconds, text):
    assert number_text.span_text(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(999, "999 B"), (118_000, "118 kB"), (1_500_000, "1.5 MB"), (999_600, "1.0 MB")],
)
def test_a_size_has_three_digits_at_most(count, text):
    assert number_text.size_text(count) == text


def test_counts_have_their_noun():
    assert number_text.count_text(0, "gap") == "no gaps"
    assert number_text.count_text(1, "gap") == "1 gap"
    assert number_text.count_text(1792, "sample") == "1,792 samples"


def test_energy_in_each_unit():
    assert number_text.energy_text(20.99) == "20.99"
    assert number_text.energy_text(20.99, "kWh") == "0.0210"
    assert number_text.energy_text(20.99, "kJ") == "75.56"
    assert number_text.energy_text(math.nan) == "–"


def test_cost_says_its_rate():
    assert number_text.cost_text(20.99, 0.08, "$") == "$ 0.0017 at 0.08 per kWh"


def test_a_value_has_the_decimals_of_its_field():
    assert number_text.value_text("power", 41.62) == "41.6"
    assert number_text.value_text("current", 0.3614) == "0.361"
    assert number_text.value_text("power", math.nan) == "–"
    assert number_text.value_text("power", None) == "–"


def test_a_gap_below_a_second_was_told_as_none():
    assert number_text.span_text(0.62) == "0.6 s"
    assert number_text.span_text(0.01) == "0.1 s"
    assert number_text.span_text(0) == "0 s"
