# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of the table of figures, as people read them and as other programs do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.distribution import OnOff, is_distributed
from wattui.measurement.energy import cost
from wattui.measurement.fields import CHANNEL
from wattui.measurement.text import (
    NO_VALUE,
    RunTimes,
    channel_text,
    counter_text,
    elapsed_text,
    energy_number,
    energy_text,
    is_number,
    money_text,
    number_and_error,
    power_text,
)
from wattui.session import Statistics
from wattui.ui.figures.part_reader import PartFigures, PartsData, RunPart

#: Shown where a figure is still being read.
PENDING: Final = "…"

#: The quantiles that are shown, with their labels.
_QUANTILES: Final = ((0.5, "median"), (0.05, "5th percentile"), (0.95, "95th percentile"))

_JOULES: Final = 3600.0

#: By how much a whole number of seconds may be less than that, in seconds.
_ROUNDING: Final = 0.001


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of one part."""

    text: str = ""
    #: For other programs: the number in the unit of its row, and its error.
    value: float = math.nan
    error: float = math.nan
    #: A time in microseconds UTC that a click goes to; None for other figures.
    time_us: int | None = None
    #: Its unit where the label has it.
    unit: str = ""

    @property
    def copied(self) -> str:
        """The figure with its error and unit."""
        return f"{self.text} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure of all parts."""

    label: str
    #: Unit of the values, as opposed to the texts.
    unit: str = ""
    #: None for a note, which is a sentence in place of figures.
    cells: tuple[Cell, ...] = ()
    #: What it is, as a sentence.
    tip: str = ""
    #: Its label outside of the table, where the row above it is missing.
    name: str = ""


@dataclass(frozen=True, slots=True)
class Wording:
    """How the figures are shown."""

    times: RunTimes = field(default_factory=RunTimes)
    #: Whether times and durations have tenths of a second.
    tenths: bool = False
    energy_unit: str = "Wh"
    #: Price of a kWh; 0 for none.
    rate: float = 0.0
    currency: str = ""
    #: The plotted fields, the first one first.
    channels: Sequence[str] = ("power",)


#: Makes the cell of a part.
_Maker = Callable[[PartFigures], Cell]

#: Makes a row of a label, a unit and a maker of cells.
_RowMaker = Callable[..., FigureRow]


def rows_of(data: PartsData, above: float | None, wording: Wording) -> list[FigureRow]:
    """Return the rows for what was read, with a threshold in W; the most wanted come first."""
    parts = [data.parts.get(part) for part in RunPart]
    if not any(parts):
        return []

    def row(label: str, unit: str, make: _Maker, tip: str = "", name: str = "") -> FigureRow:
        cells = tuple(Cell() if one is None else make(one) for one in parts)
        return FigureRow(label, unit, cells, tip, name or label)

    names = [name for name in wording.channels if name in CHANNEL and name != "power"]
    found = [
        *_first_rows(row, wording),
        *_on_rows(row, above),
        *_span_rows(row, wording),
        *_energy_rows(row, wording),
        _counter_note(data),
        *_extreme_rows(row, "power", "Lowest power", wording, highest=False),
        *_spread_rows(row, "power"),
    ]
    for name in names:
        if any(one is not None and name in one.statistics.fields for one in parts):
            found += _field_rows(row, name, wording)
    return found


def _span_rows(row: _RowMaker, wording: Wording) -> Iterator[FigureRow]:
    yield row("From", "UTC", lambda one: _time_cell(one.start, wording))
    yield row("To", "UTC", lambda one: _time_cell(one.stop, wording))
    yield row("Duration", "s", lambda one: _duration_cell(one, wording))

    def gaps(one: PartFigures) -> Cell:
        numbers = one.statistics
        if not numbers.gap_count:
            return Cell("none", 0)
        share = 100 * numbers.gap_s / (numbers.gap_s + numbers.duration_s)
        text = f"{numbers.gap_count:,}, {elapsed_text(numbers.gap_s)} ({share:.2g} %)"
        return Cell(text, numbers.gap_s)

    tip = "A record counts if its interval ends in the span"
    yield row("Records", "", lambda o: Cell(f"{o.statistics.count:,}", o.statistics.count), tip)
    yield row("Gaps", "s", gaps, "Number of gaps, missing time, and its share")


def _first_rows(row: _RowMaker, wording: Wording) -> Iterator[FigureRow]:
    unit = wording.energy_unit

    def energy(one: PartFigures) -> Cell:
        return _energy_cell(one.statistics, unit)

    def mean(one: PartFigures) -> Cell:
        numbers = one.statistics
        power, error = numbers.average_power_w, numbers.average_power_error_w
        return Cell(power_text(power, error), power, error) if numbers.powered_s else Cell(NO_VALUE)

    yield row("Energy", "Wh", energy, "The power of each record times its interval, added up")
    yield row("Mean power", "W", mean, "The energy divided by the time of the records")
    yield from _extreme_rows(row, "power", "Highest power", wording, highest=True)


def _extreme_rows(
    row: _RowMaker, name: str, label: str, wording: Wording, *, highest: bool
) -> Iterator[FigureRow]:
    unit = CHANNEL[name].unit

    def value(one: PartFigures) -> Cell:
        found = one.statistics[name]
        return _reading_cell(name, found.high if highest else found.low)

    def time(one: PartFigures) -> Cell:
        found = one.statistics[name]
        time_us = found.high_us if highest else found.low_us
        return Cell(NO_VALUE) if time_us is None else _time_cell(time_us, wording)

    yield row(label, unit, value, "A reading of the meter, with its own digits")
    yield row("    at", "UTC", time, "A click shows it in the plots", f"{label} at")


def _on_rows(row: _RowMaker, above: float | None) -> Iterator[FigureRow]:
    def loaded(make: Callable[[OnOff], Cell]) -> _Maker:
        def cell(one: PartFigures) -> Cell:
            load = on_off(one, above)
            return Cell(PENDING) if load is None else make(load)

        return cell

    def time(load: OnOff) -> Cell:
        share = f" ({100 * load.share:.0f} %)" if is_number(load.share) else ""
        return Cell(f"{elapsed_text(load.on_s)}{share}", load.on_s)

    def count(load: OnOff) -> Cell:
        return Cell(f"{load.cycles:,}", load.cycles)

    shown = NO_VALUE if above is None else f"{above:,g} W"
    tip = "The time with a power above the threshold, which can be typed or dragged in the plot"
    yield row(f"On (above {shown})", "s", loaded(time), tip)
    yield row("    cycles", "", loaded(count), "How often it was on", "Cycles")

    def energy(load: OnOff, *, on: bool) -> Cell:
        wh, error = (load.on_wh, load.on_error_wh) if on else (load.off_wh, load.off_error_wh)
        return Cell(energy_number(wh, error, "Wh"), wh, error, unit="Wh")

    for on, word in ((True, "on"), (False, "off")):
        made = loaded(lambda load, on=on: energy(load, on=on))
        name = f"Energy while {word}"
        yield row(f"    Wh while {word}", "Wh", made, name, name)


def on_off(one: PartFigures, above: float | None) -> OnOff | None:
    """Return time, energy and cycles above a threshold in W; None if they are not known yet."""
    powers = one.distributions.get("power")
    if powers is None or above is None:
        return None
    return powers.on_off(above)


def _energy_rows(row: _RowMaker, wording: Wording) -> Iterator[FigureRow]:
    def joules(one: PartFigures) -> Cell:
        wh, error = one.statistics.energy_wh, one.statistics.energy_error_wh
        found = wh * _JOULES, error * _JOULES
        return Cell(" ± ".join(filter(None, number_and_error(*found))), *found, unit="J")

    def kilowatt_hours(one: PartFigures) -> Cell:
        wh, error = one.statistics.energy_wh, one.statistics.energy_error_wh
        return Cell(energy_number(wh, error, "kWh"), wh / 1000, error / 1000, unit="kWh")

    def counter(one: PartFigures) -> Cell:
        moved = one.statistics.counter_wh
        return Cell(f"+{counter_text(moved)}" if is_number(moved) else NO_VALUE, moved)

    yield row("Energy in kWh", "kWh", kilowatt_hours)
    yield row("Energy in J", "J", joules)
    tip = "How far the meter's own counter moved"
    yield row("Meter's counter", "Wh", counter, tip, "Meter's own counter")
    if wording.rate:
        name = f"Cost at {wording.rate:g} per kWh"
        yield row("Cost", wording.currency, _cost_maker(wording), f"{name} of the energy", name)


def _cost_maker(wording: Wording) -> _Maker:
    def made(one: PartFigures) -> Cell:
        wh, error = one.statistics.energy_wh, one.statistics.energy_error_wh
        amount, limit = cost(wh, wording.rate), cost(error, wording.rate)
        return Cell(f"{wording.currency} {money_text(amount, limit)}".strip(), amount, limit)

    return made


def _field_rows(row: _RowMaker, name: str, wording: Wording) -> Iterator[FigureRow]:
    label, unit = CHANNEL[name].label, CHANNEL[name].unit
    tip = (
        "The energy divided by the apparent energy"
        if name == "power_factor"
        else "The mean over time"
    )

    def mean(one: PartFigures) -> Cell:
        spread = one.distributions.get(name)
        if spread is None:
            return _waiting(name)
        return _reading_cell(name, one.statistics.mean_over_time(spread))

    yield row(f"Mean {_short(label)}", unit, mean, tip)
    yield from _extreme_rows(row, name, f"Highest {_short(label)}", wording, highest=True)
    yield from _extreme_rows(row, name, f"Lowest {_short(label)}", wording, highest=False)
    yield from _spread_rows(row, name)


def _spread_rows(row: _RowMaker, name: str) -> Iterator[FigureRow]:
    label, unit = CHANNEL[name].label, CHANNEL[name].unit

    def spread(one: PartFigures, share: float | None) -> Cell:
        found = one.distributions.get(name)
        if found is None:
            return _waiting(name)
        return _reading_cell(name, found.std if share is None else found.quantile(share))

    tip = "How much the readings scatter around their mean; it is not the error of the mean"
    long = f"{label}, standard deviation"
    yield row("    std. deviation", unit, lambda one: spread(one, None), tip, long)
    for share, word in _QUANTILES:
        tip = f"The reading is at or below it for {100 * share:g} % of the time"
        made = lambda one, share=share: spread(one, share)  # noqa: E731
        yield row(f"    {word}", unit, made, tip, f"{label}, {word}")


def _waiting(name: str) -> Cell:
    """Return what is shown until a distribution is read; what the meter adds up has none."""
    return Cell(PENDING if is_distributed(name) else NO_VALUE)


def _short(label: str) -> str:
    """Return the name of a field within a label."""
    return label[:1].lower() + label[1:]


def _time_cell(time_us: int, wording: Wording) -> Cell:
    text = wording.times.text(time_us / MICROSECONDS, tenths=wording.tenths)
    return Cell(text, time_us=time_us)


def _duration_cell(one: PartFigures, wording: Wording) -> Cell:
    seconds = (one.stop - one.start) / MICROSECONDS
    return Cell(length_text(seconds, tenths=wording.tenths), seconds)


def length_text(seconds: float, *, tenths: bool) -> str:
    """Return the duration of a part, which agrees with its times: ``3:00``, ``4.2 s``."""
    if tenths:
        return f"{seconds:.1f} s"
    return elapsed_text(math.floor(seconds + _ROUNDING))


def _energy_cell(numbers: Statistics, unit: str) -> Cell:
    text = energy_text(numbers.energy_wh, numbers.energy_error_wh, unit)
    return Cell(text, numbers.energy_wh, numbers.energy_error_wh)


def _reading_cell(name: str, value: float) -> Cell:
    if not is_number(value):
        return Cell(NO_VALUE)
    unit = CHANNEL[name].unit
    return Cell(f"{channel_text(name, value, unit)} {unit}".rstrip(), value)


def _counter_note(data: PartsData) -> FigureRow:
    first = (
        data.parts.get(RunPart.SELECTION) or data.parts.get(RunPart.VIEW) or data.parts[RunPart.RUN]
    )
    return FigureRow(first.statistics.why_counter_differs())
