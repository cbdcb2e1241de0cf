# SPDX-License-Identifier: GPL-3.0-or-later
"""What a meter measures: the table of fields. Read this first.

:data:`FIELDS` is the one table from which the parser, the columns of the session
file, the header of a CSV, the labels of the window and the documentation are
made.  A record on the wire is a row of integers (protocol, *The 18 fields of a
record*); above the protocol a value is a float in its base unit: W, V, A, Wh, Hz,
VA, and ratios from 0 to 1.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from wattui.errors import UnknownField

#: What one field of a record holds on the wire; ``None`` where the meter sent ``_``.
WireValue = int | None

#: The largest value that any field can carry: four bytes, unsigned.
WIRE_MAXIMUM: Final = 2**32 - 1

#: Largest power that a record may have, in 0.1 W: a hundred times what a meter can measure. It
#: keeps every sum within 64 bits, whatever a noisy line delivers.  A record beyond it is
#: garbled and does not become a sample; in files from other programs, the part beyond it does
#: not count as energy.
POWER_LIMIT: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class Field:
    """One measured quantity: a column of a record."""

    #: Name in code, in traits and on the command line.
    name: str
    #: Name that the meter itself uses, in its reply to ``#H,R``.
    header: str
    #: Short name, as an engineer would write it (``W``, ``PF``).
    symbol: str
    #: Name in the window and in figures.
    label: str
    #: Base unit above the protocol; empty for ratios, counts and money.
    unit: str
    #: Wire units in one base unit: 10 where the wire counts tenths.
    scale: int
    #: Decimals shown; never more than the wire resolves.
    digits: int
    #: Range on the wire that the manufacturer states.
    low: int
    high: int
    #: Position in the list of channels.
    rank: int

    def to_base(self, wire: WireValue) -> float | None:
        """Return a value of the wire in the base unit, or None if there is none."""
        return None if wire is None else wire / self.scale

    def to_wire(self, value: float | None) -> WireValue:
        """Return the nearest integer of the wire, or None if there is no value."""
        return None if value is None else round(value * self.scale)

    def format(self, value: float | None) -> str:
        """Return a value in the base unit with this field's decimals; a dash for None."""
        return "–" if value is None else f"{value:.{self.digits}f}"

    @property
    def column(self) -> str:
        """Column in files: name and unit, as in ``power_w``."""
        return f"{self.name}_{self.unit.lower()}".rstrip("_")

    @property
    def title(self) -> str:
        """Label and unit, as in the heading of a plot or a column: ``Power W``."""
        return f"{self.label} {self.unit}".rstrip()


#: Upper limit of a field that has no lower one, in the table below.
_MAX: Final = WIRE_MAXIMUM

# fmt: off
#: The fields of a record, in the order of the wire.
FIELDS: Final[tuple[Field, ...]] = tuple(Field(*row) for row in (
    # name, header, symbol, label, unit, scale, digits, low, high, rank
    ("power",            "W",       "W",       "Power",            "W",  10, 1,   0,   50_000, 0),
    ("voltage",          "V",       "V",       "Voltage",          "V",  10, 1,   900, 2_800, 2),
    ("current",          "A",       "A",       "Current",          "A",  1000, 3, 0,   20_000, 1),
    ("energy",           "WH",      "Wh",      "Meter's counter",  "Wh", 10, 1,   0,   _MAX, 7),
    ("cost",             "Cost",    "Cost",    "Cost",             "",   1000, 3, 0,   _MAX, 8),
    ("energy_per_month", "WH/Mo",   "Wh/Mo",   "Energy per month", "Wh", 1, 0,    0,   0xFFFFFF, 9),
    ("cost_per_month",   "Cost/Mo", "Cost/Mo", "Cost per month",   "",   1000, 3, 0,   _MAX, 10),
    ("power_max",        "Wmax",    "Wmax",    "Maximum power",    "W",  10, 1,   0,   50_000, 13),
    ("voltage_max",      "Vmax",    "Vmax",    "Maximum voltage",  "V",  10, 1,   900, 2_800, 15),
    ("current_max",      "Amax",    "Amax",    "Maximum current",  "A",  1000, 3, 0,   20_000, 14),
    ("power_min",        "Wmin",    "Wmin",    "Minimum power",    "W",  10, 1,   0,   50_000, 16),
    ("voltage_min",      "Vmin",    "Vmin",    "Minimum voltage",  "V",  10, 1,   900, 2_800, 18),
    ("current_min",      "Amin",    "Amin",    "Minimum current",  "A",  1000, 3, 0,   20_000, 17),
    ("power_factor",     "PF",      "PF",      "Power factor",     "",   100, 2,  0,   100, 4),
    ("duty_cycle",       "DC",      "DC",      "Duty cycle",       "",   100, 2,  0,   100, 11),
    ("power_cycles",     "PC",      "PC",      "Power-on events",  "",   1, 0,    0,   255, 12),
    ("frequency",        "Hz",      "Hz",      "Frequency",        "Hz", 10, 1,   400, 700, 5),
    ("apparent_power",   "VA",      "VA",      "Apparent power",   "VA", 10, 1,   0,   50_000, 6),
))

#: The energy that wattui sums from the power of the records.  It is not a field of a
#: record (the meter's own counter is ``energy``), but is plotted like one.  Its wire
#: unit is that of the sum: tenths of a watt times microseconds.
INTEGRATED_ENERGY: Final = Field(
    "integrated_energy", "", "Wh", "Energy", "Wh", 3_600 * 10_000_000, 2, 0, WIRE_MAXIMUM, 3
)
# fmt: on

#: How many fields a record has; meters of the 9600-baud generation send the first 16.
FIELD_COUNT: Final = len(FIELDS)

#: Position of a field in a record, by its name.
FIELD_INDEX: Final[dict[str, int]] = {field.name: i for i, field in enumerate(FIELDS)}

#: What can be plotted, in the order in which it is offered.
CHANNELS: Final[tuple[Field, ...]] = tuple(
    sorted((*FIELDS, INTEGRATED_ENERGY), key=lambda field: field.rank)
)

#: A channel, by its name.
CHANNEL: Final[dict[str, Field]] = {field.name: field for field in CHANNELS}


def require_fields(names: Iterable[str], known: Collection[str] = FIELD_INDEX) -> None:
    """Check that fields exist.

    Raises
    ------
    UnknownField
        One does not; the hint has the name that is meant, or all names.
    """
    if isinstance(names, str):
        raise UnknownField(f"{names!r} is a text, not a list of fields", f"Write [{names!r}].")
    for name in names:
        if name in known:
            continue
        # power_w is the column of a file, W the symbol.
        meant = [one.name for one in CHANNELS if name in (one.column, one.symbol, one.label)]
        hint = (
            f"It is called {meant[0]!r} here." if meant else f"The fields are: {', '.join(known)}."
        )
        raise UnknownField(f"There is no field {name!r}", hint)
