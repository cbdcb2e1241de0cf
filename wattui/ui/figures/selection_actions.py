# SPDX-License-Identifier: GPL-3.0-or-later
"""The actions of the selection, of the figures, and of the view of the last minutes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from pyface.qt import QtCore, QtGui

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import EventKind
from wattui.session import Session
from wattui.ui.figures.copied_table import FORMS
from wattui.ui.figures.figures_panel import PARTS
from wattui.ui.plots.time_view import TimeView
from wattui.ui.widgets.action import HAS_SESSION, Action, WindowContext

HAS_SELECTION: Final = "object.has_selection"

#: The views of the last part of the run: name, label, seconds.
LAST: Final = (
    ("last_minute", "1 min", 60),
    ("last_5_minutes", "5 min", 300),
    ("last_15_minutes", "15 min", 900),
    ("last_hour", "1 h", 3_600),
    ("last_day", "1 d", 86_400),
)

#: How far a key moves the selection or an edge of it, as a share of the view.
_STEP: Final = 0.01


def _on_view(do: Callable[[TimeView], object]) -> Callable[[WindowContext], object]:
    return lambda context: do(context.model.plots.view)


def choose_select(context: WindowContext) -> None:
    """Select by the next drag, or by what is typed; or no longer."""
    view = context.model.plots.view
    view.selecting = not view.selecting
    if view.selecting:
        # The panel is laid out first.
        QtCore.QTimer.singleShot(0, lambda: context.info.figures.control.start_typing())


def select_from_here(context: WindowContext) -> None:
    """Select from the pointer, or from the start of the view, to the end of the run."""
    plots = context.model.plots
    here = plots.pointer_time
    plots.view.select(plots.view.start if here is None else here, plots.view.last)


def select_between_marks(context: WindowContext) -> None:
    """Select from the last mark before the pointer to the next one, or to an end of the run."""
    model = context.model
    view, path = model.plots.view, model.bench.session_path
    if path is None:
        return
    here = model.plots.pointer_time
    if here is None:
        here = sum(view.selection or (view.start, view.stop)) / 2

    def select(marks: list[float]) -> None:
        before = [mark for mark in marks if mark <= here]
        after = [mark for mark in marks if mark > here]
        if not marks:
            model.message = "The session has no marks: M sets one"
        view.select(max(before, default=view.first), min(after, default=view.last))

    model.bench.main_thread.run("marks", lambda: _marks(path), select)


def _marks(path: Path) -> list[float]:
    with Session.open(path) as session:
        events = session.events((EventKind.MARK,))
    return [one.event.time_us / MICROSECONDS for one in events]


def _move(which: str, direction: int) -> Callable[[WindowContext], object]:
    """Return what moves the selection, its end or its beginning by a small step."""

    def move(context: WindowContext) -> None:
        view = context.model.plots.view
        if view.selection is None:
            return
        start, stop = view.selection
        step = direction * max(_STEP * view.width, 0.1 if view.is_fine else 1.0)
        place = stop if which == "end" else start
        {
            "selection": view.move_selection,
            "end": view.move_end,
            "begin": view.move_begin,
        }[which](place + step)

    return move


def copy_table(form: str) -> Callable[[WindowContext], object]:
    """Return what copies the table of figures in a form."""

    def copy(context: WindowContext) -> None:
        model = context.model
        QtGui.QApplication.clipboard().setText(FORMS[form](model.figures.rows, PARTS))
        model.message = f"Copied the table as {form}"

    return copy


_SELECT: Final = (
    Action(
        "select", "&Select", "&Select a part", choose_select,
        "Select a part by a drag over the plots, or type when it starts and ends",
        keys=("S",), enabled=HAS_SESSION, checked="object.selecting", style="toggle",
    ),
    Action(
        "select_all", "&Select", "Select &all", _on_view(lambda v: v.select(v.first, v.last)),
        "Select the whole recording", keys=("Ctrl+A",), enabled=HAS_SESSION, line=True,
    ),
    Action(
        "select_view", "&Select", "Select the &view",
        _on_view(lambda v: v.select(v.start, v.stop)),
        "Select what is in view", keys=("V",), enabled=HAS_SESSION,
    ),
    Action(
        "select_between", "&Select", "Between two &marks", select_between_marks,
        "Select from the mark before the pointer to the one after it",
        keys=("Shift+M",), enabled=HAS_SESSION,
    ),
    Action(
        "select_from", "&Select", "&From here on", select_from_here,
        "Select from the pointer to the end; while recording, the selection grows",
        keys=("Shift+V",), enabled=HAS_SESSION,
    ),
    Action(
        "zoom_selection", "&Select", "&Zoom to the selection",
        _on_view(lambda v: v.show_selection()),
        "Show the selection as large as possible", keys=("Z",), enabled=HAS_SELECTION,
        line=True,
    ),
    Action(
        "clear_selection", "&Select", "&Clear the selection",
        _on_view(lambda v: v.clear_selection()), enabled=HAS_SELECTION,
    ),
    Action(
        "figures", "&Select", "F&igures", lambda context: context.model.figures.toggle(),
        "Show energy, means and extremes of the selection, the view and the run",
        keys=("I",), enabled=HAS_SESSION, checked="object.shows_figures", style="toggle",
        line=True,
    ),
)  # fmt: skip

_COPIES: Final = tuple(
    Action(
        f"copy_{form.lower()}", "&Select/C&opy the figures", f"As &{form}", copy_table(form),
        enabled="object.shows_figures",
    )
    for form in FORMS
)  # fmt: skip

_MOVES: Final = tuple(
    Action(f"{which}_{name}", "", label, _move(which, direction), keys=(f"{key}{arrow}",))
    for which, key, label in (
        ("selection", "Shift+", "Move the selection"),
        ("end", "Ctrl+", "Move the end of the selection"),
        ("begin", "Ctrl+Shift+", "Move the start of the selection"),
    )
    for name, arrow, direction in (("earlier", "Left", -1), ("later", "Right", 1))
)

_LAST: Final = tuple(
    Action(
        name, "&View/Last &part", label.replace("1", "&1", 1) if label == "1 min" else label,
        _on_view(lambda v, seconds=seconds: v.show_last(seconds)),
        f"Show the last {label} of the recording", enabled=HAS_SESSION,
    )
    for name, label, seconds in LAST
)  # fmt: skip

SELECTION_ACTIONS: Final = (*_SELECT, *_COPIES, *_MOVES)
LAST_ACTIONS: Final = _LAST
