# SPDX-License-Identifier: GPL-3.0-or-later
"""The figure of a measurement: runs over one another, the idle level shaded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from plot_window import application

from wattui.benchmark.method import Lag
from wattui.benchmark.plan import MeasuredCommand
from wattui.benchmark.result import MeasurementResult
from wattui.benchmark.session_result import evaluate_session
from wattui.benchmark.trial import MeasurementLog, Role, Trial
from wattui.measurement.events import MeterInfo
from wattui.measurement.sample import Sample
from wattui.session import Session, SessionWriter
from wattui.ui.figure.run_figure import save_runs
from wattui.ui.theme.palette import LIGHT, rgb

SECOND = 1_000_000
START = 1_800_000_000 * SECOND


def measured(tmp_path: Path) -> tuple[Path, MeasurementResult]:
    """Return a session of 40 W with two runs of each of two commands, and its result."""
    trials, power = [Trial(Role.IDLE, START, START + 20 * SECOND)], np.full(120, 400)
    for number, (start, watts) in enumerate([(20, 800), (45, 600), (70, 810), (95, 610)]):
        power[start : start + 10] += watts
        begin = START + start * SECOND
        index, count = number % 2, number // 2 + 1
        trials.append(Trial(Role.RUN, begin, begin + 10 * SECOND, index, count))
    commands = (MeasuredCommand("old", "a"), MeasuredCommand("new", "b"))
    log = MeasurementLog(START, commands, tuple(trials), lag=Lag(2.0, 0.3, "found"))
    path = tmp_path / "run.wattui"
    with SessionWriter(path) as writer:
        samples = [
            Sample(START + (n + 3) * SECOND, SECOND, (int(one), 1200, 500))
            for n, one in enumerate(power)
        ]
        writer.on_samples(MeterInfo("A80012", "/dev/ttyUSB0"), samples)
    return path, evaluate_session(path, log)


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_the_runs_of_a_measurement_are_drawn(tmp_path: Path, ending: str) -> None:
    application()
    session, result = measured(tmp_path)
    assert result.commands[0].above.mean == pytest.approx(805.0)
    file = tmp_path / f"runs{ending}"
    with Session.open(session) as opened:
        save_runs(result, opened, file)
    if ending == ".svg":
        text = file.read_text(encoding="utf-8")
        for words in ("Energy of old, new", "old: 805 ± 64 J above idle, 2 runs", "40.0 W"):
            assert words in text
    elif ending == ".pdf":
        assert file.read_bytes().startswith(b"%PDF")
    else:
        pixels = np.asarray(Image.open(file).convert("RGB"))
        shade = np.array([round(255 * part) for part in rgb(LIGHT.gap)])
        shaded = (pixels == shade).all(axis=2)
        rows = np.flatnonzero(shaded.mean(axis=1) > 0.5)
        # 40 W of an axis up to 140 W, from the bottom of the plot on.
        assert len(rows) == pytest.approx(40 / 140 * 580, rel=0.15)
        for place in (0, 1):
            colour = np.array([round(255 * part) for part in rgb(LIGHT.meter(place))])
            assert (np.abs(pixels.astype(int) - colour).max(axis=2) < 12).sum() > 300
