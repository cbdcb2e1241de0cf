# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts without names of people, computers, meters and folders, for a report that others read.

Each name becomes a placeholder, such as ``<user>`` or ``<meter 2>``: the same one wherever it
appears in a report, so that a reader can still follow it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote

from wattui.measurement.text import printable

#: Names of this length and longer are found inside of words, too.
_LONG: Final = 4

#: The time with which the names of session files begin.
_TIME: Final = r"\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d"

#: With what a path begins.
_ROOT: Final = r"(?:~?/|[A-Za-z]:[/\\]|\\\\)"

#: What is found without being known: kind, and its pattern.
_PATTERNS: Final = (
    ("address", r"(?<=://)(?<!sim://)(?<!replay://)[^\s'\"<>,;)]+"),
    ("port", r"/dev/serial/by-\w+/\S+"),
    ("path", rf"(?:(?<![\w/.<>]){_ROOT}|{_TIME})[^\n]*?\.wattui"),
    ("path", rf"(?<=\"){_ROOT}[^\"\n]+(?=\")|(?<='){_ROOT}[^'\n]+(?=')"),
    ("path", rf"(?<![\w/.<>:~]){_ROOT}[\w.][^\s'\"<>:;,()]*"),
    ("serial", r"(?<=serial=)[^&\s'\"]+|\b[A-Z]{1,3}(?=[A-Z0-9]*\d)[A-Z0-9]{5,9}\b"),
    ("address", r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[\w.+-]+@[\w-]+\.[\w.-]+\b"),
)  # fmt: skip

#: Folders that are the same on every machine.
_OF_THE_SYSTEM: Final = re.compile(r"/(?:dev|proc|sys|usr|lib\w*|etc|bin|sbin|opt|run)(?:/|$)")

#: Where the path of a source file begins to be the same everywhere.
_OF_PYTHON: Final = re.compile(
    r"[/\\](?:site-packages|dist-packages|lib[/\\]python[\d.]+)[/\\]|[/\\]wattui[/\\](?=[\w/\\]+\.py$)"
)


_ANYTHING: Final = re.compile("|".join(f"(?P<n{i}>{one})" for i, (_, one) in enumerate(_PATTERNS)))

#: Letters for private use, which no text has that was made printable.
_FIRST_MARK: Final = 0xF0000
_MARK: Final = re.compile("[\U000f0000-\U000ffffd]")


class Anonymous:
    """Replaces names in texts by placeholders.

    Parameters
    ----------
    names
        Kinds, and the names of each that must not appear.

    Examples
    --------
    >>> without = Anonymous({"user": ["anna"], "meter": ["Anna's fridge"]})
    >>> without("anna started Anna's fridge; ANNA ended it")
    '<user> started <meter>; <user> ended it'
    """

    def __init__(self, names: Mapping[str, Iterable[str]]) -> None:
        #: The kind of a name and the name, by each way to write it in lower case.
        self._known_ways: dict[str, tuple[str, str]] = {}
        self._numbers: dict[str, dict[str, int]] = {}
        ways: set[str] = set()
        for kind, texts in names.items():
            for name in texts:
                for way in _ways(name):
                    ways.add(way)
                    self._known_ways.setdefault(way.casefold(), (kind, name))
        kinds = Counter(kind for kind, _name in set(self._known_ways.values()))
        #: Kinds of which there is one name only need no numbers.
        self._single = {kind for kind, count in kinds.items() if count == 1}
        found = "|".join(_pattern(way) for way in sorted(ways, key=len, reverse=True))
        self._known = re.compile(found or r"(?!)", re.IGNORECASE)
        #: The letter for each placeholder while the rest is searched, and the other way round.
        self._marks: dict[str, str] = {}
        self._named: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """Return the text with placeholders, and with escapes for control characters."""
        # Names first: one of them may begin within what has the form of a path.
        marked = self._known.sub(self._mark, printable(text))
        found = _ANYTHING.sub(self._replaced, marked)
        return _MARK.sub(lambda match: self._named[match[0]], found)

    def _mark(self, match: re.Match[str]) -> str:
        # A regular expression takes more letters for the same than casefold does.
        unknown = ("name", match[0])
        name = self._placeholder(*self._known_ways.get(match[0].casefold(), unknown))
        mark = self._marks.setdefault(name, chr(_FIRST_MARK + len(self._marks)))
        self._named[mark] = name
        return mark

    def _replaced(self, match: re.Match[str]) -> str:
        kind = _PATTERNS[int(str(match.lastgroup)[1:])][0]
        if kind != "path":
            return self._placeholder(kind, match[0])
        python = _OF_PYTHON.search(match[0])
        if python is not None:
            return f"…{match[0][python.start() :]}"
        if _OF_THE_SYSTEM.match(match[0]):
            return match[0]
        return self._placeholder(kind, match[0])

    def _placeholder(self, kind: str, name: str) -> str:
        if kind in self._single:
            return f"<{kind}>"
        numbers = self._numbers.setdefault(kind, {})
        return f"<{kind} {numbers.setdefault(name.casefold(), len(numbers) + 1)}>"


def _ways(name: str) -> Iterator[str]:
    """Yield the ways in which a name can be written in a text."""
    shown = printable(name)
    for way in (name, shown, quote(name.encode("utf-8", "replace")), quote(name, safe="/\\:")):
        for one in (way, repr(way)[1:-1], json.dumps(way)[1:-1]):
            if one.strip():
                yield one.strip()


def _pattern(name: str) -> str:
    if len(name) >= _LONG:
        return re.escape(name)
    return rf"(?<![^\W_]){re.escape(name)}(?![^\W_])"
