# SPDX-License-Identifier: GPL-3.0-or-later
"""The figures of selection, view and run against plain NumPy over all samples."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from plot_window import START, Recording, sample

from wattui.formats.import_files import import_files
from wattui.formats.reading.source import Assumptions
from wattui.measurement.distribution import Distribution
from wattui.measurement.text import RunTimes, TimeMode
from wattui.session import Session
from wattui.ui.figures.copied_table import as_csv, as_markdown, as_text
from wattui.ui.figures.figure_rows import Wording, on_off, rows_of
from wattui.ui.figures.part_reader import PartsRequest, RunPart, read_parts, threshold_between

PARTS = [part.value for part in RunPart]


def us(second):
    """Return a time after START in microseconds."""
    return round((START + second) * 1e6)


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A load that is on for 40 s of each 100 s, with a peak as it starts and a gap."""
    one = Recording(tmp_path_factory.mktemp("parts"))
    samples = []
    for second in range(1, 601):
        since = (second - 1) % 100
        power = (90.0 + 0.1 * (second % 7) if since else 400.0 + second) if since < 40 else 1.3
        if not 320 < second <= 350:
            gap = 30.0 if second == 351 else 0.0
            samples.append(sample(second, power=power, gap=gap, energy=second // 60))
    one.add(samples)
    one.close()
    return one


@pytest.fixture
def session(recording):
    with Session.open(recording.path) as opened:
        yield opened


def request(recording, detailed=True, above=None, **spans):
    names = {"selection": RunPart.SELECTION, "view": RunPart.VIEW}
    return PartsRequest(
        path=recording.path,
        meter=None,
        spans={names[name]: (us(a), us(b)) for name, (a, b) in spans.items()},
        channels=("power", "voltage"),
        above=above,
        detailed=detailed,
    )


def plain(session, start, stop):
    """Return times, intervals and powers of a span, all samples of it."""
    found = session.columns(session.meters[0].id, ["power"], us(start), us(stop))
    return found["time"], found["interval"], found["power"]


def test_the_figures_of_a_part_equal_those_of_numpy(session, recording):
    data = read_parts(session, request(recording, selection=(90, 380), view=(0, 500)))
    assert set(data.parts) == set(RunPart)
    assert data.label == "server"
    for part, (start, stop) in {RunPart.SELECTION: (90, 380), RunPart.VIEW: (0, 500)}.items():
        times, intervals, powers = plain(session, start, stop)
        one = data.parts[part]
        numbers = one.statistics
        energy = float(np.sum(powers * intervals)) / 3600
        assert numbers.count == len(powers)
        assert numbers.energy_wh == pytest.approx(energy, rel=1e-12)
        assert numbers.average_power_w == pytest.approx(np.average(powers, weights=intervals))
        assert numbers.energy_error_wh == pytest.approx(
            0.015 * energy + 0.3 * intervals.sum() / 3600
        )
        power = numbers["power"]
        assert (power.low, power.high) == (powers.min(), powers.max())
        assert power.high_us / 1e6 == pytest.approx(times[powers.argmax()])
        load = on_off(one, 50.0)
        assert load.on_s == pytest.approx(intervals[powers > 50].sum())
        assert load.on_wh + load.off_wh == pytest.approx(energy)
        spread = one.distributions["power"]
        assert spread.std == pytest.approx(powers.std())
        for share in (0.05, 0.5, 0.95):
            exact = np.quantile(powers, share, method="inverted_cdf")
            assert spread.quantile(share) == pytest.approx(exact)
        rising = np.sum(np.diff((powers > 50).astype(int)) == 1) + (powers[0] > 50)
        assert load.cycles == rising


def distribution(values, times):
    wire = np.round(np.array(values) * 10).astype(np.int64)
    return Distribution("power", wire, times_us=np.array(times, np.int64) * 1_000_000)


@pytest.mark.parametrize(
    ("values", "times", "threshold"),
    [
        # A fridge: a standby of 1.4 W, a compressor near 96 W, and a short inrush.
        ([1.4, 95.0, 97.0, 468.0], [1700, 500, 500, 2], 50.0),
        # A bulb that follows the voltage is on all of the time.
        ([59.5, 60.0, 60.5], [10, 80, 10], 30.0),
        # A standby that is seldom left.
        ([2.0, 1200.0], [5000, 30], 600.0),
        ([0.0], [100], 0.0),
    ],
)
def test_the_threshold_of_on_is_found(values, times, threshold):
    assert threshold_between(distribution(values, times)) == threshold


def test_nothing_is_on_without_any_power():
    assert threshold_between(Distribution("power")) is None


def shown(session, recording, above=50.0, **spans):
    data = read_parts(session, request(recording, above=above, **spans))
    times = RunTimes(TimeMode.ELAPSED, START, 600.0)
    return rows_of(
        data, above, Wording(times, rate=0.3, currency="€", channels=["power", "voltage"])
    )


def test_the_rows_agree_with_one_another(session, recording):
    rows = {row.name: row for row in shown(session, recording, selection=(90, 380), view=(0, 500))}
    assert [cell.text for cell in rows["From"].cells] == ["1:30", "0:00", "0:00"]
    assert [cell.text for cell in rows["To"].cells] == ["6:20", "8:20", "10:00"]
    assert [cell.text for cell in rows["Duration"].cells] == ["4:50", "8:20", "10:00"]
    assert rows["Records"].cells[0].text == "260"
    assert rows["Gaps"].cells[0].text == "1, 0:30 (10 %)"
    on = rows["On (above 50 W)"].cells[0]
    assert on.text.startswith("1:40 (38 %)")
    assert rows["Highest power"].cells[0].text == "701.0 W"
    assert rows["Highest power at"].cells[0].text == "5:01"
    energy = [rows[name].cells[0].value for name in ("Energy while on", "Energy while off")]
    assert sum(energy) == pytest.approx(rows["Energy"].cells[0].value)
    assert rows["Energy in J"].cells[0].value == pytest.approx(rows["Energy"].cells[0].value * 3600)
    assert rows["Cost at 0.3 per kWh"].cells[0].text.startswith("€ 0.00")
    assert "also counts in gaps" in next(row.label for row in rows.values() if not row.cells)


def test_parts_that_are_not_there_are_empty(session, recording):
    rows = shown(session, recording, view=(0, 500))
    assert {row.cells[0].text for row in rows if row.cells} == {""}
    assert all(row.cells[1].text for row in rows if row.cells)


def test_the_table_is_copied_as_text_markdown_and_csv(session, recording):
    rows = shown(session, recording, selection=(90, 380), view=(0, 500))
    text = as_text(rows, PARTS)
    assert text.splitlines()[0].split() == PARTS
    assert any(line.startswith("Mean power") and " ± " in line for line in text.splitlines())
    assert "kWh" in next(line for line in text.splitlines() if line.startswith("Energy in kWh"))
    head, rule, first, *_ = as_markdown(rows, PARTS).splitlines()
    assert head == "|  | Selection | View | Run |"
    assert rule == "| --- | ---: | ---: | ---: |"
    assert first.startswith("| Energy | ")
    assert "| Duration | 4:50 | 8:20 | 10:00 |" in as_markdown(rows, PARTS).splitlines()
    table = list(csv.DictReader(io.StringIO(as_csv(rows, PARTS))))
    energy = next(row for row in table if row["figure"] == "Energy")
    assert float(energy["selection"]) == pytest.approx(rows[0].cells[0].value)
    assert float(energy["selection_error"]) == pytest.approx(rows[0].cells[0].error)
    assert energy["unit"] == "Wh"
    peak = next(row for row in table if row["figure"] == "Highest power at")
    assert peak["selection"].startswith("2026-")
    assert next(row for row in table if row["figure"] == "Duration")["run"] == "600"


def test_why_the_counter_differs_is_said(session):
    numbers = session.statistics(session.meters[0].id, us(0), us(300))
    assert "counts too little at low power" in numbers.why_counter_differs()
    assert "gaps" not in numbers.why_counter_differs()
    nothing = session.statistics(session.meters[0].id, us(325), us(330))
    assert "sent no value" in nothing.why_counter_differs()


def test_energy_and_counter_of_the_fan_are_shown_with_why_they_differ(captures, tmp_path):
    """The capture of a real fan: 20.99 Wh integrated, 20.3 Wh by the meter's own counter."""
    assumed = Assumptions(interval=1.0, start=us(0))
    import_files([captures / "fan.raw"], tmp_path / "fan.wattui", assumed)
    with Session.open(tmp_path / "fan.wattui") as session:
        asked = PartsRequest(tmp_path / "fan.wattui", None, {}, ("power",), detailed=True)
        rows = {row.name: row for row in rows_of(read_parts(session, asked), 20.0, Wording())}
    assert rows["Energy"].cells[2].text == "20.99 ± 0.46 Wh"
    assert rows["Meter's own counter"].cells[2].text == "+20.3 Wh"
    note = next(row.label for row in rows.values() if not row.cells)
    assert "20.3 Wh" in note
    assert "3.3 % less" in note


def test_a_part_without_any_record_says_so(session, recording):
    rows = {row.name: row for row in shown(session, recording, selection=(325, 340))}
    texts = {name: row.cells[0].text for name, row in rows.items() if row.cells}
    assert texts["Records"] == "0"
    assert texts["Mean power"] == texts["Highest power"] == texts["Highest power at"] == "–"
    assert texts["Power, median"] == texts["Mean voltage"] == "–"
    assert texts["Duration"] == "0:15"
    assert texts["Cycles"] == "0"
    assert texts["Energy"].startswith("0.00")
