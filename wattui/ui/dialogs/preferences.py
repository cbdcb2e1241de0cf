# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of preferences, and the dialog made from it, whose changes apply immediately.

To add a preference, add a row to :data:`PREFERENCES` and the trait that it names. The
dialog shows it, and it is saved until the next start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from traitsui.api import BooleanEditor, EnumEditor, Group, Handler, Item, View

from wattui.measurement.text import ENERGY_UNITS
from wattui.ui.widgets.form_layout import dress_dialog
from wattui.ui.widgets.typed_field import TypedEditor, finish_typed, read_number

#: The currencies that are offered.
CURRENCIES: Final = ("$", "€", "£", "¥", "CHF", "kr", "zł", "₹")

#: The highest price of a kWh that is accepted.
HIGHEST_PRICE: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Preference:
    """One preference: where it is saved, what it sets and how it is edited."""

    #: Its name in the file.
    key: str
    #: The trait that it sets: of the window's ``model``, its ``bench`` or its ``watch``.
    trait: str
    #: Label and editor in the dialog; an empty label for one that is set elsewhere.
    label: str = ""
    editor: Callable[[], Any] | None = None
    tooltip: str = ""


def _choice(values: Any) -> Callable[[], Any]:
    return lambda: EnumEditor(values=values)


def _price(text: str) -> float:
    return read_number(text, 0, HIGHEST_PRICE)


PREFERENCES: Final = (
    Preference(
        "rate",
        "bench.rate",
        "Price of a kWh",
        lambda: TypedEditor(read=_price),
        "For example 0.32 or 0,32",
    ),
    Preference("currency", "bench.currency", "Currency", _choice(list(CURRENCIES))),
    Preference("energy_unit", "model.energy_unit", "Unit of energy", _choice(list(ENERGY_UNITS))),
    Preference(
        "time_axis",
        "model.clock_mode",
        "Time axis",
        _choice({"elapsed": "1:Elapsed time", "clock": "2:Clock time"}),
    ),
    Preference(
        "theme",
        "model.theme",
        "Theme",
        _choice({"system": "1:Same as system", "light": "2:Light", "dark": "3:Dark"}),
    ),
    Preference(
        "ask_before_closing",
        "model.ask_before_closing",
        "Ask before closing",
        BooleanEditor,
        "Ask before the window is closed while a recording, a fetch, an import or an export runs",
    ),
    Preference("interval", "model.interval"),
    Preference("arrangement", "model.arrangement"),
    Preference("maximized", "model.maximized"),
    Preference("alerts", "watch.texts"),
    Preference("alert_command", "watch.command"),
    Preference("alert_shell", "watch.use_shell"),
)


class _PreferencesHandler(Handler):
    """Sets the margins of the dialog, and applies the input when it closes."""

    def init(self, info: Any) -> bool:
        """Set margins, and label the OK button with what it does."""
        dress_dialog(info.ui.control, "Close", primary=False)
        return True

    def close(self, info: Any, is_ok: bool) -> bool:
        """Allow closing in any case; an invalid price is not applied."""
        refused = finish_typed(info.ui)
        if refused:
            info.ui.context["model"].message = f"The price is unchanged: {refused}"
        return True


def preferences_view() -> View:
    """Make the view of the preferences."""
    items = [
        Item(row.trait, label=row.label, editor=row.editor(), tooltip=row.tooltip)
        for row in PREFERENCES
        if row.editor is not None
    ]
    return View(
        Group(*items),
        title="Preferences",
        buttons=["OK"],
        close_result=True,
        handler=_PreferencesHandler(),
        width=520,
        resizable=False,
        kind="live",
    )


def show_preferences(model: Any, parent: Any) -> Any:
    """Show the preferences without blocking the window; return the user interface."""
    context = {"object": model, "model": model, "bench": model.bench}
    return preferences_view().ui(context, parent=parent)
