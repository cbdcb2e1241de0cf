# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui log`` as a separate process: what it shows, what it says, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from numbered_meter import DEADLINE

FAST_PROGRAM = Path(__file__).with_name("fast_program.py")

#: Seconds of the program per second of this computer: a record each 20 ms is one per second.
SPEED = 50


class RunningLog:
    """A running program, whose output is read as it comes; a context manager.

    Parameters
    ----------
    arguments
        Those of ``wattui log``.
    before
        Command that starts the program, such as ``strace``.
    speed
        How fast its clock runs.
    options
        Further ones of ``subprocess.Popen``.
    """

    command: tuple[str, ...] = ("log", "--json")

    def __init__(
        self,
        *arguments: str | Path,
        before: Sequence[str] = (),
        speed: float = SPEED,
        **options: object,
    ) -> None:
        command = [*before, sys.executable, str(FAST_PROGRAM), str(speed), *self.command]
        self.process = subprocess.Popen(
            [*command, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **options,  # type: ignore[call-overload]
        )
        #: The numbers of the samples that were shown.
        self.shown: list[int] = []
        #: What it has said on standard error.
        self.said = ""
        self._changed = threading.Condition()
        self._readers = [
            threading.Thread(target=self._read, args=(stream, take), daemon=True)
            for stream, take in (
                (self.process.stdout, self._take_line),
                (self.process.stderr, self._take_word),
            )
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, stream: IO[bytes], take: Callable[[bytes], None]) -> None:
        for line in stream:
            with self._changed:
                take(line)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def _take_line(self, line: bytes) -> None:
        if line.endswith(b"\n"):
            self.shown.append(round(10 * json.loads(line)["energy_wh"]))

    def _take_word(self, line: bytes) -> None:
        self.said += line.decode(errors="replace")

    def wait_shown(self, number: int) -> None:
        """Wait until the sample of that number is shown, or a later one."""
        self.wait_for(lambda: bool(self.shown) and self.shown[-1] >= number, f"sample {number}")

    def wait_said(self, text: str, times: int = 1) -> None:
        """Wait until it has said something."""
        self.wait_for(lambda: self.said.count(text) >= times, f"{text!r}")

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until a condition of its output is met."""
        with self._changed:
            self._changed.wait_for(lambda: condition() or self._over, DEADLINE)
            shown = f"{len(self.shown)} samples shown, it said {self.said!r}"
            assert condition(), f"{what}: did not come; {shown}"

    @property
    def _over(self) -> bool:
        return self.process.poll() is not None and not any(r.is_alive() for r in self._readers)

    def kill(self) -> None:
        """Kill it, and read what it had shown."""
        self.process.send_signal(signal.SIGKILL)
        self.wait()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and return the exit status once it has ended."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """Wait until it has ended, and return its exit status."""
        status = self.process.wait(DEADLINE)
        for reader in self._readers:
            reader.join(DEADLINE)
        assert "Traceback" not in self.said, self.said
        return status

    def __enter__(self) -> RunningLog:
        return self

    def __exit__(self, *_exception: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(DEADLINE)
        for reader in self._readers:
            reader.join(DEADLINE)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


class RunningWindow(RunningLog):
    """The window as a separate process, without a screen.

    It prints the counter of its meter after it has shown it.
    """

    command = ("gui",)


def environment(**more: str | Path) -> dict[str, str]:
    """Return the environment of a program, with some more variables."""
    return {**os.environ, **{name: str(value) for name, value in more.items()}}
