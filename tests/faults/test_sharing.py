# SPDX-License-Identifier: GPL-3.0-or-later
"""Several programs at one port or session; a session read, copied, damaged while it is written."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from account import Account, samples_of
from numbered_meter import DEADLINE, NumberedMeter
from running_log import RunningLog
from suite_size import some

from wattui.session import verify

Rounds = Callable[[int, int], int]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command of wattui to its end."""
    command = [sys.executable, "-m", "wattui", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def finished(meter: NumberedMeter, log: RunningLog) -> None:
    """End a recording when everything is shown."""
    meter.hold()
    log.wait_shown(meter.number)
    assert log.end() == 0


def test_another_program_at_the_same_port_is_refused(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    path = tmp_path / "a.wattui"
    with RunningLog(meter.link, "--session", path) as log:
        log.wait_shown(meter.first)
        for _time in range(rounds(1, 50)):
            other = run("log", meter.link, "--session", tmp_path / "b.wattui")
            assert other.returncode == 3, other.stderr
            assert "in use by" in other.stderr
        finished(meter, log)
    assert not (tmp_path / "b.wattui").exists()
    account.add(meter.sent, [path], log.shown)
    assert account.reported == 0


def test_another_program_at_the_same_session_is_refused(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    path = tmp_path / "a.wattui"
    with RunningLog(meter.link, "--session", path) as log:
        log.wait_shown(meter.first)
        for _time in range(rounds(1, 50)):
            other = run("log", "sim://pro", "--duration", "1", "--session", path)
            assert other.returncode == 6, other.stderr
            assert "exists" in other.stderr
        finished(meter, log)
    account.add(meter.sent, [path], log.shown)
    assert account.reported == 0


def test_a_session_is_read_while_it_is_written(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    """One reader holds on to its state for the whole recording, and others come and go."""
    path = tmp_path / "a.wattui"
    with RunningLog(meter.link, "--session", path) as log:
        log.wait_shown(meter.first)
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            count = reader.execute("SELECT count(*) FROM sample").fetchone()
            for _time in range(rounds(1, 50)):
                shown = len(log.shown)
                done = run("export", path, "-o", "-")
                assert done.returncode == 0, done.stderr
                rows = [line for line in done.stdout.splitlines() if line[:2] == "20"]
                assert len(rows) >= shown
            assert reader.execute("SELECT count(*) FROM sample").fetchone() == count
        finished(meter, log)
    account.add(meter.sent, [path], log.shown)
    assert account.reported == 0


def test_a_session_is_copied_while_it_is_written(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    """A copy by other means than wattui's has a beginning of the samples, or is refused."""
    path = tmp_path / "a.wattui"
    copies = []
    with RunningLog(meter.link, "--session", path) as log:
        log.wait_shown(meter.first)
        for number in range(rounds(10, 500)):
            folder = tmp_path / f"copy{number}"
            folder.mkdir()
            for name in ("a.wattui", "a.wattui-wal"):
                with contextlib.suppress(FileNotFoundError):
                    shutil.copy(tmp_path / name, folder / name)
            copies.append(folder / "a.wattui")
            meter.wait_more(1)
        finished(meter, log)
    account.add(meter.sent, [path], log.shown)
    assert account.reported == 0
    whole = [one.number for one in samples_of(path, [])]
    for copy in copies:
        faults: list[str] = []
        found = [one.number for one in samples_of(copy, faults)]
        assert faults or found == whole[: len(found)]
        shutil.rmtree(copy.parent)


def test_a_session_is_damaged_while_it_is_written(
    meter: NumberedMeter, figures: dict[str, int], tmp_path: Path, rounds: Rounds
) -> None:
    """What another program destroys is reported by ``verify``, never wrong in silence."""
    chance = random.Random(9)
    reported = whole = 0
    for number in range(rounds(3, 100)):
        path = tmp_path / f"{number}.wattui"
        meter.begin()
        with RunningLog(meter.link, "--session", path) as log:
            log.wait_shown(meter.first + chance.randrange(30))
            target = path if number % 2 else path.with_name(f"{path.name}-wal")
            with target.open("r+b") as file:
                file.seek(chance.randrange(target.stat().st_size))
                file.write(chance.randbytes(chance.randrange(1, 5000)))
            meter.wait_more(20)
            log.process.terminate()
            status = log.wait()
        faults: list[str] = []
        stored = []
        with contextlib.suppress(sqlite3.DatabaseError):
            stored = [one.number for one in samples_of(path, faults)]
        if not faults:
            faults = [str(one) for one in verify(path)]
        if faults or status:
            reported += 1
        else:
            assert set(log.shown) <= set(stored)
            whole += 1
        for one in tmp_path.glob(f"*{number}.wattui*"):
            one.unlink()
    figures.update({"damaged": reported + whole, "reported": reported, "unharmed": whole})


@pytest.mark.parametrize("stream", some(["output", "errors"], ["errors"]))
def test_nobody_reads_what_it_prints(
    meter: NumberedMeter, account: Account, tmp_path: Path, stream: str
) -> None:
    path = tmp_path / "a.wattui"
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"#" * 4096)
    os.set_blocking(writing, True)
    command = [sys.executable, str(Path(__file__).with_name("fast_program.py")), "50", "log"]
    streams = {"output": {"stdout": writing}, "errors": {"stderr": writing}}[stream]
    null = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(
        [*command, "--json", str(meter.link), "--session", str(path)], **{**null, **streams}
    ) as process:
        meter.wait_logging()
        meter.wait_more(20)
        if stream == "errors":
            meter.unplug()
            meter.wait_more(5)
            meter.plug()
            meter.wait_more(40)
        meter.hold()
        process.terminate()
        process.wait(DEADLINE)
    os.close(reading)
    os.close(writing)
    account.add(meter.sent, [path])


def test_a_folder_vanishes_and_comes_back(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with RunningLog(meter.link, "--session", folder / "a.wattui") as log:
        log.wait_shown(meter.first)
        for number in range(rounds(2, 50)):
            if number % 2:
                shutil.rmtree(folder)
            else:
                folder.rename(tmp_path / f"moved{number}")
            meter.wait_more(3)
            log.wait_shown(meter.number)
        finished(meter, log)
    (path,) = folder.glob("*.wattui")
    account.add(meter.sent, [path], log.shown)
    assert account.reported == 0


def test_the_name_of_a_session_is_taken_by_another_file(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    for number in range(rounds(1, 50)):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = folder / "a.wattui"
        meter.begin()
        with RunningLog(meter.link, "--session", path) as log:
            log.wait_shown(meter.first)
            (folder / "other").write_bytes(b"something else")
            (folder / "other").replace(path)
            meter.wait_more(3)
            log.wait_shown(meter.number)
            finished(meter, log)
        assert path.read_bytes() == b"something else"
        (found,) = set(folder.glob("[!.]*.wattui")) - {path}
        account.add(meter.sent, [found], log.shown)
    assert account.reported == 0
