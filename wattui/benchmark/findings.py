# SPDX-License-Identifier: GPL-3.0-or-later
"""Warnings about a measurement, each with its reason and what to do. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from wattui.benchmark.method import IdleLevel, Lag, RunEnergy
from wattui.benchmark.plan import MeasuredCommand
from wattui.benchmark.quantity_text import joules_text
from wattui.benchmark.trial import Trial
from wattui.benchmark.worth import Comparison, Estimate, find_outlier, first_differs
from wattui.measurement.text import count_text

#: Records of a run below which it is too short: each edge may be off by a part of one.
LEAST_RECORDS: Final = 5

#: Share of an energy that drift, noise or edges may be before they are worth a warning.
_NOTICEABLE: Final = 0.02

#: Standard errors by which a drift must be larger than the noise of the baselines.
_SURE: Final = 3.0

#: Noise of the idle level in W that is no reason for a warning, whatever was measured.
_QUIET_W: Final = 0.5

#: How much more than their records explain the quiet spans may be off the line.
_MOST_EXCESS: Final = 6.0


class Reason(StrEnum):
    """Why there is a warning."""

    TOO_SHORT = "too short"
    LOST_IN_NOISE = "lost in noise"
    DRIFT = "drift"
    NOT_QUIET = "idle not quiet"
    NOT_SETTLED = "not settled"
    OUTLIER = "outlier"
    FIRST_RUN = "first run differs"
    GAP = "gap"
    CLOCK = "clock stepped"
    COUNTER = "counter disagrees"
    OTHER_METER = "other meter disagrees"
    TOO_FEW = "too few runs"
    LAG_ASSUMED = "lag assumed"
    EDGES = "edges"
    FAILED = "command failed"
    NOT_COUNTED = "not counted"
    LEFT_RUNNING = "left running"


@dataclass(frozen=True, slots=True)
class Finding:
    """A warning: what is doubtful, why, and what to do."""

    reason: Reason
    #: Sentences.
    text: str
    #: The command that it concerns; empty for the whole measurement.
    command: str = ""


class RunOf(Protocol):
    """A run with its energy."""

    @property
    def trial(self) -> Trial:
        """The run."""

    @property
    def energy(self) -> RunEnergy:
        """Its energy."""


def _watts(value: float) -> str:
    return f"{value:.1f} W"


def command_findings(
    command: MeasuredCommand,
    trials: Sequence[Trial],
    runs: Sequence[RunOf],
    above: Estimate,
    edge: float,
    idle: IdleLevel,
    gaps: Sequence[RunOf],
) -> list[Finding]:
    """Return the warnings about one command."""
    found: list[tuple[Reason, str]] = []
    found += _about_trials(trials, gaps)
    found += _about_length(runs, above, idle)
    values = [one.energy.above for one in runs]
    digits = above.spread if above.count > 1 else abs(above.mean) / 100
    if (place := find_outlier(values)) is not None:
        found.append((
            Reason.OUTLIER,
            f"Run {runs[place].trial.number} ({joules_text(values[place], digits)}) is far from "
            "the others. Look at what else the machine did then; the run is counted.",
        ))  # fmt: skip
    elif first_differs(values):
        found.append((
            Reason.FIRST_RUN,
            f"The first run ({joules_text(values[0], digits)}) differs from the others. Caches may "
            "have been cold: use --warmup, or --prepare to make all runs start alike.",
        ))  # fmt: skip
    if edge > max(_NOTICEABLE * abs(above.mean), above.half_width if above.count > 1 else 0.0):
        found.append((
            Reason.EDGES,
            f"The energy would change by {joules_text(edge, edge)} within the uncertainty of the "
            "lag. Find the lag with --find-lag, or let the machine rest before and after a run.",
        ))  # fmt: skip
    return [Finding(reason, text, command.name) for reason, text in found]


def _about_trials(trials: Sequence[Trial], gaps: Sequence[RunOf]) -> list[tuple[Reason, str]]:
    found = []
    if gaps:
        missing = sum(one.energy.missing for one in gaps)
        found.append((
            Reason.GAP,
            f"{_were(len(gaps))} not counted: records are missing for {missing:.1f} s in total.",
        ))  # fmt: skip
    problems = [one.problem for one in trials if one.problem]
    if problems:
        listed = ", ".join(dict.fromkeys(problems))
        found.append((Reason.NOT_COUNTED, f"{_were(len(problems))} not counted: {listed}."))
    codes = sorted({code for one in trials for code in one.exit_codes if code})
    if codes:
        listed = ", ".join(map(str, codes))
        found.append((Reason.FAILED, f"The command failed (exit code {listed}), and was counted."))
    if any(one.left_running for one in trials):
        found.append((
            Reason.LEFT_RUNNING,
            "The command left processes running, whose energy is not that of its runs. Let it wait "
            "for them, or end them with --conclude.",
        ))  # fmt: skip
    unsettled = sum(one.unsettled for one in trials)
    if unsettled:
        found.append((
            Reason.NOT_SETTLED,
            f"Before {count_text(unsettled, 'run')} the idle level was not reached. Wait longer "
            "(--settle), or end what keeps the machine busy.",
        ))  # fmt: skip
    return found


def _were(count: int) -> str:
    return f"{count_text(count, 'run')} {'was' if count == 1 else 'were'}"


def _about_length(
    runs: Sequence[RunOf], above: Estimate, idle: IdleLevel
) -> list[tuple[Reason, str]]:
    found = []
    shortest = min(one.energy.duration * one.trial.count for one in runs)
    if shortest < LEAST_RECORDS:
        found.append((
            Reason.TOO_SHORT,
            f"A run took {shortest:.1f} s, which is few records of a meter that sends one per "
            "second. Let runs repeat the command for longer (--min-time 10s).",
        ))  # fmt: skip
    if above.count > 1 and above.low <= 0:
        found.append((
            Reason.LOST_IN_NOISE,
            "The energy above idle cannot be distinguished from none. Use more or longer runs.",
        ))  # fmt: skip
    each = max(runs, key=lambda one: one.energy.records)
    noise = idle.noise * math.sqrt(each.energy.records) / each.trial.count
    if idle.noise > _QUIET_W and noise > 2 * _NOTICEABLE * abs(above.mean):
        found.append((
            Reason.NOT_QUIET,
            f"The idle level is not quiet ({_watts(idle.noise)} from record to record): that "
            f"alone makes {joules_text(noise, noise)} of each run uncertain. End other "
            "programs, or use longer runs.",
        ))  # fmt: skip
    return found


def measurement_findings(
    idle: IdleLevel,
    lag: Lag,
    commands: Sequence[tuple[Estimate, Sequence[RunOf]]],
) -> list[Finding]:
    """Return the warnings about the measurement as a whole."""
    found = []
    drift = idle.last - idle.first
    longest = max(one.energy.duration * one.trial.count for _, runs in commands for one in runs)
    least = min(abs(above.mean) * runs[0].trial.count for above, runs in commands)
    if abs(drift) > _SURE * idle.drift_error and abs(drift) * longest > _NOTICEABLE * least:
        found.append(Finding(
            Reason.DRIFT,
            f"The idle level drifted from {_watts(idle.first)} to {_watts(idle.last)}. A line is "
            "subtracted, and the error of the line is part of the intervals. Let the machine "
            "warm up first.",
        ))  # fmt: skip
    if idle.excess > _MOST_EXCESS and abs(drift) + idle.noise > _QUIET_W:
        found.append(Finding(
            Reason.NOT_QUIET,
            "The idle level between the runs moves more than its noise explains, and not along a "
            "line; the intervals are wider for that. End other programs, or use a longer --settle.",
        ))  # fmt: skip
    if lag.source == "assumed":
        found.append(Finding(
            Reason.LAG_ASSUMED,
            f"The lag of the meter is assumed to be {lag.seconds:g} ± {lag.uncertainty:g} s. "
            "`wattui measure --find-lag` finds it.",
        ))  # fmt: skip
    return found


def counter_finding(sum_wh: float, error_wh: float, counter_wh: float) -> Finding | None:
    """Return a warning if the meter's counter and the sum of the records disagree.

    Parameters
    ----------
    sum_wh, error_wh
        Energy of the whole measurement, and the manual's limit of its error.
    counter_wh
        How far the meter's own counter moved, in steps of 0.1 Wh; NaN if it sent none.
    """
    if math.isnan(counter_wh) or abs(counter_wh - sum_wh) <= 2 * error_wh + 0.1:
        return None
    return Finding(
        Reason.COUNTER,
        f"The meter's own counter moved by {counter_wh:.1f} Wh, and the sum of the records is "
        f"{sum_wh:.2f} Wh: they disagree beyond their errors. Look for gaps, or another reset.",
    )


def clock_finding(texts: Sequence[str]) -> Finding | None:
    """Return a warning if this computer's clock was set during the measurement.

    Parameters
    ----------
    texts
        What happened, as the events of the session describe it.
    """
    if not texts:
        return None
    return Finding(
        Reason.CLOCK,
        f"{'. '.join(texts)}. The edges of runs at that time are wrong: measure again.",
    )


def other_meter_finding(
    name: str, joules: Estimate, own: Estimate, limits: float, command: str
) -> Finding | None:
    """Return a warning if another meter saw the runs, but another energy.

    Parameters
    ----------
    name
        The other meter.
    joules, own
        Energy above idle by the other meter, and by the one of the measurement.
    limits
        Sum of the manual's limits of both.
    command
        The command that was run.
    """
    apart = abs(joules.mean - own.mean)
    if joules.count < 2 or joules.low <= 0 or apart <= limits + own.half_width + joules.half_width:
        return None
    digits = max(joules.half_width, own.half_width)
    return Finding(
        Reason.OTHER_METER,
        f"{name} saw the same runs, but {joules_text(joules.mean, digits)} instead of "
        f"{joules_text(own.mean, digits)} above idle: more than both errors. Check what is plugged "
        "into which meter.",
        command,
    )


def few_runs_finding(command: str, best: str, comparison: Comparison) -> Finding | None:
    """Return a warning if the runs do not show a difference that they suggest."""
    if comparison.is_clear or math.isnan(comparison.probability):
        return None
    needed = comparison.needed
    advice = (
        "No reasonable number of runs would show one so small."
        if needed is None
        else f"If it is real, {needed:,} runs of each would show it."
    )
    return Finding(
        Reason.TOO_FEW,
        f"The runs are too few to claim a difference from {best}. {advice}",
        command,
    )
