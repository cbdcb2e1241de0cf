# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui log`` within this process, on simulated meters."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from wattui.cli.program import program
from wattui.client import ClientState
from wattui.measurement.clock import MICROSECONDS, ScaledClock
from wattui.measurement.events import MeterInfo
from wattui.measurement.fields import FIELDS
from wattui.measurement.planned_end import TimeLimit
from wattui.measurement.sample import Sample
from wattui.protocol import Framer
from wattui.session import Session

FAST = "sim://pro?speed=200"


def log(*args: str) -> Result:
    return CliRunner().invoke(program, ["log", *args])


def session_of(result: Result) -> Path:
    path = Path(result.stdout.splitlines()[-1])
    assert path.is_file()
    return path


def samples_of(path: Path) -> list[list[Sample]]:
    with Session.open(path) as session:
        assert not session.interrupted
        return [list(session.samples(meter.id)) for meter in session.meters]


def test_one_line_per_sample_then_the_path() -> None:
    result = log(FAST, "-d", "20")
    assert result.exit_code == 0
    header, *lines, path = result.stdout.splitlines()
    assert header == "# time power_w voltage_v current_a power_factor integrated_energy_wh"
    (samples,) = samples_of(Path(path))
    assert len(lines) == len(samples) > 15
    energy = 0.0
    for line, sample in zip(lines, samples, strict=True):
        time, *values = line.split(" ")
        moment = datetime.fromisoformat(time)
        assert moment.tzinfo is not None
        assert round(moment.timestamp() * MICROSECONDS) == sample.time_us
        assert sample["power"] is not None
        energy += sample["power"] * sample.interval_us / MICROSECONDS / 3600
        shown = [sample[name] for name in ("power", "voltage", "current", "power_factor")]
        assert [float(value) for value in values[:4]] == shown
        assert float(values[4]) == pytest.approx(energy, abs=1e-6)
    assert f"{len(samples)} samples in {len(samples)} s" in result.stderr
    assert "the meter's counter advanced" in result.stderr


@pytest.mark.parametrize(("interval", "text", "seconds"), [(1, "1m", 60), (10, "10m", 600)])
def test_the_duration_is_in_the_meters_time(interval: int, text: str, seconds: int) -> None:
    result = log("sim://pro?speed=500", "-i", str(interval), "-d", text, "--quiet")
    (samples,) = samples_of(session_of(result))
    spans = [sample.interval_us + sample.gap_us for sample in samples]
    # As many as lie within by more than a half: how many depends on how late they came.
    half = samples[-1].interval_us / 2
    assert sum(spans) > seconds * MICROSECONDS - half
    assert sum(spans[:-1]) <= seconds * MICROSECONDS


def test_quiet_prints_only_the_path() -> None:
    result = log(FAST, "-d", "3", "-q")
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr == ""
    session_of(result)


def test_json_has_every_field_under_its_column() -> None:
    result = log(FAST, "-d", "5", "--json")
    path = result.stderr.splitlines()[-1].removeprefix("The session is ")
    (samples,) = samples_of(Path(path))
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(rows) == len(samples) > 0
    for row, sample in zip(rows, samples, strict=True):
        assert {f.column: row[f.column] for f in FIELDS} == {
            f.column: sample[f.name] for f in FIELDS
        }
        assert round(row["unix_time"] * MICROSECONDS) == sample.time_us
        assert row["port"] == FAST
        assert row["meter"] == f"PRO {row['serial_number']}"
        assert row["gap_s"] == 0
        assert row["interval_s"] * MICROSECONDS == pytest.approx(sample.interval_us)
    assert rows[-1]["integrated_energy_wh"] > 0


def test_a_field_that_was_not_sent_is_nan_and_null() -> None:
    old = "sim://pro?speed=200&firmware=old"
    rows = [json.loads(line) for line in log(old, "-d", "3", "--json").stdout.splitlines()]
    assert all(row["frequency_hz"] is None for row in rows)


def test_the_session_is_written_to_the_given_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.wattui"
    result = log(FAST, "-d", "3", "-q", "--session", str(path))
    assert session_of(result) == path
    before = samples_of(path)
    again = log(FAST, "-d", "3", "-q", "--session", str(path))
    assert again.exit_code == 6
    assert "already exists" in again.stderr
    assert samples_of(path) == before


def test_the_raw_file_contains_the_bytes_received(tmp_path: Path) -> None:
    raw = tmp_path / "wire.raw"
    raw.write_bytes(b"kept\n")
    result = log(FAST, "-d", "5", "-q", "--raw", str(raw))
    data = raw.read_bytes()
    assert data.startswith(b"kept\n")
    records = [packet for packet in Framer().decode(data) if packet.command == "d"]
    (samples,) = samples_of(session_of(result))
    values = [tuple(int(arg) for arg in record.args) for record in records]
    assert values[: len(samples)] == [sample.values for sample in samples]


def test_a_csv_is_written_at_the_end(tmp_path: Path) -> None:
    pytest.importorskip("wattui.formats.csv_file")
    target = tmp_path / "run.csv"
    result = log(FAST, "-d", "5", "-q", "-o", str(target))
    assert result.exit_code == 0
    rows = [line for line in target.read_text().splitlines() if not line.startswith("#")]
    assert rows[0].startswith("time,unix_time,elapsed_s,meter,power_w")
    assert len(rows) == 1 + len(samples_of(session_of(result))[0])


@pytest.mark.parametrize("option", ["-o", "--session", "--raw"])
def test_a_file_that_cannot_be_written_is_reported_before_anything_starts(
    tmp_path: Path, option: str
) -> None:
    result = log(FAST, option, str(tmp_path / "missing" / "file"))
    assert result.exit_code == 6
    assert "missing" in result.stderr
    assert result.stdout == ""


def test_a_data_folder_that_is_a_file_is_reported_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "data"
    blocked.write_text("in the way")
    monkeypatch.setenv("WATTUI_DATA", str(blocked))
    result = log(FAST, "-d", "30")
    assert result.exit_code == 6
    assert "WATTUI_DATA" in result.stderr, "says how to choose another"
    assert "recording" not in result.stderr, "no port was opened"
    assert result.stderr.count("Error: ") == 1
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("port", "status"),
    [
        ("/dev/nosuchport", 3),
        ("smi://pro", 3),
        ("sim://pro?faults=absent", 3),
        ("sim://pro?faults=denied", 3),
        ("sim://pro?faults=busy", 3),
        ("sim://pro?faults=notmeter", 4),
    ],
)
def test_a_port_that_fails_leaves_no_session(quick: None, port: str, status: int) -> None:
    result = log(port, "-d", "5")
    assert result.exit_code == status
    assert result.stdout == ""
    assert result.stderr.count("Error: ") == 1
    data = Path(os.environ["WATTUI_DATA"])
    assert not list(data.rglob("*.wattui"))


def test_several_meters_go_into_one_session() -> None:
    ports = ["sim://pro?speed=20&serial=A1", "sim://es?speed=20&load=charger&serial=A1"]
    result = log(*ports, "-d", "10")
    assert result.exit_code == 0
    header, *lines, path = result.stdout.splitlines()
    assert header.endswith(" meter")
    printed = [
        sum(line.endswith(f" {label}") for line in lines) for label in ("PRO%20A1", "PRO%20ES%20A1")
    ]
    assert all(printed)
    # Both have the same serial number, and still are two meters.
    assert sorted(map(len, samples_of(Path(path)))) == sorted(printed)


def test_one_of_several_fails_and_the_others_go_on() -> None:
    result = log("sim://pro?speed=200", "/dev/nosuchport", "-d", "10", "-q")
    assert result.exit_code == 3
    assert "/dev/nosuchport" in result.stderr
    (samples,) = samples_of(session_of(result))
    assert samples


def test_an_unplugged_meter_is_reconnected_and_the_gap_is_shown(quick: None) -> None:
    result = log("sim://pro?speed=60&faults=unplug@15:20", "-d", "90")
    assert result.exit_code == 0
    assert "unplugged at" in result.stderr
    assert "connected again" in result.stderr
    gaps = [line for line in result.stdout.splitlines() if line.startswith("# gap")]
    assert len(gaps) == 1
    (samples,) = samples_of(session_of(result))
    assert sum(1 for sample in samples if sample.gap_us) == 1
    span = sum(sample.interval_us + sample.gap_us for sample in samples) / MICROSECONDS
    assert span == pytest.approx(90, abs=3)


def test_a_meter_that_stays_away_does_not_outlast_the_duration() -> None:
    result = log("sim://pro?speed=500&faults=unplug@300", "-d", "600", "-q")
    assert result.exit_code == 0
    (samples,) = samples_of(session_of(result))
    assert 0 < len(samples) < 400


class SilentClient:
    """A meter that answers, but sends nothing."""

    activity, error, paused, unreadable = "", None, "", 0
    lost_time, others, relay_open, relay_wanted = 0.0, (), None, None

    def __init__(self, url: str, **_options: Any) -> None:
        self.state = ClientState.CLOSED
        self.info = MeterInfo(url, url)
        self.clock = ScaledClock(1000.0)

    def add_listener(self, listener: Any) -> None:
        pass

    def add_state_listener(self, listener: Callable[[Any], None]) -> None:
        self._tell = listener

    def start(self) -> None:
        self.state = ClientState.RUNNING
        self._tell(self)

    def stop(self) -> None:
        self.state = ClientState.CLOSED
        self._tell(self)


def test_without_a_single_sample_there_is_no_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattui.cli.recording.recording.client_at", SilentClient)
    result = log("sim://pro", "-d", "20")
    assert result.exit_code == 4
    assert "The meter sent no sample" in result.stderr
    assert result.stdout == ""
    assert not list(Path(os.environ["WATTUI_DATA"]).rglob("*.wattui"))


def test_all_records_the_likely_meters(monkeypatch: pytest.MonkeyPatch) -> None:
    from wattui.ports.listing import PortInfo

    found = [
        PortInfo("sim://pro?speed=200", "a meter", "A1", likely_meter=True),
        PortInfo("/dev/ttyS0", "no meter", "", likely_meter=False),
    ]
    monkeypatch.setattr("wattui.ports.listing.list_ports", lambda: found)
    assert len(samples_of(session_of(log("--all", "-d", "3", "-q")))) == 1
    monkeypatch.setattr("wattui.ports.listing.list_ports", lambda: found[1:])
    result = log("--all")
    assert result.exit_code == 3
    assert "No Watts up? meter is plugged in" in result.stderr


def test_a_capture_is_recorded_whole(captures: Path) -> None:
    result = log(f"sim://pro?speed=500&replay={captures / 'fan.raw'}", "-d", "30m")
    path = session_of(result)
    found = re.search(
        r"1,792 samples in .*, no gaps, ([\d.]+) ± .* advanced by 20\.3 Wh", result.stderr
    )
    assert found is not None
    # The clock of a simulated second is only as good as this machine's, 500 times.
    assert float(found[1]) == pytest.approx(20.99, abs=0.02)
    with sqlite3.connect(path) as database:
        count, total = database.execute("SELECT count(*), sum(power) FROM sample").fetchone()
    assert (count, total) == (1792, 755_658)


def sample(interval: int, gap: int = 0) -> Sample:
    return Sample(0, interval, (), gap)


def test_the_limit_passes_samples_within_the_duration() -> None:
    second = MICROSECONDS
    jitter = 3_000
    for tick in (second - jitter, second, second + jitter):
        limit = TimeLimit(60.0)
        assert len(limit.passed([sample(tick)] * 100)) == 60
        assert limit.reached
        assert limit.passed([sample(tick)]) == []
    limit = TimeLimit(60.0)
    assert len(limit.passed([sample(second)] * 10 + [sample(second, 39 * second)])) == 11
    assert not limit.reached
    assert len(limit.passed([sample(second)] * 100)) == 10
    assert len(TimeLimit(None).passed([sample(second)] * 1000)) == 1000
