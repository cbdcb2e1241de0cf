# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the system is light or dark, and a signal when that changes.

Qt 5 does not say it in one way.  A Linux desktop tells it through its portal,
Windows in the registry, and macOS by the palette that Qt starts with.
"""

from __future__ import annotations

import os
import sys

from PyQt5.QtCore import QObject, QSettings, QTimer, pyqtSignal
from PyQt5.QtGui import QPalette
from PyQt5.QtWidgets import QApplication

_WINDOWS_KEY = (
    "HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Themes\\Personalize"
)

#: How often Windows is asked, in ms.
POLL_TIME = 3000


class SystemTheme(QObject):
    """Knows whether the system is dark.  Make it before a palette is set."""

    #: The system went light or dark.
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
            self._timer.start(POLL_TIME)
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
        """Ask the desktop's portal, and listen to it; False where there is none."""
        if not os.environ.get("DBUS_SESSION_BUS_ADDRESS"):
            return False
        try:
            from wattui.ui.theme.portal import Portal
        except ImportError:
            return False
        self._portal = Portal(self._set)
        return self._portal.dark()
