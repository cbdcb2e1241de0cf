# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns of the meters' table: the text of each for a meter, and for all meters.

To add a column, add it to :data:`COLUMNS`. The rest follows from there. No toolkit is
needed here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from wattui.client import ClientState
from wattui.measurement.energy import cost
from wattui.measurement.text import (
    BY_CLOCK,
    NO_VALUE,
    RunTimes,
    count_text,
    duration_text,
    energy_number,
    energy_text,
    energy_unit,
    model_text,
    money_text,
    number_and_error,
    short_port,
    total_energy_label,
    total_power_label,
    value_text,
)
from wattui.ui.theme.palette import Palette

if TYPE_CHECKING:
    from wattui.model.bench import Bench
    from wattui.model.meter import Meter

#: State of a meter: the colour of its dot, as a name in the palette, and its text.
STATES: Final[dict[ClientState, tuple[str, str]]] = {
    ClientState.CLOSED: ("muted", "Not connected"),
    ClientState.OPENING: ("accent", "Connecting"),
    ClientState.RUNNING: ("ok", "Recording"),
    ClientState.LOST: ("amber", "Unplugged"),
    ClientState.FAILED: ("red", "Failed"),
}


#: State of a meter that posts, by what its relay does with the load.
_LOADS: Final = {
    "load off": "Load off",
    "switching the load off": "Switching off",
    "switching the load on": "Switching on",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The input for the texts of a column: one meter and how to show it."""

    meter: Meter
    bench: Bench
    #: Unit of the column of energies: one for all meters, so that they can be compared.
    unit: str
    #: Statistics of the view by field; None while the meter is recorded.
    means: Any = None
    #: Values under the pointer by field; None while it is elsewhere or the meter is recorded.
    pointed: Mapping[str, float] | None = None
    #: How times of the run are shown.
    form: RunTimes = BY_CLOCK

    def reading(self, name: str) -> str:
        """Return the text of a field: last record, mean of the view, or under the pointer."""
        if self.pointed is not None:
            return value_text(name, self.pointed.get(name))
        if self.means is not None and name == "power":
            mean = self.means.average_power_w, self.means.average_power_error_w
            return number_and_error(*mean)[0]
        if self.means is not None:
            return value_text(name, self.means[name].mean)
        return value_text(name, self.meter.reading(name))


@dataclass(frozen=True, slots=True)
class MeterColumn:
    """One column of the table."""

    key: str
    #: Its header; with ``{unit}`` or ``{currency}`` for what the window shows.
    title: str
    #: Its meaning, as the tooltip of the header.
    meaning: str
    #: Returns the text of a meter that has samples; None for columns that are drawn.
    text: Callable[[Shown], str] | None = None
    #: Returns the text of all meters together; None if there is none.
    total: Callable[[Bench], str] | None = None
    #: The widest text that it is made for; empty for a column with a fixed width.
    widest: str = ""
    #: Where the window is narrow, columns are hidden in this order; None for never.
    hide_order: int | None = None

    @property
    def is_number(self) -> bool:
        """Whether it shows a number, at the right; the others are at the left."""
        return self.text is not None

    def header(self, unit: str, currency: str) -> str:
        """Return the text of its header."""
        return self.title.format(unit=unit, currency=currency or "cost")


def _reading(key: str, title: str, what: str, widest: str, **traits: Any) -> MeterColumn:
    meaning = f"{what} of the last record"
    return MeterColumn(
        key, title, meaning, lambda shown: shown.reading(key), widest=widest, **traits
    )


def _cost(bench: Bench, watt_hours: float, error: float) -> str:
    return money_text(cost(watt_hours, bench.rate), cost(error, bench.rate))


BOX: Final = MeterColumn("box", "", "Whether it is plotted, and its colour")
NAME: Final = MeterColumn("name", "Meter", "Name of the meter")
STATE: Final = MeterColumn("state", "State", "What the meter is doing", widest="Unplugged at 00:00")

#: The columns, from left to right.
COLUMNS: Final[tuple[MeterColumn, ...]] = (
    BOX,
    NAME,
    STATE,
    _reading("power", "W", "Power", "1234.5"),
    _reading("voltage", "V", "Voltage", "120.5", hide_order=6),
    _reading("current", "A", "Current", "10.361", hide_order=7),
    _reading("power_factor", "PF", "Power factor", "0.88", hide_order=5),
    MeterColumn(
        "energy",
        "{unit}",
        "Energy since the recording began, summed from the records, and its error",
        lambda shown: energy_number(shown.meter.energy, shown.meter.energy_error, shown.unit),
        widest="12.34 ± 0.19",
    ),
    MeterColumn(
        "cost",
        "{currency}",
        "Cost of the energy",
        lambda shown: _cost(shown.bench, shown.meter.energy, shown.meter.energy_error),
        lambda bench: _cost(bench, bench.total_energy, bench.total_energy_error),
        "1.2345",
        hide_order=4,
    ),
    MeterColumn(
        "samples",
        "samples",
        "Records in this session",
        lambda shown: f"{shown.meter.sample_count:,}",
        lambda bench: f"{sum(meter.sample_count for meter in bench.meters):,}",
        "99,999",
        hide_order=3,
    ),
    MeterColumn(
        "gaps",
        "gaps",
        "Gaps, in which records are missing",
        lambda shown: f"{shown.meter.gap_count:,}",
        lambda bench: f"{sum(meter.gap_count for meter in bench.meters):,}",
        "999",
        hide_order=2,
    ),
    MeterColumn(
        "since",
        "since",
        "Time of the first record",
        lambda shown: shown.form.text(shown.meter.since, short=True),
        widest="00:00",
        hide_order=1,
    ),
)


@dataclass(frozen=True, slots=True)
class MeterRow:
    """One row of the table."""

    name: str
    colour: str
    #: Whether it is plotted.
    plotted: bool
    #: Whether the numbers are current; otherwise they are grey.
    current: bool
    #: Colour of the dot, as a name in the palette, and the state as text.
    dot: str
    state: str
    #: All details about the meter and its problem.
    tooltip: str
    #: Texts of the columns, by key.
    texts: Mapping[str, str]
    #: The fields that have an alert now.
    alerts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Statement:
    """A sum over meters, and how many these are."""

    #: *Power of 3 live meters*, and the same where there is less room.
    label: str
    short: str
    #: *512.3 W*.
    text: str


@dataclass(frozen=True, slots=True)
class TotalRow:
    """The line below the table: all meters together."""

    #: Whose power and whose energy is added up, and the sums, as text; none without a meter.
    statements: tuple[Statement, ...] = ()
    #: Texts of the columns that have a total, by key.
    texts: Mapping[str, str] = field(default_factory=dict)


def rows_of(
    bench: Bench,
    palette: Palette,
    unit: str,
    means: Mapping[object, Any] | None = None,
    pointed: Mapping[object, Mapping[str, float]] | None = None,
    form: RunTimes = BY_CLOCK,
) -> list[MeterRow]:
    """Return a row for each meter of the window.

    Parameters
    ----------
    bench, palette, unit
        The meters; the colours of the theme; the unit of energies.
    means
        Statistics of the view by key, for meters that are not being recorded.
    pointed
        Their values under the pointer by key; None while the pointer is elsewhere.
    form
        How times of the run are shown.
    """
    rows, shown_unit = [], column_unit(bench, unit)
    for number, meter in enumerate(bench.meters):
        view = None if bench.recording or means is None else means.get(meter.key)
        under = None if bench.recording or pointed is None else pointed.get(meter.key, {})
        shown = Shown(meter, bench, shown_unit, view, under, form)
        colour = palette.shown(meter.colour) or palette.meter(number)
        rows.append(_row(shown, colour))
    return rows


def _row(shown: Shown, colour: str) -> MeterRow:
    meter, bench = shown.meter, shown.bench
    dot, words = _state(bench, meter, shown.form)
    numbers = {
        column.key: column.text(shown) if meter.sample_count else NO_VALUE
        for column in COLUMNS
        if column.text is not None
    }
    return MeterRow(
        name=meter.label,
        colour=colour,
        plotted=meter.plotted,
        current=meter.live or not bench.recording,
        dot=dot,
        state=words,
        tooltip=_tooltip(meter, shown.form),
        texts={BOX.key: "", NAME.key: meter.label, STATE.key: words, **numbers},
    )


def _state(bench: Bench, meter: Meter, form: RunTimes) -> tuple[str, str]:
    """Return the colour of the dot, and the state in words."""
    dot, words = STATES[meter.state]
    if bench.opened:
        return "muted", "Recorded"
    if meter.paused:
        last = "" if math.isnan(meter.last_time) else f" {form.at(meter.last_time, short=True)}"
        dot, words = "amber", f"Paused{last}"
    elif meter.state == ClientState.CLOSED and meter.sample_count:
        words = "Stopped"
    elif meter.state == ClientState.OPENING:
        words = str(meter.state_text)
    elif meter.state == ClientState.RUNNING and not meter.sample_count:
        words = "Waiting"
    elif meter.state == ClientState.RUNNING and meter.load not in ("", "load on"):
        words = _LOADS[meter.load]
    elif meter.state == ClientState.LOST and not math.isnan(meter.lost_since):
        since = form.at(meter.lost_since, short=True)
        words = f"Silent {since}" if meter.posts else f"Unplugged {since}"
    return dot, words


def _tooltip(meter: Meter, form: RunTimes) -> str:
    kind = model_text(meter.model, meter.firmware)
    lines = [meter.label, kind, meter.serial_number, f"at {short_port(meter.url)}"]
    if meter.problem:
        lines += ["", f"{meter.problem}.", meter.hint]
    elif meter.state == ClientState.LOST or meter.paused:
        lost = meter.state == ClientState.LOST and not meter.paused
        lines += ["", meter.lost_words(form) if lost else meter.state_text]
        if not math.isnan(meter.last_time):
            lines.append(f"Last record {form.at(meter.last_time)}")
    elif meter.load:
        lines += ["", meter.state_text]
    if meter.gap_count:
        missing = duration_text(meter.gap_duration)
        lines.append(f"{count_text(meter.gap_count, 'gap')}, {missing} missing")
    first, *rest = lines
    return "\n".join([first, *(line for line in dict.fromkeys(rest) if line != first)])


def total_of(bench: Bench, unit: str) -> TotalRow:
    """Return the line for all meters together."""
    count, live = len(bench.meters), sum(1 for meter in bench.meters if meter.live)
    energy = energy_text(bench.total_energy, bench.total_energy_error, unit)
    statements = [Statement(total_energy_label(count), count_text(count, "meter"), energy)]
    if live:
        power = f"{value_text('power', bench.total_watts)} W"
        statements.insert(0, Statement(total_power_label(live), f"{live} live", power))
    return TotalRow(
        tuple(statements),
        {column.key: column.total(bench) for column in COLUMNS if column.total is not None},
    )


def column_unit(bench: Bench, unit: str) -> str:
    """Return the unit of the column of energies: kWh if the largest is 1000 Wh or more."""
    return energy_unit(((one.energy, one.energy_error) for one in bench.meters), unit)
