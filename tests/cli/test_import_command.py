# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui import``."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from format_samples import samples_of

from wattui.cli.program import program
from wattui.measurement.clock import MICROSECONDS
from wattui.session import Session

LINE = "2016-11-09 13:24:{:02d} {} 42.3 119.8 0.361\n"
RAW = "#d,-,18,423,1198,361" + ",1" * 15 + ";\r\n"


def run(*args: object) -> Result:
    return CliRunner().invoke(program, [str(arg) for arg in args])


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "old.log"
    path.write_text("".join(LINE.format(n, n) for n in range(30)))
    return path


def test_the_path_is_the_last_line(log: Path, tmp_path: Path) -> None:
    target = tmp_path / "new.wattui"
    result = run("import", log, "--session", target)
    assert result.exit_code == 0
    assert result.stdout == f"{target}\n"
    assert "old: 30 samples." in result.stderr
    assert len(samples_of(target)) == 30


def test_by_default_the_session_is_in_the_data_folder_named_by_its_time(log: Path) -> None:
    result = run("import", log, "--zone", "UTC", "--meter", "bench", "-q")
    path = Path(result.stdout.splitlines()[-1])
    assert path.exists()
    assert path.name.startswith("2016-11-09")
    assert "bench" in path.name
    assert result.stderr == ""


def test_start_interval_and_zone(tmp_path: Path) -> None:
    path = tmp_path / "fan.raw"
    path.write_text(RAW * 10)
    target = tmp_path / "new.wattui"
    result = run(
        *("import", path, "--session", target, "--interval", "2"),
        *("--start", "2016-11-09 13:24:18", "--zone", "+01:00"),
    )
    assert result.exit_code == 0, result.stderr
    samples = samples_of(target)
    assert samples[0].time_us == 1_478_694_260 * MICROSECONDS
    assert {one.interval_us for one in samples} == {2 * MICROSECONDS}


def test_invalid_lines_are_listed(log: Path, tmp_path: Path) -> None:
    log.write_text(log.read_text() + "rubbish\n" * 15)
    result = run("import", log, "--session", tmp_path / "new.wattui")
    assert result.exit_code == 0
    assert "old.log, line 31: " in result.stderr
    assert "Left out: 5 more lines" in result.stderr


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (("--zone", "Mars/Olympus"), 2, "not a time zone"),
        (("--start", "yesterday"), 2, "not a date and time"),
        (("--interval", "0"), 2, "between zero"),
        (("--session", "/not/there/x.wattui"), 6, "does not exist"),
    ],
)
def test_invalid_options_are_refused(
    log: Path, options: tuple[str, ...], status: int, says: str
) -> None:
    result = run("import", log, *options)
    assert result.exit_code == status
    assert says in result.stderr


def test_files_that_cannot_be_imported(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello\n")
    assert run("import", path).exit_code == 7
    assert run("import", tmp_path / "nothing").exit_code == 6
    assert run("import").exit_code == 2


def test_an_existing_session_is_not_changed(log: Path, tmp_path: Path) -> None:
    target = tmp_path / "new.wattui"
    target.write_bytes(b"mine")
    result = run("import", log, "--session", target)
    assert result.exit_code == 6
    assert target.read_bytes() == b"mine"


def test_several_files_become_several_meters(log: Path, tmp_path: Path) -> None:
    (tmp_path / "fan.raw").write_text(RAW * 10)
    result = run("import", log, tmp_path / "fan.raw", "--session", tmp_path / "new.wattui")
    assert result.exit_code == 0
    with Session.open(tmp_path / "new.wattui") as session:
        assert {meter.info.label for meter in session.meters} == {"old", "fan"}
