# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks that step, daylight saving, a computer or a program that sleeps."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from account import Account, events_of, samples_of
from numbered_meter import NumberedMeter
from running_log import RunningLog, environment
from suite_size import some

Rounds = Callable[[int, int], int]

#: libfaketime, where Debian and Fedora have it.
FAKETIME = [
    *Path("/usr/lib").glob("*/faketime/libfaketime.so.1"),
    *Path("/usr/lib64/faketime").glob("libfaketime.so.1"),
]


def put(path: Path, text: str) -> Path:
    """Write a small file in one step."""
    new = path.with_suffix(".new")
    new.write_text(text)
    return new.replace(path)


def test_the_clock_is_set(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    chance = random.Random(6)
    path, step = tmp_path / "a.wattui", put(tmp_path / "step", "0")
    with RunningLog(
        *(meter.link, "--session", path), env=environment(WATTUI_CLOCK_STEP=step)
    ) as log:
        log.wait_shown(meter.first)
        for _time in range(rounds(6, 200)):
            put(step, str(chance.choice((3600, -3600, 90, -86400, 31536000, 0, 7))))
            meter.wait_more(3)
            log.wait_shown(meter.number)
        meter.hold()
        log.wait_shown(meter.number)
        assert log.end() == 0
    account.add(meter.sent, [path], log.shown)
    account.counts["steps"] = rounds(6, 200)
    assert account.reported == 0
    assert "clock stepped" in [kind for kind, _text in events_of(path)]
    stored = samples_of(path, [])
    assert all(a.time < b.time for a, b in pairwise(stored))


@pytest.mark.skipif(not FAKETIME, reason="libfaketime is not installed")
def test_the_clock_of_the_system_is_set(
    meter: NumberedMeter, account: Account, tmp_path: Path
) -> None:
    path, now = tmp_path / "a.wattui", put(tmp_path / "now", "+0")
    with RunningLog(
        *(meter.link, "--session", path),
        speed=1,
        env=environment(
            LD_PRELOAD=FAKETIME[0],
            FAKETIME_TIMESTAMP_FILE=now,
            FAKETIME_NO_CACHE="1",
            DONT_FAKE_MONOTONIC="1",
        ),
    ) as log:
        log.wait_shown(meter.first)
        for offset in ("+1h", "-1h", "+10y", "+0"):
            put(now, offset)
            meter.wait_more(10)
            log.wait_shown(meter.number)
        meter.hold()
        log.wait_shown(meter.number)
        assert log.end() == 0
    account.add(meter.sent, [path], log.shown)
    assert account.reported == 0
    steps = [text for kind, text in events_of(path) if kind == "clock stepped"]
    assert len(steps) == 4
    stored = samples_of(path, [])
    assert all(a.time < b.time for a, b in pairwise(stored))


@pytest.mark.parametrize("seconds", some([1806195600, 1824944400], [1824944400]))
def test_daylight_saving_begins_or_ends(
    meter: NumberedMeter, account: Account, tmp_path: Path, seconds: int
) -> None:
    """Files change each hour, which occurs twice in autumn and not at all in spring."""
    step = put(tmp_path / "step", "0")
    folder = tmp_path / "files"
    variables = {"TZ": "Europe/Berlin", "WATTUI_CLOCK_START": str(seconds - 3500)}
    with RunningLog(
        *(meter.link, "--output-dir", folder, "--rotate", "hour"),
        env=environment(WATTUI_CLOCK_STEP=step, **variables),
    ) as log:
        for ahead in (0, 3400, 3600, 7100):
            put(step, str(ahead))
            meter.wait_logging()
            meter.wait_more(20)
            log.wait_shown(meter.number)
        meter.hold()
        log.wait_shown(meter.number)
        assert log.end() == 0
    # Not by their names: an hour occurs twice.
    files = sorted(folder.glob("*.wattui"), key=lambda path: samples_of(path, [])[0].time)
    assert len(files) >= 3
    account.add(meter.sent, files, log.shown)
    assert account.reported == 0


def test_the_computer_sleeps(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    chance = random.Random(7)
    path = tmp_path / "a.wattui"
    step, slept = put(tmp_path / "step", "0"), 0
    with RunningLog(
        *(meter.link, "--session", path),
        env=environment(WATTUI_CLOCK_STEP=step, WATTUI_CLOCK_SLEEPS="1"),
    ) as log:
        log.wait_shown(meter.first)
        for _time in range(rounds(4, 200)):
            asleep = chance.choice((60, 3600, 86400))
            slept += asleep
            log.process.send_signal(signal.SIGSTOP)
            meter.skip(asleep)
            put(step, str(slept))
            log.process.send_signal(signal.SIGCONT)
            meter.wait_more(2)
            log.wait_shown(meter.number)
        meter.hold()
        log.wait_shown(meter.number)
        assert log.end() == 0
    # What waited in the system comes at once: nobody can say where in it the gap is.
    account.add(meter.sent, [path], log.shown, neighbours=100)
    account.counts["sleeps"] = rounds(4, 200)
    gaps = sum(one.gap for one in samples_of(path, [])) / 1e6
    assert gaps == pytest.approx(slept, rel=0.02)


def test_the_program_is_stopped_and_continued(
    meter: NumberedMeter, account: Account, tmp_path: Path, rounds: Rounds
) -> None:
    """What the system can hold meanwhile is recorded; the rest is a gap."""
    path = tmp_path / "a.wattui"
    with RunningLog(meter.link, "--session", path) as log:
        log.wait_shown(meter.first)
        for count in (5, 30, 400)[: rounds(3, 3)] * rounds(1, 20):
            log.process.send_signal(signal.SIGSTOP)
            meter.wait_more(count)
            log.process.send_signal(signal.SIGCONT)
            meter.wait_more(2)
            log.wait_shown(meter.number)
        meter.hold()
        log.wait_shown(meter.number)
        assert log.end() == 0
    account.add(meter.sent, [path], log.shown, neighbours=400)
