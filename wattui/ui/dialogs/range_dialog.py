# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks for both ends of a value axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from traits.api import Any as AnyTrait
from traits.api import Callable as CallableTrait
from traits.api import Float, HasStrictTraits
from traitsui.api import Group, Handler, Item, View

from wattui.ui.plots.value_axis import ValueRange
from wattui.ui.widgets.form_layout import dress_dialog
from wattui.ui.widgets.typed_field import TypedEditor, finish_typed, read_number

#: The largest number that is accepted.
_MOST: Final = 1e9


class RangeChoice(HasStrictTraits):
    """Both ends of an axis, in the unit of its labels."""

    low = Float()
    high = Float()


class _RangeHandler(Handler):
    """Closes the dialog if both ends are valid, and shows a reason otherwise."""

    chosen = CallableTrait()
    box = AnyTrait()

    def init(self, info: Any) -> bool:
        """Set margins, and label the OK button with what it does."""
        dress_dialog(info.ui.control, "Set range")
        return True

    def close(self, info: Any, is_ok: bool) -> bool:
        """Pass on the range; an invalid one keeps the dialog open."""
        choice = info.ui.context["object"]
        if not is_ok:
            return True
        if finish_typed(info.ui):
            return False
        if choice.low >= choice.high:
            low = f"{choice.low:,g}"
            info.high.control.show_reason(f"The upper end must be above the lower end, {low}.")
            return False
        self.chosen(choice)
        return True


def ask_range(row: Any, factor: float, parent: Any, chosen: Callable[[ValueRange], object]) -> Any:
    """Ask for the range of a row's value axis without blocking; return the user interface.

    Parameters
    ----------
    row
        The row of the plots.
    factor
        From the base unit to the unit of the axis.
    parent
        The window.
    chosen
        Called with the range, in the base unit.
    """
    shown = row.plot.value_range
    least = 1 / _MOST if row.logarithmic else -_MOST
    read = lambda text: read_number(text, least, _MOST, row.unit)  # noqa: E731
    typed = TypedEditor(read=read, show=lambda value: f"{value:.6g}")
    unit = f" ({row.unit})" if row.unit else ""
    view = View(
        Group(
            Item("low", label=f"From{unit}", editor=typed, tooltip="The lower end of the axis"),
            Item("high", label=f"To{unit}", editor=typed, tooltip="The upper end of the axis"),
        ),
        title=f"Range of {row.field.label.lower()}",
        buttons=["OK", "Cancel"],
        handler=_RangeHandler(
            chosen=lambda one: chosen(ValueRange(one.low / factor, one.high / factor))
        ),
        width=460,
        resizable=False,
        kind="live",
    )
    choice = RangeChoice(low=shown.low * factor, high=shown.high * factor)
    return view.ui({"object": choice}, parent=parent)
