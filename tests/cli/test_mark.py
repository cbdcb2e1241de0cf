# SPDX-License-Identifier: GPL-3.0-or-later
"""`wattui mark` and `wattui marks`, also while another program records the session."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from log_process import FAST, Log, printed_times, recorded_times
from session_samples import BEGIN, METER, OTHER, record, sample, steady

from wattui.api import mark
from wattui.cli.program import program as wattui_program
from wattui.measurement.clock import MICROSECONDS
from wattui.session import Annotations, Mark, Session, SessionWriter, Span, verify
from wattui.session.lock import lock_path
from wattui.session.running import running_sessions

#: Of a hostile name: a bell, a colour, text that runs backwards.
HOSTILE = "\x07\x1b[31m\u202eevil"


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(wattui_program, [str(one) for one in args])


def marks_of(path: Path) -> list[str]:
    with Session.open(path) as session:
        return [one.text for one in session.marks()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return record(tmp_path / "a.wattui", steady(100))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the empty folder of the sessions."""
    monkeypatch.setenv("WATTUI_DATA", str(tmp_path / "data"))
    folder = tmp_path / "data" / "sessions"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_mark_is_set_while_another_program_records(
    program: list[str], logs: list[Log], data: Path
) -> None:
    logs.append(log := Log(program, FAST))
    log.read_lines(5)
    for number in range(3):
        done = subprocess.run(
            [*program, "mark", f"outside {number}"], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr
        assert "Marked" in done.stderr + done.stdout
        log.read_lines(len(log.lines) + 5)
    assert log.end(signal.SIGTERM) == 0
    path = Path(log.lines[-1])
    assert path.parent == data
    assert printed_times(log.lines) == recorded_times(path)
    assert marks_of(path) == ["outside 0", "outside 1", "outside 2"]
    with Session.open(path) as session:
        begin, end = session.span_us() or (0, 0)
        assert all(begin <= one.time_us <= end for one in session.marks())
        assert not session.interrupted
    assert verify(path) == []
    assert "disk" not in log.errors()
    assert list(data.iterdir()) == [path]


def test_without_a_recording_it_says_so(data: Path) -> None:
    record(data / "ended.wattui", steady(5))
    found = run("mark", "here")
    assert found.exit_code == 6
    assert "Nothing is being recorded" in found.output
    found = run("mark", "here", "/dev/ttyUSB0")
    assert "No meter at /dev/ttyUSB0 is being recorded" in found.output
    found = run("mark", "here", "--session", data / "ended.wattui")
    assert found.exit_code == 2
    assert "--at" in found.output
    assert marks_of(data / "ended.wattui") == []


def test_of_several_recordings_the_one_with_the_port_is_marked(data: Path) -> None:
    with SessionWriter(data / "a.wattui") as lamp, SessionWriter(data / "b.wattui") as desk:
        lamp.on_samples(METER, steady(5))
        desk.on_samples(OTHER, steady(5))
        assert lamp.flush()
        assert desk.flush()
        found = run("mark", "here")
        assert found.exit_code == 6
        assert "2 sessions are being recorded" in found.output
        assert "a.wattui (PRO A80012)" in found.output
        assert "b.wattui (desk)" in found.output
        assert run("mark", "here", OTHER.port).exit_code == 0
        assert run("mark", "there", "--session", lamp.path, "--quiet").output == ""
        with pytest.raises(Exception, match="2 sessions"):
            mark("which one")
        assert mark("third", port=METER.port).text == "third"
    assert marks_of(desk.path) == ["here"]
    assert marks_of(lamp.path) == ["there", "third"]


def test_of_a_recording_that_begins_another_file_the_later_one_is_marked(data: Path) -> None:
    with SessionWriter(data / "a.wattui") as first, SessionWriter(data / "b.wattui") as second:
        first.on_samples(METER, steady(5))
        second.on_samples(METER, [sample(60)])
        assert first.flush()
        assert second.flush()
        lock_path(data / "gone.wattui").write_text("1\n")
        assert [one.path for one in running_sessions()] == [second.path]
        assert run("mark", "here").exit_code == 0
    assert marks_of(second.path) == ["here"]


def test_a_time_in_any_session_is_marked(path: Path) -> None:
    assert run("mark", "early", "--session", path, "--at", "10s").exit_code == 0
    assert run("mark", "late", "--session", path, "--at", "-10s").exit_code == 0
    with Session.open(path) as session:
        begin, end = session.span_us() or (0, 0)
        found = [(one.text, one.time_us) for one in session.marks()]
    assert found == [("early", begin + 10 * MICROSECONDS), ("late", end - 10 * MICROSECONDS)]
    assert run("mark", "x", "/dev/ttyUSB0", "--session", path).exit_code == 2


def test_marks_and_spans_are_listed_with_their_figures(path: Path) -> None:
    assert "There are no marks and no spans" in run("marks", path).output
    notes = Annotations(path)
    notes.add(Mark(0, BEGIN, f"kettle {HOSTILE}"))
    notes.add(Span(0, BEGIN, BEGIN + 50 * MICROSECONDS, f"boiling {HOSTILE}"))
    notes.add(Span(0, BEGIN, BEGIN + 100 * MICROSECONDS, "all of it"))
    found = run("marks", path)
    assert found.exit_code == 0
    first, *_ = [line for line in found.output.splitlines() if line.startswith("boiling")]
    with Session.open(path) as session:
        energy = session.statistics(1, BEGIN, BEGIN + 50 * MICROSECONDS).energy_wh
    assert f"{energy:.3f}" in first
    assert "44.9 W" in first
    assert "50 s" in first
    assert "\x1b" not in found.output
    assert "\u202e" not in found.output
    assert "Ratio" not in found.output
    assert "0.5" in run("marks", path, "--baseline", "all of it").output
    wrong = run("marks", path, "--baseline", "none")
    assert wrong.exit_code == 2
    assert "'all of it'" in wrong.output
    listed = json.loads(run("marks", path, "--json").output)
    assert [one["text"] for one in listed["marks"]] == [f"kettle {HOSTILE}"]
    assert listed["spans"][0]["energy_wh"] == energy
    assert listed["spans"][0]["energy_ratio"] is None
    lines = run("marks", path, "--csv").output.splitlines()
    assert lines[0].startswith("name,start,stop,duration_s")
    assert len(lines) == 3
    assert str(energy) in lines[1]
