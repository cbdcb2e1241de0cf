# SPDX-License-Identifier: GPL-3.0-or-later
"""Two small charts of the power: how long it had which value, and the load-duration curve."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from enable.api import Window
from enable.component import Component
from pyface.qt import QtCore, QtGui
from traits.api import Any as AnyTrait
from traits.api import Float, Instance, Union

from wattui.measurement.distribution import Distribution
from wattui.measurement.text import elapsed_text
from wattui.ui.plots import drawing
from wattui.ui.plots.drawing import SMALL
from wattui.ui.theme.palette import LIGHT, Palette

#: Limits of the width of the charts, and margins around each of them, in pixels.
WIDTHS: Final = (140, 240)
_LEFT: Final = 8
_RIGHT: Final = 10
_TOP: Final = 18
_FOOT: Final = 16

#: The most bars, and points of the curve.
_BARS: Final = 60
_POINTS: Final = 200


class PowerCharts(Component):
    """Draws both charts, one below the other."""

    #: How long the power had which value; None while that is not known.
    powers = Instance(Distribution)
    #: The threshold of *on*, in W.
    threshold = Union(None, Float)
    palette = Instance(Palette, LIGHT)
    #: What is shown of the part, such as its name.
    title = AnyTrait("")

    def _draw_mainlayer(self, gc: Any, view_bounds: Any = None, mode: str = "default") -> None:
        palette = self.palette
        drawing.fill_rect(gc, -1, -1, self.width + 2, self.height + 2, palette.panel)
        half = self.height / 2
        for title, low, draw in (
            ("Time at each power, W", half, self._draw_bars),
            ("Load duration, W", 0.0, self._draw_curve),
        ):
            box = (_LEFT, low + _FOOT, self.width - _LEFT - _RIGHT, half - _FOOT - _TOP)
            title = drawing.elided_text(title, self.width - 2 * _LEFT, SMALL)
            drawing.draw_text(gc, title, _LEFT, low + half - 12, palette.muted, SMALL)
            x, y, width, _height = box
            drawing.draw_lines(gc, [(x, y, x + width, y)], palette.line)
            if self.powers is not None and self.powers.count:
                draw(gc, box)

    def _draw_bars(self, gc: Any, box: tuple[float, float, float, float]) -> None:
        """Draw the histogram: time over power."""
        x, y, width, height = box
        edges, times = self.powers.histogram(_BARS)
        low, high = float(edges[0]), float(edges[-1])
        across = x + (edges - low) / (high - low) * width
        # Short times are seen too beside long ones.
        tall = np.sqrt(times / times.max()) * height
        colour = self.palette.channel("power")
        for left, right, top in zip(across[:-1], across[1:], tall, strict=True):
            if top > 0:
                drawing.fill_rect(gc, left, y, max(right - left - 1, 1), max(top, 1), colour)
        if self.threshold is not None and low < self.threshold < high:
            at = x + (self.threshold - low) / (high - low) * width
            drawing.draw_lines(gc, [(at, y, at, y + height)], self.palette.text, dash=(3, 3))
        self._draw_ends(gc, box, f"{max(low, 0):,.4g}", f"{high:,.4g}")

    def _draw_curve(self, gc: Any, box: tuple[float, float, float, float]) -> None:
        """Draw the load-duration curve: power over the time at or above it."""
        x, y, width, height = box
        seconds, watts = self.powers.load_duration(_POINTS)
        most = float(watts[0]) or 1.0
        across = x + np.concatenate(([0.0], seconds)) / seconds[-1] * width
        up = y + watts / most * height
        colour = self.palette.channel("power")
        steps = []
        for number, level in enumerate(up):
            steps.append((across[number], level, across[number + 1], level))
            if number:
                steps.append((across[number], up[number - 1], across[number], level))
        drawing.draw_lines(gc, steps, colour, width=2.0)
        if self.threshold is not None and self.threshold < most:
            at = y + self.threshold / most * height
            drawing.draw_lines(gc, [(x, at, x + width, at)], self.palette.text, dash=(3, 3))
        self._draw_ends(gc, box, "0:00", elapsed_text(float(seconds[-1])))

    def _draw_ends(self, gc: Any, box: tuple[float, float, float, float], *ends: str) -> None:
        x, y, width, _height = box
        for text, at, align in ((ends[0], x, 0.0), (ends[1], x + width, 1.0)):
            drawing.draw_text(gc, text, at, y - 12, self.palette.muted, SMALL, align)


class ChartsWidget(QtGui.QWidget):
    """The charts as a widget."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Histogram and load-duration curve of the power")
        self.charts = PowerCharts()
        self._window = Window(self, component=self.charts)
        layout = QtGui.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._window.control)
        self._window.control.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)

    def fit(self, room: int) -> None:
        """Set the width for a place with this many pixels."""
        self.setFixedWidth(min(max(room, WIDTHS[0]), WIDTHS[1]))

    def show_powers(
        self, powers: Distribution | None, threshold: float | None, palette: Palette
    ) -> None:
        """Show another distribution, threshold or palette."""
        charts = self.charts
        shown = charts.powers, charts.threshold, charts.palette
        if shown != (powers, threshold, palette):
            charts.trait_set(powers=powers, threshold=threshold, palette=palette)
            charts.request_redraw()
