# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui log`` unattended: new files, waiting for ports, the watchdog."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from log_process import DEADLINE, FAST, Log, printed_times, recorded_times, wait_for

from wattui.cli.program import program as command_line
from wattui.cli.recording.recording import Recording
from wattui.cli.recording.unattended import Unattended, UnattendedOptions, status_words
from wattui.client import ClientState
from wattui.desktop.systemd_notify import Notifier
from wattui.measurement.events import MeterInfo
from wattui.session import Session, WriterStatus
from wattui.simulator.pty_server import PtyServer
from wattui.simulator.simulated_meter import SimulatedMeter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and ptys of POSIX")


def sessions(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.wattui"))


# -- files --


def test_a_signal_starts_a_new_file_and_nothing_is_lost(
    program: list[str], logs: list[Log], tmp_path: Path
) -> None:
    logs.append(log := Log(program, FAST, "--output-dir", str(tmp_path / "out"), "--csv"))
    for count in (1, 2):
        log.read_lines(len(log.lines) + 100)
        log.process.send_signal(signal.SIGHUP)
        wait_for(lambda n=count: len(sessions(tmp_path / "out")) > n, "a new file")
    log.read_lines(len(log.lines) + 100)
    assert log.end(signal.SIGTERM) == 0
    found = sessions(tmp_path / "out")
    assert len(found) == 3
    assert log.lines[-1] == str(found[-1])
    recorded = [time for path in found for time in recorded_times(path)]
    assert printed_times(log.lines) == recorded
    for path in found:
        with Session.open(path) as session:
            assert not session.interrupted
        rows = path.with_suffix(".csv").read_text().splitlines()
        assert len([row for row in rows if row[0] != "#"]) == 1 + len(recorded_times(path))
    assert [p for p in (tmp_path / "out").iterdir() if p.suffix not in (".wattui", ".csv")] == []


def test_one_file_per_period(tmp_path: Path) -> None:
    words = ["log", "sim://pro?speed=2000", "-d", "2h", "--output-dir", str(tmp_path), "-q"]
    result = CliRunner().invoke(command_line, [*words, "--rotate", "hour"])
    assert result.exit_code == 0, result.stderr
    found = sessions(tmp_path)
    assert len(found) in (2, 3)
    assert all(path.name.endswith(".00.00.wattui") for path in found[1:])
    assert sum(len(recorded_times(path)) for path in found) == pytest.approx(7200, abs=2)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--rotate", "day"], 2, "--output-dir"),
        (["--csv"], 2, "--output-dir"),
        (["--output-dir", "out", "--session", "a.wattui"], 2, "--output-dir"),
        (["--output-dir", "out", "--rotate", "often"], 2, "100MB"),
        (["--output-dir", "taken/out"], 6, "taken"),
    ],
)
def test_options_that_exclude_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], status: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("")
    result = CliRunner().invoke(command_line, ["log", FAST, *words])
    assert result.exit_code == status
    assert said in result.stderr


# -- ports --


@pytest.fixture
def meter() -> Iterator[str]:
    with PtyServer([SimulatedMeter("PRO")]) as server:
        yield str(server.paths[0])


def test_a_second_program_on_a_port_reports_which_one_has_it(
    program: list[str], logs: list[Log], meter: str
) -> None:
    logs.append(first := Log(program, meter))
    first.read_lines(2)
    second = subprocess.run(
        [*program, "log", meter, "-q"], capture_output=True, text=True, timeout=DEADLINE
    )
    assert second.returncode == 3
    assert re.search(rf"\b{first.process.pid}\b", second.stderr), second.stderr
    # The first one is none the worse for it.
    first.read_lines(len(first.lines) + 2)
    assert first.end(signal.SIGTERM) == 0


def test_it_waits_for_a_port_that_does_not_exist(
    program: list[str], logs: list[Log], tmp_path: Path, meter: str
) -> None:
    link = tmp_path / "meter"
    out = tmp_path / "out"
    logs.append(log := Log(program, str(link), "--wait", "--output-dir", str(out)))
    link.symlink_to(meter)
    log.read_lines(3)
    assert log.end(signal.SIGTERM) == 0
    assert printed_times(log.lines) == recorded_times(sessions(out)[0])


def test_ending_while_it_waits_is_not_an_error(
    program: list[str], logs: list[Log], tmp_path: Path
) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(path)
        end.settimeout(DEADLINE)
        os.environ["NOTIFY_SOCKET"] = path
        try:
            logs.append(log := Log(program, str(tmp_path / "none"), "--wait", "-q"))
        finally:
            del os.environ["NOTIFY_SOCKET"]
        assert end.recv(500).startswith(b"READY=1")
        while b"not available, trying again" not in end.recv(500):
            pass
    assert log.end(signal.SIGTERM) == 0
    errors = log.errors()
    assert errors.count("Error:") == 1
    assert "nothing was recorded" in errors


class FakeTrack(SimpleNamespace):
    """The part of a track that the supervision uses."""

    def __init__(self, **given: Any) -> None:
        client = SimpleNamespace(info=MeterInfo("A", "/dev/ttyUSB0"), trying=False)
        known = {"done": False, "failure": None, "state": ClientState.RUNNING, "committed": 0.0}
        super().__init__(**{**known, "client": client, **given})


def recording_of(*tracks: FakeTrack, **given: Any) -> Any:
    known = {"tracks": list(tracks), "refused_at": -1e9, "status": None, "path": None}
    return SimpleNamespace(**{**known, **given})


@pytest.mark.parametrize(
    ("track", "well"),
    [
        ({"committed": 995.0}, True),
        ({"committed": 960.0}, False),
        ({"committed": 960.0, "state": ClientState.LOST, "trying": True}, True),
        ({"committed": 960.0, "state": ClientState.LOST}, False),
        ({"committed": 960.0, "failure": OSError(), "state": ClientState.FAILED}, True),
        ({"committed": 0.0, "done": True}, True),
        ({"committed": 800.0, "interval": 60.0}, True),
        ({"committed": 600.0, "interval": 60.0}, False),
    ],
)
def test_alive_means_that_samples_reach_the_disk(track: dict[str, Any], well: bool) -> None:
    info = MeterInfo("A", "/dev/ttyUSB0", interval=track.pop("interval", 1.0))
    client = SimpleNamespace(info=info, trying=track.pop("trying", False))
    watch = Unattended(UnattendedOptions(), Notifier(), clock=lambda: 0.0)
    other = FakeTrack(committed=999.0)
    assert watch.well(recording_of(other, FakeTrack(client=client, **track)), 1000.0) is well
    assert watch.well(recording_of(), 1000.0)


def test_a_disk_problem_is_no_reason_to_restart() -> None:
    watch = Unattended(UnattendedOptions(), Notifier(), clock=lambda: 0.0)
    stuck = FakeTrack(committed=900.0)
    assert watch.well(recording_of(stuck, refused_at=990.0), 1000.0)
    assert not watch.well(recording_of(stuck, refused_at=900.0), 1000.0)


def test_what_systemctl_status_shows() -> None:
    lost = FakeTrack(state=ClientState.LOST)
    failed = FakeTrack(state=ClientState.FAILED, failure=OSError())
    words = status_words(
        recording_of(
            FakeTrack(), lost, failed, path=Path("a.wattui"), status=WriterStatus(1, "disk full")
        )
    )
    assert words == (
        "1 of 3 meters recording, 1 unplugged, 1 not available, trying again, disk full, a.wattui"
    )
    assert "plugged in" in status_words(recording_of())


def test_meters_that_are_plugged_in_later_are_recorded_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from wattui.cli.recording import unattended
    from wattui.ports.listing import PortInfo

    def port(url: str, number: str, likely: bool = True) -> PortInfo:
        return PortInfo(url, "", number, 0x0403, 0x6001, likely, "")

    present = [port("/dev/ttyUSB0", "A"), port("/dev/ttyS0", "", likely=False)]
    monkeypatch.setattr(unattended, "list_ports", lambda: present)
    added: list[str] = []
    recording = Recording([], wait=True)
    monkeypatch.setattr(recording, "add_port", added.append)
    watch = Unattended(UnattendedOptions(wait=True, every=True), Notifier(), clock=lambda: 1e6)
    watch.look(recording)
    assert added == ["/dev/ttyUSB0"]
    assert not recording.over
    # The same meter under another name is found by its own client.
    known = FakeTrack(url="/dev/ttyUSB0")
    known.client.info = MeterInfo("A", "/dev/ttyUSB0", serial_number="A")
    recording.tracks.append(known)  # type: ignore[arg-type]
    present[0] = port("/dev/ttyUSB1", "A")
    unattended._add_plugged_in(recording)
    assert added == ["/dev/ttyUSB0"]


def test_the_watchdog_is_notified_of_samples(
    program: list[str], logs: list[Log], tmp_path: Path
) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
        end.bind(path)
        end.settimeout(DEADLINE)
        os.environ.update(NOTIFY_SOCKET=path, WATCHDOG_USEC="30000000")
        try:
            logs.append(log := Log(program, "sim://pro", "-q"))
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
        notified = b""
        while b"WATCHDOG=1" not in notified or b"1 of 1 meter recording, 2" not in notified:
            notified += end.recv(500) + b"\n"
        log.process.send_signal(signal.SIGTERM)
        while b"STOPPING=1" not in notified:
            notified += end.recv(500) + b"\n"
    assert notified.startswith(b"READY=1\nSTATUS=")
    assert log.end() == 0


# -- the service --


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of settings with an awkward name, where systemd cannot be reached."""
    folder = tmp_path / 'odd 100% "etc"'
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.setattr("wattui.desktop.systemd_unit._call", lambda order: None)
    return folder


def service(*words: str) -> Any:
    return CliRunner().invoke(command_line, ["service", *words])


def unit_of(config: Path) -> str:
    return (config / "systemd" / "user" / "wattui-log.service").read_text()


def test_the_service_is_installed_and_removed(config: Path) -> None:
    assert service("status").exit_code == 1
    assert "nothing to remove" in service("remove").stderr
    result = service("install")
    assert result.exit_code == 0, result.stderr
    assert "systemctl --user enable wattui-log.service" in result.stderr
    assert "loginctl enable-linger" in result.stderr
    unit = unit_of(config)
    (start,) = re.findall(r"^ExecStart=(.*)$", unit, re.M)
    assert start.startswith("/")
    assert " log --all --wait --quiet --output-dir " in start
    assert start.endswith("--rotate day --interval 1")
    for line in ("Type=notify", "Restart=on-failure", "WatchdogSec=120", "WantedBy=default.target"):
        assert f"\n{line}\n" in unit
    assert service("status").exit_code == 0
    removed = service("remove")
    assert removed.exit_code == 0
    assert "daemon-reload" in removed.stderr
    assert list((config / "systemd" / "user").iterdir()) == []


def test_odd_names_are_quoted_for_systemd(config: Path, tmp_path: Path) -> None:
    words = ["sim://pro?serial=a b", "--output-dir", '/srv/5% of $HOME/"x"', "--rotate", "50MB"]
    assert service("install", *words, "--interval", "10", "--csv").exit_code == 0
    (start,) = re.findall(r"^ExecStart=(.*)$", unit_of(config), re.M)
    assert '"sim://pro?serial=a b" --wait' in start
    assert '--output-dir "/srv/5%% of $$HOME/\\"x\\"" --rotate 50000kB --interval 10 --csv' in start
    assert "--all" not in start
    assert service("install", "/dev/a\nb").exit_code == 1


def test_systemd_accepts_the_unit(config: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("there is no systemd-analyze")
    assert service("install", "/dev/ttyUSB0", "--output-dir", "/srv/a b").exit_code == 0
    unit = tmp_path / "wattui-log.service"
    unit.write_text(unit_of(config))
    done = subprocess.run(
        [analyze, "--user", "verify", str(unit)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
        capture_output=True, text=True, timeout=DEADLINE,
    )  # fmt: skip
    about_ours = [line for line in done.stderr.splitlines() if "wattui-log" in line]
    assert about_ours == [], done.stderr


def test_a_refusal_by_systemd_is_reported(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = subprocess.CompletedProcess([], 1, "", "Unit is masked.")
    monkeypatch.setattr("wattui.desktop.systemd_unit._call", lambda order: said)
    result = service("install")
    assert result.exit_code == 1
    assert "Unit is masked" in result.stderr


def test_a_folder_without_permission_is_an_error(config: Path) -> None:
    config.write_text("a file")
    result = service("install")
    assert result.exit_code == 6
    assert "XDG_CONFIG_HOME" in result.stderr


def test_a_disk_that_is_full_at_the_start_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It ended the recording at once, against the guide."""
    from wattui.errors import DiskRefused
    from wattui.session import writer

    real, refusals = writer.Store, 2

    def full_at_first(*args: Any) -> Any:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise DiskRefused("The disk is full", "Free some space on it.")
        return real(*args)

    monkeypatch.setattr(writer, "Store", full_at_first)
    words = ["sim://pro?speed=20", "-d", "100", "--output-dir", str(tmp_path), "--quiet"]
    result = CliRunner().invoke(command_line, ["log", *words])
    assert result.exit_code == 0, result.stderr
    assert "The disk is full" in result.stderr
    assert "The disk is accepting data again" in result.stderr
    (path,) = tmp_path.glob("*.wattui")
    assert len(recorded_times(path)) == 100
