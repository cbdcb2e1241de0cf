# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of spans, in the table, the CSV and the JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from session_samples import BEGIN, METER, OTHER, brute, noisy, record

from wattui.formats.span_table import COLUMNS, marks_json, spans_csv
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.energy import ratio_error
from wattui.session import Annotations, Mark, Session, Span
from wattui.session.span_figures import span_figures

SAMPLES, MORE = noisy(400, seed=1), noisy(300, seed=2)
MIDDLE = SAMPLES[200].time_us
ONE = Span(0, SAMPLES[50].time_us, MIDDLE, "=one", "#e07a00", 1, "cycle", {"n": 1})
BOTH = Span(0, SAMPLES[50].time_us, MIDDLE, "both")


@pytest.fixture
def session(tmp_path: Path):
    path = record(tmp_path / "a.wattui", SAMPLES)
    record(path, MORE, OTHER)
    notes = Annotations(path)
    notes.add(BOTH)
    notes.add(ONE)
    notes.add(Span(0, BEGIN - 20, BEGIN - 10, "empty"))
    notes.add(Mark(0, MIDDLE, "here"))
    with Session.open(path) as opened:
        yield opened


def test_energies_add_up_over_the_meters(session: Session) -> None:
    found = {figures.span.name: figures for figures in span_figures(session)}
    lamp = brute(SAMPLES, ONE.start_us, ONE.stop_us)
    desk = brute(MORE, ONE.start_us, ONE.stop_us)
    one, both, empty = found["=one"], found["both"], found["empty"]
    assert one.labels == (METER.label,)
    assert both.labels == (METER.label, OTHER.label)
    assert one.energy_wh == pytest.approx(lamp.energy_wh)
    assert both.energy_wh == pytest.approx(lamp.energy_wh + desk.energy_wh)
    assert both.energy_error_wh == pytest.approx(lamp.energy_error_wh + desk.energy_error_wh)
    assert both.mean_w == pytest.approx(lamp.average_power_w + desk.average_power_w)
    assert one.mean_error_w == pytest.approx(lamp.average_power_error_w)
    assert one.gap_s == lamp.gap_s
    assert one.recorded_s == lamp.duration_s
    peak = max(
        (sample.values[0] or 0, -sample.time_us)
        for sample in SAMPLES
        if ONE.start_us < sample.time_us <= ONE.stop_us
    )
    assert (one.peak_w, one.peak_us) == (peak[0] / 10, -peak[1])
    assert math.isnan(both.peak_w)
    assert both.peak_us is None
    assert one.ratio_to(both) == one.energy_wh / both.energy_wh
    assert math.isnan(one.ratio_to(empty))
    assert math.isnan(one.ratio_error_to(both))
    half = replace(one, statistics=(brute(SAMPLES, SAMPLES[100].time_us, ONE.stop_us),))
    energies = [
        (part.statistics[0].energy_wh, part.statistics[0].powered_s) for part in (half, one)
    ]
    assert half.ratio_error_to(one) == ratio_error(*energies)
    assert not empty.has_power
    assert math.isnan(empty.mean_w)


def test_csv_and_json_have_the_same_values(session: Session) -> None:
    figures = span_figures(session)
    both = next(one for one in figures if one.span.name == "both")
    rows = list(csv.DictReader(io.StringIO(spans_csv(figures, both))))
    found = json.loads(marks_json(session.marks(), figures, both))
    assert found["marks"] == [
        {"text": "here", "unix_time": MIDDLE / MICROSECONDS, "time": found["marks"][0]["time"]}
    ]
    assert tuple(rows[0]) == COLUMNS
    for row, one in zip(rows, found["spans"], strict=True):
        assert row["name"] == ("'=one" if one["name"] == "=one" else one["name"])
        for name in ("energy_wh", "energy_error_wh", "mean_power_w", "energy_ratio", "duration_s"):
            assert row[name] == ("" if one[name] is None else str(one[name]))
        assert row["meters"] == "; ".join(one["meters"])
    assert [one["details"] for one in found["spans"] if one["kind"]] == [{"n": 1}]


def test_some_spans_are_measured_that_are_not_in_the_file(session: Session) -> None:
    (found,) = span_figures(session, [replace(ONE, id=0, stop_us=ONE.start_us + 1)])
    assert found.energy_wh == 0
