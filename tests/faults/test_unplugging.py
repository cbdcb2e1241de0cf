# SPDX-License-Identifier: GPL-3.0-or-later
"""Unplugged and plugged in again: what the meter measured in between is a gap."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from account import Account, events_of
from numbered_meter import NumberedMeter
from running_log import RunningLog


def test_unplugged_and_plugged_in_again(
    account: Account, tmp_path: Path, rounds: Callable[[int, int], int]
) -> None:
    chance = random.Random(3)
    meters, unpluggings = rounds(2, 10), rounds(3, 100)
    with ExitStack() as stack:
        plugged = [
            stack.enter_context(NumberedMeter(tmp_path / f"port{number}", 0.05))
            for number in range(meters)
        ]
        paths = [tmp_path / f"{number}.wattui" for number in range(meters)]
        logs = [
            stack.enter_context(RunningLog(meter.link, "--session", path, speed=20))
            for meter, path in zip(plugged, paths, strict=True)
        ]
        for meter in plugged:
            meter.wait_logging()
        for _time in range(unpluggings):
            for meter in plugged:
                meter.wait_more(chance.randrange(1, 5))
                meter.unplug(in_packet=chance.random() < 0.5)
            for meter, log in zip(plugged, logs, strict=True):
                meter.wait_more(chance.randrange(3))
                meter.plug()
                log.wait_shown(meter.number)
        for meter, log, path in zip(plugged, logs, paths, strict=True):
            meter.hold()
            log.wait_shown(meter.number)
            assert log.end() == 0
            account.add(meter.sent, [path], log.shown)
            kinds = [kind for kind, _text in events_of(path)]
            assert kinds.count("lost") == kinds.count("reconnected") == unpluggings
