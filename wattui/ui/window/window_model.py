# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of the window: what it shows, made from the bench, and what was chosen in it.

Changes on the GUI thread only.  It knows no toolkit: an editor shows each part.
"""

from __future__ import annotations

from traits.api import (
    Any,
    Bool,
    Button,
    Enum,
    Event,
    Float,
    Instance,
    List,
    Property,
    Range,
    Str,
    observe,
)

from wattui.measurement.fields import CHANNELS
from wattui.measurement.text import ENERGY_UNITS, short_port
from wattui.protocol.commands import MAX_INTERVAL
from wattui.ui.meters.meter_notices import notices_of, status_of
from wattui.ui.meters.several import SeveralMeters
from wattui.ui.theme.palette import LIGHT, Palette
from wattui.ui.theme.theme_switch import THEMES
from wattui.ui.window.display_values import (
    Notice,
    Readings,
    Status,
    ViewSummary,
    readings_of,
    state_of,
)
from wattui.ui.window.port_chooser import DEMO_URL, first_choice
from wattui.ui.window.status_bar import Task

#: The channels that a new user sees.
FIRST_SHOWN = ("power", "current", "voltage")

#: The intervals that are offered, in seconds.
INTERVALS = (1, 2, 5, 10, 30, 60, 300, 600)


class WindowModel(SeveralMeters):
    """What the main window shows and what was chosen in it."""

    #: The meters and the session.
    bench = Any()
    #: The plots: a PlotStack.
    plots = Any()
    #: What is drawn in the plot area.
    component = Any()

    #: The theme that was chosen, and the colours that follow from it.
    theme = Enum(*THEMES)
    palette = Instance(Palette, LIGHT)

    #: The ports that there are, and the one that is chosen.
    ports = List()
    port = Str(DEMO_URL)
    #: The chosen port as it is called while it is connected; empty while it is not.
    connected_text = Str()
    #: A port was picked by hand; the list was opened; *Other…* was picked.
    port_chosen = Event()
    ports_wanted = Event()
    other_port = Event()

    #: Seconds between two records.
    interval = Range(1, MAX_INTERVAL, 1)
    #: Those that are offered.
    intervals = Property(List(), observe="interval")
    #: Names of the channels that are plotted.
    channels = List(Str(), FIRST_SHOWN)
    #: How times are told.
    clock_mode = Enum("elapsed", "clock")
    #: Unit of the energies.
    energy_unit = Enum(*ENERGY_UNITS)

    #: State of the window; see :func:`wattui.ui.window.display_values.state_of`.
    state = Str("empty")
    #: What the plot area shows.
    place = Enum("empty", "connecting", "plots")
    #: What is being tried, while connecting.
    connecting_text = Str()
    readings = Instance(Readings, ())
    status = Instance(Status, ())
    notices = List(Instance(Notice))
    #: Lines about the meter's memory, below those.
    more_notices = List(Instance(Notice))
    #: What came of an import, below those.
    opening_notices = List(Instance(Notice))
    #: What is to be said of the times of the session that is shown, as in *times reconstructed*.
    times_note = Str()
    #: What the readings show of an opened session.
    summary = Instance(ViewSummary, ())

    #: What was said last, at the bottom; work that is going on there.
    message = Str()
    task = Instance(Task)

    #: Whether there is a connection or one is being made; whether a recording runs; whether
    #: there is a session to look at; whether it grows, so that a mark can be set.
    connected = Bool()
    recording = Bool()
    has_session = Bool()
    marking = Bool()
    #: Whether the meter is being asked for its memory or its settings.
    memory_busy = Bool()
    #: Whether the view follows the newest sample.
    pinned = Bool(True)

    #: The buttons of the top bar, and the labels that change.
    connect_button = Button()
    mark_button = Button()
    fetch_button = Button()
    export_button = Button()
    fit_button = Button()
    live_button = Button()
    connect_label = Str("Connect")
    live_label = Str("Live")

    #: Title of the window.
    title = Property(Str(), observe="state, connected_text, several, bench.session_path")

    #: Width and height of the window, in pixels; whether it fills the screen.
    width = Float(1280)
    height = Float(800)
    maximized = Bool()

    _picked = Bool()
    _remembered_port = Str()
    _dismissed = List(Str())

    # -- ports -----------------------------------------------------------------------

    def remember_port(self, url: str) -> None:
        """Offer this port where it is plugged in, or else the likeliest one."""
        self._remembered_port = url
        self.port = first_choice(self.ports, url)

    def show_ports(self, ports: list[object]) -> None:
        """Take the ports that there are now."""
        if not self._picked and not self.connected:
            self.port = first_choice(ports, self._remembered_port)
        self.ports = ports

    @observe("port_chosen")
    def _port_was_chosen(self, _event: object) -> None:
        self._picked = True

    # -- connecting --------------------------------------------------------------------

    def disconnect(self) -> None:
        """End the connection, or the attempt to have one."""
        if self.bench.meter is not None:
            self.bench.disconnect(self.bench.meter)
        self.refresh()

    @observe("interval")
    def _interval_chosen(self, _event: object) -> None:
        if self.bench is not None and self.bench.meter is not None and self.connected:
            self.bench.meter.interval = self.interval

    # -- what is plotted -----------------------------------------------------------------

    def toggle_channel(self, name: str) -> None:
        """Plot a channel, or no more; the last one stays."""
        names = [one for one in self.channels if one != name]
        if name not in self.channels:
            names.append(name)
        order = [channel.name for channel in CHANNELS]
        if names:
            self.channels = sorted(names, key=order.index)

    # -- showing -------------------------------------------------------------------------

    @observe(
        "bench:[revision,meter,recording,opened,session_path,file_size,rate,currency,"
        "disk_problem,disk_hint,disk_waiting,disk_dropped,interrupted.items],"
        "bench:meters:items:[state,state_text,problem,model,sample_count,name,colour,plotted],"
        "bench:meters.items"
    )
    def _on_bench(self, _event: object) -> None:
        if self.bench is not None:
            self.bench.main_thread.once(self.refresh)

    @observe(
        "summary,energy_unit,palette,times_note,_dismissed.items,more_notices.items,"
        "opening_notices.items"
    )
    def _shown_changed(self, _event: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Make all that is shown from the bench anew; what did not change stays."""
        bench = self.bench
        if bench is None:
            return
        state = state_of(bench)
        meter = bench.meter
        connected = meter is not None and meter.connected
        going = [one for one in bench.meters if one.connected]
        shows_plots = bench.session_path is not None
        waiting = "connecting" if going else "empty"
        self.trait_set(
            state=state,
            connected=connected,
            recording=bench.recording and bool(going),
            has_session=shows_plots,
            marking=any(one.sample_count for one in going),
            connecting_text=_connecting_text(meter if connected else going[0]) if going else "",
            place="plots" if shows_plots else waiting,
            connected_text=_connected_text(meter) if connected else "",
            connect_label={"connecting": "Cancel"}.get(
                state, "Disconnect" if connected else "Connect"
            ),
            readings=readings_of(bench, self.energy_unit, self.summary),
            status=status_of(bench).noted(self.times_note),
        )
        notices = notices_of(bench, self._dismissed)
        notices = [*notices, *self.more_notices, *self.opening_notices]
        if notices != self.notices:
            self.notices = notices
        self.refresh_meters()

    @observe("pinned,marking")
    def _label_live(self, _event: object) -> None:
        away = self.marking and not self.pinned
        self.live_label = "Back to live" if away else "Live"

    def dismiss(self, key: str) -> None:
        """Show a notice no more."""
        self._dismissed.append(key)

    def _get_intervals(self) -> list[int]:
        return sorted({*INTERVALS, self.interval})

    def _get_title(self) -> str:
        bench = self.bench
        if bench is None:
            return "wattui"
        what = f"{len(bench.meters)} meters" if self.several else self.connected_text
        if not what and bench.session_path is not None:
            what = bench.session_path.stem
        return f"{what} – wattui" if what else "wattui"


def _connecting_text(meter: object) -> str:
    text = str(meter.state_text)  # type: ignore[attr-defined]
    if meter.state == "running":  # type: ignore[attr-defined]
        return "The meter answers; its first record is on the way"
    return f"{text}, on {short_port(meter.url)}"  # type: ignore[attr-defined]


def _connected_text(meter: object) -> str:
    """Name a connected meter: ``Watts up? PRO · A80012 · ttyUSB0``."""
    url = str(meter.url)  # type: ignore[attr-defined]
    model = str(meter.model)  # type: ignore[attr-defined]
    serial = str(meter.serial_number)  # type: ignore[attr-defined]
    simulated = url.startswith("sim:")
    what = f"{'Simulated' if simulated else 'Watts up?'} {model}".strip()
    parts = (what, serial, "" if simulated else short_port(url))
    return " · ".join(part for part in parts if part)


__all__ = ["FIRST_SHOWN", "INTERVALS", "WindowModel"]
