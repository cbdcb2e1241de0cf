# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading out the whole memory exactly, whatever goes wrong."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from fake_meter import DEADLINE, Connect, Notebook, connect_fixture  # noqa: F401 - a fixture
from hypothesis import given
from hypothesis import strategies as st

from wattui.errors import LinkLost
from wattui.measurement.events import EventKind, MeterInfo
from wattui.measurement.fields import WireValue
from wattui.meter_memory.readout import Patience, Readout, read_memory
from wattui.meter_memory.records import RecordList, agreed, merge
from wattui.simulator.pty_server import PtyServer
from wattui.simulator.sim_url import meter_from_url
from wattui.simulator.simulated_meter import SimulatedMeter

BASE = "logging=stopped&speed=50&memory=300"
#: As in the protocol, at fifty times the speed.
BRISK = Patience(answer=1.0, records=2.0, replug=DEADLINE)


def memory_of(meter: SimulatedMeter) -> list[tuple[WireValue, ...]]:
    """Return the records in a simulated meter's memory."""
    return [
        tuple(values) + (None,) * (18 - len(values))
        for values in meter.memory.records(meter.model.fields)
    ]


@pytest.mark.parametrize(
    "query",
    [
        *("", "fields=w,v,a", "firmware=old", "faults=noend", "faults=end3", "faults=oldreadout"),
        *("faults=mixed&fields=w,v,a", "faults=mixed", "faults=nul,noise", "faults=stall:50"),
        *("faults=garbage:0.01", "faults=cut", "interval=60"),
    ],
)
def test_the_records_equal_the_memory_bit_for_bit(connect: Connect, query: str) -> None:
    url = f"sim://pro?{BASE}&{query}"
    with PtyServer([meter_from_url(url)]) as server:
        readout = read_memory(connect(server.paths[0]), patience=BRISK)
        with server.paused():
            memory = memory_of(server.meters[0])
    assert list(readout.records) == memory
    assert readout.complete, readout.reasons
    assert len(memory) == 300


@pytest.mark.parametrize("model", ["pro", "es", "net"])
@pytest.mark.parametrize("full", ["stop", "overwrite", "condense"])
def test_full_memory_under_each_handling(connect: Connect, model: str, full: str) -> None:
    url = f"sim://{model}?logging=stopped&speed=2000&memory=full+50&full={full}"
    meter = meter_from_url(url)
    memory = memory_of(meter)
    with PtyServer([meter]) as server:
        readout = read_memory(connect(server.paths[0]), patience=BRISK)
    assert list(readout.records) == memory
    assert readout.interval == meter.memory.interval


def test_empty_memory_is_complete(connect: Connect) -> None:
    readout = read_memory(connect("sim://pro?logging=stopped&memory=0"), patience=BRISK)
    assert len(readout.records) == 0
    assert readout.complete


def test_fewer_records_than_announced_are_reported(connect: Connect) -> None:
    readout = read_memory(connect(f"sim://pro?{BASE}&faults=short:3"), patience=BRISK)
    assert (len(readout.records), readout.expected) == (297, 300)
    assert readout.reasons == ("297 of 300 records: fewer were received than announced",)


def test_more_records_than_announced_are_saved_and_reported(connect: Connect) -> None:
    readout = read_memory(connect(f"sim://pro?{BASE}&faults=more:3"), patience=BRISK)
    assert len(readout.records) == 303
    assert not readout.complete


@pytest.mark.parametrize("interval", [0, 999_999_999])
def test_an_absurd_interval_is_ignored(connect: Connect, interval: int) -> None:
    url = f"sim://pro?{BASE}&faults=interval:{interval}"
    readout = read_memory(connect(url), patience=BRISK)
    assert readout.interval == 1
    assert str(interval) in readout.notes[0]


def test_progress_is_reported_and_cancelling_saves_the_records_received(connect: Connect) -> None:
    reports: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        reports.append((done, total))

    client = connect("sim://pro?logging=stopped&speed=5&memory=1000")
    readout = read_memory(client, progress, lambda: bool(reports and reports[-1][0] >= 100))
    assert 100 <= len(readout.records) < 1000
    assert "cancelled" in readout.reasons[0]
    assert reports[-1] == (len(readout.records), 1000)
    assert len(read_memory(client, patience=BRISK).records) == 1000  # the line is free again


def test_a_meter_that_stays_unplugged_ends_the_readout(connect: Connect) -> None:
    with PtyServer([meter_from_url("sim://pro?logging=stopped&speed=3&memory=600")]) as server:
        client = connect(server.paths[0])
        # The link of the pty's name is what a person would give; here it changes.
        done = threading.Event()

        def progress(count: int, total: int) -> None:
            if count > 100 and not done.is_set():
                done.set()
                with server.paused():
                    server.meters[0].unplug()

        with pytest.raises(LinkLost):  # nobody plugs it in: what came is not lost silently
            _raise_if_short(read_memory(client, progress, patience=replace(BRISK, replug=0.2)))


def _raise_if_short(readout: Readout) -> None:
    assert 100 < len(readout.records) < 600
    assert "unplugged" in readout.reasons[0]
    raise LinkLost("as it should be")


def test_a_readout_after_replugging_is_complete_without_duplicates(connect: Connect) -> None:
    client = connect("sim://pro?logging=stopped&speed=4&memory=600&faults=unplug@5:4&id=replug")
    readout = read_memory(client, patience=BRISK)
    assert readout.complete, readout.reasons
    assert len(readout.records) == 600


def test_live_recording_pauses_and_goes_on(connect: Connect) -> None:
    client = connect("sim://pro?speed=50&memory=100", live=True)
    notebook = Notebook()
    client.add_listener(notebook)
    notebook.wait_samples(2)
    readout = read_memory(client, patience=BRISK)
    before = len(notebook.samples)
    notebook.wait_samples(before + 2)
    assert readout.complete
    assert len(readout.records) >= 100
    kinds = notebook.kinds()
    assert kinds.index(EventKind.PAUSED) < kinds.index(EventKind.RESUMED)
    assert notebook.samples[before].gap_us > 0


# -- the result -------------------------------------------------------------------------


def record(power: int, cycles: int | None = 0) -> tuple[WireValue, ...]:
    return (power,) + (None,) * 14 + (cycles, None, None)


def readout_of(records: list[tuple[WireValue, ...]], interval: int = 10) -> Readout:
    meter = MeterInfo("m", "m")
    return Readout(meter, RecordList(records), interval, len(records), (), (), 1000.0, 1001.0)


def test_power_losses_are_where_the_count_changes() -> None:
    readout = readout_of([record(1, 3), record(2, 3), record(3, 4), record(4, None), record(5, 4)])
    assert readout.power_losses() == [2]


def test_a_list_of_records_returns_them_exactly() -> None:
    records = [record(number, None) for number in range(100)]
    stored = RecordList(records)
    assert list(stored) == records
    assert stored[-1] == records[-1]
    assert list(stored[10:20]) == records[10:20]
    with pytest.raises(IndexError):
        stored[100]


numbered = st.lists(st.integers(0, 199), unique=True, max_size=40).map(sorted)


@given(numbered, numbered)
def test_two_merged_readouts_have_the_records_that_either_lost(
    lost_first: list[int], lost_second: list[int]
) -> None:
    whole = [record(number) for number in range(200)]
    first = RecordList(one for n, one in enumerate(whole) if n not in lost_first)
    second = RecordList(one for n, one in enumerate(whole) if n not in lost_second)
    lost_by_both = set(lost_first) & set(lost_second)
    if not lost_by_both and _apart(lost_first, lost_second):
        assert list(merge(first, second)) == whole
    assert list(merge(first, first)) == list(first)


def _apart(first: list[int], second: list[int]) -> bool:
    """Check that no record that one lost is next to one that the other lost."""
    return all(abs(one - other) > 1 for one in first for other in second)


@given(st.lists(st.integers(0, 100), max_size=10), st.lists(st.integers(0, 100), max_size=10))
def test_two_readouts_do_not_agree_on_live_records_in_between(
    live_first: list[int], live_second: list[int]
) -> None:
    memory = [record(number) for number in range(100)]
    first, second = list(memory), list(memory)
    for n, position in enumerate(live_first):
        first.insert(position, record(1000 + n))
    for n, position in enumerate(live_second):
        second.insert(position, record(2000 + n))
    both = list(agreed(RecordList(first), RecordList(second)))
    assert not [one for one in both if one not in memory]
