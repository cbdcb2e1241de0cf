# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command of the meter (protocol, *Commands*), each made by one function.

A command knows its reply, and whether it erases the meter's memory (those that the
protocol marks with a dagger).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from wattui.errors import SettingOutOfRange
from wattui.measurement.fields import FIELD_COUNT
from wattui.protocol.packet import Packet, encode
from wattui.protocol.replies import FullHandling, NetworkAddress, PostTarget

#: Stops whatever the meter is sending.
CONTROL_X: Final = b"\x18"

#: A reserved or empty argument.
RESERVED: Final = "_"

#: Longest interval, in seconds: the most that fits into two bytes.  The spec has no limit.
MAX_INTERVAL: Final = 65_535
#: Limits of the user parameters (protocol, ``#U``).
MAX_RATE_MILS: Final = 65_500
MAX_THRESHOLD: Final = 5_000
#: Longest host, file and user agent (protocol, *Network settings*).
MAX_NETWORK_TEXT: Final = 40

# The commands with a dagger by command and subcommand letter.  #L,W is one of them only
# for internal logging, according to its first argument.
_ERASING: Final = {("C", "W"), ("O", "W"), ("R", "W"), ("S", "W")}


@dataclass(frozen=True, slots=True)
class Command:
    """A packet for the meter, and what to expect in return."""

    packet: Packet
    #: Command letter and subcommand of the reply; None if the spec has none.
    reply: tuple[str, str] | None

    def encode(self) -> bytes:
        """Return the bytes to send."""
        return encode(self.packet)

    @property
    def erases(self) -> bool:
        """Whether this command erases the records in the meter's memory."""
        return erases_memory(self.packet)

    def __str__(self) -> str:
        return str(self.packet)


def erases_memory(packet: Packet) -> bool:
    """Check whether a packet erases the meter's memory.

    Lower case counts as upper case, to be on the safe side.
    """
    command, subcommand = packet.command.upper(), packet.subcommand.upper()
    if (command, subcommand) == ("L", "W"):
        # Only external and TCP logging are known to keep the memory.
        return not packet.args or packet.args[0].upper() not in ("E", "T")
    return (command, subcommand) in _ERASING


def _command(letters: str, *args: object, reply: str | None) -> Command:
    answer = (reply[0], reply[1]) if reply else None
    return Command(Packet(letters[0], letters[1], tuple(map(str, args))), answer)


def _check(what: str, value: int, low: int, high: int, unit: str = "") -> int:
    if not low <= value <= high:
        raise SettingOutOfRange(
            f"{what} of {value}{unit} is outside of the range of the meter",
            f"Choose a value from {low} to {high}{unit}.",
        )
    return value


def _interval(seconds: int) -> int:
    return _check("An interval", seconds, 1, MAX_INTERVAL, " s")


# -- reading ------------------------------------------------------------------


def read_version() -> Command:
    """Ask for the identity of the meter: model, memory, hardware, firmware."""
    return _command("VR", reply="v-")


def read_field_names() -> Command:
    """Ask for the names of the fields of a record."""
    return _command("HR", reply="h-")


def read_fields() -> Command:
    """Ask which fields are logged in the memory."""
    return _command("CR", reply="c-")


def read_record_limit() -> Command:
    """Ask how many records fit into the memory with the chosen fields."""
    return _command("NR", reply="n-")


def read_full_handling() -> Command:
    """Ask what happens when the memory is full."""
    return _command("OR", reply="o-")


def read_logging_state() -> Command:
    """Ask for the interval and for what the meter is logging."""
    return _command("SR", reply="s-")


def read_user_parameters() -> Command:
    """Ask for rate, duty-cycle threshold and currency."""
    return _command("UR", reply="u-")


def read_calibration() -> Command:
    """Ask for the calibration factors."""
    return _command("FR", reply="f-")


def read_memory() -> Command:
    """Ask for all records in the memory, which stay there."""
    return _command("DR", reply="n-")


def read_network_address() -> Command:
    """Ask for the network addresses (.NET)."""
    return _command("IQ", reply="iq")


def read_post_target() -> Command:
    """Ask where records are posted to (.NET)."""
    return _command("IE", reply="ie")


# -- logging ------------------------------------------------------------------


def start_external_logging(interval: int) -> Command:
    """Start sending a record every *interval* seconds; the memory is unchanged."""
    return _command("LW", "E", RESERVED, _interval(interval), reply="d-")


def stop_external_logging() -> Command:
    """Stop sending records (known from other programs, not from the spec)."""
    return _command("LR", reply="l-")


def start_internal_logging(interval: int) -> Command:
    """Start logging into the memory every *interval* seconds. † Erases the memory."""
    return _command("LW", "I", RESERVED, _interval(interval), reply="s-")


def start_tcp_logging(interval: int) -> Command:
    """Start posting a record over HTTP every *interval* seconds (.NET)."""
    return _command("LW", "T", RESERVED, _interval(interval), reply="i-")


# -- settings -----------------------------------------------------------------


def write_fields(chosen: Sequence[bool]) -> Command:
    """Choose the fields that are logged, in the order of FIELDS. † Erases the memory."""
    if len(chosen) != FIELD_COUNT or not any(chosen):
        raise SettingOutOfRange(
            f"{sum(chosen)} of {len(chosen)} fields were chosen for the memory",
            f"Choose at least one of the {FIELD_COUNT} fields.",
        )
    return _command("CW", *(int(one) for one in chosen), reply="n-")


def write_full_handling(handling: FullHandling) -> Command:
    """Choose what happens when the memory is full. † Erases the memory."""
    return _command("OW", int(handling), reply=None)


def write_interval(interval: int) -> Command:
    """Set the logging interval in seconds. † Erases the memory."""
    return _command("SW", RESERVED, _interval(interval), reply=None)


def write_user_parameters(rate_mils: int, threshold: int, euro: bool) -> Command:
    """Set rate (mils per kWh), duty-cycle threshold (W) and currency; the memory is unchanged."""
    _check("A rate", rate_mils, 0, MAX_RATE_MILS, " mils per kWh")
    _check("A duty-cycle threshold", threshold, 0, MAX_THRESHOLD, " W")
    return _command("UW", rate_mils, threshold, int(euro), reply=None)


def clear_memory() -> Command:
    """Clear the memory. † Erases the memory; logging goes on into the empty one."""
    return _command("RW", reply=None)


def restart() -> Command:
    """Restart the meter, with the same settings. It may not answer for up to 15 s."""
    return _command("VW", reply=None)


def write_diagnostic_text(amount: int) -> Command:
    """Set how much diagnostic text is printed outside of packets: 0, 1 or 2."""
    return _command("TD", _check("A diagnostic level", amount, 0, 2), reply=None)


def test_flash() -> Command:
    """Test the flash memory: intrusive, not for ordinary use."""
    return _command("TT", 1, reply=None)


# -- network (.NET) -----------------------------------------------------------


def write_network_address(address: NetworkAddress) -> Command:
    """Set the network addresses; they take effect after :func:`save_network`."""
    texts = (address.ip, address.gateway, address.dns1, address.dns2, address.netmask)
    return _command("IS", *map(_text, texts), int(address.dhcp), reply="is")


def write_post_target(target: PostTarget) -> Command:
    """Set where records are posted to, and how often."""
    return _command(
        "IX",
        *(_text(target.host), _check("A port", target.port, 1, 65_535)),
        *(_text(target.file), _text(target.user_agent), _interval(target.interval)),
        reply="ix",
    )


def reload_network() -> Command:
    """Read the network settings back from the memory."""
    return _command("IR", reply="ir")


def save_network() -> Command:
    """Write the network settings to the memory."""
    return _command("IW", reply="iw")


def reset_network() -> Command:
    """Set the network settings to factory defaults."""
    return _command("IZ", reply="iz")


def _text(text: str) -> str:
    if len(text) > MAX_NETWORK_TEXT or not text.isascii() or not text.isprintable():
        raise SettingOutOfRange(
            f"{text!r} cannot be sent to the meter",
            f"Use at most {MAX_NETWORK_TEXT} ASCII characters.",
        )
    if set(text) & set("#,;"):
        raise SettingOutOfRange(
            f"{text!r} cannot be sent to the meter",
            "Leave out commas, semicolons and '#', which separate the parts of a command.",
        )
    return text or RESERVED
