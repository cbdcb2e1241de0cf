# SPDX-License-Identifier: GPL-3.0-or-later
"""What a meter measures: the table of fields, and the sample. Read this first.

:data:`FIELDS` is the one table from which the parser, the columns of the session
file, the header of a CSV, the labels of the window and the documentation are
made.  A record on the wire is a row of integers (protocol, *The 18 fields of a
record*); above the protocol a value is a float in its base unit: W, V, A, Wh, Hz,
VA, and ratios from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

#: What one field of a record holds on the wire; ``None`` where the meter sent ``_``.
WireValue = int | None

#: Microseconds in a second: stored times and spans are whole microseconds.
MICROSECONDS: Final = 1_000_000

#: The largest value that any field can carry: four bytes, unsigned.
WIRE_MAXIMUM: Final = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Field:
    """One measured quantity: a column of a record."""

    #: Name in code, in traits and on the command line.
    name: str
    #: Name that the meter itself gives it, in the answer to ``#H,R``.
    header: str
    #: Column in files: name and unit.
    column: str
    #: What a person reads.
    label: str
    #: Base unit above the protocol; empty for ratios, counts and money.
    unit: str
    #: Wire units in one base unit: 10 where the wire counts tenths.
    scale: int
    #: Decimals that are shown; never more than the wire resolves.
    digits: int
    #: Range on the wire that the manufacturer names.
    low: int = 0
    high: int = WIRE_MAXIMUM
    #: Short name, as an engineer would say it (``W``, ``PF``).
    symbol: str = ""

    def to_base(self, wire: WireValue) -> float | None:
        """Give the value in the base unit, or None where there is none."""
        return None if wire is None else wire / self.scale

    def to_wire(self, value: float | None) -> WireValue:
        """Give the nearest integer of the wire, or None where there is no value."""
        return None if value is None else round(value * self.scale)

    def format(self, value: float | None) -> str:
        """Give the value in the base unit with this field's decimals; a dash for none."""
        return "–" if value is None else f"{value:.{self.digits}f}"

    @property
    def title(self) -> str:
        """Label and unit, as a plot or a column is headed: ``Power W``."""
        return f"{self.label} {self.unit}".rstrip()


_W = (10, 1, 0, 50_000)
_V = (10, 1, 900, 2_800)
_A = (1000, 3, 0, 20_000)

#: The fields of a record, in the order of the wire.
FIELDS: Final[tuple[Field, ...]] = (
    Field("power", "W", "power_w", "Power", "W", *_W, symbol="W"),
    Field("voltage", "V", "voltage_v", "Voltage", "V", *_V, symbol="V"),
    Field("current", "A", "current_a", "Current", "A", *_A, symbol="A"),
    Field("energy", "WH", "energy_wh", "Meter's counter", "Wh", 10, 1, symbol="Wh"),
    Field("cost", "Cost", "cost", "Cost", "", 1000, 3, symbol="Cost"),
    Field(
        *("energy_per_month", "WH/Mo", "energy_per_month_wh", "Energy per month", "Wh"),
        *(1, 0, 0, 2**24 - 1, "Wh/Mo"),
    ),
    Field(
        *("cost_per_month", "Cost/Mo", "cost_per_month", "Cost per month", ""),
        *(1000, 3),
        symbol="Cost/Mo",
    ),
    Field("power_max", "Wmax", "power_max_w", "Maximum power", "W", *_W, symbol="Wmax"),
    Field("voltage_max", "Vmax", "voltage_max_v", "Maximum voltage", "V", *_V, symbol="Vmax"),
    Field("current_max", "Amax", "current_max_a", "Maximum current", "A", *_A, symbol="Amax"),
    Field("power_min", "Wmin", "power_min_w", "Minimum power", "W", *_W, symbol="Wmin"),
    Field("voltage_min", "Vmin", "voltage_min_v", "Minimum voltage", "V", *_V, symbol="Vmin"),
    Field("current_min", "Amin", "current_min_a", "Minimum current", "A", *_A, symbol="Amin"),
    Field("power_factor", "PF", "power_factor", "Power factor", "", 100, 2, 0, 100, "PF"),
    Field("duty_cycle", "DC", "duty_cycle", "Duty cycle", "", 100, 2, 0, 100, "DC"),
    Field("power_cycles", "PC", "power_cycles", "Power-on events", "", 1, 0, 0, 255, "PC"),
    Field("frequency", "Hz", "frequency_hz", "Frequency", "Hz", 10, 1, 400, 700, "Hz"),
    Field(
        *("apparent_power", "VA", "apparent_power_va", "Apparent power", "VA"),
        *(10, 1, 0, 50_000, "VA"),
    ),
)

#: How many fields a record has; meters of the 9600-baud generation send the first 16.
FIELD_COUNT: Final = len(FIELDS)

#: Position of a field in a record, by its name.
FIELD_INDEX: Final[dict[str, int]] = {field.name: i for i, field in enumerate(FIELDS)}

#: The energy that wattui sums from the power of the records.  It is no field of a
#: record (the meter's own counter is ``energy``), but is plotted like one.
INTEGRATED_ENERGY: Final = Field(
    *("integrated_energy", "", "integrated_energy_wh", "Energy", "Wh"), *(3_600 * 10_000_000, 2),
    symbol="Wh",
)  # fmt: skip

#: What can be plotted, in the order in which it is offered.
CHANNELS: Final[tuple[Field, ...]] = tuple(
    INTEGRATED_ENERGY if name == "integrated_energy" else FIELDS[FIELD_INDEX[name]]
    for name in (
        *("power", "current", "voltage", "integrated_energy"),
        *("power_factor", "frequency", "apparent_power", "energy", "cost"),
        *("energy_per_month", "cost_per_month", "duty_cycle", "power_cycles"),
        *("power_max", "current_max", "voltage_max", "power_min", "current_min", "voltage_min"),
    )
)

#: A channel, by its name.
CHANNEL: Final[dict[str, Field]] = {field.name: field for field in CHANNELS}


@dataclass(frozen=True, slots=True)
class Sample:
    """One record and when it was: what is kept, shown and exported.

    The sample stands for the *interval* that ends at its *time*.
    """

    #: When it arrived: microseconds since 1970, UTC.
    time: int
    #: Span that it stands for, in microseconds, by the monotonic clock.
    interval: int
    #: Integers of the wire, one a field of :data:`FIELDS`; None where absent.
    values: tuple[WireValue, ...]
    #: Time that is missing before its interval, in microseconds; 0 where none is.
    gap: int = 0

    def __getitem__(self, name: str) -> float | None:
        """Give a field's value in its base unit, or None where it is absent.

        Raises
        ------
        KeyError
            There is no field of that name.
        """
        index = FIELD_INDEX[name]
        return FIELDS[index].to_base(self.values[index])


def complete(values: tuple[WireValue, ...]) -> tuple[WireValue, ...]:
    """Give a record all of its 18 fields: those that an older meter lacks are None."""
    missing = FIELD_COUNT - len(values)
    return values + (None,) * missing if missing > 0 else values
