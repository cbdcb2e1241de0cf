# SPDX-License-Identifier: GPL-3.0-or-later
"""The window killed, logged out of, blocked: what it has shown is in its session."""

from __future__ import annotations

import random
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from account import Account, events_of
from numbered_meter import NumberedMeter
from running_log import RunningWindow, environment
from suite_size import full_only, some

Rounds = Callable[[int, int], int]


def sessions(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.wattui"))


@pytest.mark.parametrize("batch", some([*range(5)], [0]))
def test_a_window_is_killed_at_any_moment(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds, batch: int
) -> None:
    chance = random.Random(batch)
    for number in range(rounds(1, 20)):
        data = tmp_path / str(number)
        meter.begin()
        with RunningWindow(meter.link, env=environment(WATTUI_DATA=data)) as window:
            window.wait_shown(meter.first)
            meter.wait_more(chance.randrange(60))
            window.kill()
        account.add(meter.sent, sessions(data), window.shown)
        shutil.rmtree(data)


@full_only
def test_a_window_is_logged_out_of(meter: NumberedMeter, account: Account, tmp_path: Path) -> None:
    with RunningWindow(meter.link, env=environment(WATTUI_DATA=tmp_path / "data")) as window:
        window.wait_shown(meter.first + 20)
        meter.hold()
        window.wait_shown(meter.number)
        assert window.end(signal.SIGTERM) == 0
    account.add(meter.sent, sessions(tmp_path), window.shown)
    assert account.reported == 0
    assert "stopped" in [kind for kind, _text in events_of(*sessions(tmp_path))]


@full_only
def test_a_meter_is_unplugged_from_a_window(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    with RunningWindow(meter.link, env=environment(WATTUI_DATA=tmp_path / "data")) as window:
        window.wait_shown(meter.first)
        for _time in range(rounds(1, 50)):
            meter.unplug(in_packet=True)
            meter.wait_more(3)
            meter.plug()
            window.wait_shown(meter.number + 1)
        meter.hold()
        window.wait_shown(meter.number)
        assert window.end() == 0
    account.add(meter.sent, sessions(tmp_path), window.shown)
    assert account.reported > 0


@full_only
def test_a_window_is_blocked(meter: NumberedMeter, account: Account, tmp_path: Path) -> None:
    """It is busy all the time, and shows only some of the samples; all are stored."""
    with RunningWindow(
        meter.link, env=environment(WATTUI_DATA=tmp_path / "data", WATTUI_WINDOW_SECONDS="1.5")
    ) as window:
        window.wait_shown(meter.first)
        meter.wait_more(150)
        meter.hold()
        window.wait_shown(meter.number)
        assert window.end() == 0
    assert len(window.shown) < 30
    account.add(meter.sent, sessions(tmp_path), window.shown)
    assert account.reported == 0
