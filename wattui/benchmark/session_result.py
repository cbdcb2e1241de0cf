# SPDX-License-Identifier: GPL-3.0-or-later
"""The result of a measurement from its session: records, spans, the counter, other meters."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import Final

from wattui.benchmark.findings import (
    Finding,
    clock_finding,
    counter_finding,
    other_meter_finding,
)
from wattui.benchmark.method import Lag, RecordArrays
from wattui.benchmark.record_source import read_records
from wattui.benchmark.result import MeasurementResult, NothingMeasured, evaluate
from wattui.benchmark.trial import MeasurementLog
from wattui.errors import SessionError
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import EventKind
from wattui.session import Session

#: Records around a measurement that are read, in microseconds.
_AROUND: Final = 90 * MICROSECONDS


class NoMeasurement(SessionError):
    """A session has no measurement."""


def last_measurement(path: Path) -> MeasurementLog:
    """Return the last measurement of a session.

    Raises
    ------
    NoMeasurement
        There is none.
    SessionError
        The session cannot be read.
    """
    with Session.open(path) as session:
        found = MeasurementLog.read(session.spans())
    if not found:
        raise NoMeasurement(
            f"{path.name} has no measurement of commands",
            "Sessions of `wattui measure` have one; `wattui sessions` lists all sessions.",
        )
    return max(found, key=lambda one: one.id)


def evaluate_session(
    path: Path,
    log: MeasurementLog,
    *,
    lag: Lag | None = None,
    idle_level: float | None = None,
) -> MeasurementResult:
    """Return the result of a measurement from the records of its session.

    Parameters
    ----------
    path
        The session.
    log
        The measurement.
    lag, idle_level
        See :func:`wattui.benchmark.result.evaluate`.

    Raises
    ------
    NothingMeasured
        There is no idle level, or no run that counts.
    SessionError
        The session cannot be read.
    """
    start, stop = log.span_us()
    with Session.open(path) as session:

        def records(meter_id: int) -> RecordArrays:
            return read_records(session, meter_id, start - _AROUND, stop + _AROUND, log.id)

        outcome = evaluate(log, records(log.meter_id), lag=lag, idle_level=idle_level)
        whole = session.statistics(log.meter_id, start, stop)
        found = [counter_finding(whole.energy_wh, whole.energy_error_wh, whole.counter_wh)]
        stepped = session.events((EventKind.CLOCK_STEPPED,), start, stop)
        found.append(clock_finding([one.event.text for one in stepped]))
        for other in session.meters:
            if other.id != log.meter_id:
                found += _compare_meter(outcome, records(other.id), other.info.label, lag)
    more = tuple(one for one in found if one is not None)
    return replace(outcome, findings=(*outcome.findings, *more))


def _compare_meter(
    outcome: MeasurementResult, records: RecordArrays, label: str, lag: Lag | None
) -> list[Finding | None]:
    """Return warnings about another meter that saw the runs."""
    with contextlib.suppress(NothingMeasured):
        seen = evaluate(outcome.log, records, lag=lag)
        own = {one.command.name: one for one in outcome.commands}
        return [
            other_meter_finding(
                label, one.above, own[one.command.name].above,
                one.above_limit + own[one.command.name].above_limit, one.command.name,
            )
            for one in seen.commands
            if one.command.name in own
        ]  # fmt: skip
    return []
