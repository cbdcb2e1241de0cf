# SPDX-License-Identifier: GPL-3.0-or-later
"""``wattui config``, ``clear`` and ``arm``, which erase nothing without consent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from spy_port import Spy, spy_fixture  # noqa: F401 - a fixture

from wattui.cli.program import program
from wattui.client import Conversation
from wattui.simulator.devices import forget_devices

PRO = "sim://pro?id=config&memory=300&speed=10"
NET = "sim://net?id=config&memory=300&speed=10"


def run(*args: str) -> Result:
    return CliRunner().invoke(program, args)


def settings(port: str) -> dict[str, Any]:
    result = run("config", port, "--json")
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture(autouse=True)
def _brisk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait only as long for a quiet line as a meter at ten times the speed needs."""
    quiet = Conversation.quiet
    monkeypatch.setattr(Conversation, "quiet", lambda talk, *_: quiet(talk, 0.06))


@pytest.fixture(autouse=True)
def _new_meters() -> Iterator[None]:
    forget_devices()
    yield
    forget_devices()


# -- config ------------------------------------------------------------------------


def test_all_settings_are_shown() -> None:
    shown = run("config", NET).stdout
    for text in (
        *(".NET", "of 15,420 records", "Time until full", "internal", "1 s", "logging stops"),
        *("all", "0.080 dollar", "0 W", "192.168.1.5", "www.example.com:80/post.php", "3.23"),
        "Calibration",
    ):
        assert text in shown, text
    assert "Address" not in run("config", PRO.replace("id=config", "id=other")).stdout


def test_calibration_factors_fit_a_terminal() -> None:
    """They were one line of 290 characters."""
    lines = run("config", PRO).stdout.splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("Calibration"))
    assert lines[place].endswith("48 factors")
    factors = lines[place + 1 :]
    assert [len(line.split()) for line in factors] == [8] * 6
    assert max(map(len, factors)) <= 80


def test_settings_that_keep_the_memory_are_set_without_consent(spy: Spy) -> None:
    result = run("config", PRO, "--rate", "0.12", "--threshold", "5", "--currency", "euro")
    assert result.exit_code == 0, result.stderr
    assert "Rate: 0.120 euro per kWh (was: 0.080 dollar per kWh)" in result.stdout
    assert not spy.erasing
    found = settings(PRO)
    assert (found["rate"], found["threshold"], found["currency"]) == (0.12, 5, "euro")
    assert found["memory"]["records"] >= 300


@pytest.mark.parametrize(
    "options",
    [
        *(("--interval", "10"), ("--fields", "w,v,a"), ("--full-handling", "overwrite")),
        ("--rate", "0.5", "--interval", "10"),
    ],
)
def test_a_setting_that_erases_is_refused_with_what_would_be_lost(
    options: tuple[str, ...],
    spy: Spy,
) -> None:
    result = run("config", PRO, *options)
    assert result.exit_code == 5
    assert not spy.written
    assert "records would be lost, covering about 5 minutes" in result.stderr
    assert f"wattui fetch '{PRO}'" in result.stderr
    assert "--erase-memory" in result.stderr


def test_a_setting_that_erases_is_written_with_consent() -> None:
    result = run(
        *("config", PRO, "--interval", "10", "--fields", "w,v,a", "--full-handling", "overwrite"),
        "--erase-memory",
    )
    assert result.exit_code == 0, result.stderr
    assert "Records that fit: 10,867 (was: 1,917)" in result.stdout
    assert "1 day 6 hours" in result.stdout
    found = settings(PRO)
    assert found["interval"] == 10
    assert found["full_handling"] == "overwrite"
    assert found["fields"] == ["power", "voltage", "current"]
    assert found["memory"]["records"] < 100


def test_unchanged_settings_are_not_written(spy: Spy) -> None:
    result = run(
        *("config", PRO, "--interval", "1", "--full-handling", "stop", "--fields", "all"),
        *("--logging", "internal"),
    )
    assert result.exit_code == 0, result.stderr
    assert not spy.written
    assert "nothing was written" in result.stderr


def test_settings_of_one_meter_are_applied_to_another(tmp_path: Path, spy: Spy) -> None:
    file = tmp_path / "net.json"
    run("config", NET, "--rate", "0.3", "--post-host", "example.org", "--no-dhcp")
    wanted = settings(NET)
    file.write_text(json.dumps(wanted), encoding="utf-8")
    other = NET.replace("id=config", "id=other")
    spy.sent.clear()
    result = run("config", other, "--apply", str(file))
    assert result.exit_code == 0, result.stderr
    assert len(spy.written) == 3, spy.written  # user parameters, address, posting
    found = settings(other)
    # Its hardware address is its own.
    assert found["network"].pop("mac") != wanted["network"].pop("mac")
    for name in ("rate", "interval", "fields", "full_handling", "network", "post"):
        assert found[name] == wanted[name]


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("{", 7, "not JSON"),
        ("[]", 7, "not a JSON object"),
        ('{"intervall": 3}', 7, "'intervall'"),
        ('{"interval": "3"}', 7, "interval is '3'"),
        ('{"full_handling": "explode"}', 7, "'explode'"),
        ('{"interval": 0}', 2, "from 1 to 65535 s"),
        ('{"rate": 70}', 2, "from 0 to 65.5"),
        ('{"fields": ["watts"]}', 2, "'watts'"),
        ('{"network": {"ip": "1.2.3.4"}}', 2, "no network"),
    ],
)
def test_file_that_cannot_be_applied_is_refused(
    text: str,
    status: int,
    said: str,
    tmp_path: Path,
    spy: Spy,
) -> None:
    file = tmp_path / "bad.json"
    file.write_text(text)
    result = run("config", PRO, "--apply", str(file), "--erase-memory")
    assert result.exit_code == status, result.stderr
    assert said in result.stderr
    assert not spy.written


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--interval", "0"), "from 1 s to 65535 s"),
        (("--rate", "66"), "from 0 to 65.5"),
        (("--rate", "0.1234"), "steps of 0.001"),
        (("--threshold", "5001"), "0<=x<=5000"),
        (("--fields", "w,x"), "'x'"),
        (("--ip", "300.1.1.1"), "from 0 to 255"),
        (("--post-host", "a" * 41), "at most 40"),
        (("--user-agent", "a,b"), "commas"),
    ],
)
def test_value_out_of_range_is_refused_with_its_range(
    options: tuple[str, ...],
    named: str,
    spy: Spy,
) -> None:
    result = run("config", NET, *options, "--erase-memory")
    assert result.exit_code == 2
    assert named in " ".join(result.stderr.split())
    assert not spy.written


def test_interval_under_condensing_is_refused_before_it_erases(spy: Spy) -> None:
    port = PRO + "&full=condense"
    result = run("config", port, "--interval", "10", "--erase-memory")
    assert result.exit_code == 2
    assert not spy.written


def test_a_setting_that_is_not_accepted_shows_both_values() -> None:
    result = run("config", PRO + "&faults=stubborn", "--interval", "10", "--erase-memory")
    assert result.exit_code == 4
    assert "10 was written, but the meter reports 1" in result.stderr


def test_logging_is_switched() -> None:
    port = PRO.replace("&speed=10", "")
    assert run("config", port, "--logging", "stopped").exit_code == 0
    found = settings(port)
    assert (found["logging"], found["memory"]["records"] >= 300) == ("stopped", True)
    assert run("config", port, "--logging", "internal").exit_code == 5
    assert run("config", port, "--logging", "internal", "--erase-memory").exit_code == 0
    assert run("config", port, "--logging", "external").exit_code == 0
    assert settings(port)["logging"] == "external"


def test_network_is_written_saved_reset_and_the_meter_restarted() -> None:
    port = NET.replace("speed=10", "speed=50")
    result = run(
        *("config", port, "--ip", "10.0.0.7", "--no-dhcp", "--post-interval", "30"),
        *("--save-network", "--restart"),
    )
    assert result.exit_code == 0, result.stderr
    assert "restarted" in result.stderr
    found = settings(port)
    assert (found["network"]["ip"], found["post"]["interval"]) == ("10.0.0.7", 30)
    assert run("config", port, "--reset-network").exit_code == 0
    assert settings(port)["network"]["ip"] == "192.168.1.5"
    assert run("config", port, "--reset-network", "--ip", "10.0.0.7").exit_code == 2
    assert run("config", PRO.replace("id=config", "id=pro"), "--save-network").exit_code == 2


# -- clear -------------------------------------------------------------------------


def test_memory_is_cleared_with_consent_only(spy: Spy) -> None:
    refused = run("clear", PRO)
    assert refused.exit_code == 5
    assert "records would be lost" in refused.stderr
    assert f"wattui fetch '{PRO}'" in refused.stderr
    assert not spy.written
    assert run("clear", PRO, "--erase-memory").exit_code == 0
    assert len(spy.erasing) == 1
    assert settings(PRO)["memory"]["records"] < 100


def test_clearing_an_empty_memory_has_nothing_to_ask(spy: Spy) -> None:
    result = run("clear", "sim://pro?memory=0&logging=stopped")
    assert result.exit_code == 0
    assert result.stderr == "The memory is empty: there is nothing to clear.\n"
    assert not spy.written


def test_applying_settings_leaves_logging_as_it_is(tmp_path: Path, spy: Spy) -> None:
    file = tmp_path / "meter.json"
    now = settings(PRO)
    file.write_text(json.dumps({"logging": "stopped", "rate": 0.25}))
    result = run("config", PRO, "--apply", str(file))
    assert result.exit_code == 0, result.stderr
    assert "Logging is left as it is" in result.stderr
    assert settings(PRO)["logging"] == now["logging"] == "internal"
    assert not spy.erasing
    assert run("config", PRO, "--apply", str(file), "--logging", "stopped").exit_code == 0
    assert settings(PRO)["logging"] == "stopped"


# -- arm ---------------------------------------------------------------------------


def test_meter_is_prepared_for_the_field(spy: Spy) -> None:
    options = ("--fields", "w,v,a", "--interval", "60", "--full-handling", "stop")
    plan = run("arm", PRO, *options)
    assert plan.exit_code == 5
    assert "About 10,863 records fit: 7 days 13 hours" in plan.stdout
    assert "would be lost" in plan.stderr
    assert not spy.written
    armed = run("arm", PRO, *options, "--erase-memory")
    assert armed.exit_code == 0, armed.stderr
    assert "10,867 records fit: 7 days 13 hours, then logging stops" in armed.stdout
    assert f"wattui fetch '{PRO}'" in armed.stdout
    found = settings(PRO)
    assert (found["logging"], found["interval"]) == ("internal", 60)
    assert found["fields"] == ["power", "voltage", "current"]


def test_condensing_never_ends() -> None:
    armed = run("arm", PRO, "--full-handling", "condense", "--erase-memory")
    assert armed.exit_code == 0, armed.stderr
    assert "logging continues" in armed.stdout
    refused = run("arm", PRO, "--full-handling", "condense", "--interval", "9", "--erase-memory")
    assert refused.exit_code == 2


def test_older_meter_with_16_fields_is_prepared() -> None:
    armed = run("arm", "sim://pro?firmware=old&speed=10", "--interval", "5", "--erase-memory")
    assert armed.exit_code == 0, armed.stderr
