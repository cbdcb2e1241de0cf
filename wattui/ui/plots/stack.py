# SPDX-License-Identifier: GPL-3.0-or-later
"""The plots of the window: one below the other, on one time axis.

:class:`PlotStack` is told what to show by its traits and knows neither meters nor
window.  It asks a :class:`~wattui.ui.plots.loader.ViewReader` for what is in view when
the session grew (:attr:`PlotStack.revision`), and when the view, the channels, the
meters or the size changed: ten times a second at most, never while it is hidden.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from chaco.api import DataRange1D
from traits.api import (
    Bool,
    Instance,
    List,
    observe,
)

from wattui.measurement.fields import CHANNEL
from wattui.ui.plots.content import PlotContent
from wattui.ui.plots.crosshair import Crosshair, RowScroll, SelectionBubble
from wattui.ui.plots.layout import StackContainer
from wattui.ui.plots.loader import ViewData, ViewReader, ViewRequest
from wattui.ui.plots.overview import Overview
from wattui.ui.plots.pace import Pace, QtPost
from wattui.ui.plots.row import Row
from wattui.ui.plots.tools import Hands

logger = logging.getLogger(__name__)

#: Least seconds between two readings while records come in, while a person moves the
#: view, and between two of the whole run.
LIVE_INTERVAL: Final = 0.1
HAND_INTERVAL: Final = 0.04
STRIP_INTERVAL: Final = 2.0


class PlotStack(PlotContent):
    """The plots of one session.  All of it is for the main thread only."""

    #: The strip of the whole run.
    overview = Instance(Overview)

    _index_range = Instance(DataRange1D)
    _reader = Instance(ViewReader)
    _pace = Instance(Pace)
    _strip_pace = Instance(Pace)
    _strip_wanted = Bool(True)
    _taking = Bool(False)
    _taking_meters = Bool(False)
    _session_meters = List()
    _closed = Bool(False)

    def __init__(
        self,
        post: Callable[[Callable[[], None]], object] | None = None,
        open_session: Callable[[Path], Any] | None = None,
        **traits: Any,
    ) -> None:
        """Make the plots.

        Parameters
        ----------
        post
            Has a callable run on the main thread; a queued Qt signal unless given.
        open_session
            Opens a path in place of :meth:`wattui.session.Session.open`.
        """
        super().__init__()
        options = {} if open_session is None else {"open_session": open_session}
        self._reader = ViewReader(post or QtPost(), self._take, self._fail, **options)
        self._pace = Pace(self._ask, LIVE_INTERVAL)
        self._strip_pace = Pace(self._want_strip, STRIP_INTERVAL)
        self._index_range = DataRange1D()
        self._index_range.set_bounds(self.view.start, self.view.stop)
        self.overview = Overview(stack=self, resizable="", use_backbuffer=False)
        self.component = StackContainer(stack=self, use_backbuffer=False)
        self.component.add(self.overview)
        self.component.overlays.append(SelectionBubble(component=self.component, stack=self))
        self.component.overlays.append(Crosshair(component=self.component, stack=self))
        self.component.overlays.append(RowScroll(component=self.component, stack=self))
        self.component.tools.append(Hands(component=self.component, stack=self))
        self.component.observe(self._resized, "bounds")
        self.trait_set(**traits)
        self._arrange()
        self._paint()

    # --- what a person does: actions of the window --------------------------------------

    def pan(self, fraction: float) -> None:
        """Move by a share of the width: later when positive."""
        self.view.pan(fraction)

    def zoom(self, factor: float, at: float | None = None) -> None:
        """Widen the view *factor* times, at a moment (seconds, UTC) or where it makes sense."""
        self.view.zoom(factor, at)

    def fit(self) -> None:
        """Show the whole run, and let the value axes follow the values again."""
        self.view.fit()

    def go_live(self) -> None:
        """Follow the live edge."""
        self.view.go_live()

    def clear_selection(self) -> None:
        """Select nothing."""
        self.view.clear_selection()

    def close(self, timeout: float = 1.0) -> bool:
        """Stop reading; wait for at most *timeout* seconds and tell whether it has stopped."""
        self._closed = True
        self._pace.stop()
        self._strip_pace.stop()
        return self._reader.close(timeout)

    @property
    def reading(self) -> bool:
        """Tell whether something was asked for that has not come yet."""
        return self._reader.busy

    # --- reading ------------------------------------------------------------------------

    def _due(self, interval: float = LIVE_INTERVAL) -> None:
        if self.shown and not self._closed and self.session_path is not None:
            self._pace.due(interval)

    def _want_strip(self) -> None:
        self._strip_wanted = True
        self._due()

    def _ask(self) -> None:
        """Ask the reader for what is in view."""
        if self._closed or self.session_path is None:
            return
        view, pixels = self.view, self.width_in_pixels()
        before, after = (0.02, 0.02) if view.pinned and self.live else (0.3, 0.3)
        low = view.start - before * view.width
        high = view.stop + after * view.width
        names = dict.fromkeys([*self.channels, *self.readings])
        strip, self._strip_wanted = self._strip_wanted, False
        follow = "" if not (view.known and self.live and view.pinned) else "edge"
        request = ViewRequest(
            path=Path(self.session_path),
            start=view.start,
            stop=view.stop,
            draw_start=low,
            draw_stop=high,
            pixels=round(pixels * (1 + before + after)),
            channels=tuple(name for name in names if name in CHANNEL),
            meters=tuple(key for key, _label, _colour in self._told_meters()),
            selection=view.selection,
            total=self.with_total,
            going=tuple(self.going),
            overview_pixels=pixels if strip else 0,
            overview_channel=self._strip_channel(),
            follow="run" if not view.known else "start" if follow and view.whole else follow,
        )
        self._reader.ask(request)

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
        self.marks = data.marks
        for row in self.shown_rows():
            row.take(data.curves)
        if data.overview is not None:
            self.overview.take(data.overview)
        if self.pointer_time is not None:
            self.pointer_values = self._values_at(self.pointer_time)
        self.frames += 1
        self.redraw()

    def _take_span(self, data: ViewData) -> None:
        self.waiting = data.span is None
        if data.span is None:
            return
        first, last = data.span
        if not math.isnan(self.now) and self.lost_since:
            last = max(last, self.now)
        self.view.follow(last, first)
        self._ticks.origin = first if math.isnan(self.origin) else self.origin

    def _take_meters(self, data: ViewData) -> None:
        """Take the session's own meters where no others were named."""
        if not self._told_meters() and self._session_meters != data.meters:
            self._session_meters = data.meters
            self._taking_meters = True
            self.meters = [(key, label, "") for key, label in data.meters]
            self._taking_meters = False

    def _told_meters(self) -> list[Any]:
        """Give the meters that somebody named."""
        own = [(key, label) for key, label, _colour in self.meters]
        return [] if own == self._session_meters else self.meters

    def _fail(self, problem: str) -> None:
        self.problem = problem
        self.redraw()

    # --- what follows from a change -----------------------------------------------------

    @observe("session_path")
    def _session_changed(self, _event: object) -> None:
        own, self._session_meters = not self._told_meters(), []
        if own:
            self.meters = []
        self._data = None
        self.trait_set(statistics={}, selection_statistics={}, marks=[], problem="", waiting=True)
        self.overview.take({})
        for row in self._rows.values():
            row.chosen = row.shown = None
            row.take({})
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
        # Others have other values: the axes begin anew.
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
        if self.shown and self._pace:
            self._strip_wanted = True
            self._due(0.0)

    @observe("live")
    def _live_changed_to(self, _event: object) -> None:
        self.view.live = self.live

    @observe("now")
    @observe("lost_since.items")
    def _lost_changed(self, _event: object) -> None:
        if self.lost_since and not math.isnan(self.now) and self.view.known:
            self.view.follow(max(self.view.last, self.now))
        if self.component is not None:
            self.redraw()

    @observe("clock_mode")
    @observe("origin")
    def _time_told_otherwise(self, _event: object) -> None:
        self._ticks.mode = self.view.mode = self.clock_mode
        if not math.isnan(self.origin):
            self._ticks.origin = self.origin
        if self.component is not None:
            self.redraw()

    @observe("view:moved")
    def _view_moved(self, _event: object) -> None:
        self._index_range.set_bounds(self.view.start, self.view.stop)
        if not self._taking:
            self._due(HAND_INTERVAL)
            self.redraw()

    @observe("view:fitted")
    def _view_fitted(self, _event: object) -> None:
        for row in self._rows.values():
            row.release_values()
        self.redraw()

    @observe("view:selection")
    def _selected(self, _event: object) -> None:
        self.selection_statistics = {}
        self._due(HAND_INTERVAL)
        self.redraw()

    def _resized(self, _event: object) -> None:
        self._strip_wanted = True
        self._due(HAND_INTERVAL)
        if self.arrangement == "rows":
            self._arrange()

    @observe("focus,by_meter")
    def _stands_out(self, _event: object) -> None:
        for row in self._rows.values():
            row.paint()
        if self.component is not None:
            self.redraw()

    def scroll_rows(self, by: int) -> None:
        """Show rows further down, or up, where there is no room for all."""
        most = len(self.planned_rows()) - len(self.rows_in_sight())
        self.first_row = min(max(min(self.first_row, most) + by, 0), max(most, 0))

    @observe("palette")
    def _paint(self, _event: object = None) -> None:
        if self.component is None:
            return
        self.component.bgcolor = self.palette.ground
        for row in self._rows.values():
            row.paint()
        self.redraw()

    def _arrange(self) -> None:
        """Show the rows that there is room for; make those that are seen for the first time."""
        for name, meter in self.rows_in_sight():
            if (name, meter) not in self._rows and name in CHANNEL:
                row = Row(name, self, self._index_range, meter)
                self._rows[name, meter] = row
                self.component.add(row.plot)
                if self._data is not None:
                    row.take(self._data.curves)
        rows = self.shown_rows()
        for row in self._rows.values():
            row.plot.visible = row in rows
            row.is_first = row is rows[0] if rows else False
            row.shows_time = row is rows[-1] if rows else False
            row.paint()
        self.component._layout_needed = True
        self.redraw()
