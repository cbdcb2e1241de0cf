# SPDX-License-Identifier: GPL-3.0-or-later
"""The language of the project: plain English in code, messages and documentation.

The tests read comments, strings and docstrings, the documentation, and the names of
modules, classes, functions, arguments and variables.  ``python tests/test_language.py
PATH...`` lists what they would refuse.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

_COUNTED = (
    "meter|session|field|line|command|module|record|row|second|minute|hour|day|week|batch|"
    "redraw|interval|pixel|page|time|file|run"
)

#: Phrases, as regular expressions, and what to write instead.
PHRASES = {
    r"\bwhoever\b": "anyone who, or name who it is",
    r"\banew\b": "again",
    r"\bnought\b": "zero, or nothing",
    r"\bunasked\b": "without asking",
    r"\bthe begin\b(?!ning)": "the beginning, or the start",
    r"\bno more\b(?! than\b)": "no longer",
    r"(?<!there )(?<!that )(?<!which )\bis no (?!longer\b|more than\b|use\b)": "is not a",
    r"(?<!there )\bare no (?!longer\b)": "are not",
    r"\bbut for\b": "except for",
    r", that\b(?! is\b|,)": "no comma before that",
    r"\b(stands|stand) (in|at|beside|below|above|for what)\b": "is in, is at",
    r"\bin the place of\b": "instead of",
    r"\bin so many words\b": "explicitly",
    r"\bsay so\b": "report it",
    rf"\b(one|an?) (?!at\b)[a-z]+ an? ({_COUNTED})\b": "one X per Y",
    r"\b(can|could) be told\b": "can be detected",
    r"\b(is|are|was|were) told (of|by|what|when|that|whether|apart|from)\b": "is notified, shown",
    r"\btells? (of|whether|that|apart)\b": "reports, shows",
    r"\bmostly fits\b": "is sensible",
    r"\bis to be (?!read as)": "must be, or is",
    r"\bare to be\b": "must be, or are",
    r"\btakes? note\b": "notes",
    r"\b(None|NaN|empty|ABSENT) where\b": "None if",
    r"\breturns? at once\b": "returns immediately",
    r"\b(can|could)( ?not)? be made (again )?\(": "be created",
    r"\bthread of (its|their) own\b": "its own thread, or a separate thread",
    r"\bnow and then\b": "regularly, or occasionally",
    r"\bone after the other\b": "in order, or one at a time",
    r"\bin turns\b": "alternately",
    r"\bin sight\b": "visible",
    r"\bin force\b": "in effect",
    r"\bso many\b": "this many",
    r"\bmay not (read|write|open)\b": "has no permission to",
    r"\bnewest (sample|record|version)s?\b": "latest",
}

_ANY_PHRASE = re.compile("|".join(PHRASES), re.IGNORECASE)

#: How a docstring does not begin: *Return*, *Check whether*, *Register* say the same.
OPENINGS = re.compile(r"(Give|Have|Tell|Take note|Say|Let (?!Qt)|Hand)\b(?! up)")

#: Words that name nothing.
NAMES = {"deed", "deeds", "told", "kept", "glance", "fresh", "ink", "feed"}

FOLDERS = ("wattui", "tests", "benchmarks", "docs", "resources")
DOCUMENTS = (
    *("*.md", "docs/*.md", "benchmarks/*.md", "resources/*.xml", "resources/*.desktop"),
    *("Makefile", "setup.cfg", "pyproject.toml", ".ci/*", "CITATION.cff"),
    *(".github/*.md", ".github/ISSUE_TEMPLATE/*"),
)


def _sources() -> list[Path]:
    this = Path(__file__).resolve()
    found = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if path.resolve() != this]


def _documents() -> list[Path]:
    return sorted({path for pattern in DOCUMENTS for path in ROOT.glob(pattern) if path.is_file()})


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line number and the text of what is written for people in a file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        yield 1, re.sub(r"(?ms)^```.*?^```", "", text)
        return
    comments: list[str] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            comments.append(token.string.lstrip("#: "))
            continue
        if token.type in (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            continue
        if comments:
            yield token.start[0], " ".join(comments)
            comments = []
        if token.type == tokenize.STRING:
            yield token.start[0], token.string


def phrases_in(path: Path) -> list[str]:
    """List the phrases of :data:`PHRASES` in a file."""
    return [
        f"{_name(path)}:{line}: {match[0]!r}: write {instead}"
        for line, written in _texts(path)
        for text in [re.sub(r"\s+", " ", written)]
        if _ANY_PHRASE.search(text)
        for phrase, instead in PHRASES.items()
        for match in re.finditer(phrase, text, re.IGNORECASE)
    ]


def openings_in(path: Path) -> list[str]:
    """List the docstrings of a module that begin with one of :data:`OPENINGS`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    docstrings = {
        getattr(node, "lineno", 1): ast.get_docstring(node) or ""
        for node in ast.walk(tree)
        if isinstance(node, documented)
    }
    return [
        f"{_name(path)}:{line}: {text.splitlines()[0]!r}"
        for line, text in docstrings.items()
        if OPENINGS.match(text)
    ]


def _defined(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno


def names_in(path: Path) -> list[str]:
    """List what a module defines under a name with one of :data:`NAMES` in it."""
    defined = {(path.stem, 1), *_defined(ast.parse(path.read_text(encoding="utf-8")))}
    return [
        f"{_name(path)}:{line}: {name}"
        for name, line in sorted(defined)
        if NAMES & {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
    ]


def test_texts_are_plain_english() -> None:
    found = [one for path in (*_sources(), *_documents()) for one in phrases_in(path)]
    assert found == []


def test_docstrings_and_names_are_plain() -> None:
    assert [one for path in _sources() for one in openings_in(path) + names_in(path)] == []


def test_the_word_list_finds_what_it_is_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    path = tmp_path / "deeds.py"
    path.write_text('"""Give it anew."""\n\n#: Whoever\n#: writes a row a record.\nfresh = 1\n')
    assert len(phrases_in(path)) == 3
    assert len(openings_in(path)) == 1
    assert len(names_in(path)) == 2


if __name__ == "__main__":
    chosen = [Path(argument).resolve() for argument in sys.argv[1:]] or [ROOT]
    for path in [*_sources(), *_documents()]:
        if any(path.is_relative_to(one) for one in chosen):
            lines = phrases_in(path)
            if path.suffix == ".py":
                lines += openings_in(path) + names_in(path)
            print("\n".join(lines), end="\n" if lines else "")
