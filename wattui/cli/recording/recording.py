# SPDX-License-Identifier: GPL-3.0-or-later
"""Recording one or several meters into one session, without a window.

Samples go from the meters' reader threads into the session's file; what was
written there comes back as *news* for the main thread, which shows it.  So nothing
is shown that is not on disk, and a slow reader of the output delays no disk.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from wattui.cli.recording.time_limit import Gate
from wattui.client import ClientState, MeterClient
from wattui.errors import DiskRefused, WattuiError
from wattui.measurement.events import Event, EventKind, Listener, MeterInfo
from wattui.measurement.sample import Sample
from wattui.measurement.totals import Tally
from wattui.ports.port import Port, open_port
from wattui.session import WriterStatus, new_session_path
from wattui.session.recorder import Recorder
from wattui.session.rotation import RotatingRecorder

OpenPort = Callable[[str], Port]
MakeRecorder = Callable[[Listener, Callable[[WriterStatus], None]], "Recorder | RotatingRecorder"]

#: Batches that wait to be shown; beyond it they are on disk but are not shown.
_MOST_NEWS: Final = 50_000

#: How late a meter may be before its time is up without its last sample: intervals of its
#: own time, and seconds of silence of this machine's.
_LATE: Final = 3
_SILENCE: Final = 2.0

#: Seconds until a port that failed is tried again, at first and at last.
_FIRST_RETRY, _LAST_RETRY = 5.0, 300.0

#: Seconds that the file has to take what waits, at the end.
_CLOSING_TIME: Final = 10.0

#: The same, where somebody is in a hurry.
_HURRY: Final = 0.5


@dataclass(eq=False)
class Track:
    """One meter of a recording, as the main thread knows it."""

    #: The port as it was given.
    url: str
    client: MeterClient
    #: What was written to disk of it.
    tally: Tally = field(default_factory=Tally)
    state: ClientState = ClientState.CLOSED
    #: What it is doing while it opens: ``trying 19200 baud``.
    activity: str = ""
    #: Why it failed or was lost.
    error: WattuiError | None = None
    #: Who it is, as far as it is known.
    info: MeterInfo | None = None
    #: When it was lost, in seconds UTC; 0 while it is not.
    lost_since: float = 0.0
    #: Why it failed for good; None while there is hope.
    failure: WattuiError | None = None
    #: Whether its time is up.
    done: bool = False
    #: When it was heard last, by this machine's monotonic clock.
    heard: float = 0.0
    #: When its last sample came back from the disk, or it began to send, by the same clock.
    committed: float = 0.0
    #: When it is tried again after it failed, by the same clock, and seconds until then.
    again: float = 0.0
    delay: float = 0.0
    #: The failure that was shown.
    told: str = ""

    @property
    def label(self) -> str:
        """What it is called where it is shown."""
        return self.info.label if self.info is not None and self.info.model else self.url


class View(Protocol):
    """Whoever shows a recording.  Main thread only."""

    def sample(self, track: Track, sample: Sample) -> None:
        """Show a sample, which is on disk and in the track's tally already."""

    def event(self, track: Track, event: Event) -> None:
        """Show an event, which is on disk already."""

    def changed(self, track: Track, before: ClientState) -> None:
        """Show that a meter has another state."""

    def disk(self, status: WriterStatus) -> None:
        """Show that the disk refuses, or takes again."""


#: What the main thread is to show.
News = Callable[[View], None]


class _Feed:
    """Hands one meter's samples and events on to the session.  Reader thread."""

    def __init__(self, recording: Recording, track: Track, gate: Gate) -> None:
        self._recording = recording
        self._track = track
        self._gate = gate

    def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        if self._gate.reached:
            return
        self._track.heard = time.monotonic()
        taken = self._gate.passed(samples)
        meter = self._recording.told_apart(self._track, meter)
        self._recording.recorder.on_samples(meter, taken)
        if self._gate.reached:
            self._recording.wake()

    def on_event(self, meter: MeterInfo, event: Event) -> None:
        if not self._gate.reached or event.kind is EventKind.STOPPED:
            meter = self._recording.told_apart(self._track, meter)
            self._recording.recorder.on_event(meter, event)


class Recording:
    """Meters, their session, and the news of them for the main thread.

    Parameters
    ----------
    urls
        The ports; each only once.
    interval
        Seconds between two records.
    duration
        Seconds to record of each meter, in its own time; None for no end.
    session
        Path of the new session; None for one in the user's data folder.
    opener
        Opens a port.
    make_recorder
        Makes what writes the session in place of :class:`Recorder`.
    wait
        Try a port that failed again, for good, and go on without any.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        interval: int = 1,
        duration: float | None = None,
        session: Path | None = None,
        opener: OpenPort = open_port,
        make_recorder: MakeRecorder | None = None,
        wait: bool = False,
    ) -> None:
        self._wait = wait
        self._duration = duration
        self._interval = interval
        self._opener = opener
        self._news: queue.SimpleQueue[News | None] = queue.SimpleQueue()
        #: Batches that were not shown because nobody took the news in time.
        self.not_shown = 0
        #: What the disk said last.
        self.status: WriterStatus | None = None
        #: When the writer said so, by this machine's monotonic clock.
        self.refused_at = 0.0
        # Whose samples are recorded under which key.
        self._by_key: dict[str, Track] = {}
        self._lock = threading.Lock()
        self.recorder: Recorder | RotatingRecorder
        if make_recorder is not None:
            self.recorder = make_recorder(self, self._on_status)
        else:
            self.recorder = Recorder(
                self, self._on_status, lambda info: session or new_session_path(info.label)
            )
        self.tracks: list[Track] = []
        self._gates: dict[int, Gate] = {}
        self._began: dict[int, float] = {}
        for url in urls:
            self._add(url)

    def _add(self, url: str) -> None:
        client = MeterClient(url, interval=self._interval, opener=self._opener)
        track = Track(url, client)
        gate = self._gates[id(track)] = Gate(self._duration)
        client.add_listener(_Feed(self, track, gate))
        client.add_state_listener(lambda changed: self._on_state(track, changed))
        self.tracks.append(track)

    # -- any thread ------------------------------------------------------------

    def wake(self) -> None:
        """Let the main thread look up.  Safe in a signal handler."""
        self._news.put(None)

    def told_apart(self, track: Track, meter: MeterInfo) -> MeterInfo:
        """Give a meter that has another's serial number a key of its own."""
        with self._lock:
            if self._by_key.setdefault(meter.key, track) is track:
                return meter
            other = replace(meter, key=f"{meter.key} {track.url}")
            self._by_key[other.key] = track
            return other

    def _post(self, news: News) -> None:
        if self._news.qsize() < _MOST_NEWS:
            self._news.put(news)
        else:
            self.not_shown += 1

    def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        """Hand on samples that are on disk.  Writer thread."""
        self._post(lambda view: self._take(self._by_key[meter.key], samples, view))

    def on_event(self, meter: MeterInfo | None, event: Event) -> None:
        """Hand on an event that is on disk.  Writer thread."""
        if meter is not None:
            self._post(lambda view: view.event(self._by_key[meter.key], event))

    def _on_status(self, status: WriterStatus) -> None:
        if status.problem and threading.current_thread().name.startswith("wattui writer"):
            # Whoever says that the disk hangs is not the writer, which waits for it.
            self.refused_at = time.monotonic()

        def news(view: View) -> None:
            self.status = status
            if self.path is not None:
                # A file that cannot even be begun ends the recording, with that error.
                view.disk(status)

        self._post(news)

    def _on_state(self, track: Track, client: MeterClient) -> None:
        state, activity, error, info = client.state, client.activity, client.error, client.info
        now = client.clock.time()

        def news(view: View) -> None:
            before = track.state
            track.state, track.activity, track.error, track.info = state, activity, error, info
            told_already = False
            if state is ClientState.FAILED:
                track.failure = error or WattuiError(f"{track.url} failed")
                told_already = self._wait and track.told == str(track.failure)
                track.told = str(track.failure)
                track.delay = min(max(2 * track.delay, _FIRST_RETRY), _LAST_RETRY)
                track.again = time.monotonic() + track.delay
            if state is not ClientState.LOST:
                track.lost_since = 0.0
            elif not track.lost_since:
                track.lost_since = now
            if state is ClientState.RUNNING:
                track.heard = time.monotonic()
                if before is not state:
                    track.committed, track.delay, track.told = track.heard, 0.0, ""
                self._began.setdefault(id(track), client.clock.monotonic())
            if not track.done and not told_already:
                view.changed(track, before)

        self._post(news)

    # -- main thread -----------------------------------------------------------

    def _take(self, track: Track, samples: Sequence[Sample], view: View) -> None:
        track.committed = time.monotonic()
        for sample in samples:
            track.tally.add((sample,))
            view.sample(track, sample)

    @property
    def path(self) -> Path | None:
        """The session's path; None before a sample is on disk."""
        begun = any(track.tally.count for track in self.tracks)
        return self.recorder.path if begun else None

    @property
    def refused(self) -> WattuiError | None:
        """Why the disk does not even take the first sample; None where it did, or may yet."""
        if self.path is not None or self.status is None or not self.status.problem:
            return None
        return DiskRefused(self.status.problem, self.status.hint)

    @property
    def over(self) -> bool:
        """Whether no meter is left to record: each failed, or its time is up."""
        if self._wait:
            return bool(self.tracks) and all(t.done for t in self.tracks)
        return all(t.done or t.failure is not None for t in self.tracks)

    @property
    def failures(self) -> list[WattuiError]:
        """Why meters failed for good, in the order of the ports."""
        if self._wait:
            return []
        return [track.failure for track in self.tracks if track.failure is not None]

    def start(self) -> None:
        """Open every port; returns at once."""
        for track in self.tracks:
            track.client.start()

    def add_port(self, url: str) -> None:
        """Record another meter as well."""
        self._add(url)
        self.tracks[-1].client.start()

    def try_again(self) -> None:
        """Open the ports that failed anew, where it is time to."""
        now = time.monotonic()
        for track in self.tracks:
            if track.failure is not None and not track.done and now >= track.again:
                track.failure = None
                track.client.start()

    def show(self, view: View, timeout: float) -> bool:
        """Show the news there are, waiting *timeout* seconds for the first; tell if any came."""
        try:
            news = self._news.get(timeout=timeout) if timeout > 0 else self._news.get_nowait()
        except queue.Empty:
            return False
        while True:
            if news is not None:
                news(view)
            try:
                news = self._news.get_nowait()
            except queue.Empty:
                return True

    def stop_those_done(self) -> None:
        """Stop the meters whose time is up, by their samples or, where none come, their clock."""
        for track in self.tracks:
            if not track.done and self._time_is_up(track):
                track.done = True
                track.client.stop()

    def _time_is_up(self, track: Track) -> bool:
        if self._gates[id(track)].reached:
            return True
        began = self._began.get(id(track))
        if self._duration is None or began is None:
            return False
        latest = self._duration + _LATE * self._interval
        late = track.client.clock.monotonic() - began > latest
        return late and time.monotonic() - track.heard > _SILENCE

    def abandon(self) -> None:
        """End at once, as far as the disk lets go: after a second Ctrl-C."""
        for track in self.tracks:
            track.client.stop(0.0)
        with contextlib.suppress(WattuiError):
            self.recorder.close(_HURRY)

    def stop(self, view: View) -> None:
        """Stop every meter, write what waits, close the session and show the rest.

        Raises
        ------
        DiskRefused
            The disk did not take the last samples.
        """
        running = [track for track in self.tracks if not track.done]
        for track in running:
            track.done = True
        threads = [threading.Thread(target=track.client.stop, name="stop") for track in running]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        try:
            self.recorder.close(_HURRY if self.refused else _CLOSING_TIME)
        finally:
            self.show(view, 0)
