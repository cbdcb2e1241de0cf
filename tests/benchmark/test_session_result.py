# SPDX-License-Identifier: GPL-3.0-or-later
"""Results from a session: other meters, the meter's counter, the clock; and their exports."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from wattui.benchmark.budgets import check_budgets
from wattui.benchmark.exports import BaselineError, read_baseline, to_csv, to_json, to_markdown
from wattui.benchmark.findings import Reason
from wattui.benchmark.method import Lag
from wattui.benchmark.plan import MeasuredCommand
from wattui.benchmark.quantity_text import parse_joules
from wattui.benchmark.result import MeasurementResult
from wattui.benchmark.session_result import evaluate_session
from wattui.benchmark.trial import MeasurementLog, Role, Trial
from wattui.errors import BudgetExceeded
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELD_INDEX
from wattui.measurement.sample import Sample, complete
from wattui.session import SessionWriter

SECOND = 1_000_000
START = 1_800_000_000 * SECOND
NAMES = ("old", "=new|\x1b[1m")


class Bench:
    """A session of 40 W with runs of 80 W and 60 W, by one or more meters."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.power = np.full(300, 40.0)
        trials = [Trial(Role.IDLE, START, START + 20 * SECOND)]
        for number in range(8):
            start, watts = 20 + 30 * number, (80.0, 60.0)[number % 2] + 0.1 * (number // 2 % 2)
            self.power[start : start + 10] += watts
            begin = START + start * SECOND
            stop = begin + 10 * SECOND
            energy = 300.0 + number
            trials.append(
                Trial(
                    Role.RUN, begin, stop, number % 2, number // 2 + 1, 5, (2.0,) * 5, (0,), energy
                )
            )
            trials.append(Trial(Role.IDLE, stop + 5 * SECOND, stop + 20 * SECOND))
        commands = tuple(MeasuredCommand(name, name) for name in NAMES)
        self.log = MeasurementLog(
            START, commands, tuple(trials), meter_key="A1", meter_name="Watts up? PRO A1",
            lag=Lag(2.0, 0.3, "found"), environment={"host": "lab"},
        )  # fmt: skip
        self.writer = SessionWriter(path)
        self.record("A1", self.power)

    def record(self, key: str, power: np.ndarray, counted: float = 1.0) -> None:
        """Record a meter whose counter counts a share of the energy."""
        energy = counted * np.cumsum(power) / 3600
        samples = []
        for place, watts in enumerate(power):
            values: list[int | None] = [round(watts * 10), 1200, 500]
            values += [None] * (FIELD_INDEX["energy"] - len(values))
            values.append(int(energy[place] * 10))
            at = START + (place + 3) * SECOND
            samples.append(Sample(at, SECOND, complete(tuple(values))))
        self.writer.on_samples(MeterInfo(key, f"/dev/{key}"), samples)

    def result(self) -> MeasurementResult:
        self.writer.close()
        return evaluate_session(self.path, self.log)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path / "run.wattui")
    yield made
    made.writer.close()


def reasons(result: MeasurementResult) -> set[Reason]:
    return {one.reason for one in result.all_findings()}


def test_a_result_from_a_session(bench: Bench) -> None:
    result = bench.result()
    old, new = result.commands
    assert old.above.mean == pytest.approx(160.1, abs=0.01)
    assert new.above.mean == pytest.approx(120.1, abs=0.01)
    assert old.gross.mean == pytest.approx(240.1, abs=0.01)
    assert old.duration.mean == 2.0
    assert old.processor is not None
    assert old.processor.mean == pytest.approx(303.0 / 5)
    assert result.compared[0].above.ratio == pytest.approx(160.1 / 120.1, rel=1e-3)
    assert reasons(result) == set()


def test_another_meter_that_saw_the_runs_differently_is_reported(bench: Bench) -> None:
    bench.record("B2", 5 + 0.5 * bench.power)
    bench.record("C3", np.full(300, 20.0))
    found = [one for one in bench.result().all_findings() if one.reason is Reason.OTHER_METER]
    assert {one.command for one in found} == set(NAMES)
    assert all("B2" in one.text for one in found)


def test_another_meter_that_agrees_is_not_reported(bench: Bench) -> None:
    bench.record("B2", 1.005 * bench.power)
    assert reasons(bench.result()) == set()


def test_a_counter_that_disagrees_is_reported(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "run.wattui")
    bench.power = bench.power * 1.0
    bench.writer.close()
    other = SessionWriter(tmp_path / "other.wattui")
    bench.writer, bench.path = other, tmp_path / "other.wattui"
    bench.record("A1", bench.power, counted=0.7)
    assert Reason.COUNTER in reasons(bench.result())


def test_a_clock_that_was_set_is_reported(bench: Bench) -> None:
    event = Event(START + 50 * SECOND, EventKind.CLOCK_STEPPED, "The clock was set back by 5 s")
    bench.writer.on_event(MeterInfo("A1", "/dev/A1"), event)
    assert Reason.CLOCK in reasons(bench.result())


def test_json_has_every_run(bench: Bench, tmp_path: Path) -> None:
    result = bench.result()
    found = json.loads(to_json(result, bench.path))
    old = found["results"][0]
    assert old["above_idle_j"]["mean"] == result.commands[0].above.mean
    assert len(old["runs"]) == 4
    assert {one["executions"] for one in old["runs"]} == {5}
    assert found["comparisons"][0]["with"] == NAMES[1]
    file = tmp_path / "result.json"
    file.write_text(to_json(result, bench.path))
    key, before = read_baseline(file)
    assert key == "A1"
    read = before["old"]
    written = old["above_idle_j"]
    assert (read.mean, read.spread, read.count) == (written["mean"], written["stddev"], 4)
    check_budgets(result, 161.0, file)
    with pytest.raises(BudgetExceeded, match="old needed"):
        check_budgets(result, 150.0)


def test_a_baseline_that_cannot_be_used_is_an_error(bench: Bench, tmp_path: Path) -> None:
    result = bench.result()
    file = tmp_path / "a.json"
    for text in ("", "[]", "{}", '{"kind": "x"}', '{"kind": "wattui measurement"}'):
        file.write_text(text)
        with pytest.raises(BaselineError, match="not a result"):
            check_budgets(result, baseline=file)
    with pytest.raises(BaselineError, match="cannot be read"):
        check_budgets(result, baseline=tmp_path / "none.json")
    changed = json.loads(to_json(result, bench.path))
    for one in changed["results"]:
        one["command"] += " of long ago"
    file.write_text(json.dumps(changed))
    with pytest.raises(BaselineError, match="none of the commands"):
        check_budgets(result, baseline=file)


def test_tables_are_safe_and_complete(bench: Bench) -> None:
    result = bench.result()
    rows = list(csv.DictReader(to_csv(result).splitlines()))
    assert float(rows[0]["mean_j"]) == pytest.approx(160.1, abs=0.01)
    assert rows[0]["runs"] == "4"
    assert not rows[1]["command"].startswith("=")
    text = to_markdown(result)
    assert "\x1b" not in text + to_csv(result)
    header, _, *lines = [line for line in text.splitlines() if line.startswith("|")]
    assert [line.replace("\\|", "").count("|") for line in lines] == [header.count("|")] * 2
    assert "1.333 (" in text or "1.33 (" in text


def test_spans_that_somebody_else_made_are_not_a_measurement(bench: Bench) -> None:
    """Whatever is in their details."""
    good = bench.log.span()
    odd: list[object] = [
        None,
        [],
        5,
        "x",
        math.inf,
        {"seconds": "x"},
        {"a": 1},
        [1],
        [{"name": []}],
    ]
    for name in ("commands", "lag", "meter", "environment", "plan", "interval", "measurement"):
        for value in odd:
            span = replace(good, details={**good.details, name: value})
            for log in MeasurementLog.read([span, bench.log.trial_span(bench.log.trials[0])]):
                assert isinstance(log.lag.seconds, float)
                assert all(isinstance(one.name, str) for one in log.commands)
    trial = bench.log.trial_span(bench.log.trials[1])
    for name in trial.details:
        for value in odd:
            span = replace(trial, details={**trial.details, name: value})
            (log,) = MeasurementLog.read([good, span])
            assert len(log.trials) <= 1
    assert MeasurementLog.read([replace(good, details={}), trial]) == []


@pytest.mark.parametrize(
    ("text", "joules"),
    [("120", 120.0), ("120J", 120.0), ("1.5 kJ", 1500.0), ("0.2Wh", 720.0), ("1e-3 MJ", 1000.0)],
)
def test_energies_that_are_typed(text: str, joules: float) -> None:
    assert parse_joules(text) == pytest.approx(joules)


@pytest.mark.parametrize("text", ["", "J", "12 W", "-5 J", "nan"])
def test_what_is_not_an_energy_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an energy"):
        parse_joules(text)


def test_one_run_is_written_without_an_interval(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "run.wattui")
    bench.log = MeasurementLog(
        START, bench.log.commands[:1], bench.log.trials[:3], lag=bench.log.lag
    )
    result = bench.result()
    assert math.isinf(result.commands[0].above.half_width)
    found = json.loads(to_json(result, bench.path))["results"][0]["above_idle_j"]
    assert found["stddev"] is None
    assert found["interval_95"] == [None, None]
    assert "| – |" in to_markdown(result)


def test_a_span_is_where_the_records_of_its_run_are(bench: Bench) -> None:
    trial = bench.log.trials[1]
    span = bench.log.trial_span(trial)
    assert (span.start_us, span.stop_us) == (
        trial.start_us + 2 * SECOND,
        trial.stop_us + 2 * SECOND,
    )
    assert span.details["start_us"] == trial.start_us
    (log,) = MeasurementLog.read([bench.log.span(), span])
    assert log.trials == (trial,)
