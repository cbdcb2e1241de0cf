# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions of the main window's menus, buttons and notices on a meter's memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any as AnyType
from typing import Final

from traits.api import Any, HasStrictTraits, Instance, Property
from traits.api import Callable as FunctionTrait

from wattui.model.memory import MeterMemory
from wattui.ports.listen_url import is_listen_url
from wattui.ui.memory.memory_link import MemoryLink
from wattui.ui.widgets.action import CAN_FETCH, HAS_PORT, Action, WindowContext
from wattui.ui.widgets.question import Question

#: Why nothing else can be done with a meter's memory or settings now.
BUSY: Final = "The meter is busy with its memory or settings: wait, or cancel that first"


#: Why a meter that posts has no memory here.
POSTS: Final = (
    "This meter posts its records and takes no commands: connect it by USB for its memory"
)


class MemoryWindows(HasStrictTraits):
    """The windows on a meter's memory and settings, each open once.  Main thread only."""

    #: Keeps the memory and the main window in step.
    link = Instance(MemoryLink)
    memory = Property(Instance(MeterMemory))

    #: The user interfaces of *Memory and settings* and *Prepare for the field*, while open.
    panel_ui = Any()
    preparation_ui = Any()
    #: Shows a session in the main window.
    show_session = FunctionTrait()
    #: The question that is being asked.
    question = Instance(Question)

    def _get_memory(self) -> MeterMemory:
        return self.link.memory

    def show_panel(self, parent: AnyType) -> None:
        """Show *Memory and settings* for a window."""
        # A start needs neither this window nor the next.
        from wattui.ui.memory.settings_panel import SettingsPanel
        from wattui.ui.memory.settings_window import show_panel

        if not _raise(self.panel_ui):
            panel = SettingsPanel(memory=self.memory, link=self.link, window=self.link.model)
            self.panel_ui = show_panel(
                panel,
                parent,
                windows=self,
                when_closed=lambda: self.trait_set(panel_ui=None),
            )
            self._look()

    def show_preparation(self, parent: AnyType) -> None:
        """Show *Prepare for the field* for a window."""
        from wattui.ui.memory.preparation import Preparation, show_preparation

        if not _raise(self.preparation_ui):
            self.preparation_ui = show_preparation(
                Preparation(memory=self.memory, link=self.link),
                parent,
                windows=self,
                when_closed=lambda: self.trait_set(preparation_ui=None),
            )
            self._look()

    def _look(self) -> None:
        """Ask a meter that is not known yet, unless that costs samples."""
        memory = self.memory
        if memory.recording:
            return
        if memory.settings is None or memory.source != memory.url:
            memory.refresh()

    def fetch(self, parent: AnyType, ask: bool = True) -> None:
        """Read out the memory; during a recording ask first, since it pauses."""
        memory = self.memory
        if memory.work:
            self.link.model.message = BUSY
            return
        if is_listen_url(memory.url):
            self.link.model.message = POSTS
            return
        if not memory.recording or not ask:
            memory.fetch()
            return
        question = Question(
            parent,
            "Live recording pauses while the memory is fetched",
            [
                "It continues by itself afterwards, and the pause is marked in the recording. "
                "Fetching takes about 15 seconds for a full PRO, and up to 10 minutes for a full "
                "ES or .NET. You can cancel it."
            ],
            [("fetch", "Fetch memory", "primary"), ("cancel", "Cancel", "")],
        )
        question.answered.connect(lambda name: memory.fetch() if name == "fetch" else None)
        question.open()
        self.question = question

    def open_fetched(self) -> None:
        """Show what was fetched; in a new window while this one records."""
        fetched = self.memory.fetched
        if fetched is None or fetched.path is None:
            return
        if not self.link.model.recording:
            self.link.dismiss()
            self._close_windows()  # They would cover the session.
        self.show_session(fetched.path)

    def _close_windows(self) -> None:
        for ui in (self.preparation_ui, self.panel_ui):
            if ui is not None and ui.control is not None:
                ui.control.close()

    def close(self) -> None:
        """Cancel the work in progress: the window closes."""
        self._close_windows()
        self.memory.close()


def _raise(ui: AnyType) -> bool:
    """Raise a window that is open; return whether it is."""
    if ui is None or ui.control is None:
        return False
    ui.control.raise_()
    ui.control.activateWindow()
    return True


def _hidden(name: str, do: Callable[[WindowContext], object]) -> Action:
    """Make an action for a button of a notice only; the button has its own label."""
    return Action(name, "", "", do)


MEMORY_ACTIONS: Final = (
    Action(
        "fetch", "&Meter", "&Fetch memory…", lambda context: context.memory.fetch(context.window),
        "Read the records that the meter has logged by itself; the meter keeps them",
        keys=("Ctrl+Shift+F",), enabled=CAN_FETCH, line=True,
    ),
    Action(
        "memory", "&Meter", "Memory and se&ttings…",
        lambda context: context.memory.show_panel(context.window),
        "See how full the meter's memory is, and change the meter's settings", keys=("Ctrl+M",),
        enabled=HAS_PORT,
    ),
    Action(
        "prepare", "&Meter", "&Prepare for the field…",
        lambda context: context.memory.show_preparation(context.window),
        "Set the meter up to log without a computer", enabled=HAS_PORT,
    ),
    _hidden("fetch_now", lambda context: context.memory.fetch(context.window, ask=False)),
    _hidden("open_fetched", lambda context: context.memory.open_fetched()),
    _hidden("save_fetched", lambda context: context.memory.memory.keep_again()),
    _hidden("dismiss_fetched", lambda context: context.memory.link.dismiss()),
    _hidden("dismiss_origin", lambda context: context.memory.link.dismiss_origin()),
)  # fmt: skip
