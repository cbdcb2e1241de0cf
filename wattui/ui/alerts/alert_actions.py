# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions of menus and notices on alerts and the planned end."""

from __future__ import annotations

from typing import Final

from wattui.measurement.text import count_text
from wattui.ui.widgets.action import Action, WindowContext


def show_alerts(context: WindowContext) -> None:
    """Show which values are watched."""
    # A start needs neither this dialog nor the next.
    from wattui.ui.alerts.alert_dialog import AlertDialog

    watch = context.model.watch
    dialog = AlertDialog(context.window, watch)
    dialog.accepted.connect(lambda: _say(context, len(watch.rules)))
    dialog.show()


def _say(context: WindowContext, count: int) -> None:
    alerts = count_text(count, "alert") if count else "no alerts"
    context.model.message = f"Watching for {alerts}"


def plan_end(context: WindowContext) -> None:
    """Ask when the recording ends."""
    from wattui.ui.alerts.end_dialog import EndDialog

    EndDialog(context.window, context.model.watch).show()


ALERT_ACTIONS: Final = (
    Action(
        "alerts", "&Meter", "Al&erts…", show_alerts,
        "Report, mark, and run a command when a value stays above or below a threshold",
        keys=("Ctrl+Shift+A",), line=True,
    ),
    Action(
        "plan_end", "&Meter", "W&hen to end…", plan_end,
        "End the recording after a time, at a time, or at an energy", keys=("Ctrl+Shift+E",),
    ),
    Action("dismiss_alerts", "", "Dismiss", lambda context: context.model.watch.dismiss()),
)  # fmt: skip
