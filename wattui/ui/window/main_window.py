# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts one main window together: model, plots, handler and view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyface.qt import QtCore

from wattui.desktop.preferences_file import PreferencesFile
from wattui.model.bench import Bench
from wattui.ports.listing import PortInfo, list_ports
from wattui.ui.figures.figures_link import FiguresLink
from wattui.ui.figures.figures_model import FiguresModel
from wattui.ui.files.replay_end import end_replay
from wattui.ui.marks.marks_model import MarksModel
from wattui.ui.memory.memory_actions import MemoryWindows
from wattui.ui.memory.memory_link import MemoryLink
from wattui.ui.plots.plot_stack import PlotStack
from wattui.ui.theme.theme_switch import ThemeSwitch
from wattui.ui.widgets.action import WindowContext
from wattui.ui.window.handler import WindowHandler
from wattui.ui.window.main_view import main_view
from wattui.ui.window.plot_link import PlotLink
from wattui.ui.window.port_watcher import PortWatcher
from wattui.ui.window.qt_wakeup import QtWake
from wattui.ui.window.saved_state import SavedState
from wattui.ui.window.window_model import WindowModel

#: How often the gap of a lost meter is drawn wider, in ms.
TICK = 1000


def assemble(
    bench: Bench,
    settings: PreferencesFile,
    application: Any,
    system: Any,
    rule_command: str = "",
    look: Callable[[], list[PortInfo]] | None = list_ports,
) -> Any:
    """Open a main window and return its TraitsUI ``UI``.

    Parameters
    ----------
    bench, settings
        The meters and the session; the settings of the last time.
    application, system, rule_command
        The Qt application, the theme of the system, the command that installs the udev rule.
    look
        Lists the ports; None to look for none.
    """
    wake = QtWake(bench.main_thread)
    wake.start()
    model = WindowModel(bench=bench)
    saved_state = SavedState(settings)
    saved_state.restore(model)
    switch = ThemeSwitch(model, system, application)

    def ended() -> None:
        switch.stop()
        wake.stop()

    handler = WindowHandler(
        saved_state=saved_state,
        when_closed=ended,
        **services(model, settings, look, rule_command, wake, switch),
    )
    model.refresh()
    ui = model.edit_traits(view=main_view(model), handler=handler)
    bench.look_for_interrupted()
    return ui


def services(
    model: WindowModel,
    settings: PreferencesFile,
    look: Callable[[], list[PortInfo]] | None,
    rule_command: str,
    *held: object,
) -> dict[str, Any]:
    """Make the plots of a window or view, and return the traits of its handler.

    Objects without another owner, as those in *held*, live as long as the handler.
    """
    bench = model.bench
    model.plots = PlotStack(bench.main_thread.post, palette=model.palette)
    model.marks = MarksModel(model=model)
    model.history.view = model.plots.view
    link = PlotLink(model=model)
    model.figures = FiguresModel(bench.main_thread.post, plots=model.plots)
    ticker = QtCore.QTimer()
    ticker.timeout.connect(link.tick)
    ticker.timeout.connect(bench.notes.look)
    ticker.timeout.connect(model.watch.tick)
    ticker.timeout.connect(lambda: end_replay(bench))
    ticker.start(TICK)
    context = WindowContext(
        model=model,
        settings=settings,
        memory=MemoryWindows(link=MemoryLink.of(model)),
        rule_command=rule_command,
    )
    return {
        "context": context,
        "watcher": PortWatcher(bench.main_thread, model.show_ports, look) if look else None,
        "ticker": ticker,
        "link": link,
        "held": (*held, FiguresLink(model=model)),
    }
