# SPDX-License-Identifier: GPL-3.0-or-later
"""Shorter waits for a quiet line, which is quiet sooner with a simulated meter."""

from __future__ import annotations

import pytest

from wattui.client.conversation import Conversation
from wattui.meter_memory import logging_modes, settings

#: Seconds without a byte after which such a line is quiet.
SILENCE = 0.06


def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less for a quiet line."""
    for module in (settings, logging_modes):
        monkeypatch.setattr(module, "SETTLE", SILENCE)
    monkeypatch.setattr(Conversation.quiet, "__defaults__", (SILENCE, 3.0))
