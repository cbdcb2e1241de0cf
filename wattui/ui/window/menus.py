# SPDX-License-Identifier: GPL-3.0-or-later
"""The menu bar and the shortcuts, made from the table of actions."""

from __future__ import annotations

from collections.abc import Callable

from pyface.action.api import Group as ActionGroup
from pyface.action.api import MenuBarManager, MenuManager
from pyface.qt import QtGui
from traitsui.menu import Action as MenuAction

from wattui.ui.widgets.action import Action
from wattui.ui.window.actions import ACTIONS


def menu_bar() -> MenuBarManager:
    """Make the menu bar, with one menu for each first part of an action's menu."""
    menus: dict[str, MenuManager] = {}
    top: list[MenuManager] = []
    for action in ACTIONS:
        if not action.menu:
            continue
        parent, _, child = action.menu.partition("/")
        if parent not in menus:
            menus[parent] = MenuManager(name=parent, id=parent)
            top.append(menus[parent])
        if child and action.menu not in menus:
            menus[action.menu] = MenuManager(name=child, id=action.menu)
            menus[parent].append(ActionGroup(menus[action.menu], id=child))
        menu = menus[action.menu]
        if action.line or not menu.groups or not menu.groups[-1].id.startswith("part"):
            menu.append(ActionGroup(id=f"part {len(menu.groups)}"))
        menu.groups[-1].append(_menu_action(action))
    return MenuBarManager(*top)


def _menu_action(action: Action) -> MenuAction:
    return MenuAction(
        id=f"menu_{action.name}",
        name=action.label,
        action=action.name,
        accelerator=action.keys[0] if action.keys else "",
        tooltip=action.tooltip,
        enabled_when=action.enabled,
        checked_when=action.checked,
        style=action.style,
    )


def add_shortcuts(window: QtGui.QWidget, do: Callable[[str], None]) -> None:
    """Add the keys that no menu shows: second ones, arrows, and 1 to 9."""
    for action in ACTIONS:
        for key in action.keys[1 if action.menu else 0 :]:
            shortcut = QtGui.QShortcut(QtGui.QKeySequence(key), window)
            shortcut.activated.connect(lambda name=action.name: do(name))
