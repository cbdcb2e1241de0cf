# SPDX-License-Identifier: GPL-3.0-or-later
"""Dialogs for a picture and for a report: what to save, then under which name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pyface.qt import QtGui
from traits.api import Enum, Float, Int, Str
from traitsui.api import (
    CancelButton,
    EnumEditor,
    Handler,
    Item,
    OKButton,
    TextEditor,
    UItem,
    VGroup,
    View,
)

from wattui.ui.dialogs.page_saving import PageKind, PageSaving, Picture, ReportPages, ShownPart
from wattui.ui.dialogs.part_choice import PartChoice
from wattui.ui.figure.figure_file import DPI
from wattui.ui.figure.figure_page import FigureLayout
from wattui.ui.theme.palette import DARK, LIGHT
from wattui.ui.widgets.form_layout import dress_dialog, dress_form, set_width
from wattui.ui.widgets.typed_field import TypedEditor, finish_typed, read_number

#: Least and greatest width and height of a picture, in pixels.
_LEAST: Final = 320
_MOST: Final = 10_000

#: Least width that is proposed, and least heights: of the title, and of each plot.
_NARROW: Final = 640
_TITLE: Final = 120
_PANEL: Final = 130

#: Pixels per inch that are offered.
_DPI: Final = (96, 192, 300, 600)

#: Highest threshold, in W.
_MOST_WATTS: Final = 100_000.0

#: Width of the fields in pixels.
_FIELD_WIDTH: Final = 220


class PictureChoice(PartChoice):
    """What picture to save."""

    width = Int(1280)
    height = Int(720)
    dpi = Enum(*_DPI)
    theme = Enum("light", "dark")

    def kind(self, model: Any) -> Picture:
        """Return the picture of what a window shows."""
        palette = DARK if self.theme == "dark" else LIGHT
        layout = FigureLayout(self.width, self.height, palette, str(model.clock_mode))
        return Picture(_part(self, model), layout, self.dpi)


class ReportChoice(PartChoice):
    """What report to save."""

    title = Str()
    #: Threshold in W; 0 for no table of the time above it.
    above = Float()

    def kind(self, model: Any) -> ReportPages:
        """Return the report of what a window shows."""
        return ReportPages(_part(self, model), self.title.strip(), self.above or None)


def _part(choice: PartChoice, model: Any) -> ShownPart:
    return ShownPart(
        choice.session_path,
        *choice.bounds(),
        choice.plotted,
        tuple(model.plots.channels),
        str(model.clock_mode),
    )


def picture_choice(model: Any) -> PictureChoice:
    """Return the choice of a picture of what a window shows, in its size and colours."""
    choice = PictureChoice.for_model(model)
    width, height = (int(one) for one in model.plots.component.outer_bounds)
    # The picture has a title above the plots, and shows all of them.
    room = _TITLE + _PANEL * len(model.plots.channels)
    choice.trait_set(
        span="view",
        width=min(max(width, _NARROW), _MOST),
        height=min(max(height, room), _MOST),
        theme="dark" if model.palette is DARK else "light",
    )
    return choice


def report_choice(model: Any) -> ReportChoice:
    """Return the choice of a report: of the selection, if any, with the threshold of *on*."""
    choice = ReportChoice.for_model(model)
    choice.span = "whole" if choice.selection is None else "selection"
    choice.above = model.figures.threshold or 0.0
    return choice


def _pixels(text: str) -> int:
    number = read_number(text, _LEAST, _MOST)
    if number != int(number):
        raise ValueError("Pixels are whole numbers.")
    return int(number)


def _watts(text: str) -> float:
    return read_number(text, 0, _MOST_WATTS) if text.strip() else 0.0


def _watts_text(watts: float) -> str:
    return f"{watts:g}" if watts else ""


class _SaveHandler(Handler):
    """Asks for the name of the file once the choice is made."""

    def init(self, info: Any) -> bool:
        """Set margins, and label the OK button with what it does."""
        dress_form(info.ui.control)
        dress_dialog(info.ui.control, "Save…")
        for name in ("dpi", "theme", "title"):
            for editor in info.ui.get_editors(name):
                set_width(editor.control, _FIELD_WIDTH)
        return True

    def close(self, info: Any, is_ok: bool) -> bool:
        """Close, unless a number is refused."""
        return not (is_ok and finish_typed(info.ui))

    def closed(self, info: Any, is_ok: bool) -> None:
        """Go on with the name of the file."""
        if is_ok:
            info.ui.context["object"].when_chosen()


def _view(title: str, choice: PartChoice, *items: Item) -> View:
    parts = EnumEditor(values=choice.parts(), cols=1)
    return View(
        VGroup(UItem("span", editor=parts, style="custom"), VGroup(*items)),
        title=title,
        buttons=[OKButton, CancelButton],
        default_button=OKButton,
        close_result=False,
        handler=_SaveHandler(),
        width=540,
        kind="live",
    )


def picture_view(choice: PictureChoice) -> View:
    """Make the view of the choice of a picture."""
    themes = EnumEditor(values={"light": "1:Light", "dark": "2:Dark"})
    inches = EnumEditor(values={dpi: f"{n}:{dpi}" for n, dpi in enumerate(_DPI)})
    return _view(
        "Save picture",
        choice,
        Item("width", label="Width in pixels", editor=TypedEditor(read=_pixels)),
        Item("height", label="Height in pixels", editor=TypedEditor(read=_pixels)),
        Item("dpi", label="Pixels per inch of a PNG", editor=inches),
        Item("theme", label="Colours", editor=themes),
    )


def report_view(choice: ReportChoice) -> View:
    """Make the view of the choice of a report."""
    watts = TypedEditor(read=_watts, show=_watts_text)
    return _view(
        "Save report",
        choice,
        Item("title", label="Title", editor=TextEditor(placeholder=choice.session_path.stem)),
        Item(
            "above",
            label="Time above, in W",
            editor=watts,
            tooltip="Adds how long and how often the power was above this; empty for nothing",
        ),
    )


def ask_picture(model: Any, parent: Any, settings: Any) -> Any:
    """Ask for a picture and save it; return the dialog's user interface."""
    choice = picture_choice(model)
    kinds = {".png": "Image", ".svg": "Drawing", ".pdf": "PDF"}
    return _ask(model, parent, settings, choice, picture_view(choice), kinds)


def ask_report(model: Any, parent: Any, settings: Any) -> Any:
    """Ask for a report and save it; return the dialog's user interface."""
    choice = report_choice(model)
    kinds = {".html": "Page for a browser", ".pdf": "PDF"}
    return _ask(model, parent, settings, choice, report_view(choice), kinds)


def copy_picture(model: Any) -> None:
    """Copy a picture of the part in view to the clipboard, with the pixels of the screen."""
    ratio = QtGui.QApplication.primaryScreen().devicePixelRatio()
    kind = replace(picture_choice(model).kind(model), dpi=round(DPI * ratio))
    PageSaving(model, kind).copy(QtGui.QApplication.clipboard(), kind)


def _ask(
    model: Any,
    parent: Any,
    settings: Any,
    choice: PictureChoice | ReportChoice,
    view: View,
    kinds: dict[str, str],
) -> Any:
    def chosen() -> None:
        path = _ask_path(parent, settings, view.title, choice.session_path.stem, kinds)
        if path is not None:
            kind: PageKind = choice.kind(model)
            PageSaving(model, kind).save(path)

    choice.when_chosen = chosen
    return choice.edit_traits(view=view, parent=parent)


def _ask_path(
    parent: Any, settings: Any, title: str, stem: str, kinds: dict[str, str]
) -> Path | None:
    """Ask for the file to write; its suffix is one of *kinds*."""
    folder = Path(settings.export_folder or Path.home())
    filters = [f"{words} (*{suffix})" for suffix, words in kinds.items()]
    first = next(iter(kinds))
    name, used = QtGui.QFileDialog.getSaveFileName(
        parent, title, str(folder / f"{stem}{first}"), ";;".join(filters)
    )
    if not name:
        return None
    path = Path(name)
    if path.suffix.lower() not in kinds:
        wanted = list(kinds)[filters.index(used)] if used in filters else first
        path = path.with_name(f"{path.name}{wanted}")
    settings.export_folder = str(path.parent)
    return path
