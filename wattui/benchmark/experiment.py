# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries out a plan: quiet baselines, runs, and the time in between to become quiet again.

Every span is stored in the session as soon as it is over, so that what was measured survives
whatever ends the program.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Protocol

import numpy as np

from wattui.benchmark.environment import (
    ProcessorEnergy,
    describe_environment,
    temperature_text,
)
from wattui.benchmark.method import Lag, RecordArrays
from wattui.benchmark.plan import MeasuredCommand, MeasurementPlan
from wattui.benchmark.processes import CommandFailed, Execution, execute
from wattui.benchmark.record_source import RecordSource
from wattui.benchmark.trial import MeasurementLog, Role, Trial, described
from wattui.errors import Cancelled, LinkLost, WattuiError
from wattui.measurement.clock import MICROSECONDS, microseconds

#: Records that must be quiet before a run.
_QUIET_RECORDS: Final = 3

#: How far from the idle level they may be: W, share of the level, standard deviations.
_QUIET_W, _QUIET_SHARE, _QUIET_SIGMA = 1.0, 0.03, 3.0

#: How often a run is repeated because records are missing.
_MOST_REPEATS: Final = 3

#: The most durations of a run that are stored, of the commands that it repeats.
_MOST_SECONDS: Final = 200

#: Real seconds to wait for records that are late: the meter may come back.
_PATIENCE: Final = 60.0

#: Starts a command: see :func:`wattui.benchmark.processes.execute`.
Execute = Callable[..., Execution]


class Watcher(Protocol):
    """Shows how a measurement goes on."""

    def stage(
        self, what: str, command: MeasuredCommand | None, number: int, seconds: float
    ) -> None:
        """Show what is done now: for which run of a command, and how long it takes; 0: unknown."""

    def beat(self) -> None:
        """Show that time passes; called often."""

    def measured(self, log: MeasurementLog, records: RecordArrays | None) -> None:
        """Show what was measured so far, after each run."""

    def remark(self, text: str) -> None:
        """Show a sentence about something that went wrong and was dealt with."""


class Unwatched:
    """Shows nothing."""

    def stage(self, *_: object) -> None:
        """Show nothing."""

    def beat(self) -> None:
        """Show nothing."""

    def measured(self, log: MeasurementLog, records: RecordArrays | None) -> None:
        """Show nothing."""

    def remark(self, text: str) -> None:
        """Show nothing."""


class Experiment:
    """Measures the commands of a plan with one meter.

    Parameters
    ----------
    plan
        What to measure.
    source
        The records.
    lag
        The lag of the meter.
    watcher
        Shows how it goes on.
    run_command
        Starts commands; replaced in tests.
    seed
        Of a random order; None for another one each time.
    """

    def __init__(
        self,
        plan: MeasurementPlan,
        source: RecordSource,
        lag: Lag,
        watcher: Watcher,
        *,
        run_command: Execute = execute,
        processor: ProcessorEnergy | None = None,
        seed: int | None = None,
    ) -> None:
        for command in plan.commands:
            plan.words(command.text)  # refuses what cannot be started
        self._plan, self._source, self._lag = plan, source, lag
        #: The session.
        self.path = source.path
        self._watcher, self._execute, self._seed = watcher, run_command, seed
        self._processor = processor or ProcessorEnergy()
        # The level of the last quiet time, and the noise of the first one.
        self._level = self._noise = float("nan")
        # Since when nothing has been running; until when something was, before.
        self._quiet_since: int | None = None
        self._busy_until: int | None = None
        #: What happened so far.
        self.log = MeasurementLog(
            source.now_us(), plan.commands, (), source.meter_id, source.info.key,
            source.info.label, lag, float(source.info.interval), describe_environment(),
            described(plan),
        )  # fmt: skip
        # Their spans in the session.
        self._span = self._last_span = self.log.span()

    def run(self) -> None:
        """Measure; what was measured is in :attr:`log`, also after an error.

        Raises
        ------
        Cancelled
            The user ended it.
        WattuiError
            A command failed, the meter is gone for good, or the disk is full.
        """
        self._span = self._source.annotations.add(self.log.span())
        try:
            self._carry_out()
        except BaseException:
            # The disk may be the reason.
            with contextlib.suppress(WattuiError):
                self._end_of_quiet()
                self._store_measurement()
            raise
        self._store_measurement()

    def _carry_out(self) -> None:
        plan = self._plan
        self._helper(plan.setup, "setup")
        self._baseline("Baseline before")
        for command, number, warm in plan.schedule(self._seed):
            self._measure(command, number, warm=warm)
        self._helper(plan.cleanup, "cleanup")
        self._baseline("Baseline after")
        self._end_of_quiet()
        # The records of its end are late.
        self._source.wait(self._lag.seconds + self.log.interval)

    # -- its parts -----------------------------------------------------------------

    @property
    def _margin(self) -> float:
        """Seconds before and after a run in which nothing else may happen."""
        return self._lag.uncertainty + 2 * self.log.interval

    def _baseline(self, what: str) -> None:
        """Measure the idle level; the quiet time lasts until the next run begins."""
        if not self._plan.idle:
            return
        if self._busy_until is not None:
            self._settle(None, 0)
        self._watcher.stage(what, None, 0, self._plan.idle)
        self._quiet_since = self._quiet_since or self._source.now_us()
        self._source.wait(self._plan.idle)

    def _measure(self, index: int, number: int, *, warm: bool) -> None:
        """Measure one run; repeat it if records are missing."""
        for attempt in range(1 + _MOST_REPEATS):
            trial = self._run_once(index, number, warm=warm)
            if warm or trial.problem or not self._missing(trial):
                self._watcher.measured(self.log, None if warm else self._all_records())
                return
            last = attempt == _MOST_REPEATS
            self._change_last(replace(trial, problem="records missing"))
            name = self._plan.commands[index].name
            again = "It is left out" if last else "It is repeated"
            self._watcher.remark(f"Records are missing in run {number} of {name}. {again}.")

    def _run_once(self, index: int, number: int, *, warm: bool) -> Trial:
        command = self._plan.commands[index]
        if command.prepare:
            self._end_of_quiet()
            self._helper(command.prepare, "prepare", command, number)
        unsettled = not self._settle(command, number)
        self._end_of_quiet()
        what = "Warm-up" if warm else "Run"
        self._watcher.stage(what, command, number, self._plan.min_time)
        trial = self._repeat_command(index, number, Role.WARMUP if warm else Role.RUN)
        trial = replace(trial, unsettled=unsettled)
        self._add(trial)
        self._refuse_failure(command, trial)
        self._watcher.stage("Settling", command, number, 0.0)
        self._source.wait(self._margin)
        self._helper(command.conclude, "conclude", command, number)
        return trial

    def _repeat_command(self, index: int, number: int, role: Role) -> Trial:
        """Execute a command until the shortest time of a run has passed."""
        plan, clock = self._plan, self._source.clock
        words = plan.words(plan.commands[index].text)
        energy = self._processor.read() if self._processor.readable else None
        start_us, start = self._source.now_us(), clock.monotonic()
        done: list[Execution] = []
        while not done or clock.monotonic() - start < plan.min_time:
            done.append(
                self._execute(
                    words,
                    output=plan.output,
                    timeout=plan.timeout,
                    stopped=self._source.ended,
                    beat=self._source.beat,
                )
            )
            if done[-1].stopped or done[-1].timed_out or self._fails(done[-1]):
                break
        stop_us = start_us + max(microseconds(clock.monotonic() - start), 1)
        self._busy_until = stop_us
        joules = self._processor.between(energy, self._processor.read()) if energy else None
        last = done[-1]
        problem = "interrupted" if last.stopped else "timed out" if last.timed_out else ""
        problem = problem or ("failed" if self._fails(last) else "")
        # The speed of a simulated meter is the ratio of its clock to that of this computer.
        speed = float(getattr(clock, "speed", 1.0))
        return Trial(
            role, start_us, stop_us, index, number, len(done),
            tuple(round(one.seconds * speed, 6) for one in done[:_MOST_SECONDS]),
            tuple(sorted({one.exit_code for one in done})), joules,
            any(one.left_running for one in done), False, problem,
        )  # fmt: skip

    def _fails(self, execution: Execution) -> bool:
        return execution.exit_code != 0 and not self._plan.ignore_failure

    def _refuse_failure(self, command: MeasuredCommand, trial: Trial) -> None:
        """Raise an error if the measurement cannot go on after a run."""
        if trial.problem == "interrupted":
            raise Cancelled("The measurement was interrupted")
        if trial.problem == "timed out" and not self._plan.ignore_failure:
            raise CommandFailed(
                f"{command.name} was ended since it ran longer than {self._plan.timeout:g} s",
                "Allow a longer --timeout, or use -i to go on without such runs.",
            )
        if trial.problem == "failed":
            raise failure_of(command.name, trial.exit_codes)

    def _helper(
        self, text: str, what: str, command: MeasuredCommand | None = None, number: int = 0
    ) -> None:
        """Run a command that is not measured."""
        if not text:
            return
        self._watcher.stage(f"--{what}", command, number, 0.0)
        self._quiet_since = None
        done = self._execute(
            self._plan.words(text), output=self._plan.output, timeout=None,
            stopped=self._source.ended, beat=self._source.beat,
        )  # fmt: skip
        self._busy_until = self._source.now_us()
        if done.stopped:
            raise Cancelled("The measurement was interrupted")
        if done.exit_code:
            raise failure_of(f"The command of --{what}", (done.exit_code,))

    # -- becoming quiet --------------------------------------------------------------

    def _settle(self, command: MeasuredCommand | None, number: int) -> bool:
        """Wait until the idle level is reached; return whether it was."""
        if self._quiet_since is not None:
            return True
        source, lag = self._source, self._lag
        self._watcher.stage("Settling", command, number, 0.0)
        ended = self._busy_until or source.now_us()
        limit = source.clock.monotonic() + self._plan.settle
        first = (lag.seconds + lag.uncertainty) * MICROSECONDS
        while source.clock.monotonic() < limit:
            # A record shows what was before, by the lag.
            found = source.records(int(ended + first), None, self.log.id).known()
            found = found.within((ended + first - self.log.id) / MICROSECONDS, np.inf)
            if self._is_quiet(found.power[-_QUIET_RECORDS:]):
                begin = found.time[-_QUIET_RECORDS] - found.interval[-_QUIET_RECORDS]
                since = begin - lag.seconds - lag.uncertainty
                self._quiet_since = self.log.id + microseconds(float(since))
                return True
            source.wait(self.log.interval / 4)
        return False

    def _is_quiet(self, power: np.ndarray) -> bool:
        if len(power) < _QUIET_RECORDS:
            return False
        if np.isnan(self._level):
            return True
        far = max(_QUIET_W, _QUIET_SHARE * self._level, _QUIET_SIGMA * self._noise)
        return abs(float(power.mean()) - self._level) <= far

    def _end_of_quiet(self) -> None:
        """Store the quiet time up to now."""
        start, stop = self._quiet_since, self._source.now_us()
        self._quiet_since = None
        if start is None or stop <= start:
            return
        self._add(Trial(Role.IDLE, start, stop))
        found = self._source.records(start, None, self.log.id).known()
        edge = (start - self.log.id) / MICROSECONDS + self._lag.seconds + self._lag.uncertainty
        power = found.within(edge, np.inf).power
        if len(power) >= _QUIET_RECORDS:
            self._level = float(power.mean())
            if np.isnan(self._noise):
                self._noise = float(power.std(ddof=1))

    # -- records and spans -------------------------------------------------------------

    def _missing(self, trial: Trial) -> bool:
        """Wait for the records of a run; return whether some are missing."""
        lag = self._lag
        high = trial.stop_us + microseconds(lag.seconds + lag.uncertainty)
        low = trial.start_us + microseconds(lag.seconds - lag.uncertainty)
        limit = time.monotonic() + _PATIENCE
        while True:
            found = self._source.records(low, None, self.log.id)
            if len(found.time) and found.time[-1] >= (high - self.log.id) / MICROSECONDS:
                edges = [(one - self.log.id) / MICROSECONDS for one in (low, high)]
                return found.missing(*edges) > 0
            if time.monotonic() > limit:
                raise self._source.trouble or LinkLost(
                    f"No record came for {_PATIENCE:g} s", "Check that the meter is plugged in."
                )
            self._watcher.beat()
            self._source.wait(self.log.interval / 4)

    def _all_records(self) -> RecordArrays:
        return self._source.records(self.log.id - 10 * MICROSECONDS, None, self.log.id)

    def _add(self, trial: Trial) -> None:
        self._last_span = self._source.annotations.add(self.log.trial_span(trial))
        self.log = replace(self.log, trials=(*self.log.trials, trial))

    def _change_last(self, trial: Trial) -> None:
        changed = replace(self.log.trial_span(trial), id=self._last_span.id)
        self._source.annotations.change(changed)
        self.log = replace(self.log, trials=(*self.log.trials[:-1], trial))

    def _store_measurement(self) -> None:
        """Store the whole measurement: its end, and the temperature at that time."""
        facts = dict(self.log.environment)
        if after := temperature_text():
            facts["temperature after"] = after
        self.log = replace(self.log, environment=facts)
        self._source.annotations.change(replace(self.log.span(), id=self._span.id))


def failure_of(name: str, codes: tuple[int, ...]) -> WattuiError:
    """Return the error for a command that failed."""
    code = next((one for one in codes if one), 0)
    how = f"was ended by signal {-code}" if code < 0 else f"failed with exit code {code}"
    return CommandFailed(
        f"{name} {how}",
        "See what it prints with --show-output, or use -i to measure it all the same.",
    )
