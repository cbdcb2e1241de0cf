# SPDX-License-Identifier: GPL-3.0-or-later
"""*My port is missing*: what to check, with the exact command for this system."""

from __future__ import annotations

import getpass
import os
import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

from pyface.qt import QtGui

from wattui.ui.dialogs.about import Sheet, show_html

#: Programs that take over ports on Linux, and folders of udev rules.
_MODEM_MANAGER = (Path("/usr/sbin/ModemManager"), Path("/usr/bin/ModemManager"))
_BRLTTY = (Path("/usr/bin/brltty"), Path("/sbin/brltty"), Path("/usr/sbin/brltty"))
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
    )


_CABLE = Check(
    "The cable",
    "Is the meter plugged into the wall and into this computer? Its display must be on. "
    "Try another cable and another USB port: some cables can only charge.",
)


def linux_checks(facts: LinuxFacts, rule_command: str = "") -> list[Check]:
    """Return what to check on Linux, the likeliest first.

    *rule_command* installs the udev rule.
    """
    checks = [
        Check(
            _CABLE.title,
            _CABLE.text + " Right after plugging in, this command should list “ttyUSB”:",
            "sudo dmesg | grep -i -e ftdi -e ttyUSB | tail",
        )
    ]
    if not facts.in_group:
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
    checks.append(
        Check(
            "Another program",
            "A port that is “in use” is open in another program or window. To find it:",
            "sudo fuser -v /dev/ttyUSB*",
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


def show_missing_port(parent: QtGui.QWidget | None, rule_command: str = "") -> Sheet:
    """Show what to check on this system."""
    html = "".join(
        f"<p><b>{number}. {escape(check.title)}</b><br>{escape(check.text)}</p>"
        + (f"<pre style='margin-left: 16px'>{escape(check.command)}</pre>" if check.command else "")
        for number, check in enumerate(checks(rule_command), 1)
    )
    html += (
        "<p>The list of ports is updated every second or two. "
        "You do not need to restart anything.</p>"
    )
    return show_html(parent, "My port is missing", html, (600, 520))
