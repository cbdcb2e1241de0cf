# SPDX-License-Identifier: GPL-3.0-or-later
"""The power fails at any moment: every sample that was shown is in the session."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from account import Account, samples_of
from numbered_meter import NumberedMeter
from power_cut import STRACE, Call, Disk, calls_of
from running_log import RunningLog, environment

#: A disk in memory, where there is one: each cut writes a few megabytes.
MEMORY = Path("/dev/shm") if Path("/dev/shm").is_dir() else None

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def recorded(meter: NumberedMeter, folder: Path, records: int) -> list[Call]:
    """Return what a recording of that many records wrote, synced and showed."""
    trace = folder.with_suffix(".trace")
    folder.mkdir()
    meter.begin()
    with RunningLog(
        *(meter.link, "--session", folder / "a.wattui", "--duration", str(records)),
        before=[*STRACE, str(trace)],
        env=environment(WATTUI_COMMIT_SECONDS="0.02"),
    ) as log:
        assert log.wait() == 0, log.said
    return list(calls_of(trace))


def test_the_power_fails_at_any_moment(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Callable[[int, int], int]
) -> None:
    chance = random.Random(4)
    cuts = 0
    for number in range(rounds(1, 4)):
        calls = recorded(meter, tmp_path / str(number), rounds(60, 500))
        cuts += _cut_everywhere(
            calls, tmp_path / str(number), meter, account, chance, rounds(40, 200)
        )
    assert cuts >= rounds(40, 1000)
    assert account.reported == 0


def _cut_everywhere(
    calls: list[Call],
    folder: Path,
    meter: NumberedMeter,
    account: Account,
    chance: random.Random,
    most: int,
) -> int:
    """Cut the power after calls that changed the disk; return how often."""
    disk = Disk(folder)
    changes = sum(disk.apply(call) for call in calls)
    assert len(disk.shown) > 20
    chosen = set(chance.sample(range(changes), min(most, changes)))
    disk, change, cuts = Disk(folder), 0, 0
    for call in calls:
        if not disk.apply(call):
            continue
        if change in chosen:
            # Once with everything that was written, and once with any part of it.
            for variant in (None, chance):
                _check(disk, variant, meter.sent, account)
                cuts += 1
        change += 1
    return cuts


def _check(disk: Disk, chance: random.Random | None, sent: range, account: Account) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        folder = Path(name)
        disk.cut(folder, chance)
        path = folder / "a.wattui"
        stored = [one.number for one in samples_of(path, [])] if path.exists() else []
        # What nobody has seen, and the disk does not have, may as well not have come.
        last = max([sent.start - 1, *disk.shown, *stored])
        account.add(range(sent.start, last + 1), [path], disk.shown)
