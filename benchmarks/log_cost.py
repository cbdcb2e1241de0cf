# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time and memory of ``wattui log``, compared with a script of 2011.

::

    python benchmarks/log_cost.py [--speed 20] [--samples 1000]

Both record the same simulated meter through a pty: ``wattui log`` into a session, with
every sample synced to disk; the script into a text file, by splitting lines and
converting three fields, with matplotlib loaded as in 2011.  Each runs twice, short and
long: the difference is the cost of the samples without the start.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

#: Samples of the short run.
FEW = 40

OLD_WAY = """
import datetime, sys, time
import serial
{imports}
port = serial.Serial(sys.argv[1], 115200, timeout=3)
port.write(b"#L,W,3,E,,1;")
out = open(sys.argv[2], "w")
n = 0
while n < int(sys.argv[3]):
    line = port.readline().decode("latin-1")
    if line.startswith("#d"):
        fields = line.split(",")
        if len(fields) > 5:
            w, v, a = float(fields[3]) / 10, float(fields[4]) / 10, float(fields[5]) / 1000
            now = datetime.datetime.now()
            out.write("%s %d %3.1f %3.1f %5.3f\\n" % (now, n, w, v, a))
            out.flush()
            n += 1
"""


def cost(command: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Run a command; return its CPU time in ms and its peak memory in MB."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"{command} ended with {process.returncode}")
    return (usage.ru_utime + usage.ru_stime) * 1000, usage.ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--speed", type=int, default=20, help="records per second")
    parser.add_argument("--samples", type=int, default=1000, help="samples of the long run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "WATTUI_DATA": folder, "WATTUI_CONFIG": folder}
        server = subprocess.Popen(
            [sys.executable, "-m", "wattui", "simulate", "--quiet", "--speed", str(options.speed)],
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        try:
            assert server.stdout is not None
            port = server.stdout.readline().strip()
            report(port, Path(folder), options, environment)
        finally:
            server.terminate()
            server.wait()


def report(
    port: str, folder: Path, options: argparse.Namespace, environment: dict[str, str]
) -> None:
    """Run both ways, short and long, and print the cost of a thousand samples."""

    def wattui(samples: int) -> list[str]:
        # The pty has the clock of the computer: one record every 1/speed of a second.
        seconds = f"{samples / options.speed:g}"
        return [sys.executable, "-m", "wattui", "log", port, "--plain", "-d", seconds]

    def old(imports: str, samples: int) -> list[str]:
        script = OLD_WAY.format(imports=imports)
        return [sys.executable, "-c", script, port, str(folder / "old.log"), str(samples)]

    plain, drawing = "", "import numpy; from matplotlib import pyplot"
    ways = {
        "wattui log": wattui,
        "2011, logging only": lambda samples: old(plain, samples),
        "2011, with its plot loaded": lambda samples: old(drawing, samples),
    }
    print(f"{'':28}{'ms / 1,000 samples':>20}{'ms to start':>14}{'peak MB':>10}")
    figures = {}
    for name, command in ways.items():
        short, _ = cost(command(FEW), environment)
        long, peak = cost(command(options.samples), environment)
        each = (long - short) / (options.samples - FEW) * 1000
        figures[name] = each
        print(f"{name:28}{each:20.1f}{short:14.0f}{peak:10.1f}")
    for name in list(ways)[1:]:
        print(f"{name} / wattui log: {figures[name] / figures['wattui log']:.2f}")


if __name__ == "__main__":
    main()
