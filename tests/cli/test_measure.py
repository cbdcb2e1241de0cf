# SPDX-License-Identifier: GPL-3.0-or-later
"""`wattui measure` on a simulated meter whose load the commands switch."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wattui.cli.commands.measure import split_words
from wattui.cli.program import program
from wattui.session import Session, SessionWriter

pytestmark = pytest.mark.skipif(os.name != "posix", reason="commands of a shell")

#: Writes the power that it takes, and waits.
BUSY = """#!/bin/sh
echo "$(date +%s.%N) $1" >> {load}
sleep $2
echo "$(date +%s.%N) 0" >> {load}
"""

#: What makes a measurement take seconds: the meter's time runs faster, and so do its commands.
#: Slow enough that a record which is read late is still within the uncertainty of the lag.
SPEED = 20
QUICK = ("--idle", "8", "--min-time", "0", "-r", "3")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


class Bench:
    """A simulated meter, and a command that switches its load."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.load = folder / "load"
        self.busy = folder / "busy"
        self.busy.write_text(BUSY.format(load=self.load))
        self.busy.chmod(0o755)
        self.session = folder / "run.wattui"
        self.port = f"sim://pro?load=lamp&switch={self.load}&lag=2.4&speed={SPEED}"

    def words(self, *words: object) -> list[str]:
        return [sys.executable, "-m", "wattui", "measure", *map(str, words)]

    def run(self, *words: object, status: int | None = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.words(*words), capture_output=True, text=True, timeout=90, check=False
        )
        assert status in (None, done.returncode), done.stdout + done.stderr
        return done

    def invoke(self, *words: object, status: int = 0) -> Result:
        """Run a command line in this process, which is faster."""
        done = CliRunner().invoke(program, ["measure", *map(str, words)])
        assert done.exit_code == status, done.output
        return done

    def measure(self, *words: object, status: int = 0) -> subprocess.CompletedProcess[str]:
        return self.run(self.port, *QUICK, "--session", self.session, *words, status=status)


def test_two_commands_are_measured_stored_and_computed_again(bench: Bench) -> None:
    result = bench.folder / "result.json"
    done = bench.measure(
        *("-n", "old", f"{bench.busy} 80 0.3", "-n", "new", f"{bench.busy} 40 0.3"),
        *("--export-json", result, "--export-csv", bench.folder / "table.csv"),
    )
    found = json.loads(result.read_text())
    old, new = found["results"]
    assert [old["command"], new["command"]] == ["old", "new"]
    # A process takes some milliseconds in addition.
    assert old["above_idle_j"]["mean"] == pytest.approx(80 * 0.3 * SPEED, rel=0.25)
    assert 1.6 < old["above_idle_j"]["mean"] / new["above_idle_j"]["mean"] < 2.5
    assert found["idle"]["level_w"] == pytest.approx(60.0, abs=2.0)
    for text in (
        "Measurement 1: old",
        "95 %:",
        "Limit of error",
        "Welch's test",
        "times the energy",
    ):
        assert text in done.stdout
    assert (bench.folder / "table.csv").read_text().count("\n") == 3
    with Session.open(bench.session) as session:
        names = [one.name for one in session.spans()]
        kinds = {one.kind for one in session.spans()}
    assert {"old, run 1", "new, run 3", "idle"} <= set(names)
    assert kinds == {"measurement", "run", "idle"}
    second = bench.folder / "again.json"
    bench.invoke("--again", bench.session, "--export-json", second)
    again = json.loads(second.read_text())
    assert again["results"] == found["results"]
    higher = bench.invoke("--again", bench.session, "--idle-level", "10", "-q")
    assert "10.0 W, given" in higher.stdout
    table = bench.invoke("--again", bench.session, "--export-markdown", "-", "-q").stdout
    assert table.startswith("| Command | Energy above idle |")
    drawing = bench.folder / "runs.png"
    bench.run("--again", bench.session, "-q", "--plot", drawing)
    assert drawing.read_bytes().startswith(b"\x89PNG")
    _check_files(bench)
    _check_budgets(bench, result, old["above_idle_j"]["mean"])


def _check_files(bench: Bench) -> None:
    """Check that files are written although nobody reads the output, and that a pipe remains."""
    again = ("--again", bench.session, "--export-json")
    written = bench.folder / "written.json"
    with Path("/dev/full").open("w") as full:
        words = bench.words(*again, written)
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, timeout=90, check=False)
    assert done.returncode == 6, done.stderr
    assert len(json.loads(written.read_text())["results"]) == 2
    pipe = bench.folder / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    bench.invoke(*again, pipe, "-q")
    assert pipe.is_fifo()
    assert json.loads(os.read(reader, 65_536))["kind"] == "wattui measurement"
    os.close(reader)
    odd = bench.session.rename(bench.folder / os.fsdecode(b"caf\xe9.wattui"))
    bench.invoke("--again", odd, "--export-json", written, "-q")
    assert json.loads(written.read_text())["session"].endswith("caf\udce9.wattui")
    odd.rename(bench.session)
    _check_damage(bench)


def _check_damage(bench: Bench) -> None:
    """Check that samples which have changed are left out, and reported."""
    copy = bench.folder / "changed.wattui"
    copy.write_bytes(bench.session.read_bytes())
    with contextlib.closing(sqlite3.connect(copy)) as database, database:
        database.execute("UPDATE sample SET power=power+9000 WHERE time=(SELECT max(time)"
                         " FROM sample)")  # fmt: skip
    done = bench.run("--again", copy, "-q", status=None)
    assert "changed.wattui is damaged:" in done.stderr


def _check_budgets(bench: Bench, result: Path, joules: float) -> None:
    again = ("--again", bench.session, "-q")
    bench.invoke(*again, "--max-energy", f"{joules * 1.01}J")
    failed = bench.invoke(*again, "--max-energy", f"{joules * 0.9}J", status=9)
    assert "old needed" in failed.stderr
    bench.invoke(*again, "--fail-if-worse-than", result)
    better = json.loads(result.read_text())
    better["results"][0]["above_idle_j"]["mean"] /= 4
    result.write_text(json.dumps(better))
    assert (
        "times the energy" in bench.invoke(*again, "--fail-if-worse-than", result, status=9).stderr
    )
    bench.invoke(*again, "--fail-if-worse-than", bench.busy, status=2)


def test_a_command_that_fails_ends_the_measurement_with_what_it_prints_hidden(
    bench: Bench,
) -> None:
    count = bench.folder / "count"
    script = f"echo x >> {count}; {bench.busy} 80 0.2; test $(wc -l < {count}) -lt 2"
    done = bench.measure(script, status=1)
    assert "failed with exit code 1" in done.stderr
    assert "1 run" in done.stdout
    with Session.open(bench.session) as session:
        assert any(one.name.endswith("(failed)") for one in session.spans())


def test_ctrl_c_in_a_run_keeps_what_was_measured_and_ends_the_command(bench: Bench) -> None:
    pid = bench.folder / "pid"
    script = f"test -e {pid} && echo $$ >> {pid} && exec sleep 60; echo $$ > {pid}; "
    script += f"{bench.busy} 80 0.3"
    words = bench.words(bench.port, *QUICK, "--session", bench.session, script)
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    limit = time.monotonic() + 60
    while not (pid.exists() and pid.read_text().count("\n") == 2):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < limit
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Interrupted" in errors
    assert "Energy above idle" in output
    sleeping = int(pid.read_text().split()[1])
    with pytest.raises(ProcessLookupError):
        os.kill(sleeping, 0)


@pytest.mark.parametrize(
    ("words", "status", "text"),
    [
        ((), 2, "no command"),
        (("/dev/ttyUSB77", "true"), 3, "ttyUSB77"),
        (("--max-energy", "lots", "true"), 2, "not an energy"),
        (("-P", "n", "5", "1", "x"), 2, "no values"),
        (("-D", "2", "x"), 2, "--parameter-scan"),
        (("--again", "none.wattui"), 6, "none.wattui"),
        (("--again", __file__, "true"), 2, "leave out"),
        (("--find-lag", "a", "b"), 2, "one command at most"),
    ],
)
def test_command_lines_that_make_no_sense(
    bench: Bench, words: tuple[str, ...], status: int, text: str
) -> None:
    assert text in bench.invoke(*words, status=status).stderr


def test_the_output_of_a_command_and_a_result_are_two_files(bench: Bench) -> None:
    place = bench.folder / "result"
    done = bench.invoke(
        bench.port, "true", "--output", place, "--export-json", place, status=6
    )  # fmt: skip
    assert "written twice" in done.stderr
    assert not place.exists()


def test_the_output_of_a_command_is_not_written_into_a_session(bench: Bench) -> None:
    with SessionWriter(bench.session):
        pass
    before = bench.session.read_bytes()
    bench.invoke(bench.port, "--output", bench.session, "true", status=6)
    assert bench.session.read_bytes() == before


def test_a_port_is_needed_if_no_meter_is_plugged_in(bench: Bench) -> None:
    assert "Give a port first" in bench.invoke("true", status=3).stderr


@pytest.mark.parametrize(
    ("words", "after", "port", "commands"),
    [
        (["make"], None, "", ("make",)),
        (["ttyUSB0", "a b", "c"], None, "/dev/ttyUSB0", ("a b", "c")),
        (["sim://pro"], ["make", "-j4"], "sim://pro", ("make -j4",)),
        ([], ["make", "a b"], "", ("make 'a b'",)),
        ([], ["make -j4", "make -j8"], "", ("make -j4", "make -j8")),
        (["run.wattui"], ["true"], "run.wattui", ("true",)),
        (["./a.wattui b"], None, "", ("./a.wattui b",)),
    ],
)
def test_words_are_commands_or_the_words_of_one(
    words: list[str], after: list[str] | None, port: str, commands: tuple[str, ...]
) -> None:
    found = split_words(words, after)
    assert (found.port, found.commands) == (port, commands)
