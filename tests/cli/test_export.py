# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui export`` and ``wattui sessions``."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wattui.cli.program import program
from wattui.cli.session_files import ENDINGS
from wattui.desktop.folders import sessions_folder
from wattui.formats import all_formats, detect, export_job
from wattui.formats.import_files import import_files
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELD_COUNT
from wattui.measurement.sample import Sample
from wattui.session import Session, SessionWriter, new_session_path

START = 1_700_000_000 * MICROSECONDS


def run(*args: str) -> Result:
    return CliRunner().invoke(program, args)


def make(path: Path, count: int = 100, meters: int = 1) -> Path:
    with SessionWriter(path) as writer:
        for number in range(1, meters + 1):
            info = MeterInfo(f"A{number}", f"/dev/ttyUSB{number}", f"bench {number}", "PRO")
            writer.on_samples(
                info,
                [
                    Sample(
                        START + (i + 1) * MICROSECONDS,
                        MICROSECONDS,
                        (number * 100, *[1] * (FIELD_COUNT - 1)),
                    )
                    for i in range(count)
                ],
            )
    return path


def rows(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if not line.startswith("#")][1:]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return make(tmp_path / "run.wattui", meters=2)


def test_a_whole_session_is_exported(session: Path, tmp_path: Path) -> None:
    target = tmp_path / "run.csv"
    result = run("export", str(session), "-o", str(target))
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "Wrote" in result.stderr
    assert len(rows(target)) == 200


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--to", "10s"], 10),
        (["--from", "-10s"], 10),
        (["--from", "20s", "--to", "30s"], 10),
        (["--from", "0", "--to", "1h"], 100),
        (["--from", "2023-11-14T22:14:00Z"], 60),
    ],
)
def test_a_part_of_one_meter_is_exported(
    session: Path, tmp_path: Path, options: list[str], count: int
) -> None:
    target = tmp_path / "part.csv"
    result = run("export", str(session), "-o", str(target), "--meter", "2", *options, "-q")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    assert len(rows(target)) == count


@pytest.mark.parametrize("name", ["2", "bench 2", "/dev/ttyUSB2", "A2"])
def test_a_meter_is_found_by_any_of_its_names(session: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / "one.csv"
    assert run("export", str(session), "-o", str(target), "--meter", name).exit_code == 0
    assert len(rows(target)) == 100
    assert all("bench 2" in row for row in rows(target))


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--meter", "3"], 2, "Meters are: 1 bench 1, 2 bench 2"),
        (["--from", "30s", "--to", "20s"], 2, "not before"),
    ],
)
def test_parts_and_meters_that_do_not_exist_are_refused(
    session: Path, tmp_path: Path, options: list[str], status: int, said: str
) -> None:
    target = tmp_path / "none.csv"
    result = run("export", str(session), "-o", str(target), *options)
    assert result.exit_code == status
    assert said in result.stderr
    assert not target.exists()


def test_the_spreadsheet_dialect(session: Path, tmp_path: Path) -> None:
    target = tmp_path / "sheet.csv"
    assert run("export", str(session), "-o", str(target), "--dialect", "spreadsheet").exit_code == 0
    assert ";10,0;" in target.read_text(encoding="utf-8-sig")


@pytest.mark.parametrize("name", [name for name, form in all_formats().items() if form.write])
def test_every_format_by_its_name(session: Path, tmp_path: Path, name: str) -> None:
    target = tmp_path / f"run{all_formats()[name].suffix}"
    done = run("export", str(session), "-o", str(target), "--format", name, "--meter", "bench 2")
    assert done.exit_code == 0, done.stderr
    assert name in "".join(run("export", "--help").stdout.split())
    if name == "wide-csv":
        return
    result = import_files([target], tmp_path / "back.wattui")
    assert set(result.formats.values()) == {name}
    assert (result.count, result.skipped) == (100, [])
    with Session.open(result.path) as back:
        assert {one.values[0] for one in back.samples(1)} == {200}


def test_an_old_log_is_read_again_by_the_command(session: Path, tmp_path: Path) -> None:
    log, back = str(tmp_path / "log.out"), str(tmp_path / "back.wattui")
    words = ["--format", "2011-log", "-o", log, "--meter", "1", "--zone", "Asia/Kathmandu"]
    assert run("export", str(session), *words).exit_code == 0
    assert run("import", log, "--session", back, "--zone", "+05:45").exit_code == 0
    with Session.open(session) as one, Session.open(back) as other:
        assert [s.time_us for s in one.samples(1)] == [s.time_us for s in other.samples(1)]


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--format", "2011-log"], 7, "holds one meter, and there are 2: bench 1, bench 2"),
        (["--format", "raw", "--dialect", "json"], 7, "raw does not have the dialect json"),
        (["--format", "nothing"], 2, "2011-log"),
        (["--format", "raw", "--wide"], 2, "--wide is short for --format wide-csv"),
        (["--format", "raw", "--fields", "W"], 2, "has fields of its own"),
    ],
)
def test_options_that_a_format_does_not_have_are_refused(
    session: Path, tmp_path: Path, options: list[str], status: int, said: str
) -> None:
    result = run("export", str(session), "-o", str(tmp_path / "out"), *options)
    assert result.exit_code == status
    assert said in " ".join(result.stderr.split())
    assert not (tmp_path / "out").exists()


def test_a_session_in_the_data_folder_is_found_by_name(tmp_path: Path) -> None:
    path = make(new_session_path("PRO"))
    for name in (path.name, path.stem):
        target = tmp_path / f"{name}.csv"
        assert run("export", name, "-o", str(target)).exit_code == 0
        assert len(rows(target)) == 100


@pytest.mark.parametrize("kind", ["missing", "folder", "garbage", "empty"])
def test_files_that_are_not_sessions_are_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "thing.wattui"
    if kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_bytes(b"no session\n" * 100 if kind == "garbage" else b"")
    target = tmp_path / "out.csv"
    result = run("export", str(path), "-o", str(target))
    assert result.exit_code == 6
    assert "Traceback" not in result.stderr
    assert str(path) in result.stderr
    assert not target.exists()


def test_the_destination_is_checked_first(session: Path, tmp_path: Path) -> None:
    for target in (tmp_path / "no" / "run.csv", tmp_path):
        result = run("export", str(session), "-o", str(target))
        assert result.exit_code == 6
        assert str(tmp_path) in result.stderr


def test_the_list_of_sessions(tmp_path: Path) -> None:
    empty = run("sessions")
    assert empty.exit_code == 0
    assert "no session" in empty.stderr
    path = make(new_session_path("PRO"), meters=2)
    broken = path.with_name("broken.wattui")
    broken.write_bytes(b"x" * 5000)
    shown = run("sessions")
    assert shown.exit_code == 0
    assert path.name in shown.stdout
    assert "1:40" in shown.stdout
    assert "bench 1, bench 2" in shown.stdout
    assert "broken.wattui" in shown.stdout
    listed = {Path(entry["path"]): entry for entry in json.loads(run("sessions", "--json").stdout)}
    assert set(listed) == {path, broken}
    assert listed[path]["samples"] == 200
    assert listed[path]["duration_s"] == 100
    assert not listed[path]["interrupted"]
    assert listed[broken]["problem"]


# -- what is written, and where --


@pytest.mark.parametrize("name", ["run.ods", "run.feather", "run.PNG", "run.dat", "run.sqlite"])
def test_an_ending_that_cannot_be_written_is_refused(
    name: str, session: Path, tmp_path: Path
) -> None:
    for args in (("export", str(session)), ("log", "sim://pro", "-d", "3")):
        result = run(*args, "-o", str(tmp_path / name))
        assert result.exit_code == 2
        assert ".csv, .txt, .jsonl" in result.stderr
    assert not (tmp_path / name).exists()
    assert list(tmp_path.glob("*.wattui")) == [session]


def test_the_ending_decides_the_format(session: Path, tmp_path: Path) -> None:
    assert run("export", str(session), "-o", str(tmp_path / "a.jsonl")).exit_code == 0
    assert json.loads((tmp_path / "a.jsonl").read_text().splitlines()[0])["meter"] == "bench 1"
    one = ("--meter", "1")
    assert run("export", str(session), "-o", str(tmp_path / "a.log"), *one).exit_code == 0
    assert not (tmp_path / "a.log").read_text().startswith("#")
    chosen = ("-o", str(tmp_path / "a.dat"), "--format", "csv")
    assert run("export", str(session), *chosen).exit_code == 0


def test_every_ending_is_that_of_a_format_that_can_be_written() -> None:
    for name in ENDINGS.values():
        assert all_formats()[name].is_written


@pytest.mark.parametrize("form", [name for name, one in all_formats().items() if one.write])
def test_every_export_says_how_many_rows_it_wrote(form: str, session: Path, tmp_path: Path) -> None:
    meter = () if all_formats()[form].several_meters else ("--meter", "1")
    target = str(tmp_path / "out.txt")
    result = run("export", str(session), "-o", target, "--format", form, *meter)
    assert result.exit_code == 0, result.stderr
    rows = 200 if all_formats()[form].several_meters and form != "wide-csv" else 100
    assert f"Wrote {rows} rows to " in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a device of POSIX")
@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_standard_output_has_the_rows_and_nothing_else(
    name: str, session: Path, program: list[str]
) -> None:
    line = [*program, "export", str(session), "-o", name]
    done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=60)
    lines = [one for one in done.stdout.splitlines() if not one.startswith("#")]
    assert len(lines) == 201
    assert done.stderr == "Wrote 200 rows to standard output.\n"
    line = [*program, "log", "sim://pro?speed=200", "-d", "5", "-o", name]
    done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=60)
    lines = [one for one in done.stdout.splitlines() if not one.startswith("#")]
    assert len(lines) == 6
    assert lines[0].startswith("time,")
    assert "The session is " in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a device of POSIX")
def test_standard_output_that_is_a_file_keeps_what_is_in_it(
    session: Path, program: list[str], tmp_path: Path
) -> None:
    target = tmp_path / "all.csv"
    target.write_text("before\n")
    with target.open("a") as file:
        line = [*program, "export", str(session), "-o", "-"]
        subprocess.run(line, stdout=file, stderr=subprocess.DEVNULL, check=True, timeout=60)
    assert target.read_text().startswith("before\n# wattui")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of POSIX")
def test_a_reader_that_ends_early_is_not_a_disk_error(session: Path, program: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    line = [*program, "export", str(session), "-o", "-"]
    done = subprocess.run(
        line, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (("--from", "1h"), "There are no samples after 20"),
        (("--to", "-1h"), "There are no samples before 20"),
        (("--from", "2020-01-01", "--to", "2020-01-02"), "from 2020-01-01 00:00:00 to 2020-01-02"),
        (("--from", "40s", "--to", "20s"), "understood as from 2023-11-14 "),
    ],
)
def test_a_span_without_samples_names_what_was_understood(
    part: tuple[str, ...], said: str, session: Path, tmp_path: Path
) -> None:
    result = run("export", str(session), "-o", str(tmp_path / "a.csv"), *part)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())
    assert "The session is from 2023-11-1" in result.stderr
    assert not (tmp_path / "a.csv").exists()


def test_a_part_is_reported_with_its_times(session: Path, tmp_path: Path) -> None:
    result = run("export", str(session), "-o", str(tmp_path / "a.csv"), "--from", "90s")
    assert "Wrote 20 rows from 2023-11-1" in result.stderr


def test_a_file_that_is_longer_than_a_spreadsheet_says_so(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = str(tmp_path / "a.csv")
    assert "Spreadsheets" not in run("export", str(session), "-o", target).stderr
    monkeypatch.setattr(export_job, "SHEET_LINES", 200)
    result = run("export", str(session), "-o", target)
    lines = len(Path(target).read_text().splitlines())
    assert f"Spreadsheets end at 200 lines, and this file has {lines}." in result.stderr


def test_standard_output_that_is_longer_than_a_spreadsheet_says_so(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_job, "SHEET_LINES", 200)
    assert "Spreadsheets end at 200" in run("export", str(session), "-o", "-").stderr
    result = run("export", str(session), "-o", "-", "--format", "json-lines")
    assert "Spreadsheets" not in result.stderr


# -- lists, and names that are not UTF-8 --


def bad_sessions(folder: Path, good: Path) -> int:
    """Put files into a folder that look like sessions; return how many."""
    (folder / "dangling.wattui").symlink_to("nowhere")
    (folder / "loop.wattui").symlink_to("loop.wattui")
    (folder / "folder.wattui").mkdir()
    (folder / "empty.wattui").touch()
    (folder / "text.wattui").write_text("hello")
    os.mkfifo(folder / "pipe.wattui")
    damages = {
        "negative": "PRAGMA user_version=-1",
        "late": "UPDATE sample SET time=9223372036854775807 WHERE time="
        "(SELECT max(time) FROM sample WHERE meter=1) AND meter=1",
        "early": "UPDATE sample SET time=-9223372036854775807 WHERE time="
        "(SELECT min(time) FROM sample WHERE meter=1) AND meter=1",
    }
    for name, damage in damages.items():
        path = folder / f"{name}.wattui"
        path.write_bytes(good.read_bytes())
        with sqlite3.connect(path) as connection:
            connection.execute(damage)
        connection.close()
    return 9


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes and links of POSIX")
def test_one_bad_file_does_not_stop_the_list(session: Path, program: list[str]) -> None:
    folder = sessions_folder()
    folder.mkdir(parents=True)
    good = session.rename(folder / "good.wattui")
    count = bad_sessions(folder, good)
    if sys.platform != "darwin":
        odd = folder / os.fsdecode(b"\xff\xfe.wattui")
        odd.write_bytes(good.read_bytes())
    line = [*program, "sessions", "--json"]
    done = subprocess.run(line, capture_output=True, check=True, timeout=60)
    found = json.loads(done.stdout)
    problems = [Path(one["path"]).name for one in found if one["problem"]]
    assert len(problems) == count, found
    assert {one["samples"] for one in found if not one["problem"]} == {200}
    for encoding in ("utf-8", "ascii", "latin-1"):
        environment = {**os.environ, "PYTHONIOENCODING": encoding}
        done = subprocess.run(
            line[:-1], capture_output=True, check=True, timeout=60, env=environment
        )
        assert b"Error" not in done.stderr
        assert b"good.wattui" in done.stdout
        assert sys.platform == "darwin" or b"\\xff\\xfe.wattui" in done.stdout


#: Runs several commands in one process; ends with the status of the first that fails.
SEVERAL = """
import json, sys
from wattui.cli.program import program
for args in json.loads(sys.argv[1]):
    try:
        program(args)
    except SystemExit as end:
        if end.code:
            sys.exit(f"{args}: {end.code}")
"""


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
def test_names_that_are_not_utf_8_work_everywhere(
    session: Path, tmp_path: Path, program: list[str]
) -> None:
    data = os.fsdecode(os.fsencode(tmp_path) + b"/data\xff")
    environment = {**os.environ, "WATTUI_DATA": data}

    def named(name: bytes) -> str:
        return os.fsdecode(os.fsencode(tmp_path) + b"/" + name)

    source, csv = named(b"r\xff.wattui"), named(b"c\xff.csv")
    session.rename(source)
    fast = "sim://pro?speed=200"
    commands = (
        ("export", source, "-o", named(b"j\xff.jsonl")),
        ("import", csv), ("import", csv, "--session", named(b"i\xff.wattui")),
        ("plot", source, "-o", named(b"p\xff.svg")), ("plot", csv, "-o", named(b"q\xff.png")),
        ("log", fast, "-d", "3", "--raw", named(b"w\xff.raw")),
        ("log", fast, "-d", "3", "--session", named(b"l\xff.wattui"), "-o", named(b"l\xff.csv")),
        ("replay", source, "--speed", "1000"), ("replay", csv, "--speed", "1000"),
        ("fetch", f"{fast}&memory=5", "-o", named(b"f\xff.csv")), ("sessions",),
        ("sessions", "--json"),
    )  # fmt: skip
    for line in (
        [*program, "export", source, "-o", csv],
        [sys.executable, "-c", SEVERAL, json.dumps(commands)],
    ):
        done = subprocess.run(line, capture_output=True, check=False, timeout=60, env=environment)
        assert done.returncode == 0, done.stderr
        assert b"Unexpected" not in done.stderr
    # In a terminal, and in a file of text, the names are readable.
    assert "# session: r\\xff.wattui" in Path(csv).read_text()


def test_a_csv_of_chosen_fields_is_imported_again(session: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    result = run("export", str(session), "-o", str(target), "--fields", "power,cost")
    assert result.exit_code == 0, result.stderr
    lines = [line for line in target.read_text().splitlines() if not line.startswith("#")]
    assert lines[0] == (
        "time,unix_time,elapsed_s,meter,power_w,cost,integrated_energy_wh,interval_s,gap_s,"
        "serial_number"
    )
    assert lines[1].split(",")[4:6] == ["10.0", "0.001"]
    again = tmp_path / "again.wattui"
    result = run("import", str(target), "--session", str(again))
    assert result.exit_code == 0, result.stderr
    with Session.open(session) as before, Session.open(again) as after:
        for one, other in zip(before.meters, after.meters, strict=True):
            assert after.statistics(other.id).energy_wh == before.statistics(one.id).energy_wh
            assert set(after.statistics(other.id).fields) == {"power", "cost"}


def test_a_csv_without_any_field_of_its_own_name_is_still_recognised(
    session: Path, tmp_path: Path
) -> None:
    target = tmp_path / "a.csv"
    run("export", str(session), "-o", str(target), "--fields", "cost")
    assert detect(target).name == "csv"
