# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that cannot control a terminal, and that every encoding of Unicode holds.

The list of commands needs nothing else of :mod:`wattui.measurement.text`.
"""

from __future__ import annotations

import re
from typing import Final

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def unicode_text(text: str) -> str:
    r"""Return a text that every encoding of Unicode holds: ``\xff`` for a byte of a file's name.

    Python puts bytes of a name that are not UTF-8 into a text as lone surrogates.
    """
    if text.isascii() or not _SURROGATE.search(text):
        return text
    return _SURROGATE.sub(lambda found: _surrogate_text(ord(found[0])), text)


def _surrogate_text(code: int) -> str:
    return f"\\x{code - 0xDC00:02x}" if 0xDC80 <= code <= 0xDCFF else f"\\u{code:04x}"


def printable(text: str) -> str:
    """Return the text with escapes for characters that control a terminal or have no form."""
    text = unicode_text(text)
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text
    )
