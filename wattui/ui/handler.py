# SPDX-License-Identifier: GPL-3.0-or-later
"""The handler of the main window: does what the table of actions names."""

from __future__ import annotations

import logging
from pathlib import Path

from pyface.qt import QtCore, QtGui
from traits.api import Any, Bool, Instance, Str
from traitsui.api import Handler

from wattui.errors import WattuiError
from wattui.folders import sessions_folder
from wattui.sample import CHANNELS
from wattui.session import copy_session
from wattui.ui.about import show_about, show_keys, show_log, show_text
from wattui.ui.export_dialog import Export, ExportChoice
from wattui.ui.menus import KeyFilter, add_shortcuts
from wattui.ui.missing_port import show_missing_port
from wattui.ui.port_chooser import DEMO_URL
from wattui.ui.port_watcher import PortWatcher
from wattui.ui.preferences import show_preferences
from wattui.ui.remember import Memory
from wattui.ui.status_bar import Task
from wattui.ui.window import dress, set_role

_log = logging.getLogger(__name__)

#: How long something that was said stays at the bottom, in ms.
MESSAGE_TIME = 10_000

#: How far the arrows move the view, and what ``+`` makes of its width.
PAN_SHARE = 0.2
ZOOM_FACTOR = 0.6

_SESSIONS = "Recordings (*.wattui);;All files (*)"


class WindowHandler(Handler):
    """Opens, serves and closes one main window."""

    #: Looks for ports in the background; None where nothing shall be looked for.
    watcher = Instance(PortWatcher)
    #: Remembers what was chosen, until the next start.
    memory = Instance(Memory)
    #: Command that installs the udev rule.
    rule_command = Str()
    #: Told when the window has closed.
    when_closed = Any(lambda: None)

    #: What is to live as long as the window.
    held = Any()

    _export = Instance(Export)
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
            (self._live_label, "live_label,recording,pinned"),
            (self._button_clicked, ",".join(_BUTTONS)),
            (self._other_port, "other_port"),
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
        if self._export is not None:
            self._export.cancel()
        if self.memory is not None:
            self.memory.keep(model)
        if self.watcher is not None:
            self.watcher.stop()
        model.plots.close()
        left = model.bench.close()
        if left:
            _log.warning("still running after the window was closed: %s", ", ".join(left))
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
        role = "" if not model.recording else "primary" if model.pinned else "offer"
        set_role(button, role)

    # -- meter -------------------------------------------------------------------------

    def do_connect(self, info: object) -> None:
        """Connect to the chosen port, or end that."""
        model = info.object
        if model.connected:
            model.disconnect()
        else:
            model.connect_port(model.port)

    def do_simulate(self, info: object) -> None:
        """Connect to the simulated meter."""
        if not info.object.connected:
            info.object.connect_port(DEMO_URL)

    def do_other_port(self, info: object) -> None:
        """Ask for a port's name or URL."""
        model = info.object
        typed, chosen = QtGui.QInputDialog.getText(
            info.ui.control,
            "Other port",
            "Name or URL of the port, as in /dev/ttyUSB1, COM4,\n"
            "socket://192.168.1.9:4000 or sim://es?load=fridge:",
            text=model.port,
        )
        if chosen and typed.strip():
            model.port_chosen = True
            model.port = typed.strip()

    def do_mark(self, info: object) -> None:
        """Mark this moment."""
        model = info.object
        if model.marking:
            model.bench.mark()
            model.message = "Marked"

    def do_details(self, info: object) -> None:
        """Show all that is known of what failed."""
        meter = info.object.bench.meter
        if meter is not None:
            lines = (meter.problem, meter.hint, f"Port: {meter.url}", meter.state_text)
            show_text(info.ui.control, "Details", "\n\n".join(line for line in lines if line))

    # -- sessions ------------------------------------------------------------------------

    def do_open(self, info: object) -> None:
        """Ask for a session and show it."""
        model = info.object
        name, _ = QtGui.QFileDialog.getOpenFileName(
            info.ui.control, "Open a session", str(_folder()), _SESSIONS
        )
        if name:
            self.open_session(model, Path(name))

    def open_session(self, model: object, path: Path) -> None:
        """Show a session from a file."""
        model.message = ""
        model.bench.open_session(path, lambda error: model.trait_set(message=str(error)))

    def do_open_interrupted(self, info: object) -> None:
        """Show the recording that ended without being closed."""
        model = info.object
        found = model.bench.interrupted[0]
        self.open_session(model, found.path)

    def do_dismiss_interrupted(self, info: object) -> None:
        """Offer that recording no more."""
        bench = info.object.bench
        if bench.interrupted:
            bench.dismiss_interrupted(bench.interrupted[0])

    def do_save_copy(self, info: object) -> None:
        """Ask where to, and copy the session there in the background."""
        model = info.object
        source = model.bench.session_path
        if source is None:
            return
        name, _ = QtGui.QFileDialog.getSaveFileName(
            info.ui.control, "Save a copy", str(Path.home() / source.name), _SESSIONS
        )
        if not name:
            return
        target = Path(name)
        model.task = Task(f"Copying to {target.name}")

        def ended(said: str) -> None:
            model.trait_set(task=None, message=said)

        model.bench.main_thread.run(
            f"copy to {target.name}",
            lambda: copy_session(source, target),
            lambda _result: ended(f"Copied to {target}"),
            lambda error: ended(f"Not copied: {error}"),
        )

    def do_export(self, info: object) -> None:
        """Ask what to export and where to, and do it in the background."""
        model = info.object
        if model.bench.session_path is None or self._export is not None:
            return
        choice = ExportChoice.for_model(model)
        self._export = Export(model=model, choice=choice, when_done=self._export_done)
        self._export.ask(info.ui.control)

    def _export_done(self) -> None:
        self._export = None

    def do_show_folder(self, info: object) -> None:
        """Show the folder of the session, or of all recordings."""
        path = info.object.bench.session_path
        folder = path.parent if path is not None else _folder()
        folder.mkdir(parents=True, exist_ok=True)
        QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(str(folder)))

    def do_close(self, info: object) -> None:
        """Close the window."""
        info.ui.control.close()

    # -- the view -------------------------------------------------------------------------

    def do_live(self, info: object) -> None:
        """Follow the newest sample."""
        model = info.object
        if model.recording:
            model.plots.go_live()

    def do_fit(self, info: object) -> None:
        """Show the whole recording."""
        info.object.plots.fit()

    def do_zoom_in(self, info: object) -> None:
        """Show less time."""
        info.object.plots.zoom(ZOOM_FACTOR)

    def do_zoom_out(self, info: object) -> None:
        """Show more time."""
        info.object.plots.zoom(1 / ZOOM_FACTOR)

    def do_pan_left(self, info: object) -> None:
        """Move to earlier times."""
        info.object.plots.pan(-PAN_SHARE)

    def do_pan_right(self, info: object) -> None:
        """Move to later times."""
        info.object.plots.pan(PAN_SHARE)

    def do_clear_selection(self, info: object) -> None:
        """Select nothing."""
        info.object.plots.clear_selection()

    def do_elapsed(self, info: object) -> None:
        """Count the time from the start."""
        info.object.clock_mode = "elapsed"

    def do_clock(self, info: object) -> None:
        """Show the time of day."""
        info.object.clock_mode = "clock"

    def do_theme_system(self, info: object) -> None:
        """Be as the system is."""
        info.object.theme = "system"

    def do_theme_light(self, info: object) -> None:
        """Be light."""
        info.object.theme = "light"

    def do_theme_dark(self, info: object) -> None:
        """Be dark."""
        info.object.theme = "dark"

    # -- help -----------------------------------------------------------------------------

    def do_preferences(self, info: object) -> None:
        """Show the preferences."""
        show_preferences(info.object, info.ui.control)

    def do_keys(self, info: object) -> None:
        """Show the list of keys."""
        show_keys(info.ui.control)

    def do_missing_port(self, info: object) -> None:
        """Show what to check where a port is missing."""
        show_missing_port(info.ui.control, self.rule_command)

    def do_show_log(self, info: object) -> None:
        """Show the log."""
        show_log(info.ui.control)

    def do_about(self, info: object) -> None:
        """Show version and licence."""
        show_about(info.ui.control)


_BUTTONS = ("connect_button", "mark_button", "export_button", "fit_button", "live_button")


def _folder() -> Path:
    return sessions_folder()


def _ask(parent: QtGui.QWidget, what: str, hint: str, yes: str) -> bool:
    box = QtGui.QMessageBox(QtGui.QMessageBox.Icon.Warning, "wattui", what, parent=parent)
    box.setInformativeText(hint)
    button = box.addButton(yes, QtGui.QMessageBox.ButtonRole.DestructiveRole)
    stay = box.addButton("Keep the window", QtGui.QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(stay)
    box.exec_()
    return box.clickedButton() is button
