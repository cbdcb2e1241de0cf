# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands that work, fail, hang, fork, ignore signals, or cannot be started."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from wattui.benchmark.processes import CommandFailed, execute

pytestmark = pytest.mark.skipif(os.name != "posix", reason="process groups")

PYTHON = sys.executable


def until(condition: object, seconds: float = 20.0) -> None:
    """Wait until a condition holds."""
    assert callable(condition)
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "the condition never held"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    """Check whether a process runs; one that ended but was not waited for does not."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_exit_codes_and_durations() -> None:
    done = execute(["/bin/sh", "-c", "sleep 0.05; exit 3"])
    assert (done.exit_code, done.timed_out, done.stopped) == (3, False, False)
    assert done.seconds >= 0.05
    assert execute(["/bin/sh", "-c", "kill -9 $$"]).exit_code == -9


def test_a_command_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(CommandFailed, match="no-such-program cannot be started"):
        execute(["no-such-program"])
    with pytest.raises(CommandFailed, match="cannot be written"):
        execute(["true"], output="/no/such/folder/out")


def test_output_goes_where_it_is_wanted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["/bin/sh", "-c", "echo out; echo err >&2"]
    execute(words)
    assert capfd.readouterr() == ("", "")
    execute(words, output="inherit")
    assert capfd.readouterr() == ("out\n", "err\n")
    file = tmp_path / "out"
    for _ in range(2):
        execute(words, output=str(file))
    assert sorted(file.read_text().split()) == ["err", "err", "out", "out"]


def test_a_command_does_not_read_the_terminal() -> None:
    assert execute(["/bin/sh", "-c", 'read line; test -z "$line"']).exit_code == 0


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 60 & echo $! $$ > {pids}; wait"
    done = execute(["/bin/sh", "-c", script], timeout=0.3)
    assert done.timed_out
    assert done.exit_code == -signal.SIGTERM
    until(lambda: not any(is_alive(int(pid)) for pid in pids.read_text().split()))


def test_a_command_that_ignores_sigterm_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattui.benchmark.processes._GRACE", 0.2)
    program = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True)\n"
    program += "time.sleep(60)"
    done = execute([PYTHON, "-c", program], timeout=1.0)
    assert done.timed_out
    assert done.exit_code == -signal.SIGKILL


def test_a_command_is_ended_when_the_user_wants_so() -> None:
    looks = iter([False, False, True])
    beats: list[int] = []
    done = execute(["sleep", "60"], stopped=lambda: next(looks), beat=lambda: beats.append(1))
    assert done.stopped
    assert not done.timed_out
    assert len(beats) == 3


def test_processes_that_are_left_behind_are_noticed(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    done = execute(["/bin/sh", "-c", f"sleep 60 & echo $! > {file}"])
    try:
        assert done.exit_code == 0
        assert done.left_running
        assert done.seconds < 30
    finally:
        os.kill(int(file.read_text()), signal.SIGKILL)
    assert not execute(["true"]).left_running
