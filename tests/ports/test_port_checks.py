# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a port from being there or from opening, and the commands that help."""

from __future__ import annotations

from pathlib import Path

import pytest

from wattui.ports import port_checks
from wattui.ports.port_checks import (
    LinuxFacts,
    linux_checks,
    linux_facts,
    mac_checks,
    windows_checks,
)


def test_a_user_outside_the_group_gets_the_exact_command() -> None:
    checks = linux_checks(LinuxFacts(user="ada", group="dialout"))
    assert "sudo usermod -a -G dialout ada" in [check.command for check in checks]


def test_a_user_at_the_machine_was_sent_to_a_group_that_the_rule_makes_needless() -> None:
    at_the_machine = LinuxFacts(user="me", rule=True)
    assert "Permission" not in [one.title for one in linux_checks(at_the_machine)]
    over_ssh = LinuxFacts(user="me", rule=True, remote=True)
    assert "Permission" in [one.title for one in linux_checks(over_ssh)]


def test_programs_that_take_over_ports_are_listed_only_if_installed() -> None:
    none = linux_checks(LinuxFacts(user="ada", in_group=True))
    assert [check.title for check in none] == ["The cable", "Another program"]
    facts = LinuxFacts(user="ada", in_group=True, brltty=True, modem_manager=True)
    commands = [check.command for check in linux_checks(facts, "install the rule")]
    assert "sudo apt remove brltty" in commands
    assert "install the rule" in commands


def test_other_systems_have_checks_too() -> None:
    assert any("driver" in check.title for check in windows_checks())
    assert any("driver" in check.title for check in mac_checks())


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("[UPower]\nEnableWattsUpPro=true\n", True),
        ("[UPower]\nEnableWattsUpPro=false\n", False),
        ("[UPower]\n#EnableWattsUpPro=true\n", False),
        (None, False),
    ],
)
def test_upower_that_reads_meters_itself_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None, taken: bool
) -> None:
    config = tmp_path / "UPower.conf"
    if text is not None:
        config.write_text(text)
    monkeypatch.setattr(port_checks, "_UPOWER", config)
    facts = linux_facts()
    assert facts.upower is taken
    assert (
        "sudo systemctl restart upower" in [one.command for one in linux_checks(facts)]
    ) == taken
