# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading out the meter's memory, which keeps its records.

A read-out starts with Control-X and waits for a quiet line.  The number of records received is
compared with the number that the meter announces.  If some are missing, the memory is read out
again, and the results are merged without duplicates.
"""

from __future__ import annotations

import enum
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from wattui.client.conversation import Conversation
from wattui.client.meter_client import MeterClient
from wattui.errors import Cancelled as CancelledError
from wattui.errors import LinkLost, NoAnswer, UnexpectedReply, WattuiError
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELD_INDEX, WireValue
from wattui.measurement.text import count_text
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

#: Called with the number of records received, and of how many (0 while unknown).
Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]

#: How often the memory is read out before the result is accepted as it is.
ATTEMPTS: Final = 3
#: Longest plausible interval, in seconds.
LONGEST_INTERVAL: Final = commands.MAX_INTERVAL

#: Text of the event of a power-on.
POWER_TEXT: Final = "Power came back; time is missing here"

_LOOK: Final = 0.1  # seconds between two checks whether to cancel
_POWER_CYCLES: Final = FIELD_INDEX["power_cycles"]


class Outcome(enum.Enum):
    """How a read-out ended, as text."""

    ALL = "all received"
    SHORT = "fewer were received than announced"
    MORE = "more were received than announced"
    SILENT = "the meter stopped sending"
    UNPLUGGED = "the meter was unplugged"
    CANCELLED = "the read-out was cancelled"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait during a read-out, in seconds."""

    #: For the announcement, and for the end once all announced records were received.
    answer: float = 2.0
    #: Between two records.
    records: float = 8.0
    #: For the meter to be plugged in again.
    replug: float = 120.0


@dataclass(frozen=True, slots=True)
class Readout:
    """The records of a meter's memory, and the outcome of the read-out."""

    meter: MeterInfo
    records: RecordList
    #: Seconds between two records, as the meter reports; 1 if that is not plausible.
    interval: int
    #: Records that the meter announced; None if it never did.
    expected: int | None
    #: Why records may be missing, as texts; empty if none are.
    reasons: tuple[str, ...]
    #: Other remarks, as texts.
    notes: tuple[str, ...]
    #: When the meter announced the records, in seconds since 1970, UTC: times are counted
    #: back from here.
    read_at: float
    #: When the last record was received, in seconds since 1970, UTC.
    finished_at: float
    #: The logging mode before the read-out; None if the meter did not report it.
    mode: LoggingMode | None = None
    #: Announced records that are missing, and newer than all that were received.
    missing_at_end: int = 0
    outcome: Outcome = Outcome.ALL

    @property
    def complete(self) -> bool:
        """Whether all announced records were received."""
        return not self.reasons

    @property
    def span(self) -> int:
        """The time that the records cover, in seconds."""
        return len(self.records) * self.interval

    def power_losses(self) -> list[int]:
        """Return the positions of the records before which the meter lost power."""
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
    """Read out the memory of a running meter; not on the client's reader thread.

    Live recording pauses meanwhile.  Records that were received are never lost: if the
    meter is unplugged, the read-out starts again when it is back; if cancelled, it ends
    with the records received so far.

    Parameters
    ----------
    progress
        Called several times per second with the progress, on this thread.
    cancelled
        Called ten times per second to check whether to end.

    Raises
    ------
    LinkLost
        The meter is not connected, or was lost before its first record.
    NoAnswer
        It does not answer, or another program is talking to it.
    UnexpectedReply
        It cannot read out its memory.
    """
    mode = _mode(client)
    with client.conversation(pause="fetching the memory") as talk:
        reading = _Reading(client, talk, progress, cancelled, patience or Patience())
        reading.run()
    return reading.result(mode)


def _mode(client: MeterClient) -> LoggingMode | None:
    """Read the logging mode, before live recording pauses."""
    try:
        state = client.request(commands.read_logging_state())
    except (NoAnswer, UnexpectedReply):
        return None
    return state.mode if isinstance(state, LoggingState) else None


class ReadoutRate:
    """Records per second since a read-out started, or started again."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._first = self._last = 0

    def take(self, done: int) -> float:
        """Return the rate after *done* records; 0 until it is known."""
        now = time.monotonic()
        if done < self._last or not self._last:
            self._since, self._first = now, done
        self._last = done
        passed = now - self._since
        return (done - self._first) / passed if passed > 0 else 0.0


@dataclass(slots=True)
class _Attempt:
    """One attempt to read out the memory."""

    records: RecordList = field(default_factory=RecordList)
    announced: ReadoutStart | None = None
    ended: bool = False
    read_at: float = 0.0

    @property
    def all_received(self) -> bool:
        """Whether at least as many records were received as announced."""
        return self.announced is not None and len(self.records) >= self.announced.count


class _Reading:
    """A read-out: attempts until all records are received."""

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
        self._outcome = Outcome.SHORT
        self._foreign = 0
        self._reached_end = False
        self._finished_at = 0.0

    def run(self) -> None:
        """Read the memory until all records are received, or trying again is pointless."""
        for number in range(ATTEMPTS):
            last = number == ATTEMPTS - 1
            before = len(self._records)
            self._outcome = self._try(last=last)
            self._gather(self._attempt)
            self._finished_at = self._client.clock.time()
            if last or self._outcome in (Outcome.ALL, Outcome.CANCELLED):
                return
            _log.info("%s: read-out: %s", self._client.url, self._outcome.value)
            if self._outcome is Outcome.UNPLUGGED:
                if not self._wait_for_replugging():
                    return
            elif number and len(self._records) == before:
                return  # the meter sends the same again

    def _try(self, *, last: bool) -> Outcome:
        self._attempt = attempt = _Attempt()
        try:
            self._make_quiet()
            if self._unlogged is None:
                self._unlogged = self._unlogged_fields()
            self._talk.send(commands.read_memory())
            return self._collect(attempt)
        except LinkLost:
            if self._first is None and not attempt.records:
                raise
            return Outcome.UNPLUGGED
        except (NoAnswer, UnexpectedReply):
            if self._first is None and last:
                raise
            return Outcome.SILENT

    def _make_quiet(self) -> None:
        """Stop an earlier read-out that may still be running."""
        self._talk.interrupt()
        self._talk.quiet()

    def _unlogged_fields(self) -> tuple[int, ...]:
        """Return the fields that are not logged: a record that has them is a live one."""
        try:
            reply = self._talk.ask(commands.read_fields())
        except (NoAnswer, UnexpectedReply):
            return ()
        chosen = reply.chosen if isinstance(reply, FieldSelection) else ()
        return tuple(position for position, logged in enumerate(chosen) if not logged)

    def _collect(self, attempt: _Attempt) -> Outcome:
        """Receive the records of one attempt."""
        heard = time.monotonic()
        while not attempt.ended:
            if self._cancelled():
                self._make_quiet()
                return Outcome.CANCELLED
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
                    "Check the meter, and try again.",
                )
            return Outcome.ALL if not attempt.records else Outcome.SHORT
        count = len(attempt.records)
        if count == attempt.announced.count:
            return Outcome.ALL
        if count > attempt.announced.count:
            return Outcome.MORE
        return Outcome.SHORT if attempt.ended else Outcome.SILENT

    def _limit(self, attempt: _Attempt) -> float:
        """Return how long a silence may last now."""
        if attempt.announced is None or attempt.all_received:
            return self._patience.answer  # some firmware omits the end
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
        """Check whether a record is from the memory, not a live one in between."""
        if all(values[position] is None for position in self._unlogged or ()):
            return True
        self._foreign += 1
        return False

    def _gather(self, attempt: _Attempt) -> None:
        """Merge the records of an attempt with those of earlier ones."""
        if attempt.announced is None:
            return
        # Records are sent oldest first: an interrupted attempt lacks the newest ones.
        self._reached_end |= attempt.ended or attempt.all_received
        if self._first is None or self._outcome is Outcome.ALL:
            self._first, self._records = attempt, attempt.records
            return
        expected = attempt.announced.count
        join = agreed if len(self._records) > expected else merge
        joined = join(self._records, attempt.records)
        if len(joined) == expected:
            self._outcome = Outcome.ALL
        self._first, self._records = attempt, joined

    def _wait_for_replugging(self) -> bool:
        try:
            self._client.wait_running(self._patience.replug, self._cancelled)
        except CancelledError:
            self._outcome = Outcome.CANCELLED
            return False
        except WattuiError:
            return False
        self._talk.forget_loss()
        return True

    def result(self, mode: LoggingMode | None) -> Readout:
        """Return the result."""
        attempt = self._first or self._attempt
        announced = attempt.announced
        count = len(self._records)
        reasons, notes = [], []
        if self._outcome is not Outcome.ALL:
            expected = "an unknown number of records"
            if announced is not None:
                expected = count_text(announced.count, "record")
            reasons.append(f"{count:,} of {expected}: {self._outcome.value}")
        interval = announced.interval if announced is not None else 0
        if not 1 <= interval <= LONGEST_INTERVAL:
            if count:
                notes.append(f"The meter reports an interval of {interval} s; 1 s is assumed")
            interval = 1
        if self._foreign:
            notes.append(f"{self._foreign} live records in between were left out")
        return Readout(
            *(self._client.info, self._records, interval),
            *(announced.count if announced is not None else None, tuple(reasons), tuple(notes)),
            *(attempt.read_at or self._finished_at, self._finished_at, mode),
            0 if self._reached_end or announced is None else max(announced.count - count, 0),
            self._outcome,
        )
