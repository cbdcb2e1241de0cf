# SPDX-License-Identifier: GPL-3.0-or-later
"""Every test can fail: it asserts something, and what it asserts is not always true."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parent

#: Calls that fail a test by themselves.
FAILING = {"raises", "fail", "warns", "assert_allclose", "assert_array_equal"}

#: Tests that assert nothing, since the function that they call raises.
RAISES = {
    "test_parse_never_raises",
    "test_the_command_lines_of_the_pages_are_valid",
    "test_simulated_meters_of_the_pages_exist",
}


@functools.cache
def trees() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(TESTS)): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(TESTS.rglob("*.py"))
    }


def called(node: ast.AST) -> Iterator[str]:
    """Yield the names of the functions and methods that are called."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Call):
            function = inner.func
            if isinstance(function, ast.Attribute):
                yield function.attr
            elif isinstance(function, ast.Name):
                yield function.id


def test_every_test_asserts_something() -> None:
    functions = [
        (name, node)
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    ]
    asserting = {
        node.name
        for _, node in functions
        if any(isinstance(one, ast.Assert) for one in ast.walk(node))
    } | FAILING
    # Helpers that call such helpers, and so on.
    calls = [(node.name, set(called(node))) for _, node in functions]
    grown = True
    while grown:
        more = {name for name, others in calls if not asserting.isdisjoint(others)}
        grown = not more <= asserting
        asserting |= more
    silent = [
        f"{name}:{node.lineno} {node.name}"
        for name, node in functions
        if node.name.startswith("test_") and node.name not in asserting | RAISES
    ]
    assert silent == []


def always_true(test: ast.expr) -> bool:
    """Check whether an expression is true whatever the program does."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return any(always_true(one) for one in test.values)
    if isinstance(test, ast.Constant):
        return bool(test.value)
    if isinstance(test, ast.Tuple):
        return bool(test.elts)
    return isinstance(test, ast.GeneratorExp | ast.Lambda | ast.JoinedStr)


def test_no_assertion_is_always_true() -> None:
    wrong = [
        f"{name}:{node.lineno} {ast.unparse(node.test)}"
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert) and always_true(node.test)
    ]
    assert wrong == []


def test_no_test_expects_just_any_exception() -> None:
    """An error in the test itself would count, too."""
    wrong = [
        f"{name}:{node.lineno} {ast.unparse(node)}"
        for name, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "raises"
        and node.args
        and ast.unparse(node.args[0]) in ("Exception", "BaseException")
        and not node.keywords
    ]
    assert wrong == []
