# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of ``wattui log`` that end with their test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from log_process import Log


@pytest.fixture
def logs() -> Iterator[list[Log]]:
    """Collect started programs, to end them in any case."""
    started: list[Log] = []
    yield started
    for log in started:
        log.close()
