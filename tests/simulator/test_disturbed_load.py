# SPDX-License-Identifier: GPL-3.0-or-later
"""The load that a file switches, with lag, noise and drift."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from wattui.measurement.clock import Clock
from wattui.simulator.disturbed_load import Disturbance, DisturbedLoad, Switch
from wattui.simulator.loads import find_load
from wattui.simulator.sim_url import meter_from_options, parse_url


def switch(tmp_path: Path, text: str, speed: float = 1.0) -> Switch:
    """Return a switch of a file with this text, made at second 1000."""
    path = tmp_path / "load"
    path.write_text(text)
    return Switch(path, speed, lambda: 1000.0)


def test_each_line_sets_the_power_from_its_time_on(tmp_path: Path) -> None:
    found = switch(tmp_path, "1002.5 80\n1004 20\n1004.25 0\n")
    assert [found.mean(t, t + 1.0) for t in (1.0, 2.0, 3.0, 4.0, 5.0)] == [0.0, 40.0, 80.0, 5.0, 0]
    assert found.mean(0.0, 10.0) * 10 == pytest.approx(80 * 1.5 + 20 * 0.25)


def test_lines_are_read_as_they_are_added(tmp_path: Path) -> None:
    found = switch(tmp_path, "")
    path = tmp_path / "load"
    path.unlink()
    assert found.mean(0.0, 1.0) == 0.0
    path.write_text("1001 6")
    assert found.mean(1.0, 2.0) == 0.0  # the line is not complete
    path.write_text("1001 60\n")
    assert found.mean(1.0, 2.0) == 60.0
    with path.open("a") as file:
        file.write("nonsense\n\nnan 5\n1003\n1002.5 0\n")
    assert found.mean(2.0, 3.0) == 30.0


def test_a_line_without_a_time_counts_from_when_it_is_read(tmp_path: Path) -> None:
    found = switch(tmp_path, "75\n")
    assert found.mean(-1.0, 0.0) == 0.0
    assert found.mean(0.0, 1.0) == 75.0


def test_times_are_real_ones_if_the_meter_runs_faster(tmp_path: Path) -> None:
    found = switch(tmp_path, "1000.5 100\n", speed=10.0)
    assert (found.mean(4.0, 5.0), found.mean(5.0, 6.0)) == (0.0, 100.0)


def test_lag_noise_and_drift(tmp_path: Path) -> None:
    idle = find_load("idle")
    late = DisturbedLoad(idle, Disturbance(2.25, switch=switch(tmp_path, "1001 40\n1002 0\n")))
    assert [late.reading(t).power for t in (4.0, 5.0)] == [30.0, 10.0]
    drifting = DisturbedLoad(idle, Disturbance(drift=36.0))
    assert drifting.reading(100.0).power == pytest.approx(1.0)
    noisy = DisturbedLoad(find_load("idle"), Disturbance(noise=2.0, drift=3.6e6), seed=3)
    values = [noisy.reading(float(t)).power - 1000.0 * t for t in range(100, 2100)]
    assert statistics.fmean(values) == pytest.approx(0.0, abs=0.2)
    assert statistics.stdev(values) == pytest.approx(2.0, rel=0.05)
    assert noisy.reading(7.0) == noisy.reading(7.0)


class Minutes:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def time(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds


def test_the_records_of_a_simulated_meter_follow_the_file(tmp_path: Path) -> None:
    path = tmp_path / "load"
    path.write_text("0 60\n")
    clock: Clock = Minutes()
    url = f"sim://pro?load=idle&switch={path}&lag=2&logging=external&memory=0"
    meter = meter_from_options(parse_url(url), clock)
    assert isinstance(clock, Minutes)
    clock.seconds = 5.5
    lines = meter.poll().decode().split()
    assert [line.split(",")[3] for line in lines if line.startswith("#d")] == ["600"] * 5


@pytest.mark.parametrize("bad", ["lag=-1", "noise=x", "switch="])
def test_values_that_make_no_sense_are_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=bad.partition("=")[0]):
        parse_url(f"sim://pro?{bad}")
