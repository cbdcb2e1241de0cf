# SPDX-License-Identifier: GPL-3.0-or-later
"""What *Memory and settings* and *Prepare for the field* share.

Both edit a draft of a meter's settings, show the work on its memory with progress and *Cancel*,
and afterwards its result with *Open*.
"""

from __future__ import annotations

import logging
from collections.abc import Callable as CallableType
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyface.qt import QtCore, QtGui
from traits.api import Any as AnyTrait
from traits.api import Bool, Callable, HasStrictTraits, Instance, List, Str, observe
from traitsui.api import ButtonEditor, EnumEditor, Handler, Item, UItem, VGroup

from wattui.errors import WattuiError
from wattui.meter_memory.settings import Settings
from wattui.meter_memory.wording import HANDLING_SENTENCES
from wattui.model.memory import Consent, MeterMemory
from wattui.protocol import FullHandling
from wattui.ui.memory.consent import ask_consent
from wattui.ui.memory.memory_link import MemoryLink, task_of
from wattui.ui.memory.settings_draft import HANDLING_LABELS, HANDLINGS, Draft, draft_editor
from wattui.ui.widgets.form_layout import SHORT, dress_form, dress_window, set_width
from wattui.ui.widgets.key_filter import KeyFilter
from wattui.ui.widgets.notices import Notice
from wattui.ui.widgets.question import Question
from wattui.ui.widgets.task_bar import Task

_log = logging.getLogger(__name__)


class MemoryForm(HasStrictTraits):
    """A draft of a meter's settings, and the work on its memory.  Main thread only."""

    #: Keeps the memory and the main window in step.
    link = Instance(MemoryLink)
    memory = Instance(MeterMemory)
    draft = Instance(Draft, ())

    #: Whether settings were entered that the meter does not have.
    touched = Bool()
    #: The settings that were shown last, before anything was entered.
    _loaded = Instance(Settings)

    #: The work in progress; None if there is none.
    task = Instance(Task)
    #: What is wrong with the input; problems and results of the last work.
    notices = List(Instance(Notice))
    #: What the chosen handling means, and how long the memory lasts with these settings.
    handling_sentence = Str()
    lasts = Str()
    #: Whether an interval can be set: condensing always begins at 1 s.
    interval_free = Bool(True)

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        self.load()
        self.refresh()

    @property
    def known(self) -> bool:
        """Whether the settings of the meter at the port are known."""
        return self.memory.settings is not None and self.memory.source == self.memory.url

    def load(self) -> None:
        """Show the meter's settings instead of the input."""
        if self.known:
            self._loaded = self.memory.settings
            self.draft.load(self._loaded)
            self.touched = False

    def follow(self) -> None:
        """Show the meter's settings, unless other ones were entered for this meter."""
        before, now = self._loaded, self.memory.settings
        other = before is None or (now is not None and now.version != before.version)
        if other or not self.touched:
            self.load()

    @observe("draft:edited")
    def _was_edited(self, _event: object) -> None:
        self.touched = True

    @observe("memory:[done,rate,seconds_left,unplugged,activity,work]")
    def _progressed(self, _event: object) -> None:
        self.task = task_of(self.memory)

    @observe("link:notices.items")
    def _result_changed(self, _event: object) -> None:
        self.refresh()

    def refresh(self) -> None:
        """Update everything that is shown."""
        handling = HANDLINGS[self.draft.handling]
        self.trait_set(
            handling_sentence=HANDLING_SENTENCES[handling],
            interval_free=handling is not FullHandling.CONDENSE,
        )

    def show_notices(self, notices: Sequence[Notice]) -> None:
        """Show notices, and the result of the last read-out below them."""
        found = [*notices, *self.link.notices]
        if found != self.notices:
            self.notices = found


@dataclass(frozen=True, slots=True)
class FormButton:
    """A button of the window, and what it does."""

    label: str
    tooltip: str
    do: CallableType[[Any, Any], object]


#: What the buttons of notices about a read-out do.
RESULT_BUTTONS: Final = {
    "open_fetched": FormButton("", "", lambda handler, _info: handler.windows.open_fetched()),
    "fetch_now": FormButton(
        "", "", lambda handler, info: handler.windows.fetch(info.ui.control, ask=False)
    ),
    "save_fetched": FormButton("", "", lambda _handler, info: info.object.memory.keep_again()),
    "dismiss_fetched": FormButton("", "", lambda _handler, info: info.object.link.dismiss()),
}


class FormHandler(Handler):
    """Performs the actions of the buttons of a form."""

    #: The buttons, by the name of their trait without ``_button``; those of notices too.
    buttons = AnyTrait()

    #: Opens the dialogs that the main window has too: fetch, prepare.
    windows = Instance("wattui.ui.memory.memory_actions.MemoryWindows")
    #: The question that is being asked.
    question = Instance(Question)
    #: Called when the window has closed.
    when_closed = Callable(lambda: None)

    #: What had the focus when a button was clicked.
    _focused = Instance(QtGui.QWidget)

    def closed(self, info: Any, is_ok: bool) -> None:
        """Report that the window has closed."""
        self.when_closed()

    def do(self, info: Any, name: str) -> None:
        """Perform the action of a button; an exception becomes a notice."""
        self._focused = info.ui.control.focusWidget()
        try:
            self.buttons[name].do(self, info)
        except WattuiError as error:
            info.object.memory.trait_set(problem=error.what, hint=error.hint)
        except Exception as error:  # noqa: BLE001 - a slot's exception would end the program
            _log.exception("%s failed", name)
            info.object.memory.trait_set(problem=f"That failed ({error})", hint="")

    def setattr(self, info: Any, target: Any, name: str, value: Any) -> None:
        """Handle the click of a button; set any other trait."""
        if name.endswith("_button"):
            self.do(info, name.removesuffix("_button"))
        else:
            super().setattr(info, target, name, value)

    def ask(self, info: Any, purpose: str, allowed: CallableType[[Consent], object]) -> None:
        """Ask for the consent to erase the memory."""

        def shown(question: Question) -> None:
            self.question = question

        ask_consent(info.ui.control, info.object.memory, purpose, allowed, shown)

    def dress(self, info: Any, margin: int, exempt: Sequence[str]) -> None:
        """Set margins, keys, and the names of buttons for screen readers."""
        window = info.ui.control
        dress_window(window)
        dress_form(window, [getattr(info, name).control for name in exempt])
        window.layout().setContentsMargins(*(margin,) * 4)
        set_width(info.handling.control, SHORT)
        KeyFilter(window, window.close)
        for name, row in self.buttons.items():
            button = getattr(info, f"{name}_button", None)
            if button is not None:
                button.control.setAutoDefault(False)
                button.control.setAccessibleName(row.label.rstrip("…"))
        info.fields.control.setAccessibleName("Fields in the memory")
        info.notices.control.setAccessibleName("Messages")
        policy = QtGui.QSizePolicy.Policy
        info.notices.control.setSizePolicy(policy.Expanding, policy.Maximum)
        bar = info.task.control
        bar.begun.connect(lambda: self._focused is not None and bar.cancel.setFocus())
        # The result of the work is shown after this.
        bar.over.connect(
            lambda focused: focused and QtCore.QTimer.singleShot(0, lambda: self._focus(info))
        )

    def _focus(self, info: Any) -> None:
        """Focus the next step after some work, or what had the focus before it."""
        if not info.ui or info.ui.control is None:
            return
        results = [band for band in info.notices.control.bands if band.notice.key == "fetched"]
        steps = [button for band in results for button in band.buttons.values()]
        target = steps[0] if steps else self._focused
        if target is not None and target.isVisible():
            target.setFocus()


def form_button(buttons: Mapping[str, FormButton], name: str, **traits: Any) -> UItem:
    """Make a button of a table."""
    row = buttons[name]
    editor = ButtonEditor(label=row.label)
    return UItem(f"{name}_button", editor=editor, tooltip=row.tooltip, **traits)


def logging_fields() -> VGroup:
    """Make the fields for the interval and for what happens when the memory is full."""
    return VGroup(
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
    )


def show_form(form: MemoryForm, view: Any, parent: Any, handler: FormHandler) -> Any:
    """Show a form for a window; return its user interface."""
    context = {"object": form, "draft": form.draft}
    return form.edit_traits(view=view, parent=parent, handler=handler, context=context)
