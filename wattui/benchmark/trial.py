# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened in a measurement: runs and quiet spans, as they are in the session's file.

Everything that a result is computed from is in the file: the records of the meter, and a named
span with details for each run, each quiet span, and the measurement as a whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any, Final, Self

from wattui.benchmark.method import ASSUMED_LAG, Lag, Window
from wattui.benchmark.plan import MeasuredCommand, MeasurementPlan
from wattui.measurement.clock import MICROSECONDS, microseconds
from wattui.session.annotations import Span

#: Colours of the commands' spans; quiet ones are grey.
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_QUIET_COLOUR: Final = "#999999"

#: The kind of the span of a whole measurement.
MEASUREMENT: Final = "measurement"


class Role(StrEnum):
    """What a span of a measurement is; also the kind of its span."""

    IDLE = "idle"
    WARMUP = "warmup"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Trial:
    """A run, a warm-up, or a quiet span."""

    role: Role
    #: Microseconds UTC, by the clock that stamps the records.
    start_us: int
    stop_us: int
    #: Position of its command, and number of the run from 1; -1 and 0 for a quiet span.
    command: int = -1
    number: int = 0
    #: How often the command was executed.
    count: int = 1
    #: Seconds of each execution; the first ones of very many.
    seconds: tuple[float, ...] = ()
    #: Exit codes, without repetition; negative for a signal.
    exit_codes: tuple[int, ...] = ()
    #: Energy of the processor by its own counter, in J; None if it is not known.
    processor_j: float | None = None
    #: Whether processes of the command were still running after it ended.
    left_running: bool = False
    #: Whether the idle level was not reached before it.
    unsettled: bool = False
    #: Why it does not count: ``interrupted``, ``timed out``, ``failed``; empty if it does.
    problem: str = ""

    def window(self, origin_us: int) -> Window:
        """Return its span in seconds since *origin_us*."""
        return Window(
            (self.start_us - origin_us) / MICROSECONDS, (self.stop_us - origin_us) / MICROSECONDS
        )


@dataclass(frozen=True, slots=True)
class MeasurementLog:
    """A measurement as it went: all that is needed to compute its result."""

    #: Its start in microseconds UTC, which identifies it in its session.
    id: int
    commands: tuple[MeasuredCommand, ...]
    trials: tuple[Trial, ...] = ()
    #: Id of its meter in the session.
    meter_id: int = 1
    #: The meter's key and name.
    meter_key: str = ""
    meter_name: str = ""
    lag: Lag = ASSUMED_LAG
    #: Seconds between two records.
    interval: float = 1.0
    #: Facts about the machine and the program.
    environment: Mapping[str, str] = field(default_factory=dict)
    #: How it was planned.
    plan: Mapping[str, Any] = field(default_factory=dict)

    def of(self, role: Role) -> list[Trial]:
        """Return its trials of one role, in order."""
        return [one for one in self.trials if one.role is role]

    def span_us(self) -> tuple[int, int]:
        """Return when it started and ended."""
        ends = [one.stop_us for one in self.trials]
        return self.id, max([*ends, self.id + 1])

    # -- the session's file --------------------------------------------------------

    def span(self) -> Span:
        """Return the span of the whole measurement."""
        details = {
            "measurement": self.id,
            "commands": [asdict(one) for one in self.commands],
            "lag": asdict(self.lag),
            "meter": {"key": self.meter_key, "name": self.meter_name},
            "interval": self.interval,
            "environment": dict(self.environment),
            "plan": dict(self.plan),
        }
        start, stop = self.span_us()
        stop += self._lag_us
        name = ", ".join(dict.fromkeys(one.name for one in self.commands))
        return Span(
            0, start, stop, f"Measurement of {name}", "", self.meter_id, MEASUREMENT, details
        )

    def trial_span(self, trial: Trial) -> Span:
        """Return the span of a trial: where its records are.

        Its details have the time of the command, by the clock of the host.
        """
        details = {"measurement": self.id, **_plain(trial)}
        colour, name = _QUIET_COLOUR, "idle"
        if trial.command >= 0:
            command = self.commands[trial.command]
            colour = _COLOURS[trial.command % len(_COLOURS)]
            what = "warm-up" if trial.role is Role.WARMUP else "run"
            name = f"{command.name}, {what} {trial.number}"
            details |= {"name": command.name, "text": command.text}
        if trial.problem:
            name += f" ({trial.problem})"
        start, stop = trial.start_us + self._lag_us, trial.stop_us + self._lag_us
        return Span(0, start, stop, name, colour, self.meter_id, trial.role, details)

    @property
    def _lag_us(self) -> int:
        """By how much its records come later, in microseconds."""
        return microseconds(self.lag.seconds)

    @classmethod
    def read(cls, spans: Iterable[Span]) -> list[Self]:
        """Return the measurements whose spans are in a session, in order."""
        found: dict[object, Self] = {}
        trials: dict[object, list[Trial]] = {}
        for span in spans:
            key = span.details.get("measurement")
            try:
                if span.kind == MEASUREMENT:
                    found[key] = cls._of(span)
                elif span.kind in tuple(Role):
                    trials.setdefault(key, []).append(_trial(span))
            except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError):
                # Somebody else's span of the same kind.
                continue
        return [
            replace(one, trials=tuple(sorted(trials.get(key, []), key=lambda t: t.start_us)))
            for key, one in found.items()
        ]

    @classmethod
    def _of(cls, span: Span) -> Self:
        details: Any = span.details
        lag = details["lag"]
        return cls(
            id=int(details["measurement"]),
            commands=tuple(_command(one) for one in details["commands"]),
            meter_id=span.meter_id or 1,
            meter_key=str(details["meter"]["key"]),
            meter_name=str(details["meter"]["name"]),
            lag=Lag(float(lag["seconds"]), float(lag["uncertainty"]), str(lag["source"])),
            interval=float(details["interval"]),
            environment=_texts(details["environment"]),
            plan=dict(details["plan"]),
        )


def _command(values: Any) -> MeasuredCommand:
    name, text = str(values["name"]), str(values["text"])
    prepare, conclude = str(values["prepare"]), str(values["conclude"])
    return MeasuredCommand(name, text, prepare, conclude, _texts(values["parameters"]))


def _texts(values: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in dict(values).items()}


def _plain(trial: Trial) -> dict[str, Any]:
    values = asdict(trial)
    del values["role"]
    return values


def _trial(span: Span) -> Trial:
    details: Any = span.details
    joules = details["processor_j"]
    start = int(details["start_us"])
    return Trial(
        Role(span.kind),
        start,
        max(int(details["stop_us"]), start + 1),
        int(details["command"]),
        int(details["number"]),
        max(int(details["count"]), 1),
        _floats(details["seconds"]),
        tuple(int(one) for one in details["exit_codes"]),
        None if joules is None else float(joules),
        bool(details["left_running"]),
        bool(details["unsettled"]),
        str(details["problem"]),
    )


def _floats(values: Sequence[Any]) -> tuple[float, ...]:
    return tuple(float(one) for one in values)


def described(plan: MeasurementPlan) -> dict[str, Any]:
    """Return what a session stores about a plan."""
    values = asdict(plan)
    del values["commands"]
    values["order"] = str(plan.order)
    values["shell_words"] = list(plan.shell_words)
    return values
