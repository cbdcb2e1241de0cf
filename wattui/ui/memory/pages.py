# SPDX-License-Identifier: GPL-3.0-or-later
"""The pages of *Memory and settings*: what can be set, and the buttons that are there."""

from __future__ import annotations

from typing import Any

from traitsui.api import ButtonEditor, EnumEditor, HGroup, Item, TextEditor, UItem, VGroup

from wattui.ui.memory.choices import FieldsEditor, WordsEditor

#: How the handlings are called.
HANDLING_LABELS = {"stop": "1:Stop", "overwrite": "2:Overwrite", "condense": "3:Condense"}

#: The buttons: label and tooltip of each.
BUTTONS = {
    "fetch_button": ("Fetch memory…", "Read the memory out; the meter keeps its records"),
    "clear_button": ("Clear…", "Erase all records; you are asked first"),
    "prepare_button": ("Prepare for the field…", "Set the meter up for a run without a computer"),
    "refresh_button": ("Refresh", "Ask the meter again (F5); live recording pauses for a moment"),
    "write_button": ("Write", "Write what was changed, read it back and compare"),
    "revert_button": ("Revert", "Show the meter's own settings again"),
    "start_button": ("Start…", "Have the meter log into its memory; erases what is in it"),
    "stop_button": ("Stop", "Have the meter log no more; its records stay"),
    "restart_button": ("Restart", "Restart the meter; it keeps settings and records"),
    "network_save_button": ("Save in the meter", "Write the network settings to its memory"),
    "network_reload_button": ("Read back", "Have the meter take what it has saved"),
    "network_reset_button": ("Factory defaults…", "Set the network settings as they came"),
    "calibration_button": ("Show…", "Show the calibration factors"),
}


def button(name: str, **traits: Any) -> UItem:
    """Make a button of the table."""
    label, tip = BUTTONS[name]
    return UItem(name, editor=ButtonEditor(label=label), tooltip=tip, **traits)


def _text(name: str, label: str, tip: str = "", **traits: Any) -> Item:
    editor = TextEditor(auto_set=True, enter_set=True)
    return Item(f"draft.{name}", label=label, editor=editor, tooltip=tip, **traits)


def words(name: str, look: str = "muted") -> UItem:
    """Make a text that is only there to be read."""
    return UItem(name, editor=WordsEditor(look=look))


def _fact(name: str, label: str) -> Item:
    return Item(name, label=label, editor=WordsEditor(look="", selectable=True))


def logging_page() -> VGroup:
    """Make the page of how the meter logs."""
    return VGroup(
        VGroup(
            _text(
                "interval",
                "Interval, s",
                "Seconds between two records, from 1 to 65,535",
                enabled_when="object.interval_free",
            ),
            Item(
                "draft.handling",
                label="When full",
                editor=EnumEditor(values=HANDLING_LABELS),
                tooltip="What the meter does when its memory is full",
            ),
        ),
        words("handling_sentence"),
        UItem("draft.fields", editor=FieldsEditor()),
        words("lasts", "strong"),
        HGroup(
            button("start_button", visible_when="not object.logs_inside"),
            button("stop_button", visible_when="object.logs_inside"),
            words("logging_words"),
        ),
        visible_when="object.page == 'logging'",
        enabled_when="object.ready",
        id="logging_page",
    )


def meter_page() -> VGroup:
    """Make the page of what else the meter has."""
    return VGroup(
        VGroup(
            _text("rate", "Rate per kWh", "From 0 to 65.5, in thousandths"),
            Item(
                "draft.currency",
                label="Currency",
                editor=EnumEditor(values=["$", "€"]),
                tooltip="What the meter shows its cost in",
            ),
            _text(
                "threshold",
                "Duty cycle from, W",
                "The duty cycle counts the time with more power than this: from 0 to 5,000",
            ),
        ),
        VGroup(
            _fact("model_text", "Model"),
            _fact("version_text", "Version"),
            _fact("calibration_text", "Calibration"),
        ),
        HGroup(
            button("calibration_button"),
            button("restart_button"),
        ),
        visible_when="object.page == 'meter'",
        enabled_when="object.ready",
        id="meter_page",
    )


def network_page() -> VGroup:
    """Make the page of the network of a .NET."""
    fixed = "not draft.dhcp"
    four = "Four numbers from 0 to 255, as in 192.168.1.20"
    return VGroup(
        VGroup(
            Item("draft.dhcp", label="Address by DHCP", tooltip="Let the network give an address"),
            _text("ip", "Address", four, enabled_when=fixed),
            _text("netmask", "Mask", four, enabled_when=fixed),
            _text("gateway", "Gateway", four, enabled_when=fixed),
            _text("dns1", "Name server", four, enabled_when=fixed),
            _text("dns2", "Second one", four, enabled_when=fixed),
            _fact("mac_text", "Hardware address"),
            id="addresses",
        ),
        VGroup(
            _text("host", "Post to host", "Up to 40 characters"),
            _text("post_port", "Port", "From 1 to 65,535"),
            _text("file", "File", "Up to 40 characters, as in /post.php"),
            _text("user_agent", "User agent", "Up to 40 characters"),
            _text("post_interval", "Every, s", "Seconds between two posts, from 1 to 65,535"),
            id="posting",
        ),
        HGroup(
            button("network_save_button"),
            button("network_reload_button"),
            button("network_reset_button"),
        ),
        visible_when="object.page == 'network'",
        enabled_when="object.ready",
        id="network_page",
    )
