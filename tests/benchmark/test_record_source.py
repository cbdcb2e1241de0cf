# SPDX-License-Identifier: GPL-3.0-or-later
"""Where records come from: a recording of its own, a running one, and what goes wrong there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from wattui.benchmark import record_source
from wattui.benchmark.record_source import RunningRecording, find_recording, open_source
from wattui.benchmark.session_result import NoMeasurement, last_measurement
from wattui.errors import Cancelled, DiskRefused, LinkLost, PortNotFound, WattuiError
from wattui.measurement.events import MeterInfo
from wattui.measurement.sample import Sample
from wattui.session import SessionWriter, WriterStatus

START = 1_800_000_000_000_000
METER = MeterInfo("A80012", "/dev/ttyUSB0")


def never() -> bool:
    return False


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SessionWriter]:
    with SessionWriter(tmp_path / "run.wattui") as found:
        samples = [Sample(START + n * 1_000_000, 1_000_000, (600 + n, 1200)) for n in range(5)]
        found.on_samples(METER, samples)
        found.flush()
        yield found


def test_a_running_recording_is_read(writer: SessionWriter) -> None:
    with open_source(str(writer.path), None, never) as source:
        assert source.info == METER
        found = source.records(START + 1_000_000, None, START)
        assert found.time == pytest.approx([2.0, 3.0, 4.0])
        assert found.power == pytest.approx([60.2, 60.3, 60.4])
        writer.on_samples(METER, [Sample(START + 5_000_000, 1_000_000, (None, 1200))])
        writer.flush()
        later = source.records(START + 4_000_000, START + 9_000_000, START)
        assert np.isnan(later.power).tolist() == [True]


def test_a_recording_that_ends_is_an_error(
    writer: SessionWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunningRecording(writer.path, "", never) as source:
        source.check()
        writer.close()
        monkeypatch.setattr(source, "_looked", float("-inf"))
        with pytest.raises(LinkLost, match="no longer being recorded"):
            source.wait(1.0)
    with pytest.raises(LinkLost, match="no longer"):
        RunningRecording(writer.path, "", never)


def test_one_meter_of_several_is_chosen_by_its_port(writer: SessionWriter) -> None:
    other = MeterInfo("A80013", "/dev/ttyUSB1")
    writer.on_samples(other, [Sample(START, 1_000_000, (100, 1200))])
    writer.flush()
    with pytest.raises(WattuiError, match="several meters") as error:
        RunningRecording(writer.path, "", never)
    assert error.value.hint.endswith("/dev/ttyUSB0, /dev/ttyUSB1.")
    with pytest.raises(WattuiError, match="no meter at /dev/ttyUSB9"):
        RunningRecording(writer.path, "/dev/ttyUSB9", never)
    with RunningRecording(writer.path, other.port, never) as source:
        assert source.info == other


def test_a_port_may_have_another_name(tmp_path: Path, writer: SessionWriter) -> None:
    link = tmp_path / "by-id"
    link.symlink_to(METER.port)
    with RunningRecording(writer.path, str(link), never) as source:
        assert source.info == METER


def test_waiting_ends_when_the_user_wants(writer: SessionWriter) -> None:
    beats: list[int] = []
    source = RunningRecording(writer.path, "", lambda: len(beats) > 2, lambda: beats.append(1))
    with source, pytest.raises(Cancelled):
        source.wait(60.0)
    assert len(beats) == 3


def test_a_session_without_a_measurement_is_an_error(writer: SessionWriter) -> None:
    writer.close()
    with pytest.raises(NoMeasurement, match="no measurement"):
        last_measurement(writer.path)


def test_a_port_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(PortNotFound):
        open_source("/dev/ttyUSB77", None, never)


def test_a_disk_that_is_full_at_the_start_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = WriterStatus(1, "The disk is full", "Free some space.", 0.0)

    class Full(record_source.Recorder):
        def __init__(self, status: Any, make_path: Any) -> None:
            super().__init__(None, status, make_path)
            status(problem)

        def on_samples(self, *_: object) -> None:
            """Record nothing."""

    monkeypatch.setattr(record_source, "Recorder", Full)
    with pytest.raises(DiskRefused, match="The disk is full"):
        open_source("sim://pro?speed=50", tmp_path / "a.wattui", never)


# -- whole programs ------------------------------------------------------------------


def start(*words: object, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "wattui", *map(str, words)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def stop(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        process.send_signal(signal.SIGINT)
    for process in processes:
        process.communicate(timeout=60)


def busy(folder: Path) -> str:
    """Return a command that takes 50 W for a second."""
    load = folder / "load"
    return f'echo "$(date +%s.%N) 50" >> {load}; sleep 1; echo "$(date +%s.%N) 0" >> {load}'


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="Linux shows who has a port open")
def test_the_session_of_a_running_log_is_used_if_it_has_the_port(tmp_path: Path) -> None:
    """The records of the served meter come ten times per second, with a lag of 0.3 s."""
    server = start("simulate", f"sim://pro?load=lamp&switch={tmp_path}/load&lag=3&speed=10", "-q")
    assert server.stdout is not None
    port = server.stdout.readline().strip()
    session = tmp_path / "log.wattui"
    log = start("log", port, "-q", "--session", session)
    try:
        limit = time.monotonic() + 60
        while find_recording(port) is None:
            assert time.monotonic() < limit
            time.sleep(0.05)
        assert find_recording(port) == session
        words = ("--lag", 0.3, "--idle", 2, "--min-time", 0, "-r", 2, "-q", "--settle", "20s")
        run = start("measure", port, *words, busy(tmp_path))
        output, errors = run.communicate(timeout=100)
    finally:
        stop(log, server)
    assert run.returncode == 0, errors
    assert "2 runs" in output
    log_of = last_measurement(session)
    assert len(log_of.commands) == 1
    assert "has a port open" not in errors


@pytest.mark.skipif(os.name != "posix", reason="commands of a shell")
def test_a_run_during_which_the_meter_is_unplugged_is_repeated(tmp_path: Path) -> None:
    url = f"sim://pro?load=lamp&switch={tmp_path}/load&lag=2.4&speed=20&faults=unplug@30:5"
    words = ("--idle", "8", "--min-time", "30", "-r", "2", "--session", tmp_path / "a.wattui")
    run = start("measure", url, *words, busy(tmp_path))
    output, errors = run.communicate(timeout=100)
    assert run.returncode == 0, errors
    assert "Records are missing in run 1" in errors
    assert "It is repeated" in errors
    assert "2 runs" in output
    assert "records missing" in output
