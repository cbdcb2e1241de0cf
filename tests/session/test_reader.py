# SPDX-License-Identifier: GPL-3.0-or-later
"""The session as it is read: exact, live, and clear about what it cannot open."""

from __future__ import annotations

import math
import os
import sqlite3
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from session_samples import BEGIN, METER, OTHER, brute, noisy, record, sample, sample_lists, steady

from wattui.errors import (
    DiskRefused,
    FormatError,
    NotASession,
    SessionDamaged,
    SessionTooNew,
    UnknownField,
    UnknownMeter,
)
from wattui.formats import write
from wattui.measurement.clock import MICROSECONDS, utc_time
from wattui.measurement.events import Event, EventKind
from wattui.measurement.sample import Sample
from wattui.session import BulkWriter, Session, SessionWriter, Statistics


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def assert_equal(found: Statistics, expected: Statistics) -> None:
    assert found.count == expected.count
    for name in ("duration_s", "powered_s", "gap_s", "gap_count", "energy_wh", "energy_error_wh"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-12), name
    if math.isnan(expected.counter_wh):
        assert math.isnan(found.counter_wh)
    else:
        assert found.counter_wh == expected.counter_wh
    assert found.fields == expected.fields


def test_samples_come_back_as_they_were(tmp_path: Path) -> None:
    samples = noisy(500)
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        (meter,) = session.meters
        assert meter.info == METER
        assert list(session.samples(meter.id)) == samples
        start, stop = samples[0].time_us - samples[0].interval_us, samples[-1].time_us
        assert session.span_us() == (start, stop)
        assert session.span() == (utc_time(start), utc_time(stop))
        assert session.count(meter.id) == 500
        part = list(session.samples(meter.id, samples[10].time_us, samples[20].time_us))
        assert part == samples[11:21]
        assert session.count(meter.id, samples[10].time_us, samples[20].time_us) == 10
        assert not session.interrupted


def test_samples_are_streamed_in_chunks_without_loss(tmp_path: Path) -> None:
    samples = steady(2_350)
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        for chunk in (1, 47, 2_350, 2_351, 100_000):
            rows = [row for rows in session.rows(1, chunk=chunk) for row in rows]
            assert [row[0] for row in rows] == [one.time_us for one in samples]


@settings(max_examples=60, deadline=None)
@given(st.data(), sample_lists())
def test_statistics_of_any_span_equal_the_plain_sum(
    data: st.DataObject, samples: list[Sample]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.wattui"
        with BulkWriter(path) as writer:
            cut = data.draw(st.integers(0, len(samples)))
            writer.add_samples(METER, samples[:cut])
            writer.add_samples(METER, samples[cut:])
        with Session.open(path) as session:
            if not samples:
                assert session.meters == []
                return
            assert_equal(session.statistics(1), brute(samples, None, None))
            moment = st.one_of(
                st.sampled_from([one.time_us for one in samples]),
                st.integers(samples[0].time_us - 10**7, samples[-1].time_us + 10**7),
                st.none(),
            )
            for _ in range(5):
                start, stop = data.draw(moment), data.draw(moment)
                assert_equal(session.statistics(1, start, stop), brute(samples, start, stop))


def test_statistics_of_a_session_of_many_levels(tmp_path: Path) -> None:
    samples = noisy(6_000, seed=3)
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        assert_equal(session.statistics(1), brute(samples, None, None))
        for first, last in ((0, 1), (17, 4_444), (2_999, 3_050), (5_990, 5_999)):
            start, stop = samples[first].time_us, samples[last].time_us + 1
            assert_equal(session.statistics(1, start, stop), brute(samples, start, stop))


def test_energy_is_exact_over_years_at_full_power(tmp_path: Path) -> None:
    # Ten years in steps of an hour: the sum is above what a double counts one by one.
    count, hour = 10 * 8760, 3600 * MICROSECONDS
    values = np.full((count, 18), 50_000)
    slow = replace(METER, interval=3600.0)
    with BulkWriter(tmp_path / "a.wattui") as writer:
        writer.add(slow, BEGIN + np.arange(1, count + 1) * hour, hour, values)
    with Session.open(tmp_path / "a.wattui") as session:
        assert session.statistics(1).energy_wh == 5000.0 * count
        assert session.energy_before(1, BEGIN + count * hour) == 5000.0 * count


def test_a_plot_of_a_span_without_samples_is_not_an_error(tmp_path: Path) -> None:
    with Session.open(record(tmp_path / "a.wattui", steady(120))) as session:
        assert session.energy_before(1, BEGIN) == 0
        assert session.energy_before(1, 0) == 0


def test_nonsense_from_a_noisy_line_does_not_overflow(tmp_path: Path) -> None:
    count = 10_000
    values = np.full((count, 18), 2**32 - 1)
    with BulkWriter(tmp_path / "a.wattui") as writer:
        times = BEGIN + np.arange(1, count + 1) * 6000 * MICROSECONDS
        writer.add(METER, times, 6000 * MICROSECONDS, values)
    with Session.open(tmp_path / "a.wattui") as session:
        assert session.statistics(1)["voltage"].high == (2**32 - 1) / 10
        assert len(session.envelope(1, ["power", "integrated_energy"], BEGIN, times[-1], 500))


def test_columns_are_in_base_units(tmp_path: Path) -> None:
    samples = [sample(1), sample(2, 500), Sample(BEGIN + 9 * MICROSECONDS, MICROSECONDS, (None,))]
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        found = session.columns(1, ["power", "current", "integrated_energy"])
        np.testing.assert_array_equal(found["power"], [42.3, 50.0, np.nan])
        np.testing.assert_array_equal(found["current"], [0.361, 0.361, np.nan])
        expected = np.array([42.3, 92.3, 92.3]) / 3600
        np.testing.assert_allclose(found["integrated_energy"], expected)
        later = session.columns(1, ["integrated_energy"], samples[0].time_us)
        np.testing.assert_allclose(later["integrated_energy"], expected[1:])
        with pytest.raises(KeyError):
            session.columns(1, ["watts; DROP TABLE sample"])


def test_an_unknown_meter_is_an_error_and_not_nothing(tmp_path: Path) -> None:
    """It had no samples, empty arrays, and 0 Wh."""
    path = record(tmp_path / "a.wattui", [sample(1), sample(2)])
    asks = (
        lambda one: one.count(7),
        lambda one: list(one.samples(7)),
        lambda one: list(one.rows(7)),
        lambda one: one.columns(7, ["power"]),
        lambda one: one.energy_before(7, BEGIN),
        lambda one: one.envelope(7, ["power"], BEGIN, BEGIN + 10**7, 100),
        lambda one: one.gaps(7),
        lambda one: one.statistics(7),
        lambda one: write(one, tmp_path / "a.csv", meters=[7]),
    )
    with Session.open(path) as session:
        for ask in asks:
            with pytest.raises(UnknownMeter, match=r"There is no meter 7 in a\.wattui") as caught:
                ask(session)
            assert "1 (" in caught.value.hint
            assert isinstance(caught.value, KeyError)
        assert session.count(1) == 2
        assert list(session.samples(1, BEGIN + 10**9)) == []
    assert not (tmp_path / "a.csv").exists()


def test_an_unknown_field_says_what_it_is_called(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", [sample(1), sample(2)])
    asks = (
        lambda one, name: one.columns(1, [name]),
        lambda one, name: one.envelope(1, [name], BEGIN, BEGIN + 10**7, 100),
        lambda one, name: one.statistics(1)[name],
        lambda one, name: next(one.samples(1))[name],
        lambda one, name: write(one, tmp_path / "a.csv", "wide-csv", fields=[name]),
    )
    with Session.open(path) as session:
        for ask in asks:
            with pytest.raises(UnknownField, match="There is no field 'power_w'") as caught:
                ask(session, "power_w")
            assert "'power'" in caught.value.hint
            with pytest.raises(UnknownField, match="no field 'watt hours'") as caught:
                ask(session, "watt hours")
            assert "power_factor" in caught.value.hint
        with pytest.raises(UnknownField, match="not a list"):
            session.columns(1, "power")
        with pytest.raises(FormatError, match="There is no format nix") as found:
            write(session, tmp_path / "a.csv", "nix")
        assert "2011-log" in found.value.hint


def test_gaps_that_reach_into_the_view_are_returned(tmp_path: Path) -> None:
    samples = [sample(1), sample(2), sample(13, gap=10), sample(14)]
    with Session.open(record(tmp_path / "a.wattui", samples)) as session:
        whole = [[BEGIN / 1e6 + 2, BEGIN / 1e6 + 12]]
        assert session.gaps(1).tolist() == whole
        inside = session.gaps(1, BEGIN + 5 * MICROSECONDS, BEGIN + 6 * MICROSECONDS)
        assert inside.tolist() == whole
        assert session.gaps(1, BEGIN, BEGIN + 2 * MICROSECONDS).tolist() == []
        assert session.gaps(1, BEGIN + 13 * MICROSECONDS).tolist() == []


def test_several_meters_keep_apart(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.wattui") as writer:
        writer.on_samples(METER, steady(30))
        writer.on_samples(OTHER, steady(10, first=5))
    with Session.open(tmp_path / "a.wattui") as session:
        assert [one.info for one in session.meters] == [METER, OTHER]
        assert [session.count(one.id) for one in session.meters] == [30, 10]
        assert session.span_us([2]) == (BEGIN + 4 * MICROSECONDS, BEGIN + 14 * MICROSECONDS)
        assert session.span_us([7]) is None


def test_a_session_is_read_while_it_is_recorded(tmp_path: Path) -> None:
    samples = steady(100)
    with SessionWriter(tmp_path / "a.wattui", commit_seconds=0) as writer:
        writer.on_samples(METER, samples[:50])
        assert writer.flush()
        with Session.open(tmp_path / "a.wattui") as session:
            before = session.version()
            assert session.count(1) == 50
            assert session.interrupted
            writer.on_samples(METER, samples[50:])
            assert writer.flush()
            assert session.version() != before
            assert session.count(1) == 100
    with Session.open(tmp_path / "a.wattui") as session:
        assert session.count(1) == 100


def test_nothing_stays_beside_a_closed_session(tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    with SessionWriter(path) as writer:
        writer.on_samples(METER, steady(5))
        assert writer.flush()
        reader = Session.open(path)
        reader.span_us()
    reader.close()
    with Session.open(path) as session:
        assert session.count(1) == 5
    assert names(tmp_path) == ["a.wattui"]


def test_events_come_in_order_and_by_kind(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.wattui") as writer:
        writer.on_samples(METER, steady(3))
        writer.on_event(METER, Event(BEGIN + 2, EventKind.MARK, "kettle"))
        writer.mark("whole", when=BEGIN / 1e6 + 1)
    with Session.open(tmp_path / "a.wattui") as session:
        kinds = [one.event.kind for one in session.events()]
        assert kinds == ["started", "mark", "mark", "stopped"]
        marks = session.events([EventKind.MARK])
        assert [(one.meter_id, one.event.text) for one in marks] == [(1, "kettle"), (None, "whole")]


@pytest.mark.parametrize("name", ["a?b.wattui", "a#b.wattui", "50 %41.wattui", "ä & ö.wattui"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    path = record(tmp_path / name, steady(3))
    with Session.open(path) as session:
        assert session.count(1) == 3
    assert names(tmp_path) == [name]


def read_all(path: Path) -> None:
    with Session.open(path) as session:
        list(session.samples(1))
        session.statistics(1)


def refused(path: Path, kind: type[Exception]) -> str:
    with pytest.raises(kind) as caught:
        Session.open(path)
    assert getattr(caught.value, "hint", "")
    return str(caught.value)


def test_files_that_are_not_sessions_are_named(tmp_path: Path) -> None:
    assert "no file" in refused(tmp_path / "absent.wattui", NotASession)
    assert "folder" in refused(tmp_path, NotASession)
    empty = tmp_path / "empty.wattui"
    empty.touch()
    assert "empty" in refused(empty, NotASession)
    assert not empty.stat().st_size
    text = tmp_path / "text.wattui"
    text.write_text("time,power\n" * 500)
    refused(text, NotASession)
    short = tmp_path / "short.wattui"
    short.write_text("x")
    refused(short, NotASession)
    other = tmp_path / "other.wattui"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE places (url)")
    connection.close()
    assert "another program" in refused(other, NotASession)
    with pytest.raises(NotASession):
        SessionWriter(other)
    assert names(tmp_path) == sorted(
        ["empty.wattui", "text.wattui", "short.wattui", "other.wattui"]
    )


def test_a_session_of_a_later_version_says_to_update(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", steady(3))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    before = path.read_bytes()
    assert "later version" in refused(path, SessionTooNew)
    with pytest.raises(SessionTooNew):
        SessionWriter(path)
    assert path.read_bytes() == before


def test_a_damaged_session_says_how_to_get_out_what_is_left(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", noisy(3_000))
    data = bytearray(path.read_bytes())
    data[4096 : len(data)] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(SessionDamaged) as caught:
        read_all(path)
    assert "wattui repair" in caught.value.hint


def test_a_cut_session_is_damaged_not_a_crash(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", noisy(3_000))
    data = path.read_bytes()
    for length in (100, 4096, 5000, len(data) // 2, len(data) - 4096):
        path.write_bytes(data[:length])
        with pytest.raises((SessionDamaged, NotASession)):
            read_all(path)


def test_a_session_in_a_read_only_folder_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record(tmp_path / "a.wattui", steady(20))
    monkeypatch.setattr(os, "access", lambda where, mode: mode != os.W_OK)
    with Session.open(path) as session:
        assert session.count(1) == 20
    assert names(tmp_path) == ["a.wattui"]


def opened_as_nobody(path: Path) -> str:
    """Open a session as another user; give the count of its samples, or the error."""
    code = (
        "import sys\n"
        "from wattui.errors import SessionError\n"
        "from wattui.session import Session\n"
        "try:\n"
        "    with Session.open(sys.argv[1]) as session: print(session.count(1))\n"
        "except SessionError as error: print(error)"
    )
    command = ["setpriv", "--reuid=65534", "--clear-groups", sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if "ModuleNotFound" in done.stderr or "ermission denied" in done.stderr:
        pytest.skip("another user has no permission to read the program here")
    return done.stdout.strip() or done.stderr


def test_another_users_session_opens_without_a_trace(foreign_folder: Path) -> None:
    path = record(foreign_folder / "a.wattui", steady(20))
    assert opened_as_nobody(path) == "20"
    assert names(foreign_folder) == ["a.wattui"]


def test_another_users_running_session_opens(foreign_folder: Path) -> None:
    with SessionWriter(foreign_folder / "a.wattui") as writer:
        writer.on_samples(METER, steady(20))
        assert writer.flush()
        assert opened_as_nobody(writer.path) == "20"


def test_another_users_killed_session_is_not_shown_without_its_end(foreign_folder: Path) -> None:
    with SessionWriter(foreign_folder / "live.wattui") as writer:
        writer.on_samples(METER, steady(20))
        assert writer.flush()
        (foreign_folder / "a.wattui").write_bytes(writer.path.read_bytes())
        journal = foreign_folder / "live.wattui-wal"
        (foreign_folder / "a.wattui-wal").write_bytes(journal.read_bytes())
    assert "a.wattui-wal to a folder of yours" in opened_as_nobody(foreign_folder / "a.wattui")


def test_a_folder_where_a_file_stands_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DiskRefused) as caught:
        SessionWriter(tmp_path / "file" / "a.wattui")
    assert "Choose another folder" in caught.value.hint
