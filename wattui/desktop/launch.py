# SPDX-License-Identifier: GPL-3.0-or-later
"""What a start of the window is about: a session, or the ports of meters."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wattui.errors import WattuiError


def told_apart(targets: Sequence[str]) -> tuple[Path | None, tuple[str, ...]]:
    """Tell a session from ports: give the one or the others.

    Raises
    ------
    WattuiError
        There is a session, and more than that.
    """
    targets = [target for target in targets if target]
    sessions = [Path(target) for target in targets if _is_session(target)]
    if not sessions:
        return None, tuple(targets)
    if len(targets) > 1:
        raise WattuiError(
            f"{sessions[0]} is a session, and a window shows one or the meters of ports",
            "Name one session, or ports only.",
        )
    return sessions[0], ()


def _is_session(target: str) -> bool:
    path = Path(target)
    return "://" not in target and (path.is_file() or path.suffix.lower() == ".wattui")
