# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions of menus and drops on files: open, import, replay."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pyface.qt import QtCore, QtGui

from wattui.desktop.folders import sessions_folder
from wattui.ui.dialogs.about import show_text
from wattui.ui.widgets.action import Action, WindowContext

_FILES: Final = (
    "Recordings and logs (*.wattui *.csv *.tsv *.txt *.log *.json *.jsonl *.raw *.bin *.gz);;"
    "Recordings (*.wattui);;All files (*)"
)


def open_files(context: WindowContext) -> None:
    """Ask for files and show them."""
    names, _ = QtGui.QFileDialog.getOpenFileNames(
        context.window, "Open", str(sessions_folder()), _FILES
    )
    context.files.open([Path(name) for name in names])


def replay(context: WindowContext) -> None:
    """Ask for a file and play it as if it were live."""
    name, _ = QtGui.QFileDialog.getOpenFileName(
        context.window, "Replay", str(sessions_folder()), _FILES
    )
    if name:
        context.files.replay(Path(name))


def dismiss_interrupted(context: WindowContext) -> None:
    """Stop offering the interrupted recording."""
    bench = context.model.bench
    if bench.interrupted:
        bench.dismiss_interrupted(bench.interrupted[0])


def show_import_details(context: WindowContext) -> None:
    """Show what the last import skipped and assumed."""
    show_text(context.window, "Skipped and assumed by the import", context.files.details())


FILE_ACTIONS: Final = (
    Action(
        "open", "&File", "&Open…", open_files,
        "Show a recorded session, or import a log from another program", keys=("Ctrl+O",),
    ),
    Action(
        "replay", "&File", "Rep&lay…", replay, "Play a session or a log as if it were live"
    ),
    Action(
        "open_interrupted", "", "Open",
        lambda context: context.files.open([context.model.bench.interrupted[0].path]),
    ),
    Action("dismiss_interrupted", "", "Dismiss", dismiss_interrupted),
    Action(
        "save_readable", "", "Save what can be read", lambda context: context.files.save_readable()
    ),
    Action("import_details", "", "Details", show_import_details),
    Action(
        "dismiss_import", "", "Dismiss",
        lambda context: context.model.trait_set(opening_notices=[]),
    ),
)  # fmt: skip


def accept_files(context: WindowContext) -> QtGui.QMenu | None:
    """Accept files dropped onto the window; add the menu of recent sessions and return it."""
    main_thread = context.model.bench.main_thread

    def look(paths: list[Path], done: Callable[[set[Path]], None]) -> None:
        """Check which files are gone, on a worker: their disk may be slow or on a network."""

        def gone() -> set[Path]:
            # Path.exists raises where a folder may not be searched.
            return {path for path in paths if not os.path.exists(path)}  # noqa: PTH110

        main_thread.run("search for recent sessions", gone, done, lambda _error: done(set()))

    Drops(context.window, context.files.open)
    return recent_menu(
        context.window,
        lambda: [Path(name) for name in context.settings.recent],
        lambda path: context.files.open([path]),
        look,
    )


class Drops(QtCore.QObject):
    """Takes files that are dropped onto a window."""

    def __init__(self, window: QtGui.QWidget, dropped: Callable[[list[Path]], None]) -> None:
        super().__init__(window)
        self._dropped = dropped
        window.setAcceptDrops(True)
        window.installEventFilter(self)
        for child in window.findChildren(QtGui.QWidget):
            # The plots would accept the drop and ignore it.
            if child.acceptDrops():
                child.setAcceptDrops(False)

    def eventFilter(self, _watched: Any, event: Any) -> bool:
        """Take files, and nothing else."""
        kinds = QtCore.QEvent.Type
        if event.type() not in (kinds.DragEnter, kinds.DragMove, kinds.Drop):
            return False
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if not paths:
            return False
        event.acceptProposedAction()
        if event.type() == kinds.Drop:
            # The program that the files come from waits until this returns.
            QtCore.QTimer.singleShot(0, lambda: self._dropped(paths))
        return True


def recent_menu(
    window: QtGui.QWidget,
    recent: Callable[[], list[Path]],
    chosen: Callable[[Path], None],
    look: Callable[[list[Path], Callable[[set[Path]], None]], None],
) -> Any:
    """Add a menu of recent sessions below *Open*; return None without a menu bar."""
    bars = window.findChildren(QtGui.QMenuBar)
    files = bars[0].actions()[0].menu() if bars and bars[0].actions() else None
    if files is None:
        return None
    menu = QtGui.QMenu("Open &recent", files)
    missing: set[Path] = set()
    looking: list[bool] = []

    def fill() -> None:
        menu.clear()
        paths = recent()
        there = [path for path in paths if path not in missing]
        for path in there:
            action = menu.addAction(path.stem)
            action.setData(str(path))
            action.triggered.connect(lambda _on=False, path=path: chosen(path))
            action.setToolTip(action.data())
        if not there:
            menu.addAction("None yet").setEnabled(False)
        if paths and not looking:
            looking.append(True)
            look(paths, looked)

    def looked(gone: set[Path]) -> None:
        looking.clear()
        missing.intersection_update(gone)
        missing.update(gone)
        _hide(menu, gone)

    menu.aboutToShow.connect(fill)
    files.insertMenu((*files.actions(), None, None)[1], menu)
    fill()
    return menu


def _hide(menu: QtGui.QMenu, gone: set[Path]) -> None:
    with contextlib.suppress(RuntimeError):  # The window was closed in the meantime.
        for action in menu.actions():
            action.setVisible(not action.data() or Path(action.data()) not in gone)
