# SPDX-License-Identifier: GPL-3.0-or-later
"""A few seconds of the soak; ``make soak`` runs a week of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from soak_run import Resources, Soak, check_flat, run


@pytest.mark.skipif(sys.platform != "linux", reason="/proc of Linux")
def test_meters_with_faults_lose_nothing_in_silence(tmp_path: Path) -> None:
    soak = Soak(4, 1800, 400, interval=1, unplugs=2, silences=1, power_cuts=1, memory="0")
    figures = run(soak, tmp_path)
    check_flat(figures)
    assert figures["sent"] > 4 * 600
    assert figures["stored"] < figures["sent"]
    assert figures["reconnects"] > 0


def figures_of_a_week(memory: list[float]) -> dict[str, float]:
    """Return the figures of a run of a week in which the memory was this, look by look."""
    found = Resources([600 * n / len(memory) for n in range(len(memory))], memory, [7], [16])
    growth, looks = found.growth(speed=7 * 86_400 / 600)
    return {
        **found.figures(),
        "simulated days": 7.0,
        "memory growth per day": growth,
        "looks at the growth": looks,
        "reconnects": 0,
        "gaps": 0,
        "meters": 12,
        "reported in longer intervals": 0,
    }


def test_memory_that_only_wavers_is_flat() -> None:
    rising = [60 + min(n, 100) / 5 for n in range(1200)]
    check_flat(figures_of_a_week([one + 3 * (n % 7 == 0) for n, one in enumerate(rising)]))


def test_a_leak_of_a_mebibyte_per_day_is_found() -> None:
    """It passed: 87.7 MiB became 102 within a week, which was below a limit for all of it."""
    with pytest.raises(AssertionError, match="memory growth per day"):
        check_flat(figures_of_a_week([80 + 7 * n / 1200 for n in range(1200)]))


def test_a_run_that_was_not_looked_at_is_not_flat() -> None:
    with pytest.raises(AssertionError, match="looks at the growth"):
        check_flat(figures_of_a_week([80.0, 80.0]))
