# SPDX-License-Identifier: GPL-3.0-or-later
"""The axes of a plot, with its grid: as many ticks as there is room for.

Chaco's own axis and grid look and perform worse.  Its grid asks its tick generator for ticks
without saying how wide the axis is.  Its axis draws labels with Kiva, which makes them
unsharp, puts digits below the middle of their tick and cuts off the last label.  Both compute
everything again for every frame, which takes twice as long as drawing a curve.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from chaco.abstract_mapper import AbstractMapper
from chaco.abstract_overlay import AbstractOverlay
from chaco.plot import Plot
from traits.api import Any as AnyTrait
from traits.api import Bool, Callable, Enum, Float, HasStrictTraits, Instance, Str

from wattui.ui.plots.drawing import AXIS, Lettering, draw_lines, draw_text, text_width
from wattui.ui.theme.palette import Palette

#: Pixels between a value axis and its labels, and from a time axis to the base line.
_VALUE_OFFSET: Final = 8
_TIME_OFFSET: Final = 19

#: The length of a tick, in pixels.
_TICK: Final = 4

#: The smallest size of a label.
_LEAST: Final = 5

#: From the base line of digits to their middle, and between two times, in pixels.
_HALF_DIGIT: Final = 5
_BETWEEN: Final = 10

#: Ticks, in the base unit, and their labels.
TicksAndLabels = tuple[np.ndarray, list[str]]


class LabelledTicks(HasStrictTraits):
    """Ticks together with their labels, as many as there is room for."""

    #: The length of the axis, in pixels.
    room = Float(1000.0)

    _key = AnyTrait()
    _found = AnyTrait()

    def ticks_and_labels(self, low: float, high: float, room: float) -> TicksAndLabels:
        """Return ticks and labels for an axis from *low* to *high* that has *room* pixels.

        The last ones are kept: they rarely change from frame to frame.
        """
        key = (low, high, room, self.look())
        if key != self._key:
            self._key, self._found = key, self.choose_ticks(low, high, room)
        found: TicksAndLabels = self._found
        return found

    def look(self) -> Hashable:
        """Return what determines the ticks in addition to both ends and the room."""
        return None

    def choose_ticks(self, low: float, high: float, room: float) -> TicksAndLabels:
        """Return ticks and labels for an axis from *low* to *high* that has *room* pixels."""
        raise NotImplementedError


class LabelledAxis(AbstractOverlay):
    """An axis with sharp labels that are not cut off and do not overlap, and its grid."""

    #: From values to pixels.
    mapper = Instance(AbstractMapper)
    #: Where it is.
    orientation = Enum("bottom", "left", "right")
    #: What it shows.
    ticks = Instance(LabelledTicks)
    #: Whether it has labels, and ticks if it is at the bottom.
    labelled = Bool(True)
    #: The colours: ``#rrggbb``.  No lines are drawn across the plot if that of the grid is empty.
    tick_color = Str()
    label_color = Str()
    grid_color = Str()
    #: The font of the labels.
    lettering = Instance(Lettering, AXIS)
    #: Returns the parts of a time axis that something else covers: no label is there.
    covered = Callable()
    #: Chaco looks for a title when it asks for the padding.
    title = Str()

    def overlay(
        self, other_component: Any, gc: Any, view_bounds: Any = None, mode: str = "normal"
    ) -> None:
        """Draw on *gc*; called by Chaco."""
        plot, shown = other_component, self.mapper.range
        ticks, labels = self.ticks.ticks_and_labels(shown.low, shown.high, self.ticks.room)
        if not len(ticks):
            return
        places = np.around(self.mapper.map_screen(ticks)).tolist()
        across = self.orientation == "bottom"
        if self.grid_color:
            (low, high) = (plot.y, plot.y2) if across else (plot.x, plot.x2)
            ends = ((at, low, at, high) if across else (low, at, high, at) for at in places)
            draw_lines(gc, ends, self.grid_color)
        if not self.labelled:
            return
        if across:
            ends = ((x, plot.y, x, plot.y - _TICK) for x in places)
            draw_lines(gc, ends, self.tick_color)
        write = self._write_times if across else self._write_values
        write(gc, plot, list(zip(places, labels, strict=True)))

    def _write_values(self, gc: Any, plot: Any, labels: list[tuple[float, str]]) -> None:
        left = self.orientation == "left"
        x, align = (plot.x - _VALUE_OFFSET, 1.0) if left else (plot.x2 + _VALUE_OFFSET, 0.0)
        room = (plot.padding_left if left else plot.padding_right) + 1
        lettering = _fitting_lettering([text for _, text in labels], room - _VALUE_OFFSET, self)
        for y, text in labels:
            draw_text(gc, text, x, y - _HALF_DIGIT, self.label_color, lettering, align)

    def _write_times(self, gc: Any, plot: Any, labels: list[tuple[float, str]]) -> None:
        free, most = plot.outer_x, plot.outer_x2 - 2
        covered = self.covered() if self.covered else ()
        for x, text in labels:
            width = text_width(text, self.lettering)
            left = min(max(x - width / 2, plot.outer_x), most - width)
            if left >= free and not any(left < b and a < left + width for a, b in covered):
                draw_text(gc, text, left, plot.y - _TIME_OFFSET, self.label_color, self.lettering)
                free = left + width + _BETWEEN


def _fitting_lettering(texts: Sequence[str], room: float, axis: LabelledAxis) -> Lettering:
    """Return the font of an axis, or a smaller one in which all labels fit."""
    lettering: Lettering = axis.lettering
    while lettering.size > _LEAST and any(text_width(one, lettering) > room for one in texts):
        lettering = replace(lettering, size=lettering.size - 1)
    return lettering


def add_axes(plot: Plot, times: LabelledTicks, values: LabelledTicks) -> None:
    """Add axes with these ticks to a plot."""
    plot.x_axis = LabelledAxis(
        mapper=plot.index_mapper, orientation="bottom", ticks=times, component=plot
    )
    plot.y_axis = LabelledAxis(
        mapper=plot.value_mapper, orientation="left", ticks=values, component=plot
    )


def paint_axes(plot: Plot, palette: Palette) -> None:
    """Apply the colours of a palette to ground, border, grid and axes of a plot."""
    plot.trait_set(bgcolor=palette.plot, border_color=palette.line)
    for axis in (plot.x_axis, plot.y_axis):
        axis.trait_set(tick_color=palette.line, label_color=palette.muted, grid_color=palette.grid)
