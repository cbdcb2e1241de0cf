# SPDX-License-Identifier: GPL-3.0-or-later
"""Unplugged and plugged in again: what the meter measured in between is a gap."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from account import Account, events_of
from numbered_meter import NumberedMeter
from running_log import RunningLog, environment

Rounds = Callable[[int, int], int]


def test_unplugged_and_plugged_in_again(account: Account, tmp_path: Path, rounds: Rounds) -> None:
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
            for meter in plugged:
                meter.wait_more(chance.randrange(3))
                meter.plug()
            for meter, log in zip(plugged, logs, strict=True):
                log.wait_shown(meter.number + 1)
        for meter, log, path in zip(plugged, logs, paths, strict=True):
            meter.hold()
            log.wait_shown(meter.number)
            assert log.end() == 0
            account.add(meter.sent, [path], log.shown)
            account.counts["unpluggings"] = meters * unpluggings
            kinds = [kind for kind, _text in events_of(path)]
            assert kinds.count("lost") == kinds.count("reconnected") == unpluggings


def test_plugged_in_again_under_another_name(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    ports, path = tmp_path / "ports", tmp_path / "a.wattui"
    ports.mkdir()
    meter.unplug()
    meter.plug(ports / "A80012@ttyUSB0")
    with RunningLog(*(meter.link, "--session", path), env=environment(WATTUI_PORTS=ports)) as log:
        log.wait_shown(meter.first)
        for number in range(1, rounds(2, 100) + 1):
            meter.unplug(in_packet=bool(number % 2))
            meter.plug(ports / f"A80012@ttyUSB{number % 7}")
            log.wait_shown(meter.number + 1)
        meter.hold()
        log.wait_shown(meter.number)
        assert log.end() == 0
    account.add(meter.sent, [path], log.shown)
    account.counts["unpluggings"] = rounds(2, 100)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*), min(port) FROM meter").fetchall() == [
            (1, str(meter.link))
        ]


def test_a_hub_is_reset(account: Account, tmp_path: Path, rounds: Rounds) -> None:
    """All meters vanish at once, and come back at once."""
    million = 1_000_000
    path = tmp_path / "a.wattui"
    with ExitStack() as stack:
        meters = [
            stack.enter_context(NumberedMeter(tmp_path / f"port{place}", before=place * million))
            for place in range(4)
        ]
        links = [meter.link for meter in meters]
        log = stack.enter_context(RunningLog(*links, "--session", path))

        def wait_for_all(more: int = 1) -> None:
            for meter in meters:
                number = meter.number + more
                log.wait_for(
                    lambda least=number: any(
                        least <= one < (least // million + 1) * million for one in log.shown
                    ),
                    f"sample {number}",
                )

        wait_for_all()
        for _time in range(rounds(1, 50)):
            for meter in meters:
                meter.unplug()
            for meter in meters:
                meter.plug()
            wait_for_all()
        for meter in meters:
            meter.hold()
        wait_for_all(0)
        assert log.end() == 0
        for place, meter in enumerate(meters):
            numbers = range(place * million, (place + 1) * million)
            account.add(meter.sent, [path], log.shown, among=numbers)
    account.counts["resets"] = rounds(1, 50)
    assert account.reported > 0
