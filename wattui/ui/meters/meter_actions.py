# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions of menus, keys and the table on meters: connect, add, name, arrange."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pyface.qt import QtCore, QtGui

from wattui.client import ClientState
from wattui.model.meter import Meter
from wattui.ui.dialogs.about import show_text
from wattui.ui.meters.network_actions import NETWORK_ACTIONS, SWITCH
from wattui.ui.plots.stack_layout import Arrangement
from wattui.ui.widgets.action import SEVERAL, Action, WindowContext
from wattui.ui.widgets.plain_text import menu_text, plain_tip
from wattui.ui.widgets.port_chooser import DEMO_URL, free_meters, port_text
from wattui.ui.widgets.question import Question

_PORT_EXAMPLES = "/dev/ttyUSB1, COM4, socket://192.168.1.9:4000,\nsim://es?load=fridge"


# -- one meter ---------------------------------------------------------------------------


def connect_or_disconnect(context: WindowContext) -> None:
    """Connect to the chosen port, or disconnect from it."""
    model = context.model
    if model.connected:
        model.disconnect()
    else:
        model.connect_port(model.port)


def simulate(context: WindowContext) -> None:
    """Connect to the simulated meter."""
    if not context.model.connected:
        context.model.connect_port(DEMO_URL)


def _ask_port(context: WindowContext, title: str, text: str = "") -> str:
    typed, chosen = QtGui.QInputDialog.getText(
        context.window, title, f"Name or URL of the port, such as {_PORT_EXAMPLES}", text=text
    )
    return typed.strip() if chosen else ""


def other_port(context: WindowContext) -> None:
    """Ask for the name or URL of a port, and choose it."""
    model = context.model
    url = _ask_port(context, "Other port", model.port)
    if url:
        model.port_chosen = True
        model.port = url


# -- several meters ----------------------------------------------------------------------


def add_meter(context: WindowContext) -> None:
    """Offer the ports where a meter can be added, below the port chooser."""
    model, below = context.model, context.info.port.control
    menu = QtGui.QMenu(context.window)
    menu.setToolTipsVisible(True)
    for port in model.free_ports:
        entry = menu.addAction(menu_text(port_text(port)))
        entry.setData(port.url)
        entry.setToolTip(plain_tip(port_text(port)))
    if model.free_ports:
        menu.addSeparator()
    menu.addAction("Simulated meter").setData(DEMO_URL)
    menu.addAction("Other…").setData("")

    def picked(action: QtGui.QAction) -> None:
        url = action.data()
        if url:
            context.run(lambda _context: model.connect_added(url))
        else:
            # The list is still about to close.
            QtCore.QTimer.singleShot(0, lambda: context.run(add_other_port))

    menu.triggered.connect(picked)
    context.popup = menu
    menu.popup(below.mapToGlobal(QtCore.QPoint(0, below.height() + 2)))


def add_other_port(context: WindowContext) -> None:
    """Ask for the name or URL of a port, and add a meter there."""
    url = _ask_port(context, "Add a meter")
    if url:
        context.model.connect_added(url)


def connect_found(context: WindowContext) -> None:
    """Connect every meter that is plugged in."""
    model = context.model
    connected = model.connect_ports([port.url for port in free_meters(model.ports)])
    if not connected and not model.bench.recording:
        model.message = "No meter is plugged in; see Help → My port is missing"
    elif not connected:
        model.message = "Every meter that was found is already connected"


def reconnect_all(context: WindowContext) -> None:
    """Connect every meter in the window again."""
    _reconnect(context, context.model.bench.meters)


def retry_failed(context: WindowContext) -> None:
    """Connect every meter that failed again."""
    _reconnect(
        context, [one for one in context.model.bench.meters if one.state == ClientState.FAILED]
    )


def _reconnect(context: WindowContext, meters: Sequence[Meter]) -> None:
    model = context.model
    model.bench.connect([one for one in meters if model.may_connect(one.url)])


def remove_meter(context: WindowContext) -> None:
    """Remove the chosen meter from the window; ask first if that ends its recording."""
    model = context.model
    if not model.several:
        return
    meter = model.bench.meter
    if not (meter.connected and meter.sample_count):
        _remove(context, meter)
        return
    question = Question(
        context.window,
        f"Stop recording {meter.label}?",
        ["Removing the meter ends its recording. Its samples stay in the session."],
        [("remove", "Stop and remove", "danger"), ("keep", "Keep recording", "")],
    )

    def answered(name: str) -> None:
        if name == "remove" and meter in model.bench.meters:
            context.run(lambda _context: _remove(context, meter))

    question.answered.connect(answered)
    question.open()


def _remove(context: WindowContext, meter: Meter) -> None:
    model = context.model
    model.bench.meter = meter
    had_samples = meter.sample_count
    label = model.remove_meter()
    samples = "; its samples stay in the session" if had_samples else ""
    model.message = f"{label} was removed{samples}"


def rename_meter(context: WindowContext) -> None:
    """Ask for a name of the chosen meter: in its row, or in a dialog."""
    model = context.model
    meter = model.bench.meter
    if meter is None:
        return
    if model.several:
        context.info.meter_rows.edit_name(model.chosen_row)
        return
    typed, chosen = QtGui.QInputDialog.getText(
        context.window, "Name of the meter", "What it measures, or where it is:", text=meter.name
    )
    if chosen:
        model.bench.describe(meter, name=typed)


def colour_meter(context: WindowContext) -> None:
    """Offer colours for the chosen meter."""
    model = context.model
    if not model.several:
        return
    meter = model.bench.meter

    def picked(colour: str) -> None:
        context.run(lambda _context: model.bench.describe(meter, colour=colour))

    context.popup = context.info.meter_rows.ask_colour(model.chosen_row, meter.colour, picked)


def show_details(context: WindowContext) -> None:
    """Show all details about a failure."""
    bench = context.model.bench
    failed = [one for one in bench.meters if one.state == ClientState.FAILED]
    meters = failed or ([bench.meter] if bench.meter is not None else [])
    texts = []
    for meter in meters:
        lines = (meter.problem, meter.hint, f"Port: {meter.url}", meter.state_text)
        name = f"{meter.label}\n" if len(meters) > 1 else ""
        texts.append(name + "\n\n".join(dict.fromkeys(line for line in lines if line)))
    if texts:
        show_text(context.window, "Details", "\n\n\n".join(texts))


def _scroll_rows(context: WindowContext, direction: int) -> None:
    """Scroll the rows of plots by a page, one row less than is visible."""
    plots = context.model.plots
    plots.scroll_rows(direction * max(1, len(plots.shown_rows()) - 1))


def _arrange(arrangement: Arrangement, label: str, tooltip: str) -> Action:
    return Action(
        arrangement.value, "&View", label,
        lambda context: context.model.trait_set(arrangement=arrangement), tooltip,
        enabled=SEVERAL, checked=f"object.arrangement == '{arrangement}'", style="radio",
        line=arrangement is Arrangement.OVERLAY,
    )  # fmt: skip


CONNECT: Final = Action(
    "connect", "&Meter", "&Connect or disconnect", connect_or_disconnect,
    "Connect to the chosen port and record, or disconnect", keys=("Ctrl+Return",),
)  # fmt: skip
RENAME: Final = Action(
    "rename_meter", "&Meter", "&Rename…", rename_meter,
    "Name the meter; it keeps the name at whatever port it is plugged in",
    keys=("F2",), line=True,
)  # fmt: skip
COLOUR: Final = Action(
    "colour_meter", "&Meter", "Co&lour…", colour_meter, "Choose another colour for the meter",
    enabled=SEVERAL,
)  # fmt: skip
MOVE_UP: Final = Action(
    "meter_up", "&Meter", "Move &up", lambda context: context.model.move_meter(-1),
    "Move the meter up by one row", keys=("Alt+Up",), enabled=SEVERAL,
)  # fmt: skip
MOVE_DOWN: Final = Action(
    "meter_down", "&Meter", "Move do&wn", lambda context: context.model.move_meter(1),
    "Move the meter down by one row", keys=("Alt+Down",), enabled=SEVERAL,
)  # fmt: skip
REMOVE: Final = Action(
    "remove_meter", "&Meter", "Remo&ve", remove_meter,
    "Remove the meter from the window; its samples stay in the session", enabled=SEVERAL,
)  # fmt: skip

METER_ACTIONS: Final = (
    CONNECT,
    Action(
        "simulate", "&Meter", "&Simulated meter", simulate,
        "Connect to the built-in simulated meter; no hardware needed",
        enabled="not object.connected",
    ),
    Action(
        "other_port", "&Meter", "&Other port…", other_port, "Type the name or URL of a port",
        enabled="not object.connected",
    ),
    Action(
        "add_meter", "&Meter", "&Add another meter…", add_meter,
        "Record another meter into the same session", keys=("Ctrl+T",), line=True,
    ),
    Action("add_other_port", "", "Add another meter…", add_other_port),
    Action(
        "connect_found", "&Meter", "Connect all meters fou&nd", connect_found,
        "Connect every meter that is plugged in",
    ),
    Action(
        "connect_all", "&Meter", "Reconnect all &meters", reconnect_all,
        "Connect every meter in the window that is not connected", enabled=SEVERAL,
    ),
    Action(
        "disconnect_all", "&Meter", "&Disconnect all",
        lambda context: context.model.disconnect_all(),
        "Disconnect every meter; this ends the recording", enabled="object.recording",
    ),
    *NETWORK_ACTIONS,
    Action("retry_failed", "", "Try again", retry_failed),
    Action("details", "", "Details", show_details),
    RENAME,
    COLOUR,
    MOVE_UP,
    MOVE_DOWN,
    REMOVE,
)  # fmt: skip

ARRANGEMENT_ACTIONS: Final = (
    _arrange(Arrangement.OVERLAY, "O&verlay meters", "One plot per field, one curve per meter"),
    _arrange(
        Arrangement.ROWS, "Meters in &rows", "One row of plots per meter, each with its own scale"
    ),
    _arrange(
        Arrangement.SCALED_ROWS, "Meters in rows, one &scale",
        "One row of plots per meter, with the same scale in all rows of a field",
    ),
    Action(
        "rows_up", "", "Rows above", lambda context: _scroll_rows(context, -1),
        "Scroll to the rows of meters above", keys=("PgUp",),
    ),
    Action(
        "rows_down", "", "Rows below", lambda context: _scroll_rows(context, 1),
        "Scroll to the rows of meters below", keys=("PgDown",),
    ),
    Action(
        "total", "&View", "&Total of all meters",
        lambda context: context.model.trait_set(with_total=not context.model.with_total),
        "Also plot the sum of all meters", keys=("T",), enabled=SEVERAL,
        checked="object.with_total", style="toggle",
    ),
)  # fmt: skip

#: The context menu of a row; None for a line between.
ROW_MENU: Final = (CONNECT, SWITCH, RENAME, COLOUR, None, MOVE_UP, MOVE_DOWN, None, REMOVE)

#: What keys do in the table, with and without Alt.  Return does nothing: it also ends the
#: editing of a name, and no key without Ctrl ends a recording.
ROW_KEYS: Final = {QtCore.Qt.Key.Key_Delete: REMOVE}
ROW_ALT_KEYS: Final = {QtCore.Qt.Key.Key_Up: MOVE_UP, QtCore.Qt.Key.Key_Down: MOVE_DOWN}
