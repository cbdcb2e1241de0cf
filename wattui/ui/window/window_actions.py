# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window's handler does: a method for each line of the table of actions."""

from __future__ import annotations

from pathlib import Path

from pyface.qt import QtCore, QtGui
from traits.api import HasTraits, Instance, Str

from wattui.desktop.folders import sessions_folder
from wattui.session import copy_session
from wattui.ui.dialogs.about import show_about, show_keys, show_log
from wattui.ui.dialogs.export_dialog import Export, ExportChoice
from wattui.ui.dialogs.missing_port import show_missing_port
from wattui.ui.dialogs.preferences import show_preferences
from wattui.ui.window.port_chooser import DEMO_URL
from wattui.ui.window.saved_state import Memory
from wattui.ui.window.status_bar import Task

#: How far the arrows move the view, and what ``+`` makes of its width.
PAN_SHARE = 0.2
ZOOM_FACTOR = 0.6

_SESSIONS = "Recordings (*.wattui);;All files (*)"


class Deeds(HasTraits):
    """The part of the handler that does things; *info* is TraitsUI's, of the window."""

    #: Command that installs the udev rule.
    rule_command = Str()

    #: Remembers what was chosen, until the next start.
    memory = Instance(Memory)

    #: The export that is being asked for or written.
    export = Instance(Export)

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

    # -- sessions ------------------------------------------------------------------------

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
        if model.bench.session_path is None or self.export is not None:
            return
        choice = ExportChoice.for_model(model)
        self.export = Export(
            model=model,
            choice=choice,
            when_done=self._end_export,
            settings=self.memory.settings if self.memory is not None else None,
        )
        self.export.ask(info.ui.control)

    def _end_export(self) -> None:
        self.export = None

    def do_show_folder(self, info: object) -> None:
        """Show the folder of the session, or of all recordings."""
        path = info.object.bench.session_path
        folder = path.parent if path is not None else sessions_folder()
        folder.mkdir(parents=True, exist_ok=True)
        QtGui.QDesktopServices.openUrl(QtCore.QUrl.fromLocalFile(str(folder)))

    def do_close(self, info: object) -> None:
        """Close the window."""
        info.ui.control.close()

    # -- the view -------------------------------------------------------------------------

    def do_live(self, info: object) -> None:
        """Follow the newest sample."""
        model = info.object
        if model.marking:
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
