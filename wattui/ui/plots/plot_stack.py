# SPDX-License-Identifier: GPL-3.0-or-later
"""The plots of the window: one below the other, on one time axis.

The traits of a :class:`PlotStack` determine what it shows; it knows neither the meters nor the
window.  When the session grew (:attr:`PlotStack.revision`), or the view, the channels, the
meters or the size changed, a :class:`~wattui.ui.plots.view_reader.ViewReader` reads what is in
view: ten times a second at most, and never while the plots are hidden.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import Any, Final

import numpy as np
from chaco.data_range_1d import DataRange1D
from chaco.linear_mapper import LinearMapper
from enable.component import Component
from traits.api import Any as AnyTrait
from traits.api import (
    Bool,
    Dict,
    Enum,
    Float,
    HasStrictTraits,
    Instance,
    Int,
    List,
    Str,
    Union,
    observe,
)

from wattui.measurement.fields import CHANNEL
from wattui.measurement.text import TimeMode
from wattui.ui.plots.crosshair import Crosshair, RowScroll
from wattui.ui.plots.drawn_notes import DrawnNotes, MarkTool
from wattui.ui.plots.overview import Overview
from wattui.ui.plots.plot_row import PlotRow
from wattui.ui.plots.plot_tools import SpanSelection, StackTool, TimePan
from wattui.ui.plots.redraw_timer import RedrawTimer
from wattui.ui.plots.selection_handles import SelectionHandles
from wattui.ui.plots.stack_layout import LEFT, RIGHT, Arrangement, StackContainer, rows_that_fit
from wattui.ui.plots.time_axis import TimeTicks
from wattui.ui.plots.time_view import TimeView
from wattui.ui.plots.total import SUMMED, TOTAL
from wattui.ui.plots.view_reader import Follow, ViewData, ViewReader, ViewRequest
from wattui.ui.theme.palette import LIGHT, Palette

#: A row's channel, and the key of its meter; None for all of them.
RowKey = tuple[str, Hashable | None]

logger = logging.getLogger(__name__)

#: The least time between two readings while records arrive, while the user moves the
#: view, and between two readings of the whole run, in seconds.
LIVE_INTERVAL: Final = 0.1
HAND_INTERVAL: Final = 0.04
STRIP_INTERVAL: Final = 2.0


class PlotStack(HasStrictTraits):
    """The plots of one session.  All of it is for the main thread only."""

    # --- what to show -------------------------------------------------------------------

    #: The session file, as a path; None while there is none.
    session_path = Union(None, Instance(Path), Str)
    #: Changes when the session grew.
    revision = Int()
    #: The meters to show: (key or id in the session, label, colour), the colour as
    #: ``#rrggbb`` or empty.  All meters of the session if the list is empty.
    meters = List()
    #: Whether curves have the colours of their meters even if only one is shown.
    by_meter = Bool(False)
    #: Key of the meter that stands out by its curve and its values; None for none.
    focus = AnyTrait()
    #: Key of the meter that is brought out while the pointer is on its curve or its row in
    #: the table; None for none.
    brought_out = AnyTrait()
    #: All meters of a field in one plot, or each in its own row.
    arrangement = Enum(Arrangement)
    #: Keys of the meters that are being recorded: their values after the last record are not
    #: known yet.
    going = List()
    #: Whether the sum of all meters is plotted too.
    with_total = Bool(False)
    #: The first visible row if there is no room for all.
    first_row = Int()
    #: Names of the channels to plot, from the top.
    channels = List(Str, ["power", "current", "voltage"])
    #: Names of further channels to read, for :attr:`pointer_values`.
    readings = List(Str)
    #: The colours.
    palette = Instance(Palette, LIGHT)
    #: How times are shown.
    clock_mode = Enum(TimeMode)
    #: The start of elapsed time: seconds, UTC; nan for the first record.
    origin = Float(math.nan)
    #: Whether records are arriving, so that there is a live edge to follow.
    live = Bool(False)
    #: Since when meters are lost or pause, that is, their last records: seconds, UTC, by their
    #: keys; and why.
    absent_since = Dict()
    absent_why = Dict()
    #: The present, in seconds, UTC, set while there is such a meter; otherwise nan.
    now = Float(math.nan)
    #: Whether the plots are visible; nothing is read or drawn while they are not.
    shown = Bool(True)

    # --- what is shown ------------------------------------------------------------------

    #: What a ``ComponentEditor`` shows.
    component = Instance(Component)
    #: The strip of the whole run.
    overview = Instance(Overview)
    #: Ticks of the time axis.
    ticks = Instance(TimeTicks, ())
    #: The span in view.
    view = Instance(TimeView, ())
    #: Statistics of the view and of the selection, by the meter's key.
    statistics = Dict()
    selection_statistics = Dict()
    #: Where the pointer is on the plots, in pixels from the left; None while it is elsewhere.
    pointer_x = Union(None, Float)
    #: The time under the pointer, in seconds, UTC; it changes as data moves beneath it.
    pointer_time = Union(None, Float)
    #: Values under the pointer by channel, in base units, of the first meter that has one.
    pointer_values = Dict()
    #: The marks and spans in view.
    notes = Instance(DrawnNotes, ())
    #: Why nothing is shown; empty if there is no problem.
    problem = Str()
    #: Whether the session has no record yet.
    waiting = Bool(True)
    #: How many times new data was shown, for tests and benchmarks.
    frames = Int()

    _rows = Dict()
    _data = Instance(ViewData)
    _index_range = Instance(DataRange1D)
    _selecting = Instance(SpanSelection)
    _reader = Instance(ViewReader)
    _pace = Instance(RedrawTimer)
    _strip_pace = Instance(RedrawTimer)
    _strip_wanted = Bool(True)
    _taking = Bool(False)
    _taking_meters = Bool(False)
    _session_meters = List()
    _closed = Bool(False)

    def __init__(
        self,
        post: Callable[[Callable[[], None]], object],
        open_session: Callable[[Path], Any] | None = None,
        **traits: Any,
    ) -> None:
        """Create the plots.

        Parameters
        ----------
        post
            Runs a callable on the main thread.
        open_session
            Opens a path instead of :meth:`wattui.session.Session.open`.
        """
        super().__init__()
        self._reader = ViewReader(post, self._take, self._fail, open_session)
        self._pace = RedrawTimer(self._ask, LIVE_INTERVAL)
        self._strip_pace = RedrawTimer(self._want_strip, STRIP_INTERVAL)
        self._index_range = DataRange1D()
        self._index_range.set_bounds(self.view.start, self.view.stop)
        self._index_range.observe(self._range_moved, "updated")
        self.overview = Overview(stack=self)
        mapper = LinearMapper(range=self._index_range)
        component = self.component = StackContainer(stack=self, index_mapper=mapper)
        component.add(self.overview)
        for overlay in (SelectionHandles, Crosshair, RowScroll):
            component.overlays.append(overlay(component=component, stack=self))
        self._selecting = SpanSelection(component=component, stack=self)
        component.tools.extend([MarkTool(component=component, stack=self), self._selecting])
        for tool in (TimePan, StackTool):
            component.tools.append(tool(component=component, stack=self))
        component.observe(self._resized, "bounds")
        self.trait_set(**traits)
        self._arrange()
        self._paint()

    # --- actions of the window ----------------------------------------------------------

    def pan(self, fraction: float) -> None:
        """Move by a share of the width: later if positive."""
        self.view.pan(fraction)

    def zoom(self, factor: float, at: float | None = None) -> None:
        """Make the view *factor* times as wide around a time (seconds, UTC), or its middle."""
        self.view.zoom(factor, at)

    def fit(self) -> None:
        """Show the whole run, with value axes that follow the values again."""
        self.view.fit()

    def close(self, timeout: float = 1.0) -> bool:
        """Stop reading within *timeout* seconds; return whether that was successful."""
        self._closed = True
        self._pace.stop()
        self._strip_pace.stop()
        return self._reader.close(timeout)

    @property
    def reading(self) -> bool:
        """Whether a requested view has not arrived yet."""
        return self._reader.busy

    # --- reading ------------------------------------------------------------------------

    def _due(self, interval: float = LIVE_INTERVAL) -> None:
        if self.shown and not self._closed and self.session_path is not None:
            self._pace.due(interval)

    def _want_strip(self) -> None:
        self._strip_wanted = True
        self._due()

    def _ask(self) -> None:
        """Request what is in view from the reader."""
        if self._closed or self.session_path is None:
            return
        view, pixels = self.view, self.width_in_pixels()
        before, after = (0.02, 0.02) if view.pinned and self.live else (0.3, 0.3)
        low = view.start - before * view.width
        high = view.stop + after * view.width
        names = dict.fromkeys([*self.channels, *self.readings])
        strip, self._strip_wanted = self._strip_wanted, False
        request = ViewRequest(
            path=Path(self.session_path),
            start=view.start,
            stop=view.stop,
            draw_start=low,
            draw_stop=high,
            pixels=round(pixels * (1 + before + after)),
            channels=tuple(name for name in names if name in CHANNEL),
            meters=tuple(key for key, _label, _colour in self._chosen_meters()),
            selection=view.selection_to_read,
            total=self.with_total,
            going=tuple(self.going),
            overview_pixels=pixels if strip else 0,
            overview_channel=self.strip_channel(),
            follow=self._followed(),
        )
        self._reader.ask(request)

    def _followed(self) -> Follow:
        if not self.view.known:
            return Follow.RUN
        if not (self.live and self.view.pinned):
            return Follow.NOTHING
        return Follow.START if self.view.whole else Follow.EDGE

    def _take(self, data: ViewData) -> None:
        """Show what was read."""
        if self._closed or self.session_path is None:
            return
        if data.request.path != Path(self.session_path):
            return
        self.problem = ""
        self._data = data
        self._taking = True
        try:
            self._take_span(data)
        finally:
            self._taking = False
        self._take_meters(data)
        self.statistics = data.statistics
        self.selection_statistics = data.selected
        self.notes.take(data.marks, data.spans)
        for row in self.shown_rows():
            row.take(data.curves, data.means)
        if data.overview is not None:
            self.overview.take(data.overview, data.overview_means, data.overview_gaps)
        self._follow_pointer()
        self.frames += 1
        self.redraw()

    def _take_span(self, data: ViewData) -> None:
        self.waiting = data.span is None
        if data.span is None:
            return
        first, last = data.span
        if not math.isnan(self.now) and self.absent_since:
            last = max(last, self.now)
        self.view.follow(last, first)
        self.overview.follow()
        self.ticks.origin = first if math.isnan(self.origin) else self.origin
        self.ticks.span = last - first

    def _take_meters(self, data: ViewData) -> None:
        """Show the session's own meters if no others were chosen."""
        if not self._chosen_meters() and self._session_meters != data.meters:
            self._session_meters = data.meters
            self._taking_meters = True
            self.meters = [(key, label, "") for key, label in data.meters]
            self._taking_meters = False

    def _chosen_meters(self) -> list[Any]:
        """Return the meters that were chosen, as opposed to the session's own."""
        own = [(key, label) for key, label, _colour in self.meters]
        return [] if own == self._session_meters else self.meters

    def _fail(self, problem: str) -> None:
        self.problem = problem
        self.redraw()

    # --- reactions to changes -----------------------------------------------------------

    @observe("session_path")
    def _session_changed(self, _event: object) -> None:
        self.point(None)
        own, self._session_meters = not self._chosen_meters(), []
        if own:
            self.meters = []
        self._data = None
        self.trait_set(statistics={}, selection_statistics={}, problem="", waiting=True)
        self.notes.take([], [])
        self.overview.take({})
        for row in self._rows.values():
            row.forget()
        self.view.forget()
        self._strip_wanted = True
        self._due(0.0)
        self.redraw()

    @observe("revision")
    def _session_grew(self, _event: object) -> None:
        self._strip_pace.due()
        self._due()

    @observe("meters.items")
    def _meters_changed(self, _event: object) -> None:
        # Other meters have other values, so the axes start from scratch.
        for row in self._rows.values():
            row.shown = None
        if self._taking_meters:
            self._arrange()
        else:
            self._rows_changed()

    @observe("channels.items,arrangement,with_total,first_row")
    def _rows_changed(self, _event: object = None) -> None:
        if self.component is None:
            return
        self._arrange()
        self._strip_wanted = True
        self._due(0.0)

    @observe("readings.items")
    def _readings_changed(self, _event: object) -> None:
        self._due(0.0) if self._pace else None

    @observe("shown")
    def _shown_changed_to(self, _event: object) -> None:
        if not self.shown and self._pace:
            self.point(None)
        if self.shown and self._pace:
            self._strip_wanted = True
            self._due(0.0)

    @observe("live")
    def _live_changed_to(self, _event: object) -> None:
        self.view.live = self.live

    @observe("now,absent_since.items")
    def _absent_changed(self, _event: object) -> None:
        if self.absent_since and not math.isnan(self.now) and self.view.known:
            self.view.follow(max(self.view.last, self.now))
        if self.component is not None:
            self.redraw()

    @observe("clock_mode,origin")
    def _time_mode_changed(self, _event: object) -> None:
        self.ticks.mode = self.clock_mode
        if not math.isnan(self.origin):
            self.ticks.origin = self.origin
        if self.component is not None:
            self.redraw()

    @observe("view:moved")
    def _view_moved(self, _event: object) -> None:
        self._index_range.set_bounds(self.view.start, self.view.stop)
        self.overview.follow()
        if self.pointer_x is not None:
            self._follow_pointer()
        if not self._taking:
            self._due(HAND_INTERVAL)
            self.redraw()

    def _range_moved(self, _event: object) -> None:
        """Move the view when Chaco's tool pans: the view has limits that the tool lacks."""
        shown = self._index_range
        if (shown.low, shown.high) != (self.view.start, self.view.stop):
            self.view.show(shown.low, shown.high)
            shown.set_bounds(self.view.start, self.view.stop)

    @observe("view:fitted")
    def _view_fitted(self, _event: object) -> None:
        for row in self._rows.values():
            row.release_values()
        self.redraw()

    @observe("view:selection")
    def _selected(self, _event: object) -> None:
        if self._selecting.event_state not in ("selecting", "moving"):
            self._show_selection()
        if not self._taking:
            self.selection_statistics = {}
            self._due(LIVE_INTERVAL)
            self.redraw()

    @observe("_selecting:selection")
    def _select(self, event: Any) -> None:
        if event.new is None:
            self.view.clear_selection()
        else:
            self.view.select(*event.new)

    @observe("_selecting:selection_completed")
    def _show_selection(self, _event: object = None) -> None:
        """Pass the selection to Chaco's tool and overlays."""
        selection = self.view.selection
        self.component.index.metadata["selections"] = selection
        self._selecting.event_state = "normal" if selection is None else "selected"

    def _resized(self, _event: object) -> None:
        self._strip_wanted = True
        self._due(HAND_INTERVAL)
        self._arrange()

    @observe("focus,by_meter,brought_out")
    def _stands_out(self, _event: object) -> None:
        for row in self._rows.values():
            row.paint()
        if self.component is not None:
            self.redraw()

    def scroll_rows(self, by: int) -> None:
        """Scroll down by a number of rows, or up if it is negative."""
        most = len(self.planned_rows()) - len(self.rows_in_sight())
        self.first_row = min(max(min(self.first_row, most) + by, 0), max(most, 0))

    @observe("palette")
    def _paint(self, _event: object = None) -> None:
        if self.component is None:
            return
        self.overview.paint()
        for row in self._rows.values():
            row.paint()
        self.redraw()

    def _arrange(self) -> None:
        """Show the rows that fit; create those that are shown for the first time."""
        for name, meter in self.rows_in_sight():
            if (name, meter) not in self._rows and name in CHANNEL:
                row = PlotRow(name, self, self._index_range, meter)
                self._rows[name, meter] = row
                self.component.add(row.plot)
                if self._data is not None:
                    row.take(self._data.curves, self._data.means)
        rows = self.shown_rows()
        for row in self._rows.values():
            row.plot.visible = row in rows
            row.place(is_first=row in rows[:1], is_last=row in rows[-1:])
        self.overview.paint()
        self.component.do_layout(force=True)
        self.redraw()

    # --- for tools and drawing ----------------------------------------------------------

    def shown_rows(self) -> list[PlotRow]:
        """Return the rows that are shown, from the top."""
        return [self._rows[key] for key in self.rows_in_sight() if key in self._rows]

    def planned_rows(self) -> list[RowKey]:
        """Return channel and meter of every row, from the top; no meter if all share a plot."""
        if self.arrangement == Arrangement.OVERLAY:
            return [(name, None) for name in self.channels]
        return [
            (name, key) for name in self.channels for key, _label, _c in self.shown_curves(name)
        ]

    def rows_in_sight(self) -> list[RowKey]:
        """Return the planned rows that fit, starting with :attr:`first_row`."""
        planned = self.planned_rows()
        single = self.arrangement != Arrangement.OVERLAY
        room = rows_that_fit(self.component.height, single=single) if self.component else 1
        first = min(self.first_row, max(0, len(planned) - room))
        return planned[first : first + room]

    def rows_of(self, name: str) -> list[PlotRow]:
        """Return the rows of a channel, including those that are not visible."""
        return [row for row in self._rows.values() if row.name == name]

    def shown_curves(self, name: str) -> list[tuple[Hashable, str, str]]:
        """Return key, label and colour of each curve of a channel: the meters, and their sum."""
        curves = self.shown_meters
        if self.with_total and name in SUMMED and len(curves) > 1:
            curves.append((TOTAL, f"Total of {len(curves)} meters", self.palette.text))
        return curves

    @property
    def coloured(self) -> bool:
        """Whether curves have the colours of their meters rather than their channels."""
        return self.by_meter or len(self.meters) > 1

    @property
    def shown_meters(self) -> list[tuple[Hashable, str, str]]:
        """Key, label and colour of the meters; one without a colour gets one of the palette."""
        return [
            (key, label, colour or self.palette.meter(number))
            for number, (key, label, colour) in enumerate(self.meters)
        ]

    def row_at(self, x: float, y: float) -> PlotRow | None:
        """Return the row at a position in pixels, or None."""
        for row in self.shown_rows():
            plot = row.plot
            if plot.x <= x <= plot.x2 and plot.y <= y <= plot.y2:
                return row
        return None

    def width_in_pixels(self) -> int:
        """Return the width of the time axis, in pixels."""
        return max(int(self.component.width) - LEFT - RIGHT, 20)

    def time_at(self, x: float) -> float:
        """Return the time at a pixel, in seconds, UTC."""
        return float(self.component.index_mapper.map_data(x))

    def time_text(self, moment: float) -> str:
        """Return a time in full, in the mode of the time axis."""
        return self.ticks.time_text(moment, self.view.width)

    def gap_spans(self) -> list[tuple[Hashable, str, np.ndarray]]:
        """Return key, colour and spans without records, shape (k, 2), of each meter with gaps."""
        found = []
        for key, _label, colour in self.shown_meters:
            spans = self._data.gaps.get(key, np.empty((0, 2))) if self._data else np.empty((0, 2))
            spans = np.concatenate((spans, self.absent_span(key)))
            if len(spans):
                found.append((key, colour, spans))
        return found

    def absent_span(self, key: Hashable) -> np.ndarray:
        """Return the span since a meter was lost or pauses until now, shape (k, 2)."""
        if key not in self.absent_since:
            return np.empty((0, 2))
        since = self.absent_since[key]
        return np.array([[since, since if math.isnan(self.now) else max(self.now, since)]])

    def point(self, x: float | None) -> None:
        """Show the values under the pointer, at a pixel; None if the pointer is elsewhere."""
        if x is None and self.pointer_x is None:
            return
        self.pointer_x = x
        if x is None:
            self.brought_out = None
        self._follow_pointer()
        self.redraw()

    def _follow_pointer(self) -> None:
        """Set the time and the values that are under the pointer now."""
        moment = None if self.pointer_x is None else self.time_at(self.pointer_x)
        values = {} if moment is None else self.values_at(moment)
        self.trait_set(pointer_time=moment, pointer_values=values)

    def redraw(self) -> None:
        """Request a new frame."""
        if self.shown:
            self.component.request_redraw()

    def meter_values_at(self, moment: float) -> dict[Hashable, dict[str, float]]:
        """Return the values at a time, in base units, by meter and channel."""
        return {} if self._data is None else self._data.values_at(moment)

    def values_at(self, moment: float) -> dict[str, float]:
        """Return the values at a time, in base units by channel, of the first meter with one."""
        found, values = self.meter_values_at(moment), dict[str, float]()
        keys = [key for key, _label, _colour in self.meters]
        for key in [self.focus] if self.focus in keys else reversed(keys):
            values.update(found.get(key, {}))
        wanted = {*self.channels, *self.readings}
        return {name: value for name, value in values.items() if name in wanted}

    def strip_channel(self) -> str:
        """Return the name of the channel in the strip."""
        return "power" if "power" in self.channels or not self.channels else self.channels[0]
