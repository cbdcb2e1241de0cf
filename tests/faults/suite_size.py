# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of the fault suite runs: a part of it, or all with ``WATTUI_FAULTS=full``."""

from __future__ import annotations

import os
from typing import Any

import pytest

FULL = os.environ.get("WATTUI_FAULTS", "") == "full"

#: A test that only runs in full; a shorter one holds the same.
full_only = pytest.mark.skipif(not FULL, reason="runs with make test-faults")


def some(values: list[Any], chosen: list[Any]) -> list[object]:
    """Return parameters, of which only those that are *chosen* run in the bounded part."""
    return [one if one in chosen else pytest.param(one, marks=full_only) for one in values]
