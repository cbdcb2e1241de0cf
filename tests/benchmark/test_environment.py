# SPDX-License-Identifier: GPL-3.0-or-later
"""The processor's energy counter and the facts about a machine, from a folder like /sys."""

from __future__ import annotations

from pathlib import Path

import pytest

from wattui import __version__
from wattui.benchmark.environment import ProcessorEnergy, describe_environment, temperature_text


def put(system: Path, name: str, text: object) -> None:
    path = system / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def zone(system: Path, name: str, label: str, joules: float, most: float = 1000.0) -> None:
    folder = f"class/powercap/{name}"
    put(system, f"{folder}/name", label)
    put(system, f"{folder}/energy_uj", round(joules * 1e6))
    put(system, f"{folder}/max_energy_range_uj", round(most * 1e6))


def test_the_energy_of_all_packages_is_added_and_their_parts_are_not(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 10.0)
    zone(tmp_path, "intel-rapl:1", "package-1", 20.0)
    zone(tmp_path, "intel-rapl:0:0", "core", 5.0)
    zone(tmp_path, "intel-rapl:2", "dram", 5.0)
    counter = ProcessorEnergy(tmp_path)
    assert counter.readable
    before = counter.read()
    zone(tmp_path, "intel-rapl:0", "package-0", 13.0)
    zone(tmp_path, "intel-rapl:1", "package-1", 24.5)
    assert counter.between(before, counter.read()) == pytest.approx(7.5)


def test_a_counter_that_overflows_is_corrected(tmp_path: Path) -> None:
    zone(tmp_path, "intel-rapl:0", "package-0", 998.0)
    counter = ProcessorEnergy(tmp_path)
    before = counter.read()
    zone(tmp_path, "intel-rapl:0", "package-0", 3.0)
    assert counter.between(before, counter.read()) == pytest.approx(5.0)


def test_without_counters_there_is_no_energy(tmp_path: Path) -> None:
    counter = ProcessorEnergy(tmp_path)
    assert not counter.readable
    assert counter.between(None, (1.0,)) is None
    zone(tmp_path, "intel-rapl:0", "package-0", 1.0)
    put(tmp_path, "class/powercap/intel-rapl:0/energy_uj", "")
    assert not ProcessorEnergy(tmp_path).readable


def test_the_facts_about_a_machine(tmp_path: Path) -> None:
    assert "governor" not in describe_environment(tmp_path)
    put(tmp_path, "devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave")
    put(tmp_path, "devices/system/cpu/intel_pstate/no_turbo", 1)
    put(tmp_path, "class/thermal/thermal_zone0/temp", 41_000)
    put(tmp_path, "class/thermal/thermal_zone1/temp", 52_400)
    put(tmp_path, "class/thermal/thermal_zone2/temp", -274_000)
    found = describe_environment(tmp_path)
    assert found["governor"] == "powersave"
    assert found["turbo"] == "off"
    assert found["temperature"] == temperature_text(tmp_path) == "52 °C"
    assert found["wattui"] == __version__
    assert found["host"]
