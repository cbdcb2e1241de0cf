# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at any moment: everything that was shown is on disk, and the end is known."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from account import Account, events_of
from numbered_meter import NumberedMeter
from running_log import RunningLog
from suite_size import some

Rounds = Callable[[int, int], int]


@pytest.mark.parametrize("batch", some([*range(10)], [0]))
def test_killed_at_any_moment(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds, batch: int
) -> None:
    chance = random.Random(batch)
    for number in range(rounds(3, 100)):
        path = tmp_path / f"{number}.wattui"
        meter.begin()
        with RunningLog(meter.link, "--session", path) as log:
            if number % 2:
                meter.wait_logging()  # its first sample is not on disk yet
            else:
                log.wait_shown(meter.first)
            meter.wait_more(chance.randrange(50))
            log.kill()
            account.add(meter.sent, [path], log.shown)
        if path.exists():
            assert "stopped" not in [kind for kind, _text in events_of(path)]
        for one in tmp_path.glob(f"*{number}.wattui*"):
            one.unlink()


def test_ended_by_a_signal_nothing_is_missing(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    for number in range(rounds(1, 20)):
        for kind in (signal.SIGTERM, signal.SIGHUP):
            path = tmp_path / f"{kind}-{number}.wattui"
            meter.begin()
            with RunningLog(meter.link, "--session", path) as log:
                meter.wait_logging()
                meter.wait_more(20)
                meter.hold()
                log.wait_shown(meter.number)
                assert log.end(kind) == 0
                account.add(meter.sent, [path], log.shown)
    assert account.reported == 0


def test_killed_while_a_new_file_begins(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    chance = random.Random(2)
    for number in range(rounds(2, 100)):
        folder = tmp_path / str(number)
        meter.begin()
        with RunningLog(meter.link, "--output-dir", folder) as log:
            meter.wait_logging()
            for _file in range(3):
                meter.wait_more(30 + chance.randrange(5))
                log.process.send_signal(signal.SIGHUP)
            meter.wait_more(chance.randrange(80))
            log.kill()
            files = sorted(folder.glob("[!.]*.wattui"))
            account.add(meter.sent, files, log.shown)
