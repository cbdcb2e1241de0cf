# SPDX-License-Identifier: GPL-3.0-or-later
"""*Prepare for the field*: set the meter up to log without a computer."""

from __future__ import annotations

from typing import Any

from pyface.qt import QtGui
from traits.api import Bool, Button, Callable, HasStrictTraits, Instance, List, Str, observe
from traitsui.api import (
    ButtonEditor,
    EnumEditor,
    Handler,
    HGroup,
    Item,
    UItem,
    VGroup,
    View,
    spring,
)

from wattui.errors import SettingOutOfRange
from wattui.measurement.text import short_port
from wattui.meter_memory.settings import Changes
from wattui.meter_memory.wording import HANDLING_SENTENCES, endurance
from wattui.model.memory import Consent, MeterMemory
from wattui.protocol import FullHandling
from wattui.protocol.commands import MAX_INTERVAL
from wattui.ui.memory.consent import ask_consent
from wattui.ui.memory.form_editors import FieldsEditor
from wattui.ui.memory.memory_link import COST, work_text
from wattui.ui.memory.settings_draft import HANDLING_LABELS, HANDLINGS, Draft, draft_editor, number
from wattui.ui.theme.style_sheet import GRID
from wattui.ui.widgets.form_layout import SHORT, dress_form, dress_window, set_role, set_width
from wattui.ui.widgets.key_filter import KeyFilter
from wattui.ui.widgets.notices import Notice, NoticeKind, NoticesEditor
from wattui.ui.widgets.question import Question
from wattui.ui.widgets.screen_fit import fit_to_screen, scroll_above
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


class Preparation(HasStrictTraits):
    """The user's choices for logging without a computer."""

    memory = Instance(MeterMemory)
    draft = Instance(Draft, ())

    introduction = Str(_INTRODUCTION)
    meter_text = Str()
    sentence = Str()
    #: How long the memory lasts with these settings.
    lasts = Str()
    notices = List(Instance(Notice))
    working = Str()
    interval_free = Bool(True)
    #: Whether logging can be started, and whether it was.
    ready = Bool()
    started = Bool()
    afterwards = Str()

    #: Whether the meter's settings are not known yet, and the meter has to be asked.
    unknown = Bool()

    ask_button = Button()
    start_button = Button()
    cancel_button = Button()
    close_button = Button()

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        self._load()
        self.refresh()

    @observe("memory:[settings,state,source]")
    def _found(self, _event: object) -> None:
        if not self.started:
            self._load()
        self.refresh()

    @observe("draft:edited")
    @observe("memory:[work,activity,problem]")
    def _changed(self, _event: object) -> None:
        self.refresh()

    def _load(self) -> None:
        memory = self.memory
        if memory.settings is not None and memory.source == memory.url:
            self.draft.load(memory.settings)

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
        memory = self.memory
        known = memory.settings is not None and memory.source == memory.url
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
        if memory.problem:
            notices.append(Notice("problem", NoticeKind.ERROR, f"{memory.problem}.", memory.hint))
        elif not known and memory.recording and not memory.work:
            text = "The settings of the meter are not known yet."
            notices.append(Notice("unknown", NoticeKind.INFO, text, COST))
        self.trait_set(
            unknown=not known and not memory.work,
            meter_text=_meter_text(memory),
            sentence=HANDLING_SENTENCES[handling],
            lasts=lasts,
            working=work_text(memory),
            interval_free=handling is not FullHandling.CONDENSE,
            ready=fits and not memory.work,
        )
        if notices != self.notices:
            self.notices = notices

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
    return f"{version.model_name}   ·   {where}"


def _choice() -> VGroup:
    return VGroup(
        UItem("introduction", editor=WordsEditor(look="")),
        UItem("meter_text", editor=WordsEditor(look="small")),
        VGroup(
            Item(
                "draft.interval",
                label="Interval, s",
                editor=draft_editor("interval"),
                tooltip="Seconds between two records, from 1 to 65,535",
                enabled_when="object.interval_free",
            ),
            Item(
                "draft.handling",
                label="When full",
                editor=EnumEditor(values=HANDLING_LABELS),
                tooltip="What the meter does when its memory is full",
            ),
        ),
        UItem("sentence", editor=WordsEditor()),
        UItem("draft.fields", editor=FieldsEditor()),
        UItem("lasts", editor=WordsEditor(look="strong", keeps_place=True)),
        spring,
        VGroup(UItem("notices", editor=NoticesEditor()), _choice_buttons()),
        visible_when="not object.started",
        id="choice",
    )


def _choice_buttons() -> HGroup:
    return HGroup(
        UItem("working", editor=WordsEditor(look="small")),
        spring,
        UItem(
            "ask_button",
            editor=ButtonEditor(label="Ask the meter"),
            tooltip=f"Read its settings. {COST}",
            visible_when="object.unknown",
        ),
        UItem("cancel_button", editor=ButtonEditor(label="Cancel")),
        UItem(
            "start_button",
            editor=ButtonEditor(label="Start…"),
            tooltip="Write the settings and start; you will be asked before records are erased",
            enabled_when="object.ready",
        ),
    )


def preparation_view() -> View:
    """Make the view: the choices, and afterwards the next steps."""
    after = VGroup(
        UItem("afterwards", editor=WordsEditor(look="", selectable=True)),
        spring,
        HGroup(spring, UItem("close_button", editor=ButtonEditor(label="Close"))),
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


class PreparationHandler(Handler):
    """Starts logging, with consent."""

    #: The question that is being asked.
    question = Instance(Question)
    #: Called when the dialog has closed.
    when_closed = Callable(lambda: None)

    def init(self, info: Any) -> bool:
        """Set the look and the keys of the dialog."""
        window = info.ui.control
        dress_window(window)
        dress_form(window, [info.notices.control, info.fields.control])
        window.layout().setContentsMargins(*(2 * GRID,) * 4)
        KeyFilter(window, window.close)
        set_width(info.handling.control, SHORT)
        for name in ("ask_button", "start_button", "cancel_button", "close_button"):
            getattr(info, name).control.setAutoDefault(False)
        set_role(info.start_button.control, "primary")
        set_role(info.close_button.control, "primary")
        window.setAccessibleName("Prepare for the field")
        info.fields.control.setAccessibleName("Fields in the memory")
        policy = QtGui.QSizePolicy.Policy
        info.notices.control.setSizePolicy(policy.Expanding, policy.Maximum)
        scroll_above(info.choice.control.layout())
        scroll_above(info.after.control.layout())
        fit_to_screen(window)
        return True

    def closed(self, info: Any, is_ok: bool) -> None:
        """Report that the dialog has closed."""
        self.when_closed()

    def setattr(self, info: Any, target: Any, name: str, value: Any) -> None:
        """Handle the click of a button; set any other trait."""
        if name == "ask_button":
            info.object.memory.refresh()
        elif name == "start_button":
            self.start(info)
        elif name in ("cancel_button", "close_button"):
            info.ui.control.close()
        else:
            super().setattr(info, target, name, value)

    def start(self, info: Any) -> None:
        """Ask for consent, and start logging."""
        preparation = info.object

        def shown(question: Question) -> None:
            self.question = question

        memory = preparation.memory
        ask_consent(info.ui.control, memory, "Starting to log", preparation.start, shown)


def show_preparation(preparation: Preparation, parent: Any, **traits: Any) -> Any:
    """Show the dialog; return its user interface."""
    return preparation.edit_traits(
        view=preparation_view(),
        parent=parent,
        handler=PreparationHandler(**traits),
        context={"object": preparation, "draft": preparation.draft},
    )
