# SPDX-License-Identifier: GPL-3.0-or-later
"""Recording one or several meters into one session, without a window.

Samples go from the meters' reader threads into the session's file; once written, they are
passed as *news* to the main thread, which shows them.  So everything that is shown is on disk,
and slow output does not delay writing.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol

from wattui.client import ClientState, MeterClient
from wattui.client.discovery import is_same_meter
from wattui.errors import DiskRefused, OtherMeter, WattuiError
from wattui.measurement.clock import microseconds
from wattui.measurement.events import Event, EventKind, Listener, MeterInfo
from wattui.measurement.replay_mark import replay_of
from wattui.measurement.sample import Sample
from wattui.measurement.totals import Tally
from wattui.ports.port import Port, open_port
from wattui.session import WriterStatus
from wattui.session.health import HealthReport
from wattui.session.naming import meter_session_path
from wattui.session.recorder import Recorder
from wattui.session.rotation import RotatingRecorder

OpenPort = Callable[[str], Port]
MakeRecorder = Callable[[Listener, Callable[[WriterStatus], None]], "Recorder | RotatingRecorder"]

#: The most batches that wait to be shown; further ones are on disk but not shown.
_MOST_NEWS: Final = 50_000

#: How late the last sample may be before recording ends without it: intervals of the
#: meter's time, and seconds of silence of this computer's time.
_LATE: Final = 3
_SILENCE: Final = 2.0

#: Seconds until a port that failed is tried again, the first time and at most.
_FIRST_RETRY, _LAST_RETRY = 5.0, 300.0

#: Seconds for writing the remaining samples at the end.
_CLOSING_TIME: Final = 10.0

#: The same if the user is in a hurry.
_HURRY: Final = 0.5


class TimeLimit:
    """Passes one meter's samples until its duration is reached.

    Counts in the meter's own time: the intervals of its samples, and gaps.  A sample
    belongs to the duration if more than half of it lies within.
    """

    def __init__(self, duration: float | None) -> None:
        self._left = None if duration is None else microseconds(duration)
        self.reached = False

    def passed(self, samples: Sequence[Sample]) -> Sequence[Sample]:
        """Return the samples that still belong to the duration."""
        if self._left is None:
            return samples
        taken: list[Sample] = []
        for sample in samples:
            if not self.reached:
                taken.append(sample)
                self._left -= sample.interval_us + sample.gap_us
                self.reached = self._left < sample.interval_us / 2
        return taken


@dataclass(eq=False)
class Track:
    """One meter of a recording, as seen by the main thread."""

    #: The port as it was given.
    url: str
    client: MeterClient
    limit: TimeLimit = field(default_factory=lambda: TimeLimit(None))
    #: Its samples on disk, summed up.
    tally: Tally = field(default_factory=Tally)
    state: ClientState = ClientState.CLOSED
    #: Progress while it opens: ``asking at 19200 baud``.
    activity: str = ""
    #: Why its records pause, as in ``the meter is restarting``; empty while they do not.
    paused: str = ""
    #: Why it failed or was lost.
    error: WattuiError | None = None
    #: Name, port and model, if known.
    info: MeterInfo | None = None
    #: When it was lost, in seconds UTC; 0 if it is not.
    lost_since: float = 0.0
    #: Why it failed for good; None if it did not.
    failure: WattuiError | None = None
    #: Its key in the session, once it has one.
    key: str = ""
    #: Whether its recording has ended.
    done: bool = False
    #: When it was first running, by the meter's monotonic clock.
    began: float | None = None
    #: When it last sent something, by this computer's monotonic clock.
    heard: float = 0.0
    #: When its last sample was written or it started to send, by the same clock.
    committed: float = 0.0
    #: When to try it again after a failure, by the same clock, and the delay in seconds.
    again: float = 0.0
    delay: float = 0.0
    #: The failure that was reported.
    reported: str = ""

    @property
    def replay(self) -> str:
        """What it replays, and how fast; empty for a measurement."""
        return replay_of(self.url)

    @property
    def live(self) -> bool:
        """Whether its last record is current."""
        return self.state is ClientState.RUNNING and not self.paused

    @property
    def label(self) -> str:
        """The name to show."""
        return self.info.label if self.info is not None and self.info.model else self.url


class RecordingView(Protocol):
    """Shows a recording.  Main thread only."""

    def sample(self, track: Track, sample: Sample) -> None:
        """Show a sample that is on disk and in the track's tally."""

    def event(self, track: Track, event: Event) -> None:
        """Show an event that is on disk."""

    def changed(self, track: Track, before: ClientState) -> None:
        """Show that the state of a meter changed."""

    def other_meter(self, track: Track, what: str) -> None:
        """Show that another meter answers at the port of a meter, whose recording has ended."""

    def disk(self, status: WriterStatus) -> None:
        """Show that the disk stopped or resumed accepting data."""

    def disk_low(self, report: HealthReport) -> None:
        """Show that the disk fills up, or that it no longer does."""


#: News for the main thread to show.
News = Callable[[RecordingView], None]


class _TrackListener:
    """Passes one meter's samples and events to the session.  Reader thread."""

    def __init__(self, recording: Recording, track: Track) -> None:
        self._recording = recording
        self._track = track

    def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        limit = self._track.limit
        if limit.reached:
            return
        self._track.heard = time.monotonic()
        taken = limit.passed(samples)
        meter = self._recording.distinguished(self._track, meter)
        self._recording.recorder.on_samples(meter, taken)
        if limit.reached:
            self._recording.wake()

    def on_event(self, meter: MeterInfo | None, event: Event) -> None:
        if meter is None:
            return
        if not self._track.limit.reached or event.kind is EventKind.STOPPED:
            meter = self._recording.distinguished(self._track, meter)
            self._recording.recorder.on_event(meter, event)


class Recording:
    """Meters, their session, and news of them for the main thread.

    Parameters
    ----------
    urls
        The ports, without duplicates.
    interval
        Seconds between two records.
    duration
        Seconds to record of each meter, in its own time; None for no end.
    session
        Path of the new session; None for one in the user's data folder.
    opener
        Opens a port.
    make_recorder
        Creates the writer of the session instead of :class:`Recorder`.
    wait
        Keep trying ports that failed, and go on without any.
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
        # Files that follow one another are for months: a disk that is full has time to change.
        self._persists = make_recorder is not None
        self._duration = duration
        self._interval = interval
        self._opener = opener
        self._news: queue.SimpleQueue[News | None] = queue.SimpleQueue()
        #: Batches that were not shown because showing was too slow.
        self.not_shown = 0
        #: The last status of the writer.
        self.status: WriterStatus | None = None
        #: When the writer last reported a problem, by this computer's monotonic clock.
        self.refused_at = 0.0
        # The track of each key in the session.
        self._by_key: dict[str, Track] = {}
        self._lock = threading.Lock()
        self._watch: Callable[[Track, Event], None] = lambda _track, _event: None
        self._urgency = 0
        self.recorder: Recorder | RotatingRecorder
        if make_recorder is not None:
            self.recorder = make_recorder(self, self._on_status)
        else:
            self.recorder = Recorder(
                self, self._on_status, lambda info: session or meter_session_path(info)
            )
        self.tracks: list[Track] = []
        for url in urls:
            self._add(url)

    def _add(self, url: str, limit: TimeLimit | None = None) -> None:
        client = MeterClient(url, interval=self._interval, opener=self._opener)
        track = Track(url, client, limit or TimeLimit(self._duration))
        client.add_listener(_TrackListener(self, track))
        client.add_state_listener(lambda changed: self._on_state(track, changed))
        self.tracks.append(track)

    # -- any thread ------------------------------------------------------------

    def wake(self) -> None:
        """Wake the main thread.  Safe in a signal handler."""
        self._news.put(None)

    def distinguished(self, track: Track, meter: MeterInfo) -> MeterInfo:
        """Return a meter with a unique key, even if another one has its serial number."""
        with self._lock:
            if self._by_key.setdefault(meter.key, track) is not track:
                meter = replace(meter, key=f"{meter.key} {track.url}")
                self._by_key[meter.key] = track
            track.key = meter.key
            return meter

    def _post(self, news: News) -> None:
        if self._news.qsize() < _MOST_NEWS:
            self._news.put(news)
        else:
            self.not_shown += 1

    def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        """Post samples that are on disk.  Writer thread."""
        self._post(lambda view: self._take(self._by_key[meter.key], meter, samples, view))

    def on_event(self, meter: MeterInfo | None, event: Event) -> None:
        """Post an event that is on disk.  Writer thread."""
        if meter is not None:
            self._watch(self._by_key[meter.key], event)
            self._post(lambda view: view.event(self._by_key[meter.key], event))

    def watch(self, happened: Callable[[Track, Event], None]) -> None:
        """Call *happened* with each event that is on disk, on the writer's thread."""
        self._watch = happened

    def health(self) -> HealthReport:
        """Return how the recording is doing."""
        return self.recorder.health.report(sum(one.client.unreadable for one in self.tracks))

    def _on_status(self, status: WriterStatus) -> None:
        if status.problem and not status.hanging:
            self.refused_at = time.monotonic()

        def news(view: RecordingView) -> None:
            self.status = status
            may_go_on = status.hanging or not status.problem
            if may_go_on or self.path is not None or self._persists:
                # Otherwise a file that cannot even be started ends the recording with an error.
                view.disk(status)

        self._post(news)

    def _on_state(self, track: Track, client: MeterClient) -> None:
        state, activity, error, info = client.state, client.activity, client.error, client.info
        now, paused = client.clock.time(), client.paused

        def news(view: RecordingView) -> None:
            before = track.state
            track.state, track.activity, track.error, track.info = state, activity, error, info
            track.paused = paused
            if state is ClientState.FAILED and isinstance(error, OtherMeter):
                self._separate(track, error, now, view)
                return
            known = False
            if state is ClientState.FAILED:
                track.failure = error or WattuiError(f"{track.url} failed")
                known = self._wait and track.reported == str(track.failure)
                track.reported = str(track.failure)
                track.delay = min(max(2 * track.delay, _FIRST_RETRY), _LAST_RETRY)
                track.again = time.monotonic() + track.delay
            if state is not ClientState.LOST:
                track.lost_since = 0.0
            elif not track.lost_since:
                track.lost_since = now
            if state is ClientState.RUNNING:
                track.heard = time.monotonic()
                if before is not state:
                    track.committed, track.delay, track.reported = track.heard, 0.0, ""
                if track.began is None:
                    track.began = client.clock.monotonic()
            if not track.done and not known:
                view.changed(track, before)

        self._post(news)

    # -- main thread -----------------------------------------------------------

    def _separate(self, track: Track, error: OtherMeter, now: float, view: RecordingView) -> None:
        """Go on with another meter, which answers at the port, as a meter of its own."""
        if track.done:
            return
        track.done = True
        what = f"{error.what}; it is recorded as a meter of its own"
        if track.info is not None:
            note = Event(microseconds(now), EventKind.NOTE, what)
            self.recorder.on_event(self.distinguished(track, track.info), note)
        view.other_meter(track, what)
        for known in self.tracks:
            if known.url == track.url and is_same_meter(known.client.expected, error.key):
                known.done, known.error, known.failure = False, None, None
                known.client.start()
                return
        self._add(track.url, track.limit)
        self.tracks[-1].client.start()

    def _take(
        self, track: Track, meter: MeterInfo, samples: Sequence[Sample], view: RecordingView
    ) -> None:
        track.info = meter
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
        """Why the disk did not accept the first sample; None if it did, or still may."""
        if self._persists or self.path is not None:
            return None
        if self.status is None or not self.status.problem or self.status.hanging:
            return None
        return DiskRefused(self.status.problem, self.status.hint)

    @property
    def over(self) -> bool:
        """Whether no meter is left to record: each one failed, or its time is up."""
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
        """Open every port; returns immediately."""
        for track in self.tracks:
            track.client.start()

    def add_port(self, url: str) -> None:
        """Also record another meter."""
        self._add(url)
        self.tracks[-1].client.start()

    def try_again(self) -> None:
        """Open the ports that failed again when their delay is over."""
        now = time.monotonic()
        for track in self.tracks:
            if track.failure is not None and not track.done and now >= track.again:
                track.failure = None
                track.client.start()

    def show(self, view: RecordingView, timeout: float) -> bool:
        """Show all news, waiting up to *timeout* seconds; return whether there were any."""
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

    def look_at_disk(self, view: RecordingView) -> None:
        """Show that the disk fills up, and again when it becomes more urgent."""
        report = self.health()
        if report.urgency > self._urgency or (self._urgency and not report.urgency):
            view.disk_low(report)
        self._urgency = report.urgency

    def stop_those_done(self) -> None:
        """Stop each meter whose time is up, by its samples or, without any, by its clock."""
        for track in self.tracks:
            if not track.done and self._time_is_up(track):
                track.done = True
                track.client.stop()

    def _time_is_up(self, track: Track) -> bool:
        if track.limit.reached:
            return True
        if self._duration is None or track.began is None:
            return False
        latest = self._duration + _LATE * self._interval
        late = track.client.clock.monotonic() - track.began > latest
        return late and time.monotonic() - track.heard > _SILENCE

    def abandon(self) -> None:
        """End immediately after a second Ctrl-C, if the disk allows it.

        Raises
        ------
        DiskRefused
            The disk did not accept the last samples.
        """
        for track in self.tracks:
            track.client.stop(0.0)
        self.recorder.close(_HURRY)

    def stop(self, view: RecordingView) -> None:
        """Stop every meter, write the remaining samples, close the session and show the rest.

        Raises
        ------
        DiskRefused
            The disk did not accept the last samples.
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
