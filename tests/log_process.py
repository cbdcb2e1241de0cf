# SPDX-License-Identifier: GPL-3.0-or-later
"""A ``wattui log`` that runs as a process of its own, and what it printed and recorded."""

from __future__ import annotations

import os
import select
import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from wattui.measurement.clock import MICROSECONDS
from wattui.session import Session

#: Seconds within which anything here has happened, however slow the machine.
DEADLINE = 30.0

FAST = "sim://pro?speed=200"


class Log:
    """A running ``wattui log``, whose lines are read with a deadline."""

    def __init__(
        self,
        program: list[str],
        *args: str,
        command: str = "log",
        stdout: int = subprocess.PIPE,
    ) -> None:
        self.process = subprocess.Popen(
            [*program, command, *args],
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
        )
        self.lines: list[str] = []
        self._rest = b""

    def read_lines(self, count: int) -> None:
        """Read until there are *count* lines in total."""
        deadline = time.monotonic() + DEADLINE
        while len(self.lines) < count:
            assert self._read(deadline), f"ended after {len(self.lines)} lines: {self.errors()}"

    def _read(self, deadline: float) -> bool:
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        left = max(0.0, deadline - time.monotonic())
        assert select.select([descriptor], [], [], left)[0], "nothing came in time"
        data = os.read(descriptor, 65_536)
        *whole, self._rest = (self._rest + data).split(b"\n")
        self.lines.extend(line.decode() for line in whole)
        return bool(data)

    def end(self, number: int | None = None) -> int:
        """Send a signal, if any, read the rest of the output, and return the exit status."""
        if number is not None:
            self.process.send_signal(number)
        deadline = time.monotonic() + DEADLINE
        if self.process.stdout is not None:
            while self._read(deadline):
                pass
        return self.process.wait(DEADLINE)

    def errors(self) -> str:
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def printed_times(lines: list[str]) -> list[int]:
    """Return the times of the samples among the lines, in microseconds."""
    words = [line.split(" ") for line in lines if line[:2] == "20" and len(line.split(" ")) == 6]
    return [round(datetime.fromisoformat(word[0]).timestamp() * MICROSECONDS) for word in words]


def recorded_times(path: Path) -> list[int]:
    with Session.open(path) as session:
        return [sample.time_us for meter in session.meters for sample in session.samples(meter.id)]


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    """Return what a condition returns once that is true."""
    deadline = time.monotonic() + DEADLINE
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.02)
    return found
