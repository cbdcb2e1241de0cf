# SPDX-License-Identifier: GPL-3.0-or-later
"""The model of *Memory and settings*: what the window shows, and the user's input."""

from __future__ import annotations

from traits.api import (
    Bool,
    Button,
    DelegatesTo,
    Enum,
    Instance,
    List,
    Property,
    Str,
    observe,
)

from wattui.errors import SettingOutOfRange
from wattui.meter_memory.settings import Changes
from wattui.meter_memory.wording import endurance
from wattui.model.memory import MemoryWork, MeterMemory
from wattui.protocol import LoggingMode
from wattui.ui.memory.memory_form import MemoryForm
from wattui.ui.memory.memory_overview import MemoryOverview, overview_of
from wattui.ui.memory.settings_draft import HANDLINGS, change_words, erases, number
from wattui.ui.widgets.notices import Notice, NoticeKind

#: The pages, and their labels.
PAGES = (("logging", "Logging"), ("meter", "Meter"), ("network", "Network"))


class SettingsPanel(MemoryForm):
    """What *Memory and settings* shows.  Main thread only."""

    #: The main window's model, for its colours.
    window = Instance("wattui.ui.window.window_model.WindowModel")
    palette = DelegatesTo("window")

    overview = Instance(MemoryOverview, ())
    page = Enum("logging", "meter", "network")
    hidden_pages = List(Str(), ["network"])

    #: Whether the meter is not busy; whether its settings are known and can be changed.
    idle = Bool(True)
    ready = Bool()
    #: Whether something was entered, even if it is refused.
    edited = Bool()
    #: Whether there are changes to write, and the changes as text.
    changed = Bool()
    change_text = Str()
    #: Whether the meter logs into its memory, and the same as text.
    logs_inside = Bool()
    logging_words = Str()

    #: Facts that cannot be changed.
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
    network_post_button = Button()
    calibration_button = Button()

    title = Property(Str(), observe="memory.url")

    _dismissed = Str()

    # -- following the meter -----------------------------------------------------------

    @observe("memory:[state,settings,source,url,work,read_at]")
    def _on_memory(self, event: object) -> None:
        self.refresh()
        if getattr(event, "name", "") in ("settings", "read_at", "source"):
            self.follow()
            self.refresh()

    @observe("memory:[problem,said,activity]")
    @observe("draft:edited")
    def _on_words(self, _event: object) -> None:
        self._dismissed = ""
        self.refresh()

    def revert(self) -> None:
        """Discard the input."""
        self.load()
        self.refresh()

    def refresh(self) -> None:
        """Update everything that is shown."""
        super().refresh()
        memory, ready = self.memory, self.known
        has_network = ready and memory.settings.network is not None
        self.trait_set(
            overview=overview_of(memory),
            idle=not memory.work,
            ready=ready and not memory.work,
            hidden_pages=[] if has_network else ["network"],
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
        self.calibration_text = f"{factors} factors" if factors else "Not reported by this meter"
        if settings is not None and settings.network is not None:
            mac = settings.network.mac
            self.mac_text = ":".join(mac[at : at + 2] for at in range(0, len(mac), 2))

    # -- what was entered --------------------------------------------------------------

    def changes(self) -> Changes:
        """Return the input that differs from the meter's settings.

        Raises
        ------
        SettingOutOfRange
            A value makes no sense, or is out of range.
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
                    text += ". This erases the memory; you will be asked first"
        if self.ready and not changed and refusal is None:
            self.touched = False
        self.trait_set(edited=changed or refusal is not None)
        self.trait_set(changed=changed, change_text=f"To be written: {text}." if changed else "")
        self.show_notices(self._notices(refusal))

    def _notices(self, refusal: SettingOutOfRange | None) -> list[Notice]:
        memory, notices = self.memory, []
        if refusal is not None:
            notices.append(Notice("refusal", NoticeKind.ERROR, f"{refusal.what}.", refusal.hint))
        if memory.last_work == MemoryWork.FETCHING:
            return notices  # its result is shown below them
        if memory.problem and self._dismissed != memory.problem:
            buttons = (("Dismiss", "dismiss"),)
            notices.append(
                Notice("problem", NoticeKind.ERROR, f"{memory.problem}.", memory.hint, buttons)
            )
        elif memory.said and self._dismissed != memory.said:
            notices.append(
                Notice("result", NoticeKind.INFO, f"{memory.said}.", "", (("Dismiss", "dismiss"),))
            )
        return notices

    def dismiss(self) -> None:
        """Hide the notice about the last work."""
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
        return "The meter sends its records here and stores none."
    return "The meter does not log into its memory."


def _built(digits: str) -> str:
    """Return when a firmware was built, from the digits of year, month, day, hour, minute."""
    if not digits.isdigit() or len(digits) < 12:
        return ""
    return f" of {digits[:4]}-{digits[4:6]}-{digits[6:8]} {digits[8:10]}:{digits[10:12]}"
