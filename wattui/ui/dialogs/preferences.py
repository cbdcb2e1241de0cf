# SPDX-License-Identifier: GPL-3.0-or-later
"""The preferences: in force at once, and not modal."""

from __future__ import annotations

from traits.api import DelegatesTo, HasStrictTraits, Instance, Range, Str, observe
from traitsui.api import EnumEditor, Group, Handler, Item, TextEditor, View

from wattui.measurement.text import ENERGY_UNITS
from wattui.ui.widgets.form_layout import dress_dialog

#: The currencies that are offered.
CURRENCIES = ("$", "€", "£", "¥", "CHF", "kr", "zł", "₹")


class Preferences(HasStrictTraits):
    """What can be preferred; every change reaches the window's model at once."""

    #: The window's model.
    model = Instance("wattui.ui.window.window_model.WindowModel")

    #: Price of a kWh, and its currency.
    rate = Range(0.0, 1000.0, 0.08)
    currency = Str("$")
    #: Of the window's model.
    theme = DelegatesTo("model")
    clock_mode = DelegatesTo("model")
    energy_unit = DelegatesTo("model")

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        bench = self.model.bench
        self.trait_set(rate=bench.rate, currency=bench.currency)

    @observe("rate,currency", post_init=True)
    def _cost_changed(self, _event: object) -> None:
        self.model.bench.trait_set(rate=self.rate, currency=self.currency)


_TIMES = {"elapsed": "1:Elapsed", "clock": "2:Clock"}
_THEMES = {"system": "1:Like the system", "light": "2:Light", "dark": "3:Dark"}


class _PreferencesHandler(Handler):
    """Gives the dialog its margins."""

    def init(self, info: object) -> bool:
        """Set margins, and name the button for what it does."""
        dress_dialog(info.ui.control, "Close", primary=False)
        return True


def preferences_view() -> View:
    """Make the view of the preferences."""
    return View(
        Group(
            Item(
                "rate",
                label="Price of a kWh",
                editor=TextEditor(evaluate=float, auto_set=True, enter_set=True),
                tooltip="With a decimal point, as in 0.32",
            ),
            Item("currency", label="Currency", editor=EnumEditor(values=list(CURRENCIES))),
            Item(
                "energy_unit",
                label="Unit of energies",
                editor=EnumEditor(values=list(ENERGY_UNITS)),
            ),
            Item("clock_mode", label="Time in the plots", editor=EnumEditor(values=_TIMES)),
            Item("theme", label="Theme", editor=EnumEditor(values=_THEMES)),
        ),
        title="Preferences",
        buttons=["OK"],
        handler=_PreferencesHandler(),
        width=380,
        resizable=False,
        kind="live",
    )


def show_preferences(model: object, parent: object) -> object:
    """Show the preferences beside the window; give the user interface."""
    return Preferences(model=model).edit_traits(view=preferences_view(), parent=parent)
