# SPDX-License-Identifier: GPL-3.0-or-later
"""Silence, noise, garbled records, a wrong speed, a power cycle: what is missing is a gap."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from account import Account, events_of
from numbered_meter import VERSION, NumberedMeter
from running_log import RunningLog
from suite_size import full_only, some

Rounds = Callable[[int, int], int]


@pytest.fixture
def finish(meter: NumberedMeter, account: Account) -> Callable[[RunningLog, Path], None]:
    """Return a function that ends a run when all of it is shown, and adds it to the account."""

    def end(log: RunningLog, path: Path) -> None:
        meter.hold()
        log.wait_shown(meter.number)
        assert log.end() == 0
        account.add(meter.sent, [path], log.shown)

    return end


Finish = Callable[[RunningLog, Path], None]


def test_records_that_noise_garbles(account: Account, tmp_path: Path, rounds: Rounds) -> None:
    """Slower than the others: a busy computer is late by less than half an interval."""
    chance = random.Random(5)
    path = tmp_path / "a.wattui"
    with (
        NumberedMeter(tmp_path / "port", 0.25) as meter,
        RunningLog(meter.link, "--session", path, speed=4) as log,
    ):
        log.wait_shown(meter.first)
        for _time in range(rounds(6, 300)):
            meter.garble(chance, beginning=_time % 2 == 0)
            meter.wait_more(chance.randrange(1, 4))
            if chance.random() < 0.3:
                meter.say(chance.randbytes(chance.randrange(1, 200)))
                meter.wait_more(1)
        meter.hold()
        log.wait_shown(meter.number)
        assert log.end() == 0
        account.add(meter.sent, [path], log.shown)
    account.counts["garbled records"] = rounds(6, 300)
    assert account.reported >= rounds(6, 300)


@pytest.mark.parametrize(
    "answer",
    some([VERSION[:20], b"\xff" + VERSION[1:], VERSION.replace(b"8", b"\x88", 1)], [VERSION[:20]]),
    ids=["cut", "no #", "a byte"],
)
def test_the_answer_of_a_meter_is_garbled(
    meter: NumberedMeter, finish: Finish, account: Account, tmp_path: Path, answer: bytes
) -> None:
    path = tmp_path / "a.wattui"
    meter.garble_answers(answer)
    with RunningLog(meter.link, "--session", path) as log:
        log.wait_shown(meter.first + 5)
        finish(log, path)
    assert account.reported == 0


def test_silent_for_a_moment(
    meter: NumberedMeter, finish: Finish, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    path = tmp_path / "a.wattui"
    with RunningLog(meter.link, "--session", path) as log:
        log.wait_shown(meter.first)
        for _time in range(rounds(5, 200)):
            meter.be_silent()
            meter.wait_more(10)
            meter.be_silent(False)
            meter.wait_more(1)
            log.wait_shown(meter.number)
        finish(log, path)
    account.counts["silences"] = rounds(5, 200)
    assert account.reported >= 10 * rounds(5, 200)


@full_only
def test_silent_for_so_long_that_it_counts_as_lost(
    meter: NumberedMeter, finish: Finish, tmp_path: Path, rounds: Rounds
) -> None:
    path = tmp_path / "a.wattui"
    with RunningLog(meter.link, "--session", path) as log:
        log.wait_shown(meter.first)
        for _time in range(rounds(1, 10)):
            meter.be_silent()
            log.wait_said("unplugged", _time + 1)
            meter.be_silent(False)
            log.wait_said("connected again", _time + 1)
        finish(log, path)
    assert any("silent" in text for _kind, text in events_of(path))


def test_power_cycled(
    meter: NumberedMeter, finish: Finish, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    path = tmp_path / "a.wattui"
    with RunningLog(meter.link, "--session", path) as log:
        log.wait_shown(meter.first)
        for _time in range(rounds(3, 100)):
            before = meter.number
            meter.power_cycle()
            log.wait_shown(before + 2)
        finish(log, path)
    account.counts["power cycles"] = rounds(3, 100)
    kinds = [kind for kind, _text in events_of(path)]
    assert kinds.count("power on") == rounds(3, 100)


@pytest.mark.parametrize("baudrate", some([9_600, 19_200, 115_200], [19_200]))
def test_the_speed_is_found(baudrate: int, account: Account, tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    with NumberedMeter(tmp_path / "port", baudrate=baudrate) as meter:
        with RunningLog(meter.link, "--session", path) as log:
            log.wait_shown(5)
            meter.hold()
            log.wait_shown(meter.number)
            assert log.end() == 0
        account.add(meter.sent, [path], log.shown)
    assert account.reported == 0
