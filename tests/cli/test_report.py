# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui report``: the files that it writes."""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hostile_texts import hostile_session
from test_export import make

from wattui.cli.program import program as command_line
from wattui.errors import DisplayMissing
from wattui.session import Annotations, Session, Span

SVG = "{http://www.w3.org/2000/svg}"


def run(*args: object) -> Result:
    return CliRunner().invoke(command_line, [str(one) for one in args])


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return make(tmp_path / "run.wattui", meters=2)


def plots(page: Path) -> list[ET.Element]:
    """Return the plots of a page; each must be well-formed."""
    text = page.read_text(encoding="utf-8")
    return [ET.fromstring(one) for one in re.findall(r"<svg.*?</svg>", text, re.DOTALL)]


def test_a_report_is_one_page_with_its_plots_inside(session: Path, tmp_path: Path) -> None:
    target = tmp_path / "run.html"
    result = run("report", session, "-o", target)
    assert result.exit_code == 0, result.stderr
    assert (result.stdout, "Wrote" in result.stderr) == ("", True)
    (plot,) = plots(target)
    words = "".join(plot.itertext())
    assert "POWER" in words
    assert "ENERGY" in words
    assert "bench 1" in words
    assert plot.get("width") is None  # as wide as the page
    assert plot.get("viewBox") == "0 0 860 492"
    outside = re.findall(r'(?:src|href)="(?!#)[^"]*"', target.read_text(encoding="utf-8"))
    assert outside == []


def test_a_pdf_has_several_pages_of_text_and_vector_plots(session: Path, tmp_path: Path) -> None:
    target = tmp_path / "run.pdf"
    assert run("report", session, "-o", target, "-q").exit_code == 0
    data = target.read_bytes()
    assert data.startswith(b"%PDF")
    assert b"/Subtype /Image" not in data
    assert int(re.search(rb"/Count (\d+)", data)[1]) >= 2  # type: ignore[index]


def test_all_options_of_a_report_together(session: Path, tmp_path: Path) -> None:
    target = tmp_path / "a.html"
    words = "--meter 2 --from 10s --to -10s --fields W+A,PF,V,VA --clock --title Bench --above 5"
    assert run("report", session, "-o", target, *words.split()).exit_code == 0
    text = target.read_text(encoding="utf-8")
    assert "<h1>Bench</h1>" in text
    assert "Time above 5 W" in text
    assert "bench 1" not in text
    assert len(plots(target)) == 2  # no more than three panels in each


def test_a_field_that_no_meter_sends_has_no_axis(tmp_path: Path) -> None:
    log = tmp_path / "old.log"
    log.write_text("".join(f"2011-05-06 12:00:{n:02d}.0 {n} 4.5 119.2 0.361\n" for n in range(50)))
    target = tmp_path / "a.html"
    assert run("report", log, "-o", target, "--fields", "W+Hz,frequency").exit_code == 0
    assert "FREQUENCY" not in target.read_text(encoding="utf-8")
    assert "Imported from old.log" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["-o", "a.txt"], ".html, .htm or .pdf"),
        (["-o", "a.html", "--from", "2h"], "no samples"),
        (["-o", "a.html", "--meter", "9"], "Meters are"),
        (["-o", "a.html", "--above", "-3"], "-3"),
    ],
)
def test_a_report_that_cannot_be_is_refused(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("report", session, *options)
    assert result.exit_code == 2
    assert said in result.stderr
    assert list(tmp_path.glob("a.*")) == []


@pytest.mark.parametrize("suffix", ["html", "pdf"])
def test_hostile_texts_leave_a_report_well_formed(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"a.{suffix}"
    result = run("report", hostile_session(tmp_path), "-o", target)
    assert result.exit_code == 0, result.stderr
    if suffix == "html":
        assert "<b>x" not in target.read_text(encoding="utf-8")
        assert "<b>x<&b>" in "".join(plots(target)[0].itertext())


def test_a_damaged_session_is_called_one_in_its_report(session: Path, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(session) as connection:
        connection.execute("UPDATE sample SET power = 9 WHERE time % 7000000 = 0")
    target = tmp_path / "a.html"
    result = run("report", session, "-o", target)
    assert result.exit_code == 0, result.stderr
    assert "The session is damaged" in target.read_text(encoding="utf-8")


def test_a_part_is_chosen_by_its_name(session: Path, tmp_path: Path) -> None:
    notes = Annotations(session)
    with Session.open(session) as opened:
        start = opened.span_us()[0]  # type: ignore[index]
    notes.add(Span(0, start, start + 20_000_000, "warm-up"))
    target = tmp_path / "a.html"
    assert run("report", session, "-o", target, "--span", "warm-up").exit_code == 0
    assert "(0:20), local time" in target.read_text(encoding="utf-8")
    table = tmp_path / "a.csv"
    result = run("export", session, "-o", table, "--span", "warm-up", "--meter", "1")
    assert "20 rows" in result.stderr
    unknown = run("plot", session, "-o", tmp_path / "a.svg", "--span", "cool-down")
    assert (unknown.exit_code, "Spans are: 'warm-up'" in unknown.stderr) == (2, True)
    both = run("plot", session, "-o", tmp_path / "a.svg", "--span", "warm-up", "--to", "5s")
    assert (both.exit_code, "--from and --to" in both.stderr) == (2, True)


def test_a_page_without_the_libraries_of_the_window_has_no_plots_and_says_so(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "wattui.ui.app", None)
    page, pdf = tmp_path / "a.html", tmp_path / "a.pdf"
    result = run("report", session, "-o", page)
    assert result.exit_code == 0, result.stderr
    assert "Plots are left out" in result.stderr
    text = page.read_text(encoding="utf-8")
    assert "Plots are left out" in text
    assert "<svg" not in text
    assert "bench 2" in text
    assert run("report", session, "-o", pdf).exit_code == DisplayMissing.exit_status
    assert not pdf.exists()
