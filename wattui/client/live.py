# SPDX-License-Identifier: GPL-3.0-or-later
"""Live recording over an open link: external logging on, off, paused, and watched.

Of the reader thread only, but for ``wanted_interval``.
"""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from wattui.client.announcing import Announcer
from wattui.client.link import Arrival, Link
from wattui.client.sampler import Sampler
from wattui.client.watchdog import Advice, Timing, Watchdog
from wattui.errors import LinkLost
from wattui.measurement.clock import Clock
from wattui.measurement.events import Event, EventKind
from wattui.protocol import Version, commands

_log = logging.getLogger(__name__)

#: What a meter says when it gets power, or after a soft restart (protocol, *Line and framing*).
_BANNER: Final = re.compile(r"(?:WattsUp\S*|EED05F01)\s*\$\s*(?:Rev|Ver)\w*:\s*[\d.]+")
#: More than the longest banner.
_TAIL: Final = 200


class Owner(Protocol):
    """What it needs of the client."""

    timing: Timing

    @property
    def url(self) -> str:
        """The port."""

    @property
    def clock(self) -> Clock:
        """The clock that stamps the samples."""

    def identified(self, version: Version | None) -> None:
        """Take note of what the meter says of itself."""


@dataclass(slots=True)
class _Restart:
    """The meter came up anew and may be deaf for a while: ask until it answers."""

    give_up: float
    next_question: float


class Live:
    """Turns arrivals into samples, and keeps the records coming."""

    def __init__(self, owner: Owner, announcer: Announcer, *, live: bool) -> None:
        interval = round(announcer.meter.interval)
        #: Seconds between two records as somebody wants them; may be set by any thread.
        self.wanted_interval = interval
        self.sampler = Sampler(interval)
        self._owner = owner
        self._announcer = announcer
        self._live = live
        self._interval = interval
        self._started = False
        self._paused = False
        self._watchdog = Watchdog(owner.timing)
        self._restart: _Restart | None = None
        self._tail = ""
        self._reported = 0
        self._report_after = time.monotonic() + owner.timing.report

    @property
    def asks(self) -> bool:
        """Whether the next version that the meter sends answers a question of its own."""
        return self._watchdog.asks or self._restart is not None

    def begin(self, link: Link, backlog: Sequence[Arrival], *, again: bool) -> None:
        """Have the meter send records, over a link that was just opened.

        Raises
        ------
        LinkLost
            The port is gone.
        """
        self._restart = None
        self._tail = ""
        link.framer.take_texts()
        if not self._live:
            return
        if again:
            self._say(EventKind.RECONNECTED, f"Connected again at {link.port.url}")
            self.sampler.interrupt()
        else:
            self._say(EventKind.STARTED, f"A record every {self.wanted_interval} s")
        self._started = True
        if self._paused:
            return
        self._start(link)
        for arrival in backlog:
            self._sample(arrival)

    def _say(self, kind: EventKind, text: str) -> None:
        """Tell of something that happens at this moment."""
        now = self.sampler.stamp(self._owner.clock.time())
        self._announcer.events([Event(now, kind, text)])

    def _start(self, link: Link) -> None:
        """Start external logging; the memory stays as it is."""
        wanted = self.wanted_interval
        if wanted != self._interval:
            self._interval = wanted
            self._announcer.meter = replace(self._announcer.meter, interval=wanted)
            self.sampler.set_interval(wanted)
        link.send(commands.start_external_logging(wanted))
        self._watchdog.heard(time.monotonic(), link.clock.monotonic())

    def take(self, link: Link, arrival: Arrival) -> None:
        """Take what one read brought.

        Raises
        ------
        LinkLost
            The port is gone.
        """
        self._sample(arrival)
        for reply in arrival.replies:
            if isinstance(reply, Version):
                self._answered(link, reply)
        texts = link.framer.take_texts()
        if texts:
            self._listen_for_banner("".join(texts))
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
        samples, events = self.sampler.take(records, arrival.wall, arrival.monotonic)
        self._announcer.events(events)
        self._announcer.samples(samples)

    def _answered(self, link: Link, version: Version) -> None:
        self._owner.identified(version)
        asked = self._watchdog.answered()
        if self._restart is not None or asked:
            # It is there, but sends nothing: it was restarted, or told to stop.
            self._restart = None
            if self._live and not self._paused:
                _log.info("%s: no records came; external logging is started again", self._owner.url)
                self._start(link)

    def _listen_for_banner(self, text: str) -> None:
        self._tail = (self._tail + text)[-_TAIL:]
        if not _BANNER.search(self._tail):
            return
        if self._live:
            self._say(EventKind.POWER_ON, f"The meter started anew: {self._tail}")
        self._tail = ""
        now = time.monotonic()
        self._restart = _Restart(now + self._owner.timing.deaf, now)

    def check(self, link: Link, *, busy: bool) -> None:
        """Do what has become due; several times a second.

        *busy* says that somebody waits for an answer, which no question of our own
        must come between.

        Raises
        ------
        LinkLost
            The meter has fallen silent, or the port is gone.
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
            restart.next_question = now + self._owner.timing.answer / 2
            link.send(commands.read_version())

    def _check_silence(self, link: Link, now: float) -> None:
        advice = self._watchdog.check(now, link.clock.monotonic(), self._interval)
        if advice is Advice.ASK:
            _log.info("%s: silent; asking whether it is there", self._owner.url)
            link.send(commands.read_version())
        elif advice is Advice.LOST:
            raise self._silent()

    def _silent(self) -> LinkLost:
        return LinkLost(
            f"The meter at {self._owner.url} has fallen silent",
            "Look whether it has mains power and is still plugged in.",
        )

    def _report(self, link: Link) -> None:
        """Say what the framer dropped, from time to time."""
        now = time.monotonic()
        if now < self._report_after:
            return
        self._report_after = now + self._owner.timing.report
        dropped = link.framer.counts.dropped
        if dropped > self._reported:
            _log.warning("%s: %s", self._owner.url, link.framer.counts)
            self._reported = dropped

    def pause(self, link: Link) -> None:
        """Have the meter send no more records, for a conversation.

        Raises
        ------
        LinkLost
            The port is gone.
        """
        if self._live and not self._paused:
            self._paused = True
            self._say(EventKind.PAUSED, "Live recording paused")
            link.send(commands.stop_external_logging())

    def resume(self, link: Link | None) -> None:
        """Go on after a pause; without a link, as soon as there is one.

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
            self._say(EventKind.RESUMED, "Live recording goes on")
        if link is not None:
            self._start(link)

    def leave(self, link: Link) -> None:
        """Have the meter send no more records, for good.

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
        """Take note that the link was lost."""
        if self._live:
            self._say(EventKind.LOST, text)

    def finish(self, link: Link, *, busy: bool) -> None:
        """Have the meter send nothing more, because of a stop; *busy* with a read-out, too."""
        with contextlib.suppress(LinkLost):
            if busy:
                link.interrupt()
            if self._live:
                link.send(commands.stop_external_logging())

    def ended(self) -> None:
        """Take note that the client has stopped."""
        if self._started:
            self._started = False
            self._say(EventKind.STOPPED, "Disconnected")
