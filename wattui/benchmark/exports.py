# SPDX-License-Identifier: GPL-3.0-or-later
"""A result for other programs and papers: JSON, CSV and Markdown, named as hyperfine names it."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from wattui import __version__
from wattui.benchmark.method import above_limit
from wattui.benchmark.quantity_text import interval_text, joules_text, seconds_text, with_error
from wattui.benchmark.result import CommandResult, MeasurementResult
from wattui.benchmark.worth import Comparison, Estimate, estimate
from wattui.errors import WattuiError
from wattui.formats.csv_file import plain_text
from wattui.measurement.text import iso_text, printable

#: What the file is, for programs that read it.
_KIND: Final = "wattui measurement"


class BaselineError(WattuiError):
    """A file of an earlier result cannot be used."""

    exit_status = 2


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _estimate(found: Estimate, values: list[float]) -> dict[str, Any]:
    return {
        "mean": found.mean,
        "stddev": _number(found.spread),
        "median": float(np.median(values)),
        "min": min(values),
        "max": max(values),
        "interval_95": [_number(found.low), _number(found.high)],
        "runs": found.count,
        "shared_stddev": math.sqrt(found.shared),
    }


def _command(result: CommandResult) -> dict[str, Any]:
    energies = [one.energy for one in result.runs]
    processor = result.processor
    return {
        "command": result.command.name,
        "text": result.command.text,
        "parameters": dict(result.command.parameters),
        "above_idle_j": {
            **_estimate(result.above, [one.above for one in energies]),
            "limit_of_error": result.above_limit,
            "limit_of_error_if_constant": above_limit(
                result.above.mean, result.gross.mean, result.duration.mean, constant=True
            ),
        },
        "total_j": {
            **_estimate(result.gross, [one.gross for one in energies]),
            "limit_of_error": result.gross_limit,
        },
        "duration_s": _estimate(result.duration, _durations(result)),
        "mean_power_w": result.power,
        "mean_power_above_idle_w": result.power_above,
        "edge_uncertainty_j": result.edge,
        "processor_j": None if processor is None else processor.mean,
        "runs": [
            {
                "start": iso_text(one.trial.start_us),
                "number": one.trial.number,
                "executions": one.trial.count,
                "exit_codes": list(one.trial.exit_codes),
                "above_idle_j": one.energy.above,
                "total_j": one.energy.gross,
                "duration_s": seconds,
                "processor_j": one.trial.processor_j,
            }
            for one, seconds in zip(result.runs, _durations(result), strict=True)
        ],
        "warnings": [_finding(one) for one in result.findings],
    }


def _durations(result: CommandResult) -> list[float]:
    return [
        float(np.mean(one.trial.seconds)) if one.trial.seconds else one.energy.duration
        for one in result.runs
    ]


def _finding(one: Any) -> dict[str, str]:
    return {"reason": str(one.reason), "text": one.text, "command": one.command}


def _comparison(one: Comparison) -> dict[str, Any]:
    values = {name: _number(value) if isinstance(value, float) else value
              for name, value in asdict(one).items()}  # fmt: skip
    names = {"low": "ratio_low", "high": "ratio_high", "half_width": "difference_half_width"}
    return {names.get(name, name): value for name, value in values.items()}


def to_dict(outcome: MeasurementResult, session: Path) -> dict[str, Any]:
    """Return a result as plain values.  Energies are in J, times in s, powers in W."""
    idle = outcome.idle
    return {
        "kind": _KIND,
        "wattui": __version__,
        "session": str(session),
        "start": iso_text(outcome.log.id),
        "meter": {"key": outcome.log.meter_key, "name": outcome.log.meter_name},
        "lag": asdict(outcome.lag),
        "idle": {
            "level_w": idle.level,
            "before_w": idle.first,
            "after_w": idle.last,
            "noise_w": _number(idle.noise),
            "records": idle.count,
        },
        "environment": dict(outcome.log.environment),
        "plan": dict(outcome.log.plan),
        "results": [_command(one) for one in outcome.commands],
        "comparisons": [
            {
                "command": one.command.name,
                "with": outcome.best.command.name,
                "above_idle": _comparison(one.above),
                "total": _comparison(one.gross),
            }
            for one in outcome.compared
        ],
        "warnings": [_finding(one) for one in outcome.findings],
    }


def to_json(outcome: MeasurementResult, session: Path) -> str:
    """Return a result as JSON."""
    return json.dumps(to_dict(outcome, session), indent=2, ensure_ascii=False) + "\n"


def to_csv(outcome: MeasurementResult) -> str:
    """Return one line per command, with the parameters of scans at the end."""
    text = io.StringIO()
    names = list(dict.fromkeys(k for one in outcome.commands for k in one.command.parameters))
    columns = (
        "command", "mean_j", "stddev_j", "low_j", "high_j", "limit_j", "median_j", "min_j",
        "max_j", "total_j", "total_limit_j", "duration_s", "power_w", "processor_j", "runs",
    )  # fmt: skip
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*columns, *(plain_text(f"parameter_{one}") for one in names)])
    for one in outcome.commands:
        values = [run.energy.above for run in one.runs]
        row = (
            one.above.mean, one.above.spread, one.above.low, one.above.high, one.above_limit,
            float(np.median(values)), min(values), max(values), one.gross.mean, one.gross_limit,
            one.duration.mean, one.power, math.nan if one.processor is None else one.processor.mean,
        )  # fmt: skip
        cells = ["" if _number(value) is None else f"{value:.9g}" for value in row]
        extra = [plain_text(one.command.parameters.get(name, "")) for name in names]
        writer.writerow([plain_text(one.command.name), *cells, one.above.count, *extra])
    return text.getvalue()


def to_markdown(outcome: MeasurementResult) -> str:
    """Return a table for a report, with what the numbers are below it."""
    rows = [
        "| Command | Energy above idle | 95 % interval | Limit of error | In total | Power "
        "| Time | Runs | Relative |",
        "|:---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    ratios = {id(one.command): one.above for one in outcome.compared}
    for one in outcome.commands:
        found = ratios.get(id(one.command))
        relative = "1.00" if found is None else ratio_text(found)
        cells = (
            f"`{printable(one.command.name).replace('|', chr(92) + '|')}`",
            joules_text(one.above.mean, one.above.half_width),
            interval_text(one.above) or "–",
            f"± {joules_text(one.above_limit, one.above_limit)}",
            with_error(one.gross.mean, one.gross.half_width),
            f"{one.power:.1f} W",
            seconds_text(one.duration.mean, one.duration.spread),
            str(one.above.count),
            relative,
        )
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join([*rows, "", *notes(outcome)]) + "\n"


def notes(outcome: MeasurementResult) -> Iterator[str]:
    """Yield the sentences that a report needs beside its numbers: the method and its limits."""
    idle, lag, log = outcome.idle, outcome.lag, outcome.log
    yield (
        f"Energy of one execution above an idle level of {idle.level:.1f} W, measured at the wall "
        f"with {printable(log.meter_name)} (a Watts up? meter) by wattui {__version__}. The "
        "interval is that of the mean (Student's t) with the error of the idle level. "
        "The limit of error is the manual's: 1.5 % of each of the two energies, and 0.3 W at "
        "each level; repeats do not reduce it."
    )
    yield (
        f"The lag of the meter is {lag.seconds:.2g} ± {lag.uncertainty:.2g} s ({lag.source}). "
        f"The idle level was {idle.first:.1f} W before and {idle.last:.1f} W after."
    )
    facts = printable(", ".join(f"{name} {value}" for name, value in log.environment.items()))
    yield f"Measured {iso_text(log.id)[:19]}: {facts}."
    for one in outcome.all_findings():
        where = f"{one.command}: " if one.command else ""
        yield printable(f"Warning ({one.reason}): {where}{one.text}")


def ratio_text(found: Comparison) -> str:
    """Return a ratio with its interval: ``1.27 (1.25 … 1.29)``."""
    if not math.isfinite(found.low):
        return f"{found.ratio:.2f}"
    return f"{found.ratio:.2f} ({found.low:.2f} … {found.high:.2f})"


def read_baseline(path: Path) -> tuple[str, dict[str, Estimate]]:
    """Return the meter's key of an earlier result, and its energies above idle by command.

    Raises
    ------
    BaselineError
        It is not a file of ``--export-json``.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["kind"] != _KIND:
            raise ValueError("it is another kind of file")
        results = {str(one["command"]): _read(one["above_idle_j"]) for one in found["results"]}
        return str(found["meter"]["key"]), results
    except OSError as error:
        raise BaselineError(
            f"{path} cannot be read ({error.strerror})", "Check the name of the file."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BaselineError(
            f"{path} is not a result of wattui measure ({error})",
            "Write one with: wattui measure --export-json FILE.",
        ) from error


def _read(values: dict[str, Any]) -> Estimate:
    spread = values["stddev"]
    shared = float(values["shared_stddev"]) ** 2
    if spread is None:
        return estimate([float(values["mean"])], shared)
    return Estimate(float(values["mean"]), float(spread), int(values["runs"]), shared)
