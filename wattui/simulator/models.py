# SPDX-License-Identifier: GPL-3.0-or-later
"""The models of the meter, as data: who they are, how much they hold, what they say.

From the protocol (*Commands*, ``#V``; *Line and framing*); what it does not say
is a choice and is named as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wattui.measurement.fields import FIELD_COUNT

#: Bytes of memory that one field of a record takes, in the order of FIELDS: what the
#: ranges of the protocol need, but one byte for each extreme, kept as its distance
#: from the reading.  A choice: with it a PRO holds 1,917 records of all fields.
FIELD_BYTES: Final = (2, 2, 2, 4, 4, 3, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2)

#: Fields in a record of the generation before USB.
OLD_FIELD_COUNT: Final = 16


@dataclass(frozen=True, slots=True)
class Model:
    """One model and firmware of the meter."""

    #: Name on the command line and in URLs.
    name: str
    #: First argument of ``#v``.
    number: int
    #: Size of the record memory in bytes; 512 KiB holds 262,144 records of one field.
    memory: int
    hardware: tuple[int, int]
    firmware: tuple[int, int]
    #: When the firmware was built: year, month, day, hour, minute.
    built: str
    #: Fields in a record, and factors in ``#f``.
    fields: int = FIELD_COUNT
    factors: int = 48
    #: Whether it is of the generation before USB, with its own banner and last line.
    old: bool = False

    @property
    def has_network(self) -> bool:
        """Whether it takes the network commands and has a relay."""
        return self.number == 3

    def banner(self, volts: int, hertz: int) -> str:
        """Give the line that it prints at power-on."""
        major, minor = self.firmware
        if self.old:
            return f"EED05F01 $Revision: {major}.{minor} $ {self.built} {hertz}Hz {volts}V"
        return f"WattsUp.NET $ Version: {major}.{minor} $ {self.built} {hertz}Hz {volts}V"

    def version(self, baudrate: int) -> tuple[str, ...]:
        """Give the arguments of ``#v``; the hardware's minor version tells the baud rate."""
        major, minor = self.hardware
        if not self.has_network:
            minor = {115_200: 2, 19_200: 1}.get(baudrate, 0)
        values = (self.number, self.memory, major, minor, *self.firmware, self.built, 0)
        return tuple(map(str, values))


_USB: Final = ((5, 2), (3, 14), "200612211910")

#: The models, by name.
MODELS: Final[dict[str, Model]] = {
    model.name: model
    for model in (
        Model("standard", 0, 65_206, *_USB),
        Model("pro", 1, 65_206, *_USB),
        Model("es", 2, 524_288, *_USB),
        Model("net", 3, 524_288, (6, 3), (3, 23), "200712212301"),
        Model("blind", 4, 65_206, *_USB),
    )
}


def find_model(name: str, *, old: bool = False) -> Model:
    """Give the model of that name; with *old*, as it was before USB.

    Raises
    ------
    ValueError
        There is no such model; the message names those that there are.
    """
    key = name.lower().replace("pro es", "es").replace("?", "").strip(". ")
    try:
        model = MODELS[key]
    except KeyError:
        raise ValueError(f"no model {name!r}; there are {', '.join(MODELS)}") from None
    if not old:
        return model
    return Model(
        *(model.name, model.number, model.memory, (4, 0), (4, 41), "200612212301"),
        fields=OLD_FIELD_COUNT,
        factors=14,
        old=True,
    )
