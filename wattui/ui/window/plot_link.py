# SPDX-License-Identifier: GPL-3.0-or-later
"""Connects the plots to the window's model: what they show, and the values under the pointer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from traits.api import HasStrictTraits, Instance, observe

from wattui.measurement.text import RunTimes
from wattui.ui.plots.stack_layout import Arrangement
from wattui.ui.window.display_values import PANEL_FIELDS, Place, SummaryPart, ViewSummary

if TYPE_CHECKING:
    from wattui.model.meter import Meter


class PlotLink(HasStrictTraits):
    """Keeps a PlotStack and a WindowModel in step.  Main thread only."""

    #: The window's model, with its ``plots``.
    model = Instance("wattui.ui.window.window_model.WindowModel")

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        model = self.model
        model.plots.readings = list(PANEL_FIELDS)
        model.component = model.plots.component
        self._show_all()

    # -- from the model to the plots ---------------------------------------------------

    @observe(
        "model:bench:[session_path,recording,session_start,meters.items],"
        "model:bench:meters:items:[state,paused,key,name,colour,lost_since,plotted],"
        "model:bench:meter,"
        "model:[channels.items,clock_mode,palette,place,shows_large,arrangement,with_total]"
    )
    def _on_model(self, _event: object) -> None:
        if self.model.plots is not None:
            self._show_all()

    @observe("model:bench:revision")
    def _grown(self, _event: object) -> None:
        if self.model.plots is not None:
            self._show_all()
            self.model.plots.revision += 1

    def _show_all(self) -> None:
        model, bench, plots = self.model, self.model.bench, self.model.plots
        _set(plots, "palette", model.palette)
        _set(plots, "channels", list(model.channels))
        _set(plots, "clock_mode", model.clock_mode)
        _set(plots, "session_path", bench.session_path)
        several = len(bench.meters) > 1
        _set(plots, "by_meter", several)
        _set(plots, "focus", bench.meter.key if bench.meter is not None else None)
        _set(plots, "arrangement", model.arrangement if several else Arrangement.OVERLAY)
        _set(plots, "with_total", several and model.with_total)
        _set(plots, "going", [one.key for one in bench.meters if one.connected])
        _set(plots, "meters", self._meters())
        _set(plots, "live", bench.recording)
        absent = [one for one in bench.meters if one.key and not math.isnan(one.open_gap())]
        _set(plots, "absent_why", {one.key: _reason(one, model.time_form) for one in absent})
        # A gap that is over stays shaded until the record that ends it has come.
        shaded = [one for one in bench.meters if one.connected and one.key in plots.absent_since]
        absent += [one for one in shaded if plots.absent_since[one.key] == one.last_time]
        _set(plots, "absent_since", {one.key: one.last_time for one in absent})
        self._show_present()
        _set(plots, "shown", model.place == Place.PLOTS and not model.shows_large)

    def _meters(self) -> list[tuple[str, str, str]]:
        """Return key, label and colour of each meter in the session that is plotted."""
        palette = self.model.palette
        return [
            (one.key, one.label, palette.shown(one.colour) or palette.meter(index))
            for index, one in enumerate(self.model.bench.meters)
            if one.key and one.sample_count and one.plotted
        ]

    def tick(self) -> None:
        """Extend the gaps in plots and status to the present while a meter is lost or pauses."""
        self._show_present()
        if self.model.plots.absent_since:
            self.model.refresh()

    def _show_present(self) -> None:
        plots = self.model.plots
        gaps = [(one.last_time, one.open_gap()) for one in self.model.bench.meters]
        going = [since + gap for since, gap in gaps if not math.isnan(since + gap)]
        if going or not plots.absent_since:
            plots.now = max(going, default=math.nan)

    # -- from the plots to the model ---------------------------------------------------

    @observe("model:plots:view:pinned")
    def _pinned_changed(self, _event: object) -> None:
        if self.model.plots is not None:
            self.model.pinned = self.model.plots.view.pinned

    @observe(
        "model:plots:[pointer_time,pointer_values.items,statistics.items,"
        "selection_statistics.items]"
    )
    def _summary_changed(self, _event: object) -> None:
        if self.model.plots is not None:
            self.model.summary = self._summary()
            if self.model.several and not self.model.bench.recording:
                self.model.refresh_meters()

    @observe("model:plots:brought_out")
    def _brought_out_changed(self, _event: object) -> None:
        if self.model.plots is not None:
            keys = [one.key for one in self.model.bench.meters]
            key = self.model.plots.brought_out
            self.model.pointed_row = keys.index(key) if key in keys else -1

    @observe("model:plots:problem")
    def _problem_changed(self, event: object) -> None:
        problem = getattr(event, "new", "")
        if isinstance(problem, str) and problem:
            self.model.message = problem

    def _summary(self) -> ViewSummary:
        plots = self.model.plots
        span = SummaryPart.VIEW
        statistics = _of(plots.statistics, plots.focus)
        selected = _of(plots.selection_statistics, plots.focus)
        if plots.view.selection is not None and selected is not None:
            statistics, span = selected, SummaryPart.SELECTION
        if plots.pointer_time is not None and plots.pointer_values:
            return ViewSummary(plots.pointer_time, dict(plots.pointer_values), statistics, span)
        if statistics is None:
            return ViewSummary()
        if not statistics.count and span is SummaryPart.VIEW:
            # The view is shorter than an interval: the line in it is that of the next record.
            middle = (plots.view.start + plots.view.stop) / 2
            return ViewSummary(middle, plots.values_at(middle), statistics, span)
        means = {name: statistics[name].mean for name in PANEL_FIELDS}
        return ViewSummary(math.nan, means, statistics, span)


def _reason(meter: Meter, form: RunTimes) -> str:
    """Return why records of a meter are missing for now."""
    absent = "silent" if meter.posts else "unplugged"
    return meter.paused or f"{absent} {form.at(meter.lost_since)}"


def _of(found: Any, key: object) -> Any:
    """Return the statistics of a meter, or of the first one if it has none."""
    return found.get(key) or next(iter(found.values()), None)


def _set(target: Any, name: str, value: object) -> None:
    """Set a trait if that changes it: the plots are read again after each change."""
    if getattr(target, name) != value:
        setattr(target, name, value)
