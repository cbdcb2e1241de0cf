# SPDX-License-Identifier: GPL-3.0-or-later
"""The wide form of our CSV: nothing is left out, and the sums are those of the session."""

from __future__ import annotations

import csv
import itertools
import random
import tempfile
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from session_samples import METER, OTHER, noisy, sample_lists, steady

from wattui.cli.program import program as command_line
from wattui.errors import Cancelled, DiskRefused
from wattui.formats import write
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELDS
from wattui.measurement.sample import Sample
from wattui.session import BulkWriter, Session


def session_of(path: Path, meters: dict[MeterInfo, list[Sample]]) -> Path:
    with BulkWriter(path) as writer:
        for meter, samples in meters.items():
            writer.add_samples(meter, samples)
    return path


def moved(samples: list[Sample], seconds: float) -> list[Sample]:
    return [replace(one, time_us=one.time_us + round(seconds * MICROSECONDS)) for one in samples]


def written(path: Path, **options: object) -> tuple[list[str], list[dict[str, str]]]:
    """Return the lines of the head, and the rows."""
    target = path.with_suffix(".csv")
    with Session.open(path) as session:
        count = write(session, target, "wide-csv", **options)
        span = (options.get("start"), options.get("stop"))
        assert count == sum(session.count(one.id, *span) for one in session.meters)  # type: ignore[arg-type]
    lines = target.read_text(encoding="utf-8-sig").splitlines()
    head = [line for line in lines if line.startswith("#")]
    delimiter = ";" if options.get("dialect") == "spreadsheet" else ","
    return head, list(csv.DictReader(lines[len(head) :], delimiter=delimiter))


def energies(path: Path) -> list[float]:
    with Session.open(path) as session:
        return [session.statistics(meter.id).energy_wh for meter in session.meters]


def summed(rows: list[dict[str, str]], name: str) -> float:
    return sum(
        float(row[f"power_w__{name}"]) * float(row[f"interval_s__{name}"]) / 3600
        for row in rows
        if row[f"power_w__{name}"]
    )


def test_meters_are_side_by_side(tmp_path: Path) -> None:
    meters = {METER: steady(10), OTHER: moved(steady(10), 0.3)}
    head, rows = written(session_of(tmp_path / "a.wattui", meters))
    assert len(rows) == 10
    assert list(rows[0])[:4] == ["time", "unix_time", "elapsed_s", "power_w__A80012"]
    assert [row["power_w__A80012"] for row in rows] == [row["power_w__desk"] for row in rows]
    assert rows[0]["unix_time"] == "1700000001.000000"
    assert float(rows[-1]["elapsed_s"]) == 10.0
    assert any(line == "# columns of desk: desk at sim://es" for line in head)
    assert any("a row every 1 s" in line for line in head)


def test_a_gap_is_an_empty_cell_and_a_time_without_records_has_no_row(tmp_path: Path) -> None:
    first = [*steady(3), *moved(steady(3), 20)]
    meters = {METER: first, OTHER: steady(6)}
    _, rows = written(session_of(tmp_path / "a.wattui", meters))
    assert [row["power_w__A80012"] != "" for row in rows] == [True] * 3 + [False] * 3 + [True] * 3
    assert [row["power_w__desk"] != "" for row in rows] == [True] * 6 + [False] * 3


@pytest.mark.parametrize("phase", [0.0, 0.25, 0.49, 0.5, 0.51, 0.75, 0.99])
def test_jitter_leaves_no_holes(tmp_path: Path, phase: float) -> None:
    chance = random.Random(7)
    samples = [
        replace(
            one, time_us=one.time_us + round((phase + chance.uniform(-0.1, 0.1)) * MICROSECONDS)
        )
        for one in steady(500)
    ]
    path = session_of(tmp_path / "a.wattui", {METER: samples})
    _, rows = written(path)
    assert 499 <= len(rows) <= 501
    times = [float(row["unix_time"]) for row in rows]
    assert sum(b - a > 1.5 for a, b in itertools.pairwise(times)) <= 1
    assert summed(rows, "A80012") == pytest.approx(energies(path)[0], rel=1e-7)


@pytest.mark.parametrize("interval", [None, 0.7, 60.0])
@settings(max_examples=20, deadline=None)
@given(sample_lists(40).filter(bool), sample_lists(40).filter(bool))
def test_sums_agree_whatever_the_times(
    interval: float | None, one: list[Sample], other: list[Sample]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = session_of(Path(folder) / "a.wattui", {METER: one, OTHER: other})
        _, rows = written(path, interval=interval, fields=[f.name for f in FIELDS])
        exact_energies = energies(path)
    times = [float(row["unix_time"]) for row in rows]
    assert times == sorted(set(times))
    for name, energy, samples in zip(("A80012", "desk"), exact_energies, (one, other), strict=True):
        filled = [row for row in rows if row[f"interval_s__{name}"]]
        last = float(filled[-1][f"integrated_energy_wh__{name}"])
        assert last == pytest.approx(energy, abs=1e-6)
        assert summed(rows, name) == pytest.approx(energy, rel=1e-6, abs=1e-6)
        spans = [float(row[f"{c}__{name}"]) for row in filled for c in ("interval_s", "gap_s")]
        exact = sum(sample.interval_us + sample.gap_us for sample in samples) / MICROSECONDS
        assert sum(spans) == pytest.approx(exact)


def test_longer_rows_hold_means_of_the_power(tmp_path: Path) -> None:
    samples = [replace(s, values=(100 * i, *s.values[1:])) for i, s in enumerate(steady(60))]
    path = session_of(tmp_path / "a.wattui", {METER: samples})
    _, rows = written(path, interval=10)
    assert [row["unix_time"][-9:] for row in rows[:2]] == ["00.000000", "10.000000"]
    # Records 1 to 4 are nearest to 0 s, 5 to 14 to 10 s.
    assert float(rows[0]["power_w__A80012"]) == pytest.approx(sum(range(4)) / 4 * 10)
    assert float(rows[1]["power_w__A80012"]) == pytest.approx(sum(range(4, 14)) / 10 * 10)
    assert rows[1]["interval_s__A80012"] == "10.000000"


def test_names_are_safe_and_different(tmp_path: Path) -> None:
    names = ("Büro, #1", "Büro #1", "", "")
    meters = {
        MeterInfo(f"k{i}", "/dev/tty.usb-x__y", name): steady(2) for i, name in enumerate(names)
    }
    _, rows = written(session_of(tmp_path / "a.wattui", meters), fields=["power"])
    ends = [column.split("__") for column in rows[0] if column.startswith("power_w")]
    assert all(len(parts) == 2 and parts[1].isidentifier() for parts in ends)
    assert [parts[1] for parts in ends] == ["Büro_1", "Büro_1_2", "tty_usb_x_y", "tty_usb_x_y_2"]


def test_the_spreadsheet_dialect(tmp_path: Path) -> None:
    path = session_of(tmp_path / "a.wattui", {METER: steady(3)})
    _, rows = written(path, dialect="spreadsheet")
    assert rows[0]["power_w__A80012"] == "40,0"
    assert "T" not in rows[0]["time"]


def test_pandas_makes_a_table_of_two_levels(tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    path = session_of(tmp_path / "a.wattui", {METER: steady(50), OTHER: moved(noisy(50), 0.2)})
    written(path)
    wide = pandas.read_csv(
        path.with_suffix(".csv"), comment="#", parse_dates=["time"], index_col="time"
    )
    assert str(wide.index.dtype).startswith("datetime64")
    assert wide.power_w__A80012.notna().sum() == 50
    wide = wide.drop(columns=["unix_time", "elapsed_s"])
    wide.columns = wide.columns.str.split("__", expand=True)
    power = wide["power_w"]
    assert list(power.columns) == ["A80012", "desk"]
    energy = (power * wide["interval_s"]).sum() / 3600
    assert energy.tolist() == pytest.approx(energies(path), rel=1e-6)


def test_memory_stays_flat(tmp_path: Path) -> None:
    few = session_of(tmp_path / "few.wattui", {METER: steady(4_000), OTHER: steady(4_000)})
    many = session_of(tmp_path / "many.wattui", {METER: steady(9_000), OTHER: steady(9_000)})
    peaks = []
    for path in (few, many):
        with Session.open(path) as session:
            tracemalloc.start()
            write(session, tmp_path / "a.csv", "wide-csv")
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 1.3 * peaks[0] + 100_000


def test_a_cancelled_or_refused_export_leaves_the_older_file(tmp_path: Path) -> None:
    path = session_of(tmp_path / "a.wattui", {METER: steady(5_000)})
    target = tmp_path / "a.csv"
    target.write_text("older")
    reports: list[tuple[int, int]] = []
    with Session.open(path) as session:
        with pytest.raises(Cancelled):
            write(
                session, target, "wide-csv", progress=lambda *n: reports.append(n),
                cancelled=lambda: len(reports) > 2,
            )  # fmt: skip
        with pytest.raises(DiskRefused):
            write(session, tmp_path / "no" / "a.csv", "wide-csv")
    assert target.read_text() == "older"
    assert reports[-1][1] == 5_000
    assert reports == sorted(reports)
    assert list(tmp_path.glob(".*.part")) == []


def test_the_command(tmp_path: Path) -> None:
    path = session_of(tmp_path / "a.wattui", {METER: steady(60), OTHER: steady(60)})
    target = tmp_path / "w.csv"

    def run(*words: str) -> object:
        return CliRunner().invoke(command_line, ["export", str(path), "-o", str(target), *words])

    result = run("--wide", "--fields", "W,Hz", "--interval", "10s", "--meter", "desk")
    assert result.exit_code == 0, result.stderr  # type: ignore[attr-defined]
    header = next(line for line in target.read_text().splitlines() if line[0] != "#")
    assert header == (
        "time,unix_time,elapsed_s,power_w__desk,frequency_hz__desk,"
        "integrated_energy_wh__desk,interval_s__desk,gap_s__desk"
    )
    for words in (("--interval", "10s"), ("--wide", "--fields", "volts")):
        assert run(*words).exit_code == 2  # type: ignore[attr-defined]
    assert run("--wide", "--fields", "all").exit_code == 0  # type: ignore[attr-defined]
