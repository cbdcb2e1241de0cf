# SPDX-License-Identifier: GPL-3.0-or-later
"""What the status bar and the lines above the plots tell of several meters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from wattui.measurement.text import count_text, date_text, elapsed_text
from wattui.ui.window import display_values
from wattui.ui.window.display_values import Notice, Status

if TYPE_CHECKING:
    from wattui.model.bench import Bench
    from wattui.model.meter import Meter

#: So many meters that failed are told one by one; more of them in one line.
MOST_TOLD = 2


def status_of(bench: Bench) -> Status:
    """Give what the status bar shows, for one meter or several."""
    one = display_values.status_of(bench)
    if len(bench.meters) < 2:
        return one
    dot, words = _state(bench)
    if bench.disk_problem:
        dot, words = "red", f"{words}, but the disk refuses"
    counted = [meter for meter in bench.meters if meter.sample_count]
    left: tuple[str, ...] = ()
    if counted:
        start = min(meter.since for meter in counted)
        stop = max(meter.last_time for meter in counted)
        left = (
            elapsed_text(stop - start),
            count_text(sum(meter.sample_count for meter in counted), "sample"),
            count_text(sum(meter.gap_count for meter in counted), "gap"),
        )
    return Status(dot, words, left, one.right)


def _state(bench: Bench) -> tuple[str, str]:
    """Give the colour of the dot, the worst state's, and what the meters do."""
    meters = bench.meters
    if bench.opened:
        return "accent", f"Opened, recorded {date_text(bench.session_start)}"
    count = dict.fromkeys(("running", "opening", "lost", "failed", "closed"), 0)
    for meter in meters:
        count[meter.state] += 1
    running, going = count["running"], len(meters) - count["closed"] - count["failed"]
    if not going:
        failed = f", {count['failed']} failed" if count["failed"] else ""
        words = "Stopped, everything is on disk" if bench.session_path else "Not connected"
        return ("red" if failed else "muted"), f"{words}{failed}"
    words = f"Recording {running} meters" if running == len(meters) else ""
    if not words:
        words = f"Recording {running} of {len(meters)} meters"
        said = {"opening": "connecting", "lost": "unplugged", "failed": "failed"}
        words += "".join(f", {count[state]} {word}" for state, word in said.items() if count[state])
    dots = (("red", "failed"), ("amber", "lost"), ("accent", "opening"))
    return next((dot for dot, state in dots if count[state]), "ok"), words


def notices_of(bench: Bench, dismissed: Sequence[str] = ()) -> list[Notice]:
    """Give the lines above the plots, for one meter or several."""
    notices = display_values.notices_of(bench, dismissed)
    if len(bench.meters) < 2:
        return notices
    notices = [notice for notice in notices if notice.key != "failed"]
    failed = [meter for meter in bench.meters if meter.state == "failed"]
    told = [notice for notice in _failures(failed) if notice.key not in dismissed]
    place = 1 if notices and notices[0].key == "disk" else 0
    return notices[:place] + told + notices[place:]


def _failures(failed: Sequence[Meter]) -> list[Notice]:
    if not failed:
        return []
    if len(failed) > MOST_TOLD:
        names = ", ".join(meter.label for meter in failed)
        buttons = (("Try again", "retry_failed"), ("Details", "details"))
        text = f"{len(failed)} meters have failed: {names}"
        return [Notice("failed", "error", text, "Their rows say why.", buttons)]
    return [
        Notice(
            f"failed {meter.url}",
            "error",
            f"{meter.name}: {meter.problem}" if meter.name else meter.problem,
            meter.hint,
            (("Try again", "retry_failed"), ("Details", "details")) if number == 0 else (),
        )
        for number, meter in enumerate(failed)
    ]
