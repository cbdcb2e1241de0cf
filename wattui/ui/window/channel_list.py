# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of fields to plot: a check box and a colour chip for each."""

from __future__ import annotations

from typing import Final

from pyface.qt import QtCore, QtGui
from traits.api import Instance
from traitsui.api import BasicEditorFactory

from wattui.measurement.fields import CHANNELS, Field
from wattui.ui.theme.palette import Palette
from wattui.ui.widgets.form_layout import heading, rule
from wattui.ui.widgets.widget_editor import WidgetEditor

#: How many fields are shown at first; the others are under *More*.
FIRST_CHANNELS: Final = 7

#: Width and height of a chip, in pixels.
CHIP: Final = (18, 4)


class ChannelRow(QtGui.QCheckBox):
    """One field: its check box, name and unit, and the colour of its curve."""

    def __init__(self, field: Field, number: int) -> None:
        super().__init__(field.title)
        self.field = field
        self._colour = ""
        key = f" (key {number})" if number <= 9 else ""
        self.setToolTip(f"Show or hide {field.label.lower()}{key}")
        self.setAccessibleName(field.title)
        policy = QtGui.QSizePolicy.Policy
        self.setSizePolicy(policy.Expanding, policy.Fixed)

    def set_colour(self, colour: str) -> None:
        """Set the colour of the chip, as ``#rrggbb``."""
        if colour != self._colour:
            self._colour = colour
            self.update()

    def hitButton(self, position: QtCore.QPoint) -> bool:
        """Accept a click anywhere in the row."""
        return self.rect().contains(position)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        """Draw the box and the name, then the chip at the right."""
        super().paintEvent(event)
        width, height = CHIP
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setPen(QtCore.Qt.PenStyle.NoPen)
        off = self.palette().color(QtGui.QPalette.ColorRole.Mid)
        painter.setBrush(QtGui.QColor(self._colour) if self.isChecked() else off)
        top = (self.height() - height) / 2
        chip = QtCore.QRectF(self.width() - width, top, width, height)
        painter.drawRoundedRect(chip, height / 2, height / 2)
        painter.end()


class ChannelPanel(QtGui.QWidget):
    """The control: one row per channel, and *More*."""

    #: A row was clicked: the name of the channel, and whether it is shown now.
    toggled = QtCore.Signal(str, bool)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Fields to plot")
        layout = QtGui.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(rule())
        layout.addSpacing(12)
        layout.addWidget(heading("Plot"))
        layout.addSpacing(4)
        self.rows: dict[str, ChannelRow] = {}
        self._more = QtGui.QWidget()
        more = QtGui.QVBoxLayout(self._more)
        more.setContentsMargins(0, 0, 0, 0)
        more.setSpacing(0)
        for number, field in enumerate(CHANNELS, 1):
            row = ChannelRow(field, number)
            row.clicked.connect(lambda on, name=field.name: self.toggled.emit(name, on))
            self.rows[field.name] = row
            (layout if number <= FIRST_CHANNELS else more).addWidget(row)
        self.button = QtGui.QPushButton()
        self.button.setAutoDefault(False)
        self.button.setProperty("role", "flat")
        self.button.setToolTip("Show or hide the other fields of a record")
        self.button.clicked.connect(lambda: self.set_open(self._more.isHidden()))
        layout.addWidget(self.button, 0, QtCore.Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._more)
        layout.addStretch(1)
        self.set_open(False)

    def set_open(self, is_open: bool) -> None:
        """Show or hide the fields under *More*."""
        self._more.setVisible(is_open)
        rest = len(CHANNELS) - FIRST_CHANNELS
        self.button.setText("Fewer" if is_open else f"{rest} more…")

    @property
    def is_open(self) -> bool:
        """Whether all fields are shown."""
        return not self._more.isHidden()

    def show_channels(self, names: list[str], palette: Palette | None, several: bool) -> None:
        """Check the channels that are plotted, and set the colour of each chip.

        With several meters colours are those of the meters, so that the chips are neutral.
        """
        for name, row in self.rows.items():
            row.setChecked(name in names)
            if palette is not None:
                row.set_colour(palette.muted if several else palette.channel(name))


class _ChannelEditor(WidgetEditor):
    """Shows and sets the names of the channels that are plotted."""

    watched = "[palette,channels.items,several]"
    #: The list itself, inside the control.
    panel = Instance(ChannelPanel)

    def make(self) -> QtGui.QWidget:
        """Make the control in a scroll area, for small screens."""
        self.panel = ChannelPanel()
        self.panel.toggled.connect(self._toggled)
        self.panel.set_open(any(one.name in self.value for one in CHANNELS[FIRST_CHANNELS:]))
        area = QtGui.QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QtGui.QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.panel)
        area.setMinimumHeight(80)
        return area

    def update_editor(self) -> None:
        """Show which channels are plotted."""
        self.panel.show_channels(list(self.value), self.object.palette, self.object.several)

    def name_at(self, place: QtCore.QPoint) -> str:
        """Return the name of the channel at a place on the screen; empty if there is none."""
        for name, row in self.panel.rows.items():
            if row.isVisible() and row.rect().contains(row.mapFromGlobal(place)):
                return name
        return ""

    def _toggled(self, name: str, _on: bool) -> None:
        self.object.toggle_channel(name)
        # The last channel stays although the click has cleared its check box.
        self.update_editor()


class ChannelEditor(BasicEditorFactory):
    """Editor of the names of channels, for an object with a ``palette`` and ``several``."""

    klass = _ChannelEditor
