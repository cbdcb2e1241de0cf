# SPDX-License-Identifier: GPL-3.0-or-later
"""Records that a file has twice, in the wrong order, too large, or with coarse times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from format_samples import BEGIN, METER, full, imported, session

from wattui.formats import write
from wattui.formats.import_files import ImportResult
from wattui.formats.reading import corrections
from wattui.formats.reading.source import Assumptions
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.sample import Sample
from wattui.session import Session
from wattui.session.span_statistics import Statistics

IN_UTC = Assumptions(zone=UTC)


def line(second: float, number: int, watts: float = 50.0, *, fine: bool = True) -> str:
    moment = datetime(2014, 10, 7, 17, 40, 41, 648678 if fine else 0) + timedelta(seconds=second)
    return f"{moment} {number} {watts:.1f} 118.3 0.475\n"


def figures(folder: Path, text: str) -> tuple[ImportResult, list[Sample], Statistics]:
    result, samples = imported(folder, text, assumptions=IN_UTC)
    with Session.open(result.path) as opened:
        return result, samples, opened.statistics(1)


def says(result: ImportResult, words: str) -> bool:
    return any(words in note for note in result.notes)


def ours(folder: Path, samples: Sequence[Sample], change: Callable[[list[str]], list[str]]) -> str:
    """Our own CSV, whose rows were changed."""
    with Session.open(session(folder / "source.wattui", samples)) as opened:
        write(opened, folder / "ours.csv")
    lines = (folder / "ours.csv").read_text().splitlines(keepends=True)
    rows = next(n for n, one in enumerate(lines) if one.startswith("time,")) + 1
    return "".join([*lines[:rows], *change(lines[rows:])])


LONG = [
    Sample(BEGIN + n * MICROSECONDS, MICROSECONDS, (1000 + n % 7, 1200, 900)) for n in range(1, 161)
]
STEADY = LONG[:80]


def test_rows_cut_out_of_our_csv_are_a_gap_although_it_says_none(tmp_path: Path) -> None:
    text = ours(tmp_path, STEADY, lambda rows: rows[:20] + rows[50:])
    result, samples, found = figures(tmp_path, text)
    assert (found.count, found.gap_count, found.gap_s) == (50, 1, 30.0)
    assert found.duration_s == 50.0
    assert samples[20].gap_us == 30 * MICROSECONDS
    assert says(result, "interval and gap of 1 record contradict the times")


def test_one_row_cut_out_of_our_csv_is_a_gap_of_one(tmp_path: Path) -> None:
    _, samples, _ = figures(tmp_path, ours(tmp_path, STEADY, lambda rows: rows[:20] + rows[21:]))
    assert (samples[20].interval_us, samples[20].gap_us) == (MICROSECONDS, MICROSECONDS)


def test_every_tenth_row_of_our_csv_has_the_interval_of_its_times(tmp_path: Path) -> None:
    _, samples, found = figures(tmp_path, ours(tmp_path, LONG, lambda rows: rows[::10]))
    del samples[0]
    assert {one.interval_us for one in samples} == {10 * MICROSECONDS}
    assert found.gap_count == 0


def test_intervals_that_are_longer_than_the_times_allow_are_cut(tmp_path: Path) -> None:
    def longer(rows: list[str]) -> list[str]:
        return [*rows[:9], rows[9].replace(",1.000000,0.000000", ",60.000000,0.000000"), *rows[10:]]

    _, samples, found = figures(tmp_path, ours(tmp_path, STEADY, longer))
    assert samples[9].interval_us == MICROSECONDS
    assert found.duration_s == 80.0


def test_our_own_gaps_are_still_believed(tmp_path: Path) -> None:
    text = ours(tmp_path, full(100), lambda rows: rows)
    result, samples, _ = figures(tmp_path, text)
    assert [n for n, one in enumerate(samples) if one.gap_us] == [20, 70]
    assert not says(result, "contradict")


def test_each_row_of_our_csv_twice(tmp_path: Path) -> None:
    def twice(rows: list[str]) -> list[str]:
        return [row for row in rows for _ in range(2)]

    result, samples, found = figures(tmp_path, ours(tmp_path, STEADY, twice))
    assert len(samples) == 80
    assert found.duration_s == 80.0
    assert says(result, "80 records left out that the file contains twice")


@pytest.mark.parametrize("batch", [7, 20_000])
def test_each_line_of_a_log_twice_with_different_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(corrections, "BATCH", batch)
    text = "".join(line(n // 2, n, 50 + n // 2) for n in range(20))
    result, samples, found = figures(tmp_path, text)
    assert (found.count, found.duration_s) == (10, 10.0)
    assert [one.values[0] for one in samples] == [500 + 10 * n for n in range(10)]
    assert says(result, "10 records left out")


@pytest.mark.parametrize("batch", [7, 20_000])
def test_a_part_of_a_log_that_was_appended_again_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(corrections, "BATCH", batch)
    lines = [line(n, n, 50 + n % 9) for n in range(100)]
    result, _, found = figures(tmp_path, "".join(lines[:60] + lines[30:]))
    assert (found.count, found.duration_s, found.gap_count) == (100, 100.0, 0)
    assert says(result, "30 records left out")
    assert not says(result, "went back")


@pytest.mark.parametrize("batch", [7, 20_000])
def test_two_lines_a_second_have_half_a_second_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(corrections, "BATCH", batch)
    result, samples, found = figures(
        tmp_path, "".join(line(n // 2, n, fine=False) for n in range(8))
    )
    assert (found.count, found.duration_s) == (8, 4.0)
    assert found.energy_wh == pytest.approx(50 * 4 / 3600)
    assert {one.interval_us for one in samples} == {MICROSECONDS // 2}
    assert says(result, "coarser than its records")


@pytest.mark.parametrize("batch", [7, 100, 20_000])
@pytest.mark.parametrize("start", [0, 25])
def test_times_in_whole_minutes_are_refined_by_the_seconds_that_the_file_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int, start: int
) -> None:
    monkeypatch.setattr(corrections, "BATCH", batch)
    # 20 seconds are missing in the middle.
    seconds = [n for n in range(start, 600) if not 200 < n <= 220]
    text = "".join(line(n // 60 * 60 - 41, n, fine=False) for n in seconds)
    result, samples, found = figures(tmp_path, text)
    assert found.count == len(seconds)
    if batch == 20_000:
        assert (found.gap_count, found.gap_s) == (1, 20.0)
        assert found.energy_wh == pytest.approx(50 * len(seconds) / 3600)
    assert {one.interval_us for one in samples} == {MICROSECONDS}
    assert says(result, "coarser than its records")


def test_equal_values_within_a_second_are_not_taken_for_repeats(tmp_path: Path) -> None:
    # A meter that sends once per second, read by a clock of whole seconds with some jitter.
    seconds = [0, 1, 1, 3, 4, 5, 6, 6, 8, 9, 10, 11]
    _, samples, found = figures(
        tmp_path, "".join(line(s, n, fine=False) for n, s in enumerate(seconds))
    )
    assert len(samples) == 12
    assert found.duration_s == 12.0


def test_the_newest_record_first(tmp_path: Path) -> None:
    text = "".join(line(-n, n, 50 + n) for n in range(10))
    result, samples, found = figures(tmp_path, text)
    assert [one.values[0] for one in samples] == [590 - 10 * n for n in range(10)]
    assert (found.count, found.duration_s, found.gap_count) == (10, 10.0, 0)
    assert says(result, "latest record comes first")
    assert not says(result, "went back")


def test_our_csv_with_the_newest_record_first(tmp_path: Path) -> None:
    text = ours(tmp_path, full(100), lambda rows: rows[::-1])
    result, samples, _ = figures(tmp_path, text)
    assert samples == full(100)
    assert result.counts == {METER.name: 100}


def test_records_sorted_by_power_are_sorted_by_time_again(tmp_path: Path) -> None:
    text = ours(tmp_path, full(100), lambda rows: sorted(rows, key=lambda row: row.split(",")[4]))
    result, samples, _ = figures(tmp_path, text)
    assert samples == full(100)
    assert says(result, "not in chronological order")


def test_a_value_beyond_any_meter_is_absent_and_reported(tmp_path: Path) -> None:
    text = "".join(line(n, n, 99_999_999.9 if n == 4 else 55.4) for n in range(10))
    result, samples, found = figures(tmp_path, text)
    assert samples[4].values[:3] == (None, 1183, 475)
    assert found.energy_wh == pytest.approx(9 * 55.4 / 3600)
    assert says(result, "1 value of power left out: a meter sends at most 5,000.0 W")
    assert says(result, "99,999,999.9 W")


@pytest.mark.parametrize("rate", [1.0, 1.003])
def test_a_second_that_a_clock_of_whole_seconds_skips_is_not_a_gap(
    tmp_path: Path, rate: float
) -> None:
    # Every few hundred records the clock shows a second twice, or not at all.
    text = "".join(line(int(n * rate + 0.4 * (n % 2)), n, fine=False) for n in range(3_000))
    _, _, found = figures(tmp_path, text)
    assert (found.count, found.gap_count) == (3_000, 0)
    assert found.duration_s == pytest.approx(3_000 * rate, abs=2)
