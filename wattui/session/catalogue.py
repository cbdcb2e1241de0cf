# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of the sessions of a folder, for the window and ``wattui sessions``.

:meth:`Catalogue.scan` lists thousands of sessions at once, with what was read of them before;
:meth:`Catalogue.read` completes one of them.  Both wait for the disk.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from wattui.desktop.folders import sessions_folder
from wattui.errors import WattuiError
from wattui.measurement.clock import MICROSECONDS
from wattui.session.lock import is_being_written, lock_path
from wattui.session.outline import NAME, NOTE, Origin, Outline, read_outline
from wattui.session.outline_cache import OutlineCache, Stamp
from wattui.session.schema import SUFFIX

#: Suffix of a session's journal.
_JOURNAL: Final = "-wal"

#: The time at the beginning of a session's name.
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d ?")

#: Sessions that are read between two writes of the cache.
_BATCH: Final = 100

#: Microseconds after which a file that was not written since counts as unchanged.
_SETTLED_US: Final = 2 * MICROSECONDS


class SessionState(StrEnum):
    """Whether a session is complete."""

    #: It has not been read yet.
    UNREAD = ""
    COMPLETE = "complete"
    INTERRUPTED = "interrupted"
    RECORDING = "being recorded"
    DAMAGED = "damaged"


@dataclass(frozen=True)
class CatalogueEntry:
    """A session of the list."""

    path: Path
    #: Bytes on disk, with its journal, and when it was last written, in microseconds UTC.
    size: int = 0
    written_us: int = 0
    #: Differs once it has changed.
    stamp: Stamp = ()
    state: SessionState = SessionState.UNREAD
    #: What was read of it; None before that, and if it cannot be read.
    outline: Outline | None = None
    #: Why it cannot be read; empty if it can.
    problem: str = ""

    @property
    def stamp_key(self) -> tuple[Path, Stamp]:
        """Its path and its stamp."""
        return self.path, self.stamp

    @property
    def name(self) -> str:
        """The name that the user gave it, or else that of its file without its time."""
        return self.given_name or _TIME.sub("", self.path.stem) or self.path.stem

    @property
    def given_name(self) -> str:
        """The name that the user gave it; empty for none."""
        return "" if self.outline is None else self.outline.info.get(NAME, "")

    @property
    def note(self) -> str:
        """What the user noted about it."""
        return "" if self.outline is None else self.outline.info.get(NOTE, "")

    @property
    def start_us(self) -> int:
        """When it starts, or else when it was written: before it is read, or without samples."""
        span = None if self.outline is None else self.outline.span_us
        return self.written_us if span is None else span[0]

    @property
    def is_recorded(self) -> bool:
        """Whether it is being recorded at this moment."""
        return self.state is SessionState.RECORDING

    @property
    def has_samples(self) -> bool:
        """Whether it is known to have samples."""
        return self.outline is not None and self.outline.span_us is not None

    @property
    def duration_s(self) -> float:
        """Seconds from its first interval to its last sample."""
        span = None if self.outline is None else self.outline.span_us
        return 0.0 if span is None else (span[1] - span[0]) / MICROSECONDS

    @property
    def origin(self) -> Origin:
        """Where its samples come from."""
        return Origin.RECORDED if self.outline is None else self.outline.origin


class Catalogue:
    """The sessions of a folder; for one thread at a time.

    Parameters
    ----------
    folder
        The folder; None for the data folder.
    cache
        Remembers what was read; None for the user's.
    """

    def __init__(self, folder: Path | None = None, cache: OutlineCache | None = None) -> None:
        self.folder = sessions_folder() if folder is None else folder
        self._cache = OutlineCache() if cache is None else cache

    def scan(self, before: Iterable[CatalogueEntry] = ()) -> list[CatalogueEntry]:
        """List the sessions, the one that was written last first; details are those known.

        Parameters
        ----------
        before
            An earlier list: of what did not change since, its entries are returned.
        """
        seen = _look(self.folder)
        found = [_seen(self.folder / name, seen) for name in seen if name.endswith(SUFFIX)]
        earlier = {entry.stamp_key: entry for entry in before if entry.state}
        locked = any(name.startswith(".") for name in seen)
        steady = [one for one in found if not locked or lock_path(one.path).name not in seen]
        same = {entry.path: earlier.get(entry.stamp_key) for entry in steady}
        asked = {one.path.name: one.stamp for one in steady if same[one.path] is None}
        known = self._cache.load(self.folder, asked) if asked else {}
        listed = [
            same.get(entry.path)
            or (_read(entry, known[entry.path.name]) if entry.path.name in known else entry)
            for entry in found
        ]
        return sorted(listed, key=lambda entry: entry.written_us, reverse=True)

    def read(self, entry: CatalogueEntry) -> CatalogueEntry:
        """Return an entry with its details, or with the reason why it cannot be read."""
        try:
            written = is_being_written(entry.path)
            outline = read_outline(entry.path)
        except WattuiError as error:
            return replace(entry, state=SessionState.DAMAGED, problem=error.what)
        except (OSError, ValueError, TypeError, OverflowError, RecursionError) as error:
            # Whatever one file is like, the others are listed.
            what = f"{entry.path.name} cannot be read: {error}"
            return replace(entry, state=SessionState.DAMAGED, problem=what)
        return _read(entry, outline, written=written)

    def complete(
        self,
        entries: Iterable[CatalogueEntry],
        shown: Callable[[CatalogueEntry], None] = lambda _entry: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> list[CatalogueEntry]:
        """Read what is missing, and return all entries, in the same order.

        Parameters
        ----------
        shown
            Called with each one that was read.
        cancelled
            Called before each; if it returns True, the rest stays as it is.
        """
        result: list[CatalogueEntry] = []
        new: list[CatalogueEntry] = []
        for entry in entries:
            if entry.state is not SessionState.UNREAD or cancelled():
                result.append(entry)
                continue
            result.append(self.read(entry))
            shown(result[-1])
            if result[-1].state not in (SessionState.DAMAGED, SessionState.RECORDING):
                new.append(result[-1])
            if len(new) >= _BATCH:
                self._remember(new)
                new = []
        self._remember(new)
        return result

    def _remember(self, entries: list[CatalogueEntry]) -> None:
        """Remember what was read of sessions that did not change meanwhile."""
        if not entries:
            return
        seen = _look(self.folder, {entry.path.name for entry in entries})
        steady = {
            entry.path.name: (now.stamp, entry.outline)
            for entry in entries
            if entry.outline is not None and entry.path.name in seen
            # What was written a moment ago may be written again within the same tick of the clock.
            if (now := _seen(entry.path, seen)).stamp == entry.stamp
            if abs(time.time() * MICROSECONDS - now.written_us) > _SETTLED_US
        }
        self._cache.save(self.folder, steady)


def _look(folder: Path, only: set[str] | None = None) -> dict[str, os.stat_result | None]:
    """Return the files of a folder by name; None for one that cannot be looked at."""
    found: dict[str, os.stat_result | None] = {}
    with contextlib.suppress(OSError), os.scandir(folder) as files:
        for file in files:
            session = file.name.removesuffix(_JOURNAL)
            if session.endswith(SUFFIX) and (only is None or session in only):
                found[file.name] = _status(file)
            elif file.name.startswith(".") and only is None:
                found[file.name] = None
    return found


def _status(file: os.DirEntry[str]) -> os.stat_result | None:
    for follow in (True, False):
        with contextlib.suppress(OSError, ValueError):
            return file.stat(follow_symlinks=follow)
    return None


def _seen(path: Path, seen: dict[str, os.stat_result | None]) -> CatalogueEntry:
    """Return what the folder says about a session."""
    file, journal = seen[path.name], seen.get(path.name + _JOURNAL)
    both = [
        (one.st_size, one.st_mtime_ns) if one is not None else (0, 0) for one in (file, journal)
    ]
    return CatalogueEntry(
        path,
        size=both[0][0] + both[1][0],
        written_us=max(both[0][1], both[1][1]) // 1000,
        stamp=(*both[0], *both[1]),
    )


def _read(entry: CatalogueEntry, outline: Outline, *, written: bool = False) -> CatalogueEntry:
    state = SessionState.COMPLETE
    if outline.interrupted:
        state = SessionState.RECORDING if written else SessionState.INTERRUPTED
    elif written:
        state = SessionState.RECORDING
    return replace(entry, state=state, outline=outline)
