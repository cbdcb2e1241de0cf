# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the command of an alert, without a shell unless asked, and never waits for it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable, Mapping
from typing import Final

#: The most runs of it at a time: one that never ends must not fill the machine.
MOST_RUNNING: Final = 8


class AlertCommand:
    """A command that is run with facts in its environment.

    Parameters
    ----------
    line
        The command, with its arguments quoted as in a shell.
    shell
        Whether a shell runs it, which the user must have asked for.

    Raises
    ------
    ValueError
        It is empty, or a quote is not closed.
    """

    def __init__(self, line: str, shell: bool = False) -> None:
        self.line = line.strip()
        self._shell = shell
        if not self.line:
            raise ValueError("The command is empty.")
        try:
            self._arguments = shlex.split(self.line)
        except ValueError:
            raise ValueError(f"A quote is not closed in the command {self.line}.") from None
        self._lock = threading.Lock()
        self._running = 0

    def problem(self) -> str:
        """Return why it cannot be run, for people, or an empty text; blocks on the disk."""
        if self._shell or shutil.which(self._arguments[0]) is not None:
            return ""
        return (
            f"There is no program {self._arguments[0]}. Give its full path, or run the command "
            "in a shell."
        )

    def run(self, facts: Mapping[str, str], failed: Callable[[str], None]) -> threading.Thread:
        """Run it in the background; *failed* is called on another thread with the reason."""
        thread = threading.Thread(
            target=self._run, args=(dict(facts), failed), name="wattui alert command", daemon=True
        )
        thread.start()
        return thread

    def _run(self, facts: dict[str, str], failed: Callable[[str], None]) -> None:
        with self._lock:
            if self._running >= MOST_RUNNING:
                failed(f"{self.line} was not run: {MOST_RUNNING} runs of it have not ended yet")
                return
            self._running += 1
        try:
            code = self._call(facts)
        except (OSError, ValueError) as error:
            failed(f"{self.line} cannot be run ({getattr(error, 'strerror', None) or error})")
        else:
            if code:
                how = f"was ended by signal {-code}" if code < 0 else f"failed with code {code}"
                failed(f"{self.line} {how}")
        finally:
            with self._lock:
                self._running -= 1

    def _call(self, facts: Mapping[str, str]) -> int:
        # Its output must not get between the lines of a recording.
        done = subprocess.run(
            self.line if self._shell else self._arguments,
            shell=self._shell,  # the user asked for it
            env={**os.environ, **facts},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            check=False,
        )
        return done.returncode
