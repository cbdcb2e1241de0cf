# SPDX-License-Identifier: GPL-3.0-or-later
"""All actions of the window: one table, in the order of the menus.

The menus, the buttons of the top bar, the shortcuts, the context menus and the list of
keys (F1) are made from it.  Meters, files and memory contribute their own rows.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Final

from pyface.qt import QtGui

from wattui.desktop.folders import sessions_folder
from wattui.desktop.program_log import log_file
from wattui.measurement.fields import CHANNELS
from wattui.session import copy_session
from wattui.ui.alerts.alert_actions import ALERT_ACTIONS
from wattui.ui.dialogs.about import read_log, show_about, show_log
from wattui.ui.dialogs.guide import show_guide
from wattui.ui.dialogs.missing_port import show_missing_port
from wattui.ui.dialogs.preferences import show_preferences
from wattui.ui.figures.find_actions import FIND_ACTIONS
from wattui.ui.figures.selection_actions import LAST_ACTIONS, SELECTION_ACTIONS
from wattui.ui.files.file_actions import FILE_ACTIONS
from wattui.ui.marks.mark_actions import MARK_ACTIONS
from wattui.ui.memory.memory_actions import MEMORY_ACTIONS
from wattui.ui.meters.meter_actions import ARRANGEMENT_ACTIONS, METER_ACTIONS
from wattui.ui.widgets.action import HAS_SESSION, LIVE, Action, WindowContext
from wattui.ui.widgets.background_task import BackgroundTask
from wattui.ui.widgets.desktop_opener import open_path
from wattui.ui.window.key_groups import show_keys

#: How far the arrow keys move the view, and the factor by which ``+`` changes its width.
PAN_SHARE: Final = 0.2
ZOOM_FACTOR: Final = 0.6


def save_copy(context: WindowContext) -> None:
    """Ask for a file, and copy the session there in the background."""
    model = context.model
    source = model.bench.session_path
    if source is None:
        return
    name, _ = QtGui.QFileDialog.getSaveFileName(
        context.window,
        "Save a copy",
        str(Path.home() / source.name),
        "Recordings (*.wattui);;All files (*)",
    )
    if not name:
        return
    target = Path(name)
    loss = f"The copy to {target.name} is not finished: no file is left of it."
    task = BackgroundTask(model, "the copy", lambda *_: f"Copying to {target.name}", loss)
    task.run(
        lambda report, cancelled: copy_session(source, target, report, cancelled),
        lambda _result: model.trait_set(message=f"Copied to {target}"),
        lambda error: model.trait_set(message=f"Not copied: {error}"),
    )


def export(context: WindowContext) -> None:
    """Ask what to export and to which file, and write it in the background."""
    model = context.model
    if model.bench.session_path is None or context.export is not None:
        return

    def ended() -> None:
        context.export = None

    # Loads every format, which a start does not need.
    from wattui.ui.dialogs.export_dialog import Export, ExportChoice

    choice = ExportChoice.for_model(model)
    context.export = Export(model=model, choice=choice, when_done=ended, settings=context.settings)
    context.export.ask(context.window)


def save_report(context: WindowContext) -> None:
    """Ask which report to save, and write it in the background."""
    from wattui.ui.dialogs.save_dialogs import ask_report  # loads figures and reports

    ask_report(context.model, context.window, context.settings)


def save_picture(context: WindowContext) -> None:
    """Ask which picture to save, and write it in the background."""
    from wattui.ui.dialogs.save_dialogs import ask_picture

    ask_picture(context.model, context.window, context.settings)


def copy_picture(context: WindowContext) -> None:
    """Copy a picture of what is in view to the clipboard."""
    from wattui.ui.dialogs import save_dialogs

    if context.model.has_session:
        save_dialogs.copy_picture(context.model)


def show_folder(context: WindowContext) -> None:
    """Show the folder of the session, or of all recordings."""
    path = context.model.bench.saved_path
    _show_path(context, path.parent if path is not None else sessions_folder())


def show_data_folder(context: WindowContext) -> None:
    """Show the folder with all recordings."""
    _show_path(context, sessions_folder())


def _show_path(context: WindowContext, folder: Path) -> None:
    """Show a folder, which is created if need be: its disk may be slow."""

    def shown(_made: object) -> None:
        context.model.message = open_path(folder)

    def failed(error: Exception) -> None:
        context.model.message = f"{folder} cannot be shown ({error})"

    make = functools.partial(folder.mkdir, parents=True, exist_ok=True)
    context.model.bench.main_thread.run(f"search for {folder}", make, shown, failed)


def open_log(context: WindowContext) -> None:
    """Open the file of the log."""
    path = log_file()
    message = "There is no log: its file cannot be written" if path is None else open_path(path)
    context.model.message = message


def show_end_of_log(context: WindowContext) -> None:
    """Show the end of the log once it is read."""
    path = log_file()

    def shown(text: str) -> None:
        if context.is_open:
            show_log(context.window, path, text)

    context.model.bench.main_thread.run("reading of the log", lambda: read_log(path), shown)


def report_problem(context: WindowContext) -> None:
    """Show what a report of a problem contains, to save it."""
    # Loads what a start does not need.
    from wattui.ui.dialogs import report_sheet

    report_sheet.report_problem(context)


def quit_program(context: WindowContext) -> None:
    """Close the window, and the others unless it stays open."""
    if context.window.close():
        QtGui.QApplication.closeAllWindows()


def compare(context: WindowContext) -> None:
    """Lay parts of sessions over one another; a window that is open comes to the front."""
    # Loads what a start does not need.
    from wattui.ui.compare.compare_window import show_comparison

    window = context.comparison
    if window is None or window.closed:
        context.comparison = show_comparison(context.window, context.model)
        return
    window.add_current()
    window.raise_()
    window.activateWindow()


def go_live(context: WindowContext) -> None:
    """Follow the latest sample."""
    if context.model.marking:
        context.model.plots.view.go_live()


def _setting(name: str, trait: str, value: str, menu: str, label: str, tooltip: str) -> Action:
    """Make an action that sets a trait of the model, one of several values."""
    return Action(
        name,
        menu,
        label,
        lambda context: context.model.trait_set(**{trait: value}),
        tooltip,
        checked=f"object.{trait} == '{value}'",
        style="radio",
        line=name == "elapsed",
    )


_SESSION_ACTIONS: Final = (
    Action(
        "save_copy", "&File", "&Save a copy…", save_copy,
        "Save a copy of this session elsewhere; the session itself is already saved",
        keys=("Ctrl+S",), enabled=HAS_SESSION, line=True,
    ),
    Action(
        "export", "&File", "&Export…", export,
        "Write the session, or the part in view, to a file for other programs",
        keys=("Ctrl+E",), enabled=HAS_SESSION,
    ),
    Action(
        "save_report", "&File", "Sa&ve report…", save_report,
        "Save plots, figures and their error as a page for a browser or as PDF",
        keys=("Ctrl+R",), enabled=HAS_SESSION,
    ),
    Action(
        "save_picture", "&File", "Save pict&ure…", save_picture,
        "Save the plots as PNG, SVG or PDF, at any size",
        keys=("Ctrl+P",), enabled=HAS_SESSION,
    ),
    Action(
        "copy_picture", "&File", "Cop&y picture", copy_picture,
        "Copy the plots in view to the clipboard, as an image and as SVG",
        keys=("Ctrl+Shift+C",), enabled=HAS_SESSION,
    ),
    Action(
        "show_folder", "&File", "Show in &folder", show_folder,
        "Show the folder that contains the recordings",
    ),
    Action(
        "preferences", "&File", "&Preferences…",
        lambda context: show_preferences(context.model, context.window),
        "Price of a kWh, currency, units, theme", keys=("Ctrl+,",), line=True,
    ),
    Action(
        "close", "&File", "&Close", lambda context: context.window.close(),
        "Close the window, which ends its recording; everything is saved",
        keys=("Ctrl+W",), line=True,
    ),
    Action(
        "quit", "&File", "&Quit", quit_program,
        "Close every window and end the program; everything is saved", keys=("Ctrl+Q",),
    ),
)  # fmt: skip

_VIEW_ACTIONS: Final = (
    Action(
        "live", "&View", "&Live", go_live, "Follow the latest sample", keys=("L",), enabled=LIVE
    ),
    Action(
        "fit", "&View", "&Fit", lambda context: context.model.plots.fit(),
        "Show the whole recording", keys=("F",), enabled=HAS_SESSION,
    ),
    Action(
        "zoom_in", "&View", "Zoom &in", lambda context: context.model.plots.zoom(ZOOM_FACTOR),
        "Show less time in more detail", keys=("+", "="), enabled=HAS_SESSION, line=True,
    ),
    Action(
        "zoom_out", "&View", "Zoom &out",
        lambda context: context.model.plots.zoom(1 / ZOOM_FACTOR),
        "Show more time", keys=("-",), enabled=HAS_SESSION,
    ),
    Action(
        "back", "&View", "&Back", lambda context: context.model.history.back(),
        "Show the part of the recording that was in view before", keys=("Alt+Left",),
        enabled="object.can_go_back",
    ),
    Action(
        "forward", "&View", "For&ward", lambda context: context.model.history.forward(),
        "Show the part again that was in view before going back", keys=("Alt+Right",),
        enabled="object.can_go_forward",
    ),
    Action(
        "compare", "&View", "Co&mpare parts…", compare,
        "Lay parts of sessions over one another, or plot one field against another",
        keys=("Ctrl+L",), enabled=HAS_SESSION,
    ),
    Action(
        "health", "&View", "He&alth of the recording",
        lambda context: context.info.status.control.show_details(),
        "Show what was received and stored, how long commits take and how long the disk lasts",
        enabled=LIVE, line=True,
    ),
    Action(
        "pan_left", "", "Earlier", lambda context: context.model.plots.pan(-PAN_SHARE),
        "Move the view to earlier times", keys=("Left",),
    ),
    Action(
        "pan_right", "", "Later", lambda context: context.model.plots.pan(PAN_SHARE),
        "Move the view to later times", keys=("Right",),
    ),
)  # fmt: skip


def show_large(context: WindowContext) -> None:
    """Fill the window with the power in large letters, or show the plots again."""
    model = context.model
    model.large = not model.shows_large
    # The widget that had the focus may be hidden, and keys would have no effect.
    context.window.setFocus()


_DISPLAY_ACTIONS: Final = (
    Action(
        "large", "&View", "Lar&ge readings", show_large,
        "Fill the window with the power in large letters; Esc shows the plots again",
        keys=("W",), enabled=HAS_SESSION, checked="object.shows_large", style="toggle",
        line=True,
    ),
    _setting("elapsed", "clock_mode", "elapsed", "&View", "&Elapsed time",
             "Count the time from the start of the recording"),
    _setting("clock", "clock_mode", "clock", "&View", "&Clock time", "Show the time of day"),
    _setting("theme_system", "theme", "system", "&View/T&heme", "Same as &system",
             "Light or dark, following the system"),
    _setting("theme_light", "theme", "light", "&View/T&heme", "&Light", "Always light"),
    _setting("theme_dark", "theme", "dark", "&View/T&heme", "&Dark", "Always dark"),
)  # fmt: skip

_HELP_ACTIONS: Final = (
    Action(
        "keys", "&Help", "&Keys and mouse",
        lambda context: show_keys(context.window, ACTIONS), "Show this list", keys=("F1",),
    ),
    Action(
        "guide", "&Help", "&Guide", lambda context: show_guide(context.window),
        "Read the guide; it is installed with the program", keys=("Shift+F1",),
    ),
    Action(
        "missing_port", "&Help", "My &port is missing",
        lambda context: show_missing_port(context.window, context.rule_command),
        "What to check when a meter is plugged in but not listed",
    ),
    Action(
        "show_log", "&Help", "Show the &log", show_end_of_log,
        "Show the program's log, for a problem report", line=True,
    ),
    Action(
        "open_log", "&Help", "&Open the log file", open_log,
        "Open the file of the log with the desktop's program for it",
    ),
    Action(
        "data_folder", "&Help", "Show the &data folder", show_data_folder,
        "Show the folder with all recordings, as the desktop shows folders",
    ),
    Action(
        "report_problem", "&Help", "&Report a problem…", report_problem,
        "Show versions, checks, settings and logs without names, to save or copy them", line=True,
    ),
    Action(
        "about", "&Help", "&About wattui", lambda context: show_about(context.window),
        "Version and license", line=True,
    ),
)  # fmt: skip

_CHANNEL_ACTIONS: Final = tuple(
    Action(
        f"channel_{number}", "", channel.title,
        lambda context, name=channel.name: context.model.toggle_channel(name),
        keys=(str(number),),
    )
    for number, channel in enumerate(CHANNELS[:9], 1)
)  # fmt: skip

ACTIONS: Final[tuple[Action, ...]] = (
    *FILE_ACTIONS,
    *_SESSION_ACTIONS,
    *METER_ACTIONS,
    *MEMORY_ACTIONS,
    *MARK_ACTIONS,
    *ALERT_ACTIONS,
    *_VIEW_ACTIONS,
    *LAST_ACTIONS,
    *ARRANGEMENT_ACTIONS,
    *_DISPLAY_ACTIONS,
    *SELECTION_ACTIONS,
    *FIND_ACTIONS,
    *_HELP_ACTIONS,
    *_CHANNEL_ACTIONS,
)

#: The actions, by name.
ACTION: Final[dict[str, Action]] = {action.name: action for action in ACTIONS}
