# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of the program: files of limited size, which nothing waits for.

Each running program has a file of its own.  Files are opened, written and renamed by a separate
thread: neither a window nor a recording waits for the disk, and a disk that is full or gone
costs lines of the log and nothing else.
"""

from __future__ import annotations

import atexit
import contextlib
import faulthandler
import logging
import logging.handlers
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

from wattui.desktop.folders import log_folder
from wattui.desktop.heap import share_heap

if TYPE_CHECKING:
    from filelock import FileLock

_log = logging.getLogger("wattui")

#: Size at which a new file is started, in bytes; one old file is kept of each.
LOG_SIZE: Final = 1_000_000

#: How many programs can have a log at a time.
_MOST_FILES: Final = 8

#: Lines that can wait for the disk.
_MOST_WAITING: Final = 10_000

#: Seconds that the end of the program waits for the last lines of the log.
_LAST_LINES: Final = 2.0

#: The log of this program, if there is one: the path of its file, once it is open.
_logs: Final[list[list[Path]]] = []
_ends: Final[list[Callable[[], None]]] = []
_crashes: Final[list[TextIO]] = []


def start_log(form: logging.Formatter, first_line: str, folder: Path | None = None) -> None:
    """Log to a file, once per program.

    Parameters
    ----------
    form
        Makes the lines.
    first_line
        What is logged first.
    folder
        Where the file is; None for the folder of logs.
    """
    if _logs:
        return
    opened: list[Path] = []
    _logs.append(opened)
    logging.getLogger().addHandler(
        handed_over(lambda: _open(form, log_folder() if folder is None else folder, opened))
    )
    if not _log.isEnabledFor(logging.INFO):
        _log.setLevel(logging.INFO)
    _log.info("%s", first_line)
    # Also for a program that ends in another way than planned.
    atexit.register(end_log)


def log_file() -> Path | None:
    """Return the path of this program's log; None if it has none, or none yet."""
    return next((path for opened in _logs for path in opened), None)


def end_log() -> None:
    """Write the last lines of the log, unless the disk does not respond."""
    while _ends:
        _ends.pop()()
    _logs.clear()


def log_files() -> list[Path]:
    """Return the logs of all programs, the one that was written last first.  Waits for the disk."""
    with contextlib.suppress(OSError):
        found = [(path.stat().st_mtime, path) for path in log_folder().glob("wattui*.log*")]
        return [path for _, path in sorted(found, reverse=True)]
    return []


def handed_over(make: Callable[[], logging.Handler | None]) -> logging.Handler:
    """Return a handler that passes everything to another, which works on its own thread.

    Parameters
    ----------
    make
        Makes the other handler, on its thread; None if there is none.
    """
    waiting: queue.SimpleQueue[logging.LogRecord | None] = queue.SimpleQueue()

    def write() -> None:
        with contextlib.ExitStack() as stack:
            handler = make()
            if handler is not None:
                stack.callback(handler.close)
            while (record := waiting.get()) is not None:
                if handler is not None:
                    handler.handle(record)

    share_heap()
    thread = threading.Thread(target=write, name="log writer", daemon=True)
    thread.start()
    passing = _Passing(waiting)

    def end() -> None:
        logging.getLogger().removeHandler(passing)
        waiting.put(None)
        thread.join(_LAST_LINES)

    _ends.append(end)
    return passing


class _Passing(logging.handlers.QueueHandler):
    """Passes records on; those that find no room are lost."""

    queue: queue.SimpleQueue[logging.LogRecord | None]

    def enqueue(self, record: logging.LogRecord) -> None:
        """Pass a record on, which never waits."""
        if self.queue.qsize() < _MOST_WAITING:
            self.queue.put_nowait(record)


class _LogFile(logging.handlers.RotatingFileHandler):
    """A file of limited size, which is opened again after an error of the disk."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        super().__init__(path, maxBytes=LOG_SIZE, backupCount=1, encoding="utf-8")
        self._lock = lock

    def handleError(self, _record: logging.LogRecord) -> None:
        """Close the file: the next line tries again, without a word on the terminal."""
        stream, self.stream = self.stream, None
        with contextlib.suppress(OSError, ValueError):
            if stream is not None:
                stream.close()

    def close(self) -> None:
        """Close the file, and leave it to another program."""
        with contextlib.suppress(OSError, ValueError):
            super().close()
        self._lock.release()


def _open(form: logging.Formatter, folder: Path, opened: list[Path]) -> logging.Handler | None:
    """Open the first file that no other program has, and add it to *opened*; None without one."""
    from filelock import FileLock

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(1, _MOST_FILES + 1):
            path = folder / ("wattui.log" if number == 1 else f"wattui-{number}.log")
            lock = FileLock(path.with_name(f".{path.name}.lock"), blocking=False)
            with contextlib.suppress(TimeoutError):
                lock.acquire()
                made = _LogFile(path, lock)
                made.setFormatter(form)
                _trace_crashes(path.with_name(f"{path.stem}-crash.log"))
                opened.append(path)
                return made
    except (OSError, NotImplementedError) as error:  # the latter from locks
        _log.warning("there will be no log: %s", error)
    return None


def _trace_crashes(path: Path) -> None:
    """Write the traceback of a crash of the interpreter beside the log."""
    if faulthandler.is_enabled():
        return
    with contextlib.suppress(OSError, ValueError, RuntimeError):
        too_long = path.exists() and path.stat().st_size > LOG_SIZE
        # Open until the interpreter is gone, which can crash at its very end.
        _crashes.append(path.open("w" if too_long else "a", encoding="utf-8"))
        faulthandler.enable(_crashes[-1])
