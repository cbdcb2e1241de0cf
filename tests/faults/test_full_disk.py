# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk is full, refuses, or hangs: samples wait in memory, and the program reports it."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from account import Account, events_of, samples_of
from numbered_meter import DEADLINE, NumberedMeter
from running_log import RunningLog, environment
from suite_size import full_only, some

Rounds = Callable[[int, int], int]

WAITING = "Samples are kept in memory"
ACCEPTS = "The disk is accepting data again"

#: Calls of the system that fail, as strace names them.
FAULTS = [
    "fdatasync:error=EIO",
    "pwrite64:error=ENOSPC:when=1+3",
    "pwrite64:error=EIO",
    "pwrite64:error=EROFS",
    "pwrite64,fdatasync:error=EIO:when=2+2",
]

needs_strace = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


class SmallDisk:
    """A disk in memory that can be filled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Fill it to the last byte."""
        with self._ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        """Free what :meth:`fill` took."""
        os.truncate(self._ballast, 0)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Mount a small disk in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "wattui-test", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root can mount a small disk")
    yield SmallDisk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_the_disk_is_full_and_has_space_again(
    meter: NumberedMeter, disk: SmallDisk, account: Account, rounds: Rounds
) -> None:
    for session in range(rounds(1, 10)):
        path = disk.folder / f"{session}.wattui"
        meter.begin()
        with RunningLog(meter.link, "--session", path) as log:
            log.wait_shown(meter.first)
            for time in range(1, rounds(2, 10) + 1):
                disk.fill()
                log.wait_said(WAITING, time)
                meter.wait_more(5)
                disk.free()
                log.wait_said(ACCEPTS, time)
            meter.hold()
            log.wait_shown(meter.number)
            assert log.end() == 0
        account.add(meter.sent, [path], log.shown)
        path.unlink()
    account.counts["full disks"] = rounds(1, 10) * rounds(2, 10)
    assert account.reported == 0


def test_killed_while_the_disk_is_full(
    meter: NumberedMeter, disk: SmallDisk, account: Account, rounds: Rounds
) -> None:
    for session in range(rounds(1, 20)):
        path = disk.folder / f"{session}.wattui"
        meter.begin()
        with RunningLog(meter.link, "--session", path) as log:
            log.wait_shown(meter.first)
            disk.fill()
            log.wait_said(WAITING)
            log.kill()
        disk.free()
        account.add(meter.sent, [path], log.shown)
        path.unlink()


def test_the_disk_is_full_for_so_long_that_samples_are_dropped(
    meter: NumberedMeter, disk: SmallDisk, account: Account, rounds: Rounds
) -> None:
    for session in range(rounds(1, 10)):
        path = disk.folder / f"{session}.wattui"
        meter.begin()
        with RunningLog(
            *(meter.link, "--session", path), env=environment(WATTUI_KEEP_SAMPLES="20")
        ) as log:
            log.wait_shown(meter.first)
            disk.fill()
            log.wait_said(WAITING)
            meter.wait_more(50)
            disk.free()
            log.wait_said("samples were lost")
            meter.hold()
            log.wait_shown(meter.number)
            assert log.end() == 0
        account.add(meter.sent, [path], log.shown)
        assert "dropped" in [kind for kind, _text in events_of(path)]
        path.unlink()
    assert account.reported > 0


@full_only
def test_the_disk_is_pulled(meter: NumberedMeter, disk: SmallDisk, account: Account) -> None:
    path = disk.folder / "a.wattui"
    with RunningLog(meter.link, "--session", path) as log:
        log.wait_shown(meter.first)
        subprocess.run(["umount", "--lazy", str(disk.folder)], check=True)
        meter.wait_more(40)
        meter.hold()
        log.wait_shown(meter.number)
        assert log.end() == 0
    account.add(meter.sent, [path], log.shown)
    assert account.reported == 0
    # The teardown takes it away again.
    subprocess.run(["mount", "-t", "tmpfs", "wattui-test", str(disk.folder)], check=True)


@pytest.mark.parametrize("option", ["--session", "--output-dir"])
def test_a_disk_that_is_read_only(
    meter: NumberedMeter, disk: SmallDisk, tmp_path: Path, option: str
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk.folder)], check=True)
    with RunningLog(meter.link, option, disk.folder / "a.wattui") as log:
        assert log.wait() == 6
    assert str(disk.folder) in log.said
    assert "ead-only" in log.said or "not writable" in log.said
    assert log.shown == []


def test_the_size_of_files_is_limited(
    meter: NumberedMeter, account: Account, tmp_path: Path
) -> None:
    path = tmp_path / "a.wattui"
    small, unlimited = (100_000, resource.RLIM_INFINITY), (resource.RLIM_INFINITY,) * 2
    with RunningLog(meter.link, "--session", path) as log:
        log.wait_shown(meter.first)
        resource.prlimit(log.process.pid, resource.RLIMIT_FSIZE, small)
        log.wait_said(WAITING)
        meter.wait_more(10)
        resource.prlimit(log.process.pid, resource.RLIMIT_FSIZE, unlimited)
        log.wait_said(ACCEPTS)
        meter.hold()
        log.wait_shown(meter.number)
        assert log.end() == 0
    account.add(meter.sent, [path], log.shown)
    assert account.reported == 0


@contextlib.contextmanager
def failing(process: int, fault: str) -> Iterator[None]:
    """Make system calls of a running program fail."""
    calls = fault.split(":")[0]
    command = ["strace", "-f", "-p", str(process), "-o", "/dev/null", f"--trace={calls}"]
    with subprocess.Popen([*command, f"--inject={fault}"], stderr=subprocess.PIPE) as tracer:
        assert tracer.stderr is not None
        try:
            if b"attached" not in tracer.stderr.readline():
                pytest.skip("strace may not attach to a program here")
            yield
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.communicate(timeout=DEADLINE)


@needs_strace
@pytest.mark.parametrize("fault", some(FAULTS, FAULTS[:2]))
def test_the_disk_fails(
    meter: NumberedMeter, account: Account, tmp_path: Path, fault: str, rounds: Rounds
) -> None:
    path = tmp_path / "a.wattui"
    with RunningLog(meter.link, "--session", path) as log:
        log.wait_shown(meter.first)
        for time in range(1, rounds(1, 10) + 1):
            with failing(log.process.pid, fault):
                log.wait_said(WAITING, time)
            log.wait_said(ACCEPTS, time)
        meter.hold()
        log.wait_shown(meter.number)
        assert log.end() == 0
    account.add(meter.sent, [path], log.shown)
    account.counts["failures"] = rounds(1, 10)
    assert account.reported == 0


@needs_strace
@pytest.mark.parametrize("when", some(["at the start", "later"], ["at the start"]))
def test_the_disk_does_not_respond(
    meter: NumberedMeter, account: Account, tmp_path: Path, when: str
) -> None:
    path = tmp_path / "a.wattui"
    hang = f"--inject=fdatasync:delay_enter=7000000:when={1 if when == 'at the start' else 12}"
    tracing = ["strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "--trace=fdatasync"]
    with RunningLog(
        *(meter.link, "--session", path, "--duration", "450"), before=[*tracing, hang]
    ) as log:
        log.wait_said("The disk has not responded for")
        log.wait_said(ACCEPTS)
        assert log.wait() == 0, log.said
    # The time is up after 450 intervals, of whatever length.
    last = samples_of(path, [])[-1].number
    assert last > 400
    account.add(range(meter.first, last + 1), [path], log.shown)
    assert account.reported == 0
