# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures code of this program instead of a command: a block, or a function many times."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from wattui.benchmark.environment import describe_environment
from wattui.benchmark.experiment import Experiment, Unwatched
from wattui.benchmark.lag import lag_of
from wattui.benchmark.method import Lag
from wattui.benchmark.plan import MeasuredCommand, MeasurementPlan
from wattui.benchmark.processes import Execution
from wattui.benchmark.record_source import OwnRecording, RecordSource, RunningRecording, open_source
from wattui.benchmark.result import CommandResult, MeasurementResult
from wattui.benchmark.session_result import evaluate_session
from wattui.benchmark.trial import MeasurementLog, Role, Trial
from wattui.benchmark.worth import require_statistics
from wattui.errors import WattuiError

#: Seconds of quiet before and after a block.
_IDLE: Final = 10.0


class NotMeasured(WattuiError):
    """A block has not ended, so that its energy is not known yet."""


class CodeMeasurement:
    """The energy of a block of code: a context manager; see :func:`measure`."""

    def __init__(
        self, port: str, *, idle: float, name: str, session: Path | None, lag: Lag | None
    ) -> None:
        self._port, self._idle, self._name = port, idle, name
        self._session, self._given = session, lag
        self._source: OwnRecording | RunningRecording | None = None
        self._log: MeasurementLog | None = None
        self._result: MeasurementResult | None = None
        self._start = 0
        self._began = 0.0

    def __enter__(self) -> Self:
        require_statistics()
        source = open_source(self._port, self._session, lambda: False)
        self._source = source
        try:
            lag = self._given or lag_of(source.info.key)
            self._log = MeasurementLog(
                source.now_us(), (MeasuredCommand(self._name, self._name),), (), source.meter_id,
                source.info.key, source.info.label, lag, float(source.info.interval),
                describe_environment(),
            )  # fmt: skip
            source.wait(self._idle)
        except BaseException:
            source.close()
            raise
        self._start, self._began = source.now_us(), time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        source, log = self._source, self._log
        assert source is not None, "it was entered"
        assert log is not None, "it was entered"
        with source:
            stop, seconds = source.now_us(), time.monotonic() - self._began
            seconds *= float(getattr(source.clock, "speed", 1.0))
            problem = "" if kind is None else "failed"
            source.wait(log.lag.uncertainty + 2 * log.interval)
            quiet = source.now_us()
            if kind is None:
                source.wait(self._idle)
            trials = (
                Trial(Role.IDLE, log.id, self._start),
                Trial(Role.RUN, self._start, stop, 0, 1, 1, (seconds,), (0,), problem=problem),
                Trial(Role.IDLE, quiet, source.now_us()),
            )
            log = replace(log, trials=trials)
            for span in (log.span(), *(log.trial_span(one) for one in trials)):
                source.annotations.add(span)
            source.wait(log.lag.seconds + log.interval)
        if kind is None:
            self._result = evaluate_session(source.path, log)

    @property
    def _measured(self) -> CommandResult:
        """Everything about its energy.

        Raises
        ------
        NotMeasured
            The block has not ended, or failed.
        """
        if self._result is None:
            raise NotMeasured("The block was not measured", "Read its energy after the with block.")
        return self._result.commands[0]

    @property
    def joules(self) -> float:
        """Energy of the block at the wall, in J, with the idle level."""
        return self._measured.gross.mean

    @property
    def error(self) -> float:
        """The manual's limit of error of :attr:`joules`, in J."""
        return self._measured.gross_limit

    @property
    def above_idle(self) -> float:
        """Energy above the idle level, in J."""
        return self._measured.above.mean

    @property
    def above_idle_error(self) -> float:
        """The manual's limit of error of :attr:`above_idle`, in J."""
        return self._measured.above_limit

    @property
    def seconds(self) -> float:
        """How long the block took."""
        return self._measured.duration.mean

    @property
    def warnings(self) -> list[str]:
        """What is doubtful about the energy, and why: sentences."""
        return [] if self._result is None else [one.text for one in self._result.all_findings()]

    @property
    def session(self) -> Path:
        """The session with the records and the spans."""
        if self._source is None:
            raise NotMeasured("The block was not measured", "Use it in a with statement.")
        return self._source.path


def measure(
    port: str,
    *,
    idle: float = _IDLE,
    name: str = "block",
    session: Path | None = None,
    lag: Lag | None = None,
) -> CodeMeasurement:
    """Return a context manager that measures the energy of its block.

    Parameters
    ----------
    port
        Port of the meter, or the path of a session that is being recorded.
    idle
        Seconds of quiet before and after the block, for the idle level.
    name
        Name of the span in the session.
    session
        Path of the new session; None for one in the data folder.
    lag
        Lag of the meter; None for the one that was found, or else assumed.

    Returns
    -------
    CodeMeasurement
        Its energies are known after the block.

    Raises
    ------
    WattuiError
        The port cannot be opened, or no meter answers; raised when the block begins.

    Examples
    --------
    >>> import time
    >>> with measure("sim://pro?load=lamp&speed=60", idle=30) as m:
    ...     time.sleep(0.5)  # half a minute of the meter, at 60 W
    >>> 1000 < m.joules < 5000
    True
    """
    return CodeMeasurement(port, idle=idle, name=name, session=session, lag=lag)


def measure_function(
    function: Callable[[], object],
    source: RecordSource,
    *,
    name: str,
    runs: int = 3,
    min_time: float = 3.0,
    idle: float = _IDLE,
) -> MeasurementResult:
    """Return the energy of a function, which is called many times.

    Parameters
    ----------
    function
        Called without arguments.
    source
        The records.
    name
        Name of the spans in the session.
    runs, min_time, idle
        As for `wattui measure`.

    Raises
    ------
    WattuiError
        The meter was lost.
    """

    def call(_words: Sequence[str], **_options: object) -> Execution:
        start = time.monotonic()
        function()
        return Execution(0, time.monotonic() - start)

    plan = MeasurementPlan((MeasuredCommand(name, name),), runs=runs, min_time=min_time, idle=idle)
    experiment = Experiment(plan, source, lag_of(source.info.key), Unwatched(), run_command=call)
    experiment.run()
    return evaluate_session(source.path, experiment.log)
