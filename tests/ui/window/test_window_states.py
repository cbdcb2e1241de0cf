# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state of the window: its words, as plain values."""

from __future__ import annotations

from pathlib import Path

import pytest

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.text import clock_text
from wattui.model.bench import Bench
from wattui.session import Interrupted
from wattui.session.health import HealthReport
from wattui.ui.window.display_values import (
    ViewSummary,
    notices_of,
    readings_of,
    state_of,
    status_of,
)

TIME = 1_795_442_700


def sample(second, power=42.3):
    from plot_window import sample as make

    return make(second, power)


@pytest.fixture
def bench():
    bench = Bench()
    bench.add_meter("/dev/ttyUSB0")
    return bench


def record(bench, samples, **traits):
    """Make the meter show samples, as it does once they are on disk."""
    meter = bench.meter
    meter.reset_totals()
    meter.count(samples)
    meter.show_counted()
    meter.trait_set(key="A80012", model="PRO", firmware="3.14", **traits)
    bench.session_path = Path("/data/2026-11-23 14.05 fan.wattui")
    bench.file_size = 118_000


def test_no_meter_yet():
    bench = Bench()
    assert state_of(bench) == "empty"
    assert status_of(bench).words == "No meter yet"
    assert status_of(bench).dot == "muted"
    assert readings_of(bench, "Wh").value("power") == "–"


def test_connecting_shows_what_is_tried(bench):
    bench.meter.trait_set(state="opening", state_text="Asking at 19200 baud")
    assert state_of(bench) == "connecting"
    assert status_of(bench).words == "Asking at 19200 baud"


def test_live_shows_the_last_record(bench):
    record(bench, [sample(1), sample(2, 41.6)], state="running", state_text="Recording")
    status, readings = status_of(bench), readings_of(bench, "Wh")
    assert (status.dot, status.words) == ("ok", "Recording")
    assert status.left == ("0:02", "2 samples", "no gaps")
    assert status.right == ("2026-11-23 14.05 fan.wattui", "118 kB", "PRO, firmware 3.14")
    assert readings.current
    assert readings.value("power") == "41.6"
    assert readings.value("current") == "0.361"
    assert readings.lines[0] == "summed from 2 records in 0:02"
    assert readings.energy_error


def test_the_line_on_the_energy_of_days_fits_in_the_panel(bench):
    record(bench, [sample(1), sample(2)], state="running", state_text="Recording")
    bench.meters[0].duration = 2 * 86_400.0 + 5 * 3600 + 17
    assert readings_of(bench, "Wh").lines[0] == "summed from 2 records in 2 d 5 h"


def test_paused_is_amber_with_its_reason_and_grey_with_the_time_of_the_last_one(bench):
    words = "Paused: fetching the memory"
    traits = {"paused": "fetching the memory", "state_text": words}
    record(bench, [sample(1)], state="running", **traits)
    status, readings = status_of(bench), readings_of(bench, "Wh")
    assert state_of(bench) == "paused"
    assert (status.dot, status.words) == ("amber", words)
    assert not readings.current
    assert readings.note == f"last one at {clock_text(bench.meter.last_time)}"
    bench.meter.trait_set(paused="", state_text="Recording")
    assert readings_of(bench, "Wh").current
    assert status_of(bench).dot == "ok"


def test_one_paused_meter_among_others_is_named_with_its_reason(bench):
    record(bench, [sample(1)], state="running")
    bench.add_meter("/dev/ttyUSB1", state="running", paused="fetching the memory")
    status = status_of(bench)
    assert status.dot == "amber"
    assert status.words == "Recording 1 of 2 meters, 1 paused: fetching the memory"
    bench.add_meter("/dev/ttyUSB2", state="running", paused="writing settings")
    assert status_of(bench).words == "Recording 1 of 3 meters, 2 paused"


def test_unplugged_is_grey_with_the_time_of_the_last_one(bench):
    words = "Unplugged at 12:31:05, trying again"
    record(bench, [sample(1)], state="lost", state_text=words)
    status, readings = status_of(bench), readings_of(bench, "Wh")
    assert (status.dot, status.words) == ("amber", words)
    assert not readings.current
    assert readings.value("power") == "42.3"
    assert readings.note.startswith("last one at ")
    assert notices_of(bench) == []


def test_a_failure_shows_what_happened_and_what_to_do(bench):
    bench.meter.trait_set(
        state="failed", problem="There is no port /dev/ttyUSB0", hint="Plug the meter in."
    )
    (notice,) = notices_of(bench)
    assert (notice.kind, notice.text) == ("error", "There is no port /dev/ttyUSB0")
    assert notice.hint == "Plug the meter in."
    assert ("Details", "details") in notice.buttons
    assert status_of(bench).dot == "red"


def test_a_disk_that_does_not_accept_data_is_the_first_notice(bench):
    record(bench, [sample(1)], state="running", state_text="Recording")
    bench.trait_set(
        disk_problem="The disk is full",
        disk_hint="Make room.",
        disk_waiting=42,
        disk_seconds_left=558.0,
    )
    notice = notices_of(bench)[0]
    assert notice.kind == "error"
    assert notice.hint == "42 samples wait in memory; there is room for 9 min 18 s. Make room."
    assert status_of(bench).dot == "red"


def test_an_interrupted_session_is_offered(bench):
    stop = TIME * MICROSECONDS
    found = Interrupted(Path("/x.wattui"), (stop - 11_520 * MICROSECONDS, stop), ("fan",))
    bench.interrupted = [found]
    (notice,) = notices_of(bench)
    assert notice.text.startswith(
        "A recording of 3 h 12 min ended without being closed. It is complete up to "
    )
    assert notice.buttons == (("Open", "open_interrupted"), ("Dismiss", "dismiss_interrupted"))


def test_an_opened_session_shows_the_means_of_the_view_then_the_pointer(bench):
    record(bench, [sample(1)], state="closed")
    bench.trait_set(opened=True, session_start=float(TIME))
    assert status_of(bench).words.startswith("Opened, recorded ")
    mean = readings_of(bench, "Wh", ViewSummary(values={"power": 40.0}))
    assert (mean.caption, mean.value("power")) == ("mean of the view", "40.0")
    under = readings_of(bench, "Wh", ViewSummary(float(TIME), {"power": 39.5}))
    assert under.caption.startswith("at ")
    assert under.value("power") == "39.5"


def test_a_gap_is_counted_and_measured(bench):
    late = sample(60)
    from dataclasses import replace

    record(bench, [sample(1), replace(late, gap_us=58 * MICROSECONDS)], state="running")
    assert "1 gap (58 s)" in status_of(bench).left


class LaterClient:
    """A client whose clock shows a later time than the last record."""

    def __init__(self, seconds):
        self.clock = self
        self.seconds = seconds

    def time(self):
        return TIME + self.seconds


def test_a_gap_that_is_not_over_is_shown_and_counting(bench):
    record(bench, [sample(1)], state="lost")
    bench.meter._inside.client = LaterClient(13)
    assert status_of(bench).left == ("0:01", "1 sample", "gap 0:12 and counting")
    bench.meter._inside.client = LaterClient(73)
    assert status_of(bench).left[-1] == "gap 1:12 and counting"
    bench.meter.trait_set(state="running")
    assert status_of(bench).left[-1] == "no gaps"
    bench.meter._inside.client = None


def test_the_health_of_a_recording_is_behind_the_status(bench):
    record(bench, [sample(1)])
    assert status_of(bench).details == ()
    bench.health = HealthReport(received=120, stored=110, lost=3, reconnects=2, commit_s=0.0042)
    details = dict(status_of(bench).details)
    assert details["Received"] == "120 samples"
    assert details["On disk"] == "110 samples"
    assert details["Waiting"] == "7 samples"
    assert details["Lost"] == "3 samples"
    assert details["Reconnections"] == "2"
    assert details["Last commit"].startswith("4.2 ms")


def test_a_disk_that_fills_up_is_a_warning_with_the_time_left(bench):
    record(bench, [sample(1)])
    bench.recording = True
    bench.health = HealthReport(
        folder=Path("/data"), free_bytes=72_000_000, growth=2000.0, urgency=2
    )
    (notice,) = notices_of(bench)
    assert notice.kind == "warning"
    assert notice.text == "The disk of /data has 72 MB left, which lasts for 10 h of this recording"
    assert "Free some space" in notice.hint
    # A disk that accepts nothing is the more urgent news.
    bench.disk_problem = "The disk is full"
    assert [one.kind for one in notices_of(bench)] == ["error"]
