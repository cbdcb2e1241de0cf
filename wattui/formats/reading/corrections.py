# SPDX-License-Identifier: GPL-3.0-or-later
"""Corrections to the records of a file before they are placed in time.

- Values beyond what a meter can send are left out.
- Records in the wrong order are sorted; a file that begins with the newest is reversed.
- Records that occur twice count once.
- Times that are coarser than the records, such as whole minutes, are refined.

Each correction becomes a note of the session.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from wattui.formats.reading.block import ABSENT, Block, Integers, joined
from wattui.formats.reading.source import Source
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELDS
from wattui.measurement.text import count_text

Mask = NDArray[np.bool_]
Marks = NDArray[np.uint64]

#: Records that are corrected together; small blocks are joined.
BATCH: Final = 20_000

#: Records that are remembered, to recognize those that occur twice.
_REMEMBERED: Final = 2_000_000

#: Share of steps back in time from which the records are sorted.
_OUT_OF_ORDER: Final = 0.1
#: Steps that are enough for that share to mean something.
_ENOUGH: Final = 10

#: Share of repeats from which records of the same second that are alike are taken for
#: repeats, and not for a load that does not change.
_SYSTEMATIC: Final = 0.4

#: Odd numbers that mix the fields of a record into a fingerprint.
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX_2: Final = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT: Final = np.uint64(31)


def corrected(blocks: Iterable[Block], source: Source) -> Iterator[Block]:
    """Yield the records of a file with corrections; the source gets the notes."""
    work = _Corrections(source)
    for block in _ordered(joined(blocks, BATCH), source):
        yield from work.take(block)
    yield from work.finish()


def part_of(block: Block, chosen: slice | Integers | Mask) -> Block:
    """Return some records of a block."""

    def cut(column: Integers | None) -> Integers | None:
        return None if column is None else column[chosen]

    columns = {index: column[chosen] for index, column in block.columns.items()}
    spans = (block.time, block.interval, block.gap, block.elapsed)
    return Block(block.meter, columns, *map(cut, spans))


# -- order ---------------------------------------------------------------------------


def _ordered(blocks: Iterator[Block], source: Source) -> Iterator[Block]:
    """Yield the records by time if the first ones are not; then the whole file is held."""
    first = next(blocks, None)
    if first is None:
        return
    steps = np.diff(first.time) if first.time is not None else np.array([], np.int64)
    steps = steps[steps != 0]
    back = float((steps < 0).mean()) if len(steps) else 0.0
    reversed_ = back > 0.5
    if not reversed_ and (back < _OUT_OF_ORDER or len(steps) < _ENOUGH):
        yield first
        yield from blocks
        return
    everything: dict[str, list[Block]] = {}
    for block in chain([first], blocks):
        everything.setdefault(block.meter, []).append(block)
    source.note(
        "The latest record comes first: the order of the records was reversed"
        if reversed_
        else "The records are not in chronological order: they were sorted"
    )
    for own in everything.values():
        whole = next(joined(own, sum(map(len, own))))
        order = np.arange(len(whole))[::-1] if reversed_ else np.arange(len(whole))
        assert whole.time is not None
        order = order[np.argsort(whole.time[order], kind="stable")]
        # What counts from line to line says nothing about lines in another order.
        whole = replace(part_of(whole, order), elapsed=None)
        for start in range(0, len(whole), BATCH):
            yield part_of(whole, slice(start, start + BATCH))


def _quantity(index: int, value: int) -> str:
    one = FIELDS[index]
    return f"{value / one.scale:,.{one.digits}f} {one.unit}".rstrip()


# -- the rest ------------------------------------------------------------------------


@dataclass
class _Stream:
    """What is known about the records of one meter that have been corrected."""

    #: Fingerprints of the last records, oldest first, and how many they are.
    seen: deque[Marks] = field(default_factory=deque)
    remembered: int = 0
    last: int = -(2**62)
    #: Records of the last time in the block before: more of that time may follow.
    held: Block | None = None
    #: The records before those, corrected: few records stay together.
    ready: Block | None = None
    #: Whether any record has been corrected.
    begun: bool = False
    #: Resolution of the times in microseconds, and usual number of records of one time.
    tick: int = 0
    usual: int = 1
    #: Added to the seconds that the file counts, they are the time; None: the two do not
    #: agree.
    offset: int | None = None


class _Corrections:
    """The corrections of one file, block after block."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._streams: dict[str, _Stream] = {}
        #: Of each field, how many values were left out, and the first of them.
        self._beyond: dict[int, tuple[int, int]] = {}
        self._repeats = 0
        self._refined = False

    def take(self, block: Block) -> Iterator[Block]:
        """Correct a block; the last records of each meter may be held back."""
        block = self._within_limits(block)
        if block.time is None:
            yield block
            return
        stream = self._streams.setdefault(block.meter, _Stream())
        block = self._without_repeats(stream, block)
        if stream.held is not None:
            parts = [one for one in (stream.held, block) if len(one)]
            block = next(joined(parts, sum(map(len, parts))))
        if not len(block):
            return
        assert block.time is not None
        last = len(block) - 1
        while last > 0 and block.time[last - 1] == block.time[last]:
            last -= 1
        stream.held = part_of(block, slice(last, None))
        if last:
            if stream.ready is not None:
                yield stream.ready
            before = part_of(block, slice(0, last))
            stream.ready = self._refined_times(stream, before, int(block.time[last]))

    def finish(self) -> Iterator[Block]:
        """Yield what was held back, and write the notes."""
        for stream in self._streams.values():
            if stream.held is not None:
                held = self._refined_times(stream, stream.held, None)
                parts = [held] if stream.ready is None else [stream.ready, held]
                yield from joined(parts, sum(map(len, parts)))
        for index, (count, first) in sorted(self._beyond.items()):
            name = FIELDS[index].label.lower()
            most = _quantity(index, FIELDS[index].high)
            self._source.note(
                f"{count_text(count, 'value')} of {name} left out: a meter sends at most {most}, "
                f"and the first one is {_quantity(index, first)}"
            )
        if self._repeats:
            repeats = count_text(self._repeats, "record")
            self._source.note(f"{repeats} left out that the file contains twice")
        if self._refined:
            self._source.note(
                "Its times are coarser than its records: the records were spread over them"
            )

    def _within_limits(self, block: Block) -> Block:
        columns = dict(block.columns)
        for index, column in block.columns.items():
            beyond = column > FIELDS[index].high
            if beyond.any():
                count, first = self._beyond.get(index, (0, int(column[beyond][0])))
                self._beyond[index] = (count + int(beyond.sum()), first)
                columns[index] = np.where(beyond, ABSENT, column)
        return replace(block, columns=columns)

    # -- records that are there twice --

    def _without_repeats(self, stream: _Stream, block: Block) -> Block:
        time = block.time
        assert time is not None
        whole_seconds = not (time % MICROSECONDS).any()
        marks = _fingerprints(block, with_elapsed=whole_seconds)
        before = np.concatenate(([stream.last], time[:-1]))
        repeated = np.zeros(len(time), bool)
        if (time <= before).any():
            repeated = self._repeated(stream, marks)
            if whole_seconds and block.elapsed is None:
                # The same second and the same values may well be two records.
                alike = repeated & (time == before)
                single = time[~repeated]
                all_alike = len(np.unique(single)) == len(single)
                if not (all_alike and alike.sum() >= _SYSTEMATIC * len(time)):
                    repeated &= ~alike
        stream.seen.append(marks)
        stream.remembered += len(marks)
        while stream.remembered > _REMEMBERED and len(stream.seen) > 1:
            stream.remembered -= len(stream.seen.popleft())
        if not repeated.any():
            stream.last = int(time[-1])
            return block
        self._repeats += int(repeated.sum())
        block = part_of(block, ~repeated)
        if len(block):
            assert block.time is not None
            stream.last = int(block.time[-1])
        return block

    @staticmethod
    def _repeated(stream: _Stream, marks: Marks) -> Mask:
        _, first = np.unique(marks, return_index=True)
        repeated = np.ones(len(marks), bool)
        repeated[first] = False
        if stream.seen:
            repeated |= np.isin(marks, np.concatenate(stream.seen))
        return repeated

    # -- times that are coarser than the records --

    def _refined_times(self, stream: _Stream, block: Block, following: int | None) -> Block:
        """Return records with times that increase; the next one after them is *following*."""
        time = block.time
        assert time is not None
        begun, stream.begun = stream.begun, True
        same = np.diff(time) == 0
        if not same.any() and (stream.usual == 1 or (np.diff(time) < 0).any()):
            return block
        if not stream.tick:
            steps = np.diff(time if following is None else np.append(time, following))
            steps = steps[steps > 0]
            if not len(steps):
                return block
            stream.tick = int(np.median(steps))
            counts = np.diff(np.flatnonzero(np.diff(time, prepend=time[0] - 1)))
            stream.usual = max(1, int(np.median(counts))) if len(counts) else len(time)
            if block.elapsed is not None:
                stream.offset = int((time - block.elapsed).max())
        self._refined = True
        if stream.offset is not None and block.elapsed is not None:
            counted = block.elapsed + stream.offset
            ahead = counted - time
            increases = (np.diff(block.elapsed) > 0).all()
            if increases and ((ahead >= 0) & (ahead < stream.tick + stream.tick // 2)).all():
                return replace(block, time=counted)
            stream.offset = None
        return replace(block, time=_spread(time, following, stream, first=not begun))


def _fingerprints(block: Block, *, with_elapsed: bool) -> Marks:
    """Return a number for each record that is the same for the same record, (n,)."""
    assert block.time is not None
    mixed = block.time.astype(np.uint64) * _MIX
    parts = [(index + 1, column) for index, column in sorted(block.columns.items())]
    if with_elapsed and block.elapsed is not None:
        parts.append((0, block.elapsed))
    for index, column in parts:
        # A field that is absent in all records of a block is not among its columns.
        value = np.where(column == ABSENT, 0, column * 32 + index + 1).astype(np.uint64) * _MIX_2
        value ^= value >> _SHIFT
        mixed += value * _MIX
        mixed += (value >> _SHIFT) * _MIX_2
    return mixed ^ (mixed >> _SHIFT)


def _spread(time: Integers, following: int | None, stream: _Stream, *, first: bool) -> Integers:
    """Return the times with the records of one time spread evenly up to the next one."""
    starts = np.flatnonzero(np.diff(time, prepend=time[0] - 1))
    counts = np.diff(np.append(starts, len(time)))
    ends = np.append(time[starts[1:]], time[-1] + stream.tick if following is None else following)
    room = ends - time[starts]
    # A tick ends at the next time, unless the clock was set or records are missing.
    room = np.where((room > 0) & (room < stream.tick), room, stream.tick)
    step = room // np.maximum(counts, stream.usual)
    number = np.arange(len(time)) - np.repeat(starts, counts)
    spread: Integers = time + number * np.repeat(step, counts)
    if first and counts[0] < stream.usual:
        # The recording began within a tick: its records are the last ones of it.
        spread[: counts[0]] += int(room[0] - counts[0] * step[0])
    return spread
