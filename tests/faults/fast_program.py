# SPDX-License-Identifier: GPL-3.0-or-later
"""Run wattui with a clock that is faster, and that can be set: ``fast_program.py SPEED ARGS...``.

A meter that sends fifty records per second is a meter that sends one per second, fifty times as
fast.  ``WATTUI_CLOCK_STEP`` names a file; the wall clock is ahead by the seconds in it.
``WATTUI_COMMIT_SECONDS`` and ``WATTUI_KEEP_SAMPLES`` replace two limits of the writer.
Everything else is the program as it is.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from wattui.measurement.clock import ScaledClock, SystemClock
from wattui.session import SessionWriter


def set_clock(speed: float) -> None:
    """Replace the clock of the system."""
    fast = ScaledClock(speed)
    name = os.environ.get("WATTUI_CLOCK_STEP")

    def wall(_clock: SystemClock) -> float:
        return fast.time() + (float(Path(name).read_text()) if name else 0.0)

    SystemClock.time = wall  # type: ignore[method-assign]
    SystemClock.monotonic = lambda _clock: fast.monotonic()  # type: ignore[method-assign]


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


if __name__ == "__main__":
    set_clock(float(sys.argv[1]))
    set_limits()
    sys.argv = ["wattui", *sys.argv[2:]]
    if sys.argv[1] == "gui":
        from wattui.ui.app import main
    else:
        from wattui.cli import main
    sys.exit(main())
