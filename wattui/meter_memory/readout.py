# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading out the meter's memory.  It keeps its records.

Control-X and a quiet line first; the count that the meter announces is compared with
what came; what is short is asked for again, and put together without doubles.
"""

from __future__ import annotations

import enum
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from wattui.client.conversation import Conversation
from wattui.client.meter_client import MeterClient
from wattui.errors import LinkLost, NoAnswer, UnexpectedReply, WattuiError
from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_INDEX, WireValue
from wattui.measurement.sample import Sample
from wattui.meter_memory.records import RecordList, agreed, merge
from wattui.protocol import (
    FieldSelection,
    LoggingMode,
    LoggingState,
    ReadoutEnd,
    ReadoutStart,
    Record,
    Reply,
    commands,
)

_log = logging.getLogger(__name__)

#: Told how many records have come, of how many (0 while that is unknown).
Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]

#: How often the memory is asked for before what has come is taken for all.
ATTEMPTS: Final = 3
#: Longest interval that is believed, in seconds.
LONGEST_INTERVAL: Final = commands.MAX_INTERVAL

#: What the event of a power-on says.
POWER_TEXT: Final = "Power came back; time is missing here"

_LOOK: Final = 0.1  # seconds between two looks at whether to cancel
_POWER_CYCLES: Final = FIELD_INDEX["power_cycles"]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait during a read-out, in seconds."""

    #: For the announcement, and for the end once all that was announced has come.
    answer: float = 2.0
    #: Between two records.
    records: float = 8.0
    #: For the meter to be plugged in again.
    replug: float = 120.0


@dataclass(frozen=True, slots=True)
class Readout:
    """What was read out of a meter's memory."""

    meter: MeterInfo
    records: RecordList
    #: Seconds between two records, as the meter says; 1 where that makes no sense.
    interval: int
    #: Records that the meter announced; None where it never did.
    expected: int | None
    #: Why it may not be all, in words; empty where all came.
    reasons: tuple[str, ...]
    #: What else is to be known about it, in words.
    notes: tuple[str, ...]
    #: When the meter announced the records, in seconds since 1970, UTC: the moment from
    #: which the times are counted back.
    read_at: float
    #: When the last record came, in seconds since 1970, UTC.
    finished_at: float
    #: What the meter was logging before; None where it did not say.
    mode: LoggingMode | None = None
    #: Announced records that did not come, and are newer than all that did.
    missing_at_end: int = 0

    @property
    def complete(self) -> bool:
        """Whether all came that was announced."""
        return not self.reasons

    @property
    def span(self) -> int:
        """How much time the records stand for, in seconds."""
        return len(self.records) * self.interval

    def samples(self) -> Iterator[Sample]:
        """Give the records as samples, oldest first.

        Their times are reconstructed: counted back from the read-out by the interval.
        They are off where the meter lost power in between.  How long it was without is
        not known: a gap of one microsecond keeps the two sides apart.
        """
        interval = self.interval * MICROSECONDS
        losses = set(self.power_losses())
        length = len(self.records) - 1 + self.missing_at_end
        time = microseconds(self.read_at) - length * interval - len(losses)
        for position, values in enumerate(self.records):
            gap = int(position in losses)
            time += gap
            yield Sample(time, interval, values, gap)
            time += interval

    def power_events(self) -> Iterator[Event]:
        """Give an event for each power-on that the records tell of: time is lost there."""
        for sample in self.samples():
            if sample.gap_us:
                start = sample.time_us - sample.interval_us
                yield Event(start, EventKind.POWER_ON, POWER_TEXT)

    def power_losses(self) -> list[int]:
        """Give the positions of the records before which the meter was without power."""
        found = []
        before: WireValue = None
        for position, values in enumerate(self.records):
            cycles = values[_POWER_CYCLES]
            if cycles is not None and before is not None and cycles != before:
                found.append(position)
            before = cycles if cycles is not None else before
        return found


def read_memory(
    client: MeterClient,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
    *,
    patience: Patience | None = None,
) -> Readout:
    """Read out the memory of a meter that runs; not on the client's reader thread.

    Live recording pauses meanwhile.  What has come is kept whatever happens: unplugged,
    the read-out begins anew after replugging; cancelled, it ends with what it has.

    Parameters
    ----------
    progress
        Told several times a second how far it is, on this thread.
    cancelled
        Asked ten times a second whether to end.

    Raises
    ------
    LinkLost
        The meter is not connected, or went away before its first record.
    NoAnswer
        It does not answer, or somebody else talks to it.
    UnexpectedReply
        It does not know how to read out its memory.
    """
    mode = _mode(client)
    with client.conversation() as talk:
        reading = _Reading(client, talk, progress, cancelled, patience or Patience())
        reading.run()
    return reading.result(mode)


def _mode(client: MeterClient) -> LoggingMode | None:
    """Ask what it is logging, before live recording pauses."""
    try:
        state = client.request(commands.read_logging_state())
    except (NoAnswer, UnexpectedReply):
        return None
    return state.mode if isinstance(state, LoggingState) else None


class _Ending(enum.Enum):
    """How an attempt ended."""

    ALL = "all"
    SHORT = "fewer records came than were announced"
    MORE = "more records came than were announced"
    SILENT = "the meter fell silent in the middle"
    UNPLUGGED = "the meter was unplugged in the middle"
    CANCELLED = "it was cancelled"


@dataclass(slots=True)
class _Attempt:
    """One time that the memory was asked for."""

    records: RecordList = field(default_factory=RecordList)
    announced: ReadoutStart | None = None
    ended: bool = False
    read_at: float = 0.0

    @property
    def all_came(self) -> bool:
        """Whether as many came as were announced, or more."""
        return self.announced is not None and len(self.records) >= self.announced.count


class _Reading:
    """A read-out: one attempt after the other until all has come."""

    def __init__(
        self,
        client: MeterClient,
        talk: Conversation,
        progress: Progress | None,
        cancelled: Cancelled | None,
        patience: Patience,
    ) -> None:
        self._client = client
        self._talk = talk
        self._progress = progress or (lambda _done, _total: None)
        self._cancelled = cancelled or (lambda: False)
        self._patience = patience
        self._unlogged: tuple[int, ...] | None = None
        self._attempt = _Attempt()
        self._first: _Attempt | None = None
        self._records = RecordList()
        self._ending = _Ending.SHORT
        self._foreign = 0
        self._reached_end = False
        self._finished_at = 0.0

    def run(self) -> None:
        """Ask for the memory until all has come, or it makes no sense to go on."""
        for number in range(ATTEMPTS):
            last = number == ATTEMPTS - 1
            before = len(self._records)
            self._ending = self._try(last=last)
            self._gather(self._attempt)
            self._finished_at = self._client.clock.time()
            if last or self._ending in (_Ending.ALL, _Ending.CANCELLED):
                return
            _log.info("%s: read-out: %s", self._client.url, self._ending.value)
            if self._ending is _Ending.UNPLUGGED:
                if not self._wait_for_replugging():
                    return
            elif number and len(self._records) == before:
                return  # the meter keeps to it

    def _try(self, *, last: bool) -> _Ending:
        self._attempt = attempt = _Attempt()
        try:
            self._make_quiet()
            if self._unlogged is None:
                self._unlogged = self._ask_fields()
            self._talk.send(commands.read_memory())
            return self._collect(attempt)
        except LinkLost:
            if self._first is None and not attempt.records:
                raise
            return _Ending.UNPLUGGED
        except (NoAnswer, UnexpectedReply):
            if self._first is None and last:
                raise
            return _Ending.SILENT

    def _make_quiet(self) -> None:
        """Stop an old read-out that may still be streaming."""
        self._talk.interrupt()
        self._talk.quiet()

    def _ask_fields(self) -> tuple[int, ...]:
        """Ask which fields are not logged: a record that has them is a live one."""
        try:
            reply = self._talk.ask(commands.read_fields())
        except (NoAnswer, UnexpectedReply):
            return ()
        chosen = reply.chosen if isinstance(reply, FieldSelection) else ()
        return tuple(position for position, logged in enumerate(chosen) if not logged)

    def _collect(self, attempt: _Attempt) -> _Ending:
        """Take the records of one attempt."""
        heard = time.monotonic()
        while not attempt.ended:
            if self._cancelled():
                self._make_quiet()
                return _Ending.CANCELLED
            batch = self._talk.receive(_LOOK)
            now = time.monotonic()
            if batch:
                heard = now
                self._take(attempt, batch)
            elif now - heard > self._limit(attempt):
                break
        if attempt.announced is None:
            if not attempt.ended:
                raise NoAnswer(
                    f"The meter at {self._client.url} does not announce its memory",
                    "Look at the meter, and try again.",
                )
            return _Ending.ALL if not attempt.records else _Ending.SHORT
        count = len(attempt.records)
        if count == attempt.announced.count:
            return _Ending.ALL
        if count > attempt.announced.count:
            return _Ending.MORE
        return _Ending.SHORT if attempt.ended else _Ending.SILENT

    def _limit(self, attempt: _Attempt) -> float:
        """Give how long a silence may last now."""
        if attempt.announced is None or attempt.all_came:
            return self._patience.answer  # some firmware leaves out the end
        return self._patience.records

    def _take(self, attempt: _Attempt, replies: Sequence[Reply]) -> None:
        for reply in replies:
            if isinstance(reply, Record):
                if attempt.announced is not None and self._is_logged(reply.values):
                    attempt.records.append(reply.values)
            elif isinstance(reply, ReadoutStart):
                attempt.announced = reply
                attempt.records = RecordList()
                attempt.read_at = self._client.clock.time()
            elif isinstance(reply, ReadoutEnd) and attempt.announced is not None:
                attempt.ended = True
        total = attempt.announced.count if attempt.announced is not None else 0
        self._progress(len(attempt.records), total)

    def _is_logged(self, values: tuple[WireValue, ...]) -> bool:
        """Tell a record of the memory from a live one in between, where that can be told."""
        if all(values[position] is None for position in self._unlogged or ()):
            return True
        self._foreign += 1
        return False

    def _gather(self, attempt: _Attempt) -> None:
        """Add what an attempt brought to what came before."""
        if attempt.announced is None:
            return
        # Records come oldest first: one that was broken off lacks the newest.
        self._reached_end |= attempt.ended or attempt.all_came
        if self._first is None or self._ending is _Ending.ALL:
            self._first, self._records = attempt, attempt.records
            return
        expected = attempt.announced.count
        join = agreed if len(self._records) > expected else merge
        joined = join(self._records, attempt.records)
        if len(joined) == expected:
            self._ending = _Ending.ALL
        self._first, self._records = attempt, joined

    def _wait_for_replugging(self) -> bool:
        deadline = time.monotonic() + self._patience.replug
        while time.monotonic() < deadline and not self._cancelled():
            try:
                self._client.wait_running(_LOOK)
            except NoAnswer:
                continue
            except WattuiError:
                # Lost and still being looked for; or failed for good.
                if not self._client.trying:
                    return False
                continue
            self._talk.forget_loss()
            return True
        return False

    def result(self, mode: LoggingMode | None) -> Readout:
        """Give what has come."""
        attempt = self._first or self._attempt
        announced = attempt.announced
        count = len(self._records)
        reasons, notes = [], []
        if self._ending is not _Ending.ALL:
            expected = announced.count if announced is not None else "an unknown number of"
            reasons.append(f"{count} of {expected} records: {self._ending.value}")
        interval = announced.interval if announced is not None else 0
        if not 1 <= interval <= LONGEST_INTERVAL:
            if count:
                notes.append(f"The meter names an interval of {interval} s; 1 s is taken instead")
            interval = 1
        if self._foreign:
            notes.append(f"{self._foreign} live records in between were left out")
        return Readout(
            *(self._client.info, self._records, interval),
            *(announced.count if announced is not None else None, tuple(reasons), tuple(notes)),
            *(attempt.read_at or self._finished_at, self._finished_at, mode),
            0 if self._reached_end or announced is None else max(announced.count - count, 0),
        )
