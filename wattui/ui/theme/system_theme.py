# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the system is light or dark, and the palette that follows from it.

Qt 5 has no single way to find that out.  A Linux desktop reports it through its portal,
Windows in the registry, and macOS by the palette that Qt starts with.

Importing this loads Qt and nothing from Enthought, like :mod:`wattui.ui.theme.style_sheet`.
"""

from __future__ import annotations

import os
import sys
from typing import Final

from PyQt5.QtCore import QObject, QSettings, QTimer, pyqtSignal
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import QApplication

from wattui.ui.theme.palette import DARK, LIGHT, Palette

#: The values of the theme.
THEMES: Final = ("system", "light", "dark")

_WINDOWS_KEY: Final = (
    "HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Themes\\Personalize"
)

#: How often the registry of Windows is read, in ms.
_POLL_TIME: Final = 3000


def choose(theme: str, system_is_dark: bool) -> Palette:
    """Return the palette of a theme: ``light``, ``dark``, or what the system has."""
    dark = system_is_dark if theme not in ("light", "dark") else theme == "dark"
    return DARK if dark else LIGHT


class SystemTheme(QObject):
    """Whether the system is dark.  Create it before a palette is set."""

    #: The system turned light or dark.
    changed = pyqtSignal(bool)

    def __init__(self, application: QApplication) -> None:
        super().__init__()
        window = application.palette().color(QPalette.ColorRole.Window)
        self._portal: object = None
        self._timer = QTimer(self)
        self.dark = window.lightness() < 128
        if sys.platform == "win32":
            self.dark = self._windows_dark()
            self._timer.timeout.connect(self._poll_windows)
            self._timer.start(_POLL_TIME)
        elif sys.platform.startswith("linux"):
            self.dark = self._portal_dark() or self.dark

    def _set(self, dark: bool) -> None:
        if dark != self.dark:
            self.dark = dark
            self.changed.emit(dark)

    def _windows_dark(self) -> bool:
        settings = QSettings(_WINDOWS_KEY, QSettings.Format.NativeFormat)
        return not int(settings.value("AppsUseLightTheme", 1))

    def _poll_windows(self) -> None:
        self._set(self._windows_dark())

    def _portal_dark(self) -> bool:
        """Ask the desktop's portal, and listen to it; return False if there is none."""
        if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
            return False
        try:
            from wattui.ui.theme.portal import Portal
        except ImportError:
            return False
        self._portal = Portal(self._set)
        return self._portal.dark()
