# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of a meter's memory at a glance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from wattui.measurement.fields import FIELDS
from wattui.measurement.text import (
    NO_VALUE,
    clock_text,
    count_text,
    duration_text,
    model_text,
    short_port,
)
from wattui.meter_memory.wording import HANDLING_SENTENCES, left_text
from wattui.protocol import FullHandling, LoggingMode

if TYPE_CHECKING:
    from wattui.meter_memory.state import MemoryState
    from wattui.model.memory import MeterMemory

#: More of them are counted, not named.
MOST_NAMED: Final = 8


@dataclass(frozen=True, slots=True)
class Glance:
    """What is shown of a memory, written."""

    #: Which meter.
    meter: str = ""
    #: How full it is, in words, and as a share from 0 to 1; None where nothing is known.
    headline: str = ""
    share: float | None = None
    #: Whether the bar has a line at its half, where condensing begins anew.
    halves: bool = False
    #: What the meter is doing, in a word or two, and the colour for it: a name of the palette.
    badge: str = ""
    colour: str = "muted"
    #: Pairs of what, and how it is.
    rows: tuple[tuple[str, str], ...] = ()
    #: What happens when it is full.
    sentence: str = ""
    #: When that was.
    note: str = ""


def glance_of(memory: MeterMemory) -> Glance:
    """Give what is shown of a memory."""
    state, url = memory.state, memory.url
    known = state is not None and memory.source == url
    if not known or state is None:
        words = "Reading…" if memory.work else "Not read yet"
        if memory.settings is not None and memory.source == url:
            words = "This meter does not tell of its memory"
        return Glance(_meter_text(memory), words)
    badge, colour = _badge(state)
    share = None if not state.limit else min(state.used / state.limit, 1.0)
    return Glance(
        meter=_meter_text(memory),
        headline=_headline(state),
        share=share,
        halves=state.full_handling is FullHandling.CONDENSE,
        badge=badge,
        colour=colour,
        rows=_rows(state, memory.read_at),
        sentence="" if state.full_handling is None else HANDLING_SENTENCES[state.full_handling],
        note="" if math.isnan(memory.read_at) else f"as of {clock_text(memory.read_at)}",
    )


def _meter_text(memory: MeterMemory) -> str:
    where = short_port(memory.url)
    version = memory.settings.version if memory.settings is not None else None
    if version is None or memory.source != memory.url:
        return where
    return f"{model_text(version.model_name, version.firmware_text)}   ·   {where}"


def _headline(state: MemoryState) -> str:
    if not state.used:
        return "Empty" if state.limit is None else f"Empty, room for {state.limit:,} records"
    if state.limit is None:
        return count_text(state.used, "record")
    return f"{state.used:,} of {state.limit:,} records"


def _badge(state: MemoryState) -> tuple[str, str]:
    """Give what the meter is doing, and its colour."""
    full = state.full and state.full_handling is not FullHandling.CONDENSE
    if state.mode is LoggingMode.INTERNAL:
        if full and state.full_handling is FullHandling.OVERWRITE:
            return "Logging, overwriting the oldest", "amber"
        return ("Full", "red") if full else ("Logging into the memory", "ok")
    if full and state.full_handling is FullHandling.STOP:
        return "Full, stopped", "red"
    if state.mode is LoggingMode.EXTERNAL:
        return "Sending to a computer", "accent"
    return ("Stopped", "muted") if state.mode is LoggingMode.STOPPED else ("", "muted")


def _rows(state: MemoryState, now: float) -> tuple[tuple[str, str], ...]:
    return (
        ("Stored", _stored(state, now)),
        ("Interval", f"{state.interval} s"),
        ("Until full", capital(left_text(state))),
        ("Fields", fields_words(state.fields)),
    )


def _stored(state: MemoryState, now: float) -> str:
    if not state.used:
        return "Nothing"
    length = f"About {duration_text(state.span, long=True)}"
    if state.mode is LoggingMode.INTERNAL and not math.isnan(now):
        since = clock_text(now - state.span, seconds_shown=False)
        return f"{length}, since {since}" if state.span < 86_400 else length
    return length


def fields_words(fields: tuple[bool, ...] | None) -> str:
    """Name the fields that are logged, as an engineer would: ``W, V, A``."""
    if fields is None:
        return NO_VALUE
    names = [field.symbol for field, on in zip(FIELDS, fields, strict=False) if on]
    if len(names) == len(fields):
        return f"All {len(names)}"
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
    return ", ".join(names) or "None"


def capital(text: str) -> str:
    """Begin with a capital."""
    return text[:1].upper() + text[1:]
