# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions on marks and spans, for the menu, the keys and the list."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pyface.qt import QtGui

from wattui.ui.marks.name_field import ask_name
from wattui.ui.widgets.action import HAS_SESSION, Action, WindowContext


def _show_list(context: WindowContext) -> None:
    """Show or hide the list of marks and spans."""
    context.model.shows_marks = not context.model.shows_marks
    context.window.setFocus()


def _export_spans(context: WindowContext) -> None:
    """Ask for a file, and write the spans there."""
    model = context.model
    source = model.bench.saved_path
    if source is None:
        return
    name, chosen = QtGui.QFileDialog.getSaveFileName(
        context.window,
        "Export marks and spans",
        str(Path.home() / f"{source.stem} spans.csv"),
        "Spans as CSV (*.csv);;Marks and spans as JSON (*.json)",
    )
    if name:
        path = Path(name)
        ending = ".json" if "json" in chosen else ".csv"
        model.marks.export(path if path.suffix else path.with_name(path.name + ending))


def name_on_plots(context: WindowContext, note: object) -> None:
    """Name a mark or a span in a field on the plots."""
    marks = context.model.marks
    control = context.info.component.control
    ask_name(control, context.model.plots, note, lambda name: marks.name(note, name))  # type: ignore[arg-type]


MARK_ACTIONS: Final = (
    Action(
        "mark", "Mar&ks", "&Mark", lambda context: context.model.marks.mark_here(),
        "Mark the moment at the pointer, or the present", keys=("M",), enabled=HAS_SESSION,
    ),
    Action(
        "name_mark", "Mar&ks", "&Name the mark", lambda context: context.model.marks.name_last(),
        "Name the chosen mark or span, or the last one", keys=("N",), enabled=HAS_SESSION,
    ),
    Action(
        "keep_span", "Mar&ks", "&Keep the selection as a span",
        lambda context: context.model.marks.keep_selection(),
        "Give the selected part a name and a colour, to compare it with others",
        keys=("K",), enabled=HAS_SESSION,
    ),
    Action(
        "undo", "Mar&ks", "&Undo", lambda context: context.model.marks.undo(),
        "Undo the last change of marks and spans", keys=("Ctrl+Z",), enabled=HAS_SESSION,
        line=True,
    ),
    Action(
        "redo", "Mar&ks", "&Redo", lambda context: context.model.marks.redo(),
        "Make the change again that was undone", keys=("Ctrl+Shift+Z",), enabled=HAS_SESSION,
    ),
    Action(
        "mark_list", "Mar&ks", "&List of marks and spans", _show_list,
        "List marks and spans below the plots, and compare the spans",
        keys=("B",), enabled=HAS_SESSION, checked="object.shows_marks", style="toggle", line=True,
    ),
    Action(
        "baseline", "Mar&ks", "&Baseline",
        lambda context: context.model.marks.compare_with_chosen(),
        "Compare the energy of the spans with that of the chosen one", enabled=HAS_SESSION,
    ),
    Action(
        "export_spans", "Mar&ks", "&Export spans…", _export_spans,
        "Write the table of spans as CSV, or marks and spans as JSON", enabled=HAS_SESSION,
    ),
)  # fmt: skip
