# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks for what is missing in a file, and for the speed of a replay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, tzinfo
from typing import Any, Final

from traits.api import Bool, Enum, Float, HasStrictTraits, Instance, List, Property, Str
from traits.api import Callable as CallableTrait
from traitsui.api import (
    CancelButton,
    EnumEditor,
    Handler,
    Item,
    Label,
    OKButton,
    UItem,
    VGroup,
    View,
)

from wattui.formats.file_format import Missing
from wattui.formats.reading.source import Assumptions
from wattui.measurement.clock import microseconds
from wattui.ui.files.import_draft import parse_start
from wattui.ui.widgets.form_layout import dress_dialog
from wattui.ui.widgets.typed_field import TypedEditor, finish_typed, read_number
from wattui.ui.widgets.words_editor import WordsEditor

#: Width of the field for a start, in pixels.
_START_WIDTH: Final = 200


class ImportQuestion(HasStrictTraits):
    """The user's answers about a file with missing information."""

    #: Names of the files, and the missing information: zone, start, interval.
    names = Str()
    lacks = List(Instance(Missing))
    #: Speed of a replay, as a multiple of real time; asked for if *replays*.
    replays = Bool()
    speed = Float(1.0)
    #: Seconds between two records.
    interval = Float(1.0)
    #: Start as it was typed; where it is empty, the last record gets the file's own time.
    start = Str()
    #: Time zone of the times in the file.
    zone = Enum("machine", "utc")

    #: What it is about; a long name has several lines.
    words = Property(Str())

    #: Called with the assumptions, or with None to import nothing.
    answered = CallableTrait()

    def assumptions(self) -> Assumptions:
        """Return what was entered.

        Raises
        ------
        ValueError
            The start is not a date.
        """
        zone: tzinfo | None = UTC if self.zone == "utc" and self.asks_zone else None
        start = None
        if self.start.strip() and Missing.START in self.lacks:
            start = microseconds(parse_start(self.start.strip(), zone).timestamp())
        interval = self.interval if Missing.INTERVAL in self.lacks else None
        return Assumptions(interval=interval, start=start, zone=zone)

    def _get_words(self) -> str:
        if self.replays:
            return f"{self.names} is played as if it were live, and recorded as a replay."
        return f"Some information is missing in {self.names}."

    @property
    def asks_zone(self) -> bool:
        """Whether a time zone is needed."""
        return Missing.ZONE in self.lacks or Missing.START in self.lacks

    def ask(self, parent: Any, answered: Callable[[Assumptions | None], None]) -> Any:
        """Show the question without blocking the window."""
        self.answered = answered
        return self.edit_traits(view=_view(self), parent=parent, context={"object": self})


def _read_start(text: str) -> str:
    if text.strip():
        parse_start(text.strip(), None)
    return text.strip()


def _view(question: ImportQuestion) -> View:
    items: list[Any] = []
    if question.replays:
        editor = TypedEditor(read=lambda text: read_number(text, 0.1, 10_000))
        tooltip = "1 is real time, 60 is 60 times as fast"
        label = "Speed (1 is real time)"
        items.append(Item("speed", label=label, editor=editor, tooltip=tooltip))
    if Missing.INTERVAL in question.lacks:
        editor = TypedEditor(read=lambda text: read_number(text, 0.1, 86_400, "s"))
        items.append(Item("interval", label="Seconds between records", editor=editor))
    if Missing.START in question.lacks:
        tooltip = "For example 2026-11-23 14:05:00"
        editor = TypedEditor(read=_read_start, show=str, width=_START_WIDTH)
        items.append(Item("start", label="Start", editor=editor, tooltip=tooltip))
        items.append(Label("If empty, the last record gets the time of the file."))
    if question.asks_zone:
        zones = {"machine": "1:Local time", "utc": "2:UTC"}
        items.append(Item("zone", label="Times are in", editor=EnumEditor(values=zones)))
    return View(
        VGroup(UItem("words", editor=WordsEditor()), VGroup(*items)),
        title="Replay" if question.replays else "Import",
        buttons=[OKButton, CancelButton],
        default_button=OKButton,
        close_result=False,
        handler=_QuestionHandler(),
        width=640,
        kind="live",
    )


class _QuestionHandler(Handler):
    """Passes on the answer."""

    def init(self, info: Any) -> bool:
        """Set margins, and name the button after what it does."""
        dress_dialog(info.ui.control, info.ui.title)
        return True

    def close(self, info: Any, is_ok: bool) -> bool:
        """Allow closing only if the input is valid."""
        return not (is_ok and finish_typed(info.ui))

    def closed(self, info: Any, is_ok: bool) -> None:
        """Pass on the answer."""
        question = info.object
        question.answered(question.assumptions() if is_ok else None)
