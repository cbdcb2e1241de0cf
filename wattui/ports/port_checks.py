# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a meter's port from being there or from opening, and the command that helps."""

from __future__ import annotations

import getpass
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

#: Programs that take over ports on Linux, and folders of udev rules.
_MODEM_MANAGER = (Path("/usr/sbin/ModemManager"), Path("/usr/bin/ModemManager"))
_BRLTTY = (Path("/usr/bin/brltty"), Path("/sbin/brltty"), Path("/usr/sbin/brltty"))
_UPOWER = Path("/etc/UPower/UPower.conf")
_RULES = (Path("/etc/udev/rules.d"), Path("/usr/lib/udev/rules.d"), Path("/lib/udev/rules.d"))


@dataclass(frozen=True, slots=True)
class Check:
    """One thing to check: a possible cause, and the command that shows or fixes it."""

    title: str
    text: str
    command: str = ""


@dataclass(frozen=True, slots=True)
class LinuxFacts:
    """Facts about this machine."""

    user: str
    group: str = "dialout"
    in_group: bool = False
    brltty: bool = False
    modem_manager: bool = False
    rule: bool = False
    #: Whether the user is not at the machine, where the rule gives no access.
    remote: bool = False
    #: Whether UPower reads the meters itself, and so has their ports open.
    upower: bool = False


def linux_facts() -> LinuxFacts:
    """Collect facts about this machine: groups, programs that take over ports, the udev rule."""
    import grp

    names = {group.gr_name for group in grp.getgrall()}
    group = next((name for name in ("dialout", "uucp") if name in names), "dialout")
    mine = {entry.gr_gid for entry in grp.getgrall() if entry.gr_name == group}
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "$USER"
    rules = [folder.glob("*wattui*.rules") for folder in _RULES if folder.is_dir()]
    return LinuxFacts(
        user=user,
        group=group,
        in_group=os.geteuid() == 0 or bool(mine & set(os.getgroups())),
        brltty=any(path.exists() for path in _BRLTTY),
        modem_manager=any(path.exists() for path in _MODEM_MANAGER),
        rule=any(any(found) for found in rules),
        remote="SSH_CONNECTION" in os.environ,
        upower=_upower_reads_meters(),
    )


def _upower_reads_meters() -> bool:
    try:
        text = _UPOWER.read_text("utf-8", "replace")
    except OSError:
        return False
    return re.search(r"(?mi)^\s*EnableWattsUpPro\s*=\s*true\s*$", text) is not None


_CABLE = Check(
    "The cable",
    "Is the meter plugged into the wall and into this computer? Its display must be on. "
    "Try another cable and another USB port: some cables can only charge.",
)


def linux_checks(facts: LinuxFacts, rule_command: str = "") -> list[Check]:
    """Return what to check on Linux, the likeliest first.

    *rule_command* installs the udev rule.
    """
    cable = Check(
        _CABLE.title,
        _CABLE.text + " Right after plugging in, this command should list “ttyUSB”:",
        "sudo dmesg | grep -i -e ftdi -e ttyUSB | tail",
    )
    program = Check(
        "Another program",
        "A port that is “in use” is open in another program or window. To find it:",
        "sudo fuser -v /dev/ttyUSB*",
    )
    return [cable, *linux_obstacles(facts, rule_command), program]


def linux_obstacles(facts: LinuxFacts, rule_command: str = "") -> list[Check]:
    """Return what on this machine keeps ports from being used, the likeliest first."""
    checks = []
    if not facts.in_group and (facts.remote or not facts.rule):
        checks.append(
            Check(
                "Permission",
                f"Ports belong to the group “{facts.group}”, and you are not a member. "
                "Add yourself, then log out and in again:",
                f"sudo usermod -a -G {facts.group} {facts.user}",
            )
        )
    if facts.brltty:
        checks.append(
            Check(
                "The braille display service",
                "brltty takes over such ports right after plugging in, and they disappear. "
                "If nobody here uses a braille display, remove it and plug the meter in again:",
                "sudo apt remove brltty",
            )
        )
    if facts.modem_manager and not facts.rule:
        checks.append(
            Check(
                "The modem service",
                "ModemManager uses every new port for a few seconds. The udev rule that "
                "comes with wattui prevents that:",
                rule_command,
            )
        )
    if facts.upower:
        checks.append(
            Check(
                "The battery service",
                "UPower reads Watts up? meters itself and keeps their ports open. Change "
                f"EnableWattsUpPro to false in {_UPOWER}, then:",
                "sudo systemctl restart upower",
            )
        )
    return checks


def windows_checks() -> list[Check]:
    """Return what to check on Windows."""
    return [
        _CABLE,
        Check(
            "The driver",
            "The meter needs FTDI's driver for virtual COM ports. Windows usually installs it "
            "automatically. If “USB Serial Port” is not listed here, get it from ftdichip.com:",
            "devmgmt.msc",
        ),
        Check(
            "Another program",
            "Only one program can have a COM port open. Close the manufacturer's program.",
        ),
    ]


def mac_checks() -> list[Check]:
    """Return what to check on a Mac."""
    return [
        _CABLE,
        Check(
            "The driver",
            "macOS has included FTDI's driver since version 10.15. This should list a port:",
            "ls /dev/cu.usbserial*",
        ),
    ]


def checks(rule_command: str = "") -> list[Check]:
    """Return what to check on this system; *rule_command* installs the udev rule on Linux."""
    if sys.platform == "win32":
        return windows_checks()
    if sys.platform == "darwin":
        return mac_checks()
    return linux_checks(linux_facts(), rule_command)
