# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions of menus on meters that post over the network: listen for them, switch their loads."""

from __future__ import annotations

from typing import Final

from wattui.model.meter import Meter
from wattui.ui.widgets.action import Action, WindowContext
from wattui.ui.widgets.question import Question


def listen(context: WindowContext) -> None:
    """Ask where meters post to, and record those that do."""
    from wattui.ui.meters.listen_dialog import ListenDialog  # a start does not need it

    model = context.model

    def chosen(url: str) -> None:
        connect = model.connect_added if model.connected else model.connect_port
        context.run(lambda _context: connect(url))

    dialog = ListenDialog(context.window, model.port, chosen)
    dialog.show()


def switch_load(context: WindowContext) -> None:
    """Switch the load of the chosen meter off, or on again, after a question."""
    model = context.model
    meter = model.bench.meter
    if meter is None or not meter.load:
        return
    # A switch that is not confirmed yet is taken back.
    on = meter.load in ("load off", "switching the load off")
    question = Question(
        context.window,
        f"Switch the load of {meter.label} {'on' if on else 'off'}?",
        [_effect(meter, on=on)],
        [("switch", "Switch on", "primary") if on else ("switch", "Switch off", "danger"),
         ("keep", "Cancel", "")],
    )  # fmt: skip

    def answered(name: str) -> None:
        if name == "switch" and meter in model.bench.meters:
            context.run(lambda _context: meter.switch_load(on=on))

    question.answered.connect(answered)
    question.open()


def _effect(meter: Meter, *, on: bool) -> str:
    within = f"with its next post, within {meter.interval} s"
    if on:
        return f"What is plugged into the meter gets power again {within}."
    return f"What is plugged into the meter loses its power {within}."


SWITCH: Final = Action(
    "switch_load", "&Meter", "Switch the rela&y…", switch_load,
    "Switch the load of a .NET that posts off or on; asks first",
    enabled="object.can_switch",
)  # fmt: skip

NETWORK_ACTIONS: Final = (
    Action(
        "listen", "&Meter", "L&isten for .NET meters…", listen,
        "Record the .NET meters that post their records to this computer", line=True,
    ),
    SWITCH,
)  # fmt: skip
