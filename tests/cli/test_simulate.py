# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from wattui.cli.commands.simulate import _links, _urls
from wattui.client import identify
from wattui.protocol.models import MODELS
from wattui.simulator.faults import LASTING, TIMED
from wattui.simulator.loads import LOADS
from wattui.simulator.sim_url import KEYS

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no ptys")

DEADLINE = 30.0


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait(DEADLINE)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def start(program: list[str], *args: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*program, "simulate", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def lines(process: subprocess.Popen[bytes], count: int) -> list[str]:
    assert process.stdout is not None
    data = b""
    deadline = time.monotonic() + DEADLINE
    while data.count(b"\n") < count:
        left = max(0.0, deadline - time.monotonic())
        assert select.select([process.stdout], [], [], left)[0], "nothing came in time"
        more = os.read(process.stdout.fileno(), 4096)
        assert more, "it ended"
        data += more
    return data.decode().splitlines()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serves_meters_on_ptys_and_stops_cleanly(
    program: list[str], started: list[subprocess.Popen[bytes]], number: int
) -> None:
    args = ["--count", "3", "--model", "pro", "--model", "es", "--load", "lamp"]
    started.append(process := start(program, *args))
    ports = lines(process, 3)
    assert [identify(port).info.model for port in ports] == ["PRO", "PRO ES", "PRO"]
    process.send_signal(number)
    assert process.wait(DEADLINE) == 0
    assert process.stderr is not None
    said = process.stderr.read().decode()
    assert "Traceback" not in said
    assert all(port in said for port in ports)
    assert process.stdout is not None
    assert process.stdout.read() == b""
    assert not any(Path(port).exists() for port in ports)


def test_a_link_exists_while_the_simulator_runs(
    program: list[str], started: list[subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    link = tmp_path / "meter"
    started.append(process := start(program, "--link", str(link), "--quiet"))
    assert lines(process, 1) == [str(link)]
    assert link.is_symlink()
    assert identify(str(link)).info.model == "PRO"
    process.send_signal(signal.SIGTERM)
    assert process.wait(DEADLINE) == 0
    assert not link.is_symlink()


def test_a_link_never_replaces_a_file(program: list[str], tmp_path: Path) -> None:
    file = tmp_path / "precious"
    file.write_text("kept")
    result = subprocess.run(
        [*program, "simulate", "--link", str(file)],
        capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    assert result.returncode == 6
    assert "precious" in result.stderr
    assert "Traceback" not in result.stderr
    assert file.read_text() == "kept"


def test_a_missing_capture_is_a_clear_error(program: list[str]) -> None:
    result = subprocess.run(
        [*program, "simulate", "--replay", "/no/such/file.raw"],
        capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    assert result.returncode == 6
    assert "/no/such/file.raw" in result.stderr
    assert "Traceback" not in result.stderr


def test_options_become_urls() -> None:
    assert _urls((), None, (), (), None, {}, 0) == ["sim://"]
    assert _urls(("sim://es?load=lamp",), None, (), (), None, {"speed": "5"}, 0) == [
        "sim://es?load=lamp&speed=5"
    ]
    several = _urls((), 3, ("pro", "es"), ("lamp",), 7, {}, 0)
    assert several == [
        "sim://pro?load=lamp&seed=7",
        "sim://es?load=lamp&seed=8",
        "sim://pro?load=lamp&seed=9",
    ]
    assert len(_urls((), None, (), ("lamp", "idle"), None, {}, 0)) == 2
    assert len(_urls((), None, (), (), None, {}, 3)) == 3


def test_one_link_for_several_meters_gets_numbers() -> None:
    assert _links((Path("/x/m"),), 2) == [Path("/x/m1"), Path("/x/m2")]
    assert _links((), 2) == [None, None]
    assert _links((Path("a"), Path("b")), 2) == [Path("a"), Path("b")]


def test_help_names_everything_that_a_url_can_say(program: list[str]) -> None:
    shown = subprocess.run(
        [*program, "simulate", "--help"], capture_output=True, text=True, check=True
    ).stdout
    words = set(re.findall(r"[\w-]+", shown))
    known = {*KEYS, *LASTING, *TIMED, *MODELS, *LOADS}
    assert {str(word) for word in known} - words == set()


def test_one_read_is_one_record_for_a_client_that_resets_the_meter_otherwise(
    program: list[str], started: list[subprocess.Popen[bytes]]
) -> None:
    started.append(process := start(program, "sim://pro?speed=10"))
    (path,) = lines(process, 1)
    port = os.open(path, os.O_RDWR | os.O_NOCTTY)
    records, resets = 0, 0
    try:
        os.write(port, b"#L,W,3,E,,1;")
        deadline = time.monotonic() + DEADLINE
        while records < 20 and resets < 3 and time.monotonic() < deadline:
            if not select.select([port], [], [], 1.0)[0]:
                continue
            line = os.read(port, 512)
            if re.fullmatch(rb"(#d,-,18(,\d+){18};[\0\r\n]*)+", line):
                records += line.count(b"#")
            else:
                resets += 1
                os.write(port, b"#V,W,0;")
    finally:
        os.close(port)
    assert (records >= 20, resets) == (True, 0)
