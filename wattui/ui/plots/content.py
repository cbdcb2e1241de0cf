# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plots show, told by traits, and what those who draw ask about it."""

from __future__ import annotations

import math
from collections.abc import Hashable

import numpy as np
from enable.api import Component
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
)

from wattui.ui.plots.layout import LEFT, RIGHT, rows_that_fit
from wattui.ui.plots.loader import ViewData
from wattui.ui.plots.row import Row
from wattui.ui.plots.time_axis import TimeTicks
from wattui.ui.plots.time_view import PlotView
from wattui.ui.plots.total import SUMMED, TOTAL
from wattui.ui.theme.palette import LIGHT, Palette

#: A row's channel, and the key of its meter; None for all of them.
RowKey = tuple[str, Hashable | None]


class PlotContent(HasStrictTraits):
    """What the plots show.  All of it is for the main thread only."""

    # --- what it is told ----------------------------------------------------------------

    #: The session file, as a path; None while there is none.
    session_path = AnyTrait()
    #: Changes when the session grew.
    revision = Int()
    #: The meters to show: (key or id in the session, label, colour), the colour as
    #: ``#rrggbb`` or empty.  All of the session's where the list is empty.
    meters = List()
    #: Whether curves have the colours of their meters, also where one is shown of several.
    by_meter = Bool(False)
    #: Key of the meter whose values and curve stand out; None for none.
    focus = AnyTrait()
    #: All meters of a field in one plot, or each in a row of its own.
    arrangement = Enum("overlay", "rows")
    #: Keys of the meters that are being recorded: beyond their last record nothing is known.
    going = List()
    #: Whether the sum of all meters is plotted too.
    with_total = Bool(False)
    #: The first of the rows that is seen where there is no room for all.
    first_row = Int()
    #: Names of the channels to plot, from the top.
    channels = List(Str, ["power", "current", "voltage"])
    #: Names of channels that are read besides, for :attr:`pointer_values`.
    readings = List(Str)
    #: The colours.
    palette = Instance(Palette, LIGHT)
    #: How times are told.
    clock_mode = Enum("elapsed", "clock")
    #: From when on elapsed time counts: seconds, UTC; nan for the first record.
    origin = Float(math.nan)
    #: Whether records are coming in, so that there is a live edge to follow.
    live = Bool(False)
    #: Since when meters are lost: seconds, UTC, by their keys.
    lost_since = Dict()
    #: The present, in seconds, UTC: to be set while a meter is lost; nan for none.
    now = Float(math.nan)
    #: Whether the plots can be seen; nothing is read or drawn while they cannot.
    shown = Bool(True)

    # --- what it tells ------------------------------------------------------------------

    #: What a ``ComponentEditor`` shows.
    component = Instance(Component)
    #: The span that is seen.
    view = Instance(PlotView, ())
    #: Statistics of the view and of the selection, by the meter's key.
    statistics = Dict()
    selection_statistics = Dict()
    #: The moment under the pointer, in seconds, UTC; None while it is elsewhere.
    pointer_time = Union(None, Float)
    #: Values under the pointer by channel, in base units, of the first meter that has some.
    pointer_values = Dict()
    #: Marks in view: (seconds, text).
    marks = List()
    #: Why nothing is shown; empty while all is well.
    problem = Str()
    #: Whether the session is still without a record.
    waiting = Bool(True)
    #: How many times new data was taken: for tests and benchmarks.
    frames = Int()

    _rows = Dict()
    _ticks = Instance(TimeTicks, ())
    _tick_key = AnyTrait()
    _tick_value = AnyTrait()
    _data = Instance(ViewData)

    # --- for tools and whoever draws ----------------------------------------------------

    def shown_rows(self) -> list[Row]:
        """Give the rows that are shown, from the top."""
        return [self._rows[key] for key in self.rows_in_sight() if key in self._rows]

    def planned_rows(self) -> list[RowKey]:
        """Give channel and meter of every row, from the top; no meter where all are in one."""
        if self.arrangement == "overlay":
            return [(name, None) for name in self.channels]
        return [
            (name, key) for name in self.channels for key, _label, _c in self.shown_curves(name)
        ]

    def rows_in_sight(self) -> list[RowKey]:
        """Give those of the planned rows that there is room for, from the first wanted on."""
        planned = self.planned_rows()
        if self.arrangement == "overlay":
            return planned
        room = rows_that_fit(self.component.height) if self.component is not None else 1
        first = min(self.first_row, max(0, len(planned) - room))
        return planned[first : first + room]

    def shown_curves(self, name: str) -> list[tuple[Hashable, str, str]]:
        """Give key, label and colour of each curve of a channel: the meters, and their sum."""
        curves = self.shown_meters
        if self.with_total and name in SUMMED and len(curves) > 1:
            curves.append((TOTAL, "Total", self.palette.text))
        return curves

    @property
    def coloured(self) -> bool:
        """Whether curves have the colours of their meters, and not of their channels."""
        return self.by_meter or len(self.meters) > 1

    @property
    def shown_meters(self) -> list[tuple[Hashable, str, str]]:
        """The meters with key, label and colour; who has no colour gets one of the palette."""
        return [
            (key, label, colour or self.palette.meter(number))
            for number, (key, label, colour) in enumerate(self.meters)
        ]

    def row_at(self, x: float, y: float) -> Row | None:
        """Give the row at a place, in pixels, or None."""
        for row in self.shown_rows():
            plot = row.plot
            if plot.x <= x <= plot.x2 and plot.y <= y <= plot.y2:
                return row
        return None

    def width_in_pixels(self) -> int:
        """Give the width of the time axis."""
        return max(int(self.component.width) - LEFT - RIGHT, 20)

    def time_at(self, x: float) -> float:
        """Give the moment at a pixel, in seconds, UTC."""
        rows = self.shown_rows()
        return float(rows[0].plot.index_mapper.map_data(x)) if rows else self.view.start

    def time_ticks(self) -> tuple[np.ndarray, list[str]]:
        """Give ticks and labels of the time axis."""
        width = self.width_in_pixels()
        key = (self.view.start, self.view.stop, width, self.clock_mode, self._ticks.origin)
        if key != self._tick_key:
            self._tick_key = key
            self._tick_value = self._ticks.get_ticks_and_labels(*key[:2], 0, width)
        return self._tick_value

    def tell_time(self, moment: float) -> str:
        """Tell a moment as the time axis does, in full."""
        return self._ticks.tell(moment, self.view.width)

    def gap_spans(self) -> list[tuple[Hashable, str, np.ndarray]]:
        """Give key, colour and the spans without records, shape (k, 2), of each meter."""
        found = []
        for key, _label, colour in self.shown_meters:
            spans = self._data.gaps.get(key, np.empty((0, 2))) if self._data else np.empty((0, 2))
            if key in self.lost_since:
                lost = [[self.lost_since[key], max(self.view.stop, self.lost_since[key])]]
                spans = np.concatenate((spans, lost))
            if len(spans):
                found.append((key, colour, spans))
        return found

    def strip_colours(self) -> list[tuple[Hashable, str]]:
        """Give each meter's key and its colour in the strip."""
        if not self.coloured and self.meters:
            return [(self.meters[0][0], self.palette.channel(self._strip_channel()))]
        return [(key, colour) for key, _label, colour in self.shown_meters]

    def point(self, moment: float | None) -> None:
        """Take the moment under the pointer, in seconds, UTC; None when it is elsewhere."""
        if moment is None and self.pointer_time is None:
            return
        self.pointer_time = moment
        self.pointer_values = {} if moment is None else self._values_at(moment)
        self.redraw()

    def redraw(self) -> None:
        """Have a frame drawn soon."""
        if self.shown:
            self.component.request_redraw()

    def _values_at(self, moment: float) -> dict[str, float]:
        values: dict[str, float] = {}
        for name in {*self.channels, *self.readings}:
            row = self._rows.get((name, None)) if self.arrangement == "overlay" else None
            keys = [key for key, _label, _colour in self.meters]
            for key in [self.focus] if self.focus in keys else keys:
                if row is not None and name in self.channels:
                    value = row.value_at(key, moment)
                else:
                    value = self._unplotted_value(key, name, moment)
                if value is not None:
                    values[name] = value
                    break
        return values

    def _unplotted_value(self, key: Hashable, name: str, moment: float) -> float | None:
        curve = self._data.curves.get((key, name)) if self._data else None
        if curve is None or not len(curve[0]) or not curve[0][0] <= moment <= curve[0][-1]:
            return None
        value = float(curve[1][np.searchsorted(curve[0], moment)])
        return value if math.isfinite(value) else None

    def _strip_channel(self) -> str:
        return "power" if "power" in self.channels or not self.channels else self.channels[0]
