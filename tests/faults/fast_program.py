# SPDX-License-Identifier: GPL-3.0-or-later
"""Run wattui with a clock that is faster, and that can be set: ``fast_program.py SPEED ARGS...``.

A meter that sends fifty records per second is a meter that sends one per second, fifty times as
fast.  Variables of the environment change more:

``WATTUI_CLOCK_START``
    Seconds since 1970 at which the clock starts.
``WATTUI_CLOCK_STEP``
    A file with the seconds by which the wall clock is ahead.
``WATTUI_CLOCK_SLEEPS``
    Whether these seconds were slept: they are on the monotonic clock, too.
``WATTUI_PORTS``
    A folder of ports, whose names begin with the serial number of their adapter and ``@``.
``WATTUI_WINDOW_SECONDS``
    For how long the window is busy whenever it shows a sample.
``WATTUI_COMMIT_SECONDS``, ``WATTUI_KEEP_SAMPLES``
    Limits of the writer.

A window prints the counter of its meter whenever it shows a sample.  Everything else is the
program as it is.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from pathlib import Path

from serial.tools.list_ports_common import ListPortInfo

from wattui.measurement.clock import ScaledClock, SystemClock
from wattui.ports import listing
from wattui.session import SessionWriter


def set_clock(speed: float) -> None:
    """Replace the clock of the system."""
    fast = ScaledClock(speed)
    file = os.environ.get("WATTUI_CLOCK_STEP")
    sleeps = "WATTUI_CLOCK_SLEEPS" in os.environ
    start = float(os.environ.get("WATTUI_CLOCK_START", time.time()))

    def step() -> float:
        return float(Path(file).read_text()) if file else 0.0

    def monotonic(_clock: SystemClock) -> float:
        return fast.monotonic() + (step() if sleeps else 0.0)

    if speed != 1:
        SystemClock.time = lambda _clock: start + fast.monotonic() + step()  # type: ignore[method-assign]
        SystemClock.monotonic = monotonic  # type: ignore[method-assign]


def set_limits() -> None:
    """Replace limits of the writer."""
    limits = SessionWriter.__init__.__kwdefaults__
    assert limits is not None
    for variable, name, kind in (
        ("WATTUI_COMMIT_SECONDS", "commit_seconds", float),
        ("WATTUI_KEEP_SAMPLES", "keep_samples", int),
    ):
        if variable in os.environ:
            assert name in limits
            limits[name] = kind(os.environ[variable])


def list_ports(folder: Path) -> None:
    """List the ports in a folder instead of those of the system."""

    def ports() -> list[ListPortInfo]:
        found = []
        for path in sorted(folder.glob("*@*")):
            port = ListPortInfo(str(path))
            port.serial_number = path.name.partition("@")[0]
            found.append(port)
        return found

    listing._comports = ports


def print_what_is_shown() -> None:
    """Print the counter of a meter whenever the window has shown a sample."""
    from wattui.model.meter import Meter

    real = Meter.show_counted
    seconds = float(os.environ.get("WATTUI_WINDOW_SECONDS", 0))

    def show(meter: Meter) -> None:
        real(meter)
        if not math.isnan(meter.watt_hours):
            print(json.dumps({"energy_wh": meter.watt_hours}), flush=True)
            time.sleep(seconds)

    Meter.show_counted = show  # type: ignore[method-assign]


if __name__ == "__main__":
    set_clock(float(sys.argv[1]))
    set_limits()
    if "WATTUI_PORTS" in os.environ:
        list_ports(Path(os.environ["WATTUI_PORTS"]))
    sys.argv = ["wattui", *sys.argv[2:]]
    if sys.argv[1] == "gui":
        print_what_is_shown()
    from wattui.cli import main

    sys.exit(main())
