# SPDX-License-Identifier: GPL-3.0-or-later
"""*Prepare for the field*: set the meter up to log without a computer."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from traits.api import Bool, Button, Str, observe
from traitsui.api import HGroup, UItem, VGroup, View, spring

from wattui.errors import SettingOutOfRange
from wattui.measurement.text import model_text, recent_text, short_port
from wattui.meter_memory.settings import Changes
from wattui.meter_memory.wording import endurance
from wattui.model.memory import Consent, MemoryWork, MeterMemory
from wattui.protocol import FullHandling
from wattui.protocol.commands import MAX_INTERVAL
from wattui.ui.memory.form_editors import FieldsEditor
from wattui.ui.memory.memory_form import (
    RESULT_BUTTONS,
    FormButton,
    FormHandler,
    MemoryForm,
    form_button,
    logging_fields,
    show_form,
)
from wattui.ui.memory.memory_link import COST
from wattui.ui.memory.settings_draft import HANDLINGS, number
from wattui.ui.theme.style_sheet import GRID
from wattui.ui.widgets.form_layout import set_role
from wattui.ui.widgets.notices import Notice, NoticeKind, NoticesEditor
from wattui.ui.widgets.screen_fit import fit_to_screen, scroll_above
from wattui.ui.widgets.task_bar import TaskEditor
from wattui.ui.widgets.words_editor import WordsEditor

_INTRODUCTION = (
    "The meter can log on its own, without a computer. Choose which fields it records and how "
    "often. The records go into its own memory, and you fetch them later."
)


def afterwards(url: str) -> str:
    """Return instructions for when the meter logs on its own."""
    port = url if " " not in url and "&" not in url and "?" not in url else f'"{url}"'
    return (
        "The meter now logs on its own. You can unplug its USB cable.\n\n"
        "Leave the meter plugged into the wall: it logs only while it has power. Times without "
        "power are missing, and a record counts the power-on events.\n\n"
        "To read the records, plug the cable in again, pick the port and choose Fetch memory. "
        "Do not connect before that: a live recording ends the meter's own logging. Its records "
        "stay, but the time of the last one is no longer known.\n\n"
        f"On the command line: wattui fetch {port}"
    )


class Preparation(MemoryForm):
    """The user's choices for logging without a computer."""

    introduction = Str(_INTRODUCTION)
    meter_text = Str()
    #: Whether logging can be started, and whether it was.
    ready = Bool()
    started = Bool()
    afterwards = Str()

    #: Whether the meter is not busy, and can be asked for its settings.
    idle = Bool()

    ask_button = Button()
    start_button = Button()
    cancel_button = Button()
    close_button = Button()

    @observe("memory:[settings,state,source,read_at]")
    def _found(self, _event: object) -> None:
        if not self.started:
            self.follow()
        self.refresh()

    @observe("draft:edited")
    @observe("memory:[work,problem]")
    def _changed(self, _event: object) -> None:
        self.refresh()

    def changes(self) -> Changes:
        """Return what will be written, including the start of logging.

        Raises
        ------
        SettingOutOfRange
            A value is out of range, or no field is chosen.
        """
        handling = HANDLINGS[self.draft.handling]
        interval = None  # condensing always starts at 1 s
        if handling is not FullHandling.CONDENSE:
            interval = number(self.draft.interval, "interval", 1, MAX_INTERVAL, "s")
        chosen = self.draft.chosen()
        settings = self.memory.settings
        size = len(settings.fields or chosen) if settings is not None else len(chosen)
        if not any(chosen[:size]):
            raise SettingOutOfRange("No field is chosen", "Choose at least one.")
        return Changes(
            interval=interval, full_handling=handling, fields=chosen[:size], start_internal=True
        )

    def refresh(self) -> None:
        """Update everything that is shown."""
        super().refresh()
        memory, known = self.memory, self.known
        handling, notices, lasts, fits = HANDLINGS[self.draft.handling], [], "", False
        if known:
            try:
                changes = self.changes()
            except SettingOutOfRange as error:
                notices.append(Notice("refusal", NoticeKind.ERROR, f"{error.what}.", error.hint))
            else:
                fits = True
                if memory.state is not None and changes.fields is not None:
                    interval = changes.interval or 1
                    lasts = endurance(changes.fields, interval, handling, memory.state).text
        if memory.problem and memory.last_work != MemoryWork.FETCHING:
            notices.append(Notice("problem", NoticeKind.ERROR, f"{memory.problem}.", memory.hint))
        elif not known and memory.recording and not memory.work:
            text = "The settings of the meter are not known yet."
            notices.append(Notice("unknown", NoticeKind.INFO, text, COST))
        self.trait_set(
            idle=not memory.work,
            meter_text=_meter_text(memory),
            lasts=lasts,
            ready=fits and not memory.work,
        )
        self.show_notices(notices)

    def start(self, consent: Consent) -> None:
        """Write the settings and start logging."""
        changes = self.changes()

        def over(well: bool) -> None:
            if well:
                self.trait_set(started=True, afterwards=afterwards(self.memory.url))

        self.memory.arm(changes, consent, over)


def _meter_text(memory: MeterMemory) -> str:
    version = memory.settings.version if memory.settings is not None else None
    where = short_port(memory.url)
    if version is None or memory.source != memory.url:
        return where
    when = f"   ·   as of {recent_text(memory.read_at)}"
    return f"{model_text(version.model_name, version.firmware_text)}   ·   {where}{when}"


#: The buttons, by the name of their trait without ``_button``; those of notices too.
BUTTONS: Final = {
    "ask": FormButton(
        "Ask the meter", f"Read its settings. {COST}",
        lambda _handler, info: info.object.memory.refresh(),
    ),
    "cancel": FormButton("Cancel", "", lambda _handler, info: info.ui.control.close()),
    "start": FormButton(
        "Start…", "Write the settings and start; you will be asked before records are erased",
        lambda handler, info: handler.ask(info, "Starting to log", info.object.start),
    ),
    "close": FormButton("Close", "", lambda _handler, info: info.ui.control.close()),
    **RESULT_BUTTONS,
}  # fmt: skip

_button = partial(form_button, BUTTONS)


def _choice() -> VGroup:
    return VGroup(
        UItem("introduction", editor=WordsEditor(look="")),
        UItem("meter_text", editor=WordsEditor(look="small")),
        logging_fields(),
        UItem("handling_sentence", editor=WordsEditor()),
        UItem("draft.fields", editor=FieldsEditor()),
        UItem("lasts", editor=WordsEditor(look="strong", keeps_place=True)),
        spring,
        VGroup(
            UItem("notices", editor=NoticesEditor()),
            UItem("task", editor=TaskEditor()),
            HGroup(
                spring,
                _button("ask", enabled_when="object.idle"),
                _button("start", enabled_when="object.ready"),
                _button("cancel"),
            ),
        ),
        visible_when="not object.started",
        id="choice",
    )


def preparation_view() -> View:
    """Make the view: the choices, and afterwards the next steps."""
    after = VGroup(
        UItem("afterwards", editor=WordsEditor(look="", selectable=True)),
        spring,
        HGroup(spring, _button("close")),
        visible_when="object.started",
        id="after",
    )
    return View(
        VGroup(_choice(), after),
        title="Prepare for the field",
        width=580,
        resizable=True,
        kind="live",
    )


class PreparationHandler(FormHandler):
    """Starts logging, with consent."""

    def init(self, info: Any) -> bool:
        """Set the look and the keys of the dialog."""
        self.buttons = BUTTONS
        window = info.ui.control
        self.dress(info, 2 * GRID, ("notices", "fields", "task"))
        set_role(info.start_button.control, "primary")
        set_role(info.close_button.control, "primary")
        window.setAccessibleName("Prepare for the field")
        scroll_above(info.choice.control.layout())
        scroll_above(info.after.control.layout())
        fit_to_screen(window)
        return True


def show_preparation(preparation: Preparation, parent: Any, **traits: Any) -> Any:
    """Show the dialog; return its user interface."""
    return show_form(preparation, preparation_view(), parent, PreparationHandler(**traits))
