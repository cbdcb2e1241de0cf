# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the state of a memory: a bar, a badge, and what there is to know."""

from __future__ import annotations

from pyface.qt import QtCore, QtGui
from traits.api import Any
from traitsui.api import BasicEditorFactory
from traitsui.qt.editor import Editor

from wattui.ui.memory.glance import Glance
from wattui.ui.theme.palette import Palette, mix
from wattui.ui.theme.style_sheet import GRID, MARGIN
from wattui.ui.window.readings import heading

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

    def show_share(self, glance: Glance, palette: Palette) -> None:
        """Show another share."""
        self.share, self.halves = glance.share, glance.halves
        fill = palette.accent if glance.colour in ("muted", "ok") else glance.colour
        self._fill = getattr(palette, fill, fill)
        self._ground = mix(palette.panel, palette.muted, 0.16)
        self._line = palette.panel
        self.update()

    def paintEvent(self, _event: QtGui.QPaintEvent) -> None:
        """Draw it: round ends, and a line at the half where condensing begins anew."""
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
    """A small heading with what it is about below."""

    def __init__(self, name: str) -> None:
        super().__init__()
        layout = QtGui.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        layout.addWidget(heading(name))
        self.value = QtGui.QLabel()
        self.value.setWordWrap(True)
        self.value.setMinimumWidth(60)
        self.value.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
        layout.addWidget(self.value)
        layout.addStretch(1)


class GlanceCard(QtGui.QFrame):
    """The control."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setAccessibleName("State of the memory")
        layout = QtGui.QVBoxLayout(self)
        layout.setContentsMargins(18, 14, 18, 14)
        layout.setSpacing(GRID)
        self.meter = QtGui.QLabel()
        self.meter.setProperty("look", "small")
        self.note = QtGui.QLabel()
        self.note.setProperty("look", "small")
        self.headline = QtGui.QLabel()
        self.headline.setProperty("look", "title")
        self.badge = QtGui.QLabel()
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
        self.sentence = QtGui.QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setProperty("look", "muted")
        layout.addWidget(self.sentence)

    def show_glance(self, glance: Glance, palette: Palette) -> None:
        """Show another state."""
        self.meter.setText(glance.meter)
        self.note.setText(glance.note)
        self.headline.setText(glance.headline)
        colour = getattr(palette, glance.colour)
        self.badge.setText(glance.badge)
        self.badge.setVisible(bool(glance.badge))
        ground = mix(palette.panel, colour, 0.16 if palette.dark else 0.1)
        self.badge.setStyleSheet(
            f"background: {ground}; color: {mix(colour, palette.text, 0.35)}; "
            "border-radius: 9px; padding: 2px 10px;"
        )
        self.bar.show_share(glance, palette)
        self.bar.setAccessibleName(glance.headline)
        for position, (name, value) in enumerate(glance.rows):
            fact = self.facts.get(name)
            if fact is None:
                fact = self.facts[name] = Fact(name)
                place = ((0, 0), (0, 1), (0, 2), (1, 0))[position]
                span = 3 if position == 3 else 1
                self._grid.addWidget(fact, *place, 1, span)
            fact.value.setText(value)
        for fact in self.facts.values():
            fact.setVisible(bool(glance.rows))
        self.sentence.setText(glance.sentence)
        self.sentence.setVisible(bool(glance.sentence))


def _row(left: QtGui.QWidget, right: QtGui.QWidget) -> QtGui.QHBoxLayout:
    row = QtGui.QHBoxLayout()
    row.setSpacing(MARGIN)
    row.addWidget(left)
    row.addStretch(1)
    row.addWidget(right)
    return row


class _GlanceEditor(Editor):
    """Shows a :class:`Glance`."""

    card = Any()

    def init(self, parent: object) -> None:
        """Make the control."""
        self.control = self.card = GlanceCard()
        self.object.observe(self._palette_changed, "palette")
        self.update_editor()

    def dispose(self) -> None:
        """Let go of the model."""
        self.object.observe(self._palette_changed, "palette", remove=True)
        super().dispose()

    def update_editor(self) -> None:
        """Show it."""
        self.card.show_glance(self.value, self.object.palette)

    def _palette_changed(self, _event: object) -> None:
        self.update_editor()


class GlanceEditor(BasicEditorFactory):
    """Editor of a :class:`Glance`, for an object that has a ``palette`` too."""

    klass = _GlanceEditor
