# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures: the curve is where the values are, and a drawing is made of lines and letters."""

from __future__ import annotations

import html
import re
import resource
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from event_loop import application
from PIL import Image
from plot_window import START, Recording, sample

from wattui.errors import DiskRefused
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.energy import energy_wh
from wattui.measurement.fields import CHANNELS
from wattui.session import Session
from wattui.ui.figure import figure_axes, figure_data, figure_file
from wattui.ui.figure.figure_data import FigureRun, NothingToPlot, within
from wattui.ui.figure.figure_page import DEFAULT_PANELS, FigureLayout, FigurePage
from wattui.ui.plots.curve import BAND
from wattui.ui.theme.palette import DARK, LIGHT, mix, rgb


def steps(count: int = 600, gap: tuple[int, int] = (200, 300)) -> list:
    """Return records of 100 W and 1 A, then of 50 W and 2 A, with a gap."""
    made, last = [], 0
    for second in range(1, count + 1):
        if gap[0] < second <= gap[1]:
            continue
        power, amps = (100.0, 1000) if second <= count / 2 else (50.0, 2000)
        made.append(sample(second, power, gap=second - 1 - last, current=amps))
        last = second
    return made


@pytest.fixture
def one(tmp_path: Path) -> Path:
    recording = Recording(tmp_path)
    recording.add(steps(), wait=False)
    recording.mark(450, "door opened")
    recording.close()
    return recording.path


@pytest.fixture
def three(tmp_path: Path) -> Path:
    folder = tmp_path / "several"
    folder.mkdir()
    recording = Recording(folder, ("north", "south", "west"))
    for number in range(3):
        made = [sample(s, 100.0 * (number + 1)) for s in range(1, 101)]
        recording.add(made, number, wait=False)
    recording.close()
    return recording.path


def page_of(
    path: Path, panels=DEFAULT_PANELS, layout: FigureLayout | None = None, **options
) -> FigurePage:
    application()
    channels = tuple(dict.fromkeys(name for names in panels for name in names))
    with Session.open(path) as session:
        content = figure_data.read([FigureRun(session, path.stem, **options)], channels, 2000)
    return FigurePage(content, panels, layout)


def pixels(page: FigurePage, path: Path, dpi: int = 96) -> np.ndarray:
    """Return the image of a page, shape (height, width, 3), from 0 to 1."""
    figure_file.save(page, path, dpi)
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")) / 255


def is_at(
    image: np.ndarray, x: float, y: float, colour: str, scale: float = 1.0, apart: float = 0.42
) -> bool:
    """Check whether a colour is within two pixels of a place in the figure."""
    row, column = round(image.shape[0] - y * scale), round(x * scale)
    part = image[row - 2 : row + 3, column - 2 : column + 3]
    # A thin line may lie half on one row of pixels and half on the next.
    return bool((np.abs(part - np.array(rgb(colour))).max(axis=2) < apart).any())


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=lambda p: p.name)
@pytest.mark.parametrize("dpi", [96, 150])
def test_the_curves_are_where_the_values_are(one: Path, tmp_path: Path, palette, dpi: int) -> None:
    page = page_of(one, layout=FigureLayout(palette=palette))
    image = pixels(page, tmp_path / "a.png", dpi)
    scale = dpi / 96
    assert image.shape == (round(720 * scale), round(1280 * scale), 3)
    above, below = page.panels
    for second, watts, amps in ((100, 100.0, 1.0), (190, 100.0, 1.0), (400, 50.0, 2.0)):
        for name, value in (("power", watts), ("current", amps)):
            x, y = above.place(name, START + second, value)
            assert is_at(image, x, y, palette.channel(name), scale), (second, name)
    # 200 s of 100 W before the gap; nothing in it; 300 s of 50 W behind.
    for second, energy in ((199, 100 * 199 / 3600), (600, (100 * 200 + 50 * 300) / 3600)):
        x, y = below.place("integrated_energy", START + second, energy)
        assert is_at(image, x - 1, y, palette.channel("integrated_energy"), scale), second


def test_a_gap_is_shaded_and_no_line_crosses_it(one: Path, tmp_path: Path) -> None:
    page = page_of(one)
    image = pixels(page, tmp_path / "a.png")
    for panel in page.panels:
        x, _ = panel.place(panel.names[0], START + 250, 0)
        column = image[int(720 - panel.y2) + 3 : int(720 - panel.y) - 3, round(x)]
        for name in panel.names:
            assert np.abs(column - np.array(rgb(LIGHT.channel(name)))).max(axis=1).min() > 0.2
        outside, _ = panel.place(panel.names[0], START + 150, 0)
        ground = image[round(720 - panel.y2) + 3, round(outside) + 7]
        assert np.allclose(ground, rgb(LIGHT.plot))
        assert column[5].max() < 0.96


def test_the_second_axis_has_its_own_scale_on_the_same_grid(one: Path) -> None:
    above, below = page_of(one).panels
    power, current = above.axes
    assert (power.low, current.low) == (0.0, 0.0)
    assert 100 <= power.high <= 150
    assert 2 <= current.high <= 3
    assert len(power.ticks) == len(current.ticks) == len(current.labels)
    watt_hours, kilojoules = below.axes
    assert (watt_hours.low, watt_hours.high) == (kilojoules.low, kilojoules.high)
    for place, label in zip(kilojoules.ticks, kilojoules.labels, strict=True):
        assert float(label) == pytest.approx(place * 3.6)


@pytest.mark.parametrize(
    ("low", "high"),
    [(0, 0), (0.361, 0.361), (0.0, 17.3), (0.002, 0.004), (59.9, 60.1), (118.3, 118.3), (0, 9e6)],
)
@pytest.mark.parametrize("field", CHANNELS, ids=lambda field: field.name)
def test_every_axis_holds_its_values_and_even_ticks(field, low: float, high: float) -> None:
    first = figure_axes.first_axis(field.name, low, high, 7)
    second = figure_axes.second_axis(field.name, low, high, first.count)
    for axis in (first, second):
        assert axis.low <= low
        assert axis.high >= high
        assert axis.high > axis.low
        assert np.diff(axis.ticks) == pytest.approx(np.diff(axis.ticks)[0])
        assert len(set(axis.labels)) == len(axis.labels)
    assert len(second.ticks) == len(first.ticks)


def test_the_head_describes_the_run(one: Path) -> None:
    page = page_of(one)
    power = [s["power"] for s in steps()]
    text = page.statistics_text()
    assert f"{energy_wh(power, 1.0):.2f} ± " in text
    assert "mean 70.0 ± 1.4 W" in text
    assert "500 records" in text
    assert "1 gap (1 min 40 s)" in text
    assert "server" in page.span_text()
    assert "(10:00)" in page.span_text()


def test_the_energy_of_a_part_of_a_run_starts_at_zero(one: Path) -> None:
    begin = round(START * MICROSECONDS)
    page = page_of(one, start=begin + 400 * MICROSECONDS, stop=begin + 500 * MICROSECONDS)
    times, values = page.content.series[0].curves["integrated_energy"]
    assert (times[0], times[-1]) == pytest.approx((START + 400, START + 500))
    assert values[0] == pytest.approx(0.0, abs=1e-9)
    assert values[-1] == pytest.approx(50 * 100 / 3600)
    assert "100 records" in page.statistics_text()


def test_nothing_is_drawn_beyond_the_span() -> None:
    times, values = np.arange(10.0), np.arange(10.0) * 2
    cut = within(times, values, 2.5, 6.25)
    assert cut[0].tolist() == [2.5, 3, 4, 5, 6, 6.25]
    assert cut[1].tolist() == [5.0, 6, 8, 10, 12, 12.5]
    broken = within(np.array([0.0, 2, 4]), np.array([1.0, np.nan, 3]), 1.0, 3.0)
    assert broken[0].tolist() == [2.0]


def test_each_of_several_meters_has_a_colour_and_a_curve(three: Path, tmp_path: Path) -> None:
    page = page_of(three)
    image = pixels(page, tmp_path / "a.png")
    for number in range(3):
        x, y = page.panels[0].place("power", START + 50, 100.0 * (number + 1))
        assert is_at(image, x, y, LIGHT.meter(number))
    assert [one.label for one in page.content.series] == ["north", "south", "west"]
    assert "3 meters" in page.span_text()
    # 99 s of 100, 200 and 300 W after the first record of each.
    assert "16.67 ± " in page.span_text()


def test_a_long_name_in_the_legend_had_cut_its_energy(three: Path) -> None:
    page = page_of(three, layout=FigureLayout(width=300))
    page.content.series[0].label = "the rack in the north of the hall, " * 3
    texts = [text for line in page._legend_lines() for _x, _number, text in line]
    assert texts[0].endswith(" Wh")
    assert "…   2.778 ±" in texts[0]


def test_one_of_several_meters(three: Path) -> None:
    page = page_of(three, meters=[2])
    assert [one.label for one in page.content.series] == ["south"]
    assert "5.556 ± " in page.statistics_text()


def test_runs_start_at_the_same_place(one: Path, three: Path) -> None:
    with Session.open(one) as first, Session.open(three) as second:
        shifted = FigureRun(second, "b", start=round((START + 20) * MICROSECONDS))
        runs = [FigureRun(first, "a"), shifted]
        laid = figure_data.read(runs, ["power"], 1000)
        assert (laid.start, laid.stop) == (START, START + 600)
        assert len(laid.series) == 4
        assert laid.series[1].label == "b: north"
        assert laid.title == "a, b"


def test_a_drawing_has_lines_and_letters_and_no_image(one: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    figure_file.save(page_of(one), path)
    text = path.read_text(encoding="utf-8")
    assert "<image" not in text
    words = [html.unescape(t) for t in re.findall(r"<text[^>]*>([^<]*)</text>", text)]
    for word in ("run", "POWER  W", "CURRENT  A", "ENERGY  Wh", "kJ", "door opened", "10:00"):
        assert word in words
    assert re.search(r'<text[^>]*textLength="\d', text)
    assert "sans-serif" in text
    # Two curves in two pieces each above, one below; each with one point per record.
    lines = re.findall(r'<polyline[^>]*points="([^"]*)"', text)
    assert sorted(len(points.split()) for points in lines if len(points.split()) > 50) == [
        *(200, 200, 200, 300, 300, 300),
    ]
    assert 'viewBox="0 0 1280 720"' in text


def test_a_pdf_has_lines_and_letters_and_no_image(one: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    figure_file.save(page_of(one, layout=FigureLayout(960, 480)), path)
    data = path.read_bytes()
    assert data.startswith(b"%PDF")
    assert b"/Subtype /Image" not in data
    assert b"DejaVu" in data
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)", data)
    assert box is not None
    assert [float(n) for n in box.groups()] == [720.0, 360.0]
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
    drawn = b""
    for stream in streams:
        try:
            drawn += zlib.decompress(stream)
        except zlib.error:
            continue
    assert drawn.count(b" l\n") > 1000
    assert b"Tf" in drawn


def test_a_note_on_reconstructed_times_is_on_the_page(one: Path) -> None:
    from wattui.session import set_info

    set_info(one, "reconstructed", "times are counted back from the read-out")
    page = page_of(one)
    assert page.content.notes == ["times are counted back from the read-out"]


def test_every_channel_can_be_drawn_even_without_values(one: Path, tmp_path: Path) -> None:
    panels = [(field.name,) for field in CHANNELS]
    page = page_of(one, panels, FigureLayout(900, 3000, title="all " * 60))
    assert pixels(page, tmp_path / "a.png").shape == (3000, 900, 3)


def test_a_single_record_between_two_gaps_is_visible(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    made = [sample(1), sample(50, 80.0, gap=48.0), sample(100, gap=49.0)]
    recording.add(made, wait=False)
    recording.close()
    page = page_of(recording.path, (("power",),))
    image = pixels(page, tmp_path / "a.png", 192)
    assert is_at(
        image, *page.panels[0].place("power", START + 50, 80.0), LIGHT.channel("power"), 2.0
    )


@pytest.fixture(scope="module")
def long(tmp_path_factory) -> Path:
    """Return a session with far more records than pixels: from 40 to 80 W, 60 W in the middle."""
    recording = Recording(tmp_path_factory.mktemp("long"))
    made = [sample(n, 40.0 + 10 * (n % 5)) for n in range(1, 20_001)]
    recording.add(made, wait=False)
    recording.close()
    return recording.path


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("dpi", [96, 200])
def test_a_long_run_is_a_solid_wall(long: Path, tmp_path: Path, palette, dpi: int) -> None:
    page = page_of(long, (("power",),), FigureLayout(700, 400, palette))
    image, scale = pixels(page, tmp_path / "run.png", dpi), dpi / 96
    (plot,) = page.panels
    colour = palette.channel("power")
    band = mix(palette.plot, colour, BAND)
    # The mean is at 60 W; away from it, and up to both extremes, there is the band alone.
    for share in np.linspace(0.1, 0.9, 9):
        moment = START + 20_000 * share
        assert is_at(image, *plot.place("power", moment, 60.0), colour, scale, 0.1)
        for watts in (43.0, 50.0, 70.0, 77.0):
            x, y = plot.place("power", moment, watts)
            assert is_at(image, x, y, band, scale, 0.1), watts
            assert not is_at(image, x, y, colour, scale, 0.1), watts
        x, y = plot.place("power", moment, 86.0)
        assert not is_at(image, x, y, band, scale, 0.1)


@pytest.mark.parametrize("suffix", [".svg", ".pdf"])
def test_the_band_of_a_drawing_is_one_translucent_shape(
    long: Path, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"run{suffix}"
    figure_file.save(page_of(long, (("power",),)), path)
    data = path.read_bytes()
    if suffix == ".svg":
        shapes = re.findall(rb'<g fill="#e07a00" fill-opacity="0.3[^>]*>.*?</g>', data, re.S)
        assert len([one for one in shapes if b"<p" in one]) == 1
    else:
        assert re.search(rb"/ca 0?\.3", data)
    assert len(data) < 300_000


def test_a_figure_of_ten_records_shows_each_as_a_dot_with_its_step(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    watts = [40.0, 42.0, 80.0, 81.0, 79.0, 40.0, 41.0, 60.0, 40.0, 40.0]
    recording.add([sample(n, power) for n, power in enumerate(watts, 1)], wait=False)
    recording.close()
    page = page_of(recording.path, (("power",), ("integrated_energy",)))
    image = pixels(page, tmp_path / "ten.png")
    power, energy = page.panels
    colour = LIGHT.channel("power")
    for second, value in enumerate(watts, 1):
        dot = power.place("power", START + second, value)
        if second < 10:
            assert is_at(image, *dot, colour)
        if second > 1:
            # The value holds for the interval that ends with the record.
            step = power.place("power", START + second - 0.5, value)
            assert is_at(image, *step, colour)
    # An energy grows within an interval.
    whole = sum(watts[:3]) / 3600
    middle = (whole + whole + watts[3] / 3600) / 2
    x, y = energy.place("integrated_energy", START + 3.5, middle)
    assert is_at(image, x, y, LIGHT.channel("integrated_energy"))


def test_an_empty_span_is_an_error(one: Path) -> None:
    with pytest.raises(NothingToPlot):
        page_of(one, start=round((START + 210) * MICROSECONDS), stop=round((START + 290) * 1e6))
    with pytest.raises(NothingToPlot):
        page_of(one, meters=[])


def test_too_many_pixels_are_refused(one: Path, tmp_path: Path) -> None:
    with pytest.raises(figure_file.FigureTooLarge, match="pixels"):
        figure_file.save(page_of(one, layout=FigureLayout(3000, 1000)), tmp_path / "a.png", 1200)
    assert list(tmp_path.glob("*.png")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize("suffix", figure_file.FORMATS)
def test_a_full_disk_leaves_the_older_file(one: Path, tmp_path: Path, suffix: str) -> None:
    import signal

    path = tmp_path / f"a{suffix}"
    path.write_text("older")
    page = page_of(one)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    try:
        with pytest.raises(DiskRefused, match="full"):
            figure_file.save(page, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_text() == "older"
    assert sorted(tmp_path.glob(".*.part")) == []
