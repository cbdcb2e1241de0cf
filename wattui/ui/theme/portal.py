# SPDX-License-Identifier: GPL-3.0-or-later
"""The Linux desktop's portal, which reports whether it is light or dark."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtCore import QObject, pyqtSlot
from PyQt5.QtDBus import QDBusConnection, QDBusInterface, QDBusMessage, QDBusVariant

_SERVICE = "org.freedesktop.portal.Desktop"
_PATH = "/org/freedesktop/portal/desktop"
_SETTINGS = "org.freedesktop.portal.Settings"
_APPEARANCE = "org.freedesktop.appearance"
_SCHEME = "color-scheme"

#: How long it may take to answer, in ms: the first window waits for it.
ANSWER_TIME = 300

#: Its answer for dark; 2 is light, 0 is neither.
DARK = 1


class Portal(QObject):
    """The portal's colour scheme, and its changes.

    Parameters
    ----------
    changed
        Called with whether the desktop is dark, when that changes.
    """

    def __init__(self, changed: Callable[[bool], None]) -> None:
        super().__init__()
        self._changed = changed
        self._bus = QDBusConnection.sessionBus()
        if self._bus.isConnected():
            self._bus.connect(_SERVICE, _PATH, _SETTINGS, "SettingChanged", self._setting_changed)

    def dark(self) -> bool:
        """Check whether the desktop is dark; return False if no portal answers."""
        if not self._bus.isConnected():
            return False
        portal = QDBusInterface(_SERVICE, _PATH, _SETTINGS, self._bus)
        portal.setTimeout(ANSWER_TIME)
        answer = portal.call("Read", _APPEARANCE, _SCHEME)
        replied = answer.type() == QDBusMessage.MessageType.ReplyMessage
        return replied and bool(answer.arguments()) and number(answer.arguments()[0]) == DARK

    @pyqtSlot(QDBusMessage)
    def _setting_changed(self, message: QDBusMessage) -> None:
        arguments = message.arguments()
        if len(arguments) == 3 and arguments[:2] == [_APPEARANCE, _SCHEME]:
            self._changed(number(arguments[2]) == DARK)


def number(value: object) -> int:
    """Unwrap a number from its variants; return 0 if it is not a number."""
    while isinstance(value, QDBusVariant):
        value = value.variant()
    return value if isinstance(value, int) else 0
