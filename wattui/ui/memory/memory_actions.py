# SPDX-License-Identifier: GPL-3.0-or-later
"""What the main window's menus, buttons and notices do with a meter's memory."""

from __future__ import annotations

import sys
from typing import Any

from pyface.qt import QtCore
from traits.api import Any as AnyTrait
from traits.api import DelegatesTo, HasTraits, Instance

from wattui.ui.memory.consent import Question
from wattui.ui.memory.memory_link import MemoryLink
from wattui.ui.memory.panel import MemoryPanel
from wattui.ui.memory.panel_view import show_panel
from wattui.ui.memory.prepare import Preparation, show_preparation

_BUSY = "The meter is being asked already: wait, or cancel that first"


def new_window_command(path: object) -> tuple[str, list[str]]:
    """Give program and arguments that show a session in a window of its own."""
    return sys.executable, ["-m", "wattui", "gui", str(path)]


class MemoryDeeds(HasTraits):
    """The part of the handler that has to do with a meter's memory."""

    #: What ties memory and settings of the window's meter to the window; and they.
    memory_link = Instance(MemoryLink)
    meter_memory = DelegatesTo("memory_link", "memory")

    #: The user interfaces of *Memory and settings* and *Prepare for the field*, while open.
    memory_ui = AnyTrait()
    prepare_ui = AnyTrait()
    #: The question that is being asked.
    memory_question = AnyTrait()

    _model = AnyTrait()

    def do_memory(self, info: Any) -> None:
        """Show *Memory and settings*."""
        if self.memory_ui is not None and self.memory_ui.control is not None:
            self.memory_ui.control.raise_()
            self.memory_ui.control.activateWindow()
            return
        panel = MemoryPanel(memory=self.meter_memory, window=info.object)

        def closed() -> None:
            self.memory_ui = None

        self.memory_ui = show_panel(panel, info.ui.control, deeds=self, when_closed=closed)
        self._look()

    def do_prepare(self, info: Any) -> None:
        """Show *Prepare for the field*."""
        self.prepare(info.ui.control)

    def prepare(self, parent: Any) -> None:
        """Show *Prepare for the field* beside a window."""
        if self.prepare_ui is not None and self.prepare_ui.control is not None:
            self.prepare_ui.control.raise_()
            return

        def closed() -> None:
            self.prepare_ui = None

        preparation = Preparation(memory=self.meter_memory)
        self.prepare_ui = show_preparation(preparation, parent, when_closed=closed)
        self._look()

    def _look(self) -> None:
        memory = self.meter_memory
        if memory.settings is None or memory.source != memory.url:
            memory.refresh()

    # -- fetching -----------------------------------------------------------------------

    def do_fetch(self, info: Any) -> None:
        """Read the memory out."""
        self.fetch(info.ui.control)

    def do_fetch_now(self, info: Any) -> None:
        """Read the memory out, without a question."""
        if not self.meter_memory.fetch():
            info.object.message = _BUSY

    def fetch(self, parent: Any) -> None:
        """Read the memory out; while a recording runs, say first that it pauses."""
        memory = self.meter_memory
        if memory.work:
            self.memory_link.model.message = _BUSY
            return
        if not memory.recording:
            memory.fetch()
            return
        question = Question(
            parent,
            "Live recording pauses while the memory is fetched",
            [
                "It goes on by itself afterwards, and the pause is recorded. A full PRO takes "
                "some 15 seconds, a full ES or .NET up to 10 minutes. It can be cancelled."
            ],
            [("fetch", "Fetch memory", "primary"), ("cancel", "Cancel", "")],
        )
        question.answered.connect(lambda name: memory.fetch() if name == "fetch" else None)
        question.open()
        self.memory_question = question

    def do_open_fetched(self, info: Any) -> None:
        """Show what was fetched; in a window of its own while this one records."""
        fetched, model = self.meter_memory.fetched, info.object
        if fetched is None or fetched.path is None:
            return
        if not model.recording:
            self.open_session(model, fetched.path)
            self.memory_link.dismiss()
            return
        program, arguments = new_window_command(fetched.path)
        started = QtCore.QProcess.startDetached(program, arguments)
        if not (started[0] if isinstance(started, tuple) else started):
            model.message = f"No other window could be opened; the session is {fetched.path}"

    def do_keep_fetched(self, _info: Any) -> None:
        """Try again to write what was fetched."""
        self.meter_memory.keep_again()

    def do_dismiss_fetched(self, _info: Any) -> None:
        """Say no more what came of the read-out."""
        self.memory_link.dismiss()

    def do_dismiss_origin(self, _info: Any) -> None:
        """Say no more where the session came from."""
        self.memory_link.origin.dismiss()

    def close_memory(self) -> None:
        """End what is going on: the window closes."""
        for ui in (self.prepare_ui, self.memory_ui):
            if ui is not None and ui.control is not None:
                ui.control.close()
        if self.memory_link is not None:
            self.meter_memory.close()
