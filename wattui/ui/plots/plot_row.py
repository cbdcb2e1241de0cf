# SPDX-License-Identifier: GPL-3.0-or-later
"""One plot of the stack: a channel, a curve for each meter, its value axis."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
from chaco.api import ArrayPlotData, DataRange1D, Plot
from traits.api import Any as AnyTrait
from traits.api import Bool, Dict, HasStrictTraits, Instance, Property, Str

from wattui.measurement.fields import CHANNEL, Field
from wattui.ui.plots import drawing
from wattui.ui.plots.curve import CurvePlot, CurveSource
from wattui.ui.plots.frame import Frame, Marks
from wattui.ui.plots.stack_layout import FOOT, HEAD, LEFT, RIGHT
from wattui.ui.plots.total import SUMMED, TOTAL
from wattui.ui.plots.value_axis import FROM_ZERO, ValueRange, ValueTicks, steady_range, zoomed_range
from wattui.ui.plots.view_reader import Curve
from wattui.ui.theme.palette import Palette

#: Width of a curve, in pixels.
LINE_WIDTH = 1.8

#: Width of the curves of other meters than the one that is chosen.
THIN_WIDTH = 1.0

_EMPTY = np.empty(0)

#: Energy of a span and its limit of error, as statistics have them.
_ENERGY = ("energy_wh", "energy_error_wh")


class PlotRow(HasStrictTraits):
    """One plot of the stack.  Main thread only."""

    #: Name of the channel.
    name = Str()
    #: Key of the meter whose curve alone it shows; None where it shows all of them.
    key = AnyTrait()
    #: The stack that it belongs to: has view, meters, gaps, marks.
    stack = AnyTrait()
    #: What Chaco draws.
    plot = Instance(Plot)
    #: Whether the time axis is written below it.
    shows_time = Bool(False)
    #: Whether it is the topmost.
    is_first = Bool(False)
    #: What the value axis shows, in the base unit; None before there was a value.
    shown = AnyTrait()
    #: What a person made the value axis show; None while it follows the values.
    chosen = AnyTrait()
    #: The colours.
    palette = Property(Instance(Palette))
    #: Name and unit, as the head line has them.
    title = Property(Str)

    _data = Instance(ArrayPlotData, ())
    #: Renderers that were ever made, by meter: hidden, never made anew.
    _curves = Dict()
    _range = Instance(DataRange1D)
    _ticks = Instance(ValueTicks, ())
    _tick_key = AnyTrait()
    _tick_value = AnyTrait()

    def __init__(
        self, name: str, stack: Any, index_range: DataRange1D, key: Hashable | None = None
    ) -> None:
        super().__init__(name=name, stack=stack, key=key)
        plot = Plot(self._data, auto_axis=False, auto_grid=False)
        plot.trait_set(
            padding_left=LEFT, padding_right=RIGHT, padding_top=HEAD, padding_bottom=FOOT
        )
        plot.trait_set(border_visible=False, fill_padding=False, use_backbuffer=False)
        plot.renderer_map = {**plot.renderer_map, "line": CurvePlot}
        plot.index_range = index_range
        self._range = plot.value_range
        self._range.set_bounds(0.0, 1.0)
        plot.underlays.append(Frame(component=plot, row=self))
        plot.overlays.append(Marks(component=plot, row=self))
        self.plot = plot
        self.paint()

    @property
    def field(self) -> Field:
        """What is plotted."""
        return CHANNEL[self.name]

    @property
    def shown_meters(self) -> list[tuple[Hashable, str, str]]:
        """Key, label and colour of its curves."""
        shown: list[tuple[Hashable, str, str]] = self.stack.shown_curves(self.name)
        return shown if self.key is None else [one for one in shown if one[0] == self.key]

    def _get_palette(self) -> Palette:
        return self.stack.palette

    def _get_title(self) -> str:
        return f"{self.field.label.upper()}  {self.field.unit}".rstrip()

    # --- what it shows ------------------------------------------------------------------

    def paint(self) -> None:
        """Take the colours of the palette, and the curves those of their meters."""
        self.plot.bgcolor = self.palette.plot
        several = self.stack.coloured
        colours = {key: colour for key, _label, colour in self.shown_meters}
        for key, curve in self._curves.items():
            if key in colours:
                curve.color = colours[key] if several else self.palette.channel(self.name)
                stands_out = len(colours) == 1 or key in (self.stack.focus, TOTAL)
                curve.line_width = LINE_WIDTH if stands_out else THIN_WIDTH

    def take(self, curves: dict[tuple[Hashable, str], Curve]) -> None:
        """Show new curves, in one update; what has none is hidden."""
        update: dict[str, np.ndarray] = {}
        for key, _label, _colour in self.shown_meters:
            names = self._names_of(key)
            times, values = curves.get((key, self.name), (_EMPTY, _EMPTY))
            update.update(zip(names, (times, values), strict=True))
        self._data.update_data(update)
        shown = {key for key, _label, _colour in self.shown_meters}
        for key, curve in self._curves.items():
            curve.visible = key in shown
        self.fit_values()

    def _names_of(self, key: Hashable) -> tuple[str, str]:
        """Give the names of a meter's arrays; make its renderer if it has none."""
        number = list(self._curves).index(key) if key in self._curves else len(self._curves)
        names = (f"t{number}", f"v{number}")
        if key not in self._curves:
            self._data.update_data(dict.fromkeys(names, _EMPTY))
            self.plot.datasources.update((one, CurveSource(_EMPTY)) for one in names)
            (curve,) = self.plot.plot(names, type="line", line_width=LINE_WIDTH)
            self._curves[key] = curve
            self.paint()
        return names

    def fit_values(self) -> None:
        """Make the value axis show the values that are in view, unless a person chose one."""
        if self.chosen is not None:
            return self._set_range(self.chosen)
        low, high = self._extremes()
        if low > high:
            return None
        zero = self.name in FROM_ZERO
        self.shown = steady_range(self.shown, low, high, digits=self.field.digits, zero=zero)
        return self._set_range(self.shown)

    def _set_range(self, shown: ValueRange) -> None:
        if (shown.low, shown.high) != (self._range.low, self._range.high):
            self._range.set_bounds(shown.low, shown.high)

    def _extremes(self) -> tuple[float, float]:
        """Give the least and the greatest value in view; the first is larger without any."""
        low, high = np.inf, -np.inf
        view = self.stack.view
        for times, values in self._arrays():
            inside = values[np.searchsorted(times, view.start) : np.searchsorted(times, view.stop)]
            inside = inside[np.isfinite(inside)]
            if len(inside):
                low, high = min(low, float(inside.min())), max(high, float(inside.max()))
        return low, high

    def _arrays(self) -> list[Curve]:
        return [self.curve_of(key) for key, _label, _colour in self.shown_meters]

    def curve_of(self, key: Hashable) -> Curve:
        """Give the times (seconds, UTC) and values of one meter's curve as it is drawn."""
        if key not in self._curves:
            return _EMPTY, _EMPTY
        times, values = self._names_of(key)
        return self._data.get_data(times), self._data.get_data(values)

    def zoom_values(self, factor: float, at: float) -> None:
        """Widen the value axis *factor* times around a value, until it is fitted again."""
        current = ValueRange(self._range.low, self._range.high)
        self.chosen = zoomed_range(current, factor, at)
        self._set_range(self.chosen)

    def release_values(self) -> None:
        """Let the value axis follow the values again."""
        self.chosen = self.shown = None
        self.fit_values()

    # --- for whoever draws --------------------------------------------------------------

    def draw(self, gc: Any) -> None:
        """Draw all of it on *gc*: ground, frame, curves, marks."""
        plot = self.plot
        drawing.fill_rect(gc, plot.x, plot.y, plot.width, plot.height, self.palette.plot)
        for under in plot.underlays:
            under.overlay(plot, gc)
        with gc:
            gc.translate_ctm(*plot.position)
            # What stands out is drawn over the others.
            last = (self.stack.focus, TOTAL)
            for _key, curve in sorted(self._curves.items(), key=lambda one: one[0] in last):
                if curve.visible:
                    curve.draw_curve(gc)
        for over in plot.overlays:
            if over.visible:
                over.overlay(plot, gc)

    def value_ticks(self) -> tuple[np.ndarray, Sequence[str]]:
        """Give ticks and labels of the value axis."""
        mapper = self.plot.value_mapper
        key = (self._range.low, self._range.high, self.plot.height)
        if key != self._tick_key:
            self._tick_key = key
            low, high = mapper.screen_bounds
            self._tick_value = self._ticks.get_ticks_and_labels(*key[:2], low, high)
        return self._tick_value

    def value_at(self, key: Hashable, moment: float) -> float | None:
        """Give one meter's value at a moment, in seconds, UTC; None in a gap and beyond.

        A record stands for the interval that ends with it.
        """
        times, values = self.curve_of(key)
        if not len(times) or not times[0] <= moment <= times[-1]:
            return None
        value = float(values[np.searchsorted(times, moment)])
        return value if np.isfinite(value) else None

    def head_texts(self) -> list[str]:
        """Give what the head line tells of the view, the longest first."""
        numbers = [
            self.stack.statistics[key]
            for key, _label, _colour in self.shown_meters
            if key in self.stack.statistics
        ]
        numbers = [n for n in numbers if n.count]
        if not numbers:
            return []
        if self.name == "integrated_energy":
            energy, error = (sum(getattr(n, one) for n in numbers) for one in _ENERGY)
            whose = "in view" if len(numbers) == 1 else "together in view"
            return [f"{whose}  {energy:.2f} ± {error:.2f}", f"{energy:.2f} ± {error:.2f}"]
        found = [f for n in numbers if (f := n.fields.get(self.name)) is not None]
        if not found:
            return []
        shown = self.field.format
        low, high = min(f.low for f in found), max(f.high for f in found)
        ends = f"min {shown(low)}   max {shown(high)}"
        if len(found) > 1:
            if self.name in SUMMED:
                means = f"means together {shown(sum(f.mean for f in found))}"
                return [f"{means}   {ends}", means, ends]
            return [ends]
        return [f"mean {shown(found[0].mean)}   {ends}", f"mean {shown(found[0].mean)}"]
