# SPDX-License-Identifier: GPL-3.0-or-later
"""The port chooser: a list of ports with meaningful names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyface.qt import QtCore, QtGui
from traitsui.api import BasicEditorFactory

from wattui.measurement.text import printable, short_port, shortened_text
from wattui.ports.listing import PortInfo, PortProblem
from wattui.ui.widgets.plain_text import plain_tip
from wattui.ui.widgets.widget_editor import WidgetEditor

#: The simulated meter, with a desktop computer as its load.  Because of its id, it is the same
#: meter each time it is opened, with its memory and its settings.
DEMO_URL: Final = "sim://pro?load=desktop&id=demo"

_Key = QtCore.Qt.Key

#: The keys that open the list.
_OPENING_KEYS: Final = (_Key.Key_Space, _Key.Key_Up, _Key.Key_Down, _Key.Key_F4)

# The text by which Qt marks the line between two parts of a list.
_ROLE: Final = QtCore.Qt.ItemDataRole.AccessibleDescriptionRole

#: The longest URL that is not shortened, in characters.
MOST_TEXT: Final = 34

#: Stands for *Other…* in the list; never a port.
OTHER: Final = "other:"

#: Precedes a port to add, or the name of an action; never a port.
ADD: Final = "add:"


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of the list."""

    #: The port, or :data:`OTHER`; empty for a separator.
    url: str
    text: str = ""
    tooltip: str = ""


def port_text(port: PortInfo) -> str:
    """Return the name of a port: ``Watts up? · A80012 · ttyUSB0 · in use``."""
    where = short_port(port.url)
    what = "Watts up?" if port.likely_meter else port.description
    parts = ("" if what == where else what, port.serial_number, where, port.problem)
    return " · ".join(part for part in parts if part)


def _url_text(url: str) -> str:
    """Shorten a URL in its middle; its scheme and its end distinguish it."""
    return url if len(url) <= MOST_TEXT else f"{url[:14]}…{url[15 - MOST_TEXT :]}"


def _port_tooltip(port: PortInfo) -> str:
    advice = {
        PortProblem.IN_USE: "Another program has it open. Close that program first.",
        PortProblem.NO_PERMISSION: "You have no permission to open it; see Help → My port is "
        "missing.",
    }
    what = " ".join(part for part in (port.description, f"at {port.url}") if part)
    return f"{what}. {advice.get(port.problem, '')}".strip()


def choices(ports: Sequence[PortInfo], chosen: str, connected_text: str = "") -> list[Choice]:
    """Return the lines of the list; it contains the *chosen* port even if unplugged."""
    lines = [Choice(port.url, port_text(port), _port_tooltip(port)) for port in ports]
    if chosen and chosen not in {port.url for port in ports} and chosen != DEMO_URL:
        absent = chosen.startswith(("/dev/", "COM"))
        text = f"{short_port(chosen)} · not plugged in" if absent else _url_text(chosen)
        lines.append(Choice(chosen, text, chosen))
    if connected_text:
        lines = [
            Choice(line.url, connected_text, line.tooltip) if line.url == chosen else line
            for line in lines
        ]
    if lines:
        lines.append(Choice(""))
    demo = connected_text if connected_text and chosen == DEMO_URL else "Simulated meter"
    lines.append(Choice(DEMO_URL, demo, "Built-in simulated meter; no hardware needed"))
    lines.append(Choice(OTHER, "Other…", "Type the name or the URL of a port"))
    return lines


def additions(free: Sequence[PortInfo], chosen: str, connected_text: str) -> list[Choice]:
    """Return the lines of the list while the *chosen* port is connected: ports to add."""
    lines = [Choice(chosen, connected_text or _url_text(chosen), chosen), Choice("")]
    for port in free:
        lines.append(Choice(ADD + port.url, f"Add {port_text(port)}", _port_tooltip(port)))
    tooltip = "Another built-in simulated meter"
    lines.append(Choice(ADD + DEMO_URL, "Add a simulated meter", tooltip))
    lines.append(Choice(f"{ADD}add_other_port", "Add another meter…", "Type its port"))
    return lines


def free_meters(ports: Sequence[PortInfo]) -> list[PortInfo]:
    """Return the ports that probably have a meter and are not in use."""
    return [port for port in ports if port.likely_meter and port.problem != PortProblem.IN_USE]


def found_line(ports: Sequence[PortInfo]) -> list[Choice]:
    """Return the line that connects all meters that are plugged in, if there are several."""
    count = len(free_meters(ports))
    if count < 2:
        return []
    text = f"Connect all {count} meters found"
    return [Choice(""), Choice(f"{ADD}connect_found", text, "Each gets its own row")]


def first_choice(ports: Sequence[PortInfo], remembered: str) -> str:
    """Return the port to offer: the last one if it is there, else the likeliest."""
    urls = [port.url for port in ports]
    if remembered in urls or ("://" in remembered and remembered != DEMO_URL):
        return remembered
    likely = [port.url for port in ports if port.likely_meter and not port.problem]
    likely += [port.url for port in ports if port.likely_meter]
    return likely[0] if likely else DEMO_URL


class _Lines(QtGui.QStyledItemDelegate):
    """Draws the lines of the list, and a separator between its two parts."""

    def sizeHint(self, option: Any, index: Any) -> QtCore.QSize:
        """Return the size of a line."""
        size = super().sizeHint(option, index)
        if index.data(_ROLE) == "separator":
            size.setHeight(9)
        return size

    def paint(self, painter: Any, option: Any, index: Any) -> None:
        """Draw a line."""
        if index.data(_ROLE) != "separator":
            super().paint(painter, option, index)
            return
        box = option.rect
        painter.setPen(option.palette.color(QtGui.QPalette.ColorRole.Mid))
        painter.drawLine(box.left() + 6, box.center().y(), box.right() - 6, box.center().y())


class PortBox(QtGui.QComboBox):
    """A combo box whose list does not change while it is open.

    A port is picked from the open list only: a line can add a meter, which an arrow key or
    the wheel over the closed box must not do.
    """

    #: The list is about to open; the list has closed.
    opened = QtCore.Signal()
    closed = QtCore.Signal()

    def __init__(self) -> None:
        super().__init__()
        self.is_open = False
        self._lines: list[Choice] = []
        self.setMinimumWidth(240)
        self.setSizeAdjustPolicy(QtGui.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLength)
        self.setMinimumContentsLength(30)
        self.setMaxVisibleItems(16)
        self.setAccessibleName("Port")
        self.setItemDelegate(_Lines(self))

    def paintEvent(self, _event: QtGui.QPaintEvent) -> None:
        """Draw the chosen line; Qt would cut it anywhere."""
        painter = QtGui.QStylePainter(self)
        option = QtGui.QStyleOptionComboBox()
        self.initStyleOption(option)
        field = QtGui.QStyle.SubControl.SC_ComboBoxEditField
        kind = QtGui.QStyle.ComplexControl.CC_ComboBox
        room = self.style().subControlRect(kind, option, field, self).width() - 2
        advance = self.fontMetrics().horizontalAdvance
        option.currentText = shortened_text(option.currentText, lambda text: advance(text) <= room)
        painter.drawComplexControl(kind, option)
        painter.drawControl(QtGui.QStyle.ControlElement.CE_ComboBoxLabel, option)

    def keyPressEvent(self, event: QtGui.QKeyEvent) -> None:
        """Open the list, instead of picking the next line of the closed one."""
        if event.key() in _OPENING_KEYS:
            self.showPopup()
        else:
            event.ignore()

    def wheelEvent(self, event: QtGui.QWheelEvent) -> None:
        """Leave the wheel to the surroundings of the closed box."""
        event.ignore()

    def showPopup(self) -> None:
        """Open the list, as wide as its longest line."""
        self.is_open = True
        self.opened.emit()
        metrics = self.fontMetrics()
        width = max((metrics.horizontalAdvance(line.text) for line in self._lines), default=0)
        self.view().setMinimumWidth(max(self.width(), width + 48))
        super().showPopup()

    def hidePopup(self) -> None:
        """Close the list."""
        super().hidePopup()
        self.is_open = False
        self.closed.emit()

    def show_lines(self, lines: list[Choice], chosen: str) -> None:
        """Show other lines with the *chosen* one selected, without a signal."""
        if lines != self._lines:
            self._lines = lines
            blocked = self.blockSignals(True)
            self.clear()
            for line in lines:
                if not line.url:
                    self.insertSeparator(self.count())
                    continue
                self.addItem(printable(line.text), line.url)
                tip = plain_tip(line.tooltip)
                self.setItemData(self.count() - 1, tip, QtCore.Qt.ItemDataRole.ToolTipRole)
            self.blockSignals(blocked)
        index = self.findData(chosen)
        if index != self.currentIndex():
            blocked = self.blockSignals(True)
            self.setCurrentIndex(index)
            self.blockSignals(blocked)


class _PortEditor(WidgetEditor):
    """Shows the model's ``ports`` and sets the chosen one."""

    watched = "[ports,connected_text,connected,free_ports]"

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        box = PortBox()
        box.activated[int].connect(self._activated)
        box.closed.connect(self.update_editor)
        box.opened.connect(self._opened)
        return box

    def _opened(self) -> None:
        self.object.ports_wanted = True

    def update_editor(self) -> None:
        """Show the ports and the chosen one."""
        box = self.control
        if box is None or box.is_open:
            return
        model = self.object
        if model.connected:
            lines = additions(model.free_ports, self.value, model.connected_text)
        else:
            lines = choices(model.ports, self.value, model.connected_text)
        free = model.free_ports if model.connected else model.ports
        box.show_lines(lines + found_line(free), self.value)

    def _activated(self, index: int) -> None:
        url = self.control.itemData(index)
        if url and url.startswith(ADD):
            self.control.setCurrentIndex(self.control.findData(self.value))
            self.object.add_port = url.removeprefix(ADD)
        elif url == OTHER:
            self.update_editor()
            self.control.setCurrentIndex(self.control.findData(self.value))
            self.object.other_port = True
        elif url:
            self.object.port_chosen = True
            self.value = url


class PortChooser(BasicEditorFactory):
    """Editor of a port, for an object with ``ports`` and ``connected_text``."""

    klass = _PortEditor
