# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing erases a meter's memory without asking: every feature with a spy, and the source."""

from __future__ import annotations

import ast
import functools
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from fake_meter import DEADLINE, QUICK, Notebook
from spy_port import Spy, spy_fixture  # noqa: F401 - a fixture

from wattui.cli.program import program
from wattui.client import Conversation, MeterClient, identify
from wattui.errors import WattuiError, WouldEraseMemory
from wattui.measurement.events import EventKind
from wattui.measurement.fields import FIELD_COUNT
from wattui.meter_memory.logging_modes import stop_internal_logging
from wattui.meter_memory.settings import Changes, clear_memory
from wattui.model.bench import Bench
from wattui.model.memory import MeterMemory
from wattui.ports.listing import list_ports
from wattui.protocol import Command, FullHandling, Packet, commands
from wattui.protocol.commands import erases_memory
from wattui.simulator.devices import forget_devices

PACKAGE = Path(__file__).resolve().parents[2] / "wattui"

PRO = "sim://pro?speed=20&memory=100"
NET = "sim://net?speed=20&memory=100"

#: Each command that erases, as the protocol marks them.
ERASING: tuple[Command, ...] = (
    commands.write_fields((True,) * FIELD_COUNT),
    commands.write_full_handling(FullHandling.STOP),
    commands.write_interval(1),
    commands.clear_memory(),
    commands.start_internal_logging(1),
)
#: The functions that make one, and where alone they are used.
MAKERS = {
    *("write_fields", "write_full_handling", "write_interval", "clear_memory"),
    "start_internal_logging",
}
MAKING = {"wattui.meter_memory.settings"}


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait only as long for a quiet line as a meter at twenty times the speed needs."""
    quiet = Conversation.quiet
    monkeypatch.setattr(Conversation, "quiet", lambda talk, *_: quiet(talk, 0.04, 0.5))


@pytest.fixture(autouse=True)
def _new_meters() -> Iterator[None]:
    forget_devices()
    yield
    forget_devices()


# -- every feature through the spy -------------------------------------------------


@pytest.mark.parametrize(
    ("line", "status"),
    [
        *((["ports"], 0), (["info", PRO], 0), (["sessions"], 0)),
        (["log", "sim://pro?speed=60&memory=100", "-d", "20", "--plain"], 0),
        (["log", PRO, "--interval", "2", "-d", "6", "--quiet"], 0),
        *((["fetch", PRO], 0), (["fetch", NET, "-q"], 0)),
        *((["config", PRO], 0), (["config", NET, "--json"], 0)),
        (["config", PRO, "--rate", "0.5", "--threshold", "3", "--currency", "euro"], 0),
        (["config", PRO, "--interval", "5", "--rate", "0.5"], 5),
        (["config", PRO, "--fields", "w"], 5),
        (["config", PRO, "--full-handling", "condense"], 5),
        (["config", PRO + "&logging=stopped", "--logging", "internal"], 5),
        (["config", "sim://pro?memory=100", "--logging", "external"], 0),
        (["config", PRO, "--logging", "stopped"], 0),
        (["config", NET, "--ip", "10.0.0.9", "--post-port", "81", "--save-network"], 0),
        (["config", NET, "--reset-network", "--restart"], 0),
        *((["clear", PRO], 5), (["arm", PRO], 5)),
        (["arm", PRO, "--fields", "w,v", "--interval", "9", "--full-handling", "overwrite"], 5),
    ],
    ids=lambda one: " ".join(one) if isinstance(one, list) else "",
)
def test_no_command_line_erases_without_consent(line: list[str], status: int, spy: Spy) -> None:
    result = CliRunner().invoke(program, line)
    assert result.exit_code == status, result.stderr
    assert spy.erasing == []
    if status == 5:
        assert spy.written == []
    if line[0] not in ("ports", "sessions"):
        assert len(spy.sent) > 1, "the spy must see the bytes"


def test_finding_and_identifying_meters_erases_nothing(spy: Spy) -> None:
    list_ports()
    identify(PRO)
    assert spy.packets
    assert spy.erasing == []


@pytest.mark.parametrize("faults", ["unplug@5:3", "power@5:3", "silence@5:5"])
def test_recording_through_faults_erases_nothing(faults: str, spy: Spy) -> None:
    client = MeterClient(f"sim://pro?speed=8&memory=50&faults={faults}", timing=QUICK)
    notebook = Notebook()
    client.add_listener(notebook)
    with client:
        notebook.wait_samples(2)
        client.set_interval(2)
        if faults.startswith("unplug"):
            notebook.wait_event(EventKind.RECONNECTED)
        notebook.wait_samples(7)
    with client:  # and connected again
        notebook.wait_samples(len(notebook.samples) + 1)
    assert spy.erasing == []


def test_starting_and_stopping_at_any_moment_erases_nothing(spy: Spy) -> None:
    for pause in (0.0, 0.02, 0.1, 0.3):
        client = MeterClient(NET, timing=QUICK)
        client.start()
        deadline = time.monotonic() + pause
        while time.monotonic() < deadline:
            client.counts  # noqa: B018 - any moment of the way
        client.stop()
    assert spy.erasing == []


def until(bench: Bench, condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        bench.main_thread.wait_for_post(0.1)
        bench.main_thread.drain()


def test_nothing_in_the_window_erases_without_consent(spy: Spy) -> None:
    bench = Bench()
    meter = bench.add_meter(PRO)
    memory = MeterMemory(bench=bench, main_thread=bench.main_thread, port=NET)

    def done(begun: bool) -> None:
        assert begun
        until(bench, lambda: not memory.work)

    done(memory.refresh())  # a meter that is not connected
    done(memory.fetch())
    bench.connect(meter)
    until(bench, lambda: meter.sample_count >= 3)
    bench.mark("here")
    meter.interval = 2
    done(memory.refresh())  # while it is recorded
    done(memory.fetch())
    done(memory.write(Changes(rate_mils=90)))
    assert not memory.problem
    done(memory.write(Changes(interval=7)))
    assert "erases" in memory.problem
    done(memory.stop_logging())
    done(memory.restart())
    bench.disconnect(meter)
    until(bench, lambda: meter.state == "closed" and not bench.recording)
    assert bench.close() == []
    assert ("D", "R") in {(one.command, one.subcommand) for one in spy.packets}
    assert spy.erasing == []


# -- without consent nothing goes through ------------------------------------------


def test_every_way_to_send_a_command_refuses_to_erase(spy: Spy) -> None:
    with MeterClient(PRO, live=False, timing=replace(QUICK, answer=2.0)) as client:
        client.wait_running(DEADLINE)
        for command in ERASING:
            assert command.erases
            with pytest.raises(WouldEraseMemory):
                client.request(command)
            with client.conversation(pause="a test") as talk:
                with pytest.raises(WouldEraseMemory):
                    talk.send(command)
                with pytest.raises(WouldEraseMemory):
                    talk.ask(command)
        with pytest.raises(WouldEraseMemory):
            clear_memory(client)
        stop_internal_logging(client)
    assert spy.erasing == []


def test_the_spy_detects_an_erasing_command(spy: Spy) -> None:
    result = CliRunner().invoke(program, ["clear", PRO, "--erase-memory"])
    assert result.exit_code == 0, result.stderr
    assert spy.erasing == ["#R,W,0;"]


def test_only_the_marked_commands_erase() -> None:
    letters = "CDFHILNORSTUV"
    marked = {(one.packet.command, one.packet.subcommand) for one in ERASING}
    for command in letters:
        for subcommand in "RWQSEXZDT":
            for args in ((), ("E", "_", "1"), ("T", "_", "1"), ("I", "_", "1")):
                erases = erases_memory(Packet(command, subcommand, args))
                if (command, subcommand) == ("L", "W"):
                    assert erases is (args[:1] not in (("E",), ("T",)))
                else:
                    assert erases is ((command, subcommand) in marked)


# -- the source --------------------------------------------------------------------


@functools.cache
def _sources() -> list[tuple[str, ast.Module]]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        if not name.startswith(("wattui.simulator", "wattui.protocol")):
            found.append((name, ast.parse(path.read_text(encoding="utf-8"))))
    return found


def _docstrings(tree: ast.Module) -> set[int]:
    return {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }


def test_only_the_settings_module_makes_commands_that_erase() -> None:
    found = {
        name
        for name, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in MAKERS
        and ast.unparse(node.value).endswith("commands")
    }
    assert found == MAKING
    imported = {
        name
        for name, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "wattui.protocol.commands"
        and MAKERS & {alias.name for alias in node.names}
    }
    assert imported == set()


def test_nobody_writes_packets_by_hand() -> None:
    by_hand = []
    for name, tree in _sources():
        docstrings = _docstrings(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and id(node) not in docstrings:
                text = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
                # Commands are upper case; lower case are replies, as in captures.
                if isinstance(text, str) and re.search(r"#[A-Z],[A-Z],", text):
                    by_hand.append(f"{name}:{node.lineno}: {text}")
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Packet", "encode"):
                by_hand.append(f"{name}:{node.lineno}: {ast.unparse(node)}")
    assert by_hand == []


def test_only_the_link_writes_to_a_port() -> None:
    writing = {
        name
        for name, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "write"
        and re.search(r"(port|serial|device|link)$", ast.unparse(node.func.value))
    }
    assert writing == {"wattui.client.link", "wattui.ports.port"}


def test_consent_is_passed_on_and_never_invented() -> None:
    """``True`` is in one place only: after the refusal to clear without consent."""
    made_up = [
        name
        for name, tree in _sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword)
        and node.arg in ("erase", "consent", "erase_memory")
        and isinstance(node.value, ast.Constant)
        and node.value.value is not False
    ]
    assert made_up == ["wattui.meter_memory.settings"]


def test_refusal_is_an_error_of_its_own() -> None:
    assert issubclass(WouldEraseMemory, WattuiError)
    assert WouldEraseMemory.exit_status == 5
