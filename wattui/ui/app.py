# SPDX-License-Identifier: GPL-3.0-or-later
"""The program with a window: the one place that puts it together.

The order matters.  Toolkit and binding are named before anything of Enthought is
imported; a folder of our own is set for it, since it does not survive a home that
cannot be written to; the palette is set on the application before ``traitsui`` is
imported; whatever catches exceptions is there before the first window.
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
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("QT_API", "pyqt5")
os.environ.setdefault("ETS_TOOLKIT", "qt.qpainter")

from PyQt5.QtCore import QCoreApplication, QSocketNotifier, Qt, QTimer
from PyQt5.QtGui import QGuiApplication, QIcon
from PyQt5.QtWidgets import QApplication

import wattui
from wattui.desktop import display_check
from wattui.desktop.folders import data_folder
from wattui.desktop.launch import session_or_ports
from wattui.desktop.preferences_file import PreferencesFile
from wattui.errors import WattuiError
from wattui.ui.theme import style_sheet
from wattui.ui.theme.theme_switch import SystemTheme, choose

if TYPE_CHECKING:
    from wattui.model.bench import Bench

_log = logging.getLogger(__name__)

#: Sizes of the program's icon, in pixels.
_ICON_SIZES = (16, 32, 48, 64, 128, 256)

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

#: Dialogs, one above the other, that are closed before the window is.
_MOST_DIALOGS = 10

_state: dict[str, Any] = {}


def application(settings: PreferencesFile | None = None) -> QApplication:
    """Give the Qt application, made if there is none, in the colours of its theme."""
    if "system" in _state and QApplication.instance() is _state["application"]:
        return _state["application"]
    found = QApplication.instance()
    if found is None:
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_EnableHighDpiScaling)
        QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_UseHighDpiPixmaps)
        if sys.platform == "win32":
            # Windows has scales such as 1.25 and 1.5.  X servers tell of 1.04, which blurs.
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
    """Give Enthought a folder to write to, also where the home is read-only."""
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
    """Open the window without running the event loop; give its TraitsUI ``UI``.

    Parameters
    ----------
    bench
        The meters and the session; a new one unless given.
    settings
        What was remembered; read from their file unless given.
    options
        ``look`` lists the ports in place of the system's; ``post`` replaces how the
        plots hand over to the main thread.

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
) -> int:
    """Open the window and stay until it is closed; give the exit status.

    Parameters
    ----------
    demo
        Connect to the simulated meter at once.
    ports
        Connect to these ports at once.
    session
        Show this session.
    names
        What the meters at these ports are called, unless they have a name already.
    """
    settings = PreferencesFile.load()
    running = application(settings)
    from wattui.ui.plots import paint_guard
    from wattui.ui.window import error_report

    error_report.start_log()
    _log.info("wattui %s", wattui.__version__)
    said: list[Any] = []
    error_report.install(lambda text: said[0](text) if said else None)
    paint_guard.install()
    ui = build(settings=settings)
    # A closed window has no handler any more.
    handler, model = ui.handler, ui.context["object"]
    said.append(lambda text: model.bench.main_thread.post(lambda: model.trait_set(message=text)))
    running.setQuitOnLastWindowClosed(True)
    with _signals_close(ui):
        if session is not None:
            handler.context.files.open([Path(session)])
        elif demo:
            handler.do(ui.info, "simulate")
        elif ports:
            model.connect_ports(ports, names)
        status = running.exec_()
    # A loop that ends without a closed window, as when the session of the desktop ends.
    handler.shut_down(model)
    said.clear()
    return int(status)


@contextlib.contextmanager
def _signals_close(ui: Any) -> Iterator[None]:
    """Close the window on SIGTERM and the like, as soon as the event loop runs.

    Python runs its handlers between two of its own instructions, and the event loop
    executes none; a byte on a socket wakes it.  Nothing is closed by a handler itself: it
    may have interrupted whatever holds a lock that closing needs.
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
        # A dialog is still on the stack: it must return before its window is gone.
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
    parser = argparse.ArgumentParser("wattui-gui", description="The window of wattui.")
    parser.add_argument("targets", nargs="*", help="a session to show, or ports to connect to")
    parser.add_argument("--demo", action="store_true", help="connect to a simulated meter")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Start the program without a console, as a double-click does; give the exit status."""
    arguments = _arguments(argv)
    try:
        session, ports = session_or_ports(arguments.targets)
        display_check.check()
        return run(demo=arguments.demo, ports=ports, session=session)
    except WattuiError as error:
        if sys.stderr is not None:
            sys.stderr.write(f"wattui: {error}\n")
        return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
