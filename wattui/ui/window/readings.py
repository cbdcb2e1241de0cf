# SPDX-License-Identifier: GPL-3.0-or-later
"""The readings: power in large digits, with the other values below it."""

from __future__ import annotations

from pyface.qt import QtCore, QtGui
from traitsui.api import BasicEditorFactory

from wattui.measurement.energy import ERROR_RULE
from wattui.measurement.fields import CHANNEL
from wattui.ui.theme.tabular_figures import Figures
from wattui.ui.widgets.form_layout import heading, rule
from wattui.ui.widgets.plain_text import PlainLabel
from wattui.ui.widgets.widget_editor import WidgetEditor
from wattui.ui.window.display_values import PANEL_FIELDS, Readings

#: Sizes of type in pixels, in a panel of the least width.
POWER_SIZE = 54
ENERGY_SIZE = 31
VALUE_SIZE = 22

#: Least width of the panel without its margins, and how far it may grow, in pixels.
LEAST_WIDTH = 234
MOST_GROWTH = 1.7


class ReadingsPanel(QtGui.QWidget):
    """The control: shows a :class:`Readings`."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Readings")
        self.setMinimumWidth(LEAST_WIDTH)
        layout = QtGui.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._caption = heading("")
        self._power = Figures(POWER_SIZE, 24)
        self._note = PlainLabel()
        self._note.setProperty("look", "small")
        # It always takes up space, so that nothing below it moves.
        policy = self._note.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self._note.setSizePolicy(policy)
        self._values: dict[str, Figures] = {}
        self._shown: Readings | None = None
        layout.addWidget(self._caption)
        layout.addWidget(self._power)
        layout.addWidget(self._note)
        layout.addSpacing(2)
        layout.addLayout(self._grid())
        layout.addSpacing(16)
        layout.addWidget(rule())
        layout.addSpacing(12)
        self._add_energy(layout)

    def _grid(self) -> QtGui.QGridLayout:
        grid = QtGui.QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(0)
        for index, name in enumerate(PANEL_FIELDS[1:]):
            row, column = divmod(index, 2)
            value = Figures(VALUE_SIZE, 13, bold=False)
            value.setAccessibleName(CHANNEL[name].label)
            value.setToolTip(f"{CHANNEL[name].label} of the last record")
            self._values[name] = value
            grid.addWidget(heading(CHANNEL[name].label), 3 * row, column)
            grid.addWidget(value, 3 * row + 1, column)
            if row == 0:
                grid.setRowMinimumHeight(2, 8)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        return grid

    def _add_energy(self, layout: QtGui.QVBoxLayout) -> None:
        self._energy = Figures(ENERGY_SIZE, 15)
        self._energy.setToolTip(
            "Power times interval, summed over the records. Gaps do not count.\n"
            f"The error is the limit in the manual: {ERROR_RULE}."
        )
        self._lines = [PlainLabel() for _ in range(3)]
        layout.addWidget(heading("Energy"))
        layout.addSpacing(2)
        layout.addWidget(self._energy)
        layout.addSpacing(4)
        for line in self._lines:
            line.setProperty("look", "small")
            line.setWordWrap(True)  # Large letters, or a run of weeks.
            line.setTextInteractionFlags(QtCore.Qt.TextInteractionFlag.TextSelectableByMouse)
            layout.addWidget(line)

    def show_readings(self, readings: Readings) -> None:
        """Show other readings; parts that did not change are not painted again."""
        if readings == self._shown:
            return
        self._shown = readings
        caption = f"Power   {readings.caption}" if readings.caption else "Power"
        _set_text(self._caption, caption.upper())
        _set_text(self._note, readings.note)
        self._note.setVisible(bool(readings.note))
        power = readings.value("power")
        unit = _with_error("W", readings.power_error)
        self._power.show_value(power, unit, readings.current, "power" in readings.alerts)
        self._power.setAccessibleName(f"Power {power} {unit}")
        for name, figures in self._values.items():
            alert = name in readings.alerts
            figures.show_value(readings.value(name), CHANNEL[name].unit, readings.current, alert)
        unit = _with_error(readings.energy_unit, readings.energy_error)
        self._energy.show_value(readings.energy, unit)
        self._energy.setAccessibleName(f"Energy {readings.energy} {unit}")
        for index, line in enumerate(self._lines):
            _set_text(line, readings.lines[index] if index < len(readings.lines) else "")

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:
        """Scale the numbers with the width of the panel."""
        growth = min(max(self.width() / LEAST_WIDTH, 1.0), MOST_GROWTH)
        self._power.set_size(int(POWER_SIZE * growth), int(24 * growth))
        self._energy.set_size(int(ENERGY_SIZE * growth), int(15 * min(growth, 1.25)))
        for figures in self._values.values():
            figures.set_size(int(VALUE_SIZE * growth), int(13 * min(growth, 1.25)))
        super().resizeEvent(event)


def _with_error(unit: str, error: str) -> str:
    return f"± {error} {unit}" if error else unit


def _set_text(label: QtGui.QLabel, text: str) -> None:
    if label.text() != text:
        label.setText(text)


class _ReadingsEditor(WidgetEditor):
    """Shows the model's readings."""

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        return ReadingsPanel()

    def update_editor(self) -> None:
        """Show other readings."""
        self.control.show_readings(self.value)


class ReadingsEditor(BasicEditorFactory):
    """Editor of a :class:`Readings`."""

    klass = _ReadingsEditor
