# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the list of sessions in the background of a window."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from wattui.model.main_thread import MainThread
from wattui.session.catalogue import Catalogue, CatalogueEntry, SessionState

#: Time between two deliveries of what was read, in seconds: at first, and at most.
_FIRST_PACE: Final = 0.2
_PACE: Final = 2.0


@dataclass(frozen=True)
class SessionList:
    """What is known of the sessions."""

    entries: tuple[CatalogueEntry, ...] = ()
    #: Free bytes of their disk; None while that is not known.
    free_bytes: int | None = None
    #: How many are not read yet.
    unread: int = 0


class SessionReader:
    """Lists sessions on a worker, again and again.  Main thread only.

    Parameters
    ----------
    main_thread
        Runs the worker.
    catalogue
        The sessions.
    show
        Called with what is known, on the main thread.
    failed
        Called with an error.
    """

    def __init__(
        self,
        main_thread: MainThread,
        catalogue: Catalogue,
        show: Callable[[SessionList], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._main_thread = main_thread
        self._catalogue = catalogue
        self._show = show
        self._failed = failed
        self._closed = threading.Event()
        self._again = False
        self.running = False
        #: The entries by their paths.
        self.entries: dict[Path, CatalogueEntry] = {}
        self._free: int | None = None

    @property
    def folder(self) -> Path:
        """The folder of the sessions."""
        return self._catalogue.folder

    def refresh(self) -> None:
        """Look at the folder, and read what is new; returns immediately."""
        if self._closed.is_set():
            return
        if self.running:
            self._again = True
            return
        self.running, self._again = True, False
        before = tuple(self.entries.values())
        self._main_thread.run(
            "list of sessions", lambda: self._work(before), lambda _done: self._over(), self._refuse
        )

    def close(self) -> None:
        """End the work; nothing is shown any longer."""
        self._closed.set()

    # -- worker ------------------------------------------------------------------------

    def _work(self, before: tuple[CatalogueEntry, ...]) -> None:
        listed = self._catalogue.scan(before)
        free = _free_bytes(self._catalogue.folder)
        self._main_thread.post(lambda: self._take_all(listed, free))
        new: list[CatalogueEntry] = []
        sent, pace = time.monotonic(), _FIRST_PACE

        def shown(entry: CatalogueEntry) -> None:
            nonlocal new, sent, pace
            new.append(entry)
            if time.monotonic() - sent > pace:
                pace = min(2 * pace, _PACE)
                ready, new = new, []
                self._main_thread.post(lambda: self._take(ready))
                sent = time.monotonic()

        self._catalogue.complete(listed, shown, self._closed.is_set)
        self._main_thread.post(lambda: self._take(new))

    # -- main thread -------------------------------------------------------------------

    def _take_all(self, listed: list[CatalogueEntry], free: int | None) -> None:
        """Take over the list; what has changed is shown as before until it is read."""
        known = self.entries
        self._free = free
        self.entries = {}
        for entry in listed:
            before = known.get(entry.path)
            if before is not None and entry.state is SessionState.UNREAD and before.state:
                shown = before.state, before.outline, before.problem
                entry = replace(entry, state=shown[0], outline=shown[1], problem=shown[2])
            self.entries[entry.path] = entry
        self._deliver()

    def _take(self, entries: list[CatalogueEntry]) -> None:
        for entry in entries:
            if entry.path in self.entries:
                self.entries[entry.path] = entry
        self._deliver()

    def _deliver(self) -> None:
        if not self._closed.is_set():
            unread = sum(entry.state is SessionState.UNREAD for entry in self.entries.values())
            self._show(SessionList(tuple(self.entries.values()), self._free, unread))

    def _over(self) -> None:
        self.running = False
        if self._again:
            self.refresh()

    def _refuse(self, error: Exception) -> None:
        self.running = False
        if not self._closed.is_set():
            self._failed(error)


def _free_bytes(folder: Path) -> int | None:
    """Return the free bytes of the disk of a folder, which need not exist yet."""
    for place in (folder, *folder.parents):
        try:
            return shutil.disk_usage(place).free
        except OSError:
            continue
    return None
