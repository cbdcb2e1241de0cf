# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens files of every kind: sessions directly, others by importing them in the background.

What reads other files is loaded when there is one.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from typing import Any as AnyType

from pyface.qt import QtCore
from traits.api import Any, Dict, HasStrictTraits, Instance, List, Str, observe
from traits.api import Callable as CallableTrait

from wattui.desktop.program_command import program_command
from wattui.errors import Cancelled, FormatError, WattuiError
from wattui.measurement.text import count_text
from wattui.session import copy_session, repaired_path, sound_copy
from wattui.session.lock import is_being_written
from wattui.ui.widgets.background_task import BackgroundTask, Report, Work
from wattui.ui.widgets.notices import Notice, NoticeKind

if TYPE_CHECKING:
    from wattui.formats.import_files import ImportResult
    from wattui.formats.reading.source import Assumptions
    from wattui.formats.replay_source import Recorded
    from wattui.ui.files.file_kinds import Found
    from wattui.ui.files.import_dialog import ImportDialog
    from wattui.ui.files.import_question import ImportQuestion

#: Skipped lines and assumptions that the details show.
MOST_DETAILS: Final = 200


@dataclass(frozen=True, slots=True)
class Damaged:
    """A damaged session, and the temporary one that holds what can be read of it."""

    path: Path
    copy: Path


class OpenFiles(HasStrictTraits):
    """Opens, imports and replays files for one window.  Main thread only."""

    #: The window's model, and the window itself as the parent of questions.
    model = Instance("wattui.ui.window.window_model.WindowModel")
    parent = Any()
    #: Called with the path of each session that is shown: remembers it.
    opened = CallableTrait(lambda _path: None)
    #: The result of the last import, for *Details*.
    result = Instance("wattui.formats.import_files.ImportResult")
    #: The user interface of the question that is being asked.
    question_ui = Any()
    #: The dialog about a table; None while there is none.
    dialog = Instance("wattui.ui.files.import_dialog.ImportDialog")

    #: The damaged session of which the window shows what can be read.
    damaged = Any()
    _damage = List(Str())

    #: The import, the replay that is being prepared, the repair.
    _tasks = Dict(Str(), Instance(BackgroundTask))
    _check_ended = Instance(threading.Event, ())
    #: Temporary folders of replayed and damaged files.  Workers add to it.
    _folders = Any()

    def __folders_default(self) -> deque[Path]:
        return deque()

    def _temporary(self, purpose: str) -> Path:
        """Return a new folder that goes with the window.  Worker threads."""
        folder = Path(tempfile.mkdtemp(prefix=f"wattui-{purpose}-"))
        self._folders.append(folder)
        return folder

    # -- opening -----------------------------------------------------------------------

    def open(self, paths: Sequence[Path]) -> None:
        """Show sessions and import other files; returns immediately."""
        if not paths:
            return
        self.model.message = ""
        self._look_into(paths, self._looked)

    def _look_into(
        self, paths: Sequence[Path], done: Callable[[Found], None], tables: bool = True
    ) -> None:
        def look() -> Found:
            from wattui.ui.files.file_kinds import look_into

            return look_into(paths, tables)

        self._run(f"look into {paths[0].name}", look, done)

    def import_tables(self, paths: Sequence[Path]) -> None:
        """Show how tables would be read, whatever program wrote them; returns immediately."""
        if not paths:
            return
        self.model.message = ""

        def looked() -> tuple[Path, ...]:
            from wattui.formats.import_preview import is_table
            from wattui.formats.registry import is_session

            other = next((path for path in paths if is_session(path) or not is_table(path)), None)
            if other is not None:
                raise FormatError(f"{other.name} is not a table of text", "Choose another file.")
            return tuple(paths)

        self._run(f"look into {paths[0].name}", looked, self._ask_columns)

    def _looked(self, found: Found) -> None:
        for path in found.sessions[1:] if not found.others else found.sessions:
            self.in_new_window(path)
        if found.sessions and not found.others:
            self.show(found.sessions[0])
        if found.others:
            self._ask(found, lambda given: self._import(found.others, given))
        if found.tables and found.others:
            name = found.tables[0].name
            self.model.message = f"{name} was left out: open it separately, to choose its columns"
        elif found.tables:
            self._ask_columns(found.tables)

    def _ask_columns(self, paths: tuple[Path, ...]) -> None:
        """Show how tables would be read, and import them once the user agrees."""
        from wattui.ui.files.import_dialog import ImportDialog

        if self.dialog is not None:
            self.dialog.close()
        dialog = ImportDialog(self.parent, self.model.bench.main_thread, paths)
        self.dialog = dialog
        dialog.agreed.connect(lambda given: self._import(paths, given))
        dialog.finished.connect(lambda _result: self._dialog_closed(dialog))
        dialog.show()

    def _dialog_closed(self, dialog: ImportDialog) -> None:
        if self.dialog is dialog:
            self.dialog = None

    def show(self, path: Path) -> None:
        """Show a session: here, or in a new window while this one records."""
        model = self.model
        if model.bench.recording:
            self.in_new_window(path)
            return
        model.bench.open_session(path, self._failed)
        self.opened(path)
        self._check(path)

    @observe("model:bench:[session_path,recording]")
    def _recorded(self, _event: AnyType) -> None:
        """Remember a session that is being recorded, as those that are opened."""
        bench = self.model.bench if self.model is not None else None
        if bench is None or bench.session_path is None:
            return
        if bench.recording and not bench.temporary:
            self.opened(bench.session_path)

    # -- checking ----------------------------------------------------------------------

    def _check(self, path: Path) -> None:
        """Compare a session with its checksums, while it is shown already."""
        self._check_ended.set()
        self.damaged = None
        cancelled = self._check_ended = threading.Event()

        def check() -> tuple[Path, tuple[str, ...]]:
            if is_being_written(path):
                return path, ()
            return sound_copy(path, self._temporary("damaged"), cancelled=cancelled.is_set)

        def checked(found: tuple[Path, tuple[str, ...]]) -> None:
            if found[1] and not cancelled.is_set() and not self.model.bench.recording:
                self._show_damaged(path, *found)

        # What cannot be opened at all has been reported by then.
        self.model.bench.main_thread.run(
            f"check of {path.name}", check, checked, lambda _error: None
        )

    def _show_damaged(self, path: Path, copy: Path, damage: tuple[str, ...]) -> None:
        self.damaged = Damaged(path, copy)
        self._damage = list(damage)
        self.model.message = ""
        self.model.bench.open_session(copy, self._failed, damaged=path)

    @observe("model:bench:damaged_path")
    def _damaged_is_shown(self, event: AnyType) -> None:
        """Show the notice about the damage exactly as long as the damaged session is shown."""
        if self.model is None or self.model.bench is None:
            return
        others = [one for one in self.model.opening_notices if one.key != "damaged"]
        if event.new is not None:
            others = [damage_notice(event.new.name, self._damage)]
        self.model.opening_notices = others

    def save_readable(self) -> None:
        """Save what can be read of the damaged session beside it, and show that."""
        damaged = self.damaged
        if damaged is None:
            return

        def save(report: Report, cancelled: Callable[[], bool]) -> Path:
            goal = repaired_path(damaged.path)
            copy_session(damaged.copy, goal, report, cancelled)
            return goal

        def saved(goal: Path) -> None:
            self.model.opening_notices = []
            self.show(goal)
            self.model.message = f"Saved as {goal}"

        text = f"Saving what can be read of {damaged.path.name}"
        loss = f"What can be read of {damaged.path.name} is not saved yet: nothing is left of it."
        self._run_task("the repair", text, loss, save, saved)

    def in_new_window(self, path: Path, *command: str) -> None:
        """Show a session in a window of another process, by default with ``wattui-gui``."""
        program, *first = program_command(window=not command)
        started = QtCore.QProcess.startDetached(program, [*first, *command, str(path)])
        ok = started[0] if isinstance(started, tuple) else started
        shown = f"{path.name} is shown in a new window"
        self.model.message = shown if ok else f"No new window could be opened for {path}"
        if ok:
            self.opened(path)

    def _failed(self, error: Exception) -> None:
        self.model.message = str(error)

    @property
    def running(self) -> bool:
        """Whether an import, a repair, or the preparation of a replay is running."""
        return any(task.running for task in self._tasks.values())

    def _run_task(
        self,
        name: str,
        text: str,
        loss: str,
        work: Work[AnyType],
        done: Callable[[AnyType], None],
    ) -> None:
        """Run work with progress and *Cancel*; only one of each name at a time."""
        before = self._tasks.get(name)
        if before is not None and before.running:
            self.model.message = f"Wait for the end of {name}, or cancel it first"
            return

        def failed(error: Exception) -> None:
            self._failed(error)
            if isinstance(error, Cancelled):
                self.model.message = f"{name.capitalize()} was cancelled; nothing was left behind"

        self._tasks[name] = task = BackgroundTask(self.model, name, lambda *_: text, loss)
        task.run(work, done, failed)

    def _run(self, name: str, work: Callable[[], AnyType], done: Callable[[AnyType], None]) -> None:
        self.model.bench.main_thread.run(name, work, done, self._failed)

    def _ask(self, found: Found, go_on: Callable[[Assumptions], None]) -> None:
        """Ask for what is missing in the files; with nothing to ask, go on."""
        from wattui.formats.reading.source import Assumptions
        from wattui.ui.files.import_question import ImportQuestion

        if not found.lacks:
            go_on(Assumptions())
            return
        names = ", ".join(path.name for path in found.others)
        self._show_question(ImportQuestion(names=names, lacks=list(found.lacks)), go_on)

    def _show_question(
        self, question: ImportQuestion, go_on: Callable[[Assumptions], None]
    ) -> None:
        def answered(given: Assumptions | None) -> None:
            self.question_ui = None
            if given is not None:
                go_on(given)

        self.question_ui = question.ask(self.parent, answered)

    # -- importing ---------------------------------------------------------------------

    def _import(self, paths: Sequence[Path], given: Assumptions) -> None:
        from wattui.formats.import_files import import_files

        names = count_text(len(paths), "file") if len(paths) > 1 else paths[0].name
        self._run_task(
            "the import",
            f"Importing {names}",
            f"The import of {names} is not finished: nothing is left of it.",
            lambda report, cancelled: import_files(paths, None, given, report, cancelled),
            lambda result: self._imported(names, result),
        )

    def cancel(self) -> None:
        """Cancel what is running; nothing is left of it."""
        for task in self._tasks.values():
            task.cancel()

    def _imported(self, names: str, result: ImportResult) -> None:
        self.result = result
        self.model.opening_notices = [import_notice(names, result)]
        self.show(result.path)

    def details(self) -> str:
        """Return what was skipped and assumed, one line each."""
        result = self.result
        if result is None:
            return ""
        lines = [f"{note}." if not note.endswith(".") else note for note in result.notes]
        if result.skipped_count:
            lines += ["", f"{count_text(result.skipped_count, 'line')} skipped:"]
            lines += [str(one) for one in result.skipped[:MOST_DETAILS]]
            rest = result.skipped_count - min(len(result.skipped), MOST_DETAILS)
            lines += [f"and {rest:,} more"] if rest else []
        return "\n".join(lines)

    # -- replaying ---------------------------------------------------------------------

    def replay(self, path: Path) -> None:
        """Ask how fast, then play a file as if it were live."""
        if self.model.bench.recording:
            self.in_new_window(path, "replay", "--gui")
            return
        self._look_into([path], self._ask_speed, tables=False)

    def _ask_speed(self, found: Found) -> None:
        from wattui.ui.files.import_question import ImportQuestion

        path = (*found.sessions, *found.others)[0]
        question = ImportQuestion(names=path.name, lacks=list(found.lacks), replays=True)
        self._show_question(question, lambda given: self._prepare(path, question.speed, given))

    def ask_speed(self, name: str, play: Callable[[float], object]) -> None:
        """Ask how fast to replay a recording that is ready, then play it."""
        from wattui.ui.files.import_question import ImportQuestion

        question = ImportQuestion(names=name, replays=True)
        self._show_question(question, lambda _given: play(question.speed))

    def _prepare(self, path: Path, speed: float, given: Assumptions) -> None:
        def work(report: Report, cancelled: Callable[[], bool]) -> Recorded:
            from wattui.formats.replay_source import prepare

            folder = self._temporary("replay")
            return prepare(path, speed, given, folder, progress=report, cancelled=cancelled)

        self._run_task("the replay", f"Preparing {path.name}", "", work, self._play)

    def _play(self, recorded: Recorded) -> None:
        ports = [port for port in recorded.ports if port.samples]
        if not ports:
            raise WattuiError(f"{recorded.path.name} contains no records", "Choose another file.")
        bench = self.model.bench
        if not bench.recording:
            bench.close_session()
        urls, names = [port.url for port in ports], [port.info.name for port in ports]
        self.model.connect_ports(urls, names)

    def close(self) -> None:
        """Cancel the work in progress: the window closes."""
        self.cancel()
        self._check_ended.set()
        if self.dialog is not None:
            self.dialog.close()
        if self.question_ui is not None and self.question_ui.control is not None:
            self.question_ui.control.close()

    def remove_temporary(self) -> None:
        """Remove the temporary sessions of replayed files, once all meters are closed."""
        while self._folders:
            shutil.rmtree(self._folders.pop(), ignore_errors=True)


def damage_notice(name: str, damage: Sequence[str]) -> Notice:
    """Return the notice about what is wrong with a session."""
    more = f", and {count_text(len(damage) - 1, 'other fault')}" if len(damage) > 1 else ""
    return Notice(
        "damaged",
        NoticeKind.WARNING,
        f"{name} is damaged. {damage[0]}{more}.",
        "The window shows what can be read. The file itself is not changed.",
        (("Save what can be read", "save_readable"), ("Dismiss", "dismiss_import")),
    )


def import_notice(names: str, result: ImportResult) -> Notice:
    """Return the notice about the result of an import."""
    count = count_text(result.count, "record")
    verb = "was" if result.count == 1 else "were"
    text = f"{count} {verb} imported from {names}."
    hints = []
    if result.skipped_count:
        verb = "was" if result.skipped_count == 1 else "were"
        hints.append(f"{count_text(result.skipped_count, 'line')} {verb} skipped.")
    if result.notes:
        hints.append(f"{count_text(len(result.notes), 'note')} on what was assumed.")
    buttons = (("Dismiss", "dismiss_import"),)
    if hints:
        buttons = (("Details", "import_details"), *buttons)
    kind = NoticeKind.WARNING if result.skipped_count else NoticeKind.INFO
    return Notice("imported", kind, text, " ".join(hints), buttons)
