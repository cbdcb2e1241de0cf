# SPDX-License-Identifier: GPL-3.0-or-later
"""What menus, keys and the table do with several meters."""

from __future__ import annotations

from typing import Any

from pyface.qt import QtCore, QtGui
from traits.api import Any as AnyTrait
from traits.api import HasTraits

from wattui.ports.listing import PortProblem
from wattui.ui.dialogs.about import show_text
from wattui.ui.window.port_chooser import DEMO_URL, port_text


class MeterDeeds(HasTraits):
    """The part of the handler that has to do with several meters."""

    #: The list of ports to add, or of colours, while it is open.
    meter_menu = AnyTrait()

    def do_add_meter(self, info: Any) -> None:
        """Offer the ports where one meter more may be, below the chooser."""
        model, below = info.object, info.port.control
        menu = QtGui.QMenu(info.ui.control)
        menu.setToolTipsVisible(True)
        for port in model.free_ports:
            action = menu.addAction(port_text(port))
            action.setData(port.url)
        if model.free_ports:
            menu.addSeparator()
        menu.addAction("Simulated meter").setData(DEMO_URL)
        menu.addAction("Other…").setData("")
        menu.triggered.connect(lambda action: self._add_picked(info, action.data()))
        self.meter_menu = menu
        menu.popup(below.mapToGlobal(QtCore.QPoint(0, below.height() + 2)))

    def _add_picked(self, info: Any, url: str) -> None:
        if url:
            self._guarded(info, lambda: info.object.connect_added(url))
        else:
            # The list that asked for it is still about to close.
            QtCore.QTimer.singleShot(0, lambda: self.do(info, "add_other_port"))

    def do_add(self, info: Any, what: str) -> None:
        """Do what the list of ports offers: add a port, or what is named otherwise."""
        if what in ("add_meter", "add_other_port", "connect_found"):
            self.do(info, what)
        else:
            self._guarded(info, lambda: info.object.connect_added(what))

    def _guarded(self, info: Any, call: Any) -> None:
        """Do something for a Qt signal: an exception is said, not thrown."""
        self._call = call
        self.do(info, "call")

    _call = AnyTrait()

    def do_call(self, _info: Any) -> None:
        """Do what was put aside for this."""
        call, self._call = self._call, None
        if call is not None:
            call()

    def do_add_other_port(self, info: Any) -> None:
        """Ask for a port's name or URL, and add a meter there."""
        typed, chosen = QtGui.QInputDialog.getText(
            info.ui.control,
            "Add a meter",
            "Name or URL of its port, as in /dev/ttyUSB1, COM4,\n"
            "socket://192.168.1.9:4000 or sim://es?load=fridge:",
        )
        if chosen and typed.strip():
            info.object.connect_added(typed.strip())

    def do_connect_found(self, info: Any) -> None:
        """Connect every meter that is plugged in."""
        model = info.object
        found = [
            one for one in model.ports if one.likely_meter and one.problem != PortProblem.IN_USE
        ]
        connected = model.connect_ports([port.url for port in found])
        if not connected and not model.bench.recording:
            model.message = "No meter is plugged in; see Help, My port is missing"
        elif not connected:
            model.message = "Every meter that was found is connected already"

    def do_connect_all(self, info: Any) -> None:
        """Connect every meter of the window again."""
        model = info.object
        model.bench.connect([one for one in model.bench.meters if model.may_connect(one.url)])

    def do_disconnect_all(self, info: Any) -> None:
        """Disconnect every meter."""
        info.object.disconnect_all()

    def do_retry_failed(self, info: Any) -> None:
        """Try those that failed once more."""
        bench = info.object.bench
        bench.connect([one for one in bench.meters if one.state == "failed"])

    def do_remove_meter(self, info: Any) -> None:
        """Take the chosen meter out of the window."""
        model = info.object
        if model.several:
            had_samples = model.bench.meter.sample_count
            label = model.remove_meter()
            kept = "; its samples stay in the session" if had_samples else ""
            model.message = f"{label} was removed{kept}"

    def do_rename_meter(self, info: Any) -> None:
        """Have a name typed for the chosen meter."""
        model = info.object
        meter = model.bench.meter
        if meter is None:
            return
        if model.several:
            info.meter_rows.edit_name(model.chosen_row)
            return
        typed, chosen = QtGui.QInputDialog.getText(
            info.ui.control, "Name of the meter", "What it measures, or where it is:",
            text=meter.name,
        )  # fmt: skip
        if chosen:
            model.bench.describe(meter, name=typed)

    def do_colour_meter(self, info: Any) -> None:
        """Offer colours for the chosen meter."""
        model = info.object
        if not model.several:
            return
        row, meter = model.chosen_row, model.bench.meter

        def picked(colour: str) -> None:
            self._guarded(info, lambda: model.bench.describe(meter, colour=colour))

        self.meter_menu = info.meter_rows.ask_colour(row, meter.colour, picked)

    def do_meter_up(self, info: Any) -> None:
        """Move the chosen meter up."""
        info.object.move_meter(-1)

    def do_meter_down(self, info: Any) -> None:
        """Move the chosen meter down."""
        info.object.move_meter(1)

    def do_overlay(self, info: Any) -> None:
        """Plot the meters over one another."""
        info.object.arrangement = "overlay"

    def do_rows(self, info: Any) -> None:
        """Plot each meter in a row of its own."""
        info.object.arrangement = "rows"

    def do_rows_up(self, info: Any) -> None:
        """Show the rows above."""
        plots = info.object.plots
        plots.scroll_rows(-max(1, len(plots.shown_rows()) - 1))

    def do_rows_down(self, info: Any) -> None:
        """Show the rows below."""
        plots = info.object.plots
        plots.scroll_rows(max(1, len(plots.shown_rows()) - 1))

    def do_total(self, info: Any) -> None:
        """Plot the sum of all meters too, or no more."""
        info.object.with_total = not info.object.with_total

    def do_details(self, info: Any) -> None:
        """Show all that is known of what failed."""
        bench = info.object.bench
        failed = [one for one in bench.meters if one.state == "failed"]
        told = failed or ([bench.meter] if bench.meter is not None else [])
        texts = []
        for meter in told:
            lines = (meter.problem, meter.hint, f"Port: {meter.url}", meter.state_text)
            name = f"{meter.label}\n" if len(told) > 1 else ""
            texts.append(name + "\n\n".join(dict.fromkeys(line for line in lines if line)))
        if texts:
            show_text(info.ui.control, "Details", "\n\n\n".join(texts))
