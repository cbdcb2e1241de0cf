# SPDX-License-Identifier: GPL-3.0-or-later
"""How `wattui measure` looks: progress in a terminal, and the summary at the end."""

from __future__ import annotations

import contextlib
import math
import textwrap
import time
from collections.abc import Iterator
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from wattui.benchmark.exports import ratio_text
from wattui.benchmark.method import RecordArrays
from wattui.benchmark.plan import MeasuredCommand, MeasurementPlan
from wattui.benchmark.quantity_text import (
    interval_text,
    joules_text,
    mean_and_spread,
    range_text,
    seconds_and_spread,
    with_error,
)
from wattui.benchmark.record_source import RecordSource
from wattui.benchmark.result import (
    CommandResult,
    Compared,
    MeasurementResult,
    NothingMeasured,
    evaluate,
)
from wattui.benchmark.trial import MeasurementLog, Role
from wattui.benchmark.worth import Estimate
from wattui.cli import exits
from wattui.measurement.energy import ACCURACY
from wattui.measurement.text import count_text, elapsed_text, printable

#: Seconds between two redraws.
_PERIOD: Final = 0.5

#: Seconds around each run, until anything was measured: margins and settling.
_OVERHEAD: Final = 10.0

#: Widest bar of a command, in characters.
_BAR: Final = 30

#: Longest name of a command beside its bar.
_NAME: Final = 24

#: Width of the labels of the summary.
_LABEL: Final = 32


class MeasureView:
    """Shows a measurement on standard error while it goes on; a context manager.

    Parameters
    ----------
    plan
        What is measured.
    screen
        Where to draw; nothing is drawn if it is not a terminal.
    quiet
        Draw nothing, and print no remarks.
    seconds
        How long it takes, if that does not depend on the plan.
    """

    def __init__(
        self, plan: MeasurementPlan, screen: Console, *, quiet: bool, seconds: float | None = None
    ) -> None:
        self._plan, self._seconds = plan, seconds
        self._screen = screen
        self._quiet = quiet
        self._live = Live(
            console=screen, auto_refresh=False, transient=True,
            redirect_stdout=False, redirect_stderr=False,
        )  # fmt: skip
        self._shown = screen.is_terminal and not quiet
        self._drawn = 0.0
        #: The records, once the meter is connected.
        self.source: RecordSource | None = None
        self._what, self._name, self._number = "Connecting to the meter", "", 0
        self._began = time.monotonic()
        self._watts: float | None = None
        self._looked = 0.0
        self._start = time.monotonic()
        self._done = 0
        self._first_run = 0.0
        self._so_far: dict[str, Estimate] = {}

    def __enter__(self) -> MeasureView:
        if self._shown:
            self._live.start(refresh=False)
        return self

    def __exit__(self, *_: object) -> None:
        if self._shown:
            with contextlib.suppress(OSError, ValueError):
                self._live.stop()

    # -- what happens ------------------------------------------------------------------

    def stage(
        self, what: str, command: MeasuredCommand | None, number: int, seconds: float
    ) -> None:
        """Show what is done now."""
        del seconds
        self._what, self._number = what, number
        self._name = "" if command is None else printable(command.name)
        self._began = time.monotonic()
        if what in ("Run", "Warm-up") and not self._first_run:
            self._first_run = time.monotonic()
        self._drawn = 0.0
        self.beat()

    def beat(self) -> None:
        """Redraw if it is time to."""
        now = time.monotonic()
        if not self._shown or now - self._drawn < _PERIOD:
            return
        self._drawn = now
        if self.source is not None and now - self._looked > 1.0:
            self._looked = now
            self._watts = self.source.last_power()
        try:
            self._live.update(self._drawing(), refresh=True)
        except (OSError, ValueError):
            self._shown = False

    def measured(self, log: MeasurementLog, records: RecordArrays | None) -> None:
        """Show the estimates so far."""
        self._done += 1
        if records is None or not self._shown:
            return
        with contextlib.suppress(NothingMeasured):
            found = evaluate(log, records)
            self._so_far = {printable(one.command.name): one.above for one in found.commands}

    def remark(self, text: str) -> None:
        """Print a sentence above the progress."""
        if self._quiet:
            return
        if self._shown:
            self._live.console.print(Text(printable(text), style="yellow"))
        else:
            exits.say(printable(text))

    # -- drawing -----------------------------------------------------------------------

    @property
    def _total(self) -> int:
        return len(self._plan.commands) * (self._plan.runs + self._plan.warmup)

    def _seconds_left(self) -> float:
        """Return about how long the measurement still takes."""
        plan, now = self._plan, time.monotonic()
        left = self._total - self._done
        # A simulated meter may run faster.
        speed = float(getattr(getattr(self.source, "clock", None), "speed", 1.0))
        if self._seconds is not None:
            return max(self._seconds / speed - (now - self._start), 0.0)
        idle, one = plan.idle / speed, (plan.min_time + _OVERHEAD) / speed
        after = idle + _OVERHEAD / 2 / speed
        if not self._first_run:
            return max(idle - (now - self._start), 0.0) + left * one + after
        if self._what == "Baseline after":
            return max(idle - (now - self._began), 0.0)
        spent = now - self._first_run
        each = spent / self._done if self._done else max(one, spent)
        return max(each * self._total - spent, 0.0) + after

    def _drawing(self) -> Group:
        spent = time.monotonic() - self._start
        left = self._seconds_left()
        line = Text(self._what, style="bold", no_wrap=True, overflow="ellipsis")
        if self._number:
            line.append(f" {self._number} of {self._runs_of_stage()}")
        if self._name and len(self._plan.commands) > 1:
            line.append(f"  {self._name}", style="cyan")
        table = Table.grid(expand=False, padding=(0, 1))
        width = max(min(self._screen.width - 30, 40), 8)
        bar = ProgressBar(total=max(spent + left, 1.0), completed=spent, width=width)
        clock = Text(f"{elapsed_text(spent)}, about {elapsed_text(left)} left", style="dim")
        table.add_row(bar, clock)
        return Group(line, self._figures(), table)

    def _runs_of_stage(self) -> int:
        return self._plan.warmup if self._what == "Warm-up" else self._plan.runs

    def _figures(self) -> Text:
        """Return the present power, and the estimate of the command that is run."""
        watts = "–" if self._watts is None else f"{self._watts:.1f}"
        line = Text(f"{watts} W now", no_wrap=True, overflow="ellipsis")
        found = self._so_far.get(self._name)
        if found is not None:
            line.append(f", so far {with_error(found.mean, found.half_width)} above idle")
            line.append(f" ({count_text(found.count, 'run')})", style="dim")
        return line


# -- the summary ------------------------------------------------------------------------


def summary_lines(outcome: MeasurementResult, width: int) -> Iterator[Text]:
    """Yield the lines of the summary; sentences are folded to *width* characters."""
    for number, one in enumerate(outcome.commands, 1):
        yield from _command_lines(number, one, outcome)
        yield Text()
    if outcome.compared:
        yield from _comparison_lines(outcome)
        yield Text()
    for sentence in _method_sentences(outcome):
        yield Text(_folded(sentence, width), style="dim")
    for found in outcome.all_findings():
        where = f"{printable(found.command)}: " if found.command else ""
        text = Text(_folded(f"Warning: {where}{printable(found.text)}", width))
        text.stylize("yellow", 0, len("Warning:"))
        yield text


def _folded(text: str, width: int) -> str:
    return textwrap.fill(text, width, subsequent_indent="  ", break_on_hyphens=False)


def _command_lines(number: int, one: CommandResult, outcome: MeasurementResult) -> Iterator[Text]:
    yield Text.assemble((f"Measurement {number}", "bold"), f": {printable(one.command.name)}")
    yield _line("Energy above idle", "mean ± s", mean_and_spread(one.above), "bold green",
                _bracketed(one.above))  # fmt: skip
    yield _line("Energy in total", "mean ± s", mean_and_spread(one.gross), "green",
                _bracketed(one.gross))  # fmt: skip
    yield _line("Limit of error", "manual", f"± {joules_text(one.above_limit, one.above_limit)}",
                "", f"in total ± {joules_text(one.gross_limit, one.gross_limit)}")  # fmt: skip
    yield _line("Power", "mean", f"{one.power:.1f} W", "",
                f"{one.power_above:.1f} W above {outcome.idle.level:.1f} W")  # fmt: skip
    yield _line("Time", "mean ± s", seconds_and_spread(one.duration), "", "")
    energies = [run.energy.above for run in one.runs]
    ends = range_text(one.above, min(energies), max(energies))
    yield _line("Range", "min … max", ends, "cyan", _runs_text(one))
    if one.processor is not None:
        share = f"{100 * one.processor.mean / one.gross.mean:.0f} % of the total"
        text = mean_and_spread(one.processor)
        yield _line("Processor", "its own counter", text, "", share)


def _line(label: str, what: str, value: str, style: str, rest: str) -> Text:
    head = f"  {label} ({what}):"
    line = Text(f"{head:<{_LABEL}} ")
    line.append(f"{value:<21}", style=style)
    if rest:
        line.append(f" {rest}", style="dim")
    line.rstrip()
    return line


def _bracketed(found: Estimate) -> str:
    text = interval_text(found)
    return f"95 %: {text}" if text else "one run: no interval"


def _runs_text(one: CommandResult) -> str:
    counts = [run.trial.count for run in one.runs]
    text = count_text(len(counts), "run")
    if max(counts) == 1:
        return text
    each = str(counts[0]) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
    return f"{text} of {each} executions"


def _comparison_lines(outcome: MeasurementResult) -> Iterator[Text]:
    best = outcome.best
    yield Text("Summary", style="bold")
    width = max(len(_short(one.command.name)) for one in outcome.commands)
    most = max(max(one.above.mean for one in outcome.commands), 1e-9)
    for one in sorted(outcome.commands, key=lambda found: found.above.mean):
        name = _short(one.command.name)
        bar = _bar(max(one.above.mean, 0.0) / most)
        energy = with_error(one.above.mean, one.above.half_width)
        yield Text.assemble(f"  {name:<{width}} ", (bar, "green"), f" {energy}")
    for other in sorted(outcome.compared, key=lambda found: found.above.ratio):
        yield Text()
        yield from _ratio_lines(_short(best.command.name), other)
    yield Text(
        "  One meter: in the ratio its 1.5 % and its lag cancel, its 0.3 W does not.", style="dim"
    )


def _short(name: str) -> str:
    """Return the name of a command, shortened to a column."""
    shown = printable(name)
    return shown if len(shown) <= _NAME else f"{shown[: _NAME - 1]}…"


def _ratio_lines(best: str, other: Compared) -> Iterator[Text]:
    name, found = _short(other.command.name), other.above
    if not found.is_clear:
        yield Text(f"  {name}: no clear difference in the energy above idle")
        yield Text(f"  from {best}; in total {ratio_text(other.gross)} times.")
    elif math.isfinite(found.low):
        times = ratio_text(found)
        yield Text.assemble(f"  {name} needed ", (times, "bold green"), " times the energy")
        yield Text(f"  above idle of {best}; in total {ratio_text(other.gross)}.")
    else:
        # The other one needs none, as far as the meter can see: a ratio to it is nothing.
        more = with_error(found.difference, found.half_width)
        yield Text.assemble(f"  {name} needed ", (more, "bold green"), " more above idle")
        yield Text(f"  than {best}; in total {ratio_text(other.gross)} times.")
    if not math.isnan(found.probability):
        shown = "< 0.001" if found.probability < 0.001 else f"= {found.probability:.3f}"
        yield Text(f"  Welch's test: p {shown}.", style="dim")


def _bar(share: float) -> str:
    """Return a bar in eighths of a character."""
    eighths = round(share * _BAR * 8)
    return "█" * (eighths // 8) + ("", *"▏▎▍▌▋▊▉")[eighths % 8] or "▏"


def _method_sentences(outcome: MeasurementResult) -> Iterator[str]:
    idle, lag = outcome.idle, outcome.lag
    pauses = len(outcome.log.of(Role.IDLE))
    if idle.count:
        level = f"{idle.first:.1f} W before, {idle.last:.1f} W after"
        text = f"Idle level: {level} ({idle.count:,} quiet records in {count_text(pauses, 'span')})"
    else:
        text = f"Idle level: {idle.level:.1f} W, given"
    yield f"{text}. Lag: {lag.seconds:.2g} ± {lag.uncertainty:.2g} s, {lag.source}."
    yield (
        f"The intervals are for chance. The meter's own limit ({ACCURACY}) comes on top: repeats "
        "do not reduce it."
    )
