# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the window's colours as they were chosen, or as the system has them."""

from __future__ import annotations

from PyQt5.QtWidgets import QApplication
from traits.api import Any, HasStrictTraits, observe

from wattui.ui.theme.style_sheet import apply, choose
from wattui.ui.theme.system_theme import SystemTheme


class ThemeSwitch(HasStrictTraits):
    """Applies the model's theme, at once and whenever the system or the user changes it."""

    #: The window's model.
    model = Any()
    #: Knows what the system has.
    system = Any()
    #: The application.
    application = Any()

    def __init__(self, model: Any, system: SystemTheme, application: QApplication) -> None:
        super().__init__(model=model, system=system, application=application)
        system.changed.connect(self._on_system)
        self._follow()

    def stop(self) -> None:
        """Listen no more."""
        self.system.changed.disconnect(self._on_system)

    @observe("model:theme", post_init=True)
    def _theme_chosen(self, _event: object) -> None:
        self._follow()

    def _on_system(self, _dark: bool) -> None:
        self._follow()

    def _follow(self) -> None:
        palette = choose(self.model.theme, self.system.dark)
        if palette != self.model.palette or not self.application.styleSheet():
            apply(self.application, palette)
        self.model.palette = palette
