# SPDX-License-Identifier: GPL-3.0-or-later
"""What `wattui measure` shows: progress in a terminal, and a summary that fits its width."""

from __future__ import annotations

import io
import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from wattui.benchmark.method import Lag, RecordArrays
from wattui.benchmark.plan import MeasuredCommand, MeasurementPlan
from wattui.benchmark.result import MeasurementResult, evaluate
from wattui.benchmark.trial import MeasurementLog, Role, Trial
from wattui.cli.measure_view import MeasureView, summary_lines

SECOND = 1_000_000
START = 1_800_000_000 * SECOND


def measured(*watts: float, runs: int = 3, name: str = "command", unit: float = 1.0) -> Any:
    """Return log and records of exact runs of 10 s, with a little scatter."""
    power, trials = np.full(60 + 30 * runs * len(watts), 40.0), []
    trials.append(Trial(Role.IDLE, START, START + 20 * SECOND))
    for number in range(runs * len(watts)):
        index, start = number % len(watts), 20 + 30 * number
        power[start : start + 10] += (watts[index] + 0.1 * (number // len(watts) % 2)) * unit
        begin = START + start * SECOND
        count = number // len(watts) + 1
        trials.append(
            Trial(Role.RUN, begin, begin + 10 * SECOND, index, count, 4, (2.5,) * 4, (0,))
        )
        trials.append(Trial(Role.IDLE, begin + 15 * SECOND, begin + 29 * SECOND))
    commands = tuple(MeasuredCommand(f"{name} {n}", "x") for n in range(len(watts)))
    log = MeasurementLog(START, commands, tuple(trials), lag=Lag(0.0, 0.3, "found"))
    return log, RecordArrays.of(np.arange(1.0, len(power) + 1), 1.0, power)


def result(*watts: float, **options: Any) -> MeasurementResult:
    return evaluate(*measured(*watts, **options))


def text(found: MeasurementResult, width: int = 80) -> str:
    return "\n".join(line.plain for line in summary_lines(found, width))


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(
    "found",
    [
        result(80.0, 60.0),
        result(3.0, 2.0, name="a rather long name of a command with many options"),
        result(80.0, runs=1),
        result(8.0, 4.0, 2.0, unit=1e4),
        result(0.01, 0.02),
    ],
)
def test_the_summary_fits_the_terminal(found: MeasurementResult, width: int) -> None:
    for line in text(found, width).splitlines():
        if not line.startswith("Measurement "):
            assert cell_len(line) <= width, line


def test_the_summary_says_what_hyperfine_says() -> None:
    shown = text(result(80.0, 60.0))
    for words in (
        "Measurement 1: command 0",
        "Energy above idle (mean ± s):  200.08 J ± 0.14 J",
        "95 %: ",
        "Limit of error (manual):       ± ",
        "Time (mean ± s):               2.500 s",
        "3 runs of 4 executions",
        "command 0 needed 1.33",
        "times the energy",
        "Welch's test: p < 0.001.",
        "repeats do not",
    ):
        assert words in shown, shown
    bars = [line for line in shown.splitlines() if "█" in line]
    assert [line.split()[1] for line in bars] == ["1", "0"]
    assert bars[1].count("█") == 30
    assert bars[0].count("█") == 22


def test_a_difference_that_is_not_clear_is_not_claimed() -> None:
    shown = text(result(60.0, 60.0))
    assert "no clear difference in the energy" in shown
    assert "needed" not in shown


def test_there_is_no_ratio_to_a_command_that_needs_nothing() -> None:
    shown = text(result(0.0, 60.0))
    assert re.search(r"command 1 needed 1(49|50)\.\d+ ± ", shown)
    assert "more above idle" in shown
    assert "no clear difference" not in shown


def test_one_run_has_no_interval() -> None:
    shown = text(result(80.0, runs=1))
    assert "one run: no interval" in shown
    assert "nan" not in shown
    assert "inf" not in shown


class Screen:
    """A terminal of 80 columns."""

    def __init__(self) -> None:
        self.file = io.StringIO()
        self.console = Console(file=self.file, force_terminal=True, width=80, height=24)


def test_progress_shows_run_power_time_left_and_the_estimate() -> None:
    screen = Screen()
    log, records = measured(80.0, 60.0)
    plan = MeasurementPlan(log.commands, runs=10)
    with MeasureView(plan, screen.console, quiet=False) as view:
        view.source = SimpleNamespace(last_power=lambda: 123.4)  # type: ignore[assignment]
        view.stage("Run", log.commands[1], 2, 10.0)
        view.measured(log, records)
        view.stage("Run", log.commands[1], 3, 10.0)
        view.remark("Records are missing in run 2.")
    shown = screen.file.getvalue()
    for words in ("Run 2 of 10", "command 1", "123.4 W now", "so far 150.", "(3 runs)", " left"):
        assert words in shown
    assert "Records are missing in run 2." in shown


def test_nothing_is_drawn_where_there_is_no_terminal() -> None:
    file = io.StringIO()
    log, records = measured(80.0)
    with MeasureView(MeasurementPlan(log.commands), Console(file=file), quiet=False) as view:
        view.stage("Run", log.commands[0], 1, 10.0)
        view.beat()
        view.measured(log, records)
    assert file.getvalue() == ""
