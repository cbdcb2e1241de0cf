# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says, and its HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hostile_texts import BODY, hostile_session, raw_characters
from session_samples import BEGIN, METER, OTHER, noisy, record, sample, steady

from wattui.errors import Cancelled
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.text import energy_text, power_text
from wattui.meter_memory.save_readout import PARTIAL, RECONSTRUCTED
from wattui.report.markup import Markup, element
from wattui.report.report_content import NothingToReport, ReportContent, read_content
from wattui.report.report_html import report_page
from wattui.session import Annotations, Session, SessionWriter, Span, set_info
from wattui.session.outline import NAME, NOTE

VOID = {"meta", "br", "img"}


class Page(HTMLParser):
    """The text of a page, and the cells of its tables; refuses elements that do not match."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.tables: list[list[list[str]]] = []
        self.words: list[str] = []
        self.links: list[str] = []
        self.policy = ""
        self.feed(source)
        assert self.open == []

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def table(self, heading: str) -> list[list[str]]:
        """Return the rows below the head of the table that has a heading."""
        return next(rows[1:] for rows in self.tables if heading in rows[0])

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [key for key, _value in attrs if key in ("src", "href")]
        if ("http-equiv", "Content-Security-Policy") in attrs:
            self.policy = dict(attrs)["content"] or ""
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self.words.append(data)
        if self.open[-1:] and {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] = f"{self.tables[-1][-1][-1]} {data}".strip()


def page_of(path: Path, *args: int, pictures: Sequence[Markup] = (), **options: object) -> Page:
    with Session.open(path) as session:
        content = read_content(session, path.name, *args, **options)  # type: ignore[arg-type]
    return Page(report_page(content, pictures))


def content_of(path: Path) -> ReportContent:
    with Session.open(path) as session:
        return read_content(session, path.name)


def test_a_report_states_what_the_statistics_of_the_session_are(tmp_path: Path) -> None:
    samples = noisy(900)
    path = record(tmp_path / "run.wattui", samples)
    start, stop = samples[100].time_us, samples[800].time_us
    page = page_of(path, start, stop, above=150.0)
    with Session.open(path) as session:
        found = session.statistics(1, start, stop)
        power = session.distribution(1, "power", start, stop)
        load = session.load(1, 150.0, start, stop)
    energy = energy_text(found.energy_wh, found.energy_error_wh)
    mean = power_text(found.average_power_w, found.average_power_error_w)
    assert page.text.count(energy) == 2
    assert page.table("Mean power")[0][0] == energy
    assert page.table("Mean power")[0][2] == mean
    row = page.table("Median")[0]
    assert row[:3] == ["Power W", mean.removesuffix(" W"), f"{power.std:.1f}"]
    assert row[4:7] == [f"{power.quantile(share):.1f}" for share in (0.05, 0.5, 0.95)]
    assert row[3].startswith(f"{found['power'].low:.1f} ")
    assert page.table("Cycles")[0][1:3] == [
        f"{load.cycles}",
        energy_text(load.on_wh, load.on_error_wh),
    ]
    assert "A part of a session" in page.text
    assert "It is a limit, not a standard deviation" in page.text


def test_a_field_that_records_lack_says_how_many_have_it(tmp_path: Path) -> None:
    path = record(tmp_path / "run.wattui", noisy(300))
    with Session.open(path) as session:
        count = session.statistics(1).fields["voltage"].count
    assert count < 300
    assert f"Voltage is in {count} of 300 records." in page_of(path).text


def test_of_300_gaps_the_longest_are_listed_and_all_are_counted(tmp_path: Path) -> None:
    time, samples = 0, []
    for number in range(301):
        gap = 10 + number if number else 0
        time += 1 + gap
        samples.append(sample(time, gap=gap))
    page = page_of(record(tmp_path / "run.wattui", samples))
    rows = page.table("No records from")
    assert len(rows) == 40
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    assert (rows[0][2], rows[-1][2]) == ("4 min 31 s", "5 min 10 s")
    rest = sum(range(11, 271)) // 60
    assert "300 (13 h 22 min). The 40 longest are listed" in page.text
    assert f"the others are {rest // 60} h {rest % 60} min in all" in page.text


def test_a_gap_that_reaches_beyond_the_part_is_not_listed_as_one_of_its_gaps(
    tmp_path: Path,
) -> None:
    samples = [*steady(30), sample(130, gap=99), *steady(30, 131)]
    path = record(tmp_path / "run.wattui", samples)
    assert "There are no gaps" in page_of(path, BEGIN, BEGIN + 60 * MICROSECONDS).text
    assert len(page_of(path).table("No records from")) == 1


def test_twelve_meters_have_a_row_each_and_a_sum(tmp_path: Path) -> None:
    path = tmp_path / "rack.wattui"
    with SessionWriter(path) as writer:
        for number in range(12):
            info = MeterInfo(f"A{number}", f"/dev/ttyUSB{number}", "same" if number < 2 else "")
            writer.on_samples(info, steady(60))
    page = page_of(path)
    rows = page.table("Mean power")
    assert len(rows) == 13
    assert [row[0] for row in rows[:2]] == ["same (1)", "same (2)"]
    with Session.open(path) as session:
        parts = [session.statistics(one.id) for one in session.meters]
    total = sum(one.energy_wh for one in parts), sum(one.energy_error_wh for one in parts)
    assert rows[-1][:2] == ["All", energy_text(*total)]
    assert len(page.table("Serial number")) == 12
    assert "the sum of their limits" in page.text


def test_without_any_optional_fact_a_report_says_so(tmp_path: Path) -> None:
    samples = [replace(one, values=(one.values[0], *(None,) * 17)) for one in steady(9)]
    page = page_of(record(tmp_path / "bare.wattui", samples, MeterInfo("x", "")))
    assert page.table("Serial number") == [
        ["Watts up?", "not known", "not known", "not known", "1 s"]
    ]
    assert page.table("Mean power")[0][3] == "–"
    assert "Fields in the records: power." in page.text
    assert "counts too little" not in page.text
    for heading in ("Marks and notes", "Interruptions", "Time above"):
        assert heading not in page.text


def test_the_origin_of_the_records_is_stated_before_the_figures(tmp_path: Path) -> None:
    path = record(tmp_path / "run.wattui", steady(30))
    set_info(path, RECONSTRUCTED, "Times are estimates.")
    set_info(path, PARTIAL, "Records are missing: the memory was full")
    warnings = content_of(path).warnings
    assert "Times are estimates." in warnings
    assert "Records are missing: the memory was full" in warnings

    url = "sim://pro?replay=/home/ada/fridge.wattui&speed=60"
    replayed = record(tmp_path / "b.wattui", steady(30), MeterInfo("r", url))
    assert "Replay of fridge at 60x, not a measurement." in page_of(replayed).text

    imported = record(tmp_path / "c.wattui", steady(30))
    set_info(imported, "source", "fan.raw")
    assert "Imported from fan.raw." in content_of(imported).warnings


def test_an_interrupted_recording_and_its_interruptions_are_stated(tmp_path: Path) -> None:
    path = tmp_path / "run.wattui"
    with SessionWriter(path) as writer:
        writer.on_event(METER, Event(BEGIN, EventKind.STARTED))
        writer.on_samples(METER, steady(60))
        writer.on_event(METER, Event(BEGIN + 9 * MICROSECONDS, EventKind.LOST, "unplugged"))
        writer.on_samples(OTHER, steady(60))
        writer.mark("compile starts", when=BEGIN / MICROSECONDS + 5)
    with Session.open(path) as session:
        if session.interrupted:
            assert "has no end" in " ".join(content_of(path).warnings)
    page = page_of(path)
    assert page.table("What")[0][2:] == ["Mark", "compile starts"]
    assert "Lost unplugged" in page.text


def test_a_note_that_was_written_later_is_part_of_the_whole_report_only(tmp_path: Path) -> None:
    path = tmp_path / "run.wattui"
    with SessionWriter(path) as writer:
        writer.on_samples(METER, steady(60))
        writer.note("two fans")
    assert "two fans" in page_of(path).text
    assert "two fans" not in page_of(path, BEGIN, BEGIN + 20 * MICROSECONDS).text


def test_hostile_texts_are_text_in_a_report(tmp_path: Path) -> None:
    path = hostile_session(tmp_path)
    source = ""
    with Session.open(path) as session:
        content = read_content(session, path.name, title=BODY, damage=[BODY])
        source = report_page(content, [])
    page = Page(source)
    assert raw_characters(source) == ""
    assert page.tags & {"b", "img", "script", "a"} == set()
    assert "<b>x<&b>" in page.text


def test_a_report_refers_to_nothing_outside_of_it(tmp_path: Path) -> None:
    path = record(tmp_path / "run.wattui", steady(60))
    with Session.open(path) as session:
        source = report_page(read_content(session, path.name), [element("p", "a plot")])
    page = Page(source)
    assert page.links == []
    assert "url(" not in source
    assert "default-src 'none'" in page.policy
    assert "a plot" in page.text


def test_nothing_to_report_is_an_error_with_a_hint(tmp_path: Path) -> None:
    path = record(tmp_path / "run.wattui", steady(60))
    with Session.open(path) as session, pytest.raises(NothingToReport) as raised:
        read_content(session, path.name, BEGIN + 900 * MICROSECONDS)
    assert "another span" in raised.value.hint


def test_reading_reports_progress_and_ends_when_cancelled(tmp_path: Path) -> None:
    path = record(tmp_path / "run.wattui", noisy(60))
    seen: list[tuple[int, int]] = []
    with Session.open(path) as session:
        read_content(session, path.name, progress=lambda *done: seen.append(done))
        assert seen[-1][0] == seen[-1][1] == len(seen)
        with pytest.raises(Cancelled):
            read_content(session, path.name, cancelled=lambda: True)


def test_gaps_of_the_content_are_those_of_the_statistics(tmp_path: Path) -> None:
    one = content_of(record(tmp_path / "run.wattui", noisy(900))).meters[0]
    assert len(one.gaps) == one.statistics.gap_count
    assert float(np.diff(one.gaps).sum()) == pytest.approx(one.statistics.gap_s)


def test_named_spans_of_the_part_have_their_figures(tmp_path: Path) -> None:
    path = record(tmp_path / "run.wattui", steady(300))
    notes = Annotations(path)
    notes.add(Span(0, BEGIN, BEGIN + 60 * MICROSECONDS, "warm-up <b>"))
    notes.add(Span(0, BEGIN + 100 * MICROSECONDS, BEGIN + 200 * MICROSECONDS, "run"))
    with Session.open(path) as session:
        found = session.statistics(1, BEGIN, BEGIN + 60 * MICROSECONDS)
    energy = energy_text(found.energy_wh, found.energy_error_wh)
    rows = page_of(path).table("Span")
    assert [row[0] for row in rows] == ["warm-up <b>", "run"]
    assert rows[0][3:5] == ["1 min", energy]
    later = page_of(path, BEGIN + 90 * MICROSECONDS)
    assert [row[0] for row in later.table("Span")] == ["run"]


def test_the_name_and_the_note_of_a_session_are_at_the_top(tmp_path: Path) -> None:
    path = record(tmp_path / "run.wattui", steady(60))
    assert content_of(path).title == "run"
    set_info(path, NAME, "Fan, third run")
    set_info(path, NOTE, "New bearings,\n<b>same</b> fan")
    page = page_of(path)
    assert page.text.startswith("Fan, third run Fan, third run")  # in the head, and above the text
    assert "New bearings, <b>same</b> fan" in page.text
    assert page_of(path, title="Other").text.startswith("Other")
