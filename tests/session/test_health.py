# SPDX-License-Identifier: GPL-3.0-or-later
"""Health: every sample is stored, waiting or lost, and the disk is watched."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from session_samples import METER, OTHER, sample, steady

from wattui.errors import DiskRefused
from wattui.measurement.events import Event, EventKind
from wattui.session import SessionWriter
from wattui.session.health import LOW_BYTES, Health, HealthReport
from wattui.session.rotation import RotatingRecorder, Rotation
from wattui.session.store import Store

DEADLINE = 20.0
MB = 1_000_000
DAY = 86_400.0


class Disk:
    """A disk and a clock that only tests move."""

    def __init__(self) -> None:
        self.now, self.free, self.size = 0.0, 1e12, 50_000
        self.health = Health(lambda: self.now, lambda _folder: int(self.free))

    def pass_time(self, seconds: float, growth: float) -> HealthReport:
        """Grow the session by *growth* bytes per second, with a commit every ten seconds."""
        for _ in range(round(seconds / 10)):
            self.now += 10
            self.size += round(10 * growth)
            self.free -= 10 * growth
            self.health.measure(Path("/data/a.wattui"), self.size)
        return self.health.report()


def test_every_sample_is_stored_waiting_or_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    health, refuses, tried = Health(), threading.Event(), threading.Event()
    real = Store.write

    def write(store: Store, items: list) -> None:
        if refuses.is_set():
            tried.set()
            raise OSError(28, "No space left on device")
        real(store, items)

    monkeypatch.setattr(Store, "write", write)
    writer = SessionWriter(
        tmp_path / "a.wattui", commit_seconds=0, retry_seconds=0, keep_samples=40, health=health
    )
    writer.on_samples(METER, steady(30))
    writer.on_event(METER, Event(1, EventKind.RECONNECTED))
    assert writer.flush(DEADLINE)
    report = health.report(unreadable=3)
    assert (report.received, report.stored, report.waiting, report.lost) == (30, 30, 0, 0)
    assert (report.reconnects, report.unreadable) == (1, 3)
    assert 0 < report.commit_s <= report.longest_commit_s
    assert report.meters[METER.key].stored == 30
    assert report.meters[METER.key].last_us == steady(30)[-1].time_us
    assert report.folder == tmp_path
    assert report.free_bytes is not None
    refuses.set()
    for second in range(31, 131):
        writer.on_samples(OTHER, [sample(second)])
    assert tried.wait(DEADLINE)
    with pytest.raises(DiskRefused):
        writer.close(timeout=0)
    report = health.report()
    assert (report.received, report.stored) == (130, 30)
    # Those that were still waiting are lost, too, once the writer has given up.
    assert (report.waiting, report.lost) == (0, 100)


def test_files_that_follow_one_another_are_counted_once(tmp_path: Path) -> None:
    recorder = RotatingRecorder(tmp_path, Rotation())
    for number in range(5):
        recorder.on_samples(METER, [sample(10 * number + k) for k in range(1, 11)])
        recorder.rotate()
    recorder.close(DEADLINE)
    report = recorder.health.report()
    assert len(list(tmp_path.glob("*.wattui"))) == 5
    assert (report.received, report.stored, report.waiting, report.lost) == (50, 50, 0, 0)


def test_the_time_left_follows_from_the_growth_of_the_session() -> None:
    disk = Disk()
    assert disk.health.report().seconds_left is None
    assert disk.pass_time(20, 1000).seconds_left is None  # too early to know
    disk.free = 1000 * 30 * DAY
    report = disk.pass_time(600, 1000)
    assert report.growth == pytest.approx(1000)
    assert report.seconds_left == pytest.approx(30 * DAY, rel=0.01)
    assert not report.warning
    assert dict(report.lines())["Free disk"] == "2.6 GB, lasts for 30 days"
    assert dict(report.lines())["Growth"] == "86 MB per day"


def test_warns_well_before_the_disk_is_full_and_more_urgently_later() -> None:
    disk = Disk()
    disk.pass_time(600, 2000)
    urgencies = []
    for left in (4 * DAY, 2.9 * DAY, 20 * 3600.0, 1.9 * 3600.0, 800.0):
        disk.free = 2000 * left
        urgencies.append(disk.pass_time(10, 2000).urgency)
    assert urgencies == [0, 1, 2, 3, 4]
    disk.free = 2000 * 10 * 3600
    report = disk.pass_time(10, 2000)
    assert report.warning == (
        "The disk of /data has 72 MB left, which lasts for 10 h of this recording"
    )
    assert report.hint


def test_a_warning_neither_flickers_nor_stays() -> None:
    disk = Disk()
    disk.pass_time(600, 2000)
    for left in (2.99, 3.01, 2.99, 3.1, 3.5):
        disk.free = 2000 * left * DAY
        assert disk.pass_time(10, 2000).urgency == 1
    disk.free = 2000 * 4 * DAY
    assert disk.pass_time(10, 2000).urgency == 0


def test_little_room_is_a_warning_even_if_the_session_hardly_grows() -> None:
    disk = Disk()
    disk.free = LOW_BYTES - 1
    report = disk.pass_time(10, 0)
    assert report.urgency == 1
    assert report.warning == "The disk of /data has 100 MB left"


def test_a_disk_that_cannot_be_asked_is_not_known() -> None:
    def fail(_folder: Path) -> int:
        raise OSError(5, "Input/output error")

    health = Health(free=fail)
    health.measure(Path("/data/a.wattui"), 1)
    report = health.report()
    assert report.free_bytes is None
    assert not report.warning
    assert dict(report.lines())["Free disk"] == "not known yet"
