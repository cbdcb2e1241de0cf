# SPDX-License-Identifier: GPL-3.0-or-later
"""A read-out saved as a session: its times, its marks, and no duplicates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from wattui.errors import DiskRefused
from wattui.formats import write_csv
from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_INDEX, WireValue
from wattui.measurement.sample import Sample
from wattui.meter_memory.readout import Readout
from wattui.meter_memory.records import RecordList
from wattui.meter_memory.save_readout import readout_label, save_readout
from wattui.protocol import LoggingMode
from wattui.session import Annotations, BulkWriter, Session, SessionWriter, Span, add_event
from wattui.session.outline import PARTIAL, RECONSTRUCTED

Values = tuple[WireValue, ...]

METER = MeterInfo("A100", "/dev/ttyUSB0", model="PRO", firmware="3.14", serial_number="A100")
READ_AT = 1_700_000_000.0
LAST = 1_700_000_000 * MICROSECONDS
CYCLES = FIELD_INDEX["power_cycles"]


def record(number: int, cycles: int | None = None) -> Values:
    """Return a record with voltage and with its number as power; the rest is not logged."""
    values: list[WireValue] = [None] * 18
    values[0], values[1] = number, 1200
    values[CYCLES] = cycles
    return tuple(values)


def readout_of(records: Sequence[Values], **fields: object) -> Readout:
    plain = Readout(
        *(METER, RecordList(records), 10, len(records), (), (), READ_AT, READ_AT + 5.0),
        mode=LoggingMode.INTERNAL,
    )
    return replace(plain, **fields)  # type: ignore[arg-type]


def partial_of(count: int, total: int, first: int = 0) -> Readout:
    reason = f"{count} of {total} records: the read-out was cancelled"
    return readout_of(
        [record(first + n) for n in range(count)],
        expected=total, reasons=(reason,), missing_at_end=total - count,
    )  # fmt: skip


def stored(path: Path) -> tuple[list[Sample], list[Event], dict[str, str]]:
    with Session.open(path) as session:
        (meter,) = session.meters
        events = [one.event for one in session.events()]
        return list(session.samples(meter.id)), events, session.info


def samples_of(readout: Readout) -> Iterator[Sample]:
    """Yield the records as samples, in order, as the module describes it."""
    interval = readout.interval * MICROSECONDS
    losses = set(readout.power_losses())
    length = len(readout.records) - 1 + readout.missing_at_end
    time = microseconds(readout.read_at) - length * interval - len(losses)
    for position, values in enumerate(readout.records):
        gap = int(position in losses)
        time += gap
        yield Sample(time, interval, values, gap)
        time += interval


def test_times_are_counted_back_from_the_read_out() -> None:
    path = save_readout(readout_of([record(n) for n in range(5)]), METER)
    samples, events, info = stored(path)
    assert [one.time_us for one in samples] == [
        LAST - n * 10 * MICROSECONDS for n in (4, 3, 2, 1, 0)
    ]
    assert {one.interval_us for one in samples} == {10 * MICROSECONDS}
    assert {one.gap_us for one in samples} == {0}
    assert "counted back" in info[RECONSTRUCTED]
    assert PARTIAL not in info
    assert [event.kind for event in events] == [EventKind.STARTED, EventKind.STOPPED]
    with Session.open(path) as session:
        assert session.meters[0].info.interval == 10
        assert not session.interrupted


def test_fields_that_were_not_logged_are_null() -> None:
    samples, _, _ = stored(save_readout(readout_of([record(7)]), METER))
    assert samples[0].values == record(7)


def test_times_of_a_cancelled_read_out_leave_room_for_missing_records() -> None:
    samples, _, info = stored(save_readout(partial_of(3, 10), METER))
    assert samples[-1].time_us == LAST - 7 * 10 * MICROSECONDS
    assert "3 of 10 records: the read-out was cancelled" in info[PARTIAL]


def test_loss_of_power_is_a_gap_and_an_event() -> None:
    cycles = (0, 0, 1, 1, 3)
    records = [record(n, count) for n, count in enumerate(cycles)]
    readout = readout_of(records, missing_at_end=2)
    samples, events, info = stored(save_readout(readout, METER))
    assert samples == list(samples_of(readout))
    assert [one.gap_us > 0 for one in samples] == [False, False, True, False, True]
    losses = [event for event in events if event.kind is EventKind.POWER_ON]
    assert [one.time_us for one in losses] == [
        one.time_us - one.interval_us for one in samples if one.gap_us
    ]
    assert "missing" in losses[0].text
    assert "lost power 2 times" in info[RECONSTRUCTED]
    assert samples[-1].time_us == LAST - 20 * MICROSECONDS
    ends = [one.time_us for one in samples]
    starts = [one.time_us - one.interval_us - one.gap_us for one in samples]
    assert starts[1:] == ends[:-1]


def test_loss_of_power_breaks_the_line() -> None:
    path = save_readout(readout_of([record(n, n // 3) for n in range(6)]), METER)
    with Session.open(path) as session:
        span = session.span_us()
        assert span is not None
        drawn = session.envelope(1, ["power"], *span, 500)
    assert sum(value != value for value in drawn.value["power"].tolist()) == 1


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        (LoggingMode.INTERNAL, ""),
        (LoggingMode.STOPPED, "stopped logging before"),
        (LoggingMode.EXTERNAL, "over the wire before"),
    ],
)
def test_unreliable_times_are_explained(mode: LoggingMode, said: str) -> None:
    path = save_readout(readout_of([record(1, 0)], mode=mode), METER)
    words = stored(path)[2][RECONSTRUCTED]
    assert said in words
    assert ("too late" in words) is bool(said)


def test_an_export_states_that_its_times_are_reconstructed(tmp_path: Path) -> None:
    path = save_readout(partial_of(3, 10), METER)
    with Session.open(path) as session:
        write_csv(session, tmp_path / "out.csv")
        label = readout_label(session.info)
    text = (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert label is not None
    assert f"# reconstructed: {label.reconstructed}\n" in text
    assert f"# partial: {label.partial}\n" in text


def test_a_recording_is_not_called_reconstructed(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "live.wattui") as writer:
        writer.on_samples(METER, [Sample(LAST, MICROSECONDS, record(1))])
    assert readout_label(stored(tmp_path / "live.wattui")[2]) is None


# -- a second read-out over the first ----------------------------------------------


@pytest.mark.parametrize("dropped", [0, 5])
def test_a_complete_read_out_replaces_a_partial_one_without_duplicates(
    dropped: int, tmp_path: Path
) -> None:
    path = save_readout(partial_of(40, 100), METER, tmp_path / "part.wattui")
    later = readout_of([record(n) for n in range(dropped, 110)], read_at=READ_AT + 100)
    assert save_readout(later, METER, path) == path
    samples, _, info = stored(path)
    assert [one.values[0] for one in samples] == list(range(110))
    assert samples[-1].time_us == LAST + 100 * MICROSECONDS
    assert PARTIAL not in info
    assert sorted(one.name for one in tmp_path.iterdir()) == ["part.wattui"]


def test_a_partial_read_out_removes_nothing_from_a_longer_one(tmp_path: Path) -> None:
    path = save_readout(partial_of(40, 100), METER, tmp_path / "part.wattui")
    save_readout(partial_of(20, 100), METER, path)
    samples, _, info = stored(path)
    assert [one.values[0] for one in samples] == list(range(40))
    assert samples[-1].time_us == LAST - 60 * 10 * MICROSECONDS
    assert PARTIAL in info


def test_marks_and_spans_stay_at_their_records(tmp_path: Path) -> None:
    path = save_readout(partial_of(40, 100), METER, tmp_path / "part.wattui")
    marked = stored(path)[0][30].time_us
    add_event(path, Event(marked, EventKind.MARK, "here"))
    Annotations(path).add(Span(0, marked, marked + 60 * MICROSECONDS, "warm"))
    save_readout(readout_of([record(n) for n in range(110)]), METER, path)
    samples, events, _ = stored(path)
    (mark,) = [event for event in events if event.kind is EventKind.MARK]
    assert (mark.text, mark.time_us) == ("here", samples[30].time_us)
    with Session.open(path) as session:
        (span,) = session.spans()
    assert (span.name, span.start_us, span.length_s) == ("warm", samples[30].time_us, 60.0)


@pytest.mark.parametrize(
    "other",
    [
        readout_of([record(n) for n in range(500, 600)]),  # cleared since
        readout_of([record(n) for n in range(0, 80, 2)], interval=20),  # condensed since
        readout_of([record(n) for n in range(20)]),  # cleared, and the same again
    ],
    ids=["cleared", "condensed", "short"],
)
def test_records_of_another_memory_are_not_joined(other: Readout, tmp_path: Path) -> None:
    path = save_readout(partial_of(40, 100), METER, tmp_path / "part.wattui")
    beside = save_readout(other, METER, path)
    assert beside != path
    assert beside.parent == tmp_path
    assert len(stored(path)[0]) == 40
    assert len(stored(beside)[0]) == len(other.records)


def test_recording_of_that_name_is_left_alone(tmp_path: Path) -> None:
    live = tmp_path / "live.wattui"
    with SessionWriter(live) as writer:
        writer.on_samples(METER, [Sample(LAST, MICROSECONDS, record(1))])
    assert save_readout(readout_of([record(1)]), METER, live) != live
    assert len(stored(live)[0]) == 1


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DiskRefused):
        save_readout(readout_of([record(1)]), METER, tmp_path / "file" / "x.wattui")


def test_a_long_memory_is_written_in_small_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window did not respond while a block of 10,000 records was prepared."""
    sizes: list[int] = []
    add = BulkWriter.add

    def watched(self: BulkWriter, meter: MeterInfo, time: Any, *rest: Any) -> int:
        sizes.append(len(time))
        return add(self, meter, time, *rest)

    monkeypatch.setattr(BulkWriter, "add", watched)
    path = save_readout(readout_of([record(n) for n in range(5_000)]), METER, tmp_path / "a.wattui")
    samples, _, _ = stored(path)
    assert [one.values[0] for one in samples] == list(range(5_000))
    assert sum(sizes) == 5_000
    assert max(sizes) <= 2_000
