# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of the window: nothing waits for it."""

from __future__ import annotations

import io
import logging
import sys
import threading
from pathlib import Path

import pytest

from wattui.desktop import program_log
from wattui.ui.window import error_report

DEADLINE = 20.0


class Unread(io.StringIO):
    """A pipe that is full, until somebody reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.read_on = threading.Event()

    def write(self, text: str) -> int:
        assert self.read_on.wait(DEADLINE)
        return super().write(text)


def test_a_warning_does_not_wait_for_a_program_that_reads_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A recording's threads log warnings, too: samples did not reach the disk any longer."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    stream = Unread()
    monkeypatch.setattr(sys, "stderr", stream)
    starting = threading.Thread(target=error_report.start_log, args=(tmp_path,))
    starting.start()
    starting.join(DEADLINE)
    try:
        thread = threading.Thread(target=root.warning, args=("full",), daemon=True)
        thread.start()
        thread.join(DEADLINE / 2)
        assert not thread.is_alive()
    finally:
        stream.read_on.set()
        program_log.end_log()
        for handler in set(root.handlers) - set(handlers):
            root.removeHandler(handler)
    assert "WARNING root: full" in stream.getvalue()
