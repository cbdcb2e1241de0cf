# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of the C client and its forks: any fields, any sign, and what each of them means."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from format_samples import imported, samples_of

from wattui.errors import FormatError
from wattui.formats import detect
from wattui.formats.import_files import ImportResult, import_files
from wattui.formats.reading.source import Assumptions, read_head
from wattui.formats.registry import all_formats
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.sample import Sample

IN_UTC = Assumptions(zone=UTC)


def values(samples: list[Sample], count: int = 4) -> list[tuple[int | None, ...]]:
    return [one.values[:count] for one in samples]


def says(result: ImportResult, words: str) -> bool:
    return any(words in note for note in result.notes)


def test_the_clock_of_a_line_is_read_and_only_the_date_is_assumed(tmp_path: Path) -> None:
    path = tmp_path / "old.txt"
    path.write_text("".join(f"[13:24:{18 + 2 * n}] 42.3, 119.8, 0.36\n" for n in range(21)))
    written = datetime(2009, 3, 7, 13, 25, tzinfo=UTC).timestamp()
    os.utime(path, (written, written))
    result = import_files([path], tmp_path / "run.wattui", IN_UTC)
    samples = samples_of(result.path)
    start = datetime(2009, 3, 7, 13, 24, 18, tzinfo=UTC).timestamp()
    assert [one.time_us for one in samples] == [
        round((start + 2 * n) * MICROSECONDS) for n in range(21)
    ]
    assert {one.interval_us for one in samples} == {2 * MICROSECONDS}
    assert says(result, "a time of day and no date: the first was taken to be from 2009-03-07")
    assert not says(result, "interval")


def test_a_clock_over_midnight_begins_on_the_day_before(tmp_path: Path) -> None:
    given = Assumptions(
        start=round(datetime(2009, 3, 7, 12, tzinfo=UTC).timestamp() * 1e6), zone=UTC
    )
    text = "[23:59:58] 42.3\n[23:59:59] 42.3\n[00:00:00] 42.4\n[00:00:01] 42.4\n"
    _, samples = imported(tmp_path, text, assumptions=given)
    begin = round(datetime(2009, 3, 7, 23, 59, 58, tzinfo=UTC).timestamp() * MICROSECONDS)
    assert [one.time_us - begin for one in samples] == [n * MICROSECONDS for n in range(4)]
    path = tmp_path / "file1.txt"
    written = datetime(2009, 3, 8, 0, 0, 1, tzinfo=UTC).timestamp()
    os.utime(path, (written, written))
    result = import_files([path], tmp_path / "other.wattui", IN_UTC)
    assert says(result, "from 2009-03-07")


def test_one_column_is_watts(tmp_path: Path) -> None:
    result, samples = imported(tmp_path, "168.1\n163.6\n164.9\n")
    assert values(samples, 2) == [(1681, None), (1636, None), (1649, None)]
    assert says(result, "taken as watts")


def test_ratios_printed_as_percent_and_counts_as_tenths(tmp_path: Path) -> None:
    line = (
        "35.5, 121.9, 0.333, 262.9, 2.1, 770.2, 61.6, 59.2, 123.3, 0.496, 0.0, 115.9, 0.000, "
        "84.0, 55.0, 0.7, 60.1, 40.6\n"
    )
    result, samples = imported(tmp_path, line * 3)
    assert samples[0].values == (
        *(355, 1219, 333, 2629, 21, 7702, 616, 592, 1233, 496, 0, 1159, 0),
        *(84, 55, 7, 601, 406),
    )
    assert says(result, "power factor, duty cycle: taken as percent")
    assert says(result, "energy per month, cost per month, power-on events: taken as a tenth")


def test_the_same_with_labels(tmp_path: Path) -> None:
    line = "[watts] 35.5, [volts] 121.9, [amps] 0.333, [power factor] 84.0, [cost] 2.1\n"
    _, samples = imported(tmp_path, line * 3)
    assert values(samples, 5) == [(355, 1219, 333, None, 21)] * 3
    assert samples[0].values[13] == 84


def test_every_field_divided_by_ten(tmp_path: Path) -> None:
    line = (
        "35.5, 121.9, 33.3, 262.9, 2.1, 770.2, 61.6, 59.2, 123.3, 49.6, 0.0, 115.9, 0.0, "
        "8.4, 5.5, 0.7, 60.1, 40.6\n"
    )
    result, samples = imported(tmp_path, line * 3)
    assert samples[0].values == (
        *(355, 1219, 333, 2629, 21, 7702, 616, 592, 1233, 496, 0, 1159, 0),
        *(84, 55, 7, 601, 406),
    )
    assert says(result, "current")


def test_a_current_of_one_decimal_is_judged_by_power_and_voltage(tmp_path: Path) -> None:
    _, samples = imported(tmp_path, "1173.0, 119.8, 10.1\n" * 3)
    assert samples[0].values[2] == 10_100
    _, samples = imported(tmp_path, "173.0, 119.8, 147.4\n" * 3)
    assert samples[0].values[2] == 1_474


def test_the_fourth_of_four_fields_does_not_become_the_energy(tmp_path: Path) -> None:
    text = (
        "[20:21:23] 173.0, 119.8, 1.474, 94.0\n[20:21:24] 169.3, 119.7, 1.444, 94.0\n"
        "[20:21:29] 169.3, 119.7, 1.444, 94.0\n"
    )
    result, samples = imported(tmp_path, text)
    assert values(samples) == [
        (1730, 1198, 1474, None), (1693, 1197, 1444, None), (1693, 1197, 1444, None),
    ]  # fmt: skip
    assert [b.time_us - a.time_us for a, b in pairwise(samples)] == [
        MICROSECONDS, 5 * MICROSECONDS,
    ]  # fmt: skip
    assert says(result, "4 numbers and no labels")
    assert says(result, "--columns")


@pytest.mark.parametrize(
    "text",
    [
        "[watts] 162.5\n[volts] 119.6\n[amps] 1.386\n[watts] 160.0\n[volts] 119.6\n[amps] 1.360\n",
        "162.5\n119.6\n1.386\n160.0\n119.6\n1.360\n",
        "[13:24:18] 162.5\n119.6\n1.386\n[13:24:19] 160.0\n119.6\n1.360\n",
        "[13:24:18] [watts] 162.5\n[volts] 119.6\n[amps] 1.386\n[13:24:19] [watts] 160.0\n"
        "[volts] 119.6\n[amps] 1.360\n",
    ],
)
def test_a_field_per_line(tmp_path: Path, text: str) -> None:
    result, samples = imported(tmp_path, text)
    assert values(samples) == [(1625, 1196, 1386, None), (1600, 1196, 1360, None)]
    assert result.skipped == []


@pytest.mark.parametrize("sign", [", ", ",", ";", "; ", "\t", " ", "|", " | ", "/", ":"])
def test_any_sign_between_the_numbers(tmp_path: Path, sign: str) -> None:
    text = "".join(f"{sign.join((f'{42 + n}.3', '119.8', '0.361'))}\n" for n in range(100))
    result, samples = imported(tmp_path, text)
    assert set(result.formats.values()) == {"c-client"}
    assert values(samples) == [(423 + 10 * n, 1198, 361, None) for n in range(100)]


def test_error_lines_between_are_reported(tmp_path: Path) -> None:
    text = (
        "wattsup: [error] time stamp\n42.3, 119.8, 0.36\n42.5, 119.8, 0.36\n"
        "wattsup: [error] time stamp\n42.4, 119.7, 0.36\n"
    )
    result, samples = imported(tmp_path, text)
    assert values(samples, 1) == [(423,), (425,), (424,)]
    assert [one.line for one in result.skipped] == [1, 4]


def test_fields_that_nothing_shows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="shows which fields its 2 columns are") as caught:
        imported(tmp_path, "119.8, 0.36\n" * 9)
    assert "--columns" in caught.value.hint


def test_what_is_missing_depends_on_the_clock(tmp_path: Path) -> None:
    for text, lacks in (
        ("42.3\n", {"start", "interval"}),
        ("[13:24:18] 42.3\n", {"start", "zone"}),
    ):
        (tmp_path / "old.txt").write_text(text * 3)
        assert detect(tmp_path / "old.txt") is all_formats()["c-client"]
        assert all_formats()["c-client"].lacks_in(read_head(tmp_path / "old.txt")) == lacks
