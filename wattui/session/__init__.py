# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``.wattui`` file: a writer that records, and a session that reads."""

from __future__ import annotations

from wattui.session.envelope import Envelope
from wattui.session.naming import new_session_path
from wattui.session.reader import Session, SessionEvent, SessionMeter
from wattui.session.spans import FieldStatistics, Statistics
from wattui.session.writer import SessionWriter, WriterStatus

__all__ = [
    "Envelope",
    "FieldStatistics",
    "Session",
    "SessionEvent",
    "SessionMeter",
    "SessionWriter",
    "Statistics",
    "WriterStatus",
    "new_session_path",
]
