# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in a file stays data: it is never run, unpickled, or followed to another file.

And nothing listens on a network port unless it is asked to.
"""

from __future__ import annotations

import ast
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from session_samples import steady

import wattui
from wattui.cli.program import program as command_line
from wattui.formats.import_files import import_files
from wattui.measurement.events import MeterInfo
from wattui.session import SessionWriter

PACKAGE = Path(wattui.__file__).parent
DEADLINE = 60.0

#: Calls that run what they are given, or make objects of it.
FORBIDDEN = {
    *("eval", "exec", "compile", "os.system", "os.popen", "subprocess.getoutput"),
    *("yaml.load", "np.fromregex", "np.load", "numpy.load", "pd.read_pickle", "input"),
    *("runpy.run_path", "code.interact", "tempfile.mktemp"),
}

#: Modules that do the same, and readers of XML that fetch what a file names.
FORBIDDEN_MODULES = {
    *("pickle", "cPickle", "marshal", "shelve", "dill", "joblib", "yaml", "code", "runpy"),
    *("xml", "xmlrpc", "lxml", "imp"),
}

#: Files with the command of an alert, which a shell runs where the user asked for one.
TYPED_BY_THE_USER = ("alert_command.py", "options.py", "recording_options.py", "service.py")

#: Files with conditions that are part of the program, as those that TraitsUI evaluates.
CONSTANTS = ("menus.py",)


def test_nothing_evaluates_or_unpickles() -> None:
    found, calls = [], 0
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                calls += 1
                name = ast.unparse(node.func)
                shell = any(
                    one.arg in ("shell", "allow_pickle") and ast.unparse(one.value) != "False"
                    for one in node.keywords
                )
                if name in FORBIDDEN or shell:
                    found.append(f"{path.name}:{node.lineno}: {ast.unparse(node)[:80]}")
            elif isinstance(node, ast.Import | ast.ImportFrom):
                module = getattr(node, "module", None)
                names = [module] if module else [one.name for one in node.names]
                found += [
                    f"{path.name}:{node.lineno}: {name}"
                    for name in names
                    if name.partition(".")[0] in FORBIDDEN_MODULES
                ]
    allowed = TYPED_BY_THE_USER + CONSTANTS
    assert [one for one in found if one.partition(":")[0] not in allowed] == []
    assert calls > 5_000


# -- paths in files ------------------------------------------------------------------------

_opened: list[str] = []
_watching = [False]


def _audit(event: str, args: tuple[object, ...]) -> None:
    if _watching[0] and event in ("open", "sqlite3.connect", "socket.connect", "subprocess.Popen"):
        _opened.append(" ".join(map(str, args)))


@pytest.fixture
def opened() -> Iterator[list[str]]:
    """Return a list of everything that is opened, connected to or started meanwhile."""
    sys.addaudithook(_audit)
    _opened.clear()
    _watching[0] = True
    yield _opened
    _watching[0] = False


def test_a_path_in_a_file_is_never_opened(tmp_path: Path, opened: list[str]) -> None:
    canary = tmp_path / "canary.raw"
    canary.write_bytes(b"#d,-,18,1000,1200,833,5,_,0,0,1000,1,1,1,1,1,95,0,0,600,1000;\r\n" * 9)
    url = f"sim://pro?replay={quote(str(canary))}"
    session = tmp_path / "session.wattui"
    with SessionWriter(session) as writer:
        for name in (str(canary), url, f"file://{canary}", f"@{canary}"):
            writer.on_samples(MeterInfo(name, name, name, serial_number=name), steady(60))
        writer.note(url)
        writer.mark(str(canary))
    old = tmp_path / "old.csv"
    old.write_text(
        f"# session: {canary}\n# port: {url}\ntime,watts,meter,include\n"
        + "".join(f"2024-01-01T00:00:{n:02d}Z,{n},{canary},{url}\n" for n in range(50))
    )
    log = tmp_path / "old.log"
    log.write_text("".join(f"2011-05-06 12:00:{n:02d}.0 {n} 4.5 119.2 0.361\n" for n in range(50)))
    seen = len(opened)
    for args in (
        ["export", session, "-o", tmp_path / "a.csv"],
        ["export", session, "-o", tmp_path / "a.jsonl"],
        ["verify", session],
        ["repair", session, "-o", tmp_path / "b.wattui"],
        ["plot", session, "-o", tmp_path / "a.svg"],
        ["report", session, "-o", tmp_path / "a.html"],
        ["sessions"],
        ["replay", session, "--speed", "100000", "--quiet"],
        ["import", old, log, "--session", tmp_path / "c.wattui", "--zone", "UTC"],
        ["import", tmp_path / "a.csv", "--session", tmp_path / "d.wattui"],
        ["import", tmp_path / "a.jsonl", "--session", tmp_path / "e.wattui"],
    ):
        result = CliRunner().invoke(command_line, [str(one) for one in args])
        assert result.exit_code == 0, (args, result.output, result.stderr)
    assert len(opened) - seen > 20
    assert [one for one in opened[seen:] if str(canary) in one] == []


def test_the_watch_on_opened_files_sees_what_is_opened(tmp_path: Path, opened: list[str]) -> None:
    path = tmp_path / "a.log"
    path.write_text("1,2\n")
    opened.clear()
    with contextlib.suppress(Exception):
        import_files([path], tmp_path / "b.wattui")
    assert any(str(path) in one for one in opened)


# -- the network ---------------------------------------------------------------------------


def listening(process: int) -> list[str]:
    """Return the sockets of a process and its children on which others can connect."""
    ports = {}
    for kind in ("tcp", "tcp6", "udp", "udp6"):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{process}/net/{kind}").read_text().splitlines()[1:]:
                words = line.split()
                if kind.startswith("udp") or words[3] == "0A":
                    ports[f"socket:[{words[9]}]"] = f"{kind} {words[1]}"
    found = []
    for one in [process, *_children(process)]:
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{one}/fd").iterdir():
                with contextlib.suppress(OSError):
                    link = str(descriptor.readlink())
                    found += [ports[link]] if link in ports else []
    return found


def _children(process: int) -> list[int]:
    found = []
    with contextlib.suppress(OSError):
        for thread in Path(f"/proc/{process}/task").iterdir():
            for word in (thread / "children").read_text().split():
                found += [int(word), *_children(int(word))]
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="/proc of Linux")
@pytest.mark.parametrize(
    "args",
    [
        ["log", "sim://pro?speed=60", "--plain"],
        ["gui", "--demo"],
        ["simulate", "sim://net"],
    ],
    ids=["log", "gui", "simulate"],
)
def test_nothing_listens_on_a_network_port(args: list[str], tmp_path: Path) -> None:
    data = tmp_path / "data"
    process = subprocess.Popen(
        [sys.executable, "-m", "wattui", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "WATTUI_DATA": str(data)},
    )
    try:
        deadline = time.monotonic() + DEADLINE
        if args[0] == "gui":
            # It records once its session is there.
            while not list(data.rglob("*.wattui")):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
        else:
            assert process.stdout is not None
            assert process.stdout.readline()
        assert listening(process.pid) == []
    finally:
        process.kill()
        process.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="/proc of Linux")
def test_the_look_at_network_ports_sees_one() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert listening(os.getpid())
