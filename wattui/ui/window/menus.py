# SPDX-License-Identifier: GPL-3.0-or-later
"""The menu bar and the shortcuts, made from the table of actions."""

from __future__ import annotations

from collections.abc import Callable

from pyface.action.api import Group as ActionGroup
from pyface.action.api import MenuBarManager, MenuManager
from pyface.qt import QtCore, QtGui
from traitsui.menu import Action

from wattui.ui.window.actions import ACTIONS, Deed

_TYPING = (QtGui.QLineEdit, QtGui.QAbstractSpinBox, QtGui.QPlainTextEdit, QtGui.QTextEdit)


def menu_bar() -> MenuBarManager:
    """Make the menu bar: a menu for each first part of an action's menu."""
    menus: dict[str, MenuManager] = {}
    top: list[MenuManager] = []
    for deed in ACTIONS:
        if not deed.menu:
            continue
        parent, _, child = deed.menu.partition("/")
        if parent not in menus:
            menus[parent] = MenuManager(name=parent, id=parent)
            top.append(menus[parent])
        if child and deed.menu not in menus:
            menus[deed.menu] = MenuManager(name=child, id=deed.menu)
            menus[parent].append(ActionGroup(menus[deed.menu], id=child))
        menu = menus[deed.menu]
        if deed.line or not menu.groups or not menu.groups[-1].id.startswith("part"):
            menu.append(ActionGroup(id=f"part {len(menu.groups)}"))
        menu.groups[-1].append(_menu_action(deed))
    return MenuBarManager(*top)


def _menu_action(deed: Deed) -> Action:
    return Action(
        id=f"menu_{deed.name}",
        name=deed.text,
        action=f"do_{deed.name}",
        accelerator=deed.keys[0] if deed.keys else "",
        tooltip=deed.tooltip,
        enabled_when=deed.enabled,
        checked_when=deed.checked,
        style=deed.style,
    )


def add_shortcuts(window: QtGui.QWidget, perform: Callable[[str], None]) -> list[QtGui.QShortcut]:
    """Add the keys that no menu shows: second ones, arrows, and 1 to 9.

    *perform* is called with the action's name, or with ``channel 1`` and so on.
    """
    keys = [(key, deed.name) for deed in ACTIONS for key in deed.keys[1 if deed.menu else 0 :]]
    keys += [(str(number), f"channel {number}") for number in range(1, 10)]
    shortcuts = []
    for key, name in keys:
        shortcut = QtGui.QShortcut(QtGui.QKeySequence(key), window)
        shortcut.activated.connect(lambda name=name: perform(name))
        shortcuts.append(shortcut)
    return shortcuts


class KeyFilter(QtCore.QObject):
    """Keeps Esc from closing the window, and single keys from leaving a field one types in."""

    def __init__(self, window: QtGui.QWidget, escape: Callable[[], None]) -> None:
        super().__init__(window)
        self._window = window
        self._escape = escape
        window.installEventFilter(self)

    def eventFilter(self, watched: QtCore.QObject, event: QtCore.QEvent) -> bool:
        """Take Esc before the dialog does."""
        kind = event.type()
        if kind == QtCore.QEvent.Type.KeyPress and event.key() == QtCore.Qt.Key.Key_Escape:
            self._escape()
            return True
        if kind == QtCore.QEvent.Type.ShortcutOverride and isinstance(
            QtGui.QApplication.focusWidget(), _TYPING
        ):
            plain = event.modifiers() in (
                QtCore.Qt.KeyboardModifier.NoModifier,
                QtCore.Qt.KeyboardModifier.ShiftModifier,
            )
            if plain and event.text():
                event.accept()
                return True
        return False
