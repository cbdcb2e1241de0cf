# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window does with marks and spans: set, name, move, compare, export."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from traits.api import Any as AnyTrait
from traits.api import Event, HasStrictTraits, Instance, Int, List, observe

from wattui.measurement.clock import MICROSECONDS
from wattui.model.note_history import Notes
from wattui.session import Mark, Span
from wattui.session.destination import write_guarded
from wattui.ui.marks.mark_rows import MarkRow, mark_rows
from wattui.ui.theme.palette import METER_COLOURS


class MarksModel(HasStrictTraits):
    """Marks and spans of a window's session.  Main thread only."""

    #: The window's model, with its bench and its plots.
    model = Instance("wattui.ui.window.window_model.WindowModel")
    #: The rows of the list.
    rows: list[MarkRow] = List(Instance(MarkRow))  # type: ignore[assignment]
    #: The mark or span that is chosen in the list or in the plots; None for none.
    chosen = AnyTrait()
    #: Number of the span that others are compared with; 0 for none.
    baseline = Int()
    #: A mark or span gets a field for its name: in the plots; in the list.
    name_wanted = Event()
    cell_wanted = Event()

    @property
    def notes(self) -> Any:
        """The marks and spans of the bench."""
        return self.model.bench.notes

    # -- showing -----------------------------------------------------------------------

    @observe("model:bench:notes:found,model:bench:session_start,model:clock_mode,baseline")
    def _update(self, _event: object) -> None:
        if self.model is None or self.model.bench is None or self.model.bench.notes is None:
            return
        self.rows = mark_rows(self.notes.found, self.model.time_form, self.baseline)
        known = {(type(row.note), row.note.id): row.note for row in self.rows}
        if self.chosen is not None:
            self.chosen = known.get((type(self.chosen), self.chosen.id))

    @observe("model:bench:notes:found")
    def _found(self, event: Any) -> None:
        plots = self.model.plots if self.model is not None else None
        if plots is not None and not _are_same(event.old, event.new):
            plots.notes.forget_dropped()
            plots.revision += 1

    @observe("model:bench:notes:problem")
    def _refused(self, event: Any) -> None:
        if isinstance(event.new, str) and event.new:
            self.model.message = event.new
            self.model.plots.notes.forget_dropped()
            self.model.plots.redraw()

    @observe("model:bench:notes:added")
    def _added(self, event: Any) -> None:
        if isinstance(event.new, Mark | Span):
            self.chosen = event.new
        if isinstance(event.new, Span) and self.model.shows_marks:
            self.cell_wanted = event.new

    @observe("chosen")
    def _chosen(self, _event: object) -> None:
        if self.model.plots is not None:
            self.model.plots.notes.chosen = self.chosen
            self.model.plots.redraw()

    # -- the mouse on the plots ----------------------------------------------------------

    @observe("model:plots:notes:moved")
    def _moved(self, event: Any) -> None:
        mark, time_us = event.new
        self._change(mark, replace(mark, time_us=time_us))

    @observe("model:plots:notes:picked")
    def _picked(self, event: Any) -> None:
        self.chosen = event.new
        if isinstance(event.new, Span):
            self._select(event.new)

    @observe("model:plots:notes:name_wanted")
    def _to_be_named(self, event: Any) -> None:
        self.chosen = event.new
        self.name_wanted = event.new

    # -- actions -------------------------------------------------------------------------

    def mark_here(self) -> None:
        """Mark the time at the pointer, or the present while a meter is being recorded."""
        model = self.model
        moment = model.plots.pointer_time
        if not self.notes.changeable:
            model.message = "Not marked: this session cannot be changed"
        elif moment is not None:
            moment = min(max(moment, model.plots.view.first), model.plots.view.last)
            self.notes.add_mark(round(moment * MICROSECONDS))
            model.message = f"Marked {model.time_form.at(moment)}; press N to name it"
        elif model.marking:
            model.bench.mark()
            model.message = "Marked; press N to name it"
        else:
            model.message = "Point at a moment in the plots, and press M to mark it"

    def name_last(self) -> None:
        """Name the chosen mark or span, or else the last one."""
        note = self.chosen or (self.rows[-1].note if self.rows else None)
        if note is None:
            self.model.message = "There is no mark to name: press M to set one"
        else:
            self.name_wanted = note

    def keep_selection(self) -> None:
        """Keep the selection as a span, in a colour of its own."""
        model = self.model
        selection = model.plots.view.selection
        if selection is None:
            model.message = "Select a part first: drag with Shift held down"
            return
        start, stop = (round(edge * MICROSECONDS) for edge in selection)
        model.shows_marks = True
        colours = METER_COLOURS["light"]
        used = [span.colour for span in self.notes.spans]
        free = [colour for colour in colours if colour not in used]
        self.notes.add_span(start, stop, colour=(free or colours)[0])

    def name(self, note: Mark | Span, name: str) -> None:
        """Name a mark or a span."""
        field = "text" if isinstance(note, Mark) else "name"
        if name != getattr(note, field):
            self._change(note, replace(note, **{field: name}))  # type: ignore[arg-type]

    def colour(self, span: Span, colour: str) -> None:
        """Set the colour of a span, as ``#rrggbb``."""
        self._change(span, replace(span, colour=colour))

    def remove(self) -> None:
        """Remove the chosen mark or span."""
        if self.chosen is not None:
            self.notes.change([(self.chosen, None)])
            self.model.message = "Removed; Ctrl-Z brings it back"

    def _change(self, note: Mark | Span, changed: Mark | Span) -> None:
        self.notes.change([(note, changed)])

    def undo(self) -> None:
        """Undo the last change of marks and spans."""
        self.notes.undo()

    def redo(self) -> None:
        """Make the last change again that was undone."""
        self.notes.redo()

    def compare_with_chosen(self) -> None:
        """Make the chosen span the baseline of the others, or no longer."""
        if isinstance(self.chosen, Span):
            self.baseline = 0 if self.baseline == self.chosen.id else self.chosen.id

    def go_to(self, note: Mark | Span, *, zoom: bool = False) -> None:
        """Bring a mark or a span into view, and select the span; *zoom*: fill the view with it."""
        self.chosen = note
        view = self.model.plots.view
        if isinstance(note, Span):
            self._select(note)
            start, stop = note.start_us / MICROSECONDS, note.stop_us / MICROSECONDS
        else:
            start = stop = note.time_us / MICROSECONDS
        if zoom and isinstance(note, Span):
            view.show_selection()
        elif not view.start <= start <= stop <= view.stop:
            width = max(view.width, 1.2 * (stop - start))
            middle = (start + stop) / 2
            view.show(middle - width / 2, middle + width / 2)

    def _select(self, span: Span) -> None:
        self.model.plots.view.select(span.start_us / MICROSECONDS, span.stop_us / MICROSECONDS)

    def export(self, path: Path) -> None:
        """Write the spans as CSV, or marks and spans as JSON, in the background."""
        # Loads the formats, which a start does not need.
        from wattui.formats.span_table import marks_json, spans_csv

        found, model = self.notes.found, self.model
        base = next((one for one in found.figures if one.span.id == self.baseline), None)
        source = model.bench.saved_path
        is_json = path.suffix.lower() == ".json"
        text = marks_json(found.marks, found.figures, base) if is_json else ""
        text = text or spans_csv(found.figures, base)

        def write() -> None:
            write_guarded(path, text.encode(), [source] if source is not None else [])

        def shown(_result: object) -> None:
            model.message = f"Exported to {path}"

        def failed(error: Exception) -> None:
            model.message = f"Not exported: {error}"

        model.bench.main_thread.run(f"export to {path.name}", write, shown, failed)


def _are_same(before: object, after: object) -> bool:
    """Check whether the same was found twice, as while only samples are added."""
    both = isinstance(before, Notes) and isinstance(after, Notes)
    return both and (before.marks, before.figures) == (after.marks, after.figures)
