# SPDX-License-Identifier: GPL-3.0-or-later
"""Export to CSV or another format: what, how and where; then in the background, with *Cancel*."""

from __future__ import annotations

import threading
from pathlib import Path

from pyface.qt import QtCore, QtGui
from traits.api import Any, Bool, Dict, Enum, HasStrictTraits, Instance, Int, Property, Str, observe
from traitsui.api import EnumEditor, Handler, Item, Label, UItem, VGroup, View

from wattui.errors import Cancelled
from wattui.formats import FORMATS, write
from wattui.formats.export_job import Dialect
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.text import count_text, elapsed_text, size_text
from wattui.session import Session
from wattui.ui.widgets.form_layout import dress_dialog
from wattui.ui.widgets.status_bar import ProgressPacer, Task

_DIALECTS = {
    Dialect.STANDARD: "Standard: decimal points",
    Dialect.SPREADSHEET: "Spreadsheet: decimal commas",
    Dialect.LABELS: "With the name of each value",
    Dialect.JSON: "JSON lines",
}


class ExportChoice(HasStrictTraits):
    """What is exported, and in which format."""

    #: The session.
    session_path = Any()
    #: ``whole`` session, or what is in ``view``.
    span = Enum("whole", "view")
    #: Name of the format, and its dialect.
    form = Str("csv")
    dialect = Str(Dialect.STANDARD)
    #: Whether the session has several meters: not every format can hold them.
    several = Bool()
    #: What can be chosen, by name.
    forms = Property(Dict(Str(), Str()), observe="several")
    dialects = Property(Dict(Str(), Str()), observe="form")
    #: What the format cannot hold, in words.
    lost = Property(Str(), observe="form")
    #: What is in view: microseconds, UTC.
    start = Int()
    stop = Int()
    #: What is in view, in words.
    view_text = Property(Str())

    @classmethod
    def for_model(cls, model: object) -> ExportChoice:
        """Make the choice for what a window shows."""
        view = model.plots.view  # type: ignore[attr-defined]
        start, stop = view.selection or (view.start, view.stop)
        return cls(
            session_path=model.bench.session_path,  # type: ignore[attr-defined]
            start=int(start * MICROSECONDS),
            stop=int(stop * MICROSECONDS),
            several=len(model.bench.meters) > 1,  # type: ignore[attr-defined]
        )

    def _get_forms(self) -> dict[str, str]:
        return {
            name: f"{number:02d}:{form.title}"
            for number, (name, form) in enumerate(FORMATS.items())
            if form.write is not None and (form.several_meters or not self.several)
        }

    def _get_dialects(self) -> dict[str, str]:
        names = FORMATS[self.form].dialects
        return {str(name): f"{number}:{_DIALECTS[name]}" for number, name in enumerate(names)}

    def _get_lost(self) -> str:
        return "\n".join(FORMATS[self.form].cannot_hold)

    @observe("form")
    def _keep_a_dialect_of_the_format(self, _event: object) -> None:
        if self.dialect not in FORMATS[self.form].dialects:
            self.dialect = Dialect.STANDARD

    def _get_view_text(self) -> str:
        return elapsed_text((self.stop - self.start) / MICROSECONDS)

    def bounds(self) -> tuple[int | None, int | None]:
        """Give start and stop in microseconds; None for the whole session."""
        return (None, None) if self.span == "whole" else (self.start, self.stop)


def export_view(choice: ExportChoice) -> View:
    """Make the view of the choice."""
    spans = {"whole": "1:The whole session", "view": f"2:What is in view ({choice.view_text})"}
    return View(
        VGroup(
            Label("What"),
            UItem("span", editor=EnumEditor(values=spans, cols=1), style="custom"),
            Item("8"),
            Label("Format"),
            UItem("form", editor=EnumEditor(name="object.forms")),
            UItem(
                "dialect",
                editor=EnumEditor(name="object.dialects"),
                enabled_when="len(object.dialects) > 1",
            ),
            Item("8"),
            Label("What is lost"),
            UItem("lost", style="readonly", springy=True),
        ),
        title="Export",
        buttons=["OK", "Cancel"],
        handler=_ExportHandler(),
        width=460,
        height=420,
        kind="live",
    )


class _ExportHandler(Handler):
    """Goes on to the name of the file once the choice is made."""

    def init(self, info: Any) -> bool:
        """Set margins, and name the OK button after what it does."""
        dress_dialog(info.ui.control, "Export…")
        for editor in info.ui.get_editors("lost"):
            editor.control.setWordWrap(True)
            editor.control.setAlignment(QtCore.Qt.AlignTop)
        return True

    def closed(self, info: Any, is_ok: bool) -> None:
        """Go on with the export, or cancel it."""
        info.ui.context["export"].chosen(is_ok)


class Export(HasStrictTraits):
    """One export, from the question to the file."""

    #: The window's model.
    model = Any()
    choice = Instance(ExportChoice)
    #: Called when it is over, whatever came of it.
    when_done = Any()
    #: Where to; None before that was asked.
    path = Any()
    #: What was chosen the last time; None where nothing is remembered.
    settings = Any()
    running = Bool()

    _cancelled = Instance(threading.Event, ())
    _pacer = Instance(ProgressPacer)
    _parent = Any()

    def ask(self, parent: object) -> object:
        """Ask what to export; give the user interface."""
        self._parent = parent
        if self.settings is not None and self.settings.csv_dialect == "spreadsheet":
            self.choice.dialect = "spreadsheet"
        return self.choice.edit_traits(
            view=export_view(self.choice),
            parent=parent,
            context={"object": self.choice, "export": self},
        )

    def chosen(self, is_ok: bool) -> None:
        """Go on after the question."""
        if not is_ok or self._cancelled.is_set():
            self._over("")
            return
        form = FORMATS[self.choice.form]
        proposed = self._folder() / f"{Path(self.choice.session_path).stem}{form.suffix}"
        kinds = f"{form.title} (*{form.suffix});;All files (*)"
        name, _ = QtGui.QFileDialog.getSaveFileName(self._parent, "Export", str(proposed), kinds)
        if not name:
            self._over("")
            return
        if self.settings is not None:
            self.settings.export_folder = str(Path(name).parent)
            if self.choice.dialect in FORMATS["csv"].dialects:
                self.settings.csv_dialect = self.choice.dialect
        self.start(Path(name) if Path(name).suffix else Path(f"{name}{form.suffix}"))

    def _folder(self) -> Path:
        """Give the folder of the last export, if it is still there."""
        last = Path(self.settings.export_folder or "") if self.settings is not None else Path()
        return last if last.is_absolute() and last.is_dir() else Path.home()

    def start(self, path: Path) -> None:
        """Write the file in the background."""
        self.path = path
        self.running = True
        self._show(0, 0)
        self._pacer = ProgressPacer(self.model.bench.main_thread.post, self._show)
        self.model.bench.main_thread.run(
            f"export to {path.name}", self._write, self._written, self._failed
        )

    def cancel(self) -> None:
        """End it; no file is left behind."""
        self._cancelled.set()

    # -- on the worker ---------------------------------------------------------------

    def _write(self) -> None:
        start, stop = self.choice.bounds()
        with Session.open(Path(self.choice.session_path)) as session:
            write(
                session,
                self.path,
                self.choice.form,
                start=start,
                stop=stop,
                dialect=self.choice.dialect,
                progress=self._pacer.report,
                cancelled=self._cancelled.is_set,
            )

    # -- on the main thread ----------------------------------------------------------

    def _show(self, done: int, total: int) -> None:
        if self.running:
            words = f"Exporting {count_text(total, 'sample')}" if total else "Exporting"
            self.model.task = Task(words, done, total, self.cancel)

    def _written(self, _result: object) -> None:
        size = size_text(self.path.stat().st_size) if self.path.exists() else ""
        self._over(f"Exported to {self.path} ({size})")

    def _failed(self, error: Exception) -> None:
        if isinstance(error, Cancelled):
            self._over("The export was cancelled; no file was left behind")
        else:
            self._over(f"Not exported: {error}")

    def _over(self, said: str) -> None:
        was_running, self.running = self.running, False
        if was_running:
            self.model.task = None
        if said:
            self.model.message = said
        self.when_done()
