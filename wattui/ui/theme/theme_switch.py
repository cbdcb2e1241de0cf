# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets the theme of the window: the one that was chosen, or the system's."""

from __future__ import annotations

from typing import Any

from PyQt5.QtWidgets import QApplication
from traits.api import HasStrictTraits, Instance, observe

from wattui.ui.theme.style_sheet import apply
from wattui.ui.theme.system_theme import SystemTheme, choose


class ThemeSwitch(HasStrictTraits):
    """Applies the model's theme whenever the user or the system changes it."""

    #: The window's model.
    model = Instance("wattui.ui.window.window_model.WindowModel")
    #: The theme of the system.
    system = Instance(SystemTheme)
    #: The application.
    application = Instance(QApplication)

    def __init__(self, model: Any, system: SystemTheme, application: QApplication) -> None:
        super().__init__(model=model, system=system, application=application)
        system.changed.connect(self._apply)
        self._apply()

    def stop(self) -> None:
        """Stop following the system."""
        self.system.changed.disconnect(self._apply)

    @observe("model:theme", post_init=True)
    def _apply(self, _change: object = None) -> None:
        palette = choose(self.model.theme, self.system.dark)
        if self.application.property("palette") != palette.name:
            apply(self.application, palette)
        self.model.palette = palette
