# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui log`` with alerts and planned ends, on simulated meters."""

from __future__ import annotations

import json
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wattui.cli.program import program
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import EventKind
from wattui.session import Session

LAMP = "sim://pro?load=lamp&speed=200"


def log(*args: str) -> Result:
    return CliRunner().invoke(program, ["log", *args])


def opened(result: Result) -> Session:
    return Session.open(result.stdout.splitlines()[-1])


def marks(session: Session) -> list[tuple[int | None, str]]:
    return [(one.meter_id, one.event.text) for one in session.events([EventKind.MARK])]


def program_that_saves(path: Path, target: Path) -> Path:
    """Make a program that saves what its environment says."""
    path.write_text(
        f"#!{sys.executable}\nimport json, os, pathlib\n"
        "facts = {n: v for n, v in os.environ.items() if n.startswith('WATTUI_')}\n"
        f"draft = pathlib.Path({str(target)!r} + '.part')\n"
        "draft.write_text(json.dumps(facts))\n"
        f"draft.replace({str(target)!r})\n"
    )
    path.chmod(0o755)
    return path


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not appear"
        time.sleep(0.01)


def test_an_alert_is_reported_marked_and_runs_its_command(tmp_path: Path) -> None:
    target = tmp_path / "facts.json"
    command = program_that_saves(tmp_path / "warn", target)
    result = log(*(LAMP, "-d", "40", "--alert", "power > 50 for 10s", "--on-alert", str(command)))
    assert result.exit_code == 0
    with opened(result) as session:
        ((meter, text),) = marks(session)
        samples = list(session.samples(1))
        (mark,) = session.events([EventKind.MARK])
    assert meter == 1
    assert text.startswith("Alert: power ")
    assert text.endswith(" W, > 50 W for 10 s")
    # Raised with the tenth record; a first one after a gap may start the time again.
    assert mark.event.time_us in {one.time_us for one in samples[8:14]}
    assert f"{text}." in result.stderr
    wait_for(target)
    facts = json.loads(target.read_text())
    assert facts["WATTUI_ALERT"] == "power > 50 W for 10 s"
    assert facts["WATTUI_METER"].startswith("PRO")
    assert facts["WATTUI_PORT"] == LAMP
    assert 50 < float(facts["WATTUI_VALUE"]) < 70
    assert facts["WATTUI_SESSION"] == str(session.path)


def test_an_alert_that_is_over_is_reported_once() -> None:
    result = log("sim://pro?load=desktop&speed=500", "-d", "300", "--alert", "power > 100")
    with opened(result) as session:
        texts = [text.partition(":")[0] for _meter, text in marks(session)]
    assert texts[:2] == ["Alert", "Alert over"]
    assert texts == ["Alert", "Alert over"] * (len(texts) // 2) + ["Alert"] * (len(texts) % 2)


def test_the_total_of_two_meters_is_marked_for_all_of_them() -> None:
    # Slow enough for both to begin at about the same time.
    slower = LAMP.replace("200", "30")
    alert = "total power > 100 for 5s"
    result = log(slower, f"{slower}&id=2", "-d", "60", "--alert", alert)
    with opened(result) as session:
        (mark, *_others) = marks(session)
    assert mark[0] is None
    assert mark[1].startswith("Alert: total power 1")


def test_a_command_that_fails_is_reported_and_the_recording_goes_on(tmp_path: Path) -> None:
    command = tmp_path / "fails"
    command.write_text(f"#!{sys.executable}\nraise SystemExit(3)\n")
    command.chmod(0o755)
    result = log(
        "sim://pro?load=lamp&speed=20",
        *("-d", "40", "--alert", "power > 50", "--on-alert", str(command)),
    )
    assert result.exit_code == 0
    assert f"{command} failed with code 3" in result.stderr
    with opened(result) as session:
        assert session.count(1) >= 38


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--alert", "heat > 5"), "There is no field"),
        (("--alert", "power > 5", "--on-alert", "no-such-program-here"), "There is no program"),
        (("--on-alert", "true"), "--on-alert needs --alert"),
        (("--alert", "power > 5", "--alert-shell"), "--alert-shell needs --on-alert"),
        (("--energy", "5 W"), "is not an energy"),
        (("--until", "2020-01-01"), "is over"),
        (("--until", "8h"), "is not a time of day or a date"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_starts(
    options: tuple[str, ...], reason: str
) -> None:
    result = log(LAMP, *options)
    assert result.exit_code == 2
    assert reason in " ".join(result.stderr.replace("│", " ").split())


def test_an_energy_ends_the_recording_with_the_record_that_reaches_it() -> None:
    result = log(LAMP, f"{LAMP}&id=2", "--energy", "1Wh", "--quiet")
    assert result.exit_code == 0
    with opened(result) as session:
        figures = [session.statistics(meter.id) for meter in session.meters]
        last = max(
            one["power"] or 0.0 for meter in session.meters for one in session.samples(meter.id)
        )
    energy = sum(one.energy_wh for one in figures)
    assert 1.0 <= energy < 1.0 + 2 * last / 3600


def test_a_time_ends_the_recording() -> None:
    until = datetime.now() + timedelta(minutes=2)
    result = log(LAMP, "--until", until.isoformat(" ", "seconds"), "--quiet")
    assert result.exit_code == 0
    with opened(result) as session:
        span = session.span_us()
        interrupted = session.interrupted
    assert span is not None
    end = int(until.timestamp()) * MICROSECONDS
    assert end - 1.6 * MICROSECONDS <= span[1] <= end + 0.6 * MICROSECONDS
    assert not interrupted


def test_a_service_watches_for_alerts_too(monkeypatch: pytest.MonkeyPatch) -> None:
    from wattui.desktop import systemd_unit

    installed: list[list[str]] = []

    def install(arguments: list[str]) -> tuple[Path, list[list[str]]]:
        installed.append(list(arguments))
        return Path("unit"), []

    monkeypatch.setattr(systemd_unit, "install", install)
    monkeypatch.setattr(systemd_unit, "lingers", lambda: True)
    options = ("--alert", "total power above 1 kW for 1m", "--on-alert", f"{sys.executable} -c ''")
    result = CliRunner().invoke(program, ["service", "install", *options])
    assert result.exit_code == 0, result.output
    arguments = installed[0]
    assert arguments[arguments.index("--alert") + 1] == "total power > 1000 W for 60 s"
    assert arguments[arguments.index("--on-alert") + 1] == f"{sys.executable} -c ''"
    relative = ("--alert", "power > 5", "--on-alert", "./warn.sh", "--alert-shell")
    result = CliRunner().invoke(program, ["service", "install", *relative])
    assert result.exit_code == 2
    assert "full path" in result.stderr


def test_the_status_file_lists_the_alerts_that_last(tmp_path: Path) -> None:
    status = tmp_path / "status.json"
    log(LAMP, "-d", "20", "--alert", "power > 50", "--status-file", str(status))
    found = json.loads(status.read_text())["alerts"]
    assert [one["alert"] for one in found] == ["power > 50 W"]
    assert found[0]["meter"].startswith("PRO")
