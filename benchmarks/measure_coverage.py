# SPDX-License-Identifier: GPL-3.0-or-later
"""How often the 95 % interval of ``wattui measure`` contains the true energy.

Each of the simulated measurements is made by the code that measures real commands, on a clock
that is moved instead of waited for.  The meter is late by a lag that is drawn, its records have
noise and steps of 0.1 W, the idle level drifts, runs differ by chance, and some commands take a
fraction of a second.  The true mean energy of a run is known.

    python benchmarks/measure_coverage.py            # 1,000 measurements, about a minute
    python benchmarks/measure_coverage.py --count 100
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from wattui.benchmark.experiment import Experiment, Unwatched
from wattui.benchmark.method import ASSUMED_LAG, Lag, RecordArrays
from wattui.benchmark.plan import MeasurementPlan, Order, make_commands
from wattui.benchmark.processes import Execution
from wattui.benchmark.record_source import RecordSource
from wattui.benchmark.result import CommandResult, MeasurementResult, evaluate
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import MeterInfo
from wattui.session.annotations import Span

#: Any time after 1970.
START = 1_800_000_000.0


class MovedClock:
    """A clock that is moved."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def time(self) -> float:
        """Return the wall clock."""
        return START + self.seconds

    def monotonic(self) -> float:
        """Return the seconds since the start."""
        return self.seconds


class SpansInMemory:
    """Keeps spans instead of a session."""

    def __init__(self) -> None:
        self.spans: dict[int, Span] = {}

    def add(self, span: Span) -> Span:
        """Add a span."""
        span = replace(span, id=len(self.spans) + 1)
        self.spans[span.id] = span
        return span

    def change(self, span: Span) -> None:
        """Replace a span."""
        self.spans[span.id] = span


@dataclass(frozen=True)
class Machine:
    """A machine at a meter, and what makes it hard to measure."""

    idle: float = 40.0
    lag: float = 2.4
    noise: float = 0.3
    #: W per hour, and the height of a slow bend that no line follows, in W.
    drift: float = 0.0
    bend: float = 0.0
    #: When the meter sends its records within a second.
    phase: float = 0.0


class MovedMeter(RecordSource):
    """A meter in simulated time, and the machine that it measures."""

    info = MeterInfo("virtual", "sim://virtual", "virtual")
    path = Path("virtual.wattui")

    def __init__(self, machine: Machine, draw: np.random.Generator) -> None:
        super().__init__(lambda: False)
        self.clock = self._clock = MovedClock()
        self.memory = SpansInMemory()
        self.machine, self._draw = machine, draw
        # Times and powers of the load, and the energy until each time.
        self._times, self._watts, self._energy = [-100.0], [0.0], [0.0]
        self._record_times = np.empty(0)
        self._record_power = np.empty(0)
        #: Spans of time whose records do not arrive.
        self.lost: list[tuple[float, float]] = []

    @property
    def annotations(self) -> SpansInMemory:  # type: ignore[override]
        """The spans."""
        return self.memory

    def switch(self, watts: float) -> None:
        """Set the power of the load from now on."""
        now = self._clock.seconds
        self._energy.append(self._energy[-1] + self._watts[-1] * (now - self._times[-1]))
        self._times.append(now)
        self._watts.append(watts)

    def wait(self, seconds: float) -> None:
        """Move the clock, and make the records until then."""
        self.check()
        self._clock.seconds += seconds
        self._measure()

    def _measure(self) -> None:
        now, machine = self._clock.seconds, self.machine
        count = len(self._record_times)
        times = np.arange(count + 1, math.floor(now - machine.phase) + 1) + machine.phase
        if not len(times):
            return
        last = now - self._times[-1]
        known = [*self._times, now], [*self._energy, self._energy[-1] + self._watts[-1] * last]
        then = times - machine.lag
        power = machine.idle + np.interp(then, *known) - np.interp(then - 1, *known)
        middle = then - 0.5
        power += machine.drift * middle / 3600 + machine.bend * np.sin(middle / 60)
        power += self._draw.normal(0.0, machine.noise, len(times)) if machine.noise else 0.0
        self._record_times = np.concatenate([self._record_times, times])
        self._record_power = np.concatenate([self._record_power, np.round(power, 1)])

    def records(self, start_us: int, stop_us: int | None, origin_us: int) -> RecordArrays:
        """Return the records of a span."""
        shift = START - origin_us / MICROSECONDS
        times = self._record_times
        first = np.searchsorted(times, start_us / MICROSECONDS - START, "right")
        last = len(times)
        if stop_us is not None:
            last = int(np.searchsorted(times, stop_us / MICROSECONDS - START, "right"))
        power = self._record_power[first:last].copy()
        for low, high in self.lost:
            power[(times[first:last] > low) & (times[first:last] <= high)] = np.nan
        return RecordArrays.of(times[first:last] + shift, 1.0, power)


@dataclass(frozen=True)
class Work:
    """A command: its power above idle, how long it takes, and how much both vary."""

    watts: float
    seconds: float
    scatter: float = 0.02

    @property
    def joules(self) -> float:
        """Its true mean energy above idle."""
        return self.watts * self.seconds


class MovedCommands:
    """Executes works on a meter in simulated time; used instead of starting processes."""

    def __init__(self, meter: MovedMeter, works: Sequence[Work], draw: np.random.Generator) -> None:
        self._meter, self._works, self._draw = meter, works, draw

    def __call__(self, words: Sequence[str], **_options: object) -> Execution:
        """Execute the work whose number is the last word."""
        work, meter = self._works[int(words[-1])], self._meter
        watts, seconds = (
            value * (1 + work.scatter * self._draw.normal()) for value in (work.watts, work.seconds)
        )
        meter.switch(watts)
        meter.wait(max(seconds, 0.01))
        meter.switch(0.0)
        return Execution(0, seconds)


def simulate(
    machine: Machine,
    works: Sequence[Work],
    seed: int,
    *,
    lag: Lag = ASSUMED_LAG,
    **options: object,
) -> MeasurementResult:
    """Return the result of a simulated measurement."""
    draw = np.random.default_rng(seed)
    meter = MovedMeter(machine, draw)
    plan = MeasurementPlan(
        make_commands([str(n) for n in range(len(works))]), shell_words=(), **options
    )  # type: ignore[arg-type]
    run = MovedCommands(meter, works, draw)
    experiment = Experiment(plan, meter, lag, Unwatched(), run_command=run, seed=seed)
    experiment.run()
    return evaluate(experiment.log, meter.records(0, None, experiment.log.id))


def drawn(seed: int) -> tuple[Machine, list[Work], dict[str, object]]:
    """Return a machine, a command and a plan by chance."""
    draw = np.random.default_rng(seed + 1_000_000)
    machine = Machine(
        idle=draw.uniform(5.0, 150.0),
        lag=draw.uniform(1.6, 3.4),
        noise=draw.uniform(0.05, 1.0),
        drift=draw.uniform(-15.0, 15.0),
        phase=draw.uniform(0.0, 1.0),
    )
    seconds = float(np.exp(draw.uniform(math.log(0.1), math.log(30.0))))
    work = Work(draw.uniform(5.0, 120.0), seconds, float(draw.choice([0.0, 0.005, 0.02, 0.05])))
    plan: dict[str, object] = {"runs": int(draw.integers(3, 12)), "order": Order.SEQUENTIAL}
    return machine, [work], plan


def is_covered(result: CommandResult, joules: float) -> bool:
    """Check whether the interval contains the true energy."""
    return result.above.low <= joules <= result.above.high


def coverage(count: int) -> float:
    """Return in which share of simulated measurements the interval contains the true energy."""
    covered = 0
    for seed in range(count):
        machine, works, plan = drawn(seed)
        covered += is_covered(simulate(machine, works, seed, **plan).commands[0], works[0].joules)
    return covered / count


def comparisons(count: int) -> tuple[float, float]:
    """Return how often the interval of a ratio contains the true one, and of false alarms.

    Half of the pairs of commands need the same energy: a clear difference there is a false alarm.
    """
    covered = alarms = alike = 0
    for seed in range(count):
        machine, works, plan = drawn(seed)
        change = 1.0 if seed % 2 else 0.6 + (seed % 100) / 100
        works.append(replace(works[0], watts=works[0].watts * change))
        plan["order"] = Order.INTERLEAVED
        (found,) = simulate(machine, works, seed, **plan).compared
        first = int(found.command.name)
        true = works[first].joules / works[1 - first].joules
        covered += found.above.low <= true <= found.above.high
        alike += change == 1.0
        alarms += change == 1.0 and found.above.is_clear
    return covered / count, alarms / alike


def main() -> None:
    """Print how often the intervals contain the true values."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="how many measurements")
    count = parser.parse_args().count
    share = coverage(count)
    print(f"The 95 % interval contains the true energy in {100 * share:.1f} % of {count:,}.")
    pairs = max(count // 2, 2)
    ratio, alarms = comparisons(pairs)
    print(f"That of a ratio contains the true one in {100 * ratio:.1f} % of {pairs:,} comparisons;")
    print(f"equal commands differ clearly in {100 * alarms:.1f} %, where 5 % is the aim.")


if __name__ == "__main__":
    main()
