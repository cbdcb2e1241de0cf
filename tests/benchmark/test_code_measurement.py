# SPDX-License-Identifier: GPL-3.0-or-later
"""Blocks of code and tests of pytest, on a simulated meter whose load they switch."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import wattui
from wattui.benchmark.code_measurement import NotMeasured
from wattui.session import Session

pytest_plugins = ["pytester"]

#: Slow enough that a record which is read late is still within the uncertainty of the lag.
SPEED = 15


class Load:
    """A load that takes 50 W for a while."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "load"
        self.port = f"sim://pro?load=lamp&switch={self.path}&lag=2.4&speed={SPEED}"

    def take(self, seconds: float) -> float:
        """Take power for a real time; return the energy in J, in the time of the meter."""
        start = time.time()
        with self.path.open("a") as file:
            file.write(f"{start} 50\n")
        time.sleep(seconds)
        stop = time.time()
        with self.path.open("a") as file:
            file.write(f"{stop} 0\n")
        return 50 * (stop - start) * SPEED


@pytest.fixture
def load(tmp_path: Path) -> Load:
    return Load(tmp_path)


def test_the_energy_of_a_block(load: Load, tmp_path: Path) -> None:
    session = tmp_path / "block.wattui"
    with wattui.measure(load.port, idle=8.0, session=session) as m:
        joules = load.take(0.4)
    assert m.above_idle == pytest.approx(joules, rel=0.05)
    assert m.joules - m.above_idle == pytest.approx(60.0 * m.seconds, rel=0.03)
    assert m.seconds == pytest.approx(joules / 50, rel=0.2)
    assert m.error == pytest.approx(0.015 * m.joules + 0.3 * m.seconds)
    assert m.above_idle_error == pytest.approx(
        0.015 * (2 * m.joules - m.above_idle) + 0.6 * m.seconds
    )
    assert len(m.warnings) == 1
    assert "lag of the meter is assumed" in m.warnings[0]
    assert m.session == session
    with Session.open(session) as stored:
        names = [one.name for one in stored.spans()]
    assert sorted(names) == ["Measurement of block", "block, run 1", "idle", "idle"]


def test_a_block_that_fails_passes_its_error_on(load: Load, tmp_path: Path) -> None:
    session = tmp_path / "block.wattui"
    measured = wattui.measure(load.port, idle=1.0, session=session)

    def fail() -> None:
        with measured as m:
            with pytest.raises(NotMeasured):
                _ = m.joules
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with pytest.raises(NotMeasured):
        _ = measured.joules
    with Session.open(session) as stored:
        assert "block, run 1 (failed)" in [one.name for one in stored.spans()]


TESTS = """
import pathlib, time
import pytest

def take():
    path = pathlib.Path({path!r})
    with path.open("a") as file:
        file.write(f"{{time.time()}} 50\\n")
    time.sleep(0.2)
    with path.open("a") as file:
        file.write(f"{{time.time()}} 0\\n")

@pytest.mark.energy(max_joules=4000, runs=2, min_time=0, idle=6)
def test_cheap(tmp_path):
    assert tmp_path.exists()
    take()

@pytest.mark.energy(10, runs=2, min_time=0, idle=6)
def test_dear():
    take()

def test_fixture(energy):
    assert 120 < energy(take, runs=2, min_time=0, idle=6).above.mean < 400
"""


def test_tests_have_budgets(pytester: pytest.Pytester, load: Load) -> None:
    pytester.makepyfile(TESTS.format(path=str(load.path)))
    done = pytester.runpytest_subprocess(
        *("-p", "wattui.benchmark.pytest_plugin", "--energy-port", load.port), timeout=100
    )
    assert done.parseoutcomes() == {"passed": 2, "failed": 1}
    done.stdout.fnmatch_lines(["*The test needed * J above idle*10 J are allowed*"])
    done.stdout.fnmatch_lines(["*= energy =*", "*test_cheap: * above idle, 2 runs"])


def test_without_a_meter_tests_run_as_usual(pytester: pytest.Pytester, load: Load) -> None:
    pytester.makepyfile(TESTS.format(path=str(load.path)))
    done = pytester.runpytest_subprocess("-p", "wattui.benchmark.pytest_plugin", timeout=100)
    assert done.parseoutcomes() == {"passed": 2, "skipped": 1}
