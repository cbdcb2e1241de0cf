# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way: bytes into a pty; pixels, rows in the file and a CSV out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from opened_window import OpenedWindow
from PyQt5 import QtGui

from wattui.desktop.preferences_file import PreferencesFile
from wattui.measurement.fields import FIELDS
from wattui.session import Session
from wattui.simulator import meter_from_url
from wattui.simulator.pty_server import PtyServer
from wattui.ui.theme.palette import rgb

SAMPLES = Path(__file__).resolve().parents[1].parent / "shared" / "samples"

LOW, HIGH = 50.0, 150.0


@pytest.fixture
def window():
    found = OpenedWindow(
        settings=PreferencesFile(theme="light", channels=["power"], time_axis="elapsed")
    )
    yield found
    found.close()


def capture_of_a_step(path: Path, records: int) -> Path:
    """Write a capture with half of its records at LOW and half at HIGH watts."""
    with path.open("w") as file:
        for number in range(records):
            watts = round(10 * (LOW if number < records // 2 else HIGH))
            fields = [watts, 1200, watts * 10 // 12, 79 + number // 30, *[0] * 12, 600, watts]
            file.write(f"#d,-,18,{','.join(map(str, fields))};\r\n")
    return path


def play(window: OpenedWindow, capture: Path, records: int, speed: int) -> Path:
    """Play a capture on a pty into the window, until its last record is shown."""
    meter = meter_from_url(f"sim://pro?replay={capture}&speed={speed}&faults=nul")
    with PtyServer([meter]) as server:
        window.model.connect_port(server.paths[0])
        shown = window.bench.meter
        window.wait_for(lambda: shown.sample_count >= records, "the last record", 60.0)
        assert shown.sample_count == records
        window.model.disconnect()
        window.wait_for(lambda: not window.bench.recording, "the end of the recording")
    assert window.bench.main_thread.join(20.0) == []
    window.handle_events()
    return window.bench.session_path


def curve(plots, name: str) -> np.ndarray:
    """Return x and value of the pixels of a curve, shape (n, 2)."""
    (row,) = [row for row in plots.shown_rows() if row.name == name]
    picture = (
        plots.component.window.control.grab().toImage().convertToFormat(QtGui.QImage.Format_RGB32)
    )
    bits = picture.constBits()
    bits.setsize(picture.sizeInBytes())
    shape = (picture.height(), picture.bytesPerLine() // 4, 4)
    pixels = np.frombuffer(bytes(bits), np.uint8).reshape(shape)[:, : picture.width(), 2::-1]
    near = np.abs(pixels / 255 - np.array(rgb(plots.palette.channel("power")))).max(axis=2) < 0.12
    rows, columns = np.nonzero(near)
    heights = pixels.shape[0] - 1 - rows
    plot = row.plot
    inside = (heights > plot.y) & (heights < plot.y2) & (columns > plot.x) & (columns < plot.x2)
    values = plot.value_mapper.map_data(heights[inside].astype(float))
    return np.column_stack((columns[inside], values))


def test_bytes_in_pixels_rows_and_csv_out(window, tmp_path) -> None:
    records = 120
    path = play(window, capture_of_a_step(tmp_path / "step.raw", records), records, speed=40)

    # In the file: every record, every field.
    with sqlite3.connect(path) as file:
        rows = file.execute("SELECT power, voltage, energy FROM sample ORDER BY time").fetchall()
    assert [power for power, _, _ in rows] == [500] * 60 + [1500] * 60
    assert {voltage for _, voltage, _ in rows} == {1200}

    # On the screen: low at the left, high at the right, the step in between.
    plots = window.model.plots
    plots.fit()
    window.wait_for(lambda: not plots.waiting and not plots.reading, "the curve")
    found = curve(plots, "power")
    left, right = found[:, 0].min(), found[:, 0].max()
    early = found[found[:, 0] < left + (right - left) / 4]
    late = found[found[:, 0] > right - (right - left) / 4]
    one_pixel = 3.0
    assert np.abs(early[:, 1] - LOW).max() < one_pixel
    assert np.abs(late[:, 1] - HIGH).max() < one_pixel

    # In the readings: the figures of the file.
    with Session.open(path) as session:
        statistics = session.statistics(session.meters[0].id)
    assert window.bench.meter.energy == pytest.approx(statistics.energy_wh)
    check_csv(
        window, path, tmp_path / "step.csv", statistics.energy_wh, sum([50] * 60 + [150] * 60)
    )


def check_csv(window, path: Path, csv: Path, energy: float, watts: float) -> None:
    """Export from the window and compare the CSV with the session."""
    from wattui.ui.dialogs.export_dialog import Export, ExportChoice

    over: list[bool] = []
    export = Export(
        model=window.model,
        choice=ExportChoice.for_model(window.model),
        when_done=lambda: over.append(True),
    )
    export.start(csv)
    window.wait_for(lambda: over, "the export")
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(csv, comment="#", parse_dates=["time"])
    assert str(table["time"].dtype).startswith("datetime64")
    assert table["power_w"].sum() == pytest.approx(watts)
    assert (table["power_w"] * table["interval_s"]).sum() / 3600 == pytest.approx(energy)
    assert list(table.columns[4 : 4 + len(FIELDS)]) == [field.column for field in FIELDS]
    with Session.open(path) as session:
        assert len(table) == session.count(session.meters[0].id)


def test_the_fans_capture_is_recorded_to_the_last_record(window, tmp_path) -> None:
    capture = SAMPLES / "fan.raw"
    if not capture.exists():
        pytest.skip("the captures are not beside the project: ../shared/samples is missing")
    path = play(window, capture, 1_792, speed=500)
    with sqlite3.connect(path) as file:
        found = file.execute("SELECT count(*), sum(power) FROM sample").fetchone()
    assert found == (1_792, 755_658)
    assert window.bench.meter.counter_moved == pytest.approx(20.3)
    check_csv(window, path, tmp_path / "fan.csv", window.bench.meter.energy, 75_565.8)
