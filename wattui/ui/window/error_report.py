# SPDX-License-Identifier: GPL-3.0-or-later
"""Handles exceptions that nothing caught: they are logged and reported in the status bar.

PyQt ends the process on an exception in a slot, an event or a timer unless there is
a hook; Traits has two stacks of exception handlers.  No dialog opens, and a recording
continues.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import wattui
from wattui.desktop import program_log
from wattui.errors import WattuiError
from wattui.measurement.log_format import FILE_FORM, PrintableFormatter

_log = logging.getLogger("wattui")


def start_log(folder: Path | None = None) -> None:
    """Log to a file, and print warnings on the terminal if there is one.

    Separate threads write, so that neither the window nor a recording waits for the disk, or for
    a program that does not read what is printed.
    """
    if sys.stderr is not None:
        stream = logging.StreamHandler()
        stream.setFormatter(PrintableFormatter("%(levelname)s %(name)s: %(message)s"))
        terminal = program_log.handed_over(lambda: stream)
        terminal.setLevel(logging.WARNING)
        logging.getLogger().addHandler(terminal)
    form = PrintableFormatter(FILE_FORM)
    program_log.start_log(form, f"wattui {wattui.__version__}, window", folder)


def install(report: Callable[[str], None]) -> None:
    """Handle all exceptions that nothing catches.  Call it before the first window.

    Parameters
    ----------
    report
        Called with a sentence for the status bar, on any thread.
    """

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
