# SPDX-License-Identifier: GPL-3.0-or-later
"""A file a period: no sample is lost, none is twice, and each file is whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from wattui.errors import DiskRefused, WattuiError
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind, MeterInfo, as_listener
from wattui.measurement.fields import FIELD_COUNT
from wattui.measurement.sample import Sample
from wattui.session import Annotations, Mark, Session, Span
from wattui.session.rotation import GRACE_US, RotatingRecorder, Rotation
from wattui.session.store import Store
from wattui.session.write_queue import Item
from wattui.session.writer import COMMIT_SECONDS

METERS = [MeterInfo(f"A{n}", f"/dev/ttyUSB{n}", f"bench {n}", "PRO") for n in range(3)]

#: Five seconds before midnight of a Sunday.
EVENING = int(datetime(2026, 11, 22, 23, 59, 55).timestamp()) * MICROSECONDS


def samples(first: int, count: int, phase: float = 0.0) -> list[Sample]:
    values = (423, *[1] * (FIELD_COUNT - 1))
    return [
        Sample(EVENING + round((first + i + phase) * MICROSECONDS), MICROSECONDS, values)
        for i in range(count)
    ]


class Files:
    """The files of a recorder that were closed."""

    def __init__(self) -> None:
        self.paths: list[Path] = []
        self.errors: list[WattuiError] = []
        self._changed = threading.Condition()

    def __call__(self, path: Path, error: WattuiError | None) -> None:
        with self._changed:
            self.paths.append(path)
            if error is not None:
                self.errors.append(error)
            self._changed.notify_all()

    def wait(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.paths) >= count, 20.0)


@pytest.fixture
def files() -> Files:
    return Files()


@pytest.fixture
def make(tmp_path: Path, files: Files) -> Iterator:
    made: list[RotatingRecorder] = []

    def maker(text: str = "", **options) -> RotatingRecorder:
        rotation = Rotation.parse(text) if text else Rotation()
        made.append(RotatingRecorder(tmp_path / "out", rotation, finished=files, **options))
        return made[-1]

    yield maker
    for one in made:
        one.close()


def recorded(folder: Path) -> dict[str, dict[str, list[int]]]:
    """Return the times of each file's samples, by meter; each file must be closed."""
    found: dict[str, dict[str, list[int]]] = {}
    for path in sorted(folder.glob("*")):
        assert path.suffix == ".wattui", f"{path.name} was left over"
        with Session.open(path) as session:
            assert not session.interrupted
            found[path.name] = {
                meter.info.key: [one.time_us for one in session.samples(meter.id)]
                for meter in session.meters
            }
    return found


def test_midnight_divides_the_samples_of_all_meters(make, files: Files, tmp_path: Path) -> None:
    recorder = make("day")
    streams = [samples(1, 30, phase) for phase in (0.0, 0.3, -0.4)]
    for i in range(30):
        for meter, stream in zip(METERS, streams, strict=True):
            recorder.on_samples(meter, [stream[i]])
    recorder.close()
    found = recorded(tmp_path / "out")
    assert list(found) == ["2026-11-22 23.59.56.wattui", "2026-11-23 00.00.00.wattui"]
    midnight = EVENING + 5 * MICROSECONDS
    before, after = found.values()
    for meter, stream in zip(METERS, streams, strict=True):
        times = [one.time_us for one in stream]
        assert before[meter.key] == [t for t in times if t <= midnight]
        assert after[meter.key] == [t for t in times if t > midnight]
    assert [path.name for path in files.paths] == list(found)


def test_a_batch_across_midnight_is_divided(make, tmp_path: Path) -> None:
    recorder = make("day")
    recorder.on_samples(METERS[0], samples(1, 20))
    recorder.close()
    assert [len(f["A0"]) for f in recorded(tmp_path / "out").values()] == [5, 15]


def test_a_meter_that_lags_far_behind_loses_nothing(make, files: Files, tmp_path: Path) -> None:
    recorder = make("day")
    recorder.on_samples(METERS[0], samples(1, 5 + GRACE_US // MICROSECONDS + 1))
    files.wait(1)
    late = samples(3, 4)
    recorder.on_samples(METERS[1], late)
    recorder.close()
    found = recorded(tmp_path / "out")
    times = [time for file in found.values() for time in file.get("A1", [])]
    assert sorted(times) == [one.time_us for one in late]


def test_events_go_where_their_time_is(make, tmp_path: Path) -> None:
    recorder = make("day")
    lost = Event(EVENING + 4 * MICROSECONDS, EventKind.LOST)
    back = Event(EVENING + 8 * MICROSECONDS, EventKind.RECONNECTED)
    recorder.on_event(METERS[0], Event(EVENING - 10, EventKind.NOTE, "early"))
    recorder.on_samples(METERS[0], samples(1, 3))
    recorder.on_event(METERS[0], lost)
    recorder.on_event(METERS[0], back)
    recorder.on_samples(METERS[0], samples(9, 3))
    recorder.close()
    kinds = []
    for path in sorted((tmp_path / "out").iterdir()):
        with Session.open(path) as session:
            kinds.append([str(one.event.kind) for one in session.events()])
    assert [set(one) for one in kinds] == [
        {"note", "started", "lost", "stopped"},
        {"reconnected", "started", "stopped"},
    ]


def test_marks_and_spans_stay_in_the_file_that_they_were_added_to(
    make, files: Files, tmp_path: Path
) -> None:
    stored = threading.Event()
    recorder = make("day", committed=as_listener(lambda *_: stored.set()))
    recorder.on_samples(METERS[0], samples(1, 4))
    assert stored.wait(20.0)
    notes = Annotations(recorder.path)
    mark = notes.add(Mark(0, EVENING + MICROSECONDS, "before midnight"))
    span = notes.add(Span(0, EVENING, EVENING + 9 * MICROSECONDS, "across midnight"))
    recorder.on_samples(METERS[0], samples(5, 30))
    files.wait(1)
    recorder.close()
    found = []
    for path in sorted((tmp_path / "out").iterdir()):
        with Session.open(path) as session:
            found.append((session.marks(), session.spans()))
    assert found == [([mark], [span]), ([], [])]


def test_a_file_of_a_size(make, files: Files, tmp_path: Path) -> None:
    recorder = make("100kB")
    total = 0
    while len(files.paths) < 3 and total < 60_000:
        recorder.on_samples(METERS[0], samples(total, 200))
        recorder.on_samples(METERS[1], samples(total, 200, -0.25))
        total += 200
        current = recorder._current
        assert current is not None
        current.recorder._writer.flush()
    recorder.close()
    found = recorded(tmp_path / "out")
    assert len(found) >= 4
    # The journal, which holds whole pages for each commit, does not count.
    for path in files.paths[:3]:
        assert path.stat().st_size >= 100_000
    for key, phase in (("A0", 0.0), ("A1", -0.25)):
        times = [time for file in found.values() for time in file.get(key, [])]
        assert times == [one.time_us for one in samples(0, total, phase)]


def test_hanging_up_begins_a_new_file(make, files: Files, tmp_path: Path) -> None:
    recorder = make()
    recorder.rotate()  # there is nothing yet
    assert recorder.path is None
    for turn in range(3):
        recorder.on_samples(METERS[0], samples(turn * 5, 5))
        files.wait(turn)
        recorder.rotate()
        recorder.rotate()
    recorder.on_samples(METERS[0], samples(15, 5))
    files.wait(3)
    recorder.close()
    found = recorded(tmp_path / "out")
    assert [len(file["A0"]) for file in found.values()] == [5] * 4


def interrupted(folder: Path) -> list[bool]:
    """Return which of the files have no end, in order."""
    found = []
    for path in sorted(folder.glob("*.wattui")):
        with Session.open(path) as session:
            found.append(session.interrupted)
    return found


def test_a_program_killed_between_two_files_left_no_mark_of_it(
    make, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = make()
    recorder.on_samples(METERS[0], samples(0, 5))
    recorder._current.recorder._writer.flush()
    recorder.rotate()
    assert interrupted(tmp_path / "out") == [True], "before the first sample of the next file"
    may_write, came, real = threading.Event(), threading.Event(), Store.write

    def write(store: Store, items: list[Item]) -> None:
        came.set()
        assert may_write.wait(20.0)
        real(store, items)

    monkeypatch.setattr(Store, "write", write)
    recorder.on_samples(METERS[0], samples(5, 5))
    assert came.wait(20.0)
    assert interrupted(tmp_path / "out")[0], "until that is on disk"
    assert files.paths == []
    may_write.set()
    files.wait(1)
    assert interrupted(tmp_path / "out") == [False, True]
    recorder.close()
    assert interrupted(tmp_path / "out") == [False, False]


class SlowFile:
    """Takes the place of Store.write: the first file is slow, or refuses; keeps who came when."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.may_write, self.came = threading.Event(), threading.Event()
        self.refuses = False
        self.written: list[tuple[str, int]] = []
        real = Store.write

        def write(store: Store, items: list[Item]) -> None:
            first = not self.written or store.path.name == self.written[0][0]
            if first and self.written:
                self.came.set()
                assert self.may_write.wait(20.0)
                if self.refuses:
                    raise OSError(28, "No space left on device")
            real(store, items)
            self.written.append((store.path.name, sum(len(item.samples) for item in items)))

        monkeypatch.setattr(Store, "write", write)


def test_killed_between_two_files_leaves_no_hole(
    make, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SlowFile(monkeypatch)
    recorder = make()
    recorder.on_samples(METERS[0], samples(0, 5))
    recorder._current.recorder._writer.flush()
    recorder.on_samples(METERS[0], samples(5, 5))
    recorder.rotate()
    recorder.on_samples(METERS[0], samples(10, 5))
    recorder.rotate()
    recorder.on_samples(METERS[0], samples(15, 5))
    assert disk.came.wait(20.0)
    newest = recorder._current.recorder._writer
    # Both files would be written within this time if they did not wait for the first one.
    assert not newest.flush(3 * COMMIT_SECONDS)
    assert [count for _name, count in disk.written] == [5]
    disk.may_write.set()
    recorder.close()
    assert [count for _name, count in disk.written if count] == [5] * 4
    assert [len(file["A0"]) for file in recorded(tmp_path / "out").values()] == [10, 5, 5]


def test_what_a_file_cannot_hold_goes_into_the_next_one(
    make, files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wattui.session.rotation.KEEP_SECONDS", 0.1)
    disk = SlowFile(monkeypatch)
    disk.refuses = True
    recorder = make()
    recorder.on_samples(METERS[0], samples(0, 5))
    recorder._current.recorder._writer.flush()
    recorder.on_samples(METERS[0], samples(5, 5))
    recorder.rotate()
    recorder.on_samples(METERS[0], samples(10, 5))
    disk.may_write.set()
    recorder.close()
    assert not files.errors
    assert [len(file["A0"]) for file in recorded_anyhow(tmp_path / "out")] == [5, 10]


def recorded_anyhow(folder: Path) -> list[dict[str, list[int]]]:
    """Return the times of each file's samples, by meter, also where a file has no end."""
    found = []
    for path in sorted(folder.glob("*.wattui")):
        with Session.open(path) as session:
            found.append(
                {
                    meter.info.key: [one.time_us for one in session.samples(meter.id)]
                    for meter in session.meters
                }
            )
    return found


def test_two_files_of_one_second_have_two_names(make, tmp_path: Path) -> None:
    recorder = make()
    for i in range(4):
        recorder.on_samples(METERS[0], [samples(1, 1, i / 10)[0]])
        recorder.rotate()
    recorder.close()
    assert [len(file["A0"]) for file in recorded(tmp_path / "out").values()] == [1] * 4


def test_samples_after_the_end_are_left_alone(make, tmp_path: Path) -> None:
    recorder = make("day")
    recorder.close()
    recorder.close()
    recorder.on_samples(METERS[0], samples(1, 3))
    recorder.on_event(METERS[0], Event(EVENING, EventKind.LOST))
    assert not (tmp_path / "out").exists()


def test_a_folder_that_went_away_is_reported_at_the_end(make, files: Files, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file in its place")
    recorder = make("day")
    recorder.on_samples(METERS[0], samples(1, 3))
    with pytest.raises(DiskRefused):
        recorder.close(0.2)
    assert len(files.errors) == 1


@pytest.mark.parametrize("text", ["", "daily", "5", "1kB", "-5MB", "MB"])
def test_invalid_rotations_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither|less"):
        Rotation.parse(text)


def test_sizes_as_people_write_them() -> None:
    assert Rotation.parse("100MB").size == Rotation.parse(" 0.1 gib ").size == 100_000_000


@pytest.mark.parametrize(
    ("zone", "kind", "moment", "end"),
    [
        ("Europe/Berlin", "day", "2026-03-29T01:00:00+01:00", "2026-03-30T00:00:00+02:00"),
        ("Europe/Berlin", "day", "2026-10-25T12:00:00+01:00", "2026-10-26T00:00:00+01:00"),
        ("Europe/Berlin", "day", "2026-11-23T00:00:00+01:00", "2026-11-23T00:00:00+01:00"),
        ("Europe/Berlin", "week", "2026-11-23T00:00:01+01:00", "2026-11-30T00:00:00+01:00"),
        ("Europe/Berlin", "week", "2026-11-23T00:00:00+01:00", "2026-11-23T00:00:00+01:00"),
        ("Europe/Berlin", "hour", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00"),
        ("Europe/Berlin", "hour", "2026-10-25T02:30:00+01:00", "2026-10-25T03:00:00+01:00"),
        ("Asia/Kathmandu", "hour", "2026-11-23T10:59:59+05:45", "2026-11-23T11:00:00+05:45"),
        # Midnight that does not exist: clocks go from 23:59:59 to 01:00.
        ("America/Asuncion", "day", "2023-09-30T20:00:00-04:00", "2023-10-01T01:00:00-03:00"),
    ],
)
def test_periods_end_by_the_local_clock(
    monkeypatch: pytest.MonkeyPatch, zone: str, kind: str, moment: str, end: str
) -> None:
    if not hasattr(time, "tzset") or not Path("/usr/share/zoneinfo", zone).exists():
        pytest.skip("this system lacks the time zone")
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        begin = round(datetime.fromisoformat(moment).timestamp() * MICROSECONDS)
        found = Rotation.parse(kind).end_us(begin) / MICROSECONDS
    time.tzset()
    assert found == datetime.fromisoformat(end).timestamp()
