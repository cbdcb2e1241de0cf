# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a figure: title, span and energies at the top, the plots below it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from wattui.measurement.energy import error_of_sum
from wattui.measurement.text import (
    TimeMode,
    count_text,
    counter_text,
    duration_text,
    elapsed_text,
    energy_text,
    power_text,
    total_energy_label,
)
from wattui.ui.figure import figure_axes
from wattui.ui.figure.figure_data import FigureContent, FigureSeries
from wattui.ui.figure.figure_plot import TEXT, TITLE, FigurePlot
from wattui.ui.plots import drawing
from wattui.ui.plots.stack_layout import heights
from wattui.ui.plots.time_axis import TimeTicks
from wattui.ui.theme.palette import LIGHT, Palette

#: The default: power with current, and the energy below.
DEFAULT_PANELS: Final = (("power", "current"), ("integrated_energy",))

#: Pixels beside the plots with an axis and without one, and at the edges of the page.
_AXIS: Final = 62
_BARE: Final = 22
_EDGE: Final = 16

#: Pixels above each plot for its head line, below it, and below the last plot for the times.
_HEAD: Final = 28
_FOOT: Final = 12
_TIME_FOOT: Final = 32

#: Heights of lines of text.
_TITLE_LINE: Final = 26
_LINE: Final = 18


@dataclass(frozen=True, slots=True)
class FigureLayout:
    """Size, colours and title of a figure."""

    width: int = 1280
    height: int = 720
    palette: Palette = LIGHT
    #: How times are shown.
    clock_mode: str = TimeMode.ELAPSED
    #: Replaces the session's name.
    title: str = ""
    #: Whether title, span and energies are above the plots; where they are not, a legend is, if
    #: there are several meters.
    heading: bool = True


class FigurePage:
    """Lays out a figure and draws it.

    Parameters
    ----------
    content
        What to show.
    panels
        The channels of each plot, from the top: one, or two with one axis per channel.
    layout
        Size, colours and title.
    """

    def __init__(
        self,
        content: FigureContent,
        panels: Sequence[Sequence[str]] = DEFAULT_PANELS,
        layout: FigureLayout | None = None,
    ) -> None:
        self.content = content
        self.layout = layout or FigureLayout()
        series = content.series
        #: One colour per meter, if there are several.
        self.colours = (
            [one.colour or self.palette.meter(i) for i, one in enumerate(series)]
            if len(series) > 1
            else []
        )
        self._legend = self._legend_lines() if self.colours else []
        self._boxes(panels)

    @property
    def palette(self) -> Palette:
        """The colours."""
        return self.layout.palette

    @property
    def legend_height(self) -> int:
        """Height of the legend, in pixels; 0 without one."""
        return len(self._legend) * _LINE

    def _heading_height(self) -> int:
        if not self.layout.heading:
            return self.legend_height
        lines = 1 + len(self._legend or [None]) + len(self.content.notes)
        return _EDGE + _TITLE_LINE + lines * _LINE

    def _boxes(self, panels: Sequence[Sequence[str]]) -> None:
        """Divide the space below the title."""
        layout, count = self.layout, len(panels)
        top = layout.height - self._heading_height()
        right = _AXIS if any(len(p) > 1 or figure_axes.is_energy(p[0]) for p in panels) else _BARE
        around = count * _HEAD + (count - 1) * _FOOT + _TIME_FOOT + 4
        tall = heights(top - around, count)
        ticks = TimeTicks(mode=layout.clock_mode, origin=self.content.origin)
        self.panels: list[FigurePlot] = []
        y2 = float(top)
        for names, height in zip(panels, tall, strict=True):
            y2 -= _HEAD + height
            size = {"padding_left": _AXIS, "padding_right": right, "padding_bottom": _TIME_FOOT}
            size |= {"position": [_AXIS, y2], "bounds": [layout.width - _AXIS - right, height]}
            plot = FigurePlot(names, self.content, ticks, self.palette, self.colours, **size)
            self.panels.append(plot)
            y2 -= _FOOT
        for plot in self.panels[:-1]:
            plot.x_axis.visible = False
        self.panels[0].shows_marks = True

    # --- drawing --------------------------------------------------------------------------

    def draw(self, gc: Any) -> None:
        """Draw everything."""
        layout = self.layout
        drawing.fill_rect(gc, -1, -1, layout.width + 2, layout.height + 2, self.palette.plot)
        if self.layout.heading:
            self._draw_title(gc)
        else:
            self._draw_legend(gc, layout.height - TEXT.size)
        for plot in self.panels:
            plot.draw(gc)

    def _draw_title(self, gc: Any) -> None:
        """Write title, span, energies and remarks."""
        layout, palette = self.layout, self.palette
        y = layout.height - _EDGE - TITLE.size + 2
        room = layout.width - _AXIS - _BARE
        shown = drawing.elided_text(layout.title or self.content.title, room, TITLE)
        drawing.draw_text(gc, shown, _AXIS, y, palette.text, TITLE)
        y -= _TITLE_LINE - 4
        lines = [self.span_text(), *([] if self.colours else [self.statistics_text()])]
        for line in lines:
            drawing.draw_text(
                gc, drawing.elided_text(line, room, TEXT), _AXIS, y, palette.muted, TEXT
            )
            y -= _LINE
        y = self._draw_legend(gc, y)
        for note in self.content.notes:
            drawing.draw_text(
                gc, drawing.elided_text(note, room, TEXT), _AXIS, y, palette.amber, TEXT
            )
            y -= _LINE

    def _draw_legend(self, gc: Any, y: float) -> float:
        """Write the legend from a base line down; return the next one."""
        for entries in self._legend:
            for x, number, text in entries:
                drawing.fill_rect(gc, x, y + 3, 14, 3, self.colours[number])
                drawing.draw_text(gc, text, x + 20, y, self.palette.text, TEXT)
            y -= _LINE
        return y

    def span_text(self) -> str:
        """Return span and duration as text, with the meter if there is only one."""
        content = self.content
        words = f"{content.when}   ({elapsed_text(content.stop - content.start)})"
        if not self.colours:
            return f"{content.series[0].label}   {words}"
        energy = sum(one.statistics.energy_wh for one in content.series)
        error = error_of_sum(one.statistics.energy_error_wh for one in content.series)
        return f"{words}   {total_energy_label(len(content.series))}: {energy_text(energy, error)}"

    def statistics_text(self) -> str:
        """Return energy, mean power, records and gaps of the only meter."""
        statistics = self.content.series[0].statistics
        parts = [
            energy_text(statistics.energy_wh, statistics.energy_error_wh),
            f"mean {power_text(statistics.average_power_w, statistics.average_power_error_w)}",
            count_text(statistics.count, "record"),
            _gap_words(statistics),
        ]
        if not math.isnan(statistics.counter_wh):
            parts.append(f"meter's own counter {counter_text(statistics.counter_wh)}")
        return "   ".join(parts)

    def _legend_entries(self) -> list[tuple[int, str]]:
        """Return number and text of the curves that the legend names."""
        return [(n, _legend_text(one)) for n, one in enumerate(self.content.series)]

    def _legend_lines(self) -> list[list[tuple[float, int, str]]]:
        """Return the lines of the legend: position, number and text of their meters."""
        room = self.layout.width - _AXIS - _BARE
        found = self._legend_entries()
        wide = min(max(drawing.text_width(text, TEXT) for _, text in found) + 44, room)
        columns = max(int((room + 24) / wide), 1)
        series = self.content.series
        entries = [
            (_AXIS + (i % columns) * wide, n, _shortened_entry(series[n], text, wide - 24))
            for i, (n, text) in enumerate(found)
        ]
        return [entries[i : i + columns] for i in range(0, len(entries), columns)]


def _gap_words(statistics: Any) -> str:
    words = count_text(statistics.gap_count, "gap")
    return f"{words} ({duration_text(statistics.gap_s)})" if statistics.gap_count else words


def _shortened_entry(one: FigureSeries, text: str, room: float) -> str:
    """Return the text of a meter in the legend; its name gives way before its numbers."""
    numbers = text.removeprefix(one.label)
    left = room - drawing.text_width(numbers, TEXT)
    if left < drawing.text_width("…", TEXT):
        return drawing.elided_text(text, room, TEXT)
    return drawing.elided_text(one.label, left, TEXT) + numbers


def _legend_text(one: FigureSeries) -> str:
    energy = energy_text(one.statistics.energy_wh, one.statistics.energy_error_wh)
    text = f"{one.label}   {energy}"
    return f"{text}   {_gap_words(one.statistics)}" if one.statistics.gap_count else text
