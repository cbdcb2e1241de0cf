# SPDX-License-Identifier: GPL-3.0-or-later
"""The simulated measurements of the benchmark, for tests."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

_PATH = Path(__file__).resolve().parents[2] / "benchmarks" / "measure_coverage.py"


@pytest.fixture(scope="session")
def moved() -> ModuleType:
    """Return the module of measurements on a clock that is moved."""
    name = "measure_coverage"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, _PATH)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return sys.modules[name]
