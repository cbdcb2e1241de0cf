# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks and spans: added, changed and removed, also while the session is recorded."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from session_samples import BEGIN, METER, OTHER, as_version, record, sample, steady
from test_old_sessions import check_figures, unpacked

from wattui.errors import NotASession, SessionDamaged, SessionError, UnknownMeter
from wattui.formats import write_csv
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind
from wattui.session import (
    Annotations,
    Mark,
    Session,
    SessionWriter,
    Span,
    complete,
    copy_session,
    interrupted_sessions,
    salvage,
    verify,
)
from wattui.session.annotations import Annotation
from wattui.session.schema import SCHEMA_VERSION

BOILING = Span(
    *(0, BEGIN + 5 * MICROSECONDS, BEGIN + 15 * MICROSECONDS, "boiling", "#e07a00", 1),
    *("cycle", {"above": 100.5, "words": ["ä", None]}),
)
KETTLE = Mark(0, BEGIN + 7 * MICROSECONDS, "kettle on")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return record(tmp_path / "a.wattui", steady(20))


def contents(path: Path) -> tuple[list[Mark], list[Span]]:
    with Session.open(path) as session:
        return session.marks(), session.spans()


def stored_version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
    return int(version)


def test_a_mark_and_a_span_are_added_changed_and_removed(path: Path) -> None:
    notes = Annotations(path)
    mark, span = notes.add(KETTLE), notes.add(BOILING)
    assert contents(path) == ([mark], [span])
    assert mark == replace(KETTLE, id=mark.id)
    assert span == replace(BOILING, id=span.id)
    assert (span.length_s, span.start.isoformat()) == (10.0, "2023-11-14T22:13:25+00:00")
    later = replace(mark, time_us=mark.time_us + 1, text="kettle off", meter_id=1)
    longer = replace(span, stop_us=span.stop_us + 1, name="", colour="", meter_id=None, details={})
    notes.change(later)
    notes.change(longer)
    assert contents(path) == ([later], [longer])
    notes.remove(later)
    notes.remove(longer)
    assert contents(path) == ([], [])
    assert [one.name for one in path.parent.iterdir()] == ["a.wattui"]
    assert verify(path) == []


def test_marks_and_spans_of_a_part_are_those_that_reach_into_it(path: Path) -> None:
    notes = Annotations(path)
    mark, span = notes.add(KETTLE), notes.add(BOILING)
    start, stop = span.start_us, span.stop_us
    with Session.open(path) as session:
        assert session.marks(mark.time_us, mark.time_us) == [mark]
        assert session.marks(mark.time_us + 1) == session.marks(None, mark.time_us - 1) == []
        assert session.spans(stop - 1, stop + 9) == session.spans(start - 9, start + 1) == [span]
        assert session.spans(stop) == session.spans(None, start) == []


def test_changes_are_made_together_or_not_at_all(path: Path) -> None:
    notes = Annotations(path)
    mark = notes.add(KETTLE)
    with pytest.raises(SessionError, match="no longer in the session"):
        notes.apply([(mark, None), (None, BOILING), (replace(BOILING, id=99), None)])
    assert contents(path) == ([mark], [])
    removed, added = notes.apply([(mark, None), (None, BOILING)])
    assert removed is None
    assert contents(path) == ([], [added])


@st.composite
def annotations(draw: st.DrawFn) -> Annotation:
    text = draw(st.text(max_size=20))
    start = BEGIN + draw(st.integers(0, 10**9))
    if draw(st.booleans()):
        return Mark(0, start, text)
    return Span(0, start, start + draw(st.integers(1, 10**9)), text, meter_id=draw(st.just(1)))


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(["add", "change", "remove"]), annotations()), max_size=8))
def test_changes_are_undone_in_reverse_and_done_again(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Annotation]]
) -> None:
    path = record(tmp_path_factory.mktemp("undo") / "a.wattui", steady(2))
    notes = Annotations(path)
    states, done = [contents(path)], []
    for what, new in steps:
        marks, spans = states[-1]
        same = [one for one in (*marks, *spans) if type(one) is type(new)]
        before: Annotation | None = same[0] if same and what != "add" else None
        after = None if what == "remove" and before else new
        (made,) = notes.apply([(before, after)])
        done.append((before, made))
        states.append(contents(path))
    for (before, after), state in zip(reversed(done), reversed(states[:-1]), strict=True):
        notes.apply([(after, before)])
        assert contents(path) == state
    for change, state in zip(done, states[1:], strict=True):
        notes.apply([change])
        assert contents(path) == state


@pytest.mark.parametrize(
    ("wrong", "kind", "words"),
    [
        (replace(BOILING, stop_us=BOILING.start_us), SessionError, "does not end after its start"),
        (replace(BOILING, colour="red"), SessionError, "'red' is not a colour"),
        (replace(BOILING, meter_id=7), UnknownMeter, "no meter 7"),
        (replace(KETTLE, meter_id=7), UnknownMeter, "no meter 7"),
        (replace(KETTLE, time_us=-1), SessionError, "1970"),
        (replace(KETTLE, time_us=2**62), SessionError, "9999"),
    ],
)
def test_what_makes_no_sense_is_refused(
    path: Path, wrong: Annotation, kind: type[SessionError], words: str
) -> None:
    notes = Annotations(path)
    with pytest.raises(kind, match=words):
        notes.add(wrong)
    good = notes.add(BOILING if isinstance(wrong, Span) else KETTLE)
    with pytest.raises(kind, match=words):
        notes.change(replace(wrong, id=good.id))
    with pytest.raises(SessionError, match="already"):
        notes.add(good)
    assert good in [one for some in contents(path) for one in some]


def test_marks_of_the_recording_are_changed_and_other_events_are_not(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.wattui") as writer:
        writer.on_samples(METER, steady(3))
        writer.mark("first", BEGIN / MICROSECONDS)
    notes = Annotations(writer.path)
    (mark,), _ = contents(writer.path)
    notes.change(replace(mark, text="renamed"))
    with pytest.raises(SessionError, match="no longer"):
        notes.remove(Mark(1, BEGIN))  # the event "started"
    with Session.open(writer.path) as session:
        found = [(str(one.event.kind), one.event.text) for one in session.events()]
    assert sorted(found) == [("mark", "renamed"), ("started", ""), ("stopped", "")]


def test_an_earlier_version_is_read_as_it_is_and_brought_up_to_date_by_a_span(
    tmp_path: Path,
) -> None:
    for name in ("finished", "recording"):
        old = unpacked(tmp_path, name)
        version = stored_version(old)
        check_figures(old)
        marks, spans = contents(old)
        assert (len(marks), spans, stored_version(old)) == (1, [], version)
        assert version < SCHEMA_VERSION
        added = Annotations(old).add(BOILING)
        assert stored_version(old) == SCHEMA_VERSION
        assert contents(old) == (marks, [added])
        check_figures(old)
        assert verify(old) == []
    assert [one.path.name for one in interrupted_sessions(tmp_path)] == ["recording.wattui"]
    complete(tmp_path / "recording.wattui")


def test_an_earlier_version_that_is_open_shows_a_span_that_is_added(tmp_path: Path) -> None:
    old = unpacked(tmp_path, "finished")
    with Session.open(old) as session:
        figures = session.statistics(1)
        number = session.version()
        added = Annotations(old).add(BOILING)
        assert session.version() != number
        assert session.spans() == [added]
        assert session.statistics(1) == figures


def test_annotating_does_not_harm_the_recording_in_another_thread(tmp_path: Path) -> None:
    """The writer's own events once got the ids of marks that others added, and replaced them."""
    path = tmp_path / "a.wattui"
    samples = steady(1500)
    problems: list[str] = []
    with SessionWriter(path, commit_seconds=0.0) as writer:
        writer.add_status_listener(lambda status: problems.append(status.problem))
        writer.on_samples(METER, samples[:10])
        assert writer.flush()
        over = threading.Event()

        def go_on() -> None:
            for start in range(10, len(samples), 10):
                writer.on_samples(METER, samples[start : start + 10])
                writer.mark(f"own {start}", BEGIN / MICROSECONDS)
                assert writer.flush()
            over.set()

        thread = threading.Thread(target=go_on)
        thread.start()
        notes, added = Annotations(path), []
        while not over.is_set() or len(added) < 5:
            added.append(notes.add(replace(KETTLE, text=f"other {len(added)}")))
            span = notes.add(BOILING)
            notes.change(replace(span, name="changed"))
        thread.join()
        assert len(added) >= 5
    assert [one for one in problems if one] == []
    with Session.open(path) as session:
        assert list(session.samples(1)) == samples
        marks = session.marks()
        spans = session.spans()
    assert {one.text for one in marks} == {
        *(one.text for one in added),
        *(f"own {start}" for start in range(10, len(samples), 10)),
    }
    assert [one.name for one in spans] == ["changed"] * len(added)
    assert verify(path) == []
    assert [one.name for one in tmp_path.iterdir()] == ["a.wattui"]


def test_a_recording_of_an_earlier_version_goes_on_when_a_span_is_added(tmp_path: Path) -> None:
    path = as_version(record(tmp_path / "a.wattui", steady(20)), 2)
    with closing(sqlite3.connect(path, isolation_level=None)) as recorder:
        recorder.execute("PRAGMA journal_mode=WAL")
        insert = "INSERT INTO event (id, time, kind) VALUES (?, ?, 'note')"
        recorder.execute(insert, (100, BEGIN))
        added = Annotations(path).add(BOILING), Annotations(path).add(KETTLE)
        recorder.execute(insert, (101, BEGIN))
        recorder.execute(insert, (102, BEGIN))
    assert contents(path) == ([added[1]], [added[0]])


def test_a_copy_and_a_continued_session_keep_marks_and_spans(path: Path, tmp_path: Path) -> None:
    added = [Annotations(path).add(KETTLE)], [Annotations(path).add(BOILING)]
    copy_session(path, tmp_path / "copy.wattui")
    assert contents(tmp_path / "copy.wattui") == added
    with SessionWriter(path) as writer:
        writer.on_samples(METER, [sample(100)])
        assert writer.flush()
        assert contents(path) == added
    assert contents(path) == added


def test_a_session_that_is_written_again_keeps_marks_and_spans(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.wattui", commit_seconds=0.0) as writer:
        writer.on_samples(METER, steady(5))
        assert writer.flush()
        added = [Annotations(writer.path).add(KETTLE)], [Annotations(writer.path).add(BOILING)]
        writer.path.unlink()
        writer.on_samples(METER, [sample(100)])
        assert writer.flush()
    assert contents(writer.path) == added


def test_a_repaired_session_keeps_marks_and_spans(tmp_path: Path) -> None:
    path = record(tmp_path / "a.wattui", steady(20), OTHER)
    record(path, steady(20), METER)
    mark = Annotations(path).add(replace(KETTLE, meter_id=2))
    span = Annotations(path).add(replace(BOILING, meter_id=2))
    whole = Annotations(path).add(replace(BOILING, meter_id=None, start_us=BEGIN))
    salvage(path, tmp_path / "saved.wattui")
    (found,), spans = contents(tmp_path / "saved.wattui")
    assert replace(found, id=0) == replace(mark, id=0)
    assert [replace(one, id=0) for one in spans] == [replace(one, id=0) for one in (whole, span)]


def test_a_csv_lists_the_spans_of_its_part(path: Path, tmp_path: Path) -> None:
    Annotations(path).add(BOILING)
    Annotations(path).add(replace(BOILING, meter_id=None, name="=all\n# of it"))
    Annotations(path).add(replace(BOILING, start_us=BEGIN - 9, stop_us=BEGIN, name="before"))
    with Session.open(path) as session:
        write_csv(session, tmp_path / "a.csv", start=BEGIN)
    lines = (tmp_path / "a.csv").read_text().splitlines()
    found = [line for line in lines if line.startswith("# span")]
    assert len(found) == 2
    assert found[0].startswith("# span: 2023-11-")
    assert found[0].endswith(" '=all ＃ of it")
    assert found[1].startswith("# span of PRO A80012: 2023-11-")
    assert found[1].endswith(" boiling")


@pytest.mark.parametrize("damage", ["half", "text", "gone", "no table"])
def test_a_damaged_file_gets_an_error_that_says_so(path: Path, damage: str) -> None:
    data = path.read_bytes()
    if damage == "half":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "text":
        path.write_text("no session")
    elif damage == "gone":
        path.unlink()
    else:
        with closing(sqlite3.connect(path)) as database:
            database.execute("DROP TABLE span")
    with pytest.raises((SessionDamaged, NotASession)) as caught:
        Annotations(path).add(BOILING)
    assert caught.value.hint


def test_odd_values_in_a_file_do_not_stop_reading(path: Path) -> None:
    odd = [
        (-(2**63), -5, 2**62, b"\xff", "red; x", "two", None, "[1]"),
        (5, "late", "later", None, 7, 2**40, 3, "{"),
        (7, 9, 3, "back", "#00ff00", 1, "", "[" * 100_000),
    ]
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE loose AS SELECT * FROM span")
        database.execute("DROP TABLE span")
        database.execute("ALTER TABLE loose RENAME TO span")
        database.executemany("INSERT INTO span VALUES (?,?,?,?,?,?,?,?)", odd)
        database.commit()
    _, spans = contents(path)
    assert {one.colour for one in spans} == {"", "#00ff00"}
    assert all(one.details == {} and one.start_us <= one.stop_us for one in spans)
    assert Annotations(path).add(BOILING) in contents(path)[1]


FULL = """
import resource, signal, sys
from session_samples import as_version, BEGIN
from wattui.errors import DiskRefused
from wattui.session import Annotations, Mark
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
path = sys.argv[1]
import os
resource.setrlimit(resource.RLIMIT_FSIZE, (os.stat(path).st_size, -1))
try:
    Annotations(path).add(Mark(0, BEGIN, "x" * 100_000))
except DiskRefused as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs RLIMIT_FSIZE")
def test_a_full_disk_gets_an_error_and_nothing_changes(path: Path) -> None:
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[1],
    )
    assert "disk" in done.stdout, done
    assert path.read_bytes() == before
    assert contents(path) == ([], [])


READ_ONLY = """
import os, sys
from wattui.errors import SessionError
from wattui.session import Annotations, Mark, Session
for path in sys.argv[1:]:
    with Session.open(path) as session: print(len(session.marks()))
    try:
        Annotations(path).add(Mark(0, 1_700_000_000_000_000, "x"))
    except SessionError as error:
        print(error)
"""


def test_a_file_or_folder_that_is_read_only_gets_an_error(foreign_folder: Path) -> None:
    path = record(foreign_folder / "a.wattui", steady(20))
    open_folder = foreign_folder / "open"
    open_folder.mkdir()
    open_folder.chmod(0o777)
    other = record(open_folder / "b.wattui", steady(20))
    command = ["setpriv", "--reuid=65534", "--clear-groups", sys.executable, "-c", READ_ONLY]
    done = subprocess.run(
        [*command, str(path), str(other)], capture_output=True, text=True, timeout=60
    )
    if "ModuleNotFound" in done.stderr or "ermission denied" in done.stderr:
        pytest.skip("another user has no permission to read the program here")
    lines = done.stdout.splitlines()
    assert len(lines) == 4, done
    assert all("read-only" in line and str(foreign_folder) in line for line in lines[1::2]), lines
    assert [one.name for one in open_folder.iterdir()] == ["b.wattui"]
    assert contents(path) == contents(other) == ([], [])


def test_marks_of_one_meter_are_among_the_marks_and_other_events_are_not(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "a.wattui") as writer:
        writer.on_samples(METER, steady(3))
        writer.on_event(METER, Event(BEGIN, EventKind.MARK, "of one meter"))
        writer.note("a note")
    marks, _ = contents(writer.path)
    assert [(one.text, one.meter_id) for one in marks] == [("of one meter", 1)]
