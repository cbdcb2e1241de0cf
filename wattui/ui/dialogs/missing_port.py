# SPDX-License-Identifier: GPL-3.0-or-later
"""*My port is missing*: what to check, with the exact command for this system."""

from __future__ import annotations

from html import escape

from pyface.qt import QtGui

from wattui.ports.port_checks import checks
from wattui.ui.dialogs.about import Sheet, show_html


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
