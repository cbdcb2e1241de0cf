# SPDX-License-Identifier: GPL-3.0-or-later
"""A meter's own memory and settings as the window sees them.

The talking is done by a worker: over the connection of a meter that is being recorded,
which pauses meanwhile, or over one of its own that leaves the meter undisturbed.  Every
trait is set on the main thread.

What erases the memory needs a :class:`Consent`, which names the meter that it is for.
"""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from traits.api import Any, Bool, Enum, Event, Float, HasStrictTraits, Instance, Int, Property, Str

from wattui.client import MeterClient
from wattui.errors import Cancelled, WattuiError
from wattui.meter_memory.logging_modes import restart, stop_internal_logging
from wattui.meter_memory.readout import Patience, read_memory
from wattui.meter_memory.settings import Changes, Settings, apply, clear_memory
from wattui.meter_memory.state import MemoryState
from wattui.model.main_thread import MainThread
from wattui.model.memory_work import Consent, Fetched, Look, Progress, keep, look
from wattui.protocol import Calibration

_log = logging.getLogger(__name__)

#: Seconds that connecting may take, all speeds and a restart included.
CONNECTING: Final = 25.0
_LOOK: Final = 0.1

#: What can be going on: what is being done, in words.
WORKS: Final = {
    "looking": "Reading the meter's settings",
    "fetching": "Fetching the meter's memory",
    "writing": "Writing to the meter",
    "clearing": "Clearing the meter's memory",
    "arming": "Starting the meter's own logging",
    "restarting": "Restarting the meter",
}


class MeterMemory(HasStrictTraits):
    """The memory and the settings of the meter that a window is about.

    Methods return at once; of two at a time the second one is refused.  *then* is called
    on the main thread afterwards, with whether it went well.
    """

    #: The meters of the window; the one that is shown is meant while it is connected.
    bench = Any()
    main_thread = Instance(MainThread)
    #: The port that is asked while no meter is connected.
    port = Str()
    #: The port that is meant.
    url = Property(Str(), observe="port, bench.meter, bench.meter.state")
    #: Whether the meter is being recorded: that pauses while it is asked.
    recording = Property(Bool(), observe="bench.meter, bench.meter.state")

    #: What is going on; empty while nothing is.
    work = Enum("", *WORKS)
    #: What was going on last.
    last_work = Str()
    #: What is being tried, in words, as in ``trying 19200 baud``.
    activity = Str()
    #: Whether work has a connection of its own, so that nobody else can connect.
    holds_port = Bool()

    #: What the meter said last: None before, and where it does not say.
    state = Instance(MemoryState)
    settings = Instance(Settings)
    calibration = Instance(Calibration)
    #: Whose that is, and when it was read (seconds UTC; NaN before).
    source = Str()
    read_at = Float(math.nan)

    #: Read-out: records that have come, of how many, a second, and seconds left.
    done = Int()
    total = Int()
    rate = Float()
    seconds_left = Float(math.nan)
    #: Whether the meter is away in the middle of one.
    unplugged = Bool()
    #: What came of the last one.
    fetched = Instance(Fetched)
    #: A read-out has ended, and has brought something.
    fetch_ended = Event()

    #: What failed, and what to do about it; what went well.
    problem = Str()
    hint = Str()
    said = Str()

    #: Makes a connection of its own; how long a read-out waits for what.
    make_client = Any(MeterClient)
    patience = Instance(Patience, ())

    _cancelled = Any()
    _progress = Any()
    _own = Any()
    _state_posted = Any()

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        self._cancelled = threading.Event()
        self._state_posted = threading.Event()

    # -- what can be done (main thread) ----------------------------------------------

    def refresh(self, then: Callable[[bool], None] | None = None) -> bool:
        """Read the state of the memory and all settings."""
        return self._start("looking", look, self._take_look, then)

    def fetch(self, then: Callable[[bool], None] | None = None) -> bool:
        """Read out the memory and keep it as a session."""
        before = self.fetched
        self.trait_set(done=0, total=0, rate=0.0, seconds_left=math.nan)
        self._progress = Progress()

        def job(client: MeterClient) -> Fetched:
            readout = read_memory(client, self._report, self._is_cancelled, patience=self.patience)
            return keep(readout, before)

        return self._start("fetching", job, self._take_fetched, then)

    def keep_again(self) -> None:
        """Try again to write what was fetched and could not be written."""
        fetched = self.fetched
        if fetched is not None and fetched.refused is not None:
            self.main_thread.run(
                "session of a memory", lambda: keep(fetched.readout, None), self._take_fetched
            )

    def write(
        self,
        changes: Changes,
        consent: Consent | None = None,
        then: Callable[[bool], None] | None = None,
    ) -> bool:
        """Write what differs, read it back, compare."""
        erase = self._allows(consent)

        def job(client: MeterClient) -> Look:
            apply(client, changes, erase=erase)
            return look(client)

        return self._start("writing", job, self._take_written, then)

    def clear(self, consent: Consent, then: Callable[[bool], None] | None = None) -> bool:
        """Clear the memory."""
        erase = self._allows(consent)

        def job(client: MeterClient) -> Look:
            clear_memory(client, erase=erase)
            return look(client)

        def take(found: Look) -> None:
            self._take_look(found)
            self.said = "The memory was cleared"

        return self._start("clearing", job, take, then)

    def arm(
        self, changes: Changes, consent: Consent, then: Callable[[bool], None] | None = None
    ) -> bool:
        """Write *changes*, which start internal logging; a recording of the meter ends."""
        erase = self._allows(consent)
        meter = self.bench.meter if self.recording else None

        def job(client: MeterClient) -> Look:
            apply(client, changes, erase=erase)
            return look(client)

        def ended(well: bool) -> None:
            # It logs either into its memory or over the wire.
            if meter is not None and erase:
                self.bench.disconnect(meter)
            if then is not None:
                then(well)

        def take(found: Look) -> None:
            self._take_look(found)
            self.said = "The meter logs into its memory now"

        return self._start("arming", job, take, ended)

    def stop_logging(self, then: Callable[[bool], None] | None = None) -> bool:
        """End internal logging; the records stay."""

        def job(client: MeterClient) -> Look:
            stop_internal_logging(client)
            return look(client)

        return self._start("writing", job, self._take_written, then)

    def restart(self, then: Callable[[bool], None] | None = None) -> bool:
        """Restart the meter; it keeps its settings, and may be deaf for 15 s."""

        def job(client: MeterClient) -> Look:
            restart(client, self._is_cancelled)
            return look(client)

        return self._start("restarting", job, self._take_written, then)

    def switch(
        self,
        action: Callable[[MeterClient], object],
        then: Callable[[bool], None] | None = None,
    ) -> bool:
        """Do something that erases nothing, as saving the network's settings; look again."""

        def job(client: MeterClient) -> Look:
            action(client)
            return look(client)

        return self._start("writing", job, self._take_written, then)

    def cancel(self) -> None:
        """End what is going on; of a read-out, what came is kept."""
        self._cancelled.set()

    def close(self) -> None:
        """End what is going on, because the window closes."""
        self.cancel()

    # -- the worker --------------------------------------------------------------------

    def _start(
        self,
        work: str,
        job: Callable[[MeterClient], object],
        take: Callable[..., None],
        then: Callable[[bool], None] | None,
    ) -> bool:
        if self.work:
            return False
        url = self.url
        client = self.bench.meter.client if self.recording else None
        self._cancelled.clear()
        self.trait_set(activity="", problem="", hint="", said="")
        self.trait_set(work=work, last_work=work, holds_port=client is None)

        def body() -> object:
            with self._connected(client, url) as connected:
                return job(connected)

        def over(well: bool) -> None:
            self.trait_set(work="", activity="", holds_port=False, unplugged=False)
            if then is not None:
                then(well)

        def done(result: object) -> None:
            take(result)
            over(True)

        def failed(error: Exception) -> None:
            self._show_failure(error)
            over(False)

        self.main_thread.run(f"{work} {url}", body, done, failed)
        return True

    @contextlib.contextmanager
    def _connected(self, client: MeterClient | None, url: str) -> Iterator[MeterClient]:
        """Give a client that runs: the one there is, or one that leaves the meter alone."""
        if client is not None:
            self._wait(client)
            yield client
            return
        own = self.make_client(url, live=False)
        own.add_state_listener(self._client_changed)
        own.start()
        try:
            self._wait(own)
            yield own
        finally:
            own.stop()

    def _wait(self, client: MeterClient) -> None:
        deadline = time.monotonic() + CONNECTING
        while not self._is_cancelled():
            try:
                return client.wait_running(_LOOK)
            except WattuiError as error:
                if not client.trying or time.monotonic() > deadline:
                    raise error from None
        raise Cancelled("It was cancelled")

    def _is_cancelled(self) -> bool:
        return bool(self._cancelled.is_set())

    def _allows(self, consent: Consent | None) -> bool:
        """Tell whether somebody consented to erase the memory of this very meter."""
        return consent is not None and consent.url == self.url

    def _client_changed(self, client: MeterClient) -> None:
        """Note what a connection of its own is doing.  Called on its reader thread."""
        if not self._state_posted.is_set():
            self._state_posted.set()
            self.main_thread.post(lambda: self._show_client(client))

    def _report(self, done: int, total: int) -> None:
        if self._progress.take(done, total):
            self.main_thread.post(self._show_progress)

    # -- showing (main thread) ---------------------------------------------------------

    def _show_client(self, client: MeterClient) -> None:
        self._state_posted.clear()
        if self.work:
            lost = client.state.name == "LOST"
            self.trait_set(activity=client.activity, unplugged=lost)

    def _show_progress(self) -> None:
        one = self._progress
        left = math.nan
        if one.rate > 0 and one.total:
            left = max(one.total - one.done, 0) / one.rate
        self.trait_set(done=one.done, total=one.total, rate=one.rate, seconds_left=left)

    def _take_look(self, found: Look) -> None:
        self.trait_set(
            settings=found.settings,
            state=found.state,
            calibration=found.calibration,
            source=found.url,
            read_at=time.time(),
        )

    def _take_written(self, found: Look) -> None:
        self._take_look(found)
        self.said = "Written, read back, and the same"

    def _take_fetched(self, fetched: Fetched) -> None:
        self._show_progress()
        self.fetched = fetched
        if fetched.path is not None:
            words = "were fetched" if fetched.complete else "came, and are kept"
            self.said = f"{len(fetched.readout.records):,} records {words}"
        self.fetch_ended = True

    def _show_failure(self, error: Exception) -> None:
        if isinstance(error, Cancelled):
            self.said = "Cancelled"
        elif isinstance(error, WattuiError):
            self.trait_set(problem=error.what, hint=error.hint)
        else:
            _log.error("%s failed", self.work, exc_info=error)
            self.trait_set(problem=f"That failed ({error})", hint="See Help, Show the log.")

    def _get_recording(self) -> bool:
        meter = self.bench.meter if self.bench is not None else None
        return meter is not None and bool(meter.connected) and meter.client is not None

    def _get_url(self) -> str:
        return str(self.bench.meter.url if self.recording else self.port)
