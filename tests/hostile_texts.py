# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts from a meter or a file that try to be something else where they are shown."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from session_samples import METER, steady

from wattui.measurement.events import MeterInfo
from wattui.session import SessionWriter

#: What a name consists of: HTML, a colour and a title for a terminal, text that runs backwards.
BODY = "<b>x<&b><img src='gone.png'>\x1b[31mred\x1b]0;title\x07\u202efdp.exe\u200b\x9b5m"

#: The same for the name of a file, which has no NUL, and for everything else.
FILE_NAME = f"{BODY}.wattui"
HOSTILE = f"=cmd|{BODY}\x00end"

#: The characters that must not reach a screen.
RAW = "\x00\x07\x1b\x9b\u202e\u200b"

#: A meter whose adapter has such a serial number.
URL = f"sim://pro?speed=60&serial={quote(BODY)}"

INFO = MeterInfo(
    HOSTILE, HOSTILE, name=HOSTILE, model=HOSTILE, firmware=HOSTILE, serial_number=HOSTILE
)


def raw_characters(text: str) -> str:
    """Return the characters of a text that control a terminal or turn the text around."""
    return "".join(one for one in RAW if one in text)


def hostile_session(folder: Path, name: str = FILE_NAME) -> Path:
    """Record a session whose every text is hostile, in two meters."""
    path = folder / name
    with SessionWriter(path, software=HOSTILE) as writer:
        writer.on_samples(INFO, steady(120))
        writer.on_samples(METER, steady(120))
        writer.mark(HOSTILE, when=steady(60)[-1].time_us / 1e6)
        writer.note(HOSTILE)
    return path
