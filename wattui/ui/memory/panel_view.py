# SPDX-License-Identifier: GPL-3.0-or-later
"""The window *Memory and settings*: its view, and what its buttons do."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from pyface.qt import QtGui
from traits.api import Any as AnyTrait
from traitsui.api import Handler, HGroup, UItem, VGroup, View, spring

from wattui.errors import WattuiError
from wattui.meter_memory.logging_modes import reset_network, save_network
from wattui.protocol import commands
from wattui.ui.dialogs.about import show_text
from wattui.ui.memory.choices import PageEditor, WordsEditor
from wattui.ui.memory.consent import Question, ask_consent
from wattui.ui.memory.forms import MIDDLE, SHORT, dress_form, set_width
from wattui.ui.memory.glance_editor import GlanceEditor
from wattui.ui.memory.pages import BUTTONS, button, logging_page, meter_page, network_page, words
from wattui.ui.memory.panel import PAGES, MemoryPanel
from wattui.ui.memory.settings_draft import erases
from wattui.ui.theme.style_sheet import MARGIN
from wattui.ui.window.main_view import dress_lists, set_role
from wattui.ui.window.menus import KeyFilter
from wattui.ui.window.placard import NoticesEditor

_log = logging.getLogger(__name__)


def panel_view() -> View:
    """Make the view."""
    return View(
        VGroup(
            UItem("glance", editor=GlanceEditor()),
            HGroup(
                button("fetch_button", enabled_when="object.idle"),
                button("clear_button", enabled_when="object.idle"),
                button("prepare_button", enabled_when="object.idle"),
                spring,
                button("refresh_button", enabled_when="object.idle"),
            ),
            UItem("page", editor=PageEditor(pages=list(PAGES))),
            logging_page(),
            meter_page(),
            network_page(),
            spring,
            UItem("notices", editor=NoticesEditor()),
            UItem("change_text", editor=WordsEditor(look="small", keeps_place=True)),
            HGroup(
                words("working", "small"),
                spring,
                button("revert_button", enabled_when="object.changed and object.ready"),
                button("write_button", enabled_when="object.changed and object.ready"),
            ),
        ),
        title="Memory and settings",
        width=680,
        resizable=True,
        kind="live",
    )


#: What the screen reader calls them, where the label beside is not enough.
_SPOKEN = {"notices": "Messages", "page": "Pages", "fields": "Fields in the memory"}

_SHORT = ("interval", "handling", "rate", "currency", "threshold", "post_port", "post_interval")
_MIDDLE = ("ip", "netmask", "gateway", "dns1", "dns2")
_WIDTHS = dict.fromkeys(_SHORT, SHORT) | dict.fromkeys(_MIDDLE, MIDDLE)


class PanelHandler(Handler):
    """Does what the buttons of *Memory and settings* name."""

    #: Opens the dialogs that the main window has too: fetch, prepare.
    deeds = AnyTrait()
    #: The question that is being asked.
    question = AnyTrait()
    #: Called when the window has closed.
    when_closed = AnyTrait(lambda: None)

    _keys = AnyTrait()

    def init(self, info: Any) -> bool:
        """Give the window its look and its keys."""
        _dress(info)
        window = info.ui.control
        self._keys = KeyFilter(window, window.close)
        shortcut = QtGui.QShortcut(QtGui.QKeySequence("F5"), window)
        shortcut.activated.connect(lambda: self.do(info, "refresh"))
        return True

    def closed(self, info: Any, is_ok: bool) -> None:
        """Tell whoever opened it."""
        self.when_closed()

    def do(self, info: Any, name: str) -> None:
        """Do it; what it refuses is said, not thrown."""
        try:
            getattr(self, f"do_{name}")(info)
        except WattuiError as error:
            info.object.memory.trait_set(problem=error.what, hint=error.hint)
        except Exception as error:  # noqa: BLE001 - a slot's exception would end the program
            _log.exception("%s failed", name)
            info.object.memory.trait_set(problem=f"That failed ({error})", hint="")

    def setattr(self, info: Any, target: Any, name: str, value: Any) -> None:
        """Take a click of a button; set anything else."""
        if name in BUTTONS:
            self.do(info, name.removesuffix("_button"))
        else:
            super().setattr(info, target, name, value)

    # -- the memory ------------------------------------------------------------------

    def do_fetch(self, info: Any) -> None:
        """Read the memory out."""
        self.deeds.fetch(info.ui.control)

    def do_prepare(self, info: Any) -> None:
        """Prepare for the field."""
        self.deeds.prepare(info.ui.control)

    def do_refresh(self, info: Any) -> None:
        """Ask the meter again."""
        info.object.memory.refresh()

    def do_clear(self, info: Any) -> None:
        """Erase all records, with consent."""
        memory = info.object.memory
        self._ask(info, "Clearing the memory", memory.clear)

    def do_start(self, info: Any) -> None:
        """Start internal logging, with consent."""
        panel = info.object
        changes = replace(panel.changes(), start_internal=True)
        memory = panel.memory
        self._ask(
            info,
            "Starting to log into the memory",
            lambda consent: memory.arm(changes, consent),
        )

    def do_stop(self, info: Any) -> None:
        """End internal logging."""
        info.object.memory.stop_logging()

    def _ask(self, info: Any, purpose: str, allowed: Any) -> None:
        def shown(question: Question) -> None:
            self.question = question

        ask_consent(info.ui.control, info.object.memory, purpose, allowed, shown)

    # -- the settings ----------------------------------------------------------------

    def do_write(self, info: Any) -> None:
        """Write what was changed; with consent where that erases the memory."""
        panel = info.object
        memory, changes = panel.memory, panel.changes()
        if not erases(changes):
            memory.write(changes)
            return
        names = [
            name
            for name, value in (
                ("the interval", changes.interval),
                ("what happens when the memory is full", changes.full_handling),
                ("the fields", changes.fields),
            )
            if value is not None
        ]
        listed = " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
        purpose = f"Writing {listed}"
        self._ask(info, purpose, lambda consent: memory.write(changes, consent))

    def do_revert(self, info: Any) -> None:
        """Forget what was typed."""
        info.object.revert()

    def do_restart(self, info: Any) -> None:
        """Restart the meter."""
        info.object.memory.restart()

    def do_network_save(self, info: Any) -> None:
        """Have the meter keep its network settings."""
        info.object.memory.switch(save_network)

    def do_network_reload(self, info: Any) -> None:
        """Have the meter take what it has kept."""
        info.object.memory.switch(lambda client: client.request(commands.reload_network()))

    def do_network_reset(self, info: Any) -> None:
        """Ask, then set the network settings as they came."""
        memory = info.object.memory
        question = Question(
            info.ui.control,
            "Set the network settings as they came?",
            ["Addresses and the host to post to are lost. The memory stays."],
            [("reset", "Reset", "danger"), ("cancel", "Cancel", "")],
        )
        question.answered.connect(
            lambda name: memory.switch(reset_network) if name == "reset" else None
        )
        question.open()
        self.question = question

    def do_calibration(self, info: Any) -> None:
        """Show the calibration factors."""
        found = info.object.memory.calibration
        text = (
            "This meter does not tell them."
            if found is None
            else "\n".join(
                f"{number:3}  {factor}" for number, factor in enumerate(found.factors, 1)
            )
        )
        show_text(info.ui.control, "Calibration factors", text)

    def do_dismiss(self, info: Any) -> None:
        """Show no more what was said."""
        info.object.dismiss()


def _dress(info: Any) -> None:
    """Give the window margins, widths, and names for those who do not see it."""
    window = info.ui.control
    dress_lists(window)
    kept = [getattr(info, name).control for name in ("glance", "notices", "fields", "page")]
    dress_form(window, kept)
    window.layout().setContentsMargins(*(MARGIN + 4,) * 4)
    # TraitsUI takes the margins off every editor.
    info.glance.control.layout().setContentsMargins(18, 12, 18, 14)
    for page in ("logging_page", "meter_page", "network_page"):
        getattr(info, page).control.layout().setSpacing(MARGIN)
    for name, width in _WIDTHS.items():
        set_width(getattr(info, name).control, width)
    for name, spoken in _SPOKEN.items():
        getattr(info, name).control.setAccessibleName(spoken)
    for name in ("fetch_button", "write_button"):
        set_role(getattr(info, name).control, "primary")
    for name, (label, _tip) in BUTTONS.items():
        control = getattr(info, name).control
        control.setAutoDefault(False)
        control.setAccessibleName(label.rstrip("…"))
    policy = QtGui.QSizePolicy.Policy
    info.glance.control.setSizePolicy(policy.Expanding, policy.Maximum)
    info.notices.control.setSizePolicy(policy.Expanding, policy.Maximum)
    window.setFocus()


def show_panel(panel: MemoryPanel, parent: Any, **traits: Any) -> Any:
    """Show *Memory and settings* beside the window; give the user interface."""
    return panel.edit_traits(
        view=panel_view(),
        parent=parent,
        handler=PanelHandler(**traits),
        context={"object": panel, "draft": panel.draft},
    )
