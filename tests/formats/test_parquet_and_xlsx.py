# SPDX-License-Identifier: GPL-3.0-or-later
"""Parquet files and workbooks, read back by the programs that they are for."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from hostile_texts import hostile_session
from session_samples import BEGIN, METER, OTHER, noisy, steady

from wattui.cli.program import program
from wattui.errors import Cancelled, FormatError, PackageMissing
from wattui.formats import workbook, write
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELDS
from wattui.session import Annotations, Session, SessionWriter, Span


def run(*args: object) -> Result:
    return CliRunner().invoke(program, [str(one) for one in args])


@pytest.fixture
def session(tmp_path: Path) -> Path:
    path = tmp_path / "run.wattui"
    with SessionWriter(path) as writer:
        writer.on_samples(METER, noisy(400))
        writer.on_samples(OTHER, steady(100))
        writer.mark("on", when=BEGIN / MICROSECONDS + 5)
    Annotations(path).add(Span(0, BEGIN, BEGIN + 60 * MICROSECONDS, "warm-up"))
    return path


def test_pandas_reads_every_value_of_a_parquet_file(session: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    pandas = pytest.importorskip("pandas")
    target = tmp_path / "run.parquet"
    result = run("export", session, "-o", target)
    assert result.exit_code == 0, result.stderr
    assert "Wrote 500 rows" in result.stderr
    frame = pandas.read_parquet(target)
    with Session.open(session) as opened:
        for one in opened.meters:
            part = frame[frame["meter"] == one.info.label]
            found = opened.columns(one.id, [field.name for field in FIELDS])
            times = part["time"].astype("int64").to_numpy() / MICROSECONDS
            assert np.array_equal(times, found["time"])
            for field in FIELDS:
                same = part[field.column].to_numpy(), found[field.name]
                assert np.array_equal(*same, equal_nan=True), field.name
            statistics = opened.statistics(one.id)
            assert part["integrated_energy_wh"].iloc[-1] == pytest.approx(statistics.energy_wh)
            assert part["gap_s"].sum() == pytest.approx(statistics.gap_s)
    assert str(frame["time"].dt.tz) == "UTC"


def test_units_and_origin_are_in_the_metadata(session: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    target = tmp_path / "run.parquet"
    assert run("export", session, "-o", target, "--fields", "power,current").exit_code == 0
    schema = parquet.read_schema(target)
    assert schema.field("current_a").metadata[b"unit"] == b"A"
    assert "voltage_v" not in schema.names
    facts = json.loads(schema.metadata[b"wattui"])
    assert [one["serial_number"] for one in facts["meters"]] == ["A80012", ""]
    assert "1.5 %" in facts["energy_error"]
    columns = parquet.ParquetFile(target).metadata.row_group(0)
    assert {columns.column(i).compression for i in range(columns.num_columns)} == {"ZSTD"}


def test_duckdb_sums_the_energy_of_a_parquet_file(session: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    duckdb = pytest.importorskip("duckdb")
    target = tmp_path / "run.parquet"
    assert run("export", session, "-o", target).exit_code == 0
    query = "SELECT meter, sum(power_w * interval_s) / 3600 FROM read_parquet(?) GROUP BY meter"
    found = dict(duckdb.execute(query, [str(target)]).fetchall())
    with Session.open(session) as opened:
        for one in opened.meters:
            assert found[one.info.label] == pytest.approx(opened.statistics(one.id).energy_wh)


def test_a_workbook_has_records_and_spans_with_real_numbers(session: Path, tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter")
    openpyxl = pytest.importorskip("openpyxl")
    target = tmp_path / "run.xlsx"
    result = run("export", session, "-o", target)
    assert result.exit_code == 0, result.stderr
    book = openpyxl.load_workbook(target)
    assert book.sheetnames == ["Records", "Spans and notes", "About"]
    rows = list(book["Records"].iter_rows(values_only=True))
    assert len(rows) == 501
    assert rows[0][:4] == ("Time", "Meter", "Serial number", "Power W")
    first = rows[401]
    assert first[1:4] == ("desk", None, 40.0)
    moment = datetime.fromtimestamp(BEGIN / MICROSECONDS + 1)
    assert first[0] == moment
    notes = list(book["Spans and notes"].iter_rows(values_only=True))
    assert notes[1][0] == "warm-up"
    assert notes[3][0] == "on"
    with Session.open(session) as opened:
        energies = [opened.statistics(one.id).energy_wh for one in opened.meters]
    about = list(book["About"].iter_rows(values_only=True))
    assert [row[9] for row in about[1:3]] == pytest.approx(energies)


def test_records_that_do_not_fit_into_a_sheet_go_on_in_the_next(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("xlsxwriter")
    openpyxl = pytest.importorskip("openpyxl")
    monkeypatch.setattr(workbook, "SHEET_LINES", 301)
    target = tmp_path / "run.xlsx"
    assert run("export", session, "-o", target).exit_code == 0
    book = openpyxl.load_workbook(target)
    sizes = [book[name].max_row for name in ("Records", "Records 2")]
    assert sizes == [301, 201]


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(tmp_path: Path) -> None:
    pytest.importorskip("xlsxwriter")
    openpyxl = pytest.importorskip("openpyxl")
    target = tmp_path / "a.xlsx"
    with Session.open(hostile_session(tmp_path)) as opened:
        assert write(opened, target, "xlsx") == 240
    for sheet in openpyxl.load_workbook(target):
        for row in sheet.iter_rows():
            assert {cell.data_type for cell in row} <= {"s", "n", "d"}
            assert all(cell.hyperlink is None for cell in row)


@pytest.mark.parametrize(("form", "module"), [("parquet", "pyarrow"), ("xlsx", "xlsxwriter")])
def test_a_missing_package_is_an_error_that_says_how_to_install_it(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    target = tmp_path / f"run.{form}"
    with Session.open(session) as opened, pytest.raises(PackageMissing) as raised:
        write(opened, target, form)
    assert f"pip install 'wattui[{form}]'" in raised.value.hint
    assert list(tmp_path.glob("*.part")) == []
    assert not target.exists()


@pytest.mark.parametrize(("form", "module"), [("parquet", "pyarrow"), ("xlsx", "xlsxwriter")])
def test_a_cancelled_export_of_any_kind_leaves_no_file(
    session: Path, tmp_path: Path, form: str, module: str
) -> None:
    pytest.importorskip(module)
    with Session.open(session) as opened, pytest.raises(Cancelled):
        write(opened, tmp_path / f"run.{form}", form, cancelled=lambda: True)
    assert sorted(one.name for one in tmp_path.iterdir() if "run." in one.name) == ["run.wattui"]


def test_a_file_that_is_not_text_cannot_go_to_standard_output(session: Path) -> None:
    pytest.importorskip("pyarrow")
    result = run("export", session, "-o", "-", "--format", "parquet")
    assert result.exit_code == FormatError.exit_status
    assert "needs a file of its own" in result.stderr


@pytest.mark.parametrize("words", [["a.xlsx", "--format", "csv"], ["a.parquet", "--format", "raw"]])
def test_an_ending_is_not_given_to_another_format(
    session: Path, tmp_path: Path, words: list[str]
) -> None:
    result = run("export", session, "-o", tmp_path / words[0], *words[1:])
    assert result.exit_code == 2
    assert not (tmp_path / words[0]).exists()


def test_times_of_parquet_are_utc(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "a.wattui"
    with SessionWriter(path) as writer:
        writer.on_samples(METER, steady(3))
    with Session.open(path) as opened:
        write(opened, tmp_path / "a.parquet", "parquet")
    first = parquet.read_table(tmp_path / "a.parquet")["time"][0].as_py()
    assert first == datetime.fromtimestamp(BEGIN / MICROSECONDS + 1, UTC)


def test_a_recording_does_not_begin_if_its_file_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    target, session = tmp_path / "run.parquet", tmp_path / "run.wattui"
    words = ["log", "sim://pro?speed=60", "-d", "5", "-o", target, "--session", session]
    result = run(*words)
    assert result.exit_code == PackageMissing.exit_status
    assert "pip install 'wattui[parquet]'" in result.stderr
    assert not session.exists()


def test_a_recording_ends_with_a_parquet_file(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    target, session = tmp_path / "run.parquet", tmp_path / "run.wattui"
    words = ["log", "sim://pro?speed=60", "-d", "5", "-q", "-o", target, "--session", session]
    result = run(*words)
    assert result.exit_code == 0, result.stderr
    assert parquet.read_table(target).num_rows >= 4
