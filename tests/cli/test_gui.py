# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui gui`` up to the window itself, and ``wattui desktop``."""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import socket
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from wattui.cli.commands.gui import DEMO_PORT
from wattui.cli.program import program as wattui_program
from wattui.desktop import display_check
from wattui.desktop.launch import session_or_ports
from wattui.errors import DisplayMissing, WattuiError
from wattui.measurement.events import MeterInfo
from wattui.session import BulkWriter

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="displays of X11")


def run(*args: str) -> Result:
    return CliRunner().invoke(wattui_program, args)


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Replace the window, and collect the options that it is opened with."""
    collected: list[dict[str, Any]] = []
    app = types.ModuleType("wattui.ui.app")
    app.run = lambda **options: collected.append(options)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "wattui.ui.app", app)
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    return collected


def test_the_window_opens_sessions_and_ports(calls: list[dict[str, Any]], tmp_path: Path) -> None:
    session = tmp_path / "run.wattui"
    session.touch()
    two = ["/dev/ttyUSB0", "/dev/ttyUSB1"]
    some = ([], ["gui"], ["gui", "--demo"], ["gui", two[0]], ["gui", *two], [str(session)])
    for args in some:
        assert run(*args).exit_code == 0
    nothing = {"demo": False, "ports": (), "session": None}
    assert calls == [
        nothing,
        nothing,
        {**nothing, "demo": True},
        {**nothing, "ports": ("/dev/ttyUSB0",)},
        {**nothing, "ports": tuple(two)},
        {**nothing, "session": session},
    ]


def test_a_session_is_distinguished_from_a_port(tmp_path: Path) -> None:
    session = tmp_path / "odd name"
    session.touch()
    assert session_or_ports([str(session)]) == (session, ())
    assert session_or_ports(["missing.wattui"]) == (Path("missing.wattui"), ())
    for ports in (["COM3"], ["/dev/ttyUSB0"], ["sim://pro?replay=x.wattui", "COM4"], []):
        assert session_or_ports(ports) == (None, tuple(ports))
    with pytest.raises(WattuiError, match="is a session"):
        session_or_ports(["COM3", str(session)])


def test_a_replay_in_the_window_has_every_meter_of_the_file(
    calls: list[dict[str, Any]], tmp_path: Path
) -> None:
    """It used to show only the first one, and played it without asking for the speed."""
    path, values = tmp_path / "two.wattui", (100,) * 18
    with BulkWriter(path) as writer:
        for key in ("server", "desk"):
            meter = MeterInfo(key, key, name=key)
            times = np.array([1_000_000, 2_000_000])
            writer.add(meter, times, 1_000_000, np.array([values] * 2), np.zeros(2, np.int64))
    assert run("replay", str(path), "--gui").exit_code == 0
    assert run("replay", str(path), "--gui", "--speed", "60").exit_code == 0
    asking, given = calls
    assert asking["names"] == given["names"] == ["server", "desk"]
    name, at = asking["replay"]
    assert name == "two.wattui"
    assert at(60.0) == given["ports"]
    for number, url in enumerate(given["ports"], 1):
        assert f"meter={number}&speed=60&" in f"{url}&"


@pytest.mark.usefixtures("no_display")
def test_without_a_display_the_error_has_a_hint() -> None:
    result = run("gui", "--demo")
    assert result.exit_code == 8
    assert "There is no display" in result.stderr
    assert "wattui log" in result.stderr


@pytest.mark.usefixtures("no_display")
def test_a_display_that_does_not_answer_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPLAY", ":4711")
    result = run("gui")
    assert result.exit_code == 8
    assert "The display :4711 does not answer" in result.stderr
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-4711")
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/nonexistent")
    assert "Neither display" in run("gui").stderr


@pytest.mark.usefixtures("no_display")
def test_a_display_that_answers_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-0"))
        server.listen()
        monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
        display_check.check()


@pytest.mark.usefixtures("no_display")
def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plugins = tmp_path / "Qt5" / "plugins" / "platforms"
    plugins.mkdir(parents=True)
    (plugins / "libqxcb.so").write_bytes(b"no library")
    spec = types.SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: spec)
    monkeypatch.setattr(display_check, "_x_answers", lambda _name: True)
    monkeypatch.setenv("DISPLAY", ":0")
    with pytest.raises(DisplayMissing, match="libqxcb"):
        display_check.check()


@pytest.mark.parametrize(
    ("package", "machine", "way"),
    [
        ("PyQt5", "x86_64", "pip install wattui"),
        ("PyQt5.QtCore", "aarch64", "apt install python3-pyqt5"),
        ("chaco.api", "aarch64", "pip install wattui"),
    ],
)
def test_a_missing_pyqt5_was_answered_with_libgl1(
    monkeypatch: pytest.MonkeyPatch, package: str, machine: str, way: str
) -> None:
    load = importlib.import_module

    def missing(name: str) -> object:
        if name == "wattui.ui.app":
            raise ModuleNotFoundError(f"No module named {package!r}", name=package)
        return load(name)

    monkeypatch.setattr(display_check, "check", lambda: None)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(importlib, "import_module", missing)
    result = run("gui")
    assert result.exit_code == 8
    assert f"needs the Python package {package.partition('.')[0]}," in result.stderr
    assert way in " ".join(result.stderr.split())
    assert "libgl1" not in result.stderr


@pytest.mark.usefixtures("no_display")
def test_or_terminal_records_instead(program: list[str]) -> None:
    fast = DEMO_PORT.replace("?", "?speed=100&")
    script = (
        "import sys, wattui.cli.commands.gui as gui, wattui.cli as cli\n"
        f"gui.DEMO_PORT = {fast!r}\n"
        "cli.main()"
    )
    process = subprocess.Popen(
        [program[0], "-c", script, "gui", "--demo", "--or-terminal"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline().startswith("# time")
    assert process.stdout.readline().startswith("20")
    process.terminate()
    output, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert Path(output.splitlines()[-1]).is_file()
    assert "There is no display" in said
    assert "recording in the terminal instead" in said


@pytest.mark.usefixtures("no_display")
def test_a_session_cannot_be_shown_in_the_terminal(tmp_path: Path) -> None:
    session = tmp_path / "run.wattui"
    session.touch()
    assert run("gui", str(session), "--or-terminal").exit_code == 8
    result = run("gui", "--or-terminal")
    assert result.exit_code == 8
    assert "Give a port" in result.stderr


def test_install_lists_the_files_it_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    from wattui.desktop import menu_entry

    monkeypatch.setattr(menu_entry, "install", lambda: [Path("/x/wattui.desktop")])
    monkeypatch.setattr(menu_entry, "udev_command", lambda: "sudo install rule")
    result = run("desktop", "install")
    assert result.exit_code == 0
    assert result.stdout == "Wrote /x/wattui.desktop\n"
    assert "sudo install rule" in result.stderr


def test_remove_lists_the_files_it_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    from wattui.desktop import menu_entry

    monkeypatch.setattr(menu_entry, "remove", lambda: [Path("/x/wattui.desktop")])
    assert run("desktop", "remove").stdout == "Removed /x/wattui.desktop\n"
    monkeypatch.setattr(menu_entry, "remove", list)
    assert "nothing to remove" in run("desktop", "remove").stderr


@pytest.mark.parametrize("name", ["foo", "foo;bar", "foo:size=1x1"])
def test_a_platform_that_qt_does_not_have_is_refused_before_qt_aborts(
    name: str, program: list[str]
) -> None:
    if not display_check._platform_plugins():
        pytest.skip("the plugins of this system's Qt are not beside PyQt5")
    for args in (["gui", "--demo"], []):
        done = subprocess.run(
            [*program, *args], env={**os.environ, "QT_QPA_PLATFORM": name},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == 8
        assert f"Qt has no platform {name}, which the variable QT_QPA_PLATFORM names" in done.stderr
        assert "offscreen" in done.stderr


def test_a_figure_needs_no_platform(program: list[str], tmp_path: Path) -> None:
    path = tmp_path / "a.wattui"
    with BulkWriter(path) as writer:
        values = np.array([(100,) * 18] * 2)
        times = np.array([1_000_000, 2_000_000])
        writer.add(MeterInfo("a", "a"), times, 1_000_000, values, np.zeros(2, np.int64))
    done = subprocess.run(
        [*program, "plot", str(path), "-o", str(tmp_path / "a.png")],
        env={**os.environ, "QT_QPA_PLATFORM": "foo"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, (tmp_path / "a.png").exists()) == (0, True), done.stderr
