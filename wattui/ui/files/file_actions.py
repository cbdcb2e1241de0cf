# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions of menus and drops on files: open, import, replay."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from pyface.qt import QtCore, QtGui

from wattui.desktop.folders import sessions_folder
from wattui.session.schema import SUFFIX
from wattui.ui.dialogs.about import show_text
from wattui.ui.widgets.action import Action, WindowContext
from wattui.ui.widgets.plain_text import menu_text, plain_tip

_FILES: Final = (
    "Recordings and logs (*.wattui *.csv *.tsv *.txt *.log *.json *.jsonl *.raw *.bin *.gz);;"
    "Recordings (*.wattui);;All files (*)"
)

#: How many recent sessions are listed.
MOST_RECENT: Final = 10


_TABLES: Final = "Tables of text (*.csv *.tsv *.txt *.log *.dat *.gz);;All files (*)"


def open_files(context: WindowContext) -> None:
    """Ask for files and show them."""
    names, _ = QtGui.QFileDialog.getOpenFileNames(
        context.window, "Open", str(sessions_folder()), _FILES
    )
    context.files.open([Path(name) for name in names])


def import_table(context: WindowContext) -> None:
    """Ask for tables of text, then how to read them."""
    names, _ = QtGui.QFileDialog.getOpenFileNames(
        context.window, "Import a table", str(Path.home()), _TABLES
    )
    context.files.import_tables([Path(name) for name in names])


def replay(context: WindowContext) -> None:
    """Ask for a file and play it as if it were live."""
    name, _ = QtGui.QFileDialog.getOpenFileName(
        context.window, "Replay", str(sessions_folder()), _FILES
    )
    if name:
        context.files.replay(Path(name))


def show_sessions(context: WindowContext) -> None:
    """List the sessions; a list that is open comes to the front."""
    # A start does not need it.
    from wattui.ui.sessions.session_browser import SessionBrowser

    browser = context.sessions
    if browser is not None:
        browser.raise_()
        browser.activateWindow()
        return
    model = context.model
    context.sessions = browser = SessionBrowser(context.window, model.bench, model.palette)
    browser.opened.connect(context.files.open)
    browser.compared.connect(lambda paths: _compare(context, paths))
    browser.other_wanted.connect(lambda: context.run(open_files))
    browser.beside.connect(lambda paths: [context.files.in_new_window(path) for path in paths])
    follow = lambda event: browser.show_palette(event.new)  # noqa: E731
    model.observe(follow, "palette")

    def closed(_result: int) -> None:
        model.observe(follow, "palette", remove=True)
        context.sessions = None

    browser.finished.connect(closed)
    browser.show()


def _compare(context: WindowContext, paths: Sequence[Path]) -> None:
    """Lay sessions over one another, besides what is compared already."""
    from wattui.ui.compare.compare_window import show_comparison

    if context.comparison is None or context.comparison.closed:
        context.comparison = show_comparison(context.window, context.model)
    for path in paths:
        context.comparison.add(path)


def dismiss_interrupted(context: WindowContext) -> None:
    """Stop offering the interrupted recording."""
    bench = context.model.bench
    if bench.interrupted:
        bench.dismiss_interrupted(bench.interrupted[0])


def open_previous(context: WindowContext) -> None:
    """Show the session that was shown before the running recording, in another window."""
    path = context.model.bench.previous_path
    if path is not None:
        context.model.bench.previous_path = None
        context.files.open([path])


def show_import_details(context: WindowContext) -> None:
    """Show what the last import skipped and assumed."""
    show_text(context.window, "Skipped and assumed by the import", context.files.details())


FILE_ACTIONS: Final = (
    Action(
        "open", "&File", "&Open…", open_files,
        "Show a recorded session, or import a log from another program", keys=("Ctrl+O",),
    ),
    Action(
        "sessions", "&File", "Sess&ions…", show_sessions,
        "List what was recorded: search, open, name, note and delete sessions",
        keys=("Ctrl+Shift+O",),
    ),
    Action(
        "import_table", "&File", "Import &table…", import_table,
        "Choose what the columns of any table of text are, see the result, and import it",
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
    Action("open_previous", "", "Open", open_previous),
    Action(
        "dismiss_previous", "", "Dismiss",
        lambda context: context.model.bench.trait_set(previous_path=None),
    ),
    Action(
        "dismiss_other_meter", "", "Dismiss",
        lambda context: context.model.bench.trait_set(other_meter=""),
    ),
    Action(
        "dismiss_replaced", "", "Dismiss",
        lambda context: context.model.bench.trait_set(replaced_path=None),
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
    settings = context.settings

    def look(done: Callable[[list[Path]], None]) -> None:
        """Look for the sessions on a worker: their disk may be slow or on a network."""
        known = settings.recent_sessions()
        main_thread.run(
            "search for recent sessions",
            lambda: recent_sessions(known, sessions_folder()),
            done,
            lambda _error: done([Path(name) for name, _when in known]),
        )

    Drops(context.window, context.files.open)
    return recent_menu(context.window, lambda path: context.files.open([path]), look)


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


def recent_sessions(known: Sequence[tuple[str, int]], folder: Path) -> list[Path]:
    """Return what was opened or recorded lately, newest first; blocks on the disk.

    Sessions that are gone are left out, and each is there once, however its path is written.

    Parameters
    ----------
    known
        Sessions that windows opened or recorded, and when, in seconds UTC.
    folder
        Folder of the recordings, also of those without a window.
    """
    when: dict[str, float] = dict(known)
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            if entry.name.endswith(SUFFIX):
                when.setdefault(entry.path, 0)
    found: dict[tuple[int, int], tuple[float, Path]] = {}
    for name, used in when.items():
        with contextlib.suppress(OSError, ValueError):
            status = Path(name).stat()
            identity, latest = (status.st_dev, status.st_ino), max(used, status.st_mtime)
            if identity not in found or found[identity][0] < latest:
                found[identity] = latest, Path(name).absolute()
    newest = sorted(found.values(), key=lambda one: one[0], reverse=True)
    return [path for _latest, path in newest[:MOST_RECENT]]


def recent_menu(
    window: QtGui.QWidget,
    chosen: Callable[[Path], None],
    look: Callable[[Callable[[list[Path]], None]], None],
) -> Any:
    """Add a menu of recent sessions below *Open*; return None without a menu bar.

    *look* is called when the menu opens, and passes on the sessions when it has found them.
    """
    bars = window.findChildren(QtGui.QMenuBar)
    files = bars[0].actions()[0].menu() if bars and bars[0].actions() else None
    if files is None:
        return None
    menu = QtGui.QMenu("Open &recent", files)
    menu.setToolTipsVisible(True)
    #: One entry while sessions are looked for; another if that must be repeated.
    looking: list[bool] = []

    def refresh() -> None:
        looking.append(True)
        if len(looking) == 1:
            look(show)

    def show(paths: list[Path]) -> None:
        stale = len(looking) > 1
        looking.clear()
        if stale:
            refresh()
        with contextlib.suppress(RuntimeError):  # The window was closed in the meantime.
            _list_sessions(menu, paths, chosen)

    menu.aboutToShow.connect(refresh)
    files.insertMenu((*files.actions(), None, None)[1], menu)
    _list_sessions(menu, [], chosen)
    refresh()
    return menu


def _list_sessions(menu: QtGui.QMenu, paths: list[Path], chosen: Callable[[Path], None]) -> None:
    """List sessions in a menu, unless it lists them already: a click may be on its way."""
    if menu.actions() and [action.data() for action in menu.actions()] == [*map(str, paths)]:
        return
    menu.clear()
    stems = [path.stem for path in paths]
    for path in paths:
        twice = stems.count(path.stem) > 1
        label = f"{path.stem} in {path.parent}" if twice else path.stem
        action = menu.addAction(menu_text(label))
        action.setData(str(path))
        action.triggered.connect(lambda _on=False, path=path: chosen(path))
        action.setToolTip(plain_tip(str(path)))
    if not paths:
        menu.addAction("None yet").setEnabled(False)
