# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import re
from pathlib import Path

from opened_window import OpenedWindow
from PyQt5 import QtGui, QtWidgets

import wattui
from wattui.ui.window.actions import ACTION, ACTIONS
from wattui.ui.window.key_groups import GROUPS, group_keys
from wattui.ui.window.main_view import TOP_BUTTONS
from wattui.ui.window.menus import MenuBar
from wattui.ui.window.placard import EMPTY_BUTTONS
from wattui.ui.window.window_model import WindowModel

PACKAGE = Path(wattui.__file__).parent


def test_every_button_and_notice_names_an_action():
    assert len(ACTION) == len(ACTIONS)
    names = [name for name, _label in EMPTY_BUTTONS]
    names += [name.removesuffix("_button") for name in TOP_BUTTONS]
    for source in (PACKAGE / "ui").rglob("*.py"):
        if source.parent.name in ("window", "files") or source.name == "memory_link.py":
            pairs = re.findall(r'\("[A-Z][\w ]+", "(\w+)"\)', source.read_text("utf-8"))
            names += [name for name in pairs if name != "dismiss"]
    assert {"retry_failed", "open_interrupted", "save_fetched", "dismiss_import"} <= set(names)
    assert [name for name in names if name not in ACTION] == []


def test_no_key_does_two_things():
    keys = [key for action in ACTIONS for key in action.keys]
    assert len(keys) == len(set(keys))
    assert all(not QtGui.QKeySequence(key).isEmpty() for key in keys)


def test_no_two_entries_of_a_menu_have_the_same_access_key():
    window = OpenedWindow()
    try:
        menus = [window.window.findChild(QtWidgets.QMenuBar)]
        for menu in menus:
            menus += [one.menu() for one in menu.actions() if one.menu() is not None]
        assert len(menus) > 5
        for menu in menus:
            texts = [one.text() for one in menu.actions() if one.text() and not one.data()]
            keys = [QtGui.QKeySequence.mnemonic(text).toString() for text in texts]
            keys = [key for key in keys if key]
            assert len(keys) == len(set(keys)), texts
    finally:
        window.close()


def test_entries_of_menus_follow_the_model_and_check_each_condition_once_per_event(monkeypatch):
    checked = []
    holds = MenuBar._holds
    monkeypatch.setattr(
        MenuBar, "_holds", lambda self, one: checked.append(one) or holds(self, one)
    )
    window = OpenedWindow()
    try:
        live, clock = (window.handler.menus.entries[name] for name in ("live", "clock"))
        assert not live.isEnabled()
        window.connect()
        assert live.isEnabled()
        checked.clear()
        for mode in ("clock", "elapsed", "clock"):
            window.model.clock_mode = mode
        assert checked == []
        window.handle_events()
        assert clock.isChecked()
        assert checked.count("object.clock_mode == 'clock'") == 1
    finally:
        window.close()


def test_an_entry_whose_condition_no_longer_holds_does_nothing(monkeypatch):
    """A key can come before the entry of its menu is disabled."""
    window = OpenedWindow()
    try:
        done = []
        monkeypatch.setattr(window.handler.menus, "_do", done.append)
        entry = window.handler.menus.entries["live"]
        entry.setEnabled(True)
        entry.trigger()
        assert done == []
        window.handle_events()
        assert not entry.isEnabled()
    finally:
        window.close()


def test_conditions_name_traits_of_the_model():
    model = WindowModel()
    for action in ACTIONS:
        for condition in (action.enabled, action.checked):
            if condition:
                assert eval(condition, {"object": model}) in (True, False)


def test_the_list_of_keys_names_all_of_them():
    pairs = [pair for group in GROUPS for pair in group_keys(group, ACTIONS)]
    assert len(pairs) == len(set(pairs))
    listed = " ".join(keys for keys, _words in pairs)
    for action in ACTIONS:
        assert not action.tooltip or all(key in listed for key in action.keys), action.name
    for key in ("L", "F", "M", "Ctrl+E", "Ctrl+O", "F1", "1 – 9", "Esc", "Left", "+"):
        assert key in listed
