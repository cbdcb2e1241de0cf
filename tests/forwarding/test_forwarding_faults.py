# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers and networks that misbehave: what is sent arrives once, and recordings go on."""

from __future__ import annotations

import base64
import gzip
import json
import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from faulty_proxy import FaultyProxy
from log_process import Log
from real_servers import Broker, InfluxServer, PostgresServer, find, wait_for
from session_samples import METER, record, record_steady, steady

from wattui.desktop.folders import data_folder
from wattui.errors import DiskRefused, WattuiError
from wattui.forwarding import Batch, Cursors, Forwarder, forwarder, open_target
from wattui.forwarding.target import TargetRefused, TargetUnreachable
from wattui.session import Session, SessionWriter

Start = Callable[[str], tuple[Forwarder, list[WattuiError]]]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Return a function that starts a forwarder, and returns it with its complaints."""
    monkeypatch.setattr(forwarder, "_LAST_RETRY", 0.1)
    with ExitStack() as stack:

        def begin(url: str) -> tuple[Forwarder, list[WattuiError]]:
            cursors = Cursors(tmp_path / "forwarding.db")
            stack.callback(cursors.close)
            complaints: list[WattuiError] = []
            made = Forwarder(open_target(url), cursors, complaints.append, look=0.01, retry=0.02)
            stack.callback(made.close, 0.1)
            made.start()
            return made, complaints

        yield begin


class HttpServer(ThreadingHTTPServer):
    """Answers as it is told to, and keeps the lines of what it accepted."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        #: Answers that come first: status and text.
        self.answers: list[tuple[int, str]] = []
        #: Whether it closes each connection after its answer, without saying so.
        self.hangs_up = False
        self.lines: list[str] = []
        self.requests = 0
        self.authorizations: set[str | None] = set()
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, *_: object) -> None:
        """Print nothing."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/?db=power"

    @property
    def times(self) -> list[int]:
        return [int(line.rpartition(" ")[2]) for line in self.lines]


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HttpServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests += 1
        self.server.authorizations.add(self.headers["Authorization"])
        status, text = self.server.answers.pop(0) if self.server.answers else (204, "")
        if status == 204:
            self.server.lines += gzip.decompress(body).decode().splitlines()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
        self.close_connection = self.server.hangs_up

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def http() -> Iterator[HttpServer]:
    made = HttpServer()
    yield made
    made.shutdown()
    made.server_close()


def times_of(path: Path) -> list[int]:
    with Session.open(path) as session:
        return [sample.time_us for sample in session.samples(1)]


@pytest.mark.parametrize("kind", [InfluxServer, PostgresServer, Broker])
def test_resets_and_a_slow_line_lose_nothing_while_a_recording_goes_on(
    kind: type, start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forwarder, "BATCH", 100)
    folder = tmp_path / "server"
    folder.mkdir()
    server = kind(folder)
    server.start()
    path = tmp_path / "run.wattui"
    with FaultyProxy(server.port) as proxy, SessionWriter(path) as writer:
        proxy.reset_after = 500
        made, complaints = start(server.url.replace(str(server.port), str(proxy.port)))
        writer.on_samples(METER, steady(1_000))
        assert writer.flush()
        made.add(path)
        wait_for(lambda: proxy.resets >= 3, "resets")
        # However bad the line is, a commit waits for the disk only.
        writer.on_samples(METER, steady(1_200)[1_000:])
        assert writer.flush()
        assert made.sent == 0
        proxy.reset_after, proxy.delay = None, 0.005
        wait_for(lambda: len(server.powers()) == 1_200, "the samples")
    try:
        assert made.close(30)
        # paho connects again by itself.
        assert len(complaints) <= 1, complaints
        assert len(times_of(path)) == 1_200
        # Each is there once.
        assert server.powers() == [sample["power"] for sample in steady(1_200)]
    finally:
        server.stop()


@pytest.mark.parametrize("status", [429, 503, 500, 408])
def test_a_server_that_is_busy_is_asked_again(
    status: int, start: Start, http: HttpServer, tmp_path: Path
) -> None:
    http.answers = [(status, "later")] * 3
    path = record_steady(tmp_path / "run.wattui", 300)
    made, complaints = start(http.url)
    made.add(path)
    assert made.close(30)
    assert http.times == times_of(path)
    (complaint,) = complaints
    assert f"does not take samples now: {status}" in complaint.what


@pytest.mark.parametrize(
    ("status", "words"),
    [(400, "field type conflict"), (401, "unauthorized"), (404, "database not found"), (301, "")],
)
def test_what_a_server_refuses_stays_until_somebody_mends_it(
    status: int, words: str, start: Start, http: HttpServer, tmp_path: Path
) -> None:
    http.answers = [(status, words)] * 5
    path = record_steady(tmp_path / "run.wattui", 30)
    made, complaints = start(http.url)
    made.add(path)
    wait_for(lambda: http.times == times_of(path), "the samples")
    assert made.close(30)
    (complaint,) = complaints
    assert isinstance(complaint, TargetRefused)
    assert f"{status}" in complaint.what
    assert words in complaint.what
    assert "are sent later" in complaint.hint


def test_samples_that_a_server_finds_too_old_do_not_hold_up_the_others(
    start: Start, http: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """InfluxDB answered 400 for a week-old sample, and nothing was sent any longer."""
    monkeypatch.setattr(forwarder, "BATCH", 50)
    old = '{"error":"partial write: points beyond retention policy dropped=50"}'
    http.answers = [(400, old)] * 2
    path = record_steady(tmp_path / "run.wattui", 300)
    made, complaints = start(http.url)
    made.add(path)
    assert made.close(30)
    assert http.times == times_of(path)[100:]
    assert (made.sent, made.dropped) == (200, 100)
    (complaint,) = complaints
    assert "does not keep samples that are so old" in complaint.what


def test_a_connection_that_was_closed_while_it_was_idle_is_no_outage(
    start: Start, http: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two samples, servers close connections: each sample was a warning."""
    monkeypatch.setattr(forwarder, "BATCH", 20)
    http.hangs_up = True
    path = record_steady(tmp_path / "run.wattui", 100)
    made, complaints = start(http.url)
    made.add(path)
    assert made.close(30)
    assert http.times == times_of(path)
    assert complaints == []


def test_a_full_disk_here_sends_a_batch_again_and_loses_nothing(
    start: Start, http: HttpServer, tmp_path: Path
) -> None:
    path = record_steady(tmp_path / "run.wattui", 200)
    made, complaints = start(http.url)
    made.add(path)
    wait_for(lambda: made.sent == 200, "the samples")
    more = record_steady(tmp_path / "second.wattui", 100)
    made.add(more)
    made._cursors._database.execute("PRAGMA query_only=1")
    other = tmp_path / "third.wattui"
    record_steady(other, 50)
    with pytest.raises(DiskRefused):
        made.add(other)
    wait_for(lambda: complaints, "the complaint")
    assert isinstance(complaints[0], DiskRefused)
    made._cursors._database.execute("PRAGMA query_only=0")
    made.add(other)
    assert made.close(30)
    assert set(http.times) == {*times_of(path), *times_of(more), *times_of(other)}


def test_what_another_program_records_is_sent_by_that_one(
    start: Start, http: HttpServer, tmp_path: Path
) -> None:
    """Two recordings with one target sent each other's samples, too."""
    theirs = tmp_path / "theirs.wattui"
    with SessionWriter(theirs) as writer:
        writer.on_samples(METER, steady(10))
        assert writer.flush()
        made, _ = start(http.url)
        made._cursors.add(made.target.name, theirs)
        ours = record_steady(tmp_path / "ours.wattui", 20)
        made.add(ours)
        wait_for(lambda: http.times == times_of(ours), "ours")
        assert made.close(30)
        assert made._cursors.pending(made.target.name) == [theirs]
    following, _ = start(http.url)
    assert following.close(30)
    assert len(http.times) == 30


def test_a_broker_that_was_restarted_knows_its_meters_again(tmp_path: Path, start: Start) -> None:
    """After a pause, it said "offline" for as long as the recording went on."""
    broker = Broker(tmp_path)
    broker.start()
    try:
        made, _ = start(broker.url)
        made.add(record_steady(tmp_path / "run.wattui", 10))
        wait_for(lambda: made.sent == 10, "the samples")
        wait_for(lambda: ("lab/status", "online") in broker.received, "the status")
        broker.stop()
        broker.received.clear()
        broker.start()
        wait_for(lambda: ("lab/status", "online") in broker.received, "the status")
        made.add(record(tmp_path / "second.wattui", steady(5, first=1_000)))
        wait_for(lambda: made.sent == 15, "more samples")
        topics = [topic for topic, _ in broker.received]
        assert [one for one in topics if "energy_wh/config" in one]
    finally:
        broker.stop()


def test_home_assistant_sees_that_energy_begins_again(tmp_path: Path, start: Start) -> None:
    """A session that was sent as a whole, after an outage, continued the one before."""
    broker = Broker(tmp_path)
    broker.start()
    try:
        made, _ = start(broker.url)
        for number in range(2):
            path = tmp_path / f"{number}.wattui"
            made.add(record(path, steady(100 + 100 * number, first=1_000 * number)))
            wait_for(lambda sent=100 + 200 * number: made.sent == sent, "the samples")
        assert made.close(30)
        states = [json.loads(text) for topic, text in broker.received if topic.endswith("/state")]
    finally:
        broker.stop()
    energies = [one["integrated_energy_wh"] for one in states]
    falls = [one for one in range(1, len(energies)) if energies[one] < energies[one - 1]]
    assert len(falls) == 1
    assert energies[falls[0]] < 0.02


def test_a_password_is_nowhere_but_at_its_server(
    http: HttpServer, tmp_path: Path, program: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broker").mkdir()
    broker = Broker(tmp_path / "broker")
    broker.start()
    secret = "geheim-4711"
    for name in ("WATTUI_INFLUX_PASSWORD", "WATTUI_MQTT_PASSWORD", "PGPASSWORD"):
        monkeypatch.setenv(name, secret)
    http.answers = [(401, "unauthorized")] * 20
    status = tmp_path / "status.json"
    log = Log(
        program, "--debug", "sim://pro?speed=50", "--duration", "30s", "--status-file", str(status),
        "--influx", http.url.replace("127", "anna@127"),
        "--mqtt", broker.url.replace("127", "anna@127"),
    )  # fmt: skip
    try:
        assert log.end() == 0
        said = log.errors()
        done = subprocess.run(
            [*program, "doctor", "--report", str(tmp_path / "problem.txt")],
            capture_output=True, timeout=60, check=True,
        )  # fmt: skip
    finally:
        log.close()
        broker.stop()
    assert "401" in said
    assert any(one and one.startswith("Basic ") for one in http.authorizations)
    written = [*data_folder().rglob("*"), status, tmp_path / "problem.txt"]
    files = [one.read_bytes() for one in written if one.is_file()]
    assert len(files) > 4
    for text in (*files, said.encode(), "".join(log.lines).encode(), done.stdout, done.stderr):
        assert secret.encode() not in text
        assert base64.b64encode(f"anna:{secret}".encode()) not in text


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for this machine that nobody has signed, and its key."""
    made, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = [
        find("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
        "-nodes", "-days", "1", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-keyout", str(key), "-out", str(made),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    key.chmod(0o644)
    return made, key


#: Sends a sample, with the certificates that its environment names.
SEND = """
import sys
sys.path[:0] = sys.argv[2:]
from session_samples import METER, steady
from wattui.forwarding import Batch, open_target
try:
    open_target(sys.argv[1]).send(Batch(METER, steady(1), [0.5]))
except Exception as error:
    print(error)
else:
    print("sent")
"""


def test_a_certificate_that_nobody_trusts_is_refused_and_the_error_says_what_to_do(
    http: HttpServer, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    url = http.url.replace("http:", "https:")
    batch = Batch(METER, steady(1), [0.5])
    with pytest.raises(TargetUnreachable) as caught:
        open_target(url).send(batch)
    assert "is not trusted" in caught.value.what
    assert "SSL_CERT_FILE" in caught.value.hint
    broker = open_target(f"mqtts://localhost:{http.server_address[1]}/x")
    with pytest.raises(TargetUnreachable, match="is not trusted"):
        broker.send(batch)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    folders = [one for one in sys.path if one.endswith("tests")]
    done = subprocess.run(
        [sys.executable, "-c", SEND, url, *folders],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout == "sent\n", done.stderr


def test_a_database_elsewhere_must_prove_who_it_is(
    certificate: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default, libpq accepts any server, with or without encryption."""
    folder = tmp_path / "server"
    folder.mkdir()
    server = PostgresServer(folder)
    server.start()
    batch = Batch(METER, steady(1), [0.5])
    # Not the name of the loopback, but its address.
    away = server.url.replace("127.0.0.1", socket.gethostname())
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    try:
        with pytest.raises(TargetUnreachable) as caught:
            open_target(away).send(batch)
        assert "has no encryption" in caught.value.what
        assert "?sslmode=disable" in caught.value.hint
        target = open_target(f"{away}?sslmode=disable")
        target.send(batch)
        target.close()
        assert len(server.powers()) == 1
    finally:
        server.stop()
    (cert, key), user = certificate, server._user.get("user", -1)
    for path in (cert, key):
        os.chown(path, user, -1)
    key.chmod(0o600)
    server.command += ["-c", "ssl=on", "-c", f"ssl_cert_file={cert}", "-c", f"ssl_key_file={key}"]
    server.start()
    try:
        with pytest.raises(TargetUnreachable) as caught:
            open_target(away).send(batch)
        assert "is not trusted" in caught.value.what
        assert "SSL_CERT_FILE" in caught.value.hint
    finally:
        server.stop()
