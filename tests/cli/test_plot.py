# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui plot``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from test_export import make

from wattui.cli.commands.plot import parse_panels, parse_size
from wattui.cli.program import program as command_line


def run(*args: str) -> Result:
    return CliRunner().invoke(command_line, args)


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return make(tmp_path / "run.wattui", meters=2)


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf", "PNG"])
def test_a_session_becomes_a_figure(session: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"run.{suffix}"
    result = run("plot", str(session), "-o", str(target))
    assert result.exit_code == 0, result.stderr
    assert result.stdout == ""
    assert "Wrote" in result.stderr
    begin = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix.lower()]
    assert target.read_bytes().startswith(begin)


def test_all_options_together(session: Path, tmp_path: Path) -> None:
    from PIL import Image

    target = tmp_path / "a.png"
    words = "--fields W+A,integrated_energy_wh,PF --meter 2 --from 10s --to -10s --size 640x480"
    words += " --dpi 192 --theme dark --clock --title Bench --quiet"
    result = run("plot", str(session), "-o", str(target), *words.split())
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    with Image.open(target) as image:
        assert image.size == (1280, 960)
        assert image.info["dpi"] == pytest.approx((192, 192), abs=0.1)
        assert image.info["Title"] == "Bench"
        assert image.getpixel((2, 2)) == (0x1A, 0x1D, 0x21)


def test_two_files_in_one_figure(session: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other.wattui")
    target = tmp_path / "both.svg"
    assert run("plot", str(session), str(other), "-o", str(target)).exit_code == 0
    text = target.read_text(encoding="utf-8")
    for words in ("run, other", "run: bench 1", "run: bench 2", "other: bench 1"):
        assert words in text


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["--fields", "volts"], 2, "Fields are: power, current, voltage"),
        (["--fields", "power+current+voltage"], 2, "two axes"),
        (["--fields", "power+W"], 2, "twice"),
        (["--meter", "9"], 2, "Meters are: 1 bench 1, 2 bench 2"),
        (["--size", "big"], 2, "1280x720"),
        (["--size", "20x20"], 2, "320x240"),
        (["--from", "1h", "--to", "2h"], 2, "no samples from"),
        (["--from", "30s", "--to", "20s"], 2, "not before"),
    ],
)
def test_fields_and_meters_that_do_not_exist_are_refused(
    session: Path, tmp_path: Path, options: list[str], status: int, said: str
) -> None:
    target = tmp_path / "a.png"
    result = run("plot", str(session), "-o", str(target), *options)
    assert result.exit_code == status
    assert said in " ".join(result.stderr.split())
    assert not target.exists()


def test_a_figure_that_cannot_be_written_is_an_error(session: Path, tmp_path: Path) -> None:
    for target in (tmp_path / "no" / "a.png", tmp_path / "d.png"):
        (tmp_path / "d.png").mkdir(exist_ok=True)
        result = run("plot", str(session), "-o", str(target))
        assert result.exit_code == 6
        assert str(tmp_path) in result.stderr
    result = run("plot", str(session), "-o", str(tmp_path / "a.gif"))
    assert result.exit_code == 2
    assert ".svg" in result.stderr


def test_an_unknown_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"\xff\xd8\xff" * 1000)
    for name in (path, tmp_path / "missing"):
        result = run("plot", str(name), "-o", str(tmp_path / "a.png"))
        assert result.exit_code in (6, 7)
        assert name.name in result.stderr
        assert "Traceback" not in result.stderr


def test_a_log_of_2011_is_plotted_directly(tmp_path: Path) -> None:
    path = tmp_path / "fan.log"
    lines = [f"2016-11-09 13:24:{s:02d}.5 {s} 42.{s % 10} 119.8 0.361\n" for s in range(1, 50)]
    path.write_text("".join(lines) + "2016-11-09 13:2")
    target = tmp_path / "fan.svg"
    result = run("plot", str(path), "-o", str(target))
    assert result.exit_code == 0, result.stderr
    text = target.read_text(encoding="utf-8")
    assert ">fan</text>" in text
    assert "49 records" in text
    assert "9 November 2016" in text
    assert "1 line could not be read" in result.stderr
    assert list(Path(os.environ["WATTUI_DATA"]).rglob("*.wattui")) == []


def test_without_a_display_the_error_suggests_a_file(
    session: Path, tmp_path: Path, program: list[str]
) -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_RUNTIME_DIR")
    bare = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [*program, "plot", str(session)], env=bare, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 8
    assert "-o FILE.png" in done.stderr
    target = tmp_path / "a.png"
    done = subprocess.run(
        [*program, "plot", str(session), "-o", str(target)],
        env=bare, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (0, 1), done.stderr
    assert target.stat().st_size > 10_000


def test_the_window_opens_without_an_output_file(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import wattui.ui.app

    opened = []
    monkeypatch.setattr(wattui.ui.app, "run", lambda **options: opened.append(options) or 0)
    assert run("plot", str(session)).exit_code == 0
    assert opened == [{"session": session}]
    several = run("plot", str(session), str(session))
    assert several.exit_code == 2
    assert "-o" in several.stderr


def test_options_as_people_write_them() -> None:
    assert parse_panels("Power , pf+Hz,wh,counter") == (
        *(("power",), ("power_factor", "frequency")),
        *(("integrated_energy",), ("energy",)),
    )
    assert parse_size("1920 x 1080") == parse_size("1920×1080") == (1920, 1080)


def test_reading_the_options_does_not_load_the_window() -> None:
    code = "import sys, wattui.cli.commands.plot; assert 'PyQt5' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_run_without_samples_in_the_part_does_not_stop_the_others(
    session: Path, tmp_path: Path
) -> None:
    long = make(tmp_path / "long.wattui", count=300)
    target = tmp_path / "a.svg"
    result = run("plot", str(session), str(long), "-o", str(target), "--from", "2m")
    assert result.exit_code == 0, result.stderr
    assert "run: There are no samples after" in " ".join(result.stderr.split())
    assert target.exists()
