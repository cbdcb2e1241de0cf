# SPDX-License-Identifier: GPL-3.0-or-later
"""The threshold above which the load is on, as a line in the plot that can be dragged."""

from __future__ import annotations

from typing import Any as AnyType
from typing import Final

import numpy as np
from chaco.abstract_overlay import AbstractOverlay
from enable.base_tool import BaseTool
from traits.api import Any, Enum, Instance

from wattui.ui.plots import drawing

#: How close to the line the pointer must be to grab it, in pixels.
_NEAR: Final = 4

#: Half the height of the handle beside the plot.
_GRIP: Final = 6

#: The steps of a threshold that is dragged, as a share of the height of the plot.
_STEP: Final = 0.002


def threshold_places(figures: AnyType) -> list[tuple[AnyType, float]]:
    """Return each plot of the power with the place of the threshold in it, in pixels."""
    if not figures.shown or figures.threshold is None:
        return []
    found = []
    for row in figures.plots.shown_rows():
        plot = row.plot
        if row.name == "power":
            y = float(plot.value_mapper.map_screen(np.array([figures.threshold]))[0])
            if plot.y <= y <= plot.y2:
                found.append((plot, y))
    return found


class ThresholdLine(AbstractOverlay):
    """A dashed line with a handle at its end; its power is in the panel of figures."""

    #: The model of the figures.
    figures = Instance("wattui.ui.figures.figures_model.FiguresModel")

    def overlay(
        self,
        other_component: AnyType,
        gc: AnyType,
        view_bounds: AnyType = None,
        mode: str = "normal",
    ) -> None:
        """Draw on *gc*; called by Chaco."""
        palette = self.figures.plots.palette
        for plot, y in threshold_places(self.figures):
            line = [(plot.x, y, plot.x2, y)]
            drawing.draw_lines(gc, line, palette.text, alpha=0.7, dash=(5.0, 4.0))
            drawing.fill_rect(gc, plot.x2 + 1, y - _GRIP, _GRIP, 2 * _GRIP, palette.muted)


class _OnThreshold(BaseTool):
    """A tool for the pointer on the line."""

    #: The model of the figures.
    figures = Instance("wattui.ui.figures.figures_model.FiguresModel")

    def _plot_at(self, event: AnyType) -> AnyType:
        """Return the plot whose line is at the pointer; None if there is none."""
        for plot, y in threshold_places(self.figures):
            beside = not plot.x <= event.x <= plot.x2
            if abs(event.y - y) <= (_GRIP + 2 if beside else _NEAR) and event.x <= plot.x2 + 12:
                return plot
        return None

    def _grabs(self, event: AnyType) -> bool:
        selects = event.shift_down or self.figures.plots.view.selecting
        return not selects and self._plot_at(event) is not None


class ThresholdPointer(_OnThreshold):
    """Shows that the line can be dragged; it is the last tool, so that none undoes that."""

    def normal_mouse_move(self, event: AnyType) -> None:
        """Show it, on the line."""
        if self._grabs(event):
            event.window.set_pointer("size top")


class ThresholdTool(_OnThreshold):
    """Drags the line, by the line itself or by the handle at its end."""

    event_state = Enum("normal", "dragging")

    #: The plot whose line is dragged.
    _dragged = Any()

    def normal_left_down(self, event: AnyType) -> None:
        """Grab the line."""
        if self._grabs(event):
            self._dragged = self._plot_at(event)
            self.event_state = "dragging"
            event.window.set_mouse_owner(self, event.net_transform())
            event.handled = True

    def dragging_mouse_move(self, event: AnyType) -> None:
        """Move the line with the pointer, within the plot."""
        plot = self._dragged
        y = min(max(event.y, plot.y), plot.y2)
        values = plot.value_range
        step = 10.0 ** np.floor(np.log10((values.high - values.low) * _STEP * 10))
        watts = float(plot.value_mapper.map_data(y))
        self.figures.above = max(round(round(watts / step) * step, 6), 0.0)
        event.handled = True

    def dragging_left_up(self, event: AnyType) -> None:
        """Release the line."""
        self.event_state = "normal"
        event.window.set_mouse_owner(None)
        event.handled = True
