# SPDX-License-Identifier: GPL-3.0-or-later
"""The menu bar and the shortcuts, made from the table of actions."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import CodeType
from typing import Any

from pyface.qt import QtCore, QtGui

from wattui.ui.widgets.action import Action
from wattui.ui.window.actions import ACTIONS


class MenuBar(QtGui.QMenuBar):
    """A menu bar, with one menu for each first part of an action's menu.

    A menu bar of TraitsUI takes several times as long to make, and checks the conditions of all
    actions at each change of a trait.  This one checks them once for all changes of an event.
    """

    def __init__(self, window: QtGui.QWidget, model: Any, do: Callable[[str], None]) -> None:
        super().__init__(window)
        self._model, self._do = model, do
        #: The entries of all menus, by the names of their actions.
        self.entries: dict[str, QtGui.QAction] = {}
        self._menus: dict[str, QtGui.QMenu] = {}
        self._choices: dict[str, QtGui.QActionGroup] = {}
        self._timer = QtCore.QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.update_entries)
        for action in ACTIONS:
            if action.menu:
                self._add(action)
        _add_shortcuts(window, do)
        model.on_trait_change(self._model_changed)
        self._timer.start()

    def close_menus(self) -> None:
        """Stop following the model."""
        self._model.on_trait_change(self._model_changed, remove=True)
        self._timer.stop()

    def update_entries(self) -> None:
        """Enable and check the entries as the model is now."""
        found: dict[str, bool] = {}
        for action in ACTIONS:
            if action.menu:
                entry = self.entries[action.name]
                for condition, change in (
                    (action.enabled, entry.setEnabled),
                    (action.checked, entry.setChecked),
                ):
                    if condition:
                        if condition not in found:
                            found[condition] = self._holds(condition)
                        change(found[condition])

    def _holds(self, condition: str) -> bool:
        return bool(eval(_compiled(condition), {"object": self._model}))

    def _model_changed(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _menu(self, path: str) -> QtGui.QMenu:
        """Return a menu; a menu in a menu is between lines."""
        if path not in self._menus:
            parent, _, child = path.partition("/")
            if child:
                self._menu(parent).addSeparator()
                self._menus[path] = self._menu(parent).addMenu(child)
            else:
                self._menus[path] = self.addMenu(path)
        return self._menus[path]

    def _add(self, action: Action) -> None:
        menu = self._menu(action.menu)
        if action.line or any(one.menu() for one in menu.actions()[-1:]):
            menu.addSeparator()
        entry = self.entries[action.name] = menu.addAction(action.label)
        if action.keys:
            entry.setShortcut(QtGui.QKeySequence(action.keys[0]))
        entry.setToolTip(action.tooltip)
        entry.setCheckable(bool(action.checked))
        if action.style == "radio":
            trait = action.checked.partition(" ")[0]
            group = self._choices.setdefault(trait, QtGui.QActionGroup(self))
            entry.setActionGroup(group)
        entry.triggered.connect(lambda _on: self._chosen(action))

    def _chosen(self, action: Action) -> None:
        # Qt has already changed the check mark, and a key may come before the entry is disabled.
        self._timer.start()
        if not action.enabled or self._holds(action.enabled):
            self._do(action.name)


@functools.cache
def _compiled(condition: str) -> CodeType:
    return compile(condition, "<condition>", "eval")


def _add_shortcuts(window: QtGui.QWidget, do: Callable[[str], None]) -> None:
    """Add the keys that no menu shows: second ones, arrows, and 1 to 9."""
    for action in ACTIONS:
        for key in action.keys[1 if action.menu else 0 :]:
            shortcut = QtGui.QShortcut(QtGui.QKeySequence(key), window)
            shortcut.activated.connect(lambda name=action.name: do(name))
