# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui stats``: the same figures as everywhere else, as people and as programs read them."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from session_samples import BEGIN, METER, OTHER, record, sample

from wattui.cli.program import program as command_line
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.fields import FIELDS
from wattui.session import Annotations, Session, SessionWriter, Span, open_checked

CAPTURES = Path(__file__).parents[3] / "shared" / "samples"


def run(*args: object) -> Result:
    return CliRunner().invoke(command_line, [str(one) for one in args])


def printed(*args: object) -> str:
    result = run("stats", *args)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def numbers(*args: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(printed(*args, "--json"))
    return found


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """Return a lamp that is on for a minute, off for one with a gap in it, and on again."""
    power = [600] * 60 + [13] * 60 + [620] * 60
    lamp = [sample(n + 1, power[n], gap=20 if n == 80 else 0) for n in range(180) if n not in
            range(60, 80)]  # fmt: skip
    with SessionWriter(tmp_path / "lamp.wattui") as writer:
        writer.on_samples(METER, lamp)
        writer.on_samples(OTHER, [sample(2 * n, 100, interval=2.0) for n in range(1, 91)])
    return tmp_path / "lamp.wattui"


def test_the_figures_of_a_session_are_printed(session: Path) -> None:
    lines = printed(session, "--meter", "1", "--above", "30").splitlines()
    assert lines[0].startswith("lamp.wattui from ")
    assert lines[0].endswith(": 3 minutes")
    assert lines[2] == METER.label
    facts = [" ".join(line.split()) for line in lines[3:12]]
    assert re.fullmatch(r"Highest power 62.0 W at \d\d:\d\d:21", facts.pop(3))
    assert facts == [
        "Energy 2.048 ± 0.044 Wh (7.37 ± 0.16 kJ)",
        "Meter's counter +17.9 Wh",
        "Mean power 46.08 ± 0.99 W",
        "Idle level 1.3 W",
        "Above 30 W 2 min (75 %) in 2 cycles, 2.033 ± 0.040 Wh",
        "Otherwise 40 s, 0.0144 ± 0.0036 Wh",
        "Recorded 2 min 40 s in 160 records",
        "Gaps 1, 20 s (11 %)",
    ]
    assert "also counts in gaps" in " ".join(" ".join(lines[12:15]).split())
    power = next(line for line in lines if line.startswith("Power W"))
    assert power.split()[2:] == ["46.1", "25.9", "1.3", "1.3", "60.0", "62.0", "62.0"]


def test_the_json_has_what_the_api_has(session: Path) -> None:
    found = numbers(session, "--above", "30")
    assert (found["file"], found["length_s"]) == ("lamp.wattui", 180.0)
    with Session.open(session) as opened:
        for one in found["meters"]:
            statistics = opened.statistics(one["id"], times_of=["power"])
            spread = opened.distribution(one["id"], "power")
            load = opened.load(one["id"], 30.0)
            assert one["energy_wh"] == statistics.energy_wh
            assert one["energy_error_wh"] == statistics.energy_error_wh
            assert one["mean_power_w"] == statistics.average_power_w
            assert one["mean_power_error_w"] == statistics.average_power_error_w
            assert (one["records"], one["gaps"]) == (statistics.count, statistics.gap_count)
            assert one["counter_wh"] == statistics.counter_wh
            power = one["fields"]["power"]
            assert power["mean"] == statistics["power"].mean
            assert (power["low"], power["high"]) == (spread.quantile(0), spread.quantile(1))
            assert (power["std"], power["median"]) == (spread.std, spread.median)
            assert one["above"]["on_s"] == load.on_s
            assert one["above"]["cycles"] == load.cycles
            assert one["fields"]["energy"]["mean"] is None
            assert one["fields"].keys() == statistics.fields.keys()
    assert found["meters"][0]["fields"]["power"]["high_time"] == "2023-11-14T22:15:21.000000+00:00"


def test_the_total_of_several_meters_has_the_sum_of_their_errors(session: Path) -> None:
    assert printed(session).splitlines()[-1] == "Energy of 2 meters: 2.548 ± 0.067 Wh"


def test_figures_of_a_part(session: Path) -> None:
    minute = numbers(session, "--from", "0s", "--to", "1m", "--meter", "1")
    named = Annotations(session).add(Span(0, BEGIN, BEGIN + 60 * MICROSECONDS, "first"))
    by_name = numbers(session, "--span", named.name, "--meter", "1")
    assert minute == by_name
    (lamp,) = minute["meters"]
    assert (lamp["records"], lamp["energy_wh"]) == (60, 1.0)
    assert run("stats", session, "--span", "second").exit_code == 2
    assert "no samples" in run("stats", session, "--from", "2h").stderr


def test_the_exported_csv_has_the_same_figures(session: Path, tmp_path: Path) -> None:
    target = tmp_path / "lamp.csv"
    part = "--from", "30s", "--to", "165s", "--meter", "1"
    assert run("export", session, "-o", target, *part, "-q").exit_code == 0
    lines = [line for line in target.read_text().splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    power, interval = (np.array([float(r[n]) for r in rows]) for n in ("power_w", "interval_s"))
    (found,) = numbers(session, *part, "--above", "30")["meters"]
    assert found["energy_wh"] == pytest.approx(float((power * interval).sum() / 3600), rel=1e-12)
    assert found["records"] == len(rows)
    assert found["recorded_s"] == pytest.approx(interval.sum())
    assert found["gap_s"] == sum(float(r["gap_s"] or 0) for r in rows)
    assert found["above"]["on_s"] == pytest.approx(interval[power > 30].sum())
    field = found["fields"]["power"]
    mean = np.average(power, weights=interval)
    assert field["mean"] == pytest.approx(mean)
    assert field["std"] == pytest.approx(np.average((power - mean) ** 2, weights=interval) ** 0.5)
    for name, share in (("quantile_05", 0.05), ("median", 0.5), ("quantile_95", 0.95)):
        expected = np.quantile(power, share, weights=interval, method="inverted_cdf")
        assert field[name] == expected


def test_a_fan_has_less_by_its_counter_and_the_reason_beside_it() -> None:
    path = CAPTURES / "fan.raw"
    if not path.exists():
        pytest.skip("no capture of a real meter here")
    text = printed(path, "--interval", "1")
    assert "Energy           20.99 ± 0.46 Wh (75.6 ± 1.7 kJ)" in text
    assert "Meter's counter  +20.3 Wh" in text
    words = " ".join(text.split())
    assert "20.3 Wh, 3.3 % less than the energy. It moves in steps of 0.1 Wh and counts" in words
    (fan,) = numbers(path, "--interval", "1")["meters"]
    assert fan["energy_wh"] == pytest.approx(20.99, abs=0.005)
    assert fan["counter_wh"] == 20.3
    assert (fan["records"], fan["recorded_s"], fan["gaps"]) == (1792, 1792.0, 0)


def test_a_meter_without_power_has_no_energy_of_zero(tmp_path: Path) -> None:
    samples = [sample(n + 1) for n in range(5)]
    volts = [type(one)(one.time_us, one.interval_us, (None, 1200, *[None] * 16)) for one in samples]
    path = record(tmp_path / "volts.wattui", volts)
    text = printed(path, "--above", "5")
    assert "Energy" not in text
    assert "120.0" in text
    (meter,) = numbers(path)["meters"]
    assert meter["mean_power_w"] is None
    assert meter["counter_wh"] is None
    assert list(meter["fields"]) == ["voltage"]


def test_a_session_without_samples_says_so(tmp_path: Path) -> None:
    path = record(tmp_path / "empty.wattui", [])
    with SessionWriter(path) as writer:
        writer.note("nothing yet")
    result = run("stats", path)
    assert result.exit_code != 0
    assert "no samples" in result.stderr or "empty" in result.stderr


def test_a_damaged_session_is_reported(session: Path, tmp_path: Path) -> None:
    data = bytearray(session.read_bytes())
    with open_checked(session) as sound:
        assert not sound.damage
    place = data.index((620).to_bytes(2, "big"))
    data[place : place + 2] = (621).to_bytes(2, "big")
    session.write_bytes(data)
    result = run("stats", session)
    assert "is damaged" in result.stderr
    assert run("stats", session, "--strict").exit_code == 6


def test_every_field_has_a_row(tmp_path: Path) -> None:
    full = [type(one)(one.time_us, one.interval_us, tuple(range(18)))
            for one in (sample(n + 1) for n in range(5))]  # fmt: skip
    text = printed(record(tmp_path / "full.wattui", full))
    assert all(field.title in text for field in FIELDS)
