# SPDX-License-Identifier: GPL-3.0-or-later
"""The models of the meter in one table: a new model is a new row.

Source: the protocol (*Commands*, ``#V``; *Line and framing*).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from wattui.measurement.fields import FIELD_COUNT

#: Fields in a record of the generation before USB.
OLD_FIELD_COUNT: Final = 16


@dataclass(frozen=True, slots=True)
class Model:
    """One model of the meter, with its usual firmware."""

    #: Name on the command line and in URLs.
    name: str
    #: Name as printed on the meter.
    title: str
    #: First argument of ``#v``.
    number: int
    #: Size of the record memory in bytes; 512 KiB holds 262,144 records of one field.
    memory: int
    hardware: tuple[int, int] = (5, 2)
    firmware: tuple[int, int] = (3, 14)
    #: When the firmware was built: year, month, day, hour, minute.
    built: str = "200612211910"
    #: Whether it has an Ethernet port and a relay, and knows the network commands.
    has_network: bool = False
    #: Fields in a record.
    fields: int = FIELD_COUNT
    #: Calibration factors in ``#f``.
    factors: int = 48
    #: Whether it is of the generation before USB, with its own banner and last line.
    old: bool = False

    def banner(self, volts: int, hertz: int) -> str:
        """Return the line that the meter prints at power-on."""
        major, minor = self.firmware
        name = "EED05F01 $Revision" if self.old else "WattsUp.NET $ Version"
        return f"{name}: {major}.{minor} $ {self.built} {hertz}Hz {volts}V"

    def version(self, baudrate: int) -> tuple[str, ...]:
        """Return the arguments of ``#v``; the hardware's minor version shows the baud rate."""
        major, minor = self.hardware
        if not self.has_network:
            minor = {115_200: 2, 19_200: 1}.get(baudrate, 0)
        values = (self.number, self.memory, major, minor, *self.firmware, self.built, 0)
        return tuple(map(str, values))


#: The models, by name.
MODELS: Final[dict[str, Model]] = {
    model.name: model
    for model in (
        Model("standard", "Standard", number=0, memory=65_206),
        Model("pro", "PRO", number=1, memory=65_206),
        Model("es", "PRO ES", number=2, memory=524_288),
        Model(
            "net", ".NET", number=3, memory=524_288,
            hardware=(6, 3), firmware=(3, 23), built="200712212301", has_network=True,
        ),
        Model("blind", "Blind Module", number=4, memory=65_206),
    )
}  # fmt: skip


def find_model(name: str, *, old: bool = False) -> Model:
    """Return the model of that name or title; with *old*, as it was before USB.

    Raises
    ------
    ValueError
        There is no such model; the message lists the models.
    """
    key = name.strip().lower()
    for model in MODELS.values():
        if key in (model.name, model.title.lower()):
            break
    else:
        raise ValueError(f"unknown model {name!r}; use one of {', '.join(MODELS)}")
    if not old:
        return model
    return replace(
        model,
        hardware=(4, 0),
        firmware=(4, 41),
        built="200612212301",
        fields=OLD_FIELD_COUNT,
        factors=14,
        old=True,
    )


def model_of(number: int) -> Model | None:
    """Return the model with that number in ``#v``; None if it is not in the table."""
    return next((model for model in MODELS.values() if model.number == number), None)
