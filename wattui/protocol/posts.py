# SPDX-License-Identifier: GPL-3.0-or-later
"""What a .NET posts over HTTP, and the answer that steers it (protocol, *Posting over HTTP*)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

from wattui.measurement.fields import FIELDS, WireValue
from wattui.protocol.commands import MAX_INTERVAL
from wattui.protocol.replies import parse_record

#: Names of the fields in a post, in the order of the wire.
POST_NAMES: Final[dict[str, str]] = {
    "w": "power",
    "v": "voltage",
    "a": "current",
    "wh": "energy",
    "wmx": "power_max",
    "vmx": "voltage_max",
    "amx": "current_max",
    "wmi": "power_min",
    "vmi": "voltage_min",
    "ami": "current_min",
    "pf": "power_factor",
    "pcy": "power_cycles",
    "frq": "frequency",
    "va": "apparent_power",
}
_NAMES: Final = {field: name for name, field in POST_NAMES.items()}

#: The most names in a post: more than any meter sends.
_MOST_NAMES: Final = 40

#: What can be a serial number: nothing that could mean something in a URL or on a terminal.
SERIAL_NUMBER: Final = re.compile(r"[0-9A-Za-z_-]{1,32}")

_ANSWER: Final = re.compile(r"\[([01])(?:!([1-9][0-9]{0,4}))?\]")


@dataclass(frozen=True, slots=True)
class PostedRecord:
    """One post: a record, and what the meter reports about itself."""

    serial_number: str
    #: Integers of the wire, one per field of FIELDS; None if absent.
    values: tuple[WireValue, ...]
    #: Whether the relay has taken the load off; None if the post does not say.
    relay_open: bool | None
    #: Seconds between two posts; None if the post does not say.
    interval: int | None


@dataclass(frozen=True, slots=True)
class PostAnswer:
    """What the answer to a post makes the meter do."""

    relay_open: bool
    #: New interval in seconds; None: no change.
    interval: int | None = None

    def encode(self) -> str:
        """Return it as the meter reads it, as in ``[0!4]``."""
        change = "" if self.interval is None else f"!{self.interval}"
        return f"[{int(self.relay_open)}{change}]"


def parse_post(body: bytes) -> PostedRecord:
    """Read the body of a post.

    Raises
    ------
    ValueError
        It is not a post of a meter; the message says why.
    """
    try:
        text = body.decode("ascii").strip()
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=True, max_num_fields=_MOST_NAMES
        )
    except ValueError as error:
        raise ValueError("the post is not a list of NAME=VALUE") from error
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name is given twice")
    serial_number = values.get("id", "")
    if not SERIAL_NUMBER.fullmatch(serial_number):
        raise ValueError("id is not a serial number")
    wire = tuple(values.get(_NAMES.get(field.name, ""), "_") for field in FIELDS)
    record = parse_record(wire)
    if record is None:
        raise ValueError("the values are not a record")
    return PostedRecord(serial_number, record, _relay(values), _interval(values))


def _relay(values: dict[str, str]) -> bool | None:
    text = values.get("rnc")
    if text not in (None, "0", "1"):
        raise ValueError("rnc is not 0 or 1")
    return None if text is None else text == "1"


def _interval(values: dict[str, str]) -> int | None:
    text = values.get("sr")
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 1 <= int(text) <= MAX_INTERVAL:
        raise ValueError(f"sr is not from 1 to {MAX_INTERVAL}")
    return int(text)


def parse_answer(text: str) -> PostAnswer | None:
    """Return what an answer makes the meter do; None if it says nothing to it."""
    found = _ANSWER.search(text)
    if found is None:
        return None
    return PostAnswer(found[1] == "1", int(found[2]) if found[2] else None)
