# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of the figures: which parts, what was read of them, and the threshold of *on*.

It reads on two threads: one for what the summaries hold, which is there within a frame, and one
for what is read from every sample.  Main thread only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from traits.api import (
    Any as AnyTrait,
)
from traits.api import (
    Bool,
    Event,
    Float,
    HasStrictTraits,
    Instance,
    Int,
    List,
    Property,
    Str,
    Union,
    observe,
)

from wattui.measurement.clock import microseconds
from wattui.measurement.distribution import Distribution
from wattui.measurement.moment import read_time
from wattui.measurement.text import parse_elapsed
from wattui.ui.figures.figure_rows import FigureRow, Wording, rows_of
from wattui.ui.figures.part_reader import PartFigures, PartsData, PartsRequest, RunPart, read_parts
from wattui.ui.plots.redraw_timer import RedrawTimer
from wattui.ui.plots.view_reader import ViewReader

#: The least time between two readings, in seconds: while the selection or the view is moved,
#: while records arrive, and of details.
INTERVAL: Final = 0.04
LIVE_INTERVAL: Final = 0.25
DETAIL_INTERVAL: Final = 0.3

#: By how much a part that follows the live edge may have moved on since its details were read,
#: in microseconds.
_MOST_GROWN: Final = 3_000_000

#: The details are read for at most this share of the time.
_DETAIL_SHARE: Final = 0.1


class FiguresModel(HasStrictTraits):
    """Selection, view and run of one meter in figures."""

    #: The plots, with the view and its selection.
    plots = Instance("wattui.ui.plots.plot_stack.PlotStack")
    #: How the figures are shown.
    wording = Instance(Wording, ())

    #: Whether the user wants the figures without a selection, or does not want those of one.
    wanted = Bool()
    unwanted = Bool()
    #: Whether they are shown; nothing is read while they are not.
    shown = Property(Bool(), observe="wanted,unwanted,selected,selecting")
    #: Whether there is a selection that is not being dragged, and whether the next drag selects.
    selected = Bool()
    selecting = Bool()

    #: The threshold in W above which the load is on; None to find one; the one that is used.
    above = Union(None, Float)
    threshold = Union(None, Float)

    #: The time that was last found in the session, in microseconds UTC.
    found_us = Union(None, Int)

    #: The rows of the table, and why there are none.
    rows = List(Instance(FigureRow))
    problem = Str()
    #: Name of the meter.
    label = Str()
    #: What was read last.
    data = Instance(PartsData)
    #: The figures have changed.
    changed = Event()

    _reader = Instance(ViewReader)
    _details = Instance(ViewReader)
    _pace = Instance(RedrawTimer)
    _detail_pace = Instance(RedrawTimer)
    _detailed = Instance(PartsData)
    _asked = Float()
    _took = Float(0.0)
    _session = AnyTrait()
    _chosen = AnyTrait()

    def __init__(self, post: Callable[[Callable[[], None]], object], **traits: Any) -> None:
        """Create the model.

        Parameters
        ----------
        post
            Runs a callable on the main thread.
        """
        super().__init__()
        self._reader = ViewReader(post, self._take, self._fail, read=read_parts)
        self._details = ViewReader(post, self._take_details, self._fail, read=read_parts)
        self._pace = RedrawTimer(self._ask, INTERVAL)
        self._detail_pace = RedrawTimer(self._ask_details, DETAIL_INTERVAL)
        self.trait_set(**traits)

    def close(self, timeout: float = 1.0) -> bool:
        """Stop reading within *timeout* seconds; return whether that was successful."""
        self._pace.stop()
        self._detail_pace.stop()
        return all([self._reader.close(timeout), self._details.close(timeout)])

    @property
    def reading(self) -> bool:
        """Whether figures that were requested have not arrived yet."""
        return self._reader.busy or self._details.busy

    # --- what the user does -------------------------------------------------------------

    def toggle(self) -> None:
        """Show the figures, or hide them."""
        shown = self.shown
        self.trait_set(wanted=not shown, unwanted=shown)
        if shown:
            self.plots.view.selecting = False

    def type_start(self, text: str) -> None:
        """Move the start of the selection to a time that was typed.

        Raises
        ------
        ValueError
            It is not a time of the run, or not before the end.
        """
        start, (_start, stop) = self._typed(text), self._ends()
        if self.plots.view.selection is not None and start >= stop:
            # The duration stays, as when all of it is moved.
            stop = start + (stop - _start)
        self._select(start, stop, text)

    def type_stop(self, text: str) -> None:
        """Move the end of the selection to a time that was typed.

        Raises
        ------
        ValueError
            It is not a time of the run, or not after the start.
        """
        stop, (start, _stop) = self._typed(text), self._ends()
        if stop <= start:
            raise ValueError(f"{text.strip()} is not after the start of the selection.")
        self._select(start, stop, text)

    def type_duration(self, text: str) -> None:
        """Move the end of the selection so that it has a duration that was typed.

        Raises
        ------
        ValueError
            It is not a duration.
        """
        try:
            length = parse_elapsed(text)
        except ValueError:
            raise ValueError(f"“{text.strip()}” is not a duration. Write 3:00 or 5 min.") from None
        start, _stop = self._ends()
        self._select(start, start + length, text)

    def _typed(self, text: str) -> float:
        view = self.plots.view
        run = microseconds(view.first), microseconds(view.last)
        return read_time(text, self.wording.times, *run) / 1e6

    def _ends(self) -> tuple[float, float]:
        """Return the selection; all of the run if there is none."""
        view = self.plots.view
        return view.selection or (view.first, view.last)

    def _select(self, start: float, stop: float, text: str) -> None:
        view = self.plots.view
        view.select(start, stop)
        view.selecting = False
        if view.selection is None:
            raise ValueError(f"The run has nothing at {text.strip()}.")
        low, high = view.selection
        if low < view.start or high > view.stop:
            view.show_selection()

    def go_to(self, time_us: int) -> None:
        """Show a time in the plots, with the values at it."""
        view, moment = self.plots.view, time_us / 1e6
        if not view.start <= moment <= view.stop:
            view.show(moment - view.width / 2, moment + view.width / 2)
        place = self.plots.component.index_mapper.map_screen(np.array([moment]))
        self.plots.point(float(place[0]))

    # --- for the panel ------------------------------------------------------------------

    def shown_powers(self) -> Distribution | None:
        """Return the distribution of the power in the selection, or else in the view."""
        parts = self.data.parts if self.data is not None else {}
        first = parts.get(RunPart.SELECTION) or parts.get(RunPart.VIEW)
        return None if first is None else first.distributions.get("power")

    # --- reading ------------------------------------------------------------------------

    def _get_shown(self) -> bool:
        return self.wanted or ((self.selected or self.selecting) and not self.unwanted)

    @observe("plots:view:[selection,dragging]")
    def _selection_changed(self, event: Any) -> None:
        view = self.plots.view
        if event.name == "selection" and event.old is None:
            self.unwanted = False
        if not view.dragging or view.selection is None:
            self.selected = view.selection is not None
        self._due()

    @observe("plots:view:selecting")
    def _selecting_changed(self, _event: object) -> None:
        self.selecting = self.plots.view.selecting
        if self.selecting:
            self.unwanted = False

    @observe("plots:[session_path,focus,channels.items],shown")
    def _plots_changed(self, _event: object) -> None:
        if self.plots is None:
            return
        session = self.plots.session_path, self.plots.focus
        if session != self._session:
            self._session = session
            self.trait_set(above=None, threshold=None, _detailed=None, data=None, rows=[])
        self._due()

    @observe("plots:frames")
    def _grown(self, _event: object) -> None:
        self._due(LIVE_INTERVAL)

    @observe("plots:view:moved")
    def _view_moved(self, _event: object) -> None:
        tenths = self.plots.view.is_fine
        if tenths != self.wording.tenths:
            self.wording = replace(self.wording, tenths=tenths)
        self._due()

    def _due(self, interval: float = INTERVAL) -> None:
        if self.shown and self.plots.session_path is not None:
            self._pace.due(interval)

    def _request(self, *, detailed: bool) -> PartsRequest:
        view = self.plots.view
        spans = {RunPart.VIEW: (view.snapped(view.start), view.snapped(view.stop))}
        if view.selection_to_read is not None:
            spans[RunPart.SELECTION] = view.selection_to_read
        names = dict.fromkeys(["power", *self.plots.channels])
        return PartsRequest(
            path=Path(self.plots.session_path),
            meter=self.meter(),
            spans={key: (microseconds(a), microseconds(b)) for key, (a, b) in spans.items()},
            channels=tuple(name for name in names if name != "integrated_energy"),
            above=self.above,
            detailed=detailed,
        )

    def meter(self) -> Hashable | None:
        """Return the key of the meter: the chosen one, or else the first one that is shown."""
        keys = [key for key, _label, _colour in self.plots.meters]
        focus = self.plots.focus
        return focus if focus in keys else next(iter(keys), focus)

    def _ask(self) -> None:
        if self.shown and self.plots.session_path is not None and self.plots.view.known:
            self._reader.ask(self._request(detailed=False))

    def _ask_details(self) -> None:
        if self.shown and self.plots.session_path is not None and self.plots.view.known:
            self._asked = time.monotonic()
            self._details.ask(self._request(detailed=True))

    def _is_current(self, data: PartsData) -> bool:
        path = self.plots.session_path
        return path is not None and data.request.path == Path(path)

    def _take(self, data: PartsData) -> None:
        if not self._is_current(data):
            return
        self.data = data
        self._show()
        view = self.plots.view
        if not view.dragging:
            # What the user chose comes soon, and what the run adds to it occasionally.
            chosen = (view.selection if not view.growing else None, view.pinned or view.start)
            rest = 0.0 if chosen != self._chosen else self._took / _DETAIL_SHARE
            self._chosen = chosen
            self._detail_pace.due(max(DETAIL_INTERVAL, rest))

    def _take_details(self, data: PartsData) -> None:
        if not self._is_current(data):
            return
        self._took = time.monotonic() - self._asked
        self._detailed = data
        if self.above is None and data.above is not None:
            self.threshold = data.above
        self._show()

    def _fail(self, problem: str) -> None:
        self.trait_set(rows=[], problem=problem)
        self.changed = True

    @observe("above")
    def _above_changed(self, _event: object) -> None:
        if self.above is not None:
            self.threshold = self.above
        self._show()

    @observe("wording")
    def _wording_changed(self, _event: object) -> None:
        self._show()

    def _show(self) -> None:
        """Show what was read last; details of another span than the rest are not shown."""
        data, details = self.data, self._detailed
        if data is None or not self.shown:
            return
        for part, figures in list(data.parts.items()):
            found = details.parts.get(part) if details is not None else None
            if found is not None and self._is_same(part, figures, found):
                data.parts[part] = found
        self.label = data.label
        self.rows = rows_of(data, self.threshold, self.wording)
        self.problem = ""
        self.changed = True

    def _is_same(self, part: RunPart, figures: PartFigures, found: PartFigures) -> bool:
        """Check whether two readings are of the same span, or of one that has just grown."""
        view = self.plots.view
        moves = {RunPart.SELECTION: view.growing, RunPart.VIEW: view.pinned, RunPart.RUN: True}[
            part
        ]
        most = _MOST_GROWN if view.live and moves else 0
        apart = abs(figures.start - found.start), abs(figures.stop - found.stop)
        return max(apart) <= most
