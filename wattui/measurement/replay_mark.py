# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds out from its port whether a meter replays a recording, and which one.

The port stays with the meter in every session, copy, CSV and import, and so does the mark of
a replay that is made of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from wattui.measurement.text import unicode_text

#: Name of the mark among the facts about a session.
REPLAY_OF: Final = "replay of"

#: Suffix of a session, which is left out of the name of the recording.
_SESSION: Final = ".wattui"


def replay_of(port: str) -> str:
    """Return what the meter at a port replays, and how fast; empty if it replays nothing.

    Examples
    --------
    >>> replay_of("sim://pro?replay=/home/ada/fridge.wattui&meter=2&speed=60")
    'fridge at 60x'
    >>> replay_of("sim://pro?replay=fan.raw")
    'fan.raw at 1x'
    >>> replay_of("/dev/ttyUSB0")
    ''
    """
    if "replay=" not in port:
        return ""
    try:
        parts = urlsplit(port)
    except ValueError:
        return ""
    said = dict(parse_qsl(parts.query, errors="surrogateescape"))
    if parts.scheme != "sim" or "replay" not in said:
        return ""
    try:
        speed = float(said.get("speed", "1"))
    except ValueError:
        speed = 1.0
    name = PurePath(said["replay"]).name.removesuffix(_SESSION)
    return f"{unicode_text(name)} at {speed_text(speed)}"


def speed_text(speed: float) -> str:
    """Return the speed of a replay, as in ``60x``."""
    return f"{speed:,.10g}x"


def joined_replays(replays: Iterable[str]) -> str:
    """Return several replays as one text, each of them once."""
    return "; ".join(dict.fromkeys(text for text in replays if text))
