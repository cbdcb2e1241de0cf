# SPDX-License-Identifier: GPL-3.0-or-later
"""Connects the figures to the window's model: how they are shown, and what is selected."""

from __future__ import annotations

from dataclasses import replace

from traits.api import HasStrictTraits, Instance, observe

from wattui.ui.figures.threshold_line import ThresholdLine, ThresholdPointer, ThresholdTool


class FiguresLink(HasStrictTraits):
    """Keeps a FiguresModel and a WindowModel in step.  Main thread only."""

    #: The window's model, with its ``plots`` and ``figures``.
    model = Instance("wattui.ui.window.window_model.WindowModel")

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        figures, component = self.model.figures, self.model.plots.component
        component.overlays.append(ThresholdLine(component=component, figures=figures))
        # Before the tools that select and move the view.
        component.tools.insert(0, ThresholdTool(component=component, figures=figures))
        component.tools.append(ThresholdPointer(component=component, figures=figures))

    @observe("model:figures:[threshold,shown]")
    def _threshold_changed(self, _event: object) -> None:
        if self.model is not None and self.model.plots is not None:
            self.model.plots.redraw()

    @observe(
        "model:[energy_unit,clock_mode],model:bench:[rate,currency,session_start,session_stop],"
        "model:plots:channels.items"
    )
    def _on_model(self, _event: object) -> None:
        model = self.model
        if model is None or model.bench is None or model.figures is None:
            return
        figures = model.figures
        figures.wording = replace(
            figures.wording,
            times=model.time_form,
            energy_unit=model.energy_unit,
            rate=model.bench.rate,
            currency=model.bench.currency,
            channels=tuple(model.plots.channels),
        )

    @observe("model:plots:view:[selection,selecting],model:figures:shown")
    def _selection_changed(self, _event: object) -> None:
        model = self.model
        if model is not None and model.figures is not None:
            view = model.plots.view
            model.trait_set(
                has_selection=view.selection is not None,
                selecting=view.selecting,
                shows_figures=model.figures.shown and model.has_session,
            )
