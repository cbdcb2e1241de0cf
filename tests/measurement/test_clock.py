# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks: the machine's, and one that runs faster."""

from __future__ import annotations

import time

import pytest

from wattui.measurement.clock import SYSTEM_CLOCK, ScaledClock, microseconds


def test_time_that_the_machine_slept_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(time, "CLOCK_BOOTTIME"):
        pytest.skip("this system has no clock that counts sleep")
    asked: list[int] = []

    def gettime(clock: int) -> float:
        asked.append(clock)
        return 1234.5

    monkeypatch.setattr(time, "clock_gettime", gettime)
    assert SYSTEM_CLOCK.monotonic() == 1234.5
    assert asked == [time.CLOCK_BOOTTIME]


def test_scaled_clock_runs_as_many_times_as_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "time", lambda: 1_000.0)
    clock = ScaledClock(60)
    now[0] += 2
    assert clock.monotonic() == 120
    assert clock.time() == 1_120


def test_seconds_are_stored_as_whole_microseconds() -> None:
    assert microseconds(1.000_000_4) == 1_000_000
