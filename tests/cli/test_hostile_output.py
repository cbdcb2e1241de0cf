# SPDX-License-Identifier: GPL-3.0-or-later
"""No text from a meter or a file controls the terminal, or becomes a formula in a spreadsheet.

The commands are run as users run them, in a terminal and into files, on texts that try it.
"""

from __future__ import annotations

import csv
import json
import logging
import os
import pty
import re
import select
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import quote

import click
import pytest
from click.testing import CliRunner
from hostile_texts import BODY, FILE_NAME, HOSTILE, URL, hostile_session, raw_characters

from wattui.cli.program import program as command_line
from wattui.formats import all_formats, write
from wattui.measurement.log_format import PrintableFormatter
from wattui.session import Session, new_session_path

DEADLINE = 60.0

#: What the program itself sends to a terminal: colours, and the lines of a live view.
OWN = re.compile(r"\x1b\[(?:\d+(?:;\d+)*)?[mKAJGH]|\x1b\[\?25[lh]")


def run(*args: str) -> str:
    """Run a command, and return everything that it printed."""
    result = CliRunner().invoke(command_line, args)
    assert "Unexpected error" not in result.stderr, (args, result.stderr)
    assert not result.exception or isinstance(result.exception, SystemExit), (args, result.stderr)
    return result.output + result.stderr


def in_terminal(*args: str) -> str:
    """Run a command in a terminal, and return what it sent there except for its own colours."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "wattui", *args], stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    data, deadline = b"", time.monotonic() + DEADLINE
    while True:
        assert select.select([ours], [], [], max(0.0, deadline - time.monotonic()))[0], args
        try:
            piece = os.read(ours, 65_536)
        except OSError:
            break
        if not piece:
            break
        data += piece
    os.close(ours)
    process.wait(DEADLINE)
    return OWN.sub("", data.decode("utf-8", "replace"))


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return hostile_session(tmp_path)


@pytest.fixture
def listed() -> Path:
    """Put a session with such names into the data folder."""
    folder = new_session_path("x").parent
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"not a session {FILE_NAME}").write_bytes(b"SQLite format 3\0" * 99)
    return hostile_session(folder)


def calls(path: Path, folder: Path) -> list[list[str]]:
    """Return a command line for every command that shows something of a file or a meter."""
    name, meter = str(path), f"{URL}&speed=200"
    goal = str(folder / f"goal {BODY}")
    gone, bad = str(folder / f"gone {BODY}"), str(folder / f"bad {BODY}.csv")
    Path(bad).write_text(f"time,watts,{BODY}\n1,2,{BODY}\n")
    return [
        ["log", meter, "-d", "3"],
        ["log", meter, "-d", "3", "--json"],
        ["log", f"{meter}&fault=restart@1", "-d", "5", "--plain"],
        ["log", f"/dev/{BODY}", "-d", "3"],
        ["listen", "--bind", BODY],
        ["listen", "--port", "0", "--meter", BODY, "-d", "1"],
        ["ports"],
        ["info", meter],
        ["info", f"sim://{quote(BODY)}"],
        ["fetch", meter, "--session", f"{goal}.wattui"],
        ["config", meter],
        ["clear", meter],
        ["arm", meter, "--interval", "5"],
        ["sessions"],
        ["verify", name, gone],
        ["repair", name, "-o", f"{goal}-repaired.wattui"],
        ["export", name, "-o", f"{goal}.csv"],
        ["export", name, "-o", f"{goal}.{BODY}"],
        ["export", name, "-o", f"{goal}.csv", "--meter", BODY],
        ["export", gone, "-o", f"{goal}.csv"],
        ["plot", name, "-o", f"{goal}.svg"],
        ["stats", name],
        ["stats", name, "--meter", BODY],
        ["report", name, "-o", f"{goal}.html"],
        ["archive", str(folder), f"{goal} set"],
        ["import", bad, "--session", f"{goal}-2.wattui"],
        ["import", bad, "--columns", f"time=0,power={BODY}"],
        ["replay", name, "--speed", "10000", "--quiet"],
        ["replay", bad],
        ["simulate", f"sim://pro?{quote(BODY)}=1"],
        ["marks", name],
        ["marks", name, "--csv"],
        ["marks", name, "--baseline", BODY],
        ["mark", BODY, "--session", name, "--at", "5s"],
        ["mark", BODY, meter],
        ["measure", "--again", name],
        ["measure", f"/dev/{BODY}", BODY],
        ["measure", meter, "true", "--fail-if-worse-than", bad],
        ["doctor"],
        ["completion", BODY],
        ["service", "status"],
        ["desktop", "remove"],
        ["gui", f"/dev/{BODY}", "--or-terminal", "--nonsense"],
        ["help", BODY],
        [BODY],
        ["--debug", "verify", name, gone],
    ]


def test_no_command_sends_what_a_file_or_a_meter_says_to_the_terminal_raw(
    session: Path, listed: Path, tmp_path: Path
) -> None:
    shown = 0
    for args in calls(session, tmp_path):
        text = run(*args)
        if "--json" in args or args[0] == "replay":
            continue  # checked below: data is not for people
        rest = text.replace(str(tmp_path), "")
        # The last line of some commands is the path, for a program.
        lines = [line for line in rest.splitlines() if not line.endswith(".wattui")]
        assert raw_characters("\n".join(lines)) == "", args
        shown += "\\x1b[31m" in text
    assert shown > 10
    everything = set(command_line.list_commands(click.Context(command_line)))
    assert everything <= {args[0] for args in calls(session, tmp_path)}


@pytest.mark.skipif(sys.platform == "win32", reason="ptys of POSIX")
@pytest.mark.parametrize(
    "args",
    [
        ["log", f"{URL}&speed=200", "-d", "5"],
        ["log", f"{URL}&speed=200", "-d", "5", "--plain"],
        ["sessions"],
        ["replay", "SESSION", "--speed", "100000"],
        ["fetch", f"{URL}&memory=20"],
        ["--debug", "info", f"{URL}&speed=200"],
    ],
    ids=lambda args: " ".join(args)[:12],
)
def test_a_terminal_gets_no_sequence_but_the_programs_own(
    args: list[str], session: Path, listed: Path
) -> None:
    text = in_terminal(*(str(session) if one == "SESSION" else one for one in args))
    assert raw_characters(text) == "", text
    assert "\\x1b[31m" in text


def test_a_log_cannot_control_the_terminal_either() -> None:
    record = logging.LogRecord("a", 20, "b", 1, "%s restarted", (HOSTILE,), None)
    text = PrintableFormatter("%(message)s").format(record)
    assert raw_characters(text) == ""
    assert text.endswith(" restarted")


def test_usage_errors_are_printable() -> None:
    result = CliRunner().invoke(command_line, ["log", "sim://pro", "--duration", BODY])
    assert result.exit_code == click.UsageError.exit_code
    assert raw_characters(result.stderr) == ""
    assert "\\x1b[31m" in result.stderr


#: What a spreadsheet takes for the beginning of a formula, once blanks and quotes are gone.
FORMULA = re.compile(r"^[\s\"]*[=+\-@\t\r＝＋－＠].")
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_no_cell_of_any_export_is_a_formula(session: Path, tmp_path: Path, delimiter: str) -> None:
    written = 0
    with Session.open(session) as opened:
        forms = [one for one in all_formats().values() if one.write is not None]
        for name, dialects in [(one.name, one.dialects) for one in forms]:
            for dialect in dialects:
                goal = tmp_path / f"{name}-{dialect}.txt"
                ids = [opened.meters[0].id]
                write(opened, goal, name, dialect=dialect, meters=ids)
                text = goal.read_text("utf-8-sig")
                written += 1
                # A file keeps a name as it is, except for what controls a terminal.
                assert set(raw_characters(text)) <= {"\u202e", "\u200b"}, (name, dialect)
                if text[:1] in "{[":
                    continue  # JSON has no cells
                for row in csv.reader(text.splitlines(), delimiter=delimiter):
                    for cell in row:
                        formula = FORMULA.match(cell) and not NUMBER.fullmatch(cell.strip())
                        assert not formula, (name, dialect, cell)
    assert written > 8


def test_figures_with_hostile_texts_are_well_formed(session: Path, tmp_path: Path) -> None:
    goal = tmp_path / "a.svg"
    assert run("plot", str(session), "-o", str(goal))
    root = ET.parse(goal).getroot()
    assert "<b>x<&b>" in "".join(root.itertext())


def test_json_of_a_hostile_meter_is_what_the_meter_said(session: Path) -> None:
    lines = run("replay", str(session), "--speed", "100000", "--json").splitlines()
    rows = [json.loads(line) for line in lines if line.startswith("{")]
    assert any(HOSTILE in row["meter"] for row in rows)
