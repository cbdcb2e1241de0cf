# SPDX-License-Identifier: GPL-3.0-or-later
"""One plot of the stack: a channel, one curve per meter, its axes."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from functools import partial
from typing import Any, Final

import numpy as np
from chaco.data_range_1d import DataRange1D
from chaco.tools.range_selection_overlay import RangeSelectionOverlay
from traits.api import Any as AnyTrait
from traits.api import Bool, HasStrictTraits, Instance, Str, observe

from wattui.measurement.energy import error_of_sum
from wattui.measurement.fields import CHANNEL, Field
from wattui.measurement.text import axis_unit, channel_text, energy_text, power_text
from wattui.session import Statistics
from wattui.ui.plots.curve import BAND, CUMULATIVE, FAINT_BAND, NO_CURVE, CurvesPlot
from wattui.ui.plots.drawn_notes import SpanBands, SpanNames
from wattui.ui.plots.plot_axis import add_axes, paint_axes
from wattui.ui.plots.plot_overlays import Beyond, GapReasons, Gaps, HeadLine, Marks
from wattui.ui.plots.selection_handles import covered_places
from wattui.ui.plots.stack_layout import FOOT, HEAD, LEFT, RIGHT, Arrangement
from wattui.ui.plots.time_axis import elapsed_label
from wattui.ui.plots.total import SUMMED, TOTAL, Curve, curve_value
from wattui.ui.plots.value_axis import FROM_ZERO, ValueRange, ValueTicks, steady_range, zoomed_range
from wattui.ui.plots.value_scale import LogTicks, log_range, zoomed_log_range
from wattui.ui.theme.palette import rgba

#: Width of the only curve, of one among several, and of the one that is brought out among
#: them, in pixels.
LINE_WIDTH: Final = 1.8
SEVERAL_WIDTH: Final = 1.4
OUT_WIDTH: Final = 2.6

#: How near to a curve the pointer brings it out, in pixels.
_NEAR: Final = 7.0

#: How opaque the border of the selection and its inside are; Kiva fills the inside twice.
_SELECTION_EDGE: Final = 0.6
_SELECTION_FILL: Final = 0.067


class PlotRow(HasStrictTraits):
    """One plot of the stack.  Main thread only."""

    #: Name of the channel.
    name = Str()
    #: Key of the meter that it shows; None if it shows all of them.
    key = AnyTrait()
    #: The stack that it belongs to.
    stack = Instance("wattui.ui.plots.plot_stack.PlotStack")
    #: What Chaco draws.
    plot = Instance(CurvesPlot)
    #: Whether the labels of the time axis are below it.
    shows_time = Bool(False)
    #: Whether it is the topmost.
    is_first = Bool(False)
    #: The range of the value axis, in the base unit; None before the first value.
    shown = Instance(ValueRange)
    #: The range that the user chose; None while it follows the values.
    chosen = Instance(ValueRange)
    #: Whether its value axis is logarithmic.
    logarithmic = Bool(False)

    _selection = Instance(RangeSelectionOverlay)
    #: Whether it shared its scale when it was fitted last.
    _shared = Bool(False)
    #: The curves of every meter, for a scale that all rows of the channel share.
    _every = AnyTrait(())

    def __init__(
        self, name: str, stack: Any, index_range: DataRange1D, key: Hashable | None = None
    ) -> None:
        super().__init__(name=name, stack=stack, key=key)
        plot = CurvesPlot(
            padding_left=LEFT, padding_right=RIGHT, padding_top=HEAD, padding_bottom=FOOT
        )
        plot.index_range = index_range
        plot.value_range.set_bounds(0.0, 1.0)
        # Chaco's overlay looks for the selection at the data of its component.
        plot.add_trait("index", AnyTrait(stack.component.index))
        self._selection = RangeSelectionOverlay(component=plot, alpha=_SELECTION_EDGE)
        plot.underlays.extend([Gaps(component=plot, row=self), SpanBands(component=plot, row=self)])
        plot.underlays.append(self._selection)
        add_axes(plot, stack.ticks, ValueTicks(unit=CHANNEL[name].unit))
        plot.x_axis.covered = partial(covered_places, stack, plot)
        plot.underlays.append(HeadLine(component=plot, row=self))
        # Under the curves: no word hides one.
        plot.underlays.append(GapReasons(component=plot, row=self))
        plot.underlays.append(SpanNames(component=plot, row=self))
        plot.underlays.append(Marks(component=plot, row=self))
        plot.underlays.append(Beyond(component=plot, row=self))
        self.plot = plot
        self._shared = self.shares_scale
        others = self._sharing() if self._shared else []
        for trait in ("chosen", "shown", "logarithmic") if others else ():
            setattr(self, trait, getattr(others[0], trait))
        self.paint()

    @property
    def field(self) -> Field:
        """What is plotted."""
        return CHANNEL[self.name]

    @property
    def unit(self) -> str:
        """The unit of its axis and of single values: kWh from 1000 Wh on."""
        return axis_unit(self.field.unit, self.plot.value_range.high)[0]

    @property
    def title(self) -> str:
        """Name and unit, as in the head line."""
        return f"{self.field.label.upper()}  {self.unit}".rstrip()

    @property
    def shown_meters(self) -> list[tuple[Hashable, str, str]]:
        """Key, label and colour of its curves."""
        shown: list[tuple[Hashable, str, str]] = self.stack.shown_curves(self.name)
        return shown if self.key is None else [one for one in shown if one[0] == self.key]

    @property
    def shares_scale(self) -> bool:
        """Whether its value axis is that of all rows of meters of its channel."""
        scaled = self.stack.arrangement == Arrangement.SCALED_ROWS
        return scaled and self.key not in (None, TOTAL)

    def _sharing(self) -> list[PlotRow]:
        """Return the rows that share its value axis; itself alone if it does not share it."""
        if not self.shares_scale:
            return [self]
        return [row for row in self.stack.rows_of(self.name) if row.shares_scale]

    # --- what it shows ------------------------------------------------------------------

    def place(self, *, is_first: bool, is_last: bool) -> None:
        """Set whether it is the topmost row, and the one with the labels of the time axis."""
        self.is_first, self.shows_time = is_first, is_last
        self.plot.x_axis.labelled = is_last
        self.paint()

    def paint(self) -> None:
        """Apply the palette, and give the curves the colours of their meters."""
        palette, stack = self.stack.palette, self.stack
        paint_axes(self.plot, palette)
        self._selection.border_color = rgba(palette.accent)
        self._selection.fill_color = rgba(palette.accent, _SELECTION_FILL / _SELECTION_EDGE)
        meters = self.shown_meters
        for key, _label, colour in meters:
            curve = self.plot.curves.get(key)
            if curve is None:
                continue
            curve.color = colour if stack.coloured else palette.channel(self.name)
            chosen = stack.focus if stack.brought_out is None else stack.brought_out
            stands_out = len(meters) == 1 or key in (chosen, TOTAL)
            curve.line_width = LINE_WIDTH if stands_out else SEVERAL_WIDTH
            if len(meters) > 1 and key == stack.brought_out:
                curve.line_width = OUT_WIDTH
            curve.band_alpha = BAND if stands_out else FAINT_BAND
            curve.holds = self.name not in CUMULATIVE
            if stands_out:
                self.plot.raise_component(curve)

    def take(
        self,
        curves: dict[tuple[Hashable, str], Curve],
        means: dict[tuple[Hashable, str], Curve] | None = None,
    ) -> None:
        """Show new curves, and the means of their columns, by meter and channel."""
        known = len(self.plot.curves)
        keys = [key for key, _label, _colour in self.shown_meters]
        self.plot.show_curves(
            {key: curves.get((key, self.name), NO_CURVE) for key in keys},
            {key: line for (key, name), line in (means or {}).items() if name == self.name},
        )
        if len(self.plot.curves) > known:
            self.paint()
        if self.shares_scale:
            every = ((key, name) for key, name in curves if name == self.name and key != TOTAL)
            self._every = tuple(curves[one] for one in every)
        self.fit_values()

    def fit_values(self) -> None:
        """Fit the value axis to the values in view, unless the user chose a range."""
        if self._shared != self.shares_scale:
            self.trait_set(_shared=self.shares_scale, chosen=None, shown=None)
        if self.chosen is not None:
            return self._set_range(self.chosen)
        low, high = self._extremes()
        if low > high and not self.logarithmic:
            return None
        if self.logarithmic:
            shown = log_range(self.shown, low, high)
        else:
            zero = self.name in FROM_ZERO
            shown = steady_range(self.shown, low, high, digits=self.field.digits, zero=zero)
        if shown is not self.shown:
            for row in self._sharing():
                row.shown = shown
        return self._set_range(shown)

    def _set_range(self, shown: ValueRange) -> None:
        current = self.plot.value_range
        if (shown.low, shown.high) != (current.low, current.high):
            current.set_bounds(shown.low, shown.high)

    def _extremes(self) -> tuple[float, float]:
        """Return the least and the greatest value in view; the first is larger without any."""
        low, high = np.inf, -np.inf
        own = (self.plot.points(key) for key, _label, _colour in self.shown_meters)
        for curve in self._every if self.shares_scale else own:
            _times, inside = self._in_view(curve)
            if self.logarithmic:
                inside = inside[inside > 0]
            if len(inside):
                low, high = min(low, float(inside.min())), max(high, float(inside.max()))
        return low, high

    def _in_view(self, curve: Curve) -> Curve:
        """Return the part of a curve in view, without breaks."""
        (times, values), view = curve, self.stack.view
        # The record after the view counts too: its interval reaches into the view.
        part = slice(np.searchsorted(times, view.start), np.searchsorted(times, view.stop) + 1)
        times, values = times[part], values[part]
        finite = np.isfinite(values)
        return (times, values) if finite.all() else (times[finite], values[finite])

    def beyond(self) -> list[tuple[str, float, float, bool]]:
        """Return colour, time and value of each curve's extremes outside of a manual scale.

        The last item is whether they are above it. The farthest come first.
        """
        if self.chosen is None:
            return []
        found, scale = [], self.chosen
        for key, _label, colour in self.shown_meters:
            times, values = self._in_view(self.plot.points(key))
            shown = colour if self.stack.coloured else self.stack.palette.channel(self.name)
            for at in {int(values.argmax()), int(values.argmin())} if len(values) else ():
                value = float(values[at])
                if not scale.low <= value <= scale.high:
                    found.append((shown, float(times[at]), value, value > scale.high))
        return sorted(found, key=lambda one: -abs(one[2] - (scale.low + scale.high) / 2))

    def zoom_values(self, factor: float, at: float) -> None:
        """Make the value axis *factor* times as wide around a value, until it is fitted again."""
        current = self.plot.value_range
        zoomed = zoomed_log_range if self.logarithmic else zoomed_range
        self.choose_range(zoomed(ValueRange(current.low, current.high), factor, at))

    def choose_range(self, chosen: ValueRange) -> None:
        """Show a range of values, until it is fitted again."""
        for row in self._sharing():
            row.chosen = chosen
            row.fit_values()

    def choose_scale(self, *, logarithmic: bool) -> None:
        """Make the value axis logarithmic or linear, and let it follow the values again."""
        for row in self._sharing():
            row.logarithmic = logarithmic
        self.release_values()

    @observe("logarithmic")
    def _scaled(self, _event: object) -> None:
        if self.plot is not None:
            axis, kind = self.plot.y_axis, LogTicks if self.logarithmic else ValueTicks
            axis.ticks = kind(unit=self.field.unit, room=axis.ticks.room)
            self.plot.scale_values(logarithmic=self.logarithmic)

    def release_values(self) -> None:
        """Follow the values again with the value axis."""
        for row in self._sharing():
            row.chosen = row.shown = None
        for row in self._sharing():
            row.fit_values()

    def forget(self) -> None:
        """Show nothing, because another session is being opened."""
        self.chosen = self.shown = None
        self.take({})

    # --- what it says -------------------------------------------------------------------

    def value_at(self, key: Hashable, moment: float) -> float | None:
        """Return one meter's value at a time, in seconds, UTC; None in a gap and beyond.

        A record covers the interval that ends with it.
        """
        return curve_value(self.plot.line(key), moment)

    def curve_near(self, x: float, y: float) -> Hashable | None:
        """Return the key of the curve nearest to a pixel; None if none is near."""
        moment = float(self.plot.index_mapper.map_data(x))
        found: list[tuple[float, Hashable]] = []
        for key, _label, _colour in self.shown_meters:
            value = self.value_at(key, moment)
            if value is not None:
                away = abs(float(self.plot.value_mapper.map_screen(np.array([value]))[0]) - y)
                found.append((away, key))
        away, nearest = min(found, key=lambda one: one[0], default=(np.inf, None))
        return nearest if away <= _NEAR else None

    def pointed_values(self) -> list[tuple[str, str]]:
        """Return colour and value of each curve under the pointer; none if it is elsewhere."""
        moment = self.stack.pointer_time
        if moment is None:
            return []
        found = []
        for key, _label, colour in self.shown_meters:
            value = self.value_at(key, moment)
            found.append((colour, channel_text(self.name, value, self.unit)))
        return found

    def selection_texts(self) -> list[str]:
        """Return duration, mean power and energy of the selection, the longest first."""
        selection = self.stack.view.selection
        if selection is None or not self.is_first:
            return []
        length = selection[1] - selection[0]
        duration = f"selected {elapsed_label(length, 0.1 if length < 10 else 1.0)}"
        known = self.stack.selection_statistics
        numbers = [known[key] for key, _label, _colour in self.shown_meters if key in known]
        numbers = [one for one in numbers if one.count]
        if not numbers:
            return [duration]
        energy, mean = _sum_of_energies(numbers), _sum_of_means(numbers)
        word = "mean" if len(numbers) == 1 else f"sum of {len(numbers)} means"
        whose = "" if len(numbers) == 1 else f"{len(numbers)} meters "
        return [f"{duration}   {word} {mean}   {energy}", f"{duration}   {whose}{energy}", duration]

    def head_texts(self) -> list[str]:
        """Return the selection or statistics of the view for the head line, longest first."""
        if selected := self.selection_texts():
            return selected
        known = self.stack.statistics
        numbers = [known[key] for key, _label, _colour in self.shown_meters if key in known]
        numbers = [one for one in numbers if one.count]
        if not numbers:
            return []
        if self.name == "integrated_energy":
            text = _sum_of_energies(numbers)
            whose = "" if len(numbers) == 1 else f"{len(numbers)} meters "
            return [f"{whose}in view  {text}", text]
        found = [f for one in numbers if (f := one.fields.get(self.name)) is not None]
        if not found:
            return []

        def shown(value: float) -> str:
            return channel_text(self.name, value, self.unit)

        ends = f"min {shown(min(f.low for f in found))}   max {shown(max(f.high for f in found))}"
        mean_known = len(found) == 1 and not math.isnan(found[0].mean)
        if not mean_known and self.name not in SUMMED:
            return [ends]
        whole = shown(sum(f.mean for f in found))
        if self.name == "power":
            whole = _sum_of_means(numbers)
        mean = f"mean {whole}" if len(found) == 1 else f"sum of {len(found)} means {whole}"
        return [f"{mean}   {ends}", mean, ends]


def _sum_of_energies(numbers: Sequence[Statistics]) -> str:
    """Return the energy of several meters; their errors add up."""
    return energy_text(
        sum(one.energy_wh for one in numbers), error_of_sum(one.energy_error_wh for one in numbers)
    )


def _sum_of_means(numbers: Sequence[Statistics]) -> str:
    """Return the mean power of several meters; their errors add up."""
    numbers = [one for one in numbers if one.powered_s]
    return power_text(
        sum(one.average_power_w for one in numbers),
        error_of_sum(one.average_power_error_w for one in numbers),
    )
