# SPDX-License-Identifier: GPL-3.0-or-later
"""The figure of a measurement: its runs over one another, above the shaded idle level."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np

from wattui.benchmark.quantity_text import with_error
from wattui.benchmark.result import CommandResult, MeasurementResult, RunResult
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.text import count_text, date_text, elapsed_text, printable
from wattui.session import Session, Statistics
from wattui.ui.figure.figure_data import FigureContent, FigureSeries
from wattui.ui.figure.figure_file import save
from wattui.ui.figure.figure_page import FigureLayout, FigurePage
from wattui.ui.theme.palette import LIGHT

#: Seconds before and after a run that are shown.
_AROUND: Final = 5.0


def save_runs(result: MeasurementResult, session: Session, path: Path) -> None:
    """Draw the runs of a measurement into a file.

    Parameters
    ----------
    result
        The result.
    session
        The session with the records.
    path
        The .png, .svg or .pdf file.

    Raises
    ------
    WattuiError
        The session cannot be read, or the file cannot be written.
    """
    runs = [(place, run) for place, one in enumerate(result.commands) for run in one.runs]
    save(RunPage(result, runs, session), path)


class RunPage(FigurePage):
    """Lays out the figure of a measurement: all runs start at the same place."""

    def __init__(
        self, result: MeasurementResult, runs: list[tuple[int, RunResult]], session: Session
    ) -> None:
        self._result = result
        # The first curve of each command is named.
        self._first = {place: number for number, (place, _) in reversed(list(enumerate(runs)))}
        origin = runs[0][1].trial.start_us / MICROSECONDS
        series = [_series(result, place, run, session, origin) for place, run in runs]
        longest = max((run.trial.stop_us - run.trial.start_us) / MICROSECONDS for _, run in runs)
        names = ", ".join(printable(one.command.name) for one in result.commands)
        content = FigureContent(
            title=f"Energy of {names}",
            start=origin - _AROUND,
            stop=origin + longest + _AROUND,
            origin=origin,
            series=series,
            when=date_text(result.log.id / MICROSECONDS),
            marks=[(origin, "start")],
            shaded_below=result.idle.level,
        )
        super().__init__(content, (("power",),), FigureLayout())

    def span_text(self) -> str:
        """Return what is shaded, and by what the records were moved."""
        idle, lag = self._result.idle.level, self._result.lag
        longest = elapsed_text(self.content.stop - self.content.origin - _AROUND)
        return (
            f"{self.content.when}   runs of up to {longest}, moved by the lag of "
            f"{lag.seconds:.1f} s   shaded: idle level of {idle:.1f} W"
        )

    def statistics_text(self) -> str:
        """Return the energy of the only run."""
        return _energy_text(self._result.commands[0])

    def _legend_entries(self) -> list[tuple[int, str]]:
        """Return number and text of the first run of each command."""
        return [
            (self._first[place], f"{printable(one.command.name)}: {_energy_text(one)}")
            for place, one in enumerate(self._result.commands)
        ]


def _energy_text(one: CommandResult) -> str:
    energy = with_error(one.above.mean, one.above.half_width)
    return f"{energy} above idle, {count_text(one.above.count, 'run')}"


def _series(
    result: MeasurementResult, place: int, run: RunResult, session: Session, origin: float
) -> FigureSeries:
    """Return the curve of a run, moved to the place of the first one."""
    lag, around = result.lag.seconds, _AROUND * MICROSECONDS
    start = round(run.trial.start_us + lag * MICROSECONDS - around)
    stop = round(run.trial.stop_us + lag * MICROSECONDS + around)
    found: Any = session.columns(result.log.meter_id, ["power"], start, stop)
    shift = origin - run.trial.start_us / MICROSECONDS - lag
    return FigureSeries(
        printable(result.commands[place].command.name), LIGHT.meter(place),
        {"power": (found["time"] + shift, found["power"])}, np.empty((0, 2)), Statistics(),
    )  # fmt: skip
