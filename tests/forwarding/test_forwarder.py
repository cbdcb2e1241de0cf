# SPDX-License-Identifier: GPL-3.0-or-later
"""Sending in order, at least once, from where it stopped; and what targets refuse beforehand."""

from __future__ import annotations

import contextlib
import importlib
import json
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hostile_texts import HOSTILE
from real_servers import wait_for
from session_samples import METER, OTHER, noisy, record, record_steady, steady

from wattui.errors import DiskRefused, PackageMissing, SessionDamaged, WattuiError
from wattui.forwarding import Batch, Cursors, Forwarder, forwarder, open_target
from wattui.forwarding.influx import Influx, lines
from wattui.forwarding.mqtt import discovery, slug
from wattui.forwarding.postgres import Postgres
from wattui.forwarding.prometheus import Exporter
from wattui.forwarding.target import TargetRefused, TargetUnreachable, values_of
from wattui.measurement.sample import Sample
from wattui.session import Session, SessionWriter


class Memory:
    """A target that keeps what it gets, and fails when it is told to."""

    name = "memory"

    def __init__(self) -> None:
        self.rows: list[tuple[str, Sample, float]] = []
        self.error: Exception | None = None
        #: Batches until it fails once, after it has kept the batch.
        self.fails_after = -1
        self.closed = False

    def send(self, batch: Batch) -> None:
        if self.error is not None:
            raise self.error
        for sample, energy in zip(batch.samples, batch.energies_wh, strict=True):
            self.rows.append((batch.meter.key, sample, energy))
        self.fails_after -= 1
        if self.fails_after == 0:
            raise TargetUnreachable("memory was lost")

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def cursors(tmp_path: Path) -> Iterator[Cursors]:
    made = Cursors(tmp_path / "forwarding.db")
    yield made
    made.close()


def forward(target: Memory, cursors: Cursors, *paths: Path) -> list[WattuiError]:
    complaints: list[WattuiError] = []
    made = Forwarder(target, cursors, complaints.append, look=0.01, retry=0.01)
    made.start()
    for path in paths:
        made.add(path)
    assert made.close(30)
    assert target.closed
    return complaints


def test_each_sample_of_each_meter_is_sent_in_order_with_its_energy(
    tmp_path: Path, cursors: Cursors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "BATCH", 64)
    samples = noisy(1_000)
    path = record(tmp_path / "a.wattui", samples)
    with SessionWriter(tmp_path / "b.wattui") as writer:
        writer.on_samples(OTHER, samples[:10])
    target = Memory()
    assert forward(target, cursors, path, tmp_path / "b.wattui") == []
    assert [sample for key, sample, _ in target.rows if key == METER.key] == samples
    assert [sample for key, sample, _ in target.rows if key == OTHER.key] == samples[:10]
    with Session.open(path) as session:
        for _key, sample, energy in target.rows[:1_000:137]:
            assert energy == pytest.approx(session.energy_before(1, sample.time_us), rel=1e-12)
    assert cursors.pending("memory") == []


def test_a_lost_answer_sends_a_batch_again_and_no_energy_twice(
    tmp_path: Path, cursors: Cursors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "BATCH", 50)
    path = record_steady(tmp_path / "a.wattui", 200)
    target = Memory()
    target.fails_after = 2
    (complaint,) = forward(target, cursors, path)
    assert "are sent later" in complaint.hint
    assert len(target.rows) == 250
    energies = {sample.time_us: energy for _, sample, energy in target.rows}
    assert all(energies[sample.time_us] == energy for _, sample, energy in target.rows)
    assert len(energies) == 200


def test_the_next_run_goes_on_where_this_one_stopped(tmp_path: Path, cursors: Cursors) -> None:
    path = tmp_path / "a.wattui"
    target = Memory()
    first = Forwarder(target, cursors, lambda _error: None, look=0.01)
    first.start()
    with SessionWriter(path) as writer:
        writer.on_samples(METER, steady(20))
        assert writer.flush()
        first.add(path)
        wait_for(lambda: len(target.rows) == 20, "the first samples")
        target.error = TargetRefused("memory is full")
        writer.on_samples(METER, steady(40)[20:])
        assert writer.flush()
        assert not first.close(0.1)
        assert cursors.pending("memory") == [path]
    target.error = None
    assert forward(target, cursors) == []
    assert [sample for _, sample, _ in target.rows] == steady(40)


def test_an_error_of_the_program_is_reported_and_ends_nothing(
    tmp_path: Path, cursors: Cursors
) -> None:
    complaints: list[WattuiError] = []
    target = Memory()
    target.error = ZeroDivisionError("bug")
    made = Forwarder(target, cursors, complaints.append, look=0.01, retry=0.01)
    made.start()
    made.add(record_steady(tmp_path / "a.wattui", 5))
    wait_for(lambda: complaints, "the complaint")
    target.error = None
    assert made.close(30)
    assert len(target.rows) == 5


def test_targets_that_are_gone_end_at_the_same_time(tmp_path: Path, cursors: Cursors) -> None:
    """A recording ended ten seconds later for each of them."""
    made = []
    for name in ("first", "second"):
        target = Memory()
        target.name = name
        target.error = TargetUnreachable("it is gone")
        made.append(Forwarder(target, cursors, lambda _error: None, look=0.01, retry=0.01))
        made[-1].start()
        made[-1].add(record_steady(tmp_path / f"{name}.wattui", 5))
    for one in made:
        one.hurry(0.1)
    wait_for(lambda: all(one.target.closed for one in made), "the end of both")
    assert not any(one.close(100) for one in made)


def test_a_session_that_is_gone_is_forgotten(tmp_path: Path, cursors: Cursors) -> None:
    cursors.add("memory", tmp_path / "gone.wattui")
    assert forward(Memory(), cursors) == []
    assert cursors.pending("memory") == []


def test_a_server_that_never_answers_delays_nothing_but_itself(
    tmp_path: Path, cursors: Cursors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wattui.forwarding.influx._TIMEOUT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = open_target(f"http://127.0.0.1:{server.getsockname()[1]}/?db=x")
        made = Forwarder(target, cursors, (complaints := []).append, look=0.01)
        made.start()
        made.add(record_steady(tmp_path / "a.wattui", 5))
        wait_for(lambda: complaints, "the complaint")
        assert not made.close(0.3)
    assert "timed out" in complaints[0].what
    names = lambda: [one.name for one in threading.enumerate()]  # noqa: E731
    wait_for(lambda: "wattui forwarder" not in names(), "the end of its thread")


def test_cursors_that_cannot_be_written_are_explained(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("no database, but long enough to be one" * 100)
    with pytest.raises(DiskRefused, match="could not be written"):
        Cursors(tmp_path / "a")


@pytest.mark.parametrize("text", [HOSTILE, "a\\", "b, c=d e", "zeile\r\nzwei", " "])
def test_no_name_of_a_meter_breaks_a_line(text: str) -> None:
    meter = replace(METER, name=text, model=text)
    (line,) = lines(Batch(meter, steady(1), [0.5]))
    assert "\n" not in line
    head, fields, time = split_line(line)
    tags = dict(head)
    assert tags["serial_number"] == "A80012"
    assert float(fields["power_w"]) == 40.0
    assert int(time) == steady(1)[0].time_us
    for topic, _text in discovery("lab", meter):
        assert not set(topic) & set("#+\0")


def split_line(line: str) -> tuple[list[tuple[str, str]], dict[str, str], str]:
    """Read a line as strictly as the protocol defines it: a backslash escapes what follows."""
    parts: list[str] = [""]
    escaped = False
    for letter in line:
        if escaped or letter not in "\\ ":
            parts[-1] += f"\\{letter}" if escaped else letter
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            parts.append("")
    assert len(parts) == 3, line
    pairs = [("measurement", "")]
    for one in _commas(parts[0])[1:]:
        name, mark, value = one.partition("=")
        assert mark, line
        assert value, line
        pairs.append((name, value))
    return pairs, dict(one.split("=") for one in parts[1].split(",")), parts[2]


def _commas(text: str) -> list[str]:
    found = [""]
    letters = iter(text)
    for letter in letters:
        if letter == "\\":
            found[-1] += next(letters)
        elif letter == ",":
            found.append("")
        else:
            found[-1] += letter
    return found


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://anna:secret@host/?db=x", "WATTUI_INFLUX_PASSWORD"),
        ("mqtt://anna:secret@host/x", "WATTUI_MQTT_PASSWORD"),
        ("postgresql://anna:secret@host/x", "PGPASSWORD"),
        ("postgresql://anna@host/x?password=secret", "PGPASSWORD"),
        ("http://host/?u=anna&p=secret&db=x", "WATTUI_INFLUX_PASSWORD"),
        ("http://host/?org=a&bucket=b&Token=secret", "WATTUI_INFLUX_PASSWORD"),
        ("mqtt://:secret@host/x", "WATTUI_MQTT_PASSWORD"),
        ("http://host:8086/", "?db=NAME"),
        ("http://host:x/?db=a", "Check it"),
        ("http:///?db=a", "http://localhost:8086"),
        ("mqtt://host/a/+", "must not contain"),
        ("ftp://host/", "mqtt(s)://"),
    ],
)
def test_a_url_that_makes_no_sense_is_refused_without_showing_a_password(
    url: str, words: str
) -> None:
    with pytest.raises(TargetRefused) as caught:
        open_target(url)
    assert words in caught.value.hint
    assert "secret" not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize(
    ("url", "package"), [("mqtt://host/x", "mqtt"), ("postgresql://host/x", "postgres")]
)
def test_a_package_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, url: str, package: str
) -> None:
    def missing(name: str) -> Any:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(PackageMissing) as caught:
        open_target(url)
    assert f"wattui[{package}]" in caught.value.hint


def test_a_token_of_influxdb_2_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATTUI_INFLUX_TOKEN", "abc")
    target = Influx("https://host/?org=lab&bucket=power")
    assert target._headers["Authorization"] == "Token abc"
    assert target._path == "/api/v2/write?org=lab&bucket=power&precision=us"


def test_a_token_can_be_in_a_file_that_others_cannot_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = "https://host/?org=lab&bucket=power"
    file = tmp_path / "token"
    monkeypatch.setenv("WATTUI_INFLUX_TOKEN_FILE", str(file))
    with pytest.raises(TargetRefused, match="cannot be read: No such file"):
        open_target(url)
    file.write_text("abc\n")
    file.chmod(0o644)
    with pytest.raises(TargetRefused) as caught:
        open_target(url)
    assert "can be read by other users" in caught.value.what
    assert caught.value.hint == f"Run chmod 600 {file}."
    file.chmod(0o600)
    assert Influx(url)._headers["Authorization"] == "Token abc"
    monkeypatch.setenv("WATTUI_INFLUX_TOKEN", "def")
    assert Influx(url)._headers["Authorization"] == "Token def"


@pytest.mark.parametrize(
    ("address", "host"),
    [(":0", "127.0.0.1"), ("0.0.0.0:0", "0.0.0.0"), ("localhost:0", "127.0.0.1")],
)
def test_nothing_listens_beyond_this_machine_unless_asked(address: str, host: str) -> None:
    exporter = Exporter(address, list)
    try:
        assert exporter._server.server_address[:2] == (host, exporter.port)
    finally:
        exporter.close()


@pytest.mark.parametrize(
    ("url", "mode"),
    [
        ("postgresql://anna@db.lab/x", "verify-full"),
        ("postgresql:///x?host=db.lab", "verify-full"),
        ("postgresql://db.lab/x?sslmode=require", None),
        ("postgresql://localhost/x", None),
        ("postgresql://127.0.0.1:5433/x", None),
        ("postgresql://[::1]/x", None),
        ("postgresql:///x", None),
        ("postgresql:///x?host=/run/postgresql", None),
    ],
)
def test_a_database_elsewhere_is_verified_unless_its_url_says_otherwise(
    url: str, mode: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGHOST", "PGSSLMODE", "PGSSLROOTCERT"):
        monkeypatch.delenv(name, raising=False)
    pytest.importorskip("psycopg")
    target = open_target(url)
    assert isinstance(target, Postgres)
    assert target._security.get("sslmode") == mode


def test_readings_of_a_lost_meter_expire_in_home_assistant_and_energy_does_not() -> None:
    configs = [json.loads(text) for _, text in discovery("lab", replace(METER, interval=60.0))]
    expires = {one["device_class"]: one.get("expire_after") for one in configs}
    assert expires == {"power": 600, "voltage": 600, "current": 600, "energy": None}


def test_values_that_the_meter_did_not_send_are_not_sent_either() -> None:
    assert values_of(steady(1)[0]) == {
        "power_w": 40.0, "voltage_v": 119.8, "current_a": 0.361, "energy_wh": 0.1,
    }  # fmt: skip
    assert slug("a/b c") == "a_b_c"


def damaged(path: Path, count: int, place: int) -> Path:
    """Record a session of which one sample has changed since."""
    record_steady(path, count)
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        time = database.execute("SELECT time FROM sample LIMIT 1 OFFSET ?", (place,)).fetchone()
        database.execute("UPDATE sample SET power=power+64 WHERE time=?", time)
    return path


def test_what_is_damaged_is_reported_and_not_sent(tmp_path: Path, cursors: Cursors) -> None:
    """A changed value was sent to databases without a word."""
    path = damaged(tmp_path / "a.wattui", 9_000, 5_000)
    target = Memory()
    (complaint,) = forward(target, cursors, path)
    assert "have changed since they were recorded: left out" in complaint.what
    sent = {(row[1].time_us, row[1].values) for row in target.rows}
    assert sent <= {(one.time_us, one.values) for one in steady(9_000)}
    assert len(sent) == len(target.rows) == 9_000 - 16
    assert cursors.pending(target.name) == []


def test_a_damaged_session_that_is_recorded_is_reported_once_and_delays_no_other(
    tmp_path: Path, cursors: Cursors
) -> None:
    """It was reported every second."""
    path = damaged(tmp_path / "a.wattui", 9_000, 5_000)
    other = record(tmp_path / "b.wattui", noisy(100))
    target, complaints = Memory(), []
    made = Forwarder(target, cursors, complaints.append, look=0.01, retry=0.01)
    looks: list[str] = []
    cursors.pending = count_calls(cursors.pending, looks)  # type: ignore[method-assign]
    with SessionWriter(path) as writer:
        made.start()
        for one in (path, other):
            made.add(one)
        wait_for(lambda: len(looks) > 5, "five looks")
        writer.on_samples(METER, steady(1, first=9_001))
        wait_for(lambda: len(looks) > 8, "eight looks")
        assert [type(one) for one in complaints] == [SessionDamaged]
        assert len(target.rows) == 100
    assert made.close(30)
    assert len(target.rows) == 100 + 9_001 - 16
    assert len(complaints) == 2


def test_an_outage_does_not_check_a_session_again_and_again(
    tmp_path: Path, cursors: Cursors, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[Path] = []
    real = forwarder.WatchedSession.open
    monkeypatch.setattr(
        forwarder.WatchedSession, "open", lambda path: checked.append(path) or real(path)
    )
    target = Memory()
    target.error = TargetUnreachable("memory is gone", "")
    path = record(tmp_path / "a.wattui", noisy(100))
    made = Forwarder(target, cursors, lambda error: None, look=0.01, retry=0.001)
    made.start()
    made.add(path)
    tries: list[str] = []
    monkeypatch.setattr(cursors, "pending", count_calls(cursors.pending, tries))
    wait_for(lambda: len(tries) > 3, "three tries")
    target.error = None
    assert made.close(30)
    assert len(target.rows) == 100
    assert checked == [path]


def count_calls(real: Callable[[str], list[Path]], calls: list[str]) -> Callable[[str], list[Path]]:
    """Return a function that notes each call of another one."""

    def call(name: str) -> list[Path]:
        calls.append(name)
        return real(name)

    return call
