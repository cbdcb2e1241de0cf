# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of the fault suite runs, and where its figures go.

``make test`` runs a part of it.  ``make test-faults`` sets ``WATTUI_FAULTS=full`` and
``WATTUI_FAULT_FIGURES`` to a folder, into which each test writes what it has found.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from account import Account
from numbered_meter import NumberedMeter
from suite_size import FULL

_PASSED = pytest.StashKey[bool]()

if sys.platform != "linux":
    collect_ignore_glob = ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Allow the long variants enough time."""
    if FULL:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.timeout(7200))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Remember whether the test has passed: only then its figures count."""
    report = yield
    if report.when == "call":
        item.stash[_PASSED] = report.passed
    return report


@pytest.fixture
def rounds() -> Callable[[int, int], int]:
    """Return a function that chooses how often to do something: bounded, or in full."""
    return lambda bounded, full: full if FULL else bounded


@pytest.fixture
def meter(tmp_path: Path) -> Iterator[NumberedMeter]:
    """Return a meter that numbers its records, 50 per second."""
    with NumberedMeter(tmp_path / "port") as meter:
        yield meter


@pytest.fixture
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    """Return an account, which is checked at the end and written to the figures."""
    account = Account()
    yield account
    if account.runs:
        account.check()
        write_figures(request.node, account.figures())


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Iterator[dict[str, int]]:
    """Return a dictionary that is written to the figures, for tests without an account."""
    found: dict[str, int] = {}
    yield found
    write_figures(request.node, found)


def write_figures(node: pytest.Item, figures: dict[str, int]) -> None:
    """Write the figures of a test, if they are wanted."""
    folder = os.environ.get("WATTUI_FAULT_FIGURES")
    if folder and node.stash.get(_PASSED, False):
        name = node.name.translate(str.maketrans("[]/", "__-"))
        path = Path(folder) / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"test": node.name, **figures}))
