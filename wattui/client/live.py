# SPDX-License-Identifier: GPL-3.0-or-later
"""Live recording over an open link: external logging on, off, paused, and watched.

For use on the reader thread only, except for the listeners and ``wanted_interval``.
"""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from wattui.client.discovery import add_version
from wattui.client.link import Arrival, Link
from wattui.client.sampler import Sampler
from wattui.client.watchdog import Advice, Timing, Watchdog
from wattui.errors import LinkLost
from wattui.measurement.clock import SYSTEM_CLOCK, Clock
from wattui.measurement.events import Event, EventKind, Listener, MeterInfo
from wattui.measurement.fields import WireValue
from wattui.measurement.sample import Sample
from wattui.measurement.text import count_text
from wattui.protocol import FramerCounts, Malformed, Version, commands

_log = logging.getLogger(__name__)

#: What a meter prints at power-on or after a soft restart (protocol, *Line and framing*).
_BANNER: Final = re.compile(r"(?:WattsUp\S*|EED05F01)\s*\$\s*(?:Rev|Ver)\w*:\s*[\d.]+")
#: Longer than the longest banner.
_TAIL: Final = 200


@dataclass(slots=True)
class _Restart:
    """The meter restarted and may be deaf for a while: ask until it answers."""

    give_up: float
    next_question: float


class LiveRecording:
    """Turns arrivals into samples and events for the listeners, and keeps the records coming."""

    def __init__(self, meter: MeterInfo, timing: Timing, *, live: bool) -> None:
        interval = round(meter.interval)
        #: What is known about the meter.
        self.meter = meter
        #: What the meter reported about itself; None before that.
        self.version: Version | None = None
        #: Provides the times of events; each link has its own.
        self.clock: Clock = SYSTEM_CLOCK
        #: Requested seconds between two records; any thread may set it.
        self.wanted_interval = interval
        #: Packets of the running recording that could not be read.
        self.unreadable = 0
        self.sampler = Sampler(interval)
        # Replaced as a whole, never changed, since it may be in use on another thread.
        self._listeners: tuple[Listener, ...] = ()
        self._timing = timing
        self._live = live
        self._interval = interval
        self._started = False
        self._paused = False
        self._reason = ""
        self._watchdog = Watchdog(timing)
        self._restart: _Restart | None = None
        self._tail = ""
        self._reported = 0
        # Packets that the framer dropped, and bytes that it skipped, at the last arrival.
        self._dropped = self._skipped = 0
        self._long_records = False
        self._report_after = time.monotonic() + timing.report

    @property
    def asks(self) -> bool:
        """Whether the next version that the meter sends answers a question of this class."""
        return self._watchdog.asks or self._restart is not None

    @property
    def pause_reason(self) -> str:
        """Why no records come for now, as in ``fetching the memory``; empty if they do."""
        if not self._live:
            return ""
        if self._paused:
            return self._reason
        return "the meter is restarting" if self._restart is not None else ""

    # -- listeners --------------------------------------------------------------------

    def add_listener(self, listener: Listener) -> None:
        """Call a listener with samples and events. Any thread."""
        self._listeners = (*self._listeners, listener)

    def remove_listener(self, listener: Listener) -> None:
        """Stop calling a listener. Any thread."""
        self._listeners = tuple(one for one in self._listeners if one != listener)

    def _notify(self, call: Callable[[Listener], None]) -> None:
        for listener in self._listeners:
            try:
                call(listener)
            except Exception:  # noqa: BLE001 - a listener must not harm the connection
                _log.exception("%s: a listener failed", self.meter.port)

    def _send_samples(self, samples: Sequence[Sample]) -> None:
        self._notify(lambda listener: listener.on_samples(self.meter, samples))

    def _send_event(self, event: Event) -> None:
        _log.info("%s: %s: %s", self.meter.port, event.kind, event.text)
        self._notify(lambda listener: listener.on_event(self.meter, event))

    def happened(self, kind: EventKind, text: str) -> None:
        """Send an event with the present time."""
        self._send_event(Event(self.sampler.stamp(self.clock.time()), kind, text))

    # -- beginning and ending ---------------------------------------------------------

    def begin(self, link: Link, backlog: Sequence[Arrival], *, again: bool) -> None:
        """Make the meter send records, over a link that was just opened.

        Raises
        ------
        LinkLost
            The port is gone.
        """
        self._restart = None
        self._tail = ""
        link.framer.take_texts()
        counts = link.framer.counts
        self._dropped, self._skipped = counts.dropped, counts.skipped_bytes
        if not self._live:
            return
        if not self._paused:
            self._start(link)
        # Only now: the port may have gone again.
        self.announce(self.wanted_interval, f"at {link.port.url}" if again else "")
        for arrival in backlog:
            self._sample(arrival)

    def announce(self, interval: int, again: str = "") -> None:
        """Report that records come from now on; *again* says where they come again."""
        if again:
            self.happened(EventKind.RECONNECTED, f"Connected again {again}")
            self.sampler.interrupt()
        else:
            self.happened(EventKind.STARTED, f"One record every {interval} s")
        self._started = True

    def _start(self, link: Link) -> None:
        """Start external logging; the memory stays as it is."""
        wanted = self.wanted_interval
        if wanted != self._interval:
            self._interval = wanted
            self.meter = replace(self.meter, interval=wanted)
            self.sampler.set_interval(wanted)
        link.send(commands.start_external_logging(wanted))
        self._watchdog.heard(time.monotonic(), link.clock.monotonic())

    def pause(self, link: Link, reason: str) -> None:
        """Stop the records, for a conversation.

        Raises
        ------
        LinkLost
            The port is gone.
        """
        if self._live and not self._paused:
            self._paused, self._reason = True, reason
            self.happened(EventKind.PAUSED, f"Live recording paused: {reason}")
            link.send(commands.stop_external_logging())

    def resume(self, link: Link | None) -> None:
        """Resume after a pause; without a link, as soon as there is one.

        Raises
        ------
        LinkLost
            The port is gone.
        """
        if not self._paused:
            return
        self._paused = False
        self.sampler.interrupt()
        if self._started:
            self.happened(EventKind.RESUMED, "Live recording resumed")
        if link is not None:
            self._start(link)

    def leave(self, link: Link) -> None:
        """Stop the records for good.

        Raises
        ------
        LinkLost
            The port is gone.
        """
        if self._live:
            link.send(commands.stop_external_logging())
            self.ended()
            self._live = False

    def lost(self, text: str) -> None:
        """Report that the link was lost."""
        if self._live:
            self.happened(EventKind.LOST, text)

    def finish(self, link: Link, *, busy: bool) -> None:
        """Make the meter silent before the client stops; it may be in a read-out if *busy*."""
        with contextlib.suppress(LinkLost):
            if busy:
                link.interrupt()
            if self._live:
                link.send(commands.stop_external_logging())

    def ended(self) -> None:
        """Report that the client has stopped."""
        if self._started:
            self._started = False
            self.happened(EventKind.STOPPED, "Disconnected")

    # -- what comes -------------------------------------------------------------------

    def take(self, link: Link, arrival: Arrival) -> None:
        """Process what one read returned.

        Raises
        ------
        LinkLost
            The port is gone.
        """
        garbled = self._look_for_garbage(link.framer.counts, arrival)
        self._sample(arrival)
        if garbled:
            # The dropped packets may have come after the records of this read.
            self.sampler.garbled()
        for reply in arrival.replies:
            if isinstance(reply, Version):
                self._answered(link, reply)
        texts = link.framer.take_texts()
        if texts:
            self._look_for_banner("".join(texts))
        elif arrival.replies:
            self._tail = ""

    def _sample(self, arrival: Arrival) -> None:
        if self._paused or not self._live:
            return
        records = arrival.records
        if not records:
            return
        self._restart = None
        self._watchdog.heard(time.monotonic(), arrival.monotonic)
        self.take_records(records, arrival.wall, arrival.monotonic)

    def take_records(
        self, records: Sequence[tuple[WireValue, ...]], wall: float, monotonic: float
    ) -> None:
        """Send records as samples; *wall* and *monotonic* are the clocks at their arrival."""
        samples, events = self.sampler.take(records, wall, monotonic)
        for event in events:
            self._send_event(event)
        self._send_samples(samples)

    def _look_for_garbage(self, counts: FramerCounts, arrival: Arrival) -> bool:
        """Report unreadable packets; return whether there were any."""
        records = sum(isinstance(r, Malformed) and r.packet.command == "d" for r in arrival.replies)
        dropped = counts.dropped - self._dropped + records
        garbled = bool(records) or counts.skipped_bytes > self._skipped
        self._dropped, self._skipped = counts.dropped, counts.skipped_bytes
        if counts.long_records and not self._long_records and self._started:
            self._long_records = True
            text = "The meter sends records of more than 18 values; the first 18 are recorded"
            self.happened(EventKind.NOTE, text)
        if not garbled or self._paused or not self._started:
            return False
        if dropped:
            self.unreadable += dropped
            text = f"{count_text(dropped, 'garbled packet')} from the meter could not be read"
            self.happened(EventKind.DROPPED, text)
        self.sampler.garbled()
        return True

    def identified(self, version: Version | None, key: str = "") -> None:
        """Remember what the meter reports about itself; its key stays, unless one is given."""
        self.version = version or self.version
        self.meter = replace(add_version(self.meter, version), key=key or self.meter.key)

    def _answered(self, link: Link, version: Version) -> None:
        self.identified(version)
        asked = self._watchdog.answered()
        if self._restart is not None or asked:
            # It is present but sends nothing: it was restarted, or was told to stop.
            self._restart = None
            if self._live and not self._paused:
                _log.info("%s: no records; starting external logging again", self.meter.port)
                self._start(link)

    def _look_for_banner(self, text: str) -> None:
        self._tail = (self._tail + text)[-_TAIL:]
        if not _BANNER.search(self._tail):
            return
        if self._live:
            self.happened(EventKind.POWER_ON, f"The meter restarted: {self._tail}")
        self._tail = ""
        now = time.monotonic()
        self._restart = _Restart(now + self._timing.deaf, now)

    # -- what becomes due -------------------------------------------------------------

    def check(self, link: Link, *, busy: bool) -> None:
        """Do what is due; called several times per second.

        *busy* says that another thread is talking with the meter, so that no question
        may be sent in between.

        Raises
        ------
        LinkLost
            The meter is silent, or the port is gone.
        """
        self._report(link)
        if busy or self._paused:
            return
        now = time.monotonic()
        if self._restart is not None:
            self._check_restart(link, self._restart, now)
        elif self._live:
            if self.wanted_interval != self._interval:
                self._start(link)
            self._check_silence(link, now)

    def _check_restart(self, link: Link, restart: _Restart, now: float) -> None:
        if now > restart.give_up:
            raise self._silent()
        if now >= restart.next_question:
            restart.next_question = now + self._timing.answer / 2
            link.send(commands.read_version())

    def _check_silence(self, link: Link, now: float) -> None:
        advice = self._watchdog.check(now, link.clock.monotonic(), self._interval)
        if advice is Advice.ASK:
            _log.info("%s: silent; asking for its version", self.meter.port)
            link.send(commands.read_version())
        elif advice is Advice.LOST:
            raise self._silent()

    def _silent(self) -> LinkLost:
        return LinkLost(
            f"The meter at {self.meter.port} has gone silent",
            "Check that it has mains power and is still plugged in.",
        )

    def _report(self, link: Link) -> None:
        """Log what the framer dropped, from time to time."""
        now = time.monotonic()
        if now < self._report_after:
            return
        self._report_after = now + self._timing.report
        dropped = link.framer.counts.dropped
        if dropped > self._reported:
            _log.warning("%s: %s", self.meter.port, link.framer.counts)
            self._reported = dropped
