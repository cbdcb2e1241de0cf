# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be made to go wrong on request, and when.

A list such as ``cut,garbage:0.02,silence@60:10,unplug@120:30``: a name, perhaps a
value after a colon; or, for what happens at a time, ``@`` and the time, perhaps a
duration after a colon; both in seconds of the meter's clock since it was made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

#: Faults of a whole run: the value where none is given, and what they do.
LASTING: Final[dict[str, tuple[float, str]]] = {
    "cut": (0, "the first packet after opening the port is cut off"),
    "nul": (0.5, "NULs also within packets; the value is the share of packets"),
    "noise": (0.05, "noise between packets, after that share of them"),
    "garbage": (0.01, "that share of the packets is garbled"),
    "slow": (1.5, "every answer comes that many seconds late"),
    "deaf": (0, "streams as soon as anything comes in, but answers no command"),
    "mute": (0, "sends nothing at all"),
    "stubborn": (0, "takes no setting, but answers as if"),
    "short": (3, "a read-out has that many records less than announced"),
    "more": (3, "a read-out has that many records more than announced"),
    "noend": (0, "the last line of a read-out is missing"),
    "end3": (0, "the last line of a read-out has three values after a count of two"),
    "mixed": (10, "a live record stands between every so many records of a read-out"),
    "stall": (5, "a read-out falls silent for that many seconds, half-way"),
    "oldreadout": (0, "an old read-out is still streaming when the port is opened"),
    "interval": (0, "reports that many seconds as its interval"),
    "absent": (0, "there is no such port"),
    "denied": (0, "the port may not be opened"),
    "busy": (0, "another program has the port open"),
    "notmeter": (0, "something else answers: a modem"),
}

#: Faults at a time: they last for the duration, or for good where none is given.
TIMED: Final[dict[str, str]] = {
    "silence": "sends nothing for the duration",
    "unplug": "the USB plug is out for the duration; the meter goes on",
    "power": "the mains is off for the duration",
}


@dataclass(frozen=True, slots=True)
class TimedFault:
    """A fault at a time, in seconds of the meter since it was made."""

    name: str
    start: float
    #: None: for good.
    duration: float | None


@dataclass(slots=True)
class Faults:
    """The faults of one meter."""

    lasting: dict[str, float] = field(default_factory=dict)
    timed: list[TimedFault] = field(default_factory=list)

    def __contains__(self, name: str) -> bool:
        return name in self.lasting

    def value(self, name: str) -> float:
        """Give the value of a lasting fault; 0 where it was not asked for."""
        return self.lasting.get(name, 0.0)


def parse_faults(text: str) -> Faults:
    """Read a list of faults.

    Raises
    ------
    ValueError
        One is not known or has no sensible value; the message names all.
    """
    faults = Faults()
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, at, times = part.partition("@")
        if at:
            _timed(faults, part, name, times)
        else:
            _lasting(faults, part, *name.partition(":")[::2])
    return faults


def _timed(faults: Faults, part: str, name: str, times: str) -> None:
    if name not in TIMED:
        raise ValueError(f"no fault {name!r} at a time; there are {', '.join(TIMED)}")
    start, _, duration = times.partition(":")
    faults.timed.append(
        TimedFault(name, _number(part, start), _number(part, duration) if duration else None)
    )


def _lasting(faults: Faults, part: str, name: str, value: str) -> None:
    if name in TIMED:
        raise ValueError(f"the fault {name!r} needs a time: {name}@60:10")
    if name not in LASTING:
        known = ", ".join((*LASTING, *(f"{timed}@" for timed in TIMED)))
        raise ValueError(f"no fault {name!r}; there are {known}")
    faults.lasting[name] = _number(part, value) if value else LASTING[name][0]


def _number(part: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0.0 <= number < 1e9:
        raise ValueError(f"{text!r} in the fault {part!r} is no number of 0 or more")
    return number
