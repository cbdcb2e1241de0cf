# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of the samples of several meters into one recording, and back to the window.

Each meter has a :class:`Feed`.  It says under which key, name and colour the meter
stands in the session: what people call it may change while it is recorded, and two
adapters may carry the same serial number.  What the recording has on disk comes back
through :class:`Committed`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.sample import Sample
from wattui.model.main_thread import MainThread
from wattui.session import WriterStatus
from wattui.session.recorder import Recorder

if TYPE_CHECKING:
    from wattui.model.meter import Meter


class Keys:
    """Which meter of a window has which key in the session.  Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._meters: dict[str, Meter] = {}
        self._claimed: dict[tuple[int, str], str] = {}

    def claim(self, meter: Meter, info: MeterInfo) -> str:
        """Give the key of a meter: its own, or with its port where another one has that."""
        with self._lock:
            known = self._claimed.get((id(meter), info.key))
            if known is not None:
                return known
            key = info.key
            if self._meters.setdefault(key, meter) is not meter:
                key = f"{info.key} at {info.port}"
                number = 2
                while self._meters.setdefault(key, meter) is not meter:
                    key = f"{info.key} at {info.port} ({number})"
                    number += 1
            self._claimed[id(meter), info.key] = key
            return key

    def meter(self, key: str) -> Meter | None:
        """Give the meter that has a key; None where none has."""
        with self._lock:
            return self._meters.get(key)

    def release(self, meter: Meter) -> None:
        """Let go of the keys of a meter that is no longer there."""
        with self._lock:
            self._meters = {key: one for key, one in self._meters.items() if one is not meter}
            self._claimed = {at: key for at, key in self._claimed.items() if at[0] != id(meter)}


class Feed:
    """Hands one meter's samples on to the recording.  A listener; any thread.

    Parameters
    ----------
    meter
        Whose samples these are; its name and colour are read, never set.
    recorder
        Where they go.
    keys
        Who has which key.
    identities
        Name and colour of meters that were seen before, by key.
    """

    def __init__(
        self,
        meter: Meter,
        recorder: Recorder,
        keys: Keys,
        identities: Mapping[str, Mapping[str, str]],
    ) -> None:
        self._meter = meter
        self._recorder = recorder
        self._keys = keys
        self._identities = identities

    def _described(self, info: MeterInfo) -> MeterInfo:
        """Give who the meter is, by the names that people gave it."""
        meter = self._meter
        key = self._keys.claim(meter, info)
        known = self._identities.get(key, {})
        # Before the main thread has seen who it is, what is remembered counts.
        name = meter.name or ("" if meter.key == key else known.get("name", ""))
        return replace(info, key=key, name=name, colour=meter.colour)

    def on_samples(self, info: MeterInfo, samples: Sequence[Sample]) -> None:
        """Take a batch of samples."""
        self._recorder.on_samples(self._described(info), samples)

    def on_event(self, info: MeterInfo, event: Event) -> None:
        """Take an event."""
        self._recorder.on_event(self._described(info), event)


class Committed:
    """Tells the meters of a window, and the window, what one recording has on disk.

    A listener, on the recording's writer thread.

    Parameters
    ----------
    keys
        Who has which key.
    main_thread
        Where *show* and *show_status* are called.
    show
        Called with the marks that came, at most once a wake-up.
    show_status
        Called when the disk refuses and when it takes again.
    """

    def __init__(
        self,
        keys: Keys,
        main_thread: MainThread,
        show: Callable[[list[Event]], None],
        show_status: Callable[[WriterStatus], None],
    ) -> None:
        self._keys = keys
        self._main_thread = main_thread
        self._show = show
        self._show_status = show_status
        # Held while a meter is told, so that nothing comes once it is silent.
        self._lock = threading.Lock()
        self._marks: list[Event] = []
        self._posted = False
        self._silent = False

    def silence(self) -> None:
        """Tell no more: the window shows another session.  Main thread.

        What this one still had to write must not count for that one.
        """
        with self._lock:
            self._silent = True

    def on_samples(self, info: MeterInfo, samples: Sequence[Sample]) -> None:
        """Take samples that were committed."""
        with self._lock:
            meter = self._keys.meter(info.key)
            if meter is not None and not self._silent:
                meter.take(samples)
            self._post()

    def on_event(self, _info: MeterInfo, event: Event) -> None:
        """Take an event that was committed."""
        with self._lock:
            if event.kind is EventKind.MARK:
                self._marks.append(event)
            self._post()

    def _post(self) -> None:
        if not self._posted and not self._silent:
            self._posted = True
            self._main_thread.post(self._tell)

    def _tell(self) -> None:
        with self._lock:
            self._posted = False
            marks, self._marks = self._marks, []
        if not self._silent:
            self._show(marks)

    def on_status(self, status: WriterStatus) -> None:
        """Note that the disk refuses, or takes again."""

        def show() -> None:
            if not self._silent:
                self._show_status(status)

        self._main_thread.post(show)


def free_colour(
    colours: Sequence[str], taken: Sequence[str], identities: Mapping[str, Mapping[str, str]]
) -> str:
    """Give a colour that no other meter has, and best none that is remembered for one."""
    remembered = {one.get("colour") for one in identities.values()}
    free = [colour for colour in colours if colour not in taken]
    best = [colour for colour in free if colour not in remembered]
    return (best or free or [*colours, ""])[0]
