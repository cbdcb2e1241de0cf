# SPDX-License-Identifier: GPL-3.0-or-later
"""Recording and writing do not depend on anyone reading: closed standard streams."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from session_samples import METER, steady

from wattui.cli.program import program as commands
from wattui.session import Session, SessionWriter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="streams are closed by a shell")

DEADLINE = 60.0
FAST = "sim://pro?speed=200"

#: What the shell closes: standard output, error, all three.
CLOSED = {"output": ">&-", "error": "2>&-", "all": "<&- >&- 2>&-"}

#: Each command that records or writes files, and the file that must be there in the end.
COMMANDS = {
    "log": (["log", FAST, "-d", "5", "--session", "new.wattui", "-o", "new.csv"], "new.csv"),
    "log --json": (["log", FAST, "-d", "5", "--json", "--session", "new.wattui"], "new.wattui"),
    "log --quiet": (["log", FAST, "-d", "5", "-q", "--session", "new.wattui"], "new.wattui"),
    "log --raw": (["log", FAST, "-d", "5", "--raw", "new.raw"], "new.raw"),
    "log --output-dir": (["log", FAST, "-d", "5", "--output-dir", "days"], "days"),
    "replay": (
        ["replay", "run.wattui", "--speed", "200", "--session", "new.wattui"],
        "new.wattui",
    ),
    "fetch": (["fetch", f"{FAST}&memory=9", "--session", "new.wattui"], "new.wattui"),
    "export": (["export", "run.wattui", "-o", "new.csv"], "new.csv"),
    "import": (["import", "run.csv", "--session", "new.wattui"], "new.wattui"),
    "plot": (["plot", "run.wattui", "-o", "new.svg"], "new.svg"),
    "report": (["report", "run.wattui", "-o", "new.html"], "new.html"),
    "repair": (["repair", "run.wattui", "-o", "new.wattui"], "new.wattui"),
    "measure": (
        [
            *("measure", FAST, "-r", "1", "--idle", "2", "--min-time", "0", "true"),
            *("--session", "new.wattui", "--export-json", "new.json"),
        ],
        "new.json",
    ),
}


#: All commands with nothing open, since all of them begin in the same way; and one that records and
#: one that draws with each.
CASES = [
    *((name, "all") for name in COMMANDS),
    *((name, closed) for name in ("log", "plot") for closed in ("output", "error")),
]


@pytest.mark.parametrize(("name", "closed"), CASES)
def test_with_a_closed_stream_the_same_is_recorded_and_written(
    name: str, closed: str, program: list[str], tmp_path: Path
) -> None:
    with SessionWriter(tmp_path / "run.wattui") as writer:
        writer.on_samples(METER, steady(20))
    args, made = COMMANDS[name]
    if name == "import":
        files = [str(tmp_path / f"run.{ending}") for ending in ("wattui", "csv")]
        assert CliRunner().invoke(commands, ["export", files[0], "-o", files[1]]).exit_code == 0
    shell = ["/bin/sh", "-c", f'exec "$@" {CLOSED[closed]}', "sh"]
    done = subprocess.run(
        [*shell, *program, *args], cwd=tmp_path, capture_output=True, timeout=DEADLINE, check=False
    )
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    path = tmp_path / made
    assert path.exists()
    if path.suffix == ".wattui":
        with Session.open(path) as session:
            assert session.count(1) >= 5
        assert path.read_bytes().startswith(b"SQLite format 3\0")
    elif path.is_dir():
        assert len(list(path.glob("*.wattui"))) == 1
    else:
        assert path.stat().st_size > 100


@pytest.mark.parametrize("closed", ["output", "all"])
def test_lists_and_help_end_well_with_a_closed_output(closed: str, program: list[str]) -> None:
    for args in (["--help"], ["sessions"], ["ports", "--json"], ["info", FAST]):
        shell = ["/bin/sh", "-c", f'exec "$@" {CLOSED[closed]}', "sh"]
        done = subprocess.run(
            [*shell, *program, *args], capture_output=True, timeout=DEADLINE, check=False
        )
        assert done.returncode == 0, (args, done.stderr)
        assert b"Traceback" not in done.stderr
