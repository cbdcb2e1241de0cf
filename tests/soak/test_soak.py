# SPDX-License-Identifier: GPL-3.0-or-later
"""A few seconds of the soak; ``make soak`` runs a week of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from soak_run import Soak, check_flat, run


@pytest.mark.skipif(sys.platform != "linux", reason="/proc of Linux")
def test_meters_with_faults_lose_nothing_in_silence(tmp_path: Path) -> None:
    soak = Soak(4, 1800, 400, interval=1, unplugs=2, silences=1, power_cuts=1)
    figures = run(soak, tmp_path)
    check_flat(figures)
    assert figures["sent"] > 4 * 600
    assert figures["stored"] < figures["sent"]
    assert figures["reconnects"] > 0
