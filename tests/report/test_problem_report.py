# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report of a problem contains, and that no name of the user is in it."""

from __future__ import annotations

import logging
import os
import platform
import re
import socket
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from hostile_texts import hostile_session, raw_characters
from session_samples import METER, record_steady

from wattui import __version__
from wattui.cli.program import program
from wattui.desktop import program_log
from wattui.desktop.folders import log_folder, sessions_folder
from wattui.desktop.preferences_file import PreferencesFile
from wattui.measurement.log_format import PrintableFormatter
from wattui.ports.listing import PortInfo
from wattui.report import problem_report as module
from wattui.report.problem_report import problem_report
from wattui.session.catalogue import Catalogue

#: What must not appear, wherever it comes from.
SECRETS = (
    "zacharias", "rechner7", "A80012", "QQ7654", "Omas Kühlschrank", "Labor 3", "geheim99",
    "broker.example.org",
)  # fmt: skip


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine on which all of them were used; return its home folder."""
    home = tmp_path / "zacharias"
    monkeypatch.setenv("HOME", str(home))
    for name in ("USER", "LOGNAME"):
        monkeypatch.setenv(name, "zacharias")
    monkeypatch.setenv("WATTUI_MQTT_PASSWORD", "geheim99")
    monkeypatch.setenv("WATTUI_DATA", str(home / "data"))
    monkeypatch.setattr(platform, "node", lambda: "rechner7.lab")
    monkeypatch.setattr(socket, "gethostname", lambda: "rechner7")
    monkeypatch.setattr(
        module, "list_ports", lambda: [PortInfo("/dev/ttyUSB0", serial_number="QQ7654")]
    )
    sessions_folder().mkdir(parents=True)
    record_steady(sessions_folder() / "2026-01-02 03.04.05 Omas Kühlschrank.wattui", 50)
    hostile_session(sessions_folder())
    settings = PreferencesFile(alert_command=f"{home}/warn.sh geheim99", theme="dark")
    settings.meters = {METER.key: {"name": "Labor 3"}}
    settings.remember_session(home / "fan.wattui")
    settings.unknown = {"owner": "zacharias"}
    settings.save()
    log_folder().mkdir()
    lines = [f"INFO {one}: it was {one!r} on {home}/x" for one in SECRETS]
    lines += [f"writing {one}" for one in sessions_folder().iterdir()]
    lines += ["mqtt://zacharias:geheim99@broker.example.org/Labor 3: refused"]
    (log_folder() / "wattui.log").write_text("\n".join(lines) + "\n")
    return home


def test_no_name_of_the_user_is_in_a_report(used: Path) -> None:
    Catalogue().scan()
    for text in (problem_report(), problem_report()):
        left = [one for one in (*SECRETS, str(used)) if one.casefold() in text.casefold()]
        assert left == []
        assert raw_characters(text) == ""
        assert "writing <" in text
        assert re.search(r"INFO <user( \d)?>: it was '<user\1>' on <home>", text)


@pytest.mark.usefixtures("used")
def test_a_report_says_what_is_needed_to_find_a_fault() -> None:
    text = problem_report()
    assert f"wattui {__version__}, Python {platform.python_version()}" in text
    for line in ("theme: dark", "recent: 1 entry", "alert_command: set", "2 sessions, "):
        assert f"\n{line}" in text
    assert "== Log: wattui.log" in text
    assert "owner" not in text


@pytest.mark.usefixtures("used")
def test_the_command_writes_the_same_report(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    done = CliRunner().invoke(program, ["doctor", "--report", str(tmp_path / "problem.txt")])
    assert done.exit_code == 0
    assert "Read it before you pass it on." in done.stderr
    written = (tmp_path / "problem.txt").read_text("utf-8")
    shown = CliRunner().invoke(program, ["doctor", "--report", "-"])
    assert shown.exit_code == 0
    assert written.startswith("Problem report of wattui\n")
    assert [line for line in written.splitlines() if "free for sessions" not in line] == [
        line for line in capfd.readouterr().out.splitlines() if "free for sessions" not in line
    ]


def test_the_ends_of_all_logs_are_in_a_report_the_newest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_LOG", 2_000)
    log_folder().mkdir(parents=True)
    for age, name in enumerate(("wattui-2.log", "wattui.log", "wattui.log.1")):
        path = log_folder() / name
        path.write_text("".join(f"line {number} of {name}\n" for number in range(1_000)))
        os.utime(path, (2_000_000_000 - age, 2_000_000_000 - age))
    text = problem_report()
    places = [text.index(f"== Log: {name}\n") for name in ("wattui-2.log", "wattui.log.1")]
    assert places == sorted(places)
    assert "line 999 of wattui-2.log" in text
    assert "line 1 of" not in text
    assert len(text) < 12_000


def test_without_a_log_and_without_sessions_there_is_a_report() -> None:
    text = problem_report()
    assert "no sessions, 0 B" in text
    assert text.endswith("== Log\n\nThere is none.\n")


def test_a_command_logs_what_it_complained_about_but_no_password(program: list[str]) -> None:
    done = subprocess.run(
        [*program, "log", "sim://pro", "--mqtt", "mqtt://anna:geheim99@host/x"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "geheim99" not in done.stdout + done.stderr
    text = (log_folder() / "wattui.log").read_text()
    assert f"wattui {__version__}, command log" in text
    assert "There is a password in mqtt://anna@host/x" in text
    assert "ended with exit code 1" in text
    assert "geheim99" not in text


def test_an_unexpected_error_leaves_its_traceback_in_the_log(tmp_path: Path) -> None:
    program_log.start_log(PrintableFormatter("%(message)s"), "first", tmp_path)
    try:
        raise ZeroDivisionError("bug")
    except ZeroDivisionError:
        logging.getLogger("wattui").exception("failed")
    program_log.end_log()
    assert "ZeroDivisionError: bug" in (tmp_path / "wattui.log").read_text()
