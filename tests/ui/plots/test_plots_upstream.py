# SPDX-License-Identifier: GPL-3.0-or-later
"""What is broken in Chaco and Enable: a test that fails has been mended there.

Then the way round it can go.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

SUMMER = """
    import time
    from chaco.scales.api import CalendarScaleSystem
    noon = time.mktime((2026, 7, 1, 12, 0, 0, 0, 0, -1))
    print(dict(CalendarScaleSystem().labels(noon - 7200, noon + 7200, numlabels=5))[noon])
"""


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="no time zones to switch here")
def test_calendar_scales_have_the_offset_of_winter_in_summer():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SUMMER)],
        env={**os.environ, "TZ": "Europe/Berlin"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "11h"


def test_a_plot_cannot_be_made_with_a_colour_of_four_numbers():
    from chaco.api import Plot

    with pytest.raises(KeyError):
        Plot(bgcolor=(1.0, 1.0, 1.0, 1.0))


def test_the_range_of_a_constant_is_no_range_around_it():
    from chaco.api import ArrayDataSource, DataRange1D

    for value in (10.0, 118.3):
        source = ArrayDataSource(np.full(50, value))
        found = DataRange1D(source)
        assert (found.low + found.high) / 2 != pytest.approx(value, rel=0.01) or (
            found.high == found.low
        )
