# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a measurement, computed from its records, its runs and its quiet spans. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from wattui.benchmark.findings import (
    Finding,
    command_findings,
    few_runs_finding,
    measurement_findings,
)
from wattui.benchmark.method import (
    Floats,
    IdleLevel,
    Lag,
    RecordArrays,
    RunEnergy,
    above_limit,
    constant_idle,
    edge_error,
    fit_idle,
    gross_limit,
    run_energy,
)
from wattui.benchmark.plan import MeasuredCommand
from wattui.benchmark.trial import MeasurementLog, Role, Trial
from wattui.benchmark.worth import Comparison, Estimate, compare, estimate
from wattui.errors import WattuiError


class NothingMeasured(WattuiError):
    """A measurement has no idle level, or no run that counts."""


@dataclass(frozen=True, slots=True)
class RunResult:
    """One run that counts."""

    trial: Trial
    energy: RunEnergy


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The energy of one command, per execution.  Energies in J, powers in W, times in s."""

    command: MeasuredCommand
    runs: tuple[RunResult, ...]
    above: Estimate
    gross: Estimate
    duration: Estimate
    #: Limits of error of the manual, which repeats do not reduce.
    above_limit: float
    gross_limit: float
    #: By how much the mean would change if the lag had its largest error, in J.
    edge: float
    #: Energy of the processor by its own counter; None if it is not known.
    processor: Estimate | None
    findings: tuple[Finding, ...]
    #: What the idle level counts in the means.
    above_weights: Floats
    gross_weights: Floats

    @property
    def power(self) -> float:
        """Mean power, in W."""
        return self.gross.mean / self.duration.mean if self.duration.mean else math.nan

    @property
    def power_above(self) -> float:
        """Mean power above idle, in W."""
        return self.above.mean / self.duration.mean if self.duration.mean else math.nan


@dataclass(frozen=True, slots=True)
class Compared:
    """A command, compared with the one that needs the least energy above idle."""

    command: MeasuredCommand
    above: Comparison
    gross: Comparison


@dataclass(frozen=True, slots=True)
class MeasurementResult:
    """Everything that was found out."""

    log: MeasurementLog
    lag: Lag
    idle: IdleLevel
    commands: tuple[CommandResult, ...]
    #: The other commands, compared with :attr:`best`.
    compared: tuple[Compared, ...]
    findings: tuple[Finding, ...]

    @property
    def best(self) -> CommandResult:
        """The command that needs the least energy above idle."""
        return min(self.commands, key=lambda one: one.above.mean)

    def all_findings(self) -> list[Finding]:
        """Return the warnings about the measurement and about each command."""
        return [*self.findings, *(found for one in self.commands for found in one.findings)]


def evaluate(
    log: MeasurementLog,
    records: RecordArrays,
    *,
    lag: Lag | None = None,
    idle_level: float | None = None,
) -> MeasurementResult:
    """Return the result of a measurement.

    Parameters
    ----------
    log
        What happened.
    records
        The records of its meter; times are seconds since ``log.id``.
    lag
        Another lag than that of the log.
    idle_level
        An idle level in W, instead of the measured one.

    Raises
    ------
    NothingMeasured
        There is no idle level, or no command has a run that counts.
    """
    known = lag or log.lag
    quiet = [one.window(log.id) for one in log.of(Role.IDLE)]
    idle = constant_idle(idle_level) if idle_level is not None else None
    idle = idle or fit_idle(records, quiet, known)
    if idle is None:
        raise NothingMeasured(
            "The idle level is not known: there is no quiet time of enough records",
            "Measure a longer baseline (--idle 30s), or give the level (--idle-level 42).",
        )
    results = tuple(
        found
        for number in range(len(log.commands))
        if (found := _command_result(log, number, records, idle, known)) is not None
    )
    if not results:
        raise NothingMeasured("No run was measured to its end", "Measure again.")
    best = min(results, key=lambda one: one.above.mean)
    compared = tuple(_compared(one, best, idle) for one in results if one is not best)
    findings = measurement_findings(idle, known, [(one.above, one.runs) for one in results])
    unclear = [few_runs_finding(one.command.name, best.command.name, one.above) for one in compared]
    findings += [one for one in unclear if one is not None]
    return MeasurementResult(log, known, idle, results, compared, tuple(findings))


def _command_result(
    log: MeasurementLog, number: int, records: RecordArrays, idle: IdleLevel, lag: Lag
) -> CommandResult | None:
    trials = [one for one in log.of(Role.RUN) if one.command == number]
    measured = [
        RunResult(one, run_energy(records, one.window(log.id), idle, lag, one.count))
        for one in trials
        if not one.problem
    ]
    # A run with a gap is a lower bound of its energy, which would be no mean of anything.
    runs = tuple(one for one in measured if not one.energy.missing)
    if not runs:
        return None
    above_weights = np.mean([one.energy.above_weights for one in runs], axis=0)
    gross_weights = np.mean([one.energy.gross_weights for one in runs], axis=0)
    above = _estimate([one.energy.above for one in runs], above_weights, idle)
    gross = _estimate([one.energy.gross for one in runs], gross_weights, idle)
    duration = estimate([_duration(one) for one in runs])
    windows = [one.trial.window(log.id) for one in runs]
    result = CommandResult(
        log.commands[number], runs, above, gross, duration,
        above_limit(above.mean, gross.mean, duration.mean), gross_limit(gross.mean, duration.mean),
        edge_error(records, windows, idle, lag, [one.trial.count for one in runs]),
        _processor(runs), (), above_weights, gross_weights,
    )  # fmt: skip
    left_out = [one for one in measured if one.energy.missing]
    found = command_findings(result.command, trials, runs, above, result.edge, idle, left_out)
    return replace(result, findings=tuple(found))


def _duration(run: RunResult) -> float:
    """Return the seconds of one execution, without what is between two of them."""
    seconds = run.trial.seconds
    return float(np.mean(seconds)) if seconds else run.energy.duration


def _estimate(values: Sequence[float], weights: Floats, idle: IdleLevel) -> Estimate:
    return estimate(values, idle.variance(weights), idle.degrees)


def _processor(runs: Sequence[RunResult]) -> Estimate | None:
    """Return the energy of the processor per execution, if each run has one."""
    joules = [one.trial.processor_j for one in runs]
    each = [one / run.trial.count for one, run in zip(joules, runs, strict=True) if one is not None]
    return estimate(each) if len(each) == len(runs) else None


def _compared(one: CommandResult, best: CommandResult, idle: IdleLevel) -> Compared:
    return Compared(
        one.command,
        compare(one.above, best.above, idle.covariance_of(one.above_weights, best.above_weights)),
        compare(one.gross, best.gross, idle.covariance_of(one.gross_weights, best.gross_weights)),
    )
