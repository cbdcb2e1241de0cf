# SPDX-License-Identifier: GPL-3.0-or-later
"""The program with a window, started as its users start it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from log_process import recorded_times, wait_for

from wattui.session import Session
from wattui.ui import app

#: Starts the window, does something a while after it opened, and tells on what it ends.
DRIVER = """
import sys, threading
from PyQt5 import QtCore
from wattui.ui import app
import wattui.ui.window.main_window as assemble
made = assemble.assemble
def watched(*arguments, **options):
    options["look"] = list
    ui = made(*arguments, **options)
    model = ui.context["object"]
    def when_said(action):
        saying = QtCore.QTimer(ui.control)
        def said():
            if "went wrong" in model.message:
                saying.stop()
                action()
        saying.timeout.connect(said)
        saying.start(20)
    timer = QtCore.QTimer(ui.control)
    def look():
        if {ready}:
            timer.stop()
            print("ready", flush=True)
            {action}
    timer.timeout.connect(look)
    timer.start(20)
    return ui
assemble.assemble = watched
status = app.main({arguments!r})
left = [one.name for one in threading.enumerate() if one is not threading.main_thread()]
print("threads", left, "status", status, flush=True)
sys.exit(status)
"""


def start(*arguments, ready="model.marking", action="pass", **environment):
    """Start the window in a process of its own."""
    code = DRIVER.format(ready=ready, action=action, arguments=list(arguments))
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until_ready(process):
    assert process.stdout.readline() == "ready\n", process.communicate(timeout=30)[1]


def recordings():
    return sorted(Path(os.environ["WATTUI_DATA"]).rglob("*.wattui"))


def test_the_demo_connects_at_once_and_sigterm_closes_it_properly():
    process = start("--demo")
    wait_until_ready(process)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "threads []" in out
    (path,) = recordings()
    with Session.open(path) as session:
        assert not session.interrupted
        assert session.count(session.meters[0].id) > 0


def test_sigint_closes_it_too():
    process = start(ready="True")
    wait_until_ready(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert "threads []" in out


def test_sigterm_while_a_dialog_is_open_does_not_crash():
    """The file dialog was deleted with its window inside its own event loop."""
    action = (
        "kill = QtCore.QTimer(ui.control); "
        "kill.timeout.connect(lambda: app.QApplication.activeModalWidget() and "
        "(kill.stop(), __import__('os').kill(__import__('os').getpid(), 15))); "
        "kill.start(20); ui.handler.do(ui.info, 'open')"
    )
    process = start("--demo", action=action)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "threads []" in out
    (path,) = recordings()
    with Session.open(path) as session:
        assert not session.interrupted


def test_a_signal_before_the_event_loop_runs_closes_the_window_when_it_does():
    """The window was already gone, and the loop never ended."""
    code = """
import os, signal
from wattui.ui import app
class Early(app.QApplication):
    def exec_(self):
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        return super().exec_()
app.QApplication = Early
print("status", app.main(["--demo"]), flush=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "status 0" in done.stdout


def test_a_session_on_the_command_line_is_shown(tmp_path):
    from plot_window import Recording, sample

    recording = Recording(tmp_path)
    recording.add([sample(1)])
    recording.close()
    process = start(
        str(recording.path), ready="model.state == 'opened'", action="ui.control.close()"
    )
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "status 0" in out


@pytest.mark.skipif(sys.platform == "win32", reason="there are no ptys")
def test_two_windows_at_one_port(tmp_path):
    """The second one says who has the port; the first one goes on and misses nothing."""
    from wattui.simulator.pty_server import PtyServer
    from wattui.simulator.sim_url import meter_from_url

    link = tmp_path / "port"
    with PtyServer([meter_from_url("sim://pro?load=lamp&speed=20")], [link]):
        first = start(str(link))
        wait_until_ready(first)
        action = "print(model.bench.meters[0].problem, flush=True); ui.control.close()"
        second = start(str(link), ready="model.state == 'failed'", action=action)
        out, err = second.communicate(timeout=60)
        assert second.returncode == 0, err
        assert f"{link} is in use by" in out
        assert str(first.pid) in out
        (path,) = recordings()
        before = len(recorded_times(path))
        wait_for(lambda: len(recorded_times(path)) > before, "more samples")
        first.send_signal(signal.SIGTERM)
        assert "threads []" in first.communicate(timeout=30)[0]
    with Session.open(path) as session:
        assert not session.interrupted
        assert len(session.gaps(1)) == 0


#: What no start needs; names of packages include their modules.
LATER = (
    # PyQt5.Qt loads the whole of Qt.
    *("PyQt5.Qt", "PyQt5.QtBluetooth", "PyQt5.QtQml", "PyQt5.QtSql", "PyQt5.QtWebSockets"),
    *("chaco.api", "enable.savage", "pygments", "pandas", "PIL", "scipy", "unittest"),
    *("click", "rich", "pyarrow", "openpyxl", "paho", "prometheus_client", "psycopg"),
    *("wattui.cli", "wattui.benchmark", "wattui.forwarding", "wattui.report", "wattui.api"),
    *("wattui.formats", "wattui.simulator"),
    *("wattui.ui.compare", "wattui.ui.figure", "wattui.ui.sessions"),
    *("wattui.ui.memory.settings_window", "wattui.ui.dialogs.export_dialog"),
)


def test_a_start_loads_no_module_that_it_does_not_need():
    loaded = "[n for n in sys.modules if any(n == p or n.startswith(p + '.') for p in later)]"
    action = f"later = {LATER}; print({loaded}); ui.control.close()"
    process = start(ready="True", action=action)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "\n[]\n" in out, out


def test_a_start_searches_its_memory_only_once_the_window_is_open():
    """A start with searches took 150 ms longer, and each search of the open window 100 ms."""
    driver = (
        "import gc\n"
        "from PyQt5 import QtWidgets\n"
        "run = QtWidgets.QApplication.exec_\n"
        "def watched(_application):\n"
        "    print(gc.isenabled())\n"
        "    return run()\n"
        "QtWidgets.QApplication.exec_ = watched\n"
    )
    action = "import gc; print(gc.isenabled(), gc.get_freeze_count() > 100_000); ui.control.close()"
    process = subprocess.Popen(
        [sys.executable, "-c", driver + DRIVER.format(ready="True", action=action, arguments=[])],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    out, err = process.communicate(timeout=60)
    assert out.splitlines()[:3] == ["False", "ready", "True True"], (out, err)


def test_the_program_starts_with_a_read_only_home(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(stat.S_IRUSR | stat.S_IXUSR)
    folders = {
        name: str(home / "x")
        for name in ("WATTUI_DATA", "WATTUI_CONFIG", "XDG_DATA_HOME", "XDG_CONFIG_HOME")
    }
    if os.geteuid() == 0:
        # Root may write anywhere, except below a file.
        home = tmp_path / "file"
        home.write_text("")
        folders = {name: str(home / "x") for name in folders}
    process = start(ready="True", action="ui.control.close()", HOME=str(home), **folders)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "status 0" in out


def test_an_exception_in_a_slot_does_not_end_the_program():
    action = (
        "QtCore.QTimer.singleShot(0, lambda: 1 / 0); "
        "when_said(lambda: (print('said', model.message), ui.control.close()))"
    )
    process = start(ready="True", action=action)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "said Something went wrong (ZeroDivisionError); see Help → Show the log" in out
    log = Path(os.environ["WATTUI_DATA"]) / "log" / "wattui.log"
    assert "ZeroDivisionError" in log.read_text()


def test_exceptions_in_a_thread_and_in_an_observer_are_reported():
    action = (
        "threading.Thread(target=lambda: [].pop()).start(); "
        "when_said(lambda: (print('said', model.message), ui.control.close()))"
    )
    process = start(ready="True", action=action)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "said Something went wrong (IndexError)" in out


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="displays are Linux's")
def test_without_a_display_there_is_a_message_and_no_abort():
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from wattui.ui import app; sys.exit(app.main([]))"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode > 0
    assert "no display" in done.stderr.lower()
    assert "Traceback" not in done.stderr
    assert time.monotonic() - begun < 60


def test_the_icon_is_there():
    app.application()
    assert not app._icon().isNull()
    assert {size.width() for size in app._icon().availableSizes()} >= {16, 48, 256}
