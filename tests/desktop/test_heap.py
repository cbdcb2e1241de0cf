# SPDX-License-Identifier: GPL-3.0-or-later
"""One heap for all threads: each would keep its own largest size for months."""

from __future__ import annotations

import os
import platform
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="heaps of the GNU C library"
)

DEADLINE = 60.0

#: Bytes that the library reserves for the heap of a thread, at a multiple of that size.
RESERVED = 64 << 20

_MAPPING = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ 00:00 0 *$")

COMMANDS = {
    "log": ["log", *(f"sim://pro?speed=60&seed={n}" for n in range(4)), "--quiet"],
    "gui": ["gui", "--demo"],
}


def thread_heaps(process: int) -> int:
    """Return how many heaps of threads a process has reserved."""
    found = 0
    used = (0, 0)
    for line in Path(f"/proc/{process}/maps").read_text().splitlines():
        mapping = _MAPPING.match(line)
        if mapping is None:
            continue
        start, stop, access = int(mapping[1], 16), int(mapping[2], 16), mapping[3]
        if access.startswith("rw"):
            used = start, stop
        elif access.startswith("---") and used[1] == start:
            found += not used[0] % RESERVED and stop - used[0] == RESERVED
    return found


def heaps_while_it_records(program: list[str], command: str, folder: Path, **more: str) -> int:
    """Return the number of heaps once samples of a recording are on disk."""
    places = {"WATTUI_DATA": str(folder), "QT_QPA_PLATFORM": "offscreen"}
    environment = {**os.environ, **places, **more}
    with subprocess.Popen(
        [*program, *COMMANDS[command]], env=environment, stdout=subprocess.DEVNULL
    ) as process:
        try:
            deadline = time.monotonic() + DEADLINE
            while not any(folder.rglob("*.wattui-wal")):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            return thread_heaps(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(DEADLINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_threads_of_a_recording_have_no_heaps_of_their_own(
    command: str, program: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory grew by a third in a week: 37 MiB were free in the heaps of threads."""
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    assert heaps_while_it_records(program, command, tmp_path) == 0


def test_who_sets_the_number_of_heaps_decides(program: list[str], tmp_path: Path) -> None:
    assert heaps_while_it_records(program, "log", tmp_path, MALLOC_ARENA_MAX="8") > 0
