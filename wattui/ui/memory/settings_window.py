# SPDX-License-Identifier: GPL-3.0-or-later
"""The window *Memory and settings*: its pages, its buttons and what they do."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, Final

from pyface.qt import QtGui
from traitsui.api import EnumEditor, HGroup, Item, UItem, VGroup, View, spring

from wattui.meter_memory.logging_modes import reset_network, save_network
from wattui.protocol import commands
from wattui.ui.dialogs.about import show_text
from wattui.ui.memory.form_editors import FieldsEditor, PageEditor
from wattui.ui.memory.memory_form import (
    RESULT_BUTTONS,
    FormButton,
    FormHandler,
    form_button,
    logging_fields,
    show_form,
)
from wattui.ui.memory.memory_link import COST
from wattui.ui.memory.memory_overview import OverviewEditor
from wattui.ui.memory.settings_draft import READERS, draft_editor, erases
from wattui.ui.memory.settings_panel import PAGES, SettingsPanel
from wattui.ui.theme.style_sheet import MARGIN
from wattui.ui.widgets.form_layout import MIDDLE, SHORT, set_role, set_width
from wattui.ui.widgets.notices import NoticesEditor
from wattui.ui.widgets.question import Question
from wattui.ui.widgets.screen_fit import fit_to_screen, scroll_above
from wattui.ui.widgets.task_bar import TaskEditor
from wattui.ui.widgets.words_editor import WordsEditor


class PanelHandler(FormHandler):
    """Performs the actions of the buttons of *Memory and settings*."""

    def init(self, info: Any) -> bool:
        """Set the look and the keys of the window."""
        self.buttons = BUTTONS
        self._dress(info)
        shortcut = QtGui.QShortcut(QtGui.QKeySequence("F5"), info.ui.control)
        shortcut.activated.connect(lambda: self.do(info, "refresh"))
        return True

    def _dress(self, info: Any) -> None:
        """Set margins, widths, and names for screen readers."""
        self.dress(info, MARGIN + 4, ("overview", "notices", "fields", "page", "task"))
        # TraitsUI removes the margins of every editor.
        info.overview.control.layout().setContentsMargins(18, 12, 18, 14)
        for page in ("logging_page", "meter_page", "network_page"):
            getattr(info, page).control.layout().setSpacing(MARGIN)
        for name, width in _WIDTHS.items():
            if name not in READERS:
                set_width(getattr(info, name).control, width)
        info.page.control.setAccessibleName("Pages")
        for name in ("fetch_button", "write_button"):
            set_role(getattr(info, name).control, "primary")
        policy = QtGui.QSizePolicy.Policy
        info.overview.control.setSizePolicy(policy.Expanding, policy.Maximum)
        scroll_above(info.panel.control.layout())
        fit_to_screen(info.ui.control)
        info.ui.control.setFocus()

    def clear(self, info: Any) -> None:
        """Erase all records, with consent."""
        self.ask(info, "Clearing the memory", info.object.memory.clear)

    def start(self, info: Any) -> None:
        """Start internal logging, with consent."""
        panel = info.object
        changes = replace(panel.changes(), start_internal=True)
        self.ask(
            info,
            "Starting to log into the memory",
            lambda consent: panel.memory.arm(changes, consent),
        )

    def write(self, info: Any) -> None:
        """Write the changes; with consent if that erases the memory."""
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
        self.ask(info, f"Writing {listed}", lambda consent: memory.write(changes, consent))

    def reset_network(self, info: Any) -> None:
        """Ask, then reset the network settings to the factory defaults."""
        memory = info.object.memory
        question = Question(
            info.ui.control,
            "Reset the network settings to the factory defaults?",
            ["Addresses and the host to post to are lost. The memory is not changed."],
            [("reset", "Reset", "danger"), ("cancel", "Cancel", "")],
        )
        question.answered.connect(
            lambda name: memory.switch(reset_network) if name == "reset" else None
        )
        question.open()
        self.question = question

    def post_records(self, info: Any) -> None:
        """Show what posting means, and start it if that is wanted."""
        memory = info.object.memory
        lines = [
            "The meter sends its records to the host above from now on, and logs none into its "
            "memory, which keeps what it has. Meter → Listen for .NET meters… records them."
        ]
        if memory.recording:
            lines.append("Recording it by USB ends.")
        question = Question(
            info.ui.control,
            "Post records over the network?",
            lines,
            [("post", "Start posting", "primary"), ("cancel", "Cancel", "")],
        )
        question.answered.connect(lambda name: memory.post_records() if name == "post" else None)
        question.open()
        self.question = question

    def restart(self, info: Any) -> None:
        """Show what a restart does, and restart the meter if that is wanted."""
        memory = info.object.memory
        lines = [
            "The meter starts as if its power had been switched off and on. It keeps its settings "
            "and its records, and may not answer for 15 seconds."
        ]
        if memory.recording:
            lines.append("Live recording pauses meanwhile and continues by itself.")
        answers = [("restart", "Restart", "primary"), ("cancel", "Cancel", "")]
        self.question = Question(info.ui.control, "Restart the meter?", lines, answers)
        self.question.answered.connect(lambda name: memory.restart() if name == "restart" else None)
        self.question.open()

    def show_calibration(self, info: Any) -> None:
        """Show the calibration factors."""
        found = info.object.memory.calibration
        text = "This meter does not report them."
        if found is not None:
            text = "\n".join(f"{n:3}  {factor}" for n, factor in enumerate(found.factors, 1))
        show_text(info.ui.control, "Calibration factors", text)


#: The buttons, by the name of their trait without ``_button``; those of notices too.
BUTTONS: Final = {
    "fetch": FormButton(
        "Fetch memory…", "Read the records; the meter keeps them",
        lambda handler, info: handler.windows.fetch(info.ui.control),
    ),
    "clear": FormButton(
        "Clear…", "Erase all records; you will be asked first", PanelHandler.clear
    ),
    "prepare": FormButton(
        "Prepare for the field…", "Set the meter up to log without a computer",
        lambda handler, info: handler.windows.show_preparation(info.ui.control),
    ),
    "refresh": FormButton(
        "Ask the meter", f"Read its memory and settings (F5). {COST}",
        lambda _handler, info: info.object.memory.refresh(),
    ),
    "write": FormButton(
        "Write", "Write the changes, read them back and compare", PanelHandler.write
    ),
    "revert": FormButton(
        "Revert", "Show the meter's own settings again",
        lambda _handler, info: info.object.revert(),
    ),
    "start": FormButton(
        "Start…", "Start logging into the memory; erases its records", PanelHandler.start
    ),
    "stop": FormButton(
        "Stop", "Stop logging into the memory; its records stay",
        lambda _handler, info: info.object.memory.stop_logging(),
    ),
    "restart": FormButton(
        "Restart meter…", "Restart the meter; it keeps settings and records",
        PanelHandler.restart,
    ),
    "network_save": FormButton(
        "Save in the meter", "Save the network settings in the meter permanently",
        lambda _handler, info: info.object.memory.switch(save_network),
    ),
    "network_reload": FormButton(
        "Reload", "Make the meter use the network settings that it has saved",
        lambda _handler, info: info.object.memory.switch(
            lambda client: client.request(commands.reload_network())
        ),
    ),
    "network_reset": FormButton(
        "Factory defaults…", "Reset the network settings", PanelHandler.reset_network
    ),
    "network_post": FormButton(
        "Start posting…", "Make the meter post its records over the network",
        PanelHandler.post_records,
    ),
    "calibration": FormButton(
        "Show…", "Show the calibration factors", PanelHandler.show_calibration
    ),
    "dismiss": FormButton("Dismiss", "", lambda _handler, info: info.object.dismiss()),
    **RESULT_BUTTONS,
}  # fmt: skip


_button = partial(form_button, BUTTONS)


def _text(name: str, label: str, tip: str = "", **traits: Any) -> Item:
    editor = draft_editor(name, _WIDTHS.get(name, MIDDLE))
    return Item(f"draft.{name}", label=label, editor=editor, tooltip=tip, **traits)


def _words(name: str, look: str = "muted") -> UItem:
    """Make a read-only text."""
    return UItem(name, editor=WordsEditor(look=look))


def _fact(name: str, label: str) -> Item:
    return Item(name, label=label, editor=WordsEditor(look="", selectable=True))


def _logging_page() -> VGroup:
    """Make the page about logging."""
    return VGroup(
        logging_fields(),
        _words("handling_sentence"),
        UItem("draft.fields", editor=FieldsEditor()),
        _words("lasts", "strong"),
        HGroup(
            _button("start", visible_when="not object.logs_inside"),
            _button("stop", visible_when="object.logs_inside"),
            _words("logging_words"),
        ),
        visible_when="object.page == 'logging'",
        enabled_when="object.ready",
        id="logging_page",
    )


def _meter_page() -> VGroup:
    """Make the page about the meter itself."""
    return VGroup(
        VGroup(
            _text("rate", "Rate per kWh", "From 0 to 65.5, in steps of 0.001"),
            Item(
                "draft.currency",
                label="Currency",
                editor=EnumEditor(values=["$", "€"]),
                tooltip="The currency on the meter's display",
            ),
            _text(
                "threshold",
                "Duty cycle above, W",
                "The duty cycle is the share of time with more power than this, from 0 to 5,000 W",
            ),
        ),
        VGroup(
            _fact("model_text", "Model"),
            _fact("version_text", "Version"),
            _fact("calibration_text", "Calibration"),
        ),
        HGroup(
            _button("calibration"),
            _button("restart"),
        ),
        visible_when="object.page == 'meter'",
        enabled_when="object.ready",
        id="meter_page",
    )


def _network_page() -> VGroup:
    """Make the page about the network of a .NET."""
    fixed = "not draft.dhcp"
    four = "Four numbers from 0 to 255, for example 192.168.1.20"
    return VGroup(
        VGroup(
            Item("draft.dhcp", label="Address by DHCP", tooltip="Get an address from the network"),
            _text("ip", "Address", four, enabled_when=fixed),
            _text("netmask", "Mask", four, enabled_when=fixed),
            _text("gateway", "Gateway", four, enabled_when=fixed),
            _text("dns1", "Name server", four, enabled_when=fixed),
            _text("dns2", "Second name server", four, enabled_when=fixed),
            _fact("mac_text", "Hardware address"),
            id="addresses",
        ),
        VGroup(
            _text("host", "Post to host", "Up to 40 characters"),
            _text("post_port", "Port", "From 1 to 65,535"),
            _text("file", "File", "Up to 40 characters, for example /post.php"),
            _text("user_agent", "User agent", "Up to 40 characters"),
            _text("post_interval", "Interval, s", "Seconds between two posts, from 1 to 65,535"),
            id="posting",
        ),
        HGroup(
            _button("network_save"),
            _button("network_reload"),
            _button("network_reset"),
            _button("network_post"),
        ),
        visible_when="object.page == 'network'",
        enabled_when="object.ready",
        id="network_page",
    )


def _messages_and_buttons() -> VGroup:
    """Make what stays in view while the rest scrolls."""
    return VGroup(
        UItem("notices", editor=NoticesEditor()),
        UItem("change_text", editor=WordsEditor(look="small", keeps_place=True)),
        UItem("task", editor=TaskEditor()),
        HGroup(
            spring,
            _button("revert", enabled_when="object.edited and object.ready"),
            _button("write", enabled_when="object.changed and object.ready"),
        ),
    )


def _panel_view() -> View:
    """Make the view."""
    return View(
        VGroup(
            UItem("overview", editor=OverviewEditor()),
            HGroup(
                _button("fetch", enabled_when="object.idle"),
                _button("clear", enabled_when="object.idle"),
                _button("prepare", enabled_when="object.idle"),
                spring,
                _button("refresh", enabled_when="object.idle"),
            ),
            UItem("page", editor=PageEditor(pages=list(PAGES))),
            _logging_page(),
            _meter_page(),
            _network_page(),
            spring,
            _messages_and_buttons(),
            id="panel",
            visible_when="True",
        ),
        title="Memory and settings",
        width=680,
        resizable=True,
        kind="live",
    )


_SHORT = ("rate", "currency", "threshold", "post_port", "post_interval")
_MIDDLE = ("ip", "netmask", "gateway", "dns1", "dns2")
_WIDTHS = dict.fromkeys(_SHORT, SHORT) | dict.fromkeys(_MIDDLE, MIDDLE)


def show_panel(panel: SettingsPanel, parent: Any, **traits: Any) -> Any:
    """Show *Memory and settings* for the window; return its user interface."""
    return show_form(panel, _panel_view(), parent, PanelHandler(**traits))
