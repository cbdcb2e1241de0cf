# SPDX-License-Identifier: GPL-3.0-or-later
"""Real databases and brokers on the loopback, started by the tests and ended by them."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find(name: str, *folders: str) -> str:
    """Return the path of a server's program; skip the test where there is none."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", *folders])
    found = shutil.which(name, path=path)
    if found is None:
        pytest.skip(f"there is no {name} here; .ci/run installs it")
    return found


def wait_for(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Wait until a condition is met; fail after a deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: it did not happen"
        time.sleep(0.02)


class Server:
    """A server that can be started, stopped and started again with the same data."""

    def __init__(self, command: list[str], port: int, user: dict[str, Any] | None = None) -> None:
        self.command = command
        self.port = port
        self._user = user or {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self._user
        )
        wait_for(self._listens, f"the start of {self.command[0]}")

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"{self.command[0]} ended"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop it at once."""
        if self._process is not None:
            # PostgreSQL waits for its clients after SIGTERM.
            self._process.send_signal(number)
            self._process.wait()
            self._process = None


class InfluxServer(Server):
    """An InfluxDB 1 with a database ``power``."""

    option = "--influx"

    def __init__(self, folder: Path) -> None:
        port = free_port()
        config = folder / "influx.conf"
        config.write_text(
            f'reporting-disabled = true\nbind-address = "127.0.0.1:{free_port()}"\n'
            f'[meta]\ndir = "{folder}/meta"\n[data]\ndir = "{folder}/data"\n'
            f'wal-dir = "{folder}/wal"\n[http]\nbind-address = "127.0.0.1:{port}"\n'
        )
        super().__init__([find("influxd"), "-config", str(config)], port)
        self.start()
        self.query("CREATE DATABASE power", post=True)
        self.stop()

    @property
    def url(self) -> str:
        """The URL of the target."""
        return f"http://127.0.0.1:{self.port}/?db=power"

    def query(self, text: str, *, post: bool = False) -> list[list[Any]]:
        """Return the rows of a query."""
        given = urllib.parse.urlencode({"db": "power", "q": text})
        url = f"http://127.0.0.1:{self.port}/query?{given}"
        with urllib.request.urlopen(url, data=b"" if post else None, timeout=20) as answer:
            (result,) = json.load(answer)["results"]
        return [row for series in result.get("series", []) for row in series["values"]]

    def powers(self) -> list[float]:
        """Return all powers, in order of time."""
        return [row[1] for row in self.query("SELECT power_w FROM wattsup")]


class VictoriaServer(Server):
    """A VictoriaMetrics, which takes line protocol, too."""

    option = "--influx"

    def __init__(self, folder: Path) -> None:
        port = free_port()
        command = [
            find("victoria-metrics"), f"-storageDataPath={folder}/data",
            f"-httpListenAddr=127.0.0.1:{port}", "-retentionPeriod=100y", "-loggerLevel=ERROR",
            # One record per meter and time, however often it was sent.
            "-dedup.minScrapeInterval=1ms",
        ]  # fmt: skip
        super().__init__(command, port)

    @property
    def url(self) -> str:
        """The URL of the target."""
        return f"http://127.0.0.1:{self.port}/?db=power"

    def powers(self) -> list[float]:
        """Return all powers, in order of time."""
        base = f"http://127.0.0.1:{self.port}"
        urllib.request.urlopen(f"{base}/internal/force_flush", timeout=20).close()
        # A simulated meter that runs at speed is ahead of the clock.
        span = {"start": 0, "end": int(time.time()) + 86_400}
        given = urllib.parse.urlencode({"match[]": "wattsup_power_w", **span})
        with urllib.request.urlopen(f"{base}/api/v1/export?{given}", timeout=20) as answer:
            series = [json.loads(line) for line in answer]
        pairs = [
            pair for one in series for pair in zip(one["timestamps"], one["values"], strict=True)
        ]
        return [value for _, value in sorted(pairs)]


class PostgresServer(Server):
    """A PostgreSQL with an empty database."""

    option = "--postgres"

    def __init__(self, folder: Path) -> None:
        port, data = free_port(), folder / "data"
        folders = [str(one) for one in Path("/usr/lib/postgresql").glob("*/bin")]
        init, server = find("initdb", *folders), find("postgres", *folders)
        user = _postgres_user(folder)
        options = ["-D", str(data), "-p", str(port), "-k", str(folder), "-h", "127.0.0.1", "-F"]
        super().__init__([server, *options], port, user)
        command = [init, "-D", str(data), "-A", "trust", "-U", "postgres", "--no-sync"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **user)

    @property
    def url(self) -> str:
        """The URL of the target."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        super().start()
        wait_for(self._answers, "the database")

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError:
            return False
        return True

    def powers(self) -> list[float]:
        """Return all powers, in order of time."""
        import psycopg

        with psycopg.connect(self.url) as connection:
            found = connection.execute("SELECT to_regclass('wattui_sample')").fetchone()
            if found is None or found[0] is None:
                return []
            rows = connection.execute("SELECT power_w FROM wattui_sample ORDER BY time")
            return [row[0] for row in rows.fetchall()]


def _postgres_user(folder: Path) -> dict[str, Any]:
    """Return the user that runs PostgreSQL, which refuses to run as root, and give it a folder."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    for one in (folder, *folder.parents):
        if one.stat().st_uid == 0 and not one.stat().st_mode & 0o001:
            one.chmod(one.stat().st_mode | 0o011)
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


class Broker(Server):
    """A mosquitto, and what it passes on."""

    option = "--mqtt"

    def __init__(self, folder: Path) -> None:
        port = free_port()
        config = folder / "mosquitto.conf"
        # By default it drops what waits for a subscriber beyond a thousand messages.
        config.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\nmax_queued_messages 0\n"
        )
        super().__init__([find("mosquitto"), "-c", str(config)], port)
        #: Topics and texts, in the order in which they came.
        self.received: list[tuple[str, str]] = []
        self._client: Any = None

    @property
    def url(self) -> str:
        """The URL of the target."""
        return f"mqtt://127.0.0.1:{self.port}/lab"

    def start(self) -> None:
        """Start it, and subscribe to everything."""
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion

        super().start()
        granted: list[object] = []
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_subscribe = lambda *_: granted.append(1)
        self._client.on_message = lambda _client, _data, message: self.received.append(
            (message.topic, message.payload.decode())
        )
        self._client.connect("127.0.0.1", self.port)
        self._client.subscribe("#", qos=1)
        self._client.loop_start()
        wait_for(lambda: granted, "the subscription")

    def stop(self, number: int = signal.SIGINT) -> None:
        """Stop it at once."""
        if self._client is not None:
            self._client.loop_stop()
            self._client = None
        super().stop(number)

    def powers(self) -> list[float]:
        """Return all powers in order of time, each once: by meter and time."""
        samples = (json.loads(text) for topic, text in self.received if topic.endswith("/sample"))
        found = {one["time"]: one["power_w"] for one in samples}
        return [found[when] for when in sorted(found)]
