# SPDX-License-Identifier: GPL-3.0-or-later
"""The marks and spans of the plots: drawn under the curves, dragged and picked with the mouse."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from enable.base_tool import BaseTool
from traits.api import Any as AnyTrait
from traits.api import Bool, Enum, Event, Float, HasStrictTraits, Instance, List

from wattui.measurement.clock import MICROSECONDS
from wattui.session import Mark, Span
from wattui.ui.plots import drawing
from wattui.ui.plots.drawing import SMALL
from wattui.ui.plots.plot_overlays import Annotation

#: How far from its line a mark can be grabbed, in pixels.
_NEAR: Final = 4

#: How far the pointer moves before a press is a drag, in pixels.
_THRESHOLD: Final = 3

#: Height of the bar of a span, of a lane of bars and of a lane of names, in pixels.
_BAR: Final = 3
_BAR_LANE: Final = 5
_NAME_LANE: Final = 13

#: The most lanes; spans that overlap more have no name.
_LANES: Final = 4

#: The least room for a name, in pixels.
_LEAST_ROOM: Final = 24

#: How much of its colour a span has.
_FILL: Final = 0.1


class DrawnNotes(HasStrictTraits):
    """The marks and spans in view, and what the mouse does with them."""

    marks = List(Instance(Mark))
    spans = List(Instance(Span))

    #: The mark that is being dragged, and its time: seconds, UTC.
    held = Instance(Mark)
    held_time = Float()
    #: Whether it was let go, and is drawn there until its new time is on disk.
    dropped = Bool()
    #: The mark or span that is chosen in the list.
    chosen = AnyTrait()

    #: A mark was dragged: the mark, and its new time in microseconds, UTC.
    moved = Event()
    #: A mark or span was clicked; it was double-clicked, to be named.
    picked = Event()
    name_wanted = Event()

    def take(self, marks: list[Mark], spans: list[Span]) -> None:
        """Show what was read."""
        self.trait_set(marks=marks, spans=spans)

    def forget_dropped(self) -> None:
        """Draw a mark that was let go where it is in the file."""
        if self.dropped:
            self.trait_set(held=None, dropped=False)

    def placed(self) -> list[tuple[float, str]]:
        """Return time (seconds, UTC) and text of each mark, where the pointer holds it."""
        return [
            (self.held_time if self._is_held(mark) else mark.time_us / MICROSECONDS, mark.text)
            for mark in self.marks
        ]

    def _is_held(self, mark: Mark) -> bool:
        return self.held is not None and self.held.id == mark.id


def mark_at(stack: Any, x: float, y: float) -> Mark | None:
    """Return the mark whose line is at a position in pixels, or None."""
    row = stack.row_at(x, y)
    marks = stack.notes.marks
    if row is None or not marks:
        return None
    times = np.array([mark.time_us / MICROSECONDS for mark in marks])
    away = np.abs(row.plot.index_mapper.map_screen(times) - x)
    nearest = int(away.argmin())
    return marks[nearest] if away[nearest] <= _NEAR else None


def span_at(stack: Any, x: float, y: float) -> Span | None:
    """Return the span whose bar or name is at a position in pixels, or None."""
    row = stack.row_at(x, y)
    if row is None or not row.is_first:
        return None
    for span, left, right, lane in placed_spans(stack, row.plot):
        bar = row.plot.y2 - lane * _BAR_LANE
        base = name_base(row.plot, stack, lane)
        is_on_name = base - 3 <= y <= base + _NAME_LANE - 3
        if left <= x <= right and (is_on_name or bar - _BAR_LANE <= y <= bar):
            return span
    return None


def name_base(plot: Any, stack: Any, lane: int) -> float:
    """Return the base line of the names of a lane: below the words of the marks."""
    top = plot.y2 - (28 if stack.notes.marks else 18)
    return float(top - lane * _NAME_LANE)


def placed_spans(stack: Any, plot: Any) -> list[tuple[Span, float, float, int]]:
    """Return the spans in view, with their left and right end in pixels, and their lane."""
    spans = stack.notes.spans
    if not spans:
        return []
    edges = np.array([(one.start_us, one.stop_us) for one in spans]) / MICROSECONDS
    across = plot.index_mapper.map_screen(edges.ravel()).reshape(-1, 2).tolist()
    free = [-np.inf] * _LANES
    placed = []
    for span, (left, right) in zip(spans, across, strict=True):
        left, right = max(left, plot.x), min(right, plot.x2)
        if left < right:
            lane = next((n for n, end in enumerate(free) if end <= left + 0.5), _LANES - 1)
            free[lane] = max(right, free[lane])
            placed.append((span, left, right, lane))
    return placed


class SpanBands(Annotation):
    """Spans as faint bands under the curves."""

    def draw_on(self, gc: Any, plot: Any, row: Any) -> None:
        """Draw on a row's plot."""
        stack, palette = row.stack, row.stack.palette
        chosen = stack.notes.chosen
        for span, left, right, _lane in placed_spans(stack, plot):
            colour = palette.shown(span.colour) or palette.accent
            stands_out = isinstance(chosen, Span) and chosen.id == span.id
            fill = 2 * _FILL if stands_out else _FILL
            drawing.fill_rect(gc, left, plot.y, right - left, plot.height, colour, fill)
            edges = [(x, plot.y, x, plot.y2) for x in (left, right) if plot.x < x < plot.x2]
            drawing.draw_lines(gc, edges, colour, alpha=0.6)


class SpanNames(Annotation):
    """The names of spans in the first plot, each below a bar in its colour."""

    def draw_on(self, gc: Any, plot: Any, row: Any) -> None:
        """Draw on a row's plot."""
        stack, palette = row.stack, row.stack.palette
        for span, left, right, lane in placed_spans(stack, plot) if row.is_first else ():
            colour = palette.shown(span.colour) or palette.accent
            bar = plot.y2 - lane * _BAR_LANE - _BAR
            drawing.fill_rect(gc, left, bar, right - left, _BAR, colour)
            if right - left >= _LEAST_ROOM:
                name = drawing.elided_text(span.name, right - left - 8, SMALL)
                base = name_base(plot, stack, lane)
                drawing.draw_text(gc, name, left + 4, base, palette.text, SMALL)


class MarkTool(BaseTool):
    """Drags a mark, and picks or opens what is under the pointer."""

    #: The stack that it works on.
    stack = Instance("wattui.ui.plots.plot_stack.PlotStack")
    event_state = Enum("normal", "dragging")

    _mark = Instance(Mark)
    _from = Float()
    _has_moved = Bool()

    def normal_left_down(self, event: Any) -> None:
        """Grab a mark, unless a drag selects."""
        stack = self.stack
        if event.handled or event.shift_down or stack.view.selecting or self._is_on_edge(event):
            return
        if (mark := mark_at(stack, event.x, event.y)) is not None:
            moment = mark.time_us / MICROSECONDS
            stack.notes.trait_set(held_time=moment, held=mark, dropped=False)
            self._mark, self._from, self._has_moved = mark, event.x, False
            self.event_state = "dragging"
            event.window.set_mouse_owner(self, event.net_transform())
            event.handled = True
        elif (span := span_at(stack, event.x, event.y)) is not None:
            stack.notes.picked = span
            event.handled = True

    def _is_on_edge(self, event: Any) -> bool:
        """Check whether the pointer is on an edge of the selection, which comes first."""
        edges = np.array(self.stack.view.selection or ())
        across = self.stack.component.index_mapper.map_screen(edges) if len(edges) else edges
        return bool(len(across) and np.abs(across - event.x).min() <= _NEAR)

    def normal_left_dclick(self, event: Any) -> None:
        """Name a mark or a span."""
        stack = self.stack
        note = mark_at(stack, event.x, event.y) or span_at(stack, event.x, event.y)
        if note is not None:
            stack.notes.name_wanted = note
            event.handled = True

    def dragging_mouse_move(self, event: Any) -> None:
        """Move the mark along with the pointer, within the run."""
        event.handled = True
        self._has_moved = self._has_moved or abs(event.x - self._from) >= _THRESHOLD
        if self._has_moved:
            view = self.stack.view
            moment = min(max(self.stack.time_at(event.x), view.first), view.last)
            self.stack.notes.held_time = moment
            self.stack.redraw()

    def dragging_left_up(self, event: Any) -> None:
        """End the drag; a click picks the mark."""
        notes = self.stack.notes
        mark, moment = self._mark, notes.held_time
        self.event_state = "normal"
        event.window.set_mouse_owner(None)
        event.handled = True
        if self._has_moved:
            notes.dropped = True
            notes.moved = (mark, round(moment * MICROSECONDS))
        else:
            notes.held = None
            notes.picked = mark
