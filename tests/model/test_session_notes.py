# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks and spans of the shown session: changed, undone, done again, and found."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from session_samples import BEGIN, METER, record, sample, steady

from wattui.errors import SessionError
from wattui.measurement.clock import MICROSECONDS
from wattui.model.main_thread import MainThread
from wattui.model.note_history import NoteHistory, Notes, read_notes
from wattui.model.session_notes import SessionNotes
from wattui.session import Annotations, Mark, Session, SessionWriter, Span
from wattui.session.annotations import Annotation

DEADLINE = 20.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return record(tmp_path / "a.wattui", steady(100))


@pytest.fixture
def notes(path: Path) -> Iterator[SessionNotes]:
    shown = SessionNotes(main_thread=MainThread())
    shown.show(path)
    yield shown
    assert shown.main_thread.join(DEADLINE) == []


def until(notes: SessionNotes, condition: Callable[[], object]) -> None:
    """Wait until the disk's thread has done what was asked for."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, (notes.found, notes.problem)
        notes.main_thread.join(0.05)


def stored(path: Path) -> tuple[list[Mark], list[Span]]:
    with Session.open(path) as session:
        return session.marks(), session.spans()


def test_what_is_added_is_on_disk_before_it_is_shown(notes: SessionNotes, path: Path) -> None:
    shown: list[object] = []
    notes.observe(lambda event: shown.append((stored(path), event.new)), "found")
    notes.add_mark(BEGIN + 5)
    notes.add_span(BEGIN, BEGIN + 50 * MICROSECONDS, colour="#e07a00")
    notes.add_mark(BEGIN + 7, "kettle")
    notes.add_mark(BEGIN + 9)
    until(notes, lambda: len(notes.marks) == 3)
    assert [one.text for one in notes.marks] == ["Mark 1", "kettle", "Mark 2"]
    assert [one.name for one in notes.spans] == ["Span 1"]
    assert isinstance(notes.added, Mark)
    assert shown
    for (marks, spans), found in shown:
        assert set(found.marks) <= set(marks)
        assert {one.id for one in found.spans} <= {one.id for one in spans}
    with Session.open(path) as session:
        energy = session.statistics(1, BEGIN, BEGIN + 50 * MICROSECONDS).energy_wh
    assert [one.energy_wh for one in notes.figures] == [energy]


def test_undo_right_after_a_change_undoes_that_change(notes: SessionNotes) -> None:
    notes.add_mark(BEGIN, "first")
    notes.add_mark(BEGIN, "second")
    notes.undo()
    notes.redo()
    notes.undo()
    until(notes, lambda: notes.can_redo)
    assert [one.text for one in notes.marks] == ["first"]
    notes.undo()
    until(notes, lambda: not notes.can_undo)
    notes.undo()
    notes.redo()
    until(notes, lambda: notes.can_undo)
    assert [one.text for one in notes.marks] == ["first"]


def test_marks_of_another_program_appear(notes: SessionNotes, path: Path) -> None:
    mark = Annotations(path).add(Mark(0, BEGIN, "outside"))
    notes.look()
    until(notes, lambda: notes.marks == (mark,))
    before = notes.found
    notes.look()
    until(notes, lambda: notes.main_thread.join(1.0) == [])
    assert notes.found is before


def test_a_refusal_is_a_problem_and_the_rest_goes_on(notes: SessionNotes, path: Path) -> None:
    notes.add_span(BEGIN + 5, BEGIN)
    until(notes, lambda: notes.problem)
    assert "does not end after its start" in notes.problem
    notes.add_mark(BEGIN)
    until(notes, lambda: notes.marks)
    assert notes.problem == ""
    Annotations(path).remove(notes.marks[0])
    notes.undo()
    until(notes, lambda: notes.problem)
    assert "no longer in the session" in notes.problem
    assert not notes.can_undo


def test_another_session_has_its_own_history(notes: SessionNotes, tmp_path: Path) -> None:
    notes.add_mark(BEGIN)
    until(notes, lambda: notes.can_undo)
    other = record(tmp_path / "b.wattui", steady(5))
    notes.show(other, changeable=False)
    assert not notes.can_undo
    assert notes.marks == ()
    notes.add_mark(BEGIN)
    notes.show(None)
    notes.look()
    notes.main_thread.join(DEADLINE)
    assert stored(other) == ([], [])


def test_the_figures_of_a_span_follow_a_recording_until_its_end(tmp_path: Path) -> None:
    span = Span(0, BEGIN, BEGIN + 20 * MICROSECONDS, "both")
    with SessionWriter(tmp_path / "a.wattui", commit_seconds=0.0) as writer:
        known, counts = Notes(), []
        for end in (10, 20, 30):
            writer.on_samples(METER, [sample(n) for n in range(end - 9, end + 1)])
            assert writer.flush()
            if end == 10:
                Annotations(writer.path).add(span)
            known = read_notes(writer.path, known)
            counts.append((known.figures[0].statistics[0].count, len(known.final)))
    assert counts == [(10, 0), (20, 1), (20, 1)]
    changed = replace(known.spans[0], stop_us=BEGIN + 5 * MICROSECONDS)
    Annotations(writer.path).change(changed)
    known = read_notes(writer.path, known)
    assert known.figures[0].statistics[0].count == 5


class HistoryMachine(RuleBasedStateMachine):
    """Any sequence of changes, undone and done again, against a list of states."""

    folder: Path

    @initialize()
    def begin(self) -> None:
        self.path = self.folder / "a.wattui"
        self.path.unlink(missing_ok=True)
        record(self.path, steady(2))
        self.history = NoteHistory(self.path)
        self.states = [stored(self.path)]
        self.at = 0

    def remember(self) -> None:
        del self.states[self.at + 1 :]
        self.states.append(stored(self.path))
        self.at += 1

    def some(self, data: st.DataObject) -> Annotation:
        marks, spans = self.states[self.at]
        return data.draw(st.sampled_from([*marks, *spans]))

    @property
    def has_some(self) -> bool:
        return any(self.states[self.at])

    @rule(moment=st.integers(BEGIN, BEGIN + 10**9), text=st.text(max_size=5))
    def add_both(self, moment: int, text: str) -> None:
        self.history.make(
            [(None, Mark(0, moment, text)), (None, Span(0, moment, moment + 9, text))]
        )
        self.remember()

    @precondition(lambda self: self.has_some)
    @rule(data=st.data(), moment=st.integers(BEGIN, BEGIN + 10**9))
    def move(self, data: st.DataObject, moment: int) -> None:
        old = self.some(data)
        new: Annotation = (
            replace(old, time_us=moment)
            if isinstance(old, Mark)
            else replace(old, start_us=moment, stop_us=moment + 5)
        )
        self.history.make([(old, new)])
        self.remember()

    @precondition(lambda self: self.has_some)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        self.history.make([(self.some(data), None)])
        self.remember()

    @rule()
    def undo(self) -> None:
        self.history.undo()
        self.at = max(self.at - 1, 0)

    @rule()
    def redo(self) -> None:
        self.history.redo()
        self.at = min(self.at + 1, len(self.states) - 1)

    @rule()
    def change_nothing_that_is_there(self) -> None:
        with pytest.raises(SessionError):
            self.history.make([(Mark(10**6, BEGIN), None)])

    @invariant()
    def the_file_is_as_it_was(self) -> None:
        assert stored(self.path) == self.states[self.at]
        assert self.history.can_undo is (self.at > 0)
        assert self.history.can_redo is (self.at < len(self.states) - 1)


def test_any_changes_are_undone_and_done_again(tmp_path: Path) -> None:
    machine = type("Machine", (HistoryMachine,), {"folder": tmp_path})
    machine.TestCase.settings = settings(max_examples=12, stateful_step_count=15, deadline=None)
    machine.TestCase("runTest").runTest()
