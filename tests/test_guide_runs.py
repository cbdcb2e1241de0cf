# SPDX-License-Identifier: GPL-3.0-or-later
"""The guide can be followed: its commands, programs, queries and tables, on simulated meters."""

from __future__ import annotations

import re
import shlex
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from click.testing import CliRunner
from log_process import wait_for
from session_samples import BEGIN, sample

from wattui import api
from wattui.api import Annotations, Session, Span, commands
from wattui.cli.program import program
from wattui.client import MeterClient
from wattui.formats import all_formats, read
from wattui.formats.reading.source import Assumptions
from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.events import Event, EventKind, MeterInfo
from wattui.measurement.fields import FIELDS
from wattui.protocol.replies import FullHandling, NetworkAddress, PostTarget
from wattui.session import BulkWriter, SessionWriter
from wattui.session.schema import RELEASED, SCHEMA_VERSION

DOCS = Path(__file__).resolve().parents[1] / "docs"


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)
    return [block for one, block in found if one == language]


def command_lines(page: str) -> list[str]:
    """Return the lines of a page that call wattui."""
    lines = "".join(blocks(page, "console")).splitlines()
    return [line.removeprefix("$ ") for line in lines if line.startswith("$ wattui ")]


def rows(page: str, first: str) -> list[list[str]]:
    """Return the cells of the rows of the tables of a page that begin in a certain way."""
    lines = (DOCS / page).read_text(encoding="utf-8").splitlines()
    found = [line.removesuffix("|").split("|")[1:] for line in lines if re.match(first, line)]
    return [[cell.strip() for cell in row] for row in found]


def run(line: str) -> str:
    """Run a command line in this process, and return what it prints."""
    words, target = shlex.split(line, comments=True)[1:], ""
    if ">" in words:
        *words, _, target = words
    result = CliRunner().invoke(program, words)
    assert result.exit_code == 0, (line, result.stderr)
    if target:
        Path(target).write_text(result.stdout)
    return result.stdout


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_session(
    name: str, marks: dict[int, str] | None = None, spans: dict[str, tuple[int, int]] | None = None
) -> None:
    """Write a session of two hours; marks and spans are in seconds since its start."""
    meter = MeterInfo("A1000WT3", "/dev/ttyUSB0", model="PRO", serial_number="A1000WT3")
    with BulkWriter(Path(name)) as writer:
        writer.add_samples(meter, [sample(n, 600 + n % 50) for n in range(1, 7201)])
        for second, text in (marks or {}).items():
            writer.add_event(Event(BEGIN + second * MICROSECONDS, EventKind.MARK, text))
        for text, ends in (spans or {}).items():
            start, stop = (BEGIN + one * MICROSECONDS for one in ends)
            writer.add_span(Span(0, start, stop, text))


# -- tutorial and how-to pages --


def test_the_tutorial_leads_to_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join((DOCS / "tutorial.md").read_text(encoding="utf-8").split())
    lines = command_lines("tutorial.md")
    # What the window does in steps 3 to 6 is done by the command for computers without a display.
    (log,) = [line for line in lines if "wattui log" in line]
    assert "sim://pro?load=fridge&speed=60\n" in blocks("tutorial.md", "")
    run(log.replace("speed=60", "speed=1200") + " --quiet")
    notes = Annotations("fridge.wattui")
    with Session.open("fridge.wattui") as session:
        start, _ = session.span_us()
        info = session.meters[0].info
    minute = 60 * MICROSECONDS
    notes.add(Span(0, start + 45 * minute, start + 90 * minute, "cycle"))
    for line in lines:
        if line != log:
            run(line)
    assert {"cycle.csv", "cycle.html", "cycle.pdf"} <= {path.name for path in Path().iterdir()}
    with Session.open("fridge.wattui") as session:
        part = session.part("cycle")
        energy, power = part.energy, part.statistics["power"].mean
    for wh, error in re.findall(r"([\d.]+) ± ([\d.]+) Wh", text):
        assert float(wh) == pytest.approx(energy.wh, abs=0.5)
        assert float(error) == pytest.approx(energy.error, abs=0.06)
    for watts in re.findall(r"([\d.]+) ± 1.0 W\b", text):
        assert float(watts) == pytest.approx(power, abs=0.7)
    ((year, off),) = re.findall(r"are (\d+) ± (\d+) kWh", text)
    assert int(year) == round(43.3 * 8.766)
    assert int(off) == round((0.015 * 43.3 + 0.3) * 8.766)
    assert f"Watts up? {info.model} (firmware {info.firmware})" in text


def test_marks_and_spans_from_a_script() -> None:
    write_session("run.wattui", {60: "old"}, {"idle": (0, 600), "busy": (600, 900)})
    at = time.strftime("%H:%M", time.localtime(BEGIN / 1e6 + 600))
    for line in command_lines("marks.md"):
        if "--session" not in line and "mark '" in line:
            continue  # needs a recording that is running: tests/cli/test_mark.py
        run(line.replace("14:05", at))
    assert Path("spans.csv").read_text().count("\n") == 3
    for block in blocks("marks.md", "python"):
        exec(block, {})
    with Session.open("run.wattui") as session:
        assert [one.text for one in session.marks()] == ["old", "kettle off"]
        assert [one.name for one in session.spans()] == ["idle", "busy"]


@pytest.fixture
def levels(folder: Path) -> Iterator[Path]:
    """Record a meter that measures what ``./load`` writes."""
    load = folder / "load"
    load.write_text('#!/bin/sh\necho "$(date +%s.%N) $1" >> switch\nsleep "$2"\n')
    load.chmod(0o755)
    (folder / "switch").touch()
    client = MeterClient(f"sim://pro?load=idle&switch={folder / 'switch'}")
    with SessionWriter(folder / "levels.wattui") as writer:
        started = threading.Event()
        client.add_listener(writer)
        writer.add_listener(_Started(started))
        client.start()
        assert started.wait(20)
        yield folder / "levels.wattui"
        client.stop()


class _Started:
    def __init__(self, event: threading.Event) -> None:
        self._event = event

    def on_samples(self, *_: object) -> None:
        self._event.set()

    def on_event(self, *_: object) -> None:
        pass


def test_levels_of_a_load(levels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver, score = blocks("load-levels.md", "python")
    driver = driver.replace("240, 30", "2, 1.2")
    driver = re.sub(r"LEVELS = .*", "LEVELS = [100, 50, 0]", driver)
    exec(driver, {})
    for line in command_lines("load-levels.md"):
        if "wattui log" not in line:
            run(line)
    names = [line.rpartition("Mark,")[2] for line in Path("levels.log").read_text().splitlines()]
    assert {"100 %", "50 %", "0 %", "notset"} == set(names)
    (block,) = read("levels.log", Assumptions())
    assert len(block.values) == len(names)
    figures: dict[str, Any] = {}
    exec(score, figures)
    assert figures["power"]["100 %"] == pytest.approx(100, abs=1)
    assert figures["power"]["50 %"] == pytest.approx(50, abs=1)
    assert figures["error"] == pytest.approx(0.015 * 150 + 0.9, abs=0.1)


def test_inference_between_two_marks(capsys: pytest.CaptureFixture[str]) -> None:
    write_session("run.wattui", {600: "begin", 1200: "end"})
    (code,) = blocks("inference.md", "python")
    exec(code, {})
    shown = capsys.readouterr().out
    expected = np.mean([60 + n % 50 / 10 for n in range(601, 1201)])
    assert f"{expected:.2f}"[:4] in shown
    assert re.search(r"[\d.]+ ± [\d.]+ J per sample", shown)
    local = [time.strftime("%FT%T", time.localtime(BEGIN / 1e6 + n)) for n in (600, 1200)]
    for line in command_lines("inference.md"):
        if "wattui log" in line:
            continue
        for old, new in zip(("2026-11-25T10:00:03", "2026-11-25T10:10:05"), local, strict=True):
            line = line.replace(old, new)
        printed = run(line)
        if "stats" in line:
            assert "10 minutes" in printed
    assert Path("spl.txt").read_text().startswith("Time,")


def test_a_rack_as_a_data_set(folder: Path) -> None:
    machines = {"A1000WT3": "node01", "A1000WT7": "node02"}
    with BulkWriter(folder / "day.wattui") as writer:
        for number, serial in enumerate(machines):
            meter = MeterInfo(serial, "/dev/ttyUSB0", model="PRO", serial_number=serial)
            writer.add_samples(meter, [sample(n, 1000 * (number + 1)) for n in range(1, 3601)])
    (table,) = (one for one in blocks("rack.md", "") if "serial_number" in one)
    (folder / "machines.csv").write_text(table)
    (archive,) = (one for one in command_lines("rack.md") if "wattui archive" in one)
    (query,) = blocks("rack.md", "sql")
    run(archive.replace("/srv/power-set", str(folder / "set")).replace("/srv/power", str(folder)))
    found = duckdb.sql(query.replace("/srv/power-set", str(folder / "set"))).fetchall()
    assert {row[0] for row in found} == set(machines.values())
    energy = {name: sum(r[2] for r in found if r[0] == name) for name in machines.values()}
    assert energy == pytest.approx({"node01": 0.1, "node02": 0.2})
    assert sum(row[3] for row in found) == pytest.approx(0.015 * 0.3 + 2 * 0.3e-3)


def test_the_python_of_the_page_on_python_runs(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # tests/ui/window/test_meter_view.py runs the blocks with views.
    iterate, _measure, observe, _notebook, record, reading, marking, *_ = blocks(
        "python.md", "python"
    )
    iterate = iterate.replace("sim://pro", "sim://pro?speed=60") + "        break\n"
    exec(iterate, {})
    assert re.search(r"PRO 3\.14\n[\d.]+ [\d.]+ [\d.]+\n", capsys.readouterr().out)

    names: dict[str, Any] = {"Path": Path}
    exec(observe, names)
    wait_for(lambda: " W" in capsys.readouterr().out, "a power")
    names["meter"].disconnect()

    connecting, rest = record.split("\n...\n")
    exec(connecting.replace("Bench()", f"Bench(folder=Path({str(folder)!r}))"), names)
    bench = names["bench"]
    wait_for(
        lambda: bench.session_path and all(one.volts > 0 for one in bench.meters), "both meters"
    )
    exec(rest, names)
    assert names["bench"].session_path.parent == folder
    with Session.open(names["bench"].session_path) as session:
        assert [one.text for one in session.marks()] == ["door opened"]
        # In the order in which their first samples came.
        assert sorted(one.info.name for one in session.meters) == ["fridge", "lamp"]

    capsys.readouterr()
    write_session("run.wattui", spans={"boiling": (0, 600)})
    exec(reading, names)
    assert re.search(r"[\d.]+ ± [\d.]+ Wh\n", capsys.readouterr().out)
    exec(marking, names)
    assert capsys.readouterr().out.startswith("boiling 10.")
    names["session"].close()


def test_every_picture_is_made_by_the_script_shown_on_a_page_and_small() -> None:
    pictures = {path.name: path for path in (DOCS / "images").glob("*.png")}
    script = (DOCS / "images" / "make_screenshots.py").read_text(encoding="utf-8")
    assert set(re.findall(r'^    "([\w-]+\.png)":', script, re.M)) == set(pictures)
    pages = "".join(path.read_text(encoding="utf-8") for path in DOCS.glob("*.md"))
    assert [name for name in pictures if f"(images/{name})" not in pages] == []
    assert [name for name, path in pictures.items() if path.stat().st_size > 80_000] == []


# -- reference --


def test_the_schema_of_the_page_is_that_of_a_session() -> None:
    (schema,) = (one for one in blocks("session-file.md", "sql") if "CREATE" in one)
    released = [" ".join(one.split()) for step in RELEASED for one in step.split(";")]
    shown = [" ".join(one.split()) for one in schema.split(";") if one.strip()]
    assert [one for one in shown if one not in released] == []
    tables = {re.findall(r"CREATE TABLE (\w+)", one)[0] for one in shown}
    assert tables == {"meter", "sample", "event", "span", "info"}
    text = (DOCS / "session-file.md").read_text(encoding="utf-8")
    assert f"these tables, now {SCHEMA_VERSION}." in text


def test_the_queries_of_the_page_give_what_wattui_gives() -> None:
    write_session("run.wattui", {60: "door"}, {"first hour": (0, 3600)})
    queries = [
        one
        for block in blocks("session-file.md", "sql")
        for one in block.split(";")
        if one.strip().startswith("SELECT")
    ]
    with Session.open("run.wattui") as session:
        whole, part = session.part(), session.part("first hour")
        expected = whole.energy, part.energy, whole.statistics["power"].mean
    with sqlite3.connect("file:run.wattui?mode=ro", uri=True) as database:
        last, meters, spans, minutes, gaps, marks = (
            database.execute(query).fetchall() for query in queries
        )
    assert len(last) == 5
    assert last[0][1] == 60.0
    ((label, energy, power, error),) = meters
    assert label == "A1000WT3"
    assert (energy, error) == pytest.approx((expected[0].wh, expected[0].error))
    assert power == pytest.approx(expected[2])
    assert spans == [("first hour", pytest.approx(expected[1].wh), 64.9)]
    assert len(minutes) in (120, 121)
    assert gaps == []
    assert [text for _at, text in marks] == ["door"]


def test_every_command_of_the_meter_is_on_the_page_on_the_protocol() -> None:
    names = {
        **vars(commands),
        "FullHandling": FullHandling,
        "NetworkAddress": NetworkAddress,
        "PostTarget": PostTarget,
    }
    called = set()
    for packet, call, meaning, answer in rows("protocol.md", r"\| `#[A-Z],"):
        command = eval(call.strip("`"), names)
        called.add(call.strip("`").partition("(")[0])
        assert f"`{command.encode().decode().strip()}`" == packet
        assert command.erases == ("†" in meaning), call
        letters = "".join(re.findall(r"`#(\w),?(\w?)`", answer)[0]) if "`#" in answer else ""
        if command.reply is not None:
            assert letters == "".join(command.reply).strip("-"), call
    public = {
        name
        for name, value in vars(commands).items()
        if getattr(value, "__module__", "") == commands.__name__
        and getattr(value, "__annotations__", {}).get("return") == "Command"
        and not name.startswith("_")
    }
    assert called == public


def test_every_field_is_on_the_page_on_the_protocol() -> None:
    found = rows("protocol.md", r"\| \d+ \|")
    units = [f"{one.scale} per {one.unit}" if one.unit else str(one.scale) for one in FIELDS]
    assert found == [
        [str(place), f"`{one.header}`", f"`{one.name}`", unit, f"{one.low} to {one.high}"]
        for place, (one, unit) in enumerate(zip(FIELDS, units, strict=True), 1)
    ]


def test_every_format_is_on_the_page_on_formats() -> None:
    found = {row[0].strip("`"): row[1:] for row in rows("formats.md", r"\| `\w[a-z0-9-]*` \|")}
    assert list(found) == list(all_formats())
    for name, form in all_formats().items():
        title, ending, is_read, is_written, meters, missing = found[name]
        assert re.sub(r"\[(.*?)\]\(.*?\)", r"\1", title) == form.title
        assert ending.strip("`") == form.suffix
        assert is_read == ("yes" if form.read else "no")
        assert is_written == ("yes" if form.is_written else "no")
        if form.is_written:
            assert meters == ("any number" if form.several_meters else "one")
        if form.missing is None:
            assert missing == ", ".join(sorted(one.value for one in form.lacks))


def test_every_public_name_is_on_the_page_on_the_api() -> None:
    page = (DOCS / "site" / "api.md").read_text(encoding="utf-8")
    found = re.findall(r"^\.\. (?:autoclass|autofunction|data):: (\w+)$", page, re.M)
    found += [
        one.rpartition(".")[2] for one in re.findall(r"automodule:: (wattui\.protocol.*)", page)
    ]
    assert sorted(found) == sorted(api.__all__)
