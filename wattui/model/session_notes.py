# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks and spans of the session that is shown, with undo and redo.

What is here is on disk: a separate thread makes a change and reads the file, and only then is it
shown.  :meth:`SessionNotes.look` also finds what other programs have changed.
"""

from __future__ import annotations

import functools
import logging
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from traits.api import Any as AnyTrait
from traits.api import Bool, HasStrictTraits, Instance, Property, Str

from wattui.errors import WattuiError
from wattui.model.main_thread import MainThread, in_turn
from wattui.model.note_history import NoteHistory, Notes, read_notes
from wattui.model.viewable import declared
from wattui.session import Mark, Span
from wattui.session.annotations import Annotation, Change
from wattui.session.span_figures import SpanFigures

_log = logging.getLogger(__name__)

_NUMBER: Final = re.compile(r"(Mark|Span) (\d{1,9})")

#: What is done on the disk's thread; returns what was added.
_Step = Callable[[NoteHistory], Annotation | None]


@dataclass(frozen=True)
class _Result:
    """What is shown after a step."""

    history: NoteHistory
    #: What is in the file; None if it cannot be read.
    found: Notes | None
    added: Annotation | None
    can_undo: bool
    can_redo: bool
    #: Why the step failed; empty if it did not, and None if there was none.
    problem: str | None


class SessionNotes(HasStrictTraits):
    """Marks and spans of one session, and their history."""

    #: Runs what is shown on the thread that sets traits.
    main_thread: MainThread = declared(Instance(MainThread))
    #: The session's file; None for none.
    path = Instance(Path)
    #: Whether its marks and spans can be changed.
    changeable = Bool()

    #: What is in the file; the marks, the spans and the figures of each span.
    found: Notes = declared(Instance(Notes, ()))
    marks: tuple[Mark, ...] = declared(Property(observe="found"))
    spans: tuple[Span, ...] = declared(Property(observe="found"))
    figures: tuple[SpanFigures, ...] = declared(Property(observe="found"))
    #: The last mark or span that was added here.
    added = AnyTrait()
    #: Whether there is a change to undo, and one that was undone.
    can_undo = Bool()
    can_redo = Bool()
    #: Why the last change was not made; empty if it was.
    problem = Str()

    _history = Instance(NoteHistory)
    _worker = AnyTrait()
    #: The highest numbers that were given to marks and to spans.
    _numbers = AnyTrait()

    def __init__(self, **traits: Any) -> None:
        super().__init__(_numbers={}, **traits)
        self._worker = _Worker(self.main_thread, self._show)

    def _get_marks(self) -> tuple[Mark, ...]:
        return self.found.marks

    def _get_spans(self) -> tuple[Span, ...]:
        return self.found.spans

    def _get_figures(self) -> tuple[SpanFigures, ...]:
        return self.found.figures

    @in_turn
    def show(self, path: Path | None, *, changeable: bool = True) -> None:
        """Show the marks and spans of a session; None for none."""
        changeable = changeable and path is not None
        if path != self.path:
            self._numbers = {}
            self._history = None if path is None else NoteHistory(path)
            self.trait_set(
                path=path, found=Notes(), added=None, can_undo=False, can_redo=False, problem=""
            )
            self.look()
        self.changeable = changeable

    # -- changes -----------------------------------------------------------------------

    @in_turn
    def add_mark(self, time_us: int, text: str = "") -> None:
        """Add a mark to the whole session; without a text it gets a number."""
        name = text or self._numbered("Mark", (one.text for one in self.marks))
        self._add(Mark(0, time_us, name))

    @in_turn
    def add_span(self, start_us: int, stop_us: int, name: str = "", colour: str = "") -> None:
        """Add a span to the whole session; without a name it gets a number."""
        name = name or self._numbered("Span", (one.name for one in self.spans))
        self._add(Span(0, start_us, stop_us, name, colour))

    def _add(self, annotation: Annotation) -> None:
        if self.changeable:
            new: list[Change] = [(None, annotation)]
            self._worker.put(self._history, self.found, lambda history: history.make(new)[0])

    def _numbered(self, word: str, names: Iterable[str]) -> str:
        """Return a name that is not used yet, also not by one that is being added."""
        used = [int(found[2]) for name in names if (found := _NUMBER.fullmatch(name))]
        number = max([self._numbers.get(word, 0), *used]) + 1
        self._numbers[word] = number
        return f"{word} {number}"

    @in_turn
    def change(self, changes: Sequence[Change]) -> None:
        """Make changes, which are undone together: pairs of before and after."""
        wanted = list(changes)
        if self.changeable:

            def make(history: NoteHistory) -> None:
                history.make(wanted)

            self._worker.put(self._history, self.found, make)

    @in_turn
    def undo(self) -> None:
        """Undo the last change that was made here."""
        if self.changeable:
            self._worker.put(self._history, self.found, NoteHistory.undo)

    @in_turn
    def redo(self) -> None:
        """Make the last change again that was undone."""
        if self.changeable:
            self._worker.put(self._history, self.found, NoteHistory.redo)

    @in_turn
    def look(self) -> None:
        """Look for changes by other programs, and for what was recorded since."""
        if self._history is not None:
            self._worker.look(self._history, self.found)

    def _show(self, result: _Result) -> None:
        if result.history is not self._history:
            return
        if result.found is not None and result.found is not self.found:
            self.found = result.found
        self.trait_set(can_undo=result.can_undo, can_redo=result.can_redo)
        if result.problem is not None:
            # Two refusals in a row are two events.
            self.problem = ""
            self.problem = result.problem
        if result.added is not None:
            self.added = result.added


class _Worker:
    """Does one step after another on a thread that ends when there is nothing left to do."""

    def __init__(self, main_thread: MainThread, show: Callable[[_Result], None]) -> None:
        self._main_thread, self._show = main_thread, show
        self._lock = threading.Lock()
        self._jobs: deque[tuple[NoteHistory, Notes, _Step | None]] = deque()
        self._working = False

    def look(self, history: NoteHistory, known: Notes) -> None:
        """Read the file, unless that is going to be done anyway."""
        with self._lock:
            if any(waiting is history for waiting, _known, _step in self._jobs):
                return
        self.put(history, known, None)

    def put(self, history: NoteHistory, known: Notes, step: _Step | None) -> None:
        """Do a step after those before it, and read the file."""
        with self._lock:
            self._jobs.append((history, known, step))
            if self._working:
                return
            self._working = True
        self._main_thread.run("marks and spans", self._work)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._working = False
                    return
                history, known, step = self._jobs.popleft()
            result = _do(history, known, step)
            self._main_thread.post(functools.partial(self._show, result))


def _do(history: NoteHistory, known: Notes, step: _Step | None) -> _Result:
    """Do a step, if any, and read the file; blocks on the disk."""
    added: Annotation | None = None
    problem, found = None if step is None else "", None
    try:
        added = step(history) if step is not None else None
    except (WattuiError, OSError) as error:
        _log.warning("%s: %s", history.path, error)
        problem = str(error)
    try:
        found = read_notes(history.path, known)
    except (WattuiError, OSError) as error:
        # The plots of the same file show the reason.
        _log.info("%s: %s", history.path, error)
    return _Result(history, found, added, history.can_undo, history.can_redo, problem)
