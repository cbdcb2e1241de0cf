# SPDX-License-Identifier: GPL-3.0-or-later
"""What the window shows of alerts and planned ends, as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from wattui.measurement.clock import MICROSECONDS
from wattui.measurement.text import RunTimes, count_text
from wattui.ui.widgets.notices import Notice, NoticeKind

if TYPE_CHECKING:
    from wattui.model.recording_watch import RecordingWatch, ShownAlert

#: The most alerts that have a line of their own; the others share one.
MOST_ALERTS: Final = 3

_DISMISS: Final = ("Dismiss", "dismiss_alerts")


def watch_notices(watch: RecordingWatch, form: RunTimes) -> list[Notice]:
    """Return the lines above the plots about alerts and the planned end."""
    shown = sorted(
        watch.shown.values(), key=lambda one: (one.over_us is not None, -one.change.time_us)
    )
    notices = [_alert_notice(one, form) for one in shown[:MOST_ALERTS]]
    if len(shown) > MOST_ALERTS:
        text = f"{count_text(len(shown) - MOST_ALERTS, 'more alert')}."
        notices.append(Notice("more alerts", NoticeKind.WARNING, text, "", (_DISMISS,)))
    if watch.failure:
        text = f"{watch.failure}."
        buttons = (("Alerts…", "alerts"), _DISMISS)
        notices.append(Notice("alert command", NoticeKind.WARNING, text, "", buttons))
    if watch.ended:
        text = f"The recording ended as planned, {watch.ended}. Everything is saved."
        notices.append(Notice("planned end", NoticeKind.INFO, text, "", (_DISMISS,)))
    return notices


def _alert_notice(shown: ShownAlert, form: RunTimes) -> Notice:
    change, rule = shown.change, shown.change.rule
    since = form.text(change.time_us / MICROSECONDS)
    of = f"{change.meter.label}: " if change.meter is not None else ""
    value = f"{rule.measured.format(change.value)} {rule.measured.unit}".rstrip()
    what = f"{of}{rule.subject.partition(' of ')[0]} {value}, {rule.limit}"
    key = f"alert {rule} {shown.key[1]}"
    if shown.over_us is None:
        text, kind = f"Alert since {since}: {what}", NoticeKind.ERROR
    else:
        until = form.text(shown.over_us / MICROSECONDS)
        text, kind = f"There was an alert from {since} to {until}: {what}", NoticeKind.WARNING
    return Notice(key, kind, text, "", (("Alerts…", "alerts"), _DISMISS))
