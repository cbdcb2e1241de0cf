# SPDX-License-Identifier: GPL-3.0-or-later
"""Saving a read-out of a meter's memory as a session.

Its times are reconstructed by counting back from the read-out; the session's info
``reconstructed`` explains that in a text that is shown and exported with it.  If records are
missing, the info ``partial`` gives the reason.  A later read-out of the same memory replaces a
partial one, without duplicates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np

from wattui.errors import WattuiError
from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_COUNT, FIELD_INDEX
from wattui.measurement.sample import Sample
from wattui.meter_memory.readout import POWER_TEXT, Readout
from wattui.meter_memory.records import UNLOGGED, RecordList, agreed
from wattui.protocol import LoggingMode
from wattui.session import BulkWriter, Session, SessionMeter, Span, new_session_path
from wattui.session.outline import PARTIAL, RECONSTRUCTED, SOURCE
from wattui.session.summary import ABSENT, Integers

#: Key of a session's info.
READOUT_NOTES: Final = "read-out"

#: Records that are written together; a larger block would delay the window.
_BATCH: Final = 1_000
#: Records that must agree for two read-outs to be of the same memory.
_AGREEING: Final = 16
#: Share of common records that must agree: the first read-out may have corrupt ones.
_MOST: Final = 0.9

#: Events that a user adds to a session.
_BY_HAND: Final = (EventKind.MARK, EventKind.NOTE)

_POWER_CYCLES: Final = FIELD_INDEX["power_cycles"]

_IDLE: Final = {
    LoggingMode.STOPPED: "The meter had stopped logging before the read-out",
    LoggingMode.EXTERNAL: "The meter sent its records over the wire before the read-out, not "
    "into its memory",
}


@dataclass(frozen=True, slots=True)
class ReadoutLabel:
    """Remarks to show with a session that was read out of a meter's memory."""

    #: How its times were reconstructed.
    reconstructed: str
    #: Why records are missing; empty if none are.
    partial: str = ""


def readout_label(info: Mapping[str, str]) -> ReadoutLabel | None:
    """Return the remarks of a session's info; None if it was not read out of a memory."""
    words = info.get(RECONSTRUCTED, "")
    return ReadoutLabel(words, info.get(PARTIAL, "")) if words else None


def save_readout(readout: Readout, meter_info: MeterInfo, path: Path | str | None = None) -> Path:
    """Save a read-out as a session.

    Parameters
    ----------
    meter_info
        The meter of the records.
    path
        The file.  An earlier read-out of the same memory is replaced by both together,
        without duplicates, with its marks, spans and notes.  Any other existing file is left
        alone, and the session gets another name in its folder.  None: a new file in the
        data folder.

    Returns
    -------
    Path
        The path of the session.

    Raises
    ------
    DiskRefused
        It cannot be written.  An existing file is unharmed.
    """
    meter = replace(meter_info, interval=float(readout.interval))
    label = f"{meter.label} memory"
    goal = new_session_path(label) if path is None else Path(path).absolute()
    earlier = _earlier(goal, meter) if goal.exists() else None
    joined = None if earlier is None else _joined(earlier, readout)
    if goal.exists() and joined is None:
        goal = new_session_path(label, goal.parent)
    with BulkWriter(goal, replace=True) as writer:
        whole = joined or readout
        times, gaps = _times(whole)
        interval = whole.interval * MICROSECONDS
        for start in range(0, len(times), _BATCH):
            part = slice(start, start + _BATCH)
            values = _values(whole.records, start, min(start + _BATCH, len(times)))
            writer.add(meter, times[part], interval, values, gaps[part])
        for event in _losses(whole, times):
            writer.add_event(event, meter)
        if earlier is not None and joined and earlier.times:
            _add_moved(writer, meter, earlier, times)
        for name, text in _words(whole).items():
            writer.set_info(name, text)
    return goal


def _times(readout: Readout) -> tuple[Integers, Integers]:
    """Return time and gap of each record, in microseconds.

    A loss of power lasts an unknown time: a gap of one microsecond separates the records
    before and after it.
    """
    count = len(readout.records)
    gaps = np.zeros(count, np.int64)
    gaps[readout.power_losses()] = 1
    last = microseconds(readout.read_at) - readout.missing_at_end * readout.interval * MICROSECONDS
    steps = readout.interval * MICROSECONDS + gaps
    later = np.cumsum(steps[::-1])[::-1] - steps  # from each record to the last one
    return last - later, gaps


def _values(records: RecordList, start: int, stop: int) -> Integers:
    """Return the integers of the wire, (n, 18)."""
    values = np.frombuffer(records.rows(start, stop), np.int64).reshape(-1, FIELD_COUNT)
    return np.where(values == UNLOGGED, ABSENT, values)


def _losses(readout: Readout, times: Integers) -> Iterator[Event]:
    """Yield an event for each power-on, where time is missing."""
    for position in readout.power_losses():
        start = int(times[position]) - readout.interval * MICROSECONDS
        yield Event(start, EventKind.POWER_ON, POWER_TEXT)


# -- in words ----------------------------------------------------------------------


def _words(readout: Readout) -> dict[str, str]:
    """Return the infos of the session."""
    moment = datetime.fromtimestamp(readout.read_at).astimezone().isoformat(" ", "seconds")
    words = {
        SOURCE: f"the memory of the meter, read out at {moment}",
        RECONSTRUCTED: f"Times are estimates, counted back from the read-out at {moment} by the "
        f"meter's interval of {readout.interval} s. {_how_far_off(readout)}".rstrip(),
    }
    if readout.reasons:
        words[PARTIAL] = f"Records are missing: {'; '.join(readout.reasons)}"
    if readout.notes:
        words[READOUT_NOTES] = "; ".join(readout.notes)
    return words


def _how_far_off(readout: Readout) -> str:
    said = []
    losses = len(readout.power_losses())
    if losses:
        times = "once" if losses == 1 else f"{losses} times"
        said.append(
            f"The meter lost power {times}, for an unknown time: records before that are older"
        )
    elif _cycles_unknown(readout):
        said.append("Losses of power were not logged: times before one are too late")
    if readout.mode in _IDLE and len(readout.records):
        said.append(f"{_IDLE[readout.mode]}: all times are too late by the time since then")
    if not readout.complete and not readout.missing_at_end and readout.expected:
        said.append("It is not known where the missing records belong")
    return " ".join(f"{text}." for text in said)


def _cycles_unknown(readout: Readout) -> bool:
    return bool(len(readout.records)) and readout.records[-1][_POWER_CYCLES] is None


# -- two read-outs of one memory ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Earlier:
    """An earlier read-out in a file."""

    interval: float
    records: RecordList
    times: list[int]
    marks: list[Event]
    spans: list[Span]


def _earlier(path: Path, meter: MeterInfo) -> _Earlier | None:
    """Read an earlier read-out of this meter; None if the file is anything else."""
    try:
        with Session.open(path) as session:
            found = _of(session, meter)
            if readout_label(session.info) is None or found is None:
                return None
            samples: list[Sample] = list(session.samples(found.id))
            marks = [one.event for one in session.events(_BY_HAND)]
            spans = session.spans()
    except WattuiError:
        return None
    records = RecordList(sample.values for sample in samples)
    times = [sample.time_us for sample in samples]
    return _Earlier(found.info.interval, records, times, marks, spans)


def _of(session: Session, meter: MeterInfo) -> SessionMeter | None:
    return next((one for one in session.meters if one.info.key == meter.key), None)


def _joined(earlier: _Earlier, readout: Readout) -> Readout | None:
    """Return both together; None if they are not of the same memory."""
    old, new = earlier.records, readout.records
    if not len(old):
        return readout
    if earlier.interval != readout.interval:
        return None  # condensed since, or set to another interval
    start = _where(old, new)
    if start is None or (readout.complete and start + len(new) < len(old)):
        return None  # another memory, or one that was cleared since
    records = RecordList()
    records.append_row(old.rows(0, start))  # overwritten in the meter since
    longer = new if start + len(new) >= len(old) else old[start:]
    records.append_row(longer.rows())
    if readout.expected is None:
        return replace(readout, records=records)
    missing = readout.missing_at_end and max(readout.expected - len(longer), 0)
    whole = not readout.complete and len(longer) == readout.expected
    return replace(
        readout,
        records=records,
        missing_at_end=missing,
        reasons=() if whole else readout.reasons,
    )


def _where(old: RecordList, new: RecordList) -> int | None:
    """Return the position in the old records where the new ones start; None if nowhere."""
    size = min(_AGREEING, len(old), len(new))
    if not size:
        return 0 if not len(new) else None
    first, at = new.rows(0, size), -1
    while (at := old.find(first, at + 1)) >= 0:
        both = min(len(old) - at, len(new))
        if old.rows(at, at + both) == new.rows(0, both):
            return at
        if len(agreed(old[at : at + both], new[:both])) >= _MOST * both:
            return at
    return None


def _add_moved(writer: BulkWriter, meter: MeterInfo, earlier: _Earlier, times: Integers) -> None:
    """Add the marks, notes and spans of the earlier session, moved with their records."""
    old = np.array(earlier.times, np.int64)

    def moved(time_us: int) -> int:
        nearest = int(np.abs(old - time_us).argmin())
        return time_us + int(times[nearest] - old[nearest])

    for mark in earlier.marks:
        writer.add_event(replace(mark, time_us=moved(mark.time_us)), meter)
    for span in earlier.spans:
        start, stop = moved(span.start_us), moved(span.stop_us)
        writer.add_span(replace(span, start_us=start, stop_us=max(stop, start + 1)), meter)
