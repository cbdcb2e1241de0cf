# SPDX-License-Identifier: GPL-3.0-or-later
"""The command of an alert: its facts, its failures, and no shell unless asked."""

from __future__ import annotations

import os
import queue
import sys
from pathlib import Path

import pytest

from wattui.desktop import alert_command
from wattui.desktop.alert_command import AlertCommand

FACTS = {"WATTUI_METER": "desk; touch evil $(touch worse)", "WATTUI_VALUE": "132.4"}


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!{sys.executable}\nimport os, pathlib, sys, time\n{text}\n")
    path.chmod(0o755)
    return path


def run(command: AlertCommand, facts: dict[str, str] = FACTS) -> list[str]:
    failures: list[str] = []
    thread = command.run(facts, failures.append)
    thread.join(20)
    assert not thread.is_alive()
    return failures


def test_it_gets_its_arguments_and_the_facts(tmp_path: Path) -> None:
    program = script(
        tmp_path / "my alert",
        "pathlib.Path(sys.argv[2]).write_text(os.environ['WATTUI_METER'] + sys.argv[1])",
    )
    out = tmp_path / "out"
    assert run(AlertCommand(f"'{program}' 'a b; $HOME' {out}")) == []
    assert out.read_text() == f"{FACTS['WATTUI_METER']}a b; $HOME"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["my alert", "out"]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX")
def test_a_shell_only_if_asked(tmp_path: Path) -> None:
    line = f'printf %s "$WATTUI_VALUE" > {tmp_path}/out'
    assert run(AlertCommand(line)) == []
    assert not (tmp_path / "out").exists()
    assert run(AlertCommand(line, shell=True)) == []
    assert (tmp_path / "out").read_text() == "132.4"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("mail 'x", "A quote is not closed"),
    ],
)
def test_what_cannot_be_run_is_refused_at_once(line: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        AlertCommand(line)


def test_a_program_that_is_missing_is_named() -> None:
    problem = AlertCommand("no-such-program-here x").problem()
    assert problem.startswith("There is no program no-such-program-here. ")
    assert AlertCommand("no-such-program-here x", shell=True).problem() == ""
    assert AlertCommand(sys.executable).problem() == ""


def test_a_failure_is_reported(tmp_path: Path) -> None:
    program = script(tmp_path / "fails", "sys.exit(3)")
    assert run(AlertCommand(str(program))) == [f"{program} failed with code 3"]
    command = AlertCommand(str(program))
    program.unlink()
    (failure,) = run(command)
    assert "cannot be run" in failure


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes of POSIX")
def test_commands_that_never_end_do_not_pile_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alert_command, "MOST_RUNNING", 2)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    program = script(tmp_path / "hangs", f"open({str(pipe)!r}).read()")
    command, failures = AlertCommand(str(program)), queue.Queue()
    threads = [command.run({}, failures.put) for _ in range(3)]
    assert "was not run: 2 runs of it have not ended yet" in failures.get(timeout=20)
    pipe.open("w").close()
    deadline = 20
    while any(thread.is_alive() for thread in threads):
        assert deadline > 0
        deadline -= 1
        # One that opened the pipe later waits for another writer.
        descriptor = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
        for thread in threads:
            thread.join(0.2)
        os.close(descriptor)
        for thread in threads:
            thread.join(0.2)
