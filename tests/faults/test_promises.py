# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of promises is made of the suite's own figures, and names tests that exist."""

from __future__ import annotations

import json
import re

import pytest
from promises import FIGURES, PAGE, ROOT, promises, render

TESTS = sorted({test for rows in promises().values() for row in rows for test in row.tests})


def test_the_page_has_the_figures_of_the_last_run() -> None:
    figures = json.loads(FIGURES.read_text())
    assert PAGE.read_text(encoding="utf-8") == render(figures), "run tests/faults/promises.py"


def test_every_run_adds_up() -> None:
    for name, found in json.loads(FIGURES.read_text())["tests"].items():
        if "sent" in found:
            assert found["sent"] == found["stored"] + found["reported lost"], name


@pytest.mark.parametrize("test", TESTS)
def test_every_promise_names_a_test_that_exists(test: str) -> None:
    file, name = test.split("::")
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {name}\(", text, re.MULTILINE), test
