# SPDX-License-Identifier: GPL-3.0-or-later
"""A replay is marked as one wherever its records go, for good."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from session_samples import BEGIN, METER, record, steady

from wattui.cli.program import program
from wattui.desktop.folders import sessions_folder
from wattui.formats import all_formats
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.replay_mark import REPLAY_OF, replay_of
from wattui.session import Session, copy_session, describe_meter, salvage

MARK = "fridge at 500x"


def run(*args: object) -> Result:
    result = CliRunner().invoke(program, [str(arg) for arg in args])
    assert result.exit_code == 0, result.stderr
    return result


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    return record(tmp_path / "fridge.wattui", steady(20))


@pytest.fixture
def replayed(tmp_path: Path, measured: Path) -> Path:
    """A session of a replay, as its writer makes it."""
    port = f"sim://pro?replay={measured}&meter=1&speed=500"
    return record(tmp_path / "replayed.wattui", steady(20), replace(METER, port=port))


def mark_of(path: Path) -> str | None:
    with Session.open(path) as session:
        return session.info.get(REPLAY_OF)


@pytest.mark.parametrize(
    ("port", "text"),
    [
        ("sim://pro?replay=%2Fa%20b%2Ffridge.wattui&meter=2&speed=60", "fridge at 60x"),
        ("sim://pro?speed=0.5&replay=fan.raw", "fan.raw at 0.5x"),
        ("sim://pro?replay=fan.raw&speed=1000000", "fan.raw at 1,000,000x"),
        ("sim://pro?replay=f%FF.raw", "f\\xff.raw at 1x"),
        ("sim://pro?load=lamp", ""),
        ("/dev/replay=1", ""),
        ("socket://[replay=?", ""),
        ("", ""),
    ],
)
def test_a_port_says_what_it_replays(port: str, text: str) -> None:
    assert replay_of(port) == text


def test_a_measurement_is_not_marked(measured: Path) -> None:
    assert mark_of(measured) is None
    shown = run("export", measured, "-o", "-").stdout
    assert "replay" not in shown


def test_a_replay_looked_like_a_measurement_in_its_session_and_in_the_list(measured: Path) -> None:
    result = run("replay", measured, "--speed", "500", "--quiet")
    replayed = Path(result.stdout.splitlines()[-1])
    assert mark_of(replayed) == MARK
    assert "replay of fridge at 500x" in replayed.name
    assert replayed.parent == sessions_folder()
    (listed,) = json.loads(run("sessions", "--json").stdout)
    assert listed["replay_of"] == MARK
    assert MARK in "".join(run("sessions").stdout.split("\n"))


def test_the_mark_survives_rename_copy_and_repair(replayed: Path, tmp_path: Path) -> None:
    renamed = replayed.rename(tmp_path / "measured.wattui")
    describe_meter(renamed, METER.key, "fridge in the lab", "#112233")
    copy_session(renamed, tmp_path / "copy.wattui")
    salvage(tmp_path / "copy.wattui", tmp_path / "saved.wattui")
    for name in ("measured", "copy", "saved"):
        assert mark_of(tmp_path / f"{name}.wattui") == MARK


@pytest.mark.parametrize(
    "options",
    [
        (), ("--dialect", "spreadsheet"), ("--dialect", "spreadsheet-point"), ("--wide",),
    ],
)  # fmt: skip
def test_every_csv_of_a_replay_says_so(
    replayed: Path, tmp_path: Path, options: tuple[str, ...]
) -> None:
    run("export", replayed, "-o", tmp_path / "out.csv", *options)
    assert f"# replay of: {MARK}" in (tmp_path / "out.csv").read_text("utf-8-sig").splitlines()


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_an_exported_replay_that_is_imported_is_still_one(
    replayed: Path, tmp_path: Path, ending: str
) -> None:
    form = {"csv": "csv", "jsonl": "json-lines"}[ending]
    run("export", replayed, "-o", tmp_path / f"out.{ending}", "--format", form)
    run("import", tmp_path / f"out.{ending}", "--session", tmp_path / "again.wattui")
    assert mark_of(tmp_path / "again.wattui") == MARK
    with Session.open(replayed) as before, Session.open(tmp_path / "again.wattui") as after:
        assert after.span_us() == before.span_us()
        infos = [session.meters[0].info for session in (before, after)]
        assert infos[0].port == infos[1].port
        assert infos[0].serial_number == infos[1].serial_number == METER.serial_number
        assert list(after.samples(1)) == list(before.samples(1))


def test_an_export_that_has_no_place_for_the_mark_says_that(replayed: Path, tmp_path: Path) -> None:
    forms = {
        name: form for name, form in all_formats().items() if form.write and not form.holds_replay
    }
    assert forms
    for name, form in forms.items():
        path = tmp_path / f"{name}{form.suffix}"
        said = run("export", replayed, "-o", path, "--format", name).stderr
        assert f"This is a replay of {MARK}. {path.name} does not show that" in said


def test_lines_and_json_of_a_replay_say_so(measured: Path) -> None:
    port = f"sim://pro?replay={measured}&speed=500"
    for command in (("replay", measured, "--speed", "500"), ("log", port, "-d", "10")):
        result = run(*command)
        (remark,) = [one for one in result.stdout.splitlines() if "a replay of" in one]
        assert remark.startswith("# ")
        assert f"a replay of {MARK}, not a measurement" in remark
        assert f": replaying {MARK}." in result.stderr
        objects = [json.loads(one) for one in run(*command, "--json").stdout.splitlines()]
        assert {one["replay_of"] for one in objects} == {MARK}


def test_info_says_what_a_port_replays(measured: Path) -> None:
    port = f"sim://pro?replay={measured}&speed=500"
    assert json.loads(run("info", port, "--json").stdout)["replay_of"] == MARK
    assert MARK in run("info", port).stdout
    assert "replay_of" not in json.loads(run("info", "sim://pro", "--json").stdout)


def test_a_session_of_two_replays_names_both(tmp_path: Path, measured: Path) -> None:
    other = record(tmp_path / "lamp.wattui", steady(20))
    ports = [f"sim://pro?replay={path}&speed=500" for path in (measured, other)]
    result = run("log", *ports, "-d", "5", "--quiet")
    mark = mark_of(Path(result.stdout.splitlines()[-1]))
    assert mark is not None
    assert sorted(mark.split("; ")) == [MARK, "lamp at 500x"]


def test_the_name_of_an_old_log_stays_in_the_mark(tmp_path: Path) -> None:
    log = tmp_path / "wattsup.log"
    lines = [f"2011-05-06 12:00:{n:02d}.000000 {n} {40 + n % 3}.5 119.2 0.361" for n in range(20)]
    log.write_text("\n".join(lines) + "\n")
    result = run("replay", log, "--speed", "500", "--quiet")
    assert mark_of(Path(result.stdout.splitlines()[-1])) == "wattsup.log at 500x"


def test_a_figure_of_a_replay_says_so(replayed: Path) -> None:
    from wattui.ui.figure.figure_data import FigureRun, read

    with Session.open(replayed) as session:
        content = read([FigureRun(session, "run")], ["power"], 100)
    assert f"Replay of {MARK}, not a measurement." in content.notes
    assert content.start * MICROSECONDS == BEGIN
