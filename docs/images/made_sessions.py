# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions for the pictures of the guide, made at once from the loads of the simulated meter.

Their times are fixed, so that a picture differs only where the program does.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_INDEX
from wattui.session import BulkWriter, Span
from wattui.session.summary import ABSENT
from wattui.simulator.loads import LOADS, Demand, Load, wander

#: When the first of them began, in seconds since 1970.
BEGIN = int(datetime(2026, 11, 23, 8, 0, tzinfo=UTC).timestamp())
MICRO = 1_000_000

#: The meters on the bench: name, load, serial number.
BENCH = {
    "Fridge": ("fridge", "A1000WT3"),
    "Server": ("desktop", "A1000WT7"),
    "Lamp": ("lamp", "A1000WU2"),
    "Charger": ("charger", "A1000WV5"),
}


def meter(name: str) -> MeterInfo:
    """Return the identity of a meter on the bench."""
    serial = BENCH[name][1]
    return MeterInfo(
        serial, "/dev/ttyUSB0", name=name, model="PRO", firmware="3.14", serial_number=serial
    )


def values(load: Demand, count: int, seed: int) -> np.ndarray:
    """Return the records of a load, one per second, as integers of the wire."""
    made = np.full((count, len(FIELD_INDEX)), ABSENT, np.int64)
    played, energy = Load(load, seed), 0.0
    for second in range(count):
        now = played.reading(float(second))
        amps = now.power / now.voltage / now.power_factor
        energy += now.power / 3600
        row = {
            "power": now.power * 10,
            "voltage": now.voltage * 10,
            "current": amps * 1000,
            "energy": energy * 10,
            "power_factor": now.power_factor * 100,
            "frequency": now.frequency * 10,
            "apparent_power": amps * now.voltage * 10,
        }
        for field, value in row.items():
            made[second, FIELD_INDEX[field]] = round(value)
    return made


def make(
    path: Path,
    names: list[str],
    hours: float,
    *,
    day: int = 0,
    seed: int = 0,
    load: Demand | None = None,
    facts: dict[str, str] | None = None,
    marks: dict[float, str] | None = None,
    spans: list[tuple[float, float, str, str]] | None = None,
) -> Path:
    """Write a session of some of the meters; times of marks and spans are minutes."""
    begin = BEGIN + day * 86_400
    with BulkWriter(path) as writer:
        for number, name in enumerate(names):
            demand = load or LOADS[BENCH[name][0]]
            rows = values(demand, round(hours * 3600), seed + number)
            times = (begin + 1 + np.arange(len(rows))) * MICRO
            writer.add(meter(name), times, MICRO, rows)
        for minute, text in (marks or {}).items():
            writer.add_event(
                Event(begin * MICRO + round(minute * 60 * MICRO), EventKind.MARK, text)
            )
        for start, stop, text, colour in spans or ():
            ends = (begin * MICRO + round(one * 60 * MICRO) for one in (start, stop))
            writer.add_span(Span(0, *ends, text, colour))
        for fact, text in (facts or {}).items():
            writer.set_info(fact, text)
    return path


def _jobs(seed: int, second: float) -> tuple[float, float, float]:
    """Return the power of a computer that does one job, first in one way and then in another."""
    at, flutter = second / 60, wander(seed + 2, second, 7.0)
    if 0 <= at % 15 - 5 < 0.05:
        return 190.0, 0.97, 0.0  # a job starts
    if 5 <= at < 15:
        return 142 + 5 * flutter + 9 * wander(seed + 1, second, 60.0), 0.97, 0.0
    if 20 <= at < 27.5:
        return 126 + 4 * flutter - 14 * ((at - 20) / 7.5) ** 2, 0.97, 0.0
    return 61 + 0.6 * flutter, 0.92, 0.0


def two_jobs(folder: Path) -> Path:
    """Make half an hour of a computer, with marks, and three parts as spans."""
    return make(
        folder / "sort.wattui",
        ["Server"],
        32 / 60,
        load=_jobs,
        marks={13: "cache is full"},
        spans=[
            (0, 5, "idle", "#66727f"),
            (5, 15, "old", "#e07a00"),
            (20, 27.5, "new", "#009e73"),
        ],
    )


def _levels(seed: int, second: float) -> tuple[float, float, float]:
    """Return the power of a server that is less and less busy, and idle at the end."""
    share = max(0.0, 1 - second // 270 / 10)
    busy = 68 + 142 * share**1.4 + (1 + 5 * share) * wander(seed + 1, second, 9.0)
    return busy, 0.96, 0.0


def load_levels(folder: Path) -> Path:
    """Make a run at 100 %, 90 %, ... and idle, each kept as a span."""
    colours = ("#e07a00", "#0072b2")
    spans = [(4.5 * n + 0.5, 4.5 * n + 4.5, f"{100 - 10 * n} %", colours[n % 2]) for n in range(11)]
    return make(folder / "levels.wattui", ["Server"], 11 * 270 / 3600, load=_levels, spans=spans)


def list_of_sessions(folder: Path) -> None:
    """Make the sessions of a week."""
    make(folder / "2026-11-23 09.00.00 Fridge.wattui", ["Fridge"], 3.0)
    make(
        folder / "2026-11-24 09.00.00 Lamp.wattui", ["Lamp"], 0.5, day=1,
        facts={"name": "Lamp, new bulb", "note": "60 W, warm white"},
    )  # fmt: skip
    make(
        folder / "2026-11-25 09.00.00 4 meters.wattui", list(BENCH), 2.0, day=2,
        facts={"name": "Rack 7", "note": "all four, before the update"},
    )  # fmt: skip
    make(folder / "2026-11-26 09.00.00 Server.wattui", ["Server"], 1.5, day=3, seed=5)
    make(
        folder / "2026-11-27 09.00.00 Server.wattui", ["Server"], 1.5, day=4, seed=9,
        facts={"name": "Server, power saving on"},
    )  # fmt: skip
    make(folder / "2026-11-28 09.00.00 Charger.wattui", ["Charger"], 4.0, day=5)
