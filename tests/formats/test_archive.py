# SPDX-License-Identifier: GPL-3.0-or-later
"""A folder of sessions as a data set of Parquet files."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from session_samples import BEGIN, METER, OTHER, record, sample, steady

from wattui.cli.program import program
from wattui.errors import Cancelled
from wattui.formats.archive import STATE, archive
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import MeterInfo
from wattui.session import Session, SessionWriter

pytest.importorskip("pyarrow")
DAY = 86_400


def run(*args: object) -> Result:
    return CliRunner().invoke(program, [str(one) for one in args])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder of two sessions, one of which lasts over midnight."""
    goal = tmp_path / "sessions"
    goal.mkdir()
    over_midnight = [sample(n * 600, 400 + n, interval=600.0) for n in range(1, 200)]
    record(goal / "a.wattui", over_midnight, MeterInfo("A80012", "sim://pro", interval=600.0))
    record(goal / "b.wattui", steady(100), OTHER)
    return goal


def content(goal: Path) -> dict[str, bytes]:
    return {str(one.relative_to(goal)): one.read_bytes() for one in goal.rglob("*.parquet")}


def rows(goal: Path) -> list[tuple[object, ...]]:
    duckdb = pytest.importorskip("duckdb")
    query = "SELECT meter_id, date, count(*), sum(power_w * interval_s) / 3600 FROM read_parquet("
    query += f"'{goal}/**/*.parquet', hive_partitioning = true) GROUP BY ALL ORDER BY ALL"
    found: list[tuple[object, ...]] = duckdb.sql(query).fetchall()
    return found


def test_a_data_set_has_every_sample_by_meter_and_day(folder: Path, tmp_path: Path) -> None:
    goal = tmp_path / "set"
    result = run("archive", folder, goal)
    assert result.exit_code == 0, result.stderr
    assert "Wrote 299 rows of 2 sessions to 4 files" in result.stderr
    found = rows(goal)
    assert [row[0] for row in found] == ["A80012", "A80012", "A80012", "B1"]
    assert sum(row[2] for row in found) == 299  # type: ignore[misc]
    with Session.open(folder / "a.wattui") as session:
        energy = session.statistics(1).energy_wh
    assert sum(row[3] for row in found if row[0] == "A80012") == pytest.approx(energy)  # type: ignore[misc]


def test_the_day_of_a_file_is_that_of_all_of_its_times(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    midnight = (BEGIN // (DAY * MICROSECONDS) + 1) * DAY - BEGIN // MICROSECONDS
    folder = tmp_path / "sessions"
    folder.mkdir()
    record(folder / "a.wattui", [sample(midnight + n) for n in range(-2, 3)])
    archive(folder, tmp_path / "set")
    query = "SELECT count(*) FROM read_parquet("
    query += f"'{tmp_path}/set/**/*.parquet', hive_partitioning = true)"
    query += " WHERE strftime(time AT TIME ZONE 'UTC', '%Y-%m-%d') = date::VARCHAR"
    assert duckdb.sql(query).fetchall() == [(5,)]


def test_a_second_run_writes_nothing(folder: Path, tmp_path: Path) -> None:
    goal = tmp_path / "set"
    archive(folder, goal)
    times = {one: one.stat().st_mtime_ns for one in goal.rglob("*")}
    again = archive(folder, goal)
    assert (again.file_count, len(again.unchanged)) == (0, 2)
    assert {one: one.stat().st_mtime_ns for one in goal.rglob("*")} == times


def test_a_copy_of_a_session_adds_no_rows(folder: Path, tmp_path: Path) -> None:
    goal = tmp_path / "set"
    archive(folder, goal)
    before = rows(goal)
    (folder / "copies").mkdir()
    shutil.copy(folder / "a.wattui", folder / "copies" / "old a.wattui")
    archive(folder, goal)
    (goal / STATE).unlink()
    archive(folder, goal)
    assert rows(goal) == before


def test_a_session_that_grew_is_continued(tmp_path: Path) -> None:
    folder, goal = tmp_path / "sessions", tmp_path / "set"
    folder.mkdir()
    path = folder / "a.wattui"
    with SessionWriter(path) as writer:
        writer.on_samples(METER, [sample(n * 600, interval=600.0) for n in range(1, 200)])
        writer.flush()
        archive(folder, goal)
        first = content(goal)
        writer.on_samples(METER, [sample(n * 600, interval=600.0) for n in range(200, 400)])
        writer.flush()
        archive(folder, goal)
    second = content(goal)
    assert sum(row[2] for row in rows(goal)) == 399  # type: ignore[misc]
    same = [name for name in first if second[name] == first[name]]
    assert len(same) == len(first) - 1  # only the last day was written again


def test_a_run_that_was_stopped_is_continued(folder: Path, tmp_path: Path) -> None:
    goal, asked = tmp_path / "set", []

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 4

    with pytest.raises(Cancelled):
        archive(folder, goal, cancelled)
    assert list(goal.rglob("*.part")) == []
    archive(folder, goal)
    assert sum(row[2] for row in rows(goal)) == 299  # type: ignore[misc]


def test_what_cannot_be_read_is_reported_and_the_rest_archived(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "broken.wattui").write_bytes(b"SQLite format 3\0" * 99)
    result = run("archive", folder, tmp_path / "set")
    assert result.exit_code == 6
    assert "broken.wattui: " in result.stderr
    assert sum(row[2] for row in rows(tmp_path / "set")) == 299  # type: ignore[misc]


@pytest.mark.parametrize(
    "state", ["[]", "7", '{"%s": 7}', '{"%s": {"A80012": 7}}', '{"%s": {"A80012": ["a", null]}}']
)
def test_a_list_of_what_is_archived_that_makes_no_sense_is_made_again(
    folder: Path, tmp_path: Path, state: str
) -> None:
    goal = tmp_path / "set"
    run("archive", folder, goal)
    whole = json.loads((goal / STATE).read_text())
    (goal / STATE).write_text(state.replace("%s", next(iter(whole))))
    assert run("archive", folder, goal).exit_code == 0
    assert json.loads((goal / STATE).read_text()) == whole


def test_a_session_in_the_place_of_that_list_stays(folder: Path, tmp_path: Path) -> None:
    goal = tmp_path / "set"
    goal.mkdir()
    (goal / STATE).symlink_to(folder / "a.wattui")
    result = run("archive", folder, goal)
    assert result.exit_code == 6
    assert "is a session, and would be lost" in result.stderr
    with Session.open(folder / "a.wattui") as session:
        assert session.count(1) == 199


def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    result = run("archive", tmp_path / "gone", tmp_path / "set")
    assert result.exit_code != 0
    assert "There is no folder" in result.stderr


PAGE = Path(__file__).resolve().parents[2] / "docs" / "data-sets.md"


def blocks(language: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_queries_of_the_guide_run(folder: Path, tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    goal = tmp_path / "set"
    archive(folder, goal)
    found = [duckdb.sql(one.replace("/data/power", str(goal))).fetchall() for one in blocks("sql")]
    assert len(found) == 4
    assert all(found)
    with Session.open(folder / "b.wattui") as session:
        statistics = session.statistics(1)
    assert found[0][-1][2:] == pytest.approx((statistics.energy_wh, statistics.energy_error_wh))


@pytest.mark.parametrize("code", blocks("py"), ids=lambda code: str(code).split()[1])
def test_the_programs_of_the_guide_run(
    folder: Path, tmp_path: Path, code: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip(code.split()[1])
    goal = tmp_path / "set"
    archive(folder, goal)
    exec(code.replace("/data/power", str(goal)), {})
    assert {"desk", "B1"} & set(re.findall(r"\w+", capsys.readouterr().out)) or "polars" in code


def test_the_queries_read_the_folders_of_several_loggers(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (folder / "b.wattui").rename(other / "b.wattui")
    archive(folder, tmp_path / "set" / "rack-01")
    archive(other, tmp_path / "set" / "rack-02")
    assert [row[0] for row in rows(tmp_path / "set")] == ["A80012"] * 3 + ["B1"]
