# SPDX-License-Identifier: GPL-3.0-or-later
"""The overview of a meter's memory: how full it is, what the meter does, what it logs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pyface.qt import QtCore, QtGui
from traitsui.api import BasicEditorFactory

from wattui.measurement.fields import FIELDS
from wattui.measurement.text import (
    BY_CLOCK,
    NO_VALUE,
    RunTimes,
    count_text,
    duration_text,
    model_text,
    recent_text,
    short_port,
)
from wattui.meter_memory.wording import HANDLING_SENTENCES, left_text
from wattui.model.memory import WORKS
from wattui.protocol import FullHandling, LoggingMode
from wattui.ui.memory.memory_link import COST
from wattui.ui.theme.palette import Palette, mix
from wattui.ui.theme.style_sheet import GRID, MARGIN
from wattui.ui.widgets.form_layout import heading
from wattui.ui.widgets.plain_text import PlainLabel
from wattui.ui.widgets.task_bar import ElidedLabel
from wattui.ui.widgets.widget_editor import WidgetEditor

if TYPE_CHECKING:
    from wattui.meter_memory.state import MemoryState
    from wattui.model.memory import MeterMemory

#: The most fields that are named; the rest are counted.
MOST_NAMED: Final = 8


@dataclass(frozen=True, slots=True)
class MemoryOverview:
    """The overview of a memory, as texts."""

    #: The meter: model, firmware and port.
    meter: str = ""
    #: How full it is, as text and as a share from 0 to 1; None if unknown.
    headline: str = ""
    share: float | None = None
    #: Whether the bar has a line at half, to which condensing shrinks the records.
    halves: bool = False
    #: What the meter is doing, in a word or two, and its colour, as a name in the palette.
    badge: str = ""
    colour: str = "muted"
    #: Pairs of a heading and a value.
    rows: tuple[tuple[str, str], ...] = ()
    #: What happens when it is full.
    sentence: str = ""
    #: The time at which it was read.
    note: str = ""


def overview_of(memory: MeterMemory) -> MemoryOverview:
    """Return what is shown about a memory."""
    state, url = memory.state, memory.url
    known = state is not None and memory.source == url
    if not known or state is None:
        words = f"{WORKS[memory.work]}…" if memory.work else _fetched_words(memory)
        if memory.settings is not None and memory.source == url:
            words = "This meter does not report on its memory"
        sentence = COST if memory.recording and not memory.work else ""
        return MemoryOverview(_meter_text(memory), words, sentence=sentence)
    badge, colour = _badge(state)
    share = None if not state.limit else min(state.used / state.limit, 1.0)
    return MemoryOverview(
        meter=_meter_text(memory),
        headline=_headline(state),
        share=share,
        halves=state.full_handling is FullHandling.CONDENSE,
        badge=badge,
        colour=colour,
        rows=_rows(state, memory.read_at),
        sentence="" if state.full_handling is None else HANDLING_SENTENCES[state.full_handling],
        note="" if math.isnan(memory.read_at) else f"as of {recent_text(memory.read_at)}",
    )


def _fetched_words(memory: MeterMemory) -> str:
    """Return what is known of a memory whose state was not read: what was fetched of it."""
    fetched = memory.fetched
    if fetched is None or fetched.readout.meter.port != memory.url:
        return "Not read yet"
    count = count_text(len(fetched.readout.records), "record")
    return f"{count}, fetched {BY_CLOCK.at(fetched.readout.finished_at)}"


def _meter_text(memory: MeterMemory) -> str:
    where = short_port(memory.url)
    version = memory.settings.version if memory.settings is not None else None
    if version is None or memory.source != memory.url:
        return where
    return f"{model_text(version.model_name, version.firmware_text)}   ·   {where}"


def _headline(state: MemoryState) -> str:
    if not state.used:
        room = "" if state.limit is None else f", room for {count_text(state.limit, 'record')}"
        return f"Empty{room}"
    if state.limit is None:
        return count_text(state.used, "record")
    return f"{state.used:,} of {count_text(state.limit, 'record')}"


def _badge(state: MemoryState) -> tuple[str, str]:
    """Return what the meter is doing, and the colour for it."""
    full = state.full and state.full_handling is not FullHandling.CONDENSE
    if state.mode is LoggingMode.INTERNAL:
        if full and state.full_handling is FullHandling.OVERWRITE:
            return "Logging, overwriting the oldest", "amber"
        return ("Full", "red") if full else ("Logging into the memory", "ok")
    if full and state.full_handling is FullHandling.STOP:
        return "Full, stopped", "red"
    if state.mode is LoggingMode.EXTERNAL:
        return "Sending to a computer", "accent"
    return ("Stopped", "muted") if state.mode is LoggingMode.STOPPED else ("", "muted")


def _rows(state: MemoryState, now: float) -> tuple[tuple[str, str], ...]:
    return (
        ("Stored", _stored(state, now)),
        ("Interval", f"{state.interval} s"),
        ("Until full", capital(left_text(state))),
        ("Fields", fields_words(state.fields)),
    )


def _stored(state: MemoryState, now: float) -> str:
    if not state.used:
        return "Nothing"
    length = f"About {duration_text(state.span, long=True)}"
    if state.mode is LoggingMode.INTERNAL and not math.isnan(now):
        return f"{length}, since {RunTimes(span=state.span).text(now - state.span, short=True)}"
    return length


def fields_words(fields: tuple[bool, ...] | None) -> str:
    """Return the symbols of the fields that are logged: ``W, V, A``."""
    if fields is None:
        return NO_VALUE
    names = [field.symbol for field, on in zip(FIELDS, fields, strict=False) if on]
    if len(names) == len(fields):
        return f"All {len(names)}"
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
    return ", ".join(names) or "None"


def capital(text: str) -> str:
    """Return a text with a capital at the beginning."""
    return text[:1].upper() + text[1:]


#: Height of the bar in pixels.
BAR = 12


class MemoryBar(QtGui.QWidget):
    """How full the memory is."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(BAR)
        self.share: float | None = None
        self.halves = False
        self._fill = self._ground = self._line = "#000000"

    def show_share(self, overview: MemoryOverview, palette: Palette) -> None:
        """Show how full it is."""
        self.share, self.halves = overview.share, overview.halves
        fill = palette.accent if overview.colour in ("muted", "ok") else overview.colour
        self._fill = getattr(palette, fill, fill)
        self._ground = mix(palette.panel, palette.muted, 0.16)
        self._line = palette.panel
        self.update()

    def paintEvent(self, _event: QtGui.QPaintEvent) -> None:
        """Draw it: round ends, and a line at half where condensing is on."""
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        whole = QtCore.QRectF(self.rect())
        radius = whole.height() / 2
        shape = QtGui.QPainterPath()
        shape.addRoundedRect(whole, radius, radius)
        painter.fillPath(shape, QtGui.QColor(self._ground))
        if self.share:
            part = QtCore.QRectF(whole)
            part.setWidth(max(whole.width() * self.share, 3.0))
            painter.setClipPath(shape)
            painter.fillRect(part, QtGui.QColor(self._fill))
        if self.halves:
            line = QtCore.QRectF(round(whole.width() / 2) - 1, 0, 2, whole.height())
            painter.fillRect(line, QtGui.QColor(self._line))
        painter.end()


class Fact(QtGui.QWidget):
    """A small heading with a value below."""

    def __init__(self, name: str) -> None:
        super().__init__()
        layout = QtGui.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        layout.addWidget(heading(name))
        self.value = PlainLabel()
        self.value.setWordWrap(True)
        self.value.setMinimumWidth(60)
        self.value.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(self.value)
        layout.addStretch(1)


class OverviewCard(QtGui.QFrame):
    """The control."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName("State of the memory")
        layout = QtGui.QVBoxLayout(self)
        layout.setContentsMargins(18, 14, 18, 14)
        layout.setSpacing(GRID)
        self.meter = ElidedLabel()
        self.meter.setProperty("look", "small")
        self.note = PlainLabel()
        self.note.setProperty("look", "small")
        self.headline = PlainLabel()
        self.headline.setProperty("look", "title")
        self.badge = PlainLabel()
        layout.addLayout(_row(self.meter, self.note))
        layout.addLayout(_row(self.headline, self.badge))
        self.bar = MemoryBar()
        layout.addWidget(self.bar)
        layout.addSpacing(4)
        self._grid = QtGui.QGridLayout()
        self._grid.setHorizontalSpacing(MARGIN * 2)
        self._grid.setVerticalSpacing(GRID + 2)
        for column, stretch in enumerate((5, 2, 5)):
            self._grid.setColumnStretch(column, stretch)
        layout.addLayout(self._grid)
        self.facts: dict[str, Fact] = {}
        self.sentence = PlainLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setProperty("look", "muted")
        layout.addWidget(self.sentence)

    def show_overview(self, overview: MemoryOverview, palette: Palette) -> None:
        """Show the state of a memory."""
        self.meter.show_text(overview.meter)
        self.note.setText(overview.note)
        self.headline.setText(overview.headline)
        colour = getattr(palette, overview.colour)
        self.badge.setText(overview.badge)
        self.badge.setVisible(bool(overview.badge))
        ground = mix(palette.panel, colour, 0.16 if palette.dark else 0.1)
        self.badge.setStyleSheet(
            f"background: {ground}; color: {mix(colour, palette.text, 0.35)}; "
            "border-radius: 9px; padding: 2px 10px;"
        )
        self.bar.show_share(overview, palette)
        self.bar.setAccessibleName(overview.headline)
        for position, (name, value) in enumerate(overview.rows):
            fact = self.facts.get(name)
            if fact is None:
                fact = self.facts[name] = Fact(name)
                place = ((0, 0), (0, 1), (0, 2), (1, 0))[position]
                span = 3 if position == 3 else 1
                self._grid.addWidget(fact, *place, 1, span)
            fact.value.setText(value)
        for fact in self.facts.values():
            fact.setVisible(bool(overview.rows))
        self.sentence.setText(overview.sentence)
        self.sentence.setVisible(bool(overview.sentence))


def _row(left: QtGui.QWidget, right: QtGui.QWidget) -> QtGui.QHBoxLayout:
    row = QtGui.QHBoxLayout()
    row.setSpacing(MARGIN)
    row.addWidget(left)
    row.addStretch(1)
    row.addWidget(right)
    return row


class _OverviewEditor(WidgetEditor):
    """Shows a :class:`MemoryOverview`."""

    watched = "palette"

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        return OverviewCard()

    def update_editor(self) -> None:
        """Show it."""
        self.control.show_overview(self.value, self.object.palette)


class OverviewEditor(BasicEditorFactory):
    """Editor of a :class:`MemoryOverview`, for an object with a ``palette``."""

    klass = _OverviewEditor
