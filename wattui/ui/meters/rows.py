# SPDX-License-Identifier: GPL-3.0-or-later
"""What the table of meters shows, as plain values.  No toolkit is needed here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from wattui.measurement import energy
from wattui.measurement.text import (
    NO_VALUE,
    clock_text,
    count_text,
    duration_text,
    energy_text,
    money_text,
    short_port,
    value_text,
)
from wattui.ui.theme.palette import Palette

if TYPE_CHECKING:
    from wattui.model.bench import Bench
    from wattui.model.meter import Meter

#: Columns before the numbers: box and colour, name, state.
BOX, NAME, STATE = range(3)

#: Headers of the columns of numbers, what they mean, and the widest text each is made for.
COLUMNS: Final[tuple[tuple[str, str, str], ...]] = (
    ("W", "Power of the last record, in watts", "1234.5"),
    ("V", "Voltage of the last record, in volts", "120.5"),
    ("A", "Current of the last record, in amperes", "10.361"),
    ("PF", "Power factor of the last record", "0.88"),
    ("energy", "Energy since the recording began, summed from the records", "1234.56"),
    ("cost", "What the energy costs", "1.2345"),
    ("samples", "Records in this session", "99,999"),
    ("gaps", "Gaps, in which records are missing", "999"),
    ("since", "When its first record came", "00:00"),
)

#: The fields of the first columns of numbers.
FIELDS: Final = ("power", "voltage", "current", "power_factor")

#: State of a meter: colour of its dot, and words for what needs no more of them.
STATES: Final[dict[str, tuple[str, str]]] = {
    "closed": ("muted", "Not connected"),
    "opening": ("accent", "Connecting"),
    "running": ("ok", "Recording"),
    "lost": ("amber", "Unplugged"),
    "failed": ("red", "Failed"),
}


@dataclass(frozen=True, slots=True)
class MeterRow:
    """One row of the table."""

    name: str
    colour: str
    #: Whether it is plotted.
    plotted: bool
    #: Whether the numbers are current: grey where not.
    current: bool
    #: Colour of the dot, as a name of the palette, and the state in words.
    dot: str
    state: str
    #: All that is known of the meter and of what is wrong with it.
    tooltip: str
    #: The numbers, written, as in :data:`COLUMNS`.
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TotalRow:
    """What stands below the table: all meters together."""

    name: str = ""
    watts: str = NO_VALUE
    #: Energy with its limit of error and its unit, and its cost.
    energy: str = NO_VALUE
    energy_error: str = ""
    cost: str = NO_VALUE
    samples: str = NO_VALUE
    gaps: str = NO_VALUE


def rows_of(
    bench: Bench, palette: Palette, unit: str, means: Mapping[object, Any] | None = None
) -> list[MeterRow]:
    """Give a row for each meter of the window.

    Parameters
    ----------
    bench, palette, unit
        The meters; the colours of the theme; the unit of energies.
    means
        Statistics of the view by key, for meters that are not being recorded.
    """
    return [
        _row(bench, meter, palette.shown(meter.colour) or palette.meter(number), unit, means or {})
        for number, meter in enumerate(bench.meters)
    ]


def _row(
    bench: Bench, meter: Meter, colour: str, unit: str, means: Mapping[object, Any]
) -> MeterRow:
    dot, words = STATES[meter.state]
    if bench.opened:
        dot, words = "muted", "Recorded"
    elif meter.state == "closed" and meter.sample_count:
        words = "Stopped"
    elif meter.state == "opening":
        words = str(meter.state_text)
    elif meter.state == "running" and not meter.sample_count:
        words = "Waiting"
    elif meter.state == "lost" and not math.isnan(meter.lost_since):
        words = f"Unplugged {clock_text(meter.lost_since, False)}"
    return MeterRow(
        name=meter.label,
        colour=colour,
        plotted=meter.plotted,
        current=meter.live or not bench.recording,
        dot=dot,
        state=words,
        tooltip=_tooltip(meter),
        numbers=_numbers(bench, meter, unit, means.get(meter.key)),
    )


def _tooltip(meter: Meter) -> str:
    kind = " ".join(
        part
        for part in (meter.model, f"firmware {meter.firmware}" if meter.firmware else "")
        if part
    )
    lines = [meter.label, kind, meter.serial_number, f"at {short_port(meter.url)}"]
    if meter.problem:
        lines += ["", f"{meter.problem}.", meter.hint]
    elif meter.state == "lost":
        lines += ["", meter.state_text]
    if meter.gap_count:
        missing = duration_text(meter.gap_duration)
        lines.append(f"{count_text(meter.gap_count, 'gap')}, {missing} missing")
    first, *rest = lines
    return "\n".join([first, *(line for line in dict.fromkeys(rest) if line != first)])


def _numbers(bench: Bench, meter: Meter, unit: str, view: Any) -> tuple[str, ...]:
    if not meter.sample_count:
        return (NO_VALUE,) * len(COLUMNS)
    cost = energy.cost(meter.energy, bench.rate)
    readings = {name: meter.reading(name) for name in FIELDS}
    if view is not None and not bench.recording:
        readings = {name: view[name].mean for name in FIELDS}
    return (
        *(value_text(name, value) for name, value in readings.items()),
        energy_text(meter.energy, unit),
        money_text(cost),
        f"{meter.sample_count:,}",
        f"{meter.gap_count:,}",
        clock_text(meter.since, False),
    )


def total_of(bench: Bench, unit: str) -> TotalRow:
    """Give what all meters are together."""
    meters = bench.meters
    live = sum(1 for meter in meters if meter.live)
    gaps = sum(meter.gap_count for meter in meters)
    return TotalRow(
        name=f"{len(meters)} meters"
        if live in (0, len(meters))
        else f"{live} of {len(meters)} meters",
        watts=value_text("power", bench.total_watts) if live else NO_VALUE,
        energy=energy_text(bench.total_energy, unit),
        energy_error=f"± {energy_text(bench.total_energy_error, unit)} {unit}",
        cost=money_text(energy.cost(bench.total_energy, bench.rate)),
        samples=f"{sum(meter.sample_count for meter in meters):,}",
        gaps=f"{gaps:,}",
    )
