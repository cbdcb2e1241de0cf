# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui log --status-file``: how the recording is doing, for programs that monitor it."""

from __future__ import annotations

import json
import shutil
import signal
import sys
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from log_process import FAST, Log, recorded_times, wait_for

from wattui.cli.program import program as command_line
from wattui.cli.recording import status_file
from wattui.session import health

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")

Usage = namedtuple("Usage", "total used free")


def run(*args: str) -> Any:
    return CliRunner().invoke(command_line, ["log", *args])


def test_says_what_was_received_and_stored(tmp_path: Path) -> None:
    path = tmp_path / "status.json"
    urls = [FAST, "sim://es?speed=200&load=lamp"]
    result = run(*urls, "-d", "60", "-q", "--status-file", str(path))
    assert result.exit_code == 0
    status = json.loads(path.read_text())
    session = Path(result.stdout.splitlines()[-1])
    stored = len(recorded_times(session))
    samples = {"received": stored, "stored": stored, "waiting": 0, "lost": 0}
    assert status["samples"] == samples
    assert status["state"] == "ended"
    assert status["session"] == str(session)
    assert [meter["port"] for meter in status["meters"]] == urls
    assert sum(meter["stored"] for meter in status["meters"]) == stored
    assert all(meter["last_sample"] for meter in status["meters"])
    assert status["disk"]["free_bytes"] > 0
    assert status["unreadable_packets"] == status["reconnects"] == 0
    assert 0 < status["commit_s"] <= status["longest_commit_s"]
    assert {event["kind"] for event in status["events"]} == {"started", "stopped"}
    assert [one.name for one in tmp_path.iterdir()] == ["status.json"]


def test_is_replaced_as_a_whole_every_few_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_file.StatusFile.__init__, "__defaults__", (0.01,))
    seen = []

    def write_text(path: Path, text: str, *_: Any) -> None:
        path.write_bytes(text.encode())
        if not path.name.startswith(".status.json"):
            return
        seen.append(path.name)
        if len(seen) > 1:  # the earlier version is still whole
            json.loads((tmp_path / "status.json").read_text())

    monkeypatch.setattr(Path, "write_text", write_text)
    assert (
        run(FAST, "-d", "60", "-q", "--status-file", str(tmp_path / "status.json")).exit_code == 0
    )
    assert len(seen) > 3
    assert all(name.endswith(".part") for name in seen)


def test_a_status_file_on_a_full_disk_neither_ends_nor_slows_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status_file.StatusFile.__init__, "__defaults__", (0.01,))

    def write_text(_path: Path, _text: str, *_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", write_text)
    result = run(FAST, "-d", "60", "-q", "--status-file", str(tmp_path / "status.json"))
    assert result.exit_code == 0
    assert len(recorded_times(Path(result.stdout.splitlines()[-1]))) >= 60
    # Said once, however often it was tried.
    assert result.stderr.count("No space left on device") == 1
    assert "The recording goes on without it." in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_of_the_status_file_may_go_and_come_back(
    program: list[str], logs: list[Log], tmp_path: Path
) -> None:
    folder = tmp_path / "status"
    folder.mkdir()
    path = folder / "status.json"
    logs.append(log := Log(program, FAST, "--status-file", str(path)))
    wait_for(path.exists, "the first version")
    shutil.rmtree(folder)
    log.read_lines(len(log.lines) + 50)
    folder.mkdir()
    assert log.end(signal.SIGTERM) == 0
    status = json.loads(path.read_text())
    assert status["state"] == "ended"
    assert status["samples"]["received"] == status["samples"]["stored"] >= 50


def test_a_disk_that_fills_up_is_reported_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "status.json"
    monkeypatch.setattr(health.shutil, "disk_usage", lambda _path: Usage(10**9, 0, 90_000_000))
    result = run(FAST, "-d", "60", "-q", "--status-file", str(path))
    assert result.exit_code == 0
    assert result.stderr.count("Warning:") == 1
    assert "has 90 MB left." in result.stderr
    assert "Free some space" in result.stderr
    status = json.loads(path.read_text())
    (problem,) = status["problems"]
    assert "has 90 MB left" in problem["what"]
    assert [one["kind"] for one in status["events"]].count("disk low") == 1


@pytest.mark.parametrize("target", ["-", "/dev/null", "/dev/full"])
def test_a_device_is_not_a_status_file(target: str) -> None:
    result = run(FAST, "-d", "5", "--status-file", target)
    assert result.exit_code == 2
    assert "is not a file" in result.stderr
    assert Path("/dev/null").is_char_device()
