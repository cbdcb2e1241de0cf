# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes one new session from files of any format.

Memory stays flat: each block of a file is placed in time and written before the next one is
read.  A record that comes more than 2.5 intervals after the previous one covers one interval,
and the rest is a gap.  The interval is the one given by the user, or else the usual distance
between the records.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wattui.errors import FormatError
from wattui.formats import named_columns
from wattui.formats.file_format import Format, Missing
from wattui.formats.reading import pipe_input
from wattui.formats.reading.block import ABSENT, Block
from wattui.formats.reading.corrections import corrected
from wattui.formats.reading.source import (
    COPIES,
    Assumptions,
    Progress,
    Skipped,
    SkippedLines,
    Source,
    read_head,
    shown_name,
    shown_text,
)
from wattui.formats.reading.timeline import Placed, Placer, usual_interval
from wattui.formats.registry import detect, records
from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.text import count_text
from wattui.session import BulkWriter, new_session_path
from wattui.session.outline import SOURCE
from wattui.session.store import local_zone


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The outcome of an import."""

    #: The new session.
    path: Path
    #: Samples of each meter, by its label.
    counts: dict[str, int]
    #: Name of the format of each file.
    formats: dict[Path, str]
    #: The first thousand lines that could not be read.
    skipped: list[Skipped]
    #: How many lines could not be read.
    skipped_count: int
    #: Assumptions and remarks, one sentence each; they are saved as notes in the session.
    notes: list[str]

    @property
    def count(self) -> int:
        """Samples of all meters."""
        return sum(self.counts.values())


class Receiver(Protocol):
    """Takes the records of an import: a new session, or a preview."""

    path: Path

    def add(
        self,
        meter: MeterInfo,
        time: ArrayLike,
        interval: ArrayLike,
        values: ArrayLike,
        gap: ArrayLike,
        /,
    ) -> Any:
        """Take records of a meter."""

    def add_event(self, event: Event, meter: MeterInfo | None = None) -> None:
        """Take an event."""

    def set_info(self, name: str, value: str) -> None:
        """Take information about the session."""


@dataclass
class _File:
    """A file of an import."""

    source: Source
    format: Format
    first: Block
    rest: Iterator[Block]
    #: Time of its first record, or the start of a file without times.
    start: int
    #: What it cannot say.
    lacks: frozenset[Missing]

    def info(self, name: str) -> MeterInfo:
        """Return what the file and the user say about the meter of that name in it."""
        given = self.source.assumptions.meter
        known = self.source.meters.get(name)
        if known is not None:
            texts = {
                one.name: shown_text(value)
                for one in fields(known)
                if isinstance(value := getattr(known, one.name), str)
            }
            known = replace(known, **texts)  # type: ignore[arg-type]
            return replace(known, name=given or known.name)
        label = given or shown_text(name) or Path(self.source.name.removesuffix(".gz")).stem
        return MeterInfo(label, "", label)


def import_files(
    paths: Iterable[Path | str],
    session_path: Path | str | None = None,
    assumptions: Assumptions | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ImportResult:
    """Make a session from files.

    Parameters
    ----------
    paths
        The files, of one format or several.
    session_path
        The new session; None for one in the data folder, named after time and meter.
    assumptions
        Information that the files do not contain.
    progress
        Called with the number of bytes that are read, and of all bytes.
    cancelled
        Called before each block; True ends the import, and nothing is left behind.

    Raises
    ------
    FormatError
        A file is empty, has no known format, cannot be read, or contains no record.
    DiskRefused
        The session exists already, or cannot be written.
    Cancelled
        *cancelled* returned True.
    """
    given = assumptions or Assumptions()
    with _prepared(paths, given, progress, cancelled) as (files, repeats):
        if session_path is None:
            label = files[0].info(files[0].first.meter).label
            session_path = new_session_path(label, when=_local(files[0].start))
        with BulkWriter(session_path) as writer:
            return _passed_on(files, writer, given, repeats)


def read_files(
    paths: Iterable[Path | str],
    receiver: Receiver,
    assumptions: Assumptions | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ImportResult:
    """Pass what :func:`import_files` would write to something else; parameters as there."""
    given = assumptions or Assumptions()
    with _prepared(paths, given, progress, cancelled) as (files, repeats):
        return _passed_on(files, receiver, given, repeats)


@contextlib.contextmanager
def _prepared(
    paths: Iterable[Path | str],
    given: Assumptions,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
) -> Iterator[tuple[list[_File], list[str]]]:
    """Yield the files of an import, opened, and notes on those that are there twice."""
    with tempfile.TemporaryDirectory(prefix=COPIES) as folder:
        saved = [
            pipe_input.saved(Path(path), Path(folder) / str(number), cancelled)
            for number, path in enumerate(paths)
        ]
        once, repeats = _each_once(saved)
        yield _opened(once, given, progress, cancelled), repeats


def _passed_on(
    files: Sequence[_File], receiver: Receiver, given: Assumptions, notes: Iterable[str]
) -> ImportResult:
    job = _Import(receiver, given, notes)
    for one in files:
        job.take(one)
    return job.finish(files)


def _each_once(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Return files without those that are there twice, and a note on each of those."""
    found: dict[tuple[int, bytes], Path] = {}
    sizes = [path.stat().st_size if path.is_file() else -1 for path in paths]
    notes = []
    for number, (path, size) in enumerate(zip(paths, sizes, strict=True)):
        # Only files of one size can be the same.
        same = size > 0 and sizes.count(size) > 1
        key = (size, _digest(path) if same else str(number).encode())
        before = found.setdefault(key, path)
        if before is path:
            continue
        name = shown_name(path)
        again = path == before or path.samefile(before)
        what = "was given twice" if again else f"is the same as {shown_name(before)}"
        notes.append(f"{name} {what}: it counts once")
    return list(found.values()), notes


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return os.fsencode(path)  # reading it reports what is wrong


def _opened(
    paths: Sequence[Path],
    assumptions: Assumptions,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
) -> list[_File]:
    """Detect the formats, read the first block of each file, and sort them by time."""
    if not paths:
        raise FormatError("There is no file to import", "Give the names of one or more files.")
    skipped = SkippedLines()
    done: dict[Path, int] = {}

    def report(path: Path, bytes_done: int, _size: int) -> None:
        done[path] = bytes_done
        if progress is not None:
            progress(min(sum(done.values()), total), total)

    if assumptions.of_table:
        formats = [named_columns.FORMAT for _ in paths]
    else:
        formats = [detect(path) for path in paths]
    sources = [
        Source(path, assumptions, skipped, partial(report, path), cancelled) for path in paths
    ]
    total = sum(source.size for source in sources)
    files = [_begun(source, form) for source, form in zip(sources, formats, strict=True)]
    return sorted(files, key=lambda one: one.start)


def _begun(source: Source, form: Format) -> _File:
    """Read the first block of a file."""
    blocks = corrected(records(form, source), source)
    first = next(blocks, None)
    if first is None:
        reasons = source.skipped.listed
        hint = f"The first line that could not be read: {reasons[0]}" if reasons else ""
        raise FormatError(f"There is no record in {source.name}", hint)
    start = _assumed_start(source, form) if first.time is None else int(first.time[0])
    return _File(
        source,
        form,
        first,
        blocks,
        start,
        form.lacks_in(read_head(source.path), source.assumptions),
    )


def _interval(assumptions: Assumptions) -> int:
    return microseconds(assumptions.interval or 1.0)


def _assumed_start(source: Source, form: Format) -> int:
    """Return the start of a file without times, such that its last record is as old as it."""
    if source.assumptions.start is not None:
        return source.assumptions.start
    counted = Source(source.path, source.assumptions, cancelled=source.cancelled)
    count = sum(len(block) for block in records(form, counted))
    source.note("The file has no times: its last record was taken to be as old as the file")
    return max(source.written - count * _interval(source.assumptions), MICROSECONDS)


def _local(time: int) -> datetime:
    return datetime.fromtimestamp(time / MICROSECONDS, UTC).astimezone().replace(tzinfo=None)


class _Import:
    """One import in progress."""

    def __init__(
        self, writer: Receiver, assumptions: Assumptions, notes: Iterable[str] = ()
    ) -> None:
        self._writer = writer
        self._assumptions = assumptions
        self._placers: dict[str, Placer] = {}
        self._counts: dict[str, int] = {}
        self._notes: dict[str, None] = dict.fromkeys(notes)
        #: How many records had no value, and the time without one so far, by meter.
        self._empty = 0
        self._without: dict[str, int] = {}

    def take(self, file: _File) -> None:
        """Import a file."""
        keys: dict[str, str] = {}
        clock = file.start
        for block in chain([file.first], file.rest):
            if block.time is None:
                block, clock = self._timed(file, block, clock, first=block.meter not in keys)
            if block.meter not in keys:
                keys[block.meter] = self._begin_meter(file, block)
            self._place(keys[block.meter], block)
        for event in file.source.events:
            self._writer.add_event(event)
        self._note_assumptions(file)

    def _timed(self, file: _File, block: Block, clock: int, *, first: bool) -> tuple[Block, int]:
        """Add times to records that have none: one interval after the other."""
        step = _interval(self._assumptions)
        placer = self._placers.get(file.info(block.meter).key)
        if first and placer is not None and self._assumptions.start is not None:
            # The start is that of the first file; this one continues where that ended.
            clock = max(clock, placer.last)
        count = len(block)
        time = clock + step * np.arange(1, count + 1, dtype=np.int64)
        interval = np.full(count, step, np.int64)
        timed = replace(block, time=time, interval=interval, gap=np.zeros(count, np.int64))
        return timed, clock + step * count

    def _begin_meter(self, file: _File, block: Block) -> str:
        """Return the key of a meter; a file that overlaps with another one is of another meter."""
        info = file.info(block.meter)
        assert block.time is not None
        start = int(block.time[0])
        number, key = 2, info.key
        while key in self._placers and start <= self._placers[key].last:
            key, number = f"{info.key} ({number})", number + 1
        if key != info.key:
            info = replace(info, key=key, name=f"{info.label} ({number - 1})")
            self._note(
                f"{file.source.name} overlaps with another file of the same meter: "
                "it was imported as another meter"
            )
        if key not in self._placers:
            interval = self._interval_of(file, block)
            info = replace(info, interval=interval / MICROSECONDS)
            self._placers[key] = Placer(
                info, interval, fixed=self._assumptions.interval is not None
            )
        return key

    def _interval_of(self, file: _File, block: Block) -> int:
        """Return the interval of a meter's records in microseconds."""
        if self._assumptions.interval is not None:
            return _interval(self._assumptions)
        known = file.source.meters.get(block.meter)
        if known is not None:
            return microseconds(known.interval)
        if block.interval is not None:
            return max(1, int(np.median(block.interval[:1000])))
        assert block.time is not None
        return usual_interval(block.time) or MICROSECONDS

    def _place(self, key: str, block: Block) -> None:
        placer = self._placers[key]
        placed: Placed = placer.place(block)
        values = block.values
        has_value = (values != ABSENT).any(axis=1)
        if not has_value.all() or self._without.get(key):
            self._empty += int((~has_value).sum())
            placed, values = self._without_empty(key, placed, has_value), values[has_value]
        if len(values):
            self._writer.add(placer.info, placed.time, placed.interval, values, placed.gap)
            self._counts[key] = self._counts.get(key, 0) + len(values)
        for event in placed.events:
            self._writer.add_event(event, placer.info)

    def _without_empty(self, key: str, placed: Placed, has_value: NDArray[np.bool_]) -> Placed:
        """Return the records that have a value; the time of the others is a gap."""
        chosen = np.flatnonzero(has_value)
        lost = np.cumsum(np.where(has_value, 0, placed.interval + placed.gap))
        lost += self._without.get(key, 0)
        up_to = lost[chosen]
        self._without[key] = int(lost[-1] - up_to[-1]) if len(chosen) else int(lost[-1])
        gap = placed.gap[chosen] + np.diff(up_to, prepend=0)
        if len(chosen) and key not in self._counts:
            gap[0] = 0  # Nothing was recorded before.
        return Placed(placed.time[chosen], placed.interval[chosen], gap, placed.events)

    def _note_assumptions(self, file: _File) -> None:
        source = file.source
        form = file.format
        self._note(f"Imported from {source.name} ({form.title})")
        if Missing.ZONE in file.lacks:
            zone = str(source.zone or local_zone())
            self._note(f"{source.name} has local times without a zone: taken as {zone}")
        if Missing.INTERVAL in file.lacks and self._assumptions.interval is None:
            self._note(f"{source.name} does not contain its interval: taken as 1 s")
        for text in source.notes:
            self._note(f"{source.name}: {text[0].lower()}{text[1:]}")

    def _note(self, text: str) -> None:
        self._notes.setdefault(text)

    def finish(self, files: Sequence[_File]) -> ImportResult:
        """Write the notes, and return the outcome."""
        skipped = files[0].source.skipped
        if not self._counts:
            raise FormatError(
                f"No record in {files[0].source.name} has a value",
                "Check the columns, their units and the decimal sign.",
            )
        if self._empty:
            self._note(f"{count_text(self._empty, 'record')} without a value: a gap instead")
        if skipped.count:
            self._note(f"{count_text(skipped.count, 'unreadable line')} left out")
        for placer in self._placers.values():
            if placer.set_back:
                times = count_text(placer.set_back, "time")
                self._note(
                    f"{placer.info.label}: the clock went back {times}; the times after that are "
                    "ahead of it"
                )
            if placer.contradicted:
                count = count_text(placer.contradicted, "record")
                self._note(
                    f"{placer.info.label}: interval and gap of {count} contradict the times, "
                    "which were used instead"
                )
        end = max(placer.last for placer in self._placers.values())
        for text in self._notes:
            self._writer.add_event(Event(end, EventKind.NOTE, text))
        self._writer.set_info(SOURCE, ", ".join(one.source.name for one in files))
        return ImportResult(
            self._writer.path,
            {self._placers[key].info.label: count for key, count in self._counts.items()},
            {one.source.path: one.format.name for one in files},
            skipped.listed,
            skipped.count,
            list(self._notes),
        )
