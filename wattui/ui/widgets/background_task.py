# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on a worker thread that the status bar shows, with its progress and *Cancel*."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from wattui.model.bench import Bench
from wattui.model.main_thread import ProgressPacer
from wattui.ui.widgets.task_bar import Task

_Result = TypeVar("_Result")

#: Called by a worker with how much is done, and of how much.
Report = Callable[[int, int], None]

#: A worker's function: gets a Report, and a function that returns whether to end.
Work = Callable[[Report, Callable[[], bool]], _Result]


class TaskWindow(Protocol):
    """What a window that shows work in the background has: its model."""

    bench: Bench

    def show_task(self, key: str, task: Task | None = None) -> None:
        """Show work in the background; without *task* it has ended."""


class BackgroundTask:
    """One piece of work in the background of a window.  Main thread only.

    Parameters
    ----------
    model
        The window's model.
    name
        What it is, as in ``the export``; a window does not do two of the same name at once.
    text
        Returns the text beside the bar, for how much is done of how much.
    loss
        What is lost if the window closes before the end, as a sentence; empty for nothing.
    """

    def __init__(
        self, model: TaskWindow, name: str, text: Callable[[int, int], str], loss: str = ""
    ) -> None:
        self._model = model
        self._name = name
        self._text = text
        self._loss = loss
        self._cancelled = threading.Event()
        self.running = False

    def cancel(self) -> None:
        """Cancel it, even before it runs; nothing is left of it."""
        self._cancelled.set()

    def run(
        self,
        work: Work[_Result],
        done: Callable[[_Result], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Run *work* on a worker thread, then *done* or *failed* on the main thread."""
        main_thread = self._model.bench.main_thread
        pacer = ProgressPacer(main_thread.post, self._show)
        self.running = True
        self._show(0, 0)

        def over() -> None:
            self.running = False
            self._model.show_task(self._name)

        def ended(result: _Result) -> None:
            over()
            done(result)

        def refused(error: Exception) -> None:
            over()
            failed(error)

        main_thread.run(
            self._name, lambda: work(pacer.report, self._cancelled.is_set), ended, refused
        )

    def _show(self, done: int, total: int) -> None:
        if self.running:
            text = self._text(done, total)
            task = Task(text, done, total, self.cancel, name=self._name, loss=self._loss)
            self._model.show_task(self._name, task)
