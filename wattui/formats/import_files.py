# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of any format into one new session.

Memory stays flat: each block of a file is placed in time and written before the next
is read.  A record whose distance to the one before is more than 2.5 intervals stands
for one interval, and the rest is a gap.  The interval is the one that was given, else
the usual distance of the records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Final

import numpy as np

from wattui.errors import FormatError
from wattui.formats.file_format import Format, Missing
from wattui.formats.reading.block import Block, joined
from wattui.formats.reading.source import Assumptions, Progress, Skipped, SkippedLines, Source
from wattui.formats.reading.timeline import Placed, Placer, usual_interval
from wattui.formats.registry import detect, records
from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.session import BulkWriter, new_session_path
from wattui.session.store import local_zone

#: Records that are placed and written at once; blocks of a few lines are joined.
_BATCH: Final = 20_000

#: Bytes of a file that are read at most to count the records of one that has no times.
_COUNTED: Final = 1 << 26


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of an import."""

    #: The new session.
    path: Path
    #: Samples of each meter, by its label.
    counts: dict[str, int]
    #: Name of the format of each file.
    formats: dict[Path, str]
    #: The first thousand lines that could not be read.
    skipped: list[Skipped]
    #: All of them.
    skipped_count: int
    #: What was assumed and noticed, a sentence each; the session keeps it as notes.
    notes: list[str]

    @property
    def count(self) -> int:
        """Samples of all meters."""
        return sum(self.counts.values())


@dataclass
class _File:
    """A file of an import."""

    source: Source
    format: Format
    blocks: Iterator[Block] = field(default_factory=lambda: iter(()))
    #: Time of its first record; 0 where it has none.
    begin: int = 0


def import_files(
    paths: Iterable[Path | str],
    session_path: Path | str | None = None,
    assumptions: Assumptions | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> ImportResult:
    """Make a session of files.

    Parameters
    ----------
    paths
        The files, of one format or several.
    session_path
        The new session; None for one in the data folder, named by time and meter.
    assumptions
        What the files cannot tell.
    progress
        Called with the bytes that are done and all bytes.
    cancelled
        Asked now and then; once it says yes, nothing is left of the session.

    Raises
    ------
    FormatError
        A file is empty, unknown, cannot be read, or has no record in it.
    DiskRefused
        The session exists already, or the disk does not take it.
    Cancelled
        *cancelled* said so.
    """
    given = assumptions or Assumptions()
    files = _opened([Path(path) for path in paths], given, progress, cancelled)
    first = _first_info(files, given)
    target = (
        Path(session_path)
        if session_path is not None
        else new_session_path(first.label, when=_local(files[0].begin))
    )
    with BulkWriter(target) as writer:
        job = _Import(writer, given)
        for one in files:
            job.take(one)
        return job.finish(files)


def _opened(
    paths: Sequence[Path],
    assumptions: Assumptions,
    progress: Progress | None,
    cancelled: Callable[[], bool] | None,
) -> list[_File]:
    """Tell the formats, read the first block of each file, and order them by time."""
    if not paths:
        raise FormatError("No file was named", "Name the files to import.")
    skipped = SkippedLines()
    done: dict[Path, int] = {}
    found = [(path, detect(path)) for path in paths]
    total = 0

    def told(path: Path) -> Progress | None:
        if progress is None:
            return None

        def tell(bytes_done: int, _size: int) -> None:
            done[path] = bytes_done
            progress(min(sum(done.values()), total), total)

        return tell

    files = []
    for path, form in found:
        source = Source(path, assumptions, skipped, told(path), cancelled)
        files.append(_File(source, form))
    total = sum(one.source.size for one in files)
    for one in files:
        _begin(one)
    return sorted(files, key=lambda one: one.begin)


def _begin(file: _File) -> None:
    blocks = records(file.format, file.source)
    first = next(blocks, None)
    if first is None:
        reasons = file.source.skipped.listed
        hint = f"The first line that was tried: {reasons[0]}" if reasons else ""
        raise FormatError(f"There is no record in {file.source.path}", hint)
    file.blocks = chain([first], blocks)
    if first.time is not None:
        file.begin = int(first.time[0])
    else:
        file.begin = _assumed_begin(file)


def _interval(assumptions: Assumptions) -> int:
    return microseconds(assumptions.interval or 1.0)


def _assumed_begin(file: _File) -> int:
    """Give the begin of a file without times: so that its last record is as old as the file."""
    source = file.source
    if source.assumptions.start is not None:
        return source.assumptions.start
    count = 0
    for block in islice(records(file.format, Source(source.path, source.assumptions)), _COUNTED):
        count += len(block)
    source.note("The file has no times: its last record was taken to be as old as the file")
    return max(source.written - count * _interval(source.assumptions), MICROSECONDS)


def _local(time: int) -> datetime:
    return datetime.fromtimestamp(time / MICROSECONDS, UTC).astimezone().replace(tzinfo=None)


def _first_info(files: Sequence[_File], assumptions: Assumptions) -> MeterInfo:
    first = next(files[0].blocks)
    files[0].blocks = chain([first], files[0].blocks)
    return _info(files[0], first.meter, assumptions)


def _info(file: _File, name: str, assumptions: Assumptions) -> MeterInfo:
    """Give who a meter is, as far as the file and the user tell."""
    known = file.source.meters.get(name)
    if known is not None:
        return replace(known, name=assumptions.meter or known.name)
    label = assumptions.meter or name or file.source.path.stem
    return MeterInfo(label, "", label)


class _Import:
    """One import under way."""

    def __init__(self, writer: BulkWriter, assumptions: Assumptions) -> None:
        self._writer = writer
        self._assumptions = assumptions
        self._placers: dict[str, Placer] = {}
        self._counts: dict[str, int] = {}
        self._notes: dict[str, None] = {}

    def take(self, file: _File) -> None:
        """Import a file."""
        keys: dict[str, str] = {}
        clock = file.begin
        for block in joined(file.blocks, _BATCH):
            if block.time is None:
                block, clock = self._timed(file, block, clock, first=block.meter not in keys)
            if block.meter not in keys:
                keys[block.meter] = self._begin_meter(file, block)
            self._place(keys[block.meter], block)
        self._tell_assumptions(file)

    def _timed(self, file: _File, block: Block, clock: int, *, first: bool) -> tuple[Block, int]:
        """Give times to records that have none: one interval after the other."""
        step = _interval(self._assumptions)
        placer = self._placers.get(_info(file, block.meter, self._assumptions).key)
        if first and placer is not None and self._assumptions.start is not None:
            # A start was given for the first file; this one goes on where that ended.
            clock = max(clock, placer.last)
        count = len(block)
        time = clock + step * np.arange(1, count + 1, dtype=np.int64)
        interval = np.full(count, step, np.int64)
        timed = replace(block, time=time, interval=interval, gap=np.zeros(count, np.int64))
        return timed, clock + step * count

    def _begin_meter(self, file: _File, block: Block) -> str:
        """Give the key of a meter: a file that does not go on where one ended is another's."""
        info = _info(file, block.meter, self._assumptions)
        assert block.time is not None
        begin = int(block.time[0])
        number, key = 2, info.key
        while key in self._placers and begin <= self._placers[key].last:
            key, number = f"{info.key} ({number})", number + 1
        if key != info.key:
            info = replace(info, key=key, name=f"{info.label} ({number - 1})")
            self._note(
                f"{file.source.path.name} overlaps with another file of {block.meter or 'the'}"
                " meter: it was taken for another meter"
            )
        if key not in self._placers:
            interval = self._interval_of(file, block)
            info = replace(info, interval=interval / MICROSECONDS)
            self._placers[key] = Placer(info, interval, given=self._assumptions.interval)
        return key

    def _interval_of(self, file: _File, block: Block) -> int:
        """Give the interval of a meter's records in microseconds."""
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
        self._writer.add(placer.info, placed.time, placed.interval, block.values, placed.gap)
        self._counts[key] = self._counts.get(key, 0) + len(block)
        for event in placed.events:
            self._writer.add_event(event, placer.info)

    def _tell_assumptions(self, file: _File) -> None:
        source = file.source
        form = file.format
        self._note(f"Imported from {source.path.name} ({form.title})")
        if Missing.ZONE in form.lacks:
            zone = str(source.zone or local_zone())
            self._note(f"{source.path.name} has local times without a zone: taken as {zone}")
        if Missing.INTERVAL in form.lacks and self._assumptions.interval is None:
            self._note(f"{source.path.name} does not tell its interval: taken as 1 s")
        for text in source.notes:
            self._note(f"{source.path.name}: {text[0].lower()}{text[1:]}")

    def _note(self, text: str) -> None:
        self._notes.setdefault(text)

    def finish(self, files: Sequence[_File]) -> ImportResult:
        """Write what was assumed, and give what became of it."""
        skipped = files[0].source.skipped
        if skipped.count:
            self._note(f"{skipped.count} lines could not be read and were left out")
        for placer in self._placers.values():
            if placer.set_back:
                self._note(
                    f"{placer.info.label}: the clock went back {placer.set_back} times; "
                    "the records after that are ahead of it"
                )
        end = max(placer.last for placer in self._placers.values())
        for text in self._notes:
            self._writer.add_event(Event(end, EventKind.NOTE, text))
        self._writer.set_info("source", ", ".join(one.source.path.name for one in files))
        return ImportResult(
            self._writer.path,
            {self._placers[key].info.label: count for key, count in self._counts.items()},
            {one.source.path: one.format.name for one in files},
            skipped.listed,
            skipped.count,
            list(self._notes),
        )
