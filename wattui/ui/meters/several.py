# SPDX-License-Identifier: GPL-3.0-or-later
"""The part of the window's model that has to do with several meters."""

from __future__ import annotations

from collections.abc import Sequence

from traits.api import (
    Bool,
    Callable,
    Enum,
    Event,
    HasStrictTraits,
    Instance,
    Int,
    List,
    Property,
    observe,
)

from wattui.model.meter import Meter
from wattui.ports.listing import PortInfo
from wattui.ui.meters.rows import MeterRow, TotalRow, rows_of, total_of
from wattui.ui.window.port_chooser import DEMO_URL

#: Loads of the simulated meters that are added one after the other.
_LOADS = ("desktop", "fridge", "lamp", "charger", "noise", "idle")


def demo_url(number: int) -> str:
    """Give the URL of the simulated meter of a number from 0 on; each has its own load."""
    if number == 0:
        return DEMO_URL
    model = ("pro", "es")[number % 2]
    return f"sim://{model}?load={_LOADS[number % len(_LOADS)]}&seed={number}"


class SeveralMeters(HasStrictTraits):
    """What a window shows of several meters, and which of them is chosen.

    Its bench, plots, palette and energy unit are those of the window's model.
    """

    #: Whether there are several: the table is shown.
    several = Bool()
    #: The rows of the table, and their total.
    meter_rows = List(Instance(MeterRow))
    meter_total = Instance(TotalRow, ())
    #: Number of the row whose readings are shown.
    chosen_row = Int(-1)

    #: How the plots show several meters: over one another, or each in a row of its own.
    arrangement = Enum("overlay", "rows")
    #: Whether the sum of all meters is plotted too.
    with_total = Bool()

    #: Checks whether a port can be connected to now, and shows a message where it cannot.
    port_gate = Callable()

    #: A port was picked for one meter more; empty for the list of them.
    add_port = Event()

    #: Ports that could be added: those that no meter of the window is at.
    free_ports = Property(List(), observe="ports, bench.meters.items, bench:meters:items:url")

    # -- showing -----------------------------------------------------------------------

    def refresh_meters(self) -> None:
        """Make rows and total from the bench anew; what did not change stays."""
        bench = self.bench
        self.several = len(bench.meters) > 1
        if not self.several:
            self.trait_set(chosen_row=-1)
            if self.meter_rows:
                self.meter_rows = []
            return
        means = self.plots.statistics if self.plots is not None else {}
        rows = rows_of(bench, self.palette, self.energy_unit, means)
        if rows != self.meter_rows:
            self.meter_rows = rows
        self.meter_total = total_of(bench, self.energy_unit)
        chosen = bench.meters.index(bench.meter) if bench.meter in bench.meters else -1
        self.chosen_row = chosen

    def _get_free_ports(self) -> list[PortInfo]:
        taken = {meter.url for meter in self.bench.meters} if self.bench is not None else set()
        return [port for port in self.ports if port.url not in taken]

    # -- choosing ----------------------------------------------------------------------

    def choose_row(self, row: int) -> None:
        """Show the readings of another meter."""
        meters = self.bench.meters
        if 0 <= row < len(meters):
            self.bench.meter = meters[row]

    @observe("bench:meter")
    def _chosen(self, _event: object) -> None:
        bench = self.bench
        if bench is not None and bench.meter is not None and len(bench.meters) > 1:
            if bench.meter.url and not bench.opened:
                self.port = bench.meter.url
            self.interval = bench.meter.interval

    def toggle_meter(self, row: int) -> None:
        """Plot a meter, or no more; the last one stays."""
        meters = self.bench.meters
        meter = meters[row]
        if meter.plotted and sum(1 for one in meters if one.plotted) == 1:
            return
        meter.plotted = not meter.plotted

    def rename_meter(self, row: int, name: str) -> None:
        """Give a meter another name; its own one for an empty one."""
        self.bench.describe(self.bench.meters[row], name=name)

    def colour_meter(self, row: int, colour: str) -> None:
        """Give a meter another colour, as ``#rrggbb``."""
        self.bench.describe(self.bench.meters[row], colour=colour)

    def move_meter(self, by: int) -> None:
        """Move the chosen meter down by so many places, or up."""
        if self.chosen_row >= 0:
            self.bench.move_meter(self.bench.meter, self.chosen_row + by)

    # -- connecting --------------------------------------------------------------------

    def connect_port(self, url: str) -> None:
        """Connect the shown meter at a port; one that was not used gives way to it."""
        if not self.may_connect(url):
            return
        bench = self.bench
        there = [meter for meter in bench.meters if meter.url == url and not bench.opened]
        if there and bench.meter not in there:
            bench.meter = there[0]
        elif not there and not bench.opened:
            if self.several and _unused(bench.meter):
                bench.meter.url = url
            elif not self.several and not bench.recording:
                bench.close_session()
        self.message = ""
        self.connect_ports([url])

    def connect_ports(self, urls: Sequence[str], names: Sequence[str] = ()) -> list[Meter]:
        """Connect a meter at each port, beside those of the window; return the new ones.

        *names* are for those that have no name of their own.  A single one is shown.
        """
        bench = self.bench
        named = dict(zip(urls, names, strict=False))
        allowed = [url for url in dict.fromkeys(urls) if self.may_connect(url)]
        found = bench.connect(allowed, self.interval, [named.get(url, "") for url in allowed])
        if len(allowed) == 1 and (bench.meter is None or bench.meter.url != allowed[0]):
            bench.meter = next(meter for meter in bench.meters if meter.url == allowed[0])
        if found and bench.meter is not None:
            self.port = bench.meter.url
        self.refresh()
        return found

    def connect_added(self, url: str) -> None:
        """Connect to one port more; a simulated meter gets a load of its own."""
        if url == DEMO_URL:
            taken = {meter.url for meter in self.bench.meters if not self.bench.opened}
            url = next(one for number in range(99) if (one := demo_url(number)) not in taken)
        self.connect_ports([url])

    def disconnect_all(self) -> None:
        """Disconnect every meter: that ends the recording."""
        for meter in self.bench.meters:
            if meter.connected:
                self.bench.disconnect(meter)

    def remove_meter(self) -> str:
        """Take the chosen meter out of the window; give what it is called."""
        meter = self.bench.meter
        label = str(meter.label)
        self.bench.remove_meter(meter)
        self.refresh()
        return label

    def may_connect(self, url: str) -> bool:
        """Check whether a port can be connected to now; a message says why where it cannot."""
        return self.port_gate is None or bool(self.port_gate(url))


def _unused(meter: Meter | None) -> bool:
    return meter is not None and not meter.connected and not meter.sample_count
