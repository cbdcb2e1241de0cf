# SPDX-License-Identifier: GPL-3.0-or-later
"""A meter's own memory and settings as traits, and the work on them.

A worker talks with the meter: over the connection of a meter that is being recorded,
which pauses meanwhile, or over a separate one that does not disturb the meter.  Every
trait is set on the main thread.

A command that erases the memory needs a :class:`Consent`, which names its meter.
"""

from __future__ import annotations

import contextlib
import enum
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from traits.api import Bool, Enum, Float, HasStrictTraits, Instance, Int, Property, Str, observe
from traits.api import Callable as Function
from traits.api import Event as EventTrait

from wattui.client import CONNECTING, ClientState, MeterClient
from wattui.errors import Cancelled, UnexpectedReply, WattuiError
from wattui.measurement.text import count_text
from wattui.meter_memory.logging_modes import restart, start_posting, stop_internal_logging
from wattui.meter_memory.readout import Patience, Readout, ReadoutRate, read_memory
from wattui.meter_memory.save_readout import save_readout
from wattui.meter_memory.settings import (
    Changes,
    Settings,
    apply,
    clear_memory,
    read_calibration,
    read_settings,
)
from wattui.meter_memory.state import MemoryState, read_memory_state
from wattui.model.main_thread import MainThread, ProgressPacer
from wattui.model.viewable import declared
from wattui.protocol import Calibration

if TYPE_CHECKING:
    from wattui.model.bench import Bench
    from wattui.model.meter import Meter

_log = logging.getLogger(__name__)


class MemoryWork(enum.StrEnum):
    """What is being done with a meter's memory."""

    NONE = ""
    LOOKING = "looking"
    FETCHING = "fetching"
    WRITING = "writing"
    CLEARING = "clearing"
    ARMING = "arming"
    RESTARTING = "restarting"


#: The same as text.
WORKS: Final = {
    MemoryWork.LOOKING: "Reading the meter's settings",
    MemoryWork.FETCHING: "Fetching the meter's memory",
    MemoryWork.WRITING: "Writing to the meter",
    MemoryWork.CLEARING: "Clearing the meter's memory",
    MemoryWork.ARMING: "Starting the meter's own logging",
    MemoryWork.RESTARTING: "Restarting the meter",
}


@dataclass(frozen=True, slots=True)
class Consent:
    """Consent to erase a meter's memory, from a user who saw what would be lost.

    Only the dialog that asks for consent creates one.
    """

    #: Port of the meter.
    url: str
    #: How many records it held then; None if that is unknown.
    records: int | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """The result of fetching a memory."""

    #: The session; None if there is none.
    path: Path | None
    readout: Readout
    #: Why it could not be saved; None if it was saved, or if no record was received.
    refused: WattuiError | None = None

    @property
    def complete(self) -> bool:
        """Whether all announced records were received."""
        return self.readout.complete


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that was read from a meter."""

    settings: Settings
    state: MemoryState | None
    calibration: Calibration | None
    url: str


def look(client: MeterClient) -> Look:
    """Read everything; a meter that does not report on its memory is not an error."""
    url = client.info.port
    settings = read_settings(client)
    calibration = read_calibration(client)
    try:
        state = read_memory_state(client)
    except UnexpectedReply:
        state = None
    return Look(settings, state, calibration, url)


def keep(readout: Readout, before: Fetched | None) -> Fetched:
    """Save a read-out as a session, or add it to a partial one of the same meter."""
    if not len(readout.records):
        return Fetched(None, readout)
    path = None
    if before is not None and not before.complete and before.readout.meter.key == readout.meter.key:
        path = before.path
    try:
        return Fetched(save_readout(readout, readout.meter, path), readout)
    except WattuiError as error:
        return Fetched(None, readout, error)


class MeterMemory(HasStrictTraits):
    """Memory and settings of the meter that a bench shows, or of the meter at a port.

    Methods return immediately; while one is at work, another one is refused.  *then* is called
    on the main thread afterwards, with whether it went well.
    """

    #: The meters; work concerns the shown one while it is connected.
    bench: Bench = declared(Instance("wattui.model.bench.Bench"))
    main_thread: MainThread = declared(Instance(MainThread))
    #: The port that is used while no meter is connected.
    port = Str()
    #: The port that is used now.
    url: str = declared(Property(Str(), observe="port, bench.meter, bench.meter.state"))
    #: Whether the meter is being recorded; the recording pauses meanwhile.
    recording: bool = declared(Property(Bool(), observe="bench.meter, bench.meter.state"))

    #: What is being done, and what was done last.
    work: MemoryWork = declared(Enum(*MemoryWork))
    last_work: MemoryWork = declared(Enum(*MemoryWork))
    #: What is being tried, as in ``trying 19200 baud``.
    activity = Str()
    #: Whether the work has a separate connection, so that nothing else can connect.
    holds_port = Bool()

    #: What the meter last reported; None before that, or if it does not report it.
    state: MemoryState | None = declared(Instance(MemoryState))
    settings: Settings | None = declared(Instance(Settings))
    calibration: Calibration | None = declared(Instance(Calibration))
    #: The port of that meter, and when it was read (seconds UTC; NaN before).
    source = Str()
    read_at = Float(math.nan)

    #: Read-out: records received, of how many, per second, and seconds left.
    done = Int()
    total = Int()
    rate = Float()
    seconds_left = Float(math.nan)
    #: Whether the meter was unplugged during one.
    unplugged = Bool()
    #: The result of the last one.
    fetched: Fetched | None = declared(Instance(Fetched))
    #: A read-out has ended and has received records.
    fetch_ended = EventTrait()

    #: What failed and what to do about it; what succeeded.
    problem = Str()
    hint = Str()
    said = Str()

    #: Creates a separate connection; how long a read-out waits.
    make_client: Callable[..., MeterClient] = declared(Function(MeterClient))
    patience: Patience = declared(Instance(Patience, ()))

    _cancelled: threading.Event = declared(Instance(threading.Event, ()))
    _state_posted: threading.Event = declared(Instance(threading.Event, ()))
    #: The meter whose connection is used for the work; None if it has a separate one.
    _worked_on: Meter | None = declared(Instance("wattui.model.meter.Meter"))
    _rate: ReadoutRate = declared(Instance(ReadoutRate, ()))

    # -- what can be done (main thread) ----------------------------------------------

    def refresh(self, then: Callable[[bool], None] | None = None) -> bool:
        """Read the state of the memory and all settings."""
        return self._start(MemoryWork.LOOKING, look, self._take_look, then)

    def fetch(self, then: Callable[[bool], None] | None = None) -> bool:
        """Read out the memory and save it as a session."""
        before, patience = self.fetched, self.patience
        pacer = ProgressPacer(self.main_thread.post, self._show_progress)

        def job(client: MeterClient) -> Fetched:
            readout = read_memory(client, pacer.report, self._is_cancelled, patience=patience)
            return keep(readout, before)

        if self.work:
            return False
        self._rate = ReadoutRate()
        self.trait_set(done=0, total=0, rate=0.0, seconds_left=math.nan)
        return self._start(MemoryWork.FETCHING, job, self._take_fetched, then)

    def keep_again(self) -> None:
        """Try again to save what was fetched and could not be saved."""
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

        return self._start(MemoryWork.WRITING, job, self._take_written, then)

    def clear(self, consent: Consent, then: Callable[[bool], None] | None = None) -> bool:
        """Clear the memory."""
        erase = self._allows(consent)

        def job(client: MeterClient) -> Look:
            clear_memory(client, erase=erase)
            return look(client)

        def take(found: Look) -> None:
            self._take_look(found)
            self.said = "The memory was cleared"

        return self._start(MemoryWork.CLEARING, job, take, then)

    def arm(
        self, changes: Changes, consent: Consent, then: Callable[[bool], None] | None = None
    ) -> bool:
        """Write *changes*, which start internal logging; a recording of the meter ends."""
        erase = self._allows(consent)
        meter = self._recorded()

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

        return self._start(MemoryWork.ARMING, job, take, ended)

    def stop_logging(self, then: Callable[[bool], None] | None = None) -> bool:
        """End internal logging; the records stay."""

        def job(client: MeterClient) -> Look:
            stop_internal_logging(client)
            return look(client)

        return self._start(MemoryWork.WRITING, job, self._take_written, then)

    def post_records(self, then: Callable[[bool], None] | None = None) -> bool:
        """Make a .NET post its records over the network; a recording of the meter by USB ends."""
        meter = self._recorded()

        def job(client: MeterClient) -> Look:
            start_posting(client)
            return look(client)

        def ended(well: bool) -> None:
            # It sends its records either by USB or over the network.
            if meter is not None and well:
                self.bench.disconnect(meter)
            if then is not None:
                then(well)

        def take(found: Look) -> None:
            self._take_look(found)
            self.said = "The meter posts its records now"

        return self._start(MemoryWork.WRITING, job, take, ended)

    def restart(self, then: Callable[[bool], None] | None = None) -> bool:
        """Restart the meter; it keeps its settings, and may be deaf for 15 s."""

        def job(client: MeterClient) -> Look:
            restart(client, self._is_cancelled)
            return look(client)

        return self._start(MemoryWork.RESTARTING, job, self._take_written, then)

    def switch(
        self,
        action: Callable[[MeterClient], object],
        then: Callable[[bool], None] | None = None,
    ) -> bool:
        """Do something that erases nothing, such as saving the network; then read again."""

        def job(client: MeterClient) -> Look:
            action(client)
            return look(client)

        return self._start(MemoryWork.WRITING, job, self._take_written, then)

    def cancel(self) -> None:
        """Cancel the work in progress; records already received in a read-out are saved."""
        self._cancelled.set()

    def close(self) -> None:
        """Cancel the work in progress, because the window closes."""
        self.cancel()

    # -- the worker --------------------------------------------------------------------

    def _start(
        self,
        work: MemoryWork,
        job: Callable[[MeterClient], object],
        take: Callable[..., None],
        then: Callable[[bool], None] | None,
    ) -> bool:
        if self.work:
            return False
        url = self.url
        recorded = self._recorded()
        client = None if recorded is None else recorded.client
        self._cancelled.clear()
        self.trait_set(activity="", problem="", hint="", said="")
        self.trait_set(work=work, last_work=work, holds_port=client is None, _worked_on=recorded)

        def body() -> object:
            with self._connected(client, url) as connected:
                return job(connected)

        def over(well: bool) -> None:
            self.trait_set(work=MemoryWork.NONE, activity="", holds_port=False, unplugged=False)
            self._worked_on = None
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
        """Yield a running client: the present one, or one that does not disturb the meter."""
        if client is not None:
            client.wait_running(CONNECTING, self._is_cancelled)
            yield client
            return
        own = self.make_client(url, live=False)
        own.add_state_listener(self._client_changed)
        own.start()
        try:
            own.wait_running(CONNECTING, self._is_cancelled)
            yield own
        finally:
            own.stop()

    def _is_cancelled(self) -> bool:
        return bool(self._cancelled.is_set())

    def _allows(self, consent: Consent | None) -> bool:
        """Check whether there is consent to erase the memory of this very meter."""
        return consent is not None and consent.url == self.url

    def _client_changed(self, client: MeterClient) -> None:
        """Note what the separate connection is doing.  Called on its reader thread."""
        if not self._state_posted.is_set():
            self._state_posted.set()
            self.main_thread.post(lambda: self._show_client(client))

    # -- showing (main thread) ---------------------------------------------------------

    @observe("_worked_on:state")
    def _meter_changed(self, _event: object) -> None:
        meter = self._worked_on
        if meter is not None and self.work:
            self.unplugged = meter.state == ClientState.LOST

    def _show_client(self, client: MeterClient) -> None:
        self._state_posted.clear()
        if self.work:
            lost = client.state is ClientState.LOST
            self.trait_set(activity=client.activity, unplugged=lost)

    def _show_progress(self, done: int, total: int) -> None:
        rate = self._rate.take(done)
        left = max(total - done, 0) / rate if rate > 0 and total else math.nan
        self.trait_set(done=done, total=total, rate=rate, seconds_left=left)

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
        self.fetched = fetched
        if fetched.path is not None:
            count = len(fetched.readout.records)
            whole = "was fetched" if count == 1 else "were fetched"
            words = whole if fetched.complete else "received and saved"
            self.said = f"{count_text(count, 'record')} {words}"
        self.fetch_ended = True

    def _show_failure(self, error: Exception) -> None:
        if isinstance(error, Cancelled):
            self.said = "Cancelled"
        elif isinstance(error, WattuiError):
            self.trait_set(problem=error.what, hint=error.hint)
        else:
            _log.error("%s failed", self.work, exc_info=error)
            self.trait_set(problem=f"That failed ({error})", hint="See Help → Show the log.")

    def _recorded(self) -> Meter | None:
        """Return the shown meter of the bench while it is connected."""
        meter = self.bench.meter if self.bench is not None else None
        return meter if meter is not None and meter.connected and meter.client else None

    def _get_recording(self) -> bool:
        return self._recorded() is not None

    def _get_url(self) -> str:
        meter = self._recorded()
        return self.port if meter is None else meter.url
