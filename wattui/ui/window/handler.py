# SPDX-License-Identifier: GPL-3.0-or-later
"""The handlers of the main window, and of its parts in another window."""

from __future__ import annotations

import logging

from pyface.qt import QtCore, QtGui
from traits.api import Any, Bool, Callable, Instance
from traitsui.api import Handler

from wattui.measurement.text import printable
from wattui.ui.files.file_actions import accept_files
from wattui.ui.files.file_opener import OpenFiles
from wattui.ui.marks.mark_actions import name_on_plots
from wattui.ui.memory.memory_actions import BUSY
from wattui.ui.widgets.action import WindowContext
from wattui.ui.widgets.form_layout import set_role
from wattui.ui.widgets.key_filter import KeyFilter, SpaceFilter
from wattui.ui.widgets.question import Question, closing_question
from wattui.ui.widgets.screen_fit import fit_to_screen
from wattui.ui.window.actions import ACTION
from wattui.ui.window.context_menus import add_context_menus
from wattui.ui.window.main_view import TOP_BUTTONS, dress
from wattui.ui.window.menus import MenuBar
from wattui.ui.window.plot_link import PlotLink
from wattui.ui.window.port_watcher import PortWatcher
from wattui.ui.window.saved_state import SavedState

_log = logging.getLogger(__name__)

#: How long a message stays in the status bar, in ms.
MESSAGE_TIME = 10_000


class ViewHandler(Handler):
    """Serves the parts of the main window, even if another window shows them."""

    #: The context of the actions.
    context = Instance(WindowContext)
    #: Looks for ports in the background; None to look for none.
    watcher = Instance(PortWatcher)
    #: Shows the model in the plots.
    link = Instance(PlotLink)
    #: Ticks while a meter is lost, so that its gap grows in the plots.
    ticker = Instance(QtCore.QTimer)
    #: Called when the view has closed.
    when_closed = Callable(lambda: None)
    #: Objects that live as long as the view.
    held = Any()

    _timer = Instance(QtCore.QTimer)
    _closed_all = Bool()

    # -- opening and closing -----------------------------------------------------------

    def init(self, info: object) -> bool:
        """Set the look and the services of a new view."""
        model, context = info.object, self.context
        dress(info)
        window = info.ui.control
        SpaceFilter(info.connect_button.control, lambda: model.recording, self._refuse_space)
        remember = context.settings.remember_session
        context.info = info
        context.files = OpenFiles(model=model, parent=window, opened=remember)
        context.memory.show_session = context.files.show
        self._timer = QtCore.QTimer(window)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(lambda: model.trait_set(message=""))
        self._listen(model)
        add_context_menus(context)
        self._update_live_button(None)
        self._update_fetch_tip(None)
        if self.watcher is not None:
            self.watcher.start()
        return True

    def _listen(self, model: object, remove: bool = False) -> None:
        """Observe the model, or stop observing it."""
        for handler, names in (
            (self._message_changed, "message"),
            (self._update_live_button, "live_label,marking,pinned"),
            (self._update_fetch_tip, "has_port,memory_busy"),
            (self._button_clicked, ",".join(TOP_BUTTONS)),
            (self._other_port_chosen, "other_port"),
            (self._port_added, "add_port"),
            (self._ports_wanted, "ports_wanted"),
            (self._name_wanted, "marks:name_wanted"),
        ):
            model.observe(handler, names, remove=remove)

    def closed(self, info: object, is_ok: bool) -> None:
        """End every thread of the view."""
        self.shut_down(info.object)

    def shut_down(self, model: object) -> None:
        """End all work.  Idempotent."""
        if self._closed_all:
            return
        self._closed_all = True
        context = self.context
        self._listen(model, remove=True)
        self._timer.stop()
        self.ticker.stop()
        if context.export is not None:
            context.export.cancel()
        for task in model.tasks.values():
            if task.cancel is not None:
                task.cancel()
        if context.comparison is not None:
            context.comparison.end()
        if context.sessions is not None:
            context.sessions.close()
        context.files.close()
        context.memory.close()
        if self.watcher is not None:
            self.watcher.stop()
        model.plots.close()
        model.figures.close()
        self.end_recording(model)
        model.watch.close()
        context.files.remove_temporary()
        self.when_closed()

    def end_recording(self, model: object) -> None:
        """Stop observing the meters, which go on without the view."""
        self.link.model = model.bench = None

    # -- serving -----------------------------------------------------------------------

    def do(self, _info: object, name: str) -> None:
        """Do the action of this name, for a key, a button or a notice."""
        self._do(name)

    def _do(self, name: str) -> None:
        self.context.run(ACTION[name].do)

    def _button_clicked(self, event: object) -> None:
        self._do(event.name.removesuffix("_button"))

    def _other_port_chosen(self, _event: object) -> None:
        # The list of ports is still about to close.
        QtCore.QTimer.singleShot(0, lambda: self._do("other_port"))

    def _port_added(self, event: object) -> None:
        """Do the action that the list of ports offers, or add a meter at a port of it."""
        choice = event.new
        if choice in ACTION:
            do = ACTION[choice].do
        else:
            do = lambda context: context.model.connect_added(choice)  # noqa: E731
        QtCore.QTimer.singleShot(0, lambda: self.context.run(do))

    def _ports_wanted(self, _event: object) -> None:
        if self.watcher is not None:
            self.watcher.look_now()

    def _name_wanted(self, event: object) -> None:
        name_on_plots(self.context, event.new)

    def _message_changed(self, event: object) -> None:
        self._timer.stop()
        if event.new:
            self._timer.start(MESSAGE_TIME)

    def _refuse_space(self) -> None:
        key = ACTION["connect"].keys[0]
        self.context.model.message = f"Press {key} to disconnect: the space bar ends no recording"

    def _update_live_button(self, _event: object) -> None:
        """Fill the Live button while the view follows; outline it as an offer otherwise."""
        model = self.context.model
        button = self.context.info.live_button.control
        if button is not None:
            set_role(button, "" if not model.marking else "primary" if model.pinned else "offer")

    def _update_fetch_tip(self, _event: object) -> None:
        """Show what *Fetch memory* does, or why it is disabled."""
        model, tip = self.context.model, ACTION["fetch"].hint
        if not model.has_port:
            tip = "Choose the port of a meter first"
        elif model.memory_busy:
            tip = BUSY
        button = self.context.info.fetch_button.control
        if button is not None:
            button.setToolTip(tip)


class WindowHandler(ViewHandler):
    """Opens, serves and closes one main window.

    Closing asks once while a recording or other work runs that this would end; signals and the
    end of the desktop session do not ask.
    """

    #: Saves the state of the window when it closes.
    saved_state = Instance(SavedState)
    #: The menus, and that of recent sessions.
    menus = Instance(MenuBar)
    recent_menu = Instance(QtGui.QMenu)
    #: The question whether to close, while it is open.
    question = Instance(Question)

    _no_questions = Bool()

    def init(self, info: object) -> bool:
        """Add the menus, the keys, the title and the list of recent sessions."""
        super().init(info)
        window = info.ui.control
        self.menus = MenuBar(window, info.object, self._do)
        window.layout().setMenuBar(self.menus)
        fit_to_screen(window)
        KeyFilter(window, self._escape)
        self.recent_menu = accept_files(self.context)
        info.object.observe(self._title_changed, "title")
        return True

    def _escape(self) -> None:
        """Leave the large letters, or else clear the selection."""
        self._do("large" if self.context.model.shows_large else "clear_selection")

    def position(self, info: object) -> None:
        """Open with the size of the last time."""
        super().position(info)
        model = info.object
        window = info.ui.control
        window.resize(int(model.width), int(model.height))
        if model.maximized:
            window.setWindowState(QtCore.Qt.WindowState.WindowMaximized)

    def close(self, info: object, is_ok: bool) -> bool:
        """Allow closing, but ask first if that ends a recording or loses samples."""
        self._save_size(info)
        model = info.object
        losing = model.bench.disk_problem and model.bench.disk_waiting
        recording = model.recording and model.marking
        tasks = [task for task in model.tasks.values() if task.loss]
        ending = model.ask_before_closing and (recording or tasks)
        if self._no_questions or not (losing or ending):
            return True
        if self.question is None:
            window, bench = info.ui.control, model.bench
            self.question = question = closing_question(window, bench, tasks, recording=recording)
            question.answered.connect(lambda name: self._answered(info, name))
            question.open()
        return False

    def _answered(self, info: object, name: str) -> None:
        question, self.question = self.question, None
        if name != "stop":
            return
        if question.check.isChecked():
            info.object.ask_before_closing = False
        # The question is a part of the window, and must be closed before it.
        QtCore.QTimer.singleShot(0, lambda: self.close_now(info))

    def _save_size(self, info: object) -> None:
        window, model = info.ui.control, info.object
        size = window.normalGeometry().size() if window.isMaximized() else window.size()
        model.trait_set(
            width=size.width(), height=size.height(), maximized=bool(window.isMaximized())
        )

    def close_now(self, info: object) -> None:
        """Close without a question, because the system ends the program."""
        self.ask_nothing()
        if info.ui is not None and info.ui.control is not None:
            info.ui.control.close()

    def ask_nothing(self) -> None:
        """Close without a question from now on, because the system or the user decided so."""
        self._no_questions = True

    def end_recording(self, model: object) -> None:
        """Save the state of the window and close the bench."""
        model.observe(self._title_changed, "title", remove=True)
        self.menus.close_menus()
        self.saved_state.save(model)
        left = model.bench.close()
        if left:
            _log.warning("still running after the window was closed: %s", ", ".join(left))

    def _title_changed(self, event: object) -> None:
        self.context.window.setWindowTitle(printable(event.new))
