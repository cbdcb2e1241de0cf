# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that can be done in the window: one table.

The menus, the buttons of the top bar, the shortcuts and the list of keys (F1)
are made from it.  ``perform`` is a method of the window's handler.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that can be done."""

    #: Method of the handler is ``do_`` and this.
    name: str
    #: Menu it stands in, ``View/Theme`` for a menu in a menu; empty for keys alone.
    menu: str
    #: What the menu calls it.
    text: str
    #: Keys, as Qt writes them; the menu shows the first.
    keys: tuple[str, ...] = ()
    #: What it does, in a sentence: tooltip, and line in the list of keys.
    tooltip: str = ""
    #: When it can be done, and when it is ticked: expressions on ``object``, the model.
    enabled: str = ""
    checked: str = ""
    #: ``push``, ``toggle`` or ``radio``.
    style: str = "push"
    #: Whether a line is drawn above it in its menu.
    line: bool = False


_HAS_SESSION = "object.has_session"
_SEVERAL = "object.several"
_IS_LIVE = "object.marking"

ACTIONS: Final[tuple[Deed, ...]] = (
    Deed(
        *("open", "&File", "&Open…", ("Ctrl+O",)),
        "Show a session that was recorded before, or import a log of another program",
    ),
    Deed(
        *("replay", "&File", "&Replay…", ()),
        "Play a session or a log as if it were live",
    ),
    Deed(
        *("save_copy", "&File", "&Save a copy…", ("Ctrl+S",)),
        "Save a copy of this session elsewhere; it is on disk already",
        enabled=_HAS_SESSION,
    ),
    Deed(
        *("export", "&File", "&Export CSV…", ("Ctrl+E",)),
        "Write the session, or what is in view, to a file that every program reads",
        enabled=_HAS_SESSION,
    ),
    Deed(
        *("show_folder", "&File", "Show in &folder", ()),
        "Show the folder that holds the recordings",
    ),
    Deed(
        *("preferences", "&File", "&Preferences…", ("Ctrl+,",)),
        "Price of a kWh, currency, units, theme",
        line=True,
    ),
    Deed(
        *("close", "&File", "&Close", ("Ctrl+W", "Ctrl+Q")),
        "End the recording, which is complete on disk, and close the window",
        line=True,
    ),
    Deed(
        *("connect", "&Meter", "&Connect or disconnect", ("Ctrl+Return",)),
        "Connect to the chosen port and record, or end that",
    ),
    Deed(
        *("simulate", "&Meter", "&Simulated meter", ()),
        "Watch a meter that the program simulates; nothing needs to be plugged in",
        enabled="not object.connected",
    ),
    Deed(
        *("other_port", "&Meter", "&Other port…", ()),
        "Type the name or the URL of a port",
        enabled="not object.connected",
    ),
    Deed(
        *("add_meter", "&Meter", "&Add another meter…", ("Ctrl+T",)),
        "Record one meter more, into the same session",
        line=True,
    ),
    Deed(
        *("connect_found", "&Meter", "Connect all meters &found", ()),
        "Connect every meter that is plugged in",
    ),
    Deed(
        *("connect_all", "&Meter", "Connect all of the &window", ()),
        "Connect again every meter of the window that is not",
        enabled=_SEVERAL,
    ),
    Deed(
        *("disconnect_all", "&Meter", "&Disconnect all", ()),
        "Disconnect every meter; the recording is complete then",
        enabled="object.recording",
    ),
    Deed(
        *("rename_meter", "&Meter", "&Rename…", ("F2",)),
        "Give the meter a name; it has it again wherever it is plugged in",
        line=True,
    ),
    Deed(
        *("colour_meter", "&Meter", "C&olour…", ()),
        "Give the meter another colour",
        enabled=_SEVERAL,
    ),
    Deed(
        *("meter_up", "&Meter", "Move &up", ("Alt+Up",)),
        "Show the meter above the one before it",
        enabled=_SEVERAL,
    ),
    Deed(
        *("meter_down", "&Meter", "Move do&wn", ("Alt+Down",)),
        "Show the meter below the one after it",
        enabled=_SEVERAL,
    ),
    Deed(
        *("remove_meter", "&Meter", "Remo&ve", ()),
        "Take the meter out of the window; its samples stay in the session",
        enabled=_SEVERAL,
    ),
    Deed(
        *("fetch", "&Meter", "&Fetch memory…", ("Ctrl+Shift+F",)),
        "Read out what the meter has logged by itself; it keeps its records",
        enabled="not object.memory_busy",
        line=True,
    ),
    Deed(
        *("memory", "&Meter", "Memory and se&ttings…", ("Ctrl+M",)),
        "See how full the meter's memory is, and change the meter's settings",
    ),
    Deed(
        *("prepare", "&Meter", "&Prepare for the field…", ()),
        "Set the meter up for a run without a computer",
    ),
    Deed(
        *("mark", "&Meter", "&Mark", ("M",)),
        "Mark this moment in the recording",
        enabled=_IS_LIVE,
        line=True,
    ),
    Deed(
        *("live", "&View", "&Live", ("L",)),
        "Follow the newest sample",
        enabled=_IS_LIVE,
    ),
    Deed(*("fit", "&View", "&Fit", ("F",)), "Show the whole recording", enabled=_HAS_SESSION),
    Deed(
        *("zoom_in", "&View", "Zoom &in", ("+", "=")),
        "Show less time, more closely",
        enabled=_HAS_SESSION,
        line=True,
    ),
    Deed(*("zoom_out", "&View", "Zoom &out", ("-",)), "Show more time", enabled=_HAS_SESSION),
    Deed(*("pan_left", "", "Earlier", ("Left",)), "Move the view to earlier times"),
    Deed(*("pan_right", "", "Later", ("Right",)), "Move the view to later times"),
    Deed(
        *("overlay", "&View", "Meters over &one another", ()),
        "Plot all meters over one another, in a plot for each field",
        enabled=_SEVERAL,
        checked="object.arrangement == 'overlay'",
        style="radio",
        line=True,
    ),
    Deed(
        *("rows", "&View", "Meters in &rows", ()),
        "Plot each meter in a row of its own",
        enabled=_SEVERAL,
        checked="object.arrangement == 'rows'",
        style="radio",
    ),
    Deed(*("rows_up", "", "Rows above", ("PgUp",)), "Show the rows above, where not all fit"),
    Deed(*("rows_down", "", "Rows below", ("PgDown",)), "Show the rows below"),
    Deed(
        *("total", "&View", "&Total of all meters", ("T",)),
        "Plot the sum of all meters too",
        enabled=_SEVERAL,
        checked="object.with_total",
        style="toggle",
    ),
    Deed(
        *("elapsed", "&View", "&Elapsed time", ()),
        "Count the time from the start of the recording",
        checked="object.clock_mode == 'elapsed'",
        style="radio",
        line=True,
    ),
    Deed(
        *("clock", "&View", "&Clock time", ()),
        "Show the time of day",
        checked="object.clock_mode == 'clock'",
        style="radio",
    ),
    Deed(
        *("theme_system", "&View/&Theme", "Like the &system", ()),
        "Light or dark, as the system is",
        checked="object.theme == 'system'",
        style="radio",
    ),
    Deed(
        *("theme_light", "&View/&Theme", "&Light", ()),
        "Light, whatever the system is",
        checked="object.theme == 'light'",
        style="radio",
    ),
    Deed(
        *("theme_dark", "&View/&Theme", "&Dark", ()),
        "Dark, whatever the system is",
        checked="object.theme == 'dark'",
        style="radio",
    ),
    Deed(*("keys", "&Help", "&Keys and mouse", ("F1",)), "This list"),
    Deed(
        *("missing_port", "&Help", "My &port is missing", ()),
        "What to check when a meter is plugged in and not offered",
    ),
    Deed(
        *("show_log", "&Help", "Show the &log", ()),
        "Show what the program noted, for a report of a problem",
    ),
    Deed(*("about", "&Help", "&About wattui", ()), "Version and licence", line=True),
)

#: The actions, by name.
ACTION: Final[dict[str, Deed]] = {deed.name: deed for deed in ACTIONS}

#: What the mouse and the number keys do, for the list of keys.
GESTURES: Final[tuple[tuple[str, str], ...]] = (
    ("1 – 9", "Show or hide a field"),
    ("Wheel", "Zoom the time at the pointer"),
    ("Shift + wheel", "Scroll the time"),
    ("Ctrl + wheel", "Zoom the values of one plot"),
    ("Drag", "Move the view"),
    ("Shift + drag", "Select a span"),
    ("Double click", "Show the whole recording"),
    ("Esc", "Clear the selection; never ends a recording"),
)


def plain(text: str) -> str:
    """Give a menu's text without the marks of its access key."""
    return text.replace("&", "")


def tooltip(name: str) -> str:
    """Give an action's tooltip with its key: ``Show the whole recording (F)``."""
    deed = ACTION[name]
    return f"{deed.tooltip} ({deed.keys[0]})" if deed.keys else deed.tooltip


def key_list() -> list[tuple[str, str]]:
    """Give pairs of keys and what they do, for the list of keys."""
    keyed = [deed for deed in ACTIONS if deed.keys]
    order = ("&View", "", "&Meter", "&File", "&Help")
    keyed.sort(key=lambda deed: order.index(deed.menu.partition("/")[0]))
    return list(GESTURES) + [(" or ".join(deed.keys), deed.tooltip) for deed in keyed]
