# SPDX-License-Identifier: GPL-3.0-or-later
"""Neither a file that is closed nor a meter that was connected again leaves objects in memory.

The memory of a process says little about a run of seconds; the number of its objects does.
"""

from __future__ import annotations

import gc
import threading
from collections import Counter
from pathlib import Path

from fake_meter import DEADLINE

from wattui.client import MeterClient, Timing
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_COUNT
from wattui.measurement.sample import Sample
from wattui.session.rotation import RotatingRecorder, Rotation
from wattui.simulator.pty_server import PtyServer
from wattui.simulator.sim_url import meter_from_url

METERS = [MeterInfo(f"A{n}", f"/dev/ttyUSB{n}", f"bench {n}", "PRO") for n in range(3)]

#: Midnight of some day, and samples of a meter in an hour.
BEGIN = 1_764_547_200 * MICROSECONDS
PER_HOUR = 40

PACKAGES = ("wattui", "sqlite3", "threading", "queue")


def census() -> Counter[str]:
    """Return the number of living objects by their type, and of all together."""
    gc.collect()
    found: Counter[str] = Counter()
    objects = gc.get_objects()
    for one in objects:
        kind = type(one)
        # Some types have a descriptor there.
        if str(kind.__module__).partition(".")[0] in PACKAGES:
            found[f"{kind.__module__}.{kind.__qualname__}"] += 1
    found["everything"] = len(objects)
    return found


def grown(before: Counter[str], after: Counter[str]) -> Counter[str]:
    """Return by how much the number of objects has grown, by type."""
    after.subtract(before)
    return after


class _Files:
    """Counts the files that were closed."""

    def __init__(self) -> None:
        self.count = 0
        self._changed = threading.Condition()

    def __call__(self, _path: Path, error: Exception | None) -> None:
        assert error is None
        with self._changed:
            self.count += 1
            self._changed.notify_all()

    def wait(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.count >= count, DEADLINE)
        for thread in threading.enumerate():
            if thread.name == "wattui closer":
                thread.join(DEADLINE)


def record_hour(recorder: RotatingRecorder, hour: int) -> None:
    """Record an hour of all meters, with a gap and a reconnection of each."""
    step = 3600 * MICROSECONDS // PER_HOUR
    for n in range(1, PER_HOUR + 1):
        time = BEGIN + hour * 3600 * MICROSECONDS + n * step
        for meter in METERS:
            if n == PER_HOUR // 2:
                recorder.on_event(meter, Event(time, EventKind.RECONNECTED, "again"))
                recorder.on_event(meter, Event(time, EventKind.GAP, "no record", step))
            values = (400 + n, *[1] * (FIELD_COUNT - 1))
            recorder.on_samples(meter, [Sample(time, step, values)])


def test_a_file_that_is_closed_leaves_nothing_in_memory(tmp_path: Path) -> None:
    files, more = _Files(), 10
    recorder = RotatingRecorder(tmp_path, Rotation.parse("hour"), finished=files)
    try:
        for hour in range(4):
            record_hour(recorder, hour)
        files.wait(3)
        before = census()
        for hour in range(4, 4 + more):
            record_hour(recorder, hour)
        files.wait(3 + more)
        after = grown(before, census())
    finally:
        recorder.close()
    everything = after.pop("everything")
    assert {name: count for name, count in after.items() if count >= more} == {}
    assert everything < 40 * more


class _Events:
    """Counts the losses of a connection, and how often records came again."""

    def __init__(self) -> None:
        self._lost = self._back = 0
        self._changed = threading.Condition()

    def on_samples(self, _meter: MeterInfo, _samples: object) -> None:
        """Note that there are records."""
        with self._changed:
            self._back = self._lost
            self._changed.notify_all()

    def on_event(self, _meter: MeterInfo | None, event: Event) -> None:
        """Count a loss."""
        with self._changed:
            self._lost += event.kind is EventKind.LOST
            self._changed.notify_all()

    def wait_lost(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._lost == count, DEADLINE)

    def wait_back(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._back == count, DEADLINE)


def unplugged(times: int, link: Path) -> MeterClient:
    """Return a stopped client whose meter was unplugged some times."""
    events = _Events()
    client = MeterClient(str(link), timing=Timing(retry_first=0.01, retry_last=0.02))
    client.add_listener(events)
    with PtyServer([meter_from_url("sim://pro?speed=20")], [link]) as server:
        client.start()
        client.wait_running(DEADLINE)
        for count in range(1, times + 1):
            with server.paused():
                server.meters[0].unplug()
            events.wait_lost(count)
            with server.paused():
                server.meters[0].replug()
            events.wait_back(count)
        client.stop(DEADLINE)
    return client


def test_a_meter_that_is_connected_again_leaves_nothing_in_memory(tmp_path: Path) -> None:
    few, many = 1, 9
    clients = [unplugged(few, tmp_path / "a")]
    first = census()
    clients.append(unplugged(few, tmp_path / "b"))
    second = census()
    clients.append(unplugged(many, tmp_path / "c"))
    third = census()
    more = grown(grown(first, second.copy()), grown(second, third))
    everything = more.pop("everything")
    assert len(clients) == 3
    assert {name: count for name, count in more.items() if count >= many - few} == {}
    assert everything < 10 * (many - few)
