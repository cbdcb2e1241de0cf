# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of the program: one file per program, of limited size, and nothing waits for it."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from wattui.desktop import program_log
from wattui.desktop.folders import log_folder
from wattui.measurement.log_format import PrintableFormatter, without_passwords

DEADLINE = 20.0
FORM = PrintableFormatter("%(levelname)s %(message)s")

#: A program that logs until it is told to end.
LINES = 400
PROGRAM = f"""
import logging, sys, time
from wattui.desktop import program_log
program_log._LAST_LINES = {DEADLINE}
program_log.start_log(logging.Formatter("%(message)s"), "started " + sys.argv[1])
for number in range({LINES}):
    logging.getLogger("wattui").info("%s %d", sys.argv[1] * 40, number)
while program_log.log_file() is None:
    time.sleep(0.01)
print("logged", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(program_log, "_LAST_LINES", DEADLINE)
    level = logging.getLogger("wattui").level
    yield
    program_log.end_log()
    logging.getLogger("wattui").setLevel(level)


def log(*texts: str) -> None:
    for text in texts:
        logging.getLogger("wattui").info("%s", text)


def test_programs_that_run_at_once_have_a_file_each() -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", PROGRAM, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for name in "abc"
    ]  # fmt: skip
    for one in programs:
        assert one.stdout is not None
        assert one.stdout.readline() == "logged\n"
    for one in programs:
        one.communicate(timeout=DEADLINE)
    files = program_log.log_files()
    logs = [path for path in files if "crash" not in path.name]
    assert sorted(one.name for one in logs) == ["wattui-2.log", "wattui-3.log", "wattui.log"]
    for path in logs:
        first, *lines = path.read_text().splitlines()
        name = first.removeprefix("started ")
        assert lines == [f"{name * 40} {number}" for number in range(LINES)]
    program_log.start_log(FORM, "the next program")
    program_log.end_log()
    assert "the next program" in (log_folder() / "wattui.log").read_text()


def test_a_log_is_of_limited_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program_log, "LOG_SIZE", 5_000)
    program_log.start_log(FORM, "first", tmp_path)
    log(*(f"line {number}" for number in range(2_000)))
    program_log.end_log()
    files = sorted(tmp_path.glob("wattui.log*"))
    assert [one.name for one in files] == ["wattui.log", "wattui.log.1"]
    assert all(one.stat().st_size <= 5_000 for one in files)
    assert files[0].read_text().endswith("INFO line 1999\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_not_mentioned_and_lines_come_again_afterwards(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The logging module printed a traceback for each line, into the live view."""
    path = tmp_path / "wattui.log"
    path.symlink_to("/dev/full")
    made = program_log._LogFile(path, FileLock(tmp_path / "lock"))
    for text in ("lost", "kept"):
        made.handle(logging.makeLogRecord({"msg": text}))
        if text == "lost":
            path.unlink()
    made.close()
    assert path.read_text() == "kept\n"
    assert capsys.readouterr().err == ""


def test_without_a_folder_there_is_no_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    program_log.start_log(FORM, "first", tmp_path / "file" / "log")
    log("lost")
    program_log.end_log()
    assert program_log.log_file() is None
    assert capsys.readouterr().err == ""


def test_nothing_waits_for_a_disk_that_does_not_respond(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    responds = threading.Event()
    asked = threading.Event()

    def mkdir(_folder: Path, **_options: bool) -> None:
        asked.set()
        assert responds.wait(DEADLINE)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    monkeypatch.setattr(program_log, "_LAST_LINES", 0.01)
    program_log.start_log(FORM, "first", tmp_path)
    assert asked.wait(DEADLINE)
    log(*("x" * 100 for _ in range(program_log._MOST_WAITING + 10)))
    passing = logging.getLogger().handlers[-1]
    assert passing.queue.qsize() == program_log._MOST_WAITING  # type: ignore[attr-defined]
    program_log.end_log()
    responds.set()


def test_a_program_has_one_log_however_often_it_is_started(tmp_path: Path) -> None:
    handlers = len(logging.getLogger().handlers)
    for _ in range(2):
        program_log.start_log(FORM, "started", tmp_path)
    assert len(logging.getLogger().handlers) == handlers + 1
    program_log.end_log()
    assert (tmp_path / "wattui.log").read_text() == "INFO started\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("mqtt://anna:geheim@host/x", "mqtt://anna:***@host/x"),
        ("['http://:geheim@h/?db=a']", "['http://:***@h/?db=a']"),
        ("http://h/?u=anna&p=geheim&db=a", "http://h/?u=anna&p=***&db=a"),
        ("postgresql://h/d?password=geheim", "postgresql://h/d?password=***"),
        ("no password: 12:30 a@b", "no password: 12:30 a@b"),
    ],
)
def test_a_log_has_no_password_of_a_url(text: str, shown: str) -> None:
    assert without_passwords(text) == shown
    record = logging.makeLogRecord({"msg": "%s", "args": (text,)})
    assert PrintableFormatter("%(message)s").format(record) == shown
