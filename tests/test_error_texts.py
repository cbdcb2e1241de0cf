# SPDX-License-Identifier: GPL-3.0-or-later
"""The texts of errors: the window and the command line join their sentences."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import wattui.errors

PACKAGE = Path(__file__).resolve().parents[1] / "wattui"
ERRORS = {name for name, kind in vars(wattui.errors).items() if isinstance(kind, type)}


def ending(node: ast.expr) -> str:
    """Return the end of a text if it is in the source, and otherwise a full stop."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        last = node.values[-1]
        return str(last.value) if isinstance(last, ast.Constant) else "."
    return "."


def errors() -> Iterator[tuple[str, ast.expr, ast.expr | None]]:
    """Yield where each error is made, what it states happened, and its hint."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            made = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if made and node.func.id in ERRORS and node.args:
                where = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                yield where, node.args[0], node.args[1] if len(node.args) > 1 else None


def test_messages_have_no_full_stop() -> None:
    stopped = [
        (where, ending(what))
        for where, what, _hint in errors()
        if ending(what).endswith(".") and ending(what) != "."
    ]
    assert stopped == []


def test_hints_are_sentences_with_a_full_stop() -> None:
    """Hints ran into what followed them: a command to type may be the end, too."""
    open_ended = [
        (where, ending(hint))
        for where, _what, hint in errors()
        if hint is not None and not ending(hint).endswith((".", "sim://pro"))
    ]
    assert open_ended == []
