# SPDX-License-Identifier: GPL-3.0-or-later
"""The ``.wattui`` file: a writer that records, and a session that reads."""

from __future__ import annotations

from wattui.session.annotations import Annotations, Mark, Span
from wattui.session.bulk import BulkWriter
from wattui.session.checked import open_checked, repaired_path, sound_copy, verify
from wattui.session.envelope import Envelope
from wattui.session.naming import make_folder, new_session_path
from wattui.session.reader import Session
from wattui.session.recovery import (
    Interrupted,
    add_event,
    complete,
    copy_session,
    describe_meter,
    interrupted_sessions,
    set_info,
)
from wattui.session.salvage import Salvaged, salvage
from wattui.session.search import Gap
from wattui.session.session_file import SessionEvent, SessionMeter
from wattui.session.span_statistics import FieldStatistics, Statistics
from wattui.session.write_queue import WriterStatus
from wattui.session.writer import SessionWriter

__all__ = [
    "Annotations",
    "BulkWriter",
    "Envelope",
    "FieldStatistics",
    "Gap",
    "Interrupted",
    "Mark",
    "Salvaged",
    "Session",
    "SessionEvent",
    "SessionMeter",
    "SessionWriter",
    "Span",
    "Statistics",
    "WriterStatus",
    "add_event",
    "complete",
    "copy_session",
    "describe_meter",
    "interrupted_sessions",
    "make_folder",
    "new_session_path",
    "open_checked",
    "repaired_path",
    "salvage",
    "set_info",
    "sound_copy",
    "verify",
]
