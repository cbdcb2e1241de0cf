# SPDX-License-Identifier: GPL-3.0-or-later
"""Time and memory of a read-out, compared with the time that the wire needs.

::

    python benchmarks/readout.py [--url URL] [--speed 1]

A simulated meter in another process sends its memory through a pty at 115200 baud.  The
wire needs ten bits per byte.  With ``--speed`` the meter and the wire run that many times
faster, to find out how far the program keeps up.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from wattui.client import MeterClient
from wattui.meter_memory.readout import read_memory
from wattui.meter_memory.save_readout import save_readout

#: Bytes per second at 115200 baud: start bit, eight bits, stop bit.
WIRE = 11_520


def peak() -> float:
    """Return the peak memory of this process, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(port: str, speed: float, folder: Path) -> None:
    """Read out one meter, save the records, and print time and memory."""
    with MeterClient(port, live=False) as client:
        client.wait_running(10.0)
        bytes_before, memory_before = client.counts.bytes, peak()
        cpu, begun = time.process_time(), time.monotonic()
        readout = read_memory(client)
        took, cpu = time.monotonic() - begun, time.process_time() - cpu
        wire = (client.counts.bytes - bytes_before) / WIRE / speed
    memory = peak()
    begun = time.monotonic()
    save_readout(readout, readout.meter, folder / "memory.wattui")
    saved = time.monotonic() - begun
    count = len(readout.records)
    print(f"{count:,} records, {'all' if readout.complete else readout.reasons}")
    print(f"read-out  {took:8.2f} s, {took / wire:.3f} times the time of the wire ({wire:.2f} s)")
    print(f"CPU       {cpu:8.2f} s, {cpu / max(count, 1) * 1e6:.1f} µs per record")
    print(f"saving    {saved:8.2f} s")
    print(
        f"memory    {memory_before:8.1f} MB before, {memory:.1f} MB after the read-out, "
        f"{peak():.1f} MB after saving"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--url", default="sim://pro?memory=full&logging=stopped")
    parser.add_argument("--speed", type=float, default=1.0, help="of the meter and its wire")
    options = parser.parse_args()
    url = f"{options.url}&speed={options.speed:g}"
    program = [sys.executable, "-m", "wattui", "simulate"]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([*program, url], stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            port = next(word for word in server.stdout.readline().split() if "/dev/" in word)
            measure(port, options.speed, Path(folder))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
