# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks what a file of another program cannot tell: interval, start, time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from pyface.qt import QtGui
from traits.api import Any as AnyTrait
from traits.api import Bool, Enum, HasStrictTraits, List, Range, Str
from traitsui.api import EnumEditor, Handler, Item, Label, VGroup, View

from wattui.formats.reading.source import Assumptions
from wattui.measurement.clock import microseconds
from wattui.ui.window.main_view import dress_dialog, set_role

#: How a start is typed.
_SHAPES: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d")


class ImportQuestion(HasStrictTraits):
    """What a person says of a file that cannot tell it."""

    #: Names of the files, and what of them is not known: zone, start, interval.
    names = Str()
    lacks = List(Str())
    #: How many times as fast a replay is to be; asked where *replays*.
    replays = Bool()
    speed = Range(0.1, 10_000.0, 1.0)
    #: Seconds between two records.
    interval = Range(0.1, 86_400.0, 1.0)
    #: Begin as it is typed; empty: so that the last record falls on the file's own time.
    start = Str()
    #: Whose time the file's times are.
    zone = Enum("machine", "utc")

    #: Called with the assumptions, or with None where nothing is to be imported.
    answered = AnyTrait()

    def assumptions(self) -> Assumptions:
        """Give what was said.

        Raises
        ------
        ValueError
            The start is no date.
        """
        zone: tzinfo | None = UTC if self.zone == "utc" and self._asks("zone") else None
        start = None
        if self.start.strip() and "start" in self.lacks:
            start = microseconds(_moment(self.start.strip(), zone).timestamp())
        interval = self.interval if "interval" in self.lacks else None
        return Assumptions(interval=interval, start=start, zone=zone)

    def _asks(self, name: str) -> bool:
        return name in self.lacks or (name == "zone" and "start" in self.lacks)

    def ask(self, parent: Any, answered: Callable[[Assumptions | None], None]) -> Any:
        """Show the question; the window stays usable meanwhile."""
        self.answered = answered
        return self.edit_traits(view=_view(self), parent=parent, context={"object": self})


def _moment(text: str, zone: tzinfo | None) -> datetime:
    for shape in _SHAPES:
        try:
            return datetime.strptime(text, shape).replace(tzinfo=zone)
        except ValueError:
            continue
    raise ValueError(f"{text!r} is no date: write it as 2026-11-23 14:05:00")


def _view(question: ImportQuestion) -> View:
    items: list[Any] = [Label(f"{question.names} does not tell all that is needed.")]
    if question.replays:
        items = [Item("speed", label="Speed", tooltip="How many times as fast as it was")]
    if "interval" in question.lacks:
        items.append(Item("interval", label="Seconds between two records"))
    if "start" in question.lacks:
        tooltip = "As 2026-11-23 14:05:00; empty: the last record falls on the file's own time"
        items.append(Item("start", label="Start", tooltip=tooltip))
        items.append(Label("Without a start, the last record falls on the file's own time."))
    if question._asks("zone"):
        zones = {"machine": "1:This machine's time", "utc": "2:UTC"}
        items.append(Item("zone", label="Times are", editor=EnumEditor(values=zones)))
    title = "Replay" if question.replays else "Import"
    return View(
        VGroup(*items),
        title=title,
        buttons=["OK", "Cancel"],
        handler=_QuestionHandler(),
        width=480,
        kind="live",
    )


class _QuestionHandler(Handler):
    """Hands the answer on."""

    def init(self, info: Any) -> bool:
        """Name the button for what it does."""
        dress_dialog(info.ui.control)
        for button in info.ui.control.findChildren(QtGui.QPushButton):
            if button.text().replace("&", "") == "OK":
                button.setText(info.ui.title)
                set_role(button, "primary")
                button.setDefault(True)
        return True

    def close(self, info: Any, is_ok: bool) -> bool:
        """Let it close when what was typed makes sense."""
        if is_ok:
            try:
                info.object.assumptions()
            except ValueError as error:
                QtGui.QToolTip.showText(QtGui.QCursor.pos(), str(error), info.ui.control)
                return False
        return True

    def closed(self, info: Any, is_ok: bool) -> None:
        """Tell the answer."""
        question = info.object
        question.answered(question.assumptions() if is_ok else None)
