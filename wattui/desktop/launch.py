# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what the window opens when it starts: a session, or the ports of meters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wattui.errors import WattuiError


def session_or_ports(targets: Sequence[str]) -> tuple[Path | None, tuple[str, ...]]:
    """Return the session among the targets of a command line, or else the ports.

    Raises
    ------
    WattuiError
        There is a session and something else.
    """
    targets = [target for target in targets if target]
    sessions = [Path(target) for target in targets if _is_session(target)]
    if not sessions:
        return None, tuple(targets)
    if len(targets) > 1:
        raise WattuiError(
            f"{sessions[0]} is a session; a window shows one session or the meters at ports",
            "Give one session, or only ports.",
        )
    return sessions[0], ()


def _is_session(target: str) -> bool:
    path = Path(target)
    return "://" not in target and (path.is_file() or path.suffix.lower() == ".wattui")
