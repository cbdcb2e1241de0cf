# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings while they are being edited: finds differences and values out of range.

Nothing is sent to the meter here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from ipaddress import AddressValueError, IPv4Address
from typing import TYPE_CHECKING, Any, Final

from traits.api import Bool, Enum, Event, HasStrictTraits, List, Str, observe
from traitsui.api import TextEditor

from wattui.errors import SettingOutOfRange
from wattui.measurement.fields import FIELDS
from wattui.meter_memory.settings import Changes, check
from wattui.protocol import FullHandling, NetworkAddress, PostTarget
from wattui.protocol.commands import MAX_INTERVAL, MAX_RATE_MILS, MAX_THRESHOLD
from wattui.ui.memory.memory_overview import fields_words
from wattui.ui.widgets.form_layout import SHORT
from wattui.ui.widgets.typed_field import TypedEditor

if TYPE_CHECKING:
    from wattui.meter_memory.settings import Settings

#: What a meter does when its memory is full: by the name in a draft, and labels.
HANDLINGS: Final = {handling.name.lower(): handling for handling in FullHandling}
HANDLING_LABELS: Final = {"stop": "1:Stop", "overwrite": "2:Overwrite", "condense": "3:Condense"}

#: Mils (thousandths of the currency) in one.
MILS: Final = 1000

_ADDRESS_TEXTS: Final = {
    "ip": "Address",
    "gateway": "Gateway",
    "dns1": "First name server",
    "dns2": "Second name server",
    "netmask": "Mask",
}


class Draft(HasStrictTraits):
    """The user's input. Texts stay texts, so that errors in them can be reported."""

    #: Logging: seconds, handling, names of the chosen fields.
    interval = Str()
    handling = Enum(*HANDLINGS)
    fields = List(Str())
    #: Rate in the currency per kWh; duty-cycle threshold in W.
    rate = Str()
    threshold = Str()
    currency = Enum("$", "€")
    #: Network, of a .NET.
    ip = Str()
    gateway = Str()
    dns1 = Str()
    dns2 = Str()
    netmask = Str()
    dhcp = Bool()
    host = Str()
    post_port = Str()
    file = Str()
    user_agent = Str()
    post_interval = Str()

    #: Something was entered.
    edited = Event()

    @observe("[interval,handling,fields.items,rate,threshold,currency]")
    @observe("[ip,gateway,dns1,dns2,netmask,dhcp,host,post_port,file,user_agent,post_interval]")
    def _on_edit(self, _event: object) -> None:
        self.edited = True

    def load(self, settings: Settings) -> None:
        """Load the settings of the meter."""
        values: dict[str, Any] = {}
        if settings.logging is not None:
            values["interval"] = str(settings.logging.interval)
        if settings.full_handling is not None:
            values["handling"] = settings.full_handling.name.lower()
        values["fields"] = list(settings.field_names)
        if settings.user is not None:
            values["rate"] = f"{settings.user.rate_mils / MILS:g}"
            values["threshold"] = str(settings.user.threshold)
            values["currency"] = "€" if settings.user.euro else "$"
        network, post = settings.network, settings.post
        if network is not None:
            values |= {name: getattr(network, name) for name in (*_ADDRESS_TEXTS, "dhcp")}
        if post is not None:
            values |= {name: shown(getattr(post, name)) for name in ("host", "file", "user_agent")}
            values |= {"post_port": str(post.port), "post_interval": str(post.interval)}
        self.trait_set(**values)

    def chosen(self) -> tuple[bool, ...]:
        """Return the choice of fields in the order of FIELDS."""
        return tuple(field.name in self.fields for field in FIELDS)

    def changes(self, settings: Settings) -> Changes:
        """Return what differs from the settings of the meter.

        Raises
        ------
        SettingOutOfRange
            A value makes no sense, or is out of range; the message names the range.
        """
        changes = Changes(
            interval=self._changed_interval(settings),
            full_handling=_if_not(settings.full_handling, HANDLINGS[self.handling]),
            fields=self._changed_fields(settings),
            network=self._network(settings),
            post=self._post(settings),
            **self._user(settings),
        )
        check(changes)
        return changes

    def _changed_interval(self, settings: Settings) -> int | None:
        if settings.logging is None or HANDLINGS[self.handling] is FullHandling.CONDENSE:
            return None  # condensing always starts at 1 s
        seconds = READERS["interval"](self.interval)
        return _if_not(settings.logging.interval, seconds)

    def _changed_fields(self, settings: Settings) -> tuple[bool, ...] | None:
        if settings.fields is None:
            return None
        size = len(settings.fields)
        wanted = self.chosen()[:size]
        if not any(wanted):
            raise SettingOutOfRange("No field is chosen", "Choose at least one.")
        return _if_not(settings.fields, wanted)

    def _user(self, settings: Settings) -> dict[str, Any]:
        old = settings.user
        if old is None:
            return {}
        rate = round(READERS["rate"](self.rate) * MILS)
        threshold = READERS["threshold"](self.threshold)
        return {
            "rate_mils": _if_not(old.rate_mils, rate),
            "threshold": _if_not(old.threshold, threshold),
            "euro": _if_not(old.euro, self.currency == "€"),
        }

    def _network(self, settings: Settings) -> NetworkAddress | None:
        old = settings.network
        if old is None:
            return None
        texts = {name: getattr(self, name).strip() for name in _ADDRESS_TEXTS}
        wanted = NetworkAddress(**texts, dhcp=self.dhcp)
        if wanted == replace(old, mac=""):
            return None
        for name, text in texts.items():
            if text != getattr(old, name):
                READERS[name](text)
        return wanted

    def _post(self, settings: Settings) -> PostTarget | None:
        old = settings.post
        if old is None:
            return None
        wanted = PostTarget(
            host=self.host.strip() or _empty_mark(old.host),
            port=READERS["post_port"](self.post_port),
            file=self.file.strip() or _empty_mark(old.file),
            user_agent=self.user_agent.strip() or _empty_mark(old.user_agent),
            interval=READERS["post_interval"](self.post_interval),
        )
        return _if_not(old, wanted)


def erases(changes: Changes) -> bool:
    """Check whether writing them erases the memory."""
    logging = (changes.interval, changes.full_handling, changes.fields)
    return changes.start_internal or any(value is not None for value in logging)


def change_words(changes: Changes, settings: Settings) -> list[str]:
    """Return each change as text: its name, the old value and the new one."""
    words = []
    if changes.interval is not None and settings.logging is not None:
        words.append(f"interval {settings.logging.interval} → {changes.interval} s")
    if changes.full_handling is not None:
        before = settings.full_handling.name.lower() if settings.full_handling is not None else "?"
        words.append(f"when full: {before} → {changes.full_handling.name.lower()}")
    if changes.fields is not None:
        words.append(f"fields {fields_words(settings.fields)} → {fields_words(changes.fields)}")
    user = settings.user
    if user is not None:
        if changes.rate_mils is not None:
            words.append(f"rate {user.rate_mils / MILS:g} → {changes.rate_mils / MILS:g}")
        if changes.threshold is not None:
            words.append(f"threshold {user.threshold} → {changes.threshold} W")
        if changes.euro is not None:
            words.append(f"currency → {'€' if changes.euro else '$'}")
    if changes.network is not None:
        words.append("network addresses")
    if changes.post is not None:
        words.append("posting")
    return words


def number(text: str, what: str, low: int, high: int, unit: str) -> int:
    """Read a whole number.

    Raises
    ------
    SettingOutOfRange
        It is not a number, or out of range.
    """
    try:
        value = int(text.strip())
    except ValueError:
        value = low - 1
        problem = f"The {what} “{text.strip()}” is not a whole number"
        problem = problem if text.strip() else f"The {what} is missing"
    else:
        problem = f"The {what} cannot be {value} {unit}".rstrip()
    if not low <= value <= high:
        hint = f"Enter a number from {low} to {high:,} {unit}".rstrip() + "."
        raise SettingOutOfRange(problem, hint)
    return value


def decimal(text: str, what: str, high: float) -> float:
    """Read a number from 0 to *high*, with a decimal point or a comma.

    Raises
    ------
    SettingOutOfRange
        It is not a number, or out of range.
    """
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        problem = f"The {what} “{text.strip()}” is not a number"
        problem = problem if text.strip() else f"The {what} is missing"
        value = -1.0
    else:
        problem = f"The {what} cannot be {value:g}"
    if not 0 <= value <= high:
        raise SettingOutOfRange(problem, f"Enter a number from 0 to {high:g} per kWh.")
    return value


def shown(text: str) -> str:
    """Return a text of the meter as it is shown: an empty one is ``_`` on the wire."""
    return "" if text in ("_", "-") else text


def _empty_mark(old: str) -> str:
    return old if old in ("", "_", "-") else ""


def _require_address(what: str, text: str) -> None:
    try:
        IPv4Address(text.strip())
    except AddressValueError:
        raise SettingOutOfRange(
            f"{what}: “{text}” is not an address" if text else f"{what}: the address is missing",
            "Enter four numbers from 0 to 255, for example 192.168.1.20.",
        ) from None


def _if_not(old: Any, new: Any) -> Any:
    """Return *new* if it differs from *old*, else None."""
    return None if new == old else new


#: Reads the text of a field, or raises a SettingOutOfRange; by the name in a draft.
READERS: Final[dict[str, Callable[[str], Any]]] = {
    "interval": lambda text: number(text, "interval", 1, MAX_INTERVAL, "s"),
    "rate": lambda text: decimal(text, "rate", MAX_RATE_MILS / MILS),
    "threshold": lambda text: number(text, "threshold", 0, MAX_THRESHOLD, "W"),
    "post_port": lambda text: number(text, "port", 1, 65_535, ""),
    "post_interval": lambda text: number(text, "posting interval", 1, MAX_INTERVAL, "s"),
    **{name: partial(_require_address, what) for name, what in _ADDRESS_TEXTS.items()},
}


def draft_editor(name: str, width: int = SHORT) -> TypedEditor | TextEditor:
    """Return the editor of a text of a draft, which shows why it is refused."""
    if name not in READERS:
        return TextEditor(auto_set=True, enter_set=True)
    return TypedEditor(read=READERS[name], show=str, at_once=True, width=width)
