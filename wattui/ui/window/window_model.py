# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of the window: what it shows about the bench, and the user's choices.

It changes on the GUI thread only.  It knows no toolkit: an editor shows each part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from traits.api import (
    Bool,
    Button,
    Callable,
    Dict,
    Enum,
    Event,
    Float,
    HasStrictTraits,
    Instance,
    Int,
    List,
    Property,
    Range,
    Str,
    observe,
)

from wattui.client import ClientState
from wattui.measurement.fields import CHANNELS
from wattui.measurement.text import ENERGY_UNITS, RunTimes, TimeMode, short_port
from wattui.model.meter import Meter
from wattui.model.recording_watch import RecordingWatch
from wattui.ports.listing import PortInfo
from wattui.protocol.commands import MAX_INTERVAL
from wattui.ui.alerts.alert_notices import watch_notices
from wattui.ui.marks.marks_model import MarksModel
from wattui.ui.meters.meter_columns import MeterRow, TotalRow, rows_of, total_of
from wattui.ui.plots.stack_layout import Arrangement
from wattui.ui.plots.view_history import ViewHistory
from wattui.ui.theme.palette import LIGHT, Palette
from wattui.ui.theme.system_theme import THEMES
from wattui.ui.widgets.notices import Notice
from wattui.ui.widgets.port_chooser import DEMO_URL, first_choice
from wattui.ui.widgets.status_bar import Status
from wattui.ui.widgets.task_bar import Task
from wattui.ui.window.display_values import (
    Place,
    Readings,
    ViewSummary,
    WindowState,
    notices_of,
    readings_of,
    state_of,
    status_of,
)

#: The channels that a new user sees.
FIRST_SHOWN = ("power", "current", "voltage")

#: The intervals that are offered, in seconds.
INTERVALS = (1, 2, 5, 10, 30, 60, 300, 600)


#: Loads of successive simulated meters that are added.
_LOADS = ("desktop", "fridge", "lamp", "charger", "noise", "idle")


def demo_url(number: int) -> str:
    """Return the URL of the simulated meter with this number, from 0; each has another load."""
    if number == 0:
        return DEMO_URL
    model = ("pro", "es")[number % 2]
    return f"sim://{model}?load={_LOADS[number % len(_LOADS)]}&seed={number}"


class WindowModel(HasStrictTraits):
    """What the main window shows, and the user's choices in it."""

    #: The meters and the session.
    bench = Instance("wattui.model.bench.Bench")
    #: Watches its recordings for alerts and for their planned end.
    watch = Instance(RecordingWatch)
    #: The plots, and the component that draws them.
    plots = Instance("wattui.ui.plots.plot_stack.PlotStack")
    component = Instance("enable.component.Component")
    #: Figures of the selection, the view and the run.
    figures = Instance("wattui.ui.figures.figures_model.FiguresModel")
    #: The views that were shown before.
    history = Instance(ViewHistory, ())
    can_go_back = Property(Bool(), observe="history:can_go_back")
    can_go_forward = Property(Bool(), observe="history:can_go_forward")

    #: The chosen theme, and the colours that follow from it.
    theme = Enum(*THEMES)
    palette = Instance(Palette, LIGHT)

    #: The ports of this machine, and the chosen one.
    ports = List()
    port = Str(DEMO_URL)
    #: The text of the chosen port while it is connected, else empty.
    connected_text = Str()
    #: The user picked a port; the list was opened; *Other…* was picked.
    port_chosen = Event()
    ports_wanted = Event()
    other_port = Event()
    #: A port, or the name of an action, was picked to add a meter.
    add_port = Event()
    #: Ports at which a meter can be added.
    free_ports = Property(List(), observe="ports, bench.meters.items, bench:meters:items:url")
    #: Whether a meter was chosen: not only the simulated one offered where there is no other.
    has_port = Property(Bool(), observe="port, _picked, bench.meter, bench:meter:url")
    #: Checks whether a port can be connected to now; shows a message if it cannot.
    port_gate = Callable()

    #: Seconds between two records.
    interval = Range(1, MAX_INTERVAL, 1)
    #: Those that are offered.  A list that changes while one is picked would show its first.
    intervals = List(Int(), INTERVALS)
    #: Names of the channels that are plotted.
    channels = List(Str(), FIRST_SHOWN)
    #: How times are shown.
    clock_mode = Enum(TimeMode)
    #: Unit of the energies.
    energy_unit = Enum(*ENERGY_UNITS)

    state = Enum(WindowState)
    #: What the plot area shows.
    place = Enum(Place)
    #: What is being tried while connecting.
    connecting_text = Str()
    readings = Instance(Readings, ())
    status = Instance(Status, ())
    notices = List(Instance(Notice))
    #: Notices about the meter's memory, below those.
    more_notices = List(Instance(Notice))
    #: The result of an import, below those.
    opening_notices = List(Instance(Notice))
    #: A remark on the times of the session, such as *times reconstructed*.
    times_note = Str()
    #: What the readings show of an opened session.
    summary = Instance(ViewSummary, ())

    #: Whether there are several meters, so that their table is shown.
    several = Bool()
    #: The rows of the table, and the line with their total.
    meter_rows = List(Instance(MeterRow))
    meter_total = Instance(TotalRow, ())
    #: Number of the row whose readings are shown; -1 for none.
    chosen_row = Int(-1)
    #: Number of the row whose curves the pointer brings out; -1 for none.
    pointed_row = Int(-1)
    #: How the plots show several meters: over one another, or each in its own row.
    arrangement = Enum(Arrangement)
    #: Whether the sum of all meters is plotted too.
    with_total = Bool()

    #: Whether the power in large letters is chosen, and whether it is shown: it needs a session.
    large = Bool()
    shows_large = Property(Bool(), observe="large, place")

    #: Whether there is a selection, whether the next drag selects, whether figures are shown.
    has_selection = Bool()
    selecting = Bool()
    shows_figures = Bool()

    #: Marks and spans of the session, and whether their list is shown.
    marks = Instance(MarksModel)
    shows_marks = Bool()

    #: The last message in the status bar.
    message = Str()
    #: Work in progress, by who does it, and the one that the status bar shows: the first.
    tasks = Dict(Str(), Instance(Task))
    task = Property(Instance(Task), observe="tasks")

    #: Whether there is a connection or one is being made; whether a recording is running;
    #: whether a session is shown; whether it grows, so that a mark can be set.
    connected = Bool()
    recording = Bool()
    has_session = Bool()
    marking = Bool()
    #: Whether the meter is busy with its memory or settings.
    memory_busy = Bool()
    #: Whether the load of the chosen meter can be switched.
    can_switch = Property(Bool(), observe="bench.meter, bench:meter:load")
    #: Whether the view follows the latest sample.
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
    title = Property(
        Str(),
        observe="state, connected_text, several, bench.[session_path,replay,recording]",
    )

    #: Width and height of the window, in pixels; whether it fills the screen.
    width = Float(1280)
    height = Float(800)
    maximized = Bool()
    #: Whether closing the window asks while a recording or other work runs.
    ask_before_closing = Bool(True)

    _picked = Bool()
    _remembered_port = Str()

    def _watch_default(self) -> RecordingWatch:
        return RecordingWatch(bench=self.bench)

    # -- ports -----------------------------------------------------------------------

    def remember_port(self, url: str) -> None:
        """Offer this port if it is plugged in, or else the likeliest one."""
        self._remembered_port = url
        self.port = first_choice(self.ports, url)

    def show_ports(self, ports: list[object]) -> None:
        """Show the ports that there are now."""
        if not self._picked and not self.connected:
            self.port = first_choice(ports, self._remembered_port)
        self.ports = ports

    @observe("port_chosen")
    def _port_was_chosen(self, _event: object) -> None:
        self._picked = True

    def _get_can_go_back(self) -> bool:
        return bool(self.history.can_go_back)

    def _get_can_go_forward(self) -> bool:
        return bool(self.history.can_go_forward)

    def _get_can_switch(self) -> bool:
        bench = self.bench
        return bench is not None and bench.meter is not None and bool(bench.meter.load)

    def _get_has_port(self) -> bool:
        meter = self.bench.meter if self.bench is not None else None
        used = meter is not None and meter.url == self.port
        return self._picked or used or self.port != DEMO_URL

    def _get_free_ports(self) -> list[PortInfo]:
        taken = {meter.url for meter in self.bench.meters} if self.bench is not None else set()
        return [port for port in self.ports if port.url not in taken]

    # -- connecting --------------------------------------------------------------------

    def connect_port(self, url: str) -> None:
        """Connect the shown meter at a port; it replaces one that was not used."""
        if not self.may_connect(url):
            return
        bench = self.bench
        there = [meter for meter in bench.meters if meter.url == url and not bench.opened]
        if there and bench.meter not in there:
            bench.meter = there[0]
        elif not there and not bench.opened:
            if bench.temporary or (self.several and _unused(bench.meter)):
                bench.meter.url = url
            elif not self.several and not bench.recording:
                bench.close_session()
        self.message = ""
        self.connect_ports([url])

    def connect_ports(self, urls: Sequence[str], names: Sequence[str] = ()) -> list[Meter]:
        """Connect a meter at each port, in addition to those of the window; return the new ones.

        *names* are for those that have no name yet.  A single one is shown.
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
        """Connect a meter at another port; a simulated meter gets another load."""
        if url == DEMO_URL:
            taken = {meter.url for meter in self.bench.meters if not self.bench.opened}
            url = next(one for number in range(99) if (one := demo_url(number)) not in taken)
        self.connect_ports([url])

    def disconnect_all(self) -> None:
        """Disconnect every meter, which ends the recording."""
        for meter in self.bench.meters:
            if meter.connected:
                self.bench.disconnect(meter)

    def remove_meter(self) -> str:
        """Remove the chosen meter from the window; return its label."""
        meter = self.bench.meter
        label = str(meter.label)
        self.bench.remove_meter(meter)
        self.refresh()
        return label

    def may_connect(self, url: str) -> bool:
        """Check whether a port can be connected to now; show a message if it cannot."""
        return self.port_gate is None or bool(self.port_gate(url))

    def disconnect(self) -> None:
        """Disconnect the chosen meter, or stop trying to connect it."""
        if self.bench.meter is not None:
            self.bench.disconnect(self.bench.meter)
        self.refresh()

    @observe("bench:meter:interval")
    def _interval_reported(self, _event: object) -> None:
        """Show the interval of a meter that decides on it itself."""
        if self.bench is not None and self.bench.meter is not None and self.bench.meter.posts:
            self.interval = self.bench.meter.interval

    @observe("interval")
    def _interval_chosen(self, _event: object) -> None:
        if self.interval not in self.intervals:
            self.intervals = sorted({*INTERVALS, self.interval})
        if self.bench is not None and self.bench.meter is not None and self.connected:
            self.bench.meter.interval = self.interval

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
        """Plot a meter, or stop plotting it; the last one stays."""
        meters = self.bench.meters
        meter = meters[row]
        if meter.plotted and sum(1 for one in meters if one.plotted) == 1:
            return
        meter.plotted = not meter.plotted

    def hover_meter(self, row: int) -> None:
        """Bring out the curves of the meter in a row; -1 for none."""
        meters = self.bench.meters
        if self.plots is not None:
            self.plots.brought_out = meters[row].key if 0 <= row < len(meters) else None

    def rename_meter(self, row: int, name: str) -> None:
        """Name a meter; an empty name restores the original one."""
        self.bench.describe(self.bench.meters[row], name=name)

    def colour_meter(self, row: int, colour: str) -> None:
        """Set the colour of a meter, as ``#rrggbb``."""
        self.bench.describe(self.bench.meters[row], colour=colour)

    def move_meter(self, by: int) -> None:
        """Move the chosen meter down by a number of rows, or up."""
        if self.chosen_row >= 0:
            self.bench.move_meter(self.bench.meter, self.chosen_row + by)

    # -- what is plotted -----------------------------------------------------------------

    def toggle_channel(self, name: str) -> None:
        """Plot a channel, or stop plotting it; the last one stays."""
        names = [one for one in self.channels if one != name]
        if name not in self.channels:
            names.append(name)
        order = [channel.name for channel in CHANNELS]
        if names:
            self.channels = sorted(names, key=order.index)

    # -- showing -------------------------------------------------------------------------

    @observe(
        "bench:[revision,meter,recording,opened,session_path,file_size,rate,currency,"
        "disk_problem,disk_hint,disk_waiting,disk_dropped,interrupted.items,"
        "previous_path,replaced_path,other_meter],"
        "bench:meters:items:[state,state_text,load,problem,model,sample_count,name,colour,plotted],"
        "bench:meters.items,watch:[shown,failure,ended,remaining]"
    )
    def _on_bench(self, _event: object) -> None:
        if self.bench is not None:
            self.bench.main_thread.once(self.refresh)

    @observe(
        "summary,energy_unit,clock_mode,palette,times_note,more_notices.items,opening_notices.items"
    )
    def _shown_changed(self, _event: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Update what is shown of the bench; traits that did not change stay."""
        bench = self.bench
        if bench is None:
            return
        state = state_of(bench)
        meter = bench.meter
        connected = meter is not None and meter.connected
        going = [one for one in bench.meters if one.connected]
        shows_plots = bench.session_path is not None
        failed = Place.FAILED if state is WindowState.FAILED else Place.EMPTY
        waiting = Place.CONNECTING if going else failed
        self.trait_set(
            state=state,
            connected=connected,
            recording=bench.recording and bool(going) and not bench.temporary,
            has_session=shows_plots,
            marking=any(one.sample_count for one in going),
            connecting_text=_connecting_text(meter if connected else going[0]) if going else "",
            place=Place.PLOTS if shows_plots else waiting,
            connected_text=_connected_text(meter) if connected else "",
            connect_label=_connect_label(state, connected),
            readings=replace(
                readings_of(bench, self.energy_unit, self.summary, self.time_form),
                alerts=self.watch.fields_of(meter.key if meter is not None else ""),
            ),
            status=self._status(),
        )
        alerts = watch_notices(self.watch, self.time_form)
        notices = [*alerts, *notices_of(bench), *self.more_notices, *self.opening_notices]
        if notices != self.notices:
            self.notices = notices
        self.refresh_meters()

    def _status(self) -> Status:
        """Return what the status bar shows: the bench, and what is left until a planned end."""
        status = status_of(self.bench, self.times_note, self.time_form)
        left = self.watch.remaining
        return replace(status, left=(*status.left, left)) if left else status

    @property
    def time_form(self) -> RunTimes:
        """How all times of the run are shown."""
        start, stop = self.bench.session_start, self.bench.session_stop
        return RunTimes(TimeMode(self.clock_mode), start, stop - start)

    def refresh_meters(self) -> None:
        """Update the rows and the total; what did not change stays."""
        bench = self.bench
        self.several = len(bench.meters) > 1
        if not self.several:
            self.trait_set(chosen_row=-1)
            if self.meter_rows:
                self.meter_rows = []
            return
        plots = self.plots
        means = (plots.selection_statistics or plots.statistics) if plots is not None else {}
        moment = plots.pointer_time if plots is not None else None
        pointed = None if moment is None else plots.meter_values_at(moment)
        form = self.time_form
        rows = [
            replace(row, alerts=self.watch.fields_of(meter.key))
            for row, meter in zip(
                rows_of(bench, self.palette, self.energy_unit, means, pointed, form),
                bench.meters,
                strict=True,
            )
        ]
        if rows != self.meter_rows:
            self.meter_rows = rows
        self.meter_total = total_of(bench, self.energy_unit)
        chosen = bench.meters.index(bench.meter) if bench.meter in bench.meters else -1
        self.chosen_row = chosen

    def show_task(self, key: str, task: Task | None = None) -> None:
        """Show work in the background; without *task* it has ended."""
        tasks = {**self.tasks, key: task} if task is not None else {**self.tasks}
        if task is None:
            tasks.pop(key, None)
        if tasks != self.tasks:
            self.tasks = tasks

    def _get_task(self) -> Task | None:
        if len(self.tasks) < 2:
            return next(iter(self.tasks.values()), None)
        first, *others = self.tasks.values()
        return replace(first, text=f"{first.text} (and {len(others)} more)")

    @observe("pinned,marking")
    def _label_live(self, _event: object) -> None:
        away = self.marking and not self.pinned
        self.live_label = "Back to live" if away else "Live"

    def _get_shows_large(self) -> bool:
        return self.large and self.place == Place.PLOTS

    def _get_title(self) -> str:
        bench = self.bench
        if bench is None:
            return "wattui"
        what = f"{len(bench.meters)} meters" if self.several else self.connected_text
        if bench.replay:
            what = f"{'Replaying' if bench.recording else 'Replay of'} {bench.replay}"
        if not what and bench.session_path is not None:
            what = bench.session_path.stem
        return f"{what} – wattui" if what else "wattui"


def _connect_label(state: WindowState, connected: bool) -> str:
    if state is WindowState.CONNECTING:
        return "Cancel"
    return "Disconnect" if connected else "Connect"


def _connecting_text(meter: Meter) -> str:
    if meter.state == ClientState.RUNNING:
        return "Connected; waiting for the first record"
    # The text of a meter that posts says where it is expected.
    return meter.state_text if meter.posts else f"{meter.state_text}, on {short_port(meter.url)}"


def _connected_text(meter: Meter) -> str:
    """Return the text of a connected meter: ``Fridge · Watts up? PRO · A80012 · ttyUSB0``."""
    simulated = meter.url.startswith("sim:")
    what = f"{'Simulated' if simulated else 'Watts up?'} {meter.model}".strip()
    parts = (meter.name, what, meter.serial_number, "" if simulated else short_port(meter.url))
    return " · ".join(part for part in parts if part)


def _unused(meter: Meter | None) -> bool:
    return meter is not None and not meter.connected and not meter.sample_count
