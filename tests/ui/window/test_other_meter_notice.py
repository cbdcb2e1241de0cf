# SPDX-License-Identifier: GPL-3.0-or-later
"""The window when another meter answers at the port of the one that it shows."""

from __future__ import annotations

import sys

import pytest
from opened_window import OpenedWindow

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ptys of POSIX")


@pytest.fixture
def window():
    opened = OpenedWindow()
    yield opened
    opened.close()


def test_another_meter_at_the_same_path_is_a_row_of_its_own_with_a_notice(window, tmp_path):
    from wattui.simulator.pty_server import PtyServer
    from wattui.simulator.sim_url import meter_from_url

    link, model = tmp_path / "port", window.model
    with PtyServer([meter_from_url("sim://pro?load=lamp&speed=20")], [link]):
        window.connect(str(link))
        window.model.rename_meter(0, "fridge")
    with PtyServer([meter_from_url("sim://es?load=idle&speed=20")], [link]):
        window.wait_for(
            lambda: len(window.bench.meters) == 2 and window.bench.meters[1].live, "the other"
        )
        window.wait_for(lambda: window.bench.meters[0].state == "closed", "the end of the first")
        assert [row.name for row in model.meter_rows] == ["fridge", f"PRO ES {link}"]
        assert window.bench.meter is window.bench.meters[1]
        assert model.state == "live"
        (notice,) = model.notices
        assert notice.text == (f"Another meter answers at {link}: PRO ES 3.14 instead of PRO 3.14.")
        assert notice.hint.startswith("It is recorded as a meter of its own.")
        (band,) = window.control("notices").bands
        window.click(band.buttons["dismiss_other_meter"])
        assert model.notices == []
        assert window.bench.recording
