# SPDX-License-Identifier: GPL-3.0-or-later
"""What is at a place of the plots: for the menu of the right mouse button."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from wattui.session import Mark, Span
from wattui.ui.plots.drawn_notes import mark_at, span_at
from wattui.ui.plots.stack_layout import TIME_FOOT


class PlotPart(StrEnum):
    """A part of the plots with a menu of its own."""

    PLOT = "plot"
    CURVE = "curve"
    SELECTION = "selection"
    NOTE = "mark or span"
    TIME_AXIS = "time axis"
    VALUE_AXIS = "value axis"
    STRIP = "strip"


@dataclass(frozen=True, slots=True)
class PlotPlace:
    """A place of the plots."""

    part: PlotPart
    #: The time there: seconds, UTC.
    moment: float
    #: The row of plots; None on the strip and on the time axis.
    row: Any = None
    #: Key of the meter whose curve is there; None if there is none, or only one meter.
    key: Hashable | None = None
    #: The mark or span there.
    note: Mark | Span | None = None


def place_at(stack: Any, x: float, y: float) -> PlotPlace | None:
    """Return what is at a position in pixels, from the lower left corner; None for nothing."""
    rows, strip, view = stack.shown_rows(), stack.overview, stack.view
    if not rows or not view.known:
        return None
    moment = stack.time_at(x)
    if strip.y <= y <= strip.y2 and strip.x <= x <= strip.x2:
        return PlotPlace(PlotPart.STRIP, float(strip.index_mapper.map_data(x)))
    row = stack.row_at(x, y)
    if row is not None:
        note = mark_at(stack, x, y) or span_at(stack, x, y)
        if note is not None:
            return PlotPlace(PlotPart.NOTE, moment, row, note=note)
        key = row.curve_near(x, y) if len(row.shown_meters) > 1 else None
        if key is not None:
            return PlotPlace(PlotPart.CURVE, moment, row, key)
        selection = view.selection
        is_selected = selection is not None and selection[0] <= moment <= selection[1]
        return PlotPlace(PlotPart.SELECTION if is_selected else PlotPart.PLOT, moment, row)
    for row in rows:
        if x < row.plot.x and row.plot.y <= y <= row.plot.y2:
            return PlotPlace(PlotPart.VALUE_AXIS, moment, row)
    low = rows[-1].plot
    if low.y - TIME_FOOT <= y < low.y and low.x <= x <= low.x2:
        return PlotPlace(PlotPart.TIME_AXIS, moment)
    return None
