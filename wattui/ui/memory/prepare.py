# SPDX-License-Identifier: GPL-3.0-or-later
"""*Prepare for the field*: a run without a computer, from the choice to the read-out."""

from __future__ import annotations

from typing import Any

from pyface.qt import QtGui
from traits.api import Any as AnyTrait
from traits.api import Bool, Button, HasStrictTraits, Instance, List, Str, observe
from traitsui.api import (
    ButtonEditor,
    EnumEditor,
    Handler,
    HGroup,
    Item,
    TextEditor,
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
from wattui.ui.memory.choices import FieldsEditor, WordsEditor
from wattui.ui.memory.consent import Question, ask_consent
from wattui.ui.memory.forms import SHORT, dress_form, set_width
from wattui.ui.memory.memory_link import work_text
from wattui.ui.memory.pages import HANDLING_LABELS
from wattui.ui.memory.settings_draft import HANDLINGS, Draft, number
from wattui.ui.theme.style_sheet import GRID
from wattui.ui.window.display_values import Notice
from wattui.ui.window.main_view import dress_lists, set_role
from wattui.ui.window.menus import KeyFilter
from wattui.ui.window.placard import NoticesEditor

_INTRODUCTION = (
    "The meter can log by itself, without a computer: choose what it keeps and how often. "
    "Records are put into its own memory, and are fetched later."
)


def afterwards(url: str) -> str:
    """Say how to go on once the meter logs by itself."""
    port = url if " " not in url and "&" not in url and "?" not in url else f'"{url}"'
    return (
        "The meter logs by itself now. Its USB cable can be unplugged.\n\n"
        "Leave it plugged into the wall: it logs while it has power. Where it has none, time is "
        "missing, and a record counts the power-on events.\n\n"
        "To read it out, plug the cable in again, pick the port and choose Fetch memory. "
        "Do not connect before: a live recording ends the meter's own logging. Its records stay, "
        "but when they ended is not known then.\n\n"
        f"Without a window: wattui fetch {port}"
    )


class Preparation(HasStrictTraits):
    """What is chosen for a run without a computer."""

    memory = Instance(MeterMemory)
    draft = Instance(Draft, ())

    introduction = Str(_INTRODUCTION)
    meter_text = Str()
    sentence = Str()
    #: How long it lasts so.
    lasts = Str()
    notices = List(Instance(Notice))
    working = Str()
    interval_free = Bool(True)
    #: Whether it can be started; whether it was.
    ready = Bool()
    started = Bool()
    afterwards = Str()

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
        """Give what is to be written, the start of logging included.

        Raises
        ------
        SettingOutOfRange
            Something was chosen that no meter takes.
        """
        handling = HANDLINGS[self.draft.handling]
        interval = None  # condensing begins at 1 s by itself
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
        """Make all that is shown anew."""
        memory = self.memory
        known = memory.settings is not None and memory.source == memory.url
        handling, notices, lasts, fits = HANDLINGS[self.draft.handling], [], "", False
        if known:
            try:
                changes = self.changes()
            except SettingOutOfRange as error:
                notices.append(Notice("refusal", "error", f"{error.what}.", error.hint))
            else:
                fits = True
                if memory.state is not None and changes.fields is not None:
                    interval = changes.interval or 1
                    lasts = endurance(changes.fields, interval, handling, memory.state).text
        if memory.problem:
            notices.append(Notice("problem", "error", f"{memory.problem}.", memory.hint))
        self.trait_set(
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
        """Start it."""
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
                editor=TextEditor(auto_set=True, enter_set=True),
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
        UItem("notices", editor=NoticesEditor()),
        _choice_buttons(),
        visible_when="not object.started",
    )


def _choice_buttons() -> HGroup:
    return HGroup(
        UItem("working", editor=WordsEditor(look="small")),
        spring,
        UItem("cancel_button", editor=ButtonEditor(label="Cancel")),
        UItem(
            "start_button",
            editor=ButtonEditor(label="Start…"),
            tooltip="Write this and start; you are asked before records are erased",
            enabled_when="object.ready",
        ),
    )


def preparation_view() -> View:
    """Make the view: the choice, and afterwards how to go on."""
    after = VGroup(
        UItem("afterwards", editor=WordsEditor(look="", selectable=True)),
        spring,
        HGroup(spring, UItem("close_button", editor=ButtonEditor(label="Close"))),
        visible_when="object.started",
    )
    return View(
        VGroup(_choice(), after),
        title="Prepare for the field",
        width=580,
        resizable=True,
        kind="live",
    )


class PreparationHandler(Handler):
    """Starts it, with consent."""

    #: The question that is being asked.
    question = AnyTrait()
    when_closed = AnyTrait(lambda: None)
    _keys = AnyTrait()

    def init(self, info: Any) -> bool:
        """Give the dialog its look."""
        window = info.ui.control
        dress_lists(window)
        dress_form(window, [info.notices.control, info.fields.control])
        window.layout().setContentsMargins(*(2 * GRID,) * 4)
        self._keys = KeyFilter(window, window.close)
        for name in ("interval", "handling"):
            set_width(getattr(info, name).control, SHORT)
        for name in ("start_button", "cancel_button", "close_button"):
            getattr(info, name).control.setAutoDefault(False)
        set_role(info.start_button.control, "primary")
        set_role(info.close_button.control, "primary")
        window.setAccessibleName("Prepare for the field")
        info.fields.control.setAccessibleName("Fields in the memory")
        policy = QtGui.QSizePolicy.Policy
        info.notices.control.setSizePolicy(policy.Expanding, policy.Maximum)
        return True

    def closed(self, info: Any, is_ok: bool) -> None:
        """Tell whoever opened it."""
        self.when_closed()

    def setattr(self, info: Any, target: Any, name: str, value: Any) -> None:
        """Take a click of a button; set anything else."""
        if name == "start_button":
            self.start(info)
        elif name in ("cancel_button", "close_button"):
            info.ui.control.close()
        else:
            super().setattr(info, target, name, value)

    def start(self, info: Any) -> None:
        """Ask for consent, and start."""
        preparation = info.object

        def shown(question: Question) -> None:
            self.question = question

        memory = preparation.memory
        ask_consent(info.ui.control, memory, "Starting to log", preparation.start, shown)


def show_preparation(preparation: Preparation, parent: Any, **traits: Any) -> Any:
    """Show the dialog; give the user interface."""
    return preparation.edit_traits(
        view=preparation_view(),
        parent=parent,
        handler=PreparationHandler(**traits),
        context={"object": preparation, "draft": preparation.draft},
    )
