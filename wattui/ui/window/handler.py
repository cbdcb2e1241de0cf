# SPDX-License-Identifier: GPL-3.0-or-later
"""The handler of the main window: does what the table of actions names."""

from __future__ import annotations

import logging

from pyface.qt import QtCore, QtGui
from traits.api import Any, Bool, Instance
from traitsui.api import Handler

from wattui.errors import WattuiError
from wattui.measurement.fields import CHANNELS
from wattui.ui.files.file_actions import OpeningDeeds
from wattui.ui.memory.memory_actions import MemoryDeeds
from wattui.ui.meters.meter_actions import MeterDeeds
from wattui.ui.window.main_view import dress, set_role
from wattui.ui.window.menus import KeyFilter, add_shortcuts
from wattui.ui.window.port_watcher import PortWatcher
from wattui.ui.window.window_actions import Deeds

_log = logging.getLogger(__name__)

#: How long something that was said stays at the bottom, in ms.
MESSAGE_TIME = 10_000


class WindowHandler(Deeds, MeterDeeds, OpeningDeeds, MemoryDeeds, Handler):
    """Opens, serves and closes one main window."""

    #: Looks for ports in the background; None where nothing shall be looked for.
    watcher = Instance(PortWatcher)
    #: Told when the window has closed.
    when_closed = Any(lambda: None)

    #: What is to live as long as the window.
    held = Any()

    _timer = Any()
    _shortcuts = Any()
    _keys = Any()
    _info = Any()
    _closed_all = Bool()
    _no_questions = Bool()

    # -- opening and closing -----------------------------------------------------------

    def init(self, info: object) -> bool:
        """Give a new window its look, its keys and what was remembered."""
        model = info.object
        self._info = info
        dress(info)
        window = info.ui.control
        self._shortcuts = add_shortcuts(window, lambda name: self.do(info, name))
        self._keys = KeyFilter(window, lambda: self.do(info, "clear_selection"))
        self.begin_opening(info)
        self._timer = QtCore.QTimer(window)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(lambda: model.trait_set(message=""))
        self._listen(model)
        self._live_label(None)
        if self.watcher is not None:
            self.watcher.start()
        return True

    def _listen(self, model: object, remove: bool = False) -> None:
        """Listen to the model, or no more."""
        for handler, names in (
            (self._said, "message"),
            (self._titled, "title"),
            (self._live_label, "live_label,marking,pinned"),
            (self._button_clicked, ",".join(_BUTTONS)),
            (self._other_port, "other_port"),
            (self._add_port, "add_port"),
            (self._ports_wanted, "ports_wanted"),
        ):
            model.observe(handler, names, remove=remove)

    def position(self, info: object) -> None:
        """Open with the size that it had."""
        super().position(info)
        model = info.object
        window = info.ui.control
        window.resize(int(model.width), int(model.height))
        if model.maximized:
            window.setWindowState(QtCore.Qt.WindowState.WindowMaximized)

    def close(self, info: object, is_ok: bool) -> bool:
        """Let the window close, unless samples would be lost that are only in memory."""
        self._keep_size(info)
        bench = info.object.bench
        if self._no_questions or not bench.disk_problem or not bench.disk_waiting:
            return True
        return _ask(
            info.ui.control,
            f"{bench.disk_waiting:,} samples are not on disk yet",
            f"{bench.disk_problem}. They are lost if the window closes now.",
            "Close and lose them",
        )

    def _keep_size(self, info: object) -> None:
        window, model = info.ui.control, info.object
        size = window.normalGeometry().size() if window.isMaximized() else window.size()
        model.trait_set(
            width=size.width(), height=size.height(), maximized=bool(window.isMaximized())
        )

    def close_now(self, info: object) -> None:
        """Close without a question: the system wants the program to end."""
        self._no_questions = True
        info.ui.control.close()

    def closed(self, info: object, is_ok: bool) -> None:
        """End every thread that the window has."""
        self.shut_down(info.object)

    def shut_down(self, model: object) -> None:
        """Remember, then end all work.  Idempotent."""
        if self._closed_all:
            return
        self._closed_all = True
        self._listen(model, remove=True)
        self._timer.stop()
        if self.export is not None:
            self.export.cancel()
        self.end_opening()
        self.close_memory()
        if self.memory is not None:
            self.memory.keep(model)
        if self.watcher is not None:
            self.watcher.stop()
        model.plots.close()
        left = model.bench.close()
        if left:
            _log.warning("still running after the window was closed: %s", ", ".join(left))
        self.remove_passing()
        self.when_closed()

    # -- doing ------------------------------------------------------------------------

    def do(self, info: object, name: str) -> None:
        """Do what a key, a button or a notice names; an exception is said, not thrown."""
        try:
            if name.startswith("channel "):
                info.object.toggle_channel(CHANNELS[int(name.split()[1]) - 1].name)
                return
            getattr(self, f"do_{name}")(info)
        except WattuiError as error:
            info.object.message = str(error)
        except Exception as error:  # noqa: BLE001 - a slot's exception would end the program
            _log.exception("%s failed", name)
            info.object.message = f"That failed ({error}); see Help, Show the log"

    def perform(self, info: object, action: object, event: object) -> None:
        """Do what a menu names."""
        if action.action.startswith("do_"):
            self.do(info, action.action.removeprefix("do_"))
        else:
            super().perform(info, action, event)

    def _button_clicked(self, event: object) -> None:
        self.do(self._info, event.name.removesuffix("_button"))

    def _other_port(self, _event: object) -> None:
        # The list that asked for it is still about to close.
        QtCore.QTimer.singleShot(0, lambda: self.do(self._info, "other_port"))

    def _add_port(self, event: object) -> None:
        # A port, or the name of what else the list offers.
        url = event.new
        QtCore.QTimer.singleShot(0, lambda: self.do_add(self._info, url))

    def _ports_wanted(self, _event: object) -> None:
        if self.watcher is not None:
            self.watcher.look_now()

    def _said(self, event: object) -> None:
        self._timer.stop()
        if event.new:
            self._timer.start(MESSAGE_TIME)

    def _titled(self, event: object) -> None:
        self._info.ui.control.setWindowTitle(event.new)

    def _live_label(self, _event: object) -> None:
        """Fill the Live button while the view follows; outline it as an offer while not."""
        model = self._info.object
        button = self._info.live_button.control
        if button is None:
            return
        role = "" if not model.marking else "primary" if model.pinned else "offer"
        set_role(button, role)


_BUTTONS = (
    *("connect_button", "mark_button", "fetch_button", "export_button"),
    *("fit_button", "live_button"),
)


def _ask(parent: QtGui.QWidget, what: str, hint: str, yes: str) -> bool:
    box = QtGui.QMessageBox(QtGui.QMessageBox.Icon.Warning, "wattui", what, parent=parent)
    box.setInformativeText(hint)
    button = box.addButton(yes, QtGui.QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton("Keep the window", QtGui.QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.exec_()
    return box.clickedButton() is button
