# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens files of every kind: sessions at once, others by importing them in the background."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pyface.qt import QtCore
from traits.api import Any as AnyTrait
from traits.api import Bool, HasStrictTraits, Instance, List

from wattui.errors import Cancelled, WattuiError
from wattui.formats import detect
from wattui.formats.import_files import ImportResult, import_files
from wattui.formats.reading.source import Assumptions
from wattui.formats.replay_source import Recorded, is_session, prepare
from wattui.measurement.text import count_text
from wattui.ui.files.import_question import ImportQuestion
from wattui.ui.memory.memory_actions import new_window_command
from wattui.ui.window.display_values import Notice
from wattui.ui.window.status_bar import Task

#: Least time between two reports of progress, in seconds.
REPORT_TIME: Final = 0.1

#: Skipped lines and assumptions that the details show.
MOST_TOLD: Final = 200


@dataclass(frozen=True, slots=True)
class Found:
    """What kinds of files were named."""

    sessions: tuple[Path, ...]
    #: Files of other programs, and what they do not tell.
    others: tuple[Path, ...]
    lacks: tuple[str, ...]


def look_into(paths: Sequence[Path]) -> Found:
    """Tell sessions from other files by their content; blocks on the disk.

    Raises
    ------
    FormatError
        A file is of no format that is known.
    """
    sessions = tuple(path for path in paths if is_session(path) or not path.exists())
    others = tuple(path for path in paths if path not in sessions)
    lacking = {name for path in others for name in detect(path).lacks}
    lacks = tuple(name for name in ("interval", "start", "zone") if name in lacking)
    return Found(sessions, others, lacks)


class OpenFiles(HasStrictTraits):
    """Opens, imports and replays files for one window.  Main thread only."""

    #: The window's model, and the window itself for questions.
    model = AnyTrait()
    parent = AnyTrait()
    #: Called with the path of each session that is shown: remembers it.
    opened = AnyTrait(lambda _path: None)
    #: Whether an import goes on.
    running = Bool()
    #: What came of the last import: for its details.
    result = AnyTrait()
    #: The question that is being asked: its user interface.
    question_ui = AnyTrait()

    _cancelled = AnyTrait()
    _reported = AnyTrait(0.0)
    #: Where the passing sessions of replayed files are.
    _folders = List(Instance(Path))

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._cancelled = threading.Event()

    # -- opening -----------------------------------------------------------------------

    def open(self, paths: Sequence[Path]) -> None:
        """Show sessions, import other files; returns at once."""
        if not paths:
            return
        self.model.message = ""
        self._run(f"look into {paths[0].name}", lambda: look_into(paths), self._looked)

    def _looked(self, found: Found) -> None:
        for path in found.sessions[1:] if not found.others else found.sessions:
            self.in_new_window(path)
        if found.sessions and not found.others:
            self.show(found.sessions[0])
        if found.others:
            self._ask(found, lambda given: self._import(found.others, given))

    def show(self, path: Path) -> None:
        """Show a session: here, or in a window of its own while this one records."""
        model = self.model
        if model.bench.recording:
            self.in_new_window(path)
            return
        model.bench.open_session(path, self._failed)
        self.opened(path)

    def in_new_window(self, path: Path, *more: str) -> None:
        """Show a session in a window of its own: another process."""
        program, arguments = new_window_command(path)
        if more:
            arguments = [*arguments[:2], *more, str(path)]
        started = QtCore.QProcess.startDetached(program, arguments)
        ok = started[0] if isinstance(started, tuple) else started
        said = f"{path.name} is shown in a window of its own"
        self.model.message = said if ok else f"No other window could be opened for {path}"
        if ok:
            self.opened(path)

    def _failed(self, error: Exception) -> None:
        self.running = False
        self.model.trait_set(task=None, message=str(error))

    def _run(self, name: str, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        self.model.bench.main_thread.run(name, work, done, self._failed)

    def _ask(self, found: Found, go_on: Callable[[Assumptions], None]) -> None:
        """Ask for what the files do not tell; with nothing to ask, go on."""
        if not found.lacks:
            go_on(Assumptions())
            return
        names = ", ".join(path.name for path in found.others)
        question = ImportQuestion(names=names, lacks=list(found.lacks))
        self._show_question(question, go_on)

    def _show_question(self, question: Any, go_on: Callable[[Assumptions], None]) -> None:
        def answered(given: Assumptions | None) -> None:
            self.question_ui = None
            if given is not None:
                go_on(given)

        self.question_ui = question.ask(self.parent, answered)

    # -- importing ---------------------------------------------------------------------

    def _import(self, paths: Sequence[Path], given: Assumptions) -> None:
        if self.running:
            self.model.message = "Another file is being imported: wait, or cancel that first"
            return
        self._cancelled.clear()
        self.running = True
        names = count_text(len(paths), "file") if len(paths) > 1 else paths[0].name
        self._show_progress(names, 0, 0)

        def work() -> ImportResult:
            return import_files(
                paths,
                assumptions=given,
                progress=lambda done, total: self._progress(names, done, total),
                cancelled=self._cancelled.is_set,
            )

        self.model.bench.main_thread.run(
            f"import of {names}", work, lambda result: self._imported(names, result), self._not
        )

    def _progress(self, names: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now - self._reported >= REPORT_TIME:
            self.trait_setq(_reported=now)
            self.model.bench.main_thread.post(lambda: self._show_progress(names, done, total))

    def _show_progress(self, names: str, done: int, total: int) -> None:
        if self.running:
            self.model.task = Task(f"Importing {names}", done, total, self.cancel)

    def cancel(self) -> None:
        """End the import; nothing is left of it."""
        self._cancelled.set()

    def _not(self, error: Exception) -> None:
        self._failed(error)
        if isinstance(error, Cancelled):
            self.model.message = "The import was cancelled; nothing was left behind"

    def _imported(self, names: str, result: ImportResult) -> None:
        self.running = False
        self.result = result
        self.model.task = None
        self.model.opening_notices = [import_notice(names, result)]
        self.show(result.path)

    def details(self) -> str:
        """Give what was skipped and assumed, a line each."""
        result = self.result
        if result is None:
            return ""
        lines = [f"{note}." if not note.endswith(".") else note for note in result.notes]
        if result.skipped_count:
            lines += ["", f"{count_text(result.skipped_count, 'line')} skipped:"]
            lines += [str(one) for one in result.skipped[:MOST_TOLD]]
            rest = result.skipped_count - min(len(result.skipped), MOST_TOLD)
            lines += [f"and {rest:,} more"] if rest else []
        return "\n".join(lines)

    # -- replaying ---------------------------------------------------------------------

    def replay(self, path: Path) -> None:
        """Ask how fast, then play a file as if it were live."""
        if self.model.bench.recording:
            self.in_new_window(path, "replay", "--gui")
            return
        self._run(f"look into {path.name}", lambda: look_into([path]), self._ask_speed)

    def _ask_speed(self, found: Found) -> None:
        path = (*found.sessions, *found.others)[0]
        question = ImportQuestion(names=path.name, lacks=list(found.lacks), replays=True)
        self._show_question(question, lambda given: self._prepare(path, question.speed, given))

    def _prepare(self, path: Path, speed: float, given: Assumptions) -> None:
        self.model.task = Task(f"Preparing {path.name}")
        folder = Path(tempfile.mkdtemp(prefix="wattui-replay-"))
        self._folders.append(folder)
        self._run(f"replay of {path.name}", lambda: prepare(path, speed, given, folder), self._play)

    def _play(self, recorded: Recorded) -> None:
        self.model.task = None
        ports = [port for port in recorded.ports if port.samples]
        if not ports:
            raise WattuiError(f"There is no record in {recorded.path.name}", "Choose another file.")
        bench = self.model.bench
        if not bench.recording:
            bench.close_session()
        urls, names = [port.url for port in ports], [port.info.name for port in ports]
        self.model.connect_ports(urls, names)

    def close(self) -> None:
        """End what is going on: the window closes."""
        self.cancel()
        if self.question_ui is not None and self.question_ui.control is not None:
            self.question_ui.control.close()

    def remove_passing(self) -> None:
        """Remove the passing sessions of replayed files; nobody reads them any more."""
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)
        self._folders = []


def import_notice(names: str, result: ImportResult) -> Notice:
    """Say what came of an import."""
    count = count_text(result.count, "record")
    text = f"{count} of {names} were imported."
    hints = []
    if result.skipped_count:
        verb = "was" if result.skipped_count == 1 else "were"
        hints.append(f"{count_text(result.skipped_count, 'line')} {verb} skipped.")
    if result.notes:
        hints.append(f"{count_text(len(result.notes), 'note')} on what was assumed.")
    buttons = (("Dismiss", "dismiss_import"),)
    if hints:
        buttons = (("Details", "import_details"), *buttons)
    kind = "warning" if result.skipped_count else "info"
    return Notice("imported", kind, text, " ".join(hints), buttons)
