# SPDX-License-Identifier: GPL-3.0-or-later
"""A field for typing a value: applied once it is complete, refused with a reason next to it.

Numbers can have a decimal comma or a decimal point.
"""

from __future__ import annotations

from collections.abc import Callable as CallableType
from typing import Any

from pyface.qt import QtGui
from traits.api import Bool, Callable, Int
from traitsui.api import BasicEditorFactory

from wattui.errors import WattuiError
from wattui.ui.theme.style_sheet import GRID
from wattui.ui.widgets.plain_text import PlainLabel, plain_tip
from wattui.ui.widgets.widget_editor import WidgetEditor

#: Width of the field in pixels.
_WIDTH = 120

#: How much of a refused text its reason shows, in characters.
_MOST_SHOWN = 12


def read_number(text: str, low: float, high: float, unit: str = "") -> float:
    """Read a number that was typed with a decimal comma or a decimal point.

    Raises
    ------
    ValueError
        It is not a number, or out of range; the message shows the range.
    """
    typed = text.strip()
    shown = typed if len(typed) <= _MOST_SHOWN else f"{typed[:_MOST_SHOWN]}…"
    hint = f"Enter a number from {low:,g} to {high:,g} {unit}".rstrip() + "."
    try:
        # float also reads 1_000 and the digits of other scripts.
        value = float(typed.replace(",", ".")) if typed.isascii() and "_" not in typed else None
    except ValueError:
        value = None
    if value is None:
        refused = f"“{shown}” is not a number." if typed else "The number is missing."
        raise ValueError(f"{refused} {hint}")
    if not low <= value <= high:
        raise ValueError(f"{value:,g} is out of range. {hint}")
    return value


class TypedBox(QtGui.QWidget):
    """The control: the field, and beside it the reason why its text is refused."""

    def __init__(self) -> None:
        super().__init__()
        row = QtGui.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self.field = QtGui.QLineEdit()
        self.reason = PlainLabel()
        self.reason.setProperty("look", "refusal")
        self.reason.setWordWrap(True)
        # It always has room for two lines, so that nothing moves when it appears.
        self.reason.setMinimumHeight(2 * self.reason.fontMetrics().lineSpacing() + 2)
        policy = QtGui.QSizePolicy.Policy
        self.reason.setSizePolicy(policy.Ignored, policy.Ignored)
        row.addWidget(self.field)
        row.addWidget(self.reason, 1)
        self.setFocusProxy(self.field)

    def show_reason(self, reason: str) -> None:
        """Show why the text is refused; an empty reason hides it."""
        self.reason.setText(reason)
        self.reason.setToolTip(plain_tip(reason))
        self.field.setAccessibleDescription(reason)


class _TypedEditor(WidgetEditor):
    """Sets its trait once the input is complete and valid."""

    def make(self) -> QtGui.QWidget:
        """Make the control."""
        box = TypedBox()
        box.field.setFixedWidth(self.factory.width)
        box.field.textEdited.connect(self._edited)
        box.field.editingFinished.connect(self.finish)
        return box

    def set_tooltip(self, control: Any = None) -> bool:
        """Set the tooltip of the field, and the name that screen readers speak."""
        self.control.field.setAccessibleName(self.item.get_label(self.ui) or self.name)
        return bool(super().set_tooltip(control or self.control.field))

    def update_editor(self) -> None:
        """Show the value, unless it is what was typed."""
        field = self.control.field
        try:
            same = self._read(field.text()) == self.value
        except (ValueError, WattuiError):
            same = False
        if not same:
            field.setText(self.factory.show(self.value))
            self.control.show_reason("")

    def _read(self, text: str) -> Any:
        return text if self.factory.at_once else self.factory.read(text)

    def _edited(self, text: str) -> None:
        self.control.show_reason("")
        if self.factory.at_once:
            self.value = text

    def finish(self) -> str:
        """Apply the input; return why it is refused, or an empty text."""
        if self.control is None:  # The field loses the focus once more while its window closes.
            return ""
        text = self.control.field.text()
        try:
            found = self.factory.read(text)
        except (ValueError, WattuiError) as error:
            self.control.show_reason(str(error))
            return str(error)
        self.control.show_reason("")
        self.value = text if self.factory.at_once else found
        return ""


def finish_typed(ui: Any) -> str:
    """Apply the input in the fields of a dialog; return why one is refused."""
    editors = [one for one in ui._editors if isinstance(one, _TypedEditor)]
    reasons = [one.finish() for one in editors if one.control.field.isEnabled()]
    return next(filter(None, reasons), "")


def _show(value: float) -> str:
    return f"{value:.15g}"


class TypedEditor(BasicEditorFactory):
    """Editor of a number, or of another value that is typed."""

    klass = _TypedEditor
    #: Reads a text; raises a ValueError or WattuiError with the reason why it is refused.
    read: CallableType[[str], Any] = Callable()
    #: Shows a value as text.
    show: CallableType[[Any], str] = Callable(_show)
    #: Whether the trait is a text that is set with every key, even if it is refused.
    at_once = Bool()
    #: Width of the field in pixels.
    width = Int(_WIDTH)
