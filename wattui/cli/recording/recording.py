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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from wattui.cli.recording.relay_requests import RelayRequests
from wattui.client import ClientState, MeterClient
from wattui.client.discovery import is_same_meter
from wattui.client.post_client import client_at
from wattui.errors import DiskRefused, OtherMeter, WattuiError
from wattui.measurement.alerts import AlertChange
from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.measurement.events import Event, EventKind, Listener, MeterInfo
from wattui.measurement.planned_end import NO_END, EnergyLimit, PlannedEnd, TimeLimit
from wattui.measurement.replay_mark import replay_of
from wattui.measurement.sample import Sample
from wattui.measurement.totals import Tally
from wattui.ports.listen_url import is_listen_url
from wattui.ports.port import Port, open_port
from wattui.session import WriterStatus
from wattui.session.alert_listener import AlertListener
from wattui.session.health import HealthReport
from wattui.session.naming import meter_session_path
from wattui.session.recorder import Recorder
from wattui.session.rotation import RotatingRecorder

OpenPort = Callable[[str], Port]
MakeRecorder = Callable[[Listener, Callable[[WriterStatus], None]], "Recorder | RotatingRecorder"]
MakeAlerts = Callable[["Recording"], AlertListener]

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


@dataclass(eq=False)
class Track:
    """One meter of a recording, as seen by the main thread."""

    #: The port as it was given.
    url: str
    client: MeterClient
    limit: TimeLimit = field(default_factory=TimeLimit)
    #: Its samples on disk, summed up.
    tally: Tally = field(default_factory=Tally)
    state: ClientState = ClientState.CLOSED
    #: Progress while it opens: ``asking at 19200 baud``.
    activity: str = ""
    #: The last progress that there was.
    last_activity: str = ""
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
    #: Whether its relay has taken the load off, and what it was told to do and has not confirmed
    #: yet; None if that is not known.
    relay_open: bool | None = None
    relay_wanted: bool | None = None
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
    def posts(self) -> bool:
        """Whether it posts its records."""
        return is_listen_url(self.url)

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


def _end_of_posts(duration: float | None, until_us: int | None) -> int | None:
    """Return when posts are no longer recorded, in microseconds UTC; None for no end."""
    if duration is None:
        return until_us
    over = microseconds(time.time() + duration)
    return over if until_us is None else min(over, until_us)


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

    def alert(self, change: AlertChange) -> None:
        """Show that an alert was raised, or is over."""

    def alert_failed(self, what: str) -> None:
        """Show that the command of an alert failed."""


#: News for the main thread to show.
News = Callable[[RecordingView], None]


class _TrackListener:
    """Passes one meter's samples and events to the session.  Reader thread."""

    def __init__(self, recording: Recording, track: Track) -> None:
        self._recording = recording
        self._track = track

    def on_samples(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        limit, energy = self._track.limit, self._recording.energy_limit
        if limit.reached or energy.reached:
            return
        self._track.heard = time.monotonic()
        taken = energy.passed(limit.passed(samples))
        if taken:
            meter = self._recording.distinguished(self._track, meter)
            self._recording.record(meter, taken)
        if limit.reached or energy.reached:
            self._recording.wake()

    def on_event(self, meter: MeterInfo | None, event: Event) -> None:
        if meter is None:
            return
        if not self._track.limit.reached or event.kind is EventKind.STOPPED:
            meter = self._recording.distinguished(self._track, meter)
            self._recording.record_event(meter, event)


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
    end
        When to end besides; its own duration does not count.
    alerts
        Makes what watches for alerts; None for nothing.
    session
        Path of the new session; None for one in the user's data folder.
    opener
        Opens a port.
    make_recorder
        Creates the writer of the session instead of :class:`Recorder`.
    wait
        Keep trying ports that failed, and go on without any.
    relays
        Serial numbers of meters that post, and whether their relay is to open.
    """

    #: Batches that were not shown because showing was too slow.
    not_shown = 0
    #: The last status of the writer.
    status: WriterStatus | None = None
    #: When the writer last reported a problem, by this computer's monotonic clock.
    refused_at = 0.0

    def __init__(
        self,
        urls: Sequence[str],
        *,
        interval: int = 1,
        duration: float | None = None,
        end: PlannedEnd = NO_END,
        alerts: MakeAlerts | None = None,
        session: Path | None = None,
        opener: OpenPort = open_port,
        make_recorder: MakeRecorder | None = None,
        wait: bool = False,
        relays: Mapping[str, bool] = MappingProxyType({}),
    ) -> None:
        self._wait = wait
        #: The loads to switch.
        self.relays = RelayRequests(relays)
        # Files that follow one another are for months: a disk that is full has time to change.
        self._persists = make_recorder is not None
        self._duration = duration
        self._until_us = end.until_us
        # Meters that post come and go: their time is that of the recording.
        self._posts_until_us = _end_of_posts(duration, end.until_us)
        #: Ends the recording at an energy of all meters.
        self.energy_limit = EnergyLimit(end.energy_wh)
        self._interval = interval
        self._opener = opener
        self._news: queue.SimpleQueue[News | None] = queue.SimpleQueue()
        # The track of each key in the session.
        self._by_key: dict[str, Track] = {}
        self._lock = threading.Lock()
        self._watch: Callable[[Track, Event], None] = lambda _track, _event: None
        self._urgency = 0
        self.recorder = self._make_recorder(make_recorder, session)
        self._alerts = None if alerts is None else alerts(self)
        self.tracks: list[Track] = []
        for url in urls:
            self._add(url)

    def _make_recorder(
        self, make: MakeRecorder | None, session: Path | None
    ) -> Recorder | RotatingRecorder:
        if make is not None:
            return make(self, self._on_status)
        return Recorder(self, self._on_status, lambda info: session or meter_session_path(info))

    def _add(self, url: str, limit: TimeLimit | None = None) -> None:
        client = client_at(url, interval=self._interval, opener=self._opener)
        track = Track(url, client, limit or self._limit(url))
        client.add_listener(_TrackListener(self, track))
        client.add_state_listener(lambda changed: self._on_state(track, changed))
        self.tracks.append(track)

    def _limit(self, url: str) -> TimeLimit:
        if is_listen_url(url):
            return TimeLimit(None, self._posts_until_us)
        return TimeLimit(self._duration, self._until_us)

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

    def record(self, meter: MeterInfo, samples: Sequence[Sample]) -> None:
        """Write a batch of samples, and look for alerts in it.  Reader thread."""
        self.recorder.on_samples(meter, samples)
        if self._alerts is not None:
            self._alerts.on_samples(meter, samples)

    def record_event(self, meter: MeterInfo, event: Event) -> None:
        """Write an event of a meter.  Any thread."""
        self.recorder.on_event(meter, event)
        if self._alerts is not None:
            self._alerts.on_state(meter, event)

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
        if self._alerts is not None:
            self._alerts.on_event(meter, event)
        if meter is not None:
            self._watch(self._by_key[meter.key], event)
            self._post(lambda view: view.event(self._by_key[meter.key], event))

    @property
    def raised_alerts(self) -> list[dict[str, str]]:
        """The alerts that last: each with the label of its meter, empty for a total."""
        raised = [] if self._alerts is None else self._alerts.raised()
        labels = {key: track.client.info.label for key, track in list(self._by_key.items())}
        return [{"alert": str(rule), "meter": labels.get(key, "")} for rule, key in raised]

    def show_alert(self, change: AlertChange) -> None:
        """Post that an alert was raised, or is over."""
        self._news.put(lambda view: view.alert(change))

    def show_failed_alert(self, what: str) -> None:
        """Post that the command of an alert failed."""
        self._news.put(lambda view: view.alert_failed(what))

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
        now, paused, lost_time = client.clock.time(), client.paused, client.lost_time
        others, relay = client.others, (client.relay_open, client.relay_wanted)

        def news(view: RecordingView) -> None:
            before = track.state
            track.relay_open, track.relay_wanted = relay
            self.relays.follow(client, track.relay_open)
            for url in others:
                if not track.done and url not in {one.url for one in self.tracks}:
                    self.add_port(url)
            track.state, track.activity, track.error, track.info = state, activity, error, info
            track.paused = paused
            track.last_activity = activity or track.last_activity
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
                track.lost_since = lost_time
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
        if track.limit.reached or self.energy_limit.reached:
            return True
        patience = _LATE * track.client.info.interval
        clock, late = track.client.clock, False
        until_us = self._posts_until_us if track.posts else self._until_us
        if self._duration is not None and track.began is not None and not track.posts:
            late = clock.monotonic() - track.began > self._duration + patience
        if until_us is not None:
            late |= clock.time() > until_us / MICROSECONDS + patience
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
            if self._alerts is not None:
                self._alerts.close()
            self.show(view, 0)
