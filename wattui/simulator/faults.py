# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults of a simulated meter, which occur on request.

A list such as ``cut,garbage:0.02,silence@60:10,unplug@120:30``: a name, with an optional
value after a colon.  Faults at a time have ``@`` and the time, with an optional duration
after a colon; both in seconds of the meter's clock since the meter was made.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Final


class Fault(enum.StrEnum):
    """The faults, by the names that a list of faults uses."""

    CUT = "cut"
    PIECES = "pieces"
    NUL = "nul"
    NOISE = "noise"
    GARBAGE = "garbage"
    SLOW = "slow"
    DEAF = "deaf"
    MUTE = "mute"
    STUBBORN = "stubborn"
    SHORT = "short"
    MORE = "more"
    NO_END = "noend"
    END_OF_THREE = "end3"
    MIXED = "mixed"
    STALL = "stall"
    OLD_READOUT = "oldreadout"
    INTERVAL = "interval"
    ABSENT = "absent"
    DENIED = "denied"
    BUSY = "busy"
    NOT_A_METER = "notmeter"
    SILENCE = "silence"
    UNPLUG = "unplug"
    POWER = "power"


#: Faults of a whole run: the default value, and what they do.
LASTING: Final[dict[Fault, tuple[float, str]]] = {
    Fault.CUT: (0, "the first packet after opening the port is cut off"),
    Fault.PIECES: (0, "packets come in pieces, byte by byte as the wire carries them"),
    Fault.NUL: (0.5, "NULs also within packets; the value is the share of packets"),
    Fault.NOISE: (0.05, "noise between packets; the value is the share of packets before it"),
    Fault.GARBAGE: (0.01, "garbled packets; the value is their share"),
    Fault.SLOW: (1.5, "every answer is late; the value is the delay in seconds"),
    Fault.DEAF: (0, "streams as soon as it receives anything, but answers no command"),
    Fault.MUTE: (0, "sends nothing at all"),
    Fault.STUBBORN: (0, "ignores settings, but answers as if it had accepted them"),
    Fault.SHORT: (3, "a read-out has fewer records than announced, by the value"),
    Fault.MORE: (3, "a read-out has more records than announced, by the value"),
    Fault.NO_END: (0, "the last line of a read-out is missing"),
    Fault.END_OF_THREE: (0, "the last line of a read-out has three values after a count of two"),
    Fault.MIXED: (10, "live records within a read-out; the value is the number of records between"),
    Fault.STALL: (5, "a read-out pauses half-way; the value is the pause in seconds"),
    Fault.OLD_READOUT: (0, "an old read-out is still streaming when the port is opened"),
    Fault.INTERVAL: (0, "reports the value as its interval"),
    Fault.ABSENT: (0, "the port does not exist"),
    Fault.DENIED: (0, "no permission to open the port"),
    Fault.BUSY: (0, "another program has the port open"),
    Fault.NOT_A_METER: (0, "something else answers: a modem"),
}

#: Faults at a time: they last for the duration, or for good if none is given.
TIMED: Final[dict[Fault, str]] = {
    Fault.SILENCE: "sends nothing for the duration",
    Fault.UNPLUG: "the USB plug is out for the duration; the meter continues",
    Fault.POWER: "the mains is off for the duration",
}


@dataclass(frozen=True, slots=True)
class TimedFault:
    """A fault at a time, in seconds since the meter was made."""

    fault: Fault
    start: float
    #: None: for good.
    duration: float | None


@dataclass(slots=True)
class Faults:
    """The faults of one meter."""

    lasting: dict[Fault, float] = field(default_factory=dict)
    timed: list[TimedFault] = field(default_factory=list)

    def __contains__(self, fault: Fault) -> bool:
        return fault in self.lasting

    def value(self, fault: Fault) -> float:
        """Return the value of a lasting fault; 0 if the meter does not have it."""
        return self.lasting.get(fault, 0.0)


def parse_faults(text: str) -> Faults:
    """Read a list of faults.

    Raises
    ------
    ValueError
        A fault is unknown or its value makes no sense; the message lists the faults.
    """
    faults = Faults()
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, at, times = part.partition("@")
        if at:
            _add_timed(faults, part, name, times)
        else:
            _add_lasting(faults, part, *name.partition(":")[::2])
    return faults


def _add_timed(faults: Faults, part: str, name: str, times: str) -> None:
    if name not in TIMED:
        raise ValueError(f"{name!r} is not a fault at a time; use one of {', '.join(TIMED)}")
    start, _, duration = times.partition(":")
    end = _number(part, duration) if duration else None
    faults.timed.append(TimedFault(Fault(name), _number(part, start), end))


def _add_lasting(faults: Faults, part: str, name: str, value: str) -> None:
    if name in TIMED:
        raise ValueError(f"the fault {name!r} needs a time: {name}@60:10")
    if name not in LASTING:
        known = ", ".join((*LASTING, *(f"{timed}@" for timed in TIMED)))
        raise ValueError(f"unknown fault {name!r}; use one of {known}")
    fault = Fault(name)
    faults.lasting[fault] = _number(part, value) if value else LASTING[fault][0]


def _number(part: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number < 1e9:
        raise ValueError(f"{text!r} in the fault {part!r} is not a number of 0 or more")
    return number
