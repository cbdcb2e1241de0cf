# SPDX-License-Identifier: GPL-3.0-or-later
"""A new session of samples that are all there: imported files, and the fastest way in.

The file is made beside its name, its tables are filled page by page
(:mod:`wattui.session.pages`), and it takes its name when it is whole and on disk.
What is not much (meters, events, words, checksums) is written by SQLite itself.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import zlib
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

import numpy as np

from wattui import __version__
from wattui.errors import DiskRefused
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_COUNT
from wattui.session.pages import Column, Leaves, PageFile, finish
from wattui.session.schema import SEAL_LEVEL, WIDTHS, connect, migrate, translated
from wattui.session.store import local_zone, store_meter, transaction
from wattui.session.summary import ABSENT, Integers, first_level
from wattui.session.summing import Sums, join, sum_up

_SEAL: Final = WIDTHS[SEAL_LEVEL]

#: Batches that wait at most; they are all that is kept in memory.
_MOST_WAITING: Final = 6

#: Summaries that are worked on at once.
_BATCH: Final = 4_096


class FreshWriter:
    """Writes a new session by arrays; a context manager.

    Samples of each meter come in the order of their times; meters may take turns.
    Leaving the context by an exception leaves nothing behind.

    Parameters
    ----------
    path
        The file, which must not exist; its folder is made.
    software
        Name and version of what writes.

    Raises
    ------
    DiskRefused
        It cannot be made.
    """

    def __init__(self, path: Path | str, *, software: str = f"wattui {__version__}") -> None:
        #: The session's file.
        self.path = Path(path).absolute()
        self._software = software
        self._draft = self.path.with_name(f".{self.path.name}.{os.getpid()}.part")
        self._meters: dict[str, _Meter] = {}
        self._events: list[tuple[str | None, Event]] = []
        self._info: dict[str, str] = {}
        self._closed = False
        self._require_new()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._remove_draft()
            self._make_tables()
            self._file = PageFile(self._draft)
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        except OSError as error:
            raise self._refused(error) from error
        self._roots = self._find_roots()
        # One thread each: what is given to it is done in order.
        self._pages = ThreadPoolExecutor(1, "wattui pages")
        self._seals = ThreadPoolExecutor(1, "wattui seals")
        self._waiting: deque[Future[None]] = deque()

    def _require_new(self) -> None:
        if self.path.exists():
            raise DiskRefused(f"{self.path} exists already", "Choose another name.")

    def _make_tables(self) -> None:
        """Make the file with its tables; nothing is synced before the end."""
        with contextlib.closing(self._connected("mode=rwc")) as connection:
            migrate(connection)

    def _connected(self, options: str) -> sqlite3.Connection:
        connection = connect(self._draft, options)
        connection.execute("PRAGMA journal_mode=MEMORY")
        connection.execute("PRAGMA synchronous=OFF")
        return connection

    def _find_roots(self) -> dict[str, int]:
        """Give the first page of each table and index, all of them empty."""
        with contextlib.closing(connect(self._draft, "mode=ro")) as connection:
            rows = connection.execute("SELECT name, rootpage FROM sqlite_master").fetchall()
        # A WITHOUT ROWID table has the root page of its key.
        return {str(name): int(root) for name, root in rows if root}

    def add(
        self,
        meter: MeterInfo,
        time: Integers,
        interval: Integers,
        gap: Integers,
        columns: Mapping[int, Integers],
    ) -> None:
        """Add samples of one meter, which come after those that it has.

        Parameters
        ----------
        time
            Microseconds UTC, increasing, (n,).
        interval, gap
            Microseconds, (n,); gap 0 where none is.
        columns
            Integers of the wire by the field's position, each (n,), ABSENT where a record
            has none; fields that are left out are absent in all of them.

        Raises
        ------
        ValueError
            Times do not increase.
        DiskRefused
            The disk does not take it.
        """
        if not len(time):
            return
        stored = self._meters.get(meter.key)
        if stored is None:
            stored = self._meters[meter.key] = _Meter(self._file, len(self._meters) + 1, meter)
        if time[0] <= stored.last or bool((time[1:] <= time[:-1]).any()):
            raise ValueError("the times of the samples do not increase")
        stored.begin_batch(time, interval)
        # NumPy and zlib work on both at the same time.
        self._do(self._pages, stored.add, time, interval, gap, columns)
        self._do(self._seals, stored.add_seals, time, interval, gap, columns)

    def _do(self, pool: ThreadPoolExecutor, work: Callable[..., None], *arguments: object) -> None:
        """Have something done after all else in *pool*; wait where too much is to be done."""
        self._waiting.append(pool.submit(work, *arguments))
        while len(self._waiting) > _MOST_WAITING:
            self._wait_for_one()

    def _wait_for_one(self) -> None:
        try:
            self._waiting.popleft().result()
        except OSError as error:
            raise self._refused(error) from error

    def add_event(self, event: Event, meter: MeterInfo | None = None) -> None:
        """Add an event of a meter that has samples, or of the whole session."""
        self._events.append((None if meter is None else meter.key, event))

    def set_info(self, name: str, value: str) -> None:
        """Keep a word on the session, such as ``source``."""
        self._info[name] = value

    def last(self, key: str) -> int | None:
        """Give the time of a meter's last sample, by the meter's key; None before the first."""
        stored = self._meters.get(key)
        return None if stored is None else stored.last

    def close(self) -> None:
        """Finish the file and give it its name; closing again does nothing.

        Raises
        ------
        DiskRefused
            The disk does not take it; nothing is left of it.
        """
        if self._closed:
            return
        self._closed = True
        try:
            while self._waiting:
                self._wait_for_one()
            self._finish_pages()
            self._write_rest()
            with self._draft.open("r+b") as file:
                os.fsync(file.fileno())
            self._require_new()
            self._draft.replace(self.path)
        except sqlite3.Error as error:
            raise translated(error, self.path) from error
        except OSError as error:
            raise self._refused(error) from error
        finally:
            self._end_threads()
            self._file.abandon()
            self._remove_draft()

    def _end_threads(self) -> None:
        for pool in (self._pages, self._seals):
            pool.shutdown(cancel_futures=True)

    def discard(self) -> None:
        """Leave nothing behind."""
        if not self._closed:
            self._closed = True
            self._end_threads()
            self._file.abandon()
        self._remove_draft()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def _finish_pages(self) -> None:
        meters = list(self._meters.values())
        summaries = [level for meter in meters for level in meter.close()]
        finish(self._file, self._roots["sample"], [meter.samples for meter in meters])
        finish(self._file, self._roots["sample_gap"], [meter.gaps for meter in meters])
        finish(self._file, self._roots["summary"], summaries)
        self._file.close()

    def _write_rest(self) -> None:
        with (
            contextlib.closing(self._connected("mode=rw")) as connection,
            transaction(connection),
        ):
            ids = {
                key: store_meter(connection, meter.info, None).id
                for key, meter in self._meters.items()
            }
            for key, meter in self._meters.items():
                connection.executemany(
                    "INSERT INTO seal VALUES (?,?,?,?)",
                    [(ids[key], *seal) for seal in meter.seals],
                )
            connection.executemany("INSERT INTO info VALUES (?,?)", self._words().items())
            connection.executemany(
                "INSERT INTO event (meter, time, kind, text, duration) VALUES (?,?,?,?,?)",
                [
                    (
                        None if key is None else ids[key],
                        event.time_us,
                        str(event.kind),
                        event.text,
                        event.duration_us,
                    )
                    for key, event in self._all_events()
                ],
            )

    def _words(self) -> dict[str, str]:
        return {
            "software": self._software,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "time_zone": local_zone(),
            **self._info,
        }

    def _all_events(self) -> list[tuple[str | None, Event]]:
        begun = [(key, Event(m.begin, EventKind.STARTED)) for key, m in self._meters.items()]
        ended = [(key, Event(m.last, EventKind.STOPPED)) for key, m in self._meters.items()]
        known = [one for one in self._events if one[0] is None or one[0] in self._meters]
        return [*begun, *known, *ended]

    def _remove_draft(self) -> None:
        for end in ("", "-wal", "-shm", "-journal"):
            with contextlib.suppress(OSError):
                Path(f"{self._draft}{end}").unlink()

    def _refused(self, error: OSError) -> DiskRefused:
        return DiskRefused(
            f"{self.path} cannot be written ({error.strerror or error})",
            "Make room on the disk, or choose another folder.",
        )


class _Meter:
    """The rows of one meter, on their way into the tables."""

    def __init__(self, file: PageFile, number: int, info: MeterInfo) -> None:
        self.info = info
        self.number = number
        self.begin = 0
        self.last = -(2**62)
        self.samples = Leaves(file)
        self.gaps = Leaves(file)
        self._levels: list[_Level] = []
        above = None
        for level in reversed(range(first_level(info.interval), len(WIDTHS))):
            above = _Level(file, number, level, above)
            self._levels.insert(0, above)
        #: Bucket, count and checksum of those that are over.
        self.seals: list[tuple[int, int, int]] = []
        self._seal = (0, 0, 0)

    def begin_batch(self, time: Integers, interval: Integers) -> None:
        """Take note of samples that are on their way."""
        if self.last < 0:
            self.begin = int(time[0] - interval[0])
        self.last = int(time[-1])

    def add(
        self, time: Integers, interval: Integers, gap: Integers, columns: Mapping[int, Integers]
    ) -> None:
        """Write samples and their summaries."""
        count = len(time)
        row: list[Column] = [self.number, time, interval, None, *[None] * FIELD_COUNT]
        where = np.flatnonzero(gap > 0)
        if len(where):
            row[3] = np.where(gap > 0, gap, ABSENT)
            self.gaps.add([self.number, time[where], interval[where], gap[where]], len(where))
        for index, column in columns.items():
            row[4 + index] = column
        self.samples.add(_small(row), count)
        self._levels[0].add(sum_up(time, interval, gap, columns, self._levels[0].width))

    def close(self) -> list[Leaves]:
        """Give the summaries of all levels, of the buckets that are over."""
        for level in self._levels:
            level.end(self.last)
        if self._seal[1] and self._seal[0] < self.last // _SEAL * _SEAL:
            self.seals.append(self._seal)
        return [level.leaves for level in self._levels]

    def add_seals(
        self, time: Integers, interval: Integers, gap: Integers, columns: Mapping[int, Integers]
    ) -> None:
        """Add to the checksums of the samples."""
        table = np.full((len(time), 3 + FIELD_COUNT), ABSENT, "<i8")
        table[:, 0], table[:, 1] = time, interval
        table[:, 2] = np.where(gap > 0, gap, ABSENT)
        for index, column in columns.items():
            table[:, 3 + index] = column
        bucket = time // _SEAL * _SEAL
        starts = np.flatnonzero(np.diff(bucket, prepend=bucket[0] - 1)).tolist()
        for begin, end in zip(starts, [*starts[1:], len(time)], strict=True):
            which = int(bucket[begin])
            if which != self._seal[0]:
                if self._seal[1]:
                    self.seals.append(self._seal)
                self._seal = (which, 0, 0)
            crc = zlib.crc32(table[begin:end].data, self._seal[2])
            self._seal = (which, self._seal[1] + end - begin, crc)


def _small(row: list[Column]) -> list[Column]:
    """Give columns that are NULL throughout as such."""
    return [
        None if isinstance(column, np.ndarray) and bool((column == ABSENT).all()) else column
        for column in row
    ]


class _Level:
    """The summaries of one meter at one level; hands those that are over on to the next."""

    def __init__(self, file: PageFile, meter: int, level: int, above: _Level | None) -> None:
        self.width = WIDTHS[level]
        self.leaves = Leaves(file)
        self._key = (meter, level)
        self._above = above
        self._waiting: list[Sums] = []
        self._count = 0

    def add(self, sums: Sums) -> None:
        """Take what follows in time, in buckets of this width or narrower ones."""
        self._waiting.append(sums)
        self._count += len(sums)
        if self._count >= _BATCH:
            self._work()

    def _work(self) -> None:
        merged = join(self._waiting).merged(self.width)
        # The last bucket may go on.
        self._waiting, self._count = [merged[len(merged) - 1 :]], 1
        self._give(merged[: len(merged) - 1])

    def end(self, last: int) -> None:
        """Let go of what is left, and of the last bucket if a sample lies behind it."""
        if not self._waiting:
            return
        self._work()
        rest = self._waiting.pop()
        if int(rest.bucket[0]) < last // self.width * self.width:
            self._give(rest)

    def _give(self, sums: Sums) -> None:
        if len(sums):
            self.leaves.add([*self._key, *sums.columns()], len(sums))
            if self._above is not None:
                self._above.add(sums)
