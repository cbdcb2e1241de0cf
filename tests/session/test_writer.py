# SPDX-License-Identifier: GPL-3.0-or-later
"""The writer: on disk before on screen, and honest while the disk refuses."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from session_samples import BEGIN, METER, OTHER, record, sample, steady

from wattui.errors import DiskRefused, NotASession
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.sample import Sample
from wattui.session import Session, SessionWriter, WriterStatus, verify
from wattui.session.store import Store
from wattui.session.write_queue import Item, WaitingQueue

DEADLINE = 20.0


class Checker:
    """A listener that checks the file whenever it receives something."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.samples: list[Sample] = []
        self.events: list[Event] = []
        self.missing = 0
        self._changed = threading.Condition()

    def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        # Read-only, since it would make a file that is not there.
        name = f"{self.path.as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(name, uri=True)) as connection:
            (there,) = connection.execute(
                "SELECT count(*) FROM sample WHERE time BETWEEN ? AND ?",
                (samples[0].time_us, samples[-1].time_us),
            ).fetchone()
        self.missing += len(samples) - there
        with self._changed:
            self.samples += samples
            self._changed.notify_all()

    def wait(self, count: int) -> None:
        """Wait until this many samples were shown, which is after they were written."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.samples) >= count, DEADLINE)

    def on_event(self, meter: MeterInfo | None, event: Event) -> None:
        self.events.append(event)


class Statuses:
    """Keeps what the writer says, and lets a test wait for it."""

    def __init__(self) -> None:
        self.all: list[WriterStatus] = []
        self._changed = threading.Condition()

    def __call__(self, status: WriterStatus) -> None:
        with self._changed:
            self.all.append(status)
            self._changed.notify_all()

    def wait(self, wanted: Callable[[WriterStatus], bool]) -> WriterStatus:
        with self._changed:
            assert self._changed.wait_for(lambda: any(map(wanted, self.all)), DEADLINE), self.all
            return next(one for one in self.all if wanted(one))


class Disk:
    """Takes the place for Store.write: refuses on demand, and counts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refuses = False
        self.after_commit = False
        self.writes: list[int] = []
        real = Store.write

        def write(store: Store, items: list[Item]) -> None:
            if self.refuses and not self.after_commit:
                self._fail(store)
            real(store, items)
            self.writes.append(len(items))
            if self.refuses:
                self._fail(store)

        monkeypatch.setattr(Store, "write", write)

    @staticmethod
    def _fail(store: Store) -> None:
        store._failures += 1
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorname = "SQLITE_FULL"
        raise error


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def test_a_listener_receives_only_what_is_on_disk(tmp_path: Path) -> None:
    checker = Checker(tmp_path / "a.wattui")
    samples = steady(200)
    with SessionWriter(checker.path, commit_seconds=0) as writer:
        writer.add_listener(checker)
        for one in samples:
            writer.on_samples(METER, [one])
    assert checker.missing == 0
    assert checker.samples == samples
    assert [event.kind for event in checker.events] == ["started", "stopped"]


def test_many_meters_share_a_commit(tmp_path: Path, disk: Disk) -> None:
    meters = [MeterInfo(f"M{i}", "sim://") for i in range(12)]
    with SessionWriter(tmp_path / "a.wattui", commit_seconds=3600) as writer:
        writer.on_samples(METER, [sample(1)])
        # The first comes at once; whatever follows waits for its turn together.
        assert writer.flush(DEADLINE)
        first = len(disk.writes)
        for second in range(1, 4):
            for meter in meters:
                writer.on_samples(meter, [sample(second)])
        assert not writer.flush(0)
        assert writer.status.waiting == 36
    assert first <= 2
    assert len(disk.writes) == first + 1
    with Session.open(tmp_path / "a.wattui") as session:
        assert [session.count(one.id) for one in session.meters] == [1] + [3] * 12


def test_every_commit_is_synced(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.wattui") as writer:
        connection = writer._store.connection
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_disk_that_does_not_accept_data_loses_nothing_for_ten_minutes(
    tmp_path: Path, disk: Disk
) -> None:
    checker, statuses = Checker(tmp_path / "a.wattui"), Statuses()
    samples = steady(50)
    with SessionWriter(checker.path, commit_seconds=0, retry_seconds=0.01) as writer:
        writer.add_listener(checker)
        writer.add_status_listener(statuses)
        writer.on_samples(METER, samples[:10])
        assert writer.flush(DEADLINE)
        disk.refuses = True
        writer.on_samples(METER, samples[10:30])
        status = statuses.wait(lambda one: bool(one.problem))
        assert "full" in status.problem
        assert "Free some space" in status.hint
        assert status.since is not None
        assert 590 < status.seconds_left <= 600
        writer.on_samples(METER, samples[30:])
        assert writer.status.waiting == 40
        assert checker.samples == samples[:10]
        disk.refuses = False
        statuses.wait(lambda one: not one.problem)
        assert writer.flush(DEADLINE)
    assert checker.samples == samples
    assert checker.missing == 0
    with Session.open(checker.path) as session:
        assert list(session.samples(1)) == samples


def test_a_commit_that_failed_after_all_was_written_makes_no_doubles(
    tmp_path: Path, disk: Disk
) -> None:
    statuses = Statuses()
    samples = steady(100)
    with SessionWriter(tmp_path / "a.wattui", commit_seconds=0, retry_seconds=0.01) as writer:
        writer.add_status_listener(statuses)
        disk.refuses = disk.after_commit = True
        writer.on_samples(METER, samples)
        writer.mark("once")
        statuses.wait(lambda one: bool(one.problem))
        disk.refuses = False
        assert writer.flush(DEADLINE)
    with Session.open(tmp_path / "a.wattui") as session:
        assert list(session.samples(1)) == samples
        kinds = [one.event.kind for one in session.events()]
        assert sorted(kinds) == ["mark", "started", "stopped"]


def test_what_must_be_dropped_becomes_a_gap_and_an_event(tmp_path: Path, disk: Disk) -> None:
    statuses = Statuses()
    samples = steady(100)
    path = tmp_path / "a.wattui"
    with SessionWriter(path, commit_seconds=0, retry_seconds=0.01, keep_samples=30) as writer:
        writer.add_status_listener(statuses)
        writer.on_samples(METER, samples[:10])
        assert writer.flush(DEADLINE)
        disk.refuses = True
        for one in samples[10:]:
            writer.on_samples(METER, [one])
        statuses.wait(lambda one: one.dropped > 0 or one.waiting == 30)
        assert writer.status.waiting == 30
        assert writer.status.dropped == 60
        disk.refuses = False
        assert writer.flush(DEADLINE)
    with Session.open(path) as session:
        left = list(session.samples(1))
        assert [one.time_us for one in left] == [one.time_us for one in samples[:10] + samples[70:]]
        assert left[10].gap_us == 60 * MICROSECONDS
        (dropped,) = session.events([EventKind.DROPPED])
        assert dropped.event.text.startswith("60 samples")
        assert dropped.event.duration_us == 60 * MICROSECONDS
        begin, end = session.span_us() or (0, 0)
        figures = session.statistics(1)
        assert figures.duration_s + figures.gap_s == (end - begin) / MICROSECONDS


def test_samples_older_than_ten_minutes_make_room() -> None:
    queue = WaitingQueue(keep_samples=1000, keep_seconds=600)
    for second in range(0, 1000, 10):
        queue.put(Item(METER, float(second), samples=(sample(second + 1),)))
    assert queue.samples == 61
    assert queue.dropped == 39
    left = [item for item in queue.take() if item.samples]
    assert left[0].since == 390.0


def test_a_meter_that_lost_all_that_waited_has_the_gap_later() -> None:
    queue = WaitingQueue(keep_samples=2)
    queue.put(Item(METER, 0.0, samples=(sample(1),)))
    queue.put(Item(OTHER, 0.0, samples=(sample(1),)))
    queue.put(Item(OTHER, 0.0, samples=(sample(2),)))
    queue.put(Item(METER, 0.0, samples=(sample(2),)))
    items = queue.take()
    assert queue.dropped == 2
    assert sum(item.samples[0].gap_us for item in items if item.samples) == 2 * MICROSECONDS


def test_bringing_samples_never_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = threading.Event()
    entered = threading.Event()
    real = Store.write

    def write(store: Store, items: list[Item]) -> None:
        entered.set()
        assert go.wait(DEADLINE)
        real(store, items)

    monkeypatch.setattr(Store, "write", write)
    writer = SessionWriter(tmp_path / "a.wattui")
    try:
        writer.on_samples(METER, [sample(1)])
        assert entered.wait(DEADLINE)
        # The writer's thread waits for the disk; this one would hang here if it waited too.
        for one in steady(500, first=2):
            writer.on_samples(METER, [one])
        assert writer.status.waiting == 501
    finally:
        go.set()
        writer.close()


def test_a_disk_that_hangs_is_reported_and_so_is_its_return(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wattui.session.writer.HANGING_SECONDS", -1.0)
    go, entered, statuses = threading.Event(), threading.Event(), Statuses()

    def write(store: Store, items: list[Item]) -> None:
        entered.set()
        assert go.wait(DEADLINE)

    monkeypatch.setattr(Store, "write", write)
    writer = SessionWriter(tmp_path / "a.wattui")
    writer.add_status_listener(statuses)
    try:
        writer.on_samples(METER, [sample(1)])
        assert entered.wait(DEADLINE)
        writer.on_samples(METER, [sample(2)])
        status = statuses.wait(lambda one: bool(one.problem))
        assert "not responded" in status.problem
        assert status.hanging
        go.set()
        statuses.wait(lambda one: not one.problem)
    finally:
        go.set()
        monkeypatch.undo()
        writer.close()


def test_closing_with_a_disk_that_refuses_says_what_is_lost(tmp_path: Path, disk: Disk) -> None:
    writer = SessionWriter(tmp_path / "a.wattui", retry_seconds=0.01)
    disk.refuses = True
    writer.on_samples(METER, steady(7))
    with pytest.raises(DiskRefused, match="last 7 samples"):
        writer.close(timeout=0.1)
    writer.close()
    assert not any(thread.name.startswith("wattui writer") for thread in threading.enumerate())


def test_a_close_that_begins_late_gives_up_as_soon_as_it_was_asked_to(
    tmp_path: Path, disk: Disk
) -> None:
    """A window waited for it, and ended before it: the thread that closes had begun late."""
    writer = SessionWriter(tmp_path / "a.wattui", retry_seconds=0.01)
    disk.refuses = True
    writer.on_samples(METER, steady(7))
    writer.hurry(0)
    with pytest.raises(DiskRefused, match="last 7 samples"):
        writer.close(timeout=6 * DEADLINE)


def test_a_removed_file_is_written_again(tmp_path: Path) -> None:
    samples = steady(60)
    path = tmp_path / "sessions" / "a.wattui"
    with SessionWriter(path, commit_seconds=0, retry_seconds=0.01) as writer:
        writer.on_samples(METER, samples[:30])
        assert writer.flush(DEADLINE)
        shutil.rmtree(path.parent)
        writer.on_samples(METER, samples[30:])
        assert writer.flush(DEADLINE)
    with Session.open(path) as session:
        assert list(session.samples(1)) == samples


def as_if_killed(path: Path, folder: Path) -> list[Sample]:
    """Return the samples that the files of a session would hold after a kill at this moment."""
    folder.mkdir()
    for name in path.parent.glob(f"{path.name}*"):
        if not name.name.endswith("-shm"):
            shutil.copy(name, folder)
    with Session.open(folder / path.name) as session:
        return list(session.samples(1))


@pytest.mark.parametrize("endings", [("-wal",), ("-shm",), ("-wal", "-shm"), ("",), ("", "-wal")])
def test_nothing_shown_is_lost_although_files_of_the_session_were_removed(
    tmp_path: Path, endings: tuple[str, ...]
) -> None:
    samples, path, shown = steady(90), tmp_path / "a.wattui", Checker(tmp_path / "a.wattui")
    with SessionWriter(path, commit_seconds=0) as writer:
        writer.add_listener(shown)
        writer.on_samples(METER, samples[:30])
        shown.wait(30)
        with Session.open(path) as reader:
            assert list(reader.samples(1)) == samples[:30]
            for ending in endings:
                path.with_name(path.name + ending).unlink()
            for number in range(30, 90):
                writer.on_samples(METER, [samples[number]])
            shown.wait(90)
            # A reader that had it open still reads one whole state of it.
            assert list(reader.samples(1)) in (samples[:30], samples[:31])
        assert as_if_killed(path, tmp_path / "killed") == samples
    assert shown.samples == samples
    assert shown.missing == 0
    with Session.open(path) as session:
        assert list(session.samples(1)) == samples
    assert not list(tmp_path.glob("*-wal"))


def test_a_file_that_was_replaced_is_left_alone_and_the_recording_continues_beside_it(
    tmp_path: Path,
) -> None:
    samples, path, other = steady(60), tmp_path / "a.wattui", tmp_path / "other"
    with SessionWriter(other) as writer:
        writer.on_samples(OTHER, [sample(1)])
    content = other.read_bytes()
    statuses = Statuses()
    with SessionWriter(path, commit_seconds=0, retry_seconds=0.01) as writer:
        writer.add_status_listener(statuses)
        writer.on_samples(METER, samples[:30])
        assert writer.flush(DEADLINE)
        other.replace(path)
        writer.on_samples(METER, samples[30:])
        assert writer.flush(DEADLINE)
        moved = tmp_path / "a (2).wattui"
        assert writer.path == moved
        assert as_if_killed(moved, tmp_path / "killed") == samples
        with pytest.raises(DiskRefused):
            SessionWriter(moved)
        SessionWriter(path).close()  # the other file is free
    assert not statuses.all
    assert path.read_bytes()[100:] == content[100:]
    with Session.open(moved) as session:
        assert list(session.samples(1)) == samples
        notes = [one.event.text for one in session.events() if one.event.kind is EventKind.NOTE]
    assert notes == [
        f"{path} was replaced by another file while it was being recorded; "
        "the recording continues in a (2).wattui"
    ]


def test_a_removed_file_whose_folder_cannot_be_made_waits(tmp_path: Path) -> None:
    samples, statuses = steady(60), Statuses()
    path = tmp_path / "sessions" / "a.wattui"
    with SessionWriter(path, commit_seconds=0, retry_seconds=0.01) as writer:
        writer.add_status_listener(statuses)
        writer.on_samples(METER, samples[:30])
        assert writer.flush(DEADLINE)
        shutil.rmtree(path.parent)
        path.parent.touch()
        writer.on_samples(METER, samples[30:])
        assert "removed" in statuses.wait(lambda one: bool(one.problem)).problem
        path.parent.unlink()
        assert writer.flush(DEADLINE)
    with Session.open(path) as session:
        assert list(session.samples(1)) == samples


def test_a_clock_that_went_back_leaves_times_increasing(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.wattui") as writer:
        writer.on_samples(METER, [sample(5), sample(6)])
        writer.on_samples(METER, [sample(2), sample(3), sample(8)])
    with Session.open(tmp_path / "a.wattui") as session:
        times = [one.time_us - BEGIN for one in session.samples(1)]
        assert times == [5_000_000, 6_000_000, 6_000_001, 6_000_002, 8_000_000]


def test_a_session_is_continued(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", steady(500))
    record(path, steady(500, first=501))
    with Session.open(path) as session:
        assert list(session.samples(1)) == steady(1000)
        assert session.statistics(1).count == 1000
        assert not session.interrupted


def test_a_meter_whose_records_come_faster_gets_finer_summaries(tmp_path: Path) -> None:
    slow = MeterInfo("A", "sim://", interval=600)
    fast = MeterInfo("A", "sim://", interval=1)
    first = [sample(600 * i, interval=600) for i in range(1, 400)]
    then = steady(5_000, first=600 * 399 + 1)
    with SessionWriter(tmp_path / "a.wattui") as writer:
        writer.on_samples(slow, first)
        writer.on_samples(fast, then)
    with Session.open(tmp_path / "a.wattui") as session:
        begin = (first[0].time_us - 1, then[2000].time_us)
        for start in begin:
            expected = [one for one in [*first, *then] if one.time_us > start]
            assert session.statistics(1, start).count == len(expected)
            energy = sum((one.values[0] or 0) * one.interval_us for one in expected) / 36e9
            assert session.statistics(1, start).energy_wh == pytest.approx(energy, rel=1e-12)
        assert session.meters[0].info == fast


def test_facts_about_a_meter_that_are_learnt_later_are_stored(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.wattui") as writer:
        writer.on_samples(MeterInfo("A80012", "/dev/ttyUSB7"), [sample(1)])
        writer.on_samples(METER, [sample(2)])
    with Session.open(tmp_path / "a.wattui") as session:
        assert [one.info for one in session.meters] == [METER]


def test_a_second_writer_is_refused_and_the_first_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    with SessionWriter(path) as writer:
        with pytest.raises(DiskRefused, match="process"):
            SessionWriter(path)
        writer.on_samples(METER, [sample(1)])
    with Session.open(path) as session:
        assert session.count(1) == 1


def test_a_listener_that_fails_does_not_stop_the_recording(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
            raise RuntimeError("no screen")

        on_event = on_samples

    checker = Checker(tmp_path / "a.wattui")
    with SessionWriter(checker.path) as writer:
        writer.add_listener(Broken())
        writer.add_listener(checker)
        writer.on_samples(METER, steady(3))
    assert len(checker.samples) == 3
    assert "no screen" in caplog.text


def test_samples_after_the_end_are_left_out(tmp_path: Path) -> None:
    writer = SessionWriter(tmp_path / "a.wattui")
    writer.on_samples(METER, steady(3))
    writer.close()
    writer.on_samples(METER, steady(3, first=9))
    writer.mark("late")
    with Session.open(tmp_path / "a.wattui") as session:
        assert session.count(1) == 3


def test_records_of_sixteen_fields_are_filled_up(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.wattui") as writer:
        writer.on_samples(METER, [Sample(BEGIN, MICROSECONDS, tuple(range(16)))])
    with Session.open(tmp_path / "a.wattui") as session:
        (one,) = session.samples(1)
        assert one.values == (*range(16), None, None)


LIMITED = """
import resource, signal, sys, threading
from session_samples import METER, steady
from wattui.session import SessionWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path, limit = sys.argv[1], int(sys.argv[2])
refused, well = threading.Event(), threading.Event()
def status(one):
    (refused if one.problem else well).set()
writer = SessionWriter(path, commit_seconds=0, retry_seconds=0.01)
writer.add_status_listener(status)
samples = steady(4000)
writer.on_samples(METER, samples[:1000])
assert writer.flush()
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (writer.size // 2, hard))
for start in range(1000, 4000, 500):
    writer.on_samples(METER, samples[start:start + 500])
assert refused.wait(20)
print(writer.status.problem)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
assert well.wait(20) and writer.flush()
writer.close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")
def test_a_real_limit_of_the_disk_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path), "0"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[1],
    )
    assert done.returncode == 0, done.stderr
    assert "disk" in done.stdout
    with Session.open(path) as session:
        assert list(session.samples(1)) == steady(4000)


TINY = """
import pathlib, sys, threading
from session_samples import METER, steady
from wattui.session import Session, SessionWriter
folder = pathlib.Path(sys.argv[1])
ballast = folder / "ballast"
refused, well = threading.Event(), threading.Event()
def status(one):
    (refused if one.problem else well).set()
writer = SessionWriter(folder / "a.wattui", commit_seconds=0, retry_seconds=0.01)
writer.add_status_listener(status)
samples = steady(6000)
writer.on_samples(METER, samples[:1000])
assert writer.flush()
try:
    with ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
except OSError:
    pass
for start in range(1000, 6000, 500):
    writer.on_samples(METER, samples[start:start + 500])
assert refused.wait(20)
print(writer.status.problem)
ballast.unlink()
assert well.wait(20) and writer.flush()
writer.close()
with Session.open(folder / "a.wattui") as session:
    assert list(session.samples(1)) == samples
print("whole")
"""


@pytest.fixture
def tiny_disk(tmp_path: Path) -> list[str]:
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare")
    mount = ["unshare", "-Urm", "sh", "-c"]
    script = 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"'
    trial = subprocess.run([*mount, script, str(tmp_path), "true"], capture_output=True, timeout=30)
    if trial.returncode:
        pytest.skip("no user namespaces here")
    return [*mount, script, str(tmp_path)]


def test_a_full_disk_loses_nothing(tiny_disk: list[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [*tiny_disk, sys.executable, "-c", TINY, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[1],
    )
    assert done.returncode == 0, done.stderr
    assert "full" in done.stdout
    assert "whole" in done.stdout


FULL_FROM_THE_START = """
import pathlib, sys, threading
from session_samples import METER, steady
from wattui.session import Session, SessionWriter
folder = pathlib.Path(sys.argv[1])
ballast = folder / "ballast"
refused, well = threading.Event(), threading.Event()
def status(one):
    (refused if one.problem else well).set()
try:
    with ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))
except OSError:
    pass
writer = SessionWriter(folder / "a.wattui", at_once=False, retry_seconds=0.01)
writer.add_status_listener(status)
writer.on_samples(METER, steady(10))
assert refused.wait(20)
print(writer.status.problem)
ballast.unlink()
assert well.wait(20) and writer.flush()
writer.close()
with Session.open(folder / "a.wattui") as session:
    assert list(session.samples(1)) == steady(10)
print("whole")
"""


def test_a_disk_that_was_full_at_the_start_is_not_taken_for_another_recording(
    tiny_disk: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [*tiny_disk, sys.executable, "-c", FULL_FROM_THE_START, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[1],
    )
    assert done.returncode == 0, done.stderr
    assert "full" in done.stdout
    assert "whole" in done.stdout


def test_python_exits_although_the_writer_was_not_closed(tmp_path: Path) -> None:
    """It waited for the writer's thread for ever."""
    path = tmp_path / "run.wattui"
    program = (
        "import sys; from wattui.api import *\n"
        "writer = SessionWriter(sys.argv[1])\n"
        "writer.on_samples(MeterInfo('a', 'a'), [Sample(1_000_000, 1_000_000, (1,) * 18)])\n"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], timeout=60, check=True)
    with Session.open(path) as session:
        assert session.count(session.meters[0].id) == 1
        assert not session.interrupted


def test_samples_that_are_lost_as_python_ends_are_reported(tmp_path: Path) -> None:
    """A script that did not close its writer lost them in silence."""
    script = f"""
import errno, sqlite3
from session_samples import METER, steady
from wattui.session import SessionWriter, store
writer = SessionWriter({str(tmp_path / "a.wattui")!r})
def refuse(self, items):
    raise OSError(errno.ENOSPC, "No space left on device")
store.Store.write = refuse
writer.on_samples(METER, steady(3))
close = SessionWriter.close
SessionWriter.close = lambda self: close(self, 0.1)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert "The last 3 samples could not be written" in done.stderr


def test_a_faster_recording_after_a_long_gap_could_not_be_written(tmp_path: Path) -> None:
    """Its finer summaries are made of earlier samples too, and hours of them were missing."""
    slow = replace(METER, interval=60.0)
    minutes = [sample(60 * n, interval=60.0) for n in (*range(1, 20), *range(1_000, 1_020))]
    path = record(tmp_path / "a.wattui", minutes, slow)
    seconds = [sample(70_000 + n) for n in range(100)]
    with SessionWriter(path) as writer:
        writer.on_samples(METER, seconds)
        assert writer.flush()
    assert verify(path) == []
    with Session.open(path) as session:
        assert session.count(1) == len(minutes) + len(seconds)


def test_a_reader_wrote_the_journal_into_a_file_that_replaced_the_session(tmp_path: Path) -> None:
    path, letter = tmp_path / "run.wattui", tmp_path / "letter"
    letter.write_bytes(b"Dear Sir or Madam" * 1_000)
    with SessionWriter(path) as writer:
        writer.on_samples(METER, steady(5))
        assert writer.flush()
        letter.replace(path)
        with pytest.raises(NotASession, match="replaced by another file"):
            Session.open(path).close()
        assert path.read_bytes() == b"Dear Sir or Madam" * 1_000
        writer.on_samples(METER, steady(10)[5:])
        assert writer.flush()
        moved = writer.path
        with Session.open(moved) as session:
            assert session.count(1) == 10
    assert path.read_bytes() == b"Dear Sir or Madam" * 1_000
