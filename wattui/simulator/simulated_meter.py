# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated meter: bytes in, bytes out, and time from an injected clock.

It has no thread: whoever serves it calls :meth:`SimulatedMeter.receive` with what
the computer sends and :meth:`SimulatedMeter.poll` for what it has sent by now.
Between two calls nothing happens; a call makes up for all the time since the one
before, event by event in the order of their times, so that it loses nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from wattui.measurement.clock import SYSTEM_CLOCK, Clock
from wattui.measurement.fields import WireValue
from wattui.protocol import Framer, FullHandling, LoggingMode
from wattui.protocol.commands import CONTROL_X
from wattui.simulator import command_handlers
from wattui.simulator.agenda import Agenda
from wattui.simulator.capture_replay import AnyReplay
from wattui.simulator.faults import Faults
from wattui.simulator.line import Line, Step, record_line
from wattui.simulator.loads import Load
from wattui.simulator.measuring import Display
from wattui.simulator.meter_setup import Setup
from wattui.simulator.models import find_model
from wattui.simulator.network import Network, Poster

#: Seconds from a restart, or power-on, to the line that it prints.
BANNER_DELAY: Final = 0.5

#: How many events a server has a meter make up for in one go: a few hundredths of a second.
MOST_EVENTS: Final = 2_000

# So many bytes may wait: a meter that nobody reads stops its clock rather than lose
# a record or fill the computer's memory.
_MOST_WAITING: Final = 65_536


class SimulatedMeter:
    """A Watts up? as another program sees it over its serial port.

    Not safe for threads: whoever serves it holds a lock.  Times are seconds of the
    monotonic clock of *clock*.
    """

    def __init__(
        self,
        model: str = "pro",
        *,
        load: Load | None = None,
        replay: AnyReplay | None = None,
        clock: Clock = SYSTEM_CLOCK,
        faults: Faults | None = None,
        poster: Poster | None = None,
        setup: Setup | None = None,
    ) -> None:
        self.setup = setup = setup or Setup()
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
        #: How much diagnostic text it prints: 0, 1 or 2.
        self.diagnostics = 0
        #: Whether its USB plug is in, and whether its mains is on.
        self.plugged = self.powered = True
        #: How many events one call may make up for; None: all.  Whoever serves the meter
        #: at a speed that the computer cannot keep up with stays in charge by it.
        self.most_events: int | None = None
        self._begin()

    def _begin(self) -> None:
        """Fill the memory with the past, and start the clock."""
        self._deaf_until = 0.0
        self.linked, self._silent = True, False
        self._framer = Framer()
        self._agenda = Agenda()
        self._now = self._start = self.clock.monotonic()
        # Which course of ticks is the present one, and the seconds since a record.
        self._ticking = self._since = 0
        # Whether the clock stands because nobody reads.
        self._stopped = False
        self._log_before(self.setup.logged)
        self._start_ticks()
        self._plan_faults()

    # -- what whoever serves it calls ---------------------------------------------

    def receive(self, data: bytes, baudrate: int | None = None) -> None:
        """Take what the computer sent, at *baudrate* (None: at the meter's own); never raises."""
        self._advance()
        if self._mismatch(baudrate):
            return  # nothing but framing errors
        before, *rest = data.split(CONTROL_X)
        self._take(before)
        for part in rest:
            self._framer.reset()
            self.line.drop()
            self._take(part)

    def poll(self, limit: int = _MOST_WAITING, baudrate: int | None = None) -> bytes:
        """Give what the wire has carried by now, at most *limit* bytes.

        Heard at another baud rate than the meter's it is garbage, where that matters.
        """
        self._advance()
        now = self.clock.monotonic()
        data = self.line.take(now, limit)
        while self._stopped and len(data) < limit:
            self._advance()  # there is room again
            data += self.line.take(now, limit - len(data))
        if data and self._mismatch(baudrate):
            return bytes(0x80 | (byte * 167 + 13) & 0x7F for byte in data[::2])
        return data

    def _mismatch(self, baudrate: int | None) -> bool:
        return self.setup.minds_baudrate and baudrate not in (None, self.line.baudrate)

    def seconds_to_event(self) -> float:
        """Give after how many seconds of its clock calling :meth:`poll` will do something."""
        now = self.clock.monotonic()
        waits = (self._agenda.seconds_to_next(now), self.line.seconds_to_output(now))
        return min((wait for wait in waits if wait is not None), default=3600.0)

    def open_link(self) -> None:
        """Notice that the computer has opened the port."""
        self._advance()
        self.linked = True
        self.line.drop()
        if self.replay is not None:
            self.replay.opened()
        if "cut" in self.faults:
            self.line.cut_next()
        if "oldreadout" in self.faults:
            self.start_readout()

    def close_link(self) -> None:
        """Notice that the computer has closed the port: what is sent now is lost."""
        self._advance()
        self.linked = False
        self.line.drop()
        self._framer.reset()

    def unplug(self) -> None:
        """Pull the USB plug; the meter goes on."""
        self._advance()
        self._unplug()

    def replug(self) -> None:
        """Put the USB plug in again."""
        self._advance()
        self.plugged = True

    def power_off(self) -> None:
        """Take the mains away."""
        self._advance()
        self._power_off()

    def power_on(self) -> None:
        """Give the mains back: counters are reset, logging into the memory goes on."""
        self._advance()
        self._power_on()

    # -- time ---------------------------------------------------------------------

    @property
    def now(self) -> float:
        """The moment that the meter is at, in seconds of its monotonic clock."""
        return self._now

    @property
    def uptime(self) -> float:
        """Seconds since the meter was made."""
        return self._now - self._start

    def at(self, delay: float, action: Callable[[], None]) -> None:
        """Have something done *delay* seconds from the meter's present."""
        self._agenda.add(self._now + delay, action)

    def _advance(self) -> None:
        now = self.clock.monotonic()
        left = self.most_events
        while self._agenda.due(now):
            self._stopped = self.line.waiting > _MOST_WAITING
            if self._stopped or left == 0:
                return
            left = None if left is None else left - 1
            self._now, action = self._agenda.take()
            action()
        self._stopped = False
        self._now = max(self._now, now)

    def _start_ticks(self) -> None:
        """Measure every second from now on; intervals count from now."""
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
        self.network.answers(self)
        self._since += 1
        if self._since >= self.interval:
            self._since = 0
            self._record()

    def _log_before(self, count: int) -> None:
        """Fill the memory with what *count* intervals before now would have left there."""
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
        actions: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
            "unplug": (self._unplug, self._replug),
            "power": (self._power_off, self._power_on),
            "silence": (self._silence, self._end_silence),
        }
        for fault in self.faults.timed:
            begin, end = actions[fault.name]
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
        self._framer.reset()

    def _replug(self) -> None:
        self.plugged = True

    def _power_off(self) -> None:
        self.powered = False
        self.line.drop()
        self._framer.reset()

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
            self.network.post(self)
        elif self.mode is LoggingMode.EXTERNAL:
            self._send_record()
        elif self.mode is LoggingMode.INTERNAL and len(self.memory.chosen):
            self.memory.add(self._values())
            self._follow_memory()

    def _follow_memory(self) -> None:
        """Take over the interval of the memory, and stop where it is full."""
        if self.mode is LoggingMode.INTERNAL:
            self.interval = self.memory.interval
            if self.memory.full and self.memory.handling is FullHandling.STOP:
                self.mode = LoggingMode.STOPPED

    def _send_record(self) -> None:
        if self.replay is None:
            self.send(record_line(self.display.record(), self.model.fields))
        elif self.linked:  # nothing of a replay is lost while nobody listens
            args = self.replay.next()
            if args is not None:
                self.send(f"#d,-,{len(args)},{','.join(args)};")

    # -- what the answers to commands use -----------------------------------------

    def send(self, text: str) -> None:
        """Send a packet or a line of text now, if anybody can hear it."""
        if self._audible():
            self.line.send_line(self._now, text)

    def answer(self, text: str) -> None:
        """Send the answer to a command: late, where that was asked for."""
        if "deaf" in self.faults:
            return
        if "slow" in self.faults:
            self.at(self.faults.value("slow"), lambda: self.send(text))
        else:
            self.send(text)

    def diagnose(self, text: str) -> None:
        """Print a line of diagnostic text outside of packets, where it was asked for."""
        if self.diagnostics:
            self.send(text)

    def start_readout(self) -> None:
        """Send the records of the memory, as they are now."""
        steps = command_handlers.readout(self)

        def begin() -> None:
            if self._audible():
                self.line.send_bulk(self._now, self._dressed(steps))

        self.at(self.faults.value("slow"), begin) if "slow" in self.faults else begin()

    def _dressed(self, steps: Iterator[str | float]) -> Iterator[Step]:
        for step in steps:
            yield self.line.dress(step) if isinstance(step, str) else step

    def _audible(self) -> bool:
        return (
            self.linked
            and self.plugged
            and self.powered
            and "mute" not in self.faults
            and not self._silent
        )

    def log(self, mode: LoggingMode, interval: int) -> None:
        """Start logging: the first record comes an interval from now."""
        self.mode = mode
        self.posting = False
        self.interval = interval
        self._start_ticks()
        if mode is LoggingMode.EXTERNAL and self.replay is not None:
            self.replay.started(self)

    def erase(self) -> None:
        """Forget the records of the memory; logging goes on into the empty one."""
        self.memory.clear()
        self.display.power_cycles = 0
        if self.mode is LoggingMode.STOPPED:
            self.mode = LoggingMode.INTERNAL
        if self.mode is LoggingMode.INTERNAL:
            self.log(LoggingMode.INTERNAL, self.memory.interval)

    def start_up(self) -> None:
        """Begin anew, after a restart or a loss of power: print the banner, be deaf a while.

        Logging into the memory goes on; records are no longer sent, since the meter
        speaks unasked at power-on only.
        """
        self._deaf_until = self._now + self.setup.deaf_for
        self.posting = False
        self.mode = LoggingMode.INTERNAL
        self._follow_memory()
        self._start_ticks()
        banner = self.model.banner(self.setup.volts, self.setup.hertz)
        self.at(BANNER_DELAY, lambda: self.send(f"\r\n{banner}"))

    # -- commands -----------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        if not data or not self.powered or not self.plugged or self._now < self._deaf_until:
            return
        if "notmeter" in self.faults:
            self.send("\r\nERROR")
            return
        if "deaf" in self.faults and self.mode is not LoggingMode.EXTERNAL:
            self.log(LoggingMode.EXTERNAL, self.interval)
        for packet in self._framer.feed(data):
            if self._now >= self._deaf_until and "deaf" not in self.faults:
                command_handlers.obey(self, packet)
