# SPDX-License-Identifier: GPL-3.0-or-later
"""Chaco's axis and grid, with as many ticks as there is room for.

Chaco's grid asks its tick generator for ticks without saying how wide the axis is, and
its own generators do not choose as many as there is room for.  Its axis draws labels
with Kiva, which makes them unsharp, puts digits below the middle of their tick and cuts
off the last label; making a ``Label`` for each takes longer than drawing the curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
from chaco.axis import PlotAxis
from chaco.grid import PlotGrid
from chaco.plot import Plot
from chaco.ticks import AbstractTickGenerator
from traits.api import Callable, Float, Instance

from wattui.ui.plots.drawing import AXIS, Lettering, draw_text, text_width
from wattui.ui.theme.palette import Palette

#: Pixels between a value axis and its labels, and from a time axis to the base line.
_VALUE_OFFSET: Final = 8
_TIME_OFFSET: Final = 19

#: The smallest size of a label.
_LEAST: Final = 5

#: From the base line of digits to their middle, and between two times, in pixels.
_HALF_DIGIT: Final = 5
_BETWEEN: Final = 10


class LabelledTicks(AbstractTickGenerator):
    """Ticks together with their labels, as many as there is room for."""

    #: The length of the axis, in pixels.
    room = Float(1000.0)

    def get_ticks(
        self,
        data_low: float,
        data_high: float,
        bounds_low: float,
        bounds_high: float,
        interval: object,
        use_endpoints: bool = False,
        scale: str = "linear",
    ) -> np.ndarray:
        """Return the ticks between two values; called by Chaco."""
        return self.ticks_and_labels(data_low, data_high, self.room)[0]

    def ticks_and_labels(
        self, low: float, high: float, room: float
    ) -> tuple[np.ndarray, list[str]]:
        """Return ticks and labels for an axis from *low* to *high* that has *room* pixels."""
        raise NotImplementedError


class LabelledAxis(PlotAxis):
    """An axis with sharp labels that are not cut off and do not overlap."""

    axis_line_visible = False
    tick_in = 0
    tick_out = 4

    #: The font of the labels.
    lettering = Instance(Lettering, AXIS)
    #: Returns the parts of a time axis that something else covers: no label is there.
    covered = Callable()

    def _compute_labels(self, gc: Any) -> None:
        ticks, shown = self.tick_generator, self.mapper.range
        self.ticklabel_cache = ticks.ticks_and_labels(shown.low, shown.high, ticks.room)[1]

    def _draw_labels(self, gc: Any) -> None:
        write = self._write_times if self.orientation == "bottom" else self._write_values
        write(gc, list(zip(self._tick_label_positions, self.ticklabel_cache, strict=True)))

    def _write_values(self, gc: Any, labels: list[tuple[np.ndarray, str]]) -> None:
        colour, left = self.tick_label_color, self.orientation == "left"
        offset, align = (-_VALUE_OFFSET, 1.0) if left else (_VALUE_OFFSET, 0.0)
        room = (self.component.padding_left if left else self.component.padding_right) + 1
        lettering = _fitting_lettering([text for _, text in labels], room - _VALUE_OFFSET, self)
        for (x, y), text in labels:
            draw_text(gc, text, x + offset, y - _HALF_DIGIT, colour, lettering, align)

    def _write_times(self, gc: Any, labels: list[tuple[np.ndarray, str]]) -> None:
        free, most = self.component.outer_x, self.component.outer_x2 - 2
        colour = self.tick_label_color
        covered = self.covered() if self.covered else ()
        for (x, y), text in labels:
            width = text_width(text, self.lettering)
            left = min(max(x - width / 2, self.component.outer_x), most - width)
            if left >= free and not any(left < b and a < left + width for a, b in covered):
                draw_text(gc, text, left, y - _TIME_OFFSET, colour, self.lettering)
                free = left + width + _BETWEEN


def _fitting_lettering(texts: Sequence[str], room: float, axis: LabelledAxis) -> Lettering:
    """Return the font of an axis, or a smaller one in which all labels fit."""
    lettering: Lettering = axis.lettering
    while lettering.size > _LEAST and any(text_width(one, lettering) > room for one in texts):
        lettering = replace(lettering, size=lettering.size - 1)
    return lettering


def add_axes(plot: Plot, times: LabelledTicks, values: LabelledTicks) -> None:
    """Add grids and axes with these ticks to a plot."""
    plot.x_grid = PlotGrid(
        mapper=plot.index_mapper, orientation="vertical", tick_generator=times, component=plot
    )
    plot.y_grid = PlotGrid(
        mapper=plot.value_mapper, orientation="horizontal", tick_generator=values, component=plot
    )
    plot.x_axis = LabelledAxis(
        mapper=plot.index_mapper, orientation="bottom", tick_generator=times, component=plot
    )
    plot.y_axis = LabelledAxis(
        mapper=plot.value_mapper, orientation="left", tick_generator=values, component=plot
    )
    plot.y_axis.tick_visible = False


def paint_axes(plot: Plot, palette: Palette) -> None:
    """Apply the colours of a palette to ground, border, grids and axes of a plot."""
    plot.trait_set(bgcolor=palette.plot, border_color=palette.line)
    for grid in (plot.x_grid, plot.y_grid):
        grid.line_color = palette.grid
    for axis in (plot.x_axis, plot.y_axis):
        axis.trait_set(tick_color=palette.line, tick_label_color=palette.muted)
