# SPDX-License-Identifier: GPL-3.0-or-later
"""A session at a glance: what a list of thousands of sessions shows of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np

from wattui.errors import SessionDamaged
from wattui.measurement.clock import MICROSECONDS, utc_time
from wattui.measurement.energy import error_of_sum
from wattui.measurement.replay_mark import REPLAY_OF
from wattui.session import stored_values
from wattui.session.reader import Floats, Session
from wattui.session.schema import REPAIR_HINT

#: Facts about a session by which a list tells where it comes from.
SOURCE: Final = "source"
RECONSTRUCTED: Final = "reconstructed"
PARTIAL: Final = "partial"

#: Facts that a user adds.
NAME: Final = "name"
NOTE: Final = "note"

#: Columns of the picture of the power, the value of its maximum, and that of a gap.
THUMBNAIL_WIDTH: Final = 64
FULL: Final = 254
GAP: Final = 255

_ODD: Final = (*stored_values.ODD, UnicodeError)


class Origin(StrEnum):
    """Where the samples of a session come from."""

    RECORDED = "recorded"
    REPLAYED = "replayed"
    FETCHED = "fetched"
    IMPORTED = "imported"


@dataclass(frozen=True)
class Outline:
    """What a list shows of a session."""

    #: Labels of the meters.
    meters: tuple[str, ...]
    #: Samples of all meters.
    count: int
    #: Start of the first interval and end of the last, in microseconds; None without samples.
    span_us: tuple[int, int] | None
    #: Whether a meter's recording has no end.
    interrupted: bool
    #: Facts by name, as in :attr:`Session.info`.
    info: dict[str, str] = field(default_factory=dict)
    #: Energy of all meters and the limit of its error, in Wh.
    energy_wh: float = 0.0
    energy_error_wh: float = 0.0
    #: The power of all meters from the start to the end, from 0 up to its maximum, which is
    #: :data:`FULL`; :data:`GAP` where it is not known.
    thumbnail: bytes = b""

    @property
    def origin(self) -> Origin:
        """Where its samples come from."""
        if self.info.get(REPLAY_OF):
            return Origin.REPLAYED
        if self.info.get(RECONSTRUCTED):
            return Origin.FETCHED
        return Origin.IMPORTED if self.info.get(SOURCE) else Origin.RECORDED


def read_outline(path: Path) -> Outline:
    """Read what a list shows of a session, in a few milliseconds however long it is.

    Raises
    ------
    SessionError
        It cannot be read, or what it says of itself makes no sense.
    """
    with Session.open(path) as session:
        try:
            meters, span = session.meters, session.span_us()
            for time in span or ():
                if time >= stored_values.LATEST:
                    raise ValueError("a time beyond the calendar")
                utc_time(time)
            figures = [session.statistics(meter.id) for meter in meters]
            return Outline(
                tuple(str(meter.info.label) for meter in meters),
                sum(one.count for one in figures),
                span,
                session.interrupted,
                session.info,
                sum(one.energy_wh for one in figures),
                error_of_sum(one.energy_error_wh for one in figures),
                b"" if span is None else _thumbnail(session, [one.id for one in meters], span),
            )
        except _ODD as error:
            raise SessionDamaged(
                f"{path} is damaged: it has values that make no sense ({error})",
                REPAIR_HINT,
            ) from error


def _thumbnail(session: Session, meters: list[int], span: tuple[int, int]) -> bytes:
    """Return the picture of the power of some meters together."""
    powers = np.array([_powers(session, meter, span) for meter in meters])
    known = np.isfinite(powers)
    total = np.where(known, powers, 0.0).sum(axis=0)
    scaled = np.rint(total / max(float(total.max()), 1e-9) * FULL)
    return bytes(np.where(known.any(axis=0), scaled, GAP).astype(np.uint8))


def _powers(session: Session, meter: int, span: tuple[int, int]) -> Floats:
    """Return the power of a meter in each column of the picture, in W; NaN in a gap."""
    found = session.envelope(meter, ["power"], *span, THUMBNAIL_WIDTH)
    times, values = found.means("power")
    edges = np.linspace(span[0], span[1], THUMBNAIL_WIDTH + 1) / MICROSECONDS
    centres, width = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    # A record stands for the interval that ends with it.
    places = np.searchsorted(times, centres)
    after, before = np.append(values, np.nan)[places], np.insert(values, 0, np.nan)[places]
    distance = np.append(times, np.inf)[places] - centres
    return np.where(np.isnan(before) & (distance > width), np.nan, after)
