# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks an opened session that was read from a meter's memory.

The status bar, a line above the plots and a caption at the time axis show that its times
are reconstructed, and whether records are missing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chaco.abstract_overlay import AbstractOverlay
from traits.api import HasStrictTraits, Instance, List, Str, observe

from wattui.meter_memory.save_readout import ReadoutLabel, readout_label
from wattui.session import Session
from wattui.ui.plots import drawing
from wattui.ui.widgets.notices import Notice, NoticeKind

#: The caption at the time axis.
CAPTION = "times reconstructed"

_PAD = 6


class TimeCaption(AbstractOverlay):
    """A caption at the time axis of plots with reconstructed times."""

    #: The plots that it belongs to.
    stack = Instance("wattui.ui.plots.plot_stack.PlotStack")
    text = Str()

    def overlay(
        self, other_component: Any, gc: Any, view_bounds: Any = None, mode: str = "normal"
    ) -> None:
        """Draw on *gc*, at the right above the axis; called by Chaco."""
        rows = self.stack.shown_rows()
        if not self.text or not rows:
            return
        plot, palette = rows[-1].plot, self.stack.palette
        width = drawing.text_width(self.text, drawing.SMALL) + 2 * _PAD
        left = plot.x2 - width - 4
        drawing.fill_rect(gc, left, plot.y + 4, width, 17, palette.plot, 0.85)
        drawing.draw_text(gc, self.text, left + _PAD, plot.y + 9, palette.muted, drawing.SMALL)


class ReadoutOrigin(HasStrictTraits):
    """Finds out whether an opened session was read from a memory.  Main thread only."""

    #: The window's model.
    model = Instance("wattui.ui.window.window_model.WindowModel")
    #: The label of the session that is shown; None if it is not a read-out.
    label = Instance(ReadoutLabel)
    #: The line about it.
    notices = List(Instance(Notice))

    _caption = Instance(TimeCaption)
    _path = Instance(Path)
    _dismissed = Instance(Path)

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        plots = self.model.plots
        if plots is not None:
            self._caption = TimeCaption(component=plots.component, stack=plots)
            plots.component.overlays.append(self._caption)

    @observe("model:bench:[session_path,opened,revision]")
    def _on_bench(self, _event: object) -> None:
        if self.model is None:
            return
        bench = self.model.bench
        path = bench.session_path if bench.opened else None
        if path == self._path:
            return
        self._path = path
        self._show(None)
        if path is None:
            return

        def found(label: ReadoutLabel | None) -> None:
            if self._path == path:
                self._show(label)

        bench.main_thread.run(
            f"origin of {path.name}", lambda: read_label(path), found, lambda _error: None
        )

    def _show(self, label: ReadoutLabel | None) -> None:
        self.label = label
        caption = "" if label is None else CAPTION
        words = caption
        if label is not None and label.partial:
            words = f"{caption}, partial"
        self.model.times_note = words
        if self._caption is not None and self._caption.text != caption:
            self._caption.text = caption
            self.model.plots.redraw()
        self.refresh()

    def refresh(self) -> None:
        """Update the notice."""
        notices = []
        label = self.label
        if label is not None and self._dismissed != self._path:
            kind = NoticeKind.WARNING if label.partial else NoticeKind.INFO
            dismiss = (("Dismiss", "dismiss_origin"),)
            text = "The times of this session are reconstructed."
            if label.partial:
                text = f"This is a partial read-out. {_sentence(label.partial)}"
            notices.append(Notice("origin", kind, text, label.reconstructed, dismiss))
        self.notices = notices

    def dismiss(self) -> None:
        """Hide the notice for this session; caption and status stay."""
        self._dismissed = self._path
        self.refresh()


def read_label(path: Path) -> ReadoutLabel | None:
    """Read the label of a session that came from a memory; None for any other."""
    with Session.open(path) as session:
        return readout_label(session.info)


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
