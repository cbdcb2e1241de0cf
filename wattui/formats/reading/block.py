# SPDX-License-Identifier: GPL-3.0-or-later
"""What every format reads into: blocks of records as arrays, and what was skipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from wattui.measurement.fields import FIELD_COUNT
from wattui.session.summary import ABSENT

if TYPE_CHECKING:
    from wattui.formats.reading.source import Head, Source

Integers = NDArray[np.int64]

Progress = Callable[[int, int], None]

__all__ = ["ABSENT", "Assumptions", "Block", "Format", "Integers", "Progress", "Skipped"]

#: Skipped lines that are kept with their reason; beyond it they are only counted.
MOST_TOLD: Final = 1_000


@dataclass(slots=True)
class Block:
    """Records of one meter that follow one another in a file; n of them."""

    #: Name of the meter in the file; empty where it has none.
    meter: str
    #: Integers of the wire by the field's position, each (n,), ABSENT where there is none.
    #: A field that no record has is left out.
    columns: Mapping[int, Integers]
    #: Microseconds UTC, (n,); None where the format has no times.
    time: Integers | None = None
    #: Microseconds, (n,), where the format tells them.
    interval: Integers | None = None
    gap: Integers | None = None

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    @property
    def values(self) -> Integers:
        """All 18 fields, (n, 18), ABSENT where there is none."""
        table = np.full((len(self), FIELD_COUNT), ABSENT, np.int64)
        for index, column in self.columns.items():
            table[:, index] = column
        return table


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line that could not be read."""

    path: Path
    #: Counted from 1; 0 where the format has no lines.
    line: int
    #: Why: a few words without a full stop.
    reason: str

    def __str__(self) -> str:
        where = f"line {self.line}" if self.line else "packets"
        return f"{self.path.name}, {where}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a person says of a file that cannot tell it."""

    #: Seconds between two records; None: as the file tells, else by its times, else 1.
    interval: float | None = None
    #: Begin of the first interval, in microseconds UTC; None: so that the last record falls
    #: on the moment at which the file was written last.
    start: int | None = None
    #: Time zone of local times; None is that of this machine.
    zone: tzinfo | None = None
    #: Name of the meter; empty: as the file tells, else the file's name.
    meter: str = ""


@dataclass(frozen=True)
class Format:
    """One kind of file: how it is told, read and written."""

    #: Name in code and on the command line.
    name: str
    #: What a person reads.
    title: str
    #: Usual suffix of such a file.
    suffix: str
    #: Tells the format by the beginning of a file.
    recognises: Callable[[Head], bool]
    #: Gives the records of a file; broken lines go to ``source.skip``.
    read: Callable[[Source], Iterator[Block]]
    #: Writes a session; gives how many records.
    write: Callable[..., int]
    #: What it cannot tell: any of ``zone``, ``start``, ``interval``.
    lacks: frozenset[str] = frozenset()
    #: What of a session is lost by writing it so, a sentence each.
    cannot_hold: tuple[str, ...] = ()


@dataclass(slots=True)
class SkippedLines:
    """The broken lines of an import: the first with their reasons, all of them counted."""

    told: list[Skipped] = field(default_factory=list)
    count: int = 0

    def add(self, path: Path, line: int, reason: str) -> None:
        """Take note of a broken line."""
        self.count += 1
        if len(self.told) < MOST_TOLD:
            self.told.append(Skipped(path, line, reason))
