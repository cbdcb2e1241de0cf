# SPDX-License-Identifier: GPL-3.0-or-later
"""What menus and drops do with files: open, import, replay."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from pyface.qt import QtCore, QtGui
from traits.api import Any as AnyTrait
from traits.api import HasTraits, Instance

from wattui.desktop.folders import sessions_folder
from wattui.ui.dialogs.about import show_text
from wattui.ui.files.file_opener import OpenFiles

_FILES: Final = (
    "Recordings and logs (*.wattui *.csv *.tsv *.txt *.log *.json *.jsonl *.raw *.bin);;"
    "Recordings (*.wattui);;All files (*)"
)


class OpeningDeeds(HasTraits):
    """The part of the handler that opens files."""

    #: Opens, imports and replays.
    files = Instance(OpenFiles)
    #: Takes what is dropped onto the window; fills the menu of recent sessions.
    file_hands = AnyTrait()

    def begin_opening(self, info: Any) -> None:
        """Make ready: drops, and the menu of recent sessions."""
        window = info.ui.control
        self.files = OpenFiles(model=info.object, parent=window, opened=self._remember)
        drops = Drops(window, lambda paths: self.files.open(paths))
        self.file_hands = (
            drops,
            recent_menu(window, self._recent, self._open_recent, self._tell_gone),
        )

    def end_opening(self) -> None:
        """End what is going on."""
        if self.files is not None:
            self.files.close()

    def remove_passing(self) -> None:
        """Remove what replays left, once all meters are closed."""
        if self.files is not None:
            self.files.remove_passing()

    def _remember(self, path: Path) -> None:
        memory: Any = getattr(self, "memory", None)
        if memory is not None:
            memory.settings.remember_session(path)

    def _recent(self) -> list[Path]:
        memory: Any = getattr(self, "memory", None)
        return [] if memory is None else [Path(name) for name in memory.settings.recent]

    def _tell_gone(self, paths: list[Path], done: Callable[[set[Path]], None]) -> None:
        """Tell which files are gone; the disk that they were on may be slow, or a network's."""

        def gone() -> set[Path]:
            # Path.exists raises where a folder may not be looked into.
            return {path for path in paths if not os.path.exists(path)}  # noqa: PTH110

        run = self.files.model.bench.main_thread.run
        run("search for recent sessions", gone, done, lambda _error: done(set()))

    def _open_recent(self, path: Path) -> None:
        self.files.open([path])

    def do_open(self, info: Any) -> None:
        """Ask for files and show them."""
        names, _ = QtGui.QFileDialog.getOpenFileNames(
            info.ui.control, "Open", str(sessions_folder()), _FILES
        )
        self.files.open([Path(name) for name in names])

    def open_session(self, _model: Any, path: Path) -> None:
        """Show a file: a session, or one that is imported."""
        self.files.open([path])

    def do_open_interrupted(self, info: Any) -> None:
        """Show the recording that ended without being closed."""
        found = info.object.bench.interrupted[0]
        self.open_session(info.object, found.path)

    def do_replay(self, info: Any) -> None:
        """Ask for a file and play it as if it were live."""
        name, _ = QtGui.QFileDialog.getOpenFileName(
            info.ui.control, "Replay", str(sessions_folder()), _FILES
        )
        if name:
            self.files.replay(Path(name))

    def do_import_details(self, info: Any) -> None:
        """Show what was skipped and assumed."""
        show_text(info.ui.control, "What the import skipped and assumed", self.files.details())

    def do_dismiss_import(self, info: Any) -> None:
        """Say no more what came of the import."""
        info.object.opening_notices = []


class Drops(QtCore.QObject):
    """Takes files that are dropped onto a window."""

    def __init__(self, window: QtGui.QWidget, dropped: Callable[[list[Path]], None]) -> None:
        super().__init__(window)
        self._dropped = dropped
        window.setAcceptDrops(True)
        window.installEventFilter(self)
        for child in window.findChildren(QtGui.QWidget):
            # The plots would take the drop and do nothing with it.
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
            # Whoever dragged waits for the end of this.
            QtCore.QTimer.singleShot(0, lambda: self._dropped(paths))
        return True


def recent_menu(
    window: QtGui.QWidget,
    recent: Callable[[], list[Path]],
    chosen: Callable[[Path], None],
    look: Callable[[list[Path], Callable[[set[Path]], None]], None],
) -> Any:
    """Put a menu of the sessions that were shown last below *Open*; None without a menu bar."""
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
    with contextlib.suppress(RuntimeError):  # The window was closed meanwhile.
        for action in menu.actions():
            action.setVisible(not action.data() or Path(action.data()) not in gone)
