# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the program with a window together.

The order matters. The toolkit and the Qt binding are set before Enthought's packages are imported.
They get a separate folder, since they fail if the home folder is read-only.  The application
gets its palette before ``traitsui`` is imported, and the handlers of exceptions are
installed before the first window.  What the window does not show at first is imported when it is
needed; ``tests/ui/test_app.py`` lists what a start must not load.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("QT_API", "pyqt5")
os.environ.setdefault("ETS_TOOLKIT", "qt.qpainter")

from PyQt5.QtCore import QCoreApplication, QSocketNotifier, Qt, QTimer
from PyQt5.QtGui import QGuiApplication, QIcon
from PyQt5.QtWidgets import QApplication

from wattui.desktop import display_check, program_log
from wattui.desktop.folders import data_folder
from wattui.desktop.heap import share_heap
from wattui.desktop.launch import session_or_ports
from wattui.desktop.preferences_file import PreferencesFile
from wattui.desktop.standard_streams import open_closed_streams
from wattui.errors import WattuiError
from wattui.ui.lean_start import load_pyface, pause_collector
from wattui.ui.theme import style_sheet
from wattui.ui.theme.system_theme import SystemTheme, choose

if TYPE_CHECKING:
    from wattui.model.bench import Bench

load_pyface()

_log = logging.getLogger(__name__)

#: Sizes of the program's icon, in pixels.
_ICON_SIZES = (16, 32, 48, 64, 128, 256)

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

#: How many nested dialogs are closed at most before the window.
_MOST_DIALOGS = 10

_state: dict[str, Any] = {}


def application(settings: PreferencesFile | None = None) -> QApplication:
    """Return the Qt application in the colours of its theme; make it if there is none."""
    if "system" in _state and QApplication.instance() is _state["application"]:
        return _state["application"]
    found = QApplication.instance()
    if found is None:
        share_heap()
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_EnableHighDpiScaling)
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_UseHighDpiPixmaps)
        if sys.platform == "win32":
            # Windows has scales such as 1.25 and 1.5.  X servers report 1.04, which would blur.
            QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
                Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
            )
        found = QApplication(["wattui"])
    found.setApplicationName("wattui")
    found.setApplicationDisplayName("")
    found.setDesktopFileName("wattui")
    found.setWindowIcon(_icon())
    system = SystemTheme(found)
    chosen = settings.theme if settings is not None else "system"
    style_sheet.apply(found, choose(chosen, system.dark))
    _set_enthought_folder()
    _state.update(application=found, system=system)
    return found


def _icon() -> QIcon:
    from importlib import resources

    icon = QIcon()
    folder = resources.files("wattui.resources") / "icons"
    for size in _ICON_SIZES:
        icon.addFile(str(folder / f"wattui-{size}.png"))
    return icon


def _set_enthought_folder() -> None:
    """Set a folder for Enthought's packages that is writable even if the home is not."""
    from traits.etsconfig.api import ETSConfig

    folder = data_folder() / "enthought"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        folder = Path(tempfile.gettempdir()) / f"wattui-enthought-{os.getpid()}"
    ETSConfig.application_home = str(folder)
    ETSConfig.application_data = str(folder)
    ETSConfig.company = "wattui"


def build(
    bench: Bench | None = None, settings: PreferencesFile | None = None, **options: Any
) -> Any:
    """Open the window without running the event loop; return its TraitsUI ``UI``.

    Parameters
    ----------
    bench
        The meters and the session; a new one unless given.
    settings
        The preferences; read from their file unless given.
    options
        ``look`` lists the ports instead of the system.

    Notes
    -----
    ``ui.dispose()`` does not end its threads; closing ``ui.control`` does.
    """
    settings = settings if settings is not None else PreferencesFile.load()
    running = application(settings)
    from wattui.desktop.menu_entry import udev_command
    from wattui.model.bench import Bench
    from wattui.ui.window.main_window import assemble

    return assemble(
        bench if bench is not None else Bench(),
        settings,
        running,
        _state["system"],
        rule_command=udev_command() if sys.platform.startswith("linux") else "",
        **options,
    )


def run(
    demo: bool = False,
    ports: Sequence[str] = (),
    session: Path | str | None = None,
    names: Sequence[str] = (),
    replay: tuple[str, Callable[[float], Sequence[str]]] | None = None,
) -> int:
    """Open the window and wait until it is closed; return the exit status.

    Parameters
    ----------
    demo
        Connect to the simulated meter when the window opens.
    ports
        Connect to these ports when the window opens.
    session
        Show this session.
    names
        Names of the meters at these ports, for those without a name.
    replay
        Ask for the speed of a replay, and connect its meters: name of the recording, and a
        function that returns their ports at a speed.
    """
    settings = PreferencesFile.load()
    running = application(settings)
    pause_collector()
    from wattui.ui.plots import paint_guard
    from wattui.ui.window import error_report

    error_report.start_log()
    reports: list[Any] = []
    error_report.install(lambda text: reports[0](text) if reports else None)
    paint_guard.install()
    ui = build(settings=settings)
    # A closed window no longer has a handler.
    handler, model = ui.handler, ui.context["object"]
    files = handler.context.files
    reports.append(lambda text: model.bench.main_thread.post(lambda: model.trait_set(message=text)))
    running.setQuitOnLastWindowClosed(True)
    running.commitDataRequest.connect(lambda _manager: handler.ask_nothing())
    with _signals_close(ui):
        if session is not None:
            files.open([Path(session)])
        elif demo:
            handler.do(ui.info, "simulate")
        elif replay is not None:
            name, at = replay
            files.ask_speed(name, lambda speed: model.connect_ports(at(speed), names))
        elif ports:
            model.connect_ports(ports, names)
        status = running.exec_()
    # The loop also ends without a closed window, as when the desktop session ends.
    handler.shut_down(model)
    reports.clear()
    program_log.end_log()
    return int(status)


@contextlib.contextmanager
def _signals_close(ui: Any) -> Iterator[None]:
    """Close the window on SIGTERM and the like, as soon as the event loop runs.

    Python runs signal handlers between two Python instructions, and the event loop executes
    none; a byte on a socket wakes it.  The handler itself closes nothing, since it may have
    interrupted code that holds a lock.
    """
    near, far = socket.socketpair()
    for end in (near, far):
        end.setblocking(False)
    woken = QSocketNotifier(near.fileno(), QSocketNotifier.Type.Read)
    handler, info = ui.handler, ui.info
    asked: list[int] = []

    def wake() -> None:
        with contextlib.suppress(OSError):
            near.recv(64)
        if asked:
            close()

    def close(dialogs_left: int = _MOST_DIALOGS) -> None:
        # A dialog is still on the stack: it must return before its window is deleted.
        dialog = QApplication.activeModalWidget()
        if dialog is not None and dialogs_left:
            dialog.close()
            QTimer.singleShot(0, lambda: close(dialogs_left - 1))
        elif ui.control is not None:
            _log.info("closing on %s", signal.Signals(asked[0]).name)
            handler.close_now(info)

    woken.activated.connect(wake)
    before = signal.set_wakeup_fd(far.fileno(), warn_on_full_buffer=False)
    handlers = {}
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None:
            handlers[number] = signal.signal(number, lambda number, _frame: asked.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        woken.setEnabled(False)
        near.close()
        far.close()


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "wattui-gui", description="Record Watts up? meters in a window."
    )
    parser.add_argument("targets", nargs="*", help="a session to show, or ports to connect to")
    parser.add_argument("--demo", action="store_true", help="connect to a simulated meter")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Start the program without a console, as a double-click does; return the exit status."""
    open_closed_streams()
    arguments = _arguments(argv)
    try:
        session, ports = session_or_ports(arguments.targets)
        display_check.check()
        return run(demo=arguments.demo, ports=ports, session=session)
    except WattuiError as error:
        sys.stderr.write(f"wattui: {error}\n")
        return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
