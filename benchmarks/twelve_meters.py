# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time of `wattui log` with twelve meters at one record per second, in percent of a core.

::

    python benchmarks/twelve_meters.py [--minutes 3] [--meters 12] [--view quiet]

Another program simulates the meters on ptys, at their real speed.  From the moment when
all meters are recording, this measures the CPU time of the recording program, its memory
after a quarter of the run and at the end, and the samples that are missing in the session.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from wattui.errors import NotASession
from wattui.measurement.clock import MICROSECONDS
from wattui.session import Session

MODELS = ("pro", "es", "net")
LOADS = ("desktop", "fridge", "lamp", "idle")
#: The limit, in percent of a core.
AIM = 5.0
#: Seconds within which all meters must start.
START = 60.0


class Usage(NamedTuple):
    """Resources that a process has used."""

    cpu: float
    wall: float
    memory: float
    switches: int


def usage(pid: int) -> Usage:
    """Return CPU and clock time in s, memory in MB and context switches of a process (Linux)."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    cpu = (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
    memory = int(words[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    switches = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if "ctxt_switches" in line:
                switches += int(line.split()[1])
    return Usage(cpu, time.monotonic(), memory, switches)


@contextlib.contextmanager
def output(*, terminal: bool) -> Iterator[int]:
    """Open the output of the recording program: nothing, or a terminal that is not shown."""
    if not terminal:
        nowhere = os.open(os.devnull, os.O_RDWR)
        yield nowhere
        os.close(nowhere)
        return
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def drain() -> None:
        with contextlib.suppress(OSError):
            while os.read(ours, 65_536):
                pass

    threading.Thread(target=drain, daemon=True).start()
    yield its
    os.close(its)


def counts(path: Path) -> list[int]:
    """Return the number of samples of each meter on disk."""
    with Session.open(path) as session:
        return [session.count(meter.id) for meter in session.meters]


def wait_for_all(path: Path, meters: int) -> None:
    """Wait until each meter has a few samples on disk."""
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        time.sleep(0.5)
        with contextlib.suppress(NotASession):
            found = counts(path)
            if len(found) == meters and min(found) >= 3:
                return
    sys.exit("the meters did not start")


def report(path: Path, begin: Usage, middle: Usage, end: Usage) -> bool:
    """Print the figures; return whether they are good enough."""
    wall = end.wall - begin.wall
    percent = 100 * (end.cpu - begin.cpu) / wall
    total = lost = 0
    with Session.open(path) as session:
        for meter in session.meters:
            figures = session.statistics(meter.id)
            rows = list(session.samples(meter.id))
            span = rows[-1].time_us - rows[0].time_us
            expected = 1 + round(span / MICROSECONDS / meter.info.interval)
            total += figures.count
            lost += max(expected - figures.count, 0) + figures.gap_count
        number = len(session.meters)
    print(f"meters            {number}")
    print(f"samples           {total} in {wall:.0f} s and the start")
    print(f"samples lost      {lost}")
    print(f"CPU               {percent:.2f} % of a core (aim: below {AIM:g} %)")
    print(f"a sample          {1000 * (end.cpu - begin.cpu) / (wall * number):.2f} ms of CPU time")
    print(f"wake-ups          {(end.switches - begin.switches) / wall:.0f} a second")
    grown = end.memory - middle.memory
    print(f"memory            {end.memory:.1f} MB, {grown:+.2f} MB since a quarter of the run")
    return lost == 0 and percent < AIM


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--minutes", type=float, default=3.0, help="how long to record")
    parser.add_argument("--meters", type=int, default=12, help="how many meters")
    parser.add_argument("--view", choices=("quiet", "plain", "json", "live"), default="quiet")
    options = parser.parse_args()
    if not Path("/proc/self/stat").exists():
        sys.exit("CPU time is read from /proc, which this system does not have.")
    urls = [
        f"sim://{MODELS[i % 3]}?load={LOADS[i % 4]}&seed={i}&serial=B{i:04d}"
        for i in range(options.meters)
    ]
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "WATTUI_DATA": folder, "WATTUI_CONFIG": folder}
        run = [sys.executable, "-m", "wattui"]
        server = subprocess.Popen(
            [*run, "simulate", "--quiet", *urls], stdout=subprocess.PIPE, text=True, env=environment
        )
        assert server.stdout is not None
        path = Path(folder) / "run.wattui"
        recorder = None
        try:
            ports = [server.stdout.readline().strip() for _ in urls]
            words = ["log", *ports, "--session", str(path)]
            if options.view != "live":
                words.append(f"--{options.view}")
            with output(terminal=options.view == "live") as out:
                recorder = subprocess.Popen(
                    [*run, *words], env={**environment, "TERM": "xterm-256color"},
                    stdin=out, stdout=out, stderr=out,
                )  # fmt: skip
            wait_for_all(path, options.meters)
            begin = usage(recorder.pid)
            time.sleep(15 * options.minutes)
            middle = usage(recorder.pid)
            time.sleep(45 * options.minutes)
            end = usage(recorder.pid)
            recorder.send_signal(signal.SIGTERM)
            recorder.wait(60)
            good = report(path, begin, middle, end)
        finally:
            for process in (recorder, server):
                if process is not None and process.poll() is None:
                    process.terminate()
                    process.wait(30)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
