# SPDX-License-Identifier: GPL-3.0-or-later
"""The notebook of the guide runs, and shows what it says."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebook.ipynb"


def run_cell(source: str, names: dict[str, Any]) -> Any:
    """Run a cell, and return the value of the expression at its end, as a notebook does."""
    tree = ast.parse(source)
    last = tree.body[-1]
    if not isinstance(last, ast.Expr):
        exec(compile(tree, "cell", "exec"), names)
        return None
    before = ast.Module(tree.body[:-1], [])
    exec(compile(before, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names)


def test_every_cell_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    book = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    names: dict[str, Any] = {"__name__": "__main__"}
    shown: list[str] = []
    for cell in book["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            value = run_cell("".join(cell["source"]), names)
            for form in ("_repr_html_", "_repr_svg_"):
                if hasattr(value, form):
                    shown.append(getattr(value, form)())
    names["session"].close()
    assert [text[:6] for text in shown[:2]] == ["<table", "<table"]
    assert "<svg" in shown[2]
    assert " ± " in capsys.readouterr().out
