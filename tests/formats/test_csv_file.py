# SPDX-License-Identifier: GPL-3.0-or-later
"""CSV that opens everywhere and agrees with the session."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from session_samples import BEGIN, METER, OTHER, noisy, record, sample, sample_lists, steady

from wattui.errors import Cancelled, DiskRefused
from wattui.formats import write
from wattui.formats.csv_file import COLUMNS
from wattui.formats.import_files import import_files
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind
from wattui.measurement.fields import FIELDS
from wattui.measurement.sample import Sample
from wattui.session import BulkWriter, Session, SessionWriter


def exported(path: Path, **options: object) -> str:
    with Session.open(path) as session:
        write(session, path.with_suffix(".csv"), **options)  # type: ignore[arg-type]
    return path.with_suffix(".csv").read_bytes().decode()


def table(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines, delimiter=delimiter))


def test_the_file_reads_as_documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    samples = [sample(1), sample(2.25, 1234), sample(13, gap=9.5)]
    text = exported(record(tmp_path / "a.wattui", samples))
    assert "\r" not in text
    assert not text.startswith("\ufeff")
    rows = table(text)
    assert list(rows[0]) == list(COLUMNS)
    first = rows[0]
    assert first["unix_time"] == "1700000001.000000"
    assert first["elapsed_s"] == "1.000000"
    assert first["meter"] == "PRO A80012"
    assert (first["power_w"], first["voltage_v"], first["current_a"]) == ("42.3", "119.8", "0.361")
    assert first["frequency_hz"] == ""
    assert rows[1]["power_w"] == "123.4"
    assert rows[2]["gap_s"] == "9.500000"
    head = [line for line in text.splitlines() if line.startswith("#")]
    for part in (
        *("# meter: PRO A80012", "# model: PRO", "# firmware: 3.14", "# interval: 1 s"),
        *("# recorded by: wattui", "# energy: ", "# energy error: ", "# time zone: "),
        *("# meter's own counter: moved by 1.2 Wh", "# gap of PRO A80012: ", "# gaps: 1, 9.5"),
    ):
        assert any(line.startswith(part) for line in head), part


@settings(max_examples=30, deadline=None)
@given(sample_lists(30).filter(bool))
def test_every_value_comes_out_exactly(samples: list[Sample]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wattui"
        with BulkWriter(path) as writer:
            writer.add_samples(METER, samples)
        rows = table(exported(path))
        with Session.open(path) as session:
            energy = session.statistics(1).energy_wh
    assert len(rows) == len(samples)
    for row, one in zip(rows, samples, strict=True):
        for field, value in zip(FIELDS, one.values, strict=True):
            assert field.to_wire(float(row[field.column]) if row[field.column] else None) == value
        assert round(float(row["unix_time"]) * 1e6) == pytest.approx(one.time_us, abs=1)
        assert float(row["interval_s"]) * 1e6 == pytest.approx(one.interval_us)
        assert float(row["gap_s"]) * 1e6 == pytest.approx(one.gap_us)
    summed = sum(float(row["power_w"] or 0) * float(row["interval_s"]) for row in rows) / 3600
    assert summed == pytest.approx(energy, rel=1e-9)
    if rows:
        assert float(rows[-1]["integrated_energy_wh"]) == pytest.approx(energy, abs=1e-6)


# pandas in a program of its own, for its time zones.
READ = """
import sys, pandas
from session_samples import BEGIN
frame = pandas.read_csv(sys.argv[1], comment="#", parse_dates=["time"])
assert str(frame.time.dtype).startswith("datetime64"), frame.time.dtype
seconds = frame.time.dt.tz_convert("UTC").astype("datetime64[us, UTC]").astype("int64") / 1e6
assert (seconds - frame.unix_time).abs().max() < 1e-5
energy = (frame.power_w * frame.interval_s).sum() / 3600
print(len(frame), round(energy, 9), frame.time[0].isoformat())
"""

WRITE = """
import sys
from wattui.formats import write
from wattui.session import Session
with Session.open(sys.argv[1]) as session:
    write(session, sys.argv[2])
"""


@pytest.mark.parametrize(
    ("zone", "offset"),
    [("Europe/Berlin", "+02:00"), ("America/St_Johns", "-02:30"), ("Asia/Kathmandu", "+05:45"),
     ("UTC", "+00:00")],
)  # fmt: skip
def test_one_line_of_pandas_reads_it_across_the_end_of_summer_time(
    tmp_path: Path, zone: str, offset: str
) -> None:
    pytest.importorskip("pandas")
    # From the evening of 28 October 2023, one record per hour, over the change of 29 October.
    begin = 1_698_516_000 * MICROSECONDS
    hour = 3600 * MICROSECONDS
    samples = [Sample(begin + i * hour, hour, (1000, *(None,) * 17)) for i in range(1, 24 * 10)]
    name = replace(METER, name='#1, the "big" one')
    path = record(tmp_path / "a.wattui", samples, name)
    target = tmp_path / "a.csv"
    environment = {**os.environ, "TZ": zone, "LC_ALL": "de_DE.UTF-8"}
    here = Path(__file__).parents[1]
    for code, words in ((WRITE, [str(path), str(target)]), (READ, [str(target)])):
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            capture_output=True, text=True, timeout=60, cwd=here, env=environment,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    count, energy, first = done.stdout.split()
    assert (int(count), float(energy)) == (239, 23_900.0)
    assert first.endswith(offset)


def test_a_name_cannot_break_the_lines(tmp_path: Path) -> None:
    nasty = replace(METER, name='a,"b"#c\nd; é')
    text = exported(record(tmp_path / "a.wattui", steady(3), nasty))
    rows = table(text)
    assert [row["meter"] for row in rows] == ['a,"b"＃c d; é'] * 3
    assert all(row["gap_s"] == "0.000000" for row in rows)
    assert all(line.startswith(("#", "time,", "20")) for line in text.splitlines())
    assert not any("#" in line for line in text.splitlines() if not line.startswith("#"))


def test_the_spreadsheet_dialect(tmp_path: Path) -> None:
    text = exported(record(tmp_path / "a.wattui", steady(3)), dialect="spreadsheet")
    assert text.startswith("\ufeff#")
    row = table(text.lstrip("\ufeff"), ";")[0]
    assert row["power_w"] == "40,0"
    assert row["unix_time"] == "1700000001,000000"
    assert row["time"][10] == " "
    assert row["time"].endswith(",000")


#: What Excel and LibreOffice recognise as a date and time in cells of a CSV.
SHEET_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d([.,])\d{3}")


@pytest.mark.parametrize("form", ["csv", "wide-csv"])
@pytest.mark.parametrize(
    ("dialect", "delimiter", "point"), [("spreadsheet", ";", ","), ("spreadsheet-point", ",", ".")]
)
def test_times_stayed_text_in_spreadsheets(
    tmp_path: Path, form: str, dialect: str, delimiter: str, point: str
) -> None:
    samples = [sample(1.9996), sample(3.25, 1234)]
    text = exported(record(tmp_path / "a.wattui", samples), form=form, dialect=dialect)
    rows = table(text.lstrip("\ufeff"), delimiter)
    for row in rows:
        match = SHEET_TIME.fullmatch(row["time"])
        assert match is not None, row["time"]
        assert match[1] == point
        assert row["unix_time"].count(point) == 1
    if form == "csv":
        assert rows[0]["time"].endswith(f"{point}999")  # cut off, never in the future
        assert rows[0]["unix_time"].endswith(f"{point}999600")
        assert rows[1]["power_w"] == f"123{point}4"


def test_a_part_is_exported_with_its_own_energy(tmp_path: Path) -> None:
    samples = noisy(300)
    path = record(tmp_path / "a.wattui", samples)
    start, stop = samples[49].time_us, samples[99].time_us
    rows = table(exported(path, start=start, stop=stop))
    assert len(rows) == 50
    with Session.open(path) as session:
        energy = session.statistics(1, start, stop).energy_wh
    assert float(rows[-1]["integrated_energy_wh"]) == pytest.approx(energy, abs=1e-6)
    assert float(rows[0]["elapsed_s"]) > 49


def test_meters_are_chosen_and_have_different_labels(tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    with SessionWriter(path) as writer:
        writer.on_samples(replace(METER, name="desk"), steady(3))
        writer.on_samples(OTHER, steady(2))
        writer.on_event(OTHER, Event(BEGIN + 2, EventKind.MARK, "kettle on"))
    rows = table(exported(path))
    assert [row["meter"] for row in rows] == ["desk (A80012)"] * 3 + ["desk (B1)"] * 2
    rows = table(text := exported(path, meters=[2]))
    assert len(rows) == 2
    assert "kettle on" in text


def test_a_session_without_samples_has_a_header(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.wattui"):
        pass
    text = exported(tmp_path / "a.wattui")
    assert text.splitlines()[-1] == ",".join(COLUMNS)


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    path = record(tmp_path / "a.wattui", steady(25_000))
    exported(path, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(10_000, 25_000), (20_000, 25_000), (25_000, 25_000)]


def test_a_cancelled_export_leaves_the_old_file(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", steady(25_000))
    target = tmp_path / "a.csv"
    target.write_text("old")
    asked = iter([False, True])
    with Session.open(path) as session, pytest.raises(Cancelled):
        write(session, target, cancelled=lambda: next(asked))
    assert target.read_text() == "old"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.csv", "a.wattui"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_reported(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", steady(5_000))
    link = tmp_path / "a.csv"
    link.symlink_to("/dev/full")
    with Session.open(path) as session, pytest.raises(DiskRefused, match="full") as caught:
        write(session, link)
    assert "Free some space" in caught.value.hint
    assert link.is_symlink()
    assert Path("/dev/full").is_char_device()


def test_a_file_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", steady(3))
    with Session.open(path) as session:
        with pytest.raises(DiskRefused, match="folder"):
            write(session, tmp_path)
        with pytest.raises(DiskRefused):
            write(session, tmp_path / "absent" / "a.csv")
    assert [one.name for one in tmp_path.iterdir()] == ["a.wattui"]


def test_the_rows_are_plain_csv(tmp_path: Path) -> None:
    text = exported(record(tmp_path / "a.wattui", noisy(200)))
    body = "".join(line + "\n" for line in text.splitlines() if not line.startswith("#"))
    assert {len(row) for row in csv.reader(io.StringIO(body))} == {len(COLUMNS)}


# -- cells that a spreadsheet would run --

NASTY = (
    *("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "'=1", "''=1", "'fan", "＝1", "a,=1", 'a;"=1"'),
    *("=1;=2,=3", "\t=1", "  =1", "plain", "it's a fan", "-", "\x1b[31mred"),
)


@pytest.mark.parametrize("dialect", ["standard", "spreadsheet"])
@pytest.mark.parametrize("name", NASTY)
def test_no_cell_is_a_formula_and_names_are_read_back(
    name: str, dialect: str, tmp_path: Path
) -> None:
    meter = replace(METER, name=name, firmware=name, serial_number=name)
    path = tmp_path / "a.wattui"
    with SessionWriter(path) as writer:
        writer.on_samples(meter, steady(3))
        writer.on_event(meter, Event(BEGIN + 2, EventKind.MARK, f"x,{name}"))
    text = exported(path, dialect=dialect)
    for delimiter in ",;\t":
        for row in csv.reader(text.lstrip("\ufeff").splitlines(), delimiter=delimiter):
            for cell in row:
                assert not cell.lstrip().startswith(("=", "+", "@", "＝")), (delimiter, row)
                assert not cell.lstrip().startswith("-") or cell.strip("-0123456789.,") == "", row
    assert "\x1b" not in text
    (tmp_path / "a.csv").write_text(text)
    result = import_files([tmp_path / "a.csv"], tmp_path / "b.wattui")
    with Session.open(result.path) as session:
        info = session.meters[0].info
    words = " ".join(name.replace("\x1b", " ").split())
    assert (info.name, info.firmware, info.serial_number) == (words, words, words)


def test_each_row_has_the_serial_number(tmp_path: Path) -> None:
    rows = table(exported(record(tmp_path / "a.wattui", steady(3))))
    assert [row["serial_number"] for row in rows] == ["A80012"] * 3


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "'=1", "fan"])
def test_a_2015_csv_has_no_formula_either(name: str, tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", steady(3), replace(METER, name=name))
    with Session.open(path) as session:
        write(session, tmp_path / "a.csv", "2015-csv")
    assert not (tmp_path / "a.csv").read_text().splitlines()[1].startswith(("=", "+"))
    result = import_files([tmp_path / "a.csv"], tmp_path / "b.wattui")
    with Session.open(result.path) as session:
        assert session.meters[0].info.name == name
