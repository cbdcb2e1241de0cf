# SPDX-License-Identifier: GPL-3.0-or-later
"""How long events of the window wait while a meter's memory is read out.

The real window, offscreen, shows a recording while it reads 120,000 records from the
memory of a simulated meter.  A timer of 5 ms takes the place of a person; the time between
two of its events, less that of the idle window, is how long an event had to wait.
"""

from __future__ import annotations

import argparse
import itertools
import os
import tempfile
import time


def gaps(application: object, core: object, until: object) -> list[float]:
    """Return the times between a timer's events, in ms, until a condition is true."""
    times: list[float] = []
    timer = core.QTimer()
    timer.setTimerType(core.Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: times.append(time.perf_counter()))
    timer.start(5)
    while not until():
        application.processEvents(core.QEventLoop.AllEvents, 20)
    timer.stop()
    return sorted((after - before) * 1000 for before, after in itertools.pairwise(times))


def shares(found: list[float]) -> list[float]:
    """Return the median, 95 %, 99 %, 99.9 % and the longest."""
    last = len(found) - 1
    return [found[min(int(len(found) * share), last)] for share in (0.5, 0.95, 0.99, 0.999, 1.0)]


def measure(count: int, speed: float) -> None:
    """Read out that many records, and print how long events had to wait."""
    from PyQt5 import QtCore

    from wattui.desktop.preferences_file import PreferencesFile
    from wattui.ui import app
    from wattui.ui.plots import paint_guard

    settings = PreferencesFile(theme="light")
    application = app.application(settings)
    paint_guard.install()
    ui = app.build(settings=settings, look=None)
    model, memory = ui.context["object"], ui.handler.meter_memory
    model.connect_port("sim://pro?load=desktop&speed=60")
    started = time.monotonic()
    gaps(application, QtCore, lambda: model.marking and time.monotonic() - started > 3)
    model.disconnect()
    gaps(application, QtCore, lambda: not model.connected)
    begun = time.monotonic()
    idle = gaps(application, QtCore, lambda: time.monotonic() - begun > 5)
    model.port = f"sim://es?memory={count}&fields=w,v&speed={speed:g}&logging=stopped"
    begun = time.monotonic()
    memory.fetch()
    busy = gaps(application, QtCore, lambda: memory.fetched is not None)
    seconds = time.monotonic() - begun
    records = len(memory.fetched.readout.records)
    print(f"{records:,} records in {seconds:.1f} s ({records / seconds:,.0f}/s)")
    print("ms between events      median    95 %    99 %  99.9 %  longest")
    for name, found in (("idle", shares(idle)), ("read-out", shares(busy))):
        print(f"{name:20}" + "".join(f"{value:8.1f}" for value in found))
    extra = [b - a for a, b in zip(shares(idle), shares(busy), strict=True)]
    print(f"{'an event waited':20}" + "".join(f"{value:8.1f}" for value in extra))
    over = sum(1 for one in busy if one - shares(idle)[0] > 50)
    print(f"{over} of {len(busy):,} events waited for more than 50 ms")
    ui.control.close()
    ended = time.monotonic()
    gaps(application, QtCore, lambda: time.monotonic() - ended > 0.3)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=120_000)
    parser.add_argument("--speed", type=float, default=60.0, help="times faster than the wire")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        os.environ |= {
            "QT_API": "pyqt5",
            "ETS_TOOLKIT": "qt.qpainter",
            "WATTUI_DATA": f"{folder}/data",
            "WATTUI_CONFIG": f"{folder}/config",
        }
        measure(arguments.records, arguments.speed)


if __name__ == "__main__":
    main()
