# SPDX-License-Identifier: GPL-3.0-or-later
"""A week of twelve meters with random faults, at speed, in the real program.

Each meter sends a record every ten seconds of its own clock.  What it measured is in the
sessions, or in a gap, or in an interval that is longer because of a record that did not arrive;
together that is the time that passed on its clock.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from wattui.measurement.clock import MICROSECONDS

#: Seconds between two looks at the program, and seconds that it may take to start and to end.
_LOOK, _ENDS = 0.5, 120.0

#: What may grow until the end: a share of the memory and a few MiB; threads and handles of
#: reconnections that happen to be under way.
_MEMORY, _MEMORY_MIB, _FEW = 0.1, 8.0, 8

#: MiB by which the memory may grow in a day of the meters' time, in the second half of a run of
#: days.  A hundred bytes for each sample that stayed in memory would be ten.
_MEMORY_PER_DAY = 0.5

#: Simulated days from which on that can be measured, and the fewest looks for it.
_DAYS, _LOOKS = 4.0, 200


@dataclass(frozen=True)
class Soak:
    """What to run."""

    meters: int = 12
    #: Seconds of the meters' clocks, and how many times faster they run.
    seconds: float = 7 * 86_400
    speed: float = 1000
    #: Seconds between two records.
    interval: int = 10
    #: Unpluggings, silences and power cuts of each meter.
    unplugs: int = 30
    silences: int = 15
    power_cuts: int = 8
    rotate: str = "day"
    #: How full the meters' own memory is: it is part of this program, too, and must not grow.
    memory: str = "full"
    seed: int = 2011

    def urls(self) -> list[str]:
        """Return the URLs of the meters, each with its faults at random times."""
        chance = random.Random(self.seed)

        def moments(fault: str, count: int) -> list[str]:
            # Not in the first tenth: the program is still starting.
            starts = [chance.uniform(0.1, 0.98) * self.seconds for _ in range(count)]
            return [f"{fault}@{one:.0f}:{chance.uniform(5, 300):.0f}" for one in starts]

        found = []
        for number in range(self.meters):
            faults = ["garbage:0.002", "noise:0.01", "nul:0.02", "cut"]
            faults += moments("unplug", self.unplugs)
            faults += moments("silence", self.silences) + moments("power", self.power_cuts)
            model = ("pro", "es", "net")[number % 3]
            found.append(
                f"sim://{model}?speed={self.speed:g}&seed={number}&serial=M{number:02d}"
                f"&memory={self.memory}&faults={','.join(faults)}"
            )
        return found


@dataclass
class Resources:
    """Memory in MiB, handles and threads of a process, look by look."""

    #: Seconds of this computer's clock.
    moments: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    handles: list[int] = field(default_factory=list)
    threads: list[int] = field(default_factory=list)

    def look(self, process: int) -> None:
        """Look at a process, if it is still there."""
        folder = Path(f"/proc/{process}")
        try:
            handles = len(list((folder / "fd").iterdir()))
            pages = int((folder / "statm").read_text().split()[1])
            threads = len(list((folder / "task").iterdir()))
        except OSError:
            return
        self.moments.append(time.monotonic())
        self.memory.append(pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20))
        self.handles.append(handles)
        self.threads.append(threads)

    def figures(self) -> dict[str, float]:
        """Return what they were after a fifth of the run, and at its end."""
        found: dict[str, float] = {}
        for name in ("memory", "handles", "threads"):
            values = getattr(self, name)
            fifth = max(1, len(values) // 5)
            early = values[fifth : 2 * fifth] or values
            found[f"{name} early"] = round(statistics.median(early), 1)
            found[f"{name} late"] = round(statistics.median(values[-fifth:]), 1)
        return found

    def growth(self, speed: float) -> tuple[float, int]:
        """Return by how many MiB the memory grew per simulated day, and from how many looks.

        In the second half of the run: the median of the slopes between its quarters.
        """
        half = len(self.memory) // 2
        quarter = (len(self.memory) - half) // 2
        slopes = [
            (self.memory[place + quarter] - self.memory[place])
            / (self.moments[place + quarter] - self.moments[place])
            for place in range(half, half + quarter)
        ]
        return (statistics.median(slopes) * 86_400 / speed if slopes else 0.0), 2 * len(slopes)


def run(soak: Soak, folder: Path, sessions: str = "sessions") -> dict[str, float]:
    """Run the program, check the account, and return the figures.

    Parameters
    ----------
    folder
        Where sessions and status file go; it must be empty.
    """
    status_path, goal = folder / "status.json", folder / sessions
    resources, start = Resources(), time.monotonic()
    errors = (folder / "errors.txt").open("w+")
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "wattui", "log", *soak.urls(), "--quiet"),
            *("--duration", f"{soak.seconds:.0f}", "--output-dir", str(goal)),
            *("--rotate", soak.rotate, "--status-file", str(status_path)),
            *("--interval", str(soak.interval)),
        ],
        stdout=subprocess.DEVNULL,
        stderr=errors,
    )
    try:
        while process.poll() is None:
            if any(goal.glob("*.wattui")):  # it has loaded everything that it needs
                resources.look(process.pid)
            time.sleep(_LOOK)
        status = process.wait(_ENDS)
    except BaseException:
        process.send_signal(signal.SIGTERM)
        process.wait(_ENDS)
        raise
    errors.seek(0)
    text = errors.read()
    errors.close()
    assert status == 0, text[-2000:]
    assert "Traceback" not in text, text[-2000:]
    health = json.loads(status_path.read_text())
    growth, looks = resources.growth(soak.speed)
    return {
        "meters": soak.meters,
        "simulated days": round(soak.seconds / 86_400, 2),
        "speed": soak.speed,
        "minutes": round((time.monotonic() - start) / 60, 1),
        **_account(sorted(goal.glob("*.wattui")), health, soak),
        **resources.figures(),
        "memory growth per day": round(growth, 2),
        "looks at the growth": looks,
        "reconnects": health["reconnects"],
        "unreadable packets": health["unreadable_packets"],
        "longest commit in s": health["longest_commit_s"],
    }


_SUMS = """
    SELECT meter.key, count(*), sum(sample.interval), sum(COALESCE(gap, 0)), sum(gap > 0),
           min(time), min(time - sample.interval - COALESCE(gap, 0)), max(time)
    FROM sample JOIN meter ON meter.id = sample.meter GROUP BY meter.key
"""


@dataclass
class _Meter:
    """The sums of one meter over all files; times in microseconds."""

    stored: int = 0
    interval: int = 0
    gap: int = 0
    gaps: int = 0
    start: int = 0
    stop: int = 0


def _account(files: list[Path], health: dict, soak: Soak) -> dict[str, float]:
    """Check that what was measured is stored or reported, and return the figures."""
    meters: dict[str, _Meter] = {}
    for path in files:
        with closing(sqlite3.connect(path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            for key, stored, interval, gap, gaps, first, start, stop in database.execute(_SUMS):
                one = meters.setdefault(key, _Meter(start=start))
                assert first > one.stop, f"{key} is in two files at once"
                one.stored += stored
                one.interval += interval
                one.gap += gap
                one.gaps += gaps or 0
                one.stop = stop
    assert len(meters) == soak.meters
    for key, one in meters.items():
        missing = one.stop - one.start - one.interval - one.gap
        assert abs(missing) < MICROSECONDS // 100, f"{key}: {missing} µs are neither nor"
    stored = sum(one.stored for one in meters.values())
    samples = health["samples"]
    # A computer that is too slow for this speed may lose some, but not in silence.
    assert samples["received"] == stored + samples["lost"], samples
    assert (samples["stored"], samples["waiting"]) == (stored, 0), samples
    unit = soak.interval * MICROSECONDS
    sent = round(sum(one.stop - one.start for one in meters.values()) / unit)
    longer = round(sum(one.interval for one in meters.values()) / unit) - stored
    return {
        "files": len(files),
        "sent": sent,
        "stored": stored,
        "reported in gaps": sent - stored - longer,
        "reported in longer intervals": longer,
        "lost": samples["lost"],
        "gaps": sum(one.gaps for one in meters.values()),
    }


def check_flat(figures: dict[str, float]) -> None:
    """Fail unless memory, handles and threads stay as they were."""
    most = figures["memory early"] * (1 + _MEMORY) + _MEMORY_MIB
    assert figures["memory late"] <= most, figures
    if figures["simulated days"] >= _DAYS:
        assert figures["looks at the growth"] >= _LOOKS, figures
        assert figures["memory growth per day"] <= _MEMORY_PER_DAY, figures
    for name in ("handles", "threads"):
        assert figures[f"{name} late"] <= figures[f"{name} early"] + _FEW, figures
    faults = figures["reconnects"] + figures["gaps"]
    assert figures["reported in longer intervals"] <= 2 * faults + figures["meters"], figures
