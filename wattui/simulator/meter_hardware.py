# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated meter without its commands: time, measuring, memory, mains and USB plug.

It has no thread.  Nothing happens between two calls; each call makes up for the time since
the previous one, event by event in the order of their times, so that nothing is lost.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from wattui.measurement.clock import SYSTEM_CLOCK, Clock
from wattui.measurement.fields import WireValue
from wattui.protocol import Framer, FullHandling, LoggingMode, PostTarget
from wattui.protocol.models import find_model
from wattui.simulator.display import Display
from wattui.simulator.faults import Fault, Faults
from wattui.simulator.line import Line, Step, record_line
from wattui.simulator.loads import Load
from wattui.simulator.meter_setup import MeterSetup
from wattui.simulator.network import Network, Poster
from wattui.simulator.replays import Replay

#: Seconds from a restart, or power-on, to the line that it prints.
BANNER_DELAY: Final = 0.5

#: How many events a served meter makes up for in one call: a few hundredths of a second.
MOST_EVENTS: Final = 2_000

#: Bytes that may wait: a meter that is not read stops its clock instead of losing a record or
#: filling the computer's memory.
MOST_WAITING: Final = 65_536


class Agenda:
    """Actions at times in seconds of some clock; those of one time in the order of entry."""

    def __init__(self) -> None:
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def add(self, time: float, action: Callable[[], None]) -> None:
        """Add an action at a time."""
        heapq.heappush(self._events, (time, next(self._order), action))

    def due(self, now: float) -> bool:
        """Check whether an action is due."""
        return bool(self._events) and self._events[0][0] <= now

    def take(self) -> tuple[float, Callable[[], None]]:
        """Remove the first action and return it with its time."""
        time, _, action = heapq.heappop(self._events)
        return time, action

    def seconds_to_next(self, now: float) -> float | None:
        """Return the seconds until the first action; None if there is none."""
        return max(self._events[0][0] - now, 0.0) if self._events else None


class MeterHardware:
    """The parts of a meter, and what they do without commands.

    Two threads must not use it at the same time.  Times are seconds of the monotonic clock
    of *clock*.
    """

    def __init__(
        self,
        model: str = "pro",
        *,
        load: Load | None = None,
        replay: Replay | None = None,
        clock: Clock = SYSTEM_CLOCK,
        faults: Faults | None = None,
        poster: Poster | None = None,
        setup: MeterSetup | None = None,
    ) -> None:
        self.setup = setup = setup or MeterSetup()
        seed = setup.seed
        self.model = find_model(model, old=setup.old)
        self.clock = clock
        self.serial_number = setup.serial_number or f"SIM{seed:05d}"
        self.faults = faults or Faults()
        self.load = load or setup.default_load()
        self.replay = replay
        self.display = Display(seed)
        self.network = Network(self.serial_number, poster)
        self.line = Line(setup.baudrate, self.faults, seed)
        self.memory = setup.memory(self.model)
        #: Seconds between two records, in the present mode.
        self.interval = setup.interval
        self.mode = setup.mode
        #: Whether records are posted over HTTP; the mode is EXTERNAL then.
        self.posting = False
        #: What its display shows, as a number; before USB only.
        self.display_mode = 0
        #: How much diagnostic text it prints: 0, 1 or 2.
        self.diagnostics = 0
        #: Whether its USB plug is in, and whether its mains is on.
        self.plugged = self.powered = True
        #: How many events one call may make up for; None: all.  A limit lets the serving
        #: thread work even if the computer is too slow for the speed of the meter.
        self.most_events: int | None = None
        self._begin()

    def _begin(self) -> None:
        """Fill the memory with the past, and start the clock."""
        #: Until when it ignores the computer after a restart.
        self.deaf_until = 0.0
        self.linked, self._silent = True, False
        self.framer = Framer()
        self._agenda = Agenda()
        self._now = self._start = self.clock.monotonic()
        # Number of the present series of ticks, and the seconds since a record.
        self._ticking = self._since = 0
        # Whether the clock has stopped because the meter is not read.
        self._stopped = False
        self._log_before(self.setup.logged)
        self._start_ticks()
        self._plan_faults()

    # -- the computer's side ------------------------------------------------------

    def poll(self, limit: int = MOST_WAITING, baudrate: int | None = None) -> bytes:
        """Return what the wire has carried by now, at most *limit* bytes.

        At a baud rate other than the meter's it is garbage, if the baud rate matters.
        """
        self.advance()
        now = self.clock.monotonic()
        data = self.line.take(now, limit)
        while self._stopped and len(data) < limit:
            self.advance()  # there is room again
            more = self.line.take(now, limit - len(data))
            if not more:
                break
            data += more
        if data and self.mismatch(baudrate):
            return bytes(0x80 | (byte * 167 + 13) & 0x7F for byte in data[::2])
        return data

    def mismatch(self, baudrate: int | None) -> bool:
        """Check whether the computer uses another baud rate than the meter."""
        return self.setup.minds_baudrate and baudrate not in (None, self.line.baudrate)

    def seconds_to_event(self) -> float:
        """Return after how many seconds of its clock :meth:`poll` will do something."""
        now = self.clock.monotonic()
        waits = (self._agenda.seconds_to_next(now), self.line.seconds_to_output(now))
        return min((wait for wait in waits if wait is not None), default=3600.0)

    def open_link(self) -> None:
        """Connect the computer, which has opened the port."""
        self.advance()
        self.linked = True
        self.line.drop()
        if self.replay is not None:
            self.replay.opened()
        if Fault.CUT in self.faults:
            self.line.cut_next()
        if Fault.OLD_READOUT in self.faults:
            self.start_readout()

    def close_link(self) -> None:
        """Disconnect the computer: what the meter sends now is lost."""
        self.advance()
        self.linked = False
        self.line.drop()
        self.framer.reset()

    def unplug(self) -> None:
        """Pull the USB plug; the meter continues."""
        self.advance()
        self._unplug()

    def replug(self) -> None:
        """Put the USB plug in again."""
        self.advance()
        self.plugged = True

    def power_off(self) -> None:
        """Switch the mains off."""
        self.advance()
        self._power_off()

    def power_on(self) -> None:
        """Switch the mains on: counters are reset, logging into the memory continues."""
        self.advance()
        self._power_on()

    # -- time ---------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The meter's present, in seconds of its monotonic clock."""
        return self._now

    @property
    def uptime(self) -> float:
        """Seconds since the meter was made."""
        return self._now - self._start

    def at(self, delay: float, action: Callable[[], None]) -> None:
        """Run an action *delay* seconds after the meter's present."""
        self._agenda.add(self._now + delay, action)

    def advance(self) -> None:
        """Make up for the time since the previous call."""
        now = self.clock.monotonic()
        left = self.most_events
        while self._agenda.due(now):
            self._stopped = self.line.waiting > MOST_WAITING
            if self._stopped or left == 0:
                return
            left = None if left is None else left - 1
            self._now, action = self._agenda.take()
            action()
        self._stopped = False
        self._now = max(self._now, now)

    def _start_ticks(self) -> None:
        """Measure every second from now on; intervals start now."""
        self._ticking += 1
        self._since = 0
        ticking, start = self._ticking, self._now

        def tick(n: int) -> None:
            if ticking != self._ticking or not self.powered:
                return
            self._agenda.add(start + n + 1, lambda: tick(n + 1))
            self._measure()

        self._agenda.add(start + 1, lambda: tick(1))

    def _measure(self) -> None:
        self.display.measure(self.load.reading(self._now - self._start), 1.0)
        self._obey_server()
        self._since += 1
        if self._since >= self.interval:
            self._since = 0
            self._record()

    def _log_before(self, count: int) -> None:
        """Fill the memory as if *count* intervals had been logged before now."""
        step, memory = self.memory.interval, self.memory
        since = 0
        for n in range(-count, 0):
            self.display.measure(self.load.reading(float(n * step)), step)
            since += step
            if since >= memory.interval:
                since = 0
                if not memory.add(self._values()):
                    break
        self._follow_memory()

    def _plan_faults(self) -> None:
        actions: dict[Fault, tuple[Callable[[], None], Callable[[], None]]] = {
            Fault.UNPLUG: (self._unplug, self._replug),
            Fault.POWER: (self._power_off, self._power_on),
            Fault.SILENCE: (self._silence, self._end_silence),
        }
        for fault in self.faults.timed:
            begin, end = actions[fault.fault]
            self.at(fault.start, begin)
            if fault.duration is not None:
                self.at(fault.start + fault.duration, end)

    def _silence(self) -> None:
        self._silent = True
        self.line.drop()

    def _end_silence(self) -> None:
        self._silent = False

    def _unplug(self) -> None:
        self.plugged = False
        self.linked = False
        self.line.drop()
        self.framer.reset()

    def _replug(self) -> None:
        self.plugged = True

    def _power_off(self) -> None:
        self.powered = False
        self.line.drop()
        self.framer.reset()

    def _power_on(self) -> None:
        if self.powered:
            return
        self.powered = True
        self.display.reset()
        self.display.power_cycles += 1
        self.start_up()

    # -- what it does with records ------------------------------------------------

    def _values(self) -> tuple[WireValue, ...]:
        values = self.replay.values if self.replay is not None else None
        return values if values is not None else self.display.record()

    def _record(self) -> None:
        if self.posting:
            self.network.post(
                self.display.record(),
                self.memory.chosen,
                relay_open=self.display.relay_open,
                interval=self.interval,
            )
            self._obey_server()
        elif self.mode is LoggingMode.EXTERNAL:
            self._send_record()
        elif self.mode is LoggingMode.INTERNAL and len(self.memory.chosen):
            self.memory.add(self._values())
            self._follow_memory()

    def _obey_server(self) -> None:
        """Carry out the answers to posts."""
        for answer in self.network.answers():
            self.display.relay_open = answer.relay_open
            if answer.interval == self.interval:
                self.send(f"No change; interval already =={answer.interval}")
            elif answer.interval is not None:
                self.interval = answer.interval
                self.send(
                    f"net_update_rate_from_server({answer.interval}) "
                    "net_config_write_to_nv(), CRC8 pre-write verify OKAY."
                )

    def _follow_memory(self) -> None:
        """Use the interval of the memory, and stop if it is full."""
        if self.mode is LoggingMode.INTERNAL:
            self.interval = self.memory.interval
            if self.memory.full and self.memory.handling is FullHandling.STOP:
                self.mode = LoggingMode.STOPPED

    def _live_line(self) -> str:
        """Return the packet of the present record; a field that is not chosen has no value."""
        chosen = zip(self.display.record(), self.memory.chosen, strict=False)
        values = [value if on else None for value, on in chosen]
        return record_line(values, self.model.fields)

    def _send_record(self) -> None:
        if self.replay is None:
            self.send(self._live_line())
        elif self.linked:  # no record of a replay is lost while no client listens
            args = self.replay.next()
            if args is not None:
                self.send(f"#d,-,{len(args)},{','.join(args)};")

    # -- for the commands ---------------------------------------------------------

    def send(self, text: str) -> None:
        """Send a packet or a line of text, if the computer can receive it."""
        if self._audible():
            self.line.send_line(self._now, text)

    def answer(self, text: str) -> None:
        """Send the answer to a command, with the delay of the fault ``slow``."""
        if Fault.DEAF in self.faults:
            return
        if Fault.SLOW in self.faults:
            self.at(self.faults.value(Fault.SLOW), lambda: self.send(text))
        else:
            self.send(text)

    def diagnose(self, text: str) -> None:
        """Print a line of diagnostic text outside packets, if diagnostics are on."""
        if self.diagnostics:
            self.send(text)

    def start_readout(self) -> None:
        """Send the present records of the memory."""
        steps = self._readout()

        def begin() -> None:
            if self._audible():
                self.line.send_bulk(self._now, self._dressed(steps))

        self.at(self.faults.value(Fault.SLOW), begin) if Fault.SLOW in self.faults else begin()

    def _readout(self) -> Iterator[str | float]:
        """Return the lines of a read-out of the present memory, and pauses in seconds."""
        faults, memory, width = self.faults, self.memory, self.model.fields
        count = len(memory)
        records = memory.records(width)
        interval = self.shown_interval(memory.interval)
        sent = max(count - int(faults.value(Fault.SHORT)), 0)

        # Older firmware sends a number that nothing explains, and in the end the interval third.
        older = self.model.old or Fault.END_OF_THREE in faults
        number = int(self.uptime) if older else "_"

        def lines() -> Iterator[str | float]:
            yield f"#n,-,3,{number},{interval},{count};"
            text = ""
            for n, values in enumerate(itertools.islice(records, sent)):
                if Fault.STALL in faults and n == count // 2:
                    yield faults.value(Fault.STALL)
                text = record_line(values, width)
                yield text
                if Fault.MIXED in faults and n % max(int(faults.value(Fault.MIXED)), 1) == 0:
                    yield self._live_line()
            for _ in range(int(faults.value(Fault.MORE)) if text else 0):
                yield text
            if Fault.NO_END in faults:
                return
            yield f"#l,-,2,{number},{f'_,{interval}' if older else interval};"

        return lines()

    def shown_interval(self, interval: int) -> int:
        """Return the interval that the meter reports."""
        faulty = Fault.INTERVAL in self.faults
        return int(self.faults.value(Fault.INTERVAL)) if faulty else interval

    def _dressed(self, steps: Iterator[str | float]) -> Iterator[Step]:
        for step in steps:
            yield self.line.dress(step) if isinstance(step, str) else step

    def _audible(self) -> bool:
        return (
            self.linked
            and self.plugged
            and self.powered
            and Fault.MUTE not in self.faults
            and not self._silent
        )

    def log(self, mode: LoggingMode, interval: int) -> None:
        """Start logging: the first record comes after one interval."""
        self.mode = mode
        self.posting = False
        self.interval = interval
        self._start_ticks()
        if mode is LoggingMode.EXTERNAL and self.replay is not None:
            self.replay.started(self)

    def post_to(self, target: PostTarget) -> None:
        """Start posting records over HTTP; only a .NET does."""
        self.network.target = target
        self.network.save()
        self.start_posting(target.interval)

    def start_posting(self, interval: int) -> None:
        """Start posting records to where the network settings say."""
        self.log(LoggingMode.EXTERNAL, interval)
        self.posting = self.model.has_network
        self.network.target = replace(self.network.target, interval=interval)

    def erase(self) -> None:
        """Erase the memory; logging continues into the empty memory."""
        self.memory.clear()
        self.display.power_cycles = 0
        if self.mode is LoggingMode.STOPPED:
            self.mode = LoggingMode.INTERNAL
        if self.mode is LoggingMode.INTERNAL:
            self.log(LoggingMode.INTERNAL, self.memory.interval)

    def start_up(self) -> None:
        """Start again after a restart or a power failure: print the banner, be deaf for a while.

        Logging into the memory continues; external logging ends.
        """
        self.deaf_until = self._now + self.setup.deaf_for
        self.posting = False
        self.mode = LoggingMode.INTERNAL
        self._follow_memory()
        self._start_ticks()
        banner = self.model.banner(self.setup.volts, self.setup.hertz)
        self.at(BANNER_DELAY, lambda: self.send(f"\r\n{banner}"))
