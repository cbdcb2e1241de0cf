# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of *Memory and settings*: what it shows, and what was typed in it."""

from __future__ import annotations

from traits.api import (
    Any,
    Bool,
    Button,
    DelegatesTo,
    Enum,
    HasStrictTraits,
    Instance,
    List,
    Property,
    Str,
    observe,
)

from wattui.errors import SettingOutOfRange
from wattui.meter_memory.settings import Changes
from wattui.meter_memory.wording import HANDLING_SENTENCES, endurance
from wattui.model.memory import MeterMemory
from wattui.protocol import FullHandling, LoggingMode
from wattui.ui.memory.glance import Glance, glance_of
from wattui.ui.memory.memory_link import work_text
from wattui.ui.memory.settings_draft import HANDLINGS, Draft, change_words, erases, number
from wattui.ui.window.display_values import Notice

#: The pages, and their labels.
PAGES = (("logging", "Logging"), ("meter", "Meter"), ("network", "Network"))


class MemoryPanel(HasStrictTraits):
    """What *Memory and settings* shows.  Main thread only."""

    memory = Instance(MeterMemory)
    #: The window's model, for its colours.
    window = Any()
    palette = DelegatesTo("window")

    glance = Instance(Glance, ())
    draft = Instance(Draft, ())
    page = Enum("logging", "meter", "network")
    hidden_pages = List(Str(), ["network"])

    #: What is going on; empty while nothing is.
    working = Str()
    #: Whether something can be done now; whether settings are known, so that they can be changed.
    idle = Bool(True)
    ready = Bool()
    #: Whether there are changes to write; they in words, and what is wrong with one.
    changed = Bool()
    change_text = Str()
    notices = List(Instance(Notice))

    #: What the chosen handling does; how long the memory lasts so.
    handling_sentence = Str()
    lasts = Str()
    #: Whether an interval can be set: condensing begins at 1 s by itself.
    interval_free = Bool(True)
    #: Whether the meter logs into its memory; that in words.
    logs_inside = Bool()
    logging_words = Str()

    #: What can only be read.
    model_text = Str()
    version_text = Str()
    calibration_text = Str()
    mac_text = Str()

    fetch_button = Button()
    clear_button = Button()
    prepare_button = Button()
    refresh_button = Button()
    write_button = Button()
    revert_button = Button()
    start_button = Button()
    stop_button = Button()
    restart_button = Button()
    network_save_button = Button()
    network_reload_button = Button()
    network_reset_button = Button()
    calibration_button = Button()

    title = Property(Str(), observe="memory.url")

    _dismissed = Str()

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        self._load()
        self.refresh()

    # -- following the meter -----------------------------------------------------------

    @observe("memory:[state,settings,source,url,work,read_at]")
    def _on_memory(self, event: object) -> None:
        if getattr(event, "name", "") in ("settings", "read_at", "source"):
            self._load()
        self.refresh()

    @observe("memory:[problem,said,activity]")
    @observe("draft:edited")
    def _on_words(self, _event: object) -> None:
        self._dismissed = ""
        self.refresh()

    def _load(self) -> None:
        """Show the meter's settings in place of what was typed."""
        settings = self.memory.settings
        if settings is not None and self.memory.source == self.memory.url:
            self.draft.load(settings)

    def revert(self) -> None:
        """Forget what was typed."""
        self._load()
        self.refresh()

    def refresh(self) -> None:
        """Make all that is shown anew."""
        memory = self.memory
        if memory is None:
            return
        settings, known = memory.settings, memory.source == memory.url
        ready = settings is not None and known
        has_network = ready and settings.network is not None
        handling = HANDLINGS[self.draft.handling]
        self.trait_set(
            glance=glance_of(memory),
            idle=not memory.work,
            ready=ready and not memory.work,
            working=work_text(memory),
            hidden_pages=[] if has_network else ["network"],
            handling_sentence=HANDLING_SENTENCES[handling],
            interval_free=handling is not FullHandling.CONDENSE,
            logs_inside=_logs_inside(memory) if ready else False,
            logging_words=_logging_words(memory) if ready else "",
            lasts=self._lasting() if ready else "",
        )
        if not has_network and self.page == "network":
            self.page = "logging"
        self._show_facts()
        self._show_changes()

    def _lasting(self) -> str:
        state = self.memory.state
        if state is None:
            return ""
        try:
            interval = number(self.draft.interval, "interval", 1, 65_535, "s")
        except SettingOutOfRange:
            return ""
        chosen = self.draft.chosen()
        handling = HANDLINGS[self.draft.handling]
        return endurance(chosen, interval, handling, state).text if any(chosen) else ""

    def _show_facts(self) -> None:
        settings, calibration = self.memory.settings, self.memory.calibration
        version = settings.version if settings is not None else None
        if version is not None:
            self.model_text = f"{version.model_name}, {version.memory:,} bytes of memory"
            hardware = ".".join(map(str, version.hardware))
            self.version_text = (
                f"Firmware {version.firmware_text}{_built(version.built)}, hardware {hardware}"
            )
        factors = len(calibration.factors) if calibration is not None else 0
        self.calibration_text = f"{factors} factors" if factors else "Not told by this meter"
        if settings is not None and settings.network is not None:
            mac = settings.network.mac
            self.mac_text = ":".join(mac[at : at + 2] for at in range(0, len(mac), 2))

    # -- what was typed ----------------------------------------------------------------

    def changes(self) -> Changes:
        """Give what was typed and differs.

        Raises
        ------
        SettingOutOfRange
            Something makes no sense, or is out of its range.
        """
        settings = self.memory.settings
        return Changes() if settings is None else self.draft.changes(settings)

    def _show_changes(self) -> None:
        settings, refusal, text, changed = self.memory.settings, None, "", False
        if settings is not None and self.ready:
            try:
                changes = self.changes()
            except SettingOutOfRange as error:
                refusal = error
            else:
                words = change_words(changes, settings)
                changed = bool(words)
                text = "; ".join(words)
                if erases(changes):
                    text += ". This erases the memory: you are asked first"
        self.trait_set(changed=changed, change_text=f"Will be written: {text}." if changed else "")
        notices = self._notices(refusal)
        if notices != self.notices:
            self.notices = notices

    def _notices(self, refusal: SettingOutOfRange | None) -> list[Notice]:
        memory, notices = self.memory, []
        if refusal is not None:
            notices.append(Notice("refusal", "error", f"{refusal.what}.", refusal.hint))
        if memory.problem and self._dismissed != memory.problem:
            buttons = (("Dismiss", "dismiss"),)
            notices.append(Notice("problem", "error", f"{memory.problem}.", memory.hint, buttons))
        elif memory.said and self._dismissed != memory.said:
            notices.append(Notice("said", "info", f"{memory.said}.", "", (("Dismiss", "dismiss"),)))
        return notices

    def dismiss(self) -> None:
        """Show no more what was said."""
        self._dismissed = self.memory.problem or self.memory.said
        self.refresh()

    def _get_title(self) -> str:
        return "Memory and settings"


def _logs_inside(memory: MeterMemory) -> bool:
    state = memory.state
    return state is not None and state.mode is LoggingMode.INTERNAL


def _logging_words(memory: MeterMemory) -> str:
    if _logs_inside(memory):
        return "The meter logs into its memory."
    if memory.recording:
        return "The meter sends its records here, and keeps none."
    return "The meter does not log into its memory."


def _built(digits: str) -> str:
    """Write when a firmware was built: year, month, day, hour and minute in a row."""
    if not digits.isdigit() or len(digits) < 12:
        return ""
    return f" of {digits[:4]}-{digits[4:6]}-{digits[6:8]} {digits[8:10]}:{digits[10:12]}"
