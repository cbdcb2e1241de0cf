# SPDX-License-Identifier: GPL-3.0-or-later
"""``sim://`` URLs."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wattui.measurement.clock import SYSTEM_CLOCK, ScaledClock
from wattui.protocol import FullHandling, LoggingMode
from wattui.simulator import meter_from_url, sim_url
from wattui.simulator.faults import LASTING, TIMED, Fault, parse_faults
from wattui.simulator.sim_url import parse_url


def test_the_shortest_url_is_a_pro_with_a_past() -> None:
    meter = meter_from_url("sim://")
    assert (meter.model.name, len(meter.memory), meter.mode) == ("pro", 600, LoggingMode.INTERNAL)
    assert meter.clock is SYSTEM_CLOCK


@pytest.mark.parametrize(
    "text", ["sim://es?seed=1", "sim://?model=es", "sim://ES", "sim://pro?model=es"]
)
def test_the_model_is_before_or_in_the_query(text: str) -> None:
    assert parse_url(text).model == "es"


def test_everything_at_once() -> None:
    options = parse_url(
        "sim://net?load=fridge&speed=60&seed=7&faults=cut,unplug@60:10&interval=5&memory=full"
        "&fields=w,V,Wh/Mo&full=condense&logging=stopped&id=a&serial=A1&baud=19200"
        "&firmware=old&mains=230&deaf=15&replies=1&post=1&loop=1&rewind=1&replay=a%20b.raw"
    )
    assert (options.load, options.speed, options.seed, options.interval) == ("fridge", 60.0, 7, 5)
    assert "cut" in options.faults
    assert [n for n, on in enumerate(options.fields) if on] == [0, 1, 5]
    assert (options.full, options.logging) == (FullHandling.CONDENSE, LoggingMode.STOPPED)
    assert (options.id, options.serial, options.baud, options.old) == ("a", "A1", 19_200, True)
    assert (options.mains, options.deaf, options.replay) == (230, 15.0, Path("a b.raw"))
    assert options.replies
    assert options.post
    assert options.loop
    assert options.rewind


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("sim://?lode=lamp", "model, load, speed, seed"),
        ("sim://?load=toaster", "idle, lamp"),
        ("sim://proo", "standard, pro"),
        ("sim://?model=x", "standard, pro"),
        ("sim://?speed=0", "0.001"),
        ("sim://?speed=nan", "0.001"),
        ("sim://?seed=-1", "whole number"),
        ("sim://?interval=0", "from 1"),
        ("sim://?memory=lots", "whole number"),
        ("sim://?memory=full+x", "whole number"),
        ("sim://?fields=w,q", "w, v, a"),
        ("sim://?full=3", "stop, overwrite, condense"),
        ("sim://?logging=tcp", "stopped, internal"),
        ("sim://?firmware=older", "old, new"),
        ("sim://?faults=flood", "cut, pieces, nul"),
        ("sim://?faults=unplug", "needs a time"),
        ("sim://?faults=cut@10", "silence, unplug, power"),
        ("sim://?faults=slow:-1", "0 or more"),
        ("sim://?loop=yes", "0 or 1"),
        ("sim://?replay=", "name the file"),
        ("tim://?load=lamp", "sim://"),
    ],
)
def test_unknown_words_are_refused_with_the_known_ones(text: str, names: str) -> None:
    with pytest.raises(ValueError, match=re.escape(names)):
        parse_url(text)


def test_a_capture_that_is_not_there_or_holds_no_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No such file"):
        meter_from_url(f"sim://?replay={tmp_path / 'none.raw'}")
    (tmp_path / "text.raw").write_text("hello")
    with pytest.raises(ValueError, match="no record"):
        meter_from_url(f"sim://?replay={tmp_path / 'text.raw'}")


@pytest.mark.parametrize(
    ("query", "count", "interval", "mode"),
    [
        ("memory=0", 0, 1, LoggingMode.INTERNAL),
        ("memory=100&interval=10", 100, 10, LoggingMode.INTERNAL),
        ("memory=full", 1_917, 1, LoggingMode.STOPPED),
        ("memory=5000", 1_917, 1, LoggingMode.STOPPED),
        ("memory=full+10&full=overwrite", 1_917, 1, LoggingMode.INTERNAL),
        ("memory=full&full=condense", 1_677, 2, LoggingMode.INTERNAL),
        ("memory=1917&full=condense", 959, 2, LoggingMode.INTERNAL),
    ],
)
def test_a_past_in_the_memory(query: str, count: int, interval: int, mode: LoggingMode) -> None:
    meter = meter_from_url(f"sim://pro?{query}")
    assert (len(meter.memory), meter.memory.interval, meter.mode) == (count, interval, mode)
    assert meter.interval == interval


def test_speed_brings_a_clock_and_old_firmware_16_fields() -> None:
    meter = meter_from_url("sim://?speed=60&firmware=old")
    assert isinstance(meter.clock, ScaledClock)
    assert len(meter.memory.chosen) == 16


def test_keys_are_the_attributes_of_the_options() -> None:
    assert list(sim_url.KEYS) == [one.name for one in fields(sim_url.SimOptions)]
    assert list(sim_url.MEANINGS) == list(sim_url.KEYS)


def test_every_fault_has_a_description() -> None:
    assert [fault for fault in Fault if fault not in (LASTING | TIMED)] == []
    assert all(fault.isalnum() for fault in Fault)


def test_new_model_is_one_row_of_the_table() -> None:
    """In a separate process, since the help is made of the table when it is imported."""
    script = """
from wattui.protocol.models import MODELS, Model
MODELS["lab"] = Model("lab", "LAB 9", number=9, memory=1_000_000)
from wattui.client import identify
from wattui.cli.commands.simulate import simulate
found = identify("sim://lab?speed=10")
print(found.info.model, found.version.memory)
print("lab" in next(one.help for one in simulate.params if one.name == "models"))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout.splitlines(), done.stderr) == (["LAB 9 1000000", "True"], "")


@given(st.text(max_size=60))
def test_any_text_is_understood_or_refused(text: str) -> None:
    for read in (parse_url, parse_faults, lambda query: parse_url("sim://?" + query)):
        try:
            read(text)
        except ValueError as error:
            assert str(error)  # noqa: PT017 - it may raise or not
