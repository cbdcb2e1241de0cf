# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts and planned ends of the recordings of a bench, without a window."""

from __future__ import annotations

import time

import pytest

from wattui.measurement.alerts import parse_alert
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import EventKind
from wattui.measurement.planned_end import PlannedEnd
from wattui.model.bench import Bench
from wattui.model.recording_watch import RecordingWatch
from wattui.session import Session
from wattui.simulator.devices import forget_devices

LAMP = "sim://pro?load=lamp&speed=60"


@pytest.fixture
def watch():
    forget_devices()
    bench = Bench()
    made = RecordingWatch(bench=bench)
    yield made
    bench.close()
    made.close()


def wait_for(condition, what):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, f"{what}: it did not happen"
        time.sleep(0.01)


def marks(path):
    with Session.open(path) as session:
        return [one.event.text for one in session.events([EventKind.MARK])]


def test_an_alert_is_shown_and_marked(watch):
    watch.watch_for([parse_alert("power > 50 for 5s")], "", False)
    (meter,) = watch.bench.connect(LAMP)
    wait_for(lambda: watch.lasting, "the alert")
    (shown,) = watch.lasting
    assert shown.change.meter.port == LAMP
    assert watch.fields_of(meter.key) == {"power"}
    assert watch.fields_of("another") == frozenset()
    path = watch.bench.session_path
    watch.bench.disconnect(meter)
    wait_for(lambda: not watch.bench.recording, "the end")
    watch.bench.close()
    assert marks(path)[0].startswith("Alert: power ")


def test_alerts_can_be_changed_while_recording(watch):
    watch.bench.connect(LAMP)
    wait_for(lambda: watch.bench.session_path, "the first sample")
    watch.watch_for([parse_alert("power > 50")], "", False)
    wait_for(lambda: watch.lasting, "the alert")
    watch.watch_for([parse_alert("power > 5000")], "", False)
    assert watch.shown == {}
    assert watch.texts == ["power > 5000 W"]


def test_a_command_that_cannot_be_run_is_reported(watch):
    watch.watch_for([parse_alert("power > 50")], "no-such-program-here", False)
    watch.bench.connect(LAMP)
    wait_for(lambda: watch.failure, "the failure")
    assert "no-such-program-here cannot be run" in watch.failure


def test_texts_of_a_later_version_are_left_out(watch):
    watch.texts = ["power > 50", "smell > 5", "power > 50"]
    assert watch.texts == ["power > 50 W"]


@pytest.mark.parametrize(
    ("end", "words"),
    [
        (PlannedEnd(duration_us=60 * MICROSECONDS), "after 1:00"),
        (PlannedEnd(energy_wh=0.5), "at 0.5 Wh"),
    ],
)
def test_a_recording_ends_as_planned(watch, end, words):
    watch.plan(end)
    assert watch.remaining.startswith("ends ")
    (meter,) = watch.bench.connect(LAMP)
    wait_for(lambda: not watch.bench.recording and meter.sample_count, "the end")
    assert watch.ended == words
    assert (watch.planned, watch.remaining) == (None, "")
    if end.energy_wh is None:
        assert 58 <= meter.elapsed <= 75
    else:
        assert meter.energy >= 0.5


def test_a_planned_end_can_be_changed_and_cancelled(watch):
    watch.bench.connect(LAMP)
    wait_for(lambda: watch.bench.session_path, "the first sample")
    watch.plan(PlannedEnd(duration_us=3600 * MICROSECONDS))
    assert watch.remaining.startswith("ends in ")
    watch.plan(PlannedEnd(energy_wh=1e6))
    assert watch.remaining == "ends at 1,000 kWh"
    watch.plan(None)
    assert watch.remaining == ""
    assert watch.bench.recording


def test_a_recording_that_is_ended_by_hand_takes_its_planned_end_along(watch):
    (meter,) = watch.bench.connect(LAMP)
    wait_for(lambda: watch.bench.session_path, "the first sample")
    watch.plan(PlannedEnd(duration_us=3600 * MICROSECONDS))
    watch.bench.disconnect(meter)
    wait_for(lambda: not watch.bench.recording, "the end")
    assert (watch.planned, watch.remaining, watch.ended) == (None, "", "")
