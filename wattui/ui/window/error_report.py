# SPDX-License-Identifier: GPL-3.0-or-later
"""Handles exceptions that nothing caught: they are logged and reported in the status bar.

PyQt ends the process on an exception in a slot, an event or a timer unless there is
a hook; Traits has two stacks of exception handlers.  No dialog opens, and a recording
continues.
"""

from __future__ import annotations

import faulthandler
import logging
import logging.handlers
import queue
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TextIO

import wattui
from wattui.desktop.folders import data_folder
from wattui.errors import WattuiError
from wattui.measurement.log_format import PrintableFormatter

_log = logging.getLogger("wattui")

#: Size at which a new log is started, in bytes; one old log is kept.
LOG_SIZE = 1_000_000

#: Seconds that the end of the program waits for the last lines of the log.
_LAST_LINES = 2.0

_path: list[Path] = []
_end: list[Callable[[], None]] = []
_fault_file: list[TextIO] = []


def log_file() -> Path | None:
    """Return the path of the log; None if it cannot be written."""
    return _path[0] if _path else None


def start_log(folder: Path | None = None) -> None:
    """Log to a file in the data folder, and print warnings on the terminal if there is one.

    Separate threads write, so that neither the window nor a recording waits for the disk, or for
    a program that does not read what is printed.
    """
    root = logging.getLogger()
    form = PrintableFormatter("%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s")
    if sys.stderr is not None:
        stream = logging.StreamHandler()
        stream.setFormatter(PrintableFormatter("%(levelname)s %(name)s: %(message)s"))
        terminal = _handed_over(stream)
        terminal.setLevel(logging.WARNING)
        root.addHandler(terminal)
    path = (folder or data_folder()) / "wattui.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = logging.handlers.RotatingFileHandler(
            path, maxBytes=LOG_SIZE, backupCount=1, encoding="utf-8"
        )
    except OSError as error:
        _log.warning("there will be no log: %s", error)
        return
    file.setFormatter(form)
    root.addHandler(_handed_over(file))
    _log.setLevel(logging.INFO)
    _log.info("wattui %s", wattui.__version__)
    _path[:] = [path]


def end_log() -> None:
    """Write the last lines of the log, unless the disk does not respond."""
    while _end:
        _end.pop()()


def _handed_over(handler: logging.Handler) -> logging.Handler:
    """Return a handler that passes everything to *handler*, which works on its own thread."""
    waiting: queue.SimpleQueue[logging.LogRecord | None] = queue.SimpleQueue()

    def write() -> None:
        while (record := waiting.get()) is not None:
            handler.handle(record)

    thread = threading.Thread(target=write, name="log writer", daemon=True)
    thread.start()

    def end() -> None:
        waiting.put(None)
        thread.join(_LAST_LINES)

    _end.append(end)
    return logging.handlers.QueueHandler(waiting)  # type: ignore[arg-type]


def install(report: Callable[[str], None]) -> None:
    """Handle all exceptions that nothing catches.  Call it before the first window.

    Parameters
    ----------
    report
        Called with a sentence for the status bar, on any thread.
    """
    _start_faulthandler()

    def failed(what: str, error: BaseException | None, trace: TracebackType | None) -> None:
        kind = type(error) if error is not None else None
        _log.error("%s", what, exc_info=(kind, error, trace) if error is not None else None)  # type: ignore[arg-type]
        # A failing report must not end the code that it reports on.
        try:
            report(_sentence(error))
        except Exception:  # noqa: BLE001 - the last resort
            _log.exception("an error was not reported")

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        failed("uncaught exception", error, trace)

    def thread_hook(info: threading.ExceptHookArgs) -> None:
        name = info.thread.name if info.thread is not None else "a thread"
        failed(f"an exception ended {name}", info.exc_value, info.exc_traceback)

    sys.excepthook = hook
    threading.excepthook = thread_hook
    _install_for_traits(failed)


def _sentence(error: BaseException | None) -> str:
    if isinstance(error, WattuiError):
        return str(error)
    return f"Something went wrong ({type(error).__name__}); see Help → Show the log"


def _install_for_traits(
    failed: Callable[[str, BaseException | None, TracebackType | None], None],
) -> None:
    """Push a handler onto both stacks of Traits."""
    import traits.api
    import traits.observation.api

    def trait_failed(source: object, name: str, _old: object, _new: object) -> None:
        _kind, error, trace = sys.exc_info()
        failed(f"a handler of {type(source).__name__}.{name} failed", error, trace)

    def observer_failed(event: object) -> None:
        _kind, error, trace = sys.exc_info()
        failed(f"an observer failed at {type(event).__name__}", error, trace)

    traits.api.push_exception_handler(trait_failed, reraise_exceptions=False, main=True)
    traits.observation.api.push_exception_handler(observer_failed, reraise_exceptions=False)


def _start_faulthandler() -> None:
    """Write the traceback of a crash of the interpreter to the folder of the log."""
    path = log_file()
    try:
        if path is not None:
            _fault_file[:] = [path.with_name("wattui-crash.log").open("a", encoding="utf-8")]
            faulthandler.enable(_fault_file[0])
        elif sys.stderr is not None:
            faulthandler.enable()
    except (OSError, ValueError, RuntimeError) as error:
        _log.info("crashes will leave no trace: %s", error)
