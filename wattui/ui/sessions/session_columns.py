# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns of the list of sessions: what they show, sort by and search in.  No toolkit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.replay_mark import REPLAY_OF
from wattui.measurement.text import (
    count_text,
    date_text,
    elapsed_text,
    energy_text,
    size_text,
)
from wattui.session.catalogue import CatalogueEntry, SessionState
from wattui.session.outline import PARTIAL, Origin

#: Seconds of a day.
_DAY: Final = 86_400

#: From what age sessions can be selected: a name, and seconds.
AGES: Final = (
    ("1 week", 7 * _DAY),
    ("1 month", 30 * _DAY),
    ("3 months", 91 * _DAY),
    ("1 year", 365 * _DAY),
    ("2 years", 730 * _DAY),
)


@dataclass(frozen=True)
class SessionColumn:
    """A column of the list."""

    key: str
    header: str
    meaning: str
    text: Callable[[CatalogueEntry], str]
    #: What it sorts by.
    order: Callable[[CatalogueEntry], Any]
    #: A text as wide as any usual one; empty for a column that takes what is left.
    widest: str = ""
    is_number: bool = False
    #: Whether its first click sorts from the largest to the smallest.
    descending: bool = False


def kind_text(entry: CatalogueEntry) -> str:
    """Return where a session comes from, and whether it is complete."""
    if entry.state is SessionState.DAMAGED:
        return "Damaged"
    if entry.outline is None:
        return ""
    unfinished = {
        SessionState.RECORDING: "being recorded",
        SessionState.INTERRUPTED: "interrupted",
    }.get(entry.state, "")
    info = entry.outline.info
    origin = {
        Origin.REPLAYED: f"Replay of {info.get(REPLAY_OF, '')}",
        Origin.FETCHED: f"{'Partly fetched' if info.get(PARTIAL) else 'Fetched'} from memory",
        Origin.IMPORTED: "Imported",
        Origin.RECORDED: "",
    }[entry.origin]
    if origin:
        return f"{origin}, {unfinished}" if unfinished else origin
    return unfinished.capitalize() or "Complete"


def _start(entry: CatalogueEntry) -> str:
    return date_text(entry.start_us / MICROSECONDS) if entry.has_samples else ""


def _duration(entry: CatalogueEntry) -> str:
    return elapsed_text(entry.duration_s) if entry.has_samples else ""


def _energy(entry: CatalogueEntry) -> str:
    if entry.outline is None or not entry.has_samples:
        return ""
    return energy_text(entry.outline.energy_wh, entry.outline.energy_error_wh)


def _meters(entry: CatalogueEntry) -> str:
    return "" if entry.outline is None else ", ".join(entry.outline.meters)


def _by_text(text: Callable[[CatalogueEntry], str]) -> Callable[[CatalogueEntry], Any]:
    """Return an order by a text, with those that have none at the end."""
    return lambda entry: (not text(entry), text(entry).casefold())


NAME_COLUMN: Final = SessionColumn(
    "name", "Name", "The name that you gave it, or else the name of its file",
    lambda entry: entry.name, _by_text(lambda entry: entry.name),
)  # fmt: skip

POWER_COLUMN: Final = SessionColumn(
    "power", "Power", "The power of all meters from its start to its end, from zero up",
    lambda _entry: "", lambda entry: -entry.start_us,
)  # fmt: skip

NOTE_COLUMN: Final = SessionColumn(
    "note", "Note", "What you noted about it",
    lambda entry: entry.note, _by_text(lambda entry: entry.note),
)  # fmt: skip

START_COLUMN: Final = SessionColumn(
    "start", "Start", "When its first record starts", _start,
    lambda entry: entry.start_us, "2026-11-23 14:05 ", descending=True,
)  # fmt: skip

KIND_COLUMN: Final = SessionColumn(
    "kind", "Kind", "Where it comes from, and whether it is complete",
    kind_text, _by_text(kind_text), "Fetched from memory",
)  # fmt: skip

SESSION_COLUMNS: Final = (
    POWER_COLUMN,
    NAME_COLUMN,
    START_COLUMN,
    SessionColumn(
        "duration", "Duration", "From its start to its last record", _duration,
        lambda entry: entry.duration_s, "9 d 23:59:59", is_number=True, descending=True,
    ),
    SessionColumn(
        "energy", "Energy", "Energy of all meters with its limit of error", _energy,
        lambda entry: 0.0 if entry.outline is None else entry.outline.energy_wh,
        "123.4 ± 12.3 kWh", is_number=True, descending=True,
    ),
    SessionColumn(
        "meters", "Meters", "The meters that were recorded", _meters, _by_text(_meters),
        "fridge, desk lamp",
    ),
    SessionColumn(
        "size", "Size", "Its size on disk", lambda entry: size_text(entry.size),
        lambda entry: entry.size, "123 MB", is_number=True, descending=True,
    ),
    KIND_COLUMN,
    NOTE_COLUMN,
)  # fmt: skip


def matches(entry: CatalogueEntry, search: str) -> bool:
    """Check whether every word of a search is in what is shown of a session."""
    words = search.casefold().split()
    if not words:
        return True
    texts = [column.text(entry) for column in SESSION_COLUMNS]
    shown = "\n".join([*texts, entry.path.name, entry.problem]).casefold()
    return all(word in shown for word in words)


def ordered(
    entries: Iterable[CatalogueEntry], column: SessionColumn, descending: bool
) -> list[CatalogueEntry]:
    """Return entries in the order of a column; of equal ones, the latest first."""
    latest = sorted(entries, key=lambda entry: (entry.start_us, entry.path.name), reverse=True)
    return sorted(latest, key=column.order, reverse=descending)


def older_than(
    entries: Iterable[CatalogueEntry], seconds: float, now: float
) -> list[CatalogueEntry]:
    """Return the sessions that were last written before that time and are not being recorded."""
    limit = (now - seconds) * MICROSECONDS
    return [
        entry
        for entry in entries
        if entry.written_us < limit and entry.start_us < limit and not entry.is_recorded
    ]


def total_text(entries: Iterable[CatalogueEntry]) -> str:
    """Return how many sessions there are, and the space that they take: ``12 sessions, 4.1 GB``."""
    found = list(entries)
    size = size_text(sum(entry.size for entry in found))
    return f"{count_text(len(found), 'session')}, {size}" if found else "no sessions"
