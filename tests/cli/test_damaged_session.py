# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands say of a damaged session, and what they make of it."""

from __future__ import annotations

import csv
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from session_samples import BEGIN, record, record_steady, steady

from wattui.cli.program import program
from wattui.measurement.clock import MICROSECONDS
from wattui.session import Session


def run(*args: object) -> Result:
    return CliRunner().invoke(program, [str(one) for one in args])


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Return a session in which one value of 12,000 samples was changed."""
    path = record_steady(tmp_path / "a.wattui", 12_000)
    with sqlite3.connect(path) as connection:
        when = BEGIN + 6_000 * MICROSECONDS
        connection.execute("UPDATE sample SET power=power+64 WHERE time=?", (when,))
    connection.close()
    return path


def table(path: Path) -> list[dict[str, str]]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def test_an_export_tells_of_damage_and_leaves_it_out(damaged: Path, tmp_path: Path) -> None:
    goal = tmp_path / "a.csv"
    done = run("export", damaged, "-o", goal)
    assert done.exit_code == 0
    assert "a.wattui is damaged:" in done.stderr
    assert "have changed since they were recorded: left out" in done.stderr
    assert len(table(goal)) == 12_000 - 16
    gaps = [float(line["gap_s"]) for line in table(goal)]
    assert [gap for gap in gaps if gap] == [16.0]


def test_an_export_keeps_what_is_damaged_if_it_is_asked_to(damaged: Path, tmp_path: Path) -> None:
    goal = tmp_path / "a.csv"
    done = run("export", damaged, "-o", goal, "--keep-damaged", "-q")
    assert done.exit_code == 0
    assert "have changed since they were recorded: kept" in done.stderr
    assert len(table(goal)) == 12_000


@pytest.mark.parametrize("command", ["export", "plot"])
def test_a_strict_command_refuses_a_damaged_session(
    damaged: Path, tmp_path: Path, command: str
) -> None:
    goal = tmp_path / ("a.csv" if command == "export" else "a.png")
    done = run(command, damaged, "-o", goal, "--strict")
    assert done.exit_code == 6
    assert "is damaged" in done.output
    assert not goal.exists()
    replayed = run("replay", damaged, "--strict", "--quiet")
    assert replayed.exit_code == 6


def test_a_figure_of_a_damaged_session_tells_of_it(damaged: Path, tmp_path: Path) -> None:
    done = run("plot", damaged, "-o", tmp_path / "a.png")
    assert done.exit_code == 0
    assert "a.wattui is damaged:" in done.output


def test_verify_and_repair_leave_the_damaged_file_as_it_is(damaged: Path, tmp_path: Path) -> None:
    before = damaged.read_bytes()
    checked = run("verify", damaged)
    assert checked.exit_code == 6
    assert "have changed since they were recorded" in checked.output
    done = run("repair", damaged)
    assert done.exit_code == 0
    assert "left out" in done.output
    assert damaged.read_bytes() == before
    repaired = tmp_path / "a repaired.wattui"
    assert run("verify", repaired).exit_code == 0
    with Session.open(repaired) as session:
        assert session.count(1) == 12_000 - 16


def test_repair_writes_over_no_file(damaged: Path, tmp_path: Path) -> None:
    other = record(tmp_path / "b.wattui", steady(3))
    before = other.read_bytes()
    assert run("repair", damaged, "-o", other).exit_code == 6
    assert run("repair", damaged, "-o", damaged).exit_code == 6
    assert other.read_bytes() == before


def test_verify_goes_on_after_a_file_that_is_no_session(damaged: Path, tmp_path: Path) -> None:
    text = tmp_path / "text.wattui"
    text.write_text("no session" * 500)
    done = run("verify", text, damaged)
    assert done.exit_code == 6
    assert "text.wattui is not a wattui session" in done.output
    assert "a.wattui is damaged" in done.output
    assert "repair" not in run("verify", text).output


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes of POSIX")
@pytest.mark.parametrize("command", ["export", "plot", "replay", "verify", "repair"])
def test_a_pipe_in_the_place_of_a_session_is_refused(tmp_path: Path, command: str) -> None:
    """Opening it would wait for ever."""
    path = tmp_path / "a.wattui"
    os.mkfifo(path)
    ending = {"export": ".csv", "plot": ".png", "repair": ".wattui"}.get(command)
    goal = ("-o", f"{tmp_path / 'new'}{ending}") if ending else ()
    line = [sys.executable, "-m", "wattui", command, str(path), *goal]
    done = subprocess.run(
        line, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 6
    assert "is not a file" in done.stderr
    assert "damaged" not in done.stderr
