# SPDX-License-Identifier: GPL-3.0-or-later
"""A session as lines of text: what the writers of all old formats share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final

from wattui.desktop.atomic_file import draft
from wattui.errors import Cancelled, FormatError
from wattui.formats.reading.block import Progress
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELDS, WireValue
from wattui.session import Session, SessionMeter

#: A sample as :meth:`Session.rows` gives it: time, interval, gap, 18 fields.
SampleRow = tuple[int, ...]

#: Makes the lines of one meter; each with its line end.
MakeLines = Callable[[SessionMeter, Iterable[Sequence[SampleRow]]], Iterator[str]]

#: Samples between two reports of progress.
_CHUNK: Final = 10_000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def write_lines(
    session: Session,
    path: Path | str,
    make: MakeLines,
    *,
    meters: Collection[int] | None = None,
    start: int | None = None,
    stop: int | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    several: bool = False,
) -> int:
    """Write samples of a session; give how many.

    Parameters
    ----------
    meters
        Ids of the meters; all of them for None.
    several
        Whether the format can hold more than one meter.

    Raises
    ------
    FormatError
        The format cannot hold several meters.
    Cancelled, DiskRefused, SessionDamaged
        As :func:`wattui.formats.csv_file.write_csv`.
    """
    chosen = [one for one in session.meters if meters is None or one.id in meters]
    if len(chosen) > 1 and not several:
        names = ", ".join(one.info.label for one in chosen)
        raise FormatError(
            f"This format holds one meter, and there are {len(chosen)}: {names}",
            "Choose one of them.",
        )
    goal = Path(path)
    total = sum(session.count(one.id, start, stop) for one in chosen)
    done = 0

    def counted(meter: SessionMeter) -> Iterator[Sequence[SampleRow]]:
        nonlocal done
        for rows in session.rows(meter.id, start, stop, _CHUNK):
            if cancelled is not None and cancelled():
                raise Cancelled(f"The export to {goal} was cancelled")
            yield rows
            done += len(rows)
            if progress is not None:
                progress(done, total)

    with draft(goal, "utf-8") as file:
        for meter in chosen:
            file.writelines(make(meter, counted(meter)))
    return done


def decimal_text(value: WireValue, digits: int) -> str:
    """Give value / 10**digits, exactly; nothing for None."""
    if value is None:
        return ""
    if not digits:
        return str(value)
    whole, rest = divmod(value, 10**digits)
    return f"{whole}.{rest:0{digits}d}"


def field_text(index: int, value: WireValue) -> str:
    """Give a field's value in its base unit, exactly."""
    return decimal_text(value, len(str(FIELDS[index].scale)) - 1)


def float_text(value: WireValue, scale: float) -> str:
    """Give value / scale as Python writes a float: ``42.3``; nothing for None."""
    return "" if value is None else str(value / scale)


def local_text(time: int, zone: tzinfo | None = None) -> str:
    """Give a time as Python writes a local one: without microseconds where they are 0."""
    moment = _EPOCH + timedelta(microseconds=time)
    return str(moment.astimezone(zone).replace(tzinfo=None))


def seconds(time: int) -> float:
    """Give microseconds in seconds."""
    return time / MICROSECONDS
