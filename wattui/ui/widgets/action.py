# SPDX-License-Identifier: GPL-3.0-or-later
"""An action of the main window, and the context that it works with."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any as AnyType

from traits.api import Any, HasStrictTraits, Instance, Str

from wattui.errors import WattuiError

_log = logging.getLogger(__name__)

#: When actions are enabled: expressions on ``object``, the window's model.
HAS_SESSION = "object.has_session"
SEVERAL = "object.several"
LIVE = "object.marking"
HAS_PORT = "object.has_port"
CAN_FETCH = "object.has_port and not object.memory_busy"


class WindowContext(HasStrictTraits):
    """The context of actions: the window, its model and its services.  Main thread only."""

    #: TraitsUI's information on the window.
    info = Any()
    #: What the window shows.
    model = Instance("wattui.ui.window.window_model.WindowModel")
    #: Settings that are saved until the next start.
    settings = Instance("wattui.desktop.preferences_file.PreferencesFile")
    #: Opens, imports and replays files; set once the window is there.
    files = Instance("wattui.ui.files.file_opener.OpenFiles")
    #: Memory and settings of the meter.
    memory = Instance("wattui.ui.memory.memory_actions.MemoryWindows")
    #: The export that is being asked for or written.
    export = Instance("wattui.ui.dialogs.export_dialog.Export")
    #: The window that lays parts over one another, while it is open.
    comparison = Any()
    #: The list of sessions, while it is open.
    sessions = Instance("wattui.ui.sessions.session_browser.SessionBrowser")
    #: The list of ports to add, of colours, or of what can be done, while open.
    popup = Instance("pyface.qt.QtGui.QMenu")
    #: The dialog that was opened from such a list.
    dialog = Any()
    #: Command that installs the udev rule.
    rule_command = Str()

    @property
    def window(self) -> AnyType:
        """The window's control, a parent for dialogs."""
        return self.info.ui.control

    @property
    def is_open(self) -> bool:
        """Whether the window is there: it can close while background work is done."""
        return self.info.ui is not None and self.info.ui.control is not None

    def run(self, do: Callable[[WindowContext], object]) -> None:
        """Run a call for a Qt signal: an exception becomes a message in the status bar."""
        try:
            do(self)
        except WattuiError as error:
            self.model.message = str(error)
        except Exception as error:  # noqa: BLE001 - a slot's exception would end the program
            _log.exception("%s failed", getattr(do, "__name__", do))
            self.model.message = f"That failed ({error}); see Help → Show the log"


@dataclass(frozen=True, slots=True)
class Action:
    """One row of the table of actions."""

    #: Its name for buttons, notices and tests.
    name: str
    #: Menu that it is in, ``View/Theme`` for a submenu; empty for keys and buttons alone.
    menu: str
    #: Its label in the menu, with ``&`` before its access key.
    label: str
    #: Performs it.
    do: Callable[[WindowContext], object]
    #: A sentence: tooltip, and line in the list of keys.
    tooltip: str = ""
    #: Keys, as Qt writes them; the menu shows the first.
    keys: tuple[str, ...] = ()
    #: When it is enabled, and when it is checked: expressions on ``object``, the model.
    enabled: str = ""
    checked: str = ""
    #: ``push``, ``toggle`` or ``radio``, as TraitsUI calls them.
    style: str = "push"
    #: Whether a line is drawn above it in its menu.
    line: bool = False

    @property
    def plain_label(self) -> str:
        """The label without the mark of its access key."""
        return self.label.replace("&", "")

    @property
    def hint(self) -> str:
        """The tooltip with the first key: ``Show the whole recording (F)``."""
        return f"{self.tooltip} ({self.keys[0]})" if self.keys else self.tooltip
