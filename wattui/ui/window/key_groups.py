# SPDX-License-Identifier: GPL-3.0-or-later
"""What keys and mouse do, in groups, each with its page of the guide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Final

from pyface.qt import QtGui

from wattui.ui.dialogs.about import Sheet
from wattui.ui.dialogs.guide import show_guide
from wattui.ui.widgets.action import Action


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """Keys that belong together."""

    title: str
    #: The page of the guide that explains them, with the heading.
    page: str
    #: What the mouse and some keys do beside the actions.
    gestures: tuple[tuple[str, str], ...] = ()
    #: The menus of its actions, and names of further ones.
    menus: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


#: The groups, in the order in which they are shown.
GROUPS: Final = (
    KeyGroup(
        "Mouse on the plots",
        "window.md#keys-and-mouse",
        (
            ("Wheel", "Zoom the time axis at the pointer"),
            ("Shift + wheel", "Scroll in time"),
            ("Ctrl + wheel", "Zoom the value axis of one plot"),
            ("Wheel beside them", "Scroll the plots if there is no room for all"),
            ("Drag", "Move the view"),
            ("Shift + drag", "Select a span; drag its handles, or inside it, to change it"),
            ("Double-click", "Show the whole recording; on a value axis, fit its scale"),
            ("Right button", "Offer what can be done with what is there"),
        ),
    ),
    KeyGroup(
        "View",
        "window.md#keys-and-mouse",
        (
            ("1 – 9", "Show or hide a field"),
            ("Esc", "Clear the selection, leave the large readings; never ends a recording"),
        ),
        ("&View", ""),
    ),
    KeyGroup(
        "Selection and figures",
        "part.md",
        (
            ("Shift + Left, Right", "Move the selection"),
            ("Ctrl + Left, Right", "Move the end of the selection"),
            ("Ctrl + Shift + Left, Right", "Move its start"),
        ),
        ("&Select",),
    ),
    KeyGroup(
        "Marks and spans",
        "marks.md",
        (
            ("Drag a mark", "Move it"),
            ("Double-click a mark", "Name it; the name of a span too"),
            ("Return in the list", "Show the mark or span in the plots"),
            ("Delete in the list", "Remove the mark or span"),
        ),
        ("Mar&ks",),
    ),
    KeyGroup("Help", "README.md", (), ("&Help",)),
    KeyGroup(
        "Table of the meters",
        "several-meters.md#in-the-window",
        (
            ("Up, Down", "Show the readings of another meter"),
            ("Space", "Show or hide the meter in the plots"),
            ("Delete", "Remove the meter; asks if that ends its recording"),
        ),
        names=("add_meter", "rename_meter", "meter_up", "meter_down"),
    ),
    KeyGroup("The meter", "memory.md#in-the-window", (), ("&Meter",)),
    KeyGroup("Files", "window.md#open-import-replay", (), ("&File",)),
)


def group_keys(group: KeyGroup, actions: Iterable[Action]) -> list[tuple[str, str]]:
    """Return pairs of keys and what they do, for one group."""
    keyed = [action for action in actions if action.keys and action.tooltip]
    elsewhere = {name for other in GROUPS if other is not group for name in other.names}
    found = [
        (" or ".join(action.keys), action.tooltip)
        for action in keyed
        if action.name in group.names
        or (action.menu.partition("/")[0] in group.menus and action.name not in elsewhere)
    ]
    return [*group.gestures, *found]


#: The groups in each of the two columns.
_COLUMNS: Final = (GROUPS[:3], GROUPS[3:])

_ROW: Final = (
    "<tr><td width='120' style='padding: 1px 12px 1px 0'><b>{}</b></td>"
    "<td style='padding: 1px 0'>{}</td></tr>"
)


def show_keys(parent: QtGui.QWidget | None, actions: Iterable[Action]) -> Sheet:
    """Show what keys and mouse do, in groups with links to the guide."""
    sheet = Sheet(parent, "Keys and mouse", 1040, 720)
    every = list(actions)
    columns = "".join(
        f"<td width='50%' style='padding: 0 18px'>{''.join(_html(one, every) for one in part)}</td>"
        for part in _COLUMNS
    )
    sheet.text.setHtml(f"<table width='100%'><tr>{columns}</tr></table>")
    sheet.text.setOpenLinks(False)
    sheet.text.anchorClicked.connect(lambda url: show_guide(parent, url.toString()))
    sheet.show()
    return sheet


def _html(group: KeyGroup, actions: Iterable[Action]) -> str:
    pairs = group_keys(group, actions)
    rows = "".join(_ROW.format(escape(keys), escape(words)) for keys, words in pairs)
    link = f"<a href='{group.page}'>guide</a>"
    head = f"<p style='margin: 10px 0 4px 0'><b>{group.title}</b> &nbsp; {link}</p>"
    return f"{head}<table>{rows}</table>"
