# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes of a session's marks and spans that can be undone, and what is in its file.

All of it waits for the disk.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from wattui.errors import SessionError
from wattui.session import Annotations, Mark, Session, Span
from wattui.session.annotations import Annotation, Change
from wattui.session.span_figures import SpanFigures, span_figures

#: Changes that can be undone.
_MOST_STEPS: Final = 500

#: Size and time of the last change of a file; None for none.
_Stamp = tuple[int, int] | None

#: The part of a session that figures are of: start, end and meter.
_Part = tuple[int, int, int | None]


@dataclass(frozen=True)
class Notes:
    """The marks and spans of a session at a moment."""

    marks: tuple[Mark, ...] = ()
    #: The spans with their figures, in order of time.
    figures: tuple[SpanFigures, ...] = ()
    #: Differs once the file or its journal has changed.
    stamp: tuple[_Stamp, ...] = ()
    #: Figures that no later record changes, by part.
    final: Mapping[_Part, SpanFigures] = field(default_factory=dict)

    @property
    def spans(self) -> tuple[Span, ...]:
        """The spans, in order of time."""
        return tuple(one.span for one in self.figures)


class NoteHistory:
    """Makes, undoes and makes again changes of one session; for one thread at a time.

    Parameters
    ----------
    path
        The session's file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._done: list[list[Change]] = []
        self._undone: list[list[Change]] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to undo."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change that was undone, and none was made since."""
        return bool(self._undone)

    def make(self, changes: Sequence[Change]) -> list[Annotation | None]:
        """Make changes, which are undone together; return what they made.

        Raises
        ------
        SessionError
            See :meth:`Annotations.apply`; nothing has changed.
        """
        made = Annotations(self.path).apply(changes)
        before = (change[0] for change in changes)
        self._done = [*self._done, list(zip(before, made, strict=True))][-_MOST_STEPS:]
        self._undone = []
        return made

    def undo(self) -> None:
        """Undo the last change.

        Raises
        ------
        SessionError
            As for :meth:`make`.
        """
        self._move(self._done, self._undone, back=True)

    def redo(self) -> None:
        """Make the last change again that was undone.

        Raises
        ------
        SessionError
            As for :meth:`make`.
        """
        self._move(self._undone, self._done, back=False)

    def _move(self, source: list[list[Change]], target: list[list[Change]], *, back: bool) -> None:
        if not source:
            return
        changes = source[-1]
        wanted = [(after, before) for before, after in reversed(changes)] if back else changes
        try:
            Annotations(self.path).apply(wanted)
        except SessionError as error:
            if type(error) is SessionError:
                # Another program has removed or added it: no attempt will succeed.
                source.pop()
            raise
        target.append(source.pop())


def read_notes(path: Path, known: Notes) -> Notes:
    """Read marks, spans and their figures; return *known* if the file has not changed since.

    Raises
    ------
    SessionError
        The file cannot be read.
    """
    stamp = _stamps(path)
    if stamp == known.stamp:
        return known
    with Session.open(path) as session:
        marks, spans = tuple(session.marks()), session.spans()
        ends = [session.span_us([meter.id]) for meter in session.meters] if spans else []
        last = min((end[1] for end in ends if end is not None), default=0)
        new = [span for span in spans if _part(span) not in known.final]
        measured = {_part(one.span): one for one in span_figures(session, new)}
    figures = _in_order(spans, {**measured, **known.final})
    final = {_part(one.span): one for one in figures if one.span.stop_us <= last}
    return Notes(marks, figures, stamp, final)


def _in_order(
    spans: Iterable[Span], figures: Mapping[_Part, SpanFigures]
) -> tuple[SpanFigures, ...]:
    return tuple(replace(figures[_part(span)], span=span) for span in spans)


def _part(span: Span) -> _Part:
    return span.start_us, span.stop_us, span.meter_id


def _stamps(path: Path) -> tuple[_Stamp, ...]:
    """Return size and time of the last change of a session's file and its journal."""
    found: list[_Stamp] = []
    for name in (path, path.with_name(f"{path.name}-wal")):
        stamp = None
        with contextlib.suppress(OSError):
            status = name.stat()
            stamp = status.st_size, status.st_mtime_ns
        found.append(stamp)
    return tuple(found)
