# SPDX-License-Identifier: GPL-3.0-or-later
"""Export of a session: asks for the part, the format and the file, and writes in the background."""

from __future__ import annotations

from collections.abc import Callable as CallableType
from pathlib import Path
from typing import Any as AnyType
from typing import Final, Self

from pyface.qt import QtGui
from traits.api import (
    Any,
    Bool,
    Callable,
    Dict,
    Enum,
    HasStrictTraits,
    Instance,
    List,
    Property,
    Str,
    observe,
)
from traitsui.api import (
    CancelButton,
    CheckListEditor,
    EnumEditor,
    Handler,
    Item,
    Label,
    OKButton,
    UItem,
    VGroup,
    View,
)

from wattui.errors import Cancelled
from wattui.formats import all_formats, write_job
from wattui.formats.export_job import WIDE_FIELDS, Dialect, ExportJob
from wattui.formats.file_format import Format
from wattui.measurement.fields import CHANNELS, FIELDS
from wattui.measurement.text import count_text, printable, size_text
from wattui.session import Session
from wattui.session.checked import read_checked
from wattui.ui.dialogs.part_choice import PartChoice
from wattui.ui.widgets.background_task import BackgroundTask, Report, Work
from wattui.ui.widgets.form_layout import dress_dialog, dress_form, focus_choice, set_width
from wattui.ui.widgets.plain_text import menu_text
from wattui.ui.widgets.screen_fit import scroll_above
from wattui.ui.widgets.words_editor import WordsEditor

#: The formats that can be written.
WRITABLE: Final = tuple(name for name, form in all_formats().items() if form.is_written)

_DIALECT_LABELS: Final = {
    Dialect.STANDARD: "Standard: decimal points",
    Dialect.SPREADSHEET: "Spreadsheet: decimal commas",
    Dialect.SPREADSHEET_POINT: "Spreadsheet: decimal points",
    Dialect.LABELS: "With the name of each value",
    Dialect.JSON: "JSON lines",
}

#: Width of the fields in pixels.
_FIELD_WIDTH: Final = 340

#: Means all meters in the choice of a meter.
ALL_METERS: Final = ""


def _title(name: str) -> str:
    title = all_formats()[name].title
    return title[:1].upper() + title[1:]


class ExportChoice(PartChoice):
    """The part to export, and the format."""

    #: Name of the format, and its variant.
    form = Enum("csv", WRITABLE)
    dialect = Enum(Dialect)
    #: Key of the only meter to export, or :data:`ALL_METERS`.
    meter = Str(ALL_METERS)
    #: Keys of the meters to export, where one file can hold several.
    chosen_meters = List(Str())
    #: Names of the fields to export, where the format lets them be chosen.
    chosen_fields = List(Str())
    #: Why it cannot be exported so; empty if it can.
    refusal = Str()

    #: Labels of the session's meters, by key; key of the meter that the window shows.
    labels = Dict(Str(), Str())
    shown_meter = Str()

    #: The variants of the format, and what can be chosen as meter.
    dialects = Property(List(), observe="form")
    meters = Property(List(), observe="form, labels")
    several = Property(Bool(), observe="labels")
    #: Whether several meters, and whether fields can be chosen.
    many = Property(Bool(), observe="form, labels")
    has_fields = Property(Bool(), observe="form")
    #: What the format cannot hold.
    lost = Property(Str(), observe="form, replay")

    @classmethod
    def for_model(cls, model: AnyType) -> Self:
        """Return the choice for the session that a window shows: its selection if there is one."""
        bench = model.bench
        choice = super().for_model(model)
        choice.trait_set(
            span="whole" if choice.selection is None else "selection",
            labels={meter.key: meter.label for meter in bench.meters if meter.sample_count},
            shown_meter=bench.meter.key if bench.meter is not None else "",
        )
        choice.chosen_meters = list(choice.labels)
        return choice

    @property
    def format(self) -> Format:
        """The format."""
        return all_formats()[self.form]

    def _chosen_fields_default(self) -> list[str]:
        wide = self.form == "wide-csv"
        return [one.name for one in FIELDS if not wide or one.name in WIDE_FIELDS]

    def refuse(self) -> bool:
        """Check whether nothing is left to export, and give the reason."""
        self.refusal = ""
        if self.many and not self.chosen_meters:
            self.refusal = "Choose at least one meter."
        elif self.has_fields and not self.chosen_fields:
            self.refusal = "Choose at least one field."
        return bool(self.refusal)

    def has_meter(self, key: str) -> bool:
        """Check whether a meter is exported."""
        if self.many:
            return key in self.chosen_meters
        return self.meter in (ALL_METERS, key)

    @observe("form")
    def _form_changed(self, _event: object) -> None:
        if self.dialect not in self.dialects:
            self.dialect = self.dialects[0]
        self.chosen_fields = self._chosen_fields_default()
        if self.meter not in self.meters:
            shown = self.shown_meter in self.meters
            self.meter = self.shown_meter if shown else self.meters[0]

    def _get_dialects(self) -> list[Dialect]:
        return list(self.format.dialects)

    def _get_meters(self) -> list[str]:
        together = self.format.several_meters or not self.several
        return [*([ALL_METERS] if together else []), *self.labels]

    def _get_many(self) -> bool:
        return self.several and self.format.several_meters

    def _get_has_fields(self) -> bool:
        return self.format.chooses_fields

    def _get_several(self) -> bool:
        return len(self.labels) > 1

    def _get_lost(self) -> str:
        lines = [f"{loss}." for loss in self.format.cannot_hold]
        if self.replay and not self.format.holds_replay:
            lines.append(f"That this is a replay of {self.replay}.")
        return "\n".join(["What the format cannot hold:", *lines] if lines else [])

    def meter_label(self, key: str) -> str:
        """Return the label of a choice of a meter."""
        return printable(self.labels.get(key, "All meters"))


def export_view(choice: ExportChoice) -> View:
    """Make the view of the choice."""
    return View(
        VGroup(
            UItem("span", editor=EnumEditor(values=choice.parts(), cols=1), style="custom"),
            _format_group(choice),
            *_box_groups(choice),
            UItem("refusal", editor=WordsEditor()),
            UItem("lost", editor=WordsEditor(look="small", keeps_place=True)),
        ),
        title="Export",
        buttons=[OKButton, CancelButton],
        default_button=OKButton,
        close_result=False,
        handler=_ExportHandler(),
        width=640,
        resizable=True,
        kind="live",
    )


def _format_group(choice: ExportChoice) -> VGroup:
    """Make the lists of formats and variants, and of meters where one file holds one."""
    titles = {name: f"{number:02}:{_title(name)}" for number, name in enumerate(WRITABLE)}
    dialects = EnumEditor(name="object.dialects", format_func=_DIALECT_LABELS.__getitem__)
    meters = EnumEditor(name="object.meters", format_func=choice.meter_label)
    has_variants = "len(object.dialects) > 1"
    return VGroup(
        Item("form", label="Format", editor=EnumEditor(values=titles)),
        Item("dialect", label="Variant", editor=dialects, enabled_when=has_variants),
        Item(
            "meter",
            label="Meter",
            editor=meters,
            defined_when=str(choice.several),
            visible_when="not object.many",
        ),
    )


def _box_groups(choice: ExportChoice) -> tuple[VGroup, VGroup]:
    """Make a box for each meter and for each field."""
    keys = [(key, menu_text(choice.meter_label(key))) for key in choice.labels]
    fields = [(one.name, menu_text(one.title)) for one in CHANNELS if one in FIELDS]
    return (
        VGroup(
            Label("Meters"),
            UItem("chosen_meters", editor=CheckListEditor(values=keys, cols=2), style="custom"),
            defined_when=str(choice.several),
            visible_when="object.many",
            show_labels=False,
        ),
        VGroup(
            Label("Fields"),
            UItem("chosen_fields", editor=CheckListEditor(values=fields, cols=3), style="custom"),
            visible_when="object.has_fields",
            show_labels=False,
        ),
    )


class _ExportHandler(Handler):
    """Asks for the name of the file once the choice is made."""

    def init(self, info: AnyType) -> bool:
        """Set margins, and label the OK button with what it does."""
        lists = ("chosen_meters", "chosen_fields")
        boxes = [one.control for name in lists for one in info.ui.get_editors(name)]
        dress_form(info.ui.control, exempt=boxes)
        dress_dialog(info.ui.control, "Export…")
        scroll_above(info.ui.control.layout())
        focus_choice(info.ui.control)
        for name in ("form", "dialect", "meter"):
            for editor in info.ui.get_editors(name):
                set_width(editor.control, _FIELD_WIDTH)
        return True

    def close(self, info: AnyType, is_ok: bool) -> bool:
        """Close, unless nothing is left to export."""
        return not (is_ok and info.ui.context["object"].refuse())

    def closed(self, info: AnyType, is_ok: bool) -> None:
        """Continue the export, or cancel it."""
        info.ui.context["export"].chosen(is_ok)


def _progress_text(_done: int, total: int) -> str:
    return f"Exporting {count_text(total, 'sample')}" if total else "Exporting"


class Export(HasStrictTraits):
    """One export, from the question to the file."""

    #: The window's model.
    model = Instance("wattui.ui.window.window_model.WindowModel")
    choice = Instance(ExportChoice)
    #: Called at the end, whatever the result.
    when_done = Callable()
    #: The file; None before the user has named it.
    path = Instance(Path)
    #: The preferences that remember folder and variant; None to remember nothing.
    settings = Instance("wattui.desktop.preferences_file.PreferencesFile")

    _given_up = Bool()
    _task = Instance(BackgroundTask)
    _parent = Any()
    #: The folder of the last export, once it is known to exist.
    _folder = Instance(Path, (".",))

    def ask(self, parent: AnyType) -> AnyType:
        """Ask what to export; return the dialog's user interface."""
        self._parent = parent
        self._look_for_folder()
        if self.settings is not None and self.settings.csv_dialect in self.choice.dialects:
            self.choice.dialect = Dialect(self.settings.csv_dialect)
        return self.choice.edit_traits(
            view=export_view(self.choice),
            parent=parent,
            context={"object": self.choice, "export": self},
        )

    def chosen(self, is_ok: bool) -> None:
        """Ask for the file and start, or end without an export."""
        if not is_ok or self._given_up:
            self._over("")
            return
        suffix = self.choice.format.suffix
        name, _ = QtGui.QFileDialog.getSaveFileName(
            self._parent,
            "Export",
            str(self._folder / f"{self.choice.session_path.stem}{suffix}"),
            f"{_title(self.choice.form)} (*{suffix});;All files (*)",
        )
        if not name:
            self._over("")
            return
        path = Path(name)
        if self.settings is not None:
            self.settings.export_folder = str(path.parent)
            if self.choice.form == "csv":
                self.settings.csv_dialect = str(self.choice.dialect)
        self.start(path if path.suffix else path.with_name(f"{path.name}{suffix}"))

    def _look_for_folder(self) -> None:
        """Check whether the folder of the last export still exists, while the user chooses."""
        self._folder = Path.home()
        last = Path(self.settings.export_folder or "") if self.settings is not None else Path()

        def found(exists: bool) -> None:
            if exists:
                self._folder = last

        if last.is_absolute():
            self.model.bench.main_thread.run(f"search for {last}", last.is_dir, found)

    def start(self, path: Path) -> None:
        """Write the file in the background."""
        self.path = path
        loss = f"The export to {path.name} is not finished: no file is left of it."
        self._task = BackgroundTask(self.model, "the export", _progress_text, loss)
        self._task.run(self._writing(), self._written, self._failed)

    def cancel(self) -> None:
        """Cancel it; no file is left behind."""
        self._given_up = True
        if self._task is not None:
            self._task.cancel()

    def _writing(self) -> Work[tuple[ExportJob, int]]:
        """Return the worker's function, which uses no traits."""
        choice, path = self.choice, self.path
        source, form, dialect = choice.session_path, choice.form, choice.dialect
        start, stop = choice.bounds()
        keys = {key for key in choice.labels if choice.has_meter(key)} if choice.labels else None
        fields = tuple(choice.chosen_fields) if choice.has_fields else ()

        def work(report: Report, cancelled: CallableType[[], bool]) -> tuple[ExportJob, int]:
            def write(session: Session) -> tuple[ExportJob, int]:
                ids = keys and [one.id for one in session.meters if one.info.key in keys]
                options = {"dialect": dialect, "progress": report, "cancelled": cancelled}
                options |= {"meters": ids, "fields": fields}
                job = ExportJob(session, path, start=start, stop=stop, **options)
                write_job(job, form)
                return job, path.stat().st_size

            return read_checked(source, write, cancelled=cancelled)

        return work

    # -- on the main thread ----------------------------------------------------------

    def _written(self, written: tuple[ExportJob, int]) -> None:
        job, size = written
        details = f"{count_text(job.row_count, 'row')}, {size_text(size)}"
        if job.session.damage:
            details += "; the session is damaged, and what cannot be trusted is left out"
        self._over(f"Exported to {self.path} ({details}). {job.sheet_warning}".rstrip(" ."))

    def _failed(self, error: Exception) -> None:
        if isinstance(error, Cancelled):
            self._over("The export was cancelled; no file was left behind")
        else:
            self._over(f"Not exported: {error}")

    def _over(self, message: str) -> None:
        if message:
            self.model.message = message
        self.when_done()
