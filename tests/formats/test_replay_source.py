# SPDX-License-Identifier: GPL-3.0-or-later
"""Recordings through the whole program as if they were live."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from format_samples import METER, absent, full, samples_of, session

from wattui.cli.program import program
from wattui.formats.reading.source import Assumptions
from wattui.formats.replay_source import install, prepare
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import MeterInfo
from wattui.measurement.sample import Sample
from wattui.protocol import Framer, LoggingMode, Record
from wattui.session import BulkWriter, Session
from wattui.simulator.replays import ReplayRequest, TimedRecord, TimedReplay, open_replay
from wattui.simulator.sim_url import meter_from_url, parse_url
from wattui.simulator.simulated_meter import SimulatedMeter

START = b"#L,W,3,E,_,1;"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


def heard(meter: SimulatedMeter, clock: Clock, seconds: float) -> list[tuple[float, Record]]:
    """Listen for a while, in steps of a tenth of a second."""
    framer = Framer()
    found = []
    for _ in range(round(seconds * 10)):
        clock.now += 0.1
        for reply in framer.decode_replies(meter.poll()):
            if isinstance(reply, Record):
                found.append((clock.now, reply))
    return found


def run(*args: object) -> Result:
    return CliRunner().invoke(program, [str(arg) for arg in args])


def test_records_keep_their_distances_and_gaps(tmp_path: Path) -> None:
    samples = absent(full(60))
    path = session(tmp_path / "run.wattui", samples)
    install()
    clock = Clock()
    meter = meter_from_url(f"sim://pro?replay={path}", clock)
    meter.receive(START)
    found = heard(meter, clock, 130)
    assert [record.values for _, record in found] == [one.values for one in samples]
    times = [time for time, _ in found]
    for n in range(1, 60):
        distance = (samples[n].time_us - samples[n - 1].time_us) / MICROSECONDS
        assert times[n] - times[n - 1] == pytest.approx(distance, abs=0.11)


def test_nothing_is_lost_while_no_client_listens(tmp_path: Path) -> None:
    path = session(tmp_path / "run.wattui", full(10))
    install()
    clock = Clock()
    meter = meter_from_url(f"sim://pro?replay={path}", clock)
    assert heard(meter, clock, 20) == []
    meter.receive(START)
    first = heard(meter, clock, 4.5)
    meter.close_link()
    clock.now += 100
    meter.open_link()
    meter.receive(START)
    meter.receive(START)
    rest = heard(meter, clock, 20)
    values = [record.values for _, record in first + rest]
    assert values == [one.values for one in full(10)]
    assert meter.mode is LoggingMode.EXTERNAL


def test_loop_and_rewind() -> None:
    def records():
        return iter([TimedRecord(1.0, (n,) * 18) for n in range(3)])

    for options, expected in (({"loop": True}, [0, 1, 2, 0, 1]), ({}, [0, 1, 2])):
        clock = Clock()
        meter = SimulatedMeter(replay=TimedReplay(records, **options), clock=clock)
        meter.receive(START)
        found = heard(meter, clock, 5.5)
        assert [record.values[0] for _, record in found] == expected
    replay = TimedReplay(records, rewind=True)
    clock = Clock()
    meter = SimulatedMeter(replay=replay, clock=clock)
    meter.receive(START)
    heard(meter, clock, 2.5)
    meter.close_link()
    meter.open_link()
    meter.receive(START)
    assert [r.values[0] for _, r in heard(meter, clock, 5)] == [0, 1, 2]
    assert replay.over_for() > 0


def test_what_cannot_be_replayed(tmp_path: Path) -> None:
    install()
    path = session(tmp_path / "run.wattui", full(3))
    with pytest.raises(ValueError, match="no meter 2"):
        open_replay(ReplayRequest(path, meter=2))
    (tmp_path / "empty").write_bytes(b"")
    assert open_replay(ReplayRequest(tmp_path / "empty")) is None
    (tmp_path / "run.raw").write_text("#d,-,18" + ",1" * 18 + ";\r\n")
    assert open_replay(ReplayRequest(tmp_path / "run.raw")) is None
    with BulkWriter(tmp_path / "none.wattui"):
        pass
    with pytest.raises(ValueError, match="no meter 1"):
        open_replay(ReplayRequest(tmp_path / "none.wattui"))


def test_ports_have_model_and_serial_number(tmp_path: Path) -> None:
    path = session(tmp_path / "run.wattui", full(3))
    (port,) = prepare(path, 60).ports
    assert port.url.startswith("sim://es?replay=")
    assert port.url.endswith("&meter=1&speed=60&serial=A80012")
    assert port.info.name == METER.name


def test_a_session_is_recorded_again(tmp_path: Path) -> None:
    samples = full(200)
    path = session(tmp_path / "run.wattui", samples)
    target = tmp_path / "again.wattui"
    result = run("replay", path, "--speed", 200, "--session", target, "-q")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == f"{target}\n"
    back = samples_of(target)
    assert [one.values for one in back] == [one.values for one in samples]
    elapsed = sum(one.interval_us + one.gap_us for one in back)
    assert elapsed == pytest.approx(samples[-1].time_us - samples[0].time_us, rel=0.05)
    with Session.open(target) as again:
        assert again.meters[0].info.serial_number == "A80012"
        assert not again.interrupted


def test_an_old_log_with_several_speeds_and_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "old.log"
    path.write_text("".join(f"2016-11-09 13:24:{n:02d} {n} {n}.5 119.8 0.361\n" for n in range(60)))
    target = tmp_path / "again.wattui"
    result = run("replay", path, "--speed", 100, "--session", target, "--json")
    assert result.exit_code == 0, result.stderr
    assert [one.values[0] for one in samples_of(target)] == [n * 10 + 5 for n in range(60)]
    assert len(result.stdout.splitlines()) == 60
    assert "60 samples in 1 min" in result.stderr


def test_every_meter_of_a_session_or_the_chosen_one(tmp_path: Path) -> None:
    path = tmp_path / "two.wattui"
    late = [
        Sample(one.time_us + 20 * MICROSECONDS, one.interval_us, one.values) for one in full(20)
    ]
    with BulkWriter(path) as writer:
        writer.add_samples(METER, full(40))
        writer.add_samples(MeterInfo("B1", "", "other"), late)
    both, one = tmp_path / "both.wattui", tmp_path / "one.wattui"
    result = run("replay", path, "--speed", 100, "--session", both, "-q")
    assert result.exit_code == 0, result.stderr
    counts = sorted(len(samples_of(both, n)) for n in (1, 2))
    assert counts == [20, 40]
    assert (
        run("replay", path, "--speed", 500, "--meter", "other", "--session", one, "-q").exit_code
        == 0
    )
    assert [s.values for s in samples_of(one)] == [s.values for s in late]
    assert run("replay", path, "--meter", "nobody").exit_code == 2


def test_files_that_cannot_be_replayed(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello\n")
    assert run("replay", tmp_path / "notes.txt").exit_code == 7
    assert run("replay", tmp_path / "nothing.wattui").exit_code in (6, 7)


@pytest.mark.parametrize("speed", ["0.001", "1000000", "123456.789"])
def test_every_speed_of_the_stated_range_is_read_back(speed: str, tmp_path: Path) -> None:
    path = tmp_path / "old.log"
    path.write_text("".join(f"2016-11-09 13:24:{n:02d} {n} {n}.5 119.8 0.361\n" for n in range(9)))
    recorded = prepare(path, float(speed), Assumptions(), tmp_path)
    assert parse_url(recorded.ports[0].url).speed == float(speed)


def test_the_fastest_replay_has_every_record(tmp_path: Path) -> None:
    path = tmp_path / "old.log"
    path.write_text("".join(f"2016-11-09 13:24:{n:02d} {n} {n}.5 119.8 0.361\n" for n in range(60)))
    target = tmp_path / "again.wattui"
    result = run("replay", path, "--speed", 1000000, "--session", target, "--quiet")
    assert result.exit_code == 0, result.stderr
    assert [one.values[0] for one in samples_of(target)] == [n * 10 + 5 for n in range(60)]
