# SPDX-License-Identifier: GPL-3.0-or-later
"""HTML from elements whose text is escaped, so that no text can become markup."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Final

from wattui.measurement.text import printable

#: Elements without content.
_VOID: Final = frozenset(("br", "col", "img", "link", "meta"))


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """Return a text as HTML; characters that control or turn the text around are spelled out."""
    return text if isinstance(text, Markup) else Markup(html.escape(printable(text)))


def joined(parts: Iterable[str], between: str = "") -> Markup:
    """Return parts in order; what is not HTML yet is escaped."""
    return Markup(between.join(escaped(part) for part in parts))


def element(kind: str, /, *content: str, **attributes: str) -> Markup:
    """Return an element; an underscore ends attributes that are words of Python.

    Examples
    --------
    >>> element("td", "<3 W", class_="number")
    '<td class="number">&lt;3 W</td>'
    """
    found = "".join(f' {key.rstrip("_")}="{escaped(one)}"' for key, one in attributes.items())
    if kind in _VOID:
        return Markup(f"<{kind}{found}>")
    return Markup(f"<{kind}{found}>{joined(content)}</{kind}>")
